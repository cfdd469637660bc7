import { ParameterError, ShapeError } from '../errors.js';
import { matrixShape } from './bit-rows.js';
import type { HostSparseRows } from './host-rows.js';
import { numbersOf } from './nested-rows.js';
import { isTypedArray, type NumericArray, plainView } from './typed.js';
import { got, subject, type Where } from './where.js';

/** The properties of compressed sparse rows, each read once. */
export interface SparseParts {
  readonly indptr: unknown;
  readonly indices: unknown;
  readonly values: unknown;
  readonly shape: unknown;
  /** What other libraries call `values`: refused, because ignoring it would train on ones. */
  readonly data: unknown;
}

/** Describes rows given as `{ indptr, indices, values?, shape: [rows, columns] }` (CSR). */
export function describeSparse(parts: SparseParts, cols: number, where: Where): HostSparseRows {
  if (parts.data !== undefined) {
    throw new ParameterError(`${subject(where)} has \`indptr\` and \`data\`: the values of sparse rows are called \`values\``);
  }
  const { rows } = matrixShape(parts.shape, cols, where);
  const indptr = wholeNumbers(parts.indptr, where, '.indptr');
  const indices = wholeNumbers(parts.indices, where, '.indices');
  const values = parts.values === undefined || parts.values === null ? null : numbers(parts.values, where, '.values');
  if (indptr.length !== rows + 1) {
    throw new ShapeError(`${subject(where, '.indptr')} must have ${rows + 1} entries (rows + 1), got ${indptr.length}`);
  }
  if (values !== null && values.length !== indices.length) {
    throw new ShapeError(`${subject(where, '.values')} must have ${indices.length} entries like \`indices\`, got ${values.length}`);
  }
  checkPointers(indptr, indices.length, where);
  checkColumns(indptr, indices, cols, where);
  return { kind: 'sparse', indptr, indices, values: values && asFloat32(values), rows, cols };
}

function numbers(value: unknown, where: Where, part: string): NumericArray {
  if (isTypedArray(value)) return plainView(value, where, part);
  if (Array.isArray(value)) return numbersOf(value, where, part);
  throw new ParameterError(`${subject(where, part)} must be a typed array or an array of numbers, got ${got(value)}`);
}

function wholeNumbers(value: unknown, where: Where, part: string): Uint32Array {
  const list = numbers(value, where, part);
  if (list instanceof Uint32Array) return list;
  for (let i = 0; i < list.length; i++) {
    const entry = list[i] as number;
    if (entry >>> 0 !== entry) {
      throw new ParameterError(`${subject(where, `${part}[${i}]`)} must be a whole number from 0 to 2^32 - 1, got ${got(entry)}`);
    }
  }
  return new Uint32Array(list);
}

function checkPointers(indptr: Uint32Array, entries: number, where: Where): void {
  const fail = (i: number, expected: string) => {
    throw new ParameterError(`${subject(where, `.indptr[${i}]`)} must be ${expected}, got ${indptr[i]}`);
  };
  if (indptr[0] !== 0) fail(0, '0');
  for (let i = 1; i < indptr.length; i++) {
    const before = indptr[i - 1] as number;
    if ((indptr[i] as number) < before) fail(i, `at least ${before}, the entry before it`);
  }
  const last = indptr.length - 1;
  if (indptr[last] !== entries) fail(last, `${entries}, the number of \`indices\``);
}

function checkColumns(indptr: Uint32Array, indices: Uint32Array, cols: number, where: Where): void {
  for (let r = 0; r + 1 < indptr.length; r++) {
    const end = indptr[r + 1] as number;
    for (let i = indptr[r] as number, before = -1; i < end; i++) {
      const column = indices[i] as number;
      if (column >= cols || column <= before) throw badColumn(r, i, column, before, cols, where);
      before = column;
    }
  }
}

function badColumn(row: number, i: number, column: number, before: number, cols: number, where: Where): ParameterError {
  const expected = column >= cols ? `below ${cols} (${where.units})` : `above ${before} (columns rise within a row)`;
  return new ParameterError(`${subject(where, `.indices[${i}]`)} (row ${row}) must be ${expected}, got ${column}`);
}

function asFloat32(values: NumericArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}
