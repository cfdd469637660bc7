import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { isTypedArray, plainView } from './typed.js';
import { subject, type Where } from './where.js';

// Far above any real rank; keeps a hostile `shape` from becoming work.
const maxRank = 32;

/** Reads a short list of whole numbers (a shape or strides), each element once. */
export function readIntegers(value: unknown, lowest: number, where: Where, part: string): number[] {
  const list = isTypedArray(value) ? plainView(value, where, part) : value;
  if (!Array.isArray(list) && !isTypedArray(list)) {
    throw new ParameterError(`${subject(where, part)} must be an array of whole numbers, got ${got(value)}`);
  }
  const length = list.length;
  if (!(length <= maxRank)) throw new ParameterError(`${subject(where, part)} must have at most ${maxRank} entries, got ${length}`);
  const result: number[] = [];
  for (let i = 0; i < length; i++) result.push(checkInteger(list[i], lowest, where, `${part}[${i}]`));
  return result;
}

/** Checks that one value is a whole number that a double holds exactly. */
export function checkInteger(value: unknown, lowest: number, where: Where, part: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= lowest) return value;
  const range = lowest === 0 ? ' of at least 0' : '';
  throw new ParameterError(`${subject(where, part)} must be a whole number${range}, got ${got(value)}`);
}

/** The product of sizes, or `undefined` once it exceeds what a double counts exactly. */
export function checkedProduct(sizes: readonly number[]): number | undefined {
  // A zero anywhere makes the product 0 whatever the others are, but the others must not pass
  // unseen.
  let product = 1;
  for (const size of sizes) {
    if (size === 0) continue;
    product *= size;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return sizes.includes(0) ? 0 : product;
}

/** A shape as error messages show it. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
