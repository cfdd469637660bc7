import { BoltzkitError, ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { HostDenseRows, HostRows, HostSlicedRows, HostSparseRows, ReadyRows } from './host-rows.js';
import { subject, type Where } from './where.js';

/**
 * Rows of up to this many elements are read before a call returns, others in slices between which
 * the event loop runs.
 */
export const smallElements = 1 << 18;

/** Elements of a slice that is ready: a millisecond or two of packing. */
const readyElements = 1 << 18;

/** Elements of a slice that has to be converted first. */
const convertedElements = 1 << 15;

/** Elements that packing rows goes through. */
export function elementsOf(host: HostRows): number {
  return host.kind === 'sparse' ? host.indices.length + host.rows : host.rows * host.cols;
}

/** The rows in parts; those of the rows that are ready are views. */
export function slicesOf(host: HostRows): Iterable<ReadyRows> {
  return host.kind === 'sliced' ? host.slices() : readySlices(host);
}

/** The typed arrays that must keep their memory until all slices are read. */
export function arraysOf(host: HostRows): readonly ArrayLike<unknown>[] {
  if (host.kind === 'sliced') return host.arrays;
  if (host.kind === 'sparse') return [host.indptr, host.indices, ...(host.values ? [host.values] : [])];
  return host.kind === 'dense' && host.mask ? [host.data, host.mask] : [host.data];
}

function* readySlices(host: ReadyRows): Generator<ReadyRows> {
  for (let first = 0; first < host.rows; ) {
    const end = host.kind === 'sparse' ? sparseEnd(host, first) : Math.min(host.rows, first + rowsOf(readyElements, host.cols));
    yield first === 0 && end === host.rows ? host : between(host, first, end);
    first = end;
  }
}

/** A slice has at least one row. */
function rowsOf(elements: number, cols: number): number {
  return Math.max(1, Math.floor(elements / cols));
}

function sparseEnd({ rows, indptr }: HostSparseRows, first: number): number {
  const most = Math.min(rows, first + readyElements);
  const entriesBefore = indptr[first] as number;
  let end = first + 1;
  while (end < most && (indptr[end + 1] as number) - entriesBefore <= readyElements) end += 1;
  return end;
}

/** The rows from `first` to `end` − 1. */
function between(host: ReadyRows, first: number, end: number): ReadyRows {
  const rows = end - first;
  switch (host.kind) {
    case 'dense': {
      const mask = host.mask && { mask: host.mask.subarray(first * host.cols, end * host.cols) };
      return { ...host, ...mask, offset: host.offset + first * host.rowStride, rows };
    }
    case 'bits': {
      const bytes = Math.ceil(host.cols / 8);
      return { ...host, data: host.data.subarray(first * bytes, end * bytes), rows };
    }
    case 'sparse': {
      const [from, to] = [host.indptr[first] as number, host.indptr[end] as number];
      const indptr = host.indptr.slice(first, end + 1).map((offset) => offset - from);
      return { ...host, indptr, indices: host.indices.subarray(from, to), values: host.values?.subarray(from, to) ?? null, rows };
    }
  }
}

/**
 * Rows whose values come out of `fill`, which writes those of the rows from `first` to `end` − 1 to
 * the start of `out`.
 */
export interface FilledRows {
  readonly rows: number;
  readonly cols: number;
  readonly scale?: number;
  readonly arrays: readonly ArrayLike<unknown>[];
  readonly fill: (out: Float64Array, first: number, end: number) => void;
}

/** Fills rows now if they are few (or only one, which cannot be cut), slice by slice otherwise. */
export function filledRows(filled: FilledRows, where: Where): HostDenseRows | HostSlicedRows {
  const { rows, cols, arrays } = filled;
  if (rows > 1 && rows * cols > smallElements) {
    return { kind: 'sliced', rows, cols, arrays, slices: () => reading(filledSlices(filled), where) };
  }
  const out = new Float64Array(rows * cols);
  filled.fill(out, 0, rows);
  return denseRows(out, rows, filled);
}

/** Slices share one buffer: many of them in a row would set off the garbage collector. */
function* filledSlices(filled: FilledRows): Generator<HostDenseRows> {
  const most = Math.min(filled.rows, rowsOf(convertedElements, filled.cols));
  const out = new Float64Array(most * filled.cols);
  for (let first = 0; first < filled.rows; first += most) {
    const rows = Math.min(most, filled.rows - first);
    filled.fill(out, first, first + rows);
    yield denseRows(out, rows, filled);
  }
}

function denseRows(data: Float64Array, rows: number, { cols, scale = 1 }: FilledRows): HostDenseRows {
  return { kind: 'dense', data, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale };
}

/**
 * Slices on whose way the caller's own code may run; what that throws becomes an error of this
 * package.
 */
export function* reading<T>(slices: Iterator<T>, where: Where): Generator<T> {
  for (;;) {
    const step = readable(() => slices.next(), where);
    if (step.done) return;
    yield step.value;
  }
}

/**
 * What `read` gives; what a getter or proxy of the caller throws becomes an error that names the
 * argument.
 */
export function readable<T>(read: () => T, where: Where): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BoltzkitError) throw error;
    // A getter or proxy of the caller threw, or it claims sizes that memory cannot hold.
    const reason = error instanceof Error ? error.message : got(error);
    throw new ParameterError(`${subject(where)} could not be read: ${reason}`, { cause: error });
  }
}
