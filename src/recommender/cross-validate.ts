/** Trains and measures families on several splits: folds, or the same split with several seeds. */
import { ParameterError } from '../errors.js';
import { Asked } from './asked.js';
import { type Contender, fitAll } from './contenders.js';
import { type EvaluateOptions, planOf, type Run, summary } from './evaluate.js';
import type { Evaluation } from './evaluation.js';
import { type Measures, measure } from './measure.js';
import { partOf } from './progress-parts.js';
import type { Split } from './split.js';

/** Options of {@link crossValidate}: those of an evaluation, and those of training. */
export interface CrossValidateOptions extends EvaluateOptions {
  /** 0: as many as the process may use. Default 0. */
  readonly threads?: number | undefined;
  /** The most settings that each family may try on validation, cut from each split's train. Default: each family's own number. */
  readonly trials?: number | undefined;
}

/**
 * Trains every contender on each split's train and measures it on its targets, which nobody sees
 * before. A measure is the mean over splits; intervals draw users again, the same ones in every
 * split. Models are let go after each split.
 *
 * @param contenders - At least one; differences are against the first.
 * @param splits - At least one, over the same ids.
 */
export async function crossValidate(
  call: string,
  contenders: readonly Contender[],
  splits: readonly Split[],
  options: CrossValidateOptions = {},
): Promise<Evaluation> {
  const [first] = splits;
  if (first === undefined) throw new ParameterError(`${call}: there must be at least one split`);
  if (contenders.length === 0) throw new ParameterError(`${call}: there must be at least one model`);
  if (splits.some(({ train }) => train.users !== first.train.users || train.items !== first.train.items)) {
    throw new ParameterError(`${call}: all splits must have the same ids of users and items; make them from the same entries`);
  }
  const plan = planOf(call, first, options);
  const folds = splits.map((split) => new Asked(split, options.relevantFrom));
  const found = contenders.map(() => ({ measures: [] as Measures[], seconds: 0, fitSeconds: 0 }));
  for (const [s, asked] of folds.entries()) {
    const report = partOf(options.onProgress, s, splits.length);
    for (const [c, contender] of contenders.entries()) {
      const mine = found[c] as (typeof found)[number];
      const context = {
        seed: options.seed ?? 0n,
        threads: options.threads ?? 0,
        scale: plan.scale,
        trials: options.trials,
        signal: options.signal,
        onProgress: partOf(report, c, contenders.length),
      };
      const [fitted] = await fitAll(call, [contender], asked.split.train, context, options.relevantFrom);
      const { model, fitSeconds = 0 } = fitted as NonNullable<typeof fitted>;
      const began = performance.now();
      mine.measures.push(await measure(call, contender.name, model, asked, { ...options, metrics: plan.metrics, scale: plan.scale }));
      mine.seconds += (performance.now() - began) / 1000;
      mine.fitSeconds += fitSeconds;
    }
  }
  const runs = contenders.map(({ name }, c): Run => {
    const { measures, seconds, fitSeconds } = found[c] as (typeof found)[number];
    return { name, folds: measures, seconds, fitSeconds };
  });
  return summary(runs, folds, plan, options);
}
