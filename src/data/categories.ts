import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { HostRows, HostSparseRows } from './host-rows.js';
import { describeExpected } from './rows-input.js';
import { arraysOf, elementsOf, slicesOf, smallElements } from './slices.js';
import { toFloat64 } from './vector.js';
import { subject, type Where } from './where.js';

/**
 * Rows of `groups` softmax units with `categories` states each: either one-hot (or probability)
 * rows of groups × categories columns, or category numbers from 0, one per group, where NaN (or a 0
 * in the mask) says that the unit's state is missing. With one group a flat list holds one category
 * per row.
 *
 * @param input - What the caller passed.
 * @param where - Whom errors speak to.
 */
export function describeCategories(input: unknown, categories: number, groups: number, where: Where): HostRows {
  const places = groups * categories;
  let numbered = false;
  const expect = (shape: readonly number[] = []) => {
    numbered = (groups === 1 && shape.length === 1) || (shape.at(-1) === groups && groups !== places);
    return { cols: numbered ? groups : places, flat: groups === 1 ? ('column' as const) : ('row' as const) };
  };
  const host = describeExpected(input, expect, where);
  if (!numbered) return host;
  const units = { categories, groups, where };
  const slices = () => oneHotSlices(host, units);
  if (elementsOf(host) > smallElements) {
    return { kind: 'sliced', rows: host.rows, cols: places, entries: host.rows * groups, arrays: arraysOf(host), slices };
  }
  return oneHot(toFloat64(host), 0, units);
}

interface SoftmaxUnits {
  readonly categories: number;
  readonly groups: number;
  readonly where: Where;
}

/** Entries of a slice, if all of it is missing. */
const mostEntries = 1 << 18;

function* oneHotSlices(host: HostRows, units: SoftmaxUnits): Generator<HostSparseRows> {
  const { categories, groups } = units;
  const step = Math.max(1, Math.floor(mostEntries / (groups * categories)));
  let first = 0;
  for (const part of slicesOf(host)) {
    const numbers = toFloat64(part);
    for (let r = 0; r < part.rows; r += step) yield oneHot(numbers.subarray(r * groups, (r + step) * groups), first + r, units);
    first += part.rows;
  }
}

/** A category is an entry of 1; one that is missing is NaN in all of its unit's places. */
function oneHot(numbers: Float64Array, firstRow: number, units: SoftmaxUnits): HostSparseRows {
  const { categories, groups } = units;
  const missing = countMissing(numbers, firstRow, units);
  const rows = numbers.length / groups;
  const indptr = new Uint32Array(rows + 1);
  const indices = new Uint32Array(numbers.length + missing * (categories - 1));
  const values = missing === 0 ? null : new Float32Array(indices.length).fill(1);
  let n = 0;
  for (let r = 0, i = 0; r < rows; r++) {
    for (let first = 0; first < groups * categories; first += categories, i++) {
      const category = numbers[i] as number;
      if (!Number.isNaN(category)) indices[n++] = first + category;
      else {
        values?.fill(Number.NaN, n, n + categories);
        for (let k = 0; k < categories; k++) indices[n++] = first + k;
      }
    }
    indptr[r + 1] = n;
  }
  return { kind: 'sparse', indptr, indices, values, rows, cols: groups * categories };
}

/** How many categories are missing; the others must be numbers of categories. */
function countMissing(numbers: Float64Array, firstRow: number, { categories, groups, where }: SoftmaxUnits): number {
  let missing = 0;
  for (let i = 0; i < numbers.length; i++) {
    const category = numbers[i] as number;
    if (Number.isNaN(category)) missing++;
    else if (!(Number.isInteger(category) && category >= 0 && category < categories)) {
      const row = firstRow + Math.floor(i / groups);
      const place = groups === 1 ? `[${row}]` : `[${row}, ${i % groups}]`;
      throw new ParameterError(`${subject(where, place)} must be a category from 0 to ${categories - 1}, got ${got(category)}`);
    }
  }
  return missing;
}
