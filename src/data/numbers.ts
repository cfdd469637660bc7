import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { subject, type Where } from './where.js';

/**
 * What an element of a plain array counts as: null (JSON has no NaN) is a missing value, true and
 * false are 1 and 0. Undefined for everything else that is no number, holes among it.
 */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** Copies an array of numbers; holes and everything that is not a number are refused. */
export function numbersOf(list: readonly unknown[], where: Where, part = '', length = list.length): Float64Array {
  // An array that claims more elements than it has fails at its first hole, before the memory for
  // all of them is taken.
  let result: Float64Array = new Float64Array(Math.min(length, 1024));
  for (let i = 0; i < length; i++) {
    if (i === result.length) result = grown(result, length);
    result[i] = checkedNumber(list[i], i, where, part);
  }
  return result;
}

/** Writes the elements from `begin` to `end` − 1 to the start of `out`. */
export function fillFrom(out: Float64Array, at: (i: number) => unknown, begin: number, end: number, where: Where, part = ''): void {
  for (let i = begin, to = 0; i < end; i++, to++) out[to] = checkedNumber(at(i), i, where, part);
}

/** The number that an element counts as. */
export function checkedNumber(value: unknown, i: number, where: Where, part: string): number {
  const number = numberOf(value);
  if (number !== undefined) return number;
  throw new ParameterError(`${subject(where, `${part}[${i}]`)} must be a number, got ${got(value)}`);
}

function grown(values: Float64Array, limit: number): Float64Array {
  const larger = new Float64Array(Math.min(limit, values.length * 4));
  larger.set(values);
  return larger;
}
