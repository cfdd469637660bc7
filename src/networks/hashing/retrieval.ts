import { OptionCheck, readOptions } from '../../arguments.js';
import { type LabelsInput, readLabels } from '../../data/labels.js';
import { pause } from '../../data/pause.js';
import type { RowsInput } from '../../data/rows-input.js';
import { ParameterError } from '../../errors.js';
import { type Patience, readPatience, secondsLeft } from '../../machine/patience.js';
import { type CodeWords, distances, readCodes } from './words.js';

/** Codes with the classes of their rows. */
export interface LabelledCodes {
  /** [n, bits]. */
  readonly codes: RowsInput;
  /** [n], numbers of classes from 0: codes of the same class are what a query should find. */
  readonly labels: LabelsInput;
}

/** What to measure. */
export interface RetrievalOptions extends Patience {
  /** Lengths of lists. Default [1, 10, 100]; lists are at most as long as there are codes. */
  readonly k?: readonly number[] | undefined;
}

/** How well near codes belong together, as means over the queries. */
export interface Retrieval {
  /** Queries that were asked. */
  readonly queries: number;
  /** Lengths of lists. */
  readonly k: readonly number[];
  /** By list: the share of the k nearest codes that are of the query's class. */
  readonly precisionAt: readonly number[];
  /** By list: the share of the codes of its class that are among the k nearest. */
  readonly recallAt: readonly number[];
  /**
   * By distance r from 0 to the number of bits: the share of the codes within r that are of the query's class. A query with
   * no code within r counts as 0.
   */
  readonly precisionWithin: Float64Array;
  /** By distance r: the share of the codes of its class that are within r. */
  readonly recallWithin: Float64Array;
  /** By distance r: how many codes are within r. */
  readonly found: Float64Array;
}

/** Counts of codes by distance: all, and those of the query's class. */
interface Counts {
  readonly all: Uint32Array;
  readonly same: Uint32Array;
}

/**
 * Precision and recall of looking up rows of the same class by the Hamming distance of codes, as in
 * Salakhutdinov & Hinton (2009). Queries whose class no code has count for precision and not for recall.
 * Where codes at the same distance only partly fit into a list, the value is the mean over all orders of
 * them, so it does not depend on the order of the codes. Time: queries × codes × bits / 32.
 *
 * @param base - What is looked through.
 * @param queries - What is looked for. Leave it out of `base`: a row finds itself.
 * @param options - Lengths of lists; `signal` and `onProgress`.
 * @throws `ShapeError` where bits or numbers of labels differ, `ParameterError` where a label is none.
 */
export async function retrieval(base: LabelledCodes, queries: LabelledCodes, options?: RetrievalOptions): Promise<Retrieval> {
  const call = 'retrieval';
  const { k: lists, ...patience } = readOptions(call, options, ['k', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const { signal, onProgress } = readPatience(check, patience);
  const all = readLabelled(call, 'base', base);
  const asked = readLabelled(call, 'queries', queries, all.codes.bits);
  const k = readLists(check, lists).map((length) => Math.min(length, all.codes.rows));
  const sums = new Sums(all.codes.bits, k);
  const room = new Uint16Array(all.codes.rows);
  const began = performance.now();
  for (let q = 0, turn = began; q < asked.codes.rows; q++) {
    signal?.throwIfAborted();
    sums.add(countsOf(all, asked, q, room));
    const now = performance.now();
    if (now - turn < 15) continue;
    onProgress?.({ fraction: (q + 1) / asked.codes.rows, secondsLeft: secondsLeft(began, q + 1, asked.codes.rows - q - 1) });
    await pause();
    turn = performance.now();
  }
  return sums.result();
}

interface Labelled {
  readonly codes: CodeWords;
  readonly labels: Uint32Array;
}

function readLabelled(call: string, argument: string, input: unknown, bits?: number): Labelled {
  const { codes, labels } = readOptions(call, input, ['codes', 'labels'], argument);
  const words = readCodes(codes, { call, argument: `${argument}.codes`, units: 'bits' }, bits);
  return { codes: words, labels: readLabels(labels, { call, argument: `${argument}.labels`, units: 'labels' }, undefined, words.rows) };
}

function readLists(check: OptionCheck, given: unknown): number[] {
  if (given === undefined) return [1, 10, 100];
  if (!Array.isArray(given) || given.length === 0 || given.length > 1000) {
    throw new ParameterError(`${check.call}: \`k\` must be an array of 1 to 1000 lengths of lists`);
  }
  return Array.from(given as unknown[], (length, i) => check.integer(`k[${i}]`, length, undefined, 1));
}

function countsOf(base: Labelled, queries: Labelled, q: number, room: Uint16Array): Counts {
  distances(base.codes, queries.codes.words, q * queries.codes.width, room);
  const all = new Uint32Array(base.codes.bits + 1);
  const same = new Uint32Array(base.codes.bits + 1);
  const label = queries.labels[q];
  for (let i = 0; i < room.length; i++) {
    const d = room[i] as number;
    all[d]!++;
    if (base.labels[i] === label) same[d]!++;
  }
  return { all, same };
}

/** Adds up queries. */
class Sums {
  #queries = 0;
  /** Queries of whose class there are codes. */
  #answerable = 0;
  readonly #precisionAt: Float64Array;
  readonly #recallAt: Float64Array;
  readonly #precisionWithin: Float64Array;
  readonly #recallWithin: Float64Array;
  readonly #found: Float64Array;

  constructor(
    bits: number,
    readonly k: readonly number[],
  ) {
    this.#precisionAt = new Float64Array(k.length);
    this.#recallAt = new Float64Array(k.length);
    this.#precisionWithin = new Float64Array(bits + 1);
    this.#recallWithin = new Float64Array(bits + 1);
    this.#found = new Float64Array(bits + 1);
  }

  add({ all, same }: Counts): void {
    const relevant = same.reduce((sum, n) => sum + n, 0);
    this.#queries++;
    if (relevant > 0) this.#answerable++;
    let [within, hits] = [0, 0];
    for (let d = 0; d < all.length; d++) {
      within += all[d] as number;
      hits += same[d] as number;
      this.#found[d]! += within;
      if (within > 0) this.#precisionWithin[d]! += hits / within;
      if (relevant > 0) this.#recallWithin[d]! += hits / relevant;
    }
    for (const [i, k] of this.k.entries()) {
      const expected = expectedHits(all, same, k);
      this.#precisionAt[i]! += expected / k;
      if (relevant > 0) this.#recallAt[i]! += expected / relevant;
    }
  }

  result(): Retrieval {
    const mean = (sums: Float64Array, n: number) => sums.map((sum) => sum / n);
    return {
      queries: this.#queries,
      k: this.k,
      precisionAt: [...mean(this.#precisionAt, this.#queries)],
      recallAt: [...mean(this.#recallAt, this.#answerable)],
      precisionWithin: mean(this.#precisionWithin, this.#queries),
      recallWithin: mean(this.#recallWithin, this.#answerable),
      found: mean(this.#found, this.#queries),
    };
  }
}

/** Hits among the k nearest: of the distance at which the list ends, the share that has room. */
function expectedHits(all: Uint32Array, same: Uint32Array, k: number): number {
  let [room, hits] = [k, 0];
  for (let d = 0; d < all.length && room > 0; d++) {
    const n = all[d] as number;
    if (n === 0) continue;
    const taken = Math.min(n, room);
    hits += ((same[d] as number) * taken) / n;
    room -= taken;
  }
  return hits;
}
