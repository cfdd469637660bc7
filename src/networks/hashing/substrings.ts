/**
 * Multi-index hashing: exact search near a code without looking at all codes.
 *
 * Norouzi, Punjani & Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012. Codes
 * are cut into m parts of equal length, and a table per part lists the codes with each value of it. Codes
 * that differ from a query in at most m ρ + a bits (a < m) differ in at most ρ bits in one of the parts
 * 0 … a, or in at most ρ − 1 in one of the others. So the tables are asked part by part with a growing
 * radius; after step (ρ, a) nothing within m ρ + a is missing.
 *
 * Deviation: parts have up to 16 bits whatever the number of codes (the paper's best is log2 of it), and
 * where asking the tables would cost more than comparing all codes, the caller compares all codes.
 */
import type { CodeWords } from './words.js';
import { bitCount } from './words.js';

const mostPartBits = 16;
const values = 1 << mostPartBits;

interface Part {
  /** Its first bit, and how many it has. */
  readonly first: number;
  readonly bits: number;
  /** [2^bits + 1]: codes with value v are ids[starts[v]] … ids[starts[v + 1]]. */
  readonly starts: Uint32Array;
  /** [codes]. */
  readonly ids: Uint32Array;
}

/** All values of 16 bits by the number of bits they have: those with ρ begin at `first[ρ]`. */
const masks = (() => {
  const first = new Uint32Array(mostPartBits + 2);
  for (let v = 0; v < values; v++) first[bitCount(v) + 1]!++;
  for (let count = 1; count < first.length; count++) first[count]! += first[count - 1] as number;
  const sorted = new Uint16Array(values);
  const next = first.slice();
  for (let v = 0; v < values; v++) sorted[next[bitCount(v)]!++] = v;
  return { first, sorted };
})();

/** The tables of a set of codes. */
export class Substrings {
  readonly #parts: readonly Part[];
  /** Number of the last search that met a code. */
  readonly #met: Uint32Array;
  #search = 0;

  constructor(codes: CodeWords) {
    this.#met = new Uint32Array(codes.rows);
    const parts = Math.ceil(codes.bits / mostPartBits);
    const begin = (p: number) => Math.floor((p * codes.bits) / parts);
    this.#parts = Array.from({ length: parts }, (_, p) => tableOf(codes, begin(p), begin(p + 1) - begin(p)));
  }

  /**
   * Visits codes in steps after each of which all within a known distance have been visited, each once,
   * in no order. Ends after `radius`, when `enough` says so, or when `budget` is used up.
   *
   * @param query - Words of the query from `from` on.
   * @param budget - Cost that may be spent: a lookup and a visited code count 1 each.
   * @returns The distance up to which nothing is missing; −1 where not even the same code is sure.
   */
  visit(
    query: Int32Array,
    from: number,
    limits: { radius: number; budget: number; enough: (radius: number) => boolean },
    visit: (id: number) => void,
  ): number {
    this.#search++;
    const parts = this.#parts.length;
    let { budget } = limits;
    for (let radius = 0; radius <= limits.radius; radius++) {
      const p = radius % parts;
      const part = this.#parts[p] as Part;
      const around = Math.floor(radius / parts);
      const value = bitsOf(query, from, part.first, part.bits);
      // A part has as many bits as it has, and a code of one part no more neighbours than those.
      if (around <= part.bits) {
        const [begin, end] = [masks.first[around] as number, masks.first[around + 1] as number];
        budget -= end - begin;
        if (budget < 0) return radius - 1;
        for (let m = begin; m < end; m++) {
          const mask = masks.sorted[m] as number;
          if (mask >>> part.bits !== 0) continue;
          const bucket = value ^ mask;
          const last = part.starts[bucket + 1] as number;
          for (let at = part.starts[bucket] as number; at < last; at++) {
            budget--;
            const id = part.ids[at] as number;
            if (this.#met[id] === this.#search) continue;
            this.#met[id] = this.#search;
            visit(id);
          }
        }
      }
      if (limits.enough(radius) || budget < 0) return radius;
    }
    return limits.radius;
  }
}

/** So many bits, at most 16, from bit `first` on of the code whose first word is at `from`. */
function bitsOf(words: Int32Array, from: number, first: number, bits: number): number {
  const at = from + (first >> 5);
  const shift = first & 31;
  const low = (words[at] as number) >>> shift;
  const value = shift + bits > 32 ? low | ((words[at + 1] as number) << (32 - shift)) : low;
  return value & ((1 << bits) - 1);
}

/** By counting: how many codes there are of each value, then where each goes. */
function tableOf({ words, rows, width }: CodeWords, first: number, bits: number): Part {
  const starts = new Uint32Array((1 << bits) + 1);
  for (let i = 0; i < rows; i++) starts[bitsOf(words, i * width, first, bits) + 1]!++;
  for (let v = 1; v < starts.length; v++) starts[v]! += starts[v - 1] as number;
  const next = starts.slice();
  const ids = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) ids[next[bitsOf(words, i * width, first, bits)]!++] = i;
  return { first, bits, starts, ids };
}
