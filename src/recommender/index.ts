/** From ratings to recommendations: `boltzkit/recommender`. */
export type { Candidates } from './candidates.js';
export type { Titles } from './catalogue.js';
export type { CombineOptions } from './combining.js';
export type { LeftOut } from './compare.js';
export type { Entries, Scale, UserEntries } from './entries.js';
export type { EvaluateOptions as EvaluationOptions } from './evaluate.js';
export type { CompareOptions, ContestOptions, CrossValidateOptions, JudgeOptions } from './evaluating.js';
export type { Calibration, Difference, Evaluation as RecommenderEvaluation, Judged, Measured, ModelResult } from './evaluation.js';
export type { Prediction, Target } from './family.js';
export type { CommonOptions, Kind, Unseen } from './fit-options.js';
export type {
  CombinedOptions,
  Contending,
  ContendingModel,
  FamilyOptions,
  FitOptions as RecommenderOptions,
  ModelName,
  Partially,
  PartModel,
  SoftmaxOptions,
} from './fit-types.js';
export type { Id, Ids } from './ids.js';
export type { About, AboutItems, AboutRatings, AboutUser, GivenRating, UnknownItems } from './question.js';
export type { RecommendOptions } from './recommend-options.js';
export { Recommender, type RecommenderSummary } from './recommender.js';
export type { Contribution, Explanation, Recommendation, Recommendations, SimilarItem, Source } from './results.js';
export type { RowsGiven } from './rows-given.js';
export type { By } from './scoring.js';
export type { RatingSource } from './source.js';
export type { ColumnNames } from './source-columns.js';
export type { DuckChunk, DuckConnection, DuckResult, DuckType, SqlSource } from './source-duckdb.js';
export type { Column, RatingRow, Triplets } from './source-objects.js';
export type { ReadOptions, SharedIds } from './source-options.js';
export type { Negatives, Split } from './split.js';
export { type SplitOptions, splitRatings } from './split-rows.js';
export type { Compared, Reached } from './winner.js';
