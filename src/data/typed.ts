import { types } from 'node:util';
import { ParameterError } from '../errors.js';
import { got, typedArrayTag } from '../got.js';
import { subject, type Where } from './where.js';

/** Typed arrays that can hold data. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

type ArrayClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => NumericArray;

// Clamping matters only when values are stored, so a clamped array is read as a plain one.
const classes: Record<string, ArrayClass> = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray: Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
};

// The getters of the specification, so that a subclass that redefines `length` or `buffer` cannot
// answer differently each time.
const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const bufferOf = getter<ArrayBufferLike>(prototype, 'buffer');
const byteOffsetOf = getter<number>(prototype, 'byteOffset');
const lengthOf = getter<number>(prototype, 'length');
const resizable = optionalGetter<boolean>(ArrayBuffer.prototype, 'resizable');
const growable = optionalGetter<boolean>(SharedArrayBuffer.prototype, 'growable');

function optionalGetter<T>(owner: object, name: string): ((value: object) => T) | undefined {
  const get = Object.getOwnPropertyDescriptor(owner, name)?.get as (() => T) | undefined;
  return get && ((value) => get.call(value));
}

function getter<T>(owner: object, name: string): (value: object) => T {
  return optionalGetter<T>(owner, name) as (value: object) => T;
}

/** Whether a value is a typed array of any kind and realm. */
export function isTypedArray(value: unknown): value is NodeJS.TypedArray {
  return typedArrayTag(value) !== undefined;
}

/**
 * A fresh plain view of a caller's typed array: same memory, no redefined properties,
 * `Uint8ClampedArray` and `Buffer` as `Uint8Array`. Shared memory, which another thread may be
 * writing, is copied. Types that hold no plain numbers, and resizable and detached buffers are
 * refused.
 */
export function plainView(value: unknown, where: Where, part = ''): NumericArray {
  const view = liveView(value, where, part);
  return isShared(view) ? copy(view) : view;
}

/** {@link plainView} over shared memory too, for who reads it once and copies. */
export function liveView(value: unknown, where: Where, part = ''): NumericArray {
  const tag = typedArrayTag(value);
  const Class = tag === undefined ? undefined : classes[tag];
  if (Class === undefined) {
    const kinds = '8- to 32-bit integers or 32- or 64-bit floats';
    throw new ParameterError(`${subject(where, part)} must be a typed array of ${kinds}, got ${got(value)}`);
  }
  const buffer = bufferOf(value as object);
  if (isResizable(buffer)) {
    throw new ParameterError(`${subject(where, part)} must not be a view of a resizable buffer, whose memory may go away: pass a copy`);
  }
  return viewOf(Class, value as object, buffer, where, part);
}

/** Whether another thread may be writing to the memory. */
export function isShared(view: NumericArray): boolean {
  return types.isSharedArrayBuffer(view.buffer);
}

function isResizable(buffer: ArrayBufferLike): boolean {
  return types.isSharedArrayBuffer(buffer) ? (growable?.(buffer) ?? false) : (resizable?.(buffer) ?? false);
}

function viewOf(Class: ArrayClass, value: object, buffer: ArrayBufferLike, where: Where, part: string): NumericArray {
  try {
    return new Class(buffer, byteOffsetOf(value), lengthOf(value));
  } catch (cause) {
    // Constructing a view is the one test for a detached buffer that works on every Node version.
    throw new ParameterError(`${subject(where, part)} is a view of a detached buffer (was it transferred to another thread?)`, { cause });
  }
}

function copy(view: NumericArray): NumericArray {
  return new (view.constructor as new (source: NumericArray) => NumericArray)(view);
}
