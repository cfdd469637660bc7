import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { checkRowsAndColumns, type Expect, type HostDenseRows, type HostSlicedRows } from './host-rows.js';
import { checkedProduct, checkInteger, readIntegers, shapeText } from './integers.js';
import { checkedNumber, numbersOf } from './numbers.js';
import { filledRows, smallElements } from './slices.js';
import { isShared, isTypedArray, liveView, type NumericArray, plainView } from './typed.js';
import { subject, type Where } from './where.js';

/** The properties of an ndarray-like object, each read once. */
export interface DenseParts {
  readonly data: unknown;
  readonly shape: unknown;
  readonly stride: unknown;
  readonly offset: unknown;
  readonly scale: unknown;
}

/**
 * Describes rows given as `{ data, shape, stride?, offset?, scale?, mask? }`: an `ndarray` or a
 * typed array with its shape, and where values are missing. Many elements that the addon does not
 * take as they are get converted slice by slice, when they are needed.
 */
export function describeDense(
  parts: DenseParts & { readonly mask: unknown },
  expect: Expect,
  where: Where,
): HostDenseRows | HostSlicedRows {
  const { shape, rows, cols, flat } = readRowShape(parts.shape, expect, where);
  const later = rows > 1 && rows * cols > smallElements;
  const source = elements(parts.data, where, later);
  const { stride, offset, low, high } = placesOf(source.length, parts, shape, where);
  const rowStride = flat === 'row' ? 0 : (stride[0] as number);
  const colStride = flat === undefined ? mergeStrides(shape.slice(1), stride.slice(1), where) : flat === 'row' ? (stride[0] as number) : 1;
  const scale = readScale(parts.scale, where);
  const given = parts.mask === undefined ? undefined : maskOf(parts.mask, shape, where, later);
  if (later && !(isReady(source) && given === undefined)) {
    const arrays = [source, given].filter((array) => isTypedArray(array));
    const steps = { offset, rowStride, colStride };
    const fill = (out: Float64Array, first: number, end: number) => {
      fillDense(out, source, steps, first, end, cols, where);
      if (given !== undefined) applyMask(out, given, first * cols, end * cols, where);
    };
    return filledRows({ rows, cols, scale, arrays, fill }, where);
  }
  const used = usable(source as NumericArray, low, high, offset);
  const dense = { kind: 'dense', data: used.data, offset: used.offset, rows, cols, rowStride, colStride, scale } as const;
  return given === undefined ? dense : { ...dense, mask: readMask(given, where) };
}

interface Steps {
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

type Source = NumericArray | readonly unknown[];

function fillDense(out: Float64Array, source: Source, steps: Steps, first: number, end: number, cols: number, where: Where): void {
  const { rowStride, colStride } = steps;
  const offset = steps.offset + first * rowStride;
  if (Array.isArray(source)) copyList(out, source, { ...steps, offset }, end - first, cols, where);
  else if (colStride === 1 && rowStride === cols) out.set((source as NumericArray).subarray(offset, offset + (end - first) * cols));
  else copyRows(out, source as NumericArray, { ...steps, offset }, end - first, cols);
}

function copyRows(out: Float64Array, source: NumericArray, { offset, rowStride, colStride }: Steps, rows: number, cols: number): void {
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0, j = offset + r * rowStride; c < cols; c++, j += colStride) out[i++] = source[j] as number;
  }
}

function copyList(out: Float64Array, source: readonly unknown[], steps: Steps, rows: number, cols: number, where: Where): void {
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0, j = steps.offset + r * steps.rowStride; c < cols; c++, j += steps.colStride) {
      out[i++] = checkedNumber(source[j], j, where, '.data');
    }
  }
}

/**
 * A mask of as many values as the shape says, row-major; its values are looked at when they are
 * read.
 */
function maskOf(mask: unknown, shape: readonly number[], where: Where, later: boolean): Source {
  const list = isTypedArray(mask) ? (later ? liveView : plainView)(mask, where, '.mask') : mask;
  if (!isTypedArray(list) && !Array.isArray(list)) {
    throw new ParameterError(`${subject(where, '.mask')} must be a typed array or an array of 0 and 1, got ${got(mask)}`);
  }
  const [size, length] = [checkedProduct(shape) as number, list.length];
  if (length === size) return list as Source;
  throw new ShapeError(`${subject(where, '.mask')} must have ${size} values (shape ${shapeText(shape)}), got ${length}`);
}

/** 1 where a value is present, 0 where it is missing. */
function readMask(mask: Source, where: Where): Uint8Array {
  const present = new Uint8Array(mask.length);
  for (let i = 0; i < present.length; i++) present[i] = Number(isPresent(mask[i], i, where));
  return present;
}

/** Writes NaN where values from `begin` to `end` − 1 are missing, whatever is there. */
function applyMask(out: Float64Array, mask: Source, begin: number, end: number, where: Where): void {
  for (let i = begin; i < end; i++) if (!isPresent(mask[i], i, where)) out[i - begin] = Number.NaN;
}

function isPresent(value: unknown, i: number, where: Where): boolean {
  if (value === 1 || value === true) return true;
  if (value === 0 || value === false) return false;
  throw new ParameterError(`${subject(where, `.mask[${i}]`)} must be 1 (present) or 0 (missing), got ${got(value)}`);
}

/**
 * Elements of an array of any rank, all of them inside `data`, between the indices `low` and
 * `high`.
 */
export interface StridedElements {
  readonly data: NumericArray;
  readonly stride: readonly number[];
  readonly offset: number;
  readonly low: number;
  readonly high: number;
}

/** Checks data, strides and offset against a shape that is already checked. */
export function describeElements(parts: DenseParts, shape: readonly number[], where: Where): StridedElements {
  const data = elements(parts.data, where, false) as NumericArray;
  return { data, ...placesOf(data.length, parts, shape, where) };
}

function placesOf(length: number, parts: DenseParts, shape: readonly number[], where: Where): Omit<StridedElements, 'data'> {
  const stride = readStride(parts.stride, shape, where);
  const offset = parts.offset === undefined ? 0 : checkInteger(parts.offset, 0, where, '.offset');
  if (parts.stride === undefined && parts.offset === undefined) checkLength(length, shape, where);
  const { low, high } = reach(shape, stride, offset);
  if (!(low >= 0 && high < length)) throw outOfBounds(shape, stride, offset, length, where);
  return { stride, offset, low, high };
}

/** Reads a shape of any rank whose product a double holds exactly. */
export function readShape(value: unknown, where: Where): number[] {
  const shape = readIntegers(value, 0, where, '.shape');
  if (checkedProduct(shape) !== undefined) return shape;
  throw new ShapeError(`${subject(where, '.shape')} must ask for less than 2^53 values, got ${shapeText(shape)}`);
}

interface RowShape {
  readonly shape: number[];
  readonly rows: number;
  readonly cols: number;
  /** What a shape of one dimension is; undefined for others. */
  readonly flat: 'row' | 'column' | undefined;
}

function readRowShape(value: unknown, expect: Expect, where: Where): RowShape {
  const shape = readShape(value, where);
  const [length] = shape;
  if (length === undefined) throw new ShapeError(`${subject(where)} must have rows and columns, got a single value (shape [])`);
  const { cols, flat: stands } = expect(shape);
  const flat = shape.length === 1 ? stands : undefined;
  const rows = flat === 'row' ? 1 : length;
  const width = flat === 'row' ? length : (checkedProduct(shape.slice(1)) as number);
  checkRowsAndColumns(shape, rows, width, cols, where);
  return { shape, rows, cols, flat };
}

/** A flat typed array as one row, or as one column. */
export function describeFlat(value: unknown, expect: Expect, where: Where): HostDenseRows | HostSlicedRows {
  const view = liveView(value, where);
  const { length } = view;
  const { cols, flat } = expect([length]);
  if (flat === 'column') return describeDense({ ...nothing, data: view, shape: [length] }, expect, where);
  checkFlatLength(length, cols, where);
  const { data, offset } = usable(plainView(view, where), 0, length - 1, 0);
  return { kind: 'dense', data, offset, rows: 1, cols, rowStride: cols, colStride: 1, scale: 1 };
}

const nothing = { stride: undefined, offset: undefined, scale: undefined, mask: undefined };

/** Checks the length of a flat array that stands for one row. */
export function checkFlatLength(length: number, cols: number, where: Where): void {
  if (length === cols) return;
  const hint = 'a flat array is one row; several rows need { data, shape }';
  throw new ShapeError(`${subject(where)} must have ${cols} columns (${where.units}), got ${length} (${hint})`);
}

/** The elements as they can be read now; or, for later, as they are. */
function elements(data: unknown, where: Where, later: boolean): Source {
  if (isTypedArray(data)) return (later ? liveView : plainView)(data, where, '.data');
  if (Array.isArray(data)) return later ? data : numbersOf(data, where, '.data');
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

/**
 * The lowest and highest index that a strided array touches; infinite rather than wrong when
 * strides are absurd.
 */
function reach(shape: readonly number[], stride: readonly number[], offset: number): { low: number; high: number } {
  if (shape.includes(0)) return { low: 0, high: -1 };
  let low = offset;
  let high = offset;
  for (const [i, n] of shape.entries()) {
    const span = (stride[i] as number) * (n - 1);
    // Past 2^53 sums lose their last digits, but such a span is out of bounds by orders of
    // magnitude.
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

/**
 * Types that the addon reads stay where they are; others are converted, only as far as the rows
 * reach.
 */
function usable(view: NumericArray, low: number, high: number, offset: number): Pick<HostDenseRows, 'data' | 'offset'> {
  if (isReady(view)) return { data: view, offset };
  return { data: new Float64Array(view.subarray(low, high + 1)), offset: offset - low };
}

/** Whether the addon reads such elements where they are. */
function isReady(source: Source): source is HostDenseRows['data'] {
  const known = source instanceof Float32Array || source instanceof Float64Array || source instanceof Uint8Array;
  return known && !isShared(source);
}
