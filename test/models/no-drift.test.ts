/**
 * The Gibbs kernel keeps its distribution: chains that start exactly at p(v) are still there after 1, 4 and 16 sweeps. A sampler that is
 * slightly wrong (a stale state, a repeated random word, a transposed weight, beta forgotten in one layer) moves away from p(v).
 *
 * Each test compares all 2^visible cells by chi-square. Its false-alarm rate is 1e-6; the number of chains is what it takes to notice
 * a total variation of 0.01 from p(v) with probability 0.999 (see drawsNeeded in the oracle).
 */
import { describe, expect, it } from 'vitest';
import { bitIndex, bitVectors, layerMarginal, sum } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';
import { chiSquare, chiSquareLimit, drawsNeeded } from '../oracle/significance.js';
import { devices, modelOf } from './support.js';

const visible = 5;
const chains = drawsNeeded(2 ** visible, 0.01);
const sweeps = [1, 4, 16];

/** Rows [n, visible] as bytes, drawn from a table over bit vectors. */
function rowsFrom(table: number[], n: number, seed: number): { data: Uint8Array; shape: [number, number] } {
  const width = Math.log2(table.length);
  const cells = new TestRandom(seed).draws(table, n);
  const data = new Uint8Array(n * width);
  cells.forEach((cell, r) => {
    for (let i = 0; i < width; ++i) data[r * width + i] = (cell >>> i) & 1;
  });
  return { data, shape: [n, width] };
}

function histogram(samples: ArrayLike<number>, width: number): Float64Array {
  const counts = new Float64Array(2 ** width);
  for (let r = 0; r < samples.length / width; ++r) {
    let cell = 0;
    for (let i = 0; i < width; ++i) cell += samples[r * width + i]! * 2 ** i;
    counts[cell]! += 1;
  }
  return counts;
}

function expectDistribution(samples: ArrayLike<number>, table: number[]) {
  const { statistic, freedom } = chiSquare(histogram(samples, Math.log2(table.length)), table);
  expect(freedom).toBeGreaterThan(3);
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
}

const couplings: [name: string, rbm: OracleRbm][] = [
  ['weak', randomRbm(visible, 4, 0.2, 11)],
  ['strong', randomRbm(visible, 4, 2, 12, 1)],
];

describe.each(devices)('on %s', (device) => {
  describe.each(couplings)('%s couplings', (_, oracle) => {
    const machine = asMachine(oracle);

    it.each(sweeps)('%i sweeps keep p(v)', async (steps) => {
      using rbm = modelOf(oracle, device, { seed: 100 + steps });
      const table = layerMarginal(machine, 0);
      const result = await rbm.sample(chains, { sweeps: steps, start: rowsFrom(table, chains, steps) });
      expect(result.shape).toEqual([chains, visible]);
      expectDistribution(result.data, table);
    });

    it.each([0.3, 2])('4 sweeps keep p(v) at beta = %d', async (beta) => {
      using rbm = modelOf(oracle, device, { seed: 200 });
      const table = layerMarginal(machine, 0, beta);
      const start = rowsFrom(table, chains, 5);
      expectDistribution((await rbm.sample(chains, { sweeps: 4, beta, start })).data, table);
    });

    it('4 sweeps keep p(free | clamped)', async () => {
      using rbm = modelOf(oracle, device, { seed: 300 });
      const clamped = { indices: [3, 0], values: [1, 0] };
      const joint = layerMarginal(machine, 0);
      const allowed = bitVectors(visible).map((bits, i) => (bits[3] === 1 && bits[0] === 0 ? joint[i]! : 0));
      const table = allowed.map((p) => p / sum(allowed));
      const result = await rbm.sample(chains, { sweeps: 4, clamp: clamped, start: rowsFrom(table, chains, 6) });
      expectDistribution(result.data, table);
    });
  });

  it('clamps each chain to its own values, from whatever start', async () => {
    const oracle = randomRbm(visible, 3, 1, 13);
    const machine = asMachine(oracle);
    using rbm = modelOf(oracle, device, { seed: 400 });
    const choices = bitVectors(2);
    const n = 4 * drawsNeeded(8, 0.02);
    const values = Array.from({ length: n }, (_, r) => choices[r % 4]!);
    const result = await rbm.sample(n, { sweeps: 40, clamp: { indices: [4, 1], values } });
    const joint = layerMarginal(machine, 0);
    choices.forEach(([four, one], c) => {
      const rows = Array.from({ length: n / 4 }, (_, r) => Array.from(result.data.slice((4 * r + c) * visible, (4 * r + c + 1) * visible)));
      expect(rows.every((row) => row[4] === four && row[1] === one)).toBe(true);
      const allowed = bitVectors(visible).map((bits, i) => (bits[4] === four && bits[1] === one ? joint[i]! : 0));
      expectDistribution(
        rows.flat(),
        allowed.map((p) => p / sum(allowed)),
      );
    });
  });

  it('forgets its start: chains from fair coins reach p(v), at beta = 0 in one sweep', async () => {
    const oracle = randomRbm(visible, 4, 0.7, 14);
    using rbm = modelOf(oracle, device, { seed: 500 });
    const table = layerMarginal(asMachine(oracle), 0);
    expectDistribution((await rbm.sample(chains, { sweeps: 60 })).data, table);
    const coins = new Array<number>(32).fill(1 / 32);
    expectDistribution((await rbm.sample(chains, { sweeps: 1, beta: 0 })).data, coins);
  });

  it('output mean gives the conditional means of the last update', async () => {
    const oracle = randomRbm(visible, 4, 1, 15);
    using rbm = modelOf(oracle, device, { seed: 600 });
    const table = layerMarginal(asMachine(oracle), 0);
    const n = 50_000;
    const means = (await rbm.sample(n, { sweeps: 2, output: 'mean', start: rowsFrom(table, n, 7) })).data;
    // Only 2^hidden different rows of means exist, and on average they are p(v_i = 1).
    expect(new Set(Array.from({ length: n }, (_, r) => means[r * visible]!)).size).toBeLessThanOrEqual(16);
    const expected = bitVectors(visible)[0]!.map((_, i) => sum(table.filter((_, cell) => (cell >>> i) & 1)));
    expected.forEach((p, i) => {
      const mean = sum(Array.from({ length: n }, (_, r) => means[r * visible + i]!)) / n;
      expect(Math.abs(mean - p)).toBeLessThan(5.5 * Math.sqrt((p * (1 - p)) / n));
    });
  });

  it('chains, calls and seeds are independent of each other', async () => {
    const oracle = randomRbm(visible, 4, 0.5, 16);
    const table = layerMarginal(asMachine(oracle), 0);
    const n = 40_000;
    const drawn = async (seed: number, calls: number) => {
      using rbm = modelOf(oracle, device, { seed });
      const results: Float32Array[] = [];
      for (let c = 0; c < calls; ++c) results.push(new Float32Array((await rbm.sample(n, { sweeps: 20 })).data));
      return results;
    };
    const [first, second] = (await drawn(1, 2)) as [Float32Array, Float32Array];
    const [other] = (await drawn(2, 1)) as [Float32Array];
    const cell = (samples: Float32Array, r: number) => bitIndex(samples.subarray(r * visible, (r + 1) * visible));
    const agreements = (f: (r: number) => boolean) => Array.from({ length: n }, (_, r) => Number(f(r))).reduce((a, b) => a + b, 0);
    const same = sum(table.map((p) => p * p));
    for (const count of [agreements((r) => cell(first, r) === cell(second, r)), agreements((r) => cell(first, r) === cell(other, r))])
      expect(Math.abs(count - n * same) / Math.sqrt(n * same * (1 - same))).toBeLessThan(5);
    // Neighbouring chains share a row each; pairs are taken apart.
    const pairs = agreements((r) => r % 2 === 0 && cell(first, r) === cell(first, r + 1));
    expect(Math.abs(pairs - (n / 2) * same) / Math.sqrt((n / 2) * same * (1 - same))).toBeLessThan(5);
  });
});
