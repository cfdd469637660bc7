import type { NdArray } from '../data/ndarray.js';
import type { AlgorithmName } from '../training/algorithms.js';

/** Real-valued results per unit, row-major. */
export type Matrix = NdArray<Float32Array>;
/** Energies and log-probabilities in nats, in double precision. */
export type Nats = NdArray<Float64Array>;
/** Means of states and of their products, in double precision. */
export type Moments = NdArray<Float64Array>;
/** Parameters, in double precision: exact copies, whatever the precision of the device. */
export type Parameters = NdArray<Float64Array>;

/** How far the last training run of a model has come. */
export interface RunInfo {
  /** Epochs completed. */
  readonly epoch: number;
  /** Epochs asked for. */
  readonly epochs: number;
  /** Updates completed. */
  readonly update: number;
  /** Updates of the whole run. */
  readonly updates: number;
  /** Rows per update. */
  readonly batchSize: number;
  /** Whether all updates are done; if not, `fit` with `resume: true` goes on. */
  readonly complete: boolean;
  /** Whether `earlyStopping` ended it. */
  readonly stoppedEarly: boolean;
}

/** Where the last training run of a machine stands. */
export interface TrainingInfo extends RunInfo {
  /** What estimated the gradient. */
  readonly algorithm: AlgorithmName;
}
