import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { asMatrix, asVector } from '../data/vector.js';
import { FormatError, ShapeError } from '../errors.js';
import { readLearningRate } from '../machine/learning-rate.js';
import { type BackendInfo, type Device, type LayerInput, Machine } from '../machine/machine.js';
import type { NativeArray, NativeMachine } from '../machine/native.js';
import { type TrainingPlan, type TrainingRecord, train } from '../machine/training.js';
import { TrainingRun } from '../machine/training-run.js';
import { readSettings, resumedSettings, settingNames } from '../machine/training-settings.js';
import { type Checkpoint, capture, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { readClamp } from './clamp.js';
import {
  type CheckedRBMOptions,
  type FitOptions,
  type PartialFitOptions,
  type RBMOptions,
  readLoadOptions,
  readRBMOptions,
  type SampleOptions,
} from './rbm-options.js';

export type { EpochReport, Progress, TrainingRun } from '../machine/training-run.js';
export type { FitOptions, PartialFitOptions, RBMOptions, SampleOptions } from './rbm-options.js';

/** Real-valued results per unit, row-major. */
export type Matrix = NdArray<Float32Array>;
/** Energies and log-probabilities in nats, in double precision. */
export type Nats = NdArray<Float64Array>;
/** Parameters: Float32Array, or Float64Array on the 'reference' device. */
export type Parameters = NdArray<Float32Array> | NdArray<Float64Array>;

/** Where the last training run of a model stands. */
export interface TrainingInfo {
  /** What estimated the gradient. */
  readonly algorithm: 'pcd' | 'cd';
  /** Epochs completed. */
  readonly epoch: number;
  /** Epochs asked for. */
  readonly epochs: number;
  /** Updates completed. */
  readonly step: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Rows per update. */
  readonly batchSize: number;
  /** Whether all updates are done; if not, `fit` with `resume: true` goes on. */
  readonly complete: boolean;
}

const visibleLayer = 0;
const hiddenLayer = 1;
const names = { weights: 'visible-hidden.weights', visibleBias: 'visible.bias', hiddenBias: 'hidden.bias' } as const;

/**
 * A restricted Boltzmann machine with Bernoulli units (Smolensky 1986; Hinton 2002):
 * E(v, h) = −vᵀ W h − bᵀ v − cᵀ h, with v and h in {0, 1}.
 *
 * Values between 0 and 1 in data are taken as probabilities. Every call that computes is asynchronous and runs on its own threads; a model
 * does one job at a time and answers a second call with `BusyError`. The same seed gives the same bits for any number of threads.
 *
 * @example
 * ```ts
 * import { RBM } from 'boltzkit';
 *
 * const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * await rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 200, batchSize: 2 });
 * const features = await rbm.transform([[1, 1, 0, 0]]); // P(h = 1 | v), [1, 2]
 * rbm.dispose();
 * ```
 */
export class RBM implements Disposable {
  readonly #options: CheckedRBMOptions;
  readonly #machine: Machine;
  #record: TrainingRecord | null = null;
  /** Neither trained nor set by hand: visible biases may start from the data. */
  #untouched = true;

  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or the device cannot be used.
   */
  constructor(options: RBMOptions) {
    this.#options = readRBMOptions('RBM', options);
    this.#machine = newMachine('RBM', this.#options);
  }

  /** Number of visible units. */
  get visible(): number {
    return this.#options.visible;
  }

  /** Number of hidden units. */
  get hidden(): number {
    return this.#options.hidden;
  }

  /** The seed as given. */
  get seed(): bigint {
    return this.#options.seed;
  }

  /** The device in use. */
  get device(): 'cpu' | 'reference' {
    return this.#machine.backend.device;
  }

  /** Whether a job is under way. */
  get busy(): boolean {
    return this.#machine.busy;
  }

  /** Whether the model was disposed of. */
  get disposed(): boolean {
    return this.#machine.disposed;
  }

  /** What this model runs on. */
  backendInfo(): BackendInfo {
    return this.#machine.backend;
  }

  /** Where the last run stands, null if the model was never trained. */
  get training(): TrainingInfo | null {
    if (this.#record === null) return null;
    const { settings, step, totalSteps, stepsPerEpoch } = this.#record;
    const { algorithm, epochs, batchSize } = settings;
    return { algorithm, epochs, epoch: Math.floor(step / stepsPerEpoch), step, totalSteps, batchSize, complete: step >= totalSteps };
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on rows [n, visible] with values in [0, 1]. Called again, it goes on from where the model stands.
   *
   * Rows are copied in a compact form before the first update (small inputs before the call returns). When the run ends early, by a
   * signal, an error or `stop()`, the model stands at its last complete update.
   *
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws Through the run: {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError};
   *   {@link DivergenceError} when parameters would stop being finite; the signal's reason when aborted.
   */
  fit(rows: RowsInput, options?: FitOptions): TrainingRun {
    const call = 'RBM.fit';
    return new TrainingRun(async (control) => {
      const plan = this.#plan(call, rows, options);
      await train(this.#machine, plan, control, (record) => this.#keep(record));
    });
  }

  #plan(call: string, rows: unknown, options: unknown): TrainingPlan {
    const own = ['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'onProgress'] as const;
    const given = readOptions(call, options, [...settingNames, ...own]);
    const check = new OptionCheck(call);
    const data = this.#input(call, 'data', rows);
    const count = data.host.rows;
    const resume = check.flag('resume', given.resume, false);
    this.#machine.assertIdle(call);
    const previous = this.#record;
    if (resume && (previous === null || previous.step >= previous.totalSteps)) {
      throw check.error('resume', 'false: this model holds no interrupted run', true);
    }
    const settings =
      resume && previous !== null
        ? resumedSettings(call, given, previous.settings)
        : readSettings(call, given, { epochs: 10, batchSize: Math.min(100, count) });
    if (settings.batchSize > count) throw check.error('batchSize', `at most the number of rows, ${count}`, settings.batchSize);
    const weights = given.sampleWeights === undefined ? null : readWeights(call, given.sampleWeights, count);
    if (resume && settings.weighted !== (weights !== null)) {
      throw check.error(
        'sampleWeights',
        settings.weighted ? 'the weights of the interrupted run' : 'left out, as in the interrupted run',
        given.sampleWeights,
      );
    }
    const kept = previous?.learningRates;
    return {
      call,
      data: [data],
      validation: given.validation === undefined ? [] : [this.#input(call, 'validation', given.validation)],
      sampleWeights: weights,
      settings: { ...settings, weighted: weights !== null, initialiseFromData: settings.initialiseFromData && (resume || this.#untouched) },
      learningRates: resume && kept !== undefined ? () => kept : readLearningRate(call, given.learningRate, 0.05),
      previous,
      resume,
      signal: check.signal(given.signal),
      onProgress: check.callback('onProgress', given.onProgress),
      checkpoint: this.#checkpointPlan(call, given.checkpoint),
    };
  }

  #checkpointPlan(call: string, given: unknown): TrainingPlan['checkpoint'] {
    if (given === undefined) return undefined;
    const check = new OptionCheck(call);
    const { path, every } = readOptions(call, given, ['path', 'every']);
    if (typeof path !== 'string' && !(path instanceof URL)) throw check.error('checkpoint.path', 'a path', path);
    const save = (native: NativeMachine, record: TrainingRecord): Promise<void> =>
      writeCheckpoint(call, path, this.#checkpoint(native, record));
    return { every: check.integer('checkpoint.every', every, undefined), save };
  }

  #keep(record: TrainingRecord): void {
    this.#record = record;
    if (record.step > 0) this.#untouched = false;
  }

  /**
   * Trains on the next part of a stream: one update per `batchSize` rows, in the order given. Chains and the optimiser's memory are
   * kept from call to call.
   *
   * @throws As {@link fit}.
   */
  async partialFit(rows: RowsInput, options?: PartialFitOptions): Promise<void> {
    const call = 'RBM.partialFit';
    const fixed = ['epochs', 'averageLast', 'shuffle', 'monitorRows'];
    const known = settingNames.filter((name) => !fixed.includes(name));
    const given = readOptions(call, options, [...known, 'sampleWeights', 'signal']);
    const data = this.#input(call, 'data', rows);
    const chains = this.#record?.settings.chains;
    const batch = { batchSize: Math.min(100, data.host.rows), epochs: 1, ...(chains === undefined ? {} : { chains }) };
    const settings = readSettings(call, { ...given, shuffle: false, monitorRows: 0 }, batch);
    const check = new OptionCheck(call);
    if (settings.batchSize > data.host.rows)
      throw check.error('batchSize', `at most the number of rows, ${data.host.rows}`, settings.batchSize);
    const weights = given.sampleWeights === undefined ? null : readWeights(call, given.sampleWeights, data.host.rows);
    const plan: TrainingPlan = {
      call,
      data: [data],
      validation: [],
      sampleWeights: weights,
      settings: { ...settings, weighted: weights !== null, initialiseFromData: settings.initialiseFromData && this.#untouched },
      learningRates: readLearningRate(call, given.learningRate, 0.05),
      previous: this.#record,
      resume: false,
      signal: check.signal(given.signal),
      onProgress: undefined,
      checkpoint: undefined,
    };
    const control = { stopped: new AbortController().signal, report: () => undefined };
    await train(this.#machine, plan, control, (record) => this.#keep(record));
  }

  // --- conditionals ----------------------------------------------------------------------------------------------------

  /** P(h = 1 | v) for rows [n, visible]: the features of the rows, [n, hidden]. The same as {@link meanHidden}. */
  async transform(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.transform', rows, visibleLayer, 'mean', options);
  }

  /** P(h = 1 | v) for rows [n, visible]; [n, hidden]. */
  async meanHidden(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.meanHidden', rows, visibleLayer, 'mean', options);
  }

  /** A draw of the hidden units given rows [n, visible]; zeros and ones, [n, hidden]. Every call draws anew. */
  async sampleHidden(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.sampleHidden', rows, visibleLayer, 'sample', options);
  }

  /** P(v = 1 | h) for hidden rows [n, hidden]; [n, visible]. */
  async meanVisible(hiddenRows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.meanVisible', hiddenRows, hiddenLayer, 'mean', options);
  }

  /** A draw of the visible units given hidden rows [n, hidden]; zeros and ones, [n, visible]. Every call draws anew. */
  async sampleVisible(hiddenRows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.sampleVisible', hiddenRows, hiddenLayer, 'sample', options);
  }

  async #propagate(call: string, rows: unknown, from: number, draw: 'mean' | 'sample', options: unknown): Promise<Matrix> {
    const { signal } = readOptions(call, options, ['signal']);
    const input = this.#input(call, from === visibleLayer ? 'data' : 'hiddenRows', rows, from);
    const to = from === visibleLayer ? hiddenLayer : visibleLayer;
    const values = await this.#machine.over(call, [input], new OptionCheck(call).signal(signal), (native, packed) =>
      native.conditional(packed, to, draw),
    );
    return array(values, [input.host.rows, this.#units(to)]);
  }

  /**
   * Rows [n, visible] sent up and down again: P(v = 1 | h) with h drawn from (or the mean of) P(h | v); [n, visible].
   *
   * @param options - `draw`: 'sample' (default) or 'mean', what stands for the hidden units.
   */
  async reconstruct(rows: RowsInput, options?: { readonly draw?: 'sample' | 'mean'; readonly signal?: AbortSignal }): Promise<Matrix> {
    const call = 'RBM.reconstruct';
    const given = readOptions(call, options, ['draw', 'signal']);
    const check = new OptionCheck(call);
    const draw = check.oneOf('draw', given.draw, 'sample', ['sample', 'mean']);
    const input = this.#input(call, 'data', rows);
    const values = await this.#machine.over(call, [input], check.signal(given.signal), (native, [packed]) =>
      native.reconstruct(packed as NonNullable<typeof packed>, hiddenLayer, draw),
    );
    return array(values, [input.host.rows, this.visible]);
  }

  // --- energies --------------------------------------------------------------------------------------------------------

  /** E(v, h) of pairs of rows [n, visible] and [n, hidden]; [n], in nats. */
  async energy(visibleRows: RowsInput, hiddenRows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'RBM.energy';
    const { signal } = readOptions(call, options, ['signal']);
    const visible = this.#input(call, 'visibleRows', visibleRows);
    const hidden = this.#input(call, 'hiddenRows', hiddenRows, hiddenLayer);
    if (visible.host.rows !== hidden.host.rows) {
      throw new ShapeError(
        `${call}: \`hiddenRows\` must have ${visible.host.rows} rows, as many as \`visibleRows\`, got ${hidden.host.rows}`,
      );
    }
    const values = await this.#machine.over(call, [visible, hidden], new OptionCheck(call).signal(signal), (native, all) =>
      native.energy(all),
    );
    return array(values, [values.length]);
  }

  /** F(v) = −log Σ_h exp(−E(v, h)) of rows [n, visible]; [n], in nats. Lower is likelier. */
  async freeEnergy(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'RBM.freeEnergy';
    const { signal } = readOptions(call, options, ['signal']);
    const input = this.#input(call, 'data', rows);
    const values = await this.#machine.over(call, [input], new OptionCheck(call).signal(signal), (native, packed) =>
      native.freeEnergy(packed),
    );
    return array(values, [values.length]);
  }

  /**
   * Log pseudo-likelihood Σ_i log p(v_i | v_−i) of rows [n, visible] (Besag 1975); [n], in nats. For a v_i between 0 and 1: the mean over
   * a draw of that unit.
   *
   * @param options - `exact`: all units; otherwise (default) `visible` times the term of one random unit per row: unbiased and `visible`
   *   times cheaper.
   */
  async pseudoLikelihood(rows: RowsInput, options?: { readonly exact?: boolean; readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'RBM.pseudoLikelihood';
    const given = readOptions(call, options, ['exact', 'signal']);
    const check = new OptionCheck(call);
    const exact = check.flag('exact', given.exact, false);
    const input = this.#input(call, 'data', rows);
    const values = await this.#machine.over(call, [input], check.signal(given.signal), (native, [packed]) =>
      native.pseudoLikelihood(packed as NonNullable<typeof packed>, exact),
    );
    return array(values, [values.length]);
  }

  // --- sampling --------------------------------------------------------------------------------------------------------

  /**
   * Runs `n` independent block Gibbs chains and returns their visible states [n, visible]. Every call draws anew; the sequence of calls is
   * a function of the seed.
   *
   * @throws {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's reason when aborted.
   */
  async sample(n: number, options?: SampleOptions): Promise<Matrix> {
    const call = 'RBM.sample';
    const given = readOptions(call, options, ['steps', 'start', 'clamp', 'beta', 'output', 'signal']);
    const check = new OptionCheck(call);
    const chains = check.integer('n', n, undefined, 1, 2 ** 31 - 1);
    const steps = check.integer('steps', given.steps, 1000, 0, 2 ** 40);
    const beta = check.number('beta', given.beta, 1);
    const output = check.oneOf('output', given.output, 'sample', ['sample', 'mean']);
    const start = given.start === undefined ? [] : [this.#input(call, 'start', given.start)];
    const clamps = readClamp(call, given.clamp, visibleLayer, this.visible, chains);
    const startRows = start[0]?.host.rows ?? chains;
    if (startRows !== chains) throw new ShapeError(`${call}: \`start\` must have ${chains} rows (chains), got ${startRows}`);
    const values = await this.#machine.over(call, start, check.signal(given.signal), (native, packed) =>
      native.sample({ chains, steps, beta, start: packed, clamps, layer: visibleLayer, output }),
    );
    return array(values, [chains, this.visible]);
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  /** The weights [visible, hidden]: a copy. Set them with any matrix of that shape. `BusyError` during a job. */
  get weights(): Parameters {
    return this.#get('RBM.weights', names.weights, [this.visible, this.hidden]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set weights(value: RowsInput) {
    const call = 'RBM.weights';
    this.#set(call, names.weights, asMatrix(value, this.visible, this.hidden, { call, argument: 'weights', units: 'hidden units' }));
  }

  /** The visible biases [visible]: a copy. Set them with any list of that length. `BusyError` during a job. */
  get visibleBias(): Parameters {
    return this.#get('RBM.visibleBias', names.visibleBias, [this.visible]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set visibleBias(value: RowsInput) {
    const call = 'RBM.visibleBias';
    this.#set(call, names.visibleBias, asVector(value, this.visible, { call, argument: 'visibleBias', units: 'visible units' }));
  }

  /** The hidden biases [hidden]: a copy. Set them with any list of that length. `BusyError` during a job. */
  get hiddenBias(): Parameters {
    return this.#get('RBM.hiddenBias', names.hiddenBias, [this.hidden]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set hiddenBias(value: RowsInput) {
    const call = 'RBM.hiddenBias';
    this.#set(call, names.hiddenBias, asVector(value, this.hidden, { call, argument: 'hiddenBias', units: 'hidden units' }));
  }

  #get(call: string, name: string, shape: number[]): Parameters {
    return array(this.#machine.parameter(call, name), shape) as Parameters;
  }

  #set(call: string, name: string, values: NativeArray): void {
    this.#machine.setParameter(call, name, values);
    this.#untouched = false;
  }

  // --- files and end of life -------------------------------------------------------------------------------------------

  /**
   * Saves parameters and training state as a safetensors file with a checksum. The path holds either the old file or the whole new one,
   * whatever happens in between.
   *
   * @throws {@link BusyError} during a job (use `fit`'s `checkpoint` option there), {@link ParameterError} when the file cannot be written.
   */
  async save(path: string | URL): Promise<void> {
    const call = 'RBM.save';
    await this.#machine.exclusive(call, (native) => writeCheckpoint(call, path, this.#checkpoint(native, this.#record)));
  }

  #checkpoint(native: NativeMachine, training: TrainingRecord | null): Checkpoint {
    const { visible, hidden, seed, weightScale } = this.#options;
    const untouched = this.#untouched && (training?.step ?? 0) === 0;
    return { kind: 'rbm', config: { visible, hidden, seed: String(seed), weightScale, untouched }, ...capture(native), training };
  }

  /**
   * Loads a model that {@link save} wrote.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds an RBM, {@link ParameterError} when it cannot be read.
   */
  static async load(path: string | URL, options?: { readonly device?: Device; readonly threads?: number }): Promise<RBM> {
    const call = 'RBM.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await readCheckpoint(call, path, 'rbm');
    const { visible, hidden, seed, weightScale, untouched } = checkpoint.config;
    const fail = (): never => {
      throw new FormatError(`${call}: ${String(path)} does not describe a valid RBM`);
    };
    if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed) || typeof untouched !== 'boolean') return fail();
    const sizes = [visible, hidden] as [number, number];
    checkShape(checkpoint, names.weights, sizes, fail);
    checkShape(checkpoint, names.visibleBias, [1, sizes[0]], fail);
    checkShape(checkpoint, names.hiddenBias, [1, sizes[1]], fail);
    const rbm = new RBM({ visible: sizes[0], hidden: sizes[1], seed: BigInt(seed), weightScale: weightScale as number, ...where });
    try {
      for (const name of Object.values(names)) rbm.#set(call, name, checkpoint.parameters.get(name)?.values as NativeArray);
      rbm.#machine.setCounters(call, checkpoint.counters);
    } catch (error) {
      rbm.dispose();
      throw new FormatError(`${call}: ${String(path)} holds values that a model cannot have`, { cause: error });
    }
    rbm.#record = checkpoint.training;
    rbm.#untouched = untouched;
    return rbm;
  }

  /** Cancels a running job, waits for its last update and frees all memory. Idempotent; every other call then throws `DisposedError`. */
  dispose(): void {
    this.#machine.dispose();
  }

  /** As {@link RBM.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #units(layer: number): number {
    return layer === visibleLayer ? this.visible : this.hidden;
  }

  #input(call: string, argument: string, rows: unknown, layer = visibleLayer): LayerInput {
    const where = { call, argument, units: layer === visibleLayer ? 'visible units' : 'hidden units' };
    return { layer, host: describeRows(rows, this.#units(layer), where), where };
  }
}

function newMachine(call: string, { visible, hidden, ...where }: CheckedRBMOptions): Machine {
  return new Machine(call, {
    ...where,
    layers: [
      { name: 'visible', type: 'bernoulli', units: visible },
      { name: 'hidden', type: 'bernoulli', units: hidden },
    ],
    couplings: [[visibleLayer, hiddenLayer]],
  });
}

function readWeights(call: string, weights: unknown, rows: number): Float64Array {
  const values = asVector(weights, rows, { call, argument: 'sampleWeights', units: 'rows' }, { low: 0 });
  if (values.some((w) => w > 0)) return values;
  throw new OptionCheck(call).error('sampleWeights', 'weights of which at least one is above 0', 'zeros only');
}

/** Sizes are compared with the file's tensors before anything of that size is made. */
function checkShape({ parameters }: Checkpoint, name: string, shape: readonly [unknown, unknown], fail: () => never): void {
  const saved = parameters.get(name);
  if (saved === undefined || saved.shape.length !== 2 || saved.shape[0] !== shape[0] || saved.shape[1] !== shape[1]) fail();
}
