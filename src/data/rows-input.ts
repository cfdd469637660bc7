import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { describeBits } from './bit-rows.js';
import { describeDense, describeFlat } from './dense-rows.js';
import type { Expect, HostRows } from './host-rows.js';
import { describeList } from './nested-rows.js';
import { readable } from './slices.js';
import { describeSparse } from './sparse-rows.js';
import { isTypedArray, type NumericArray } from './typed.js';
import { subject, type Where } from './where.js';

export type { HostBitRows, HostDenseRows, HostRows, HostSlicedRows, HostSparseRows } from './host-rows.js';
export type { NumericArray } from './typed.js';
export type { Where } from './where.js';

/**
 * An `ndarray`, anything shaped like one, or a typed array with its shape. Dimensions after the
 * first are taken together as the columns, so [n, 28, 28] images are rows of 784.
 */
export interface DenseRowsInput {
  /** The elements, row after row unless strides say otherwise. */
  readonly data: NumericArray | readonly (number | boolean | null)[];
  /** [rows, columns], or [columns] for a single row. */
  readonly shape: ArrayLike<number>;
  /** Elements between neighbours along each dimension; row-major without gaps if left out. */
  readonly stride?: ArrayLike<number>;
  /** Index of the first element; 0 if left out. */
  readonly offset?: number;
  /** Every value is multiplied by this, for example 1/255 for grey levels in bytes. */
  readonly scale?: number;
  /**
   * 1 (or true) where a value is present and 0 (or false) where it is missing, whatever `data`
   * holds there: one entry per value, row-major in `shape`. NaN in `data` is missing as well.
   */
  readonly mask?: NumericArray | readonly number[] | readonly boolean[];
}

/**
 * Bits, eight columns to a byte, every row starting on a byte boundary (as `numpy.packbits(rows,
 * axis=1)` makes them).
 */
export interface BitRowsInput {
  /** Eight columns to a byte; every row begins with a new byte. */
  readonly bits: Uint8Array;
  /** [rows, columns]. */
  readonly shape: ArrayLike<number>;
  /**
   * Which bit of a byte comes first: the most significant (default, numpy's 'big') or the least.
   */
  readonly order?: 'msb' | 'lsb';
}

/** Compressed sparse rows (CSR): row r has the entries `indptr[r]` to `indptr[r + 1]`. */
export interface SparseRowsInput {
  /** rows + 1 entries rising from 0 to the number of entries. */
  readonly indptr: NumericArray | readonly number[];
  /** The column of each entry, rising strictly within a row. */
  readonly indices: NumericArray | readonly number[];
  /** The value of each entry; ones if left out. */
  readonly values?: NumericArray | readonly number[] | null;
  /** [rows, columns]. */
  readonly shape: ArrayLike<number>;
}

/**
 * Rows of data in any of the forms that the models take. A flat array of numbers is one row. NaN
 * stands for a missing value, which training, imputation and clamping take and every other call
 * refuses; in plain arrays null does too, and true and false count as 1 and 0. Rows of more than
 * 2¹⁸ values are read while the call goes on: leave them alone until its promise settles.
 */
export type RowsInput =
  | DenseRowsInput
  | BitRowsInput
  | SparseRowsInput
  | readonly (readonly (number | boolean | null)[] | NumericArray)[]
  | readonly (number | boolean | null)[]
  | NumericArray;

/**
 * Checks type and shape of rows that a caller handed in and says where their elements lie.
 *
 * Values are left alone: what a unit type (or, of NaN, a call) refuses is found when they are
 * packed. Big data are not copied, so the result is good only while the caller's memory is; what
 * the addon does not take as it is (nested arrays, masks, integers wider than a byte, shared
 * memory) is converted here if it is little, and slice by slice while it is packed otherwise. Every
 * property and every element of a nested array is read once; getters may run the caller's code, so
 * check a model's state after this, not before.
 *
 * @param input - What the caller passed.
 * @param cols - Columns that a row must have.
 * @param where - Whom errors speak to.
 * @throws `ShapeError` when the number of columns or an index does not fit, `ParameterError` when a
 *   type is wrong.
 */
export function describeRows(input: unknown, cols: number, where: Where): HostRows {
  return describeExpected(input, () => ({ cols, flat: 'row' }), where);
}

/** {@link describeRows} where the columns that rows must have depend on their shape. */
export function describeExpected(input: unknown, expect: Expect, where: Where): HostRows {
  return readable(() => describe(input, expect, where), where);
}

function describe(input: unknown, expect: Expect, where: Where): HostRows {
  if (isTypedArray(input)) return describeFlat(input, expect, where);
  if (Array.isArray(input)) return describeList(input, expect, where);
  if (typeof input !== 'object' || input === null) throw notRows(input, where);
  const { bits, indptr, data, shape, mask } = input as Record<string, unknown>;
  if (mask !== undefined && (bits !== undefined || indptr !== undefined)) {
    throw new ParameterError(`${subject(where)} must not have a \`mask\`: only dense rows { data, shape } take one`);
  }
  if (bits !== undefined) return describeBits({ bits, shape, order: (input as { order?: unknown }).order }, expect().cols, where);
  if (indptr !== undefined) {
    const { indices, values } = input as Record<string, unknown>;
    return describeSparse({ indptr, indices, values, shape, data }, expect().cols, where);
  }
  if (data === undefined) throw notRows(input, where);
  const { stride, offset, scale } = input as Record<string, unknown>;
  return describeDense({ data, shape, stride, offset, scale, mask }, expect, where);
}

function notRows(input: unknown, where: Where): ParameterError {
  const forms = 'an ndarray, { data, shape }, an array of rows, { bits, shape } or { indptr, indices, values, shape }';
  return new ParameterError(`${subject(where)} must be ${forms}, got ${got(input)}`);
}
