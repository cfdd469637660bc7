/** What becomes of values that are no probabilities: bytes of pictures are scaled unasked, everything else only when told to. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../src/data/npy.js';
import { cli, jsonLines, useFolder } from './support.js';

const folder = useFolder();
const at = (...path: string[]) => join(folder.path, ...path);
const table = (rows: number, value: (i: number) => number) =>
  `${Array.from({ length: rows }, (_, r) => Array.from({ length: 16 }, (_, c) => value(r * 16 + c)).join(',')).join('\n')}\n`;
const bytes = (rows: number, value: (i: number) => number) =>
  ndarray(
    Uint8Array.from({ length: rows * 16 }, (_, i) => value(i)),
    [rows, 4, 4],
  );
const grey = (i: number) => (i * 37) % 256;
const fewEpochs = ['--epochs', '2', '--hidden', '3', '--json'];

const train = (file: string, out: string, ...more: string[]) => cli(['train', file, ...fewEpochs, '--out', out, ...more], folder.path);
const kept = async (run: string) =>
  (JSON.parse(await readFile(at(run, 'run.json'), 'utf8')) as { data: { scale: number | null } }).data.scale;
const freeEnergy = async (...args: string[]) => {
  const { stdout, stderr } = await cli(['evaluate', ...args, '--no-likelihood', '--json'], folder.path);
  expect(stderr).toBe('');
  return (jsonLines(stdout)[0] as { test: { freeEnergy: { mean: number } } }).test.freeEnergy.mean;
};

beforeAll(async () => {
  await writeFile(
    at('digits.csv'),
    table(60, (i) => (i * 7) % 17),
  );
  await writeFile(
    at('ordinals.csv'),
    table(60, (i) => (i * 7) % 3),
  );
  await writeFile(
    at('bits.csv'),
    table(60, (i) => (i * 7) % 2),
  );
  await writeFile(
    at('sixteenths.csv'),
    table(20, (i) => ((i * 5) % 17) / 16),
  );
  await writeFile(
    at('whole-sixteenths.csv'),
    table(20, (i) => (i * 5) % 17),
  );
  await writeNpy(at('grey.npy'), bytes(60, grey));
  await writeNpy(
    at('black.npy'),
    bytes(20, (i) => i % 2),
  );
  await writeNpy(
    at('flat.npy'),
    ndarray(
      Uint8Array.from({ length: 60 * 16 }, (_, i) => grey(i)),
      [60, 16],
    ),
  );
});

describe('values above 1', () => {
  it.each([
    ['digits.csv', '--scale 1/16'],
    ['ordinals.csv', '--scale 1/2'],
    ['flat.npy', '--scale 1/255'],
  ])('of %s are refused, with the way out', async (file, way) => {
    const { code, stderr } = await train(file, 'never');
    expect([code, JSON.parse(stderr)]).toMatchObject([1, { hint: expect.stringContaining(way) }]);
    const out = `${file}-scaled`;
    expect(await train(file, out, ...way.split(' '))).toMatchObject({ code: 0, stderr: '' });
    const [above, below] = way.split(' ')[1]!.split('/').map(Number);
    expect(await kept(out)).toBe(above! / below!);
  });

  it('that are bytes of pictures are grey levels, and the run says so', async () => {
    const { stdout } = await cli(['train', 'grey.npy', ...fewEpochs.slice(0, -1), '--out', 'grey'], folder.path);
    expect(stdout).toContain('bytes of pictures in grey.npy: divided by 255');
    expect(await kept('grey')).toBe(1 / 255);
    expect(await train('black.npy', 'black')).toMatchObject({ code: 0 });
    expect(await kept('black')).toBe(1);
  });
});

describe('what was decided for a run', () => {
  it('holds for its validation rows', async () => {
    const { code, stderr } = await train('digits.csv', 'mixed', '--scale', '1/16', '--validation', 'whole-sixteenths.csv');
    expect([code, stderr]).toEqual([0, '']);
    // Black pictures are bytes as well, though none is above 1.
    expect(await train('grey.npy', 'greys', '--validation', 'black.npy')).toMatchObject({ code: 0 });
    const judged = await freeEnergy('greys', 'black.npy');
    expect(judged).not.toBe(await freeEnergy('greys', 'black.npy', '--scale', '1'));
    expect(await freeEnergy('greys')).toBeCloseTo(judged, 10);
  });

  it('holds for rows to evaluate, unless told otherwise', async () => {
    expect(await train('digits.csv', 'sixteen', '--scale', '1/16')).toMatchObject({ code: 0 });
    const expected = await freeEnergy('sixteen', 'sixteenths.csv', '--scale', '1');
    expect(await freeEnergy('sixteen', 'whole-sixteenths.csv')).toBeCloseTo(expected, 5);
    expect(await train('bits.csv', 'bits')).toMatchObject({ code: 0 });
    expect(await freeEnergy('bits', 'bits.csv')).toBe(await freeEnergy('bits', 'bits.csv', '--scale', '1'));
  });

  it('holds for rows to start from', async () => {
    expect(await train('digits.csv', 'begin', '--scale', '1/16')).toMatchObject({ code: 0 });
    const start = async (file: string, ...more: string[]) => {
      const out = `${file}${more.length}.npy`;
      const args = ['sample', 'begin', '--start', file, '--count', '20', '--sweeps', '1', '--values', 'mean', '--out', out, ...more];
      expect(await cli(args, folder.path)).toMatchObject({ code: 0 });
      return Array.from((await readNpy(at(out))).data as Float32Array);
    };
    expect(await start('whole-sixteenths.csv')).toEqual(await start('sixteenths.csv', '--scale', '1'));
  });

  it('is kept by a run that is resumed', async () => {
    expect(await train('digits.csv', 'again', '--scale', '1/16')).toMatchObject({ code: 0 });
    expect(await cli(['train', '--resume', '--out', 'again'], folder.path)).toMatchObject({ code: 0, stderr: '' });
    expect(await cli(['train', '--resume', '--out', 'again', '--scale', '1/16'], folder.path)).toMatchObject({ code: 0 });
    const { code, stderr } = await cli(['train', '--resume', '--out', 'again', '--scale', '1/255'], folder.path);
    expect([code, stderr.includes('--scale')]).toEqual([2, true]);
  });
});
