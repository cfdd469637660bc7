import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import { describeRows, type HostRows } from '../data/rows-input.js';
import { asVector } from '../data/vector.js';
import { ShapeError } from '../errors.js';
import { readEvaluateOptions } from '../estimators/evaluate-options.js';
import {
  checkPacked,
  type Evaluation,
  evaluatePacked,
  evaluateWithin,
  type PartitionEstimate,
  partitionWithin,
} from '../estimators/evaluation.js';
import { readLearningRate } from '../machine/learning-rate.js';
import { type BackendInfo, type LayerInput, Machine, type MachineSpec } from '../machine/machine.js';
import type { NativeArray, NativeLayerRows, NativeMachine } from '../machine/native.js';
import { partNames } from '../machine/rates.js';
import { usualAverage, usualDecay, usualEpochs, usualRate, usualSchedule } from '../machine/recipe.js';
import { type TrainingPlan, type TrainingRecord, train } from '../machine/training.js';
import { TrainingRun } from '../machine/training-run.js';
import { readSettings, resumedSettings, settingNames } from '../machine/training-settings.js';
import { Chains } from './chains.js';
import { readChains } from './chains-file.js';
import { type Checkpoint, capture, writeCheckpoint } from './checkpoint.js';
import type { CheckedImputeOptions } from './impute.js';
import type { Matrix, Nats, Parameters, TrainingInfo } from './results.js';
import { type ChainSetting, forEveryChain, type Temperatures } from './sampling.js';

const runOptions = ['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'evaluateEvery', 'evaluate', 'onProgress'] as const;
/** Settings that make no sense for one part of a stream. */
const runOnly = ['epochs', 'averageLast', 'shuffle', 'monitorRows', 'monitorBudget'];
/** Ends of the domains of units whose states, and so the steps of their parameters, have no limit. */
const unlimited = 1e30;

/** Rows by layer as a model's public call took them, described. */
export type Inputs = readonly LayerInput[];

/** How to draw once, checked. */
export interface SampleControl {
  readonly steps: number;
  readonly temperatures: Temperatures;
  readonly output: 'sample' | 'mean';
  readonly signal: AbortSignal | undefined;
}

/** How to anneal, checked. */
export interface AnnealControl {
  readonly steps: number;
  readonly schedule: Float64Array;
  readonly quench: number;
  readonly signal: AbortSignal | undefined;
}

/** Kind of a model and how it is wired, for checkpoints. */
export type Description = Pick<Checkpoint, 'kind' | 'config'>;

/**
 * What all models share: a machine, its training state, files and end of life. A model says which layers there are and what its users call
 * things; every method here takes the name of the public call for its messages.
 */
export abstract class Model implements Disposable {
  protected readonly machine: Machine;
  #record: TrainingRecord | null = null;
  /** Neither trained nor set by hand: biases of layers with data may start from it. */
  #untouched = true;

  readonly #description: Description;

  protected constructor(call: string, spec: MachineSpec, description: Description) {
    this.machine = new Machine(call, spec);
    this.#description = description;
  }

  /** Seed of all randomness. */
  get seed(): bigint {
    return this.machine.spec.seed;
  }

  /** The device in use. */
  get device(): 'cpu' | 'reference' {
    return this.machine.backend.device;
  }

  /** Whether a job is under way. */
  get busy(): boolean {
    return this.machine.busy;
  }

  /** Whether the model was disposed of. */
  get disposed(): boolean {
    return this.machine.disposed;
  }

  /** What this model runs on. */
  backendInfo(): BackendInfo {
    return this.machine.backend;
  }

  /** Where the last run stands, null if the model was never trained. */
  get training(): TrainingInfo | null {
    if (this.#record === null) return null;
    const { settings, step, totalSteps, stepsPerEpoch } = this.#record;
    const { algorithm, epochs, batchSize } = settings;
    return { algorithm, epochs, epoch: Math.floor(step / stepsPerEpoch), step, totalSteps, batchSize, complete: step >= totalSteps };
  }

  /** Cancels a running job, waits for its last update and frees all memory. Idempotent; every other call then throws `DisposedError`. */
  dispose(): void {
    this.machine.dispose();
  }

  /** The same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // --- inputs ----------------------------------------------------------------------------------------------------------

  /** Describes rows for a layer. */
  protected input(call: string, argument: string, rows: unknown, layer: number, units: string): LayerInput {
    const where = { call, argument, units };
    return { layer, host: this.describeLayer(rows, layer, where), where };
  }

  /** How rows of a layer are read; models with categories read those too. */
  protected describeLayer(rows: unknown, layer: number, where: LayerInput['where']): HostRows {
    return describeRows(rows, this.places(layer), where);
  }

  /** Columns of a layer's rows. */
  protected places(layer: number): number {
    return this.machine.spec.layers[layer]?.units ?? 0;
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /** A training run over inputs that are described when the run begins. */
  protected fitLayers(call: string, data: () => Inputs, validation: (rows: unknown) => Inputs, options: unknown): TrainingRun {
    return new TrainingRun(async (control) => {
      const plan = this.#plan(call, data, validation, options);
      await train(this.machine, plan, control, (record) => this.#keep(record));
    });
  }

  /** One update per minibatch of the inputs, in order. */
  protected async partialFitLayers(call: string, inputs: Inputs, options: unknown): Promise<void> {
    const known = settingNames.filter((name) => !runOnly.includes(name));
    const given = readOptions(call, options, [...known, 'sampleWeights', 'signal']);
    const rows = rowCount(call, inputs);
    const chains = this.#record?.settings.chains;
    const parts = partNames(this.machine.spec);
    const still = { epochs: 1, l2: 0, averageLast: 0 };
    const defaults = { batchSize: Math.min(100, rows), parts, ...still, ...(chains === undefined ? {} : { chains }) };
    const settings = readSettings(call, { ...given, shuffle: false, monitorRows: 0, monitorBudget: 0 }, defaults);
    const check = new OptionCheck(call);
    const weights = readWeights(check, given.sampleWeights, rows);
    const plan: TrainingPlan = {
      call,
      data: inputs,
      validation: [],
      sampleWeights: weights,
      settings: this.#completed(check, settings, rows, weights, false),
      learningRates: readLearningRate(call, given.learningRate, usualRate(settings.optimiser, this.#limited()) / 2),
      previous: this.#record,
      resume: false,
      signal: check.signal(given.signal),
      onProgress: undefined,
      checkpoint: undefined,
      evaluation: undefined,
    };
    const control = { stopped: new AbortController().signal, report: () => undefined };
    await train(this.machine, plan, control, (record) => this.#keep(record));
  }

  #plan(call: string, data: () => Inputs, validation: (rows: unknown) => Inputs, options: unknown): TrainingPlan {
    const given = readOptions(call, options, [...settingNames, ...runOptions]);
    const check = new OptionCheck(call);
    const inputs = data();
    const rows = rowCount(call, inputs);
    const resume = check.flag('resume', given.resume, false);
    this.machine.assertIdle(call);
    const previous = this.#record;
    if (resume && (previous === null || previous.step >= previous.totalSteps)) {
      throw check.error('resume', 'false: this model holds no interrupted run', true);
    }
    const interrupted = resume ? previous : null;
    const parts = partNames(this.machine.spec);
    const settings =
      interrupted === null
        ? readSettings(call, given, { batchSize: Math.min(100, rows), parts, ...this.#recipe(call, rows, given.batchSize) })
        : resumedSettings(call, given, interrupted.settings, parts);
    const weights = readWeights(check, given.sampleWeights, rows);
    if (interrupted !== null && interrupted.settings.weighted !== (weights !== null)) {
      const expected = weights === null ? 'the weights of the interrupted run' : 'left out, as in the interrupted run';
      throw check.error('sampleWeights', expected, given.sampleWeights);
    }
    return {
      call,
      data: inputs,
      validation: given.validation === undefined ? [] : validation(given.validation),
      sampleWeights: weights,
      settings: this.#completed(check, settings, rows, weights, resume),
      learningRates:
        interrupted === null
          ? readLearningRate(call, given.learningRate, usualSchedule(usualRate(settings.optimiser, this.#limited())))
          : () => interrupted.learningRates,
      previous,
      resume,
      signal: check.signal(given.signal),
      onProgress: check.callback('onProgress', given.onProgress),
      checkpoint: this.#checkpointPlan(check, given.checkpoint),
      evaluation: this.#evaluationPlan(check, given.evaluateEvery, given.evaluate),
    };
  }

  /** Whether the states of all units have limits. */
  #limited(): boolean {
    return this.machine.spec.layers.every((_, layer) => this.machine.domain(layer).high <= unlimited);
  }

  /** What a run gets where its options say nothing; `batchSize` as given, not yet checked. */
  #recipe(call: string, rows: number, batchSize: unknown): { epochs: number; l2: number; averageLast: number } {
    const batch = typeof batchSize === 'number' && batchSize >= 1 ? batchSize : Math.min(100, rows);
    const tensors = this.machine.parameters(call).filter(({ name }) => name.endsWith('.weights'));
    const weights = tensors.reduce((sum, tensor) => sum + tensor.rows * tensor.cols, 0);
    return { epochs: usualEpochs(rows, batch), l2: usualDecay(weights, rows, this.#limited()), averageLast: usualAverage };
  }

  #completed(
    check: OptionCheck,
    settings: TrainingPlan['settings'],
    rows: number,
    weights: Float64Array | null,
    resume: boolean,
  ): TrainingPlan['settings'] {
    if (settings.batchSize > rows) throw check.error('batchSize', `at most the number of rows, ${rows}`, settings.batchSize);
    return { ...settings, weighted: weights !== null, initialiseFromData: settings.initialiseFromData && (resume || this.#untouched) };
  }

  #checkpointPlan(check: OptionCheck, given: unknown): TrainingPlan['checkpoint'] {
    if (given === undefined) return undefined;
    const { path, every } = readOptions(check.call, given, ['path', 'every']);
    if (typeof path !== 'string' && !(path instanceof URL)) throw check.error('checkpoint.path', 'a path', path);
    const save = (native: NativeMachine, record: TrainingRecord): Promise<void> =>
      writeCheckpoint(check.call, path, this.#checkpoint(native, record));
    return { every: check.integer('checkpoint.every', every, undefined), save };
  }

  #evaluationPlan(check: OptionCheck, every: unknown, options: unknown): TrainingPlan['evaluation'] {
    if (every === undefined) {
      if (options !== undefined) throw check.error('evaluate', 'left out without `evaluateEvery`', options);
      return undefined;
    }
    const { machine } = this;
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

  #keep(record: TrainingRecord): void {
    this.#record = record;
    if (record.step > 0) this.#untouched = false;
  }

  // --- questions -------------------------------------------------------------------------------------------------------

  protected async conditional(call: string, inputs: Inputs, target: number, draw: 'mean' | 'sample', signal: unknown): Promise<Matrix> {
    const checked = new OptionCheck(call).signal(signal);
    const rows = rowCount(call, inputs);
    const values = await this.machine.over(call, inputs, checked, (native, packed) => native.conditional(packed, target, draw));
    return array(values, [rows, this.places(target)]);
  }

  protected async energies(call: string, inputs: Inputs, signal: unknown): Promise<Nats> {
    rowCount(call, inputs);
    const checked = new OptionCheck(call).signal(signal);
    const values = await this.machine.over(call, inputs, checked, (native, packed) => native.energy(packed));
    return array(values, [values.length]);
  }

  protected async freeEnergies(call: string, inputs: Inputs, signal: unknown): Promise<Nats> {
    rowCount(call, inputs);
    const checked = new OptionCheck(call).signal(signal);
    const values = await this.machine.over(call, inputs, checked, (native, packed) => native.freeEnergy(packed));
    return array(values, [values.length]);
  }

  // --- sampling --------------------------------------------------------------------------------------------------------

  /** The states (or conditional means behind the last draw) of one layer after `steps` sweeps; [chains, places]. */
  protected async sampleLayer(call: string, setting: ChainSetting, layer: number, options: SampleControl): Promise<Matrix> {
    const { steps, temperatures, output, signal } = options;
    const { group, ...hot } = temperatures;
    const { chains, start, clamps } = forEveryChain(setting, group);
    const results = await this.machine.over(call, start, signal, (native, rows) =>
      native.chains({
        ...hot,
        chains,
        steps,
        quench: 0,
        start: rows,
        clamps: [...clamps],
        observe: null,
        states: output === 'mean' ? [] : [layer],
        mean: output === 'mean' ? layer : null,
        energies: false,
      }),
    );
    const all = (output === 'mean' ? results.mean : results.states[0]) as Float32Array;
    const places = this.places(layer);
    if (group === 1) return array(all, [chains, places]);
    const top = new Float32Array(setting.chains * places);
    results.rung.forEach((rung, c) => {
      if (rung === group - 1) top.set(all.subarray(c * places, (c + 1) * places), Math.floor(c / group) * places);
    });
    return array(top, [setting.chains, places]);
  }

  /** Chains at their start states. */
  protected async startChains(
    call: string,
    setting: ChainSetting,
    temperatures: Temperatures,
    signal: AbortSignal | undefined,
  ): Promise<Chains> {
    const { betas, tempered, group } = temperatures;
    const { chains, start, clamps } = forEveryChain(setting, group);
    const all = this.machine.spec.layers.map((_, layer) => layer);
    const shared = { chains, betas, quench: 0, clamps: [...clamps], observe: null, mean: null, energies: false };
    const results = await this.machine.over(call, start, signal, (native, rows) =>
      native.chains({ ...shared, steps: 0, schedule: new Float64Array(0), tempered, start: rows, states: all }),
    );
    const counts = { attempts: new Float64Array(group - 1), accepted: new Float64Array(group - 1), roundTrips: 0 };
    return new Chains(this.machine, {
      chains,
      sweeps: 0,
      betas,
      ladder: tempered === null ? null : { ...tempered, ...counts },
      states: results.states,
      clamps: [...clamps],
      observations: 0,
      sums: [],
      products: new Map(),
    });
  }

  /** Chains from a file. */
  protected async readChains(call: string, path: string | URL): Promise<Chains> {
    const { record, counters } = await readChains(call, path, this.machine.spec);
    // Draws that the chains have seen must not come again.
    const used = this.machine.counters(call);
    this.machine.setCounters(
      call,
      used.map((count, purpose) => ((counters[purpose] ?? 0n) > count ? (counters[purpose] as bigint) : count)),
    );
    return new Chains(this.machine, record);
  }

  /** Low-energy states by simulated annealing; lowest first. */
  protected async annealed(call: string, setting: ChainSetting, options: AnnealControl): Promise<{ energies: Nats; states: Matrix[] }> {
    const { steps, schedule, quench, signal } = options;
    const { chains, start, clamps } = setting;
    const all = this.machine.spec.layers.map((_, layer) => layer);
    const shared = { chains, betas: Float64Array.of(1), tempered: null, observe: null, mean: null, energies: true };
    const results = await this.machine.over(call, start, signal, (native, rows) =>
      native.chains({ ...shared, steps, schedule, quench, start: rows, clamps: [...clamps], states: all }),
    );
    const energies = results.energies as Float64Array;
    const order = Array.from(energies.keys()).sort((a, b) => (energies[a] as number) - (energies[b] as number));
    const states = results.states.map((rows, layer) => {
      const places = this.places(layer);
      const sorted = new Float32Array(rows.length);
      order.forEach((from, to) => {
        sorted.set(rows.subarray(from * places, (from + 1) * places), to * places);
      });
      return array(sorted, [chains, places]);
    });
    return {
      energies: array(
        Float64Array.from(order, (c) => energies[c] as number),
        [chains],
      ),
      states,
    };
  }

  /** Rows of layers, what they lack filled in; one matrix [n, places] per asked layer. */
  protected async imputed(call: string, inputs: Inputs, layers: number[], options: CheckedImputeOptions): Promise<Matrix[]> {
    const rows = rowCount(call, inputs);
    const { warmup, steps, output, signal } = options;
    const start = (native: NativeMachine, given: NativeLayerRows[]) => native.impute({ given, layers, warmup, steps, output });
    const results = await this.machine.over(call, inputs, signal, start, true);
    return results.map((values, i) => array(values, [rows, this.places(layers[i] as number)]));
  }

  protected async pseudoLikelihoods(call: string, inputs: Inputs, exact: boolean, signal: AbortSignal | undefined): Promise<Nats> {
    rowCount(call, inputs);
    const values = await this.machine.over(call, inputs, signal, (native, packed) => native.pseudoLikelihood(packed, exact));
    return array(values, [values.length]);
  }

  // --- evaluation ------------------------------------------------------------------------------------------------------

  protected async evaluated(call: string, inputs: Inputs, options: unknown): Promise<Evaluation> {
    const control = readEvaluateOptions(call, options, this.#untouched);
    rowCount(call, inputs);
    return this.machine.exclusive(call, async (native) => {
      control.signal?.throwIfAborted();
      return evaluateWithin(this.machine, native, inputs, control, call);
    });
  }

  protected async partition(call: string, options: unknown): Promise<PartitionEstimate> {
    const control = readEvaluateOptions(call, options, this.#untouched);
    return this.machine.exclusive(call, async (native) => {
      control.signal?.throwIfAborted();
      return partitionWithin(this.machine, native, [], control, call);
    });
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  protected getParameter(call: string, name: string, shape: number[]): Parameters {
    return array(this.machine.parameter(call, name), shape) as Parameters;
  }

  protected setParameter(call: string, name: string, values: NativeArray): void {
    this.machine.setParameter(call, name, values);
    this.#untouched = false;
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  protected async saveAs(call: string, path: string | URL): Promise<void> {
    await this.machine.exclusive(call, (native) => writeCheckpoint(call, path, this.#checkpoint(native, this.#record)));
  }

  #checkpoint(native: NativeMachine, training: TrainingRecord | null): Checkpoint {
    const { kind, config } = this.#description;
    const { seed, weightScale, couplings } = this.machine.spec;
    const untouched = this.#untouched && (training?.step ?? 0) === 0;
    const graphs = new Map(couplings.flatMap(([, , edges], c) => (edges === undefined ? [] : [[c, edges] as const])));
    return { kind, config: { ...config, seed: String(seed), weightScale, untouched }, ...capture(native), graphs, training };
  }

  /** Takes over what a checkpoint holds; shapes have been compared. */
  protected restore(call: string, checkpoint: Checkpoint): void {
    for (const [name, { values }] of checkpoint.parameters) this.machine.setParameter(call, name, values);
    this.machine.setCounters(call, checkpoint.counters);
    this.#record = checkpoint.training;
    this.#untouched = checkpoint.config.untouched === true;
  }
}

/** The number of rows, the same for all inputs. */
function rowCount(call: string, inputs: Inputs): number {
  const [first, ...others] = inputs;
  const rows = first?.host.rows ?? 0;
  for (const { host, where } of others) {
    if (host.rows !== rows) {
      throw new ShapeError(
        `${call}: \`${where.argument}\` must have ${rows} rows, as many as \`${first?.where.argument}\`, got ${host.rows}`,
      );
    }
  }
  return rows;
}

function readWeights(check: OptionCheck, weights: unknown, rows: number): Float64Array | null {
  if (weights === undefined) return null;
  const values = asVector(weights, rows, { call: check.call, argument: 'sampleWeights', units: 'rows' }, { low: 0 });
  if (values.some((w) => w > 0)) return values;
  throw check.error('sampleWeights', 'weights of which at least one is above 0', 'zeros only');
}
