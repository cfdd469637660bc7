/**
 * Chains that stay, temperatures per chain and over time, parallel tempering, clamped units, annealing, moments: against exact enumeration.
 * Distributions are compared by chi-square; false-alarm rate 1e-6, and a total variation of 0.02 is noticed with probability 0.999
 * (0.04 for ladders).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type Chains, FormatError, ParameterError, RBM, ShapeError, softmax, spin } from '../../src/index.js';
import { energy, layerStates, type MixedMachine, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit, drawsNeeded, zLimit } from '../oracle/significance.js';
import { devices, type TestDevice } from './support.js';

const glass = randomMixed([['spin', 6, 1]], [[0, 0]], 0.7, 3);
const states = layerStates(glass.layers[0]!);

function build(oracle: MixedMachine, device: TestDevice, seed: number): BoltzmannMachine {
  const machine = new BoltzmannMachine({ layers: { s: spin(6) }, couplings: [['s', 's']], seed, device, threads: 2 });
  machine.setParameter('s.bias', [oracle.layers[0]!.bias]);
  machine.setParameter('s-s.weights', oracle.couplings[0]!.weights);
  return machine;
}

/** p(s) at an inverse temperature, of the states that `keep` lets through. */
function distribution(beta: number, keep: (s: number[]) => boolean = () => true): number[] {
  const weights = states.map((s) => (keep(s) ? Math.exp(-beta * energy(glass, [s])) : 0));
  const z = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / z);
}

function draws(p: number[], n: number, seed: number): number[][] {
  return Array.from(new TestRandom(seed).draws(p, n), (cell) => states[cell]!);
}

function expectDistribution(data: ArrayLike<number>, p: number[]): void {
  const cells = new Map(states.map((s, i) => [s.join(), i]));
  const seen = new Float64Array(states.length);
  const rows = data.length / 6;
  for (let r = 0; r < rows; r++) seen[cells.get(Array.from({ length: 6 }, (_, i) => data[r * 6 + i]).join())!]! += 1;
  const possible = p.flatMap((q, i) => (q > 0 ? [i] : []));
  expect(possible.reduce((sum, i) => sum + seen[i]!, 0)).toBe(rows);
  const { statistic, freedom } = chiSquare(
    possible.map((i) => seen[i]!),
    possible.map((i) => p[i]!),
  );
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
}

const enough = drawsNeeded(states.length, 0.02);

describe.each(devices)('on %s', (device) => {
  it('keeps the distribution of every chain at its own temperature', async () => {
    using machine = build(glass, device, 1);
    const [cold, hot] = [draws(distribution(1.3), enough, 1), draws(distribution(0.4), enough, 2)];
    const beta = Float64Array.from({ length: 2 * enough }, (_, c) => (c % 2 === 0 ? 1.3 : 0.4));
    const start = { s: cold.flatMap((s, i) => [s, hot[i]!]) };
    const drawn = await machine.sample(2 * enough, { start, beta, sweeps: 3 });
    const half = (parity: number) => Array.from(drawn.data).filter((_, i) => Math.floor(i / 6) % 2 === parity);
    expectDistribution(half(0), distribution(1.3));
    expectDistribution(half(1), distribution(0.4));
  });

  it('keeps the distribution of every rung while temperatures are swapped, at the exact rate', async () => {
    const betas = [0.3, 0.7, 1.2];
    const groups = drawsNeeded(states.length, 0.04);
    using machine = build(glass, device, 2);
    const chains = await machine.chains(groups, { ladder: { betas, every: 2 }, start: { s: draws(distribution(1.2), groups, 3) } });
    // The start is exact for the last rung only; after these sweeps all are close to their own distribution.
    await chains.advance(30);
    betas.forEach((beta, rung) => {
      expectDistribution(chains.states('s', { rung }).data, distribution(beta));
    });
    expectDistribution((await machine.sample(groups, { ladder: { betas }, sweeps: 30 })).data, distribution(1.2));
    const before = chains.swaps!;
    await chains.advance(8);
    const after = chains.swaps!;
    expect(after.roundTrips).toBeGreaterThan(0);
    for (const k of [0, 1]) {
      const attempts = after.attempts[k]! - before.attempts[k]!;
      const rate = (after.accepted[k]! - before.accepted[k]!) / attempts;
      const exact = swapRate(betas[k]!, betas[k + 1]!);
      expect(attempts).toBe(2 * groups);
      // Swaps of one group follow each other, but groups are independent: at most twice the variance of independent swaps.
      expect(Math.abs(rate - exact)).toBeLessThan(zLimit(4) * Math.sqrt((2 * exact * (1 - exact)) / attempts));
    }
  });

  it('holds clamped units of a layer that is coupled to itself, all through its sweeps', async () => {
    using machine = build(glass, device, 4);
    const p = distribution(1, (s) => s[1] === 1 && s[4] === -1);
    const start = { s: draws(p, enough, 5) };
    for (const steps of [1, 5]) {
      const drawn = await machine.sample(enough, { start, clamp: { s: { indices: [1, 4], values: [1, -1] } }, sweeps: steps });
      expectDistribution(drawn.data, p);
    }
  });

  it('holds another value in each chain', async () => {
    using machine = build(glass, device, 6);
    const values = Array.from({ length: 2 * enough }, (_, c) => [c % 2 === 0 ? 1 : -1]);
    const drawn = await machine.sample(2 * enough, { clamp: { s: { indices: [2], values } }, sweeps: 40 });
    for (const parity of [0, 1]) {
      const rows = Array.from(drawn.data).filter((_, i) => Math.floor(i / 6) % 2 === parity);
      expectDistribution(
        rows,
        distribution(1, (s) => s[2] === (parity === 0 ? 1 : -1)),
      );
    }
  });

  it('finds the states of lowest energy', async () => {
    using machine = build(glass, device, 7);
    const { energies, states: found } = await machine.anneal(50, { sweeps: 60 });
    const lowest = Math.min(...states.map((s) => energy(glass, [s])));
    expect(energies.get(0)).toBeCloseTo(lowest, 4);
    expect(Array.from(energies.data)).toEqual(Array.from(energies.data).sort((a, b) => a - b));
    expect((await machine.energy({ s: found.s! })).data).toEqual(energies.data);
    for (let c = 0; c < 50; c++) {
      const s = Array.from({ length: 6 }, (_, i) => found.s!.get(c, i));
      const flipped = s.map((_, i) => s.map((x, j) => (i === j ? -x : x)));
      for (const t of flipped) expect(energy(glass, [t])).toBeGreaterThan(energies.get(c) - 1e-4);
    }
    const held = await machine.anneal(20, { sweeps: 30, clamp: { s: { indices: [0], values: [-1] } } });
    expect(Array.from({ length: 20 }, (_, c) => held.states.s!.get(c, 0))).toEqual(new Array(20).fill(-1));
  });

  it('accumulates the moments of the states it passes', async () => {
    const options = {
      layers: { v: bernoulli(3), h: spin(2) },
      couplings: [['v', 'h']] as [string, string][],
      seed: 5,
      device,
      weightScale: 1,
    };
    using machine = new BoltzmannMachine(options);
    const chains = await machine.chains(700);
    expect(() => chains.mean('v')).toThrow(/nothing was observed/);
    const sums = { v: new Float64Array(3), vh: new Float64Array(6) };
    for (let n = 0; n < 5; n++) {
      await chains.advance(4, { observe: { every: 4, pairs: [['v', 'h']] } });
      const [v, h] = [chains.states('v'), chains.states('h')];
      for (let r = 0; r < 700; r++) {
        for (let i = 0; i < 3; i++) {
          sums.v[i]! += v.get(r, i) / 3500;
          for (let j = 0; j < 2; j++) sums.vh[2 * i + j]! += (v.get(r, i) * h.get(r, j)) / 3500;
        }
      }
    }
    expect(chains.observations).toBe(3500);
    expect(chains.sweeps).toBe(20);
    for (const [i, mean] of chains.mean('v').data.entries()) expect(mean).toBeCloseTo(sums.v[i]!, 12);
    for (const [i, mean] of chains.product('v', 'h').data.entries()) expect(mean).toBeCloseTo(sums.vh[i]!, 12);
    expect(() => chains.product('h', 'h')).toThrow(/nothing was observed/);
    chains.forget();
    expect(() => chains.mean('v')).toThrow(/nothing was observed/);
  });

  it('observes only the last rung of a ladder', async () => {
    using machine = build(glass, device, 8);
    const chains = await machine.chains(400, { ladder: { betas: 4 } });
    await chains.advance(50);
    await chains.advance(400, { observe: { pairs: [['s', 's']] } });
    const p = distribution(1);
    const exact = (i: number, j: number) => states.reduce((sum, s, c) => sum + p[c]! * s[i]! * s[j]!, 0);
    expect(chains.observations).toBe(160_000);
    // 400 independent groups, with at worst some tens of sweeps between independent states: a standard error below 0.01.
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) expect(Math.abs(chains.product('s', 's').get(i, j) - exact(i, j))).toBeLessThan(0.05);
  });

  it('draws the same by a schedule that stays at one temperature', async () => {
    using one = build(glass, device, 9);
    using other = build(glass, device, 9);
    const drawn = await one.sample(20, { sweeps: 30, beta: 0.8 });
    expect((await other.sample(20, { sweeps: 30, betas: { from: 0.8, to: 0.8 } })).data).toEqual(drawn.data);
  });
});

/** The mean acceptance of swaps between two inverse temperatures in equilibrium. */
function swapRate(low: number, high: number): number {
  const [p, q] = [distribution(low), distribution(high)];
  let rate = 0;
  states.forEach((s, i) => {
    states.forEach((t, j) => {
      rate += p[i]! * q[j]! * Math.min(1, Math.exp((high - low) * (energy(glass, [t]) - energy(glass, [s]))));
    });
  });
  return rate;
}

describe('saving', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boltzkit-chains-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([false, true])('goes on as if nothing had happened, with a ladder: %s', async (tempered) => {
    using machine = build(glass, 'cpu', 10);
    const temperature = tempered ? { ladder: { betas: 3 } } : { beta: 0.7 };
    const chains = await machine.chains(30, { ...temperature, clamp: { s: { indices: [3], values: [1] } } });
    await chains.advance(10, { observe: { pairs: [['s', 's']] } });
    await chains.save(join(folder, 'chains.safetensors'));
    using again = build(glass, 'cpu', 10);
    const loaded = await again.loadChains(join(folder, 'chains.safetensors'));
    for (const c of [chains, loaded]) await c.advance(10, { observe: { pairs: [['s', 's']] } });
    const all = (c: Chains) => [c.states('s').data, c.swaps, c.sweeps, c.observations, c.product('s', 's').data, c.mean('s').data];
    expect(all(loaded)).toEqual(all(chains));
    expect((await loaded.energies()).data).toEqual((await machine.energy({ s: chains.states('s') })).data);
  });

  it('refuses chains of another machine', async () => {
    using rbm = new RBM({ visible: 4, hidden: 2 });
    const chains = await rbm.chains(3);
    await chains.advance(2);
    await chains.save(join(folder, 'rbm.safetensors'));
    expect((await rbm.loadChains(join(folder, 'rbm.safetensors'))).states('hidden').data).toEqual(chains.states('hidden').data);
    using other = new RBM({ visible: 5, hidden: 2 });
    await expect(other.loadChains(join(folder, 'rbm.safetensors'))).rejects.toThrow(FormatError);
    await rbm.save(join(folder, 'model.safetensors'));
    await expect(rbm.loadChains(join(folder, 'model.safetensors'))).rejects.toThrow(/does not hold chains/);
  });
});

describe('bad input', () => {
  const layers = { image: bernoulli(4), label: softmax(3), hidden: spin(2) };
  const couplings: [string, string][] = [
    ['image', 'hidden'],
    ['label', 'hidden'],
  ];
  type Call = (m: BoltzmannMachine) => Promise<unknown>;
  const whole = { image: [[0, 1, 1, 0]], label: [2], hidden: [[1, -1]] };
  const calls: [string, Call, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['a negative beta', (m) => m.sample(2, { beta: -1 }), ParameterError, /`beta` must be a finite number of at least 0, got -1/],
    [
      'an infinite beta',
      (m) => m.sample(2, { beta: Infinity }),
      ParameterError,
      /`beta` must be a finite number of at least 0, got Infinity/,
    ],
    [
      'a beta that is negative in one chain',
      (m) => m.sample(2, { beta: [1, -0.5] }),
      ParameterError,
      /`beta\[1\]` must be .* at least 0, got -0.5/,
    ],
    ['betas of another number of chains', (m) => m.sample(2, { beta: [1, 1, 1] }), ShapeError, /`beta`.*2/],
    ['a schedule of another length', (m) => m.sample(2, { sweeps: 3, betas: [1, 1] }), ShapeError, /3 entries, one per sweep, got 2/],
    [
      'betas and a beta',
      (m) => m.sample(2, { beta: 1, betas: { from: 0 } }),
      ParameterError,
      /`betas` must be left out when `beta` is given/,
    ],
    ['a ladder without end', (m) => m.sample(2, { ladder: { betas: new Array(2 ** 32 - 1) } }), ParameterError, /a list of 2 to 10000/],
    [
      'a shape without end',
      (m) => m.sample(2, { start: { label: { data: [1], shape: new Array(2 ** 32 - 1) } } }),
      ParameterError,
      /at most 32/,
    ],
    ['a ladder that falls', (m) => m.sample(2, { ladder: { betas: [0, 1, 0.5] } }), ParameterError, /`ladder.betas\[2\]` must be above 1/],
    [
      'a ladder of one rung',
      (m) => m.chains(2, { ladder: { betas: [1] } }),
      ParameterError,
      /`ladder.betas` must be a number or a list of 2 to 10000 numbers/,
    ],
    ['all units clamped', (m) => m.sample(1, { clamp: whole }), ParameterError, /every unit is clamped/],
    [
      'a unit clamped to two categories',
      (m) => m.sample(1, { clamp: { label: { indices: [0, 1, 2], values: [1, 1, 0] } } }),
      ParameterError,
      /unit 0 of layer 'label' must be clamped to one category, got values that add up to 2/,
    ],
    [
      'a unit clamped in part',
      (m) => m.sample(1, { clamp: { label: { indices: [0], values: [1] } } }),
      ParameterError,
      /all 3 places of unit 0 of layer 'label' or none, got 1/,
    ],
    [
      'one place clamped twice',
      (m) => m.sample(1, { clamp: { image: { indices: [1, 1], values: [0, 1] } } }),
      ParameterError,
      /once, got 1 twice/,
    ],
    [
      'products of an unknown layer',
      async (m) => (await m.chains(1)).advance(1, { observe: { pairs: [['image', 'picture']] } }),
      ParameterError,
      /'hidden', got "picture"/,
    ],
    ['no sweeps', async (m) => (await m.chains(1)).advance(0), ParameterError, /`sweeps` must be a whole number of at least 1|from 1/],
    [
      'a schedule for a ladder',
      async (m) => (await m.chains(1, { ladder: { betas: 2 } })).advance(3, { betas: { from: 0 } }),
      ParameterError,
      /a ladder sets the temperatures/,
    ],
  ];
  it.each(calls)('%s', async (_, act, type, message) => {
    using machine = new BoltzmannMachine({ layers, couplings });
    const failed = await act(machine).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(type);
    expect((failed as Error).message).toMatch(message);
    expect((failed as Error).message).toMatch(/^(BoltzmannMachine|Chains)\./);
  });

  it('means of units that are coupled to each other', async () => {
    using machine = build(glass, 'cpu', 1);
    await expect(machine.sample(2, { output: 'mean' })).rejects.toThrow(/coupled to itself/);
  });
});
