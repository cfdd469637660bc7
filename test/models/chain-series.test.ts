/**
 * What chains note on their way: series of energies and means, moments by chain and by inverse
 * temperature. A run that stops at observations draws what as many calls of `advance` draw, so most
 * is compared exactly with those; moments also with sums over all states (false alarms: 1e-6).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type Chains, fromIsing, ParameterError, softmax, spin } from '../../src/index.js';
import { bitVectors } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { zLimit } from '../oracle/significance.js';
import { devices, type TestDevice } from './support.js';

const n = 5;
const random = new TestRandom(3);
const J = Array.from({ length: n }, () => new Array<number>(n).fill(0));
for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) J[i]![j] = J[j]![i] = Math.fround(random.normal() * 0.6);
const h = random.normals(n, 0.4).map(Math.fround);
const states = bitVectors(n).map((bits) => bits.map((bit) => 2 * bit - 1));
const glass = (device: TestDevice, seed: number) => fromIsing(J, h, { device, seed, threads: 2 });

/** E[f(s)] at an inverse temperature. */
function expected(beta: number, f: (s: number[]) => number): number {
  const weights = states.map((s) => Math.exp(beta * s.reduce((sum, x, i) => sum + x * (h[i]! + dot(J[i]!, s) / 2), 0)));
  return dot(weights, states.map(f)) / weights.reduce((a, b) => a + b);
}
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

describe.each(devices)('on %s', (device) => {
  it('series are those of one call after the other', async () => {
    using one = glass(device, 1);
    using other = glass(device, 1);
    const beta = [0.3, 0.8, 1.4];
    const chains = await one.chains(3, { beta });
    const twin = await other.chains(3, { beta });
    const series = await chains.advance(14, { observe: { every: 4, energies: true, means: ['spins'] } });
    expect(series.sweeps).toEqual([4, 8, 12]);
    expect(series.energies.shape).toEqual([3, 3]);
    for (let t = 0; t < 3; t++) {
      await twin.advance(4);
      const [energies, spins] = [await twin.energies(), twin.states('spins')];
      for (let c = 0; c < 3; c++) {
        expect(series.energies.get(t, c)).toBe(energies.get(c));
        const mean = Array.from({ length: n }, (_, i) => spins.get(c, i)).reduce((a, b) => a + b) / n;
        expect(series.means.spins.get(t, c)).toBeCloseTo(mean, 12);
      }
    }
    await twin.advance(2);
    expect(chains.states('spins').data).toEqual(twin.states('spins').data);
    expect(chains.sweeps).toBe(14);
    expect(chains.observations).toBe(9);
  });

  it('rounds of swaps of a ladder go on from call to call, however long calls are', async () => {
    const make = async () => (await glass(device, 2)).chains(6, { ladder: { betas: [0.4, 1], every: 3 } });
    const [one, steps, stops] = [await make(), await make(), await make()];
    await one.advance(24);
    for (let s = 0; s < 24; s++) await steps.advance(1);
    await stops.advance(24, { observe: { every: 2, energies: true } });
    // Two rungs have one pair, whose turn is every other of eight rounds, in six groups.
    for (const chains of [one, steps, stops]) expect(chains.swaps!.attempts).toEqual([24]);
    for (const chains of [one, steps, stops]) expect(chains.swaps!.accepted[0]).toBeGreaterThan(0);
  });

  it('series and moments of a ladder are by rung', async () => {
    const betas = [0.2, 0.6, 1];
    using one = glass(device, 2);
    using other = glass(device, 2);
    const chains = await one.chains(4, { ladder: { betas } });
    const twin = await other.chains(4, { ladder: { betas } });
    const pairs = [['spins', 'spins']] as const;
    const { energies, means, sweeps } = await chains.advance(6, {
      observe: { every: 2, byChain: true, energies: true, means: ['spins'], pairs },
    });
    expect(sweeps).toEqual([2, 4, 6]);
    expect(energies.shape).toEqual([3, 4, 3]);
    const sums = betas.map(() => new Array<number>(n).fill(0));
    const top = Array.from({ length: 4 }, () => new Array<number>(n * n).fill(0));
    for (let t = 0; t < 3; t++) {
      await twin.advance(2);
      for (const rung of betas.keys()) {
        const at = twin.states('spins', { rung });
        for (let g = 0; g < 4; g++) {
          const s = Array.from({ length: n }, (_, i) => at.get(g, i));
          s.forEach((x, i) => {
            sums[rung]![i]! += x / 12;
            if (rung === 2) for (const [j, y] of s.entries()) top[g]![i * n + j]! += (x * y) / 3;
          });
          expect(means.spins.get(t, g, rung)).toBeCloseTo(s.reduce((a, b) => a + b) / n, 12);
        }
        if (rung === 2)
          expect(await twin.energies().then((e) => [...e.data])).toEqual(
            betas.map((_, g) => energies.get(t, g, 2)).concat(energies.get(t, 3, 2)),
          );
      }
    }
    expect(chains.betas).toEqual(betas);
    expect(chains.mean('spins', { by: 'beta' }).shape).toEqual([3, n]);
    expectClose(chains.mean('spins', { by: 'beta' }).data, sums.flat());
    expectClose(chains.mean('spins').data, sums[2]!);
    expect(chains.product('spins', 'spins', { by: 'chain' }).shape).toEqual([4, n, n]);
    expectClose(chains.product('spins', 'spins', { by: 'chain' }).data, top.flat());
    expect(chains.swaps).toEqual(twin.swaps);
  });

  it('moments by inverse temperature are those of the machine at each', async () => {
    using machine = glass(device, 3);
    const [many, two] = [400, [0.4, 1.1]];
    const chains = await machine.chains(2 * many, { beta: Float64Array.from({ length: 2 * many }, (_, c) => two[(c + 1) % 2]!) });
    await chains.advance(40);
    await chains.advance(60, { observe: { every: 3, byChain: true, pairs: [['spins', 'spins']] } });
    expect(chains.betas).toEqual(two);
    const [means, products] = [chains.mean('spins', { by: 'chain' }), chains.product('spins', 'spins', { by: 'chain' })];
    for (const [b, beta] of two.entries()) {
      const own = Array.from({ length: many }, (_, c) => 2 * c + (1 - b)); // even chains are the cold ones
      const check = (found: number, values: number[], exact: number) => {
        const mean = values.reduce((x, y) => x + y) / many;
        const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (many - 1) / many);
        expect(found).toBeCloseTo(mean, 10);
        expect(Math.abs(mean - exact)).toBeLessThan(zLimit(2 * (n + n * n)) * error + 1e-9);
      };
      for (let i = 0; i < n; i++) {
        const values = own.map((c) => means.get(c, i));
        check(
          chains.mean('spins', { by: 'beta' }).get(b, i),
          values,
          expected(beta, (s) => s[i]!),
        );
        for (let j = 0; j < n; j++) {
          const pair = own.map((c) => products.get(c, i, j));
          check(
            chains.product('spins', 'spins', { by: 'beta' }).get(b, i, j),
            pair,
            expected(beta, (s) => s[i]! * s[j]!),
          );
        }
      }
    }
    expect(() => chains.mean('spins')).toThrow(/different `beta`, so they have no common mean/);
  });
});

const expectClose = (actual: ArrayLike<number>, wanted: number[]) => {
  expect(actual.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(actual[i]).toBeCloseTo(value, 12);
};

describe('moments by chain', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boltzkit-series-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const observe = { every: 4, byChain: true, pairs: [['spins', 'spins']] } as const;
  const moments = (c: Chains<'spins'>) =>
    (['chain', 'beta'] as const).flatMap((by) => [c.mean('spins', { by }).data, c.product('spins', 'spins', { by }).data]);

  it.each([false, true])('go on from a file, with a ladder: %s', async (tempered) => {
    using one = glass('cpu', 4);
    using other = glass('cpu', 4);
    const chains = await one.chains(3, tempered ? { ladder: { betas: 3, every: 2 } } : { beta: [1, 0.5, 1] });
    await chains.advance(8, { observe });
    await chains.save(join(folder, 'chains.safetensors'));
    const loaded = await other.loadChains(join(folder, 'chains.safetensors'));
    expect(moments(loaded)).toEqual(moments(chains));
    for (const c of [chains, loaded]) await c.advance(8, { observe });
    expect(moments(loaded)).toEqual(moments(chains));
    expect(loaded.observations).toBe(12);
  });

  it('are those of the last forget()', async () => {
    using machine = glass('cpu', 5);
    const chains = await machine.chains(2);
    await chains.advance(4, { observe: {} });
    await expect(chains.advance(4, { observe })).rejects.toThrow(/`observe.byChain` must be asked for from the first observation on/);
    expect(chains.sweeps).toBe(4);
    chains.forget();
    await chains.advance(4, { observe });
    expect(chains.mean('spins', { by: 'chain' }).data).toEqual(Float64Array.from(chains.states('spins').data));
    await chains.advance(4, { observe: {} });
    expect(() => chains.mean('spins', { by: 'chain' })).toThrow(/were not observed apart/);
    expect(chains.observations).toBe(10);
  });
});

describe('a call that stops on the way', () => {
  it('leaves the chains where they were when it is aborted', async () => {
    using one = glass('cpu', 6);
    using other = glass('cpu', 6);
    const [chains, twin] = [await one.chains(2), await other.chains(2)];
    const before = chains.states('spins').data;
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    const long = chains.advance(2 ** 26, { observe: { every: 64, energies: true, byChain: true }, signal: controller.signal });
    await expect(long).rejects.toThrow('enough');
    expect([chains.sweeps, chains.observations, chains.states('spins').data]).toEqual([0, 0, before]);
    await chains.advance(5);
    await twin.advance(5);
    expect(chains.states('spins').data).toEqual(twin.states('spins').data);
  });

  it('tells how far it is', async () => {
    using machine = glass('cpu', 7);
    const chains = await machine.chains(2);
    const told: number[] = [];
    await chains.advance(1000, { observe: { energies: true }, onProgress: ({ fraction }) => told.push(fraction) });
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    const failing = chains.advance(10, { observe: { energies: true }, onProgress: () => { throw new Error('mine'); } }); // biome-ignore format: one line
    await expect(failing).rejects.toThrow('mine');
    expect(chains.sweeps).toBe(1000);
  });

  it('follows the temperatures of its sweeps', async () => {
    using one = glass('cpu', 8);
    using other = glass('cpu', 8);
    const [chains, twin] = [await one.chains(20), await other.chains(20)];
    const betas = [0, 0, 50, 50];
    const { energies } = await chains.advance(4, { betas, observe: { every: 2, energies: true } });
    await twin.advance(2, { betas: [0, 0] });
    await twin.advance(2, { betas: [50, 50] });
    expect(Array.from({ length: 20 }, (_, c) => energies.get(1, c))).toEqual([...(await twin.energies()).data]);
  });
});

describe('bad input', () => {
  const machine = () =>
    new BoltzmannMachine({ layers: { image: bernoulli(4), label: softmax(3), hidden: spin(2) }, couplings: [['image', 'hidden'], ['label', 'hidden']] }); // biome-ignore format: one line
  const cases: [string, object, RegExp][] = [
    ['a layer that is none', { means: ['imag'] }, /`observe.means` must be one of 'image', 'label', 'hidden', got "imag"/],
    ['the mean over categories', { means: ['label'] }, /`observe.means` must be layers whose places do not share one unit/],
    ['means that are no list', { means: 'image' }, /`observe.means` must be a list of names of layers, got "image"/],
    ['energies that are no flag', { energies: 1 }, /`observe.energies` must be true or false, got 1/],
    ['a misspelt option', { bychain: true }, /`observe` has no `bychain`/],
    ['a series without end', { energies: true, every: 1 }, /`observe.every` must be at least \d+ for so many sweeps/],
  ];
  it.each(cases)('%s', async (_, observe, message) => {
    using m = machine();
    const chains = await m.chains(2);
    const failed = chains.advance(2 ** 30, { observe });
    await expect(failed).rejects.toThrow(ParameterError);
    await expect(failed).rejects.toThrow(message);
  });

  it('observations between swaps, and moments that are not there', async () => {
    using m = machine();
    const chains = await m.chains(2, { ladder: { betas: 3, every: 2 } });
    // @ts-expect-error there is no such layer
    await expect(chains.advance(8, { observe: { means: ['imag'] } })).rejects.toThrow(ParameterError);
    const plain: Chains = chains;
    expect((await plain.advance(1)).energies).toBe(null);
    await chains.advance(8, { observe: { every: 4, byChain: true } });
    expect(() => chains.product('image', 'hidden', { by: 'beta' })).toThrow(/nothing was observed yet/);
    expect(() => chains.mean('image', { by: 'rung' as never })).toThrow(/`by` must be 'all' or 'chain' or 'beta', got "rung"/);
    const wide = await m.chains(2 ** 24);
    const pairs = [['image', 'image']] as const;
    await expect(wide.advance(1, { observe: { byChain: true, pairs } })).rejects.toThrow(/by chain must hold at most \d+ numbers/);
  });
});
