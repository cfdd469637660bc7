/**
 * 'cpu' against 'reference' at sizes where the kernels take their fast paths (blocks, tails, active sets, transposed copies) and the
 * oracle cannot follow. Both draw the same random words, so runs agree until a draw falls between two roundings of its probability:
 * about one draw in a million differs, and some more where training rounds the weights of a large matrix.
 */
import { describe, expect, it } from 'vitest';
import { type FitOptions, RBM } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { parametersOf, type TestDevice } from './support.js';

const sizes: [visible: number, hidden: number, rows: number][] = [
  [784, 500, 100],
  [257, 63, 130],
  [64, 129, 33],
  [33, 1025, 65],
  [1, 40, 200],
];

interface Data {
  data: Float32Array;
  shape: [number, number];
}

/** Mostly zeros, like MNIST; `grey` of the rest lie between 0 and 1. */
function sparseRows(rows: number, cols: number, on: number, grey: number): Data {
  const random = new TestRandom(rows * cols);
  const value = () => (random.uniform() >= on ? 0 : random.uniform() < grey ? random.uniform() : 1);
  return { data: Float32Array.from({ length: rows * cols }, value), shape: [rows, cols] };
}

function model(device: TestDevice, visible: number, hidden: number): RBM {
  const rbm = new RBM({ visible, hidden, device, seed: 91, threads: 2, weightScale: 2 / Math.sqrt(visible + hidden) });
  rbm.setParameter('hidden.bias', new TestRandom(1).normals(hidden));
  rbm.setParameter('visible.bias', new TestRandom(2).normals(visible));
  return rbm;
}

/** The same work on both devices. */
async function onBoth<T>(visible: number, hidden: number, work: (rbm: RBM) => Promise<T>): Promise<[cpu: T, reference: T]> {
  using cpu = model('cpu', visible, hidden);
  using reference = model('reference', visible, hidden);
  return [await work(cpu), await work(reference)];
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; ++i) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

describe.each(sizes)('%i visible, %i hidden, %i rows', (visible, hidden, rows) => {
  const data = sparseRows(rows, visible, 0.2, 0.3);
  const binary = sparseRows(rows, hidden, 0.5, 0);

  it('conditionals and energies', async () => {
    const means = await onBoth(visible, hidden, async (rbm) => (await rbm.transform(data)).data);
    expect(largestDifference(...means)).toBeLessThan(2e-6);
    const down = await onBoth(visible, hidden, async (rbm) => (await rbm.meanVisible(binary)).data);
    expect(largestDifference(...down)).toBeLessThan(2e-6);
    // Sums of (visible + 1) x hidden terms of order one.
    const scale = 1e-6 * (visible + hidden) * 2;
    const free = await onBoth(visible, hidden, async (rbm) => (await rbm.freeEnergy(data)).data);
    expect(largestDifference(...free)).toBeLessThan(scale);
    const joint = await onBoth(visible, hidden, async (rbm) => (await rbm.energy(data, binary)).data);
    expect(largestDifference(...joint)).toBeLessThan(scale);
    const pseudo = await onBoth(visible, hidden, async (rbm) => (await rbm.pseudoLikelihood(data)).data);
    expect(largestDifference(...pseudo)).toBeLessThan(scale * 10);
  });

  it('draws', async () => {
    const different = ([a, b]: [ArrayLike<number>, ArrayLike<number>]) => Array.from(a).filter((value, i) => value !== b[i]).length;
    expect(different(await onBoth(visible, hidden, async (rbm) => (await rbm.sampleHidden(data)).data))).toBeLessThanOrEqual(2);
    expect(different(await onBoth(visible, hidden, async (rbm) => (await rbm.sampleVisible(binary)).data))).toBeLessThanOrEqual(2);
  });

  it.each([
    ['PCD, centred', { algorithm: { name: 'pcd', chains: rows + 7 } }],
    ['CD-1, plain', { algorithm: 'cd', centred: false }],
    ['PCD, plain, Adam', { algorithm: 'pcd', centred: false, optimiser: 'adam' }],
  ] as [string, FitOptions][])('updates by %s', async (_, options) => {
    const [cpu, reference] = await onBoth(visible, hidden, async (rbm) => {
      await rbm.fit(data, { batchSize: Math.ceil(rows / 2), epochs: 1, learningRate: 0.1, monitorRows: 0, ...options });
      return parametersOf(rbm);
    });
    // One draw that falls out differently moves a gradient by one part in a batch; Adam's first steps are signs of gradients.
    const rounded = visible * hidden >= 2 ** 15;
    const limit = options.optimiser === 'adam' ? 0.4 : ((rounded ? 10 : 2) * 0.1) / Math.ceil(rows / 2);
    expect(largestDifference(cpu, reference)).toBeLessThan(limit);
    const typical = Math.sqrt(cpu.reduce((sum, value, i) => sum + (value - reference[i]!) ** 2, 0) / cpu.length);
    expect(typical).toBeLessThan(options.optimiser === 'adam' ? 2e-2 : rounded ? 3e-4 : 2e-5);
  });
});
