import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeNpy } from '../../src/data/npy.js';
import { cli, cliAlone, jsonLines, main, startCli, useFolder, writeStripes } from './support.js';

const folder = useFolder();
const at = (...path: string[]) => join(folder.path, ...path);
const model = (run: string) => readFile(at(run, 'model.safetensors'));
const train = ['train', 'stripes.csv', '--hidden', '8', '--batch', '10'];

beforeAll(() => writeStripes(at('stripes.csv'), 120));

describe('train', () => {
  it('writes everything and says how it went', async () => {
    const { code, stdout, stderr } = await cliAlone([...train, '--epochs', '60'], folder.path);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect((await readdir(at('stripes-run'))).sort()).toEqual([
      'curves.svg',
      'filters.png',
      'model.safetensors',
      'reconstructions.png',
      'report.html',
      'run.json',
      'samples.png',
    ]);
    expect(stdout).toContain('108 rows of 36, 12 for validation');
    expect(stdout).toContain('60/60');
    expect(stdout).not.toContain('\x1b');
    // Two lines per epoch would be a wall of text: about forty in all.
    expect(stdout.split('\n').length).toBeLessThan(60);
    expect((await readFile(at('stripes-run', 'curves.svg'), 'utf8')).startsWith('<svg')).toBe(true);
    for (const name of ['filters.png', 'samples.png', 'reconstructions.png']) {
      expect((await readFile(at('stripes-run', name))).subarray(1, 4).toString()).toBe('PNG');
    }
  });

  it('refuses to overwrite that run, and does so when forced', async () => {
    const before = await model('stripes-run');
    const refused = await cli([...train, '--epochs', '2'], folder.path);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--force');
    expect(await model('stripes-run')).toEqual(before);
    expect((await cli([...train, '--epochs', '2', '--force'], folder.path)).code).toBe(0);
    expect(await model('stripes-run')).not.toEqual(before);
  });

  it('--json gives one JSON object per line and nothing else', async () => {
    const { code, stdout, stderr } = await cli([...train, '--epochs', '3', '--out', 'json', '--json'], folder.path);
    expect([code, stderr]).toEqual([0, '']);
    const events = jsonLines(stdout);
    expect(events.map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'end']);
    expect(events[0]).toMatchObject({ updates: 33, settings: { hidden: 8, epochs: 3 }, data: { rows: 108, validationRows: 12 } });
    expect(events[3]).toMatchObject({ epoch: 3, update: 33 });
    expect(events[4]).toMatchObject({
      state: 'finished',
      update: 33,
      quality: { rows: 12, mean: expect.any(Number), standardError: expect.any(Number) },
    });
  });

  it('gives the same bits for the same seed and any number of threads, others for another seed', async () => {
    const run = async (out: string, ...more: string[]) => {
      expect((await cli([...train, '--epochs', '4', '--out', out, ...more], folder.path)).code).toBe(0);
      return model(out);
    };
    const first = await run('same-1', '--threads', '1');
    expect(await run('same-2', '--threads', '2')).toEqual(first);
    expect(await run('other', '--seed', '18446744073709551615')).not.toEqual(first);
  });

  it.each([
    {
      text: '--algorithm cd --sweeps 2 --lr cosine:0.05:0.01:0.5 --momentum 0.5 --l1 0 --l2 1e-4 --no-centred --average-last 0',
      settings: {
        algorithm: { name: 'cd', sweeps: 2 },
        optimiser: { name: 'sgd', momentum: 0.5 },
        learningRate: { schedule: 'cosine', from: 0.05, to: 0.01, hold: 0.5 },
      },
      more: { l1: 0, l2: 1e-4, centred: false, averageLast: 0 },
    },
    {
      text: '--algorithm ptt --reservoirs 4 --acceptance 0.4 --on-divergence rollback --learning-rate 0.1',
      settings: {
        algorithm: { name: 'ptt', sweeps: 1, chains: 100, reservoirs: 4, acceptance: 0.4 },
        onDivergence: { retries: 3, factor: 0.5 },
        learningRate: 0.1,
      },
      more: {},
    },
    { text: '--algorithm pt --betas 4', settings: { algorithm: { name: 'pt', betas: [0.25, 0.5, 0.75, 1] } }, more: {} },
    { text: '--algorithm exact', settings: { algorithm: { name: 'exact' }, onDivergence: null }, more: {} },
    {
      text: '--algorithm mean-field --sweeps 3',
      settings: { algorithm: { name: 'mean-field', sweeps: 3 } },
      more: { positive: 'mean-field' },
    },
    {
      text: '--algorithm fpcd --fast-rate 0.1 --fast-decay 0.9 --lr 0.01 --recipe best',
      settings: { algorithm: { name: 'fpcd', fastRate: 0.1, fastDecay: 0.9 }, recipe: 'best' },
      more: {},
    },
    {
      text: '--optimiser adam --chains 30 --lr 0.001 --validation-fraction 0 --image 4x9 --device reference --checkpoint-every 7',
      settings: { optimiser: { name: 'adam', beta1: 0.9 }, algorithm: { chains: 30 }, learningRate: 0.001, device: 'reference' },
      more: {},
    },
    { text: '--batch-size 20 --keep-best', settings: { batchSize: 20, best: { metric: 'pseudoLikelihood', patience: null } }, more: {} },
    {
      text: '--early-stopping 3 --evaluate-every 1',
      settings: { best: { metric: 'logLikelihood', patience: 3 } },
      more: {},
    },
  ])('takes $text', async ({ text, settings, more }) => {
    const args = [...train, '--epochs', '2', '--out', 'options', '--force', '--json', ...text.split(' ')];
    const { code, stdout, stderr } = await cli(args, folder.path);
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)[0]).toMatchObject({ settings: { ...settings, ...more } });
  });

  it('stops with the last good state when training diverges', async () => {
    const { code, stderr } = await cli([...train, '--epochs', '20', '--lr', '1e38', '--l1', '0', '--out', 'wild'], folder.path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^boltzkit: [^\n]*--lr[^\n]*\n$/);
    expect(JSON.parse(await readFile(at('wild', 'run.json'), 'utf8'))).toMatchObject({ state: 'diverged' });
    expect((await cli(['info', 'wild'], folder.path)).code).toBe(0);
    expect((await cli(['train', '--resume', '--out', 'wild'], folder.path)).stderr).toContain('diverged');
  });

  it('or goes back to the last good state and on, when told to, and says so', async () => {
    const args = [...train, '--epochs', '40', '--lr', '700', '--l2', '0', '--on-divergence', 'rollback', '--out', 'back'];
    const { code, stdout } = await cli(args, folder.path);
    expect(code).toBe(0);
    expect(stdout).toContain('goes on from its last good state');
    expect(stdout).toMatch(/trained in .* went on at a lower rate: begin with a lower one/);
    const record = JSON.parse(await readFile(at('back', 'run.json'), 'utf8')) as { history: { epoch: number; rollbacks: number }[] };
    // Epochs that were repeated are there once.
    expect(record.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(record.history.at(-1)!.rollbacks).toBeGreaterThan(0);
  });

  it('notes what it cannot draw', async () => {
    await writeFile(at('odd.csv'), '1,0,1\n0,1,0\n'.repeat(20));
    const { code, stdout } = await cli(['train', 'odd.csv', '--epochs', '2', '--hidden', '2'], folder.path);
    expect(code).toBe(0);
    expect(stdout).toContain('--image');
    expect((await readdir(at('odd-run'))).sort()).toEqual(['curves.svg', 'model.safetensors', 'report.html', 'run.json']);
  });

  it('learns from npy files with a validation file, and from pictures', async () => {
    const bytes = Uint8Array.from({ length: 40 * 30 }, (_, i) => (i % 7) * 40);
    await writeNpy(at('pictures.npy'), ndarray(bytes, [40, 5, 6]));
    await writeNpy(at('unseen.npy'), ndarray(bytes.slice(0, 300), [10, 30]));
    const { stdout, code } = await cli(
      ['train', 'pictures.npy', '--validation', 'unseen.npy', '--epochs', '1', '--hidden', '3', '--json'],
      folder.path,
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({ data: { rows: 40, validationRows: 10, visible: 30, image: { height: 5, width: 6 } } });
  });
});

describe('likelihoods while training', () => {
  const epochs = (stdout: string) => jsonLines(stdout).filter(({ event }) => event === 'epoch');

  it('come with their epochs: on stdout, in run.json and in the curves, and change no bit of the model', async () => {
    const args = [...train, '--epochs', '3'];
    expect((await cli([...args, '--out', 'plain'], folder.path)).code).toBe(0);
    const { code, stdout, stderr } = await cli([...args, '--out', 'judged', '--evaluate-every', '2', '--json'], folder.path);
    expect([code, stderr]).toEqual([0, '']);
    const told = epochs(stdout).map(({ evaluation }) => evaluation as { logLikelihood: { mean: number } } | null);
    expect(told.map((evaluation) => evaluation === null)).toEqual([true, false, false]);
    expect(told[1]).toMatchObject({ logZ: { method: 'exact' }, converged: true, warnings: [] });
    expect(told[1]).not.toHaveProperty('logLikelihoods');
    const record = JSON.parse(await readFile(at('judged', 'run.json'), 'utf8')) as { history: { evaluation: unknown }[] };
    expect(record.history.map(({ evaluation }) => evaluation)).toEqual(told);
    expect(await readFile(at('judged', 'curves.svg'), 'utf8')).toContain('>Log-likelihood<');
    expect(await readFile(at('plain', 'curves.svg'), 'utf8')).not.toContain('>Log-likelihood<');
    expect(await model('judged')).toEqual(await model('plain'));
    const judged = jsonLines((await cli(['evaluate', 'judged', '--json'], folder.path)).stdout)[0] as {
      test: { logLikelihood: { mean: number } };
    };
    expect(judged.test.logLikelihood.mean).toBeCloseTo(told[2]!.logLikelihood.mean, 6);
  });

  it('of an algorithm that knows its own come without being asked for', async () => {
    const { code, stdout } = await cli([...train, '--epochs', '2', '--algorithm', 'ptt', '--out', 'own', '--json'], folder.path);
    expect(code).toBe(0);
    const own = epochs(stdout).map(({ logLikelihood }) => logLikelihood as { value: number; low: number; high: number });
    for (const { value, low, high } of own) expect([low <= value, value <= high, value < 0]).toEqual([true, true, true]);
    expect(await readFile(at('own', 'curves.svg'), 'utf8')).toContain('>Log-likelihood<');
  });

  it('have a column of their own and end up in the summary', async () => {
    const { stdout } = await cli([...train, '--epochs', '2', '--out', 'column', '--evaluate-every', '2'], folder.path);
    expect(stdout).toMatch(/lr +time +log-likelihood \(95 %\)\n/);
    expect(stdout).toMatch(/^ +1\/2 .* –$/m);
    expect(stdout).toMatch(/^ +2\/2 .* -\d+\.\d\d$/m);
    expect(stdout).toMatch(/trained in .*; log-likelihood -\d+\.\d\d nats per row; log-pseudo-likelihood/);
  });

  it('of grey levels are refused at once, with the way out, which works and is kept by the run', async () => {
    const grey = Array.from({ length: 60 }, (_, r) => Array.from({ length: 8 }, (_, i) => ((i + r) % 3) / 4).join(','));
    await writeFile(at('grey.csv'), `${grey.join('\n')}\n`);
    const args = ['train', 'grey.csv', '--hidden', '4', '--epochs', '2', '--evaluate-every', '1', '--out', 'bits'];
    const refused = await cli(args, folder.path);
    expect([refused.code, refused.stderr.includes('--binarise threshold')]).toEqual([2, true]);
    await expect(readdir(at('bits'))).rejects.toThrow('ENOENT');
    const { code, stdout } = await cli([...args, '--binarise', 'sample', '--json'], folder.path);
    expect(code).toBe(0);
    expect(epochs(stdout).every(({ evaluation }) => evaluation !== null)).toBe(true);
    expect(JSON.parse(await readFile(at('bits', 'run.json'), 'utf8'))).toMatchObject({ data: { binarise: 'sample' }, evaluateEvery: 1 });
    // What the run made of its data, evaluation makes of them too.
    const told = jsonLines((await cli(['evaluate', 'bits', '--json'], folder.path)).stdout)[0];
    expect(told).toMatchObject({ logZ: { method: 'exact' } });
    const other = await cli(['train', '--resume', '--out', 'bits', '--binarise', 'threshold'], folder.path);
    expect([other.code, other.stderr.includes('--binarise threshold')]).toEqual([2, true]);
  });
});

describe('interrupted training', () => {
  // A second or so of work, so that a signal comes long before its end.
  const brief = [...train, '--epochs', '100', '--hidden', '512', '--chains', '200', '--json', '--checkpoint-every', '100'];
  let whole: Promise<unknown> | null = null;
  const uninterrupted = () => (whole ??= cli([...brief, '--out', 'whole'], folder.path));

  it.each(['SIGINT', 'SIGTERM'] as const)('%s saves, exits with 130, and --resume goes on bit for bit', async (signal) => {
    const out = ['--out', `int-${signal}`];
    const running = startCli([...brief, ...out], folder.path);
    await running.said('"epoch":10,');
    running.child.kill(signal);
    const stopped = await running.result;
    expect(stopped.code).toBe(130);
    expect(JSON.parse(stopped.stderr)).toMatchObject({ code: 'ERR_INTERRUPTED', hint: `boltzkit train --resume --out int-${signal}` });
    const end = jsonLines(stopped.stdout).at(-1);
    expect(end).toMatchObject({ event: 'end', state: 'interrupted' });
    expect(end?.update).toBeLessThan(1100);
    const resumed = await cli(['train', '--resume', '--json', '--threads', '1', ...out], folder.path);
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    expect(jsonLines(resumed.stdout)[0]).toMatchObject({ resumedAt: end?.update });
    await uninterrupted();
    expect(await model(`int-${signal}`)).toEqual(await model('whole'));
    const record = JSON.parse(await readFile(at(`int-${signal}`, 'run.json'), 'utf8')) as { history: { epoch: number }[] };
    expect(record.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('survives being killed: the last checkpoint goes on to the same end', async () => {
    const running = startCli([...brief, '--out', 'killed'], folder.path);
    await running.said('"epoch":20,');
    running.child.kill('SIGKILL');
    expect((await running.result).signal).toBe('SIGKILL');
    expect((await cli(brief.concat('--out', 'killed'), folder.path)).stderr).toContain('--resume');
    expect((await cli(['train', '--resume', '--out', 'killed'], folder.path)).code).toBe(0);
    await uninterrupted();
    expect(await model('killed')).toEqual(await model('whole'));
    expect((await readdir(at('killed'))).sort()).toEqual((await readdir(at('whole'))).sort());
    const epochs = JSON.parse(await readFile(at('killed', 'run.json'), 'utf8')) as { history: { epoch: number }[] };
    expect(epochs.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it.each(['SIGKILL', 'SIGINT'] as const)('without checkpoints %s loses no run', async (signal) => {
    const out = `${signal}-early`;
    const running = startCli([...brief.slice(0, -2), '--checkpoint-every', '0', '--out', out], folder.path);
    await running.said('"epoch":5,');
    running.child.kill(signal);
    await running.result;
    const resumed = await cli(['train', '--resume', '--out', out], folder.path);
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    if (signal === 'SIGKILL') expect(resumed.stdout).toContain('starting over');
    await uninterrupted();
    expect(await model(out)).toEqual(await model('whole'));
  });

  it('an interrupt while a save waits for the disk is heard after it, and loses nothing', async () => {
    // A disk that takes half a second for whatever is flushed.
    const slow = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
      const { fsync } = fs; fs.fsync = (file, done) => setTimeout(() => fsync(file, done), 500); syncBuiltinESMExports();`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slow)}` };
    const running = startCli([...brief, '--out', 'slow'], folder.path, env);
    const saving = async () => (await readdir(at('slow')).catch(() => [])).some((name) => name.startsWith('.model'));
    while (!(await saving())) await new Promise((done) => setTimeout(done, 5));
    running.child.kill('SIGINT');
    expect((await running.result).code).toBe(130);
    expect((await readdir(at('slow'))).sort()).toEqual(['model.safetensors', 'run.json']);
    expect(JSON.parse(await readFile(at('slow', 'run.json'), 'utf8'))).toMatchObject({ state: 'interrupted' });
    expect(await cli(['train', '--resume', '--out', 'slow'], folder.path)).toMatchObject({ code: 0, stderr: '' });
    await uninterrupted();
    expect(await model('slow')).toEqual(await model('whole'));
  });

  it('--force leaves nothing of the old run that a resumed new one could take for its own', async () => {
    await cli([...train, '--epochs', '2', '--out', 'anew'], folder.path);
    const args = [...brief.slice(0, -2), '--checkpoint-every', '0', '--out', 'anew', '--force'];
    const running = startCli(args, folder.path);
    await running.said('"epoch":5,');
    running.child.kill('SIGKILL');
    await running.result;
    expect((await cli(['train', '--resume', '--out', 'anew'], folder.path)).code).toBe(0);
    await uninterrupted();
    expect(await model('anew')).toEqual(await model('whole'));
  });

  it('one of two in the same folder is refused', async () => {
    const first = startCli([...brief, '--epochs', '100000', '--out', 'shared'], folder.path);
    await first.said('"event":"start"');
    for (const more of [[], ['--force'], ['--resume']]) {
      const { code, stderr } = await cli([...train, '--json', '--out', 'shared', ...more], folder.path);
      expect([code, JSON.parse(stderr)]).toMatchObject([
        1,
        { code: 'ERR_LOCKED', message: expect.stringContaining(String(first.child.pid)) },
      ]);
    }
    first.child.kill('SIGKILL');
    await first.result;
  });

  it('SIGHUP does not end what has no terminal, as under nohup', async () => {
    const running = startCli([...train, '--epochs', '100', '--out', 'nohup', '--json'], folder.path);
    await running.said('"epoch":2,');
    running.child.kill('SIGHUP');
    const { code, stdout } = await running.result;
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'end', state: 'finished' });
  });

  const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
  it.runIf(hasScript)('a terminal that closes saves the run', async () => {
    const command = [process.execPath, main, ...brief.filter((word) => word !== '--json'), '--out', 'closed'].join(' ');
    // The terminal is gone with the process that made it.
    const terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], { cwd: folder.path });
    const record = async () => (await readFile(at('closed', 'run.epochs.jsonl'), 'utf8').catch(() => '')).includes('"epoch":5,');
    while (!(await record())) await new Promise((done) => setTimeout(done, 5));
    terminal.kill('SIGKILL');
    const lock = async () => (await readdir(at('closed'))).includes('run.lock');
    while (await lock()) await new Promise((done) => setTimeout(done, 5));
    expect(JSON.parse(await readFile(at('closed', 'run.json'), 'utf8'))).toMatchObject({ state: 'interrupted' });
    expect((await cli(['train', '--resume', '--out', 'closed'], folder.path)).code).toBe(0);
    await uninterrupted();
    expect(await model('closed')).toEqual(await model('whole'));
  });

  it.runIf(existsSync('/dev/full'))('an output that takes no more ends the run when it is saved', async () => {
    const run = (...args: string[]) =>
      spawnSync('sh', ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, main, ...args], { cwd: folder.path });
    const { status, stderr } = run(...brief, '--out', 'full');
    expect(status).toBe(1);
    expect(String(stderr)).toMatch(/cannot write to stdout: ENOSPC.*; stopped at update \d+ of 1,100; saved to .*train --resume/);
    expect(JSON.parse(await readFile(at('full', 'run.json'), 'utf8'))).toMatchObject({ state: 'interrupted' });
    const early = run(...brief.filter((word) => word !== '--json'), '--out', 'full-early');
    expect([early.status, String(early.stderr)]).toEqual([
      1,
      expect.stringMatching(/^boltzkit: cannot .* ENOSPC[^\n]*; nothing was begun\n$/),
    ]);
    expect(existsSync(at('full-early'))).toBe(false);
    expect((await cli(['train', '--resume', '--out', 'full'], folder.path)).code).toBe(0);
    await uninterrupted();
    expect(await model('full')).toEqual(await model('whole'));
    expect(run('info')).toMatchObject({ status: 1 });
    expect(String(run('info').stderr)).toMatch(/^boltzkit: cannot write to stdout: ENOSPC[^\n]*\n$/);
  });

  it('refuses to resume with other settings or other data', async () => {
    const running = startCli([...brief, '--out', 'kept'], folder.path);
    await running.said('"epoch":5,');
    running.child.kill('SIGINT');
    await running.result;
    const resume = ['train', 'stripes.csv', '--resume', '--out', 'kept'];
    for (const more of [['--hidden', '9'], ['--lr', '0.3'], ['--seed', '5'], ['--no-centred'], ['--device', 'reference']]) {
      const { code, stderr } = await cli([...resume, ...more], folder.path);
      expect(code).toBe(2);
      expect(stderr).toContain(more[0]);
    }
    await writeStripes(at('changed.csv'), 118);
    expect((await cli(['train', 'changed.csv', '--resume', '--out', 'kept'], folder.path)).stderr).toContain('the data differ');
  });

  it('puts a record right that a kill left behind its finished model', async () => {
    await cli([...train, '--epochs', '2', '--out', 'torn'], folder.path);
    const path = at('torn', 'run.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...record, state: 'running', pid: 2 ** 30, update: 5, history: [] }));
    const before = await model('torn');
    expect((await cli(['train', '--resume', '--out', 'torn'], folder.path)).code).toBe(0);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ state: 'finished', update: 22 });
    expect(await model('torn')).toEqual(before);
  });

  it('makes the pictures again when a finished run is resumed', async () => {
    await cli([...train, '--epochs', '2', '--out', 'done'], folder.path);
    await rm(at('done', 'samples.png'));
    await writeFile(at('done', 'run.epochs.jsonl'), ''); // killed between its last two steps
    const { code, stdout } = await cli(['train', '--resume', '--out', 'done'], folder.path);
    expect(code).toBe(0);
    expect(stdout).toContain('finished already');
    expect(await readdir(at('done'))).toContain('samples.png');
    expect(await readdir(at('done'))).not.toContain('run.epochs.jsonl');
  });

  it('a finished run that goes on survives being killed, before its first checkpoint and after it', async () => {
    const begin = (out: string) => cli([...brief, '--epochs', '10', '--out', out], folder.path);
    const more = (out: string, ...args: string[]) => ['train', '--resume', '--json', '--out', out, ...args];
    await begin('further');
    expect((await cli(more('further', '--epochs', '100', '--lr', '0.02'), folder.path)).code).toBe(0);
    const end = await model('further');
    for (const [out, every] of [
      ['further-late', '100'],
      ['further-early', '0'],
    ] as const) {
      await begin(out);
      const running = startCli(more(out, '--epochs', '100', '--lr', '0.02', '--checkpoint-every', every), folder.path);
      await running.said('"epoch":40,');
      running.child.kill('SIGKILL');
      expect((await running.result).signal).toBe('SIGKILL');
      const { code, stdout } = await cli(more(out, '--checkpoint-every', every), folder.path);
      expect(code).toBe(0);
      const { resumedAt } = jsonLines(stdout)[0] as { resumedAt: number };
      if (every === '0') expect(resumedAt).toBe(110);
      else expect(resumedAt).toBeGreaterThan(110);
      expect(await model(out)).toEqual(end);
      const record = JSON.parse(await readFile(at(out, 'run.json'), 'utf8')) as { history: { epoch: number }[]; earlier: unknown[] };
      expect(record.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 110 }, (_, i) => i + 1));
      expect(record.earlier).toHaveLength(1);
    }
  });

  it('ends early when nothing gets better, at its best state', async () => {
    const { code, stdout } = await cli([...train, '--epochs', '3000', '--early-stopping', '5', '--out', 'early', '--json'], folder.path);
    expect(code).toBe(0);
    const end = jsonLines(stdout).at(-1) as { state: string; update: number };
    expect(end.state).toBe('finished');
    expect(end.update).toBeLessThan(33000);
    expect((await cli(['train', '--resume', '--out', 'early'], folder.path)).stdout).toContain('finished already');
  });

  it('goes on when whoever read its output is gone', async () => {
    const running = startCli([...train, '--epochs', '200', '--out', 'unread'], folder.path);
    await running.said('1/200');
    running.child.stdout?.destroy();
    expect((await running.result).code).toBe(0);
    expect(await readdir(at('unread'))).toContain('samples.png');
  });
});
