/** Tables of numbers, categories and gaps: learnt, judged, completed and drawn, with their own labels. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../../src/data/npy.js';
import { type CliResult, cli, cliAlone, jsonLines, useFolder } from './support.js';

const folder = useFolder();
const at = (...path: string[]) => join(folder.path, ...path);

function said({ code, stdout, stderr }: CliResult): string {
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const ok = async (...args: string[]) => said(await cli(args, folder.path));
/** The same in a process of its own: once for each command. */
const okAlone = async (...args: string[]) => said(await cliAlone(args, folder.path));

const okJson = async (...args: string[]) => jsonLines(await ok(...args, '--json'));
const lines = async (name: string) => (await readFile(at(name), 'utf8')).trimEnd().split('\n');
const record = async (run: string) => JSON.parse(await readFile(at(run, 'run.json'), 'utf8')) as Record<string, unknown>;

/** Two kinds of people: tall ones live in Bern or Rome and are members, the others in Oslo. */
function people(count: number): string[][] {
  return Array.from({ length: count }, (_, i) => {
    const tall = i % 2 === 0;
    const height = (tall ? 185 : 160) + ((i * 7) % 11) - 5 + ((i * 3) % 10) / 10;
    const city = tall ? ['Bern', 'Rome'][(i / 2) % 2] : 'Oslo';
    return [`p${i}`, height.toFixed(1), city ?? '', tall ? 'yes' : 'no', tall ? 'A' : 'B'];
  });
}

const names = ['id', 'height', 'city', 'member', 'class'];
const text = (rows: readonly (readonly string[])[], header: readonly string[] | null = names, mark = ',') =>
  `${[...(header === null ? [] : [header]), ...rows].map((row) => row.join(mark)).join('\n')}\n`;
const brief = ['--hidden', '6', '--epochs', '150', '--batch', '20'];

beforeAll(async () => {
  const rows = people(120);
  const gaps = rows.map((row, i) => row.map((cell, c) => (c > 0 && c < 4 && i % 10 === c ? (['', 'NA', '?'][c - 1] as string) : cell)));
  await writeFile(at('people.csv'), text(gaps));
  await ok('train', 'people.csv', ...brief, '--epochs', '1500', '--column', 'id=ignore', '--out', 'run');
});

describe('train', () => {
  it('learns columns of several kinds, gaps included, and keeps what it made of them', async () => {
    const { loaded, data } = (await record('run')) as { loaded: Record<string, unknown>; data: Record<string, unknown> };
    expect(loaded).toMatchObject({
      layers: { binary: { type: 'bernoulli' }, numbers: { type: 'gaussian' }, city: { type: 'softmax', size: 3 } },
      visible: 5,
      table: {
        columns: [{ type: 'ignore' }, { type: 'number' }, { type: 'category' }, { type: 'binary' }, { name: 'class', type: 'ignore' }],
      },
    });
    expect(data).toMatchObject({ columns: { id: 'ignore' }, table: false, scale: null });
  });

  it.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['blanks', ' '],
  ])('finds %s between fields', async (_, mark) => {
    await writeFile(
      at('marks.csv'),
      text(
        people(60).map((row) => row.slice(1)),
        names.slice(1),
        mark,
      ),
    );
    const [start] = await okJson('train', 'marks.csv', ...brief, '--epochs', '1', '--out', 'marks', '--force');
    expect(start).toMatchObject({ data: { layers: { binary: {}, numbers: {}, city: {} } } });
  });

  it('takes a header as it is told, also one of numbers', async () => {
    const rows = people(60).map((row) => row.slice(1, 4));
    await writeFile(at('bare.csv'), text(rows, null));
    const columns = async (file: string, ...more: string[]) => {
      const [start] = await okJson('train', file, ...brief, '--epochs', '1', '--out', 'header', '--force', ...more);
      const { data } = start as unknown as { data: { rows: number; validationRows: number; table: { columns: { name: string }[] } } };
      return [data.rows + data.validationRows, data.table.columns.map(({ name }) => name)];
    };
    expect(await columns('bare.csv')).toEqual([60, ['column 1', 'column 2', 'column 3']]);
    await writeFile(at('years.csv'), text(rows, ['2019', '2020', '2021']));
    expect(await columns('years.csv', '--header', 'yes')).toEqual([60, ['2019', '2020', '2021']]);
    await writeFile(
      at('words.csv'),
      text(
        people(60).map((row) => row.slice(2, 4)),
        null,
      ),
    );
    expect(await columns('words.csv', '--header', 'no')).toEqual([60, ['column 1', 'column 2']]);
  });

  it('learns one kind of columns as an RBM: real numbers with names, numbers without when told to', async () => {
    const rows = Array.from({ length: 80 }, (_, i) => [((i * 7) % 13) - 6, ((i * 5) % 17) / 3, (i * 3) % 29].map(String));
    await writeFile(at('real.csv'), text(rows, ['a', 'b', 'c']));
    const [start] = await okJson('train', 'real.csv', ...brief, '--epochs', '2', '--out', 'real');
    expect(start).toMatchObject({
      data: { layers: { visible: { type: 'gaussian', places: 3 } } },
      settings: { learningRate: { from: 0.05 } },
    });
    expect((await okJson('info', 'real'))[0]).toMatchObject({ kind: 'rbm', visible: 3 });
    await writeFile(at('plain.csv'), text(rows, null));
    const refused = await cli(['train', 'plain.csv', '--out', 'plain'], folder.path);
    expect([refused.code, refused.stderr.includes('--table')]).toEqual([1, true]);
    expect((await okJson('train', 'plain.csv', ...brief, '--epochs', '2', '--table', '--out', 'plain'))[0]).toMatchObject({
      data: { layers: { visible: { type: 'gaussian' } } },
    });
    await writeNpy(at('plain.npy'), ndarray(Float32Array.from(rows.flat(), Number), [80, 3]));
    expect((await okJson('train', 'plain.npy', ...brief, '--epochs', '2', '--table', '--out', 'array'))[0]).toMatchObject({
      data: { layers: { visible: { type: 'gaussian' } } },
    });
  });

  it('says which columns it cannot take, and how to say what they are', async () => {
    const { code, stderr } = await cli(['train', 'people.csv', '--out', 'never'], folder.path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^boltzkit: [^\n]*column "id"[^\n]*--column <name>=<type>[^\n]*\n$/);
    expect((await cli(['train', 'people.csv', '--column', 'nobody=number', '--out', 'never'], folder.path)).stderr).toContain('nobody');
    expect((await cli(['train', 'people.csv', '--column', 'id=text'], folder.path)).code).toBe(2);
    expect((await cli(['train', 'people.csv', '--table', '--scale', '2'], folder.path)).stderr).toContain('--scale and --table exclude');
    await writeFile(
      at('hidden.csv'),
      text(
        people(40).map((row) => row.slice(1, 4)),
        ['height', 'hidden', 'member'],
      ),
    );
    expect((await cli(['train', 'hidden.csv', '--out', 'never'], folder.path)).stderr).toContain('"hidden"');
  });

  it('goes on when it was finished, as another run on the same model', async () => {
    await ok('train', 'people.csv', ...brief, '--epochs', '5', '--column', 'id=ignore', '--out', 'more');
    const first = await readFile(at('more', 'model.safetensors'));
    const events = await okJson('train', '--resume', '--out', 'more', '--epochs', '4', '--lr', '0.02');
    expect(events.filter(({ event }) => event === 'epoch').map(({ epoch, update }) => [epoch, update])).toEqual(
      [6, 7, 8, 9].map((epoch) => [epoch, epoch * 6]),
    );
    const after = (await record('more')) as {
      settings: unknown;
      earlier: unknown[];
      history: unknown[];
      update: number;
      updates: number;
      state: string;
    };
    expect(after).toMatchObject({ settings: { epochs: 4, learningRate: 0.02 }, update: 54, updates: 54, state: 'finished' });
    expect(after.earlier).toMatchObject([{ epochs: 5, updates: 30, settings: { epochs: 5 } }]);
    expect(after.history).toHaveLength(9);
    expect(await readFile(at('more', 'model.safetensors'))).not.toEqual(first);
    // The report's commands make the same model again.
    const page = await readFile(at('more', 'report.html'), 'utf8');
    const commands = page
      .replaceAll('&quot;', '"')
      .split('\n')
      .filter((line) => line.includes('boltzkit train'))
      .map((line) => line.slice(line.indexOf('boltzkit train')));
    expect(commands).toHaveLength(2);
    for (const command of commands) expect((await cli(command.split(' ').slice(1), folder.path)).stderr).toBe('');
    expect(await readFile(at('more-again', 'model.safetensors'))).toEqual(await readFile(at('more', 'model.safetensors')));
    const other = await cli(['train', '--resume', '--out', 'more', '--epochs', '2', '--hidden', '9'], folder.path);
    expect([other.code, other.stderr.includes('--hidden 9')]).toEqual([2, true]);
  });
});

describe('a model of a table', () => {
  it('is judged by the run and by files, folders too, on rows that lack nothing', async () => {
    const own = (await okJson('evaluate', 'run'))[0] as {
      test: { rows: number; pseudoLikelihood: unknown; logLikelihood: { mean: number } };
    };
    expect(own.test.rows).toBeLessThan(12);
    expect(own.test).toMatchObject({ pseudoLikelihood: null, logLikelihood: { mean: expect.any(Number) } });
    const file = (await okJson('evaluate', 'run', 'people.csv'))[0] as { test: { rows: number } };
    expect(file.test.rows).toBe(84);
    // Columns come by name, in any order, and need not all be there.
    const rows = people(20).map(([, height, city, member]) => [member ?? '', city ?? '', height ?? '']);
    await writeFile(at('turned.csv'), text(rows, ['member', 'city', 'height']));
    await writeFile(
      at('straight.csv'),
      text(
        people(20).map((row) => row.slice(1, 4)),
        names.slice(1, 4),
      ),
    );
    const energies = async (name: string) => ((await okJson('evaluate', 'run', name, '--no-likelihood'))[0] as { test: object }).test;
    expect(await energies('turned.csv')).toEqual(await energies('straight.csv'));
  });

  it('fills in what is missing with the original labels, and changes nothing else', async () => {
    await okAlone('impute', 'run', 'people.csv', '--out', 'filled.csv');
    const [before, after] = [await lines('people.csv'), await lines('filled.csv')];
    expect(after[0]).toBe(before[0]);
    const whole = people(120);
    let [missing, right] = [0, 0];
    before.slice(1).forEach((line, r) => {
      const [old, filled] = [line.split(','), (after[r + 1] as string).split(',')];
      old.forEach((cell, c) => {
        if (!['', 'NA', '?'].includes(cell)) expect(filled[c]).toBe(cell);
        else {
          missing++;
          const truth = whole[r]?.[c] as string;
          if (c === 1) right += Math.abs(Number(filled[c]) - Number(truth)) < 12 ? 1 : 0;
          else if (c === 2) right += truth === 'Oslo' ? (filled[c] === 'Oslo' ? 1 : 0) : filled[c] === 'Oslo' ? 0 : 1;
          else right += filled[c] === truth ? 1 : 0;
        }
      });
    });
    expect(missing).toBe(36);
    expect(right).toBe(36);
  });

  it('scores rows, and tells which value is odd', async () => {
    await writeFile(
      at('odd.csv'),
      text([
        ['x', '186.0', 'Rome', 'yes', 'A'],
        ['y', '186.0', 'Oslo', 'yes', 'A'],
        ['z', '161.0', 'Oslo', '', 'B'],
      ]),
    );
    const [told] = await okJson('score', 'run', 'odd.csv', '--surprise', '--out', 'scores.csv');
    expect(told).toMatchObject({ rows: 3, oddest: [{}, {}, {}] });
    const [header, ...rows] = (await lines('scores.csv')).map((line) => line.split(','));
    expect(header).toEqual(['row', 'score', 'standard error', 'surprise of member', 'surprise of height', 'surprise of city']);
    const [usual, odd, gap] = rows.map((row) => row.map(Number)) as [number[], number[], number[]];
    expect(odd[1]).toBeGreaterThan((usual[1] as number) + 1);
    expect(odd[5]).toBeGreaterThan((usual[5] as number) + 1);
    expect(rows[2]?.[3]).toBe('');
    expect(gap[1]).toBeLessThan(Number.POSITIVE_INFINITY);
    await okAlone('score', 'run', 'odd.csv', '--out', 'scores.npy');
    expect((await readNpy(at('scores.npy'))).shape).toEqual([3, 3]);
  });

  it('writes features, of rows with gaps too', async () => {
    await ok('transform', 'run', 'people.csv', '--out', 'features.npy');
    const features = await readNpy(at('features.npy'));
    expect(features.shape).toEqual([120, 6]);
    expect(Array.from(features.data as Float32Array).every((value) => value >= 0 && value <= 1)).toBe(true);
    await okAlone('transform', 'run', 'straight.csv', '--out', 'features.csv');
    expect((await lines('features.csv'))[0]).toBe('feature 1,feature 2,feature 3,feature 4,feature 5,feature 6');
  });

  it('draws rows with the labels of the table, some of them held', async () => {
    await writeFile(at('held.csv'), text([['Oslo']], ['city']));
    await ok('sample', 'run', '--count', '30', '--sweeps', '200', '--clamp-file', 'held.csv', '--out', 'drawn.csv');
    const [header, ...rows] = (await lines('drawn.csv')).map((line) => line.split(','));
    expect(header).toEqual(['height', 'city', 'member']);
    expect(rows.map((row) => row[1])).toEqual(Array(30).fill('Oslo'));
    const mean = rows.reduce((sum, row) => sum + Number(row[0]), 0) / 30;
    expect(Math.abs(mean - 160)).toBeLessThan(8);
    await ok('sample', 'run', '--count', '4', '--sweeps', '5', '--seed', '7', '--out', 'drawn.npy');
    expect((await readNpy(at('drawn.npy'))).shape).toEqual([4, 5]);
    expect((await cli(['sample', 'run', '--values', 'mean', '--out', 'no.csv'], folder.path)).code).toBe(2);
    expect((await cli(['sample', 'run'], folder.path)).stderr).toContain('--out samples.npy');
  });
});
