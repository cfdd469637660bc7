import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainCommand } from '../../src/cli/train-command.js';
import { RBM } from '../../src/models/rbm.js';
import { filterPreview, metricPanels } from '../../src/runs/pictures.js';
import { independentUnits } from '../../src/runs/quality.js';
import { type EpochRecord, type RunRecord, runRecordSchema } from '../../src/runs/record.js';
import { runReport } from '../../src/runs/report.js';
import { curves } from '../../src/viz/index.js';
import { cli, useFolder, writeStripes } from '../cli/support.js';
import { elementsOf } from '../viz/support.js';

const metrics = {
  seconds: 1,
  learningRate: 0.05,
  pseudoLikelihood: -20,
  pseudoLikelihoodError: null,
  baseline: null,
  freeEnergyGap: 0,
  chainFreeEnergyGap: 0,
  weightNorm: 0.1,
  rollbacks: 0,
  warnings: [],
  health: null,
  labels: null,
  logLikelihood: null,
};

function evaluated(mean: number): NonNullable<EpochRecord['evaluation']> {
  const logLikelihood = { mean, low: mean - 2, high: mean + 1, perDimension: mean / 10, standardError: 0.1 };
  const logZ = { value: 5, low: 4, high: 7, method: 'ais-bracket' as const };
  return { logLikelihood, logZ, effectiveSampleSize: 50, converged: true, warnings: [] };
}

const history = [null, -90, null, -80].map(
  (mean, i): EpochRecord => ({ ...metrics, epoch: i + 1, update: i + 1, evaluation: mean === null ? null : evaluated(mean) }),
);

describe('the curves of a run', () => {
  it('begin with the log-likelihood and its band, in the epochs that were evaluated', () => {
    const [first] = metricPanels(history);
    expect(first!.title).toBe('Log-likelihood');
    expect(first!.series).toEqual([
      { name: 'evaluated, 95 % interval', x: [2, 4], y: [-90, -80], band: { low: [-92, -82], high: [-89, -79] } },
    ]);
    const svg = curves(metricPanels(history));
    expect(svg).toContain('fill-opacity="0.18"');
    expect(svg).toContain('Log-likelihood');
  });

  it('have the likelihoods that an algorithm knows itself in the same panel', () => {
    const own = { value: -85, low: -86, high: -84 };
    const [first] = metricPanels(history.map((record) => (record.epoch === 3 ? { ...record, logLikelihood: own } : record)));
    expect(first!.series.map(({ name, x }) => [name, x])).toEqual([
      ['evaluated, 95 % interval', [2, 4]],
      ['of the training itself', [3]],
    ]);
    expect(first!.series[1]).toMatchObject({ y: [-85], band: { low: [-86], high: [-84] } });
  });

  it('have no such panel when nothing was evaluated', () => {
    const titles = metricPanels(history.slice(0, 1)).map(({ title }) => title);
    expect(titles).toEqual(['Log-pseudo-likelihood', 'Free-energy gaps', 'Weights', 'Learning rate']);
    expect(curves(metricPanels(history.slice(0, 1)))).not.toContain('fill-opacity');
  });
});

describe('longer runs', () => {
  const long = Array.from({ length: 75 }, (_, i): EpochRecord => ({ ...metrics, epoch: i + 1, update: i + 1, evaluation: null }));

  it('have their noisy metrics smoothed over about a tenth of the epochs, and the others as they are', () => {
    const windows = (epochs: number) => metricPanels(long.slice(0, epochs)).map(({ series }) => series.map(({ smooth }) => smooth ?? null));
    expect(windows(75)).toEqual([[9], [9, 9], [null], [null]]);
    expect(windows(10)[0]).toEqual([3]);
    expect(windows(9)[0]).toEqual([null]);
    expect(curves(metricPanels(long))).toContain('local mean of 9');
  });

  it('have what independent units would reach as a baseline, where it is known', () => {
    expect(metricPanels(long, -206.5)[0]!.baselines).toEqual([{ name: 'independent units', y: -206.5 }]);
    expect(metricPanels(long)[0]!.baselines).toEqual([]);
    const known = long.map((record) => ({ ...record, baseline: -207 }));
    expect(metricPanels(known, -206.5)[0]!.baselines).toEqual([{ name: 'independent units', y: -207 }]);
  });
});

describe('what independent units would reach', () => {
  const matrix = (data: number[], cols: number, scale = 1) => ({ data: Float32Array.from(data), rows: data.length / cols, cols, scale });

  it('is the log-likelihood of each row under the means of the training rows', () => {
    const learnt = matrix([0, 1, 1, 0, 1, 1, 0, 1], 2); // means 1/2 and 3/4, of 2.5 and 3.5 of 5 with half a row of either kind
    const logs = [...(independentUnits(learnt, matrix([0, 1, 1, 0], 2)) ?? [])];
    expect(logs).toHaveLength(2);
    expect(logs[0]).toBeCloseTo(Math.log(0.5) + Math.log(0.7), 12);
    expect(logs[1]).toBeCloseTo(Math.log(0.5) + Math.log(0.3), 12);
    const bytes = independentUnits(matrix([0, 255, 255, 255], 2, 1 / 255), matrix([255, 255], 2, 1 / 255));
    expect(bytes?.[0]).toBeCloseTo(Math.log(0.5) + Math.log(2.5 / 3), 6);
    // A value that was never seen is unlikely, but not impossible.
    expect(independentUnits(matrix([1, 1, 1], 1), matrix([0], 1))?.[0]).toBeCloseTo(Math.log(0.125), 12);
  });

  it('is not known for several layers', () => {
    expect(independentUnits(null, matrix([1], 1))).toBeNull();
  });
});

describe('the report of a run', () => {
  const folder = useFolder();
  const at = (...names: string[]) => join(folder.path, ...names);
  const run = "it's a run";
  let html = '';
  let record: RunRecord;

  beforeAll(async () => {
    await writeStripes(at('stripes.csv'), 60);
    const options = ['--hidden', '4', '--epochs', '12', '--batch', '10', '--validation-fraction', '0.2', '--evaluate-every', '6'];
    const { code, stderr } = await cli(
      ['train', 'stripes.csv', ...options, '--algorithm', 'cd', '--no-centred', '--out', run],
      folder.path,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    html = await readFile(at(run, 'report.html'), 'utf8');
    record = runRecordSchema.parse(JSON.parse(await readFile(at(run, 'run.json'), 'utf8')));
  });

  const page = () => elementsOf(html.replace('<!doctype html>\n', ''));
  const texts = (name: string) => page().flatMap((item) => (item.name === name ? [item.text] : []));

  it('has everything in one file that loads nothing', async () => {
    expect(texts('h1')).toEqual(['RBM 36–4 on stripes.csv']);
    expect(texts('h2')).toEqual(['Training', 'Filters', 'Samples', 'Reconstructions', 'Health', 'Settings', 'How to reproduce and go on']);
    expect(texts('svg')).toHaveLength(4);
    expect(html.replaceAll(/data:image\/png;base64,[\w+/=]+/g, '')).not.toMatch(/https?:|<script|<link|src=/);
    expect((await stat(at(run, 'report.html'))).size).toBeLessThan(3e6);
  });

  it('says what was learnt from what, how well, and by which settings', () => {
    const facts = new Map(texts('dt').map((name, i) => [name, texts('dd')[i]]));
    expect(facts.get('Rows')).toBe('48 to learn from, 12 for validation');
    expect(facts.get('Columns')).toBe('36 (6 × 6 pixels)');
    expect(facts.get('Algorithm')).toBe('cd, sweeps 1');
    expect(facts.get('Centred')).toBe('no');
    const headlines = page().flatMap(({ attributes, text }) => (attributes.class === 'value' ? [text.trim()] : []));
    expect(headlines).toHaveLength(3);
    const { mean } = record.history.at(-1)!.evaluation!.logLikelihood;
    expect(Number(headlines[0]!.replace('−', '-'))).toBeCloseTo(mean, 1);
    expect(texts('text')).toEqual(
      expect.arrayContaining(['log-pseudo-likelihood, local mean of 3', 'independent units', 'weight', 'data', 'made']),
    );
  });

  it('has weights on one scale, the same as in the picture beside it', async () => {
    const { channels } = decode(await readFile(at(run, 'filters.png')));
    expect(channels).toBe(3);
    const rbm = await RBM.load(at(run, 'model.safetensors'));
    const sizes = Array.from(rbm.getParameter('visible-hidden.weights').data, Math.abs).sort((a, b) => a - b);
    const limit = sizes[Math.ceil(0.995 * sizes.length) - 1]!;
    expect(texts('text')).toContain(String(Number(limit.toPrecision(2))));
    const lines = filterPreview(rbm, { height: 6, width: 6 }, 30);
    expect(lines.map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, '').length)).toEqual(lines.map(() => 30));
    rbm.dispose();
  });

  it('has a command that makes the same model again', async () => {
    const [code] = texts('code');
    const command = code!.split('\n')[1]!.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    const words = [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, quoted, plain]) => plain ?? quoted!.replaceAll("'\\''", "'"));
    expect(words.slice(0, 2)).toEqual(['boltzkit', 'train']);
    expect(words).toContain('--no-centred');
    expect(words.slice(-2)).toEqual(['--out', `${run}-again`]);
    expect((await cli(words.slice(1), folder.path)).stderr).toBe('');
    const model = (name: string) => readFile(at(name, 'model.safetensors'));
    expect((await model(`${run}-again`)).equals(await model(run))).toBe(true);
  });

  it('is the same once more, and keeps hostile names apart from markup and shells', () => {
    const name = `'; rm -rf ~ #<script>alert(1)</script>`;
    const hostile = { ...record, loaded: { ...record.loaded, name }, data: { ...record.data, source: name } };
    const parts = {
      folder: name,
      record: hostile,
      quality: { mean: -3, standardError: Number.NaN, rows: 1, baseline: null, gain: null },
      panels: [],
      drawings: [],
    };
    const again = (place: string) => trainCommand(hostile, place);
    const made = runReport({ ...parts, again });
    expect(made).toBe(runReport({ ...parts, again }));
    expect(elementsOf(made.replace('<!doctype html>\n', '')).map((item) => item.name)).not.toContain('script');
    expect(trainCommand(hostile, 'out')).toContain(`boltzkit train ''\\''; rm -rf ~ #<script>alert(1)</script>' `);
  });
});
