/**
 * −log p(v_i | v_−i) of single units, against sums over all states and, of Gaussian units, mixtures
 * in closed form.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, gaussian, ParameterError, RBM, relu, toNested } from '../../src/index.js';
import { machineOf } from '../models/mixed-support.js';
import { devices, modelOf } from '../models/support.js';
import { bitVectors, logSumExp } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { energy, jointStates, type MixedMachine, posterior, probabilities, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';

const none = Number.NaN;

const wirings: [string, MixedMachine, number[]][] = [
  ['an RBM', randomMixed([['bernoulli', 4, 1], ['bernoulli', 3, 1]], [[0, 1]], 1, 1), [0]],
  ['image, label and hidden', randomMixed([['bernoulli', 3, 1], ['softmax', 2, 3], ['spin', 2, 1]], [[0, 2], [1, 2]], 1, 2), [0, 1]],
  ['label before image', randomMixed([['softmax', 1, 3], ['spin', 3, 1], ['bernoulli', 2, 1]], [[0, 1], [1, 2]], 0.8, 3), [0, 1]],
  ['binomial units', randomMixed([['binomial', 3, 4], ['spin', 2, 1]], [[0, 1]], 0.5, 4), [0]],
  ['spins coupled to each other', randomMixed([['spin', 5, 1]], [[0, 0]], 0.6, 5), [0]],
]; // biome-ignore format: one wiring per line

const unitsOf = ({ type, places, size }: MixedMachine['layers'][number]) => {
  const group = type === 'softmax' ? size : 1;
  return Array.from({ length: places / group }, (_, unit) => [unit * group, group] as const);
};

/** −log Σ exp(−E) over what agrees with the row. */
const free = (oracle: MixedMachine, given: (number[] | null)[]) =>
  -logSumExp(posterior(oracle, given).states.map((state) => -energy(oracle, state)));

describe.each(devices)('on %s', (device) => {
  const error = device === 'cpu' ? 1e-4 : 1e-9;

  it.each(wirings)('is what the other units leave open: %s', async (_, oracle, data) => {
    using machine = machineOf(oracle, device, 1);
    const states = jointStates(oracle);
    const rows = Array.from(new TestRandom(3).draws(probabilities(oracle), 6), (cell) =>
      states[cell]!.map((row, l) => (data.includes(l) ? row : null)),
    );
    const found = await machine.surprise(Object.fromEntries(data.map((l) => [oracle.layers[l]!.name, rows.map((row) => row[l]!)])));
    for (const [r, row] of rows.entries()) {
      const want = data.flatMap((l) =>
        unitsOf(oracle.layers[l]!).map(([place, group]) => {
          const without = row.map((values, k) => (k === l ? values!.map((x, i) => (i >= place && i < place + group ? none : x)) : values));
          return free(oracle, row) - free(oracle, without);
        }),
      );
      expect(found.shape).toEqual([6, want.length]);
      for (const [i, value] of want.entries()) expect(Math.abs(found.get(r, i) - value)).toBeLessThan(error);
    }
  });

  it('adds up to the pseudo-likelihood, of grey levels too', async () => {
    using rbm = modelOf(randomRbm(6, 4, 1, 3), device);
    const rows = [[1, 0, 0, 1, 1, 0], [0.25, 0.5, 1, 0, 0, 0.875]]; // biome-ignore format: one line
    const [found, sums] = [await rbm.surprise(rows), await rbm.pseudoLikelihood(rows, { exact: true })];
    for (const r of [0, 1]) {
      const sum = Array.from({ length: 6 }, (_, i) => found.get(r, i)).reduce((a, b) => a + b);
      expect(Math.abs(sum + sums.get(r))).toBeLessThan(error * 6);
    }
  });
});

describe('Gaussian units', () => {
  const random = new TestRandom(31);
  const [n, m] = [3, 3];
  const rows = Array.from({ length: 5 }, () => random.normals(n, 1.5).map(Math.fround));

  /**
   * A mixture over hidden states, in closed form; weights of 6 make its parts lie far from each
   * other.
   */
  it.each([0.5, 6])('are integrated to rounding, at weights of %d', async (scale) => {
    const bias = random.normals(n, 0.5).map(Math.fround);
    const logPrecision = random.normals(n, 0.7).map(Math.fround);
    const hiddenBias = random.normals(m, 0.5).map(Math.fround);
    const weights = Array.from({ length: n }, () => random.normals(m, scale).map(Math.fround));
    using rbm = new RBM({ visible: gaussian(n), hidden: m, device: 'reference' });
    rbm.setParameter('visible.parameters', [bias, logPrecision]);
    rbm.setParameter('hidden.bias', [hiddenBias]);
    rbm.setParameter('visible-hidden.weights', weights);
    const found = await rbm.surprise(rows);
    for (const [r, row] of rows.entries()) {
      for (let i = 0; i < n; i++) {
        const terms = bitVectors(m).map((h) => {
          const field = (k: number) => h.reduce((sum, on, j) => sum + on * weights[k]![j]!, bias[k]!);
          const rest = row.reduce(
            (sum, v, k) => (k === i ? sum : sum + v * field(k)),
            h.reduce((sum, on, j) => sum + on * hiddenBias[j]!, 0),
          );
          const precision = Math.exp(logPrecision[i]!);
          return {
            own: rest + row[i]! * field(i) - (precision * row[i]! ** 2) / 2,
            all: rest + field(i) ** 2 / (2 * precision) + Math.log((2 * Math.PI) / precision) / 2,
          };
        });
        const want = logSumExp(terms.map(({ all }) => all)) - logSumExp(terms.map(({ own }) => own));
        // Nodes are rounded to single precision, 6e-8 of their size, which moves a log density of slope x / σ² by less than this.
        expect(Math.abs(found.get(r, i) - want)).toBeLessThan(2e-5 * Math.max(1, Math.abs(want)));
      }
    }
  });

  it('take what is known of other layers into account', async () => {
    const layers = { x: gaussian(1), y: bernoulli(2), h: bernoulli(1) };
    using machine = new BoltzmannMachine({ layers, couplings: [['y', 'x'], ['x', 'h']], device: 'reference' }); // biome-ignore format: one line
    machine.setParameter('y-x.weights', [[40], [-7]]);
    machine.setParameter('x-h.weights', [[0]]);
    // N(40 y_0 − 7 y_1, 1): far from the bias, where an integral around zero would find nothing.
    const found = await machine.surprise({ x: [[40.5], [33]], y: [[1, 0], [1, 1]] }); // biome-ignore format: one line
    expect(found.shape).toEqual([2, 3]);
    expect(found.get(0, 0)).toBeCloseTo(0.125 + Math.log(2 * Math.PI) / 2, 5);
    expect(found.get(1, 0)).toBeCloseTo(Math.log(2 * Math.PI) / 2, 5);
  });

  it('of a graph have the density of a normal variable', async () => {
    const edges = [[0, 1], [1, 2]]; // biome-ignore format: one line
    using machine = new BoltzmannMachine({ layers: { x: gaussian(3) }, couplings: [['x', 'x', { edges }]], device: 'reference' });
    machine.setParameter('x-x.weights', [[0.5, -0.25]]);
    const found = await machine.surprise({ x: [[2, 1, -4]] });
    const want = [2 - 0.5, 1 - (1 + 1), -4 + 0.25].map((off) => off ** 2 / 2 + Math.log(2 * Math.PI) / 2);
    for (const [i, value] of want.entries()) expect(found.get(0, i)).toBeCloseTo(value, 5);
  });
});

describe('rows that lack values', () => {
  it('have null there, and the rest is judged with a completed row', async () => {
    using rbm = modelOf(randomRbm(4, 3, 1, 7), 'cpu');
    const row = [1, none, 0, 1];
    const found = toNested(await rbm.surprise([row, [1, 1, 0, 1]])) as (number | null)[][];
    expect(found[0]!.map((value) => value === null)).toEqual([false, true, false, false]);
    const completed = await Promise.all([0, 1].map((bit) => rbm.surprise([row.map((x) => (Number.isNaN(x) ? bit : x))])));
    for (const i of [0, 2, 3]) expect(completed.map((each) => each.get(0, i))).toContain(found[0]![i]);
    expect(found[1]).toEqual([...completed[1]!.data]);
  });
});

describe('units without end', () => {
  it('have a density where rows of all layers are given', async () => {
    const layers = { x: relu(2), y: bernoulli(1) };
    using machine = new BoltzmannMachine({ layers, couplings: [['x', 'y']], device: 'reference' });
    machine.setParameter('x-y.weights', [[0.5], [-1]]);
    // p(x) ∝ exp(b x − x²/2) for x ≥ 0, with b = the weight: a normal variable cut at 0.
    const found = await machine.surprise({ x: [[0.3, 0.7]], y: [[1]] });
    const upper = (b: number) => simpson((x) => Math.exp(b * x - (x * x) / 2));
    for (const [i, [x, b]] of [
      [0.3, 0.5],
      [0.7, -1],
    ].entries() as Iterable<[number, [number, number]]>) {
      // biome-ignore format: one line
      expect(found.get(0, i)).toBeCloseTo((x * x) / 2 - b * x + Math.log(upper(b)), 6);
    }
  });
});

/** ∫ f over [0, 12]. */
function simpson(f: (x: number) => number): number {
  const [n, h] = [2000, 12 / 2000];
  return Array.from({ length: n + 1 }, (_, k) => f(k * h) * (k === 0 || k === n ? 1 : k % 2 ? 4 : 2)).reduce((a, b) => a + b) * (h / 3);
}

describe('bad input', () => {
  it('is refused', async () => {
    using rbm = new RBM({ visible: relu(3), hidden: 2 });
    await expect(rbm.surprise([[1, 2, 3]])).rejects.toThrow(
      /RBM\.surprise: units of layer 'visible' have more values than can be counted; give rows of all layers/,
    );
    using both = new RBM({ visible: gaussian(2), hidden: gaussian(2) });
    await expect(both.surprise([[1, 2]])).rejects.toThrow(
      /units of layers 'visible' and 'hidden' both have more values than can be counted/,
    );
    const layers = { v: bernoulli(2), h: bernoulli(2), g: bernoulli(2) };
    using deep = new BoltzmannMachine({ layers, couplings: [['v', 'h'], ['h', 'g']] }); // biome-ignore format: one line
    await expect(deep.surprise({ v: [[1, 0]] })).rejects.toThrow(ParameterError);
    await expect(deep.surprise({ v: [[1, 0]] })).rejects.toThrow(
      /layers that are not given are coupled to each other and cannot be summed out/,
    );
    await expect(deep.surprise({ v: [[1, 2]], h: [[0, 1]] })).rejects.toThrow(/got 2/);
    await expect(deep.surprise({ v: [[1, 0]], h: [[0, 1]] }, { warmpu: 3 } as never)).rejects.toThrow(/no option `warmpu`/);
  });
});
