/** Small machines that the suites share. */
import type { OracleMachine } from './machine.js';
import { TestRandom } from './random.js';
import type { OracleRbm } from './rbm.js';

/** Weights N(0, scale^2), biases N(0, biasScale^2). */
export function randomRbm(visible: number, hidden: number, scale: number, seed: number, biasScale = 0.5): OracleRbm {
  const random = new TestRandom(seed);
  return roundRbm({
    weights: Array.from({ length: visible }, () => random.normals(hidden, scale)),
    visibleBias: random.normals(visible, biasScale),
    hiddenBias: random.normals(hidden, biasScale),
  });
}

/** Layers of these sizes, coupled as listed. */
export function randomMachine(sizes: number[], couplings: [number, number][], scale: number, seed: number): OracleMachine {
  const random = new TestRandom(seed);
  return {
    biases: sizes.map((n) => random.normals(n, 0.5).map(Math.fround)),
    couplings: couplings.map(([a, b]) => ({
      a,
      b,
      weights: Array.from({ length: sizes[a]! }, () => random.normals(sizes[b]!, scale).map(Math.fround)),
    })),
  };
}

/** Parameters that float32 holds exactly, so that oracle and machine speak of the same model on every backend. */
export function roundRbm(rbm: OracleRbm): OracleRbm {
  return {
    weights: rbm.weights.map((row) => row.map(Math.fround)),
    visibleBias: rbm.visibleBias.map(Math.fround),
    hiddenBias: rbm.hiddenBias.map(Math.fround),
  };
}
