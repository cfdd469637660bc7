import type { HostDenseRows, HostRows, ReadyRows } from '../data/host-rows.js';
import { pause } from '../data/pause.js';
import { arraysOf, elementsOf, slicesOf, smallElements } from '../data/slices.js';
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
  /**
   * Neighbouring columns that make one unit, which is missing as a whole or not at all. 1 if left
   * out.
   */
  readonly group?: number;
  /** What the values of a unit add up to, at least and at most. Anything if left out. */
  readonly leastSum?: number;
  readonly mostSum?: number;
}

/** Rows of up to this many elements go where those of the last call were. */
const fewElements = 1 << 14;

/**
 * Copies rows into the addon's compact form, in slices between which the event loop runs. Rows of
 * up to 256 Ki elements are copied before the call returns. Until the promise settles the arrays
 * must keep their contents; transferring or resizing one is noticed.
 *
 * @throws ParameterError naming row and column of the first value outside of `domain`; the signal's
 *   reason when aborted.
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
  const kept = arraysOf(host).map((array) => ({ array, length: array.length }));
  const slices = slicesOf(host)[Symbol.iterator]();
  for (;;) {
    await turn();
    signal?.throwIfAborted();
    if (kept.some(({ array, length }) => array.length !== length))
      throw new ParameterError(`${subject(where)} must keep its buffer while it is read, but it was transferred or resized`);
    const slice = slices.next();
    if (slice.done) return rows;
    append(rows, slice.value, where);
  }
}

let turns: Promise<void> = Promise.resolve();

/** One slice per turn of the event loop, however many rows are being packed. */
function turn(): Promise<void> {
  turns = turns.then(pause);
  return turns;
}

/** Whether {@link packRows} copies rows before it returns. */
export function isSmall(host: HostRows): boolean {
  return elementsOf(host) <= smallElements;
}

/** Copies rows into the addon's compact form before it returns. */
export function packRowsNow(host: HostRows, domain: Domain, where: Where, backend: Backend = hostBackend): NativeRows {
  const rows = newRows(host, domain, backend);
  for (const slice of slicesOf(host)) append(rows, slice, where);
  return rows;
}

/**
 * Rows of a layer that one call reads and the next one replaces: few rows come in without a new
 * native object, whose making and collecting takes longer than a small machine needs to answer.
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
    if (host.kind === 'sliced' || elementsOf(host) > fewElements) return packRowsNow(host, this.#domain, where, this.#backend);
    this.#kept ??= newRows(host, this.#domain, this.#backend, true);
    append(this.#kept, host, where);
    return this.#kept;
  }
}

/** Room for rows like these, which are still to be appended. */
export function newRows(host: HostRows | { rows: 0; cols: number }, domain: Domain, backend: Backend, once = false): NativeRows {
  const { Rows } = backend.addon;
  const { low, high, integers, missing, group, leastSum, mostSum } = domain;
  return new Rows(host.cols, low, high, host.rows, integers, missing, group, once, leastSum, mostSum, entriesOf(host));
}

function entriesOf(host: HostRows | { rows: 0 }): number | undefined {
  if (!('kind' in host)) return 0;
  if (host.kind === 'sliced') return host.entries;
  return host.kind === 'sparse' ? host.indices.length : undefined;
}

function append(rows: NativeRows, slice: ReadyRows, where: Where): void {
  try {
    appendReady(rows, slice);
  } catch (error) {
    throw prefixError(`${subject(where)} `, error);
  }
}

function appendReady(rows: NativeRows, slice: ReadyRows): void {
  switch (slice.kind) {
    case 'dense':
      if (slice.mask) appendMasked(rows, slice);
      else rows.appendDense(slice.data, slice.offset, slice.rows, slice.rowStride, slice.colStride, slice.scale);
      return;
    case 'bits':
      rows.appendBits(slice.data, slice.rows, slice.mostSignificantFirst);
      return;
    case 'sparse':
      rows.appendSparse(slice.indptr, slice.indices, slice.values);
  }
}

/** Copies the rows, with NaN where the mask says that a value is missing. */
function appendMasked(rows: NativeRows, host: HostDenseRows): void {
  rows.appendDense(toFloat64(host), 0, host.rows, host.cols, 1, 1);
}
