/** Runs that end when the validation rows get no likelier, and go back to their best report. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EpochReport, type FitOptions, ParameterError, ptt, RBM } from '../../src/index.js';
import { parameterBits } from '../models/support.js';
import { TestRandom } from '../oracle/random.js';

const [visible, hidden] = [12, 16];
const random = new TestRandom(29);
/** Noise: whatever is learnt of the first rows is wrong for the second. */
const rows = Array.from({ length: 20 }, () => random.coins(visible));
const validation = Array.from({ length: 20 }, () => random.coins(visible));
const create = () => new RBM({ visible, hidden, seed: 3, threads: 2 });
const base: FitOptions = { epochs: 150, batchSize: 10, learningRate: 0.2, l2: 0, averageLast: 0, validation };

type Metric = (report: EpochReport) => number | null;
const pseudoLikelihood: Metric = (report) => report.pseudoLikelihood;
const logLikelihood: Metric = (report) => report.evaluation?.logLikelihood.mean ?? report.logLikelihood?.value ?? null;

/** What the rule says of a run's reports, from their numbers alone: the epoch of the best, and that of the last. */
function expected(reports: readonly EpochReport[], metric: Metric, patience: number): { best: number; last: number } {
  let [best, value, waited] = [0, -Infinity, 0];
  for (const report of reports) {
    const now = metric(report);
    if (now === null) continue;
    if (now > value) [best, value, waited] = [report.epoch, now, 0];
    else waited += 1;
    if (waited === patience) return { best, last: report.epoch };
  }
  return { best, last: reports.at(-1)!.epoch };
}

/** A run, its reports, and the parameters at each. */
async function followed(options: FitOptions) {
  const rbm = create();
  const reports: EpochReport[] = [];
  const states = new Map<number, string>();
  for await (const report of rbm.fit(rows, options)) {
    reports.push(report);
    states.set(report.epoch, parameterBits(rbm));
  }
  return { rbm, reports, states };
}

/** The reports of the same run without an end before its time. */
async function whole(options: FitOptions): Promise<EpochReport[]> {
  using rbm = create();
  return await rbm.fit(rows, options);
}

describe('earlyStopping', () => {
  it.each([1, 4])('ends the run after %d reports without a better one, at the parameters of the best', async (patience) => {
    const { best, last } = expected(await whole(base), pseudoLikelihood, patience);
    expect(last).toBeLessThan(150);
    const { rbm, reports, states } = await followed({ ...base, earlyStopping: { patience } });
    expect(reports.at(-1)!.epoch).toBe(last);
    expect(parameterBits(rbm)).toBe(states.get(best));
    expect(rbm.training).toMatchObject({ epoch: last, epochs: 150, update: 2 * last, stoppedEarly: true, complete: true });
    rbm.dispose();
  });

  it('waits ten reports unless it is told otherwise', async () => {
    const { last } = expected(await whole(base), pseudoLikelihood, 10);
    expect(last).toBeLessThan(150);
    using rbm = create();
    await rbm.fit(rows, { ...base, earlyStopping: {} });
    expect(rbm.training).toMatchObject({ epoch: last, stoppedEarly: true });
  });

  it('leaves the model at the last report with restoreBest: false', async () => {
    const { rbm, reports, states } = await followed({ ...base, earlyStopping: { patience: 3, restoreBest: false } });
    const { best, last } = expected(reports, pseudoLikelihood, 3);
    expect(reports.at(-1)!.epoch).toBe(last);
    expect(parameterBits(rbm)).toBe(states.get(last));
    expect(parameterBits(rbm)).not.toBe(states.get(best));
    rbm.dispose();
  });

  it('looks at log-likelihoods where they are, and at no other report', async () => {
    const options: FitOptions = { ...base, evaluateEvery: 5, evaluate: { method: 'exact' } };
    const { best, last } = expected(await whole(options), logLikelihood, 2);
    expect(last).toBeLessThan(150);
    const { rbm, reports, states } = await followed({ ...options, earlyStopping: { metric: 'logLikelihood', patience: 2 } });
    expect([best % 5, last % 5]).toEqual([0, 0]);
    expect(reports.at(-1)!.epoch).toBe(last);
    expect(parameterBits(rbm)).toBe(states.get(best));
    rbm.dispose();
  });

  it("takes the log-likelihoods that 'ptt' reports", async () => {
    const options: FitOptions = { ...base, algorithm: ptt({ chains: 20 }) };
    const { best, last } = expected(await whole(options), logLikelihood, 5);
    const { rbm, reports, states } = await followed({ ...options, earlyStopping: { metric: 'logLikelihood', patience: 5 } });
    expect(reports.at(-1)!.epoch).toBe(last);
    expect(parameterBits(rbm)).toBe(states.get(best));
    rbm.dispose();
  });

  it('draws the same as a run that nobody ends, watched or not', async () => {
    const { reports, rbm } = await followed({ ...base, earlyStopping: { patience: 3 } });
    using quiet = create();
    const same = await quiet.fit(rows, { ...base, earlyStopping: { patience: 3 } });
    const plain = (of: readonly EpochReport[]) => of.map(({ seconds: _, ...report }) => report);
    expect(plain(same)).toEqual(plain(reports));
    expect(parameterBits(quiet)).toBe(parameterBits(rbm));
    expect(plain(await whole(base)).slice(0, reports.length)).toEqual(plain(reports));
    rbm.dispose();
  });

  it('a run that comes to its end before has not stopped early', async () => {
    const { rbm, reports, states } = await followed({ ...base, epochs: 4, earlyStopping: { patience: 100 } });
    expect(rbm.training).toMatchObject({ epoch: 4, complete: true, stoppedEarly: false });
    expect(parameterBits(rbm)).toBe(states.get(expected(reports, pseudoLikelihood, 100).best));
    rbm.dispose();
  });
});

describe('keepBest', () => {
  it.each([true, { metric: 'pseudoLikelihood' }] as const)(
    '%o lets the run end, at the parameters of its best report',
    async (keepBest) => {
      const { rbm, reports, states } = await followed({ ...base, epochs: 40, keepBest });
      expect(reports).toHaveLength(40);
      expect(rbm.training).toMatchObject({ epoch: 40, complete: true, stoppedEarly: false });
      const { best } = expected(reports, pseudoLikelihood, Infinity);
      expect(best).toBeLessThan(40);
      expect(parameterBits(rbm)).toBe(states.get(best));
      rbm.dispose();
    },
  );

  it('false is as if it were not there', async () => {
    const { rbm, states } = await followed({ ...base, epochs: 40, keepBest: false });
    expect(parameterBits(rbm)).toBe(states.get(40));
    rbm.dispose();
  });
});

describe('a model whose run stopped early', () => {
  it('is saved and loaded as such, and its run does not go on', async () => {
    const { rbm } = await followed({ ...base, earlyStopping: { patience: 2 } });
    const path = join(await mkdtemp(join(tmpdir(), 'boltzkit-early-')), 'model');
    await rbm.save(path);
    using loaded = await RBM.load(path);
    expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    expect(loaded.training).toEqual(rbm.training);
    expect(loaded.training).toMatchObject({ stoppedEarly: true, complete: true });
    for (const model of [rbm, loaded]) {
      await expect(model.fit(rows, { ...base, resume: true })).rejects.toThrow(
        /^RBM\.fit: `resume` must be false: this model holds no interrupted run, got true$/,
      );
    }
    // Another run begins from where the model stands.
    for (const model of [rbm, loaded]) await model.fit(rows, { ...base, epochs: 3 });
    expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    expect(loaded.training).toMatchObject({ epoch: 3, stoppedEarly: false, complete: true });
    rbm.dispose();
    await rm(path);
  });
});

describe('bad input', () => {
  it.each<[string, object, RegExp]>([
    [
      'earlyStopping without validation rows',
      { validation: undefined, earlyStopping: {} },
      /`earlyStopping` must be left out without `validation`/,
    ],
    ['keepBest without validation rows', { validation: undefined, keepBest: true }, /`keepBest` must be left out without `validation`/],
    ['both', { earlyStopping: {}, keepBest: true }, /`keepBest` must be left out with `earlyStopping`/],
    [
      'an unknown metric',
      { earlyStopping: { metric: 'loss' } },
      /`earlyStopping\.metric` must be 'pseudoLikelihood' or 'logLikelihood', got "loss"/,
    ],
    ['no patience', { earlyStopping: { patience: 0 } }, /`earlyStopping\.patience` must be a whole number of at least 1, got 0/],
    ['restoreBest that is a number', { earlyStopping: { restoreBest: 1 } }, /`earlyStopping\.restoreBest` must be true or false, got 1/],
    ['an unknown option', { earlyStopping: { wait: 3 } }, /`earlyStopping` has no `wait`; known are metric, patience, restoreBest/],
    ['patience of keepBest', { keepBest: { patience: 3 } }, /`keepBest` has no `patience`/],
    ['a text', { earlyStopping: 'yes' }, /`earlyStopping` must be an object with `metric`, `patience`, `restoreBest`, got "yes"/],
    [
      'log-likelihoods that no report has',
      { earlyStopping: { metric: 'logLikelihood' } },
      /`earlyStopping\.metric` must be one that the reports of this run have: log-likelihoods need `evaluateEvery`/,
    ],
    [
      'log-likelihoods of too few chains',
      { algorithm: ptt({ chains: 15 }), keepBest: { metric: 'logLikelihood' } },
      /`keepBest\.metric` must be one that the reports of this run have/,
    ],
    [
      'metrics that are turned off',
      { monitorRows: 0, earlyStopping: {} },
      /`earlyStopping\.metric` must be one that the reports of this run have: with `monitorRows` 0/,
    ],
  ])('%s', async (_, options, message) => {
    using rbm = create();
    const before = parameterBits(rbm);
    const failed = await Promise.resolve(rbm.fit(rows, { ...base, ...options })).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(message);
    expect(parameterBits(rbm)).toBe(before);
    expect(rbm.training).toBeNull();
  });
});
