/** Measures models side by side on the same split, and puts an interval to every difference. */
import type { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import { Asked } from './asked.js';
import { middle, resampled } from './bootstrap.js';
import type { Scale } from './entries.js';
import type { Difference, Evaluation, Judged, Measured, ModelResult } from './evaluation.js';
import { evaluationText } from './evaluation-text.js';
import type { RecommenderModel } from './family.js';
import { type Measures, measure } from './measure.js';
import { type Metric, readMetric, usualMetrics } from './metrics.js';
import { partOf } from './progress-parts.js';
import { scaleOf } from './scale.js';
import { checkedSplit, type Split } from './split.js';
import type { Tally } from './tally.js';

/** A model and what tables call it. */
export interface NamedModel {
  readonly name: string;
  readonly model: RecommenderModel;
  readonly fitSeconds?: number | undefined;
}

/** How models are evaluated. */
export interface EvaluateOptions extends Patience {
  /** Names of measures, such as `rmse`, `recall@20(min)`. Default: the usual ones for ratings or interactions. */
  readonly metrics?: readonly string[] | undefined;
  /** Targets rated at least this count as relevant in lists, and input rated lower is kept from models of interactions. Default: all. */
  readonly relevantFrom?: number | undefined;
  /** Models of ratings rank by P(r ≥ rankAtLeast). Default: by E[r]. */
  readonly rankAtLeast?: number | undefined;
  /** The values of ratings. Default: the distinct values of train, up to 256. */
  readonly scale?: Scale | undefined;
  /** Of the resampled users. Default 0. */
  readonly seed?: bigint | undefined;
  /** Default 1000; 0 for no intervals. */
  readonly resamples?: number | undefined;
}

/** What {@link evaluate} and cross-validation have in common. */
export interface Plan {
  readonly metrics: readonly Metric[];
  readonly scale: Scale | undefined;
}

/** Reads names of measures and the scale for a split's entries. */
export function planOf(call: string, split: Split, options: EvaluateOptions): Plan {
  const { value } = split.train;
  const names = options.metrics ?? usualMetrics(split.targets.value !== undefined, options.relevantFrom);
  const metrics = names.map((name) => readMetric(call, name));
  if (metrics.length === 0) throw new ParameterError(`${call}: \`metrics\` must have at least one name`);
  return { metrics, scale: options.scale ?? (value && scaleOf(value)) };
}

/**
 * Measures each model on a split. Candidates are all items of train less what the user has, or the
 * sampled ones of the split's protocol; ties go against the model.
 *
 * @param models - At least one; differences are against the first.
 * @throws ParameterError where a pair is on both sides of the split or on one of them twice, and where a score or prediction is NaN, naming model, user and item.
 */
export async function evaluate(
  call: string,
  models: readonly NamedModel[],
  split: Split,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const plan = planOf(call, split, options);
  const asked = new Asked(checkedSplit(call, split), options.relevantFrom);
  const runs: Run[] = [];
  for (const [m, { name, model, fitSeconds }] of models.entries()) {
    const begin = performance.now();
    const report = partOf(options.onProgress, m, models.length);
    const onShare = (fraction: number) => report?.({ fraction, secondsLeft: null });
    const measures = await measure(call, name, model, asked, { ...plan, ...options, metrics: plan.metrics, scale: plan.scale, onShare });
    runs.push({ name, folds: [measures], seconds: (performance.now() - begin) / 1000, fitSeconds });
  }
  return summary(runs, [asked], plan, options);
}

/** One model over all folds. */
export interface Run {
  readonly name: string;
  readonly folds: readonly Measures[];
  readonly seconds: number;
  readonly fitSeconds: number | undefined;
}

/** Puts measures of models over folds into a table with intervals and paired differences. */
export async function summary(runs: readonly Run[], folds: readonly Asked[], plan: Plan, options: EvaluateOptions): Promise<Evaluation> {
  const [first] = runs;
  if (first === undefined) throw new ParameterError('there must be at least one model to evaluate');
  const tallies = runs.map(({ folds }) => plan.metrics.map(({ name }) => talliesOf(folds, name)));
  const users = judgedUsers(folds);
  const flat = tallies.flat().filter((each) => each.length > 0);
  const resamples = options.resamples ?? 1000;
  const drawn = resamples === 0 ? [] : await resampled(flat, users, { seed: options.seed ?? 0n, resamples, signal: options.signal });
  const samples = new Map(drawn.map((values, i) => [flat[i], values]));
  const results = runs.map((run, m) => resultOf(run, plan, tallies[m] as Tally[][], samples));
  const judged = folds.map((asked) => asked.judged());
  const warnings = [...new Set(folds.flatMap(({ split }) => split.warnings).concat(coldWarnings(judged)))];
  const evaluation = { judged, results, differences: differencesOf(runs, plan, tallies, samples), warnings };
  return Object.defineProperty(evaluation, 'toString', { value: () => evaluationText(evaluation), enumerable: false });
}

function talliesOf(folds: readonly Measures[], name: string): Tally[] {
  const found = folds.flatMap(({ tallies }) => tallies.get(name) ?? []);
  return found.every((tally) => tally.weight.some((weight) => weight > 0)) ? found : [];
}

function judgedUsers(folds: readonly Asked[]): Uint32Array {
  return Uint32Array.from(new Set(folds.flatMap(({ users }) => [...users]))).sort();
}

function resultOf(run: Run, plan: Plan, tallies: Tally[][], samples: ReadonlyMap<Tally[] | undefined, Float64Array>): ModelResult {
  const measures = plan.metrics.map(({ name }, i): Measured => {
    const own = tallies[i] as Tally[];
    if (own.length > 0) {
      const values = samples.get(own);
      return { name, value: mean(own.map((tally) => tally.value())), interval: values === undefined ? null : middle(values) };
    }
    const totals = run.folds.map(({ totals, calibration }) => totals.get(name) ?? calibration.get(name)?.value() ?? Number.NaN);
    return { name, value: mean(totals), interval: null };
  });
  const calibration = run.folds[0]?.calibration ?? new Map();
  return {
    model: run.name,
    measures,
    calibration: Object.fromEntries([...calibration].map(([name, tally]) => [name, tally.bins()])),
    fitSeconds: run.fitSeconds,
    seconds: run.seconds,
  };
}

function differencesOf(
  runs: readonly Run[],
  plan: Plan,
  tallies: readonly Tally[][][],
  samples: ReadonlyMap<Tally[] | undefined, Float64Array>,
): Difference[] {
  const against = runs[0] as Run;
  return runs.slice(1).flatMap((run, m) =>
    plan.metrics.flatMap(({ name }, i): Difference[] => {
      const [a, b] = [tallies[m + 1]?.[i] as Tally[], tallies[0]?.[i] as Tally[]];
      const [x, y] = [samples.get(a), samples.get(b)];
      if (x === undefined || y === undefined) return [];
      const interval = middle(x.map((value, n) => value - (y[n] as number)));
      if (interval === null) return [];
      const value = mean(a.map((tally) => tally.value())) - mean(b.map((tally) => tally.value()));
      return [{ measure: name, model: run.name, against: against.name, value, interval }];
    }),
  );
}

function coldWarnings(judged: readonly Judged[]): string[] {
  const sum = (key: 'coldTargets' | 'targets') => judged.reduce((total, each) => total + each[key], 0);
  const cold = sum('coldTargets');
  return cold === 0 ? [] : [`${cold} of ${sum('targets')} targets have a user or an item that models know nothing of; they are kept`];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Reads the options of an evaluation. */
export function readEvaluateOptions(check: OptionCheck, given: { readonly [K in keyof EvaluateOptions]?: unknown }): EvaluateOptions {
  const { metrics } = given;
  if (metrics !== undefined && !Array.isArray(metrics)) throw check.error('metrics', 'a list of names of measures', metrics);
  const number = (name: 'relevantFrom' | 'rankAtLeast') =>
    given[name] === undefined ? undefined : check.number(name, given[name], 0, Number.NEGATIVE_INFINITY);
  return {
    metrics: metrics as readonly string[] | undefined,
    relevantFrom: number('relevantFrom'),
    rankAtLeast: number('rankAtLeast'),
    scale: given.scale as Scale | undefined,
    seed: check.seed('seed', given.seed, 0n),
    resamples: check.integer('resamples', given.resamples, 1000, 0),
    signal: check.signal(given.signal),
    onProgress: check.callback('onProgress', given.onProgress),
  };
}
