/**
 * Binary codes of rows: bits that say which units of a code layer are on, eight to a byte.
 *
 * Salakhutdinov & Hinton, "Semantic hashing", International Journal of Approximate Reasoning 50 (2009):
 * a deep autoencoder whose code units are nearly on or off, so that little is lost when they are cut at
 * a threshold. Rows of like meaning then have codes that differ in few bits.
 */
import { OptionCheck, readOptions } from '../../arguments.js';
import { describeAnyRows } from '../../data/any-rows.js';
import type { BitRowsInput, RowsInput } from '../../data/rows-input.js';
import { asVector, toFloat64 } from '../../data/vector.js';
import { subject, type Where } from '../../data/where.js';
import { ParameterError, ShapeError } from '../../errors.js';

/** Where a unit counts as on. */
export interface HashOptions {
  /**
   * A unit is on where its activity is above this: one number (default 0.5), one for each unit, or
   * `'median'`: that of each unit over these rows, so that every bit is on for about half of them.
   */
  readonly threshold?: number | 'median' | ArrayLike<number> | undefined;
}

/** Codes in the form of rows that models and {@link HammingIndex} take. */
export interface HashCodes extends BitRowsInput {
  /** [n, ⌈units / 8⌉], the first unit in the highest bit. */
  readonly bits: Uint8Array;
  /** [n, units]. */
  readonly shape: readonly [number, number];
  readonly order: 'msb';
  /** What the activity of each unit was compared with: `threshold` for the codes of other rows. */
  readonly thresholds: Float64Array;
}

/**
 * Packed binary codes of the activities of a code layer, such as `autoencoder.encode(rows)`.
 *
 * @param activities - [n, units] without missing values.
 * @param options - Where a unit counts as on.
 * @returns The codes; `{ threshold: codes.thresholds }` cuts other rows at the same places.
 * @throws `ShapeError` where there are no rows, `ParameterError` where a value is missing or a threshold
 *   makes no sense.
 */
export function hashCodes(activities: RowsInput, options?: HashOptions): HashCodes {
  const call = 'hashCodes';
  const where: Where = { call, argument: 'activities', units: 'units' };
  const { threshold } = readOptions(call, options, ['threshold']);
  const host = describeAnyRows(activities, where);
  const { rows, cols } = host;
  if (rows === 0 || cols === 0) throw new ShapeError(`${subject(where)} must have at least one row and one unit, got [${rows}, ${cols}]`);
  const values = toFloat64(host);
  const bad = values.findIndex(Number.isNaN);
  if (bad >= 0) throw new ParameterError(`${subject(where, `[${Math.floor(bad / cols)}, ${bad % cols}]`)} must be a number, got NaN`);
  const thresholds = readThresholds(call, threshold, values, cols);
  return { bits: packed(values, rows, cols, thresholds), shape: [rows, cols], order: 'msb', thresholds };
}

function readThresholds(call: string, given: unknown, values: Float64Array, cols: number): Float64Array {
  if (given === 'median') return medians(values, cols);
  if (given === undefined || typeof given === 'number') {
    if (Number.isNaN(given)) throw new OptionCheck(call).error('threshold', 'a number', given);
    return new Float64Array(cols).fill(given ?? 0.5);
  }
  if (typeof given === 'object' && given !== null) return asVector(given, cols, { call, argument: 'threshold', units: 'units' });
  throw new OptionCheck(call).error('threshold', "a number, 'median', or one number for each unit", given);
}

/** The lower of the two middle values where their number is even: "above" then splits the rows in halves. */
function medians(values: Float64Array, cols: number): Float64Array {
  const rows = values.length / cols;
  return Float64Array.from({ length: cols }, (_, c) => {
    const column = Float64Array.from({ length: rows }, (_, r) => values[r * cols + c] as number).sort();
    return column[Math.floor((rows - 1) / 2)] as number;
  });
}

function packed(values: Float64Array, rows: number, cols: number, thresholds: Float64Array): Uint8Array {
  const stride = Math.ceil(cols / 8);
  const bits = new Uint8Array(rows * stride);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++, i++) {
      if ((values[i] as number) > (thresholds[c] as number)) bits[r * stride + (c >> 3)]! |= 0x80 >> (c & 7);
    }
  }
  return bits;
}
