/**
 * Looks for the shape of the closed form that does best on validation parts. A pattern search: from a
 * middle start one number at a time is moved, on while that helps, until the budget of solutions is
 * spent. The spread needs no solution of its own, so all its values are tried each time. A move helps
 * when its mean gain over users exceeds the standard error of that gain: with few users to judge by,
 * the largest of many noisy measures would be luck.
 */
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeGram } from '../machine/native-ease.js';
import type { NativeRatings } from '../machine/native-ratings.js';
import { type EaseOptions, type EaseShape, plainShape } from './ease-options.js';
import { gramOf, ridgeOf, type Solving, scalesOf, solve } from './ease-solve.js';
import type { Entries } from './entries.js';
import { entriesPerUser, type PackedRows } from './interactions.js';
import { packed } from './packed.js';

/** One part of the validation: what is trained on, who is asked about, and how the answer is judged. */
export interface Part {
  readonly train: Entries;
  readonly asked: PackedRows;
  /** A measure to be made large, of each row of scores [asked rows, items] whose columns count `scales` times. */
  readonly judge: (scores: Float32Array, scales: Float64Array) => Promise<Float64Array> | Float64Array;
}

/** A solution as the search needs it: scores of those asked, and precisions of items. */
export interface Answer {
  readonly scores: Float32Array;
  readonly precisions: Float64Array;
}

/** Another way to solve than densely. */
export type Solver = (
  ratings: NativeRatings,
  counts: Uint32Array,
  shape: EaseShape,
  asked: PackedRows,
  solving: Solving,
) => Promise<Answer>;

/** A shape that was tried, and how well it did on average over parts. */
export interface Tried extends EaseShape {
  readonly measure: number;
}

/** What was chosen and what else was tried, in order. */
export interface Choice {
  readonly shape: EaseShape;
  readonly tried: readonly Tried[];
}

/** Where the search begins, but for what is given. */
export const startShape: EaseShape = { regularisation: 60, popularity: 0.4, dropout: 0, activity: 0.4, spread: 0.4 };

const spreads = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

/** What options say about the shape. */
export function givenShape(options: { readonly [K in keyof EaseShape]?: number | undefined }): Partial<EaseShape> {
  const names = (Object.keys(plainShape) as (keyof EaseShape)[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

/** The best shape found for `solutions` solutions of each part. Deterministic. */
export async function searchShape(
  parts: readonly Part[],
  options: Pick<EaseOptions, 'unseen' | 'solutions' | keyof EaseShape>,
  solving: Solving,
  solver?: Solver,
): Promise<Choice> {
  const search = new Search(
    parts.map((part) => new Prepared(part)),
    options,
    solving,
    solver,
  );
  await search.run();
  return { shape: search.best, tried: search.tried };
}

/** A part with what is made of it once: its entries in the addon, and a Gram matrix by activity. */
class Prepared {
  readonly ratings: NativeRatings;
  readonly counts: Uint32Array;
  readonly #grams = new Map<number, NativeGram>();

  constructor(readonly part: Part) {
    this.ratings = packed(part.train);
    this.counts = entriesPerUser(part.train);
  }

  async gram(activity: number, solving: Solving): Promise<NativeGram> {
    const made = this.#grams.get(activity) ?? (await gramOf(this.ratings, this.counts, activity, solving));
    this.#grams.set(activity, made);
    return made;
  }

  /** Entries of a well-known item: three quarters of items have fewer. */
  middleCount(): number {
    const counts = new Uint32Array(this.part.train.items.size);
    for (const item of this.part.train.item) counts[item]!++;
    const known = counts.filter((n) => n > 0).sort();
    return known[Math.floor(known.length * 0.75)] ?? 1;
  }
}

type Move = (from: EaseShape, direction: number) => EaseShape;

class Search {
  readonly tried: Tried[] = [];
  best: EaseShape;
  /** Its measures of all rows of all parts. */
  #measures: Float64Array | undefined;
  #left: number;
  readonly #fixed: Partial<EaseShape>;
  readonly #middle: number;

  constructor(
    private readonly parts: readonly Prepared[],
    private readonly options: Pick<EaseOptions, 'unseen' | 'solutions' | keyof EaseShape>,
    private readonly solving: Solving,
    private readonly solver: Solver | undefined,
  ) {
    this.#fixed = givenShape(options);
    this.best = { ...startShape, ...this.#fixed };
    this.#left = options.solutions;
    this.#middle = parts[0]?.middleCount() ?? 1;
  }

  async run(): Promise<void> {
    await this.#try(this.best);
    for (const size of [1, 0.5, 0.25]) for (const move of this.#moves(size)) await this.#follow(move);
  }

  /** Moves on in one direction while that helps; in the other one if the first did not. */
  async #follow(move: Move): Promise<void> {
    for (const direction of [1, -1]) {
      let steps = 0;
      while (this.#left > 0 && (await this.#try(move(this.best, direction)))) steps++;
      if (steps > 0) return;
    }
  }

  /** Each changes one number. Where that is the popularity, the regularisation goes along, so that the ridge of a well-known item stays. */
  #moves(size: number): Move[] {
    const within = (low: number, x: number, high: number) => Math.round(Math.min(high, Math.max(low, x)) * 1e6) / 1e6;
    const all: [keyof EaseShape, Move][] = [
      ['regularisation', (from, d) => ({ ...from, regularisation: from.regularisation * 2 ** (d * size) })],
      ['popularity', (from, d) => this.#withPopularity(from, within(0, from.popularity + 0.2 * size * d, 1))],
      ['activity', (from, d) => ({ ...from, activity: within(0, from.activity + 0.2 * size * d, 1) })],
      ['dropout', (from, d) => ({ ...from, dropout: within(0, from.dropout + 0.1 * size * d, 0.6) })],
    ];
    return all.filter(([name]) => this.#fixed[name] === undefined).map(([, move]) => move);
  }

  #withPopularity(from: EaseShape, popularity: number): EaseShape {
    const kept = this.#fixed.regularisation === undefined ? this.#middle ** (from.popularity - popularity) : 1;
    return { ...from, popularity, regularisation: from.regularisation * kept };
  }

  /** Whether a shape is better than the best so far; it is the best then. */
  async #try(shape: EaseShape): Promise<boolean> {
    const solved = ['regularisation', 'popularity', 'dropout', 'activity'] as const;
    if (this.#left === 0 || this.tried.some((other) => solved.every((name) => other[name] === shape[name]))) return false;
    const done = this.options.solutions - this.#left--;
    const tryable = this.#fixed.spread === undefined ? spreads : [this.#fixed.spread];
    const judged: Float64Array[][] = [];
    for (const [f, part] of this.parts.entries()) {
      const share = (within: number) => (done + (f + within) / this.parts.length) / this.options.solutions;
      judged.push(await this.#judged(part, shape, tryable, share));
    }
    const measures = tryable.map((_, i) => Float64Array.from(judged.flatMap((part) => [...(part[i] as Float64Array)])));
    const top = measures.reduce((best, each, i) => (mean(each) > mean(measures[best] as Float64Array) ? i : best), 0);
    this.tried.push({ ...shape, spread: tryable[top] as number, measure: mean(measures[top] as Float64Array) });
    // The spread that was in use comes first: another one has to be better than it.
    const used = tryable.indexOf(shape.spread);
    return [...(used < 0 ? [] : [used]), top].reduce(
      (moved, i) => this.#take({ ...shape, spread: tryable[i] as number }, measures[i] as Float64Array) || moved,
      false,
    );
  }

  /** Takes a shape as the best where it is the first, or better by more than the error of the difference. */
  #take(shape: EaseShape, measures: Float64Array): boolean {
    if (this.#measures !== undefined && !isGain(measures, this.#measures)) return false;
    this.#measures = measures;
    this.best = shape;
    return true;
  }

  async #judged(
    prepared: Prepared,
    shape: EaseShape,
    tryable: readonly number[],
    share: (within: number) => number,
  ): Promise<Float64Array[]> {
    const { signal, onProgress, call, threads } = this.solving;
    const within = (from: number, to: number): Solving => {
      const told =
        onProgress &&
        (({ fraction }: { fraction: number }) => onProgress({ fraction: share(from + (to - from) * fraction), secondsLeft: null }));
      return { call, threads, signal, onProgress: told };
    };
    const { scores, precisions } = await this.#answer(prepared, shape, within);
    const judged: Float64Array[] = [];
    for (const spread of tryable) judged.push(await prepared.part.judge(scores, scalesOf(precisions, spread)));
    return judged;
  }

  async #answer(prepared: Prepared, shape: EaseShape, within: (from: number, to: number) => Solving): Promise<Answer> {
    const { ratings, counts, part } = prepared;
    if (this.solver !== undefined) return this.solver(ratings, counts, shape, part.asked, within(0, 0.9));
    const missing = this.options.unseen === 'missing';
    const gram = await prepared.gram(shape.activity, within(0, 0.1));
    const { couplings, precisions } = await solve(gram, shape, within(0.1, 0.8));
    const matrix = missing ? gram.covariance(ridgeOf(gram.diagonal(), shape)) : couplings;
    const { offsets, item, value } = part.asked;
    const scoring = () => hostBackend.addon.scoreRows(matrix, precisions.length, offsets, item, value, this.solving.threads, missing);
    return { scores: await runJob(scoring, within(0.8, 0.9)), precisions };
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether the mean of paired differences exceeds its standard error. */
function isGain(values: Float64Array, before: Float64Array): boolean {
  const gains = values.map((value, i) => value - (before[i] as number));
  const gain = mean(gains);
  const squares = gains.reduce((sum, each) => sum + (each - gain) ** 2, 0);
  return gain > Math.sqrt(squares / Math.max(1, gains.length - 1) / gains.length);
}
