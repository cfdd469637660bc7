import ndarray, { type NdArray } from 'ndarray';
import { ShapeError } from '../errors.js';
import { checkedProduct, shapeText } from './integers.js';
import type { NumericArray } from './typed.js';

export type { NdArray } from 'ndarray';

/**
 * An `ndarray` over existing data, without a copy.
 *
 * @param data - As many elements as the shape says.
 * @param shape - Sizes, slowest dimension first.
 * @param stride - Elements between neighbours along each dimension; row-major if left out.
 */
export function array<D extends NumericArray>(data: D, shape: readonly number[], stride?: readonly number[]): NdArray<D> {
  if (checkedProduct(shape) !== data.length) {
    throw new ShapeError(`an array of shape ${shapeText(shape)} cannot lie over ${data.length} values`);
  }
  return ndarray(data, [...shape], stride && [...stride]);
}

/** An `ndarray` [rows, cols] over row-major data. */
export function matrix<D extends NumericArray>(data: D, rows: number, cols: number): NdArray<D> {
  return array(data, [rows, cols]);
}

/** An `ndarray` [n] over all of `data`. */
export function vector<D extends NumericArray>(data: D): NdArray<D> {
  return array(data, [data.length]);
}
