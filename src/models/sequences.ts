/**
 * Sequences of frames, and the windows of them that a model with a history learns: each frame with
 * the frames before it.
 */
import { readOptions } from '../arguments.js';
import { rowMajor } from '../data/host-rows.js';
import { describeRows, type HostRows, type RowsInput, type Where } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { subject } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';

/** One sequence, [frames, visible], or several of any lengths. */
export type Sequences =
  | RowsInput
  | {
      /** The sequences, each [frames, visible]. */
      readonly sequences: readonly RowsInput[];
    };

/** The frames of a sequence, row-major. */
export interface Frames {
  readonly values: Float64Array;
  readonly count: number;
}

/** Frames with the frames before them, oldest first; as many rows in both. */
export interface Windows {
  readonly visible: HostRows;
  readonly history: HostRows;
}

/** Reads a sequence of at least `least` frames; NaN where a value is missing. */
export function readFrames(input: unknown, visible: number, least: number, where: Where): Frames {
  const host = describeRows(input, visible, where);
  if (host.rows < least) {
    throw new ShapeError(`${subject(where)} must have at least ${least} frames, got ${host.rows}`);
  }
  return { values: toFloat64(host), count: host.rows };
}

/** Refuses a value that is missing among the first frames. */
export function requireComplete({ values }: Frames, frames: number, visible: number, where: Where): void {
  const missing = values.subarray(0, frames * visible).findIndex(Number.isNaN);
  if (missing < 0) return;
  const place = `[${Math.floor(missing / visible)}, ${missing % visible}]`;
  throw new ParameterError(`${subject(where, place)} must be a value, got NaN: nothing may be missing in the frames that others follow`);
}

/** The windows of sequences in which no value is missing. */
export function windowsOf(input: unknown, visible: number, history: number, where: Where): Windows {
  const all = listed(where.call, input).map((sequence, i, { length }) => {
    const named = length === 1 ? where : { ...where, argument: `${where.argument}.sequences[${i}]` };
    const frames = readFrames(sequence, visible, history + 1, named);
    requireComplete(frames, frames.count, visible, named);
    return frames;
  });
  if (all.length === 0) throw new ShapeError(`${subject(where, '.sequences')} must have at least one sequence, got none`);
  return all.length === 1 ? viewed(all[0] as Frames, visible, history) : copied(all, visible, history);
}

function listed(call: string, input: unknown): readonly unknown[] {
  if (typeof input !== 'object' || input === null || !('sequences' in input)) return [input];
  const { sequences } = readOptions(call, input, ['sequences'], 'data');
  if (!Array.isArray(sequences)) throw new ParameterError(`${call}: \`sequences\` must be a list of sequences`);
  return sequences;
}

/** Windows of one sequence overlap in memory, so nothing is copied. */
function viewed({ values, count }: Frames, visible: number, history: number): Windows {
  const rows = count - history;
  const rowsFrom = (offset: number, cols: number): HostRows => ({
    ...{ kind: 'dense', data: values, offset, rows, cols },
    ...{ rowStride: visible, colStride: 1, scale: 1 },
  });
  return { visible: rowsFrom(history * visible, visible), history: rowsFrom(0, history * visible) };
}

function copied(all: readonly Frames[], visible: number, history: number): Windows {
  const rows = all.reduce((sum, { count }) => sum + count - history, 0);
  const width = history * visible;
  const [now, before] = [new Float64Array(rows * visible), new Float64Array(rows * width)];
  let row = 0;
  for (const { values, count } of all) {
    for (let t = history; t < count; t++, row++) {
      now.set(values.subarray(t * visible, (t + 1) * visible), row * visible);
      before.set(values.subarray((t - history) * visible, t * visible), row * width);
    }
  }
  return { visible: rowMajor(now, rows), history: rowMajor(before, rows) };
}
