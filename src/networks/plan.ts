/** What a run of a network is asked to do. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { LayerInput } from '../machine/host.js';
import { rowCount } from '../machine/inputs.js';
import type { NativeNetwork } from '../machine/native-network.js';
import { assertSameRule, type PlannedBest, planBest, readRule } from '../training/best-state.js';
import { fixedRates, type LearningRates, readLearningRate } from '../training/learning-rate.js';
import { usualSchedule } from '../training/recipe.js';
import { interruptedRun, type RunRecord } from '../training/record.js';
import type { Progress } from '../training/reports.js';
import { type AnyRunOptions, assertSameWeighting, readCheckpoint, readWeights } from '../training/run-options.js';
import { type NetworkBestOptions, type NetworkEarlyStopping, type NetworkMetric, networkMetrics } from './best.js';
import type { BuiltSpec } from './layers.js';
import {
  type Given,
  type NetworkSettings,
  type NetworkTrainingOptions,
  readSettings,
  resumedSettings,
  settingNames,
  usualRates,
} from './options.js';

/**
 * What a run does besides learning. `Validation` are rows, and what they should give, as the
 * network takes them.
 */
export interface NetworkRunOptions<Validation> extends AnyRunOptions {
  /** Rows that are only watched: their loss and error come with each report. */
  readonly validation?: Validation | undefined;
  /**
   * Ends the run when the metric of the validation rows has not improved for a while, and goes back
   * to the best parameters. A run that was stopped stays where it is and remembers its best epoch,
   * also in a file: when it is resumed, with the same `validation`, it ends as if it had not been
   * stopped. What is left out then is taken from the interrupted run; `keepBest: false` gives the
   * search up.
   */
  readonly earlyStopping?: NetworkEarlyStopping | undefined;
  /**
   * Lets the run go on to its end, and the network end with the parameters of the best epoch. For
   * stopped runs as with `earlyStopping`.
   */
  readonly keepBest?: boolean | NetworkBestOptions | undefined;
}

/** How to train a network. Everything has a default. */
export type NetworkFitOptions<Validation> = NetworkTrainingOptions & NetworkRunOptions<Validation>;

const runNames = [
  ...(['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint'] as const),
  ...(['earlyStopping', 'keepBest', 'verbose', 'onProgress'] as const),
];

/** What a network keeps of its last run. */
export type NetworkRecord = RunRecord<NetworkSettings, NetworkMetric>;

/** Rows and what they should give; null: themselves. */
export interface Pairs {
  readonly rows: LayerInput;
  readonly targets: LayerInput | null;
}

/** A run about to begin. */
export interface NetworkPlan {
  readonly call: string;
  readonly data: Pairs;
  readonly validation: Pairs | null;
  readonly sampleWeights: Float64Array | null;
  readonly settings: NetworkSettings;
  readonly learningRates: LearningRates;
  readonly previous: NetworkRecord | null;
  readonly resume: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly checkpoint: { readonly every: number; save(native: NativeNetwork, record: NetworkRecord): Promise<void> } | undefined;
  readonly best: PlannedBest<NetworkMetric> | null;
}

/** The plan of a run, and whether it shows how it comes on. */
export interface PlannedRun {
  readonly plan: NetworkPlan;
  readonly verbose: boolean;
}

/** What the plan of a run has to know of the network that it trains. */
export interface NetworkTrainee {
  readonly spec: BuiltSpec;
  /** Where its last run stands. */
  readonly previous: NetworkRecord | null;
  /** What reports are compared by unless an option says otherwise. */
  readonly usualMetric: NetworkMetric;
  /** Writes a checkpoint of the network in this state of the run. */
  readonly save: (call: string, path: string | URL, native: NativeNetwork, record: NetworkRecord) => Promise<void>;
}

/** A run over rows, as a public call asks for it. */
export function networkPlan(
  call: string,
  { spec, previous, usualMetric, save }: NetworkTrainee,
  describe: { readonly data: () => Pairs; readonly validation: (given: unknown) => Pairs },
  options: unknown,
): PlannedRun {
  const given = readOptions(call, options, [...settingNames, ...runNames]);
  const check = new OptionCheck(call);
  const data = describe.data();
  const rows = pairCount(call, data);
  const resume = check.flag('resume', given.resume, false);
  const interrupted = resume ? interruptedRun(check, previous) : null;
  const layers = spec.layers.map(({ name }) => name);
  const settings =
    interrupted === null
      ? readSettings(call, given, { epochs: 30, rows, dropout: spec.dropout, layers })
      : resumedSettings(call, given, interrupted.settings, layers);
  if (settings.batchSize > rows) throw check.error('batchSize', `at most the number of rows, ${rows}`, settings.batchSize);
  const weights = readWeights(check, given.sampleWeights, rows);
  if (interrupted !== null) assertSameWeighting(check, interrupted.settings, weights, given.sampleWeights);
  const validation = given.validation === undefined ? null : describe.validation(given.validation);
  if (validation !== null) pairCount(call, validation);
  const plan: NetworkPlan = {
    call,
    data,
    validation,
    sampleWeights: weights,
    settings: { ...settings, weighted: weights !== null },
    learningRates: interrupted === null ? rates(call, given, settings) : interrupted.learningRates,
    previous,
    resume,
    signal: check.signal(given.signal),
    onProgress: check.callback<(progress: Progress) => void>('onProgress', given.onProgress),
    checkpoint: readCheckpoint(
      check,
      given.checkpoint,
      (path) => (native: NativeNetwork, record: NetworkRecord) => save(call, path, native, record),
    ),
    best: bestPlan(check, given, usualMetric, interrupted),
  };
  return { plan, verbose: check.flag('verbose', given.verbose, false) };
}

/** How many rows there are, as many as there are targets. */
export function pairCount(call: string, { rows, targets }: Pairs): number {
  return rowCount(call, targets === null ? [rows] : [rows, targets]);
}

function rates(call: string, { learningRate }: Given, { optimiser: { name } }: NetworkSettings): LearningRates {
  if (name === 'lbfgs') return fixedRates(Float64Array.of(1));
  return readLearningRate(call, learningRate, usualSchedule(usualRates[name]));
}

function bestPlan(
  check: OptionCheck,
  given: { readonly [K in keyof NetworkRunOptions<unknown>]?: unknown },
  usual: NetworkMetric,
  interrupted: NetworkRecord | null,
): NetworkPlan['best'] {
  const [first, second] = usual === 'error' ? networkMetrics : ([...networkMetrics].reverse() as ['loss', 'error']);
  const asked = readRule(check, given, [first, second], (metric) => metric);
  const planned = planBest(check, given, asked, interrupted?.best ?? null);
  if (planned !== null) assertSameRule(check, planned, ({ source }) => source);
  return planned;
}
