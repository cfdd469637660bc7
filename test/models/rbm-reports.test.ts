/** The numbers that a run reports at the end of an epoch, against their definitions and the oracle. */
import { describe, expect, it } from 'vitest';
import type { FitOptions } from '../../src/index.js';
import { bitVectors, freeEnergy, logPseudoLikelihood, sum, unitLogProbabilities } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, productTable, sigmoid, VisibleKernel } from '../oracle/rbm.js';
import { zLimit } from '../oracle/significance.js';
import { devices, expectZScores, modelOf, type TestDevice } from './support.js';

const oracle = randomRbm(5, 3, 1, 51);
const machine = asMachine(oracle);
const random = new TestRandom(3);
const rows = Array.from({ length: 30 }, () => random.coins(5));
const validation = Array.from({ length: 20 }, () => random.coins(5, 0.8));
const mean = (values: ArrayLike<number>) => sum(Array.from(values)) / values.length;

/** Updates that change nothing, so that every epoch reports on the model that the oracle knows. */
const still: FitOptions = { algorithm: { name: 'pcd', chains: 50 }, learningRate: 0, batchSize: 30, initialiseFromData: false };

/** The variance over draws of a row's estimate from four units, the least: the first three, and twice one of the last two. */
const drawn = (terms: number[]) => (terms[3]! - terms[4]!) ** 2;

/** The pseudo-likelihood that models with the oracle's parameters and different random words report: each draws its units anew. */
async function overSeeds(device: TestDevice, seeds: number, options: FitOptions): Promise<number[]> {
  const estimates: number[] = [];
  for (let seed = 1; seed <= seeds; ++seed) {
    using rbm = modelOf(oracle, device, { seed });
    const [report] = await rbm.fit(rows, { ...options, epochs: 1 });
    estimates.push(report!.pseudoLikelihood!);
  }
  return estimates;
}

describe.each(devices)('on %s', (device) => {
  it('free-energy gaps and the weight norm are those of the model as it stands', async () => {
    using rbm = modelOf(oracle, device);
    const history = await rbm.fit(rows, { ...still, learningRate: 0.3, epochs: 3, validation });
    const last = history.at(-1)!;
    expect(last.freeEnergyGap).toBeCloseTo(mean((await rbm.freeEnergy(validation)).data) - mean((await rbm.freeEnergy(rows)).data), 4);
    expect(last.weightNorm).toBeCloseTo(Math.sqrt(mean(Array.from(rbm.getParameter('visible-hidden.weights').data, (w) => w * w))), 5);
  });

  it('monitorRows watches that many evenly spaced rows, and none when it is 0', async () => {
    using rbm = modelOf(oracle, device);
    const [report] = await rbm.fit(rows, { ...still, epochs: 1, validation, monitorRows: 10 });
    const every = (data: number[][]) =>
      mean(Array.from({ length: 10 }, (_, n) => freeEnergy(machine, [data[Math.floor((n * data.length) / 10)]!, null])));
    expect(report!.freeEnergyGap).toBeCloseTo(every(validation) - every(rows), 4);
    const [silent] = await rbm.fit(rows, { ...still, epochs: 1, validation, monitorRows: 0 });
    expect([silent!.pseudoLikelihood, silent!.freeEnergyGap, silent!.chainFreeEnergyGap]).toEqual([null, null, null]);
    expect(silent!.weightNorm).toBeGreaterThan(0);
  });

  it('training rows count by their weights, validation rows alike', async () => {
    using rbm = modelOf(oracle, device);
    const sampleWeights = rows.map((_, r) => (r % 3 === 0 ? 0 : r * r));
    const weighted = (values: number[]) => sum(values.map((x, r) => x * sampleWeights[r]!)) / sum(sampleWeights);
    const training = weighted(rows.map((row) => freeEnergy(machine, [row, null])));
    const options = { ...still, sampleWeights, monitorBudget: 0 };
    const [report] = await rbm.fit(rows, { ...options, epochs: 1, validation });
    expect(report!.freeEnergyGap).toBeCloseTo(mean(validation.map((row) => freeEnergy(machine, [row, null]))) - training, 4);
    const terms = rows.map((row) => unitLogProbabilities(machine, 0, row));
    const variances = terms.map(drawn);
    const share = sampleWeights.map((w) => w / sum(sampleWeights));
    const estimates = await overSeeds(device, 60, { ...options, monitorBudget: 1e-9 });
    const error = Math.sqrt(sum(variances.map((v, r) => share[r]! ** 2 * v)) / estimates.length);
    expectZScores([mean(estimates)], [weighted(terms.map(sum))], [error], zLimit(1));
    // Fewer rows than weigh anything: places along the sum of the weights.
    const heavy = rows.map((_, r) => (r === 7 ? 1000 : 1));
    const [few] = await rbm.fit(rows, { ...still, epochs: 1, validation: rows.slice(0, 1), sampleWeights: heavy, monitorRows: 5 });
    expect(few!.freeEnergyGap).toBeCloseTo(freeEnergy(machine, [rows[0]!, null]) - freeEnergy(machine, [rows[7]!, null]), 4);
  });

  it.each([
    ['training', {}],
    ['validation', { validation }],
  ] as [string, FitOptions][])('the pseudo-likelihood is an unbiased estimate for %s rows', async (_, options) => {
    const estimates = await overSeeds(device, 60, { ...still, ...options, monitorBudget: 1e-9 });
    const watched = options.validation ? validation : rows;
    const expected = mean(watched.map((row) => logPseudoLikelihood(machine, 0, row)));
    const variance = mean(watched.map((row) => drawn(unitLogProbabilities(machine, 0, row))));
    const error = Math.sqrt(variance / watched.length / estimates.length);
    expectZScores([mean(estimates)], [expected], [error], zLimit(1));
  });

  it('the chain gap compares the negative particles with the data', async () => {
    using rbm = modelOf(oracle, device);
    const chains = 40_000;
    const sweeps = 3;
    const history = await rbm.fit(rows, { ...still, algorithm: { name: 'pcd', chains }, epochs: sweeps });
    const kernel = new VisibleKernel(oracle);
    let table = kernel.fromHidden(productTable(oracle.hiddenBias.map(sigmoid)));
    for (let n = 1; n < sweeps; ++n) table = kernel.sweep(table);
    const energies = bitVectors(5).map((v) => freeEnergy(machine, [v, null]));
    const expected = sum(energies.map((energy, i) => table[i]! * energy));
    const variance = sum(energies.map((energy, i) => table[i]! * (energy - expected) ** 2));
    const training = mean(rows.map((row) => freeEnergy(machine, [row, null])));
    expectZScores([history.at(-1)!.chainFreeEnergyGap!], [expected - training], [Math.sqrt(variance / chains)], zLimit(1));
  });
});
