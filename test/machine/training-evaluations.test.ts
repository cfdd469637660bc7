/** Evaluations between the updates of a run: when they come, what they are given, and how they end. */
import { describe, expect, it } from 'vitest';
import { describeRows } from '../../src/data/rows-input.js';
import type { Evaluation } from '../../src/estimators/results.js';
import { Machine } from '../../src/machine/machine.js';
import type { NativeMachine } from '../../src/machine/native.js';
import { fixedRates } from '../../src/training/learning-rate.js';
import { readSettings } from '../../src/training/options.js';
import { partNames } from '../../src/training/rates.js';
import type { PlannedEvaluation, TrainingPlan, TrainingRecord } from '../../src/training/record.js';
import { TrainingRun } from '../../src/training/run.js';
import { train } from '../../src/training/train.js';

const layers = ['visible', 'hidden'].map((name) => ({ name, type: 'bernoulli', units: name === 'visible' ? 6 : 4, size: 1 }));
const where = { call: 'test', argument: 'data', units: 'units' };
const input = (rows: number) => {
  const data = Array.from({ length: rows }, (_, r) => Array.from({ length: 6 }, (_, c) => ((r + c) % 3 === 0 ? 1 : 0)));
  return [{ layer: 0, host: describeRows(data, 6, where), where }];
};

const newMachine = () => new Machine('test', { device: 'cpu', threads: 1, seed: 5n, weightScale: 0.1, layers, couplings: [[0, 1]] });

/** Ten updates an epoch. */
function planOf(machine: Machine, epochs: number, more: Partial<TrainingPlan> = {}): TrainingPlan {
  return {
    call: 'test',
    data: input(20),
    validation: [],
    sampleWeights: null,
    settings: readSettings('test', { batchSize: 2 }, { epochs, batchSize: 2, l2: 0, averageLast: 0, parts: partNames(machine.spec) }),
    learningRates: fixedRates(Float64Array.of(0.1)),
    previous: null,
    stream: false,
    resume: false,
    signal: undefined,
    onProgress: undefined,
    checkpoint: undefined,
    evaluation: undefined,
    best: null,
    ...more,
  };
}

function start(machine: Machine, plan: TrainingPlan): { run: TrainingRun; kept: () => TrainingRecord } {
  let kept: TrainingRecord | undefined;
  const run = new TrainingRun((control) => train(machine, { ...plan, plan: () => plan }, control, (record) => (kept = record)));
  return { run, kept: () => kept as TrainingRecord };
}

/** Says which of them it is, so that reports can be told apart. */
const numbered = (converged: boolean, count: number) => ({ converged, effectiveSampleSize: count }) as unknown as Evaluation;

const willing = () => Promise.resolve();

function counting(every: number, during: (native: NativeMachine) => void = () => undefined) {
  const seen: { rows: number; weights: number[] }[] = [];
  const run: PlannedEvaluation['run'] = async (native, rows) => {
    seen.push({ rows: rows[0]!.rows.rows, weights: Array.from(native.getParameter('visible-hidden.weights')) });
    during(native);
    await new Promise((done) => setTimeout(done, 1));
    return numbered(true, seen.length);
  };
  return { seen, plan: { every, run, check: willing } };
}

const weightsOf = (machine: Machine) => Array.from(machine.parameter('test', 'visible-hidden.weights'));

describe('evaluations of a run', () => {
  it('come before the checkpoint of the same update: who goes on from it has been told all before it', async () => {
    const machine = newMachine();
    const order: string[] = [];
    const { plan } = counting(1, () => order.push('evaluation'));
    // A file takes its time; one turn of the event loop is the least.
    const save = async (_: NativeMachine, { step }: TrainingRecord) => {
      await new Promise((done) => setImmediate(done));
      order.push(`checkpoint ${step}`);
    };
    const checkpoint = { every: 10, save };
    const { run } = start(machine, planOf(machine, 2, { evaluation: plan, checkpoint }));
    for await (const { epoch } of run) order.push(`report ${epoch}`);
    expect(order).toEqual(['evaluation', 'report 1', 'checkpoint 10', 'evaluation', 'report 2', 'checkpoint 20']);
  });

  it('come every so many epochs and after the last, each in its own report, in order', async () => {
    const machine = newMachine();
    const { seen, plan } = counting(3);
    const reports = await start(machine, planOf(machine, 8, { evaluation: plan })).run;
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(reports.map(({ evaluation }) => evaluation?.effectiveSampleSize ?? null)).toEqual([null, null, 1, null, null, 2, null, 3]);
    expect(seen.at(-1)!.weights).toEqual(weightsOf(machine));
    expect(new Set(seen.map(({ weights }) => String(weights))).size).toBe(3);
  });

  it('reach whoever iterates with their epoch, before training goes on', async () => {
    const machine = newMachine();
    const { seen, plan } = counting(1);
    const { run } = start(machine, planOf(machine, 4, { evaluation: plan }));
    const order: number[] = [];
    for await (const { epoch, evaluation } of run) {
      order.push(epoch);
      expect(evaluation?.effectiveSampleSize).toBe(epoch);
    }
    expect(order).toEqual([1, 2, 3, 4]);
    expect(seen).toHaveLength(4);
  });

  it.each([
    [0, 20],
    [7, 7],
  ])('are about the validation rows, or without any (%d) the training rows', async (validationRows, expected) => {
    const machine = newMachine();
    const { seen, plan } = counting(1);
    const validation = validationRows === 0 ? [] : input(validationRows);
    await start(machine, planOf(machine, 1, { evaluation: plan, validation })).run;
    expect(seen.map(({ rows }) => rows)).toEqual([expected]);
  });

  it('change no bit of the parameters, of the training state or of later random numbers, even when they draw', async () => {
    const [plain, watched] = [newMachine(), newMachine()];
    const draw = (native: NativeMachine) => native.setCounters(native.getCounters().map((count) => count + 17n));
    const without = start(plain, planOf(plain, 5));
    await without.run;
    // Saved at other updates than those of the evaluations, as well as at some of them.
    let saves = 0;
    const checkpoint = { every: 7, save: async () => void saves++ };
    const withThem = start(watched, planOf(watched, 5, { evaluation: counting(2, draw).plan, checkpoint }));
    await withThem.run;
    expect(saves).toBe(8);
    expect(weightsOf(watched)).toEqual(weightsOf(plain));
    expect(watched.counters('test')).toEqual(plain.counters('test'));
    expect(withThem.kept().state).toEqual(without.kept().state);
  });

  it('end with the signal: the run rejects with its reason, loses no report, and goes on from there bit for bit', async () => {
    const machine = newMachine();
    const abort = new AbortController();
    const reason = new Error('enough');
    const waiting: PlannedEvaluation['run'] = (_native, _rows, signal) => {
      setTimeout(() => abort.abort(reason), 1);
      return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)));
    };
    const { run, kept } = start(
      machine,
      planOf(machine, 4, { evaluation: { every: 2, run: waiting, check: willing }, signal: abort.signal }),
    );
    const got: [number, unknown][] = [];
    const iterated = (async () => {
      for await (const { epoch, evaluation } of run) got.push([epoch, evaluation]);
    })();
    await expect(iterated).rejects.toBe(reason);
    expect(got).toEqual([
      [1, null],
      [2, null],
    ]);
    expect(kept().step).toBe(20);
    const resumed = await start(machine, planOf(machine, 4, { evaluation: counting(2).plan, previous: kept(), resume: true })).run;
    expect(resumed.map(({ epoch, evaluation }) => [epoch, evaluation?.effectiveSampleSize ?? null])).toEqual([
      [3, null],
      [4, 1],
    ]);
    const whole = newMachine();
    await start(whole, planOf(whole, 4)).run;
    expect(weightsOf(machine)).toEqual(weightsOf(whole));
  });

  it('end with stop(): the run resolves', async () => {
    const machine = newMachine();
    const waiting: PlannedEvaluation['run'] = (_native, _rows, signal) => {
      setTimeout(() => started.run.stop(), 1);
      return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)));
    };
    const started = start(machine, planOf(machine, 3, { evaluation: { every: 1, run: waiting, check: willing } }));
    expect((await started.run).map(({ epoch, evaluation }) => [epoch, evaluation])).toEqual([[1, null]]);
  });

  it('that cannot be made are refused before training begins', async () => {
    const machine = newMachine();
    const before = weightsOf(machine);
    const { plan } = counting(2);
    const check = () => Promise.reject(new RangeError('grey rows'));
    await expect(start(machine, planOf(machine, 5, { evaluation: { ...plan, check } })).run).rejects.toThrow('grey rows');
    expect(weightsOf(machine)).toEqual(before);
  });

  it('that fail end the run with their error, its report not lost', async () => {
    const machine = newMachine();
    const failing = { every: 2, run: () => Promise.reject(new RangeError('no likelihood')), check: willing };
    const { run } = start(machine, planOf(machine, 5, { evaluation: failing }));
    const epochs: number[] = [];
    const iterated = (async () => {
      for await (const { epoch } of run) epochs.push(epoch);
    })();
    await expect(iterated).rejects.toThrow('no likelihood');
    expect(epochs).toEqual([1, 2]);
    expect(machine.busy).toBe(false);
  });
});
