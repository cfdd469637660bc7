/** Runs that diverge: what is noticed, what the error says, and the way back to a good state. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  DivergenceError,
  doubleRelu,
  type FitOptions,
  gaussian,
  ParameterError,
  RBM,
  relu,
  type Units,
} from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { devices, parameterBits, type TestDevice } from './support.js';

const random = new TestRandom(4);
const rows = Array.from({ length: 40 }, () => random.coins(6));
const base: FitOptions = { epochs: 30, batchSize: 4, algorithm: { name: 'pcd', chains: 8 }, learningRate: 0.05, l2: 0, averageLast: 0 };

function create(device: TestDevice): RBM {
  return new RBM({ visible: 6, hidden: 4, seed: 11, device });
}

/** At 0.05 but for updates from 250 on, which are far too large: one epoch has 10 updates, so that 100 and 200 are ends of intervals. */
const spike = (step: number) => (step >= 250 ? 1e30 : 0.05);

describe.each(devices)('on %s', (device) => {
  it('exploding weights are an error long before they stop being finite', async () => {
    using rbm = create(device);
    const failed = await rbm.fit(rows, { ...base, learningRate: 1e4, centred: false }).then(null, (error: unknown) => error);
    expect(failed).toBeInstanceOf(DivergenceError);
    expect((failed as Error).message).toMatch(/by update 64 'visible-hidden.weights' has exploded: .* nats, the limit is 1000$/);
    expect(rbm.training).toMatchObject({ update: 64, complete: false });
    expect(rbm.getParameter('visible-hidden.weights').data.every(Number.isFinite)).toBe(true);
  });

  it('biases that centring would move out of bounds, weight by weight within them, stay as they were', async () => {
    using rbm = new RBM({ visible: 6, hidden: 1000, seed: 11, weightScale: 1, device });
    const biases = () => (['visible.bias', 'hidden.bias'] as const).map((name) => Array.from(rbm.getParameter(name).data));
    const before = biases();
    const few = Array.from({ length: 4 }, (_, r) => [1, 1, 1, 1, r % 2, 1]);
    const failed = await rbm.fit(few, { ...base, learningRate: 4e17, initialiseFromData: false }).then(null, (error: unknown) => error);
    expect(failed).toBeInstanceOf(DivergenceError);
    expect((failed as Error).message).toMatch(/update 1 would make 'visible.bias' infinite, or a precision so/);
    expect(biases()).toEqual(before);
  });

  it('large weights that were there before are none', async () => {
    using rbm = create(device);
    rbm.setParameter(
      'visible-hidden.weights',
      Array.from({ length: 6 }, () => [5000, -5000, 5000, 0]),
    );
    const [report] = await rbm.fit(rows, { ...base, epochs: 1 });
    expect(report!.rollbacks).toBe(0);
    expect(report!.weightNorm).toBeGreaterThan(1000);
  });

  it('goes back to the last good state, slower from then on', async () => {
    using rbm = create(device);
    const steps: number[] = [];
    const run = rbm.fit(rows, {
      ...base,
      learningRate: spike,
      onDivergence: { factor: 1e-32 },
      onProgress: ({ update }) => steps.push(update),
    });
    const reports = await run;
    expect(rbm.training).toMatchObject({ update: 300, complete: true });
    // The end of update 200 had not proved itself by update 250; that of 100 had.
    const epochs = reports.map(({ epoch }) => epoch);
    const again = epochs.indexOf(11, 11);
    expect(epochs.slice(0, again).at(-1)).toBe(25);
    expect(epochs.slice(again)).toEqual(Array.from({ length: 20 }, (_, i) => 11 + i));
    expect(reports.map(({ rollbacks }) => rollbacks)).toEqual(epochs.map((_, i) => (i < again ? 0 : 1)));
    expect(reports[again]!.learningRate).toBeCloseTo(0.05 * 1e-32, 40);
    // From there on nothing moves any more, so that the run ends with the parameters of update 100.
    using short = create(device);
    await short.fit(rows, { ...base, epochs: 10 });
    expect(
      rbm
        .getParameter('visible-hidden.weights')
        .data.every((w, i) => Math.abs(w - short.getParameter('visible-hidden.weights').data[i]!) < 0.02),
    ).toBe(true);
    expect(reports.at(-1)!.weightNorm).toBeCloseTo(reports[9]!.weightNorm, 1);
  });

  it('gives up after so many returns, in the good state', async () => {
    using rbm = create(device);
    const options: FitOptions = { ...base, learningRate: spike, onDivergence: { retries: 2, factor: 1 } };
    const failed = await rbm.fit(rows, options).then(null, (error: unknown) => error);
    expect(failed).toBeInstanceOf(DivergenceError);
    expect((failed as Error).message).toMatch(
      /update 25\d .*, and 2 returns to good states did not help; the model is that after update 100$/,
    );
    using short = create(device);
    await short.fit(rows, { ...base, epochs: 10 });
    expect(parameterBits(rbm)).toBe(parameterBits(short));
    expect(rbm.training).toMatchObject({ update: 100, complete: false });
  });

  it('costs no bit of a run that does not diverge', async () => {
    const bits: string[] = [];
    for (const onDivergence of ['throw', 'rollback'] as const) {
      using rbm = create(device);
      await rbm.fit(rows, { ...base, onDivergence, optimiser: { name: 'sgd', momentum: 0.5 } });
      bits.push(parameterBits(rbm));
    }
    expect(bits[1]).toBe(bits[0]);
  });

  it('units without limits find a rate that they can bear', async () => {
    using machine = new BoltzmannMachine({ layers: { v: gaussian(4), h: relu(3) }, couplings: [['v', 'h']], device, seed: 1 });
    const data = { v: Array.from({ length: 100 }, () => random.normals(4, 1)) };
    const options = { epochs: 60, batchSize: 50, learningRate: 3 };
    await expect(machine.fit(data, { ...options, onDivergence: 'throw' })).rejects.toThrow(DivergenceError);
    using again = new BoltzmannMachine({ layers: { v: gaussian(4), h: relu(3) }, couplings: [['v', 'h']], device, seed: 1 });
    const reports = await again.fit(data, { ...options, onDivergence: { retries: 20, factor: 0.3 } });
    expect(reports.at(-1)!.rollbacks).toBeGreaterThan(0);
    expect(reports.at(-1)!.epoch).toBe(60);
  });
});

it('rectified hidden units bear correlated columns by default', async () => {
  const random = new TestRandom(31);
  const rows = Array.from({ length: 100 }, () => {
    const common = random.normal();
    return Array.from({ length: 5 }, (_, i) => (i % 2 ? -1 : 1) * common + 0.2 * random.normal());
  });
  using rbm = new RBM({ visible: gaussian(5), hidden: relu(8), seed: 1 });
  const reports = await rbm.fit(rows, { epochs: 3000, monitorRows: 0 });
  expect(reports.at(-1)!.update).toBe(3000);
  const { data } = await rbm.sample(400, { sweeps: 200 });
  // The columns go together as they do in the rows.
  const product = (i: number, j: number) =>
    Array.from({ length: 400 }, (_, r) => data[5 * r + i]! * data[5 * r + j]!).reduce((a, b) => a + b) / 400;
  expect(product(0, 1)).toBeLessThan(-0.3);
  expect(product(0, 2)).toBeGreaterThan(0.3);
});

/** Parameters finite, answers too, and what is saved can be loaded again. */
async function expectSound(machine: BoltzmannMachine, data: number[][], device: TestDevice): Promise<void> {
  for (const name of Object.keys(machine.parameterShapes)) expect(machine.getParameter(name).data.every(Number.isFinite)).toBe(true);
  expect(Array.from((await machine.freeEnergy({ v: data })).data).every(Number.isFinite)).toBe(true);
  const folder = await mkdtemp(join(tmpdir(), 'boltzkit-divergence-'));
  try {
    const path = join(folder, 'model.safetensors');
    await machine.save(path);
    using loaded = await BoltzmannMachine.load(path, { device });
    await loaded.fit({ v: data }, { epochs: 1, learningRate: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(devices)('units without limits on %s', (device) => {
  const units: [string, (n: number) => Units][] = [
    ['gaussian', gaussian],
    ['relu', relu],
    ['doubleRelu', doubleRelu],
  ];
  const create = (make: (n: number) => Units) =>
    new BoltzmannMachine({ layers: { v: make(3), h: relu(2) }, couplings: [['v', 'h']], seed: 1, device });
  const draws = new TestRandom(6);
  const plain = Array.from({ length: 60 }, () => draws.normals(3).map(Math.abs));

  it.each(units)('%s: values too large to be squared are refused by column, before anything changes', async (_, make) => {
    using machine = create(make);
    const large = plain.map((row) => [row[0]!, row[1]! * 1e30, row[2]!]);
    const before = Array.from(machine.getParameter('v.parameters').data);
    const failed = await machine.fit({ v: large }, { epochs: 1 }).then(null, (error: unknown) => error);
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(/column 1 of layer 'v' must be of a size up to 1e\+?15 .* standardise the column/);
    expect(Array.from(machine.getParameter('v.parameters').data)).toEqual(before);
    await expectSound(machine, plain, device);
  });

  it.each(units)('%s: a run that diverges names the column and leaves a model that works', async (_, make) => {
    for (const trained of [false, true]) {
      using machine = create(make);
      if (trained) await machine.fit({ v: plain }, { epochs: 2 });
      const odd = plain.map((row) => [row[0]!, row[1]!, row[2]! * 1e12]);
      const failed = await machine.fit({ v: odd }, { epochs: 50 }).then(null, (error: unknown) => error);
      expect(failed).toBeInstanceOf(DivergenceError);
      expect((failed as Error).message).toMatch(
        /column 2 of layer 'v' is furthest .*: standardise the columns .*, or lower the learning rate/,
      );
      await expectSound(machine, plain, device);
    }
  });

  it.each(units)('%s: constant columns do no harm, and are named', async (_, make) => {
    for (const value of [0, 1, 3, 100]) {
      using machine = create(make);
      const data = plain.map((row) => [row[0]!, value, row[2]!]);
      const reports = await machine.fit({ v: data }, { epochs: 300, batchSize: 20, monitorBudget: 0 });
      expect(reports.at(-1)!.warnings).toHaveLength(1);
      expect(reports.at(-1)!.warnings[0]).toMatch(
        new RegExp(`column 1 of layer 'v' is constant, always ${value}: .* leave such columns out`),
      );
      const precisions = Array.from(machine.getParameter('v.parameters').data).slice(3, 6);
      // 60 rows that do not move: a variance of max(1/60, (value / 100)²).
      expect(precisions[1]!).toBeCloseTo(-Math.log(Math.min(1, Math.max(1 / 60, value ** 2 / 1e4))), 4);
      await expectSound(machine, data, device);
    }
  });
});

describe.each(devices)('weights of rows on %s', (device) => {
  it('may be as small as numbers are', async () => {
    const bits = await Promise.all(
      [1, 5e-324, 2 ** 1000].map(async (weight) => {
        using rbm = create(device);
        await rbm.fit(rows, { ...base, epochs: 3, sampleWeights: rows.map(() => weight) });
        return parameterBits(rbm);
      }),
    );
    expect(bits[1]).toBe(bits[0]);
    expect(bits[2]).toBe(bits[0]);
  });
});

describe('bad input', () => {
  it.each([
    [{ onDivergence: 'retry' }, /`onDivergence` must be 'throw', 'rollback' or an object/],
    [{ onDivergence: { retries: 0 } }, /`onDivergence.retries` must be/],
    [{ onDivergence: { factor: 0 } }, /`onDivergence.factor` must be a number in \(0, 1\]/],
    [{ onDivergence: { factor: 2 } }, /`onDivergence.factor` must be/],
    [{ onDivergence: { rate: 2 } }, /rate/],
    [{ monitorBudget: -1 }, /`monitorBudget` must be/],
    [{ monitorBudget: Number.NaN }, /`monitorBudget` must be/],
  ] as [FitOptions, RegExp][])('%o', async (options, message) => {
    using rbm = new RBM({ visible: 6, hidden: 2 });
    await expect(rbm.fit(rows, options)).rejects.toThrow(message);
    expect(rbm.training).toBeNull();
  });
});
