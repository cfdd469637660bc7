/**
 * vitest compares typed arrays number by number, several microseconds for each. Arrays of one type with the same bits are equal by any
 * measure of its; all others are left to it, with what it says of them.
 */
import { expect } from 'vitest';

/** True or nothing said. */
function sameBits(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  return Buffer.compare(bytes(a), bytes(b)) === 0 ? true : undefined;
}

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

expect.addEqualityTesters([sameBits]);
