export type { BeliefEvaluation, BoundOptions, MeanBound } from './belief/bound.js';
export { DeepAutoencoder } from './belief/deep-autoencoder.js';
export { DeepBeliefNetwork } from './belief/network.js';
export type { LabelledRows, LevelOptions, PretrainOptions } from './belief/pretrain-options.js';
export type {
  ClassifyOptions,
  DeepAutoencoderOptions,
  LayerChoice,
  NetworkSummary,
  TransformOptions,
  UnrolledAutoencoderOptions,
  UnrolledClassifierOptions,
} from './belief/question-options.js';
export type { Activities, BeliefTraining } from './belief/record.js';
export type { LevelReport, PretrainProgress, UpDownReport } from './belief/reports.js';
export type { NetworkSampleOptions } from './belief/sampling.js';
export type { DeepBeliefNetworkOptions } from './belief/spec.js';
export type { UpDownOptions, UpDownRates, UpDownSettingOptions } from './belief/up-down-options.js';
export type { LabelsInput } from './data/labels.js';
export type { BitRowsInput, DenseRowsInput, RowsInput, SparseRowsInput } from './data/rows-input.js';
export type { MeanFieldOptions, VariationalBoundOptions } from './deep/bound.js';
export { DeepBoltzmannMachine, type DeepTransformOptions } from './deep/machine.js';
export type { DeepPretrainOptions } from './deep/pretrain.js';
export type { DeepBoltzmannMachineOptions, DeepCouplings, DeepLayers } from './deep/spec.js';
export {
  BackendError,
  type BackendReason,
  BoltzkitError,
  BusyError,
  DisposedError,
  DivergenceError,
  type ErrorCode,
  FileError,
  FormatError,
  ParameterError,
  ShapeError,
} from './errors.js';
export { type Comparison, compare, compareEvaluations, type Evaluable } from './estimators/compare.js';
export type { EvaluateOptions } from './estimators/evaluate-options.js';
export type { DocumentLikelihoods, LengthOptions, LengthSum } from './estimators/length-sums.js';
export type { Evaluation, Interval, LogLikelihood, Partition, PartitionEstimate, PartitionMethod, Trust } from './estimators/results.js';
export type { ScoreOptions, Scores } from './estimators/score.js';
export type { SurpriseOptions } from './estimators/surprise.js';
export type { UsedDevice } from './machine/backend.js';
export { type BackendInfo, backendInfo } from './machine/host.js';
export type { CallProgress, Patience } from './machine/patience.js';
export { BoltzmannMachine, type BoltzmannMachineOptions } from './models/boltzmann-machine.js';
export type { LayerClamps, LayerRows } from './models/by-layer.js';
export type { ObserveOptions } from './models/chain-observe.js';
export { type AdvanceOptions, type ChainSeries, Chains, type MomentOptions, type SwapStatistics } from './models/chains.js';
export {
  type ConditionalFitOptions,
  type ConditionalLayers,
  type ConditionalMachine,
  ConditionalRBM,
  type ConditionalRBMOptions,
  type GenerateOptions,
} from './models/conditional-rbm.js';
export { HopfieldNetwork, type HopfieldOptions, type Recalled, type RecallOptions, type StoreOptions } from './models/hopfield.js';
export type { ImputeOptions, MarginalOptions } from './models/impute.js';
export { type BitMachine, fromIsing, fromQubo, type SpinMachine } from './models/ising.js';
export { IsingModel, type IsingTables, type QuboTable } from './models/ising-model.js';
export type { IsingOptions } from './models/ising-options.js';
export type { LateralStart } from './models/lateral-model.js';
export { type Cut, type MaxCutOptions, maxCut } from './models/max-cut.js';
export type { StorageRule } from './models/patterns.js';
export { type CouplingScoreOptions, PottsModel } from './models/potts.js';
export type { PottsOptions } from './models/potts-options.js';
export { RBM, type RBMOptions, type ScikitLearnOptions } from './models/rbm.js';
export {
  type DocumentsOrCodes,
  ReplicatedSoftmax,
  type SimilarOptions,
} from './models/replicated-softmax.js';
export type { Matrix, Moments, Nats, Parameters, TrainingInfo } from './models/results.js';
export type { Annealed, AnnealOptions, ChainStart, ChainsOptions, PlaceClamp, SampleOptions } from './models/sample-options.js';
export type { LadderOptions, SweepBetas, TemperatureOptions } from './models/sampling.js';
export type { Sequences } from './models/sequences.js';
export type { Similar } from './models/similar.js';
export type { MatrixEntries, SquareMatrix } from './models/square-tables.js';
export type { TopWord, TopWordsOptions } from './models/top-words.js';
export type { ReplicatedSoftmaxOptions } from './models/topic-options.js';
export type { ModelSummary } from './models/trainable.js';
export * from './networks/index.js';
export type { OnnxOptions } from './networks/onnx/export.js';
export * from './recommender/index.js';
export { argmax, type NestedNumbers, rowsOf, toNested } from './results/arrays.js';
export { type ComponentOptions, type PrincipalComponents, principalComponents } from './results/principal-components.js';
export {
  type Algorithm,
  type AlgorithmName,
  type ChainOptions,
  cd,
  type FastOptions,
  fpcd,
  meanField,
  pcd,
  pt,
  ptt,
  type SweepOptions,
  type TemperedOptions,
  type TrajectoryOptions,
} from './training/algorithms.js';
export type { BestOptions, EarlyStopping, LabelMetric, StoppingMetric } from './training/best.js';
export { type HealthContext, type HealthHint, healthHints } from './training/hints.js';
export { cosine, type LearningRate, type LearningRateSchedule, linear, type ScheduleOptions } from './training/learning-rate.js';
export { type AdamOptions, adam, type Optimiser, type OptimiserName, type SgdOptions, sgd } from './training/optimisers.js';
export type { Objective, Rollback, Sparsity, TrainingOptions } from './training/options.js';
export type { FitOptions, PartialFitOptions, RunOptions } from './training/plan.js';
export type { RecipeName } from './training/recipe.js';
export type { EpochReport, Health, LabelReport, Progress } from './training/reports.js';
export type { TrainingRun } from './training/run.js';
export type { ActionSpace } from './uses/actions.js';
export type { FreeEnergyAgentJson } from './uses/agent-file.js';
export type { ActionOf, ActionUnits, AgentSchedule, FreeEnergyAgentOptions, Transition } from './uses/agent-options.js';
export { AnomalyDetector, type AnomalyDetectorJson, type AnomalyOptions, anomalyDetector, type ScoringMachine } from './uses/anomalies.js';
export { type DenoiseOptions, denoise } from './uses/denoise.js';
export { FreeEnergyAgent } from './uses/free-energy-agent.js';
export { type Inpainted, type InpaintOptions, inpaint } from './uses/inpaint.js';
export type { Device } from './wiring/device.js';
export { type Edges, type GraphOptions, gridEdges } from './wiring/graph.js';
export type { Coupling, CouplingName, Couplings, LayerName, Layers, ParameterName, PartName, SoftmaxName } from './wiring/names.js';
export type { PlaceOptions, StartOptions } from './wiring/place.js';
export { bernoulli, binomial, counts, doubleRelu, gaussian, relu, softmax, spin, type Units, type UnitType } from './wiring/units.js';
