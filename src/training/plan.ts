import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { type EvaluateOptions, readEvaluateOptions } from '../estimators/evaluate-options.js';
import { checkPacked, evaluatePacked } from '../estimators/evaluation.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import type { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import { parameterShapes } from '../machine/parameter-shapes.js';
import { type BestOptions, type BestRule, type EarlyStopping, type LabelMetric, metricOf, readBest, type StoppingMetric } from './best.js';
import { assertSameRule, optionOf, planBest } from './best-state.js';
import { readLearningRate } from './learning-rate.js';
import { type Defaults, type Given, readSettings, resumedSettings, settingNames, type TrainingOptions } from './options.js';
import { partNames } from './rates.js';
import { recipeNames, statesOf, streamRate, usualBatch, usualChains, usualRate, usualSchedule, usualSettings } from './recipe.js';
import { interruptedRun, type TrainingPlan, type TrainingRecord } from './record.js';
import type { Progress } from './reports.js';
import { type AnyRunOptions, assertSameWeighting, readCheckpoint, readWeights } from './run-options.js';

/** What a run does besides learning. `Rows` are rows as the model takes them. */
export interface RunOptions<Rows, Metric extends LabelMetric = StoppingMetric> extends AnyRunOptions {
  /** Rows that are only watched: they turn the metrics into statements about new data. */
  readonly validation?: Rows | undefined;
  /**
   * Evaluates the model after every so many epochs and after the last: the log-likelihood of the validation rows, or without them of the training
   * rows, comes as {@link EpochReport.evaluation}. Training draws the same random numbers with evaluations and without. Rows must be states of the
   * machine (for Bernoulli units zeros and ones).
   */
  readonly evaluateEvery?: number | undefined;
  /** How: as for `evaluate`. */
  readonly evaluate?: Omit<EvaluateOptions, 'signal' | 'onProgress'> | undefined;
  /**
   * Ends the run when the metric of the validation rows has not improved for a while, and goes back to the best parameters. A run that was stopped
   * stays where it is and remembers its best report, also in a file: when it is resumed, with the same `validation`, it ends as if it had not been
   * stopped. What is left out then is taken from the interrupted run; `keepBest: false` gives the search up.
   */
  readonly earlyStopping?: EarlyStopping<Metric> | undefined;
  /** Lets the run go on to its end, and the model end with the parameters of the best report. For stopped runs as with `earlyStopping`. */
  readonly keepBest?: boolean | BestOptions<Metric> | undefined;
}

/** How to train. Everything has a default; `Part` are the names of layers and couplings. */
export type FitOptions<
  Rows = RowsInput,
  Part extends string = string,
  Metric extends LabelMetric = StoppingMetric,
> = TrainingOptions<Part> & RunOptions<Rows, Metric>;

/**
 * How to train on the next part of a stream. As for `fit`, but without its recipe: the learning rate is constant, 0.05 (0.0025 in machines with
 * `gaussian`, `relu` or `doubleRelu` units, 0.0005 with 'adam'), `l2` 0, and `chains` those of the last call, at first 100. Parts may be as small
 * as one row: the means of the centred gradient and the scales of `standardised` are those of all rows so far (at most 10,000 of them weigh
 * against a new one, so that a stream may drift), `fit`'s included. Start values of biases and variances are those of the first part, which should
 * therefore have more than one row where units are `gaussian`, `relu` or `doubleRelu`. Weights of rows are relative to the mean weight of their
 * part.
 */
export type PartialFitOptions<Part extends string = string> = Omit<TrainingOptions<Part>, (typeof runOnly)[number]> &
  Pick<RunOptions<never>, 'sampleWeights' | 'signal'>;

const runOptions = [
  ...['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'evaluateEvery', 'evaluate'],
  ...['earlyStopping', 'keepBest', 'verbose', 'onProgress'],
] as readonly (keyof RunOptions<unknown>)[];
/** Settings that make no sense for one part of a stream. */
const runOnly = ['epochs', 'recipe', 'averageLast', 'shuffle', 'monitorRows', 'monitorBudget'] as const;

/** What the plan of a run has to know of the model that it trains. */
export interface Trainee {
  readonly machine: Machine;
  /** Where its last run stands. */
  readonly previous: TrainingRecord | null;
  /** Neither trained nor set by hand. */
  readonly untouched: boolean;
  /** What stands for options that are left out, before those of the recipe. */
  readonly usual?: Given;
  /** What is so in every run; `rates` beside those of the caller. */
  readonly fixed?: Given;
  /** Writes a checkpoint of the machine in this state of the run. */
  readonly save: (call: string, path: string | URL, native: NativeMachine, record: TrainingRecord) => Promise<void>;
}

/** The names of the settings of a machine's runs. */
function settingsOf({ spec }: Machine): (typeof settingNames)[number][] {
  return settingNames.filter((name) => name !== 'objective' || spec.labels !== undefined);
}

/** A run over rows, as a public call asks for it; without options by the recipe of training/recipe.ts. */
export function fitPlan(
  call: string,
  { save, ...trainee }: Trainee,
  data: () => Inputs,
  validation: (rows: unknown) => Inputs,
  options: unknown,
): { readonly plan: TrainingPlan; readonly verbose: boolean } {
  const { machine, previous, untouched } = trainee;
  const given = readOptions(call, options, [...settingsOf(machine), ...runOptions]);
  const check = new OptionCheck(call);
  const inputs = data();
  const rows = rowCount(call, inputs);
  const resume = check.flag('resume', given.resume, false);
  const interrupted = resume ? interruptedRun(check, previous) : null;
  const asked = ofModel(call, given, trainee, interrupted !== null);
  const settings = runSettings(call, machine, asked, inputs, interrupted);
  const weights = readWeights(check, given.sampleWeights, rows);
  checkGiven(check, settings.given, machine, inputs);
  if (interrupted !== null) assertSameWeighting(check, interrupted.settings, weights, given.sampleWeights);
  const plan = {
    call,
    data: inputs,
    validation: given.validation === undefined ? [] : validation(given.validation),
    sampleWeights: weights,
    settings: completed(check, settings, rows, weights, resume || untouched),
    learningRates:
      interrupted === null
        ? readLearningRate(call, asked.learningRate, usualSchedule(usualRate(settings.optimiser.name, statesOf(machine.spec.layers))))
        : interrupted.learningRates,
    previous,
    resume,
    stream: false,
    signal: check.signal(given.signal),
    onProgress: check.callback<(progress: Progress) => void>('onProgress', given.onProgress),
    checkpoint: readCheckpoint(
      check,
      given.checkpoint,
      (path) => (native: NativeMachine, record: TrainingRecord) => save(call, path, native, record),
    ),
    evaluation: evaluationPlan(check, machine, given.evaluateEvery, given.evaluate),
    best: bestPlan(check, given, settings, interrupted),
  };
  return { plan, verbose: check.flag('verbose', given.verbose, false) };
}

/** The caller's options with those of the model: what is usual in place of what is left out, and what is so in every run. */
function ofModel(
  call: string,
  given: Record<string, unknown>,
  { usual = {}, fixed: { rates: fixedRates, ...fixed } = {} }: Pick<Trainee, 'usual' | 'fixed'>,
  resumed = false,
): Record<string, unknown> {
  // What a resumed run is not told comes from the interrupted one.
  const left = resumed ? [] : Object.entries(usual).filter(([name]) => given[name] === undefined);
  const asked = { ...given, ...Object.fromEntries(left), ...fixed };
  const rates = given.rates === undefined && !resumed ? {} : given.rates;
  const isList = readFrom(call, 'rates', () => Array.isArray(rates));
  if (fixedRates === undefined || typeof rates !== 'object' || rates === null || isList) return asked;
  return { ...asked, rates: { ...rates, ...fixedRates } };
}

/** Conditions are layers with rows, and leave some to learn. */
function checkGiven(check: OptionCheck, given: readonly string[], machine: Machine, inputs: Inputs): void {
  const known = inputs.map(({ layer }) => machine.spec.layers[layer]?.name ?? '');
  const stray = given.find((name) => !known.includes(name));
  if (stray !== undefined) throw check.error('given', `layers with rows (${known.map((name) => `'${name}'`).join(', ')})`, stray);
  if (known.every((name) => given.includes(name))) throw check.error('given', 'such that a layer with rows is left to learn', given);
}

function bestPlan(
  check: OptionCheck,
  given: { readonly [K in keyof RunOptions<unknown>]?: unknown },
  { algorithm, monitorRows, objective }: TrainingPlan['settings'],
  interrupted: TrainingRecord | null,
): TrainingPlan['best'] {
  const planned = planBest(
    check,
    given,
    readBest(check, given, given.evaluateEvery !== undefined, objective !== undefined),
    interrupted?.best ?? null,
  );
  if (planned === null) return null;
  const { rule, before } = planned;
  const name = optionOf(rule);
  const tempered = algorithm.name === 'ptt' && algorithm.chains >= fewestForLikelihood && monitorRows > 0;
  const metric = metricOf(rule);
  if (metric === 'logLikelihood' && given.evaluateEvery === undefined && !tempered) {
    const ways = `\`evaluateEvery\`, or algorithm 'ptt' with at least ${fewestForLikelihood} chains and \`monitorRows\` above 0`;
    throw check.error(`${name}.metric`, `one that the reports of this run have: log-likelihoods need ${ways}`, metric);
  }
  if (metric !== 'logLikelihood' && monitorRows === 0) {
    throw check.error(`${name}.metric`, 'one that the reports of this run have: with `monitorRows` 0 they have none', metric);
  }
  if (interrupted !== null && before !== null) {
    assertSameRule(check, planned, metricOf);
    assertComparable(check, before, interrupted.settings.monitorRows, monitorRows, given.evaluateEvery);
  }
  return planned;
}

/** What a resumed run finds must be comparable with what it found before. */
function assertComparable(check: OptionCheck, before: BestRule, rowsBefore: number, rows: number, evaluateEvery: unknown): void {
  if (metricOf(before) === 'logLikelihood' && (before.source === 'evaluation') !== (evaluateEvery !== undefined)) {
    const expected = before.source === 'evaluation' ? 'given, as in' : 'left out, as in';
    throw check.error('evaluateEvery', `${expected} the interrupted run, which compares log-likelihoods`, evaluateEvery);
  }
  // Labels are told of all validation rows.
  if (['evaluation', 'error', 'loss'].includes(before.source) || rows === rowsBefore) return;
  throw check.error('monitorRows', `${rowsBefore}, as in the interrupted run, which has \`${optionOf(before)}\``, rows);
}

/** Chains from which 'ptt' reports a log-likelihood. */
const fewestForLikelihood = 16;

/** One update per minibatch of the inputs, in order. */
export function partialFitPlan(call: string, trainee: Omit<Trainee, 'save'>, inputs: Inputs, options: unknown): TrainingPlan {
  const { machine, previous, untouched } = trainee;
  const known = settingsOf(machine).filter((name) => !(runOnly as readonly string[]).includes(name));
  const given = readOptions(call, options, [...known, 'sampleWeights', 'signal']);
  const asked = ofModel(call, given, trainee);
  const rows = rowCount(call, inputs);
  const { chains = usualChains } = (previous?.settings.algorithm ?? {}) as { chains?: number };
  const parts = partNames(machine.spec);
  const defaults = {
    batchSize: usualBatch(rows),
    parts,
    epochs: 1,
    l2: 0,
    averageLast: 0,
    chains,
    labelled: machine.spec.labels !== undefined,
  };
  const settings = readSettings(call, { ...asked, shuffle: false, monitorRows: 0, monitorBudget: 0 }, defaults);
  const check = new OptionCheck(call);
  checkGiven(check, settings.given, machine, inputs);
  const weights = readWeights(check, given.sampleWeights, rows);
  return {
    call,
    data: inputs,
    validation: [],
    sampleWeights: weights,
    settings: completed(check, settings, rows, weights, untouched),
    learningRates: readLearningRate(call, asked.learningRate, streamRate(settings.optimiser.name, statesOf(machine.spec.layers))),
    previous,
    resume: false,
    stream: true,
    signal: check.signal(given.signal),
    onProgress: undefined,
    checkpoint: undefined,
    evaluation: undefined,
    best: null,
  };
}

function runSettings(
  call: string,
  machine: Machine,
  given: Record<string, unknown>,
  inputs: Inputs,
  interrupted: TrainingRecord | null,
): TrainingPlan['settings'] {
  const parts = partNames(machine.spec);
  if (interrupted !== null) return resumedSettings(call, given, interrupted.settings, parts);
  const defaults = { batchSize: usualBatch(rowCount(call, inputs)), parts, labelled: machine.spec.labels !== undefined };
  return readSettings(call, given, { ...defaults, ...recipe(call, machine, inputs, given) });
}

/** What a run gets where its options say nothing; `batchSize` as given, not yet checked. */
function recipe(
  call: string,
  machine: Machine,
  inputs: Inputs,
  { batchSize, recipe: asked }: Record<string, unknown>,
): Pick<Defaults, 'epochs' | 'l2' | 'averageLast' | 'retries'> {
  const name = new OptionCheck(call).oneOf('recipe', asked, 'usual', recipeNames);
  const rows = rowCount(call, inputs);
  const batch = typeof batchSize === 'number' && batchSize >= 1 ? batchSize : usualBatch(rows);
  const tensors = parameterShapes(machine.spec).filter((tensor) => tensor.name.endsWith('.weights'));
  const weights = tensors.reduce((sum, { shape: [height, width] }) => sum + height * width, 0);
  const columns = inputs.reduce((sum, { host }) => sum + host.cols, 0);
  return usualSettings(name, batch, { states: statesOf(machine.spec.layers), rows, columns, weights });
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

function evaluationPlan(check: OptionCheck, machine: Machine, every: unknown, options: unknown): TrainingPlan['evaluation'] {
  if (every === undefined) {
    if (options !== undefined) throw check.error('evaluate', 'left out without `evaluateEvery`', options);
    return undefined;
  }
  const { call } = check;
  const control = readEvaluateOptions(call, options, false);
  for (const name of ['signal', 'onProgress'] as const) {
    const given = control.patience[name];
    if (given !== undefined) throw check.error(`evaluate.${name}`, 'left out: that of the run goes for evaluations too', given);
  }
  return {
    every: check.integer('evaluateEvery', every, undefined),
    check: (native, rows, signal) => checkPacked(machine, native, rows, { ...control, patience: { signal } }, call),
    run: (native, rows, signal) => evaluatePacked(machine, native, rows, { ...control, patience: { signal } }, call),
  };
}
