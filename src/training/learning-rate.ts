import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';

/** Where a schedule goes, and when it sets out. */
export interface ScheduleOptions {
  /** Rate after the last update. Default 0. */
  readonly to?: number | undefined;
  /** Fraction of the run, in [0, 1], during which the rate stays at its first value. Default 0. */
  readonly hold?: number | undefined;
}

/** A learning rate that falls (or rises) over a run; {@link linear} and {@link cosine} make it. */
export interface LearningRateSchedule extends ScheduleOptions {
  /** 'linear', or half a period of a cosine. */
  readonly schedule: 'linear' | 'cosine';
  /** Rate of the first update. */
  readonly from: number;
}

/** A learning rate that goes from `from` in a straight line to `to`, such as `linear(0.1, { hold: 0.3 })`. */
export const linear = (from: number, options: ScheduleOptions = {}): LearningRateSchedule => scheduleOf('linear', from, options);
/** A learning rate that goes from `from` to `to` along half a period of a cosine. */
export const cosine = (from: number, options: ScheduleOptions = {}): LearningRateSchedule => scheduleOf('cosine', from, options);

function scheduleOf(schedule: 'linear' | 'cosine', from: number, options: ScheduleOptions): LearningRateSchedule {
  const { to, hold } = readOptions(schedule, options, ['to', 'hold']);
  return Object.freeze(readSchedule(new OptionCheck(schedule), { schedule, from, to, hold }).schedule);
}

/**
 * Learning rates: one for all updates, a schedule, a table with one entry per update (the last one holds for all later ones), or a
 * function of the update's number, from 0, that is called once for every update before the run begins.
 */
export type LearningRate =
  | number
  | readonly number[]
  | Float64Array
  | Float32Array
  | LearningRateSchedule
  | ((update: number, updates: number) => number);

/** The learning rates of a run. */
export interface LearningRates {
  /** What the table follows, for files; null when only the table says it. */
  readonly schedule: LearningRateSchedule | null;
  /** The rate of every update of a run of so many; the last entry holds for all later ones. */
  table(totalSteps: number): Float64Array;
}

/** A table larger than this is refused: it would hold more than 400 MB. */
const longestTable = 50_000_000;

/**
 * Checks a learning rate.
 *
 * @param call - Public call, for messages.
 * @param given - What the caller passed.
 * @param fallback - Used when it is undefined; of a schedule only the first rate in a run that is too long for a table.
 */
export function readLearningRate(call: string, given: unknown, fallback: LearningRate): LearningRates {
  if (given === undefined) return typeof fallback === 'number' ? fixedRates(Float64Array.of(fallback)) : scheduledRates(call, fallback);
  const check = new OptionCheck(call);
  if (typeof given === 'number') return fixedRates(Float64Array.of(check.number('learningRate', given, 0)));
  if (typeof given === 'function') {
    const rate = given as (step: number, totalSteps: number) => unknown;
    return { schedule: null, table: (total) => tableOf(check, total, (step) => rate(step, total)) };
  }
  if (isTable(call, given)) {
    if (given.length === 0) throw check.error('learningRate', 'a number or a table of at least one number', 'an empty table');
    return fixedRates(tableOf(check, given.length, (step) => given[step]));
  }
  if (typeof given === 'object' && given !== null) return readSchedule(check, given);
  throw check.error('learningRate', 'a number, a table, a function or a schedule such as linear(0.1)', given);
}

function isTable(call: string, given: unknown): given is ArrayLike<unknown> {
  return readFrom(call, 'learningRate', () => Array.isArray(given) || given instanceof Float64Array || given instanceof Float32Array);
}

/** The same rates for a run of so many updates, by a table where they were a function: who gave it is asked once only. */
export function withoutFunction(rates: LearningRates, totalSteps: number): LearningRates {
  return rates.schedule === null ? fixedRates(rates.table(totalSteps)) : rates;
}

/** Rates that a table gives, whatever the number of updates. */
export function fixedRates(table: Float64Array): LearningRates {
  return { schedule: null, table: () => table };
}

/** Rates that follow a schedule; in a run that is too long for a table they stay at the first of them. */
export function scheduledRates(call: string, given: unknown): LearningRates {
  const { schedule, table } = readSchedule(new OptionCheck(call), given);
  return { schedule, table: (total) => table(total > longestTable ? 1 : total) };
}

function readSchedule(check: OptionCheck, given: unknown): LearningRates & { readonly schedule: LearningRateSchedule } {
  const { schedule, from, to, hold: held } = readOptions(check.call, given, ['schedule', 'from', 'to', 'hold'], 'learningRate');
  const shape = check.oneOf('learningRate.schedule', schedule, 'linear', ['linear', 'cosine']);
  if (from === undefined) throw check.error('learningRate.from', 'a finite number of at least 0', from);
  const begin = check.number('learningRate.from', from, 0);
  const end = check.number('learningRate.to', to, 0);
  const hold = check.number('learningRate.hold', held, 0, 0, 1);
  return {
    schedule: { schedule: shape, from: begin, to: end, hold },
    table: (total) => tableOf(check, total, (step) => scheduled(shape, begin, end, hold, step / total)),
  };
}

function scheduled(shape: 'linear' | 'cosine', from: number, to: number, hold: number, fraction: number): number {
  if (fraction <= hold) return from;
  const way = (fraction - hold) / (1 - hold);
  return from + (to - from) * (shape === 'linear' ? way : (1 - Math.cos(Math.PI * way)) / 2);
}

function tableOf(check: OptionCheck, length: number, rate: (step: number) => unknown): Float64Array {
  assertTable(check, length);
  const table = new Float64Array(length);
  for (let step = 0; step < length; step++) {
    const value = rate(step);
    if (typeof value !== 'number' || !(value >= 0) || value === Infinity) {
      throw check.error(`learningRate (update ${step})`, 'a finite number of at least 0', value);
    }
    table[step] = value;
  }
  return table;
}

function assertTable(check: OptionCheck, length: number): void {
  if (length <= longestTable) return;
  throw new ParameterError(`${check.call}: a learning rate that changes is limited to ${longestTable} updates, this run has ${length}`);
}
