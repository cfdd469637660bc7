export type { BitRowsInput, DenseRowsInput, RowsInput, SparseRowsInput } from './data/rows-input.js';
export {
  BackendError,
  type BackendReason,
  BoltzkitError,
  BusyError,
  DisposedError,
  DivergenceError,
  type ErrorCode,
  FormatError,
  ParameterError,
  ShapeError,
} from './errors.js';
export type { EvaluateOptions } from './estimators/evaluate-options.js';
export type {
  Evaluation,
  Interval,
  LogLikelihood,
  Partition,
  PartitionEstimate,
  PartitionMethod,
  Trust,
} from './estimators/evaluation.js';
export type { Device, UsedDevice } from './machine/backend.js';
export { type Edges, type GraphOptions, gridEdges } from './machine/graph.js';
export type { LearningRate, LearningRateSchedule } from './machine/learning-rate.js';
export { type BackendInfo, backendInfo } from './machine/machine.js';
export { bernoulli, binomial, counts, doubleRelu, gaussian, relu, softmax, spin, type Units } from './machine/units.js';
export {
  type Annealed,
  type AnnealOptions,
  BoltzmannMachine,
  type BoltzmannMachineOptions,
  type LayerRows,
  type MachineChainOptions,
  type MachineFitOptions,
  type MachineSampleOptions,
  type MachineStart,
} from './models/boltzmann-machine.js';
export { type AdvanceOptions, Chains, type SwapStatistics } from './models/chains.js';
export type { ImputeOptions, MarginalOptions } from './models/impute.js';
export {
  type EpochReport,
  type FitOptions,
  type Health,
  type Matrix,
  type Nats,
  type Parameters,
  type PartialFitOptions,
  type PlaceClamp,
  type Progress,
  RBM,
  type RBMOptions,
  type SampleOptions,
  type TrainingInfo,
  type TrainingRun,
} from './models/rbm.js';
export type { LadderOptions, Schedule, TemperatureOptions } from './models/sampling.js';
