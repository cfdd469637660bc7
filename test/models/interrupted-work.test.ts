/** Work without end that was asked for: a signal, stop() and dispose() end it within an update and between sweeps, and nothing is left half done. */
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  binomial,
  cd,
  counts,
  DisposedError,
  type FitOptions,
  fpcd,
  gaussian,
  type LayerRows,
  meanField,
  ParameterError,
  pcd,
  pt,
  ptt,
  RBM,
  spin,
} from '../../src/index.js';
import { bitsOf, devices, parameterBits } from './support.js';

const endless = 2 ** 20;
const rows = Array.from({ length: 32 }, (_, r) => Array.from({ length: 64 }, (_, i) => (i * r) % 2));
const soon = () => AbortSignal.timeout(100);
const bits = (m: BoltzmannMachine) => m.parameterNames.map((name) => bitsOf(m.getParameter(name).data));

const deep = () =>
  new BoltzmannMachine({
    layers: { v: bernoulli(64), h: bernoulli(64), g: spin(64) },
    couplings: [['v', 'h'], ['h', 'g'], ['g', 'g']], // biome-ignore format: pairs
    seed: 2,
    weightScale: 0.1,
  });

describe('an update of a million sweeps', () => {
  it.each([
    [pcd({ sweeps: endless }), {}],
    [cd({ sweeps: endless }), {}],
    [fpcd({ sweeps: endless }), {}],
    [meanField({ sweeps: endless }), {}],
    [pt({ sweeps: endless }), {}],
    [ptt({ sweeps: endless, chains: 64 }), {}],
    [pcd(), { positiveSweeps: endless }],
  ] as const)('%o %o ends with the signal, and did not happen', async (algorithm, options) => {
    using machine = deep();
    const before = bits(machine);
    const given: FitOptions<LayerRows> = { algorithm, epochs: 2, initialiseFromData: false, signal: soon(), ...options };
    await expect(machine.fit({ v: rows }, given)).rejects.toThrow(/timeout/);
    expect(bits(machine)).toEqual(before);
    expect(machine.training?.update ?? 0).toBe(0);
  });

  it('ends with stop(), and with dispose()', async () => {
    using machine = new RBM({ visible: 64, hidden: 64 });
    const run = machine.fit(rows, { epochs: 2, algorithm: pcd({ sweeps: endless }) });
    setTimeout(() => run.stop(), 50);
    expect(await run).toEqual([]);
    const disposed = new RBM({ visible: 64, hidden: 64 });
    const lost = expect(disposed.fit(rows, { epochs: 2, algorithm: pcd({ sweeps: endless }) })).rejects.toThrow(DisposedError);
    setTimeout(() => disposed.dispose(), 50);
    await lost;
  });

  it.each(['pcd', 'pt', 'fpcd', 'ptt'] as const)('%s goes on from the update before, bit for bit', async (algorithm) => {
    const options = {
      algorithm: { name: algorithm, sweeps: 500, chains: 64 },
      epochs: 20,
      batchSize: 32,
      learningRate: 0.05,
      monitorRows: 0,
    } as const;
    const make = () => new RBM({ visible: 64, hidden: 8, seed: 5 });
    using straight = make();
    await straight.fit(rows, options);
    using broken = make();
    for (const resume of [false, true]) {
      const run = broken.fit(rows, { ...options, resume, onProgress: () => run.stop() });
      await run;
      expect(broken.training).toMatchObject({ complete: false });
    }
    await broken.fit(rows, { ...options, resume: true });
    expect(parameterBits(broken)).toBe(parameterBits(straight));
  });

  it('is the most that can be asked for', async () => {
    using machine = new RBM({ visible: 64, hidden: 8 });
    for (const options of [{ algorithm: pcd({ sweeps: endless + 1 }) }, { positiveSweeps: 2 ** 40 }])
      await expect(machine.fit(rows, { epochs: 1, ...options })).rejects.toThrow(/weeps` must be a whole number from 1 to 1048576/);
  });
});

describe.each(devices)('on %s', (device) => {
  const glass = () => new BoltzmannMachine({ layers: { s: spin(40) }, couplings: [['s', 's']], device, weightScale: 0.1 });

  it('draws of 2^40 sweeps end with the signal, and with dispose()', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2, device });
    for (let i = 0; i < 3; i++) await expect(rbm.sample(1, { sweeps: 2 ** 40, signal: soon() })).rejects.toThrow(/timeout/);
    using machine = glass();
    await expect(machine.sample(1, { sweeps: 2 ** 40, signal: soon() })).rejects.toThrow(/timeout/);
    await expect(machine.anneal(1, { sweeps: 1, quench: 2 ** 40, signal: soon() })).rejects.toThrow(/timeout/);
    await expect(machine.impute({ s: [new Array(40).fill(Number.NaN)] }, { sweeps: 2 ** 40, signal: soon() })).rejects.toThrow(/timeout/);
    const gone = glass();
    const lost = expect(gone.sample(1, { sweeps: 2 ** 40 })).rejects.toThrow(DisposedError);
    gone.dispose();
    await lost;
  });

  it('millions of words and trials are drawn at once', async () => {
    using words = new BoltzmannMachine({ layers: { v: counts(5), h: bernoulli(1) }, couplings: [['v', 'h']], device, weightScale: 0 });
    const drawn = await words.sample(4, { start: { v: new Array(4).fill([2 ** 24, 0, 0, 0, 0]) }, sweeps: 3 });
    for (let r = 0; r < 4; r++) {
      const row = Array.from({ length: 5 }, (_, k) => drawn.get(r, k));
      expect(row.reduce((a, b) => a + b)).toBe(2 ** 24);
      // Six standard deviations of the largest of a few counts.
      for (const n of row) expect(Math.abs(n - 2 ** 24 / 5)).toBeLessThan(6 * Math.sqrt(2 ** 24 * 0.16));
    }
    using trials = new BoltzmannMachine({
      layers: { v: binomial(2, 2 ** 24), h: gaussian(1) },
      couplings: [['v', 'h']],
      device,
      weightScale: 0,
    });
    for (const n of (await trials.sample(4, { sweeps: 3 })).data) expect(Math.abs(n - 2 ** 23)).toBeLessThan(6 * 2 ** 11);
  });
});

it('more trials than a state can count are refused', () => {
  expect(() => binomial(1, 2 ** 24 + 1)).toThrow(/`trials` must be a whole number from 1 to 16777216/);
  const many = { layers: { v: binomial(2 ** 20, 2 ** 20), h: bernoulli(1) }, couplings: [['v', 'h']] as [string, string][] };
  expect(() => new BoltzmannMachine(many)).toThrow(ParameterError);
});
