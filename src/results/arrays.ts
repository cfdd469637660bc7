/**
 * What one does with results besides `get`: their rows, plain arrays of them, their largest
 * columns.
 */
import { readFrom } from '../arguments.js';
import { describeElements, readShape, type StridedElements } from '../data/dense-rows.js';
import { shapeText } from '../data/integers.js';
import type { NdArray } from '../data/ndarray.js';
import { rowMajorElements } from '../data/row-major.js';
import { isTypedArray, type NumericArray } from '../data/typed.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';

/** An array as plain nested arrays: null stands for NaN. */
export type NestedNumbers = (number | null)[] | NestedNumbers[];

/**
 * The rows of a matrix, one typed array each, in order. The rows are views: they show the memory of
 * the matrix, and writing to one writes to it. Only where the columns of a row do not lie next to
 * each other (a transposed matrix, say) is each row a copy.
 *
 * @param matrix - A result [n, columns], such as `await rbm.transform(rows)`.
 * @returns Something to iterate over as often as one likes: `for (const row of rowsOf(m))`,
 *   `[...rowsOf(m)]`.
 * @throws {@link ParameterError} unless it is an `ndarray` over a typed array, {@link ShapeError}
 *   unless it has two dimensions.
 */
export function rowsOf<D extends NumericArray>(matrix: NdArray<D>): Iterable<D> {
  const where = { call: 'rowsOf', argument: 'matrix', units: 'columns' };
  const { data, shape, stride, offset } = readMatrix(matrix, where);
  const [rows, cols] = shape;
  const [rowStep, colStep] = stride as [number, number];
  const row = (r: number): NumericArray => {
    const first = offset + r * rowStep;
    if (colStep === 1 || cols <= 1) return data.subarray(first, first + cols);
    return copyOf(data, first, cols, colStep);
  };
  return {
    *[Symbol.iterator]() {
      for (let r = 0; r < rows; r++) yield row(r) as D;
    },
  };
}

function copyOf(data: NumericArray, first: number, length: number, step: number): NumericArray {
  const copy = new (data.constructor as new (length: number) => NumericArray)(length);
  for (let i = 0, at = first; i < length; i++, at += step) copy[i] = data[at] as number;
  return copy;
}

/**
 * A result as plain nested arrays, for JSON and for libraries that know no typed arrays: a vector
 * [n] becomes a list, a matrix [n, k] a list of n lists, and so on. NaN becomes null, since JSON
 * has no NaN.
 *
 * @param array - A result of at least one dimension.
 * @throws {@link ParameterError} unless it is an `ndarray` over a typed array, {@link ShapeError}
 *   where it has no dimension.
 */
export function toNested<D extends NumericArray>(array: NdArray<D>): NestedNumbers {
  const where = { call: 'toNested', argument: 'array', units: 'columns' };
  requireTyped(array, where);
  const { data, shape } = rowMajorElements(array, where);
  if (shape.length === 0) throw new ShapeError(`${subject(where)} must have at least one dimension, got shape []`);
  return nested(data, shape, 0, 0, data.length);
}

/** The part of row-major data from `first` that the dimensions from `d` on describe. */
function nested(data: NumericArray, shape: readonly number[], d: number, first: number, size: number): NestedNumbers {
  const length = shape[d] as number;
  if (d === shape.length - 1) return Array.from(data.subarray(first, first + length), (value) => (Number.isNaN(value) ? null : value));
  const part = length === 0 ? 0 : size / length;
  return Array.from({ length }, (_, i) => nested(data, shape, d + 1, first + i * part, part));
}

/**
 * The column of the largest value of every row, the first of equal ones: of `probabilities` the
 * likeliest category.
 *
 * @param matrix - A result [n, columns] without NaN.
 * @returns One column number per row, which `fit` and the other calls take as rows of a softmax
 *   layer.
 * @throws {@link ParameterError} on NaN and unless it is an `ndarray` over a typed array,
 *   {@link ShapeError} unless it has two dimensions and a column.
 */
export function argmax<D extends NumericArray>(matrix: NdArray<D>): number[] {
  const where = { call: 'argmax', argument: 'matrix', units: 'columns' };
  const { shape } = readMatrix(matrix, where);
  if (shape[1] === 0) throw new ShapeError(`${subject(where)} must have at least one column, got shape ${shapeText(shape)}`);
  return Array.from(rowsOf(matrix), (row, r) => {
    let best = 0;
    row.forEach((value, c) => {
      if (Number.isNaN(value)) throw new ParameterError(`${subject(where, `[${r}, ${c}]`)} must be a number, got NaN`);
      if (value > (row[best] as number)) best = c;
    });
    return best;
  });
}

function requireTyped(input: unknown, where: Where): void {
  const data = readFrom(where.call, where.argument, () => (input as { data?: unknown } | null | undefined)?.data);
  if (!isTypedArray(data)) throw new ParameterError(`${subject(where)} must be an ndarray over a typed array, got ${got(input)}`);
}

function readMatrix(input: unknown, where: Where): StridedElements & { readonly shape: readonly [number, number] } {
  requireTyped(input, where);
  const parts = readFrom(where.call, where.argument, () => {
    const { data, shape, stride, offset } = input as Record<string, unknown>;
    return { data, shape, stride, offset, scale: undefined };
  });
  const shape = readShape(parts.shape, where);
  if (shape.length !== 2) {
    throw new ShapeError(`${subject(where)} must have two dimensions, rows and columns, got shape ${shapeText(shape)}`);
  }
  return { ...describeElements(parts, shape, where), shape: shape as [number, number] };
}
