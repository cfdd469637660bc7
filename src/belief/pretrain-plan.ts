import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import type { NativeMachine } from '../machine/native.js';
import { fitPlan } from '../training/plan.js';
import { isOver, type TrainingPlan, type TrainingRecord } from '../training/record.js';
import type { Progress } from '../training/reports.js';
import type { LayerSpec } from '../wiring/spec.js';
import { classNumbers } from './classes.js';
import { rowsToCome } from './inputs.js';
import { type PretrainGiven, readPretrain } from './pretrain-options.js';
import { type Activities, levelUnderWay, type PretrainRecord, plannedRecord } from './record.js';
import type { PretrainProgress } from './reports.js';
import { type BeliefSpec, labelsLayer } from './spec.js';
import type { BeliefStack, Level } from './stack.js';

/** A run of `pretrain` about to begin. */
export interface PretrainPlan {
  readonly call: string;
  /** Rows and labels. */
  readonly data: Inputs;
  readonly validation: Inputs;
  readonly keepActivities: boolean;
  /** Where the run stands; its levels that are not over have a plan. */
  readonly record: PretrainRecord;
  readonly levels: readonly (TrainingPlan | null)[];
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: PretrainProgress) => void) | undefined;
  readonly verbose: boolean;
  /** What the run's first report has to say. */
  readonly warnings: readonly string[];
}

/** What the plan has to know of the network. */
export interface Pretrainee {
  readonly stack: BeliefStack;
  /** The last run, if it was one of `pretrain`. */
  readonly previous: PretrainRecord | null;
  /** Levels that were neither trained nor set by hand. */
  readonly untouched: readonly boolean[];
  /** Writes a checkpoint of the network with this state of a level. */
  readonly save: (call: string, path: string | URL, level: number, record: TrainingRecord) => Promise<void>;
}

/**
 * A greedy run over rows, as a public call asks for it: the options of every level are checked
 * before the first begins.
 */
export function pretrainPlan(call: string, network: Pretrainee, rows: unknown, options: unknown): PretrainPlan {
  const { spec, levels } = network.stack;
  const given = readPretrain(call, spec, rows, options);
  const check = new OptionCheck(call);
  const interrupted = given.resume ? interruptedRun(check, network.previous) : null;
  const n = rowCount(call, given.data);
  const shared = sharedSettings(check, spec, given, interrupted, network.untouched);
  const plans = levels.map((level, l) => {
    const previous = interrupted?.levels[l] ?? null;
    return previous !== null && isOver(previous) ? null : levelPlan(call, network, given, level, previous, shared.transposed[l] === true);
  });
  const records = plans.map((plan, l) => interrupted?.levels[l] ?? plannedRecord(plan as TrainingPlan, n));
  return {
    call,
    data: given.data,
    validation: given.validation,
    keepActivities: given.keepActivities,
    record: { phase: 'pretrain', ...shared, levels: records },
    // Whether it is new or goes on: a level begins by resuming its record.
    levels: plans.map((plan, l) => plan && { ...plan, previous: records[l] as TrainingRecord, resume: true }),
    signal: check.signal(given.run.signal),
    onProgress: check.callback('onProgress', given.run.onProgress),
    verbose: given.verbose,
    warnings: classWarnings(spec, given.data),
  };
}

function interruptedRun(check: OptionCheck, previous: PretrainRecord | null): PretrainRecord {
  if (previous !== null && levelUnderWay(previous) < previous.levels.length) return previous;
  throw check.error('resume', 'false: this network holds no interrupted run of `pretrain`', true);
}

/** What levels share: as given, or as in the interrupted run, which it must not contradict. */
function sharedSettings(
  check: OptionCheck,
  spec: BeliefSpec,
  { activities, keepActivities, transposed }: PretrainGiven,
  interrupted: PretrainRecord | null,
  untouched: readonly boolean[],
): Pick<PretrainRecord, 'activities' | 'transposed'> {
  const drawn = check.oneOf<Activities>('activities', activities, interrupted?.activities ?? 'mean', ['mean', 'sample']);
  if (keepActivities && drawn === 'sample') {
    throw check.error('keepActivities', "false with `activities: 'sample'`: draws that are kept would be the same in every epoch", true);
  }
  const upsideDown = check.flag('transposed', transposed, true);
  if (interrupted === null) {
    return { activities: drawn, transposed: untouched.map((isNew, l) => upsideDown && isNew && fitsTransposed(spec, l)) };
  }
  if (drawn !== interrupted.activities) {
    throw new ParameterError(
      `${check.call}: cannot resume with another \`activities\`: the interrupted run has '${interrupted.activities}', got '${drawn}'`,
    );
  }
  return interrupted;
}

/**
 * Whether a level, counted from 0, joins layers like those of the level below, the other way round;
 * its upper layer may have more units. Labels start as usual.
 */
function fitsTransposed({ layers }: BeliefSpec, l: number): boolean {
  if (l === 0) return false;
  const [below, above] = [layers[l - 1], layers[l + 1]] as [LayerSpec, LayerSpec];
  return below.type === above.type && below.units <= above.units && below.size === above.size;
}

function levelPlan(
  call: string,
  { stack, untouched, save }: Pretrainee,
  given: PretrainGiven,
  { number, up }: Level,
  previous: TrainingRecord | null,
  transposed: boolean,
): TrainingPlan {
  const l = number - 1;
  const levelInputs = (inputs: Inputs): Inputs => inputsOf(stack, inputs, l);
  const { plan } = fitPlan(
    call,
    {
      machine: up,
      previous,
      untouched: untouched[l] === true && !transposed,
      save: (name, path, _native: NativeMachine, record) => save(name, path, l, record),
    },
    () => levelInputs(given.data),
    () => levelInputs(given.validation),
    { ...given.levels[l], ...given.run, resume: previous !== null, onProgress: undefined },
  );
  return plan;
}

/**
 * The inputs of a level's machine, by its numbers of layers. Those that levels below compute are
 * still to come.
 */
function inputsOf({ spec, levels }: BeliefStack, inputs: Inputs, l: number): Inputs {
  const [rows, labels] = inputs as [Inputs[number], Inputs[number] | undefined];
  const host = l === 0 ? rows.host : rowsToCome(rows.host.rows, (spec.layers[l] as LayerSpec).units);
  const lower = { ...rows, layer: 0, host };
  return labels === undefined || l < levels.length - 1 ? [lower] : [lower, { ...labels, layer: labelsLayer }];
}

/** Who learns one class alone cannot tell it from others. */
function classWarnings(spec: BeliefSpec, [, labels]: Inputs): string[] {
  if (labels === undefined) return [];
  const seen = new Set(classNumbers(labels));
  seen.delete(-1);
  if (seen.size > 1) return [];
  const found = seen.size === 0 ? 'no row has a label' : `all labels are of class ${[...seen][0]}`;
  return [`${found}, of ${spec.labels} classes: this network will not tell classes apart`];
}

/** The progress of a whole run, from that of the level under way. */
export function wholeProgress(plan: PretrainPlan, stack: BeliefStack, began: number): (l: number, progress: Progress) => PretrainProgress {
  const { levels } = plan.record;
  const epochs = levels.map(({ settings }) => settings.epochs);
  const costs = levels.map(({ settings, totalSteps }, l) => totalSteps * settings.batchSize * costOf(stack, l));
  const total = sum(costs);
  const done = (l: number, fraction: number): number => (sum(costs.slice(0, l)) + fraction * (costs[l] as number)) / total;
  const first = levelUnderWay(plan.record);
  const start = done(first, (levels[first]?.step ?? 0) / (levels[first]?.totalSteps ?? 1));
  return (l, progress) => {
    const fraction = done(l, progress.fraction);
    const gone = fraction - start;
    return {
      update: sum(levels.slice(0, l).map(({ totalSteps }) => totalSteps)) + progress.update,
      updates: sum(levels.map(({ totalSteps }) => totalSteps)),
      epoch: sum(epochs.slice(0, l)) + progress.epoch,
      epochs: sum(epochs),
      fraction,
      secondsLeft: gone > 0 ? ((performance.now() - began) / 1000) * ((1 - fraction) / gone) : null,
      ...levelName(stack, l),
    };
  };
}

/** What a report and progress call a level. */
export function levelName({ spec }: BeliefStack, l: number): { readonly level: number; readonly layer: string } {
  return { level: l + 1, layer: (spec.layers[l + 1] as LayerSpec).name };
}

/**
 * The work of one row: an update of a level takes about six products of its size, each level below
 * one.
 */
function costOf({ spec: { layers } }: BeliefStack, l: number): number {
  const size = (k: number): number => (layers[k] as LayerSpec).units * (layers[k + 1] as LayerSpec).units;
  return 6 * size(l) + sum(Array.from({ length: l }, (_, k) => size(k)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
