/**
 * What a family of recommender models is: a name, options, how to train one and how to read one from
 * a file. A new family is one file in `families/` and one line in `families/index.ts`.
 */
import type { OptionCheck } from '../arguments.js';
import type { Tensor } from '../io/safetensors.js';
import type { Patience } from '../machine/patience.js';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { Entries, Scale, UserEntries } from './entries.js';

/** What a model foresees: ratings on a scale, or whether a user turns to an item. */
export type Target = 'ratings' | 'interactions';

/** What a rating will be. */
export interface Prediction {
  /** E[r]. */
  readonly mean: number;
  /** Var[r] of the next rating, noise included. */
  readonly variance: number;
  /** P(r = k-th value of the scale); they add up to 1. */
  readonly probabilities: Float64Array;
}

/**
 * A trained model over item numbers. Nothing it answers depends on who else is asked about, nor on
 * the number of threads. It holds what it needs of its training entries.
 */
export interface RecommenderModel {
  readonly family: string;
  readonly target: Target;
  readonly items: number;
  /**
   * Scores of all items for each user given, [given.length, items], higher is better: E[r] of
   * ratings models, any rising function of the chance to be used of interaction models. Items that
   * the user has get scores as well. An empty user gets what is known without entries.
   *
   * With `atLeast`, ratings models give P(r ≥ atLeast) instead.
   */
  scores(given: readonly UserEntries[], options?: Patience & { readonly atLeast?: number | undefined }): Promise<Float32Array>;
  /** Ratings models: one prediction per item, at once. */
  predict?(given: UserEntries, items: Uint32Array): Prediction[];
  /** How alike items are to one, [items]; higher is more alike. */
  similar?(item: number): Float32Array;
  /**
   * What each entry of a user adds to the score of an item, [given.items.length], where a score is
   * about such a sum.
   */
  contributions?(given: UserEntries, item: number): Float64Array;
  /**
   * Goes on from new entries (of known and new users and items), in place of training anew. Ids keep
   * their numbers, new ones come after; no new entry is a pair that the model was trained on.
   *
   * @param all - All entries, old and new, by user and item.
   */
  update?(added: Entries, patience: Patience, all: Entries): Promise<RecommenderModel>;
  /** The model as a machine of the engine, where it is one: to sample from, to ask for likelihoods. */
  toMachine?(): BoltzmannMachine;
  /** All a file needs; `settings` is JSON. */
  save(): SavedModel;
}

/** A model as a file holds it. */
export interface SavedModel {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What training is given besides entries and options. */
export interface FitContext extends Patience {
  /** Same seed, same entries, same options: the same bits on any number of threads. */
  readonly seed: bigint;
  /** 0: as many as the process may use. */
  readonly threads: number;
  /** Of ratings. */
  readonly scale: Scale | undefined;
  /** The most settings that a family may try on validation, the same for all that stand side by side; 0: its usual one. Default: its own number. */
  readonly trials?: number | undefined;
}

/** One kind of model. `Options` are what its users may set, already checked by `read`. */
export interface Family<Options = unknown> {
  readonly name: string;
  readonly target: Target;
  /** Names of its options: others are refused with the nearest of these, before `read` is called. */
  readonly options?: readonly string[];
  /** Reads what a user gave as options; refuses wrong ones by name before anything starts. */
  read(check: OptionCheck, given: Readonly<Record<string, unknown>>): Options;
  fit(entries: Entries, options: Options, context: FitContext): Promise<RecommenderModel>;
  /** @throws FormatError where tensors or settings are not those that `save` wrote; `what` begins its message. */
  load(saved: SavedModel, what: string): RecommenderModel;
}
