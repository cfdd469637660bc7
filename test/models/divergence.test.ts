/** Runs that diverge: what is noticed, what the error says, and the way back to a good state. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, DivergenceError, type FitOptions, gaussian, RBM, relu } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { devices, parameterBits, type TestDevice } from './support.js';

const random = new TestRandom(4);
const rows = Array.from({ length: 40 }, () => random.coins(6));
const base: FitOptions = { epochs: 30, batchSize: 4, chains: 8, learningRate: 0.05, l2: 0, averageLast: 0 };

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
    expect(rbm.training).toMatchObject({ step: 64, complete: false });
    expect(rbm.weights.data.every(Number.isFinite)).toBe(true);
  });

  it('large weights that were there before are none', async () => {
    using rbm = create(device);
    rbm.weights = Array.from({ length: 6 }, () => [5000, -5000, 5000, 0]);
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
      onProgress: ({ step }) => steps.push(step),
    });
    const reports = await run;
    expect(rbm.training).toMatchObject({ step: 300, complete: true });
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
    expect(rbm.weights.data.every((w, i) => Math.abs(w - short.weights.data[i]!) < 0.02)).toBe(true);
    expect(reports.at(-1)!.weightNorm).toBeCloseTo(reports[9]!.weightNorm, 1);
  });

  it('gives up after so many returns, in the good state', async () => {
    using rbm = create(device);
    const options: FitOptions = { ...base, learningRate: spike, onDivergence: { retries: 2, factor: 1 } };
    const failed = await rbm.fit(rows, options).then(null, (error: unknown) => error);
    expect(failed).toBeInstanceOf(DivergenceError);
    expect((failed as Error).message).toMatch(
      /update 25\d .*, and 2 returns to good states did not help; the machine is that after update 100$/,
    );
    using short = create(device);
    await short.fit(rows, { ...base, epochs: 10 });
    expect(parameterBits(rbm)).toBe(parameterBits(short));
    expect(rbm.training).toMatchObject({ step: 100, complete: false });
  });

  it('costs no bit of a run that does not diverge', async () => {
    const bits: string[] = [];
    for (const onDivergence of ['throw', 'rollback'] as const) {
      using rbm = create(device);
      await rbm.fit(rows, { ...base, onDivergence, momentum: 0.5 });
      bits.push(parameterBits(rbm));
    }
    expect(bits[1]).toBe(bits[0]);
  });

  it('units without limits find a rate that they can bear', async () => {
    using machine = new BoltzmannMachine({ layers: { v: gaussian(4), h: relu(3) }, couplings: [['v', 'h']], device, seed: 1 });
    const data = { v: Array.from({ length: 100 }, () => random.normals(4, 1)) };
    const options = { epochs: 60, batchSize: 50, learningRate: 3 };
    await expect(machine.fit(data, options)).rejects.toThrow(DivergenceError);
    using again = new BoltzmannMachine({ layers: { v: gaussian(4), h: relu(3) }, couplings: [['v', 'h']], device, seed: 1 });
    const reports = await again.fit(data, { ...options, onDivergence: { retries: 20, factor: 0.3 } });
    expect(reports.at(-1)!.rollbacks).toBeGreaterThan(0);
    expect(reports.at(-1)!.epoch).toBe(60);
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
