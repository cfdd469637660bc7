/**
 * The best state of a run of any model: which report is the best one, and when to stop waiting for
 * a better one.
 */
import { type OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type NativeModel, type Parameters, readParameters } from '../machine/native-model.js';

/** How a run compares its reports; `S` says by what. */
export interface RuleOf<S extends string> {
  /** The field of a report that is compared. */
  readonly source: S;
  /** Infinity: the run goes on to its end. */
  readonly patience: number;
  readonly restore: boolean;
}

/** What a run that has not ended knows of its best state. */
export interface RecordOf<S extends string> extends RuleOf<S> {
  /** The best number so far; null before the first. The higher the better. */
  readonly value: number | null;
  /** Reports since then without a better one. */
  readonly waited: number;
  /** The update of the last report that counted. */
  readonly looked: number;
  /** Parameters of the best report: none before the first, or unless `restore` is set. */
  readonly parameters: Parameters;
}

/**
 * Where the numbers come from, the higher the better: from reports or from evaluations. Null where
 * there is none.
 */
export interface Scale<R, E> {
  readonly report?: (report: R) => number | null;
  readonly evaluation?: (evaluation: E) => number | null;
}

/** The option that asks for such a rule. */
export function optionOf({ patience }: Pick<RuleOf<string>, 'patience'>): 'earlyStopping' | 'keepBest' {
  return patience === Infinity ? 'keepBest' : 'earlyStopping';
}

/** A rule as one would write it, for messages; `metric` as the option names it. */
function ruleText(rule: RuleOf<string>, metric: string): string {
  const { patience, restore: restoreBest } = rule;
  const option = optionOf(rule);
  return `\`${option}\` ${JSON.stringify(option === 'keepBest' ? { metric } : { metric, patience, restoreBest })}`;
}

/** Options about best states, as a caller gave them. */
export interface GivenBest {
  readonly earlyStopping?: unknown;
  readonly keepBest?: unknown;
}

/**
 * Reads `earlyStopping` and `keepBest`.
 *
 * @param metrics - What reports may be compared by; the first is the usual one.
 * @param source - The field of a report for such a metric.
 * @returns undefined without either, null for `keepBest: false`.
 */
export function readRule<M extends string, S extends string>(
  check: OptionCheck,
  { earlyStopping, keepBest }: GivenBest,
  metrics: readonly [M, ...M[]],
  source: (metric: M) => S,
): RuleOf<S> | null | undefined {
  if (earlyStopping !== undefined && keepBest !== undefined && keepBest !== false) {
    throw check.error('keepBest', 'left out with `earlyStopping`, whose `restoreBest` says it', keepBest);
  }
  const read = (name: string, metric: unknown): S => source(check.oneOf(name, metric, metrics[0], metrics));
  if (earlyStopping !== undefined) {
    const names = ['metric', 'patience', 'restoreBest'] as const;
    const { metric, patience, restoreBest } = readOptions(check.call, earlyStopping, names, 'earlyStopping');
    return {
      source: read('earlyStopping.metric', metric),
      patience: check.integer('earlyStopping.patience', patience, 10),
      restore: check.flag('earlyStopping.restoreBest', restoreBest, true),
    };
  }
  if (keepBest === undefined) return undefined;
  if (keepBest === false) return null;
  const { metric } = readOptions(check.call, keepBest === true ? {} : keepBest, ['metric'], 'keepBest');
  return { source: read('keepBest.metric', metric), patience: Infinity, restore: true };
}

/** A rule, and what the run that is gone on with knew by its own. */
export interface PlannedBest<S extends string> {
  readonly rule: RuleOf<S>;
  readonly before: RecordOf<S> | null;
}

/**
 * The rule of a run: the one asked for, else that of the run it goes on with.
 *
 * @param asked - What {@link readRule} returned.
 * @returns null where there is none.
 * @throws {@link ParameterError} without validation rows.
 */
export function planBest<S extends string>(
  check: OptionCheck,
  given: GivenBest & { readonly validation?: unknown },
  asked: RuleOf<S> | null | undefined,
  before: RecordOf<S> | null,
): PlannedBest<S> | null {
  const rule = asked === undefined ? before : asked;
  if (rule === null) return null;
  if (given.validation !== undefined) return { rule, before };
  const name = optionOf(rule);
  if (asked === undefined) throw check.error('validation', `the validation rows of the interrupted run, which has \`${name}\``, undefined);
  throw check.error(name, 'left out without `validation`: the rows that are learnt always look better', given[name]);
}

/**
 * Refuses to go on with a run by another rule.
 *
 * @param metricOf - The metric of a rule as the option names it.
 */
export function assertSameRule<S extends string>(
  { call }: OptionCheck,
  { rule, before }: PlannedBest<S>,
  metricOf: (rule: RuleOf<S>) => string,
): void {
  if (before === null) return;
  const [was, is] = [before, rule].map((each) => ruleText(each, metricOf(each)));
  const choices = 'leave it out, or give up the search with `keepBest: false`';
  if (was !== is) throw new ParameterError(`${call}: the interrupted run has ${was}, got ${is}; ${choices}`);
}

/**
 * Follows the reports (`R`) and evaluations (`E`) of a run and keeps the parameters of the best
 * one.
 */
export class BestState<S extends string, R extends { readonly update: number }, E> {
  readonly rule: RuleOf<S>;
  readonly #native: NativeModel;
  readonly #scale: Scale<R, E>;
  #value: number | null;
  #waited: number;
  #looked: number;
  #parameters: Parameters;
  #ended = false;

  /** @param before - What the run knew when it was interrupted. */
  constructor(rule: RuleOf<S>, native: NativeModel, before: RecordOf<S> | null, scale: Scale<R, E>) {
    this.rule = rule;
    this.#native = native;
    this.#scale = scale;
    this.#value = before?.value ?? null;
    this.#waited = before?.waited ?? 0;
    this.#looked = before?.looked ?? 0;
    this.#parameters = before?.parameters ?? new Map();
  }

  /** What a run that goes on later has to know; null once the run has ended. */
  get record(): RecordOf<S> | null {
    if (this.#ended) return null;
    return { ...this.rule, value: this.#value, waited: this.#waited, looked: this.#looked, parameters: this.#parameters };
  }

  /** Whether the run has waited long enough for a better state. */
  get enough(): boolean {
    return this.#waited >= this.rule.patience;
  }

  /** Whether no report had the number that they are compared by. */
  get none(): boolean {
    return this.#value === null;
  }

  /**
   * Whether the state after this update is still to be evaluated: the run was interrupted
   * meanwhile.
   */
  lacksEvaluation(update: number): boolean {
    return this.#scale.evaluation !== undefined && this.#looked < update;
  }

  /** Looks at the report of the state that the model is in. */
  report(report: R): void {
    const { report: metric } = this.#scale;
    if (metric !== undefined) this.#look(report.update, metric(report));
  }

  /** Looks at an evaluation of the state that the model is in. */
  evaluation(update: number, evaluation: E): void {
    const { evaluation: metric } = this.#scale;
    if (metric !== undefined) this.#look(update, metric(evaluation));
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

  /** The run is over: puts the model into its best state, if it is to have it. */
  end(): void {
    for (const [name, { values }] of this.#parameters) this.#native.setParameter(name, values);
    this.#ended = true;
    this.#parameters = new Map();
  }
}
