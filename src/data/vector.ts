import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import type { HostBitRows, HostDenseRows, HostRows, HostSparseRows, ReadyRows } from './host-rows.js';
import { describeRows } from './rows-input.js';
import { slicesOf } from './slices.js';
import { subject, type Where } from './where.js';

/** Bounds that every value of a vector must keep; both are included. */
export interface Range {
  readonly low?: number;
  readonly high?: number;
}

/**
 * Reads a list of finite numbers of a given length (biases, sample weights, clamp values) as a copy
 * in double precision. Takes what {@link describeRows} takes as one row.
 */
export function asVector(input: unknown, length: number, where: Where, range: Range = {}): Float64Array {
  const host = describeRows(input, length, where);
  if (host.rows !== 1) throw new ShapeError(`${subject(where)} must be one list of ${length} ${where.units}, got ${host.rows} rows`);
  return checkedValues(toFloat64(host), host, where, range);
}

/**
 * Reads a matrix of finite numbers of a given shape (weights) as a row-major copy in double
 * precision.
 */
export function asMatrix(input: unknown, rows: number, cols: number, where: Where, range: Range = {}): Float64Array {
  const host = describeRows(input, cols, where);
  if (host.rows !== rows) throw new ShapeError(`${subject(where)} must have ${rows} rows, got ${host.rows}`);
  return checkedValues(toFloat64(host), host, where, range);
}

function checkedValues(values: Float64Array, host: HostRows, where: Where, { low = -Infinity, high = Infinity }: Range): Float64Array {
  const bad = values.findIndex((value) => !(Number.isFinite(value) && value >= low && value <= high));
  if (bad < 0) return values;
  const part = host.rows === 1 ? `[${bad}]` : `[${Math.floor(bad / host.cols)}, ${bad % host.cols}]`;
  throw new ParameterError(`${subject(where, part)} must be a finite number${rangeText(low, high)}, got ${got(values[bad])}`);
}

function rangeText(low: number, high: number): string {
  if (high === Infinity) return low === -Infinity ? '' : ` of at least ${low}`;
  return low === -Infinity ? ` of at most ${high}` : ` from ${low} to ${high}`;
}

/**
 * All values of described rows as a row-major copy in double precision, NaN where one is missing;
 * for small things and pictures.
 */
export function toFloat64(host: HostRows): Float64Array {
  const out = new Float64Array(host.rows * host.cols);
  let first = 0;
  for (const part of slicesOf(host)) {
    copyPart(part, out.subarray(first * host.cols, (first + part.rows) * host.cols));
    first += part.rows;
  }
  return out;
}

function copyPart(part: ReadyRows, out: Float64Array): void {
  if (part.kind === 'dense') copyDense(part, out);
  else if (part.kind === 'bits') unpackBits(part, out);
  else scatter(part, out);
}

function copyDense({ data, offset, rows, cols, rowStride, colStride, scale, mask }: HostDenseRows, out: Float64Array): void {
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0, j = offset + r * rowStride; c < cols; c++, j += colStride) out[i++] = (data[j] as number) * scale;
  }
  mask?.forEach((present, i) => {
    if (present === 0) out[i] = Number.NaN;
  });
}

function unpackBits({ data, rows, cols, mostSignificantFirst }: HostBitRows, out: Float64Array): void {
  const bytesPerRow = Math.ceil(cols / 8);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const byte = data[r * bytesPerRow + (c >> 3)] as number;
      out[i++] = (byte >> (mostSignificantFirst ? 7 - (c & 7) : c & 7)) & 1;
    }
  }
}

function scatter({ indptr, indices, values, rows, cols }: HostSparseRows, out: Float64Array): void {
  for (let r = 0; r < rows; r++) {
    const end = indptr[r + 1] as number;
    for (let i = indptr[r] as number; i < end; i++) out[r * cols + (indices[i] as number)] = values === null ? 1 : (values[i] as number);
  }
}
