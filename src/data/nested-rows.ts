import { ParameterError, ShapeError } from '../errors.js';
import { checkRowsAndColumns, type HostDenseRows } from './host-rows.js';
import { isTypedArray, plainView } from './typed.js';
import { got, subject, type Where } from './where.js';

/** Describes rows given as arrays of numbers, one per row (or typed arrays). Copies, and reads every element once. */
export function describeNested(input: readonly unknown[], cols: number, where: Where): HostDenseRows {
  const rows = input.length;
  if (rows === 0) throw new ShapeError(`${subject(where)} must have at least one row, got an empty array`);
  let data: Float64Array | undefined;
  for (let r = 0; r < rows; r++) {
    const row = readRow(input[r], r, cols, where);
    // Only now: an array can claim any length, but its first row is real.
    data ??= new Float64Array(rows * cols);
    data.set(row, r * cols);
  }
  return { kind: 'dense', data: data as Float64Array, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale: 1 };
}

function readRow(row: unknown, r: number, cols: number, where: Where): ArrayLike<number> {
  const part = `[${r}]`;
  const values = isTypedArray(row) ? plainView(row, where, part) : row;
  if (!isTypedArray(values) && !Array.isArray(values)) {
    throw new ParameterError(`${subject(where, part)} must be a row (an array of numbers), got ${got(row)}`);
  }
  const length = values.length;
  if (r === 0) checkRowsAndColumns([1, length], 1, length, cols, where);
  if (length !== cols) {
    throw new ShapeError(`${subject(where, part)} must have ${cols} values (${where.units}) like the rows before it, got ${length}`);
  }
  return isTypedArray(values) ? (values as ArrayLike<number>) : numbersOf(values, where, part, length);
}

/** Copies an array of numbers; holes and everything that is not a number are refused. */
export function numbersOf(list: readonly unknown[], where: Where, part = '', length = list.length): Float64Array {
  // An array that claims more elements than it has fails at its first hole, before the memory for all of them is taken.
  let result: Float64Array = new Float64Array(Math.min(length, 1024));
  for (let i = 0; i < length; i++) {
    const value = list[i];
    if (typeof value !== 'number') throw new ParameterError(`${subject(where, `${part}[${i}]`)} must be a number, got ${got(value)}`);
    if (i === result.length) result = grown(result, length);
    result[i] = value;
  }
  return result;
}

function grown(values: Float64Array, limit: number): Float64Array {
  const larger = new Float64Array(Math.min(limit, values.length * 4));
  larger.set(values);
  return larger;
}
