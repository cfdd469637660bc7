import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { describeCategories } from '../../src/data/categories.js';
import { describeRows, type HostDenseRows, type Where } from '../../src/data/rows-input.js';
import { asMatrix, asVector, toFloat64 } from '../../src/data/vector.js';
import { ParameterError, ShapeError } from '../../src/errors.js';

const where: Where = { call: 'RBM.fit', argument: 'data', units: 'visible units' };
const describeAs = (input: unknown, cols: number) => describeRows(input, cols, where);
const valuesOf = (input: unknown, cols: number) => [...toFloat64(describeAs(input, cols))];

describe('rows are understood in every documented form', () => {
  const expected = [0, 1, 0.5, 1, 0, 0.25];

  test.each([
    ['an ndarray', ndarray(new Float32Array(expected), [2, 3])],
    ['a transposed ndarray', ndarray(new Float64Array([0, 1, 1, 0, 0.5, 0.25]), [3, 2]).transpose(1, 0)],
    ['an ndarray turned upside down', ndarray(new Float64Array([1, 0, 0.25, 0, 1, 0.5]), [2, 3]).step(-1)],
    ['a cut-out of a larger ndarray', ndarray(new Float64Array([9, 9, 9, 9, 9, 0, 1, 0.5, 9, 1, 0, 0.25]), [3, 4]).lo(1, 1)],
    ['an ndarray of plain numbers', ndarray(expected, [2, 3])],
    ['a typed array with its shape', { data: new Float32Array(expected), shape: [2, 3] }],
    ['a shape that is itself a typed array', { data: new Float32Array(expected), shape: new Int32Array([2, 3]) }],
    ['nested arrays', [expected.slice(0, 3), expected.slice(3)]],
    ['an array of typed arrays', [new Float32Array(expected.slice(0, 3)), new Float64Array(expected.slice(3))]],
    ['bytes with a scale', { data: new Uint8Array([0, 4, 2, 4, 0, 1]), shape: [2, 3], scale: 0.25 }],
    ['clamped bytes', { data: new Uint8ClampedArray([0, 4, 2, 4, 0, 1]), shape: [2, 3], scale: 0.25 }],
    ['a Buffer', { data: Buffer.from([0, 4, 2, 4, 0, 1]), shape: [2, 3], scale: 0.25 }],
    ['16-bit integers', { data: new Int16Array([0, 4, 2, 4, 0, 1]), shape: [2, 3], scale: 0.25 }],
    ['32-bit integers', { data: new Uint32Array([0, 4, 2, 4, 0, 1]), shape: [2, 3], scale: 0.25 }],
    ['shared memory', { data: new Float32Array(new SharedArrayBuffer(24)).map((_, i) => expected[i]!), shape: [2, 3] }],
    ['sparse rows', { indptr: [0, 2, 4], indices: [1, 2, 0, 2], values: [1, 0.5, 1, 0.25], shape: [2, 3] }],
  ])('%s', (_, input) => {
    expect(valuesOf(input, 3)).toEqual(expected);
  });

  test('bits in both orders', () => {
    const bits = (order?: string) => ({ bits: new Uint8Array([0b10100000, 0b10000000, 0b01000000, 0]), shape: [2, 9], order });
    expect(valuesOf(bits(), 9)).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(valuesOf(bits('lsb'), 9)).toEqual([0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test('sparse rows without values are ones, and rows may be empty', () => {
    expect(valuesOf({ indptr: [0, 0, 2], indices: new Int32Array([0, 2]), shape: [2, 3] }, 3)).toEqual([0, 0, 0, 1, 0, 1]);
  });

  test.each([
    ['a flat array', [0, 1, 0.5]],
    ['a flat typed array', new Float32Array([0, 1, 0.5])],
    ['an ndarray with one dimension', ndarray([0, 1, 0.5])],
  ])('%s is one row', (_, input) => {
    expect(describeAs(input, 3)).toMatchObject({ kind: 'dense', rows: 1, cols: 3 });
    expect(valuesOf(input, 3)).toEqual([0, 1, 0.5]);
  });

  test('dimensions after the first are columns', () => {
    const images = ndarray(
      Float64Array.from({ length: 12 }, (_, i) => i),
      [2, 3, 2],
    );
    expect(valuesOf(images, 6)).toEqual([...images.data]);
    expect(valuesOf(images.step(-1), 6)).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
    expect(() => describeAs(images.transpose(0, 2, 1), 6)).toThrow(/do not follow each other in memory: copy the array/);
  });

  test('big arrays are described in place, not copied', () => {
    const data = new Float32Array(12);
    expect((describeAs({ data, shape: [4, 3] }, 3) as HostDenseRows).data.buffer).toBe(data.buffer);
    const clamped = new Uint8ClampedArray(12);
    expect((describeAs({ data: clamped, shape: [4, 3] }, 3) as HostDenseRows).data.buffer).toBe(clamped.buffer);
  });

  test('shared memory is copied, so that a later change does not reach the model', () => {
    const data = new Float64Array(new SharedArrayBuffer(16));
    const host = describeAs({ data, shape: [1, 2] }, 2);
    data.fill(7);
    expect([...toFloat64(host)]).toEqual([0, 0]);
  });

  test('in plain arrays null is missing as NaN is, true and false are 1 and 0', () => {
    const missing = [1, Number.NaN, 0];
    expect(valuesOf([[true, null, false]], 3)).toEqual(missing);
    expect(valuesOf([null, true, 0], 3)).toEqual([Number.NaN, 1, 0]);
    expect(valuesOf([false, null, 0.5], 3)).toEqual([0, Number.NaN, 0.5]);
    expect(valuesOf({ data: [true, null, false], shape: [1, 3] }, 3)).toEqual(missing);
    expect(valuesOf({ indptr: [0, 2], indices: [0, 1], values: [true, null], shape: [1, 3] }, 3)).toEqual(missing);
    expect([...toFloat64(describeCategories([1, null, true], 2, 1, where))]).toEqual([0, 1, Number.NaN, Number.NaN, 0, 1]);
  });

  test('NaN and infinities pass: the unit type decides on values', () => {
    expect(valuesOf([[Number.NaN, Infinity]], 2)).toEqual([Number.NaN, Infinity]);
  });
});

describe('a mask says which values are present', () => {
  const masked = [7, Number.NaN, 9, Number.NaN, Number.NaN, 12];
  const data = new Int16Array([7, 8, 9, 10, 11, 12]);
  const shape = [2, 3];

  test.each<[string, unknown]>([
    ['numbers', [1, 0, 1, 0, 0, 1]],
    ['booleans', [true, false, true, false, false, true]],
    ['bytes', Uint8Array.of(1, 0, 1, 0, 0, 1)],
    ['floats', Float64Array.of(1, 0, 1, 0, 0, 1)],
    ['a view of a larger array', Uint8Array.of(5, 1, 0, 1, 0, 0, 1, 5).subarray(1, 7)],
  ])('as %s', (_, mask) => {
    expect(valuesOf({ data, shape, mask }, 3)).toEqual(masked);
  });

  test('in the order of the shape, whatever the strides', () => {
    const transposed = { data: Int16Array.of(7, 10, 8, 11, 9, 12), shape, stride: [1, 2], scale: 2, mask: [1, 0, 1, 0, 0, 1] };
    expect(valuesOf(transposed, 3)).toEqual(masked.map((x) => 2 * x));
    expect(valuesOf({ data: data.subarray(0, 4), shape: [1, 2, 2], mask: [0, 1, 1, 0] }, 4)).toEqual([Number.NaN, 8, 9, Number.NaN]);
    expect(valuesOf({ data: [1, 2], shape: [2], mask: [0, 1] }, 2)).toEqual([Number.NaN, 2]);
  });

  test('values that are missing may be anything, NaN included, and NaN is missing in spite of the mask', () => {
    expect(valuesOf({ data: [-999, Number.NaN, Number.NaN, 1], shape: [2, 2], mask: [0, 0, 1, 1] }, 2)).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      1,
    ]);
  });

  test('the mask is copied, the data are not', () => {
    const mask = Uint8Array.of(1, 0, 1, 0, 0, 1);
    const floats = new Float32Array(6);
    const host = describeAs({ data: floats, shape, mask }, 3) as HostDenseRows;
    mask.fill(1);
    expect(host.mask).toEqual(Uint8Array.of(1, 0, 1, 0, 0, 1));
    expect(host.data.buffer).toBe(floats.buffer);
  });

  test.each<[string, unknown, string]>([
    ['too short', [1, 0], '`data.mask` must have 6 values (shape [2, 3]), got 2'],
    ['too long', new Uint8Array(7), '`data.mask` must have 6 values (shape [2, 3]), got 7'],
    ['not a list', 'yes', '`data.mask` must be a typed array or an array of 0 and 1, got "yes"'],
    ['null', null, '`data.mask` must be a typed array or an array of 0 and 1, got null'],
    ['nested', [[1, 0, 1], [1, 1, 1], 0, 0, 0, 0], '`data.mask[0]` must be 1 (present) or 0 (missing), got an array'],
    ['something in between', [1, 0.5, 1, 0, 0, 1], '`data.mask[1]` must be 1 (present) or 0 (missing), got 0.5'],
    ['grey levels', Uint8Array.of(255, 0, 1, 0, 0, 1), '`data.mask[0]` must be 1 (present) or 0 (missing), got 255'],
    ['NaN', [1, Number.NaN, 1, 0, 0, 1], 'got NaN'],
    ['big integers', new BigInt64Array(6), '`data.mask` must be a typed array of'],
    ['a hole', new Array(6), '`data.mask[0]` must be 1 (present) or 0 (missing), got undefined'],
  ])('%s is refused', (_, mask, message) => {
    expect(() => describeAs({ data, shape, mask }, 3)).toThrow(message);
  });

  test('only dense rows have one', () => {
    const message = 'RBM.fit: `data` must not have a `mask`: only dense rows { data, shape } take one';
    expect(() => describeAs({ bits: new Uint8Array(1), shape: [1, 3], mask: [1, 1, 0] }, 3)).toThrow(message);
    expect(() => describeAs({ indptr: [0, 0], indices: [], shape: [1, 3], mask: [1, 1, 0] }, 3)).toThrow(message);
  });
});

describe('categories', () => {
  const valuesOfCategories = (input: unknown, categories: number, groups: number) => [
    ...toFloat64(describeCategories(input, categories, groups, where)),
  ];
  const none = Number.NaN;

  test('NaN and masked categories are missing as whole units', () => {
    expect(valuesOfCategories([2, none, 0], 3, 1)).toEqual([0, 0, 1, none, none, none, 1, 0, 0]);
    expect(valuesOfCategories({ data: Uint8Array.of(2, 9, 0), shape: [3], mask: [1, 0, 1] }, 3, 1)).toEqual([
      ...[0, 0, 1],
      ...[none, none, none],
      ...[1, 0, 0],
    ]);
    const groups = [
      [none, 1],
      [0, none],
      [1, 0],
    ];
    expect(valuesOfCategories(groups, 2, 2)).toEqual([none, none, 0, 1, 1, 0, none, none, 0, 1, 1, 0]);
  });

  test('other numbers are refused by their place', () => {
    expect(() => valuesOfCategories([0, none, 3], 3, 1)).toThrow('`data[2]` must be a category from 0 to 2, got 3');
    expect(() => valuesOfCategories([[none, 0.5]], 3, 2)).toThrow('`data[0, 1]` must be a category from 0 to 2, got 0.5');
  });
});

describe('a wrong shape is refused with what was expected and what came', () => {
  const data = new Float32Array(20);
  const wrong: [string, unknown, string][] = [
    ['columns', { data, shape: [4, 5] }, 'RBM.fit: `data` must have 10 columns (visible units), got 5'],
    ['columns of images', { data, shape: [1, 5, 4] }, 'RBM.fit: `data` must have 10 columns (visible units), got 20 (shape [1, 5, 4])'],
    ['columns of nested rows', [[1, 2]], 'RBM.fit: `data` must have 10 columns (visible units), got 2'],
    ['a flat array', data, 'must have 10 columns (visible units), got 20 (a flat array is one row; several rows need { data, shape })'],
    ['no rows', { data: new Float32Array(0), shape: [0, 10] }, 'must have at least one row, got shape [0, 10]'],
    ['an empty array', [], 'must have at least one row, got an empty array'],
    ['no dimensions', { data, shape: [] }, 'must have rows and columns, got a single value'],
    ['too few values', { data, shape: [3, 10] }, '`data.data` must hold 30 values (shape [3, 10]), got 20'],
    ['too many values', { data, shape: [1, 10] }, '`data.data` must hold 10 values (shape [1, 10]), got 20'],
    ['a product that wraps at 2^64', { data, shape: [2 ** 32, 2 ** 32] }, '`data.shape` must ask for less than 2^53 values'],
    ['a product that wraps to the right size', { data, shape: [2 ** 31, 2 ** 31, 10] }, 'must ask for less than 2^53 values'],
    ['a product hidden behind a zero', { data, shape: [2 ** 40, 2 ** 40, 0] }, 'must ask for less than 2^53 values'],
    ['too many rows', { data, shape: [2 ** 31, 10], stride: [0, 1] }, 'must have at most 2147483647 rows'],
    ['ragged rows', [new Array(10).fill(0), new Array(9).fill(0)], '`data[1]` must have 10 values (visible units)'],
    ['strides of another rank', { data, shape: [2, 10], stride: [1] }, '`data.stride` must have 2 entries'],
    [
      'a stride past the end',
      { data, shape: [2, 10], stride: [11, 1], offset: 0 },
      'reaches outside its 20 values (shape [2, 10], stride [11, 1]',
    ],
    ['a negative stride from 0', { data, shape: [2, 10], stride: [-10, 1], offset: 0 }, 'reaches outside its 20 values'],
    ['an offset past the end', { data, shape: [2, 10], offset: 1 }, 'reaches outside its 20 values'],
    ['strides beyond counting', { data, shape: [3, 10], stride: [Number.MAX_SAFE_INTEGER, 1] }, 'reaches outside its 20 values'],
    ['bits of the wrong length', { bits: new Uint8Array(3), shape: [2, 10] }, '`data.bits` must have 4 bytes (2 rows of 10 bits'],
    ['bits with three dimensions', { bits: new Uint8Array(3), shape: [2, 5, 2] }, '`data.shape` must be [rows, columns], got 3 entries'],
    ['indptr of the wrong length', { indptr: [0, 0], indices: [], shape: [2, 10] }, '`data.indptr` must have 3 entries (rows + 1), got 2'],
    ['values of the wrong length', { indptr: [0, 1], indices: [1], values: [], shape: [1, 10] }, '`data.values` must have 1 entries'],
  ];

  test.each(wrong)('%s', (_, input, message) => {
    expect(() => describeAs(input, 10)).toThrow(ShapeError);
    expect(() => describeAs(input, 10)).toThrow(message);
  });
});

describe('a wrong type is refused before anything is read as numbers', () => {
  const data = new Float32Array(4);
  const wrong: [string, unknown, string | RegExp][] = [
    ['nothing', undefined, 'RBM.fit: `data` must be an ndarray, { data, shape }, an array of rows'],
    ['null', null, 'got null'],
    ['a number', 5, 'got 5'],
    ['a string', 'rows', 'got "rows"'],
    ['a promise', Promise.resolve(), 'is an `await` missing?'],
    ['a function', () => 0, 'got a function'],
    ['an empty object', {}, 'got an object'],
    ['a buffer without a type', new ArrayBuffer(16), 'got a buffer without a type'],
    ['a DataView', new DataView(new ArrayBuffer(16)), 'got a DataView'],
    ['big integers', new BigInt64Array(2), 'must be a typed array of 8- to 32-bit integers or 32- or 64-bit floats, got a BigInt64Array'],
    ['big integers in an ndarray', ndarray(new BigUint64Array(4), [2, 2]), '`data.data` must be a typed array of'],
    ['half floats', halfFloats(), /got a Float16Array|a detached buffer/],
    ['undefined in a nested array', [[0, undefined]], '`data[0][1]` must be a number, got undefined'],
    ['true as a column', { indptr: [0, 1], indices: [true], shape: [1, 2] }, '`data.indices[0]` must be a whole number'],
    ['text in a flat array', [0, '1'], '`data[1]` must be a number, got "1"'],
    ['text in a nested array', [[0, '1']], '`data[0][1]` must be a number, got "1"'],
    ['big integers in an array', [[1n, 0n]], '`data[0][0]` must be a number, got 1n'],
    ['a hole in a row', [[0, 1], withHole([0, 1], 1)], '`data[1][1]` must be a number, got undefined'],
    [
      'a hole between rows',
      withHole(
        [
          [0, 1],
          [0, 1],
        ],
        1,
      ),
      '`data[1]` must be a row or a number, got undefined',
    ],
    ['a hole in a flat array', withHole([0, 1], 1), '`data[1]` must be a number, got undefined'],
    ['an array that claims 2^32 - 1 rows', new Array(2 ** 32 - 1), '`data[0]` must be a row or a number, got undefined'],
    ['rows that are no arrays', [[0, 1], 5], '`data[1]` must be a row (an array of numbers), got 5'],
    ['a number that is followed by a row', [0, [1]], '`data[1]` must be a number, got an array'],
    ['three levels', [[[0], [1]]], '`data[0][0]` must be a number, got an array'],
    ['a shape that is a number', { data, shape: 4 }, '`data.shape` must be an array of whole numbers, got 4'],
    ['no shape', { data }, '`data.shape` must be an array of whole numbers, got undefined'],
    ['a fraction in the shape', { data, shape: [2, 2.5] }, '`data.shape[1]` must be a whole number of at least 0, got 2.5'],
    ['a negative size', { data, shape: [-2, 2] }, '`data.shape[0]` must be a whole number of at least 0, got -2'],
    ['NaN in the shape', { data, shape: [Number.NaN, 2] }, '`data.shape[0]` must be a whole number of at least 0, got NaN'],
    ['infinity in the shape', { data, shape: [Infinity, 2] }, 'got Infinity'],
    ['text in the shape', { data, shape: ['2', 2] }, 'got "2"'],
    ['a hole in the shape', { data, shape: new Array(2) }, '`data.shape[0]` must be a whole number of at least 0, got undefined'],
    ['a rank beyond reason', { data, shape: new Array(1e6).fill(1) }, '`data.shape` must have at most 32 entries, got 1000000'],
    ['a fraction in the stride', { data, shape: [2, 2], stride: [1.5, 1] }, '`data.stride[0]` must be a whole number, got 1.5'],
    ['a fraction as offset', { data, shape: [1, 2], offset: 0.5 }, '`data.offset` must be a whole number of at least 0, got 0.5'],
    ['a negative offset', { data, shape: [1, 2], offset: -1 }, '`data.offset` must be a whole number of at least 0, got -1'],
    ['a scale of NaN', { data, shape: [2, 2], scale: Number.NaN }, '`data.scale` must be a finite number, got NaN'],
    ['a scale in text', { data, shape: [2, 2], scale: '1/255' }, '`data.scale` must be a finite number, got "1/255"'],
    [
      'data that are an object with get',
      { data: { get: () => 0, length: 4 }, shape: [2, 2] },
      '`data.data` must be a typed array or an array',
    ],
    ['text in the data', { data: ['0', '1', '1', '0'], shape: [2, 2] }, '`data.data[0]` must be a number, got "0"'],
    ['bits that are floats', { bits: data, shape: [4, 2] }, '`data.bits` must be a Uint8Array, got a Float32Array'],
    [
      'bits in an unknown order',
      { bits: new Uint8Array(1), shape: [1, 2], order: 'big' },
      "`data.order` must be 'msb' or 'lsb', got \"big\"",
    ],
    ['sparse values under another name', { indptr: [0, 1], indices: [1], data: [0.5], shape: [1, 2] }, 'are called `values`'],
    ['indices that are no array', { indptr: [0, 1], indices: 1, shape: [1, 2] }, '`data.indices` must be a typed array or an array'],
    [
      'a fraction as column',
      { indptr: [0, 1], indices: [0.5], shape: [1, 2] },
      '`data.indices[0]` must be a whole number from 0 to 2^32 - 1',
    ],
    [
      'a negative column',
      { indptr: [0, 1], indices: new Int32Array([-1]), shape: [1, 2] },
      '`data.indices[0]` must be a whole number from 0',
    ],
    ['a column out of range', { indptr: [0, 1], indices: [2], shape: [1, 2] }, '(row 0) must be below 2 (visible units), got 2'],
    ['a column twice', { indptr: [0, 0, 2], indices: [1, 1], shape: [2, 2] }, '`data.indices[1]` (row 1) must be above 1'],
    ['columns that fall', { indptr: [0, 2], indices: [1, 0], shape: [1, 2] }, 'must be above 1 (columns rise within a row), got 0'],
    ['indptr that starts late', { indptr: [1, 1], indices: [1], shape: [1, 2] }, '`data.indptr[0]` must be 0, got 1'],
    ['indptr that falls', { indptr: [0, 2, 1], indices: [0, 1], shape: [2, 2] }, '`data.indptr[2]` must be at least 2'],
    [
      'indptr that ends early',
      { indptr: [0, 0], indices: [1], shape: [1, 2] },
      '`data.indptr[1]` must be 1, the number of `indices`, got 0',
    ],
    ['indptr beyond the entries', { indptr: [0, 9], indices: [1], shape: [1, 2] }, '`data.indptr[1]` must be 1'],
    ['indptr beyond the entries, then back', { indptr: [0, 9, 1], indices: [1], shape: [2, 2] }, '`data.indptr[1]` must be at most 1'],
  ];

  test.each(wrong)('%s', (_, input, message) => {
    expect(() => describeAs(input, 2)).toThrow(ParameterError);
    expect(() => describeAs(input, 2)).toThrow(message);
  });

  function withHole(list: unknown[], at: number): unknown[] {
    delete list[at];
    return list;
  }

  function halfFloats(): unknown {
    const Half = (globalThis as { Float16Array?: new (length: number) => unknown }).Float16Array;
    return Half ? new Half(2) : detached(new Float32Array(2));
  }
});

function detached<T extends NodeJS.TypedArray>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

describe('memory that may go away is refused', () => {
  type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

  test('a detached buffer, alone and in an ndarray, also under an empty view', () => {
    const message = 'is a view of a detached buffer';
    expect(() => describeAs(detached(new Float32Array(4)), 4)).toThrow(message);
    expect(() => describeAs({ data: detached(new Uint8Array(4)), shape: [1, 4] }, 4)).toThrow(message);
    expect(() => describeAs([detached(new Float32Array(4))], 4)).toThrow('`data[0]` is a view of a detached buffer');
    expect(() => describeAs({ bits: detached(new Uint8Array(1)), shape: [1, 4] }, 4)).toThrow(message);
    expect(() => describeAs({ indptr: detached(new Uint32Array(2)), indices: [], shape: [1, 4] }, 4)).toThrow(message);
  });

  test('a resizable buffer', () => {
    const buffer = new (ArrayBuffer as unknown as Resizable)(16, { maxByteLength: 32 });
    for (const view of [new Float32Array(buffer), new Float32Array(buffer, 4, 2)]) {
      expect(() => describeAs({ data: view, shape: [1, view.length] }, view.length)).toThrow(/must not be a view of a resizable buffer/);
    }
  });

  test('a growable shared buffer', () => {
    const buffer = new (SharedArrayBuffer as unknown as Resizable)(16, { maxByteLength: 32 });
    expect(() => describeAs(new Float32Array(buffer), 4)).toThrow(/must not be a view of a resizable buffer/);
  });
});

describe("the caller's code runs at most once per property and cannot lie about memory", () => {
  test('a getter that throws is reported with its error as cause', () => {
    const cause = new Error('no luck');
    const input = {
      data: new Float32Array(2),
      get shape(): number[] {
        throw cause;
      },
    };
    expect(() => describeAs(input, 2)).toThrow(new ParameterError('RBM.fit: `data` could not be read: no luck'));
    try {
      describeAs(input, 2);
    } catch (error) {
      expect((error as Error).cause).toBe(cause);
    }
  });

  test('every property is read once', () => {
    const reads: PropertyKey[] = [];
    const watched = (target: object): object =>
      new Proxy(target, {
        get(object, key, receiver) {
          reads.push(key);
          return Reflect.get(object, key, receiver);
        },
      });
    const once = () => expect(reads.length).toBe(new Set(reads).size);
    describeAs(watched({ data: new Float32Array(2), shape: [1, 2], stride: [2, 1], offset: 0, scale: 1 }), 2);
    once();
    reads.length = 0;
    describeAs(watched({ indptr: [0, 1], indices: [1], values: [1], shape: [1, 2] }), 2);
    once();
    reads.length = 0;
    describeAs([watched([0, 1])], 2);
    once();
    reads.length = 0;
    describeAs(
      watched([
        [0, 1],
        [1, 0],
      ]),
      2,
    );
    once();
    reads.length = 0;
    describeAs(watched([0, 1]), 2);
    once();
  });

  test('a shape that changes between reads cannot widen what was checked', () => {
    let reads = 0;
    const input = {
      data: new Float32Array(4),
      get shape() {
        return reads++ === 0 ? [2, 2] : [1e6, 2];
      },
    };
    expect(describeAs(input, 2)).toMatchObject({ rows: 2 });
  });

  test('a subclass with a length of its own is measured by the memory it really has', () => {
    class Liar extends Float32Array {
      override get length() {
        return 1000;
      }
    }
    const data = new Liar(4);
    expect(() => describeAs({ data, shape: [500, 2] }, 2)).toThrow('must hold 1000 values (shape [500, 2]), got 4');
    expect((describeAs({ data, shape: [2, 2] }, 2) as HostDenseRows).data.constructor).toBe(Float32Array);
  });

  test('an object that pretends to be a typed array is refused', () => {
    const fake = Object.create(Float32Array.prototype) as Float32Array;
    expect(() => describeAs(fake, 2)).toThrow(ParameterError);
    expect(() => describeAs({ data: fake, shape: [1, 2] }, 2)).toThrow(ParameterError);
  });

  test('a proxy that is gone', () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(() => describeAs(proxy, 2)).toThrow(ParameterError);
  });
});

describe('any strided view reads exactly the elements that ndarray reads', () => {
  const size = fc.integer({ min: 1, max: 5 });

  test('random shapes, steps, orders and cut-outs', () => {
    fc.assert(
      fc.property(size, size, size, size, fc.boolean(), fc.boolean(), fc.boolean(), (rows, cols, skipR, skipC, flipR, flipC, turn) => {
        const [height, width] = [rows + skipR, cols + skipC];
        const data = Float64Array.from({ length: height * width }, (_, i) => i);
        const base = turn ? ndarray(data, [width, height]).transpose(1, 0) : ndarray(data, [height, width]);
        const view = base.lo(skipR, skipC).step(flipR ? -1 : 1, flipC ? -1 : 1);
        const expected = Array.from({ length: rows * cols }, (_, i) => view.get(Math.floor(i / cols), i % cols));
        expect(valuesOf(view, cols)).toEqual(expected);
        const integers = { ...view, data: Int32Array.from(data), shape: view.shape, stride: view.stride, offset: view.offset };
        expect(valuesOf(integers, cols)).toEqual(expected);
      }),
    );
  });

  test('arbitrary numbers in shape, stride and offset are either refused or in bounds', () => {
    const number = fc.oneof(fc.integer({ min: -4, max: 8 }), fc.maxSafeInteger(), fc.double());
    const data = new Float32Array(16);
    fc.assert(
      fc.property(fc.array(number, { maxLength: 4 }), fc.array(number, { maxLength: 4 }), number, (shape, stride, offset) => {
        let host: HostDenseRows;
        try {
          host = describeAs({ data, shape, stride, offset }, 4) as HostDenseRows;
        } catch (error) {
          expect(error instanceof ShapeError || error instanceof ParameterError).toBe(true);
          return;
        }
        for (const r of [0, host.rows - 1]) {
          for (const c of [0, 3]) {
            const index = host.offset + r * host.rowStride + c * host.colStride;
            expect(index >= 0 && index < 16).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('anything at all gives rows or one of our errors', () => {
    fc.assert(
      fc.property(fc.anything({ withTypedArray: true, withSparseArray: true, withBigInt: true, withNullPrototype: true }), (input) => {
        try {
          describeAs(input, 3);
        } catch (error) {
          expect(error instanceof ShapeError || error instanceof ParameterError).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('vectors and matrices of finite numbers', () => {
  const weights: Where = { call: 'RBM.fit', argument: 'sampleWeights', units: 'rows' };

  test('are copied from every form', () => {
    const source = new Float64Array([1, 2]);
    const copy = asVector(source, 2, weights);
    source.fill(0);
    expect([...copy]).toEqual([1, 2]);
    expect([...asVector([1, 2], 2, weights)]).toEqual([1, 2]);
    expect([...asVector(ndarray(new Float32Array([1, 2])), 2, weights)]).toEqual([1, 2]);
    expect([
      ...asMatrix(
        [
          [1, 2],
          [3, 4],
        ],
        2,
        2,
        weights,
      ),
    ]).toEqual([1, 2, 3, 4]);
  });

  test('name the element that is not finite or out of range', () => {
    expect(() => asVector([1, Number.NaN], 2, weights)).toThrow('RBM.fit: `sampleWeights[1]` must be a finite number, got NaN');
    expect(() => asVector([1, -1], 2, weights, { low: 0 })).toThrow('`sampleWeights[1]` must be a finite number of at least 0, got -1');
    expect(() => asVector([1, 2], 2, weights, { low: 0, high: 1 })).toThrow('must be a finite number from 0 to 1, got 2');
    expect(() =>
      asMatrix(
        [
          [1, 2],
          [3, Infinity],
        ],
        2,
        2,
        weights,
      ),
    ).toThrow('`sampleWeights[1, 1]` must be a finite number, got Infinity');
  });

  test('must have the given length', () => {
    expect(() => asVector([1], 2, weights)).toThrow(ShapeError);
    expect(() =>
      asVector(
        [
          [1, 2],
          [1, 2],
        ],
        2,
        weights,
      ),
    ).toThrow('must be one list of 2 rows, got 2 rows');
    expect(() => asMatrix([[1, 2]], 2, 2, weights)).toThrow('must have 2 rows, got 1');
  });
});
