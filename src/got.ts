/** Values of users in messages. Nothing here runs code of a value's owner. */
import { types } from 'node:util';

/** Says in a few words what came, for the end of an error message. */
export function got(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
      return String(value);
    case 'string':
      return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return gotObject(value as object);
  }
}

function gotObject(value: object): string {
  if (types.isProxy(value)) return 'a proxy';
  if (types.isTypedArray(value)) return `a ${typedArrayTag(value)}`;
  if (types.isAnyArrayBuffer(value)) return 'a buffer without a type';
  if (types.isDataView(value)) return 'a DataView';
  if (types.isPromise(value)) return 'a promise (is an `await` missing?)';
  return Array.isArray(value) ? 'an array' : 'an object';
}

const tagGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as () => string;

/** `Float32Array` and so on for any typed array of any realm, `undefined` for everything else. */
export function typedArrayTag(value: unknown): string | undefined {
  return tagGetter.call(value);
}
