/** The metrics of machines whose hidden layers are coupled to each other, where free energies are mean-field bounds. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type FitOptions, type LayerRows } from '../../src/index.js';
import { dot, freeEnergy, type OracleMachine, sum } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { sigmoid } from '../oracle/rbm.js';
import { devices, type TestDevice } from './support.js';

const random = new TestRandom(41);
const sizes = [4, 3, 2] as const;

function teacher(coupling: number): OracleMachine {
  const matrix = (a: number, b: number, scale: number) => Array.from({ length: a }, () => random.normals(b, scale).map(Math.fround));
  return {
    biases: sizes.map((n) => random.normals(n, 0.5).map(Math.fround)),
    couplings: [
      { a: 0, b: 1, weights: matrix(4, 3, 1) },
      { a: 1, b: 2, weights: matrix(3, 2, coupling) },
    ],
  };
}

function machineOf({ biases, couplings }: OracleMachine, device: TestDevice): BoltzmannMachine {
  const layers = { v: bernoulli(4), h: bernoulli(3), g: bernoulli(2) };
  const machine = new BoltzmannMachine({ layers, couplings: [['v', 'h'], ['h', 'g']], seed: 1, device }); // biome-ignore format: short
  (['v.bias', 'h.bias', 'g.bias'] as const).forEach((name, l) => {
    machine.setParameter(name, [biases[l]!]);
  });
  (['v-h.weights', 'h-g.weights'] as const).forEach((name, c) => {
    machine.setParameter(name, couplings[c]!.weights);
  });
  return machine;
}

/** <E> - H at the fixed point of mean-field sweeps from zero, term by term. */
function bound({ biases, couplings }: OracleMachine, v: number[]): number {
  const [W, U] = couplings.map(({ weights }) => weights) as [number[][], number[][]];
  let g = [0, 0];
  let h = [0, 0, 0];
  for (let sweep = 0; sweep < 300; sweep++) {
    h = h.map((_, j) => sigmoid(biases[1]![j]! + sum(v.map((x, i) => x * W[i]![j]!)) + dot(U[j]!, g)));
    g = g.map((_, k) => sigmoid(biases[2]![k]! + sum(h.map((x, j) => x * U[j]![k]!))));
  }
  const energy =
    -dot(biases[0]!, v) -
    dot(biases[1]!, h) -
    dot(biases[2]!, g) -
    sum(v.map((x, i) => x * dot(W[i]!, h))) -
    sum(h.map((x, j) => x * dot(U[j]!, g)));
  return energy + sum([...h, ...g].map((p) => p * Math.log(p) + (1 - p) * Math.log(1 - p)));
}

const rows = Array.from({ length: 12 }, () => random.coins(4));
const validation = Array.from({ length: 10 }, () => random.coins(4, 0.8));
const mean = (values: number[]) => sum(values) / values.length;
const still: FitOptions<LayerRows> = {
  epochs: 1,
  learningRate: 0,
  batchSize: 12,
  initialiseFromData: false,
  monitorBudget: 0,
  positiveSweeps: 100,
};

describe.each(devices)('on %s', (device) => {
  it.each([0, 1])('gaps are those of the mean-field bound, hidden layers coupled by %d', async (coupling) => {
    const oracle = teacher(coupling);
    using machine = machineOf(oracle, device);
    const [report] = await machine.fit({ v: rows }, { ...still, validation: { v: validation } });
    const expected = mean(validation.map((v) => bound(oracle, v))) - mean(rows.map((v) => bound(oracle, v)));
    expect(report!.freeEnergyGap).toBeCloseTo(expected, 4);
    expect(report!.chainFreeEnergyGap).toSatisfy(Number.isFinite);
    expect(report!.pseudoLikelihood).toBeNull();
    expect(report!.logLikelihood).toBeNull();
    for (const v of rows) {
      const exact = freeEnergy(oracle, [v, null, null]);
      expect(bound(oracle, v)).toBeGreaterThan(exact - 1e-9);
      if (coupling === 0) expect(bound(oracle, v)).toBeCloseTo(exact, 9);
    }
  });

  it('chains in one place are as far away as that place', async () => {
    // With a field of 50 all chains stand at ones: their bound is known.
    const oracle = { ...teacher(1), biases: [[50, 50, 50, 50], [0.2, -0.1, 0.3], [0.1, -0.4]] }; // biome-ignore format: short
    using machine = machineOf(oracle, device);
    const [report] = await machine.fit({ v: rows }, { ...still, algorithm: { name: 'pcd', chains: 20 } });
    const expected = bound(oracle, [1, 1, 1, 1]) - mean(rows.map((v) => bound(oracle, v)));
    expect(Math.abs(report!.chainFreeEnergyGap! - expected)).toBeLessThan(1e-3);
  });
});
