/**
 * Missing values of units whose statistics are not linear: Gaussian layers with Bernoulli hidden units, whose moments given any part of a row are
 * finite sums over the hidden states. Fixed seeds; false-alarm rate 1e-6 per test.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, gaussian } from '../../src/index.js';
import { layerStates } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';
import { zLimit } from '../oracle/significance.js';
import { devices, expectZScores, type TestDevice } from './support.js';

const none = Number.NaN;
const [visible, hidden] = [3, 2];
const random = new TestRandom(41);
const parameters = {
  bias: random.normals(visible, 0.4).map(Math.fround),
  logPrecision: random.normals(visible, 0.3).map(Math.fround),
  hiddenBias: random.normals(hidden, 0.5).map(Math.fround),
  weights: Array.from({ length: visible }, () => random.normals(hidden, 0.8).map(Math.fround)),
};
const hiddenStates = layerStates({ type: 'bernoulli', places: hidden, size: 1, name: '', bias: [] });

/** x_i = b_i + (W h)_i of one hidden state. */
const driven = (i: number, h: number[]) => parameters.bias[i]! + h.reduce((sum, on, j) => sum + on * parameters.weights[i]![j]!, 0);

/** p(h | the values of a row that are there). */
function hiddenPosterior(row: number[]): number[] {
  const weights = hiddenStates.map((h) => {
    const own = h.reduce((sum, on, j) => sum + on * parameters.hiddenBias[j]!, 0);
    const fromVisible = row.map((v, i) =>
      Number.isNaN(v) ? driven(i, h) ** 2 / (2 * Math.exp(parameters.logPrecision[i]!)) : v * driven(i, h),
    );
    return Math.exp(own + fromVisible.reduce((x, y) => x + y));
  });
  const z = weights.reduce((x, y) => x + y);
  return weights.map((w) => w / z);
}

/** E[v^power | h, row] of a visible place. */
function power(i: number, h: number[], row: number[], n: number): number {
  if (!Number.isNaN(row[i]!)) return row[i]! ** n;
  const variance = Math.exp(-parameters.logPrecision[i]!);
  const m = driven(i, h) * variance;
  return [1, m, m ** 2 + variance, 0, m ** 4 + 6 * m ** 2 * variance + 3 * variance ** 2][n]!;
}

/** Means and variances of −∂E/∂θ for visible biases, log-precisions, hidden biases and weights, given what is there of a row. */
function momentsGiven(row: number[]): { mean: number[]; variance: number[] } {
  const p = hiddenPosterior(row);
  const places = [...row.keys()];
  const half = (i: number) => -Math.exp(parameters.logPrecision[i]!) / 2;
  const first = (h: number[]) => [
    ...places.map((i) => power(i, h, row, 1)),
    ...places.map((i) => half(i) * power(i, h, row, 2)),
    ...h,
    ...places.flatMap((i) => h.map((on) => on * power(i, h, row, 1))),
  ];
  const second = (h: number[]) => [
    ...places.map((i) => power(i, h, row, 2)),
    ...places.map((i) => half(i) ** 2 * power(i, h, row, 4)),
    ...h,
    ...places.flatMap((i) => h.map((on) => on * power(i, h, row, 2))),
  ];
  const over = (of: (h: number[]) => number[]) =>
    of(hiddenStates[0]!).map((_, k) => hiddenStates.reduce((sum, h, n) => sum + p[n]! * of(h)[k]!, 0));
  const mean = over(first);
  return { mean, variance: over(second).map((m, k) => Math.max(0, m - mean[k]! ** 2)) };
}

const names = ['layer0.parameters', 'layer1.bias', 'layer0-layer1.weights'] as const;

function create(device: TestDevice, before = false): BoltzmannMachine {
  const [v, h] = [gaussian(visible), bernoulli(hidden)];
  const layers = before ? { layer1: h, layer0: v } : { layer0: v, layer1: h };
  const machine = new BoltzmannMachine({ layers, couplings: [['layer0', 'layer1']], seed: 6, device, threads: 2 });
  machine.setParameter(names[0], [parameters.bias, parameters.logPrecision]);
  machine.setParameter(names[1], [parameters.hiddenBias]);
  machine.setParameter(names[2], parameters.weights);
  return machine;
}

const patterns = [
  [none, none, none],
  [0.5, none, -1],
  [none, 1.5, none],
  [none, none, 0.25],
  [1, -0.5, 2],
];
const replicas = 3000;
const n = patterns.length * replicas;
const repeated = Array.from({ length: n }, (_, r) => patterns[r % patterns.length]!);
const given = { layer0: { data: Float32Array.from(repeated.flat()), shape: [n, visible] } };

describe.each(devices)('on %s', (device) => {
  it.each([
    ['before', false],
    ['after', true],
  ])('imputes means, the Gaussian layer drawn %s the hidden one', async (_, before) => {
    using machine = create(device, before);
    const { layer0 } = await machine.impute(given, { warmup: 40, sweeps: 2 });
    const exact = patterns.flatMap((row) => momentsGiven(row).mean.slice(0, visible));
    const errors = patterns.flatMap((row) =>
      momentsGiven(row)
        .variance.slice(0, visible)
        .map((v) => Math.sqrt(v / replicas)),
    );
    const measured = exact.map((_, k) => {
      const [m, i] = [Math.floor(k / visible), k % visible];
      let sum = 0;
      for (let r = m; r < n; r += patterns.length) sum += layer0!.get(r, i);
      return sum / replicas;
    });
    expectZScores(measured, exact, errors, zLimit(exact.length), 1e-4);
  });

  it.each([
    ['before', false],
    ['after', true],
  ])('follows the gradient, the Gaussian layer drawn %s the hidden one', async (_, before) => {
    using machine = create(device, before);
    const all = () => names.flatMap((name) => [...machine.getParameter(name).data]);
    const start = all();
    const chains = 20_000;
    await machine.partialFit(given, {
      ...{ algorithm: { name: 'pcd', sweeps: 80, chains }, positiveSweeps: 40, batchSize: n, optimiser: 'sgd', learningRate: 1 },
      ...{ centred: false, initialiseFromData: false },
    });
    const moved = all().map((value, k) => value - start[k]!);
    const positive = patterns.map(momentsGiven);
    const negative = momentsGiven([none, none, none]);
    const each = 1 / patterns.length;
    const exact = negative.mean.map((m, k) => positive.reduce((sum, { mean }) => sum + each * mean[k]!, -m));
    const errors = negative.variance.map((v, k) =>
      Math.sqrt(positive.reduce((sum, { variance }) => sum + (each * variance[k]!) / n, v / chains)),
    );
    expectZScores(moved, exact, errors, zLimit(exact.length), 1e-4);
  });

  it('starts variances from the values that are there, whatever else is missing', async () => {
    using machine = new BoltzmannMachine({ layers: { a: gaussian(3), h: bernoulli(2) }, couplings: [['a', 'h']], seed: 1, device });
    const data = [
      [1, none, none],
      [3, none, 5],
      [none, none, 1],
    ];
    await machine.fit({ a: data }, { epochs: 1, batchSize: 3, learningRate: 0, sampleWeights: [1, 3, 2] });
    // Column 0: values 1 and 3 with weights 1 and 3; column 1: nothing, so nothing is known; column 2: 5 and 1 with weights 3 and 2.
    const expected = [
      [2.5, 0.75],
      [0, 1],
      [3.4, 3.84],
    ];
    const values = machine.getParameter('a.parameters');
    expected.forEach(([mean, variance], i) => {
      expect(values.get(0, i)).toBeCloseTo(mean! / variance!, 4);
      expect(values.get(1, i)).toBeCloseTo(-Math.log(variance!), 4);
    });
  });
});
