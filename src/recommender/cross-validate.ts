/** Every model trained and judged on every fold, side by side. */
import type { OptionCheck } from '../arguments.js';
import type { CallProgress, Patience } from '../machine/patience.js';
import { Asked } from './asked.js';
import { type Contender, type Terms, trainContender } from './contenders.js';
import type { Entries } from './entries.js';
import { type EvaluateOptions, type Plan, planOf, type Run, summary } from './evaluate.js';
import type { Evaluation } from './evaluation.js';
import { type Measures, measure } from './measure.js';
import type { Split } from './split.js';
import { foldSplits } from './splits.js';

/** Progress of many steps, each of the same weight. */
export class Steps {
  readonly #began = performance.now();
  #done = 0;

  constructor(
    private readonly count: number,
    private readonly onProgress: Patience['onProgress'],
  ) {}

  /** Progress of the step under way. */
  get report(): ((progress: Pick<CallProgress, 'fraction'>) => void) | undefined {
    return this.onProgress && (({ fraction }) => this.#tell(this.#done + fraction));
  }

  next(): void {
    this.#tell(++this.#done);
  }

  #tell(done: number): void {
    const fraction = Math.min(1, done / this.count);
    const seconds = (performance.now() - this.#began) / 1000;
    this.onProgress?.({ fraction, secondsLeft: fraction === 0 ? null : seconds * (1 / fraction - 1) });
  }
}

/** Splits into folds, trains each contender on the others, and judges it on each. */
export async function crossValidated(
  call: string,
  entries: Entries,
  contenders: readonly Contender[],
  terms: Terms,
  folds: number,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const splits = foldSplits(call, entries, { folds, seed: terms.seed });
  return judgedOn(call, splits, contenders, terms, options);
}

/** Trains and judges each contender on each split. */
export async function judgedOn(
  call: string,
  splits: readonly Split[],
  contenders: readonly Contender[],
  terms: Terms,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const plan = planOf(call, splits[0] as Split, options);
  const steps = new Steps(2 * splits.length * contenders.length, options.onProgress);
  const asked = splits.map((split) => new Asked(split, options.relevantFrom));
  const runs: Run[] = [];
  for (const contender of contenders) {
    const measures: Measures[] = [];
    let [fitSeconds, seconds] = [0, 0];
    for (const [f, split] of splits.entries()) {
      const began = performance.now();
      const patience = { signal: options.signal, onProgress: steps.report };
      const model = await trainContender(call, contender, split.train, terms, patience);
      const between = performance.now();
      steps.next();
      measures.push(await measure(call, contender.name, model, asked[f] as Asked, { ...options, ...plan, onShare: shareOf(steps) }));
      steps.next();
      fitSeconds += (between - began) / 1000;
      seconds += (performance.now() - between) / 1000;
    }
    runs.push({ name: contender.name, folds: measures, seconds, fitSeconds });
  }
  return summary(runs, asked, plan, options);
}

/** A step's progress as a share. */
export function shareOf(steps: Steps): ((share: number) => void) | undefined {
  const { report } = steps;
  return report && ((fraction) => report({ fraction }));
}

export type { Plan };

/** Reads the number of folds. */
export function readFolds(check: OptionCheck, given: unknown, entries: number): number {
  return check.integer('folds', given, 5, 2, Math.max(2, entries));
}
