/** The part of the addon's contract that belongs to feed-forward networks; see native.ts. */

import type { NativeArray, NativeJob, NativePlace, NativeRows, NativeTrainerState, NativeWork } from './native.js';

/**
 * One layer. The names of layers differ, and hold no '.'. A dense layer gives the mean of `units` places of a unit type, whose field is the input
 * times the weights; `size` is the type's own number, as of a machine's layer. Its weights start from N(0, weightScale²) by the seed of
 * the network, its unit parameters at zero. A dropout layer drops each of its inputs with probability `rate`, 0 <= rate < 1, in training only, and
 * divides the others by 1 − rate.
 */
export type NativeNetworkLayer =
  | { kind: 'dense'; name: string; type: string; units: number; size?: number; weightScale: number }
  | { kind: 'dropout'; name: string; rate: number };

export interface NativeNetworkSpec extends NativePlace {
  /** 0: as many as the process may use. */
  threads: number;
  seed: bigint;
  /** Columns of the rows that come in. */
  inputs: number;
  /** At least one; the last one is dense. */
  layers: NativeNetworkLayer[];
}

/**
 * 'likelihood': −log p(target) in nats under the units of the last layer, whose targets lie in their domain. 'squared': the sum of squared
 * differences of outputs and targets.
 */
export type NativeLoss = 'likelihood' | 'squared';

export interface NativeNetwork {
  /**
   * '<layer>.weights' [inputs, places], and '<layer>.bias' [1, places] or '<layer>.parameters' [parameters, places] for types with several, layer
   * by layer. Training moves weights and biases; log precisions stay.
   */
  parameters(): { name: string; rows: number; cols: number }[];
  /** A copy, in the backend's precision (Float32Array on 'cpu', Float64Array on 'reference'). */
  getParameter(name: string): NativeArray;
  /** Throws SHAPE on a wrong length, PARAMETER on a value that is not finite, BUSY during a job. */
  setParameter(name: string, values: NativeArray): void;
  /** Counters of random steps used so far, by purpose; part of a checkpoint. */
  getCounters(): BigUint64Array;
  setCounters(counters: BigUint64Array): void;

  /**
   * Outputs of a layer, nothing dropped: [rows, places]. With `now` the work is done before the call returns, however much it is. `from`: the layer
   * that the rows go into (0 if left out), at most `layer`; of others than the first the rows are outputs of the one before, as a decoder's are.
   */
  forward(rows: NativeRows, layer: number, now?: boolean, from?: number): NativeWork<Float32Array>;
  /**
   * Per row the loss, and the error: of softmax outputs the part of its units whose likeliest category is not the target's, else the sum of
   * squared differences. `targets` null: the rows themselves.
   */
  score(rows: NativeRows, targets: NativeRows | null, loss: NativeLoss, now?: boolean): NativeWork<[Float64Array, Float64Array]>;
  /** The gradient of each row's loss with respect to the row: [rows, inputs]. */
  inputGradient(rows: NativeRows, targets: NativeRows | null, loss: NativeLoss): NativeWork<Float32Array>;
  trainer(options: NativeNetworkTrainerOptions, state: NativeTrainerState | null, resume: boolean): NativeNetworkTrainer;

  /** Passes of one row over all layers that take a few milliseconds: as much as a call may do that blocks the event loop. */
  readonly passesAtOnce: number;
  readonly busy: boolean;
  readonly disposed: boolean;
  /** Cancels a running job, waits for it (at most one minibatch) and frees everything. Idempotent. */
  dispose(): void;
}

export interface NativeNetworkTrainerOptions {
  data: NativeRows;
  /** Null: the rows themselves. Class labels are one-hot rows of the output layer, sparse or dense. */
  targets: NativeRows | null;
  validation: { rows: NativeRows; targets: NativeRows | null } | null;
  /** One weight per row, or null for ones. */
  sampleWeights: Float64Array | null;
  loss: NativeLoss;
  epochs: number;
  batchSize: number;
  shuffle: boolean;
  /**
   * 'lbfgs' takes `iterations` steps of limited-memory BFGS from every batch, which should be of some thousand rows; its learning rate is the
   * first step length that a line search tries (1 is usual).
   */
  optimiser: 'sgd' | 'adam' | 'lbfgs';
  momentum: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Of 'lbfgs': pairs of steps and gradient changes that are kept, and iterations per batch; 10 and 5 if left out. */
  history?: number;
  iterations?: number;
  /** Learning rate of every update of this run; the last entry holds for all later ones. */
  learningRates: Float64Array;
  /** Factors of the learning rate, one per parameter tensor; 0 freezes. Null: ones. With 'lbfgs' 0 and 1 only. */
  rates: Float64Array | null;
  /** On weights, not on biases. */
  l1: number;
  l2: number;
  /** The largest norm of a unit's incoming weights, which are scaled down to it after every update; 0: none. */
  maxNorm: number;
  averageLast: number;
  /** Of this run, one per dropout layer, in order; null or left out: those of the layers. A layer whose rate is 0 costs nothing. */
  dropout?: Float64Array | null;
  /** The most training rows whose loss and error each report tells. */
  monitorRows: number;
  /** Back to the last good state, at most so many times, the learning rate multiplied by the factor each time; null: DIVERGENCE. */
  onDivergence: { retries: number; factor: number } | null;
}

export interface NativeNetworkReport {
  epoch: number;
  step: number;
  seconds: number;
  learningRate: number;
  /** Means over at most `monitorRows` training rows, by their weights, nothing dropped; NaN if `monitorRows` is 0. */
  loss: number;
  error: number;
  /** Means over all validation rows; NaN without. */
  validationLoss: number;
  validationError: number;
  /** Root mean square of all weights. */
  weightNorm: number;
  rollbacks: number;
  /** Sentences without a full stop. */
  warnings: string[];
}

/** As NativeTrainer, with reports of a network. */
export interface NativeNetworkTrainer {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly step: number;
  run(untilStep: number, onProgress: (step: number, epochs: NativeNetworkReport[]) => void): NativeJob<{ step: number }>;
  state(): NativeTrainerState;
}
