/** The best state of a run, and when to stop waiting for a better one. */
import type { OptionCheck } from '../arguments.js';
import type { Evaluation } from '../estimators/results.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine } from '../machine/native.js';
import { type GivenBest, optionOf, type RecordOf, type RuleOf, readRule, type Scale } from './best-state.js';
import type { EpochReport } from './reports.js';

/** What states of a run are compared by: the higher the better. */
export const stoppingMetrics = ['pseudoLikelihood', 'logLikelihood'] as const;
/** What reports are compared by. */
export type StoppingMetric = (typeof stoppingMetrics)[number];
/** What reports of machines with labels are compared by too: the lower the better. */
export const labelMetrics = ['error', 'loss'] as const;
/** The same with those of labels, of which 'error' is the usual one. */
export type LabelMetric = StoppingMetric | (typeof labelMetrics)[number];

/** Which report is the best one. */
export interface BestOptions<M extends LabelMetric = StoppingMetric> {
  /**
   * 'pseudoLikelihood' (default), or 'logLikelihood': of evaluations (`evaluateEvery`) or, with
   * algorithm 'ptt', of every report. Machines with labels also have 'error' (their default) and
   * 'loss', the lower the better. All are of the validation rows, which must be there.
   */
  readonly metric?: M | undefined;
}

/** When to end a run before its time. */
export interface EarlyStopping<M extends LabelMetric = StoppingMetric> extends BestOptions<M> {
  /**
   * Reports without a better one after which the run ends; at least 1. Default 10. With
   * `evaluateEvery` and 'logLikelihood' only reports with an evaluation count. A report whose
   * metric is null is no better one.
   */
  readonly patience?: number | undefined;
  /** Whether the model ends with the parameters of its best report. Default true. */
  readonly restoreBest?: boolean | undefined;
}

/** Where the numbers that reports are compared by come from. */
export const bestSources = ['pseudoLikelihood', 'evaluation', 'logLikelihood', 'error', 'loss'] as const;
export type BestSource = (typeof bestSources)[number];

/** How a run compares its reports. */
export type BestRule = RuleOf<BestSource>;

/** What a run that has not ended knows of its best state. */
export type BestRecord = RecordOf<BestSource>;

/** The metric as the option names it. */
export function metricOf({ source }: BestRule): LabelMetric {
  return source === 'evaluation' ? 'logLikelihood' : source;
}

/**
 * Reads `earlyStopping` and `keepBest` of a machine's run.
 *
 * @param evaluated - Whether the run is evaluated: log-likelihoods are then those of evaluations.
 * @param labelled - Whether its reports tell labels.
 * @returns undefined without either, null for `keepBest: false`.
 */
export function readBest(check: OptionCheck, given: GivenBest, evaluated: boolean, labelled: boolean): BestRule | null | undefined {
  const metrics = labelled ? ([...labelMetrics, ...stoppingMetrics] as const) : stoppingMetrics;
  return readRule<LabelMetric, BestSource>(check, given, metrics, (metric) =>
    metric === 'logLikelihood' && evaluated ? 'evaluation' : metric,
  );
}

/**
 * Refuses a metric that this machine has for no such rows. Asks native code about no rows, which it
 * answers as it would about some.
 *
 * @throws {@link ParameterError} with the reason.
 */
export function checkMetric(check: OptionCheck, rule: BestRule, machine: Machine, native: NativeMachine, judged: NativeLayerRows[]): void {
  const { source } = rule;
  // Evaluations have a check of their own, and reports of labels are always there.
  if (source === 'evaluation' || source === 'error' || source === 'loss') return;
  const metric = metricOf(rule);
  const none = (reason: string) => check.error(`${optionOf(rule)}.metric`, `one that the reports of this run have: ${reason}`, metric);
  if (source === 'logLikelihood' && judged.some(({ rows }) => rows.missing)) throw none('rows that lack values have no log-likelihood');
  const nothing = judged.map(({ layer }) => ({ layer, rows: machine.noRows(layer) }));
  try {
    if (source === 'pseudoLikelihood') native.pseudoLikelihood(nothing, true, true);
    else native.freeEnergy(nothing, true);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'PARAMETER') throw error;
    throw none((error as Error).message);
  }
}

/** What reports of a machine's run, or evaluations, are compared by. */
export function scaleOf({ source }: BestRule): Scale<EpochReport, Evaluation> {
  if (source === 'evaluation') return { evaluation: ({ logLikelihood }) => logLikelihood.mean };
  if (source === 'error') return { report: ({ labels }) => less(labels?.validationError) };
  if (source === 'loss') return { report: ({ labels }) => less(labels?.validationLoss) };
  if (source === 'pseudoLikelihood') return { report: ({ pseudoLikelihood }) => pseudoLikelihood };
  return { report: ({ logLikelihood }) => logLikelihood?.value ?? null };
}

function less(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : -value;
}
