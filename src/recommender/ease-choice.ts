/**
 * Chooses the shape of the closed form on users cut from train: their entries take no part in the
 * Gram matrix, four fifths of them are input, and the mean nDCG of the rest is what counts. A pattern
 * search: from a middle start one number at a time is moved, on while that helps, until the budget of
 * solutions is spent. The spread needs no solution of its own, so all its values are tried each time.
 */
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeGram } from '../machine/native-ease.js';
import type { NativeRatings } from '../machine/native-ratings.js';
import { Turns } from '../machine/turns.js';
import { type EaseOptions, type EaseShape, plainShape } from './ease-options.js';
import { gramOf, type Solving, scalesOf, solve } from './ease-solve.js';
import type { Entries } from './entries.js';
import { byUser, type Grouped } from './grouped.js';
import { heldOutNdcg } from './held-out-ndcg.js';
import { entriesPerUser, nativeRatings, type PackedRows } from './interactions.js';
import { holdOutUsers } from './split-users.js';

/** A shape that was tried, and how well it did. */
export interface Tried extends EaseShape {
  readonly ndcg: number;
}

/** What was chosen and what else was tried, in order. */
export interface Choice {
  readonly shape: EaseShape;
  readonly tried: readonly Tried[];
}

/** One part of the validation: Gram matrices without some users, and those users. */
interface Fold {
  readonly ratings: NativeRatings;
  readonly counts: Uint32Array;
  readonly input: PackedRows;
  readonly inputs: Grouped;
  readonly targets: Grouped;
  readonly users: Uint32Array;
  /** By activity. */
  readonly grams: Map<number, NativeGram>;
}

const spreads = [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8];
const start: EaseShape = { regularisation: 60, popularity: 0.4, dropout: 0, activity: 0.4, spread: 0.4 };
/** Users that a measure should have behind it, as far as there are as many. */
const wantedUsers = 1000;
const heldShare = 0.2;

/** Whether anything is left to choose. */
export function leavesChoice(options: EaseOptions): boolean {
  return options.recipe === 'best' && Object.keys(plainShape).some((name) => options[name as keyof EaseShape] === undefined);
}

/** The shape that options fix: plain EASE but for what they say. */
export function fixedShape(options: EaseOptions): EaseShape {
  const shape = { ...plainShape };
  for (const name of Object.keys(shape) as (keyof EaseShape)[]) shape[name] = options[name] ?? plainShape[name];
  return shape;
}

/** Chooses. Same seed, same entries: the same choice. */
export async function chooseShape(entries: Entries, options: EaseOptions, solving: Solving, seed: bigint): Promise<Choice> {
  const folds = foldsOf(entries, solving.call, seed);
  if (folds.length === 0) return { shape: { ...start, ...given(options) }, tried: [] };
  const search = new Search(folds, options, solving);
  await search.run();
  return { shape: search.best, tried: search.tried };
}

/** What the options say about the shape. */
function given(options: EaseOptions): Partial<EaseShape> {
  const names = (Object.keys(plainShape) as (keyof EaseShape)[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

function foldsOf(entries: Entries, call: string, seed: bigint): Fold[] {
  const counts = entriesPerUser(entries);
  const able = counts.reduce((sum, n) => sum + (n >= 5 ? 1 : 0), 0);
  if (able < 10) return [];
  // Many items make solutions dear: their cost rises with the third power.
  const affordable = Math.floor((6000 / entries.items.size) ** 3);
  const count = Math.max(1, Math.min(5, affordable, Math.ceil(wantedUsers / (heldShare * able))));
  return Array.from({ length: count }, (_, f) => foldOf(entries, call, BigInt.asUintN(64, seed + BigInt(f))));
}

function foldOf(entries: Entries, call: string, seed: bigint): Fold {
  const { test } = holdOutUsers(call, entries, { users: heldShare, targets: 0.2, least: 5, seed });
  const [inputs, targets] = [byUser(test.input), byUser(test.targets)];
  const users = Uint32Array.from({ length: targets.rows }, (_, u) => u).filter((u) => targets.start[u] !== targets.start[u + 1]);
  const offsets = new Uint32Array(users.length + 1);
  for (const [r, u] of users.entries()) {
    offsets[r + 1] = (offsets[r] as number) + (inputs.start[u + 1] as number) - (inputs.start[u] as number);
  }
  const item = new Uint32Array(offsets[users.length] as number);
  const value = new Float32Array(item.length).fill(1);
  for (const [r, u] of users.entries()) {
    const [from, to] = [inputs.start[u] as number, inputs.start[u + 1] as number];
    item.set(inputs.column.subarray(from, to), offsets[r]);
    const worth = test.input.value;
    if (worth) for (let at = from; at < to; at++) value[(offsets[r] as number) + at - from] = worth[inputs.entry[at] as number] as number;
  }
  const ratings = nativeRatings(hostBackend.addon, test.train);
  return { ratings, counts: entriesPerUser(test.train), input: { offsets, item, value }, inputs, targets, users, grams: new Map() };
}

class Search {
  readonly tried: Tried[] = [];
  best: EaseShape;
  #ndcg = Number.NEGATIVE_INFINITY;
  #left: number;
  readonly #fixed: Partial<EaseShape>;

  constructor(
    private readonly folds: readonly Fold[],
    private readonly options: EaseOptions,
    private readonly solving: Solving,
  ) {
    this.#fixed = given(options);
    this.best = { ...start, ...this.#fixed };
    this.#left = options.solutions;
  }

  async run(): Promise<void> {
    await this.#try(this.best);
    for (const size of [1, 0.5]) {
      for (const move of this.#moves(size)) {
        for (const direction of [1, -1]) {
          let [helped, again] = [false, true];
          while (again && this.#left > 0) {
            again = await this.#try(move(this.best, direction));
            helped ||= again;
          }
          if (helped) break;
        }
      }
    }
  }

  /** A move changes one number; where it moves the popularity, the regularisation goes along, so that a middling item's ridge stays. */
  #moves(size: number): ((from: EaseShape, direction: number) => EaseShape)[] {
    const within = (low: number, x: number, high: number) => Math.round(Math.min(high, Math.max(low, x)) * 1e6) / 1e6;
    const middle = this.#middleCount();
    const all: [keyof EaseShape, (from: EaseShape, direction: number) => EaseShape][] = [
      ['regularisation', (from, d) => ({ ...from, regularisation: from.regularisation * 2 ** (d * size) })],
      [
        'popularity',
        (from, d) => {
          const popularity = within(0, from.popularity + 0.2 * size * d, 1);
          const kept = this.#fixed.regularisation === undefined ? middle ** (from.popularity - popularity) : 1;
          return { ...from, popularity, regularisation: from.regularisation * kept };
        },
      ],
      ['activity', (from, d) => ({ ...from, activity: within(0, from.activity + 0.2 * size * d, 1) })],
      ['dropout', (from, d) => ({ ...from, dropout: within(0, from.dropout + 0.1 * size * d, 0.6) })],
    ];
    return all.filter(([name]) => this.#fixed[name] === undefined).map(([, move]) => move);
  }

  /** The count of entries that half of all entries' items exceed. */
  #middleCount(): number {
    const [fold] = this.folds;
    const sorted = [...(fold?.grams.values().next().value?.diagonal() ?? [1])].filter((g) => g >= 1).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.75)] ?? 1;
  }

  /** Whether a shape is better than the best so far; it is the best then. */
  async #try(shape: EaseShape): Promise<boolean> {
    const { spread: _, ...solved } = shape;
    if (this.tried.some((other) => Object.entries(solved).every(([name, value]) => other[name as keyof EaseShape] === value))) return false;
    if (this.#left === 0) return false;
    const done = this.options.solutions - this.#left--;
    const tryable = this.#fixed.spread === undefined ? spreads : [this.#fixed.spread];
    const sums = new Float64Array(tryable.length);
    for (const [f, fold] of this.folds.entries()) {
      const share = (part: number) => (done + (f + part) / this.folds.length) / this.options.solutions;
      const values = await this.#measure(fold, shape, tryable, share);
      for (let i = 0; i < sums.length; i++) sums[i]! += (values[i] as number) / this.folds.length;
    }
    const top = sums.reduce((best, value, i) => (value > (sums[best] as number) ? i : best), 0);
    const found = { ...shape, spread: tryable[top] as number, ndcg: sums[top] as number };
    this.tried.push(found);
    if (found.ndcg <= this.#ndcg) return false;
    const { ndcg, ...best } = found;
    [this.#ndcg, this.best] = [ndcg, best];
    return true;
  }

  async #measure(fold: Fold, shape: EaseShape, tryable: readonly number[], share: (part: number) => number): Promise<Float64Array> {
    const { signal, onProgress, call, threads } = this.solving;
    const part = (from: number, to: number): Solving => {
      const told =
        onProgress &&
        (({ fraction }: { fraction: number }) => onProgress({ fraction: share(from + (to - from) * fraction), secondsLeft: null }));
      return { call, threads, signal, onProgress: told };
    };
    let gram = fold.grams.get(shape.activity);
    if (gram === undefined) {
      gram = await gramOf(fold.ratings, fold.counts, shape.activity, part(0, 0.1));
      fold.grams.set(shape.activity, gram);
    }
    const { unseen, cutoff } = this.options;
    const made = await solve(gram, shape, part(0.1, 0.8));
    const matrix = unseen === 'zero' ? made.couplings : gram.covariance(this.#ridge(gram, shape));
    const n = fold.inputs.columns;
    const { offsets, item, value } = fold.input;
    const scores = await runJob(
      () => hostBackend.addon.scoreRows(matrix, n, offsets, item, value, threads, unseen === 'missing'),
      part(0.8, 0.9),
    );
    const result = new Float64Array(tryable.length);
    for (const [i, spread] of tryable.entries()) {
      result[i] = await heldOutNdcg(scores, scalesOf(made.precisions, spread), fold, cutoff, new Turns(signal));
    }
    return result;
  }

  #ridge(gram: NativeGram, shape: EaseShape): Float64Array {
    const { regularisation, popularity, dropout } = shape;
    return gram.diagonal().map((g) => regularisation * Math.max(g, 1) ** popularity + (dropout / (1 - dropout)) * g);
  }
}
