/**
 * Noise taken out of rows, against the posterior by definition: p(x|y) ∝ Σ_h exp(−E(x, h)) p(y|x),
 * all states counted. Fixed seeds; false alarms below 1e-6 per test.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, BusyError, bernoulli, denoise, gaussian, ParameterError, RBM, ShapeError } from '../../src/index.js';
import { machineOf } from '../models/mixed-support.js';
import { devices, modelOf } from '../models/support.js';
import { randomRbm } from '../oracle/machines.js';
import { energy, jointStates, type MixedMachine, randomMixed } from '../oracle/mixed.js';
import { zLimit } from '../oracle/significance.js';

/** P(y|x) of one layer: each unit keeps its state, or has one of the others. NaN: nothing is known. */
function noiseOf({ type, size }: MixedMachine['layers'][number], clean: number[], noisy: number[], rate: number): number {
  const group = type === 'softmax' ? size : 1;
  let p = 1;
  for (let i = 0; i < clean.length; i += group) {
    if (Number.isNaN(noisy[i])) continue;
    const kept = clean.slice(i, i + group).every((value, k) => value === noisy[i + k]);
    p *= kept ? 1 - rate : rate / (group > 1 ? group - 1 : 1);
  }
  return p;
}

/** Posterior means of layers whose noisy rows are known; by the number of their layer. */
function posteriorMeans(oracle: MixedMachine, noisy: Record<number, number[]>, rates: Record<number, number>): number[][] {
  const states = jointStates(oracle);
  const weights = states.map((state) => {
    const factors = Object.entries(noisy).map(([l, row]) => {
      const rate = rates[Number(l)];
      const clean = state[Number(l)]!;
      return rate === undefined ? Number(clean.every((x, i) => x === row[i])) : noiseOf(oracle.layers[Number(l)]!, clean, row, rate);
    });
    return Math.exp(-energy(oracle, state)) * factors.reduce((a, b) => a * b, 1);
  });
  const total = weights.reduce((a, b) => a + b);
  return Object.keys(noisy).map((l) =>
    states[0]![Number(l)]!.map((_, i) => states.reduce((sum, state, s) => sum + weights[s]! * state[Number(l)]![i]!, 0) / total),
  );
}

const wirings: [string, MixedMachine, Record<number, number[]>, Record<number, number>][] = [
  ['bits', randomMixed([['bernoulli', 5, 1], ['bernoulli', 3, 1]], [[0, 1]], 1, 1), { 0: [1, 0, 1, 1, 0] }, { 0: 0.2 }],
  ['bits with a gap', randomMixed([['bernoulli', 5, 1], ['bernoulli', 3, 1]], [[0, 1]], 1, 2), { 0: [1, Number.NaN, 1, 0, 0] }, { 0: 0.1 }],
  ['spins coupled to each other', randomMixed([['spin', 5, 1]], [[0, 0]], 0.5, 3), { 0: [1, -1, 1, -1, -1] }, { 0: 0.3 }],
  ['a Potts model on a graph', randomMixed([['softmax', 3, 3]], [[0, 0, [[0, 1], [1, 2]]]], 0.8, 4), { 0: [1, 0, 0, 0, 0, 1, 0, 1, 0] }, { 0: 0.25 }],
  ['a noisy image and a label that is not', randomMixed([['bernoulli', 4, 1], ['softmax', 1, 3], ['spin', 3, 1]], [[0, 2], [1, 2]], 1, 5), { 0: [1, 1, 0, 1], 1: [0, 1, 0] }, { 0: 0.15 }],
  ['noise of two rates', randomMixed([['bernoulli', 3, 1], ['spin', 3, 1], ['bernoulli', 2, 1]], [[0, 2], [1, 2]], 1, 6), { 0: [0, 1, 0], 1: [1, 1, -1] }, { 0: 0.4, 1: 0.05 }],
]; // biome-ignore format: one wiring per line

describe.each(devices)('on %s', (device) => {
  it.each(wirings)('means are those of the posterior: %s', async (_, oracle, noisy, rates) => {
    using machine = machineOf(oracle, device, 3);
    // Independent chains, so that the spread of their results is known.
    const chains = 4000;
    const rows = Object.fromEntries(Object.entries(noisy).map(([l, row]) => [oracle.layers[Number(l)]!.name, Array(chains).fill(row)]));
    const flips = Object.fromEntries(Object.entries(rates).map(([l, rate]) => [oracle.layers[Number(l)]!.name, rate]));
    const means = await denoise(machine, rows as never, { flips, warmup: 60, sweeps: 4 });
    const expected = posteriorMeans(oracle, noisy, rates);
    const places = expected.flat().length;
    Object.keys(noisy).forEach((l, n) => {
      const result = (means as Record<string, { get(r: number, i: number): number }>)[oracle.layers[Number(l)]!.name]!;
      expected[n]!.forEach((mean, i) => {
        const values = Array.from({ length: chains }, (_, r) => result.get(r, i));
        const average = values.reduce((a, b) => a + b) / chains;
        const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - average) ** 2, 0) / chains / chains);
        expect(Math.abs(average - mean)).toBeLessThan(zLimit(places) * deviation + 2e-6);
      });
    });
  });

  it('states are the likelier ones of the means, samples are states', async () => {
    using rbm = modelOf(randomRbm(6, 3, 1, 7), device);
    const rows = [[1, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 1]]; // biome-ignore format: rows
    const means = await denoise(rbm, rows, { flips: 0.2 });
    const states = await denoise(rbm, rows, { flips: 0.2, output: 'state' });
    expect([...states.data]).toEqual([...means.data].map((mean) => Number(mean > 0.5)));
    const drawn = await denoise(rbm, rows, { flips: 0.2, output: 'sample' });
    expect(new Set(drawn.data)).toEqual(new Set([0, 1]));
    expect(drawn.shape).toEqual([2, 6]);
  });
});

describe('denoise', () => {
  const rows = [[1, 0, 1]];

  it('gives the same bits for the same seed, and leaves the machine as it was', async () => {
    const draw = async (seed?: number) => {
      using rbm = new RBM({ visible: 3, hidden: 2, seed: 5 });
      const clean = await denoise(rbm, rows, { flips: 0.1, seed, output: 'mean' });
      return [[...clean.data], [...(await rbm.sampleHidden(rows)).data]] as const;
    };
    using untouched = new RBM({ visible: 3, hidden: 2, seed: 5 });
    const [first, second, other] = [await draw(), await draw(), await draw(6)];
    expect(first).toEqual(second);
    expect(first[0]).not.toEqual(other[0]);
    expect(first[1]).toEqual([...(await untouched.sampleHidden(rows)).data]);
  });

  it('keeps rows where noise is nearly impossible, and trusts the machine where it is likely', async () => {
    using rbm = new RBM({ visible: 3, hidden: 1, seed: 1 });
    rbm.setParameter('visible.bias', [-3, 3, -3]);
    expect([...(await denoise(rbm, rows, { flips: 1e-9, output: 'state' })).data]).toEqual([1, 0, 1]);
    expect([...(await denoise(rbm, rows, { flips: 0.49, output: 'state' })).data]).toEqual([0, 1, 0]);
  });

  it('does not mind layers that are called noisy', async () => {
    using machine = new BoltzmannMachine({
      layers: { visible: bernoulli(3), 'noisy visible': bernoulli(1) },
      couplings: [['visible', 'noisy visible']],
    });
    expect((await denoise(machine, { visible: rows }, { flips: 0.1 })).visible.shape).toEqual([1, 3]);
  });

  it('refuses what it cannot use, with what was expected', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2 });
    using mixed = new BoltzmannMachine({ layers: { a: bernoulli(3), b: gaussian(2), h: bernoulli(2) }, couplings: [['a', 'h'], ['b', 'h']] }); // biome-ignore format: one line
    await expect(denoise(rbm, rows, undefined as never)).rejects.toThrow('denoise: `flips` must be a number in (0, 0.5), got undefined');
    await expect(denoise(rbm, rows, { flips: 0.5 })).rejects.toThrow('denoise: `flips` must be a number in (0, 0.5), got 0.5');
    await expect(denoise(rbm, rows, { flips: 0.1, sweep: 3 } as never)).rejects.toThrow("did you mean 'sweeps'");
    await expect(denoise(rbm, [[1, 0]], { flips: 0.1 })).rejects.toThrow(ShapeError);
    await expect(denoise(rbm, [[1, 0.5, 0]], { flips: 0.1 })).rejects.toThrow(
      '`rows[0, 1]` must be 0 or 1, as the noise left it, or missing, got 0.5',
    );
    await expect(denoise({} as RBM, rows, { flips: 0.1 })).rejects.toThrow('`machine` must be an RBM or a BoltzmannMachine');
    await expect(denoise(mixed, { a: rows, b: [[1, 2]] }, { flips: 0.1 })).rejects.toThrow(
      "layer 'b' must be of bernoulli, spin or softmax units",
    );
    await expect(denoise(mixed, { a: rows }, { flips: { c: 0.1 } as never })).rejects.toThrow('`flips` has no `c`');
    await expect(denoise(mixed, { a: rows }, { flips: {} })).rejects.toThrow('a rate in (0, 0.5), or one to at least one layer');
    await expect(denoise(mixed, {}, { flips: 0.1 })).rejects.toThrow('must hold rows of at least one layer');
    await expect(denoise(mixed, { a: rows, b: [[1, 2], [3, 4]] }, { flips: { a: 0.1 } })).rejects.toThrow('`rows.b` must have 1 rows, as `rows.a` has, got 2'); // biome-ignore format: one line
    await expect(denoise(rbm, rows, { flips: 0.1, output: 'mode' as never })).rejects.toThrow(ParameterError);
  });

  it('reads parameters at once, so it does not wait for other calls', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2 });
    const other = rbm.sample(10, { sweeps: 1000 });
    await expect(denoise(rbm, rows, { flips: 0.1 })).rejects.toThrow(BusyError);
    await other;
  });
});
