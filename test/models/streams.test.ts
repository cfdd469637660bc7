/** `partialFit` on parts of a stream: small ones teach what large ones teach, and what was learnt before stays. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type FitOptions, gaussian, RBM } from '../../src/index.js';
import { decodeSafetensors } from '../../src/io/safetensors.js';
import { bitVectors, freeEnergy, logSumExp, sum } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine } from '../oracle/rbm.js';
import { devices, oracleOf, parameterBits, type TestDevice } from './support.js';

const mean = (values: number[]) => sum(values) / values.length;

/** Mean log-likelihood of rows by counting all states. */
function likelihood(rbm: RBM, rows: number[][]): number {
  const machine = asMachine(oracleOf(rbm));
  const logZ = logSumExp(bitVectors(rbm.visible).map((v) => -freeEnergy(machine, [v, null])));
  return mean(rows.map((row) => -freeEnergy(machine, [row, null]))) - logZ;
}

/** What a saved model says about its stream. */
async function savedState(model: { save(path: string): Promise<void> }): Promise<(name: string) => number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'boltzkit-stream-'));
  try {
    const path = join(folder, 'model.safetensors');
    await model.save(path);
    const { tensors } = decodeSafetensors(await readFile(path), 'test');
    return (name) => Array.from(tensors.get(`training/${name}`)!.data as Float32Array | Float64Array);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rows that are noisy copies of two patterns. */
function noisyRows(n: number, seed: number): number[][] {
  const random = new TestRandom(seed);
  const patterns = [
    [1, 1, 1, 1, 0, 0, 0, 0],
    [0, 0, 1, 1, 1, 1, 0, 1],
  ];
  return Array.from({ length: n }, () => patterns[random.below(2)]!.map((bit) => (random.uniform() < 0.05 ? 1 - bit : bit)));
}

describe.each(devices)('on %s', (device: TestDevice) => {
  it('single rows in turn teach what the pair of them teaches', async () => {
    using rbm = new RBM({ visible: 2, hidden: 2, weightScale: 1, seed: 1, device });
    for (let n = 0; n < 1500; n++) {
      await rbm.partialFit([[0, 0]]);
      await rbm.partialFit([[1, 1]]);
    }
    // The best there is: -log 2; independent units: -2 log 2. Before, weights went to zero.
    const rows = [
      [0, 0],
      [1, 1],
    ];
    expect(likelihood(rbm, rows)).toBeGreaterThan(-0.8);
    expect(Math.max(...rbm.getParameter('visible-hidden.weights').data.map(Math.abs))).toBeGreaterThan(1.5);
  });

  it('a fitted machine does not unlearn on a stream of the same kind', async () => {
    using rbm = new RBM({ visible: 8, hidden: 4, seed: 2, device });
    const rows = noisyRows(200, 3);
    await rbm.fit(rows, { epochs: 300, batchSize: 20, learningRate: 0.1, monitorRows: 0 });
    const before = likelihood(rbm, rows);
    for (const row of noisyRows(1000, 4)) await rbm.partialFit([row], { learningRate: 0.01 });
    expect(before).toBeGreaterThan(-3.6);
    expect(likelihood(rbm, rows)).toBeGreaterThan(before - 0.1);
  });

  it.each([
    { standardised: false, rate: 0.005, sizes: [1, 10, 40], best: -4 },
    { standardised: true, rate: 0.0002, sizes: [1, 4], best: -5.45 },
  ])(
    'rows one by one end where batches of them do, %o',
    async ({ standardised, rate, sizes, best }) => {
      const rows = noisyRows(40, 5);
      const ends: number[] = [];
      for (const size of sizes) {
        using rbm = new RBM({ visible: 8, hidden: 3, weightScale: 0.3, seed: 3, device });
        // As many rows times rate in all, and no draws from the model: what differs is how the stream
        // is cut.
        const options = { standardised, algorithm: 'exact', learningRate: rate * size, initialiseFromData: false } as const;
        for (let pass = 0; pass < 60; pass++)
          for (let first = 0; first < rows.length; first += size) await rbm.partialFit(rows.slice(first, first + size), options);
        ends.push(likelihood(rbm, rows));
      }
      expect(Math.max(...ends)).toBeGreaterThan(best);
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(0.05);
    },
    240_000,
  );

  it('means, scales and counts are those of all values so far', async () => {
    const random = new TestRandom(6);
    const rows = Array.from({ length: 40 }, () => random.normals(3, 2).map((x, i) => x + i));
    rows[3]![1] = Number.NaN;
    rows[17]![1] = Number.NaN;
    rows[39]![0] = Number.NaN;
    using machine = new BoltzmannMachine({ layers: { v: gaussian(3), h: bernoulli(2) }, couplings: [['v', 'h']], seed: 1, device });
    const options = { standardised: true, learningRate: 0.001 };
    for (const [from, to] of [[0, 20] as const, [20, 21] as const, [21, 24] as const, [24, 40] as const])
      await machine.partialFit({ v: rows.slice(from, to) }, options);
    const saved = await savedState(machine);
    for (const j of [0, 1, 2]) {
      const values = rows.map((row) => row[j]!).filter((x) => !Number.isNaN(x));
      expect(saved('seen/v')[j]).toBeCloseTo(values.length, 4);
      expect(saved('offset/v')[j]).toBeCloseTo(mean(values), 4);
      expect(saved('variance/v')[j]).toBeCloseTo(mean(values.map((x) => (x - mean(values)) ** 2)), 4);
    }
  });

  it('weights of rows count within their part, and `fit` begins anew', async () => {
    using rbm = new RBM({ visible: 2, hidden: 1, seed: 1, device });
    const [a, b, c] = [
      [0, 1],
      [1, 1],
      [1, 0],
    ];
    await rbm.partialFit([a!, b!], { sampleWeights: [1, 3] });
    await rbm.partialFit([c!]);
    const streamed = await savedState(rbm);
    expect(streamed('seen/visible')).toEqual([3, 3]);
    expect(streamed('offset/visible')[0]).toBeCloseTo((2 * 0.75 + 1) / 3, 6);
    expect(streamed('offset/visible')[1]).toBeCloseTo(2 / 3, 6);
    await rbm.fit([a!, a!, c!], { epochs: 1 });
    const fitted = await savedState(rbm);
    expect(fitted('seen/visible')).toEqual([3, 3]);
    expect(fitted('offset/visible')[0]).toBeCloseTo(1 / 3, 6);
  });

  it('a machine goes on from a file as if it had not been saved', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-stream-'));
    try {
      const rows = noisyRows(12, 7);
      const options: FitOptions = { learningRate: 0.1, algorithm: { name: 'pcd', chains: 5 } };
      using rbm = new RBM({ visible: 8, hidden: 3, seed: 5, device });
      for (const row of rows.slice(0, 6)) await rbm.partialFit([row], options);
      const path = join(folder, 'model.safetensors');
      await rbm.save(path);
      using loaded = await RBM.load(path, { device });
      for (const model of [rbm, loaded]) for (const row of rows.slice(6)) await model.partialFit([row], options);
      expect(parameterBits(loaded)).toBe(parameterBits(rbm));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('a column that never moves in a Gaussian stream does no harm', async () => {
    const random = new TestRandom(9);
    using machine = new BoltzmannMachine({ layers: { v: gaussian(2), h: bernoulli(2) }, couplings: [['v', 'h']], seed: 1, device });
    const options = { learningRate: 0.05 };
    for (let n = 0; n < 400; n++) await machine.partialFit({ v: [[random.normal(), 3]] }, options);
    const values = Array.from(machine.getParameter('v.parameters').data);
    expect(values[3]).toBe(0); // the logarithm of a precision of 1, that of a first part of one row
    // Where it does move, its precision is learnt.
    for (let n = 0; n < 200; n++) await machine.partialFit({ v: [[random.normal(), 3 + 0.3 * random.normal()]] }, options);
    expect(machine.getParameter('v.parameters').data[3]).toBeGreaterThan(0.3);
  });

  it('a Gaussian stream may begin with a single row', async () => {
    const random = new TestRandom(8);
    using machine = new BoltzmannMachine({ layers: { v: gaussian(3), h: bernoulli(2) }, couplings: [['v', 'h']], seed: 1, device });
    for (let n = 0; n < 400; n++) await machine.partialFit({ v: [random.normals(3)] }, { learningRate: 0.01 });
    const [, logPrecisions] = [0, 1].map((k) => Array.from(machine.getParameter('v.parameters').data).slice(3 * k, 3 * k + 3));
    // The precision of standard normal data is 1.
    for (const rho of logPrecisions!) expect(Math.abs(rho)).toBeLessThan(0.5);
  });
});
