/**
 * What one update adds to the parameters, against its exact expectation. One SGD step at learning rate 1 from known parameters moves them
 * by the estimated gradient; averaged over tens of thousands of chains it has to lie within the standard error of the oracle's CD-k
 * expectation (not of the likelihood gradient, which CD-k does not estimate). False-alarm rate 1e-6 per test, by z-scores whose errors
 * are exact too.
 */
import { describe, expect, it } from 'vitest';
import type { FitOptions } from '../../src/index.js';
import { randomRbm } from '../oracle/machines.js';
import {
  expectedCd,
  expectedStatistics,
  hiddenMeans,
  type Offsets,
  type OracleRbm,
  positiveStatistics,
  productTable,
  sigmoid,
  VisibleKernel,
} from '../oracle/rbm.js';
import { zLimit } from '../oracle/significance.js';
import { devices, expectZScores, modelOf, parametersOf, setParameters, type TestDevice } from './support.js';

const oracle = randomRbm(5, 4, 1.2, 31);
const components = 5 * 4 + 5 + 4;

/** Binary rows, rows of probabilities, repeated rows. */
const kinds = [
  [1, 0, 1, 1, 0],
  [0, 0, 1, 0, 1],
  [1, 1, 1, 1, 1],
  [0, 0, 0, 0, 0],
  [0.5, 0.25, 1, 0, 0.75],
  [1, 0, 1, 1, 0],
  [0, 1, 0, 0.125, 0],
  [0, 1, 1, 0, 0],
];

const plainStep: FitOptions = {
  ...{ optimiser: { name: 'sgd', momentum: 0 }, learningRate: 1, l2: 0 },
  ...{ centred: false, initialiseFromData: false },
};

function repeated<T>(rows: T[], times: number): T[] {
  return Array.from({ length: rows.length * times }, (_, n) => rows[n % rows.length]!);
}

/** Packed once: nested arrays of this size would be checked number by number at every call. */
function matrix(rows: number[][]): { data: Float32Array; shape: [number, number] } {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] };
}

/** How the parameters move in one call of partialFit, all rows in one batch unless said otherwise. */
async function moved(device: TestDevice, rows: number[][], options: FitOptions, seed = 1): Promise<number[]> {
  using rbm = modelOf(oracle, device, { seed });
  const before = parametersOf(rbm);
  await rbm.partialFit(matrix(rows), { ...plainStep, batchSize: rows.length, ...options });
  return parametersOf(rbm).map((value, i) => value - before[i]!);
}

/** Offsets of a first centred update: the data mean, and 0.99 parts of the hidden units' field-free means with 0.01 of the batch's. */
function firstOffsets(rbm: OracleRbm, rows: number[][], weights = rows.map(() => 1)): Offsets {
  const mean = (of: (row: number[]) => number[]) => {
    const total = weights.reduce((a, b) => a + b, 0);
    return of(rows[0]!).map((_, i) => rows.reduce((sum, row, n) => sum + (weights[n]! / total) * of(row)[i]!, 0));
  };
  const hidden = mean((row) => hiddenMeans(rbm, row));
  return { visible: mean((row) => row), hidden: rbm.hiddenBias.map((c, j) => 0.99 * sigmoid(c) + 0.01 * hidden[j]!) };
}

/** Negative-phase statistics of persistent chains that began at the biases and have done this many sweeps in all. */
function chainsAfter(sweeps: number, offsets?: Offsets) {
  const kernel = new VisibleKernel(oracle);
  let table = kernel.fromHidden(productTable(oracle.hiddenBias.map(sigmoid)));
  for (let s = 1; s < sweeps; ++s) table = kernel.sweep(table);
  return expectedStatistics(oracle, table, offsets);
}

describe.each(devices)('on %s', (device) => {
  describe('contrastive divergence', () => {
    const rows = repeated(kinds, 5000);

    it.each([1, 2, 5])('CD-%i, plain', async (steps) => {
      const change = await moved(device, rows, { algorithm: { name: 'cd', sweeps: steps } });
      const { mean, error } = expectedCd(oracle, rows, steps);
      expectZScores(change, mean, error, zLimit(components));
    });

    it.each([1, 5])('CD-%i, centred: (v - mu)(h - lambda) with the biases making up for it', async (steps) => {
      const change = await moved(device, rows, { algorithm: { name: 'cd', sweeps: steps }, centred: true });
      const { mean, error } = expectedCd(oracle, rows, steps, { offsets: firstOffsets(oracle, kinds) });
      expectZScores(change, mean, error, zLimit(components));
    });

    it.each([false, true])('sample weights count in both phases (centred: %s)', async (centred) => {
      const weights = [3, 0, 1, 0.5, 2, 0.25, 0, 1];
      const change = await moved(device, rows, { algorithm: 'cd', centred, sampleWeights: repeated(weights, 5000) });
      const offsets = centred ? { offsets: firstOffsets(oracle, kinds, weights) } : {};
      const { mean, error } = expectedCd(oracle, rows, 1, { weights: repeated(weights, 5000), ...offsets });
      expectZScores(change, mean, error, zLimit(components));
    });

    it('scatters around its expectation as much as it must: no draw is used twice, and hidden units enter by their means', async () => {
      using rbm = modelOf(oracle, device, { seed: 5 });
      const small = repeated(kinds, 10);
      const { mean, error } = expectedCd(oracle, small, 2);
      const rounds = 400;
      const total = new Array<number>(components).fill(0);
      const squares = new Array<number>(components).fill(0);
      for (let n = 0; n < rounds; ++n) {
        setParameters(rbm, oracle);
        const before = parametersOf(rbm);
        await rbm.partialFit(matrix(small), { ...plainStep, algorithm: { name: 'cd', sweeps: 2 }, batchSize: small.length });
        parametersOf(rbm).forEach((value, i) => {
          const change = value - before[i]!;
          total[i]! += change / rounds;
          squares[i]! += ((change - mean[i]!) / error[i]!) ** 2 / rounds;
        });
      }
      const limit = zLimit(2 * components);
      expectZScores(
        total,
        mean,
        error.map((e) => e / Math.sqrt(rounds)),
        limit,
      );
      // Squared z-scores of sums over 80 chains have mean 1 and variance 2.
      expectZScores(
        squares,
        squares.map(() => 1),
        squares.map(() => Math.sqrt(2 / rounds)),
        limit,
      );
    });

    it('the last, shorter batch makes an update of its own, divided by its own size', async () => {
      const full = new Array<number[]>(20_000).fill([1, 1, 1, 1, 1]);
      const short = repeated([kinds[0]!, kinds[3]!], 3000);
      for (const centred of [false, true]) {
        const change = await moved(device, [...full, ...short], { algorithm: 'cd', batchSize: full.length, learningRate: [0, 1], centred });
        if (!centred) {
          const { mean, error } = expectedCd(oracle, short, 1);
          expectZScores(change, mean, error, zLimit(components));
        } else expect(Math.max(...change.map(Math.abs))).toBeGreaterThan(0.01);
      }
    });
  });

  describe('persistent chains', () => {
    const chains = 30_000;

    it.each([
      [1, 1],
      [2, 1],
      [3, 2],
      [60, 1],
    ])('update %i of PCD-%i: data minus chains that have gone on since the first', async (update, steps) => {
      const learningRate = [...new Array<number>(update - 1).fill(0), 1];
      for (const centred of [false, true]) {
        using rbm = modelOf(oracle, device, { seed: 7 });
        const before = parametersOf(rbm);
        const options: FitOptions = {
          ...plainStep,
          algorithm: { name: 'pcd', sweeps: steps, chains },
          epochs: update,
          batchSize: kinds.length,
          learningRate,
          centred,
        };
        await rbm.fit(kinds, { ...options, averageLast: 0, monitorRows: 0 });
        const change = parametersOf(rbm).map((value, i) => value - before[i]!);
        let offsets: Offsets | undefined;
        if (centred) {
          const first = firstOffsets(oracle, kinds);
          const batch = hiddenBatchMeans();
          // lambda after `update` steps of the exponential average at rate 0.01.
          const keep = 0.99 ** update;
          offsets = { visible: first.visible, hidden: oracle.hiddenBias.map((c, j) => keep * sigmoid(c) + (1 - keep) * batch[j]!) };
        }
        const positive = positiveStatistics(oracle, kinds, undefined, offsets);
        const negative = chainsAfter(update * steps, offsets);
        expectZScores(
          change,
          positive.map((value, i) => value - negative.mean[i]!),
          negative.variance.map((s) => Math.sqrt(s / chains)),
          zLimit(components),
        );
      }
    });

    it('chains go on across calls of partialFit', async () => {
      using rbm = modelOf(oracle, device, { seed: 8 });
      const before = parametersOf(rbm);
      for (const learningRate of [0, 0, 0, 1])
        await rbm.partialFit(kinds, { ...plainStep, algorithm: { name: 'pcd', chains }, batchSize: kinds.length, learningRate });
      const negative = chainsAfter(4);
      const positive = positiveStatistics(oracle, kinds);
      expectZScores(
        parametersOf(rbm).map((value, i) => value - before[i]!),
        positive.map((value, i) => value - negative.mean[i]!),
        negative.variance.map((s) => Math.sqrt(s / chains)),
        zLimit(components),
      );
    });

    it('sample weights count in the positive phase', async () => {
      const weights = [3, 0, 1, 0.5, 2, 0.25, 0, 1];
      using rbm = modelOf(oracle, device, { seed: 9 });
      const before = parametersOf(rbm);
      await rbm.partialFit(kinds, { ...plainStep, algorithm: { name: 'pcd', chains }, batchSize: kinds.length, sampleWeights: weights });
      const negative = chainsAfter(1);
      const positive = positiveStatistics(oracle, kinds, weights);
      expectZScores(
        parametersOf(rbm).map((value, i) => value - before[i]!),
        positive.map((value, i) => value - negative.mean[i]!),
        negative.variance.map((s) => Math.sqrt(s / chains)),
        zLimit(components),
      );
    });
  });

  it('moving the offsets moves nothing: centred updates at learning rate 0 leave every bit', async () => {
    for (const algorithm of ['cd', 'pcd'] as const) {
      const change = await moved(device, repeated(kinds, 5), { algorithm, centred: true, learningRate: 0, batchSize: 8 });
      expect(change.every((value) => value === 0)).toBe(true);
    }
  });
});

function hiddenBatchMeans(): number[] {
  const rows = kinds.map((row) => hiddenMeans(oracle, row));
  return rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]! / rows.length, 0));
}
