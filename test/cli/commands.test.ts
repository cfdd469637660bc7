import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../src/data/npy.js';
import { type CliResult, cli, cliAlone, jsonLines, useFolder, writeStripes } from './support.js';

const folder = useFolder();
const at = (...path: string[]) => join(folder.path, ...path);

function said({ code, stdout, stderr }: CliResult): string {
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const ok = async (...args: string[]) => said(await cli(args, folder.path));
/** The same in a process of its own: once for each command. */
const okAlone = async (...args: string[]) => said(await cliAlone(args, folder.path));

async function okJson(...args: string[]): Promise<Record<string, unknown>> {
  const lines = jsonLines(await ok(...args, '--json'));
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

beforeAll(async () => {
  await writeStripes(at('stripes.csv'), 120);
  await ok('train', 'stripes.csv', '--hidden', '12', '--epochs', '150', '--batch', '20', '--out', 'run');
});

describe('sample', () => {
  it('draws a picture, from a file or from the folder of a run', async () => {
    expect(await okAlone('sample', 'run')).toContain('64 probabilities after 1,000 Gibbs sweeps');
    expect((await readFile(at('samples.png'))).subarray(1, 4).toString()).toBe('PNG');
    const told = await okJson('sample', 'run/model.safetensors', '--count', '5', '--sweeps', '3', '--out', 'five.png', '--image', '4x9');
    expect(told).toMatchObject({ out: 'five.png', count: 5, sweeps: 3, values: 'mean', visible: 36 });
  });

  it('writes zeros and ones to npy; the seed decides which', async () => {
    const draw = async (out: string, ...more: string[]) => {
      await ok('sample', 'run', '--count', '20', '--sweeps', '50', '--out', out, ...more);
      return readNpy(at(out));
    };
    const first = await draw('a.npy');
    expect(first.shape).toEqual([20, 36]);
    expect(Array.from(first.data as Float32Array).every((value) => value === 0 || value === 1)).toBe(true);
    expect((await draw('b.npy')).data).toEqual(first.data);
    const other = await draw('c.npy', '--seed', '7');
    expect(other.data).not.toEqual(first.data);
    expect((await draw('d.npy', '--seed', '7', '--threads', '1')).data).toEqual(other.data);
  });

  it('holds clamped units, from csv with empty cells and from npy with NaN', async () => {
    const cells = Array.from({ length: 36 }, (_, i) => (i < 6 ? '1' : i < 12 ? '0' : ''));
    await writeFile(at('clamp.csv'), `${cells.join(',')}\n`);
    await ok('sample', 'run', '--count', '9', '--sweeps', '20', '--clamp-file', 'clamp.csv', '--out', 'held.npy');
    const held = await readNpy(at('held.npy'));
    for (let r = 0; r < 9; r++) for (let i = 0; i < 12; i++) expect(held.get(r, i)).toBe(i < 6 ? 1 : 0);
    const values = Float32Array.from({ length: 2 * 36 }, (_, i) =>
      i === 3 || i === 36 + 3 || i === 36 + 5 ? Math.floor(i / 36) : Number.NaN,
    );
    await writeNpy(at('clamp.npy'), ndarray(values, [2, 36]));
    await ok('sample', 'run', '--count', '2', '--sweeps', '20', '--clamp-file', 'clamp.npy', '--out', 'held.npy');
    const two = await readNpy(at('held.npy'));
    expect([two.get(0, 3), two.get(1, 3), two.get(1, 5)]).toEqual([0, 1, 1]);
  });

  it('starts from rows of a file: no steps give them back', async () => {
    await ok('sample', 'run', '--count', '10', '--sweeps', '1', '--start', 'stripes.csv', '--out', 'started.npy');
    const { code, stderr } = await cli(['sample', 'run', '--count', '121', '--start', 'stripes.csv'], folder.path);
    expect([code, stderr.includes('120 rows')]).toEqual([2, true]);
  });

  it.each([
    ['1,0\n', '36 columns'],
    [`${','.repeat(35)}\n`, 'no unit fixed'],
    [`x${','.repeat(35)}\n`, 'neither a number nor empty'],
    [`${`1${','.repeat(35)}\n`.repeat(3)}`, '1 row or one per sample'],
    [`2${','.repeat(35)}\n`, 'clamp'],
  ])('refuses the clamp file %j', async (text, says) => {
    await writeFile(at('bad.csv'), text);
    const { code, stderr } = await cli(['sample', 'run', '--count', '2', '--clamp-file', 'bad.csv'], folder.path);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/^boltzkit: [^\n]+\n$/);
    expect(stderr).toContain(says);
  });

  it('asks for a shape when there is none', async () => {
    await writeFile(at('odd.csv'), '1,0,1\n0,1,0\n'.repeat(10));
    await ok('train', 'odd.csv', '--epochs', '1', '--hidden', '2', '--out', 'odd');
    const { code, stderr } = await cli(['sample', 'odd'], folder.path);
    expect([code, stderr.includes('--image')]).toEqual([2, true]);
    await ok('sample', 'odd', '--out', 'odd.png', '--image', '1x3', '--sweeps', '2');
  });
});

describe('evaluate', () => {
  interface Part {
    rows: number;
    pseudoLikelihood: { mean: number; standardError: number };
    perUnit: { pseudoLikelihood: { mean: number } };
  }

  it('tells pseudo-likelihood and free energy with errors, total and per unit', async () => {
    const told = (await okJson('evaluate', 'run', 'stripes.csv', '--exact')) as unknown as { test: Part; train: null };
    expect(told.train).toBeNull();
    expect(told.test.rows).toBe(120);
    expect(told.test.pseudoLikelihood.mean).toBeGreaterThan(-10);
    expect(told.test.perUnit.pseudoLikelihood.mean).toBeCloseTo(told.test.pseudoLikelihood.mean / 36, 10);
    const stochastic = (await okJson('evaluate', 'run', 'stripes.csv')) as unknown as { test: Part };
    const { mean, standardError } = stochastic.test.pseudoLikelihood;
    expect(Math.abs(mean - told.test.pseudoLikelihood.mean)).toBeLessThan(6 * standardError + 1e-6);
  });

  it('tells the free-energy gap of two files, or of the data of the run', async () => {
    const two = await okJson('evaluate', 'run', 'stripes.csv', '--train', 'stripes.csv');
    expect(two.freeEnergyGap).toMatchObject({ mean: 0 });
    const own = await okJson('evaluate', 'run');
    expect(own).toMatchObject({ test: { rows: 12 }, train: { rows: 108 } });
    expect(await okAlone('evaluate', 'run', '--rows', '5')).toContain('free-energy gap, test − train');
  });

  interface Told {
    logZ: {
      value: number;
      low: number;
      high: number;
      method: string;
      gap?: number;
      effectiveSampleSize: number | null;
      converged: boolean;
    } | null;
    test: { freeEnergy: { mean: number }; logLikelihood: { mean: number; low: number; high: number; perDimension: number } | null };
  }
  const likelihood = async (...args: string[]) => (await okJson('evaluate', ...args)) as unknown as Told;

  it('tells the log-likelihood: exactly where log Z can be counted, in an interval where it is estimated', async () => {
    const { logZ, test } = await likelihood('run', 'stripes.csv');
    expect(logZ).toMatchObject({ method: 'exact', converged: true, effectiveSampleSize: null, warnings: [] });
    expect(test.logLikelihood!.mean).toBeCloseTo(-test.freeEnergy.mean - logZ!.value, 10);
    expect(test.logLikelihood!.low).toBeCloseTo(test.logLikelihood!.mean, 6);
    expect(test.logLikelihood!.perDimension).toBeCloseTo(test.logLikelihood!.mean / 36, 10);
    // Six kinds of rows: no model does better than a sixth each, and coin tosses would give -25.
    expect(test.logLikelihood!.mean).toBeGreaterThan(-15);
    expect(test.logLikelihood!.mean).toBeLessThan(-Math.log(6));
    const annealed = await likelihood('run', 'stripes.csv', '--method', 'ais', '--ais-chains', '100', '--betas', '1000');
    expect(annealed.logZ).toMatchObject({ method: 'ais-bracket', gap: expect.any(Number) });
    expect(annealed.logZ!.high).toBeGreaterThan(annealed.logZ!.low);
    // The intervals are 95 %: three times as wide holds the exact value but for a fault.
    const { value, low, high } = annealed.logZ!;
    expect(Math.abs(value - logZ!.value)).toBeLessThan(3 * (high - low));
  });

  it('says in words how log Z was found', async () => {
    const text = await ok('evaluate', 'run');
    for (const part of ['log Z  ', 'exact, all states counted', 'log-likelihood', 'nats per row', 'per unit', 'train, 108 rows'])
      expect(text).toContain(part);
    expect(await ok('evaluate', 'run', '--method', 'ais', '--betas', '50')).toMatch(/forward .*reverse .*gap/);
  });

  it('leaves the likelihood out when asked', async () => {
    expect(await likelihood('run', 'stripes.csv', '--no-likelihood')).toMatchObject({ logZ: null, test: { logLikelihood: null } });
    expect(await ok('evaluate', 'run', '--no-likelihood')).not.toContain('log Z');
  });

  it('grey levels have none until they are made binary', async () => {
    const line = (r: number) => Array.from({ length: 36 }, (_, i) => (Math.floor(i / 6) === r % 6 ? 0.75 : 0.25)).join(',');
    await writeFile(at('grey.csv'), `${Array.from({ length: 30 }, (_, r) => line(r)).join('\n')}\n`);
    expect(await ok('evaluate', 'run', 'grey.csv')).toMatch(/needs rows of zeros and ones.*--binarise threshold/);
    expect(await likelihood('run', 'grey.csv')).toMatchObject({ logZ: null, test: { logLikelihood: null } });
    const { code, stderr } = await cli(['evaluate', 'run', 'grey.csv', '--method', 'ais'], folder.path);
    expect([code, stderr.includes('--binarise')]).toEqual([1, true]);
    const cut = await likelihood('run', 'grey.csv', '--binarise', 'threshold');
    const whole = await likelihood('run', 'stripes.csv');
    expect(cut.test.logLikelihood!.mean).toBeCloseTo(whole.test.logLikelihood!.mean, 6);
    const drawn = async (seed: string) =>
      (await likelihood('run', 'grey.csv', '--binarise', 'sample', '--seed', seed)).test.logLikelihood!.mean;
    expect(await drawn('1')).toBe(await drawn('1'));
    expect(await drawn('1')).not.toBe(await drawn('2'));
  });

  it('needs data when the run is not beside the model', async () => {
    await writeFile(at('alone.safetensors'), await readFile(at('run', 'model.safetensors')));
    const { code, stderr } = await cli(['evaluate', 'alone.safetensors'], folder.path);
    expect([code, stderr.includes('say what to evaluate on')]).toEqual([2, true]);
  });
});

describe('info, doctor, build', () => {
  it('describes a model', async () => {
    const text = await okAlone('info', 'run');
    for (const part of ['36 visible', '12 hidden', '6 × 6', 'complete', 'stripes.csv']) expect(text).toContain(part);
    expect(await okJson('info', 'run/model.safetensors')).toMatchObject({ kind: 'rbm', visible: 36, hidden: 12, seed: 1 });
  });

  it('says what a folder lacks', async () => {
    await mkdir(at('bare'));
    const { code, stderr } = await cli(['info', 'bare'], folder.path);
    expect(stderr).toMatch(/^boltzkit: `bare`: this folder holds no model\.safetensors/);
    expect(stderr).toContain('`boltzkit dbn train`');
    expect(code).toBe(1);
  });

  it('shows control characters in names and does not obey them', async () => {
    const path = at('escaped');
    await cli(['train', 'stripes.csv', '--epochs', '1', '--hidden', '2', '--out', 'escaped'], folder.path);
    const record = await readFile(join(path, 'run.json'), 'utf8');
    await writeFile(join(path, 'run.json'), record.replace('"name": "stripes.csv"', '"name": "\\u001b]0;x\\u0007\\u009b2Jdata"'));
    const { stdout } = await cli(['info', 'escaped'], folder.path);
    expect(stdout).toContain('\\u001b]0;x\\u0007\\u009b2Jdata');
    expect(stdout).not.toMatch(/[\x1b\x07\x9b]/);
    const json = (await cli(['info', 'escaped', '--json'], folder.path)).stdout;
    expect(json).not.toMatch(/[\x1b\x07\x9b]/);
    expect(jsonLines(json)[0]).toMatchObject({ run: { loaded: { name: '\u001b]0;x\u0007\u009b2Jdata' } } });
    await writeFile(at('names.csv'), `"a\u001b[31m","class\u001b[1A"\n${'0,1\n1,0\n'.repeat(30)}`);
    const told = await cli(['train', 'names.csv', '--label-column', 'none', '--out', 'never'], folder.path);
    expect(told.stderr).toContain('a\\u001b[31m');
    expect(told.stderr).not.toContain('\u001b');
  });

  it('describes the installation', async () => {
    expect(await ok('info')).toContain('threads');
    expect(await okJson('info')).toMatchObject({ backend: { device: 'cpu' } });
  });

  it('passes its self-test', async () => {
    const told = await okJson('doctor');
    expect(told.passed).toBe(true);
    expect(told.checks).toHaveLength((told.gpus as unknown[]).length > 0 ? 6 : 5);
    const text = await okAlone('doctor');
    expect(text).toContain('same bits');
    expect(text).toMatch(/ok +log Z against enumeration: exact, off by at most \S+ nats/);
  });

  it('says what a build needs when the tools are missing', async () => {
    const { code, stdout, stderr } = await cliAlone(['build'], folder.path, { PATH: at('no-tools') });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^boltzkit: [^\n]*CMake[^\n]*compiler[^\n]*\n$/);
  });

  it('says what to do when there is no addon', async () => {
    for (const command of [['doctor'], ['info'], ['train', 'stripes.csv', '--out', 'none']]) {
      const { code, stderr } = await cliAlone(command, folder.path, { BOLTZKIT_NATIVE: at('missing.node') });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^boltzkit: [^\n]+\n$/);
      expect(stderr).toContain('missing.node');
    }
  });
});
