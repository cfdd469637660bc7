/** What a run is asked to do, and what a model keeps of it. */
import type { OptionCheck } from '../arguments.js';
import type { Evaluation } from '../estimators/results.js';
import type { LayerInput } from '../machine/host.js';
import type { NativeLayerRows, NativeMachine, NativeTrainerState } from '../machine/native.js';
import type { BestSource } from './best.js';
import type { BestState, PlannedBest, RecordOf } from './best-state.js';
import type { LearningRates } from './learning-rate.js';
import type { TrainingSettings } from './options.js';
import type { Progress } from './reports.js';

/**
 * What a model keeps of its last run, enough to go on bit for bit: with settings `S`, its best
 * state found by `B`.
 */
export interface RunRecord<S, B extends string> {
  readonly settings: S;
  readonly learningRates: LearningRates;
  readonly state: NativeTrainerState;
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Whether the run ended before its last update, and is not to go on: `earlyStopping`. */
  readonly stoppedEarly: boolean;
  /**
   * What `earlyStopping` and `keepBest` know of the best state; null without them, and once the run
   * has ended.
   */
  readonly best: RecordOf<B> | null;
}

/** What a machine keeps of its last run. */
export type TrainingRecord = RunRecord<TrainingSettings, BestSource>;

/** The record of a run under way: where its trainer and its best state stand now. */
export function liveRecord<S, B extends string>(
  { settings, learningRates }: Pick<RunRecord<S, B>, 'settings' | 'learningRates'>,
  trainer: Pick<RunRecord<S, B>, 'step' | 'totalSteps' | 'stepsPerEpoch'> & { state(): NativeTrainerState },
  best: Pick<BestState<B, never, never>, 'record'> | null,
): RunRecord<S, B> {
  const { step, totalSteps, stepsPerEpoch } = trainer;
  return {
    settings,
    learningRates,
    // Only who saves needs all of the state.
    get state() {
      return trainer.state();
    },
    step,
    totalSteps,
    stepsPerEpoch,
    stoppedEarly: best !== null && best.record === null && step < totalSteps,
    best: best?.record ?? null,
  };
}

/** Whether a run has come to its end, or ended itself: there is nothing to resume. */
export function isOver({ step, totalSteps, stoppedEarly, best }: Omit<RunRecord<unknown, string>, 'state'>): boolean {
  return stoppedEarly || (step >= totalSteps && best === null);
}

/** The run that `resume` goes on with. */
export function interruptedRun<R extends RunRecord<unknown, string>>(check: OptionCheck, previous: R | null): R {
  if (previous !== null && !isOver(previous)) return previous;
  throw check.error('resume', 'false: this model holds no interrupted run', true);
}

/** A run about to begin. */
export interface TrainingPlan {
  readonly call: string;
  readonly data: readonly LayerInput[];
  readonly validation: readonly LayerInput[];
  readonly sampleWeights: Float64Array | null;
  readonly settings: TrainingSettings;
  /** Learning rate of every update, asked for once the number of updates is known. */
  readonly learningRates: LearningRates;
  readonly previous: TrainingRecord | null;
  readonly resume: boolean;
  /**
   * Whether the rows are the next part of a stream: means and scales of layers with data are
   * running ones over all its parts.
   */
  readonly stream: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called between updates, every so many of them, while nothing else touches the machine. */
  readonly checkpoint: { readonly every: number; save(native: NativeMachine, record: TrainingRecord): Promise<void> } | undefined;
  /**
   * Called between updates, after every so many epochs and after the last, while nothing else
   * touches the machine.
   */
  readonly evaluation: PlannedEvaluation | undefined;
  /** Which state to end with, and when to stop looking for a better one. */
  readonly best: PlannedBest<BestSource> | null;
}

/** How a run evaluates the machine it trains. */
export interface PlannedEvaluation {
  /** Epochs from one to the next. */
  readonly every: number;
  /** Evaluates packed rows; leaves the parameters alone. The signal ends it early. */
  run(native: NativeMachine, rows: NativeLayerRows[], signal: AbortSignal): Promise<Evaluation>;
  /** Called before training begins: throws what `run` would for such rows and options. */
  check(native: NativeMachine, rows: NativeLayerRows[], signal: AbortSignal | undefined): Promise<void>;
}
