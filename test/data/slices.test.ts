/** Rows that are many: described by their shape, read and converted slice by slice, each element once. */
import { describe, expect, test } from 'vitest';
import { describeCategories } from '../../src/data/categories.js';
import { describeRows, type HostRows, type Where } from '../../src/data/rows-input.js';
import { slicesOf, smallElements } from '../../src/data/slices.js';
import { toFloat64 } from '../../src/data/vector.js';
import { ParameterError, ShapeError } from '../../src/errors.js';

const where: Where = { call: 'RBM.fit', argument: 'data', units: 'visible units' };
const [rows, cols] = [3000, 100];
const total = rows * cols;
const value = (r: number, c: number) => (r * 31 + c * 17) % 5;
const expected = Float64Array.from({ length: total }, (_, i) => value(Math.floor(i / cols), i % cols));
const shape = [rows, cols];
const row = (r: number) => Array.from(expected.subarray(r * cols, (r + 1) * cols));
const nested = () => Array.from({ length: rows }, (_, r) => row(r));
const byColumns = <T extends Int16Array | Uint32Array>(out: T) => {
  for (let i = 0; i < total; i++) out[(i % cols) * rows + Math.floor(i / cols)] = expected[i]!;
  return out;
};
const shared = () => {
  const view = new Float32Array(new SharedArrayBuffer(4 * total));
  view.set(expected);
  return view;
};
const sameBytes = (a: Float64Array, b: Float64Array) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
const describeAs = (input: unknown) => describeRows(input, cols, where);

test('these rows are many', () => expect(total).toBeGreaterThan(smallElements));

describe('come out as they went in', () => {
  test.each<[string, () => unknown]>([
    ['nested arrays', nested],
    ['an array of typed arrays', () => nested().map((list) => Float32Array.from(list))],
    ['an array of mixed rows', () => nested().map((list, r) => (r % 2 === 0 ? list : Uint16Array.from(list)))],
    ['a plain array', () => ({ data: Array.from(expected), shape })],
    ['16-bit integers', () => ({ data: Int16Array.from(expected), shape })],
    ['32-bit integers', () => ({ data: Uint32Array.from(expected), shape })],
    ['8-bit integers', () => ({ data: Int8Array.from(expected), shape })],
    ['integers by columns', () => ({ data: byColumns(new Int16Array(total)), shape, stride: [1, rows] })],
    ['integers upside down', () => ({ data: Int32Array.from(expected).reverse(), shape, stride: [-cols, -1], offset: total - 1 })],
    ['scaled integers', () => ({ data: Int16Array.from(expected, (x) => 4 * x), shape, scale: 0.25 })],
    ['shared memory', () => ({ data: shared(), shape })],
    ['images', () => ({ data: Int16Array.from(expected), shape: [rows, 10, 10] })],
  ])('%s', (_, make) => {
    const host = describeAs(make());
    expect([host.kind, host.rows, host.cols]).toEqual(['sliced', rows, cols]);
    expect(sameBytes(toFloat64(host), expected)).toBe(true);
    expect([...slicesOf(host)].length).toBeGreaterThan(2);
  });

  test.each<[string, (present: readonly boolean[]) => unknown, unknown]>([
    ['bytes', (present) => Uint8Array.from(present, Number), Int16Array.from(expected)],
    ['booleans', (present) => present, Float32Array.from(expected)],
    ['numbers over a plain array', (present) => present.map(Number), Array.from(expected)],
  ])('masks of %s', (_, mask, data) => {
    const present = Array.from(expected, (_, i) => i % 7 !== 3);
    const host = describeAs({ data, shape, mask: mask(present) });
    expect(host.kind).toBe('sliced');
    expect(
      sameBytes(
        toFloat64(host),
        expected.map((x, i) => (present[i] ? x : Number.NaN)),
      ),
    ).toBe(true);
  });

  test.each<[string, (list: number[]) => unknown]>([
    ['plain arrays', (list) => list],
    ['signed integers', (list) => Int32Array.from(list)],
    ['unsigned integers', (list) => Uint32Array.from(list)],
  ])('sparse rows in %s', (_, listOf) => {
    const [indptr, indices, values] = [[0], [] as number[], [] as number[]];
    for (let r = 0; r < rows; r++) {
      // Some rows are empty, others are full.
      for (let c = 0; c < cols; c++) {
        if (r % 10 === 2) continue;
        indices.push(c);
        values.push(expected[r * cols + c]!);
      }
      indptr.push(indices.length);
    }
    const host = describeAs({ indptr: listOf(indptr), indices: listOf(indices), values: listOf(values), shape });
    expect(host).toMatchObject({ kind: 'sliced', entries: indices.length });
    expect(
      sameBytes(
        toFloat64(host),
        expected.map((x, i) => (Math.floor(i / cols) % 10 === 2 ? 0 : x)),
      ),
    ).toBe(true);
  });

  test.each<[string, number, (numbers: number[]) => unknown]>([
    ['a flat list', 1, (numbers) => numbers],
    ['a flat list with null', 1, (numbers) => numbers.map((x) => (Number.isNaN(x) ? null : x))],
    [
      'flat integers with a mask',
      1,
      (numbers) => ({ data: Int32Array.from(numbers), shape: [numbers.length], mask: numbers.map((x) => !Number.isNaN(x)) }),
    ],
    ['flat floats', 1, (numbers) => Float32Array.from(numbers)],
    ['nested lists', 3, (numbers) => Array.from({ length: numbers.length / 3 }, (_, r) => numbers.slice(3 * r, 3 * r + 3))],
    ['floats with a shape', 3, (numbers) => ({ data: Float64Array.from(numbers), shape: [numbers.length / 3, 3] })],
  ])('categories as %s', (_, groups, make) => {
    const numbers = Array.from({ length: 300_000 }, (_, i) => (i % 11 === 4 ? Number.NaN : i % 4));
    const host = describeCategories(make(numbers), 4, groups, where);
    expect([host.kind, host.rows, host.cols]).toEqual(['sliced', 300_000 / groups, 4 * groups]);
    const places = new Float64Array(4 * numbers.length);
    numbers.forEach((category, i) => {
      if (Number.isNaN(category)) places.fill(Number.NaN, 4 * i, 4 * i + 4);
      else places[4 * i + category] = 1;
    });
    expect(sameBytes(toFloat64(host), places)).toBe(true);
  });
});

test('shape and type are all that describing looks at', () => {
  let reads = 0;
  const list = new Proxy(nested(), {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
      return Reflect.get(target, name);
    },
  });
  const host = describeAs(list);
  expect(reads).toBe(1);
  expect(sameBytes(toFloat64(host), expected)).toBe(true);
  expect(reads).toBe(rows);
});

test('every element and every length is read once', () => {
  const counts = new Map<string, number>();
  const counted = (list: number[], r: number) =>
    new Proxy(list, {
      get: (target, name) => {
        const key = `${r} ${String(name)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return Reflect.get(target, name);
      },
    });
  toFloat64(describeAs(nested().map(counted)));
  expect(counts.size).toBe(rows * (cols + 1));
  expect([...counts.values()].every((count) => count === 1)).toBe(true);
});

describe('an error in the middle says where', () => {
  const late = 2900;
  const changed = (change: (list: unknown[][]) => void) => {
    const list: unknown[][] = nested();
    change(list);
    return list;
  };
  const masked = (i: number, x: unknown) => {
    const mask: unknown[] = new Array(total).fill(1);
    mask[i] = x;
    return { data: new Float32Array(total), shape, mask };
  };
  const sparse = (change: (parts: { indptr: number[]; indices: number[]; values: unknown[] }) => void) => {
    const indptr = Array.from({ length: rows + 1 }, (_, r) => r * cols);
    const parts = { indptr, indices: Array.from(expected, (_, i) => i % cols), values: new Array<unknown>(total).fill(1) };
    change(parts);
    return { ...parts, shape };
  };
  test.each<[string, () => unknown, string]>([
    ['text', () => changed((list) => Object.assign(list[late]!, { 7: 'x' })), '`data[2900][7]` must be a number, got "x"'],
    [
      'a short row',
      () => changed((list) => list[late]?.pop()),
      '`data[2900]` must have 100 values (visible units) like the rows before it, got 99',
    ],
    [
      'a row that is none',
      () => changed((list) => Object.assign(list, { [late]: 5 })),
      '`data[2900]` must be a row (an array of numbers), got 5',
    ],
    ['a hole', () => changed((list) => delete list[late]), '`data[2900]` must be a row or a number, got undefined'],
    [
      'text in a plain array',
      () => ({ data: Object.assign(Array.from(expected), { 290007: 'x' }), shape }),
      '`data.data[290007]` must be a number, got "x"',
    ],
    ['a mask of grey levels', () => masked(290_007, 255), '`data.mask[290007]` must be 1 (present) or 0 (missing), got 255'],
    [
      'a column out of range',
      () => sparse(({ indices }) => indices.fill(100, 290_099, 290_100)),
      '`data.indices[290099]` (row 2900) must be below 100',
    ],
    [
      'a fraction as column',
      () => sparse(({ indices }) => indices.fill(0.5, 290_007, 290_008)),
      '`data.indices[290007]` must be a whole number',
    ],
    ['an indptr that falls', () => sparse(({ indptr }) => indptr.fill(5, late, late + 1)), '`data.indptr[2900]` must be at least 289900'],
    ['text as value', () => sparse(({ values }) => values.fill('x', 290_007, 290_008)), '`data.values[290007]` must be a number, got "x"'],
  ])('%s', (_, make, message) => {
    const host = describeAs(make());
    expect(() => toFloat64(host)).toThrow(message);
  });

  test.each<[string, number, unknown, string]>([
    ['a flat list', 1, (numbers: number[]) => numbers, '`data[290007]` must be a category from 0 to 3, got 4'],
    [
      'pairs',
      2,
      (numbers: number[]) => ({ data: Int16Array.from(numbers), shape: [total / 2, 2] }),
      '`data[145003, 1]` must be a category from 0 to 3, got 4',
    ],
  ])('categories in %s', (_, groups, make, message) => {
    const numbers = new Array(total).fill(0);
    numbers[290_007] = 4;
    const host = describeCategories((make as (numbers: number[]) => unknown)(numbers), 4, groups, where);
    expect(() => toFloat64(host)).toThrow(message);
  });

  test.each<[string, unknown, string]>([
    ['a mask of the wrong length', { data: new Int16Array(total), shape, mask: [1] }, '`data.mask` must have 300000 values'],
    ['too few values', { data: new Int16Array(total - 1), shape }, '`data.data` must hold 300000 values'],
    ['rows of the wrong length', nested().map((list) => list.slice(1)), 'must have 100 columns (visible units), got 99'],
    [
      'values of the wrong length',
      { indptr: new Int32Array(rows + 1), indices: new Int32Array(total), values: [1], shape },
      '`data.values` must have 300000',
    ],
    ['indptr of the wrong length', { indptr: [0], indices: new Int32Array(total), shape }, '`data.indptr` must have 3001 entries'],
  ])('at once: %s', (_, input, message) => {
    expect(() => describeAs(input)).toThrow(ShapeError);
    expect(() => describeAs(input)).toThrow(message);
  });

  test('rows that are not there, of an array that claims them', () => {
    const claims = [row(0)];
    claims.length = 2 ** 30;
    const host = describeAs(claims);
    expect(host.rows).toBe(2 ** 30);
    const [first] = slicesOf(describeAs(nested()));
    expect(first?.rows).toBeLessThan(rows);
    expect(() => [...slicesOf(host)]).toThrow('`data[1]` must be a row or a number, got undefined');
  });

  test("the caller's own error", () => {
    const fail = () => {
      throw new Error('no such row');
    };
    const list = nested();
    Object.defineProperty(list, late, { get: fail });
    const host = describeAs(list);
    expect(() => toFloat64(host)).toThrow(ParameterError);
    expect(() => toFloat64(host)).toThrow('RBM.fit: `data` could not be read: no such row');
  });
});

describe('a list that is changed while it is read', () => {
  const afterOneSlice = (host: HostRows, change: () => void) => {
    const slices = slicesOf(host)[Symbol.iterator]();
    slices.next();
    change();
    return () => {
      for (let step = slices.next(); !step.done; step = slices.next());
    };
  };

  test.each<[string, (list: number[][]) => void, string]>([
    ['shorter', (list) => list.splice(1000), 'must be a row or a number, got undefined'],
    ['with a shorter row', (list) => list[2000]?.pop(), '`data[2000]` must have 100 values'],
    ['with a row of text', (list) => list.splice(2000, 1, 'x' as never), '`data[2000]` must be a row'],
  ])('%s', (_, change, message) => {
    const list = nested();
    expect(afterOneSlice(describeAs(list), () => change(list))).toThrow(message);
  });

  test('a row whose buffer is gone', () => {
    const list = nested().map((values) => Float32Array.from(values));
    const gone = () => structuredClone(list[2000]!.buffer, { transfer: [list[2000]!.buffer] });
    expect(afterOneSlice(describeAs(list), gone)).toThrow('`data[2000]` is a view of a detached buffer');
  });
});
