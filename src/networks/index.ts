/** Feed-forward networks: trained from rows to outputs, to classes, or to themselves. */
export { Autoencoder, type AutoencoderOptions } from './autoencoder.js';
export type { NetworkBestOptions, NetworkEarlyStopping, NetworkMetric } from './best.js';
export { type Calibration as ClassCalibration, type CalibrationBin, type CalibrationOptions, calibration } from './calibration.js';
export type { ClassScore, ClassScores } from './class-scores.js';
export type { ClassLabels, ClassName } from './classes.js';
export type {
  AssessOptions,
  ClassificationRBMOptions,
  LabelledAssessment,
  LabelledFitOptions,
  LabelledPartialFitOptions,
  LabelledSampleOptions,
  LabelOptions,
  ProbabilityOptions,
} from './classification-options.js';
export { ClassificationRBM } from './classification-rbm.js';
export { Classifier, type ClassifierEvaluation, type ClassifierOptions, type ClassifierValidation } from './classifier.js';
export { type Confusion, type ConfusionMatrix, type ConfusionOptions, confusionMatrix } from './confusion.js';
export { type HashCodes, type HashOptions, hashCodes } from './hashing/codes.js';
export { type CodesWithin, HammingIndex, type NearestCodes, type NearestOptions, type WithinOptions } from './hashing/hamming-index.js';
export { type LabelledCodes, type Retrieval, type RetrievalOptions, retrieval } from './hashing/retrieval.js';
export type { GivenLayer, Loss, NetworkLayer, NetworkStart, NetworkUnits, NetworkUnitType } from './layers.js';
export { Network, type NetworkOptions, type NetworkValidation } from './network.js';
export type { FeedForwardSummary, NetworkModel, NetworkRun, NetworkScore, NetworkTraining } from './network-model.js';
export type { OnnxOptions } from './onnx/export.js';
export { type Lbfgs, type LbfgsOptions, lbfgs, type NetworkOptimiser, type NetworkOptimiserName } from './optimisers.js';
export type { NetworkSettingOptions, NetworkStepOptions, NetworkTrainingOptions } from './options.js';
export type { NetworkFitOptions, NetworkRunOptions } from './plan.js';
export type { NetworkReport } from './reports.js';
export type { SelfTrainingOptions, SelfTrainingReport } from './self-training.js';
export { atTemperature, bestTemperature } from './temperature.js';
