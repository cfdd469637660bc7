/** The addon's restricted Boltzmann machine over rated entries. See `native.ts`. */

import type { NativeJob } from './native.js';
import type { NativeRatings } from './native-ratings.js';

export interface NativeSoftmaxSpec {
  /** Items where cases are users, users where cases are items. A trainer takes it from its ratings. */
  visibles: number;
  /** Hidden units, at most 1,008. */
  hidden: number;
  /** Of the scale, rising; 2 to 64. */
  values: Float64Array;
  /** Of the polynomials that span the weights, from 1 to `values.length - 1`. */
  degree: number;
  /** With the constant polynomial: which visibles a case has rated counts beside how. */
  conditional: boolean;
}

/** Components are `degree`, and one more with the conditional layer. */
export interface NativeSoftmaxParameters {
  /** [visibles, components, hidden] */
  weights: Float32Array;
  /** [visibles, values] */
  bias: Float32Array;
  /** [hidden] */
  hiddenBias: Float32Array;
}

/** Hidden units summed out, or given their means. */
export type NativeSoftmaxRule = 'exact' | 'means';

/** A machine whose parameters stay. `offsets`, `visibles` and `categories` are entries of cases, row by row. */
export interface NativeSoftmaxMachine {
  readonly bytes: number;
  /** What the hidden units of each case get, [cases, hidden]. */
  fields(offsets: Uint32Array, visibles: Uint32Array, categories: Uint8Array, threads: number): NativeJob<Float32Array>;
  fieldsNow(offsets: Uint32Array, visibles: Uint32Array, categories: Uint8Array): Float32Array;
  /**
   * Means of `worth` [values] under the probabilities of each visible, null for all of them:
   * [cases, visibles], or [visibles, cases] if `turned`.
   */
  scores(
    fields: Float32Array,
    visibles: Uint32Array | null,
    worth: Float64Array,
    rule: NativeSoftmaxRule,
    turned: boolean,
    threads: number,
  ): NativeJob<Float32Array>;
  /** Of pairs of a row of `fields` and a visible, [pairs, values]. */
  probabilities(fields: Float32Array, cases: Uint32Array, visibles: Uint32Array, rule: NativeSoftmaxRule): Float64Array;
}

export interface NativeSoftmaxOptions {
  algorithm: 'cd' | 'pcd';
  /** Cases are items. */
  byItem: boolean;
  epochs: number;
  /** Cases in a minibatch. */
  batch: number;
  firstSweeps: number;
  lastSweeps: number;
  /** Visibles of the model are means rather than draws. */
  means: boolean;
  rate: number;
  lastRate: number;
  momentum: number;
  /** By degree; the last one for all higher degrees. */
  decay: Float64Array;
  weightScale: number;
  prior: number;
  averaged: number;
  seed: bigint;
  /** 0: as many as the process may use. */
  threads: number;
}

/** Everything between two epochs; arrays hold what the trainer holds, padding included. */
export interface NativeSoftmaxState {
  epoch: number;
  update: number;
  averagedEpochs: number;
  weights: Float32Array;
  weightVelocity: Float32Array;
  weightMean: Float32Array;
  bias: Float32Array;
  biasVelocity: Float32Array;
  biasMean: Float32Array;
  hiddenBias: Float32Array;
  hiddenVelocity: Float32Array;
  hiddenMean: Float32Array;
  chains: Uint8Array;
}

export interface NativeSoftmaxTrainer {
  readonly epoch: number;
  readonly bytes: number;
  /** Takes over the parameters of an older machine, for the visibles that it knows. */
  adopt(older: NativeSoftmaxMachine): void;
  /** So many more epochs; gives the number of epochs run so far. Cancelled ones need `restore`. */
  run(epochs: number): NativeJob<number>;
  parameters(): NativeSoftmaxParameters;
  state(): NativeSoftmaxState;
  restore(state: NativeSoftmaxState): void;
}

/** The classes, as the addon exports them. */
export interface NativeSoftmax {
  readonly SoftmaxMachine: new (spec: NativeSoftmaxSpec, parameters: NativeSoftmaxParameters) => NativeSoftmaxMachine;
  readonly SoftmaxTrainer: new (ratings: NativeRatings, spec: NativeSoftmaxSpec, options: NativeSoftmaxOptions) => NativeSoftmaxTrainer;
}
