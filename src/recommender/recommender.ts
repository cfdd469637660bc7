import { inspect } from 'node:util';
import { namesIn, OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import { explanation, predictions, similar } from './answers.js';
import { isId } from './catalogue.js';
import { type CombineOptions, combinedState } from './combining.js';
import { standing } from './compare.js';
import { besideUsually, readContenders } from './contenders.js';
import { crossValidated, readFolds } from './cross-validate.js';
import type { Scale } from './entries.js';
import {
  type CompareOptions,
  type CrossValidateOptions,
  compareNames,
  type JudgeOptions,
  readComparing,
  readContest,
  readJudging,
  withAlso,
} from './evaluating.js';
import type { Evaluation } from './evaluation.js';
import type { Prediction, Target } from './family.js';
import { readRecommender, writeRecommender } from './file.js';
import { readFitSettings } from './fit-options.js';
import type { FitOptions } from './fit-types.js';
import { fitState } from './fitting.js';
import { grown } from './growing.js';
import type { Id } from './ids.js';
import { isSplit, judged } from './judging.js';
import { type About, aboutNames, listOf, readAbout, type Subject, type UnknownItems } from './question.js';
import { type RecommendOptions, readBy, readWanted, recommendNames } from './recommend-options.js';
import { recommendTo } from './recommending.js';
import type { Explanation, Recommendations, SimilarItem } from './results.js';
import { type RowsGiven, readRows } from './rows-given.js';
import { type By, Scorer } from './scoring.js';
import type { ReadOptions } from './source-options.js';
import type { Split } from './split.js';
import type { State } from './state.js';
import { bestOf, type Compared, comparedText, told, winnersState } from './winner.js';

/** Bytes that scores of known users may take, unless `scoreMemory` says otherwise. */
const usualMemory = 32 * 2 ** 20;

/** What a recommender is, as JSON and as `console.log` show it. */
export interface RecommenderSummary {
  /** Name of the model's family. */
  readonly model: string;
  /** What it foresees. */
  readonly target: Target;
  /** How many it knows. */
  readonly users: number;
  /** How many it knows. */
  readonly items: number;
  /** Pairs of user and item that it knows. */
  readonly entries: number;
  /** What a pair that is in no row means. */
  readonly unseen: 'zero' | 'missing';
  /** The values of the scale; null for interactions. */
  readonly scale: readonly number[] | null;
  /** Decimal digits: a seed may be larger than a number holds. */
  readonly seed: string;
}

/**
 * A recommender: from rows of users, items and ratings (or no ratings) to recommendations.
 *
 * Ids are text or numbers, and come back as they were given; a number and its decimal text are the
 * same id. Whoever is asked about, and however, gets the same scores: a known user, the same user
 * among others, and a new user with the same ratings. (Not so with model 'rbm' and `orientation`
 * 'both' or 'items': a machine whose cases are items knows users of the training rows alone.)
 *
 * @example
 * ```ts
 * import { Recommender } from 'boltzkit';
 *
 * const rows = [
 *   { user: 'ann', item: 'Alien', rating: 5 }, { user: 'ann', item: 'Amélie', rating: 2 },
 *   { user: 'ben', item: 'Alien', rating: 4 }, { user: 'ben', item: 'Brazil', rating: 5 },
 *   { user: 'eve', item: 'Amélie', rating: 5 }, { user: 'eve', item: 'Chocolat', rating: 4 },
 * ];
 * const rec = await Recommender.fit(rows, { seed: 1 });
 * console.log(await rec.recommend({ user: 'ann', n: 2 }));
 * console.log(await rec.recommend({ ratings: [{ item: 'Chocolat', rating: 5 }], n: 2 }));
 * ```
 */
export class Recommender {
  #state: State;
  #scorer: Scorer;
  /** The `partialFit` calls under way, one after the other. */
  #growing: Promise<unknown> = Promise.resolve();

  private constructor(state: State) {
    this.#state = state;
    this.#scorer = new Scorer(state, usualMemory);
  }

  /**
   * Learns from rows.
   *
   * Rows with ratings are learnt as ratings, others as interactions, unless `kind` or `model` says
   * otherwise. Same rows, options and seed: the same recommender on any number of threads.
   *
   * @param rows - Where the rows come from.
   * @param options - What to learn, and the options of the model.
   * @throws {@link ParameterError} for options and rows that cannot be used, before training starts.
   */
  static async fit(rows: RowsGiven, options?: FitOptions): Promise<Recommender> {
    const call = 'Recommender.fit';
    const settings = readFitSettings(call, readGiven(call, options));
    if (settings.kind === 'auto') return new this(await bestOf(call, await readRows(call, rows, settings.reading), settings));
    return new this(await fitState(call, await readRows(call, rows, settings.reading), settings));
  }

  /**
   * Reads a recommender that `save` wrote. It needs neither the training rows nor anything else.
   *
   * @throws {@link FormatError} unless the file is intact and holds a recommender; {@link FileError}
   *   when it cannot be read.
   */
  static async load(path: string | URL): Promise<Recommender> {
    return new this(await readRecommender('Recommender.load', path));
  }

  /**
   * Trains several models under one budget of seconds, chooses the one that is best on validation
   * rows, and judges all on test rows that are read once. The one chosen is trained anew on all rows.
   *
   * @returns The recommender, the table with its paired intervals, and who was left out.
   */
  static async compare(rows: RowsGiven, options?: CompareOptions): Promise<Compared> {
    const call = 'Recommender.compare';
    const { further, ...contest } = await readContest(call, rows, options, compareNames);
    const settings = readComparing(call, contest, further);
    const result = await standing(call, contest.read.entries, settings);
    const state = await winnersState(call, contest.read, settings, result, []);
    return comparedText({ recommender: new this(state), ...told(settings, result) });
  }

  /**
   * Judges models fold by fold: each is trained on the other folds, and judged by the one held out.
   *
   * @returns A table of models and measures, means over folds, with intervals over users.
   */
  static async crossValidate(rows: RowsGiven, options?: CrossValidateOptions): Promise<Evaluation> {
    const call = 'Recommender.crossValidate';
    const { further, read, contenders, terms, evaluate } = await readContest(call, rows, options, ['folds', 'alsoMetrics']);
    const folds = readFolds(new OptionCheck(call), further.folds, read.entries.user.length);
    return crossValidated(call, read.entries, contenders, terms, folds, withAlso(call, evaluate, further.alsoMetrics, read.entries));
  }

  /**
   * A recommender of ratings and one of interactions as one: the first foresees ratings, lists are
   * ranked by a mix of both. `Recommender.fit(rows, { model: 'combined' })` does all of it at once.
   *
   * @param parts - Both must know the same users and items: train them on the same rows.
   * @param validation - Rows that neither was trained on, which the weight is chosen by.
   */
  static async combine(
    parts: { readonly ratings: Recommender; readonly interactions: Recommender },
    validation: RowsGiven,
    options?: CombineOptions,
  ): Promise<Recommender> {
    const call = 'Recommender.combine';
    const { ratings, interactions } = readOptions(call, parts ?? null, ['ratings', 'interactions'], 'parts');
    if (!(ratings instanceof Recommender) || !(interactions instanceof Recommender)) {
      throw new ParameterError(`${call}: \`parts\` must be two recommenders, \`ratings\` and \`interactions\``);
    }
    return new this(await combinedState(call, ratings.#state, interactions.#state, validation, options));
  }

  // --- what it is --------------------------------------------------------------------------------

  /** Name of the model's family. */
  get model(): string {
    return this.#state.model.family;
  }

  /** What it foresees: ratings, or whether a user turns to an item. */
  get target(): Target {
    return this.#state.model.target;
  }

  /** The values of ratings; null for interactions. */
  get scale(): Scale | null {
    return this.#state.scale ?? null;
  }

  /** Ids of the users it knows, in the order in which they first came. A new array at each call. */
  users(): Id[] {
    return [...this.#state.users];
  }

  /** Ids of the items it knows, in the order in which they first came. A new array at each call. */
  items(): Id[] {
    return [...this.#state.items];
  }

  /** Whether it knows a user. */
  hasUser(user: Id): boolean {
    return isId(user) && this.#state.users.number(user) !== undefined;
  }

  /** Whether it knows an item. */
  hasItem(item: Id): boolean {
    return isId(item) && this.#state.items.number(item) !== undefined;
  }

  /** What an item is called; undefined where nobody said. */
  title(item: Id): string | undefined {
    const number = isId(item) ? this.#state.items.number(item) : undefined;
    return number === undefined ? undefined : this.#state.titles.get(number);
  }

  /**
   * Bytes that scores of known users may take, so that those who come again are answered at once;
   * 4 bytes per item and user. 0 keeps none. Default 32 MiB.
   */
  get scoreMemory(): number {
    return this.#scorer.limit;
  }

  /** Forgets what it kept. */
  set scoreMemory(bytes: number) {
    const limit = new OptionCheck('Recommender').integer('scoreMemory', bytes, undefined, 0);
    this.#scorer = new Scorer(this.#state, limit);
  }

  // --- what it answers -----------------------------------------------------------------------------

  /**
   * Recommends items, best first: exactly `n`, unless fewer candidates are left, which `reason` of
   * the result then says. Items that the user has already are left out.
   *
   * @param question - About whom (`user`, or a new user's `ratings` or `items`) and what is wanted.
   * @throws {@link ParameterError} for a user or items that it does not know.
   */
  async recommend(question: About & RecommendOptions): Promise<Recommendations> {
    const call = 'Recommender.recommend';
    const given = readOptions(call, question, [...aboutNames, ...recommendNames]);
    const wanted = readWanted(call, this.#state, given);
    const subject = readAbout(call, this.#known, given, wanted.unknown);
    const [list] = await recommendTo(this.#state, this.#scorer, [subject], wanted);
    return list as Recommendations;
  }

  /**
   * Recommends to many at once: the same lists as one by one, in less time.
   *
   * @param asked - Ids of users, or what `recommend` takes: `{ user }`, `{ ratings }`, `{ items }`.
   * @param options - What is wanted, for all of them.
   */
  async recommendBatch(asked: readonly (Id | About)[], options?: RecommendOptions): Promise<Recommendations[]> {
    const call = 'Recommender.recommendBatch';
    const wanted = readWanted(call, this.#state, readOptions(call, options, recommendNames));
    const subjects = listOf(call, 'asked', asked).map((one, i) => {
      const about = isId(one) ? { user: one } : readOptions(call, one ?? null, aboutNames, `asked[${i}]`);
      return readAbout(`${call}: asked[${i}]`, this.#known, about, wanted.unknown);
    });
    return recommendTo(this.#state, this.#scorer, subjects, wanted);
  }

  /**
   * Foresees the rating that a user would give: E[r], its variance, noise included, and the
   * probability of each value of the scale. Recommenders of ratings only.
   *
   * @param about - Id of a user, or `{ user }`, or the `{ ratings }` of a new one.
   * @param item - Id of an item, or of several for as many predictions.
   */
  predict(about: Id | About, item: Id): Prediction;
  predict(about: Id | About, item: readonly Id[]): Prediction[];
  predict(about: Id | About, item: Id | readonly Id[]): Prediction | Prediction[] {
    const call = 'Recommender.predict';
    const subject = this.#subject(call, about, 'error');
    if (isId(item)) return predictions(call, this.#state, subject, [item], ['item'])[0] as Prediction;
    const list = listOf(call, 'item', item);
    return predictions(
      call,
      this.#state,
      subject,
      list,
      list.map((_, i) => `item[${i}]`),
    );
  }

  /**
   * The items that are most like one, best first.
   *
   * @param item - Id of an item.
   * @param n - How many, at least 1; fewer where there are fewer. Default 10.
   */
  similarItems(item: Id, n?: number): SimilarItem[] {
    const call = 'Recommender.similarItems';
    return similar(call, this.#state, this.#scorer.barred, item, new OptionCheck(call).integer('n', n, 10));
  }

  /**
   * Why an item has its score: what each of the user's entries adds to it, where the score is such
   * a sum.
   */
  async explain(about: Id | About, item: Id, options?: Patience & { readonly by?: By | undefined }): Promise<Explanation> {
    const call = 'Recommender.explain';
    const given = readOptions(call, options, ['by', 'signal', 'onProgress']);
    const by = readBy(new OptionCheck(call), this.#state, given.by);
    const patience = readPatience(new OptionCheck(call), given);
    return explanation(call, this.#state, this.#scorer, this.#subject(call, about, 'error'), item, by, patience);
  }

  /**
   * Judges it by the targets of a split, beside plain models trained on the same rows.
   *
   * @param split - From `splitRatings`; the recommender must have learnt `split.train`, and nothing
   *   of `split.targets`.
   */
  async evaluate(split: Split, options?: JudgeOptions): Promise<Evaluation> {
    const call = 'Recommender.evaluate';
    const { options: how, beside } = readJudging(call, options);
    const { scale, relevantFrom, model } = this.#state;
    const hasRatings = isSplit(call, split).train.value !== undefined;
    const from = how.relevantFrom ?? relevantFrom;
    const contenders = readContenders(call, beside ?? besideUsually(model, hasRatings), hasRatings, true);
    const terms = { seed: how.seed ?? 0n, threads: 0, scale, relevantFrom: from };
    return judged(call, this.#state, split, contenders, terms, { ...how, scale, relevantFrom: from });
  }

  /**
   * The model as a machine, where it is one: to sample from and to ask for likelihoods.
   *
   * @throws {@link ParameterError} where the model is no machine.
   */
  toMachine(): BoltzmannMachine {
    const { model } = this.#state;
    if (model.toMachine === undefined) throw new ParameterError(`Recommender.toMachine: model '${model.family}' is no machine`);
    return model.toMachine();
  }

  // --- new rows ------------------------------------------------------------------------------------

  /**
   * Learns new rows, of known users and items and of new ones; a pair that is known has its new
   * rating from then on. Models that can, go on from where they are; others are trained anew from
   * all entries, with the same options and seed. Until it is done, answers are those of before.
   *
   * @param rows - New rows only.
   * @param options - How they are read.
   */
  async partialFit(rows: RowsGiven, options?: Omit<ReadOptions, 'ids' | 'scale'>): Promise<void> {
    const call = 'Recommender.partialFit';
    const names = ['columns', 'header', 'delimiter', 'decimal', 'maxUnpackedBytes', 'signal', 'onProgress'] as const;
    const { onProgress, ...reading } = readOptions(call, options, names);
    const patience = readPatience(new OptionCheck(call), { onProgress, signal: reading.signal });
    const { entries: fresh } = await readRows(call, rows, reading);
    const turn = this.#growing.then(async () => {
      const state = await grown(call, this.#state, fresh, patience);
      this.#scorer = new Scorer(state, this.#scorer.limit);
      this.#state = state;
    });
    this.#growing = turn.catch(() => undefined);
    await turn;
  }

  // --- files and words -----------------------------------------------------------------------------

  /**
   * Saves all that `load` needs: model, ids, titles, and the users' entries. The path holds either
   * the old file or the whole new one, whatever happens in between.
   */
  async save(path: string | URL): Promise<void> {
    await writeRecommender('Recommender.save', path, this.#state);
  }

  /** What it is, without its parameters. */
  toJSON(): RecommenderSummary {
    const { model, users, items, history, unseen, scale, seed } = this.#state;
    return {
      model: model.family,
      target: model.target,
      users: users.size,
      items: items.size,
      entries: history.items.length,
      unseen,
      scale: scale?.values ?? null,
      seed: String(seed),
    };
  }

  /** What `console.log` shows. */
  [inspect.custom](_depth: number, options: object): string {
    return `Recommender ${inspect(this.toJSON(), options)}`;
  }

  get #known() {
    const { users, items, history, scale, relevantFrom, model } = this.#state;
    return { users, items, history, scale, relevantFrom, target: model.target };
  }

  #subject(call: string, about: unknown, unknown: UnknownItems): Subject {
    const given = isId(about) ? { user: about } : readOptions(call, about ?? null, aboutNames, 'about');
    return readAbout(call, this.#known, given, unknown);
  }
}

/** All options as they were given, each read once. */
function readGiven(call: string, options: unknown): Readonly<Record<string, unknown>> {
  const names = readFrom(call, 'options', () => namesIn(options));
  return readOptions(call, options, names);
}
