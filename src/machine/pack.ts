import { setImmediate } from 'node:timers/promises';
import type { HostDenseRows, HostRows, HostSparseRows } from '../data/host-rows.js';
import { toFloat64 } from '../data/vector.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError } from '../errors.js';
import { type Backend, hostBackend } from './backend.js';
import { prefixError } from './job.js';
import type { NativeRows } from './native.js';

/** The values that a layer's units take. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly integers?: boolean;
  /** Whether NaN may stand for a value that is missing. */
  readonly missing?: boolean;
  /** Neighbouring columns that make one unit, which is missing as a whole or not at all. 1 if left out. */
  readonly group?: number;
  /** What the values of a unit add up to, at least and at most. Anything if left out. */
  readonly leastSum?: number;
  readonly mostSum?: number;
}

/** Rows of up to this many elements go where those of the last call were. */
const fewElements = 1 << 14;

/** Up to this many elements are packed before the call returns. */
const smallElements = 1 << 18;

/** Elements per stretch of packing: a few milliseconds, so that the event loop gets its turn in time. */
const sliceElements = 1 << 18;

/**
 * Copies rows into the addon's compact form, in slices between which the event loop runs. Rows of up to 256 Ki elements are copied
 * before the call returns. Until the promise settles the arrays must keep their contents; transferring or resizing one is noticed.
 *
 * @throws ParameterError naming row and column of the first value outside of `domain`; the signal's reason when aborted.
 */
export async function packRows(
  host: HostRows,
  domain: Domain,
  where: Where,
  signal?: AbortSignal,
  backend: Backend = hostBackend,
): Promise<NativeRows> {
  signal?.throwIfAborted();
  if (isSmall(host)) return packRowsNow(host, domain, where, backend);
  const rows = newRows(host, domain, backend);
  const lengths = arraysOf(host).map((array) => array.length);
  for (let first = 0; first < host.rows; ) {
    const end = sliceEnd(host, first);
    appendSlice(rows, host, first, end, where);
    first = end;
    await setImmediate();
    signal?.throwIfAborted();
    if (arraysOf(host).some((array, i) => array.length !== lengths[i]))
      throw new ParameterError(`${subject(where)} must keep its buffer while it is read, but it was transferred or resized`);
  }
  return rows;
}

/** Whether {@link packRows} copies rows before it returns. */
export function isSmall(host: HostRows): boolean {
  return elements(host) <= smallElements;
}

/** Copies rows into the addon's compact form before it returns. */
export function packRowsNow(host: HostRows, domain: Domain, where: Where, backend: Backend = hostBackend): NativeRows {
  const rows = newRows(host, domain, backend);
  appendSlice(rows, host, 0, host.rows, where);
  return rows;
}

/**
 * Rows of a layer that one call reads and the next one replaces: few rows come in without a new native object, whose making and collecting
 * takes longer than a small machine needs to answer.
 */
export class PassingRows {
  readonly #domain: Domain;
  readonly #backend: Backend;
  #kept: NativeRows | undefined;

  constructor(domain: Domain, backend: Backend) {
    this.#domain = domain;
    this.#backend = backend;
  }

  /** Copies rows before it returns. What the last call got is overwritten. */
  pack(host: HostRows, where: Where): NativeRows {
    if (elements(host) > fewElements) return packRowsNow(host, this.#domain, where, this.#backend);
    this.#kept ??= newRows(host, this.#domain, this.#backend, true);
    appendSlice(this.#kept, host, 0, host.rows, where);
    return this.#kept;
  }
}

function newRows(host: HostRows, domain: Domain, backend: Backend, once = false): NativeRows {
  const { Rows } = backend.addon;
  const { low, high, integers, missing, group, leastSum, mostSum } = domain;
  return new Rows(host.cols, low, high, host.kind === 'sparse' ? 0 : host.rows, integers, missing, group, once, leastSum, mostSum);
}

function arraysOf(host: HostRows): readonly { readonly length: number }[] {
  if (host.kind === 'sparse') return [host.indptr, host.indices, ...(host.values ? [host.values] : [])];
  return host.kind === 'dense' && host.mask ? [host.data, host.mask] : [host.data];
}

function elements(host: HostRows): number {
  return host.kind === 'sparse' ? host.indices.length + host.rows : host.rows * host.cols;
}

/** The row after the last one of a slice that begins at row `first`; a slice has at least one row. */
function sliceEnd(host: HostRows, first: number): number {
  if (host.kind !== 'sparse') return Math.min(host.rows, first + Math.max(1, Math.floor(sliceElements / host.cols)));
  const most = Math.min(host.rows, first + sliceElements);
  const entriesBefore = host.indptr[first]!;
  let end = first + 1;
  while (end < most && host.indptr[end + 1]! - entriesBefore <= sliceElements) end += 1;
  return end;
}

function appendSlice(rows: NativeRows, host: HostRows, first: number, end: number, where: Where): void {
  try {
    append(rows, host, first, end);
  } catch (error) {
    throw prefixError(`${subject(where)} `, error);
  }
}

function append(rows: NativeRows, host: HostRows, first: number, end: number): void {
  switch (host.kind) {
    case 'dense': {
      const part = { ...host, offset: host.offset + first * host.rowStride, rows: end - first };
      if (host.mask) appendMasked(rows, { ...part, mask: host.mask.subarray(first * host.cols, end * host.cols) });
      else rows.appendDense(part.data, part.offset, part.rows, part.rowStride, part.colStride, part.scale);
      return;
    }
    case 'bits': {
      const rowBytes = Math.ceil(host.cols / 8);
      rows.appendBits(host.data.subarray(first * rowBytes, end * rowBytes), end - first, host.mostSignificantFirst);
      return;
    }
    case 'sparse':
      appendSparse(rows, host, first, end);
  }
}

/** A slice at a time is copied, with NaN where the mask says that a value is missing. */
function appendMasked(rows: NativeRows, host: HostDenseRows): void {
  rows.appendDense(toFloat64(host), 0, host.rows, host.cols, 1, 1);
}

function appendSparse(rows: NativeRows, { indptr, indices, values }: HostSparseRows, first: number, end: number): void {
  const from = indptr[first]!;
  const to = indptr[end]!;
  const own = indptr.slice(first, end + 1).map((offset) => offset - from);
  rows.appendSparse(own, indices.subarray(from, to), values?.subarray(from, to) ?? null);
}
