import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { checkFlatLength } from './dense-rows.js';
import { checkRowsAndColumns, type Expect, type HostDenseRows, type HostSlicedRows } from './host-rows.js';
import { fillFrom, numberOf } from './numbers.js';
import { filledRows } from './slices.js';
import { isTypedArray, plainView } from './typed.js';
import { subject, type Where } from './where.js';

/**
 * Describes rows given as a list: of numbers, which make one row (or one column), or of rows. Every
 * element is read once; many rows are read slice by slice, when they are needed.
 */
export function describeList(input: readonly unknown[], expect: Expect, where: Where): HostDenseRows | HostSlicedRows {
  const length = input.length;
  if (length === 0) throw new ShapeError(`${subject(where)} must have at least one row, got an empty array`);
  const first = input[0];
  const at = (i: number) => (i === 0 ? first : input[i]);
  return numberOf(first) === undefined ? nested(length, at, expect, where) : flat(length, at, expect, where);
}

function flat(length: number, at: (i: number) => unknown, expect: Expect, where: Where): HostDenseRows | HostSlicedRows {
  const { cols, flat: stands } = expect([length]);
  const rows = stands === 'row' ? 1 : length;
  if (stands === 'row') checkFlatLength(length, cols, where);
  else checkRowsAndColumns([length], rows, 1, cols, where);
  const fill = (out: Float64Array, begin: number, end: number) => fillFrom(out, at, begin * cols, end * cols, where);
  return filledRows({ rows, cols, arrays: [], fill }, where);
}

function nested(rows: number, at: (i: number) => unknown, expect: Expect, where: Where): HostDenseRows | HostSlicedRows {
  const head = readRow(at(0), 0, where);
  const { cols } = expect([rows, head.length]);
  checkRowsAndColumns([rows, head.length], rows, head.length, cols, where);
  const fill = (out: Float64Array, begin: number, end: number) => {
    for (let r = begin, to = 0; r < end; r++, to += cols) {
      const { values, length } = r === 0 ? head : readRow(at(r), r, where);
      if (length !== cols) {
        throw new ShapeError(
          `${subject(where, `[${r}]`)} must have ${cols} values (${where.units}) like the rows before it, got ${length}`,
        );
      }
      fillRow(out, to, values, cols, r, where);
    }
  };
  return filledRows({ rows, cols, arrays: [], fill }, where);
}

function readRow(row: unknown, r: number, where: Where): { values: ArrayLike<unknown>; length: number } {
  const part = `[${r}]`;
  const values = isTypedArray(row) ? plainView(row, where, part) : row;
  if (isTypedArray(values) || Array.isArray(values)) return { values: values as ArrayLike<unknown>, length: values.length };
  const expected = row === undefined ? 'a row or a number' : 'a row (an array of numbers)';
  throw new ParameterError(`${subject(where, part)} must be ${expected}, got ${got(row)}`);
}

function fillRow(out: Float64Array, to: number, values: ArrayLike<unknown>, cols: number, r: number, where: Where): void {
  if (!Array.isArray(values)) {
    out.set(values as ArrayLike<number>, to);
    return;
  }
  for (let c = 0; c < cols; c++) {
    const value: unknown = values[c];
    const number = typeof value === 'number' ? value : numberOf(value);
    if (number === undefined) throw new ParameterError(`${subject(where, `[${r}][${c}]`)} must be a number, got ${got(value)}`);
    out[to + c] = number;
  }
}
