/** Training learns: likelihoods are exact, by enumeration, not estimates. Seeds are fixed, limits have room on either side. */
import { describe, expect, it } from 'vitest';
import type { FitOptions } from '../../src/index.js';
import { RBM } from '../../src/index.js';
import { bitVectors, layerMarginal, sum } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';
import { devices, oracleOf, type TestDevice } from './support.js';

interface Matrix {
  data: Uint8Array;
  shape: [number, number];
}

function rowsFrom(table: number[], n: number, seed: number): Matrix {
  const width = Math.log2(table.length);
  const data = new Uint8Array(n * width);
  new TestRandom(seed).draws(table, n).forEach((cell, r) => {
    for (let i = 0; i < width; ++i) data[r * width + i] = (cell >>> i) & 1;
  });
  return { data, shape: [n, width] };
}

/** Exact mean log-likelihood per row. */
function meanLogLikelihood(rbm: RBM, rows: Matrix): number {
  const table = layerMarginal(asMachine(oracleOf(rbm)), 0);
  const [n, width] = rows.shape;
  let total = 0;
  for (let r = 0; r < n; ++r) {
    let cell = 0;
    for (let i = 0; i < width; ++i) cell += rows.data[r * width + i]! << i;
    total += Math.log(table[cell]!);
  }
  return total / n;
}

function divergence(p: number[], q: number[]): number {
  return sum(p.map((value, i) => (value > 0 ? value * Math.log(value / q[i]!) : 0)));
}

async function trained(device: TestDevice, rows: Matrix, hidden: number, seed: number, options: FitOptions): Promise<RBM> {
  const rbm = new RBM({ visible: rows.shape[1], hidden, seed, device });
  await rbm.fit(rows, { algorithm: 'pcd', monitorRows: 0, ...options });
  return rbm;
}

describe.each(devices)('on %s', (device) => {
  it('a student comes within 0.01 nats of its teacher by PCD', async () => {
    const teacher = layerMarginal(asMachine(balancedRbm(6, 3, 2, 1)), 0);
    // 20,000 rows leave about 63 / (2 * 20,000) = 0.0016 nats of sampling error in the data themselves.
    const rows = rowsFrom(teacher, 20_000, 1);
    using student = await trained(device, rows, 4, 4, {
      algorithm: { name: 'pcd', chains: 200 },
      batchSize: 200,
      epochs: 150,
      learningRate: { schedule: 'linear', from: 0.2, hold: 0.5 },
      averageLast: 0.2,
    });
    // There is something to learn beyond the means of single units.
    expect(divergence(teacher, productOfMarginals(teacher))).toBeGreaterThan(0.5);
    expect(divergence(teacher, layerMarginal(asMachine(oracleOf(student)), 0))).toBeLessThan(0.01);
  });

  it('the flip test: a centred machine learns 1 - data as well as data, an uncentred one does not', async () => {
    // Mostly-off rows, like pen strokes on paper.
    const rows = rowsFrom(bars(), 2000, 2);
    const flipped: Matrix = { data: rows.data.map((bit) => 1 - bit), shape: rows.shape };
    const learningRate = { schedule: 'linear', from: 0.1, hold: 0.5 } as const;
    const seeds = [4, 5, 6];
    const likelihood = async (data: Matrix, centred: boolean) => {
      let total = 0;
      for (const seed of seeds) {
        using rbm = await trained(device, data, 6, seed, {
          algorithm: { name: 'pcd', chains: 100 },
          batchSize: 100,
          epochs: 150,
          learningRate,
          centred,
        });
        total += meanLogLikelihood(rbm, data);
      }
      return total / seeds.length;
    };
    const centred = [await likelihood(rows, true), await likelihood(flipped, true)] as const;
    const plain = [await likelihood(rows, false), await likelihood(flipped, false)] as const;
    expect(Math.abs(centred[0] - centred[1])).toBeLessThan(0.03);
    expect(plain[1]).toBeLessThan(centred[1] - 0.15);
    expect(plain[1]).toBeLessThan(plain[0] - 0.1);
  });
});

/** Weights N(0, scale^2), biases such that every unit's field is symmetric around zero: couplings decide, not biases. */
function balancedRbm(visible: number, hidden: number, scale: number, seed: number): OracleRbm {
  const random = new TestRandom(seed);
  const weights = Array.from({ length: visible }, () => random.normals(hidden, scale));
  return {
    weights,
    visibleBias: weights.map((row) => -sum(row) / 2),
    hiddenBias: weights[0]!.map((_, j) => -sum(weights.map((row) => row[j]!)) / 2),
  };
}

function productOfMarginals(table: number[]): number[] {
  const units = Math.log2(table.length);
  const means = Array.from({ length: units }, (_, i) => sum(table.filter((_, cell) => (cell >>> i) & 1)));
  return bitVectors(units).map((bits) => bits.reduce((p, bit, i) => p * (bit ? means[i]! : 1 - means[i]!), 1));
}

/** Nine pixels; each of three bars of three is switched on with probability 0.15. */
function bars(): number[] {
  const table = new Array<number>(512).fill(0);
  for (const on of bitVectors(3)) {
    const p = on.reduce((product, bit) => product * (bit ? 0.15 : 0.85), 1);
    const pixels = Array.from({ length: 9 }, (_, i) => on[Math.floor(i / 3)]!);
    table[sum(pixels.map((bit, i) => bit << i))]! += p;
  }
  return table;
}
