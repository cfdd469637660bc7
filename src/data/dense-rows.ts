import { ParameterError, ShapeError } from '../errors.js';
import { checkRowsAndColumns, type HostDenseRows } from './host-rows.js';
import { checkedProduct, checkInteger, readIntegers, shapeText } from './integers.js';
import { numbersOf } from './nested-rows.js';
import { isTypedArray, type NumericArray, plainView } from './typed.js';
import { got, subject, type Where } from './where.js';

/** The properties of an ndarray-like object, each read once. */
export interface DenseParts {
  readonly data: unknown;
  readonly shape: unknown;
  readonly stride: unknown;
  readonly offset: unknown;
  readonly scale: unknown;
}

/**
 * Describes rows given as `{ data, shape, stride?, offset?, scale?, mask? }`: an `ndarray` or a typed array with its shape, and where
 * values are missing.
 */
export function describeDense(parts: DenseParts & { readonly mask: unknown }, cols: number, where: Where): HostDenseRows {
  const shape = readRowShape(parts.shape, cols, where);
  const single = shape.length === 1;
  const { data, stride, offset, low, high } = describeElements(parts, shape, where);
  const mask = parts.mask === undefined ? {} : { mask: readMask(parts.mask, shape, where) };
  return {
    kind: 'dense',
    ...usable(data, low, high, offset),
    rows: single ? 1 : (shape[0] as number),
    cols,
    rowStride: single ? 0 : (stride[0] as number),
    colStride: mergeStrides(single ? shape : shape.slice(1), single ? stride : stride.slice(1), where),
    scale: readScale(parts.scale, where),
    ...mask,
  };
}

/** 1 where a value is present, 0 where it is missing: as many numbers or booleans as values, row-major in the shape. */
function readMask(mask: unknown, shape: readonly number[], where: Where): Uint8Array {
  const list = isTypedArray(mask) ? plainView(mask, where, '.mask') : mask;
  if (!isTypedArray(list) && !Array.isArray(list)) {
    throw new ParameterError(`${subject(where, '.mask')} must be a typed array or an array of 0 and 1, got ${got(mask)}`);
  }
  const size = checkedProduct(shape) as number;
  const length = list.length;
  if (length !== size) {
    throw new ShapeError(`${subject(where, '.mask')} must have ${size} values (shape ${shapeText(shape)}), got ${length}`);
  }
  const present = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const value: unknown = list[i];
    if (value !== 0 && value !== 1 && typeof value !== 'boolean') {
      throw new ParameterError(`${subject(where, `.mask[${i}]`)} must be 1 (present) or 0 (missing), got ${got(value)}`);
    }
    present[i] = Number(value);
  }
  return present;
}

/** Elements of an array of any rank, all of them inside `data`, between the indices `low` and `high`. */
export interface StridedElements {
  readonly data: NumericArray;
  readonly stride: readonly number[];
  readonly offset: number;
  readonly low: number;
  readonly high: number;
}

/** Checks data, strides and offset against a shape that is already checked. */
export function describeElements(parts: DenseParts, shape: readonly number[], where: Where): StridedElements {
  const data = elements(parts.data, where);
  const stride = readStride(parts.stride, shape, where);
  const offset = parts.offset === undefined ? 0 : checkInteger(parts.offset, 0, where, '.offset');
  if (parts.stride === undefined && parts.offset === undefined) checkLength(data.length, shape, where);
  const { low, high } = reach(shape, stride, offset);
  if (!(low >= 0 && high < data.length)) throw outOfBounds(shape, stride, offset, data.length, where);
  return { data, stride, offset, low, high };
}

/** Reads a shape of any rank whose product a double holds exactly. */
export function readShape(value: unknown, where: Where): number[] {
  const shape = readIntegers(value, 0, where, '.shape');
  if (checkedProduct(shape) !== undefined) return shape;
  throw new ShapeError(`${subject(where, '.shape')} must ask for less than 2^53 values, got ${shapeText(shape)}`);
}

function readRowShape(value: unknown, cols: number, where: Where): number[] {
  const shape = readShape(value, where);
  if (shape.length === 0) throw new ShapeError(`${subject(where)} must have rows and columns, got a single value (shape [])`);
  const [rows, width] = shape.length === 1 ? [1, shape] : [shape[0] as number, shape.slice(1)];
  checkRowsAndColumns(shape, rows, checkedProduct(width) as number, cols, where);
  return shape;
}

/** A flat typed array as one row. */
export function describeFlat(value: unknown, cols: number, where: Where): HostDenseRows {
  const view = plainView(value, where);
  checkFlatLength(view.length, cols, where);
  const { data, offset } = usable(view, 0, view.length - 1, 0);
  return { kind: 'dense', data, offset, rows: 1, cols, rowStride: cols, colStride: 1, scale: 1 };
}

/** Checks the length of a flat array that stands for one row. */
export function checkFlatLength(length: number, cols: number, where: Where): void {
  if (length === cols) return;
  const hint = 'a flat array is one row; several rows need { data, shape }';
  throw new ShapeError(`${subject(where)} must have ${cols} columns (${where.units}), got ${length} (${hint})`);
}

function elements(data: unknown, where: Where): NumericArray {
  if (isTypedArray(data)) return plainView(data, where, '.data');
  if (Array.isArray(data)) return numbersOf(data, where, '.data');
  throw new ParameterError(`${subject(where, '.data')} must be a typed array or an array of numbers, got ${got(data)}`);
}

function readStride(value: unknown, shape: readonly number[], where: Where): number[] {
  if (value === undefined) return rowMajor(shape);
  const stride = readIntegers(value, -Number.MAX_SAFE_INTEGER, where, '.stride');
  if (stride.length === shape.length) return stride;
  throw new ShapeError(`${subject(where, '.stride')} must have ${shape.length} entries like \`shape\`, got ${stride.length}`);
}

/** Strides of a row-major array without gaps. */
export function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    stride[i] = step;
    step *= shape[i] as number;
  }
  return stride;
}

/** The lowest and highest index that a strided array touches; infinite rather than wrong when strides are absurd. */
function reach(shape: readonly number[], stride: readonly number[], offset: number): { low: number; high: number } {
  if (shape.includes(0)) return { low: 0, high: -1 };
  let low = offset;
  let high = offset;
  for (const [i, n] of shape.entries()) {
    const span = (stride[i] as number) * (n - 1);
    // Past 2^53 sums lose their last digits, but such a span is out of bounds by orders of magnitude.
    if (!Number.isSafeInteger(span)) return { low: -Infinity, high: Infinity };
    if (span < 0) low += span;
    else high += span;
  }
  return { low, high };
}

function checkLength(length: number, shape: readonly number[], where: Where): void {
  const size = checkedProduct(shape);
  if (length === size) return;
  throw new ShapeError(`${subject(where, '.data')} must hold ${size} values (shape ${shapeText(shape)}), got ${length}`);
}

function outOfBounds(shape: readonly number[], stride: readonly number[], offset: number, length: number, where: Where): ShapeError {
  const view = `shape ${shapeText(shape)}, stride ${shapeText(stride)}, offset ${offset}`;
  return new ShapeError(`${subject(where)} reaches outside its ${length} values (${view})`);
}

/** Row dimensions beyond the first become one, which needs that they lie in memory as one. */
function mergeStrides(shape: readonly number[], stride: readonly number[], where: Where): number {
  const dimensions = shape.map((n, i) => ({ n, step: stride[i] as number })).filter(({ n }) => n > 1);
  const last = dimensions.at(-1);
  if (last === undefined) return 1;
  for (let i = dimensions.length - 2, step = last.step * last.n; i >= 0; i--) {
    const dimension = dimensions[i] as { n: number; step: number };
    if (dimension.step !== step) {
      const hint = 'copy the array in row-major order first';
      throw new ShapeError(`${subject(where)} has more than two dimensions whose values do not follow each other in memory: ${hint}`);
    }
    step *= dimension.n;
  }
  return last.step;
}

function readScale(value: unknown, where: Where): number {
  if (value === undefined) return 1;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ParameterError(`${subject(where, '.scale')} must be a finite number, got ${got(value)}`);
}

/** Types that the addon reads stay where they are; others are converted, only as far as the rows reach. */
function usable(view: NumericArray, low: number, high: number, offset: number): Pick<HostDenseRows, 'data' | 'offset'> {
  if (view instanceof Float32Array || view instanceof Float64Array || view instanceof Uint8Array) return { data: view, offset };
  return { data: new Float64Array(view.subarray(low, high + 1)), offset: offset - low };
}
