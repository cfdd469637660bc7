/** What a feed-forward network is to those who only read it: exports, pictures, conversions. */
import type { UnitType } from '../wiring/units.js';

/** A dense layer: output = the mean of its units given the field input · weights. */
export interface FeedForwardLayer {
  /** Its name; no two layers of a network have the same. */
  readonly name: string;
  /** Type of its units. */
  readonly type: UnitType;
  /** Columns of its output. */
  readonly places: number;
  /** Categories of a softmax, trials of a binomial, words of counts; else 1. */
  readonly size: number;
  /** Row-major [inputs, places]. */
  readonly weights: Float32Array | Float64Array;
  /** The parameters of the unit type, row-major [parameters, places]: the bias, and of some types more. */
  readonly parameters: Float32Array | Float64Array;
}

/** Layers from the input to the output. What only training does (dropout) is left out. */
export interface FeedForward {
  /** Columns of a row of input. */
  readonly inputs: number;
  readonly layers: readonly FeedForwardLayer[];
}
