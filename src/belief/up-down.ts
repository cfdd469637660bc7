/**
 * Up–down learning, wake–sleep (Hinton, Osindero & Teh, "A fast learning algorithm for deep belief
 * nets", Neural Computation 18 (2006), section 5 and appendix B): the halves of all levels below the
 * top are untied and learn together with the top machine.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import { translating } from '../machine/job.js';
import type { NativeLayerRows } from '../machine/native.js';
import type { NativeModel } from '../machine/native-model.js';
import type { NativeUpDownReport, NativeUpDownTrainer } from '../machine/native-up-down.js';
import { assertSameRule, BestState, type PlannedBest, planBest, readRule } from '../training/best-state.js';
import { type LearningRates, readLearningRate, withoutFunction } from '../training/learning-rate.js';
import { statesOf, usualBatch, usualSchedule } from '../training/recipe.js';
import { interruptedRun, liveRecord } from '../training/record.js';
import type { Progress } from '../training/reports.js';
import { announcing, type RunControl } from '../training/run.js';
import { assertSameWeighting, readCheckpoint, readWeights } from '../training/run-options.js';
import { runSegments } from '../training/segments.js';
import { classNumbers, classProbabilities, largest } from './classes.js';
import { readData, readValidation } from './pretrain-options.js';
import type { UpDownRecord, UpDownRun } from './record.js';
import { type UpDownReport, upDownReport } from './reports.js';
import { labelsLayer } from './spec.js';
import type { BeliefStack } from './stack.js';
import {
  type GivenUpDown,
  readUpDownSettings,
  resumedUpDown,
  type UpDownSettings,
  upDownForNative,
  upDownNames,
} from './up-down-options.js';

/** What looks at the validation rows are compared by: the share of wrong classes. */
export const upDownMetrics = ['error'] as const;
type Metric = (typeof upDownMetrics)[number];

/** A run about to begin. */
export interface UpDownPlan {
  readonly call: string;
  readonly data: Inputs;
  readonly validation: Inputs;
  readonly evaluateEvery: number;
  readonly sampleWeights: Float64Array | null;
  readonly settings: UpDownSettings;
  readonly learningRates: LearningRates;
  readonly previous: UpDownRun | null;
  readonly resume: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly checkpoint: { readonly every: number; save(native: NativeModel, record: UpDownRun): Promise<void> } | undefined;
  readonly best: PlannedBest<Metric> | null;
  readonly verbose: boolean;
  /** What the run's first report has to say. */
  readonly warnings: readonly string[];
}

/** What the plan has to know of the network. */
export interface UpDownTrainee {
  readonly stack: BeliefStack;
  /** The last run, if it was one of `upDown`. */
  readonly previous: UpDownRun | null;
  /** What to say of levels that nobody trained; null when there are none. */
  readonly warning: string | null;
  readonly save: (call: string, path: string | URL, record: UpDownRecord) => Promise<void>;
}

const runNames = [
  ...(['labels', 'sampleWeights', 'validation', 'evaluateEvery', 'earlyStopping', 'keepBest'] as const),
  ...(['resume', 'signal', 'checkpoint', 'verbose', 'onProgress'] as const),
];
type Given = { readonly [K in (typeof runNames)[number]]?: unknown };

/** A run over rows, as a public call asks for it. */
export function upDownPlan(call: string, { stack, previous, warning, save }: UpDownTrainee, rows: unknown, options: unknown): UpDownPlan {
  const { spec } = stack;
  const given = readOptions(call, options, [...upDownNames, ...runNames]);
  const check = new OptionCheck(call);
  if (stack.levels.length === 1)
    throw new ParameterError(`${call}: a network of one level has no halves to learn: \`pretrain\` is all there is`);
  const data = readData(call, spec, rows, given.labels);
  const n = rowCount(call, data);
  const validation = readValidation(call, spec, given.validation);
  if (validation.length === 1)
    throw check.error('validation', 'left out: this network has no classes that could be told', given.validation);
  const resume = check.flag('resume', given.resume, false);
  const interrupted = resume ? interruptedRun(check, previous) : null;
  const settings = settingsOf(call, given, n, interrupted);
  if (settings.batchSize > n) throw check.error('batchSize', `at most the number of rows, ${n}`, settings.batchSize);
  const sampleWeights = readWeights(check, given.sampleWeights, n);
  if (interrupted !== null) assertSameWeighting(check, interrupted.settings, sampleWeights, given.sampleWeights);
  return {
    ...{ call, data, validation, sampleWeights, previous, resume },
    evaluateEvery: readEvaluateEvery(check, given, validation),
    settings: { ...settings, weighted: sampleWeights !== null },
    learningRates: interrupted?.learningRates ?? readLearningRate(call, given.learningRate, usualSchedule(usualRate(stack, settings))),
    signal: check.signal(given.signal),
    onProgress: check.callback('onProgress', given.onProgress),
    checkpoint: readCheckpoint(
      check,
      given.checkpoint,
      (path) => (_native: NativeModel, run: UpDownRun) => save(call, path, { phase: 'upDown', run }),
    ),
    best: bestPlan(check, given, interrupted),
    verbose: check.flag('verbose', given.verbose, false),
    warnings: warning === null || resume ? [] : [warning],
  };
}

function settingsOf(call: string, given: GivenUpDown, rows: number, interrupted: UpDownRun | null): UpDownSettings {
  if (interrupted !== null) return resumedUpDown(call, given, interrupted.settings);
  return readUpDownSettings(call, given, { epochs: 30, batchSize: usualBatch(rows) });
}

/**
 * Of bits by measurement on 784–500–500–2000: with plain gradients 0.1 does harm for ten epochs and
 * 0.02 does none; with centred ones 0.6 did more than 1 in eight. Of states without limits a tenth of
 * that, as their overshooting steps grow.
 */
function usualRate({ spec: { layers } }: BeliefStack, { centred }: UpDownSettings): number {
  return (statesOf(layers) === 'limited' ? 1 : 0.1) * (centred ? 0.6 : 0.02);
}

function readEvaluateEvery(check: OptionCheck, { evaluateEvery }: Given, validation: Inputs): number {
  if (evaluateEvery !== undefined && validation.length === 0)
    throw check.error('evaluateEvery', 'left out without `validation`', evaluateEvery);
  return check.integer('evaluateEvery', evaluateEvery, 1);
}

function bestPlan(check: OptionCheck, given: Given, interrupted: UpDownRun | null): UpDownPlan['best'] {
  const asked = readRule<Metric, Metric>(check, given, upDownMetrics, (metric) => metric);
  const planned = planBest(check, given, asked, interrupted?.best ?? null);
  if (planned !== null) assertSameRule(check, planned, ({ source }) => source);
  return planned;
}

interface UpDownKinds {
  readonly native: NativeModel;
  readonly told: NativeUpDownReport;
  readonly report: UpDownReport;
  /** The share of validation rows whose class is wrong. */
  readonly evaluation: number;
  readonly record: UpDownRun;
}

/**
 * Trains all machines. Whatever ends the run, the network stands at its last complete update, and
 * `keep` has been given what is needed to go on from there.
 */
export async function upDown(
  stack: BeliefStack,
  plan: UpDownPlan,
  control: RunControl<UpDownReport>,
  keep: (record: UpDownRecord) => void,
): Promise<void> {
  const { call, signal } = plan;
  // Now, so that small inputs are taken before the public call returns, even if it has to wait.
  const packing = Promise.all([stack.pack(plan.data, signal, false), stack.pack(plan.validation, signal, false)]);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  await stack.train(call, true, async (hold) => {
    signal?.throwIfAborted();
    const [data, validation] = await packing;
    stack.untie();
    const { trainer, learningRates } = newTrainer(stack, plan, data);
    const { best: planned } = plan;
    const scale = { evaluation: (error: number) => -error };
    const best = planned === null ? null : new BestState<Metric, UpDownReport, number>(planned.rule, hold.native, planned.before, scale);
    const record = (): UpDownRun => liveRecord({ settings: plan.settings, learningRates }, trainer, best);
    const keepRun = (run: UpDownRun): void => keep({ phase: 'upDown', run });
    try {
      await runSegments<UpDownKinds>({
        ...{ call, machine: stack, hold, trainer, signal, onProgress: plan.onProgress, checkpoint: plan.checkpoint },
        control: announcing(control, plan.warnings),
        evaluation:
          validation.length === 0
            ? undefined
            : { every: plan.evaluateEvery, run: (end) => shareWrong(stack, call, validation, plan.validation, end) },
        ...{ best, report: upDownReport, record, keep: keepRun },
      });
    } finally {
      if (!stack.disposed) keepRun({ ...record() });
    }
  });
}

function newTrainer(
  stack: BeliefStack,
  plan: UpDownPlan,
  [rows, labels]: NativeLayerRows[],
): { trainer: NativeUpDownTrainer; learningRates: LearningRates } {
  const { settings, previous, resume, sampleWeights } = plan;
  const data = (rows as NativeLayerRows).rows;
  const stepsPerEpoch = Math.ceil(data.rows / settings.batchSize);
  const updates = stepsPerEpoch * settings.epochs;
  const learningRates = withoutFunction(plan.learningRates, updates);
  const options = {
    ...upDownForNative(settings, stack.levels.length - 1),
    ...stack.halves,
    data,
    labels: labels === undefined ? null : { layer: labelsLayer, rows: labels.rows },
    sampleWeights,
    learningRates: learningRates.table(updates),
  };
  const top = stack.top.up.native;
  const trainer = translating(plan.call, () => top.upDownTrainer(options, resume ? (previous?.state ?? null) : null, resume));
  return { trainer, learningRates };
}

/** The share of rows whose likeliest class is not theirs. */
async function shareWrong(
  stack: BeliefStack,
  call: string,
  [rows]: NativeLayerRows[],
  [, labels]: Inputs,
  signal: AbortSignal,
): Promise<number> {
  const { values, rows: n, cols } = await classProbabilities(stack, call, (rows as NativeLayerRows).rows, 0, { signal });
  const [told, known] = [largest(values, cols), classNumbers(labels as Inputs[number])];
  return known.reduce((wrong, label, r) => (label === told[r] ? wrong : wrong + 1), 0) / n;
}
