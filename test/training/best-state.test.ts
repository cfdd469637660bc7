/** Runs that look for their best state: what an interruption must not lose, and metrics that are not there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  counts,
  type EpochReport,
  type FitOptions,
  FormatError,
  gaussian,
  ParameterError,
  ptt,
  RBM,
  type TrainingRun,
} from '../../src/index.js';
import { altered, editJson, type Parts, zeros } from '../models/file-support.js';
import { parameterBits } from '../models/support.js';
import { TestRandom } from '../oracle/random.js';

const [visible, hidden] = [12, 16];
const random = new TestRandom(29);
/** Noise: whatever is learnt of the first rows is wrong for the second. */
const rows = Array.from({ length: 20 }, () => random.coins(visible));
const validation = Array.from({ length: 20 }, () => random.coins(visible));
const create = () => new RBM({ visible, hidden, seed: 3, threads: 2 });
const base: FitOptions = { epochs: 40, batchSize: 10, learningRate: 0.2, l2: 0, averageLast: 0, validation };

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-best-'));
});
afterAll(() => rm(folder, { recursive: true }));

const plain = (reports: readonly EpochReport[]) => reports.map(({ seconds: _, ...report }) => report);

/** Where a run ends, and what it tells. */
async function ended(rbm: RBM, run: TrainingRun) {
  const reports = plain(await run);
  return { reports, bits: parameterBits(rbm), training: rbm.training };
}

/** Stops a run at the report of an epoch, or in the middle of the update after it. */
async function stopped(rbm: RBM, options: FitOptions, epoch: number): Promise<EpochReport[]> {
  const told: EpochReport[] = [];
  for await (const report of rbm.fit(rows, options)) {
    told.push(report);
    if (report.epoch === epoch) break;
  }
  return told;
}

const searches: [string, FitOptions][] = [
  ['keepBest', { keepBest: true }],
  ['earlyStopping', { earlyStopping: { patience: 6 } }],
  ['earlyStopping without restoreBest', { earlyStopping: { patience: 6, restoreBest: false } }],
  ['evaluations', { evaluateEvery: 2, evaluate: { method: 'exact' }, earlyStopping: { metric: 'logLikelihood', patience: 3 } }],
  ['tempered log-likelihoods', { algorithm: ptt({ chains: 20 }), earlyStopping: { metric: 'logLikelihood', patience: 5 } }],
];

describe('a run that is stopped and resumed ends as if it had not been', () => {
  it.each(searches)('%s', async (_, search) => {
    const options = { ...base, ...search };
    using straight = create();
    const expected = await ended(straight, straight.fit(rows, options));
    const last = expected.reports.at(-1)!.epoch;
    // Before and after the best report, and where the run has waited long enough.
    for (const epoch of [1, Math.ceil(last / 2), last - 1]) {
      using rbm = create();
      const told = await stopped(rbm, options, epoch);
      expect(rbm.training).toMatchObject({ epoch, complete: false, stoppedEarly: false });
      await rbm.save(file('model'));
      using loaded = await RBM.load(file('model'));
      await loaded.save(file('again'));
      using twice = await RBM.load(file('again'));
      for (const model of [rbm, loaded, twice]) {
        const { evaluateEvery, evaluate } = options;
        const rest = await ended(model, model.fit(rows, { validation, evaluateEvery, evaluate, resume: true }));
        expect([...plain(told), ...rest.reports]).toEqual(expected.reports);
        expect(rest.bits).toBe(expected.bits);
        expect(rest.training).toEqual(expected.training);
      }
    }
  });

  it('from its checkpoint', async () => {
    const options = { ...base, earlyStopping: { patience: 6 } };
    using straight = create();
    const expected = await ended(straight, straight.fit(rows, options));
    const last = expected.reports.at(-1)!.update;
    for (const every of [3, 7, last - 1]) {
      using rbm = create();
      const run = rbm.fit(rows, { ...options, checkpoint: { path: file('checkpoint'), every } });
      for await (const { update } of run) if (update > every) break;
      using loaded = await RBM.load(file('checkpoint'));
      const { bits, training } = await ended(loaded, loaded.fit(rows, { validation, resume: true }));
      expect(bits).toBe(expected.bits);
      expect(training).toEqual(expected.training);
    }
  });

  it('also where the end of an evaluation is what was lost', async () => {
    const search = { evaluateEvery: 1, evaluate: { betas: 50, chains: 20 }, keepBest: { metric: 'logLikelihood' } } as const;
    const options: FitOptions = { ...base, epochs: 6, ...search };
    using straight = create();
    const expected = await ended(straight, straight.fit(rows, options));
    const values = expected.reports.map(({ evaluation }) => evaluation!.logLikelihood.mean);
    // The very state that the run should end with, so that its evaluation is missed if it is missing.
    const best = values.indexOf(Math.max(...values)) + 1;
    using rbm = create();
    const controller = new AbortController();
    // Progress tells of an update before the evaluation of it begins.
    const onProgress = ({ update }: { update: number }) => {
      if (update === 2 * best) queueMicrotask(() => controller.abort(new Error('enough')));
    };
    await expect(rbm.fit(rows, { ...options, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    expect(rbm.training).toMatchObject({ update: 2 * best, complete: false });
    const rest = await ended(rbm, rbm.fit(rows, { validation, evaluateEvery: 1, evaluate: search.evaluate, resume: true }));
    expect(rest.bits).toBe(expected.bits);
  });

  it('and a file that was saved at its last report can still end', async () => {
    const options = { ...base, keepBest: true };
    using straight = create();
    const expected = await ended(straight, straight.fit(rows, options));
    using rbm = create();
    for await (const { epoch } of rbm.fit(rows, options)) if (epoch === 40) await rbm.save(file('last'));
    expect(parameterBits(rbm)).toBe(expected.bits);
    using loaded = await RBM.load(file('last'));
    expect(loaded.training).toMatchObject({ update: 80, complete: false });
    expect(parameterBits(loaded)).not.toBe(expected.bits);
    expect(await ended(loaded, loaded.fit(rows, { validation, resume: true }))).toEqual({ ...expected, reports: [] });
  });

  it('and its last checkpoint is the model that it ends with', async () => {
    using rbm = create();
    const path = file('final');
    await rbm.fit(rows, { ...base, earlyStopping: { patience: 6 }, checkpoint: { path, every: 2 } });
    using loaded = await RBM.load(path);
    expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    expect(loaded.training).toEqual(rbm.training);
  });

  it('and keepBest: false gives the search up', async () => {
    using straight = create();
    await straight.fit(rows, base);
    using rbm = create();
    await stopped(rbm, { ...base, keepBest: true }, 25);
    await rbm.fit(rows, { keepBest: false, resume: true });
    expect(parameterBits(rbm)).toBe(parameterBits(straight));
  });

  it('a run without a search may begin one', async () => {
    using straight = create();
    const reports = await straight.fit(rows, base);
    using rbm = create();
    await stopped(rbm, base, 25);
    const states = new Map<number, string>();
    for await (const { epoch } of rbm.fit(rows, { validation, keepBest: true, resume: true })) states.set(epoch, parameterBits(rbm));
    const late = reports.slice(25);
    const best = late.reduce((a, b) => ((b.pseudoLikelihood ?? 0) > (a.pseudoLikelihood ?? 0) ? b : a));
    expect(parameterBits(rbm)).toBe(states.get(best.epoch));
  });
});

describe('a resumed run refuses', () => {
  it.each<[string, FitOptions, FitOptions, RegExp]>([
    ['to go on without the validation rows', { keepBest: true }, { validation: undefined }, /`validation` must be the validation rows of the interrupted run, which has `keepBest`, got undefined/],
    ['another patience', { earlyStopping: { patience: 5 } }, { earlyStopping: { patience: 6 } }, /the interrupted run has `earlyStopping` \{"metric":"pseudoLikelihood","patience":5,"restoreBest":true\}, got .*"patience":6.*; leave it out/],
    ['another option', { earlyStopping: {} }, { keepBest: true }, /the interrupted run has `earlyStopping` .*, got `keepBest` \{"metric":"pseudoLikelihood"\}/],
    ['other rows behind the metric', { keepBest: true }, { monitorRows: 10 }, /`monitorRows` must be 1000, as in the interrupted run, which has `keepBest`, got 10/],
    ['no evaluations', { algorithm: ptt({ chains: 20 }), evaluateEvery: 1, evaluate: { method: 'exact' }, keepBest: { metric: 'logLikelihood' } }, {}, /`evaluateEvery` must be given, as in the interrupted run/],
    ['evaluations', { algorithm: ptt({ chains: 20 }), keepBest: { metric: 'logLikelihood' } }, { evaluateEvery: 1, evaluate: { method: 'exact' } }, /`evaluateEvery` must be left out, as in the interrupted run/],
  ])('%s', async (_, first, second, message) => {
    using rbm = create();
    await stopped(rbm, { ...base, ...first }, 3);
    const before = parameterBits(rbm);
    const failed = await Promise.resolve(rbm.fit(rows, { validation, ...second, resume: true })).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(message);
    expect(parameterBits(rbm)).toBe(before);
    expect(rbm.training).toMatchObject({ epoch: 3, complete: false });
  }); // biome-ignore format: one case a line
});

describe('a metric that no report can have is refused before training', () => {
  const words = { v: [[1, 0, 2], [0, 3, 0]] }; // biome-ignore format: short
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'counts',
      async () => {
        using machine = new BoltzmannMachine({ layers: { v: counts(3), h: bernoulli(2) }, couplings: [['v', 'h']] });
        await machine.fit(words, { epochs: 2, validation: words, earlyStopping: {} });
      },
      /^BoltzmannMachine\.fit: `earlyStopping\.metric` must be one that the reports of this run have: .*counts.*, got "pseudoLikelihood"$/,
    ],
    [
      'a deep machine',
      async () => {
        const layers = { v: bernoulli(visible), h: bernoulli(3), g: bernoulli(2) };
        using machine = new BoltzmannMachine({ layers, couplings: [['v', 'h'], ['h', 'g']] }); // biome-ignore format: short
        await machine.fit({ v: rows }, { epochs: 2, validation: { v: validation }, keepBest: true });
      },
      /`keepBest\.metric` must be one that the reports of this run have: layers that are not given are coupled to each other/,
    ],
    [
      'tempered log-likelihoods of rows with gaps',
      async () => {
        using rbm = create();
        const gaps = validation.map((row) => [Number.NaN, ...row.slice(1)]);
        const options = { ...base, algorithm: ptt({ chains: 20 }), validation: gaps };
        await rbm.fit(rows, { ...options, earlyStopping: { metric: 'logLikelihood' } });
      },
      /`earlyStopping\.metric` must be one that the reports of this run have: rows that lack values have no log-likelihood/,
    ],
  ])('%s', async (_, train, message) => {
    const failed = await train().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(message);
  });
});

describe('a metric that is never there all the same', () => {
  /** Weights so large that conditionals of its Gaussian units cannot be integrated. */
  const hopeless = () => {
    const rbm = new RBM({ visible: gaussian(2), hidden: 2, seed: 1 });
    rbm.setParameter('visible-hidden.weights', [
      [1e6, 0],
      [0, 0],
    ]);
    return rbm;
  };
  const points = Array.from({ length: 10 }, () => random.normals(2, 1));
  const options: FitOptions = { epochs: 30, rates: { 'visible-hidden': 0, visible: 0, hidden: 0 }, validation: points };

  it('ends a run with earlyStopping after `patience` reports, and says so', async () => {
    using rbm = hopeless();
    const reports = await rbm.fit(points, { ...options, earlyStopping: { patience: 4 } });
    expect(reports.map(({ pseudoLikelihood }) => pseudoLikelihood)).toEqual([null, null, null, null]);
    expect(rbm.training).toMatchObject({ epoch: 4, stoppedEarly: true, complete: true });
    const sentence = '`earlyStopping` found no best state: no report of this run has its metric';
    expect(reports.map(({ warnings }) => warnings.includes(sentence))).toEqual([false, false, false, true]);
  });

  it('is told at the end of a run with keepBest', async () => {
    using rbm = hopeless();
    const reports = await rbm.fit(points, { ...options, keepBest: true });
    expect(reports).toHaveLength(30);
    expect(reports.at(-1)!.warnings).toContain('`keepBest` found no best state: no report of this run has its metric');
    expect(rbm.training).toMatchObject({ epoch: 30, stoppedEarly: false, complete: true });
  });
});

describe('files', () => {
  const best = (name: string, value: unknown) => (parts: Parts) =>
    editJson(parts, 'training', (json) => ({ ...json, best: { ...(json.best as unknown as object), [name]: value } }));
  const contradict = /has a damaged best state: its numbers contradict each other or those of the run/;

  beforeAll(async () => {
    using rbm = create();
    await stopped(rbm, { ...base, earlyStopping: { patience: 8 } }, 5);
    await rbm.save(file('sound'));
    (await RBM.load(file('sound'))).dispose();
  });

  it.each<[string, (parts: Parts) => void, RegExp]>([
    ['the best state is no object', (p) => editJson(p, 'training', (json) => ({ ...json, best: [1] })), /has a damaged best state/],
    ['it is of an unknown metric', best('source', '__proto__'), contradict],
    ['the patience is no number', best('patience', '8'), contradict],
    ['there is no patience', best('patience', 0), contradict],
    ['the run has waited longer than it may', best('waited', 9), contradict],
    ['the run has waited less than not at all', best('waited', -1), contradict],
    ['the run has looked at what is to come', best('looked', 12), contradict],
    ['the run has looked between two reports', best('looked', 3), contradict],
    ['the run has not looked, and found', best('looked', 0), contradict],
    ['the best number is none', best('value', 'large'), contradict],
    ['the best number is left out', best('value', undefined), contradict],
    ['`restore` is no flag', best('restore', 1), contradict],
    ['the run has ended itself', (p) => editJson(p, 'training', (json) => ({ ...json, stoppedEarly: true })), contradict],
    ['nothing was found, and is there', best('value', null), /unknown tensor "training\/best\//],
    ['nothing is to be restored, and is there', best('restore', false), /unknown tensor "training\/best\//],
    ['there is no best state, but its parameters', best('value', null), /unknown tensor "training\/best\//],
    ['a parameter is missing', (p) => p.tensors.delete('training/best/hidden.bias'), /lacks "training\/best\/hidden\.bias"/],
    ['a parameter is of another shape', (p) => p.tensors.set('training/best/hidden.bias', zeros([1, 15])), /of shape \[1, 16\]/],
    [
      'a parameter is none',
      (p) => (p.tensors.get('training/best/hidden.bias')!.data as Float32Array).fill(Number.NaN),
      /"training\/best\/hidden\.bias" of finite numbers/,
    ],
  ])('are refused in which %s', async (_, change, message) => {
    const path = await altered(file('sound'), file('altered'), change as (parts: Parts) => void);
    await expect(RBM.load(path)).rejects.toThrow(FormatError);
    await expect(RBM.load(path)).rejects.toThrow(message);
  });

  it('of another device go on there', async () => {
    using loaded = await RBM.load(file('sound'), { device: 'reference' });
    await loaded.fit(rows, { validation, resume: true });
    expect(loaded.training).toMatchObject({ complete: true });
  });
});
