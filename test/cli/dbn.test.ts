import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { twoClasses } from '../belief/support.js';
import { cli, cliAlone, jsonLines, startCli, useFolder } from './support.js';

const folder = useFolder();
const file = (name: string) => join(folder.path, name);
const run = (...args: string[]) => cli(['dbn', ...args], folder.path);
const small = ['--layers', '8,6', '--epochs', '30', '--batch-size', '10'];

/** 4 x 4 pictures of two patterns, their class in the first column. */
async function writePatterns(name: string, rows: number, seed: number): Promise<void> {
  const { rows: bits, labels } = twoClasses(rows, 16, seed);
  const lines = bits.map((row, r) => [labels[r] === 0 ? 3 : 7, ...row].join(','));
  await writeFile(file(name), `class,${Array.from({ length: 16 }, (_, i) => `p${i}`).join(',')}\n${lines.join('\n')}\n`);
}

beforeAll(async () => {
  await writePatterns('patterns.csv', 300, 1);
  await writePatterns('fresh.csv', 100, 2);
  const { code, stderr } = await run('train', 'patterns.csv', ...small, '--fine-tune', '20', '--out', 'whole');
  expect([code, stderr]).toEqual([0, '']);
});

describe('train', () => {
  test('writes models, pictures and a report', async () => {
    expect((await readdir(file('whole'))).sort()).toEqual(
      [
        ...['classifier.safetensors', 'codes.svg', 'confusion.svg', 'curves.svg', 'dbn.json', 'dbn.safetensors'],
        ...['filters-1.png', 'filters-2.png', 'reliability.svg', 'report.html', 'samples.png'],
      ].sort(),
    );
    const record = JSON.parse(await readFile(file('whole/dbn.json'), 'utf8'));
    expect(record).toMatchObject({
      state: 'finished',
      layers: [8, 6],
      labelled: true,
      loaded: { classes: ['3', '7'], validationRows: 30 },
    });
    expect(record.levels.length).toBe(60);
    expect(record.tuned.length).toBe(20);
    expect(record.errors.classifier.validation).toBeLessThan(0.05);
    expect(await readFile(file('whole/report.html'), 'utf8')).toContain('Deep belief network 16–8–6');
  });

  test('goes on with an interrupted run, with the same end', async () => {
    const args = ['train', 'patterns.csv', ...small, '--fine-tune', '20', '--out', 'stopped'];
    const running = startCli(['dbn', ...args], folder.path);
    await running.said('pretraining 1/30');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.result;
    if (code !== 0) {
      expect([code, stderr]).toEqual([130, expect.stringContaining('boltzkit dbn train --resume --out stopped')]);
      expect((await run('train', '--resume', '--out', 'stopped')).code).toBe(0);
    }
    for (const name of ['dbn.safetensors', 'classifier.safetensors']) {
      expect((await readFile(file(`stopped/${name}`))).equals(await readFile(file(`whole/${name}`)))).toBe(true);
    }
    expect((await run('train', '--resume', '--out', 'stopped')).code).toBe(0);
  });

  test('learns without labels, and speaks JSON', async () => {
    const { code, stdout } = await run('train', 'patterns.csv', ...small, '--no-labels', '--out', 'plain', '--json');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject({ event: 'start', layers: [8, 6] });
    expect(lines.at(-1)).toMatchObject({ event: 'end', errors: { network: null, classifier: null } });
    expect(await readdir(file('plain'))).not.toContain('confusion.svg');
  });

  test.each<[string[], number, RegExp]>([
    [['train'], 2, /say what to learn/],
    [['train', 'patterns.csv', '--layers', '8,0'], 2, /Expected numbers of hidden units/],
    [['train', 'patterns.csv', '--dropout', '0.5'], 2, /--dropout goes with --fine-tune/],
    [['train', 'patterns.csv', '--out', 'whole'], 1, /`whole` holds a run \(--resume goes on with it, --force starts over\)/],
    [['train', '--resume', '--out', 'nowhere'], 1, /holds no run to resume/],
    [['train', '--resume', '--out', 'whole', '--layers', '3'], 2, /layers goes with a new run/],
    [['train', 'patterns.csv', '--label-column', 'none', '--out', 'x'], 1, /no column "none"/],
    [['train', 'mnist', '--data', 'nowhere', '--out', 'x'], 1, /nowhere/],
    [['classify', 'nowhere', 'fresh.csv'], 1, /no such model/],
    [['classify', 'plain', 'fresh.csv'], 1, /made without labels/],
  ])('refuses %j', async (args, code, message) => {
    if (args[1] === 'plain') await run('train', 'patterns.csv', ...small, '--no-labels', '--out', 'plain', '--force');
    const result = await run(...args);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  test('refuses one class alone and classes that are no numbers', async () => {
    await writeFile(file('one.csv'), 'class,a,b\n1,0,1\n1,1,0\n');
    expect((await run('train', 'one.csv', '--out', 'x')).stderr).toMatch(/all rows are of class 1 \(--no-labels learns without\)/);
    await writeFile(file('half.csv'), 'class,a,b\n1,0,1\n1.5,1,0\n');
    expect((await run('train', 'half.csv', '--out', 'x')).stderr).toMatch(/classes must be at most 1000 whole numbers, got the value 1.5/);
  });
});

describe('classify', () => {
  test('writes classes and probabilities, and says how many are wrong', async () => {
    const { code, stdout } = await run('classify', 'whole', 'fresh.csv', '--out', 'classes.csv', '--confusion', 'confusion.svg', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 100, classes: ['3', '7'] });
    expect(JSON.parse(stdout).error).toBeLessThan(0.05);
    const [head, first = ''] = (await readFile(file('classes.csv'), 'utf8')).split('\n');
    expect(head).toBe('class,p(3),p(7)');
    expect(first).toMatch(/^[37],/);
    expect(await readFile(file('confusion.svg'), 'utf8')).toContain('<svg');
  });

  test('by the network itself', async () => {
    const args = ['dbn', 'classify', 'whole/dbn.safetensors', 'fresh.csv', '--out', 'classes.csv'];
    const { stdout } = await cliAlone(args, folder.path);
    expect(stdout).toMatch(/% of 100 rows are taken for another class\nwrote the classes of 100 rows to classes.csv/);
  });
});

test('`info` says what networks and classifiers hold, from a file or the folder of a run', async () => {
  const info = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(['info', ...args], folder.path);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };
  const text = await info('whole');
  for (const part of ['DeepBeliefNetwork', 'visible bernoulli(16)', 'labels     2', 'level 2']) expect(text).toContain(part);
  const [network] = jsonLines(await info('whole/dbn.safetensors', '--json'));
  expect(network).toMatchObject({ kind: 'dbn', model: 'DeepBeliefNetwork', labels: 2, layers: { hidden2: 'bernoulli(6)' } });
  const [classifier] = jsonLines(await info('whole/classifier.safetensors', '--json'));
  expect(classifier).toMatchObject({ kind: 'classifier', model: 'Classifier', inputs: 16, loss: 'likelihood' });
});
