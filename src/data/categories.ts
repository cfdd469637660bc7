import { ParameterError } from '../errors.js';
import type { HostRows, HostSparseRows } from './host-rows.js';
import { describeRows } from './rows-input.js';
import { isTypedArray } from './typed.js';
import { toFloat64 } from './vector.js';
import { got, subject, type Where } from './where.js';

/**
 * Rows of `groups` softmax units with `categories` states each: either one-hot (or probability) rows of groups × categories columns, or
 * category numbers from 0, one per group, where NaN (or a 0 in the mask) says that the unit's state is missing. With one group a flat list
 * holds one category per row.
 *
 * @param input - What the caller passed.
 * @param where - Whom errors speak to.
 */
export function describeCategories(input: unknown, categories: number, groups: number, where: Where): HostRows {
  const shape = shapeOf(input);
  if (groups === 1 && shape?.length === 1) return oneHot(describeRows(input, shape[0] as number, where), categories, 1, where);
  const columns = shape?.at(-1);
  if (columns === groups && groups !== groups * categories) return oneHot(describeRows(input, groups, where), categories, groups, where);
  return describeRows(input, groups * categories, where);
}

/** The shape of dense rows as far as a look at them tells; undefined for everything else. */
function shapeOf(input: unknown): readonly number[] | undefined {
  if (isTypedArray(input)) return [input.length];
  if (Array.isArray(input)) {
    const [first] = input as unknown[];
    const inner = Array.isArray(first) || isTypedArray(first) ? [first.length] : [];
    return [input.length, ...inner];
  }
  if (typeof input !== 'object' || input === null) return undefined;
  const { data, shape } = input as { data?: unknown; shape?: unknown };
  if (data === undefined || (!Array.isArray(shape) && !isTypedArray(shape))) return undefined;
  // Of a shape of more dimensions than any array has the reader of rows will complain.
  if (!((shape as ArrayLike<unknown>).length <= 32)) return undefined;
  return Array.from(shape as ArrayLike<unknown>, Number);
}

function oneHot(host: HostRows, categories: number, groups: number, where: Where): HostSparseRows {
  const numbers = toFloat64(host);
  const rows = numbers.length / groups;
  checkNumbers(numbers, categories, groups, where);
  const cols = groups * categories;
  if (numbers.some(Number.isNaN)) return withMissing(numbers, rows, categories, groups);
  const indptr = Uint32Array.from({ length: rows + 1 }, (_, r) => r * groups);
  const indices = Uint32Array.from(numbers, (category, i) => (i % groups) * categories + category);
  return { kind: 'sparse', indptr, indices, values: null, rows, cols };
}

function checkNumbers(numbers: Float64Array, categories: number, groups: number, where: Where): void {
  const bad = numbers.findIndex((c) => !Number.isNaN(c) && !(Number.isInteger(c) && c >= 0 && c < categories));
  if (bad < 0) return;
  const place = groups === 1 ? `[${bad}]` : `[${Math.floor(bad / groups)}, ${bad % groups}]`;
  throw new ParameterError(`${subject(where, place)} must be a category from 0 to ${categories - 1}, got ${got(numbers[bad])}`);
}

/** A missing category is NaN in all of its unit's places. */
function withMissing(numbers: Float64Array, rows: number, categories: number, groups: number): HostSparseRows {
  const indptr = new Uint32Array(rows + 1);
  const entries = numbers.reduce((count, category) => count + (Number.isNaN(category) ? categories : 1), 0);
  const indices = new Uint32Array(entries);
  const values = new Float32Array(entries).fill(1);
  let n = 0;
  numbers.forEach((category, i) => {
    const first = (i % groups) * categories;
    if (Number.isNaN(category)) {
      values.fill(Number.NaN, n, n + categories);
      for (let k = 0; k < categories; k++) indices[n++] = first + k;
    } else indices[n++] = first + category;
    if ((i + 1) % groups === 0) indptr[(i + 1) / groups] = n;
  });
  return { kind: 'sparse', indptr, indices, values, rows, cols: groups * categories };
}
