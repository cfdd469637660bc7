/**
 * The training state of a checkpoint: how far a run has come, with which settings, and all that it
 * needs to go on bit for bit.
 */
import { OptionCheck } from '../arguments.js';
import type { Tensor } from '../io/safetensors.js';
import type { TensorStock } from '../io/tensor-stock.js';
import type { Machine } from '../machine/machine.js';
import type { NativeTrainerState } from '../machine/native.js';
import { bestSources } from '../training/best.js';
import type { RecordOf } from '../training/best-state.js';
import { fixedRates, type LearningRates, scheduledRates } from '../training/learning-rate.js';
import { noDefaults, readSettings, settingNames } from '../training/options.js';
import { partNames } from '../training/rates.js';
import type { RunRecord, TrainingRecord } from '../training/record.js';
import { isObject, lastStep, parseObject, smallCounts, tensorOf } from './file-values.js';
import { takeTrainingTensors } from './training-tensors.js';
import { areFinite, betas as nonNegative, parameterValues } from './value-checks.js';

const prefix = 'training/';
const bestPrefix = `${prefix}best/`;
const learningRatesName = 'training-plan/learningRates';

/**
 * Adds a training state to what a file holds; a learning rate that follows a schedule takes no
 * table. A run that diverged may have chains that are not finite: they are left out, and with them
 * the way to go on.
 */
export function addTraining(record: RunRecord<object, string>, tensors: Map<string, Tensor>, metadata: Record<string, string>): void {
  const { settings, learningRates, state, step, totalSteps, stepsPerEpoch, stoppedEarly, best } = record;
  const finite = Object.entries(state.tensors).filter(([, { values }]) => areFinite(values));
  for (const [name, { rows, cols, values }] of finite) tensors.set(prefix + name, tensorOf([rows, cols], values));
  for (const [name, { shape, values }] of best?.parameters ?? []) tensors.set(bestPrefix + name, tensorOf(shape, values));
  // In one order, so that a run which only passed through memory is the same file.
  const named = Object.entries(state.counters).map(([name, value]) => [name, String(value)] as const);
  const counters = Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  const learningRate = learningRates.schedule;
  if (learningRate === null) {
    const data = learningRates.table(totalSteps);
    tensors.set(learningRatesName, { dtype: 'F64', shape: [data.length], data });
  }
  const incomplete = finite.length < Object.keys(state.tensors).length;
  const more = {
    ...(learningRate === null ? {} : { learningRate }),
    ...(incomplete ? { incomplete } : {}),
    ...(stoppedEarly ? { stoppedEarly } : {}),
    ...(best === null ? {} : { best: bestToSave(best) }),
  };
  metadata.training = JSON.stringify({ settings, counters, step, totalSteps, stepsPerEpoch, ...more });
}

/** What the training state of a kind of model may be. */
export interface SavedRuns<S extends RunSettings, B extends string> {
  /** Checks settings as a caller's options are, all of which must be there; throws what is wrong with them. */
  settings(given: Readonly<Record<string, unknown>>): S;
  /** Their names, of the run's `weighted` apart. */
  readonly settingNames: readonly string[];
  /** What best states are compared by. */
  readonly bestSources: readonly B[];
  /** Names and shapes of the parameters of the model. */
  parameters(): readonly { readonly name: string; readonly rows: number; readonly cols: number }[];
  /** Takes the tensors of a run out of the file. */
  tensors(run: {
    readonly prefix: string;
    readonly settings: S;
    readonly begun: boolean;
    readonly complete: boolean;
  }): NativeTrainerState['tensors'];
}

/** What is needed of the settings of any run. */
interface RunSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly weighted: boolean;
  readonly onDivergence: object | null;
}

/**
 * Takes the training state of this machine out of a checkpoint, after comparing all of it with what
 * such a run needs.
 *
 * @param text - What the file's metadata say of it; without it there is none.
 */
export function takeTraining(call: string, stock: TensorStock, text: string | undefined, machine: Machine): TrainingRecord | null {
  const parts = partNames(machine.spec);
  const required = { ...noDefaults, parts, labelled: machine.spec.labels !== undefined };
  return takeRun(call, stock, text, {
    settings: (given) => readSettings(call, given, required),
    settingNames,
    bestSources,
    parameters: () => machine.parameters('load'),
    tensors: (run) => takeTrainingTensors({ stock, machine, ...run }),
  });
}

/** As {@link takeTraining}, of any kind of model. */
export function takeRun<S extends RunSettings, B extends string>(
  call: string,
  stock: TensorStock,
  text: string | undefined,
  kind: SavedRuns<S, B>,
): RunRecord<S, B> | null {
  if (text === undefined) return null;
  const said = parseObject(stock, text);
  const settings = savedSettings(call, stock, said.settings, kind);
  const counters = savedCounters(stock, said.counters, settings);
  const [step, totalSteps] = [Number(counters.step), Number(counters.totalSteps)];
  const stepsPerEpoch = totalSteps / settings.epochs;
  if (said.step !== step || said.totalSteps !== totalSteps || said.stepsPerEpoch !== stepsPerEpoch) {
    stock.fail('has a damaged training state: its numbers of updates contradict each other');
  }
  const learningRates = savedRates(call, stock, said.learningRate);
  const begun = counters.prepared === 1n;
  const tensors = kind.tensors({ prefix, settings, begun, complete: begun && said.incomplete !== true });
  const stoppedEarly = said.stoppedEarly === true;
  const best = savedBest(stock, said.best, kind, { step, stepsPerEpoch, stoppedEarly });
  return { settings, learningRates, state: { tensors, counters }, step, totalSteps, stepsPerEpoch, stoppedEarly, best };
}

/** JSON has no Infinity: patience without end is null. */
function bestToSave({ parameters: _, patience, ...same }: RecordOf<string>): object {
  return { ...same, patience: patience === Infinity ? null : patience };
}

type Progress = Pick<TrainingRecord, 'step' | 'stepsPerEpoch' | 'stoppedEarly'>;

function savedBest<B extends string>(
  stock: TensorStock,
  said: unknown,
  { bestSources, parameters: shapes }: Pick<SavedRuns<never, B>, 'bestSources' | 'parameters'>,
  { step, stepsPerEpoch, stoppedEarly }: Progress,
): RecordOf<B> | null {
  if (said === undefined) return null;
  if (!isObject(said)) return stock.fail('has a damaged best state');
  const { source, restore, value, waited, looked } = said as Partial<Record<string, unknown>> as Partial<RecordOf<B>>;
  const patience = said.patience === null ? Infinity : said.patience;
  const isCount = (given: unknown, most: number): given is number =>
    Number.isSafeInteger(given) && (given as number) >= 0 && (given as number) <= most;
  if (
    stoppedEarly ||
    !bestSources.includes(source as B) ||
    !(patience === Infinity || (isCount(patience, Number.MAX_SAFE_INTEGER) && patience > 0)) ||
    typeof restore !== 'boolean' ||
    !(value === null || Number.isFinite(value)) ||
    !isCount(waited, patience) ||
    !isCount(looked, step) ||
    looked % stepsPerEpoch !== 0 ||
    (looked === 0 && (value !== null || waited > 0))
  )
    return stock.fail('has a damaged best state: its numbers contradict each other or those of the run');
  const kept = restore && value !== null ? shapes() : [];
  const parameters = kept.map(({ name, rows, cols }) => {
    const shape = [rows, cols] as const;
    return [name, { shape, values: stock.take(bestPrefix + name, { types: ['F32', 'F64'], shape, check: parameterValues }) }] as const;
  });
  return {
    source: source as B,
    patience,
    restore,
    value: value as number | null,
    waited,
    looked,
    parameters: new Map(parameters),
  };
}

/** Settings are checked as a caller's options are. */
function savedSettings<S extends RunSettings>(
  call: string,
  stock: TensorStock,
  said: unknown,
  kind: Pick<SavedRuns<S, never>, 'settings' | 'settingNames'>,
): S {
  if (!isObject(said)) return stock.fail('has a damaged training state: it has no settings');
  const { weighted, ...given } = said;
  try {
    const unknown = Object.keys(given).find((name) => !kind.settingNames.includes(name));
    if (unknown !== undefined) return stock.fail(`has an unknown setting ${JSON.stringify(unknown.slice(0, 80))}`);
    return { ...kind.settings(given), weighted: new OptionCheck(call).flag('weighted', weighted, false) };
  } catch (error) {
    return stock.fail('has damaged settings of its training', error);
  }
}

/** Random steps and updates are counted in 48 bits. */
function savedCounters(stock: TensorStock, said: unknown, settings: RunSettings): Record<string, bigint> {
  if (!isObject(said)) return stock.fail('has a damaged training state: it has no counters');
  const kept = settings.onDivergence === null ? [] : ['goodStep', 'goodUpdates', 'newestStep', 'newestUpdates'];
  const begun = said.prepared === '1';
  const names = ['step', 'totalSteps', 'rows', 'batchSize', 'shuffleStep', 'prepared', 'updates', ...(begun ? kept : [])];
  const counters = smallCounts(stock, said, names, ['rollbacks']);
  const { step, totalSteps, rows, batchSize, prepared } = counters as Record<
    'step' | 'totalSteps' | 'rows' | 'batchSize' | 'prepared',
    bigint
  >;
  const epochs = BigInt(settings.epochs);
  const right =
    prepared <= 1n &&
    (counters.shuffleStep as bigint) <= lastStep &&
    step <= totalSteps &&
    batchSize === BigInt(settings.batchSize) &&
    rows >= batchSize &&
    totalSteps === ((rows + batchSize - 1n) / batchSize) * epochs &&
    (begun || step === 0n) &&
    (counters.rollbacks ?? 0n) <= 1001n &&
    (counters.goodStep ?? 0n) <= step &&
    (counters.newestStep ?? 0n) <= step;
  return right ? counters : stock.fail('has a damaged training state: its counters contradict each other');
}

function savedRates(call: string, stock: TensorStock, schedule: unknown): LearningRates {
  if (schedule === undefined) return fixedRates(stock.take(learningRatesName, { types: ['F64'], shape: [null], check: atLeastOne }));
  try {
    return scheduledRates(call, schedule);
  } catch (error) {
    return stock.fail('has a damaged learning rate', error);
  }
}

const atLeastOne: typeof nonNegative = (values, cols) => (values.length === 0 ? 'of at least one rate' : nonNegative(values, cols));
