import { pause } from '../data/pause.js';
import { keyOf, philox4x32 } from '../data/random.js';
import type { Matrix } from './matrix.js';

/**
 * What becomes of grey levels: they stay, are cut at one half, or each is drawn once as the
 * probability of a 1.
 */
export const binarisations = ['none', 'threshold', 'sample'] as const;
export type Binarisation = (typeof binarisations)[number];

/** Rows from one pause to the next, so that an interruption is heard. */
const SLICE = 1000;

/**
 * Whether all values are 0 or 1.
 *
 * @param missing - Whether values may be missing (NaN).
 */
export function isBinary({ data, scale }: Matrix, missing = false): boolean {
  return data.every((value) => value === 0 || value * scale === 1 || (missing && Number.isNaN(value)));
}

/**
 * A function of value and index that is 1 with a probability of the value. The draw of an index
 * depends on seed, stream and index alone; zeros and ones, of which grey pictures mostly consist,
 * cost none.
 */
function drawing(seed: bigint, stream: number): (value: number, index: number) => number {
  const key = keyOf(seed);
  let [block, words] = [-1, [0, 0, 0, 0] as readonly number[]];
  return (value, index) => {
    if (value <= 0 || value >= 1) return value <= 0 ? 0 : 1;
    const needed = Math.floor(index / 4);
    if (needed !== block) words = philox4x32([needed >>> 0, Math.floor(needed / 2 ** 32), stream, 1], key);
    block = needed;
    return words[index % 4]! < value * 2 ** 32 ? 1 : 0;
  };
}

/**
 * Rows of zeros and ones made of grey levels.
 *
 * @param seed - Of 'sample': the same one gives the same rows.
 * @param stream - Of 'sample': another for each part of the data.
 */
export async function binarised(matrix: Matrix, how: Binarisation, seed: bigint, stream: number): Promise<Matrix> {
  if (how === 'none') return matrix;
  const { data, rows, cols, scale } = matrix;
  const bits = new Uint8Array(data.length);
  const bit = how === 'threshold' ? (value: number) => (value > 0.5 ? 1 : 0) : drawing(seed, stream);
  for (let row = 0; row < rows; row += SLICE) {
    const end = Math.min(rows, row + SLICE) * cols;
    for (let i = row * cols; i < end; i++) bits[i] = bit(data[i]! * scale, i);
    await pause();
  }
  return { data: bits, rows, cols, scale: 1 };
}
