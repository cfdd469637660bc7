import { OptionCheck, readOptions } from '../arguments.js';
import { asVector } from '../data/vector.js';
import { readEvaluateOptions } from '../estimators/evaluate-options.js';
import { checkPacked, evaluatePacked } from '../estimators/evaluation.js';
import { readLearningRate } from '../machine/learning-rate.js';
import type { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import { partNames } from '../machine/rates.js';
import { usualAverage, usualChains, usualDecay, usualEpochs, usualRate, usualSchedule } from '../machine/recipe.js';
import type { TrainingPlan, TrainingRecord } from '../machine/training.js';
import { readSettings, resumedSettings, settingNames } from '../machine/training-settings.js';
import { type Inputs, rowCount } from './inputs.js';

const runOptions = ['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'evaluateEvery', 'evaluate', 'onProgress'] as const;
/** Settings that make no sense for one part of a stream. */
const runOnly = ['epochs', 'averageLast', 'shuffle', 'monitorRows', 'monitorBudget'];
/** Ends of the domains of units whose states, and so the steps of their parameters, have no limit. */
const unlimited = 1e30;

/** What the plan of a run has to know of the model that it trains. */
export interface Trainee {
  readonly machine: Machine;
  /** Where its last run stands. */
  readonly previous: TrainingRecord | null;
  /** Neither trained nor set by hand. */
  readonly untouched: boolean;
  /** Writes a checkpoint of the machine in this state of the run. */
  readonly save: (call: string, path: string | URL, native: NativeMachine, record: TrainingRecord) => Promise<void>;
}

/** A run over rows, as a public call asks for it; without options by the recipe of machine/recipe.ts. */
export function fitPlan(
  call: string,
  { machine, previous, untouched, save }: Trainee,
  data: () => Inputs,
  validation: (rows: unknown) => Inputs,
  options: unknown,
): TrainingPlan {
  const given = readOptions(call, options, [...settingNames, ...runOptions]);
  const check = new OptionCheck(call);
  const inputs = data();
  const rows = rowCount(call, inputs);
  const resume = check.flag('resume', given.resume, false);
  machine.assertIdle(call);
  const interrupted = resume ? interruptedRun(check, previous) : null;
  const settings = runSettings(call, machine, given, rows, interrupted);
  const weights = readWeights(check, given.sampleWeights, rows);
  if (interrupted !== null) assertSameWeighting(check, interrupted, weights, given.sampleWeights);
  return {
    call,
    data: inputs,
    validation: given.validation === undefined ? [] : validation(given.validation),
    sampleWeights: weights,
    settings: completed(check, settings, rows, weights, resume || untouched),
    learningRates:
      interrupted === null
        ? readLearningRate(call, given.learningRate, usualSchedule(usualRate(settings.optimiser, isLimited(machine))))
        : () => interrupted.learningRates,
    previous,
    resume,
    stream: false,
    signal: check.signal(given.signal),
    onProgress: check.callback('onProgress', given.onProgress),
    checkpoint: checkpointPlan(check, given.checkpoint, save),
    evaluation: evaluationPlan(check, machine, given.evaluateEvery, given.evaluate),
  };
}

/** One update per minibatch of the inputs, in order. */
export function partialFitPlan(
  call: string,
  { machine, previous, untouched }: Pick<Trainee, 'machine' | 'previous' | 'untouched'>,
  inputs: Inputs,
  options: unknown,
): TrainingPlan {
  const known = settingNames.filter((name) => !runOnly.includes(name));
  const given = readOptions(call, options, [...known, 'sampleWeights', 'signal']);
  const rows = rowCount(call, inputs);
  const chains = previous?.settings.chains ?? usualChains;
  const parts = partNames(machine.spec);
  const defaults = { batchSize: Math.min(100, rows), parts, epochs: 1, l2: 0, averageLast: 0, chains };
  const settings = readSettings(call, { ...given, shuffle: false, monitorRows: 0, monitorBudget: 0 }, defaults);
  const check = new OptionCheck(call);
  const weights = readWeights(check, given.sampleWeights, rows);
  return {
    call,
    data: inputs,
    validation: [],
    sampleWeights: weights,
    settings: completed(check, settings, rows, weights, untouched),
    learningRates: readLearningRate(call, given.learningRate, usualRate(settings.optimiser, isLimited(machine)) / 2),
    previous,
    resume: false,
    stream: true,
    signal: check.signal(given.signal),
    onProgress: undefined,
    checkpoint: undefined,
    evaluation: undefined,
  };
}

function interruptedRun(check: OptionCheck, previous: TrainingRecord | null): TrainingRecord {
  if (previous !== null && previous.step < previous.totalSteps) return previous;
  throw check.error('resume', 'false: this model holds no interrupted run', true);
}

function runSettings(
  call: string,
  machine: Machine,
  given: Record<string, unknown>,
  rows: number,
  interrupted: TrainingRecord | null,
): TrainingPlan['settings'] {
  const parts = partNames(machine.spec);
  if (interrupted !== null) return resumedSettings(call, given, interrupted.settings, parts);
  return readSettings(call, given, { batchSize: Math.min(100, rows), parts, ...recipe(call, machine, rows, given.batchSize) });
}

/** What a run gets where its options say nothing; `batchSize` as given, not yet checked. */
function recipe(call: string, machine: Machine, rows: number, batchSize: unknown): { epochs: number; l2: number; averageLast: number } {
  const batch = typeof batchSize === 'number' && batchSize >= 1 ? batchSize : Math.min(100, rows);
  const tensors = machine.parameters(call).filter(({ name }) => name.endsWith('.weights'));
  const weights = tensors.reduce((sum, tensor) => sum + tensor.rows * tensor.cols, 0);
  return { epochs: usualEpochs(rows, batch), l2: usualDecay(weights, rows, isLimited(machine)), averageLast: usualAverage };
}

/** Whether the states of all units have limits. */
function isLimited(machine: Machine): boolean {
  return machine.spec.layers.every((_, layer) => machine.domain(layer).high <= unlimited);
}

function completed(
  check: OptionCheck,
  settings: TrainingPlan['settings'],
  rows: number,
  weights: Float64Array | null,
  mayInitialise: boolean,
): TrainingPlan['settings'] {
  if (settings.batchSize > rows) throw check.error('batchSize', `at most the number of rows, ${rows}`, settings.batchSize);
  return { ...settings, weighted: weights !== null, initialiseFromData: settings.initialiseFromData && mayInitialise };
}

function checkpointPlan(check: OptionCheck, given: unknown, save: Trainee['save']): TrainingPlan['checkpoint'] {
  if (given === undefined) return undefined;
  const { path, every } = readOptions(check.call, given, ['path', 'every']);
  if (typeof path !== 'string' && !(path instanceof URL)) throw check.error('checkpoint.path', 'a path', path);
  return {
    every: check.integer('checkpoint.every', every, undefined),
    save: (native, record) => save(check.call, path, native, record),
  };
}

function evaluationPlan(check: OptionCheck, machine: Machine, every: unknown, options: unknown): TrainingPlan['evaluation'] {
  if (every === undefined) {
    if (options !== undefined) throw check.error('evaluate', 'left out without `evaluateEvery`', options);
    return undefined;
  }
  const { call } = check;
  const control = readEvaluateOptions(call, options, false);
  if (control.signal !== undefined)
    throw check.error('evaluate.signal', 'left out: the signal of the run ends evaluations too', control.signal);
  return {
    every: check.integer('evaluateEvery', every, undefined),
    check: (native, rows, signal) => checkPacked(machine, native, rows, { ...control, signal }, call),
    run: (native, rows, signal) => evaluatePacked(machine, native, rows, { ...control, signal }, call),
  };
}

function assertSameWeighting(check: OptionCheck, interrupted: TrainingRecord, weights: Float64Array | null, given: unknown): void {
  if (interrupted.settings.weighted === (weights !== null)) return;
  const expected = weights === null ? 'the weights of the interrupted run' : 'left out, as in the interrupted run';
  throw check.error('sampleWeights', expected, given);
}

function readWeights(check: OptionCheck, weights: unknown, rows: number): Float64Array | null {
  if (weights === undefined) return null;
  const values = asVector(weights, rows, { call: check.call, argument: 'sampleWeights', units: 'rows' }, { low: 0 });
  if (values.some((w) => w > 0)) return values;
  throw check.error('sampleWeights', 'weights of which at least one is above 0', 'zeros only');
}
