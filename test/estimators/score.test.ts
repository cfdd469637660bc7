/**
 * Scores of rows that lack values, against sums over all states that agree with them. Fixed seeds;
 * false alarms below 1e-6 per test.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, gaussian, ParameterError, RBM, relu, ShapeError } from '../../src/index.js';
import { machineOf } from '../models/mixed-support.js';
import { devices, modelOf } from '../models/support.js';
import { bitVectors, logSumExp } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { energy, jointStates, type MixedMachine, posterior, probabilities, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';

const none = Number.NaN;

/** Machines, the layers that have data, and what is counted at the default of `states`. */
const wirings: [string, MixedMachine, number[]][] = [
  ['few hidden units', randomMixed([['bernoulli', 7, 1], ['bernoulli', 2, 1]], [[0, 1]], 1, 1), [0]],
  ['few visible units', randomMixed([['bernoulli', 3, 1], ['bernoulli', 6, 1]], [[0, 1]], 1, 2), [0]],
  ['hidden units before spins', randomMixed([['bernoulli', 2, 1], ['spin', 5, 1]], [[0, 1]], 0.7, 3), [1]],
  ['image, label and hidden', randomMixed([['bernoulli', 3, 1], ['softmax', 2, 3], ['spin', 2, 1]], [[0, 2], [1, 2]], 1, 4), [0, 1]],
  ['image coupled to its label', randomMixed([['bernoulli', 3, 1], ['softmax', 1, 3], ['spin', 3, 1]], [[0, 1], [0, 2]], 0.8, 5), [0, 1]],
  ['binomial units', randomMixed([['binomial', 4, 3], ['bernoulli', 3, 1]], [[0, 1]], 0.6, 6), [0]],
  ['two hidden layers', randomMixed([['bernoulli', 4, 1], ['bernoulli', 2, 1], ['spin', 2, 1]], [[0, 1], [1, 2]], 0.8, 7), [0]],
  ['two hidden layers that a row touches', randomMixed([['bernoulli', 3, 1], ['spin', 2, 1], ['bernoulli', 2, 1]], [[0, 1], [0, 2], [1, 2]], 0.6, 8), [0]],
  ['spins coupled to each other', randomMixed([['spin', 6, 1]], [[0, 0]], 0.5, 9), [0]],
  ['spins coupled to each other and to hidden units', randomMixed([['spin', 4, 1], ['bernoulli', 2, 1]], [[0, 0], [0, 1]], 0.5, 10), [0]],
  ['a Potts model on a graph', randomMixed([['softmax', 3, 3]], [[0, 0, [[0, 1], [1, 2]]]], 0.6, 11), [0]],
]; // biome-ignore format: one wiring per line

/**
 * Rows by layer that lack a good third of their units; the first lacks everything, the second
 * nothing.
 */
function patternsOf(oracle: MixedMachine, data: number[], count: number): (number[] | null)[][] {
  const random = new TestRandom(5);
  const states = jointStates(oracle);
  return Array.from(random.draws(probabilities(oracle), count), (cell) => states[cell]!).map((state, n) =>
    oracle.layers.map(({ type, size }, l) => {
      if (!data.includes(l)) return null;
      const group = type === 'softmax' ? size : 1;
      const lacks = state[l]!.map(() => (n === 0 ? true : n === 1 ? false : random.uniform() < 0.4));
      return state[l]!.map((value, i) => (lacks[Math.floor(i / group) * group] ? none : value));
    }),
  );
}

const exactScore = (oracle: MixedMachine, given: (number[] | null)[]) =>
  -logSumExp(posterior(oracle, given).states.map((state) => -energy(oracle, state)));

const rowsByLayer = (oracle: MixedMachine, data: number[], patterns: (number[] | null)[][]) =>
  Object.fromEntries(data.map((l) => [oracle.layers[l]!.name, patterns.map((pattern) => pattern[l]!)]));

describe.each(devices)('on %s', (device) => {
  const error = device === 'cpu' ? 2e-5 : 1e-6; // means of units come in single precision

  it.each(wirings)('counts what can be counted: %s', async (_, oracle, data) => {
    using machine = machineOf(oracle, device, 1);
    const patterns = patternsOf(oracle, data, 14);
    const { values, errors, effectiveSampleSizes, warnings } = await machine.score(rowsByLayer(oracle, data, patterns));
    for (const [i, pattern] of patterns.entries()) expect(Math.abs(values.get(i) - exactScore(oracle, pattern))).toBeLessThan(error);
    expect([...errors.data]).toEqual(new Array(14).fill(0));
    expect([...effectiveSampleSizes.data]).toEqual(new Array(14).fill(Infinity));
    expect(warnings).toEqual([]);
  });

  // An error of 95 % confidence is missed in 5 % of all rows; 100 rows miss it 24 times with probability 1e-10.
  it.each(wirings)('estimates the rest, with errors that hold: %s', async (_, oracle, data) => {
    using machine = machineOf(oracle, device, 2);
    const patterns = patternsOf(oracle, data, 60);
    const { values, errors, effectiveSampleSizes } = await machine.score(rowsByLayer(oracle, data, patterns), { states: 1 });
    let [missed, estimated] = [0, 0];
    for (const [i, pattern] of patterns.entries()) {
      const off = Math.abs(values.get(i) - exactScore(oracle, pattern));
      const complete = pattern.every((row) => row === null || !row.some(Number.isNaN));
      if (complete) {
        expect([off < error, errors.get(i), effectiveSampleSizes.get(i)]).toEqual([true, 0, Infinity]);
        continue;
      }
      estimated += 1;
      expect(effectiveSampleSizes.get(i)).toBeGreaterThan(40); // of 400
      expect(errors.get(i)).toBeLessThan(0.2);
      expect(off).toBeLessThan(7 * errors.get(i) + error);
      if (off > 1.96 * errors.get(i) + error) missed += 1;
    }
    expect(estimated).toBeGreaterThan(40);
    expect(missed).toBeLessThan(16);
  });
});

describe('complete rows', () => {
  it('have their free energies, grey levels too', async () => {
    using rbm = modelOf(randomRbm(6, 4, 1, 3), 'cpu');
    const rows = [[1, 0, 0, 1, 1, 0], [0.2, 0.5, 1, 0, 0, 0.9]]; // biome-ignore format: one line
    expect((await rbm.score(rows)).values.data).toEqual((await rbm.freeEnergy(rows)).data);
    const mask = [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1];
    const { values } = await rbm.score({ data: rows.flat(), shape: [2, 6], mask });
    const completed = [0, 1].map((value) => rows[1]!.map((x, i) => (i === 1 ? value : x)));
    const both = await rbm.freeEnergy(completed);
    expect(values.get(0)).toBe((await rbm.freeEnergy(rows)).get(0));
    expect(values.get(1)).toBeCloseTo(-logSumExp([-both.get(0), -both.get(1)]), 10);
  });

  it('of hidden units that cannot be counted are estimated', async () => {
    const oracle = randomMixed([['bernoulli', 2, 1], ['spin', 13, 1]], [[0, 1], [1, 1]], 0.3, 12); // biome-ignore format: one line
    using machine = machineOf(oracle, 'cpu', 3);
    const patterns = [[1, 0], [0, none], [none, none]].map((row) => [row, null]); // biome-ignore format: one line
    const { values, errors } = await machine.score(rowsByLayer(oracle, [0], patterns), { samples: 100 });
    for (const [i, pattern] of patterns.entries()) {
      expect(errors.get(i)).toBeGreaterThan(0);
      expect(errors.get(i)).toBeLessThan(0.1);
      expect(Math.abs(values.get(i) - exactScore(oracle, pattern))).toBeLessThan(5 * errors.get(i));
    }
  });
});

describe('Gaussian units', () => {
  const random = new TestRandom(21);
  const [n, m] = [4, 3];
  const [bias, logPrecision] = [random.normals(n, 0.5).map(Math.fround), random.normals(n, 0.4).map(Math.fround)];
  const hiddenBias = random.normals(m, 0.5).map(Math.fround);
  const weights = Array.from({ length: n }, () => random.normals(m, 0.8).map(Math.fround));

  /** The integral of what is missing in closed form, the sum over hidden states. */
  function exact(row: number[]): number {
    const logs = bitVectors(m).map((h) => {
      const own = h.reduce((sum, on, j) => sum + on * hiddenBias[j]!, 0);
      return row.reduce((sum, v, i) => {
        const [x, precision] = [h.reduce((field, on, j) => field + on * weights[i]![j]!, bias[i]!), Math.exp(logPrecision[i]!)];
        return (
          sum + (Number.isNaN(v) ? Math.log((2 * Math.PI) / precision) / 2 + x ** 2 / (2 * precision) : v * x - (precision * v ** 2) / 2)
        );
      }, own);
    });
    return -logSumExp(logs);
  }

  const rows = Array.from({ length: 40 }, () =>
    Array.from({ length: n }, () => (random.uniform() < 0.5 ? none : Math.fround(random.normal()))),
  );

  it.each(devices)('are integrated exactly given few hidden units, and estimated else, on %s', async (device) => {
    using rbm = new RBM({ visible: gaussian(n), hidden: m, seed: 5, device });
    rbm.setParameter('visible.parameters', [bias, logPrecision]);
    rbm.setParameter('hidden.bias', [hiddenBias]);
    rbm.setParameter('visible-hidden.weights', weights);
    const counted = await rbm.score(rows);
    for (const [i, row] of rows.entries()) expect(Math.abs(counted.values.get(i) - exact(row))).toBeLessThan(2e-5);
    expect(counted.errors.data.every((error) => error === 0)).toBe(true);
    const estimated = await rbm.score(rows, { states: 1 });
    let missed = 0;
    for (const [i, row] of rows.entries()) {
      const off = Math.abs(estimated.values.get(i) - exact(row));
      expect(off).toBeLessThan(7 * estimated.errors.get(i) + 2e-5);
      if (off > 1.96 * estimated.errors.get(i) + 2e-5) missed += 1;
    }
    expect(missed).toBeLessThan(13);
  });
});

describe('a call', () => {
  const rows = [[1, none, 0, none, 1, none], [none, none, none, none, none, none]]; // biome-ignore format: one line
  const make = (threads: number) => new RBM({ visible: 6, hidden: 5, seed: 3, weightScale: 1, threads });

  it('draws anew every time, the same sequence for any number of threads', async () => {
    const run = async (threads: number) => {
      using rbm = make(threads);
      return [await rbm.score(rows, { states: 1 }), await rbm.score(rows, { states: 1 })].map(({ values }) => [...values.data]);
    };
    const [one, two] = [await run(1), await run(2)];
    expect(one).toEqual(two);
    expect(one[0]).not.toEqual(one[1]);
  });

  it('says which estimates are worth little', async () => {
    using rbm = make(1);
    rbm.setParameter(
      'visible-hidden.weights',
      Array.from({ length: 6 }, (_, i) => Array.from({ length: 5 }, (_, j) => 9 * Math.cos(3 * i + j))),
    );
    const { effectiveSampleSizes, warnings } = await rbm.score(rows, { states: 1, samples: 20, warmup: 0 });
    const poor = effectiveSampleSizes.data.filter((size) => size < 10).length;
    expect(poor).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`the estimates of ${poor} of 2 rows are worth fewer than 10 draws`))]);
  });

  it('tells how far it is, and can be aborted', async () => {
    using rbm = make(1);
    const told: number[] = [];
    await rbm.score(rows, { onProgress: ({ fraction }) => told.push(fraction) });
    expect(told.at(-1)).toBe(1);
    const many = Array.from({ length: 20_000 }, () => rows[0]!);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(rbm.score(many, { states: 1, samples: 2 ** 20, signal: controller.signal })).rejects.toThrow('enough');
    using other = make(1);
    await other.score(rows);
    expect((await rbm.sample(3)).data).toEqual((await other.sample(3)).data);
  });
});

describe('bad input', () => {
  it('is refused before anything is drawn', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2 });
    await expect(rbm.score([[1, 2, none]])).rejects.toThrow(/`data` .* got 2/);
    await expect(rbm.score([[1, none]])).rejects.toThrow(ShapeError);
    await expect(rbm.score([[1, 0, none]], { samples: 3 })).rejects.toThrow(/`samples` must be a whole number from 20/);
    await expect(rbm.score([[1, 0, none]], { sample: 30 } as never)).rejects.toThrow(/no option `sample`; did you mean|no option `sample`/);
    const layers = { v: relu(3), h: bernoulli(2), w: bernoulli(2) };
    using machine = new BoltzmannMachine({ layers, couplings: [['v', 'h'], ['w', 'h']] }); // biome-ignore format: one line
    await expect(machine.score({ v: [[1, none, 2]] })).rejects.toThrow(ParameterError);
    await expect(machine.score({ v: [[1, none, 2]] })).rejects.toThrow(/layer 'v' must have all its values, since relu units/);
    await expect(machine.score({ v: [[1, 0, 2]], w: [[1, none], [0, 1]] })).rejects.toThrow(/must have 1 rows/); // biome-ignore format: one line
    expect((await machine.score({ v: [[1, 0, 2]], w: [[1, none]] })).errors.get(0)).toBe(0);
    const half = new BoltzmannMachine({ layers: { v: bernoulli(2), g: gaussian(1) }, couplings: [['v', 'g']] });
    await expect(half.score({ v: [[1, none]] })).resolves.toBeDefined();
    half.dispose();
  });
});
