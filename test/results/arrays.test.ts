/** Rows, plain arrays and largest columns of results, whatever their strides. */
import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, it } from 'vitest';
import { argmax, ParameterError, RBM, rowsOf, ShapeError, toNested } from '../../src/index.js';

/** 0 … 11 as [3, 4], and other ways to look at the same memory. */
const plain = () =>
  ndarray(
    Float32Array.from({ length: 12 }, (_, i) => i),
    [3, 4],
  );
const views: [string, (m: NdArray<Float32Array>) => NdArray<Float32Array>, number[][]][] = [
  ['as it is', (m) => m, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]],
  ['transposed', (m) => m.transpose(1, 0), [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]],
  ['without its margins', (m) => m.lo(1, 1).hi(2, 2), [[5, 6], [9, 10]]],
  ['every other row backwards', (m) => m.step(-2, 1), [[8, 9, 10, 11], [0, 1, 2, 3]]],
  ['every other column', (m) => m.step(1, 2), [[0, 2], [4, 6], [8, 10]]],
  ['columns backwards', (m) => m.step(1, -1), [[3, 2, 1, 0], [7, 6, 5, 4], [11, 10, 9, 8]]],
  ['no rows', (m) => m.hi(0, 4), []],
]; // biome-ignore format: one view per line

describe.each(views)('a matrix %s', (_, view, want) => {
  it('has rows, nested arrays and largest columns', () => {
    const m = view(plain());
    expect(Array.from(rowsOf(m), (row) => Array.from(row))).toEqual(want);
    expect(toNested(m)).toEqual(want);
    expect(argmax(m)).toEqual(want.map((row) => row.indexOf(Math.max(...row))));
  });
});

describe('rowsOf', () => {
  it('gives views of the same type, as often as asked', () => {
    const m = plain();
    const rows = rowsOf(m);
    for (const row of rows) row[0] = -1;
    expect([...rows][2]).toBeInstanceOf(Float32Array);
    expect([m.get(0, 0), m.get(1, 0), m.get(2, 0)]).toEqual([-1, -1, -1]);
    const bytes = ndarray(new Uint8Array(6), [2, 3]);
    for (const row of rowsOf(bytes)) row.fill(7);
    expect([...bytes.data]).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('takes results of a model', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2, seed: 1 });
    const features = await rbm.transform([[1, 0, 1], [0, 0, 1]]); // biome-ignore format: one line
    expect([...rowsOf(features)].map((row) => row.length)).toEqual([2, 2]);
    expect(toNested(await rbm.freeEnergy([[1, 0, 1]]))).toEqual([(await rbm.freeEnergy([[1, 0, 1]])).get(0)]);
  });
});

describe('toNested', () => {
  it('writes null for NaN and keeps infinities, in any number of dimensions', () => {
    expect(toNested(ndarray(Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY), [3]))).toEqual([1, null, Number.POSITIVE_INFINITY]);
    const cube = ndarray(Float64Array.from({ length: 8 }, (_, i) => i), [2, 2, 2]); // biome-ignore format: one line
    expect(toNested(cube)).toEqual([[[0, 1], [2, 3]], [[4, 5], [6, 7]]]); // biome-ignore format: one line
    expect(toNested(cube.transpose(2, 1, 0))).toEqual([[[0, 4], [2, 6]], [[1, 5], [3, 7]]]); // biome-ignore format: one line
    expect(toNested(ndarray(new Float64Array(0), [2, 0]))).toEqual([[], []]);
    expect(toNested(ndarray(new Float64Array(0), [0, 2]))).toEqual([]);
  });
});

describe('argmax', () => {
  it('takes the first of equal values', () => {
    expect(argmax(ndarray(Float32Array.of(1, 2, 2, 0, 0, 0), [2, 3]))).toEqual([1, 0]);
  });

  it('refuses what has no largest value', () => {
    expect(() => argmax(ndarray(Float32Array.of(0, 1, Number.NaN, 2), [2, 2]))).toThrow(
      /argmax: `matrix\[1, 0\]` must be a number, got NaN/,
    );
    expect(() => argmax(ndarray(new Float32Array(0), [2, 0]))).toThrow(/at least one column, got shape \[2, 0\]/);
  });
});

describe('anything else', () => {
  const calls: [string, (input: never) => unknown][] = [
    ['rowsOf', (input) => [...rowsOf(input)]],
    ['argmax', (input) => argmax(input)],
    ['toNested', (input) => toNested(input)],
  ];
  const wrong: [string, unknown, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['nothing', undefined, ParameterError, /must be an ndarray over a typed array, got undefined/],
    ['nested arrays', [[1, 2]], ParameterError, /must be an ndarray over a typed array, got an array/],
    ['a promise', Promise.resolve(), ParameterError, /is an `await` missing/],
    ['a plain array under a shape', { data: [1, 2], shape: [1, 2] }, ParameterError, /over a typed array, got an object/],
    ['big integers', { data: new BigInt64Array(2), shape: [1, 2] }, ParameterError, /8- to 32-bit integers or 32- or 64-bit floats/],
    ['a shape that does not fit', { data: new Float32Array(2), shape: [2, 2] }, ShapeError, /must hold 4 values/],
    ['strides past the end', ndarray(new Float32Array(4), [2, 2], [3, 2]), ShapeError, /reaches outside/],
    ['a shape that cannot be read', { data: new Float32Array(2), get shape() { throw new Error('no'); } }, ParameterError, /could not be read/],
  ]; // biome-ignore format: one case per line
  describe.each(calls)('%s', (name, call) => {
    it.each(wrong)('refuses %s', (_, input, type, message) => {
      const failed = caught(() => call(input as never));
      expect(failed).toBeInstanceOf(type);
      expect(failed.message).toMatch(message);
      expect(failed.message.startsWith(`${name}: \``)).toBe(true);
    });
  });

  it('rows and columns need two dimensions', () => {
    const vector = ndarray(new Float32Array(3), [3]);
    expect(() => rowsOf(vector)).toThrow(/two dimensions, rows and columns, got shape \[3\]/);
    expect(() => argmax(vector)).toThrow(ShapeError);
    expect(() => toNested(ndarray(new Float32Array(1), []))).toThrow(/at least one dimension/);
  });
});

function caught(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return expect.fail('nothing was thrown');
}
