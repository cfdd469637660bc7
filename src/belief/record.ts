/** What a network keeps of its last run, enough to go on bit for bit. */
import { withoutFunction } from '../training/learning-rate.js';
import { isOver, type RunRecord, type TrainingPlan, type TrainingRecord } from '../training/record.js';
import type { UpDownSettings } from './up-down-options.js';

/** What one level hands to the next. */
export type Activities = 'mean' | 'sample';

/**
 * A run of `pretrain`: one record to a level. Those of levels that have not begun say how they
 * will.
 */
export interface PretrainRecord {
  readonly phase: 'pretrain';
  readonly activities: Activities;
  /** Levels that start from the transposed one below. */
  readonly transposed: readonly boolean[];
  readonly levels: readonly TrainingRecord[];
}

/** What is known of a run of `upDown`; its best state is that with the fewest wrong classes. */
export type UpDownRun = RunRecord<UpDownSettings, 'error'>;

/** A run of `upDown`. */
export interface UpDownRecord {
  readonly phase: 'upDown';
  readonly run: UpDownRun;
}

/** The last run of a network. */
export type BeliefRecord = PretrainRecord | UpDownRecord;

/** The level under way, counted from 0; as many as there are levels once all are over. */
export function levelUnderWay({ levels }: PretrainRecord): number {
  const found = levels.findIndex((level) => !isOver(level));
  return found < 0 ? levels.length : found;
}

/** The record of a planned run before its first update: whoever resumes it begins it. */
export function plannedRecord(plan: TrainingPlan, rows: number): TrainingRecord {
  const { settings, best } = plan;
  const stepsPerEpoch = Math.ceil(rows / settings.batchSize);
  const totalSteps = stepsPerEpoch * settings.epochs;
  const counters = {
    step: 0n,
    totalSteps: BigInt(totalSteps),
    rows: BigInt(rows),
    batchSize: BigInt(settings.batchSize),
    shuffleStep: 0n,
    prepared: 0n,
    updates: 0n,
  };
  return {
    settings,
    learningRates: withoutFunction(plan.learningRates, totalSteps),
    state: { tensors: {}, counters },
    step: 0,
    totalSteps,
    stepsPerEpoch,
    stoppedEarly: false,
    best: best === null ? null : { ...best.rule, value: null, waited: 0, looked: 0, parameters: new Map() },
  };
}

/** What is left of a run once it is over: nothing that only going on would need. */
export function finishedRecord<R extends RunRecord<unknown, string>>(record: R): R {
  return { ...record, state: { tensors: {}, counters: record.state.counters } };
}

/** Where the last run of a network stands. */
export interface BeliefTraining {
  /** Which kind of run it was. */
  readonly phase: 'pretrain' | 'upDown';
  /**
   * Of `pretrain`: the level under way, from 1, or the last one once all are over. Of `upDown`
   * null.
   */
  readonly level: number | null;
  /** The name of the layer that level learns. */
  readonly layer: string | null;
  /** Epochs completed, of that level. */
  readonly epoch: number;
  /** Epochs asked for, of that level. */
  readonly epochs: number;
  /** Updates completed, of that level. */
  readonly update: number;
  /** Updates of the whole run of that level. */
  readonly updates: number;
  /** Whether the run is over; if not, the same call with `resume: true` goes on. */
  readonly complete: boolean;
}

/** What a record says, for users. */
export function trainingInfo(record: BeliefRecord, names: readonly string[]): BeliefTraining {
  if (record.phase === 'upDown') return { phase: 'upDown', level: null, layer: null, ...counted(record.run), complete: isOver(record.run) };
  const under = levelUnderWay(record);
  const l = Math.min(under, record.levels.length - 1);
  const counts = counted(record.levels[l] as TrainingRecord);
  return { phase: 'pretrain', level: l + 1, layer: names[l + 1] as string, ...counts, complete: under === record.levels.length };
}

function counted({
  settings,
  step,
  totalSteps,
  stepsPerEpoch,
}: RunRecord<{ readonly epochs: number }, string>): Pick<BeliefTraining, 'epoch' | 'epochs' | 'update' | 'updates'> {
  return { epoch: Math.floor(step / stepsPerEpoch), epochs: settings.epochs, update: step, updates: totalSteps };
}
