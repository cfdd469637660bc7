/** Which options belong to which model, for TypeScript. */
import type { EaseHiddenOptions } from './ease-hidden-options.js';
import type { EaseOptions } from './ease-options.js';
import type { BiasOptions } from './families/bias.js';
import type { EaseSparseOptions } from './families/ease-sparse.js';
import type { GaussianOptions } from './families/gaussian-options.js';
import type { InteractionsFactorsOptions, RatingsFactorsOptions } from './families/mf.js';
import type { PopularityOptions } from './families/popularity.js';
import type { Orientation, RbmTraining } from './families/rbm-options.js';
import type { Target } from './family.js';
import type { CommonOptions } from './fit-options.js';

/** Options as a caller writes them: any of them may be left out. */
export type Partially<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Options of the softmax machine; those of training stand for both machines where there are two. */
export interface SoftmaxOptions extends Partially<Omit<RbmTraining, 'sweeps'>> {
  /** Whose machine: hidden units of users, of items, or one machine of each kind, averaged. Default 'both'. */
  readonly orientation?: Orientation | undefined;
  /** Weight of the machine whose cases are items, where there are both. Default 0.6. */
  readonly itemShare?: number | undefined;
  /** Whether hidden units are summed out, or stand at their means. Default 'exact'. */
  readonly prediction?: 'exact' | 'means' | undefined;
  /** Sweeps of the negative phase, in all epochs or in the first and the last. */
  readonly sweeps?: number | readonly [first: number, last: number] | undefined;
}

/** A part of a combined model, with options of its own. */
export interface PartModel {
  /** Its name. */
  readonly model: string;
  /** Its options. */
  readonly [option: string]: unknown;
}

/** Options of a combined model. */
export interface CombinedOptions {
  /** The model of ratings: a name, or an object with `model` and its options. Default 'gaussian'. */
  readonly ratings?: string | PartModel | undefined;
  /** The model of interactions. Default 'ease'. */
  readonly interactions?: string | PartModel | undefined;
  /** Of the model of interactions, 0 to 1. Default: chosen on validation. */
  readonly weight?: number | undefined;
}

/** Options of models by name. A family of your own adds its line by declaration merging. */
export interface FamilyOptions {
  /** The same list for everybody. */
  popularity: Partially<PopularityOptions>;
  /** Means of users and items. */
  bias: Partially<BiasOptions>;
  /** The Gaussian rating machine: the default of ratings. */
  gaussian: Partially<GaussianOptions>;
  /** Softmax visibles, binary hidden units. */
  rbm: SoftmaxOptions;
  /** Matrix factorisation, of ratings or of interactions. */
  mf: Partially<RatingsFactorsOptions> | Partially<InteractionsFactorsOptions>;
  /** The Gaussian machine of interactions in closed form: the default of interactions. */
  ease: Partially<Omit<EaseOptions, 'binarise' | 'unseen'>>;
  /** The same with couplings to the strongest neighbours alone: for many items. */
  'ease-sparse': Partially<Omit<EaseSparseOptions, 'binarise' | 'unseen' | 'memory'>>;
  /** Hidden units beside its couplings. */
  'ease-hidden': Partially<Omit<EaseHiddenOptions, 'binarise' | 'unseen'>>;
  /** A model of ratings and one of interactions. */
  combined: CombinedOptions;
}

/** A model by name. */
export type ModelName = keyof FamilyOptions & string;

/** Names of options of any model. */
type OwnName = { [N in ModelName]: KeysOf<FamilyOptions[N]> }[ModelName];
type KeysOf<T> = T extends unknown ? keyof T & string : never;

/** Options, and none of those that belong to other models alone. */
type Only<T> = T & { readonly [K in Exclude<OwnName, KeysOf<T>>]?: undefined };

/** A model and what belongs to it. */
type OfModel = { [N in ModelName]: { readonly model: N; readonly kind?: Target | undefined } & Only<FamilyOptions[N]> }[ModelName];

/** What the kind decides where no model is named. */
type OfKind =
  | ({ readonly model?: undefined; readonly kind?: 'auto' | undefined } & Only<unknown>)
  | ({ readonly model?: undefined; readonly kind: 'ratings' } & Only<FamilyOptions['gaussian']>)
  | ({ readonly model?: undefined; readonly kind: 'interactions' } & Only<FamilyOptions['ease']>);

/** What to learn, and how: common options, and those of the model. */
export type FitOptions = CommonOptions & (OfModel | OfKind);

/** A model to compare: its name, or an object with options of its own. */
export type Contending = { [N in ModelName]: N | ContendingModel<N> }[ModelName];

/** A model to compare, with options. */
export type ContendingModel<N extends ModelName> = FamilyOptions[N] & {
  /** Its name. */
  readonly model: N;
  /** What tables call it. Default: the model's name. */
  readonly name?: string | undefined;
  /** Where the model learns both. Default: ratings, where rows have some. */
  readonly target?: Target | undefined;
};
