import { ShapeError } from '../errors.js';
import { shapeText } from './integers.js';
import { subject, type Where } from './where.js';

/**
 * Element (r, c) is `data[offset + r * rowStride + c * colStride] * scale`; every such index is
 * inside `data`.
 */
export interface HostDenseRows {
  readonly kind: 'dense';
  readonly data: Float32Array | Float64Array | Uint8Array;
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
  readonly rowStride: number;
  readonly colStride: number;
  readonly scale: number;
  /**
   * [rows, cols], row-major: 0 where the value is missing, whatever `data` has there. Left out:
   * nothing but NaN is missing.
   */
  readonly mask?: Uint8Array;
}

/**
 * Eight columns to a byte; every row starts on a byte boundary: `data` has rows × ⌈cols / 8⌉ bytes.
 */
export interface HostBitRows {
  readonly kind: 'bits';
  readonly data: Uint8Array;
  readonly rows: number;
  readonly cols: number;
  readonly mostSignificantFirst: boolean;
}

/**
 * Compressed sparse rows: row r has the entries `indptr[r]` to `indptr[r + 1]`; columns rise
 * strictly within a row.
 */
export interface HostSparseRows {
  readonly kind: 'sparse';
  readonly indptr: Uint32Array;
  readonly indices: Uint32Array;
  /** One value per entry; null means ones. */
  readonly values: Float32Array | null;
  readonly rows: number;
  readonly cols: number;
}

/** Rows as the addon takes them. */
export type ReadyRows = HostDenseRows | HostBitRows | HostSparseRows;

/** Rows that are read and converted part by part, so that no part takes long. */
export interface HostSlicedRows {
  readonly kind: 'sliced';
  readonly rows: number;
  readonly cols: number;
  /** About how many entries they have, if they are sparse. */
  readonly entries?: number;
  /** Typed arrays of the caller's, which must keep their memory until all parts are read. */
  readonly arrays: readonly ArrayLike<unknown>[];
  /** Reads all rows in order, each once. A part is good until the next one is asked for. */
  readonly slices: () => Iterable<ReadyRows>;
}

/**
 * Rows in host memory whose type and shape are checked; their values are not (each unit type has
 * its own domain).
 */
export type HostRows = ReadyRows | HostSlicedRows;

/** Rows one after the other, without gaps. */
export function rowMajor(data: HostDenseRows['data'], rows: number, cols = data.length / rows): HostDenseRows {
  return { kind: 'dense', data, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale: 1 };
}

/** What a caller's rows must look like, given the shape that dense ones have. */
export type Expect = (shape?: readonly number[]) => {
  /** Columns of a row. */
  readonly cols: number;
  /** Whether a flat list is one row, or has a row in each of its elements. */
  readonly flat: 'row' | 'column';
};

/** One more would not fit the 32-bit row numbers used below. */
const maxRows = 2 ** 31 - 1;

/** Checks the number of columns and that there is a sensible number of rows. */
export function checkRowsAndColumns(shape: readonly number[], rows: number, got: number, cols: number, where: Where): void {
  if (got !== cols) throw new ShapeError(`${subject(where)} must have ${cols} columns (${where.units}), got ${got}${shapeHint(shape)}`);
  if (rows === 0) throw new ShapeError(`${subject(where)} must have at least one row, got shape ${shapeText(shape)}`);
  if (rows > maxRows) throw new ShapeError(`${subject(where)} must have at most ${maxRows} rows, got ${rows}`);
}

function shapeHint(shape: readonly number[]): string {
  return shape.length === 2 ? '' : ` (shape ${shapeText(shape)})`;
}
