import { endianness } from 'node:os';

const littleEndian = endianness() === 'LE';

/** A class of typed arrays. */
export interface ArrayClass<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/**
 * Numbers stored in bytes as a typed array: a view of the same memory where alignment and byte order allow it, else a copy.
 *
 * @param bytes - Exactly the elements.
 * @param Class - The typed array's class.
 * @param order - Byte order of the stored elements.
 */
export function numbersFromBytes<T extends NodeJS.TypedArray>(bytes: Uint8Array, Class: ArrayClass<T>, order: 'little' | 'big'): T {
  const size = Class.BYTES_PER_ELEMENT;
  const length = bytes.length / size;
  const native = size === 1 || (order === 'little') === littleEndian;
  if (native && bytes.byteOffset % size === 0) return new Class(bytes.buffer, bytes.byteOffset, length);
  const copy = new Class(length);
  const target = bytesOf(copy);
  target.set(bytes);
  if (!native) swapBytes(target, size);
  return copy;
}

/** The memory of a typed array as little-endian bytes: a view where this machine is little-endian, else a copy. */
export function littleEndianBytes(data: NodeJS.TypedArray): Uint8Array {
  const bytes = bytesOf(data);
  if (littleEndian || data.BYTES_PER_ELEMENT === 1) return bytes;
  const copy = bytes.slice();
  swapBytes(copy, data.BYTES_PER_ELEMENT);
  return copy;
}

/** The memory of a typed array. */
export function bytesOf(data: NodeJS.TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}
