/** What the suites of the models share: devices, models with known parameters, their parameters as plain numbers. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { RBM } from '../../src/index.js';
import type { NativePlace } from '../../src/machine/native.js';
import type { OracleRbm } from '../oracle/rbm.js';

export type TestDevice = 'reference' | 'cpu' | 'cuda';

/** A plug-in for a GPU, real or emulated, on which these tests are to run too. They take long on an emulated one. */
const plugin = process.env.BOLTZKIT_TEST_CUDA;
if (plugin) process.env.BOLTZKIT_CUDA = plugin;

/** Every statistical test runs on each of these. */
export const devices: readonly TestDevice[] = plugin ? ['reference', 'cpu', 'cuda'] : ['reference', 'cpu'];

/** The same as the addon is told. */
export const placeOf = (device: TestDevice): NativePlace =>
  device === 'cuda' ? { device, plugin: plugin as string, ordinal: 0 } : { device };

/**
 * Relative error allowed against the oracle. 'reference' computes in double precision; 'cpu' in float32, whose rounding is 6e-8 per
 * operation: sums of a few dozen terms stay well below 1e-6 of the sum of the terms' sizes, which is what results are compared with.
 */
export const relativeError: Record<TestDevice, number> = { reference: 1e-12, cpu: 1e-6, cuda: 1e-6 };

/** Rounding of results that come back as float32 on every device. */
export const float32Error = 2 ** -24;

export interface Parameters {
  weights: number[][];
  visibleBias: number[];
  hiddenBias: number[];
}

export function modelOf(oracle: OracleRbm, device: TestDevice, options: { seed?: number | bigint; threads?: number } = {}): RBM {
  const rbm = new RBM({ visible: oracle.visibleBias.length, hidden: oracle.hiddenBias.length, device, threads: 2, ...options });
  setParameters(rbm, oracle);
  return rbm;
}

export function setParameters(rbm: RBM, oracle: OracleRbm): void {
  rbm.setParameter('visible-hidden.weights', oracle.weights);
  rbm.setParameter('visible.bias', oracle.visibleBias);
  rbm.setParameter('hidden.bias', oracle.hiddenBias);
}

/** Weights row by row, visible biases, hidden biases: the order of the oracle's statistics. */
export function parametersOf(rbm: RBM): number[] {
  return [
    ...rbm.getParameter('visible-hidden.weights').data,
    ...rbm.getParameter('visible.bias').data,
    ...rbm.getParameter('hidden.bias').data,
  ];
}

export function oracleOf(rbm: RBM): OracleRbm {
  const weights = Array.from(rbm.getParameter('visible-hidden.weights').data);
  return {
    weights: Array.from({ length: rbm.visible }, (_, i) => weights.slice(i * rbm.hidden, (i + 1) * rbm.hidden)),
    visibleBias: Array.from(rbm.getParameter('visible.bias').data),
    hiddenBias: Array.from(rbm.getParameter('hidden.bias').data),
  };
}

/** All parameter bytes as one short string: equal strings are equal bits. */
export function parameterBits(rbm: RBM): string {
  return [rbm.getParameter('visible-hidden.weights'), rbm.getParameter('visible.bias'), rbm.getParameter('hidden.bias')]
    .map((array) => bitsOf(array.data))
    .join(':');
}

export function bitsOf(data: Float32Array | Float64Array): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('base64url');
}

/** Each value within `error` of the oracle's, relative to `scale` (the expected value's size by default). */
export function expectNear(
  actual: ArrayLike<number>,
  expected: number[],
  error: number,
  scale: (i: number) => number = (i) => Math.abs(expected[i]!),
) {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    const difference = Math.abs(actual[i]! - value);
    if (!(difference <= error * scale(i))) expect.fail(`value ${i} is ${actual[i]}, expected ${value} +- ${error * scale(i)}`);
  });
}

/** Every |actual - expected| / error below `limit`; where the expected error is zero, below float32 rounding. */
export function expectZScores(actual: number[], expected: number[], errors: number[], limit: number, rounding = 1e-5) {
  expect(actual.length).toBe(expected.length);
  const worst = actual
    .map((value, i) => ({ i, z: Math.abs(value - expected[i]!) / Math.hypot(errors[i]!, rounding / limit) }))
    .reduce((a, b) => (b.z > a.z || Number.isNaN(b.z) ? b : a));
  if (!(worst.z < limit))
    expect.fail(
      `component ${worst.i}: ${actual[worst.i]} against ${expected[worst.i]} +- ${errors[worst.i]}, ` +
        `z = ${worst.z.toFixed(2)}, limit ${limit.toFixed(2)}`,
    );
}
