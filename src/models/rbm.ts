import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { asMatrix, asVector } from '../data/vector.js';
import { ShapeError } from '../errors.js';
import type { EvaluateOptions } from '../estimators/evaluate-options.js';
import type { Evaluation, PartitionEstimate } from '../estimators/evaluation.js';
import type { Device } from '../machine/backend.js';
import type { Ask, LayerInput, MachineSpec } from '../machine/machine.js';
import type { NativeLayerRows } from '../machine/native.js';
import type { TrainingRun } from '../machine/training-run.js';
import { restoreChains, sampleLayer, startChains } from './chain-jobs.js';
import type { Chains } from './chains.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { namesPlaces, readClamp, rowsClamp } from './clamp.js';
import { savedSeed } from './file-values.js';
import { type ImputeOptions, readImputeOptions } from './impute.js';
import { Model, type Question } from './model.js';
import {
  type CheckedRBMOptions,
  type FitOptions,
  type PartialFitOptions,
  type RBMOptions,
  readLoadOptions,
  readRBMOptions,
  type SampleOptions,
} from './rbm-options.js';
import type { Matrix, Nats, Parameters } from './results.js';
import { type ChainSetting, readTemperatures } from './sampling.js';

export type { EpochReport, Health, Progress, TrainingRun } from '../machine/training-run.js';
export type { FitOptions, PartialFitOptions, PlaceClamp, RBMOptions, SampleOptions } from './rbm-options.js';
export type { Matrix, Nats, Parameters, TrainingInfo } from './results.js';

const visibleLayer = 0;
const hiddenLayer = 1;
const names = { weights: 'visible-hidden.weights', visibleBias: 'visible.bias', hiddenBias: 'hidden.bias' } as const;

/**
 * A restricted Boltzmann machine with Bernoulli units (Smolensky 1986; Hinton 2002):
 * E(v, h) = −vᵀ W h − bᵀ v − cᵀ h, with v and h in {0, 1}.
 *
 * Values between 0 and 1 in data are taken as probabilities; {@link FitOptions.dynamicBinarisation} draws them anew while training. Every call
 * that computes is asynchronous and runs on its own threads; a model does one job at a time and answers a second call with `BusyError`. The
 * same seed gives the same bits for any number of threads.
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
export class RBM extends Model {
  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or the device cannot be used.
   */
  constructor(options: RBMOptions) {
    const checked = readRBMOptions('RBM', options);
    const { visible, hidden } = checked;
    super('RBM', specOf(checked), { kind: 'rbm', config: { visible, hidden } });
  }

  /** Number of visible units. */
  get visible(): number {
    return this.places(visibleLayer);
  }

  /** Number of hidden units. */
  get hidden(): number {
    return this.places(hiddenLayer);
  }

  #input(call: string, argument: string, rows: unknown, layer = visibleLayer): LayerInput {
    return this.input(call, argument, rows, layer, layer === visibleLayer ? 'visible units' : 'hidden units');
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on rows [n, visible] with values in [0, 1]. Called again, it goes on from where the model stands. Values may be missing (NaN, or 0 in
   * a mask): each update fills them in by `positiveSteps` Gibbs sweeps given the others, which follows the gradient of the likelihood of what
   * is there, provided that values are missing at random.
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
    const described = (argument: string) => (given: unknown) => [this.#input(call, argument, given)];
    return this.fitLayers(call, () => described('data')(rows), described('validation'), options);
  }

  /**
   * Trains on the next part of a stream: one update per `batchSize` rows, in the order given. Chains and the optimiser's memory are
   * kept from call to call.
   *
   * @throws As {@link fit}.
   */
  async partialFit(rows: RowsInput, options?: PartialFitOptions): Promise<void> {
    const call = 'RBM.partialFit';
    await this.partialFitLayers(call, [this.#input(call, 'data', rows)], options);
  }

  // --- conditionals ----------------------------------------------------------------------------------------------------

  /** P(h = 1 | v) for rows [n, visible]: the features of the rows, [n, hidden]. The same as {@link meanHidden}. */
  async transform(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#propagate('RBM.transform', rows, visibleLayer, 'mean', options);
  }

  /**
   * {@link transform} of few rows without a promise: the result is there when the call returns, and the event loop waits meanwhile.
   *
   * @throws As {@link transform} rejects; {@link ShapeError} on more rows than take a few milliseconds (about 70 of a 784–500 machine).
   */
  transformSync(rows: RowsInput): Matrix {
    const call = 'RBM.transformSync';
    return this.askedNow(this.conditional(call, [this.#input(call, 'data', rows)], hiddenLayer, 'mean'));
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
    return this.asked(this.conditional(call, [input], from === visibleLayer ? hiddenLayer : visibleLayer, draw), signal);
  }

  /**
   * Rows [n, visible] sent up and down again: P(v = 1 | h) with h drawn from (or the mean of) P(h | v); [n, visible].
   *
   * @param options - `draw`: 'sample' (default) or 'mean', what stands for the hidden units.
   */
  async reconstruct(rows: RowsInput, options?: { readonly draw?: 'sample' | 'mean'; readonly signal?: AbortSignal }): Promise<Matrix> {
    const call = 'RBM.reconstruct';
    const { draw, signal } = readOptions(call, options, ['draw', 'signal']);
    return this.asked(this.#reconstruction(call, rows, draw), signal);
  }

  /** {@link reconstruct} of few rows without a promise, as {@link transformSync}; half as many rows as there. */
  reconstructSync(rows: RowsInput, options?: { readonly draw?: 'sample' | 'mean' }): Matrix {
    const call = 'RBM.reconstructSync';
    return this.askedNow(this.#reconstruction(call, rows, readOptions(call, options, ['draw']).draw));
  }

  #reconstruction(call: string, rows: unknown, drawn: unknown): Question<Float32Array, Matrix> {
    const draw = new OptionCheck(call).oneOf('draw', drawn, 'sample', ['sample', 'mean']);
    const input = this.#input(call, 'data', rows);
    const ask: Ask<Float32Array> = (native, [packed], now) => native.reconstruct(packed as NativeLayerRows, hiddenLayer, draw, now);
    return { call, inputs: [input], passes: 2, ask, answer: (values) => array(values, [input.host.rows, this.visible]) };
  }

  // --- energies --------------------------------------------------------------------------------------------------------

  /** E(v, h) of pairs of rows [n, visible] and [n, hidden]; [n], in nats. */
  async energy(visibleRows: RowsInput, hiddenRows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'RBM.energy';
    const { signal } = readOptions(call, options, ['signal']);
    const visible = this.#input(call, 'visibleRows', visibleRows);
    const hidden = this.#input(call, 'hiddenRows', hiddenRows, hiddenLayer);
    return this.energies(call, [visible, hidden], signal);
  }

  /** F(v) = −log Σ_h exp(−E(v, h)) of rows [n, visible]; [n], in nats. Lower is likelier. */
  async freeEnergy(rows: RowsInput, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'RBM.freeEnergy';
    const { signal } = readOptions(call, options, ['signal']);
    return this.asked(this.freeEnergies(call, [this.#input(call, 'data', rows)]), signal);
  }

  /** {@link freeEnergy} of few rows without a promise, as {@link transformSync}. */
  freeEnergySync(rows: RowsInput): Nats {
    const call = 'RBM.freeEnergySync';
    return this.askedNow(this.freeEnergies(call, [this.#input(call, 'data', rows)]));
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
    return this.pseudoLikelihoods(call, [input], exact, check.signal(given.signal));
  }

  // --- evaluation ------------------------------------------------------------------------------------------------------

  /**
   * Log-likelihood of rows [n, visible], log p(v) = −F(v) − log Z, each and on average, with an interval that
   * carries the uncertainty of log Z. Rows must hold states: of values between 0 and 1 there is no likelihood, so grey levels have to be made
   * binary first. `warnings` say in plain sentences what speaks against the numbers.
   *
   * Every call draws anew; the sequence of calls is a function of the seed, whatever the number of threads.
   *
   * @throws {@link ParameterError} on options out of range, rows that are no states, machines without a finite log Z (counts, Gaussian units
   *   that are not normalisable), and too many states for 'exact'; {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's
   *   reason when aborted.
   */
  async evaluate(rows: RowsInput, options?: EvaluateOptions): Promise<Evaluation> {
    const call = 'RBM.evaluate';
    return this.evaluated(call, [this.#input(call, 'data', rows)], options);
  }

  /** log Z in nats, as {@link evaluate} estimates it, but without rows to begin from. */
  async logZ(options?: EvaluateOptions): Promise<PartitionEstimate> {
    return this.partition('RBM.logZ', options);
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
    const given = readOptions(call, options, ['steps', 'start', 'clamp', 'beta', 'schedule', 'ladder', 'output', 'signal']);
    const check = new OptionCheck(call);
    const steps = check.integer('steps', given.steps, 1000, 0, 2 ** 40);
    const output = check.oneOf('output', given.output, 'sample', ['sample', 'mean']);
    const setting = this.#setting(call, n, given);
    const temperatures = readTemperatures(call, given, setting.chains, steps);
    return sampleLayer(this.machine, call, setting, visibleLayer, { steps, temperatures, output, signal: check.signal(given.signal) });
  }

  /** `n` block Gibbs chains that stay: they can be advanced, looked at (layers 'visible' and 'hidden') and saved. */
  async chains(n: number, options?: Pick<SampleOptions, 'start' | 'clamp' | 'beta' | 'ladder' | 'signal'>): Promise<Chains> {
    const call = 'RBM.chains';
    const given = readOptions(call, options, ['start', 'clamp', 'beta', 'ladder', 'signal']);
    const setting = this.#setting(call, n, given);
    return startChains(
      this.machine,
      call,
      setting,
      readTemperatures(call, given, setting.chains, 0),
      new OptionCheck(call).signal(given.signal),
    );
  }

  /** Chains that `Chains.save` wrote, of an RBM of this size. */
  async loadChains(path: string | URL): Promise<Chains> {
    return restoreChains(this.machine, 'RBM.loadChains', path);
  }

  #setting(call: string, n: unknown, given: { readonly start?: unknown; readonly clamp?: unknown }): ChainSetting {
    const chains = new OptionCheck(call).integer('n', n, undefined, 1, 2 ** 31 - 1);
    const start = given.start === undefined ? [] : [this.#input(call, 'start', given.start)];
    const startRows = start[0]?.host.rows ?? chains;
    if (startRows !== chains) throw new ShapeError(`${call}: \`start\` must have ${chains} rows (chains), got ${startRows}`);
    return { chains, start, clamps: this.#clamps(call, given.clamp, chains) };
  }

  #clamps(call: string, clamp: unknown, chains: number): ReturnType<typeof readClamp> {
    if (typeof clamp !== 'object' || clamp === null || namesPlaces(clamp))
      return readClamp(call, clamp, visibleLayer, this.visible, chains);
    return rowsClamp(this.#input(call, 'clamp', clamp), this.machine.domain(visibleLayer), chains);
  }

  // --- inference -------------------------------------------------------------------------------------------------------

  /**
   * Fills in what rows [n, visible] lack (NaN, or 0 in a mask), by Gibbs sampling given the values they have, which come back exactly as
   * they are; [n, visible]. Every call draws anew.
   */
  async impute(rows: RowsInput, options?: ImputeOptions): Promise<Matrix> {
    const call = 'RBM.impute';
    const checked = readImputeOptions(call, options);
    const [completed] = await this.imputed(call, [this.#input(call, 'data', rows)], [visibleLayer], checked);
    return completed as Matrix;
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  /** The weights [visible, hidden]: a copy. Set them with any matrix of that shape. `BusyError` during a job. */
  get weights(): Parameters {
    return this.getParameter('RBM.weights', names.weights, [this.visible, this.hidden]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set weights(value: RowsInput) {
    const call = 'RBM.weights';
    this.setParameter(
      call,
      names.weights,
      asMatrix(value, this.visible, this.hidden, { call, argument: 'weights', units: 'hidden units' }),
    );
  }

  /** The visible biases [visible]: a copy. Set them with any list of that length. `BusyError` during a job. */
  get visibleBias(): Parameters {
    return this.getParameter('RBM.visibleBias', names.visibleBias, [this.visible]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set visibleBias(value: RowsInput) {
    const call = 'RBM.visibleBias';
    this.setParameter(call, names.visibleBias, asVector(value, this.visible, { call, argument: 'visibleBias', units: 'visible units' }));
  }

  /** The hidden biases [hidden]: a copy. Set them with any list of that length. `BusyError` during a job. */
  get hiddenBias(): Parameters {
    return this.getParameter('RBM.hiddenBias', names.hiddenBias, [this.hidden]);
  }

  /** Copies the values given. `ShapeError` when they do not fit. */
  set hiddenBias(value: RowsInput) {
    const call = 'RBM.hiddenBias';
    this.setParameter(call, names.hiddenBias, asVector(value, this.hidden, { call, argument: 'hiddenBias', units: 'hidden units' }));
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  /**
   * Saves parameters and training state as a safetensors file with a checksum. The path holds either the old file or the whole new one,
   * whatever happens in between.
   *
   * @throws {@link BusyError} during a job (use `fit`'s `checkpoint` option there), {@link ParameterError} when the file cannot be written.
   */
  async save(path: string | URL): Promise<void> {
    await this.saveAs('RBM.save', path);
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
    const checkpoint = await openCheckpoint(call, path, 'rbm');
    const describe = (): Described<RBM> => {
      const { visible, hidden, seed, weightScale } = checkpoint.config;
      const options = { visible, hidden, seed: savedSeed(seed), weightScale, ...where } as RBMOptions;
      return { spec: specOf(readRBMOptions(call, options)), make: () => new RBM(options) };
    };
    return checkpoint.construct(describe, (rbm, read) => rbm.restore(call, read));
  }
}

function specOf({ visible, hidden, ...where }: CheckedRBMOptions): MachineSpec {
  return {
    ...where,
    layers: [
      { name: 'visible', type: 'bernoulli', units: visible, size: 1 },
      { name: 'hidden', type: 'bernoulli', units: hidden, size: 1 },
    ],
    couplings: [[visibleLayer, hiddenLayer]],
  };
}
