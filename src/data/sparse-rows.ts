import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { matrixShape } from './bit-rows.js';
import type { HostSlicedRows, HostSparseRows } from './host-rows.js';
import { checkedNumber } from './numbers.js';
import { reading, smallElements } from './slices.js';
import { isShared, isTypedArray, liveView, type NumericArray } from './typed.js';
import { subject, type Where } from './where.js';

/** The properties of compressed sparse rows, each read once. */
export interface SparseParts {
  readonly indptr: unknown;
  readonly indices: unknown;
  readonly values: unknown;
  readonly shape: unknown;
  /** What other libraries call `values`: refused, because ignoring it would train on ones. */
  readonly data: unknown;
}

/**
 * Describes rows given as `{ indptr, indices, values?, shape: [rows, columns] }` (CSR). Many
 * entries are converted and checked slice by slice, when they are needed.
 */
export function describeSparse(parts: SparseParts, cols: number, where: Where): HostSparseRows | HostSlicedRows {
  if (parts.data !== undefined) {
    throw new ParameterError(`${subject(where)} has \`indptr\` and \`data\`: the values of sparse rows are called \`values\``);
  }
  const { rows } = matrixShape(parts.shape, cols, where);
  const indptr = listOf(parts.indptr, where, '.indptr');
  const indices = listOf(parts.indices, where, '.indices');
  const values = parts.values === undefined || parts.values === null ? null : listOf(parts.values, where, '.values');
  const lists = { indptr, indices, values, rows, cols, entries: indices.length };
  if (indptr.length !== rows + 1) {
    throw new ShapeError(`${subject(where, '.indptr')} must have ${rows + 1} entries (rows + 1), got ${indptr.length}`);
  }
  if (values !== null && values.length !== lists.entries) {
    throw new ShapeError(`${subject(where, '.values')} must have ${lists.entries} entries like \`indices\`, got ${values.length}`);
  }
  const reader = () => new SparseReader(lists, where);
  if (lists.entries + rows <= smallElements) return reader().next(rows, Number.POSITIVE_INFINITY) as HostSparseRows;
  const arrays = [indptr, indices, values].filter((list) => isTypedArray(list));
  return { kind: 'sliced', rows, cols, entries: lists.entries, arrays, slices: () => reading(slices(reader()), where) };
}

/** Rows and entries of a slice; the last row may go beyond. */
const mostEntries = 1 << 15;

function* slices(reader: SparseReader): Generator<HostSparseRows> {
  for (;;) {
    const slice = reader.next(mostEntries, mostEntries);
    if (slice === undefined) return;
    yield slice;
  }
}

type List = NumericArray | readonly unknown[];

interface SparseLists {
  readonly indptr: List;
  readonly indices: List;
  readonly values: List | null;
  readonly rows: number;
  readonly cols: number;
  readonly entries: number;
}

function listOf(value: unknown, where: Where, part: string): List {
  if (isTypedArray(value)) return liveView(value, where, part);
  if (Array.isArray(value)) return value;
  throw new ParameterError(`${subject(where, part)} must be a typed array or an array of numbers, got ${got(value)}`);
}

/** Reads rows in order, each element of the three lists once. */
class SparseReader {
  #row = 0;
  #pointer: number;

  constructor(
    private readonly lists: SparseLists,
    private readonly where: Where,
  ) {
    this.#pointer = this.#whole(lists.indptr[0], '.indptr', 0);
    if (this.#pointer !== 0) this.#failPointer(0, '0', this.#pointer);
  }

  /**
   * The next rows: at most `rows` of them, and none after one that ends at `entries` or more;
   * undefined at the end.
   */
  next(rows: number, entries: number): HostSparseRows | undefined {
    const { cols } = this.lists;
    const [first, from] = [this.#row, this.#pointer];
    const indptr = this.#pointers(Math.min(rows, this.lists.rows - first), entries);
    if (indptr.length === 1) return undefined;
    const indices = this.#columns(from, this.#pointer);
    this.#checkColumns(indptr, indices, first, from);
    return { kind: 'sparse', indptr, indices, values: this.#values(from, this.#pointer), rows: indptr.length - 1, cols };
  }

  #pointers(most: number, entries: number): Uint32Array {
    const { indptr, rows, entries: all } = this.lists;
    const from = this.#pointer;
    const offsets = [0];
    while (offsets.length <= most && this.#pointer - from < entries) {
      const i = ++this.#row;
      const pointer = this.#whole(indptr[i], '.indptr', i);
      if (pointer < this.#pointer) this.#failPointer(i, `at least ${this.#pointer}, the entry before it`, pointer);
      if (pointer > all && i < rows) this.#failPointer(i, `at most ${all}, the number of \`indices\``, pointer);
      if (pointer !== all && i === rows) this.#failPointer(i, `${all}, the number of \`indices\``, pointer);
      this.#pointer = pointer;
      offsets.push(pointer - from);
    }
    return Uint32Array.from(offsets);
  }

  #failPointer(i: number, expected: string, got: number): never {
    throw new ParameterError(`${subject(this.where, `.indptr[${i}]`)} must be ${expected}, got ${got}`);
  }

  #whole(value: unknown, part: string, i: number): number {
    if (typeof value === 'number' && value >>> 0 === value) return value;
    throw new ParameterError(`${subject(this.where, `${part}[${i}]`)} must be a whole number from 0 to 2^32 - 1, got ${got(value)}`);
  }

  #columns(from: number, to: number): Uint32Array {
    const { indices } = this.lists;
    if (indices instanceof Uint32Array && !isShared(indices)) return indices.subarray(from, to);
    const columns = new Uint32Array(to - from);
    for (let i = from; i < to; i++) columns[i - from] = this.#whole(indices[i], '.indices', i);
    return columns;
  }

  #checkColumns(indptr: Uint32Array, indices: Uint32Array, first: number, from: number): void {
    const { cols } = this.lists;
    for (let r = 0; r + 1 < indptr.length; r++) {
      const end = indptr[r + 1] as number;
      for (let i = indptr[r] as number, before = -1; i < end; i++) {
        const column = indices[i] as number;
        if (column >= cols || column <= before) throw badColumn(first + r, from + i, column, before, cols, this.where);
        before = column;
      }
    }
  }

  #values(from: number, to: number): Float32Array | null {
    const { values } = this.lists;
    if (values === null) return null;
    if (values instanceof Float32Array && !isShared(values)) return values.subarray(from, to);
    const copy = new Float32Array(to - from);
    for (let i = from; i < to; i++) copy[i - from] = checkedNumber(values[i], i, this.where, '.values');
    return copy;
  }
}

function badColumn(row: number, i: number, column: number, before: number, cols: number, where: Where): ParameterError {
  const expected = column >= cols ? `below ${cols} (${where.units})` : `above ${before} (columns rise within a row)`;
  return new ParameterError(`${subject(where, `.indices[${i}]`)} (row ${row}) must be ${expected}, got ${column}`);
}
