import { FormatError } from '../errors.js';
import { type ArrayClass, numbersFromBytes } from '../io/bytes.js';
import type { NumericArray } from './typed.js';

type Decoder = (bytes: Uint8Array, order: 'little' | 'big', what: string) => NumericArray;

/** How the elements of an npy file are stored and what they become. */
export interface ElementType {
  /** Bytes of one stored element. */
  readonly bytes: number;
  readonly order: 'little' | 'big';
  readonly decode: Decoder;
}

const decoders: Record<string, Decoder> = {
  f4: plain(Float32Array),
  f8: plain(Float64Array),
  u1: plain(Uint8Array),
  i1: plain(Int8Array),
  u2: plain(Uint16Array),
  i2: plain(Int16Array),
  u4: plain(Uint32Array),
  i4: plain(Int32Array),
  f2: (bytes, order) => converted(new Float32Array(bytes.length / 2), numbersFromBytes(bytes, Uint16Array, order), halfToNumber),
  u8: (bytes, order, what) =>
    converted(new Float64Array(bytes.length / 8), numbersFromBytes(bytes, BigUint64Array, order), exactNumber(what)),
  i8: (bytes, order, what) =>
    converted(new Float64Array(bytes.length / 8), numbersFromBytes(bytes, BigInt64Array, order), exactNumber(what)),
  b1: (bytes, _, what) => {
    if (bytes.some((byte) => byte > 1)) throw new FormatError(`${what} holds booleans other than 0 and 1`);
    return bytes;
  },
};

/**
 * One by one into what is there already: the `from` of typed arrays makes a list of all values
 * first.
 */
function converted<T, R extends Float32Array | Float64Array>(
  result: R,
  values: { readonly length: number; readonly [index: number]: T },
  convert: (value: T, index: number) => number,
): R {
  for (let i = 0; i < values.length; i++) result[i] = convert(values[i] as T, i);
  return result;
}

function plain<T extends NumericArray>(Class: ArrayClass<T>): Decoder {
  return (bytes, order) => numbersFromBytes(bytes, Class, order);
}

function exactNumber(what: string): (value: bigint, index: number) => number {
  return (value, index) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new FormatError(`${what} holds an integer beyond 2^53 (element ${index}): ${value}`);
  };
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Understands numpy's short form of an element type: byte order, kind, bytes. */
export function elementType(descr: string, what: string): ElementType {
  const [, mark, kind] = /^([<>|]?)([a-z]\d+)$/.exec(descr) ?? [];
  const decode = kind !== undefined && Object.hasOwn(decoders, kind) ? decoders[kind] : undefined;
  const bytes = Number(kind?.slice(1));
  if (decode === undefined || (mark !== '<' && mark !== '>' && bytes > 1)) {
    const readable = 'booleans, integers and floats of up to 8 bytes';
    throw new FormatError(`${what} holds elements of type '${descr.slice(0, 40)}': only ${readable} can be read`);
  }
  return { bytes, order: mark === '>' ? 'big' : 'little', decode };
}

const names: Record<string, string> = {
  Float32Array: '<f4',
  Float64Array: '<f8',
  Uint8Array: '|u1',
  Int8Array: '|i1',
  Uint16Array: '<u2',
  Int16Array: '<i2',
  Uint32Array: '<u4',
  Int32Array: '<i4',
};

/** The short form under which a typed array is written. */
export function typeName(data: NumericArray): string {
  return names[data.constructor.name] as string;
}
