/** log Z and log-likelihoods of the models against exact enumeration, and what they refuse. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, counts, type EvaluateOptions, gaussian, RBM, relu } from '../../src/index.js';
import { machineOf } from '../models/mixed-support.js';
import { devices, modelOf, relativeError } from '../models/support.js';
import { freeEnergy, logSumExp } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { energy, jointStates, layerStates, type MixedMachine, randomMixed } from '../oracle/mixed.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';

const wirings: Record<string, MixedMachine> = {
  'spins and a softmax layer': randomMixed([['spin', 4, 1], ['softmax', 2, 3]], [[0, 1]], 0.7, 1), // biome-ignore format: one wiring per line
  'a layer coupled to itself': randomMixed([['bernoulli', 8, 1]], [[0, 0]], 0.7, 2),
  'a graph': randomMixed([['spin', 5, 1]], [[0, 0, [[0, 1], [1, 2], [0, 2], [3, 4]]]], 0.7, 3), // biome-ignore format: one wiring per line
  'a deep machine': randomMixed([['bernoulli', 4, 1], ['binomial', 2, 3], ['bernoulli', 3, 1]], [[0, 1], [1, 2]], 0.6, 4), // biome-ignore format: one wiring per line
};

const logZOf = (oracle: MixedMachine) => logSumExp(jointStates(oracle).map((state) => -energy(oracle, state)));

describe.each(devices)('log Z on %s', (device) => {
  it.each(Object.entries(wirings))('is counted, annealed and linked to the sum over all states: %s', async (_, oracle) => {
    const want = logZOf(oracle);
    using machine = machineOf(oracle, device, 7);
    const exact = await machine.logZ();
    expect(exact).toMatchObject({ method: 'exact', converged: true, effectiveSampleSize: Infinity, low: exact.value, high: exact.value });
    expect(Math.abs(exact.value - want)).toBeLessThan(10 * relativeError[device] * Math.abs(want));
    for (const method of ['ais', 'ladder'] as const) {
      const chains = method === 'ais' ? 100 : 10;
      const found = await machine.logZ({ method, chains, betas: 30, warmup: 100 });
      // Ten standard errors.
      expect(Math.abs(found.value - want)).toBeLessThan(5 * (found.high - found.value));
      expect(found.high - found.low).toBeLessThan(0.5);
      expect(found.converged).toBe(true);
    }
  });

  // At two temperatures an anneal is plain importance sampling: its mean weight over 20 x 500 chains is within 5 standard errors (false
  // alarms: 6e-7) of Z_1 / Z_0, as long as the base has all of its terms.
  it('has an unbiased forward estimate of Z at any number of temperatures', async () => {
    // Coupled so strongly that a step at the wrong temperature moves the mean by 20 %, 30 standard errors.
    const oracle = randomMixed([['spin', 4, 1], ['spin', 4, 1]], [[0, 1]], 0.8, 5); // biome-ignore format: one line
    const want = logZOf(oracle);
    for (const betas of [
      [0, 1],
      [0, 0.5, 1],
    ]) {
      const ratios: number[] = [];
      for (let seed = 1; seed <= 20; seed++) {
        using machine = machineOf(oracle, device, seed);
        const { forward } = await machine.logZ({ method: 'ais', betas, chains: 500, warmup: 20 });
        ratios.push(Math.exp((forward?.value ?? Number.NaN) - want));
      }
      const mean = ratios.reduce((a, b) => a + b) / ratios.length;
      const error = Math.sqrt(ratios.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (ratios.length - 1) / ratios.length);
      expect(Math.abs(mean - 1)).toBeLessThan(5 * error);
    }
  });

  // Five rungs far apart, so that states matter that a swap should have refused; within 5 standard errors (false alarms: 1e-6).
  it('links a ladder whose swaps keep every rung as it is', async () => {
    const oracle = randomMixed([['spin', 4, 1], ['spin', 4, 1]], [[0, 1]], 0.8, 5); // biome-ignore format: one line
    using machine = machineOf(oracle, device, 3);
    const found = await machine.logZ({ method: 'ladder', betas: [0, 0.25, 0.5, 0.75, 1], chains: 60, warmup: 500 });
    expect(Math.abs(found.value - logZOf(oracle))).toBeLessThan(2.5 * (found.high - found.value));
  });

  it('gives rows their log-probabilities', async () => {
    const oracle = randomRbm(5, 4, 0.8, 3);
    using rbm = modelOf(oracle, device);
    const rows = [[1, 0, 1, 1, 0], [0, 0, 0, 1, 1], [1, 1, 1, 1, 1]]; // biome-ignore format: one row per line
    const found = await rbm.evaluate(rows);
    const want = rows.map((row) => -freeEnergyOf(oracle, row) - rbmLogZ(oracle));
    want.forEach((value, r) => {
      expect(Math.abs(found.logLikelihoods.get(r) - value)).toBeLessThan(20 * relativeError[device] * Math.abs(value));
    });
    const mean = want.reduce((a, b) => a + b) / 3;
    expect(found.logLikelihood.mean).toBeCloseTo(mean, 4);
    expect(found.logLikelihood.perDimension).toBeCloseTo(mean / 5, 4);
    const spread = Math.sqrt(want.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2 / 3);
    expect(found.logLikelihood.standardError).toBeCloseTo(spread, 4);
  });

  it('sums out hidden layers that are coupled to each other', async () => {
    const oracle = wirings['a deep machine']!;
    using machine = machineOf(oracle, device, 7);
    const rows = layerStates(oracle.layers[0]!);
    const found = await machine.evaluate({ layer0: rows });
    // Probabilities of all rows there are.
    expect(Array.from(found.logLikelihoods.data, Math.exp).reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    const weights = jointStates(oracle).filter((s) => s[0]!.join() === rows[5]!.join());
    const want = logSumExp(weights.map((state) => -energy(oracle, state))) - logZOf(oracle);
    expect(found.logLikelihoods.get(5)).toBeCloseTo(want, 4);
  });
});

function freeEnergyOf(oracle: OracleRbm, row: number[]): number {
  return freeEnergy(asMachine(oracle), [row, null]);
}

function rbmLogZ(oracle: OracleRbm): number {
  const rows = Array.from({ length: 2 ** oracle.visibleBias.length }, (_, n) => oracle.visibleBias.map((_, i) => (n >> i) & 1));
  return logSumExp(rows.map((row) => -freeEnergyOf(oracle, row)));
}

describe('an evaluation', () => {
  const rows = [[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]]; // biome-ignore format: one row per line
  const quick: EvaluateOptions = { method: 'ais', betas: 20, chains: 10, warmup: 10 };

  it('draws anew at every call, the same sequence for any number of threads', async () => {
    const run = async (threads: number) => {
      using rbm = new RBM({ visible: 6, hidden: 4, seed: 3, weightScale: 1, threads });
      const first = await rbm.evaluate(rows, quick);
      return [first, await rbm.evaluate(rows, quick)].map(({ logZ }) => logZ.value);
    };
    const [one, three] = [await run(1), await run(3)];
    expect(one).toEqual(three);
    expect(one[0]).not.toBe(one[1]);
  });

  it('leaves the random numbers of training as they are', async () => {
    const train = async (evaluated: boolean) => {
      using rbm = new RBM({ visible: 6, hidden: 4, seed: 3 });
      await rbm.partialFit(rows);
      if (evaluated) await rbm.evaluate(rows, quick);
      await rbm.partialFit(rows);
      return Array.from(rbm.getParameter('visible-hidden.weights').data);
    };
    expect(await train(true)).toEqual(await train(false));
  });

  it('warns of a machine that was never trained, and of a gap', async () => {
    using rbm = new RBM({ visible: 200, hidden: 200, seed: 3, weightScale: 0.5 });
    const found = await rbm.evaluate([new Array(200).fill(1)], { method: 'ais', betas: 2, chains: 10, warmup: 10 });
    expect(found.converged).toBe(false);
    expect(found.warnings[0]).toMatch(/neither trained/);
    expect(found.warnings.join()).toMatch(/worth \S+ samples.*differ by \S+ nats/);
    const { forward, reverse, low, high } = found.logZ;
    expect(low).toBeLessThanOrEqual(forward?.low ?? Number.NaN);
    expect(high).toBeGreaterThanOrEqual(reverse?.high ?? Number.NaN);
    expect(found.logLikelihood.low).toBeCloseTo(found.logLikelihood.mean - (high - found.logZ.value), 9);
  });

  it('takes constant columns and a single row', async () => {
    using rbm = new RBM({ visible: 6, hidden: 4, seed: 3 });
    await rbm.fit(rows, { epochs: 20, batchSize: 2 });
    const { logZ } = await rbm.evaluate([[1, 1, 1, 1, 1, 1]], { ...quick, betas: 200, chains: 200 });
    expect(Math.abs(logZ.value - (await rbm.logZ()).value)).toBeLessThan(5 * (logZ.high - logZ.value));
  });

  it('counts for real-valued units too, as long as what is counted is not', async () => {
    using machine = new BoltzmannMachine({
      layers: { v: gaussian(3), h: bernoulli(4) },
      couplings: [['v', 'h']],
      seed: 1,
      weightScale: 0.5,
    });
    const exact = await machine.logZ();
    expect(exact.method).toBe('exact');
    const annealed = await machine.logZ({ method: 'ais', betas: 100 });
    expect(Math.abs(exact.value - annealed.value)).toBeLessThan(5 * (annealed.high - annealed.value));
    await expect(machine.evaluate({ v: [[0.5, -1, 2]] })).resolves.toMatchObject({ converged: true });
  });

  it('ends when aborted, and the model is free again', async () => {
    using rbm = new RBM({ visible: 200, hidden: 100, seed: 3 });
    const stop = new AbortController();
    const run = rbm.logZ({ betas: 1e6, signal: stop.signal });
    expect(() => rbm.getParameter('visible.bias')).toThrow(/other calls of this model are under way; await them first/);
    const next = rbm.freeEnergy([new Array<number>(200).fill(0)]);
    stop.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect((await next).shape).toEqual([1]);
    expect(rbm.busy).toBe(false);
  });

  it.each<[string, EvaluateOptions | Record<string, unknown>, RegExp]>([
    ['one temperature', { betas: [1] }, /`betas` must be a number or a list of at least two inverse temperatures/],
    ['one temperature as a number', { betas: 1 }, /`betas` must be a whole number from 2/],
    ['repeated temperatures', { betas: [0, 0.5, 0.5, 1] }, /`betas\[2\]` must be above 0.5, the one before, got 0.5/],
    ['unsorted temperatures', { betas: [0, 0.7, 0.5, 1] }, /`betas\[2\]` must be above 0.7/],
    ['temperatures that begin above 0', { betas: [0.1, 1] }, /`betas\[0\]` must be 0, at the beginning of the list, got 0.1/],
    ['temperatures that end below 1', { betas: [0, 0.9] }, /`betas\[1\]` must be 1, at the end of the list, got 0.9/],
    ['a temperature that is no number', { betas: [0, Number.NaN, 1] }, /`betas\[1\]` must be above 0/],
    ['one chain', { chains: 1 }, /`chains` must be a whole number from 2/],
    ['another method', { method: 'guess' }, /`method` must be 'auto' or 'exact'/],
    ['an unknown option', { temperatures: 5 }, /there is no option `temperatures`/],
  ])('refuses %s', async (_, options, message) => {
    using rbm = new RBM({ visible: 6, hidden: 4 });
    await expect(rbm.logZ(options as EvaluateOptions)).rejects.toThrow(message);
    await expect(rbm.evaluate(rows, options as EvaluateOptions)).rejects.toThrow(message);
  });

  it('refuses to count 64 units, and says what to use', async () => {
    using rbm = new RBM({ visible: 70, hidden: 64 });
    await expect(rbm.logZ({ method: 'exact' })).rejects.toThrow(
      /RBM.logZ: .*at most 2\^28 joint states.*1.84e\+19 of the layers 'hidden'; use 'ais'/,
    );
  });

  it('refuses rows that are no states', async () => {
    using rbm = new RBM({ visible: 6, hidden: 4 });
    await expect(rbm.evaluate([[0, 0, 1, 0, 0, 0], [0, 0.5, 0, 0, 0, 0]])).rejects.toThrow(/0.5 in row 1, column 1; make them binary/); // biome-ignore format: one line
    await expect(rbm.evaluate([[0, 0, 2, 0, 0, 0]])).rejects.toThrow(/in \[0, 1\], got 2/);
    await expect(rbm.evaluate([[0, 0, Number.NaN, 0, 0, 0]])).rejects.toThrow(/NaN at row 0, column 2/);
  });

  it('is finite where Z itself is not', async () => {
    using rbm = new RBM({ visible: 8, hidden: 6 });
    rbm.setParameter('visible-hidden.weights', { data: new Float64Array(48).fill(100), shape: [8, 6] });
    expect((await rbm.logZ()).value).toBeCloseTo(4800, 3);
    const annealed = await rbm.logZ({ method: 'ais', warmup: 10, betas: 50 });
    expect(annealed.value).toBeCloseTo(4800, 0);
    rbm.setParameter('visible-hidden.weights', { data: new Float64Array(48).fill(1e18), shape: [8, 6] });
    expect((await rbm.logZ()).value / 4.8e19).toBeCloseTo(1, 6);
  });

  it('refuses machines that have no log Z', async () => {
    const layers = { v: gaussian(2), h: gaussian(2) };
    using wide = new BoltzmannMachine({ layers, couplings: [['v', 'h']], weightScale: 9, seed: 1 });
    await expect(wide.logZ()).rejects.toThrow(/no distribution/);
    using words = new BoltzmannMachine({ layers: { w: counts(5), h: bernoulli(3) }, couplings: [['w', 'h']] });
    await expect(words.logZ()).rejects.toThrow(/layer 'w' of counts/);
    using real = new BoltzmannMachine({ layers: { a: relu(2), b: relu(2) }, couplings: [['a', 'b']] });
    await expect(real.logZ({ method: 'exact' })).rejects.toThrow(/not all of which have finitely many/);
  });
});
