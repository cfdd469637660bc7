/** Energies, free energies, conditionals and pseudo-likelihoods against exact enumeration. */
import { describe, expect, it } from 'vitest';
import { RBM } from '../../src/index.js';
import { bitVectors, energy, freeEnergy, logPseudoLikelihood, sum, unitLogProbabilities } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, hiddenMeans, type OracleRbm, visibleMeans } from '../oracle/rbm.js';
import { zLimit } from '../oracle/significance.js';
import { devices, expectNear, expectZScores, float32Error, modelOf, relativeError } from './support.js';

/** Sizes around the packing of kernels (1, 3, 7, 8) and couplings from weak to saturated. */
const shapes: [visible: number, hidden: number, scale: number][] = [
  [1, 1, 1],
  [3, 7, 0.1],
  [7, 3, 1],
  [8, 8, 1],
  [5, 4, 5],
  [2, 11, 20],
];

/** Binary rows and rows of probabilities. */
function testRows(units: number, seed: number): number[][] {
  const random = new TestRandom(seed);
  const grey = Array.from({ length: 9 }, () => Array.from({ length: units }, () => Math.fround(random.uniform())));
  return [...bitVectors(Math.min(units, 5)).map((bits) => Array.from({ length: units }, (_, i) => bits[i % bits.length]!)), ...grey];
}

/** The sizes of all terms of an energy, which bound its rounding error. */
function termSizes(rbm: OracleRbm): number {
  return sum([...rbm.weights.flat(), ...rbm.visibleBias, ...rbm.hiddenBias].map(Math.abs)) + rbm.hiddenBias.length;
}

describe.each(devices)('on %s', (device) => {
  describe.each(shapes)('%i visible, %i hidden, weights of scale %d', (visible, hidden, scale) => {
    const oracle = randomRbm(visible, hidden, scale, visible * 31 + hidden);
    const machine = asMachine(oracle);
    const rows = testRows(visible, 1);
    const hiddenRows = testRows(hidden, 2).slice(0, rows.length);
    const tolerance = relativeError[device];

    it('energy of states', async () => {
      using rbm = modelOf(oracle, device);
      const v = rows.slice(0, hiddenRows.length);
      const expected = v.map((row, n) => energy(machine, [row, hiddenRows[n]!]));
      const result = await rbm.energy(v, hiddenRows);
      expect(result.shape).toEqual([v.length]);
      expectNear(result.data, expected, tolerance, () => termSizes(oracle));
    });

    it('free energy', async () => {
      using rbm = modelOf(oracle, device);
      const expected = rows.map((row) => freeEnergy(machine, [row, null]));
      const result = await rbm.freeEnergy(rows);
      expect(result.shape).toEqual([rows.length]);
      expectNear(result.data, expected, tolerance, () => termSizes(oracle));
    });

    it('conditional means, up and down', async () => {
      using rbm = modelOf(oracle, device);
      const up = await rbm.transform(rows);
      expect(up.shape).toEqual([rows.length, hidden]);
      // Sigmoid of a field with an absolute error e is off by at most e / 4; small means keep their relative precision.
      const error = Math.max(tolerance * termSizes(oracle), float32Error);
      expectNear(
        up.data,
        rows.flatMap((v) => hiddenMeans(oracle, v)),
        error,
      );
      expectNear(
        (await rbm.transform(rows)).data,
        rows.flatMap((v) => hiddenMeans(oracle, v)),
        error,
      );
      const down = await rbm.meanVisible(hiddenRows);
      expect(down.shape).toEqual([hiddenRows.length, visible]);
      expectNear(
        down.data,
        hiddenRows.flatMap((h) => visibleMeans(oracle, h)),
        error,
      );
    });

    it('reconstruction through hidden means', async () => {
      using rbm = modelOf(oracle, device);
      const expected = rows.flatMap((v) => visibleMeans(oracle, hiddenMeans(oracle, v)));
      const result = await rbm.reconstruct(rows, { draw: 'mean' });
      expectNear(result.data, expected, 2 * Math.max(tolerance, float32Error) * termSizes(oracle));
    });

    it('exact pseudo-likelihood', async () => {
      using rbm = modelOf(oracle, device);
      const expected = rows.map((row) => logPseudoLikelihood(machine, 0, row));
      const result = await rbm.pseudoLikelihood(rows, { exact: true });
      expect(result.shape).toEqual([rows.length]);
      expectNear(result.data, expected, tolerance * visible, () => termSizes(oracle));
    });
  });

  it('stochastic pseudo-likelihood is unbiased and draws a fresh unit for every row and call', async () => {
    const oracle = randomRbm(6, 4, 1.5, 77);
    using rbm = modelOf(oracle, device);
    const row = [1, 0, 0.25, 1, 1, 0];
    const terms = unitLogProbabilities(asMachine(oracle), 0, row);
    const calls = 2;
    const n = 20_000;
    const drawn: number[] = [];
    for (let call = 0; call < calls; ++call) drawn.push(...(await rbm.pseudoLikelihood(new Array(n).fill(row))).data);
    // Every estimate is units x one term.
    const closest = drawn.map((value) => Math.min(...terms.map((term) => Math.abs(value - 6 * term))));
    expect(Math.max(...closest)).toBeLessThan(1e-4);
    const mean = sum(terms);
    const variance = sum(terms.map((term) => (6 * term - mean) ** 2)) / 6;
    expectZScores([sum(drawn) / drawn.length], [mean], [Math.sqrt(variance / drawn.length)], zLimit(1));
    expect(drawn.slice(0, n)).not.toEqual(drawn.slice(n));
  });

  it('samples of the conditionals have their means and are independent between rows, units and calls', async () => {
    const oracle = randomRbm(5, 6, 1, 78);
    using rbm = modelOf(oracle, device);
    const n = 20_000;
    for (const [given, draw, means, units] of [
      [[1, 0, 1, 1, 0], (rows: number[][]) => rbm.sampleHidden(rows), hiddenMeans(oracle, [1, 0, 1, 1, 0]), 6],
      [[1, 0, 1, 1, 0, 1], (rows: number[][]) => rbm.sampleVisible(rows), visibleMeans(oracle, [1, 0, 1, 1, 0, 1]), 5],
    ] as const) {
      const first = (await draw(new Array(n).fill(given))).data;
      const second = (await draw(new Array(n).fill(given))).data;
      expect(new Set(first)).toEqual(new Set([0, 1]));
      expectCoins(first, units, means);
      expectUncorrelated(first, (r, j) => first[r * units + ((j + 1) % units)]!, units, means, 1);
      expectUncorrelated(first, (r, j) => first[((r + 1) % n) * units + j]!, units, means, 0);
      expectUncorrelated(first, (r, j) => second[r * units + j]!, units, means, 0);
    }
  });

  it('free energy does not lose the tails of softplus', async () => {
    // 1,000 hidden units at fields where log(1 + e^x) - max(x, 0) is small but adds up; a cut-off at 10 would lose 0.045 nats.
    for (const field of [-30, -12, -10.5, 9.5, 10.5, 14, 30, 88, 89, 300]) {
      using rbm = new RBM({ visible: 1, hidden: 1000, device, threads: 1 });
      rbm.setParameter('visible-hidden.weights', [new Array(1000).fill(field)]);
      const expected = -1000 * (Math.max(field, 0) + Math.log1p(Math.exp(-Math.abs(field))));
      expectNear((await rbm.freeEnergy([[1]])).data, [expected], device === 'cpu' ? 2e-6 : 1e-12);
    }
  });

  it('free energy holds no random draw', async () => {
    using rbm = modelOf(randomRbm(6, 4, 1, 3), device);
    const rows = testRows(6, 4);
    expect(Array.from((await rbm.freeEnergy(rows)).data)).toEqual(Array.from((await rbm.freeEnergy(rows)).data));
  });

  it('gives rows results that do not depend on the rows around them', async () => {
    using rbm = modelOf(randomRbm(7, 9, 1, 5), device);
    const rows = Array.from({ length: 700 }, (_, n) => testRows(7, n).at(-1)!);
    const together = (await rbm.transform(rows)).data;
    const energies = (await rbm.freeEnergy(rows)).data;
    for (const n of [0, 1, 511, 512, 699]) {
      expectNear((await rbm.transform([rows[n]!])).data, Array.from(together.slice(n * 9, n * 9 + 9)), 1e-6);
      expectNear((await rbm.freeEnergy([rows[n]!])).data, [energies[n]!], 1e-6);
    }
  });
});

/** Each unit is on as often as its mean says. */
function expectCoins(draws: ArrayLike<number>, units: number, means: readonly number[]) {
  const n = draws.length / units;
  const counts = means.map((_, j) => Array.from({ length: n }, (_, r) => draws[r * units + j]!).reduce((a, b) => a + b, 0) / n);
  expectZScores(
    counts,
    [...means],
    means.map((p) => Math.sqrt((p * (1 - p)) / n)),
    zLimit(units),
  );
}

/** Each unit is uncorrelated with its partner (the unit `shift` further on, in another row or another call). */
function expectUncorrelated(
  draws: ArrayLike<number>,
  partner: (row: number, unit: number) => number,
  units: number,
  means: readonly number[],
  shift: number,
) {
  const n = draws.length / units;
  for (let j = 0; j < units; ++j) {
    const p = means[j]!;
    const q = means[(j + shift) % units]!;
    let total = 0;
    for (let r = 0; r < n; ++r) total += (draws[r * units + j]! - p) * (partner(r, j) - q);
    expect(Math.abs(total) / Math.sqrt(n * p * (1 - p) * q * (1 - q))).toBeLessThan(zLimit(units));
  }
}
