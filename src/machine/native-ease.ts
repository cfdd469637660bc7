/** What the addon has for Gaussian machines of interactions in closed form. See `native.ts`. */
import type { NativeJob } from './native.js';
import type { NativeRatings } from './native-ratings.js';

/** What a Gram matrix and a ridge give. */
export interface NativeCouplings {
  /** B_ij = −P_ij / P_jj with P = (G + diag(ridge))⁻¹, zero on the diagonal; [items, items], row-major. */
  couplings: Float32Array;
  /** The diagonal of P. */
  precisions: Float64Array;
  /** log |G + diag(ridge)|. */
  logDeterminant: number;
}

/** The Gram matrix of rated entries in double precision: 4 · items² bytes. */
export interface NativeGram {
  /** 0 before {@link compute} is over. */
  readonly items: number;
  /** G = Σ_u w_u x_u x_uᵀ. `weights`: one per user, 0 leaves it out; null means ones. Threads 0: as many as there are. */
  compute(ratings: NativeRatings, weights: Float32Array | null, threads: number): NativeJob<null>;
  diagonal(): Float64Array;
  /** `ridge`: one number per item, added to the diagonal. PARAMETER unless the sum is positive definite. */
  couplings(ridge: Float64Array, threads: number): NativeJob<NativeCouplings>;
  /** G + diag(ridge), [items, items], at once. */
  covariance(ridge: Float64Array): Float32Array;
}

/**
 * Scores [users, items] of rows of users, by a matrix [items, items] that must stay as it is until the
 * job is over; little work is done at once. Entries of user u are those from offsets[u] on.
 * `missing`: the matrix is a covariance, and what a user lacks is summed out.
 */
export type NativeScoreRows = (
  matrix: Float32Array,
  items: number,
  offsets: Uint32Array,
  item: Uint32Array,
  value: Float32Array,
  threads: number,
  missing: boolean,
) => NativeJob<Float32Array> | Float32Array;

/** How hidden units beside couplings are trained; see `native/ratings/hidden_machine.hpp`. */
export interface NativeHiddenOptions {
  units: number;
  batch: number;
  floor: number;
  learningRate: number;
  l2: number;
  leastKept: number;
  mostKept: number;
  dropout: number;
  weight: number;
  biases: boolean;
  seed: bigint;
}

/** Hidden units beside couplings: W [items, units], c [units], V [units, items], b [items]. */
export interface NativeHiddenParameters {
  in: Float32Array;
  inBias: Float32Array;
  out: Float32Array;
  outBias: Float32Array;
  strength: number;
  floor: number;
}

export interface NativeHiddenTrainer {
  /** More passes over the users; gives the last one's loss in nats per target. One job at a time. */
  run(epochs: number): NativeJob<number>;
  /** Copies. */
  parameters(): NativeHiddenParameters;
}

/**
 * User u is scored in training by couplings[fold[u]], [items, items] each, which must stay as they are;
 * users whose fold is none are left out.
 */
export type NativeHiddenTrainerClass = new (
  ratings: NativeRatings,
  couplings: Float32Array[],
  fold: Uint8Array,
  options: NativeHiddenOptions,
  threads: number,
) => NativeHiddenTrainer;

/** Turns scores [users, items] by couplings into logits, in place, and gives them back. The parameters must stay as they are meanwhile. */
export type NativeScoreHidden = (
  scores: Float32Array,
  parameters: NativeHiddenParameters,
  offsets: Uint32Array,
  item: Uint32Array,
  value: Float32Array,
  threads: number,
) => NativeJob<Float32Array> | Float32Array;

/** Couplings between items and their strongest neighbours: those of item i are entries offsets[i] ... offsets[i + 1] − 1. */
export interface NativeSparseCouplings {
  offsets: Uint32Array;
  items: Uint32Array;
  values: Float32Array;
}

/** Functions for more items than dense couplings have room for; see `native/ratings/sparse_couplings.hpp`. */
export interface NativeSparse {
  /** The diagonal of the Gram matrix, as {@link NativeGram.compute} would have it, without the matrix. */
  gramDiagonal(ratings: NativeRatings, weights: Float32Array | null): Float64Array;
  /** Every item regressed on its strongest neighbours; `precisions` [items]: one over what is left of its variance. */
  sparseCouplings(
    ratings: NativeRatings,
    weights: Float32Array | null,
    ridge: Float64Array,
    neighbours: number,
    threads: number,
  ): NativeJob<NativeSparseCouplings & { precisions: Float64Array }>;
  /** As {@link NativeScoreRows}. The couplings must stay as they are until the job is over. */
  scoreSparse(
    couplings: NativeSparseCouplings,
    items: number,
    offsets: Uint32Array,
    item: Uint32Array,
    value: Float32Array,
    threads: number,
  ): NativeJob<Float32Array> | Float32Array;
}
