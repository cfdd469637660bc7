/**
 * Rows that lack values: imputation, marginals, clamps and the gradient against exact enumeration of what is missing given what is there.
 * Fixed seeds; false-alarm rate 1e-6 per test.
 */
import { describe, expect, it } from 'vitest';
import { type BoltzmannMachine, cd, pcd, RBM } from '../../src/index.js';
import { freeEnergy } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { edgeWeights, jointStates, layerStates, type MixedMachine, posterior, probabilities, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';
import { chiSquare, chiSquareLimit, zLimit } from '../oracle/significance.js';
import { machineOf } from './mixed-support.js';
import { devices, expectZScores, oracleOf } from './support.js';

const none = Number.NaN;

/** Machines, and which of their layers have data. */
const wirings: [string, MixedMachine, number[]][] = [
  [
    'Bernoulli units',
    randomMixed(
      [
        ['bernoulli', 4, 1],
        ['bernoulli', 3, 1],
      ],
      [[0, 1]],
      1,
      21,
    ),
    [0],
  ],
  [
    'hidden units before spins',
    randomMixed(
      [
        ['bernoulli', 2, 1],
        ['spin', 4, 1],
      ],
      [[0, 1]],
      0.7,
      22,
    ),
    [1],
  ],
  [
    'image, label and hidden',
    randomMixed(
      [
        ['bernoulli', 3, 1],
        ['softmax', 1, 3],
        ['bernoulli', 2, 1],
      ],
      [
        [0, 2],
        [1, 2],
      ],
      1,
      23,
    ),
    [0, 1],
  ],
  [
    'two hidden layers',
    randomMixed(
      [
        ['binomial', 2, 2],
        ['bernoulli', 2, 1],
        ['spin', 2, 1],
      ],
      [
        [0, 1],
        [1, 2],
      ],
      0.6,
      24,
    ),
    [0],
  ],
  [
    'spins coupled to each other and to hidden units',
    randomMixed(
      [
        ['spin', 4, 1],
        ['bernoulli', 2, 1],
      ],
      [
        [0, 0],
        [0, 1],
      ],
      0.5,
      25,
    ),
    [0],
  ],
  ['a Potts model with lateral couplings', randomMixed([['softmax', 3, 3]], [[0, 0]], 0.6, 26), [0]],
  [
    'spins on a graph',
    randomMixed(
      [['spin', 5, 1]],
      [
        [
          0,
          0,
          [
            [0, 1],
            [1, 2],
            [0, 2],
            [2, 3],
            [3, 4],
          ],
        ],
      ],
      0.6,
      27,
    ),
    [0],
  ],
];

/** Rows that lack a good third of their units, one that lacks everything and one that lacks nothing; per layer, null without data. */
function patternsOf(oracle: MixedMachine, data: number[], seed: number): (number[] | null)[][] {
  const random = new TestRandom(seed);
  const states = jointStates(oracle);
  const drawn = Array.from(random.draws(probabilities(oracle), 6), (cell) => states[cell]!);
  return drawn.map((state, n) =>
    oracle.layers.map(({ type, size }, l) => {
      const group = type === 'softmax' ? size : 1;
      const lacks = state[l]!.map(() => (n === 0 ? true : n === 1 ? false : random.uniform() < 0.4));
      return data.includes(l) ? state[l]!.map((value, i) => (lacks[Math.floor(i / group) * group] ? none : value)) : null;
    }),
  );
}

const replicas = 1500;

/** Every pattern `replicas` times, as rows by layer; replica n of pattern m is row n * patterns + m. */
function givenRows(
  oracle: MixedMachine,
  patterns: (number[] | null)[][],
  times = replicas,
): Record<string, { data: Float32Array; shape: number[] }> {
  const rows = Array.from({ length: patterns.length * times }, (_, n) => patterns[n % patterns.length]!);
  const layers = oracle.layers.flatMap(({ name, places }, l): [string, { data: Float32Array; shape: number[] }][] =>
    patterns[0]![l] === null ? [] : [[name, { data: Float32Array.from(rows.flatMap((row) => row[l]!)), shape: [rows.length, places] }]],
  );
  return Object.fromEntries(layers);
}

/** Mean and standard error over the replicas of each pattern, [patterns][columns]. */
function overReplicas(data: ArrayLike<number>, cols: number, patterns: number) {
  return Array.from({ length: patterns }, (_, m) => {
    const at = (n: number, c: number) => data[(n * patterns + m) * cols + c]!;
    const columns = Array.from({ length: cols }, (_, c) => c);
    const numbers = Array.from({ length: replicas }, (_, n) => n);
    const means = columns.map((c) => numbers.reduce((sum, n) => sum + at(n, c), 0) / replicas);
    const errors = columns.map((c) => Math.sqrt(numbers.reduce((sum, n) => sum + (at(n, c) - means[c]!) ** 2, 0)) / replicas);
    return { means, errors };
  });
}

function exactMeans(oracle: MixedMachine, given: (number[] | null)[], layer: number): number[] {
  const { states, p } = posterior(oracle, given);
  return oracle.layers[layer]!.bias.map((_, i) => states.reduce((sum, state, n) => sum + p[n]! * state[layer]![i]!, 0));
}

function expectMeans(oracle: MixedMachine, patterns: (number[] | null)[][], layer: number, data: ArrayLike<number>): void {
  const measured = overReplicas(data, oracle.layers[layer]!.places, patterns.length);
  const actual = measured.flatMap(({ means }) => means);
  const exact = patterns.flatMap((given) => exactMeans(oracle, given, layer));
  const errors = measured.flatMap((m) => m.errors);
  expectZScores(actual, exact, errors, zLimit(exact.length), 1e-4);
}

/** How often each state of some layers came up in the replicas of a pattern, against its probability. */
function expectJoint(oracle: MixedMachine, given: (number[] | null)[], layers: number[], rowOf: (n: number, l: number) => number[]): void {
  const key = (row: (l: number) => number[]) => layers.map((l) => row(l).join()).join(';');
  const { states, p } = posterior(oracle, given);
  const table = new Map<string, { p: number; count: number }>();
  states.forEach((state, i) => {
    const cell = table.get(key((l) => state[l]!)) ?? { p: 0, count: 0 };
    table.set(
      key((l) => state[l]!),
      { ...cell, p: cell.p + p[i]! },
    );
  });
  for (let n = 0; n < replicas; ++n) {
    const cell = table.get(key((l) => rowOf(n, l)));
    if (cell === undefined) expect.fail(`an impossible state: ${key((l) => rowOf(n, l))}`);
    cell.count += 1;
  }
  const cells = [...table.values()];
  const test = chiSquare(
    cells.map(({ count }) => count),
    cells.map((cell) => cell.p),
  );
  if (test.freedom > 0) expect(test.statistic).toBeLessThan(chiSquareLimit(test.freedom));
}

const rowOf = (data: Float32Array, places: number, patterns: number, m: number) => (n: number) =>
  [...data.subarray((n * patterns + m) * places, (n * patterns + m + 1) * places)].map((x) => x + 0);

/** All parameters, layers first, in the order of {@link statisticsOf}. */
function parametersOf(machine: BoltzmannMachine, oracle: MixedMachine): number[] {
  const names = [...oracle.layers.map(({ name }) => `${name}.bias`), ...oracle.couplings.map(({ a, b }) => `layer${a}-layer${b}.weights`)];
  return names.flatMap((name) => [...machine.getParameter(name).data]);
}

/** −∂E/∂θ of every parameter. */
function statisticsOf({ layers, couplings }: MixedMachine, state: number[][]): number[] {
  const products = couplings.flatMap(({ a, b, edges }) => {
    const { type, size } = layers[a]!;
    const group = type === 'softmax' ? size : 1;
    const within = (i: number, j: number) => a === b && Math.floor(i / group) === Math.floor(j / group);
    const all = state[a]!.map((s, i) => state[b]!.map((t, j) => (within(i, j) ? 0 : s * t)));
    return edges === undefined ? all.flat() : edgeWeights(layers[a]!, all, edges);
  });
  return [...state.flat(), ...products];
}

/** Means and variances of the statistics given some rows. */
function momentsGiven(oracle: MixedMachine, given: (number[] | null)[]): { mean: number[]; variance: number[] } {
  const { states, p } = posterior(oracle, given);
  const all = states.map((state) => statisticsOf(oracle, state));
  const mean = all[0]!.map((_, k) => all.reduce((sum, s, n) => sum + p[n]! * s[k]!, 0));
  return { mean, variance: mean.map((m, k) => all.reduce((sum, s, n) => sum + p[n]! * (s[k]! - m) ** 2, 0)) };
}

describe.each(devices)('on %s', (device) => {
  describe.each(wirings)('%s', (_, oracle, data) => {
    const patterns = patternsOf(oracle, data, 3);
    const given = givenRows(oracle, patterns);

    it('imputes the means of what is missing and leaves the rest as it is', async () => {
      using machine = machineOf(oracle, device, 1);
      const completed = await machine.impute(given, { warmup: 60, sweeps: 3 });
      expect(Object.keys(completed)).toEqual(data.map((l) => `layer${l}`));
      for (const l of data) {
        const { data: values, shape } = completed[`layer${l}`]!;
        const original = given[`layer${l}`]!;
        expect(shape).toEqual(original.shape);
        expect(original.data.every((value, i) => (Number.isNaN(value) ? Number.isFinite(values[i]!) : value === values[i]))).toBe(true);
        expectMeans(oracle, patterns, l, values);
      }
    });

    it('draws what is missing from its posterior', async () => {
      using machine = machineOf(oracle, device, 2);
      const drawn = await machine.impute(given, { warmup: 60, sweeps: 1, output: 'sample' });
      patterns.forEach((pattern, m) => {
        const rows = new Map(data.map((l) => [l, rowOf(drawn[`layer${l}`]!.data, oracle.layers[l]!.places, patterns.length, m)]));
        expectJoint(oracle, pattern, data, (n, l) => rows.get(l)!(n));
      });
    });

    it('leaves missing values of a clamp free', async () => {
      using machine = machineOf(oracle, device, 3);
      const chains = patterns.length * replicas;
      for (const layer of data) {
        const drawn = await machine.sample(chains, { clamp: given, sweeps: 60, layer: `layer${layer}` });
        patterns.forEach((pattern, m) => {
          const rows = rowOf(drawn.data, oracle.layers[layer]!.places, patterns.length, m);
          expectJoint(oracle, pattern, [layer], (n) => rows(n));
        });
      }
    });

    it('gives the marginals of layers without data', async () => {
      using machine = machineOf(oracle, device, 4);
      for (const [l, { name }] of oracle.layers.entries()) {
        if (data.includes(l)) continue;
        expectMeans(oracle, patterns, l, (await machine.marginals(name, given, { warmup: 60, sweeps: 3 })).data);
      }
    });

    const chains = 10_000;
    it.each([pcd({ sweeps: 100, chains }), cd({ sweeps: 100 }), { name: 'exact' } as const])(
      'follows the gradient of the likelihood of what is there ($name)',
      async (algorithm) => {
        using machine = machineOf(oracle, device, 5);
        const before = parametersOf(machine, oracle);
        const n = patterns.length * replicas;
        await machine.partialFit(given, {
          ...{ algorithm, positiveSweeps: 60, batchSize: n, optimiser: 'sgd', learningRate: 1 },
          ...{ centred: false, initialiseFromData: false },
        });
        const moved = parametersOf(machine, oracle).map((value, i) => value - before[i]!);
        const positive = patterns.map((pattern) => momentsGiven(oracle, pattern));
        const negative = momentsGiven(
          oracle,
          oracle.layers.map(() => null),
        );
        const each = 1 / patterns.length;
        const exact = negative.mean.map((m, k) => positive.reduce((sum, { mean }) => sum + each * mean[k]!, -m));
        const errors = negative.variance.map((v, k) =>
          Math.sqrt(positive.reduce((sum, { variance }) => sum + (each * variance[k]!) / n, v / (algorithm.name === 'cd' ? n : chains))),
        );
        expectZScores(moved, exact, errors, zLimit(exact.length), 1e-4);
      },
    );
  });

  it('marginals are exact at once where all neighbours are complete', async () => {
    const [, oracle] = wirings[0]!;
    using machine = machineOf(oracle, device, 1);
    const rows = { layer0: layerStates(oracle.layers[0]!) };
    expect((await machine.marginals('layer1', rows, { warmup: 0, sweeps: 1 })).data).toEqual((await machine.mean('layer1', rows)).data);
  });

  it('starts biases and offsets at the means of what is there', async () => {
    using rbm = new RBM({ visible: 4, hidden: 2, seed: 1, device });
    const rows = [
      [1, none, none, 0],
      [1, 0, none, none],
      [none, 1, none, none],
      [0, 1, none, none],
    ];
    await rbm.fit(rows, { epochs: 1, batchSize: 4, learningRate: 0 });
    const start = (ones: number, n: number) => Math.log((ones + 0.5) / (n - ones + 0.5));
    [start(2, 3), start(2, 3), 0, start(0, 1)].forEach((bias, i) => {
      expect(rbm.getParameter('visible.bias').get(i)).toBeCloseTo(bias, 5);
    });
  });
});

/** p(v) of every row of zeros and ones. */
function visibleTable(rbm: OracleRbm, rows: number[][]): number[] {
  const machine = asMachine(rbm);
  const weights = rows.map((row) => Math.exp(-freeEnergy(machine, [row, null])));
  const z = weights.reduce((x, y) => x + y);
  return weights.map((w) => w / z);
}

describe('a teacher seen through holes', () => {
  const teacher = randomRbm(6, 3, 2, 77);
  const rows = Array.from({ length: 64 }, (_, n) => Array.from({ length: 6 }, (_, i) => (n >> i) & 1));
  const truth = visibleTable(teacher, rows);
  const random = new TestRandom(5);
  const sampled = Array.from(random.draws(truth, 6000), (cell) => rows[cell]!);
  const holes = sampled.map((row) => row.map((value) => (random.uniform() < 0.3 ? none : value)));

  async function divergence(data: number[][]): Promise<number> {
    using rbm = new RBM({ visible: 6, hidden: 3, seed: 2 });
    await rbm.fit(data, {
      ...{ epochs: 150, batchSize: 100, algorithm: { name: 'pcd', chains: 500 }, positiveSweeps: 10, monitorRows: 0, averageLast: 0.2 },
      learningRate: { schedule: 'linear', from: 0.2, to: 0.02, hold: 0.5 },
    });
    const model = visibleTable(oracleOf(rbm), rows);
    return truth.reduce((sum, p, i) => sum + p * Math.log(p / model[i]!), 0);
  }

  it('is learned about as well with 30 % missing as with complete rows, and not with zeros in their place', async () => {
    const complete = await divergence(sampled);
    const missing = await divergence(holes);
    const zeros = await divergence(holes.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : value))));
    // Nats; 27 parameters from 6000 complete rows cost 27 / 12000 = 0.002 on average, whatever trains them.
    expect(complete).toBeLessThan(0.01);
    expect(missing).toBeLessThan(0.02);
    expect(zeros).toBeGreaterThan(0.2);
  }, 120_000);
});
