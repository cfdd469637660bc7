/** The best state of a run, and when to stop waiting for a better one. */
import { type OptionCheck, readOptions } from '../arguments.js';
import type { NativeArray, NativeMachine } from '../machine/native.js';
import type { EpochReport } from './reports.js';

/** What states of a run are compared by: the higher the better. */
export const stoppingMetrics = ['pseudoLikelihood', 'logLikelihood'] as const;
/** What reports are compared by. */
export type StoppingMetric = (typeof stoppingMetrics)[number];

/** Which report is the best one. */
export interface BestOptions {
  /**
   * 'pseudoLikelihood' (default), or 'logLikelihood': of evaluations (`evaluateEvery`) or, with algorithm 'ptt', of every report. Both are of the
   * validation rows, which must be there.
   */
  readonly metric?: StoppingMetric | undefined;
}

/** When to end a run before its time. */
export interface EarlyStopping extends BestOptions {
  /** Reports (those that have the metric) without a better one after which the run ends. Default 10. */
  readonly patience?: number | undefined;
  /** Whether the model ends with the parameters of its best report. Default true. */
  readonly restoreBest?: boolean | undefined;
}

/** Options with every value checked. */
export interface BestPlan {
  readonly metric: StoppingMetric;
  /** Infinity: the run goes on to its end. */
  readonly patience: number;
  readonly restore: boolean;
}

/** Reads `earlyStopping` and `keepBest`; null without either. */
export function readBest(check: OptionCheck, given: { readonly earlyStopping?: unknown; readonly keepBest?: unknown }): BestPlan | null {
  const { earlyStopping, keepBest } = given;
  if (earlyStopping !== undefined && keepBest !== undefined && keepBest !== false) {
    throw check.error('keepBest', 'left out with `earlyStopping`, whose `restoreBest` says it', keepBest);
  }
  if (earlyStopping !== undefined) {
    const { metric, patience, restoreBest } = readOptions(
      check.call,
      earlyStopping,
      ['metric', 'patience', 'restoreBest'],
      'earlyStopping',
    );
    return {
      metric: check.oneOf('earlyStopping.metric', metric, 'pseudoLikelihood', stoppingMetrics),
      patience: check.integer('earlyStopping.patience', patience, 10),
      restore: check.flag('earlyStopping.restoreBest', restoreBest, true),
    };
  }
  if (keepBest === undefined || keepBest === false) return null;
  const { metric } = readOptions(check.call, keepBest === true ? {} : keepBest, ['metric'], 'keepBest');
  return { metric: check.oneOf('keepBest.metric', metric, 'pseudoLikelihood', stoppingMetrics), patience: Infinity, restore: true };
}

/** Follows the reports of a run and keeps the parameters of the best one. */
export class BestState {
  readonly #plan: BestPlan;
  readonly #native: NativeMachine;
  #value = -Infinity;
  #waited = 0;
  #kept: Map<string, NativeArray> | undefined;

  constructor(plan: BestPlan, native: NativeMachine) {
    this.#plan = plan;
    this.#native = native;
  }

  /** Looks at the report of the state that the machine is in; whether the run has waited long enough. */
  look(report: EpochReport): boolean {
    const value = this.#metric(report);
    if (value === null) return false;
    if (value <= this.#value) return ++this.#waited >= this.#plan.patience;
    [this.#value, this.#waited] = [value, 0];
    if (this.#plan.restore) this.#kept = new Map(this.#native.parameters().map(({ name }) => [name, this.#native.getParameter(name)]));
    return false;
  }

  #metric({ pseudoLikelihood, logLikelihood, evaluation }: EpochReport): number | null {
    if (this.#plan.metric === 'pseudoLikelihood') return pseudoLikelihood;
    return evaluation?.logLikelihood.mean ?? logLikelihood?.value ?? null;
  }

  /** Puts the machine into its best state, if it is to have it. */
  restore(): void {
    for (const [name, values] of this.#kept ?? []) this.#native.setParameter(name, values);
  }
}
