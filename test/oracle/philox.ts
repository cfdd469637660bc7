/**
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, section 3.2) in arbitrary-precision integers, and the layout of the library's
 * counters. A second implementation: the shipped binary has to agree with it word for word.
 */

const mask = 0xffffffffn;

export function philox4x32(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; ++round) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

/** What a draw is for, in the order of the native list. */
export const purposes = ['initialise', 'shuffle', 'positive', 'negative', 'chainStart', 'sample', 'conditional', 'monitor'] as const;

/** One draw: which unit of which chain, in which step of which layer's updates, for which purpose. */
export interface Draw {
  purpose: (typeof purposes)[number];
  layer: number;
  /** Below 2^48. */
  step: number;
  chain: number;
  unit: number;
}

/** The counter of a draw; four units share one and take a word each. */
export function counterOf({ purpose, layer, step, chain, unit }: Draw): [number, number, number, number] {
  const high = Math.floor(step / 2 ** 32);
  return [unit >>> 2, chain, step % 2 ** 32, high + layer * 2 ** 16 + purposes.indexOf(purpose) * 2 ** 24];
}

/** The draw's uniform number in [0, 1): the top 24 bits of its word. */
export function uniformOf(seed: bigint, draw: Draw): number {
  const words = philox4x32(counterOf(draw), [Number(seed & mask), Number(seed >> 32n)]);
  return (words[draw.unit % 4]! >>> 8) / 2 ** 24;
}
