/**
 * The rate of false alarms: exact by enumeration of ranks, and over many calibrations. Fixed seeds;
 * false alarms (of the tests) below 1e-6.
 */
import { describe, expect, it } from 'vitest';
import { array } from '../../src/data/ndarray.js';
import {
  AnomalyDetector,
  anomalyDetector,
  BoltzmannMachine,
  bernoulli,
  FormatError,
  ParameterError,
  RBM,
  type Scores,
} from '../../src/index.js';
import { modelOf } from '../models/support.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { zLimit } from '../oracle/significance.js';

const rbm = () => modelOf(randomRbm(6, 3, 1, 7), 'reference', { seed: 1 });
const zeros = (n: number) => new Float64Array(n);

/** A machine whose scores are the rows themselves. */
const plain = {
  score: async (rows: readonly number[]): Promise<Scores> => ({
    values: array(Float64Array.from(rows), [rows.length]),
    errors: array(zeros(rows.length), [rows.length]),
    effectiveSampleSizes: array(zeros(rows.length), [rows.length]),
    warnings: [],
  }),
  toJSON: () => ({ model: 'plain', layers: { row: 'number' }, couplings: [], seed: '0', device: 'cpu', training: null }),
};

describe('the rate of false alarms', () => {
  it.each([[0.1, 9], [0.1, 10], [0.1, 19], [0.25, 11], [0.01, 99], [0.01, 150], [0.5, 1], [0.07, 99], [0.3, 9]])(
    'is at most %s, and at most 1 / (n + 1) less, with %s ordinary rows',
    async (falseAlarms, n) => {
      // n + 1 exchangeable scores: each rank of the new one is as likely. All of them, one by one.
      const all = Array.from({ length: n + 1 }, (_, i) => i);
      let alarms = 0;
      for (const fresh of all) {
        const detector = await anomalyDetector(plain, all.filter((score) => score !== fresh), { falseAlarms });
        const [[alarm], [p]] = [[...(await detector.isAnomalous([fresh])).data], [...(await detector.pValues([fresh])).data]];
        expect(alarm).toBe(Number(p! <= falseAlarms + 1e-12));
        expect(p).toBeCloseTo((1 + all.filter((score) => score > fresh).length) / (n + 1), 12);
        alarms += alarm!;
      }
      expect(alarms / (n + 1)).toBeLessThanOrEqual(falseAlarms + 1e-12);
      expect(alarms / (n + 1)).toBeGreaterThan(falseAlarms - 1 / (n + 1));
    },
  ); // biome-ignore format: pairs on one line

  it('holds where scores repeat', async () => {
    const detector = await anomalyDetector(plain, [1, 1, 1, 1, 1, 1, 1, 1, 1], { falseAlarms: 0.3 });
    expect([...(await detector.isAnomalous([0, 1, 1.5])).data]).toEqual([0, 0, 1]);
  });

  it('holds for rows of a machine, over many calibrations', async () => {
    using machine = rbm();
    const [runs, calibration, fresh, falseAlarms] = [150, 60, 40, 0.1];
    const rows = await machine.sample(runs * (calibration + fresh), { sweeps: 30 });
    const block = (first: number, count: number) => ({ data: rows.data.subarray(first * 6, (first + count) * 6), shape: [count, 6] });
    const rates: number[] = [];
    for (let run = 0; run < runs; run++) {
      const detector = await anomalyDetector(machine, block(run * 100, calibration), { falseAlarms });
      const alarms = (await detector.isAnomalous(block(run * 100 + calibration, fresh))).data;
      rates.push(alarms.reduce((sum, alarm) => sum + alarm, 0) / fresh);
    }
    const mean = rates.reduce((a, b) => a + b) / runs;
    const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (runs - 1) / runs);
    expect(mean).toBeLessThanOrEqual(falseAlarms + zLimit(1) * deviation);
    expect(mean).toBeGreaterThan(0.01); // scores of a few states repeat, which makes alarms rarer
  });
});

describe('a detector', () => {
  it('scores as its machine does, and higher rows are the odd ones', async () => {
    using machine = rbm();
    const ordinary = await machine.sample(200, { sweeps: 50 });
    const detector = await anomalyDetector(machine, ordinary, { falseAlarms: 0.05 });
    expect([...(await detector.score(ordinary)).data]).toEqual([...(await machine.score(ordinary)).values.data]);
    const { data } = await detector.isAnomalous(ordinary);
    const scores = (await detector.score(ordinary)).data;
    expect([...data]).toEqual([...scores].map((score) => Number(score > detector.threshold)));
    expect(data.reduce((sum, alarm) => sum + alarm, 0)).toBeLessThanOrEqual(10);
    expect([detector.rows, detector.falseAlarms]).toEqual([200, 0.05]);
  });

  it('takes rows with gaps and machines with names', async () => {
    using machine = new BoltzmannMachine({ layers: { a: bernoulli(3), h: bernoulli(2) }, couplings: [['a', 'h']], seed: 1 });
    const random = new TestRandom(3);
    const row = () => Array.from({ length: 3 }, () => (random.uniform() < 0.2 ? Number.NaN : Number(random.uniform() < 0.5)));
    const detector = await anomalyDetector(machine, { a: Array.from({ length: 30 }, row) }, { falseAlarms: 0.1 });
    expect((await detector.isAnomalous({ a: [row()] })).shape).toEqual([1]);
  });

  it('goes through JSON and comes back the same', async () => {
    using machine = rbm();
    const detector = await anomalyDetector(machine, await machine.sample(120), { falseAlarms: 0.02 });
    const again = AnomalyDetector.from(machine, JSON.parse(JSON.stringify(detector)));
    expect(again.toJSON()).toEqual(detector.toJSON());
    expect(again.threshold).toBe(detector.threshold);
    const rows = await machine.sample(50);
    expect([...(await again.pValues(rows)).data]).toEqual([...(await detector.pValues(rows)).data]);
  });

  it('refuses what it cannot use, with what was expected', async () => {
    using machine = rbm();
    using other = new RBM({ visible: 5, hidden: 3 });
    const rows = await machine.sample(98);
    await expect(anomalyDetector(machine, rows)).rejects.toThrow('`ordinaryRows` must be at least 99 for `falseAlarms` of 0.01, got 98');
    await expect(anomalyDetector(machine, rows, { falseAlarms: 1 })).rejects.toThrow('`falseAlarms` must be a number in (0, 1), got 1');
    await expect(anomalyDetector(machine, rows, { rate: 0.1 } as never)).rejects.toThrow('there is no option `rate`');
    await expect(anomalyDetector({} as RBM, rows)).rejects.toThrow('`machine` must be an RBM or a BoltzmannMachine');
    const json = (await anomalyDetector(machine, rows, { falseAlarms: 0.1 })).toJSON();
    expect(() => AnomalyDetector.from(other, json)).toThrow(ParameterError);
    expect(() => AnomalyDetector.from(other, json)).toThrow('(visible: bernoulli(6), hidden: bernoulli(3)), got visible: bernoulli(5)');
    expect(() => AnomalyDetector.from(machine, { ...json, scores: ['1'] })).toThrow(FormatError);
    expect(() => AnomalyDetector.from(machine, { ...json, falseAlarms: 0 })).toThrow('falseAlarms');
    expect(() => AnomalyDetector.from(machine, { ...json, falseAlarms: 0.001 })).toThrow(FormatError);
    expect(() => AnomalyDetector.from(machine, null)).toThrow('`json` does not describe a detector');
  });
});
