/**
 * Trajectory tempering on machines with two modes that single-site sweeps seldom cross, small enough to count all states. With a learning rate of
 * 0 the machine stands still, and whatever its chains and its log Z are off by is the algorithm's fault.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  type EpochReport,
  type FitOptions,
  gaussian,
  type Progress,
  pcd,
  ptt,
  RBM,
  spin,
  type TrajectoryOptions,
} from '../../src/index.js';
import { decodeSafetensors } from '../../src/io/safetensors.js';
import { bitVectors, freeEnergy, layerMarginal, sum } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';
import { devices, oracleOf, setParameters } from './support.js';

const visible = 8;
const hidden = 4;
const states = bitVectors(visible);
const mean = (values: number[]) => sum(values) / values.length;
const deviation = (values: number[]) => Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));

/** A pattern and its negative, of unlike weight. */
function teacher(): OracleRbm {
  const random = new TestRandom(5);
  const pattern = random.coins(visible).map((x) => 2 * x - 1);
  const weights = pattern.map((sign) => random.normals(hidden, 0.3).map((noise) => 3 * sign + noise));
  return {
    weights,
    visibleBias: weights.map((row) => 0.1 - sum(row) / 2),
    hiddenBias: weights[0]!.map((_, j) => -sum(weights.map((row) => row[j]!)) / 2),
  };
}

const oracle = teacher();
const table = layerMarginal(asMachine(oracle), 0);
const energies = states.map((v) => freeEnergy(asMachine(oracle), [v, null]));
const drawn = (n: number) => Array.from(new TestRandom(9).draws(table, n), (cell) => states[cell]!);

/** Over many seeds: how far the chains' mean free energy is from the model's, and how far log Z is off in its own standard errors. */
async function runs(algorithm: 'pcd' | 'ptt', seeds: number) {
  const rows = drawn(40);
  const data = mean(rows.map((row) => freeEnergy(asMachine(oracle), [row, null])));
  const model = sum(energies.map((energy, i) => table[i]! * energy));
  const exact = -data - Math.log(sum(energies.map((energy) => Math.exp(-energy))));
  const many = Array.from({ length: 500 }, () => rows).flat();
  const options: FitOptions = {
    learningRate: 0,
    epochs: 1,
    batchSize: 40,
    initialiseFromData: false,
    monitorRows: many.length,
  };
  const gaps: number[] = [];
  const errors: number[] = [];
  let covered = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    using rbm = new RBM({ visible, hidden, seed, device: 'cpu', threads: 1 });
    setParameters(rbm, oracle);
    const [report] = await rbm.fit(many, {
      ...options,
      algorithm: algorithm === 'ptt' ? ptt({ chains: 50 }) : pcd({ chains: 50 }),
      monitorBudget: 0,
    });
    gaps.push(report!.chainFreeEnergyGap! + data - model);
    if (report!.logLikelihood === null) continue;
    const { value, low, high } = report!.logLikelihood;
    errors.push((value - exact) / ((high - low) / 4));
    if (low <= exact && exact <= high) covered++;
  }
  return { gap: mean(gaps), gapError: deviation(gaps) / Math.sqrt(seeds - 1), errors, covered };
}

describe('a machine that stands still', () => {
  it('keeps its distribution, where persistent chains are still far from it', async () => {
    const seeds = 24;
    const tempered = await runs('ptt', seeds);
    expect(Math.abs(tempered.gap)).toBeLessThan(4 * tempered.gapError);
    expect(tempered.gapError).toBeLessThan(0.04);
    // Of 24 intervals that hold the truth in 95 % of all cases, fewer than 19 do with a probability below 1e-3; the seeds are fixed.
    expect(tempered.covered).toBeGreaterThanOrEqual(19);
    expect(Math.abs(mean(tempered.errors))).toBeLessThan(5 / Math.sqrt(seeds));
    expect(deviation(tempered.errors)).toBeGreaterThan(0.5);
    const plain = await runs('pcd', seeds);
    expect(plain.errors).toEqual([]);
    expect(plain.gap).toBeGreaterThan(4 * plain.gapError);
  }, 120_000);
});

describe.each(devices)('on %s', (device) => {
  it('a student learns both modes of its teacher and knows its likelihood', async () => {
    const rows = drawn(4000);
    using rbm = new RBM({ visible, hidden, seed: 3, device, threads: 1 });
    const options: FitOptions = { algorithm: { name: 'ptt', chains: 100 }, batchSize: 100, epochs: 60, averageLast: 0.2 };
    const reports = await rbm.fit(rows, { ...options, learningRate: { schedule: 'linear', from: 0.1, hold: 0.5 } });
    const student = oracleOf(rbm);
    const learnt = layerMarginal(asMachine(student), 0);
    expect(sum(table.map((p, i) => p * Math.log(p / learnt[i]!)))).toBeLessThan(0.05);
    const watched = Array.from({ length: 1000 }, (_, r) => rows[4 * r]!);
    const exact = mean(watched.map((row) => Math.log(learnt[sum(row.map((bit, i) => bit << i))]!)));
    const { value, low, high } = reports.at(-1)!.logLikelihood!;
    expect(Math.abs(value - exact)).toBeLessThan(0.4);
    expect(exact).toBeGreaterThan(low);
    expect(exact).toBeLessThan(high);
    expect(high - low).toBeLessThan(1.5);
    expect(reports.every(({ logLikelihood }) => logLikelihood !== null)).toBe(true);
  });

  it('goes on with its ladder: reports after a save and a load are those of one run', async () => {
    const rows = drawn(200);
    const options: FitOptions = { algorithm: { name: 'ptt', chains: 20, acceptance: 0.9 }, batchSize: 20, epochs: 12, learningRate: 0.3 };
    const plain = (reports: EpochReport[]) => reports.map(({ seconds: _, ...report }) => report);
    const create = () => new RBM({ visible, hidden, seed: 8, device });
    using whole = create();
    const expected = plain(await whole.fit(rows, options));
    // Links are in the reports by their likelihood alone.
    expect(expected.at(-1)!.logLikelihood).not.toBeNull();
    using first = create();
    const path = join(await mkdtemp(join(tmpdir(), 'boltzkit-ladder-')), 'model');
    // Ends at update 65 at the latest, where the run waits for the checkpoint, and not before the ladder has rungs and links.
    const stopLate = ({ update }: Progress) => {
      if (update >= 50) run.stop();
    };
    const run = first.fit(rows, { ...options, checkpoint: { path, every: 65 }, onProgress: stopLate });
    await run;
    await first.save(path);
    const step = first.training!.update;
    expect(step).toBeGreaterThanOrEqual(50);
    expect(step).toBeLessThanOrEqual(65);
    using second = await RBM.load(path, { device });
    const rest = plain(await second.fit(rows, { resume: true }));
    expect(rest).toEqual(expected.slice(Math.floor(step / 10)));
    await second.save(path);
    const reservoirs = decodeSafetensors(await readFile(path), path).tensors.get('training/reservoirs');
    expect(reservoirs!.shape[0]).toBeGreaterThan(2);
    await rm(dirname(path), { recursive: true });
  });

  it('has no likelihood where there is no closed form, and takes any wiring', async () => {
    const layers = { v: spin(4), h: bernoulli(3), top: gaussian(2) };
    const couplings: [string, string][] = [
      ['v', 'h'],
      ['h', 'top'],
      ['v', 'v'],
    ];
    using machine = new BoltzmannMachine({ layers, couplings, device, seed: 2 });
    const rows = Array.from({ length: 20 }, (_, r) => [1, -1, r % 2 ? 1 : -1, r % 3 ? 1 : -1]);
    const reports = await machine.fit({ v: rows }, { algorithm: 'ptt', epochs: 5, learningRate: 0.1 });
    expect(reports.map(({ logLikelihood }) => logLikelihood)).toEqual([null, null, null, null, null]);
    expect(reports.every(({ weightNorm }) => Number.isFinite(weightNorm))).toBe(true);
  });
});

describe('bad input', () => {
  it.each([
    [{ reservoirs: 1 }, /`algorithm.reservoirs` must be/],
    [{ reservoirs: 2.5 }, /`algorithm.reservoirs` must be/],
    [{ acceptance: 0 }, /`algorithm.acceptance` must be a number in \(0, 1\)/],
    [{ acceptance: 1 }, /`algorithm.acceptance` must be/],
  ] as const)('%o', async (options, message) => {
    using rbm = new RBM({ visible: 2, hidden: 2 });
    await expect(rbm.fit([[0, 1]], { algorithm: ptt(options) })).rejects.toThrow(message);
    expect(rbm.training).toBeNull();
  });
});

describe('a log-likelihood that cannot be', () => {
  // Two rows of 16 places, learnt by heart: the best there is are -log 2 nats.
  const two = [Array.from({ length: 16 }, (_, i) => i % 2), Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : 0))];
  const learn = async (options: TrajectoryOptions): Promise<{ reports: EpochReport[]; exact: number }> => {
    using rbm = new RBM({ visible: 16, hidden: 6, seed: 1, threads: 1 });
    const reports = await rbm.fit(two, { algorithm: ptt(options), epochs: 5000 });
    const { logLikelihood } = await rbm.evaluate(two, { method: 'exact' });
    return { reports, exact: logLikelihood.mean };
  };

  it('is never reported', async () => {
    for (const chains of [1, 2, 16, undefined]) {
      const { reports } = await learn(chains === undefined ? {} : { chains });
      for (const { logLikelihood } of reports) {
        if (logLikelihood === null) continue;
        expect(logLikelihood.high).toBeLessThanOrEqual(0);
        expect(logLikelihood.value).toBeLessThanOrEqual(logLikelihood.high);
        expect(logLikelihood.low).toBeLessThanOrEqual(logLikelihood.value);
      }
      const said = reports.at(-1)!.warnings.join();
      if (chains !== undefined && chains < 16) {
        expect(reports.every((report) => report.logLikelihood === null)).toBe(true);
        expect(said).toMatch(new RegExp(`fewer than 16 .chains., this run has ${chains}`));
      }
    }
  });

  it('there are enough chains unless a number is given', async () => {
    const { reports, exact } = await learn({});
    const { low, high } = reports.at(-1)!.logLikelihood!;
    expect(exact).toBeGreaterThan(-1.5);
    expect(low).toBeLessThanOrEqual(exact);
    expect(high).toBeGreaterThanOrEqual(exact);
  });
});
