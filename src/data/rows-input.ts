import { BoltzkitError, ParameterError } from '../errors.js';
import { describeBits } from './bit-rows.js';
import { checkFlatLength, describeDense, describeFlat } from './dense-rows.js';
import type { HostDenseRows, HostRows } from './host-rows.js';
import { describeNested, numbersOf } from './nested-rows.js';
import { describeSparse } from './sparse-rows.js';
import { isTypedArray, type NumericArray } from './typed.js';
import { got, subject, type Where } from './where.js';

export type { HostBitRows, HostDenseRows, HostRows, HostSparseRows } from './host-rows.js';
export type { NumericArray } from './typed.js';
export type { Where } from './where.js';

/**
 * An `ndarray`, anything shaped like one, or a typed array with its shape. Dimensions after the first are taken together as the columns,
 * so [n, 28, 28] images are rows of 784.
 */
export interface DenseRowsInput {
  /** The elements, row after row unless strides say otherwise. */
  readonly data: NumericArray | readonly number[];
  /** [rows, columns], or [columns] for a single row. */
  readonly shape: ArrayLike<number>;
  /** Elements between neighbours along each dimension; row-major without gaps if left out. */
  readonly stride?: ArrayLike<number>;
  /** Index of the first element; 0 if left out. */
  readonly offset?: number;
  /** Every value is multiplied by this, for example 1/255 for grey levels in bytes. */
  readonly scale?: number;
  /**
   * 1 (or true) where a value is present and 0 (or false) where it is missing, whatever `data` holds there: one entry per value, row-major in
   * `shape`. NaN in `data` is missing as well.
   */
  readonly mask?: NumericArray | readonly number[] | readonly boolean[];
}

/** Bits, eight columns to a byte, every row starting on a byte boundary (as `numpy.packbits(rows, axis=1)` makes them). */
export interface BitRowsInput {
  /** Eight columns to a byte; every row begins with a new byte. */
  readonly bits: Uint8Array;
  /** [rows, columns]. */
  readonly shape: ArrayLike<number>;
  /** Which bit of a byte comes first: the most significant (default, numpy's 'big') or the least. */
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
 * Rows of data in any of the forms that the models take. A flat array of numbers is one row. NaN stands for a missing value, which
 * training, imputation and clamping take and every other call refuses.
 */
export type RowsInput =
  | DenseRowsInput
  | BitRowsInput
  | SparseRowsInput
  | readonly (readonly number[] | NumericArray)[]
  | readonly number[]
  | NumericArray;

/**
 * Checks type and shape of rows that a caller handed in and says where their elements lie.
 *
 * Values are left alone: what a unit type (or, of NaN, a call) refuses is found when they are packed. Big data are not copied (nested arrays,
 * integers wider than a byte and shared memory are), so the result is good only while the caller's memory is. Every property and every
 * element of a nested array is read once; getters may run the caller's code, so check a model's state after this, not before.
 *
 * @param input - What the caller passed.
 * @param cols - Columns that a row must have.
 * @param where - Whom errors speak to.
 * @throws `ShapeError` when the number of columns or an index does not fit, `ParameterError` when a type is wrong.
 */
export function describeRows(input: unknown, cols: number, where: Where): HostRows {
  try {
    return describe(input, cols, where);
  } catch (error) {
    if (error instanceof BoltzkitError) throw error;
    // A getter or proxy of the caller threw, or it claims sizes that memory cannot hold.
    throw new ParameterError(`${subject(where)} could not be read: ${reason(error)}`, { cause: error });
  }
}

function describe(input: unknown, cols: number, where: Where): HostRows {
  if (isTypedArray(input)) return describeFlat(input, cols, where);
  if (Array.isArray(input)) return describeList(input, cols, where);
  if (typeof input !== 'object' || input === null) throw notRows(input, where);
  const { bits, indptr, data, shape, mask } = input as Record<string, unknown>;
  if (mask !== undefined && (bits !== undefined || indptr !== undefined)) {
    throw new ParameterError(`${subject(where)} must not have a \`mask\`: only dense rows { data, shape } take one`);
  }
  if (bits !== undefined) return describeBits({ bits, shape, order: (input as { order?: unknown }).order }, cols, where);
  if (indptr !== undefined) {
    const { indices, values } = input as Record<string, unknown>;
    return describeSparse({ indptr, indices, values, shape, data }, cols, where);
  }
  if (data === undefined) throw notRows(input, where);
  const { stride, offset, scale } = input as Record<string, unknown>;
  return describeDense({ data, shape, stride, offset, scale, mask }, cols, where);
}

function describeList(input: readonly unknown[], cols: number, where: Where): HostDenseRows {
  const list = readOnce(input, where);
  if (typeof list[0] !== 'number') return describeNested(list, cols, where);
  checkFlatLength(list.length, cols, where);
  return { kind: 'dense', data: numbersOf(list, where), offset: 0, rows: 1, cols, rowStride: cols, colStride: 1, scale: 1 };
}

/** A copy of the outer array, so that nobody's getter is asked twice. Stops at the first hole, whatever length the array claims. */
function readOnce(input: readonly unknown[], where: Where): unknown[] {
  const length = input.length;
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const element = input[i];
    if (element === undefined) throw new ParameterError(`${subject(where, `[${i}]`)} must be a row or a number, got undefined`);
    list.push(element);
  }
  return list;
}

function notRows(input: unknown, where: Where): ParameterError {
  const forms = 'an ndarray, { data, shape }, an array of rows, { bits, shape } or { indptr, indices, values, shape }';
  return new ParameterError(`${subject(where)} must be ${forms}, got ${got(input)}`);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : got(error);
}
