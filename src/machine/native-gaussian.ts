/** What the addon has for Gaussian rating machines. See `native.ts`. */
import type { NativeRatings } from './native-ratings.js';

/** A Gaussian rating machine; `hidden` latent components beside the biases. */
export interface NativeGaussianOptions {
  readonly hidden: number;
  readonly seed: bigint;
  /** 0: as many as the process may use. */
  readonly threads: number;
  /** Values are taken as (value − centre) / scale. */
  readonly centre: number;
  readonly scale: number;
  /** Whether what a user rated, and who rated an item, are clamped layers. */
  readonly usersConditional: boolean;
  readonly itemsConditional: boolean;
  /** Ratings are latent values between cut points; needs a scale. */
  readonly ordinal: boolean;
}

/** What a training does: sweeps before the first sample, samples kept, sweeps for each of them. */
export interface NativeGaussianPlan {
  readonly burnIn: number;
  readonly samples: number;
  readonly thin: number;
  /** Of the scale, rising; empty: predictions have no probabilities. */
  readonly values: Float64Array;
}

/** One kept draw; k = hidden + 1, the bias comes last. */
export interface NativeGaussianSample {
  /** [items, hidden] */
  readonly factors: Float32Array;
  /** [items] */
  readonly biases: Float32Array;
  /** Of users before they rate, [k] and [k, k]. */
  readonly mean: Float64Array;
  readonly precision: Float64Array;
  /** Of what a user rated, [items, k]; null without that layer. */
  readonly weights: Float32Array | null;
  /** A precision. */
  readonly noise: number;
}

/** Users or items as the sampler left them. */
export interface NativeGaussianSide {
  readonly factors: Float32Array;
  readonly biases: Float32Array;
  readonly mean: Float64Array;
  readonly precision: Float64Array;
  readonly layers: { weights: Float32Array; precision: Float64Array }[];
}

/** All that the sampler needs to go on, bit for bit. */
export interface NativeGaussianState {
  readonly sweeps: number;
  readonly noise: number;
  /** Of ordinal ratings; otherwise empty. */
  readonly cuts: Float64Array;
  readonly users: NativeGaussianSide;
  readonly items: NativeGaussianSide;
}

export interface NativeGaussian {
  /** How many samples it has; questions need one. */
  readonly samples: number;
  /**
   * Trains, from the prior or from where another machine stopped, which may have had fewer users and items. Progress counts sweeps.
   * Throws BUSY during another training.
   */
  train(
    ratings: NativeRatings,
    plan: NativeGaussianPlan,
    userFeatures: NativeRatings | null,
    itemFeatures: NativeRatings | null,
    from: NativeGaussian | null,
  ): { readonly promise: Promise<undefined>; cancel(): void; progress(): number };
  /** In place of training, with `addSample` for each of so many samples and `setState`. */
  setModel(items: number, values: Float64Array, cuts: Float64Array, spread: number, samples: number): void;
  addSample(sample: NativeGaussianSample): void;
  sample(number: number): NativeGaussianSample;
  /** The scale, its cut points and the noise that goes with them, in units of centred and scaled values. */
  values(): { values: Float64Array; cuts: Float64Array; spread: number };
  state(): NativeGaussianState | null;
  setState(state: NativeGaussianState): void;
  /** E[r], or P(r ≥ atLeast), of all items for each user, [counts.length, items]; at once where that takes about a millisecond. */
  scores(
    counts: Uint32Array,
    items: Uint32Array,
    values: Float32Array,
    atLeast: number | null,
  ): Float32Array | { readonly promise: Promise<Float32Array>; cancel(): void; progress(): number };
  /** Of one user, at once: mean and variance of each rating asked, and probabilities [asked, values of the scale]. */
  predict(
    items: Uint32Array,
    values: Float32Array,
    asked: Uint32Array,
  ): { mean: Float64Array; variance: Float64Array; probabilities: Float64Array };
  /** Mean cosine of latent vectors, [items]. */
  similar(item: number): Float32Array;
  /** What each entry adds to E[r] of an item, [entries]. */
  contributions(items: Uint32Array, values: Float32Array, item: number): Float64Array;
}
