import { ParameterError } from '../errors.js';
import type { HostRows, HostSparseRows } from './host-rows.js';
import { describeRows } from './rows-input.js';
import { isTypedArray } from './typed.js';
import { toFloat64 } from './vector.js';
import { got, subject, type Where } from './where.js';

/**
 * Rows of `groups` softmax units with `categories` states each: either one-hot (or probability) rows of groups × categories columns, or
 * category numbers from 0, one per group. With one group a flat list holds one category per row.
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
  return Array.from(shape as ArrayLike<unknown>, Number);
}

function oneHot(host: HostRows, categories: number, groups: number, where: Where): HostSparseRows {
  const numbers = toFloat64(host);
  const rows = numbers.length / groups;
  const indptr = Uint32Array.from({ length: rows + 1 }, (_, r) => r * groups);
  const indices = Uint32Array.from(numbers, (category, i) => {
    if (Number.isInteger(category) && category >= 0 && category < categories) return (i % groups) * categories + category;
    const place = groups === 1 ? `[${i}]` : `[${Math.floor(i / groups)}, ${i % groups}]`;
    throw new ParameterError(`${subject(where, place)} must be a category from 0 to ${categories - 1}, got ${got(category)}`);
  });
  return { kind: 'sparse', indptr, indices, values: null, rows, cols: groups * categories };
}
