import type { NdArray } from '../data/ndarray.js';
import type { algorithms } from '../machine/training-settings.js';

/** Real-valued results per unit, row-major. */
export type Matrix = NdArray<Float32Array>;
/** Energies and log-probabilities in nats, in double precision. */
export type Nats = NdArray<Float64Array>;
/** Parameters: Float32Array, or Float64Array on the 'reference' device. */
export type Parameters = NdArray<Float32Array> | NdArray<Float64Array>;

/** Where the last training run of a model stands. */
export interface TrainingInfo {
  /** What estimated the gradient. */
  readonly algorithm: (typeof algorithms)[number];
  /** Epochs completed. */
  readonly epoch: number;
  /** Epochs asked for. */
  readonly epochs: number;
  /** Updates completed. */
  readonly step: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Rows per update. */
  readonly batchSize: number;
  /** Whether all updates are done; if not, `fit` with `resume: true` goes on. */
  readonly complete: boolean;
}
