/** What is said about runs that really happened: nothing about sound ones, and what is wrong about others. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { permutation } from '../../src/data/random.js';
import { cli, jsonLines, useFolder } from '../cli/support.js';

const folder = useFolder();

/** 500 rows of 12 columns: three groups of four that mostly agree. */
function groups(): string {
  const bits = permutation(500 * 15, 9n, 0);
  const coin = (k: number, share: number) => (bits[k % bits.length] as number) < share * bits.length;
  const rows = Array.from({ length: 500 }, (_, r) => {
    const cells = Array.from({ length: 12 }, (_, c) => coin(15 * r + Math.floor(c / 4), 0.5) !== coin(15 * r + 3 + c, 0.15));
    return cells.map(Number).join(',');
  });
  return `${rows.join('\n')}\n`;
}

async function run(...args: string[]): Promise<{ hints: string[]; last: string }> {
  const { code, stdout, stderr } = await cli(['train', 'groups.csv', '--force', ...args], folder.path);
  expect([code, stderr]).toEqual([0, '']);
  const record = jsonLines((await cli(['info', 'groups-run', '--json'], folder.path)).stdout)[0] as {
    run: { hints: { kind: string }[] };
  };
  const last = stdout.split('\n').find((line) => line.startsWith('trained in')) ?? '';
  return { hints: record.run.hints.map(({ kind }) => kind), last };
}

beforeAll(() => writeFile(join(folder.path, 'groups.csv'), groups()));

/** More seeds where there is time (docs/extending.md). */
const seeds = process.env.BOLTZKIT_SLOW ? [1, 2, 3, 4, 5] : [1, 2];

describe('a small table', () => {
  it.each(seeds)('that is learnt well gives no hints (seed %i)', async (seed) => {
    const { hints, last } = await run('--hidden', '20', '--seed', String(seed));
    expect([hints, last.endsWith('nothing looks wrong')]).toEqual([[], true]);
  });

  it('of which nothing was learnt in 250 updates says so', async () => {
    const { hints, last } = await run('--hidden', '20', '--epochs', '50', '--lr', '0.001');
    expect(hints).toEqual(['nothing-learnt']);
    expect(last).toContain('no better than independent units: more epochs');
  });

  it('that is still being learnt at the end says so', async () => {
    const { hints, last } = await run(
      '--hidden',
      '20',
      '--epochs',
      '160',
      '--lr',
      '0.1',
      '--validation-fraction',
      '0.4',
      '--average-last',
      '0',
    );
    expect(hints).toEqual(['unfinished']);
    expect(last).toContain('still improving at the end');
  });

  it('that is learnt at far too high a rate says so', async () => {
    const { hints } = await run('--hidden', '20', '--epochs', '60', '--lr', '20', '--l2', '0', '--average-last', '0');
    expect(hints).toContain('diverging');
  });
});
