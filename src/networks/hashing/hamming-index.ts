import { OptionCheck, readOptions } from '../../arguments.js';
import { matrix, type NdArray } from '../../data/ndarray.js';
import { pause } from '../../data/pause.js';
import type { RowsInput } from '../../data/rows-input.js';
import { type Patience, readPatience, secondsLeft } from '../../machine/patience.js';
import { Substrings } from './substrings.js';
import { type CodeWords, distance, distances, readCodes } from './words.js';

/** How many codes to find. */
export interface NearestOptions extends Patience {
  /** Codes per query. Default 10; at most as many as there are. */
  readonly k?: number | undefined;
}

/** How far to look. */
export interface WithinOptions extends Patience {
  /** Most bits in which a code may differ. Default 2. */
  readonly radius?: number | undefined;
}

/** The nearest codes of each query. */
export interface NearestCodes {
  /** Numbers of codes [queries, k] by rising distance, of equal distance by rising number. */
  readonly indices: NdArray<Uint32Array>;
  /** In how many bits each differs from the query, [queries, k]. */
  readonly distances: NdArray<Uint16Array>;
}

/** The codes near one query. */
export interface CodesWithin {
  /** Numbers of codes by rising distance, of equal distance by rising number. */
  readonly indices: Uint32Array;
  /** In how many bits each differs from the query. */
  readonly distances: Uint16Array;
}

/** How many words are compared in the time of one visit to a table: measured. */
const visitCost = 12;
/** So many queries at most go without the tables after some for which those were of no use. */
const mostSkipped = 64;
/** The event loop has its turn about so often while there are queries left, in milliseconds. */
const stretch = 15;

/**
 * Looks codes up by Hamming distance: the number of bits in which two codes differ. Every answer is
 * exact. It comes from tables of parts of the codes where that is faster (`substrings.ts`), and from
 * comparing all codes otherwise.
 *
 * Memory: 4 bytes for every 32 bits of a code, and 4 bytes for every 16 bits and code, plus 256 KiB for
 * every 16 bits. The codes are copied.
 *
 * @example
 * ```ts
 * import { HammingIndex, hashCodes } from 'boltzkit';
 *
 * const codes = hashCodes([[0.9, 0.1, 0.8], [0.2, 0.7, 0.9], [0.8, 0.3, 0.7]]);
 * const index = new HammingIndex(codes);
 * const { indices, distances } = await index.nearest(hashCodes([[1, 0, 1]]), { k: 2 }); // 0 and 2, both at distance 0
 * ```
 */
export class HammingIndex {
  readonly #codes: CodeWords;
  readonly #substrings: Substrings;
  /** Distances of one query, kept from one to the next. */
  readonly #distances: Uint16Array;
  /** Queries that the tables are not asked for, and how many it were last. Only time depends on them. */
  readonly #skip = { left: 0, last: 0 };

  /**
   * @param codes - [n, bits]: from {@link hashCodes}, packed bits, or rows of zeros and ones; at most 4096 bits.
   * @throws `ShapeError` where there are none, `ParameterError` where a value is neither 0 nor 1.
   */
  constructor(codes: RowsInput) {
    this.#codes = readCodes(codes, { call: 'HammingIndex', argument: 'codes', units: 'bits' });
    this.#substrings = new Substrings(this.#codes);
    this.#distances = new Uint16Array(this.#codes.rows);
  }

  /** Number of codes. */
  get size(): number {
    return this.#codes.rows;
  }

  /** Bits of a code. */
  get bits(): number {
    return this.#codes.bits;
  }

  /**
   * The k nearest codes of each query.
   *
   * @param queries - [n, bits], as the codes.
   * @param options - `k`; `signal` and `onProgress` for many queries.
   * @throws `ShapeError` where queries have another number of bits.
   */
  async nearest(queries: RowsInput, options?: NearestOptions): Promise<NearestCodes> {
    const call = 'HammingIndex.nearest';
    const { k: wanted, ...patience } = readOptions(call, options, ['k', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const k = Math.min(check.integer('k', wanted, 10, 1), this.size);
    const words = this.#queries(call, queries);
    const indices = new Uint32Array(words.rows * k);
    const found = new Uint16Array(words.rows * k);
    await inTurns(words.rows, readPatience(check, patience), (q) => {
      const near = this.#nearest(words, q, k);
      indices.set(near.indices, q * k);
      found.set(near.distances, q * k);
    });
    return { indices: matrix(indices, words.rows, k), distances: matrix(found, words.rows, k) };
  }

  /**
   * All codes that differ from a query in at most `radius` bits, for each query.
   *
   * @param queries - [n, bits], as the codes.
   * @param options - `radius`; `signal` and `onProgress` for many queries.
   * @throws `ShapeError` where queries have another number of bits.
   */
  async within(queries: RowsInput, options?: WithinOptions): Promise<CodesWithin[]> {
    const call = 'HammingIndex.within';
    const { radius: wanted, ...patience } = readOptions(call, options, ['radius', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const radius = check.integer('radius', wanted, 2, 0, this.bits);
    const words = this.#queries(call, queries);
    const found: CodesWithin[] = [];
    await inTurns(words.rows, readPatience(check, patience), (q) => {
      found.push(this.#within(words, q, radius));
    });
    return found;
  }

  #queries(call: string, queries: unknown): CodeWords {
    return readCodes(queries, { call, argument: 'queries', units: 'bits' }, this.bits);
  }

  /** What the tables may cost before comparing all codes is faster. */
  get #budget(): number {
    return (this.#codes.rows * (1 + this.#codes.width)) / visitCost;
  }

  #nearest(queries: CodeWords, q: number, k: number): CodesWithin {
    const skip = this.#skip;
    if (skip.left > 0) skip.left--;
    else {
      const near = this.#nearestByTables(queries, q, k);
      skip.left = skip.last = near === undefined ? Math.min(2 * skip.last + 1, mostSkipped) : 0;
      if (near !== undefined) return near;
    }
    distances(this.#codes, queries.words, q * queries.width, this.#distances);
    return firstOf(this.#distances, this.bits, k);
  }

  /** Undefined where comparing all codes is faster. */
  #nearestByTables(queries: CodeWords, q: number, k: number): CodesWithin | undefined {
    const from = q * queries.width;
    const ids: number[] = [];
    const counts = new Uint32Array(this.bits + 1);
    let [sure, below] = [0, 0];
    const enough = (radius: number) => {
      for (; below <= radius; below++) sure += counts[below] as number;
      return sure >= k;
    };
    const limits = { radius: this.bits, budget: this.#budget, enough };
    this.#substrings.visit(queries.words, from, limits, (id) => {
      ids.push(id);
      counts[distance(this.#codes, id, queries.words, from)]!++;
    });
    return sure >= k ? this.#sorted(ids, queries.words, from, below - 1, k) : undefined;
  }

  #within(queries: CodeWords, q: number, radius: number): CodesWithin {
    const from = q * queries.width;
    const ids: number[] = [];
    const limits = { radius, budget: this.#budget, enough: () => false };
    const complete = this.#substrings.visit(queries.words, from, limits, (id) => ids.push(id));
    if (complete >= radius) return this.#sorted(ids, queries.words, from, radius, Number.POSITIVE_INFINITY);
    distances(this.#codes, queries.words, from, this.#distances);
    const count = this.#distances.reduce((sum, d) => sum + (d <= radius ? 1 : 0), 0);
    return firstOf(this.#distances, this.bits, count);
  }

  /** Visited codes within a radius by distance and number; at most `most`. */
  #sorted(ids: readonly number[], query: Int32Array, from: number, radius: number, most: number): CodesWithin {
    // Distance and number in one: a number holds 2^53, and there are at most 2^31 codes.
    const keys: number[] = [];
    for (const id of ids) {
      const d = distance(this.#codes, id, query, from);
      if (d <= radius) keys.push(d * 2 ** 32 + id);
    }
    const sorted = Float64Array.from(keys).sort().subarray(0, most);
    return { indices: Uint32Array.from(sorted, (key) => key % 2 ** 32), distances: Uint16Array.from(sorted, (key) => key / 2 ** 32) };
  }
}

/** The k smallest distances with their numbers, by counting. */
function firstOf(all: Uint16Array, bits: number, k: number): CodesWithin {
  const next = new Uint32Array(bits + 2);
  for (const d of all) next[d + 1]!++;
  for (let d = 1; d < next.length; d++) next[d]! += next[d - 1] as number;
  const indices = new Uint32Array(k);
  const found = new Uint16Array(k);
  for (let i = 0; i < all.length; i++) {
    const d = all[i] as number;
    const place = next[d]!++;
    if (place >= k) continue;
    indices[place] = i;
    found[place] = d;
  }
  return { indices, distances: found };
}

/** Does something for each of so many queries, and lets the event loop run between them. */
async function inTurns(count: number, { signal, onProgress }: Patience, work: (q: number) => void): Promise<void> {
  const began = performance.now();
  let [turn, told] = [began, began];
  for (let q = 0; q < count; q++) {
    signal?.throwIfAborted();
    work(q);
    const now = performance.now();
    if (now - turn < stretch) continue;
    if (now - told > 100) {
      onProgress?.({ fraction: (q + 1) / count, secondsLeft: secondsLeft(began, q + 1, count - q - 1) });
      told = now;
    }
    await pause();
    turn = performance.now();
  }
}
