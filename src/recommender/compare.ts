/**
 * All models under one budget: trained on the same rows, chosen by validation rows, judged by test
 * rows that are read once. The one chosen is trained anew on everything.
 */
import type { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import { Asked } from './asked.js';
import { type Contender, type Terms, trainContender } from './contenders.js';
import { Steps, shareOf } from './cross-validate.js';
import type { Entries } from './entries.js';
import { type EvaluateOptions, type Plan, planOf, type Run, summary } from './evaluate.js';
import type { Evaluation, ModelResult } from './evaluation.js';
import type { RecommenderModel } from './family.js';
import { type Measures, measure } from './measure.js';
import type { Split } from './split.js';
import { perUserSplit } from './splits.js';

/** A model that is in no table, and why. */
export interface LeftOut {
  /** Its name. */
  readonly model: string;
  /** In a sentence. */
  readonly reason: string;
}

/** What was compared, and who won. */
export interface Standing {
  readonly winner: Contender;
  /** On test rows, the winner first: differences are against it. */
  readonly evaluation: Evaluation;
  /** On validation rows, which the winner was chosen by. */
  readonly validation: readonly ModelResult[];
  readonly leftOut: readonly LeftOut[];
}

/** How models are compared. */
export interface CompareSettings {
  readonly contenders: readonly Contender[];
  readonly terms: Terms;
  /** Seconds for training all of them. */
  readonly budget: number;
  /** The measure that the winner is best at. */
  readonly by: string;
  /** Shares of each user's entries. */
  readonly shares: { readonly validation: number; readonly test: number };
  readonly evaluate: EvaluateOptions;
}

/** Measures whose smaller values are better. */
const isSmaller = (measure: string): boolean => /^(rmse|mae|log-loss|brier|calibration|popular)/.test(measure);

/** Compares models. */
export async function standing(call: string, entries: Entries, settings: CompareSettings): Promise<Standing> {
  const { contenders, terms, by, shares, evaluate } = settings;
  const test = perUserSplit(call, entries, { share: shares.test, seed: terms.seed });
  const choice = perUserSplit(call, test.train, { share: shares.validation / (1 - shares.test), seed: terms.seed });
  const plan = planOf(call, test, { ...evaluate, metrics: withMeasure(evaluate.metrics, test, by, evaluate) });
  const steps = new Steps(3 * contenders.length, evaluate.onProgress);
  const trained = await trainedIn(call, choice.train, settings, steps);
  const chosen = await chosenBy(call, trained.models, choice, plan, settings, steps);
  const judge = new Asked({ ...test, train: choice.train, input: choice.train, targets: test.targets }, evaluate.relevantFrom);
  const runs: Run[] = [];
  for (const { contender, model, fitSeconds } of chosen.order) {
    const began = performance.now();
    const measures = await measure(call, contender.name, model, judge, { ...evaluate, ...plan, onShare: shareOf(steps) });
    steps.next();
    runs.push({ name: contender.name, folds: [measures], seconds: (performance.now() - began) / 1000, fitSeconds });
  }
  const evaluation = await summary(runs, [judge], plan, evaluate);
  return { winner: (chosen.order[0] as Trained).contender, evaluation, validation: chosen.results, leftOut: trained.leftOut };
}

function withMeasure(metrics: EvaluateOptions['metrics'], split: Split, by: string, options: EvaluateOptions): string[] {
  const names = metrics ?? planOf('compare', split, options).metrics.map(({ name }) => name);
  return names.includes(by) ? [...names] : [by, ...names];
}

interface Trained {
  readonly contender: Contender;
  readonly model: RecommenderModel;
  readonly fitSeconds: number;
}

/** Each model may take an equal part of what is left of the budget, so that quick ones leave more for the others. */
async function trainedIn(
  call: string,
  train: Entries,
  { contenders, terms, budget, evaluate }: CompareSettings,
  steps: Steps,
): Promise<{ models: Trained[]; leftOut: LeftOut[] }> {
  const models: Trained[] = [];
  const leftOut: LeftOut[] = [];
  let left = budget * 1000;
  for (const [c, contender] of contenders.entries()) {
    const began = performance.now();
    const share = Math.max(0, left / (contenders.length - c));
    const deadline = AbortSignal.timeout(Math.ceil(share));
    const signal = evaluate.signal === undefined ? deadline : AbortSignal.any([evaluate.signal, deadline]);
    try {
      const patience: Patience = { signal, onProgress: steps.report };
      const model = await trainContender(call, contender, train, terms, patience);
      models.push({ contender, model, fitSeconds: (performance.now() - began) / 1000 });
    } catch (error) {
      evaluate.signal?.throwIfAborted();
      if (!deadline.aborted && !(error instanceof ParameterError)) throw error;
      const reason = deadline.aborted ? `not trained within its ${(share / 1000).toFixed(1)} s of the budget` : (error as Error).message;
      leftOut.push({ model: contender.name, reason });
    }
    left -= performance.now() - began;
    steps.next();
  }
  return { models, leftOut };
}

/** Judges all on the validation rows; the best comes first, the others keep their order. */
async function chosenBy(
  call: string,
  models: readonly Trained[],
  split: Split,
  plan: Plan,
  { by, evaluate }: CompareSettings,
  steps: Steps,
): Promise<{ order: Trained[]; results: readonly ModelResult[] }> {
  if (models.length === 0) throw new ParameterError(`${call}: no model was trained within the \`budget\`; give it more seconds`);
  const asked = new Asked(split, evaluate.relevantFrom);
  const runs: Run[] = [];
  for (const { contender, model, fitSeconds } of models) {
    const measures: Measures = await measure(call, contender.name, model, asked, { ...evaluate, ...plan, onShare: shareOf(steps) });
    steps.next();
    runs.push({ name: contender.name, folds: [measures], seconds: 0, fitSeconds });
  }
  const { results } = await summary(runs, [asked], plan, { ...evaluate, resamples: 0 });
  const values = results.map(({ measures }) => measures.find(({ name }) => name === by)?.value ?? Number.NaN);
  const sign = isSmaller(by) ? -1 : 1;
  const best = values.reduce((at, value, m) => (Number.isNaN(values[at]) || sign * value > sign * (values[at] as number) ? m : at), 0);
  if (Number.isNaN(values[best])) throw new ParameterError(`${call}: none of the models can be measured by '${by}'`);
  const first = models[best] as Trained;
  return { order: [first, ...models.filter((one) => one !== first)], results };
}

/** Reads the shares of validation and test rows. */
export function readShares(check: OptionCheck, given: { validation?: unknown; test?: unknown }): CompareSettings['shares'] {
  const validation = check.openFraction('validation', given.validation, 0.1);
  const test = check.openFraction('test', given.test, 0.2);
  if (validation + test >= 1) throw check.error('test', `below ${1 - validation}, so that something is left to train on`, test);
  return { validation, test };
}
