/**
 * Rows filled in under a mask, against the conditional distribution by definition, all states
 * counted. Fixed seeds; false alarms below 1e-6 per test.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, gaussian, inpaint, RBM, ShapeError, softmax } from '../../src/index.js';
import { machineOf } from '../models/mixed-support.js';
import { devices } from '../models/support.js';
import { energy, jointStates, type MixedMachine, randomMixed } from '../oracle/mixed.js';

/** Mean of one place given the values that a partial state has. */
function meanGiven(oracle: MixedMachine, given: Record<number, number[]>, layer: number, place: number): number {
  const states = jointStates(oracle).filter((state) =>
    Object.entries(given).every(([l, row]) => row.every((x, i) => Number.isNaN(x) || x === state[Number(l)]![i])),
  );
  const weights = states.map((state) => Math.exp(-energy(oracle, state)));
  return states.reduce((sum, state, s) => sum + weights[s]! * state[layer]![place]!, 0) / weights.reduce((a, b) => a + b);
}

const none = Number.NaN;
const long = { chains: 30, warmup: 50, sweeps: 4000 };

describe.each(devices)('on %s', (device) => {
  it('means and likelihoods are those of the conditional distribution', async () => {
    const oracle = randomMixed([['bernoulli', 4, 1], ['softmax', 2, 3], ['spin', 2, 1], ['bernoulli', 2, 1]], [[0, 3], [1, 3], [2, 3]], 0.8, 11); // biome-ignore format: one line
    const [bits, kinds, spins] = oracle.layers.map(({ name }) => name) as [string, string, string];
    using machine = machineOf(oracle, device, 2);
    const truth = { [bits]: [[1, 0, 1, 1]], [kinds]: [[0, 1, 0, 1, 0, 0]], [spins]: [[-1, 1]] };
    const mask = { [bits]: [1, 0, 0, 1], [kinds]: [0, 0, 0, 1, 1, 1], [spins]: [1, 0] };
    const { means, logLikelihoods } = await inpaint(machine, truth, mask, long);
    const given = { 0: [1, none, none, 1], 1: [none, none, none, 1, 0, 0], 2: [-1, none] };
    const expected = [...[0, 1, 2, 3].map((i) => [bits, 0, i] as const), ...[0, 1, 2, 3, 4, 5].map((i) => [kinds, 1, i] as const), [spins, 2, 0], [spins, 2, 1]] as [string, number, number][]; // biome-ignore format: one line
    // 120,000 sweeps of a small machine: means are known to about 0.002.
    for (const [name, l, i] of expected) expect(means[name]!.get(0, i)).toBeCloseTo(meanGiven(oracle, given, l, i), 2);
    const p = [
      1 - meanGiven(oracle, given, 0, 1),
      meanGiven(oracle, given, 0, 2),
      meanGiven(oracle, given, 1, 1),
      (1 + meanGiven(oracle, given, 2, 1)) / 2,
    ];
    expect(logLikelihoods.get(0)).toBeCloseTo(p.reduce((sum, each) => sum + Math.log(each), 0) / 4, 1);
    const own = [1 - means[bits]!.get(0, 1), means[bits]!.get(0, 2), means[kinds]!.get(0, 1), (1 + means[spins]!.get(0, 1)) / 2];
    expect(logLikelihoods.get(0)).toBeCloseTo(own.reduce((sum, each) => sum + Math.log(each), 0) / 4, 6);
  });
});

describe('inpaint', () => {
  const rbm = () => {
    const made = new RBM({ visible: 3, hidden: 1, seed: 1 });
    made.setParameter('visible-hidden.weights', [[0], [0], [0]]);
    made.setParameter('visible.bias', [0, Math.log(4), 0]);
    return made;
  };

  it('keeps what is given, whatever the rows hold under the mask', async () => {
    using machine = rbm();
    const { means, logLikelihoods } = await inpaint(machine, [[0.25, 1, 1], [1, 0, none]], [1, 0, 1], { chains: 2, sweeps: 3 }); // biome-ignore format: one line
    expect([...means.data]).toEqual([0.25, expect.closeTo(0.8, 5), 1, 1, expect.closeTo(0.8, 5), expect.closeTo(0.5, 5)]);
    expect(logLikelihoods.get(0)).toBeCloseTo(Math.log(0.8), 5);
    expect(logLikelihoods.get(1)).toBeCloseTo(Math.log(0.2), 5);
  });

  it('judges nothing where there is nothing to judge', async () => {
    using machine = rbm();
    const { logLikelihoods } = await inpaint(machine, [[1, none, 0]], [1, 0, 1], { chains: 1 });
    expect(logLikelihoods.get(0)).toBeNaN();
    using reals = new RBM({ visible: gaussian(2), hidden: 2 });
    expect((await inpaint(reals, [[1, 2]], [0, 1])).logLikelihoods.get(0)).toBeNaN();
  });

  it('takes a mask for each row', async () => {
    using machine = rbm();
    const { means } = await inpaint(machine, [[1, 1, 1], [1, 1, 1]], [[0, 1, 1], [1, 0, 1]], { chains: 1 }); // biome-ignore format: one line
    expect([...means.data]).toEqual([expect.closeTo(0.5, 5), 1, 1, 1, expect.closeTo(0.8, 5), 1]);
  });

  it('tells how far it is, over all chains', async () => {
    using machine = rbm();
    const seen: number[] = [];
    await inpaint(machine, Array(2000).fill([1, 1, 1]), [0, 0, 0], {
      chains: 3,
      sweeps: 2000,
      onProgress: ({ fraction }) => seen.push(fraction),
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.every((fraction) => fraction <= 1)).toBe(true);
  });

  it('refuses what it cannot use, with what was expected', async () => {
    using machine = rbm();
    using named = new BoltzmannMachine({ layers: { a: bernoulli(2), k: softmax(3), h: bernoulli(2) }, couplings: [['a', 'h'], ['k', 'h']] }); // biome-ignore format: one line
    const rows = [[1, 1, 1], [0, 0, 0]]; // biome-ignore format: rows
    await expect(inpaint(machine, rows, [1, 0.5, 0])).rejects.toThrow('inpaint: `mask[0, 1]` must be 0 or 1, got 0.5');
    await expect(inpaint(machine, rows, [1, 0])).rejects.toThrow(ShapeError);
    await expect(inpaint(machine, rows, Array(3).fill([1, 0, 1]))).rejects.toThrow('`mask` must have 1 row or 2, got 3');
    await expect(inpaint(machine, rows, [1, 0, 1], { chains: 0 })).rejects.toThrow('`chains` must be a whole number');
    await expect(inpaint(machine, rows, undefined as never)).rejects.toThrow('`mask`');
    await expect(inpaint(named, { a: [[1, 1]] }, { k: [0, 0, 0] } as never)).rejects.toThrow(
      '`mask.k` must be the mask of a layer with rows',
    );
    await expect(inpaint(named, { a: [[1, 1]], k: [1] }, { k: [1, 0, 0] })).rejects.toThrow(
      'must be as for the other categories of its unit',
    );
  });
});
