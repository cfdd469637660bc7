/**
 * The contract between the TypeScript side and the addon: everything the addon exports, and nothing else.
 * The addon trusts shapes and types it is handed here only after checking them again; messages of its errors start with what
 * was expected, the TypeScript side puts the name of the public call in front.
 */

import type { NativeGram, NativeHiddenTrainerClass, NativeScoreHidden, NativeScoreRows, NativeSparse } from './native-ease.js';
import type { NativeGaussian, NativeGaussianOptions } from './native-gaussian.js';
import type { NativeNetwork, NativeNetworkSpec } from './native-network.js';
import type { NativeRatings } from './native-ratings.js';
import type { NativeSoftmax } from './native-softmax.js';
import type { NativeTopMachine } from './native-up-down.js';

/** Bumped whenever this contract changes; the loader refuses an addon built for another number. */
export const NATIVE_ABI = 12;

/**
 * An error thrown by the addon, or a rejection of one of its jobs: an `Error` with one of these codes.
 * Of BACKEND, `reason` may say which (BackendReason of errors.ts).
 */
export type NativeErrorCode = 'SHAPE' | 'PARAMETER' | 'BACKEND' | 'DIVERGENCE' | 'ABORTED' | 'BUSY' | 'DISPOSED' | 'INTERNAL';

export interface NativeAddon extends NativeSoftmax, NativeSparse {
  readonly abi: number;
  /** Version of the package that the addon was built from. */
  readonly version: string;
  cpu(): NativeCpuInfo;
  /**
   * Loads a plug-in by the path of its file and asks the driver for its GPUs, in the driver's order.
   * Throws BACKEND with a reason.
   */
  cudaDevices(plugin: string): NativeGpu[];
  /** One block of Philox4x32-10, for known-answer tests: counter [4], key [2] -> [4]. */
  philox4x32(counter: Uint32Array, key: Uint32Array): Uint32Array;
  /** The unit types the addon was built with; several places make one unit of a grouped type. */
  unitTypes(): { name: string; grouped: boolean; parameters: string[] }[];
  /**
   * `expected`: how many rows will come, so that memory for them is set aside once; 0 when not known. `integers`: only whole numbers.
   * `missing`: NaN may stand for a value that is not there, in all of the `group` neighbouring columns of a unit or in none. `once`: the rows are
   * read soon and replaced by the next append, so that a compact form of dense ones would not pay. `leastSum`, `mostSum`: what the values of a
   * unit add up to. `entries`: how many entries will come, where rows are sparse.
   */
  readonly Rows: new (
    cols: number,
    low: number,
    high: number,
    expected?: number,
    integers?: boolean,
    missing?: boolean,
    group?: number,
    once?: boolean,
    leastSum?: number,
    mostSum?: number,
    entries?: number,
  ) => NativeRows;
  readonly Machine: new (spec: NativeMachineSpec) => NativeMachine;
  readonly Network: new (spec: NativeNetworkSpec) => NativeNetwork;
  /** Rated entries of so many users and items. */
  readonly Ratings: new (
    users: number,
    items: number,
  ) => NativeRatings;
  readonly Gaussian: new (options: NativeGaussianOptions) => NativeGaussian;
  readonly Gram: new () => NativeGram;
  readonly scoreRows: NativeScoreRows;
  readonly HiddenTrainer: NativeHiddenTrainerClass;
  readonly scoreHidden: NativeScoreHidden;
}

export interface NativeCpuInfo {
  /** The processor's name. */
  model: string;
  /** Logical processors this process may use. */
  threads: number;
  /** Kernel set in use: 'amx' (AVX-512 with matrix tiles), 'avx512', 'avx2', 'neon' or 'portable'. */
  isa: string;
  /** Kernel sets that were compiled in and that this processor can run, best first. */
  available: string[];
}

export interface NativeGpu {
  name: string;
  /** Its kind, such as 'sm_90'. */
  arch: string;
  /** Bytes that it has, and how many of them nobody uses. */
  memory: number;
  free: number;
}

/** Rows of data in the addon's compact form. Appending validates everything first and copies; it keeps no reference. */
export interface NativeRows {
  readonly rows: number;
  readonly cols: number;
  /** Bytes held. */
  readonly bytes: number;
  /** Whether any value is missing. */
  readonly missing: boolean;
  /** Element (r, c) is data[offset + r * rowStride + c * colStride] * scale. Throws PARAMETER naming row and column. */
  appendDense(
    data: Float32Array | Float64Array | Uint8Array,
    offset: number,
    rows: number,
    rowStride: number,
    colStride: number,
    scale: number,
  ): void;
  /** Eight columns to a byte, each row starting on a byte boundary. */
  appendBits(data: Uint8Array, rows: number, mostSignificantFirst: boolean): void;
  /** CSR; indptr has rows + 1 entries starting at 0; values null means ones. */
  appendSparse(indptr: Uint32Array, indices: Uint32Array, values: Float32Array | null): void;
  /** Becomes some rows of others, by number, in this order; a row may come several times. */
  select(source: NativeRows, which: Uint32Array): void;
  /** Row-major copy of some rows; NaN where a value is missing. */
  toFloat32(firstRow: number, rows: number): Float32Array;
}

/** Where a native model computes. */
export interface NativePlace {
  device: 'cpu' | 'reference' | 'cuda';
  /** Of 'cuda': the path of the plug-in's file. */
  plugin?: string;
  /** Of 'cuda': the number of the GPU, from 0. */
  ordinal?: number;
}

export interface NativeMachineSpec extends NativePlace {
  /** 0: as many as the process may use. */
  threads: number;
  seed: bigint;
  /** Standard deviation of the start weights. */
  weightScale: number;
  /** `units` counts places in a state row; `size` is the type's own number: categories, trials, words, else 1. */
  layers: { name: string; type: string; units: number; size?: number }[];
  /** Pairs of layer indices; a layer on itself may follow a graph, given as pairs of unit numbers one after the other. */
  couplings: ([number, number] | [number, number, Uint32Array])[];
}

export interface NativeLayerRows {
  layer: number;
  rows: NativeRows;
  /**
   * The rows are those of layer 0 of the first of these machines, from the bottom, and are passed up: layer 1 of each machine given its
   * layer 0 is layer 0 of the next one, and of the last one the rows of `layer`. So the columns and the domain of `rows` are those of the
   * first machine's layer 0, and no value may be missing. 'mean' passes means; 'sample' draws: training draws anew whenever a row is used,
   * a question and monitoring see one draw of each row. Taken as they are now: a copy of the parameters is made, so the machines may change
   * or go afterwards. Throws BUSY while one of them is in the middle of a job.
   */
  through?: { machines: NativeMachine[]; draw: 'mean' | 'sample' } | null;
}

/** Work on a thread of its own. One at a time per machine: a second throws BUSY. */
export interface NativeJob<T> {
  readonly promise: Promise<T>;
  /** Asks the job to stop at the next minibatch or sweep; its promise then rejects with code ABORTED. */
  cancel(): void;
  /**
   * How much of the work is done, from 0 to 1; it never falls, and is 1 once the work has succeeded. It costs next to nothing and
   * may be asked at any time.
   */
  progress(): number;
}

/** A job, or the result itself when it took so little that the work was done before the call returned. */
export type NativeWork<T> = NativeJob<T> | T;

export interface NativeChainOptions {
  chains: number;
  /** Sweeps; 0 leaves the start states. */
  steps: number;
  /** One inverse temperature for all chains, or one per chain. */
  betas: Float64Array;
  /** Empty, or one inverse temperature per sweep. */
  schedule: Float64Array;
  /** Parallel tempering; chains are groups of as many as there are betas. `sweeps`: before this call. Rung and direction: see NativeChainResults. */
  tempered: { betas: Float64Array; every: number; sweeps: number; rung: Float64Array; direction: Float64Array } | null;
  /** Sweeps afterwards in which every unit takes its likeliest state. */
  quench: number;
  /** States to start from. Layers not named are drawn, in turn, given those that have states. */
  start: NativeLayerRows[];
  /** mask and values: [1 or chains, units] of the layer, row-major; at most one entry per layer. */
  clamps: { layer: number; mask: Float32Array; values: Float32Array }[];
  /** Moments to accumulate. */
  observe: { every: number; pairs: [number, number][] } | null;
  /** Layers, rising, whose last states come back. */
  states: number[];
  /** The layer whose conditional means behind the last draw come back. */
  mean: number | null;
  /** Whether the energies of the last states come back. */
  energies: boolean;
}

export interface NativeChainResults {
  /** [chains, units] in the order asked for. */
  states: Float32Array[];
  mean: Float32Array | null;
  energies: Float64Array | null;
  /** Rows behind the sums. */
  observations: number;
  /** Per layer. */
  sums: Float64Array[];
  /** Per pair, [units of a, units of b]. */
  products: Float64Array[];
  /** Of every chain: its place in the ladder, and 1 on the way up from the lowest rung, 2 on the way back, 0 before. */
  rung: Float64Array;
  direction: Float64Array;
  /** Of swaps, by the lower of two neighbouring rungs. */
  attempts: Float64Array;
  accepted: Float64Array;
  roundTrips: number;
}

export interface NativeImputeOptions {
  /** Rows in which values may be missing. */
  given: NativeLayerRows[];
  /** The layers that come back. */
  layers: number[];
  /** Sweeps before `steps` sweeps; 'mean' averages conditional means over the latter, 'sample' is the last draw. */
  warmup: number;
  steps: number;
  output: 'mean' | 'sample';
}

export interface NativePartitionOptions {
  method: 'auto' | 'exact' | 'ais' | 'ladder';
  /** Data rows of some layers, or none: where the path begins, and a third of the chains. */
  rows: NativeLayerRows[];
  /** Annealed in either direction; of a ladder, its independent groups. At least 2. */
  chains: number;
  /** Rising from 0 to 1, or empty: then `temperatures` of them (0: as many as usual) are placed by a pilot run. */
  betas: Float64Array;
  temperatures: number;
  /** Gibbs sweeps before states count as samples of the machine. */
  warmup: number;
}

/** An estimate in nats with its 95 % interval. */
export interface NativeInterval {
  value: number;
  low: number;
  high: number;
}

export interface NativeLengthOptions {
  /** Totals of rows, rising strictly, at least 1. */
  lengths: Uint32Array;
  /** Counts all states of layer 1, at most 2^20. */
  exact: boolean;
  /** Annealed in either direction, at least 2. */
  chains: number;
  /** From total 0 to the longest, at least 1. */
  steps: number;
  /** Gibbs sweeps at the longest before the way back. */
  warmup: number;
}

/** log Z of one total, from either direction. */
export interface NativeLengthSum {
  forward: NativeInterval;
  reverse: NativeInterval;
  /** The less of both directions; Infinity where nothing was drawn. */
  effectiveSampleSize: number;
}

export interface NativePartition {
  method: 'exact' | 'ais-bracket' | 'ladder';
  logZ: NativeInterval;
  /** From annealing in either direction; null otherwise. */
  forward: NativeInterval | null;
  reverse: NativeInterval | null;
  /** From the ladder that annealing in reverse begins at; null otherwise. */
  ladder: NativeInterval | null;
  /** Of the weights of annealing forward and in reverse, or twice that of a ladder; Infinity where nothing was drawn. */
  effectiveSampleSize: number;
  reverseSampleSize: number;
  /** Of a ladder, how far the two neighbouring rungs that have least in common overlap: 1 the same, 0 never. */
  overlap: number;
  /** Of a ladder's groups, the fewest states that came up from beta = 0 to 1. */
  fewestArrivals: number;
  /** The largest log weight of samples of the machine over the largest of annealing forward. */
  excess: number;
}

export type NativeArray = Float32Array | Float64Array;

export interface NativeMachine extends NativeTopMachine {
  /** Names and shapes of all parameters, e.g. { name: 'visible-hidden.weights', rows: 784, cols: 500 }. */
  parameters(): { name: string; rows: number; cols: number }[];
  /** A copy, in the backend's precision (Float32Array on 'cpu', Float64Array on 'reference'). */
  getParameter(name: string): NativeArray;
  /** Throws SHAPE on a wrong length, PARAMETER on a value that is not finite, BUSY during a job. */
  setParameter(name: string, values: NativeArray): void;
  /** Counters of random steps used so far, by purpose; part of a checkpoint. */
  getCounters(): BigUint64Array;
  setCounters(counters: BigUint64Array): void;

  // With `now` the work is done before the call returns, however much it is.
  conditional(given: NativeLayerRows[], target: number, draw: 'mean' | 'sample', now?: boolean): NativeWork<Float32Array>;
  /** P(category | given) of a layer of one softmax unit, [rows, categories]. */
  categoryProbabilities(given: NativeLayerRows[], layer: number, now?: boolean): NativeWork<Float32Array>;
  reconstruct(given: NativeLayerRows, via: number, draw: 'mean' | 'sample', now?: boolean): NativeWork<Float32Array>;
  energy(all: NativeLayerRows[]): NativeWork<Float64Array>;
  freeEnergy(given: NativeLayerRows[], now?: boolean): NativeWork<Float64Array>;
  /** Means of a layer under the mean-field posterior of the layers without rows, after so many sweeps from zero. */
  meanField(given: NativeLayerRows[], layer: number, sweeps: number): NativeWork<Float32Array>;
  /**
   * Per row the bound of that posterior on the log of the sum of exp(-E) over the layers without rows. Throws PARAMETER as {@link rowSums} does.
   */
  meanFieldBound(given: NativeLayerRows[], sweeps: number): NativeWork<Float64Array>;
  pseudoLikelihood(given: NativeLayerRows[], exact: boolean, now?: boolean): NativeWork<Float64Array>;
  /**
   * −log p(s_i | s_−i) in nats of every unit of the given layers, [rows, units]: layer by layer in the order of `given`, one number for the
   * places of a softmax unit. Layers that are not given are summed out. A density, which may be negative, for units without finitely many
   * states. Throws PARAMETER where there is no pseudo-likelihood either.
   */
  placeSurprise(given: NativeLayerRows[], now?: boolean): NativeWork<Float64Array>;
  chains(options: NativeChainOptions): NativeWork<NativeChainResults>;
  /** One result [rows, units] per asked layer. */
  impute(options: NativeImputeOptions): NativeWork<Float32Array[]>;
  /**
   * Per row the log of the sum of exp(-E) over the states of all layers that are not given; `exact` unless it is an estimate, which is low on
   * average. Throws PARAMETER when rows of units with finitely many states hold anything between.
   */
  rowSums(given: NativeLayerRows[]): NativeJob<{ values: Float64Array; exact: boolean }>;
  /** log Z. */
  partition(options: NativePartitionOptions): NativeJob<NativePartition>;
  /** log Z of layer 0 of counts and layer 1 of Bernoulli units, by the total of a row; one for each length. */
  lengthSums(options: NativeLengthOptions): NativeJob<NativeLengthSum[]>;
  trainer(options: NativeTrainerOptions, state: NativeTrainerState | null, resume: boolean): NativeTrainer;

  /** What data of a layer may be; `group` places make one unit and add up to `leastSum` to `mostSum`. */
  domain(layer: number): { low: number; high: number; integers: boolean; group: number; leastSum: number; mostSum: number };
  /** Passes of one row over all layers that take a few milliseconds: as much as a call may do that blocks the event loop. */
  readonly passesAtOnce: number;
  readonly busy: boolean;
  readonly disposed: boolean;
  /** Cancels a running job, waits for it (at most one minibatch or sweep) and frees everything. Idempotent. */
  dispose(): void;
}

export interface NativeTrainerOptions {
  data: NativeLayerRows[];
  validation: NativeLayerRows[];
  /** One weight per row, or null for ones. */
  sampleWeights: Float64Array | null;
  algorithm: 'cd' | 'pcd' | 'fpcd' | 'pt' | 'ptt' | 'mean-field' | 'pseudo-likelihood' | 'exact';
  /** Of the fast weights of 'fpcd'; 0.05 and 0.95 if left out. */
  fastRate?: number;
  fastDecay?: number;
  /** Inverse temperatures of 'pt', rising to 1. */
  temperatures?: Float64Array;
  /** Of 'ptt': the most checkpoints of the trajectory, and the acceptance of swaps below which another is frozen; 64 and 0.3 if left out. */
  reservoirs?: number;
  reservoirAcceptance?: number;
  /** How layers without data are taken where their posterior has no closed form; 'gibbs' if left out. */
  positive?: 'gibbs' | 'mean-field';
  steps: number;
  /** Gibbs sweeps of the positive phase where hidden layers are coupled to each other or to themselves; 10 if left out. */
  positiveSteps?: number;
  epochs: number;
  batchSize: number;
  chains: number;
  /** Values between 0 and 1 of Bernoulli layers are drawn anew whenever their row is used; false if left out. */
  dynamicBinarisation?: boolean;
  shuffle: boolean;
  centred: boolean;
  offsetRate: number;
  /** Factors of the learning rate: one per layer, then one per coupling; 0 freezes. Null or left out: ones. */
  rates?: Float64Array | null;
  /** Numbers of the layers that are conditions; none if left out. */
  given?: number[];
  /** Weights step in units of the standard deviations of both sides; needs `centred`. */
  standardised?: boolean;
  optimiser: 'sgd' | 'adam';
  momentum: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Learning rate of every update of this run; the last entry holds for all later ones. */
  learningRates: Float64Array;
  l1: number;
  l2: number;
  sparsity: { target: number; weight: number; rate: number } | null;
  averageLast: number;
  initialiseFromData: boolean;
  /** What is learnt of a layer of labels: discriminative · log p(labels | rows) + generative · log p(rows, labels). */
  labels?: { layer: number; discriminative: number; generative: number } | null;
  /** The rows are the next part of a stream, whose means and scales go on. */
  stream?: boolean;
  monitorRows: number;
  /** Work of metrics and health as a part of training's; 0: no health, and metrics of all monitorRows. 0.05 if left out. */
  monitorBudget?: number;
  /** Back to the last good state, at most so many times, the learning rate multiplied by the factor each time; null or left out: DIVERGENCE. */
  onDivergence?: { retries: number; factor: number } | null;
}

/** How well the model's chains mix; NaN where there is no such number. */
export interface NativeHealth {
  autocorrelationTime: number;
  effectiveSampleSize: number;
  splitRhat: number;
  freeEnergyDrift: number;
  singularValues: number[];
  sentence: string | null;
}

export interface NativeEpochReport {
  epoch: number;
  step: number;
  seconds: number;
  learningRate: number;
  /** Of the same units of the same rows at every epoch of a run; NaN where there is none. */
  pseudoLikelihood: number;
  /** Its standard error as that of all units of all rows; NaN of one row. */
  pseudoLikelihoodError: number;
  /** Log-likelihood of the same units under independent units that fit the training rows best; NaN where the best fit is not known. */
  baseline: number;
  /** NaN without validation rows. */
  freeEnergyGap: number;
  chainFreeEnergyGap: number;
  weightNorm: number;
  rollbacks: number;
  /** Sentences without a full stop. */
  warnings: string[];
  /** Null in epochs without a look at it. */
  health: NativeHealth | null;
  /** Null unless the algorithm keeps track of log Z. */
  logLikelihood: { value: number; low: number; high: number } | null;
  /** Null unless the run has labels. Of the watched training rows, and of all validation rows; NaN where there is none. */
  labels: { loss: number; error: number; validationLoss: number; validationError: number } | null;
}

export interface NativeTrainerState {
  tensors: Record<string, { rows: number; cols: number; values: NativeArray }>;
  counters: Record<string, bigint>;
}

export interface NativeRunOf<Report> {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly step: number;
  /**
   * Trains up to update `untilStep` of this run. `onProgress` gets every epoch report, in order and none lost, and the latest step
   * count (at most one call waiting at a time). An exception it throws does not disturb the run: the caller must not let one out.
   */
  run(untilStep: number, onProgress: (step: number, epochs: Report[]) => void): NativeJob<{ step: number }>;
  /** Everything needed to go on bit for bit. Throws BUSY during a run. */
  state(): NativeTrainerState;
}

export type NativeTrainer = NativeRunOf<NativeEpochReport>;
