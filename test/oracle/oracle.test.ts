/** The oracle against second derivations: closed forms, central differences, brute-force simulation. */
import { describe, expect, it } from 'vitest';
import { redrawLayer, sweep } from './gibbs.js';
import { flatten, logLikelihood, logLikelihoodGradient, unflatten } from './gradient.js';
import {
  allStates,
  bitIndex,
  bitVectors,
  energy,
  freeEnergy,
  layerMarginal,
  layerMean,
  logPseudoLikelihood,
  logZ,
  type OracleMachine,
  probabilities,
  sum,
  unitLogProbabilities,
} from './machine.js';
import { randomMachine, randomRbm } from './machines.js';
import { TestRandom } from './random.js';
import { asMachine, chainAfter, expectedCd, expectedStatistics, hiddenMeans, rbmStatistics, VisibleKernel, visibleMeans } from './rbm.js';

const rbm = randomRbm(4, 3, 1, 1);
const machine = asMachine(rbm);
const deep = randomMachine(
  [3, 2, 3],
  [
    [0, 1],
    [1, 2],
  ],
  1,
  2,
);
const ring = randomMachine(
  [2, 3, 2],
  [
    [0, 1],
    [1, 2],
    [0, 2],
  ],
  1,
  3,
);
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function expectClose(actual: number[], expected: number[], digits = 12) {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, digits);
  });
}

describe('energies and sums', () => {
  it('gives the energy of a state written out by hand', () => {
    const tiny: OracleMachine = { biases: [[1, 2], [3]], couplings: [{ a: 0, b: 1, weights: [[5], [7]] }] };
    expect(energy(tiny, [[0, 0], [0]])).toBeCloseTo(0, 15);
    expect(energy(tiny, [[1, 0], [1]])).toBe(-(1 + 3 + 5));
    expect(energy(tiny, [[1, 1], [1]])).toBe(-(1 + 2 + 3 + 5 + 7));
    expect(energy(tiny, [[0.5, 1], [1]])).toBe(-(0.5 + 2 + 3 + 2.5 + 7));
  });

  it('numbers bit vectors by their bits', () => {
    bitVectors(5).forEach((bits, i) => {
      expect(bitIndex(bits)).toBe(i);
    });
  });

  it('has n log 2 as log Z of a machine without parameters', () => {
    const empty: OracleMachine = {
      biases: [
        [0, 0, 0],
        [0, 0],
      ],
      couplings: [],
    };
    expect(logZ(empty)).toBeCloseTo(5 * Math.log(2), 13);
  });

  it('has the product of its units as Z of a machine without couplings', () => {
    const loose: OracleMachine = { biases: [[0.3, -2], [1.5]], couplings: [] };
    expect(logZ(loose, 0.7)).toBeCloseTo(softplus(0.21) + softplus(-1.4) + softplus(1.05), 13);
  });

  it.each([machine, deep, ring])('makes probabilities that sum to one', (m) => {
    expect(sum(probabilities(m))).toBeCloseTo(1, 13);
    expect(sum(probabilities(m, 0.3))).toBeCloseTo(1, 13);
  });

  it("agrees with the RBM's closed form of the free energy", () => {
    for (const v of [...bitVectors(4), [0.25, 0.5, 1, 0.1]]) {
      const fields = rbm.hiddenBias.map((c, j) => c + sum(v.map((value, i) => value * rbm.weights[i]![j]!)));
      const closed = -sum(v.map((value, i) => value * rbm.visibleBias[i]!)) - sum(fields.map(softplus));
      expect(freeEnergy(machine, [v, null])).toBeCloseTo(closed, 12);
    }
  });

  it("agrees with the RBM's closed forms of the conditionals, at any temperature", () => {
    for (const beta of [1, 0.4, 2.5]) {
      for (const v of bitVectors(4)) expectClose(layerMean(machine, 1, beta, [v, null]), hiddenMeans(rbm, v, beta));
      for (const h of bitVectors(3)) expectClose(layerMean(machine, 0, beta, [null, h]), visibleMeans(rbm, h, beta));
    }
  });

  it('has marginals that sum its joint probabilities', () => {
    const p = probabilities(deep);
    const states = allStates(deep);
    const table = layerMarginal(deep, 2);
    bitVectors(3).forEach((bits, i) => {
      expect(table[i]).toBeCloseTo(sum(p.filter((_, n) => states[n]![2]!.join() === bits.join())), 13);
    });
    expect(table[3]).toBeCloseTo(Math.exp(-freeEnergy(deep, [null, null, bitVectors(3)[3]!]) - logZ(deep)), 13);
  });

  it('has pseudo-likelihood terms that are the conditionals of the marginal', () => {
    const table = layerMarginal(machine, 0);
    for (const v of bitVectors(4)) {
      const byTable = v.map((bit, i) => {
        const other = v.map((b, n) => (n === i ? 1 - bit : b));
        return Math.log(table[bitIndex(v)]! / (table[bitIndex(v)]! + table[bitIndex(other)]!));
      });
      expectClose(unitLogProbabilities(machine, 0, v), byTable);
      expect(logPseudoLikelihood(machine, 0, v)).toBeCloseTo(sum(byTable), 12);
    }
  });
});

describe('gradient of the log-likelihood', () => {
  it.each([
    [
      'rbm',
      machine,
      [
        [[1, 0, 1, 1], null],
        [[0, 0, 1, 0], null],
        [[0.5, 0.25, 1, 0], null],
      ],
    ],
    [
      'deep',
      deep,
      [
        [[1, 0, 1], null, null],
        [[0, 1, 1], null, null],
      ],
    ],
    [
      'ring, two layers given',
      ring,
      [
        [[1, 0], null, [0, 1]],
        [[1, 1], null, [1, 0]],
      ],
    ],
  ] as [string, OracleMachine, (number[] | null)[][]][])('agrees with central differences: %s', (_, m, data) => {
    const at = flatten(m);
    const step = 1e-5;
    const shifted = (i: number, by: number) =>
      logLikelihood(
        unflatten(
          m,
          at.map((value, n) => (n === i ? value + by : value)),
        ),
        data,
      );
    const numeric = at.map((_, i) => (shifted(i, step) - shifted(i, -step)) / (2 * step));
    expectClose(flatten(logLikelihoodGradient(m, data)), numeric, 8);
  });
});

describe('Gibbs kernel', () => {
  it.each([
    ['rbm', machine, [0, 1]],
    ['deep', deep, [1, 0, 2]],
    ['ring', ring, [0, 1, 2]],
  ] as [string, OracleMachine, number[]][])('keeps p(s): %s', (_, m, order) => {
    for (const beta of [1, 0.5]) {
      const p = probabilities(m, beta);
      expectClose(sweep(m, p, order, beta), p);
    }
  });

  it('brings any start to p(s)', () => {
    let p = probabilities(machine).map((_, i): number => (i === 0 ? 1 : 0));
    for (let n = 0; n < 400; ++n) p = sweep(machine, p, [1, 0]);
    expectClose(p, probabilities(machine), 9);
  });

  it("is the product of the RBM's conditionals", () => {
    const states = allStates(machine);
    const start = states.map((s) => (bitIndex(s[0]!) === 5 && bitIndex(s[1]!) === 2 ? 1 : 0));
    const after = redrawLayer(machine, redrawLayer(machine, start, 1), 0);
    const table = new Array<number>(16).fill(0);
    states.forEach((s, i) => {
      table[bitIndex(s[0]!)]! += after[i]!;
    });
    expectClose(table, chainAfter(rbm, bitVectors(4)[5]!, 1));
  });
});

describe('contrastive divergence', () => {
  const rows = [
    [1, 0, 1, 1],
    [0, 0, 1, 0],
    [1, 1, 1, 1],
    [0.5, 0.25, 1, 0],
  ];

  it('vanishes in expectation for data from the model itself', () => {
    const p = layerMarginal(machine, 0);
    for (const k of [1, 2, 5]) {
      const { mean } = expectedCd(rbm, bitVectors(4), k, { weights: p });
      expectClose(
        mean,
        mean.map(() => 0),
      );
    }
  });

  it('becomes the likelihood gradient for many sweeps', () => {
    const exact = logLikelihoodGradient(
      machine,
      rows.map((v) => [v, null]),
    );
    const wanted = [...exact.couplings[0]!.weights.flat(), ...exact.biases.flat()];
    expectClose(expectedCd(rbm, rows, 400).mean, wanted, 8);
  });

  it('agrees with chains run by hand', () => {
    const random = new TestRandom(5);
    const chains = 20_000;
    const bit = (p: number) => (random.uniform() < p ? 1 : 0);
    const expected = expectedCd(rbm, [rows[0]!], 2);
    const mean = expected.mean.map(() => 0);
    for (let n = 0; n < chains; ++n) {
      let v = rows[0]!;
      for (let step = 0; step < 2; ++step) v = visibleMeans(rbm, hiddenMeans(rbm, v).map(bit)).map(bit);
      const positive = rbmStatistics(rbm, rows[0]!);
      rbmStatistics(rbm, v).forEach((value, i) => {
        mean[i]! += (positive[i]! - value) / chains;
      });
    }
    mean.forEach((value, i) => {
      expect(Math.abs(value - expected.mean[i]!)).toBeLessThan((6 * expected.error[i]!) / Math.sqrt(chains));
    });
  });

  it('takes weights as repeated rows', () => {
    const weighted = expectedCd(rbm, rows, 1, { weights: [3, 1, 0, 2] });
    const repeated = expectedCd(rbm, [rows[0]!, rows[0]!, rows[0]!, rows[1]!, rows[3]!, rows[3]!], 1);
    expectClose(weighted.mean, repeated.mean);
  });

  it('leaves the model stationary in distribution', () => {
    const p = layerMarginal(machine, 0);
    expectClose(new VisibleKernel(rbm).sweep(p), p);
    const { mean } = expectedStatistics(rbm, p);
    expectClose(mean.slice(12, 16), layerMean(machine, 0));
    expectClose(mean.slice(16), layerMean(machine, 1));
  });

  it('centres by shifting both phases: the bias steps make up for it', () => {
    // The centred machine E = -(v - mu)^T W (h - lambda) - b'.(v - mu) - c'.(h - lambda) has b' = b + W lambda: a step dW changes b' - W lambda.
    const offsets = { visible: [0.5, 0.25, 0.75, 0.1], hidden: [0.3, 0.6, 0.9] };
    const plain = expectedCd(rbm, rows, 1).mean;
    const centred = expectedCd(rbm, rows, 1, { offsets }).mean;
    const w = (g: number[], i: number, j: number) => g[i * 3 + j]!;
    const b = (g: number[], i: number) => g[12 + i]!;
    const c = (g: number[], j: number) => g[16 + j]!;
    for (let i = 0; i < 4; ++i)
      for (let j = 0; j < 3; ++j) {
        const expected = w(plain, i, j) - offsets.visible[i]! * c(plain, j) - b(plain, i) * offsets.hidden[j]!;
        expect(w(centred, i, j)).toBeCloseTo(expected, 12);
      }
    for (let i = 0; i < 4; ++i)
      expect(b(centred, i)).toBeCloseTo(b(plain, i) - sum(offsets.hidden.map((l, j) => l * w(centred, i, j))), 12);
  });
});
