/**
 * The learning algorithms that draw nothing against the slopes of what they climb: machines of mixed units and wirings, one update at learning
 * rate 1, so that the change of the parameters is the gradient. Slopes come from central differences of the objective's definition.
 */
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  counts,
  type FitOptions,
  gaussian,
  type LayerRows,
  ParameterError,
  relu,
  spin,
} from '../../src/index.js';
import { type MixedMachine, randomMixed } from '../oracle/mixed.js';
import { centredStep, gradientOf, logLikelihood, logPseudoLikelihood, posteriorMeans } from '../oracle/mixed-gradient.js';
import { TestRandom } from '../oracle/random.js';
import { changes, expectClose, flat, rowsFor } from './learning-support.js';
import { devices, type TestDevice } from './support.js';

const wirings: Record<string, MixedMachine> = {
  'spins and Bernoulli units': randomMixed(
    [
      ['spin', 3, 1],
      ['bernoulli', 2, 1],
    ],
    [[0, 1]],
    0.7,
    1,
  ),
  'binomial and softmax units, coupled backwards': randomMixed(
    [
      ['binomial', 2, 3],
      ['softmax', 1, 3],
    ],
    [[1, 0]],
    0.5,
    2,
  ),
  'a Potts model with lateral couplings': randomMixed([['softmax', 3, 3]], [[0, 0]], 0.8, 3),
  'spins on a graph': randomMixed(
    [['spin', 5, 1]],
    [
      [
        0,
        0,
        [
          [0, 1],
          [2, 1],
          [2, 0],
          [4, 3],
        ],
      ],
    ],
    0.9,
    4,
  ),
  'a Potts graph and spins': randomMixed(
    [
      ['softmax', 3, 2],
      ['spin', 2, 1],
    ],
    [
      [
        0,
        0,
        [
          [0, 1],
          [2, 1],
        ],
      ],
      [0, 1],
    ],
    0.8,
    5,
  ),
  'a general machine, all layers lateral': randomMixed(
    [
      ['bernoulli', 3, 1],
      ['spin', 3, 1],
    ],
    [
      [0, 0],
      [1, 1],
      [0, 1],
    ],
    0.8,
    6,
  ),
  'a chain of three layers': randomMixed(
    [
      ['bernoulli', 3, 1],
      ['spin', 2, 1],
      ['binomial', 1, 2],
    ],
    [
      [0, 1],
      [1, 2],
    ],
    0.8,
    7,
  ),
};

const tolerance: Record<TestDevice, number> = { reference: 1e-7, cpu: 2e-5, cuda: 2e-5 };

const sampleWeights = Array.from({ length: 12 }, (_, r) => 0.25 + (r % 4) * 0.5);

describe.each(devices)('on %s', (device) => {
  describe.each(Object.entries(wirings))('%s', (_, oracle) => {
    const rows = rowsFor(oracle, [], 12);

    it('pseudo-likelihood climbs sum_i log p(s_i | s_-i)', async () => {
      const slope = gradientOf(oracle, (m) => logPseudoLikelihood(m, rows));
      const plain = await changes(oracle, device, rows, { algorithm: 'pseudo-likelihood', centred: false });
      expectClose(plain, flat(oracle, slope), tolerance[device]);
      const centred = await changes(oracle, device, rows, { algorithm: 'pseudo-likelihood' });
      expectClose(centred, flat(oracle, centredStep(oracle, slope, posteriorMeans(oracle, rows))), tolerance[device]);
    });

    it('exact learning climbs log p(data)', async () => {
      const slope = gradientOf(oracle, (m) => logLikelihood(m, rows, sampleWeights));
      const plain = await changes(oracle, device, rows, { algorithm: 'exact', centred: false, sampleWeights });
      expectClose(plain, flat(oracle, slope), tolerance[device]);
    });

    it.skipIf(oracle.layers.length === 1)('exact learning climbs log p(data), hidden layers summed out whatever couples them', async () => {
      const hidden = oracle.layers.map((__, l) => l).slice(1);
      const partial = rowsFor(oracle, hidden, 12);
      const slope = gradientOf(oracle, (m) => logLikelihood(m, partial, sampleWeights));
      const plain = await changes(oracle, device, partial, { algorithm: 'exact', centred: false, sampleWeights });
      expectClose(plain, flat(oracle, slope), tolerance[device]);
      const centred = await changes(oracle, device, partial, { algorithm: 'exact', offsetRate: 1, sampleWeights });
      const offsets = posteriorMeans(oracle, partial, sampleWeights);
      expectClose(centred, flat(oracle, centredStep(oracle, slope, offsets)), tolerance[device]);
    });
  });

  it('pseudo-likelihood of units whose statistics are not linear', async () => {
    const weights = [
      [0, 0.3, -0.2],
      [0.3, 0, 0.4],
      [-0.2, 0.4, 0],
    ];
    const bias = [0.5, -0.3, 0.1];
    const logPrecision = [0.2, 0.6, 0.9];
    const random = new TestRandom(8);
    const rows = Array.from({ length: 10 }, () => random.normals(3).map(Math.fround));
    const objective = (p: number[]) => {
      const logs = rows.map((s) =>
        s.reduce((sum, value, i) => {
          const gamma = Math.exp(p[3 + i]!);
          const w = (j: number) => (i === j ? 0 : p[6 + i + j - 1]!);
          const mean = (p[i]! + s.reduce((field, t, j) => field + w(j) * t, 0)) / gamma;
          return sum + p[3 + i]! / 2 - (gamma * (value - mean) ** 2) / 2;
        }, 0),
      );
      return logs.reduce((x, y) => x + y) / rows.length;
    };
    const start = [...bias, ...logPrecision, 0.3, -0.2, 0.4];
    const slope = start.map((value, i) => {
      const at = (change: number) => objective(start.map((x, j) => (j === i ? value + change : x)));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    using machine = new BoltzmannMachine({ layers: { s: gaussian(3) }, couplings: [['s', 's']], device });
    machine.setParameter('s.parameters', [bias, logPrecision]);
    machine.setParameter('s-s.weights', weights);
    await machine.fit(
      { s: rows },
      {
        algorithm: 'pseudo-likelihood',
        centred: false,
        epochs: 1,
        batchSize: 10,
        l2: 0,
        learningRate: 0.01,
        initialiseFromData: false,
        monitorRows: 0,
      },
    );
    const W = machine.getParameter('s-s.weights').data;
    const after = [...machine.getParameter('s.parameters').data, W[1]!, W[2]!, W[5]!];
    expectClose(
      after.map((value, i) => (value - start[i]!) / 0.01),
      slope,
      device === 'reference' ? 1e-6 : 1e-4,
    );
  });

  it('keeps dense lateral weights symmetric to the bit, whatever the order of the sums', async () => {
    const random = new TestRandom(12);
    const rows = Array.from({ length: 150 }, () => random.normals(20));
    using machine = new BoltzmannMachine({ layers: { s: gaussian(20) }, couplings: [['s', 's']], device, threads: 2 });
    const options = { epochs: 2, batchSize: 50, learningRate: 0.001, sampleWeights: rows.map(() => random.uniform() + 0.1) };
    for (const algorithm of ['pcd', 'cd', 'pseudo-likelihood'] as const) await machine.fit({ s: rows }, { ...options, algorithm });
    const W = machine.getParameter('s-s.weights').data;
    for (let i = 0; i < 20; i++) for (let j = 0; j < i; j++) expect(W[i * 20 + j]).toBe(W[j * 20 + i]);
  });
});

describe('bad input', () => {
  const refused: [string, () => BoltzmannMachine, Record<string, number[][]>, FitOptions<LayerRows>, RegExp][] = [
    [
      'pseudo-likelihood with a hidden layer',
      () => new BoltzmannMachine({ layers: { v: spin(2), h: spin(2) }, couplings: [['v', 'h']] }),
      { v: [[1, 1]] },
      { algorithm: 'pseudo-likelihood' },
      /needs rows of all layers, those of 'h' are not given/,
    ],
    [
      'pseudo-likelihood of counts',
      () => new BoltzmannMachine({ layers: { v: counts(2), h: spin(2) }, couplings: [['v', 'h']] }),
      { v: [[1, 1]], h: [[1, 1]] },
      { algorithm: 'pseudo-likelihood' },
      /layer 'v' of counts/,
    ],
    [
      'too many states to count',
      () => new BoltzmannMachine({ layers: { v: spin(22), h: bernoulli(30) }, couplings: [['v', 'h']] }),
      { v: [new Array(22).fill(1)] },
      { algorithm: 'exact' },
      /at most 1048576 joint states, this machine has 4194304 of the layers 'v'/,
    ],
    [
      'states that cannot be counted',
      () => new BoltzmannMachine({ layers: { v: relu(2) }, couplings: [['v', 'v']] }),
      { v: [[1, 1]] },
      { algorithm: 'exact' },
      /'v', not all of which have finitely many/,
    ],
    [
      'an unknown algorithm',
      () => new BoltzmannMachine({ layers: { v: spin(2) }, couplings: [['v', 'v']] }),
      { v: [[1, 1]] },
      { algorithm: 'pl' as never },
      /`algorithm` must be one of 'pcd', 'cd', .*, or an object with such a name, got "pl"/,
    ],
  ];
  it.each(refused)('%s', async (_, make, data, options, message) => {
    using machine = make();
    const failed = await Promise.resolve(machine.fit(data, options)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(message);
    expect(machine.training).toBeNull();
  });
});
