import { OptionCheck, readFrom } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import { ParameterError, ShapeError } from '../errors.js';
import { Parts } from '../machine/parts.js';
import { type EvaluateOptions, readEvaluateOptions } from './evaluate-options.js';
import type { Evaluation } from './results.js';
import { studentQuantile } from './student.js';

/** Something that says how likely rows are: every model of this package. */
export interface Evaluable<Rows> {
  /** As `evaluate` of the models. */
  evaluate(rows: Rows, options?: EvaluateOptions): Promise<Evaluation>;
}

/**
 * How two models compare on the same rows. All differences are `a` less `b`, in nats per row:
 * positive where `a` is better.
 */
export interface Comparison {
  /** The mean difference of log-likelihoods. */
  readonly difference: number;
  /** Lower end of its 95 % interval. */
  readonly low: number;
  /** Upper end of it. */
  readonly high: number;
  /**
   * The standard error of the mean of the rows' differences: what other rows of the same kind may
   * change. It knows nothing of log Z.
   */
  readonly standardError: number;
  /** The better model, if the interval leaves out 0 and both log Z are to be trusted; else null. */
  readonly better: 'a' | 'b' | null;
  /** Difference of every row, [n]. */
  readonly differences: NdArray<Float64Array>;
  /** Whether both log Z are to be trusted. */
  readonly converged: boolean;
  /** Warnings of both evaluations, each with the model's letter in front. */
  readonly warnings: readonly string[];
  /** What each model made of the rows. */
  readonly evaluations: {
    /** Of the first model. */
    readonly a: Evaluation;
    /** Of the second one. */
    readonly b: Evaluation;
  };
}

/**
 * Which of two models fits rows better: the mean difference of their log-likelihoods with a 95 %
 * interval, row by row, so that rows that are hard for both do not count. The interval carries what
 * is uncertain in either log Z and what other rows of the same kind may change:
 *
 *     d_i = log p_a(v_i) − log p_b(v_i),   low = d̄ − √((t s_d / √n)² + (high_a − log Z_a)² + (log Z_b − low_b)²)
 *
 * and `high` likewise, with Student's t for n − 1 degrees of freedom. Where a log Z is in doubt,
 * its part is added in full.
 *
 * The models must be of the same kind of rows: both must give the places the same meaning, and have
 * the same layers given. Rows that neither was trained on tell which model learnt more; rows of the
 * training set flatter the larger one.
 *
 * @param a - A model.
 * @param b - Another one.
 * @param rows - At least two rows, as `evaluate` of both takes them.
 * @param options - How log Z is estimated, as for `evaluate`. The models are evaluated one after
 *   the other.
 * @throws As `evaluate` of the models; {@link ShapeError} on fewer than two rows.
 *
 * @example
 * ```ts
 * import { compare, RBM } from 'boltzkit';
 *
 * const rows = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]];
 * using trained = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * await trained.fit(rows, { epochs: 500 });
 * using untrained = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * const { difference, low, high, better } = await compare(trained, untrained, rows); // better: 'a'
 * ```
 */
export async function compare<Rows>(
  a: Evaluable<Rows>,
  b: Evaluable<Rows>,
  rows: Rows,
  options?: EvaluateOptions | undefined,
): Promise<Comparison> {
  const call = 'compare';
  for (const [name, model] of Object.entries({ a, b })) {
    const isModel = readFrom(call, name, () => typeof model?.evaluate === 'function');
    if (!isModel) throw new OptionCheck(call).error(name, 'a model', model, '; evaluations go to compareEvaluations');
  }
  const { patience } = readEvaluateOptions(call, options, false);
  const parts = new Parts(patience, 2);
  const evaluate = async (model: Evaluable<Rows>): Promise<Evaluation> => {
    const evaluation = await model.evaluate(rows, { ...options, ...parts.part(1) });
    parts.done(1);
    return evaluation;
  };
  const first = await evaluate(a);
  return compared(call, first, await evaluate(b));
}

/**
 * {@link compare} of what two models made of the same rows, in the same order: for models that were
 * evaluated already, or that name their layers differently.
 *
 * @throws {@link ShapeError} unless both are of the same number of rows, at least two;
 *   {@link ParameterError} on anything but evaluations.
 */
export function compareEvaluations(a: Evaluation, b: Evaluation): Comparison {
  const call = 'compareEvaluations';
  for (const [name, evaluation] of Object.entries({ a, b })) {
    const isEvaluation = readFrom(call, name, () => {
      return evaluation?.logLikelihoods?.data instanceof Float64Array && typeof evaluation.logZ?.value === 'number';
    });
    if (!isEvaluation) throw new OptionCheck(call).error(name, 'what `evaluate` of a model gave', evaluation);
  }
  return compared(call, a, b);
}

function compared(call: string, a: Evaluation, b: Evaluation): Comparison {
  const [first, second] = [a.logLikelihoods.data, b.logLikelihoods.data];
  const n = first.length;
  if (second.length !== n) throw new ShapeError(`${call}: \`b\` must be of ${n} rows, as many as \`a\`, got ${second.length}`);
  if (n < 2) throw new ShapeError(`${call}: there must be at least two rows to tell how much they differ, got ${n}`);
  const differences = first.map((value, i) => value - (second[i] as number));
  const difference = mean(differences);
  const variance = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (n - 1);
  const standardError = Math.sqrt(variance / n);
  if (!Number.isFinite(difference)) throw new ParameterError(`${call}: every row must have a finite log-likelihood under both models`);
  const converged = a.converged && b.converged;
  const reach = (...ofLogZ: number[]): number => {
    const ofRows = studentQuantile(n - 1) * standardError;
    return converged ? Math.hypot(ofRows, ...ofLogZ) : ofLogZ.reduce((sum, part) => sum + part, ofRows);
  };
  const low = difference - reach(a.logZ.high - a.logZ.value, b.logZ.value - b.logZ.low);
  const high = difference + reach(a.logZ.value - a.logZ.low, b.logZ.high - b.logZ.value);
  const better = !converged || (low <= 0 && high >= 0) ? null : difference > 0 ? 'a' : 'b';
  const warnings = [...a.warnings.map((text) => `a: ${text}`), ...b.warnings.map((text) => `b: ${text}`)];
  const all = array(differences, [n]);
  return { difference, low, high, standardError, better, differences: all, converged, warnings, evaluations: { a, b } };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
