import { readFrom } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { describeElements, readShape, rowMajor, type StridedElements } from './dense-rows.js';
import { checkedProduct } from './integers.js';
import type { NumericArray } from './typed.js';
import { subject, type Where } from './where.js';

/**
 * The elements of an array of any rank and strides in row-major order, in the array's own type.
 * Elements that already lie so are not copied.
 */
export function rowMajorElements(input: unknown, where: Where): { data: NumericArray; shape: number[] } {
  const isArray = readFrom(where.call, where.argument, () => Array.isArray(input));
  if (typeof input !== 'object' || input === null || isArray) {
    throw new ParameterError(`${subject(where)} must be an ndarray or { data, shape }, got ${got(input)}`);
  }
  const { data, sizes, stride, offset } = readFrom(where.call, where.argument, () => {
    const { data: all, shape: lengths, stride: steps, offset: first } = input as Record<string, unknown>;
    return { data: all, sizes: lengths, stride: steps, offset: first };
  });
  const shape = readShape(sizes, where);
  const elements = describeElements({ data, shape: sizes, stride, offset, scale: undefined }, shape, where);
  const size = checkedProduct(shape) as number;
  if (isRowMajor(shape, elements.stride)) return { data: elements.data.subarray(elements.offset, elements.offset + size), shape };
  return { data: gather(elements, shape, size), shape };
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  const dense = rowMajor(shape);
  return shape.every((n, i) => n <= 1 || stride[i] === dense[i]) || shape.includes(0);
}

function gather({ data, stride, offset }: StridedElements, shape: readonly number[], size: number): NumericArray {
  const result = new (data.constructor as new (length: number) => NumericArray)(size);
  const last = shape.length - 1;
  const [length, step] = [shape[last] as number, stride[last] as number];
  const counter = new Array<number>(last).fill(0);
  for (let to = 0, from = offset; to < size; from += advance(counter, shape, stride)) {
    for (let i = 0, at = from; i < length; i++, at += step) result[to++] = data[at] as number;
  }
  return result;
}

/**
 * Counts the outer dimensions up by one, like an odometer, and returns how far that moves in
 * memory.
 */
function advance(counter: number[], shape: readonly number[], stride: readonly number[]): number {
  let moved = 0;
  for (let d = counter.length - 1; d >= 0; d--) {
    const count = (counter[d] as number) + 1;
    moved += stride[d] as number;
    counter[d] = count;
    if (count < (shape[d] as number)) break;
    moved -= count * (stride[d] as number);
    counter[d] = 0;
  }
  return moved;
}
