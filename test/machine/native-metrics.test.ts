/** The pseudo-likelihood of a run's reports: the same units of the same rows at every epoch, its error, and the baseline beside it. */
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeEpochReport, NativeMachine, NativeRows, NativeTrainerOptions, NativeTrainerState } from '../../src/machine/native.js';
import { TestRandom } from '../oracle/random.js';
import { zLimit } from '../oracle/significance.js';
import { machineSpec, newMachine, trainerOptions } from './native-support.js';

const devices = ['cpu', 'reference'] as const;
const visible = 40;
const random = new TestRandom(7);
const bits = (rows: number) => Array.from({ length: rows }, () => random.coins(visible, 0.3));
const data = bits(120);
const validation = bits(60);

function rowsOf(machine: NativeMachine, rows: readonly number[][], missing = false): NativeRows {
  const { low, high, integers, group, leastSum, mostSum } = machine.domain(0);
  const cols = rows[0]!.length;
  const packed = new hostBackend.addon.Rows(cols, low, high, 0, integers, missing, group, false, leastSum, mostSum);
  packed.appendDense(Float32Array.from(rows.flat()), 0, rows.length, cols, 1, 1);
  return packed;
}

const layersOf = (type: string, places = visible, size = 1) => [
  { name: 'visible', type, units: places, size },
  { name: 'hidden', type: 'bernoulli', units: 15 },
];

function machineOf(device: 'cpu' | 'reference', seed = 1n, type = 'bernoulli', places = visible, size = 1): NativeMachine {
  return newMachine({ ...machineSpec(), device, seed, weightScale: 0.3, layers: layersOf(type, places, size) });
}

/** Updates that change nothing. */
const still: Partial<NativeTrainerOptions> = { learningRates: Float64Array.of(0), initialiseFromData: false };

async function train(
  machine: NativeMachine,
  more: Partial<NativeTrainerOptions>,
  state: NativeTrainerState | null = null,
): Promise<{ reports: NativeEpochReport[]; state: NativeTrainerState }> {
  const rows = more.data ?? [{ layer: 0, rows: rowsOf(machine, data) }];
  const trainer = machine.trainer(trainerOptions(rows[0]!.rows, { monitorRows: 1000, ...more }), state, state !== null);
  const reports: NativeEpochReport[] = [];
  await trainer.run(trainer.totalSteps, (_, epochs) => reports.push(...epochs)).promise;
  return { reports, state: trainer.state() };
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Mean and standard error of one value per row. */
function meanAndError(values: readonly number[]): [number, number] {
  const centre = mean(values);
  return [centre, Math.sqrt(values.reduce((s, x) => s + (x - centre) ** 2, 0) / (values.length - 1) / values.length)];
}

describe.each(devices)('on %s', (device) => {
  it('a machine that does not change has the same numbers at every epoch', async () => {
    const machine = machineOf(device);
    const { reports } = await train(machine, { ...still, epochs: 5 });
    const numbers = reports.map((r) => [r.pseudoLikelihood, r.pseudoLikelihoodError, r.baseline, r.freeEnergyGap]);
    expect(numbers[0]!.slice(0, 3).every(Number.isFinite)).toBe(true);
    for (const later of numbers) expect(later).toEqual(numbers[0]);
    // A new run of the same machine on the same rows watches the same units.
    const again = await train(machine, { ...still, epochs: 1 });
    expect(again.reports[0]!.pseudoLikelihood).toBe(numbers[0]![0]);
  });

  it('so have rows that lack values', async () => {
    const machine = machineOf(device);
    const holes = data.map((row, r) => row.map((value, i) => ((7 * r + i) % 9 === 0 ? Number.NaN : value)));
    const { reports } = await train(machine, { ...still, epochs: 4, data: [{ layer: 0, rows: rowsOf(machine, holes, true) }] });
    const numbers = reports.map((r) => [r.pseudoLikelihood, r.baseline]);
    for (const later of numbers) expect(later).toEqual(numbers[0]);
  });

  it('its mean over seeds is the exact value, and its error is honest', async () => {
    const estimates: number[] = [];
    const errors: number[] = [];
    let exact = 0;
    let overRows = 0;
    let parameters: [string, Float32Array | Float64Array][] = [];
    const seeds = 60;
    for (let seed = 1; seed <= seeds; ++seed) {
      const machine = machineOf(device, BigInt(seed));
      // The same machine under other random words.
      if (seed === 1) parameters = machine.parameters().map(({ name }) => [name, machine.getParameter(name)]);
      for (const [name, values] of parameters) machine.setParameter(name, values);
      const { reports } = await train(machine, { ...still, epochs: 1, validation: [{ layer: 0, rows: rowsOf(machine, validation) }] });
      estimates.push(reports[0]!.pseudoLikelihood);
      errors.push(reports[0]!.pseudoLikelihoodError);
      if (seed > 1) continue;
      const all = machine.pseudoLikelihood([{ layer: 0, rows: rowsOf(machine, validation) }], true, true) as Float64Array;
      [exact, overRows] = meanAndError(Array.from(all));
    }
    const [centre, spread] = meanAndError(estimates);
    expect(Math.abs(centre - exact)).toBeLessThan(zLimit(1) * spread);
    // Over seeds only the units differ, so they spread less than the error, which counts the rows too; all of it is at least that of rows.
    expect(spread * Math.sqrt(seeds)).toBeLessThan(mean(errors));
    expect(mean(errors)).toBeGreaterThan(overRows);
    expect(Math.abs(estimates[0]! - exact)).toBeLessThan(5 * errors[0]!);
  });

  it('more budget takes more units, up to the sum over all of them', async () => {
    const machine = machineOf(device);
    const { reports } = await train(machine, { ...still, epochs: 1, monitorBudget: 1000 });
    const all = machine.pseudoLikelihood([{ layer: 0, rows: rowsOf(machine, data) }], true, true) as Float64Array;
    const [centre, error] = meanAndError(Array.from(all));
    expect(reports[0]!.pseudoLikelihood).toBeCloseTo(centre, 4);
    expect(reports[0]!.pseudoLikelihoodError).toBeCloseTo(error, 4);
    const [poor] = (await train(machine, { ...still, epochs: 1, monitorBudget: 1e-6 })).reports;
    expect(Math.abs(poor!.pseudoLikelihood - centre)).toBeGreaterThan(1e-3);
    expect(poor!.pseudoLikelihoodError).toBeGreaterThan(error);
  });

  it('a resumed run reports what an uninterrupted one does', async () => {
    const options = { epochs: 4, validation: [] as NativeTrainerOptions['validation'] };
    const whole = await train(machineOf(device), options);
    const machine = machineOf(device);
    const trainer = machine.trainer(trainerOptions(rowsOf(machine, data), { monitorRows: 1000, ...options }), null, false);
    const reports: NativeEpochReport[] = [];
    await trainer.run(2 * trainer.stepsPerEpoch + 3, (_, epochs) => reports.push(...epochs)).promise;
    const state = trainer.state();
    const other = machineOf(device);
    for (const { name } of machine.parameters()) other.setParameter(name, machine.getParameter(name));
    other.setCounters(machine.getCounters());
    reports.push(...(await train(other, options, state)).reports);
    const numbers = (all: NativeEpochReport[]) => all.map((r) => [r.epoch, r.pseudoLikelihood, r.pseudoLikelihoodError, r.baseline]);
    expect(numbers(reports)).toEqual(numbers(whole.reports));
    expect(new Set(reports.map((r) => r.pseudoLikelihood)).size).toBe(4);
    expect(new Set(reports.map((r) => r.baseline)).size).toBe(1);
  });

  it('one row has no error', async () => {
    const machine = machineOf(device);
    const one = { ...still, epochs: 1, batchSize: 1, data: [{ layer: 0, rows: rowsOf(machine, data.slice(0, 1)) }] };
    const [report] = (await train(machine, one)).reports;
    expect(report!.pseudoLikelihood).toSatisfy(Number.isFinite);
    expect(report!.pseudoLikelihoodError).toBeNaN();
  });

  describe('the baseline', () => {
    const all = { ...still, epochs: 1, monitorBudget: 1000 };

    it('of Bernoulli units: the log-odds of the means of the training rows, for the rows of validation', async () => {
      const machine = machineOf(device);
      const weights = data.map((_, r) => (r % 4) / 2);
      const p = data[0]!.map((_, i) => {
        const weighted = data.reduce((s, row, r) => s + weights[r]! * row[i]!, 0) / weights.reduce((a, b) => a + b);
        return (weighted * data.length + 0.5) / (data.length + 1); // one more row, half 0 and half 1
      });
      const expected = mean(validation.map((row) => row.reduce((s, x, i) => s + Math.log(x === 1 ? p[i]! : 1 - p[i]!), 0)));
      const more = { sampleWeights: Float64Array.from(weights), validation: [{ layer: 0, rows: rowsOf(machine, validation) }] };
      const [report] = (await train(machine, { ...all, ...more })).reports;
      expect(report!.baseline).toBeCloseTo(expected, 4);
    });

    it('of softmax units: the shares of the categories', async () => {
      const machine = machineOf(device, 1n, 'softmax', 12, 4);
      const categories = Array.from({ length: 80 }, () => Array.from({ length: 3 }, () => Math.floor(4 * random.uniform() ** 2)));
      const rows = categories.map((units) => units.flatMap((c) => Array.from({ length: 4 }, (_, k) => (k === c ? 1 : 0))));
      const share = (unit: number, k: number) => (categories.filter((row) => row[unit] === k).length + 1 / 4) / (80 + 1);
      const expected = mean(categories.map((row) => row.reduce((s, c, unit) => s + Math.log(share(unit, c)), 0)));
      const [report] = (await train(machine, { ...all, data: [{ layer: 0, rows: rowsOf(machine, rows) }] })).reports;
      expect(report!.baseline).toBeCloseTo(expected, 4);
    });

    it('of Gaussian units: mean and variance', async () => {
      const machine = machineOf(device, 1n, 'gaussian', 5);
      const rows = Array.from({ length: 70 }, () => random.normals(5, 1).map((x, i) => Math.fround((i + 1) * x + i)));
      const columns = Array.from({ length: 5 }, (_, i) => rows.map((row) => row[i]!));
      const means = columns.map(mean);
      const variances = columns.map((column, i) => mean(column.map((x) => (x - means[i]!) ** 2)));
      const density = (x: number, i: number) => -(Math.log(2 * Math.PI * variances[i]!) + (x - means[i]!) ** 2 / variances[i]!) / 2;
      const expected = mean(rows.map((row) => row.reduce((s, x, i) => s + density(x, i), 0)));
      const [report] = (await train(machine, { ...all, data: [{ layer: 0, rows: rowsOf(machine, rows) }] })).reports;
      expect(report!.baseline).toBeCloseTo(expected, 3);
      expect(report!.pseudoLikelihood).toSatisfy(Number.isFinite);
    });

    it('is for the same units as the pseudo-likelihood: they agree where hidden units say nothing', async () => {
      const machine = machineOf(device);
      machine.setParameter('visible-hidden.weights', machine.getParameter('visible-hidden.weights').fill(0));
      const options = { ...still, initialiseFromData: true, epochs: 1, monitorBudget: 1e-6 };
      const [report] = (await train(machine, options)).reports;
      expect(report!.pseudoLikelihood).toBeCloseTo(report!.baseline, 4);
    });

    it('is left out where the best fit is not known', async () => {
      const layers = [
        { name: 'visible', type: 'relu', units: 3 },
        { name: 'hidden', type: 'bernoulli', units: 2 },
      ];
      const machine = newMachine({ device, layers });
      const columns = (cols: number) => {
        const rows = new (hostBackend.addon.Rows)(cols, 0, cols === 3 ? machine.domain(0).high : 1);
        rows.appendDense(Float32Array.from({ length: 20 * cols }, (_, i) => i % 2), 0, 20, cols, 1, 1);
        return rows;
      }; // biome-ignore format: short
      const both = { ...still, epochs: 1, data: [0, 1].map((layer) => ({ layer, rows: columns(3 - layer) })) };
      const [report] = (await train(machine, both)).reports;
      expect(report!.pseudoLikelihood).toSatisfy(Number.isFinite);
      expect(report!.baseline).toBeNaN();
    });
  });
});
