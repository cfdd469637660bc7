/** The best state of a run, and when to stop waiting for a better one. */
import { type OptionCheck, readOptions } from '../arguments.js';
import type { Evaluation } from '../estimators/results.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine } from '../machine/native.js';
import { type Parameters, readParameters } from '../machine/native-model.js';
import type { EpochReport } from './reports.js';

/** What states of a run are compared by: the higher the better. */
export const stoppingMetrics = ['pseudoLikelihood', 'logLikelihood'] as const;
/** What reports are compared by. */
export type StoppingMetric = (typeof stoppingMetrics)[number];

/** Which report is the best one. */
export interface BestOptions {
  /**
   * 'pseudoLikelihood' (default), or 'logLikelihood': of evaluations (`evaluateEvery`) or, with
   * algorithm 'ptt', of every report. Both are of the validation rows, which must be there.
   */
  readonly metric?: StoppingMetric | undefined;
}

/** When to end a run before its time. */
export interface EarlyStopping extends BestOptions {
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
export const bestSources = ['pseudoLikelihood', 'evaluation', 'logLikelihood'] as const;
export type BestSource = (typeof bestSources)[number];

/** How a run compares its reports. */
export interface BestRule {
  /** The field of a report that is compared. */
  readonly source: BestSource;
  /** Infinity: the run goes on to its end. */
  readonly patience: number;
  readonly restore: boolean;
}

/** What a run that has not ended knows of its best state. */
export interface BestRecord extends BestRule {
  /** The best number so far; null before the first. */
  readonly value: number | null;
  /** Reports since then without a better one. */
  readonly waited: number;
  /** The update of the last report that counted. */
  readonly looked: number;
  /** Parameters of the best report: none before the first, or unless `restore` is set. */
  readonly parameters: Parameters;
}

/** The option that asks for such a rule. */
export function optionOf({ patience }: BestRule): 'earlyStopping' | 'keepBest' {
  return patience === Infinity ? 'keepBest' : 'earlyStopping';
}

/** The metric as the option names it. */
export function metricOf({ source }: BestRule): StoppingMetric {
  return source === 'pseudoLikelihood' ? source : 'logLikelihood';
}

/** A rule as one would write it, for messages. */
export function ruleText(rule: BestRule): string {
  const { patience, restore: restoreBest } = rule;
  const metric = metricOf(rule);
  const option = optionOf(rule);
  return `\`${option}\` ${JSON.stringify(option === 'keepBest' ? { metric } : { metric, patience, restoreBest })}`;
}

/**
 * Reads `earlyStopping` and `keepBest`.
 *
 * @param evaluated - Whether the run is evaluated: log-likelihoods are then those of evaluations.
 * @returns undefined without either, null for `keepBest: false`.
 */
export function readBest(
  check: OptionCheck,
  given: { readonly earlyStopping?: unknown; readonly keepBest?: unknown },
  evaluated: boolean,
): BestRule | null | undefined {
  const { earlyStopping, keepBest } = given;
  if (earlyStopping !== undefined && keepBest !== undefined && keepBest !== false) {
    throw check.error('keepBest', 'left out with `earlyStopping`, whose `restoreBest` says it', keepBest);
  }
  const source = (name: string, metric: unknown): BestSource => {
    const read = check.oneOf(name, metric, 'pseudoLikelihood', stoppingMetrics);
    return read === 'logLikelihood' && evaluated ? 'evaluation' : read;
  };
  if (earlyStopping !== undefined) {
    const names = ['metric', 'patience', 'restoreBest'] as const;
    const { metric, patience, restoreBest } = readOptions(check.call, earlyStopping, names, 'earlyStopping');
    return {
      source: source('earlyStopping.metric', metric),
      patience: check.integer('earlyStopping.patience', patience, 10),
      restore: check.flag('earlyStopping.restoreBest', restoreBest, true),
    };
  }
  if (keepBest === undefined) return undefined;
  if (keepBest === false) return null;
  const { metric } = readOptions(check.call, keepBest === true ? {} : keepBest, ['metric'], 'keepBest');
  return { source: source('keepBest.metric', metric), patience: Infinity, restore: true };
}

/**
 * Refuses a metric that this machine has for no such rows. Asks native code about no rows, which it
 * answers as it would about some.
 *
 * @throws {@link ParameterError} with the reason.
 */
export function checkMetric(check: OptionCheck, rule: BestRule, machine: Machine, native: NativeMachine, judged: NativeLayerRows[]): void {
  const { source } = rule;
  if (source === 'evaluation') return; // evaluations have a check of their own
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

/** Follows the reports of a run and keeps the parameters of the best one. */
export class BestState {
  readonly rule: BestRule;
  readonly #native: NativeMachine;
  #value: number | null;
  #waited: number;
  #looked: number;
  #parameters: Parameters;
  #ended = false;

  /** @param before - What the run knew when it was interrupted. */
  constructor(rule: BestRule, native: NativeMachine, before: BestRecord | null) {
    this.rule = rule;
    this.#native = native;
    this.#value = before?.value ?? null;
    this.#waited = before?.waited ?? 0;
    this.#looked = before?.looked ?? 0;
    this.#parameters = before?.parameters ?? new Map();
  }

  /** What a run that goes on later has to know; null once the run has ended. */
  get record(): BestRecord | null {
    if (this.#ended) return null;
    return { ...this.rule, value: this.#value, waited: this.#waited, looked: this.#looked, parameters: this.#parameters };
  }

  /** Whether the run has waited long enough for a better state. */
  get enough(): boolean {
    return this.#waited >= this.rule.patience;
  }

  /** Whether no report had the metric. */
  get none(): boolean {
    return this.#value === null;
  }

  /**
   * Whether the state after this update is still to be evaluated: the run was interrupted
   * meanwhile.
   */
  lacksEvaluation(update: number): boolean {
    return this.rule.source === 'evaluation' && this.#looked < update;
  }

  /** Looks at the report of the state that the machine is in. */
  report({ update, pseudoLikelihood, logLikelihood }: EpochReport): void {
    if (this.rule.source === 'pseudoLikelihood') this.#look(update, pseudoLikelihood);
    if (this.rule.source === 'logLikelihood') this.#look(update, logLikelihood?.value ?? null);
  }

  /** Looks at an evaluation of the state that the machine is in. */
  evaluation(update: number, evaluation: Evaluation): void {
    if (this.rule.source === 'evaluation') this.#look(update, evaluation.logLikelihood.mean);
  }

  #look(update: number, metric: number | null): void {
    this.#looked = update;
    if (metric === null || !Number.isFinite(metric) || metric <= (this.#value ?? -Infinity)) {
      this.#waited += 1;
      return;
    }
    [this.#value, this.#waited] = [metric, 0];
    if (this.rule.restore) this.#parameters = readParameters(this.#native);
  }

  /** The run is over: puts the machine into its best state, if it is to have it. */
  end(): void {
    for (const [name, { values }] of this.#parameters) this.#native.setParameter(name, values);
    this.#ended = true;
    this.#parameters = new Map();
  }
}
