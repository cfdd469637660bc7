import type { NdArray } from 'ndarray';
import { OptionCheck, readOptions } from '../arguments.js';
import { describeCategories } from '../data/categories.js';
import { array } from '../data/ndarray.js';
import { describeRows, type HostRows, type RowsInput } from '../data/rows-input.js';
import { asMatrix } from '../data/vector.js';
import { ParameterError, ShapeError } from '../errors.js';
import type { EvaluateOptions } from '../estimators/evaluate-options.js';
import type { Evaluation, PartitionEstimate } from '../estimators/evaluation.js';
import type { Device } from '../machine/backend.js';
import type { Ask, LayerInput } from '../machine/machine.js';
import type { TrainingRun } from '../machine/training-run.js';
import type { Units } from '../machine/units.js';
import { annealingSchedule } from './anneal-schedule.js';
import { annealed, restoreChains, sampleLayer, startChains } from './chain-jobs.js';
import type { Chains } from './chains.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { namesPlaces, readClamp, rowsClamp } from './clamp.js';
import { type ImputeOptions, type MarginalOptions, readImputeOptions } from './impute.js';
import { rowCount } from './inputs.js';
import type {
  Annealed,
  AnnealOptions,
  LayerRows,
  MachineChainOptions,
  MachineFitOptions,
  MachineSampleOptions,
} from './machine-options.js';
import { Model, type Question } from './model.js';
import { type PartialFitOptions, readLoadOptions } from './rbm-options.js';
import type { Matrix, Nats, Parameters } from './results.js';
import { type ChainSetting, mostScheduled, readSchedule, readTemperatures } from './sampling.js';
import { type BoltzmannMachineOptions, optionsOf, readSpec } from './wiring.js';

export type {
  Annealed,
  AnnealOptions,
  LayerRows,
  MachineChainOptions,
  MachineFitOptions,
  MachineSampleOptions,
  MachineStart,
} from './machine-options.js';
export type { BoltzmannMachineOptions } from './wiring.js';

/**
 * A Boltzmann machine of any layers and couplings between them:
 * E(s) = Σ_l U_l(s_l) − Σ_(a,b) s_aᵀ W_ab s_b. Layers that are not coupled to each other are drawn together (block Gibbs sampling).
 *
 * @example
 * ```ts
 * import { BoltzmannMachine, bernoulli, softmax } from 'boltzkit';
 *
 * const machine = new BoltzmannMachine({
 *   layers: { image: bernoulli(4), label: softmax(2), hidden: bernoulli(3) },
 *   couplings: [['image', 'hidden'], ['label', 'hidden']],
 *   seed: 1,
 * });
 * await machine.fit({ image: [[1, 1, 0, 0], [0, 0, 1, 1]], label: [0, 1] }, { epochs: 500, batchSize: 2 });
 * const p = await machine.probabilities('label', { image: [[1, 1, 0, 0]] }); // P(label | image), [1, 2]
 * machine.dispose();
 * ```
 */
export class BoltzmannMachine extends Model {
  readonly #layers: ReadonlyMap<string, { readonly index: number; readonly units: Units }>;

  /** @throws {@link ParameterError} on unknown or repeated names, and on options out of range. */
  constructor(options: BoltzmannMachineOptions) {
    const spec = readSpec('BoltzmannMachine', options);
    const couplings = spec.couplings.map(([a, b]) => [a, b]);
    super('BoltzmannMachine', spec, { kind: 'boltzmann-machine', config: { layers: spec.layers, couplings } });
    this.#layers = new Map(
      spec.layers.map(({ name, type, units, size }, index) => [
        name,
        { index, units: { type: type as Units['type'], places: units, size } },
      ]),
    );
  }

  /** Units of every layer by name. */
  get layers(): Readonly<Record<string, Units>> {
    return Object.fromEntries([...this.#layers].map(([name, { units }]) => [name, units]));
  }

  /** Names of coupled layers. */
  get couplings(): readonly (readonly [string, string])[] {
    const { layers, couplings } = this.machine.spec;
    return couplings.map(([a, b]): [string, string] => [layers[a]?.name ?? '', layers[b]?.name ?? '']);
  }

  /**
   * The edges of a layer that is coupled to itself along a graph: pairs of units [edges, 2] in the order of its weights, a pair (i, j) with
   * i < j. Units of K categories have K × K weights to an edge, the categories of unit j running fastest. Null without a graph.
   */
  edges(layer: string): NdArray<Uint32Array> | null {
    const index = this.#layer('BoltzmannMachine.edges', layer);
    const graph = this.machine.spec.couplings.find(([a, b]) => a === index && b === index)?.[2];
    return graph === undefined ? null : array(graph.slice(), [graph.length / 2, 2]);
  }

  // --- layers and rows -------------------------------------------------------------------------------------------------

  #layer(call: string, name: unknown): number {
    const found = typeof name === 'string' ? this.#layers.get(name) : undefined;
    if (found !== undefined) return found.index;
    throw new OptionCheck(call).error('layer', `one of ${[...this.#layers.keys()].map((n) => `'${n}'`).join(', ')}`, name);
  }

  protected override describeLayer(rows: unknown, layer: number, where: LayerInput['where']): HostRows {
    const spec = this.machine.spec.layers[layer];
    if (spec?.type !== 'softmax') return describeRows(rows, this.places(layer), where);
    return describeCategories(rows, spec.size, spec.units / spec.size, where);
  }

  #inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    const given = readOptions(call, rows, [...this.#layers.keys()]);
    const inputs = Object.entries(given).map(([name, value]) => {
      const layer = this.#layer(call, name);
      return this.input(call, `${argument}.${name}`, value, layer, `places of layer '${name}'`);
    });
    if (inputs.length > 0) return inputs;
    throw new ParameterError(`${call}: \`${argument}\` must hold rows of at least one layer`);
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on rows of some layers, in which values may be missing; the others are hidden. Otherwise as `RBM.fit`.
   *
   * @returns A run to `await` or to iterate over with `for await`.
   */
  fit(data: LayerRows, options?: MachineFitOptions): TrainingRun {
    const call = 'BoltzmannMachine.fit';
    const validation = (rows: unknown) => this.#inputs(call, 'validation', rows);
    return this.fitLayers(call, () => this.#inputs(call, 'data', data), validation, options);
  }

  /** Trains on the next part of a stream, as `RBM.partialFit`. */
  async partialFit(data: LayerRows, options?: PartialFitOptions): Promise<void> {
    const call = 'BoltzmannMachine.partialFit';
    await this.partialFitLayers(call, this.#inputs(call, 'data', data), options);
  }

  // --- conditionals and energies ---------------------------------------------------------------------------------------

  /** Means of `layer` given rows of all layers that it is coupled to; [n, places]. */
  async mean(layer: string, given: LayerRows, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#conditional('BoltzmannMachine.mean', layer, given, 'mean', options);
  }

  /**
   * {@link mean} given few rows, without a promise: the result is there when the call returns, and the event loop waits meanwhile.
   *
   * @throws As {@link mean} rejects; {@link ShapeError} on more rows than take a few milliseconds.
   */
  meanSync(layer: string, given: LayerRows): Matrix {
    const call = 'BoltzmannMachine.meanSync';
    const target = this.#layer(call, layer);
    return this.askedNow(this.conditional(call, this.#inputs(call, 'given', given), target, 'mean'));
  }

  /** A draw of `layer` given rows of all layers that it is coupled to; [n, places]. Every call draws anew. */
  async draw(layer: string, given: LayerRows, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    return this.#conditional('BoltzmannMachine.draw', layer, given, 'sample', options);
  }

  async #conditional(call: string, layer: unknown, given: unknown, draw: 'mean' | 'sample', options: unknown): Promise<Matrix> {
    const { signal } = readOptions(call, options, ['signal']);
    const target = this.#layer(call, layer);
    return this.asked(this.conditional(call, this.#inputs(call, 'given', given), target, draw), signal);
  }

  /**
   * P(category | given) of a layer of one softmax unit, exactly: all layers that are neither given nor asked for are summed out and must not be
   * coupled to each other. [n, categories].
   */
  async probabilities(layer: string, given: LayerRows, options?: { readonly signal?: AbortSignal }): Promise<Matrix> {
    const call = 'BoltzmannMachine.probabilities';
    const { signal } = readOptions(call, options, ['signal']);
    return this.asked(this.#categories(call, layer, given), signal);
  }

  /** {@link probabilities} given few rows, without a promise, as {@link meanSync}; a row counts as many times as there are categories. */
  probabilitiesSync(layer: string, given: LayerRows): Matrix {
    return this.askedNow(this.#categories('BoltzmannMachine.probabilitiesSync', layer, given));
  }

  #categories(call: string, layer: unknown, given: unknown): Question<Float32Array, Matrix> {
    const target = this.#layer(call, layer);
    const inputs = this.#inputs(call, 'given', given);
    const shape = [rowCount(call, inputs), this.places(target)];
    const ask: Ask<Float32Array> = (native, packed, now) => native.categoryProbabilities(packed, target, now);
    return { call, inputs, passes: this.places(target), ask, answer: (values) => array(values, shape) };
  }

  /** E(s) of complete states; [n], in nats. */
  async energy(states: LayerRows, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'BoltzmannMachine.energy';
    const { signal } = readOptions(call, options, ['signal']);
    return this.energies(call, this.#inputs(call, 'states', states), signal);
  }

  /** F(given) = −log Σ exp(−E), the sum over all layers that are not given; they must not be coupled to each other. [n], in nats. */
  async freeEnergy(given: LayerRows, options?: { readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'BoltzmannMachine.freeEnergy';
    const { signal } = readOptions(call, options, ['signal']);
    return this.asked(this.freeEnergies(call, this.#inputs(call, 'given', given)), signal);
  }

  /** {@link freeEnergy} of few rows without a promise, as {@link meanSync}. */
  freeEnergySync(given: LayerRows): Nats {
    const call = 'BoltzmannMachine.freeEnergySync';
    return this.askedNow(this.freeEnergies(call, this.#inputs(call, 'given', given)));
  }

  /**
   * Log pseudo-likelihood Σ_i log p(s_i | s_−i) over the units of all given layers (Besag 1975), the other layers summed out; [n], in nats. The
   * layers that are not given must not be coupled to each other; if there are any, those given must be of bernoulli, spin, softmax or binomial
   * units. Counts have none. A value between two states counts as the mean over a draw of that unit.
   *
   * @param options - `exact`: all units; otherwise (default) the number of units times the term of one random unit per row: unbiased and that
   *   many times cheaper. With rows of all layers the sum costs no more and is what comes back either way.
   */
  async pseudoLikelihood(rows: LayerRows, options?: { readonly exact?: boolean; readonly signal?: AbortSignal }): Promise<Nats> {
    const call = 'BoltzmannMachine.pseudoLikelihood';
    const given = readOptions(call, options, ['exact', 'signal']);
    const check = new OptionCheck(call);
    const exact = check.flag('exact', given.exact, false);
    const inputs = this.#inputs(call, 'rows', rows);
    return this.pseudoLikelihoods(call, inputs, exact, check.signal(given.signal));
  }

  // --- evaluation ------------------------------------------------------------------------------------------------------

  /**
   * Log-likelihood of rows by layer, all other layers summed out, log p(v) = −F(v) − log Z, each and on average, with an interval that
   * carries the uncertainty of log Z. Rows must hold states: of values between 0 and 1 there is no likelihood, so grey levels have to be made
   * binary first. `warnings` say in plain sentences what speaks against the numbers.
   *
   * Every call draws anew; the sequence of calls is a function of the seed, whatever the number of threads.
   *
   * @throws {@link ParameterError} on options out of range, rows that are no states, machines without a finite log Z (counts, Gaussian units
   *   that are not normalisable), and too many states for 'exact'; {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's
   *   reason when aborted.
   */
  async evaluate(rows: LayerRows, options?: EvaluateOptions): Promise<Evaluation> {
    const call = 'BoltzmannMachine.evaluate';
    return this.evaluated(call, this.#inputs(call, 'rows', rows), options);
  }

  /** log Z in nats, as {@link evaluate} estimates it, but without rows to begin from. */
  async logZ(options?: EvaluateOptions): Promise<PartitionEstimate> {
    return this.partition('BoltzmannMachine.logZ', options);
  }

  // --- sampling --------------------------------------------------------------------------------------------------------

  /** Runs `n` independent block Gibbs chains and returns the states of one layer, [n, places]. Every call draws anew. */
  async sample(n: number, options?: MachineSampleOptions): Promise<Matrix> {
    const call = 'BoltzmannMachine.sample';
    const given = readOptions(call, options, ['steps', 'start', 'clamp', 'beta', 'schedule', 'ladder', 'output', 'layer', 'signal']);
    const check = new OptionCheck(call);
    const steps = check.integer('steps', given.steps, 1000, 0, 2 ** 40);
    const output = check.oneOf('output', given.output, 'sample', ['sample', 'mean']);
    const layer = given.layer === undefined ? 0 : this.#layer(call, given.layer);
    const setting = this.#setting(call, n, given);
    const temperatures = readTemperatures(call, given, setting.chains, steps);
    return sampleLayer(this.machine, call, setting, layer, { steps, temperatures, output, signal: check.signal(given.signal) });
  }

  /**
   * `n` block Gibbs chains that stay: they can be advanced, looked at and saved; with a `ladder` each is a group of chains at several
   * temperatures (parallel tempering).
   */
  async chains(n: number, options?: MachineChainOptions): Promise<Chains> {
    const call = 'BoltzmannMachine.chains';
    const given = readOptions(call, options, ['start', 'clamp', 'beta', 'ladder', 'signal']);
    const setting = this.#setting(call, n, given);
    const signal = new OptionCheck(call).signal(given.signal);
    return startChains(this.machine, call, setting, readTemperatures(call, given, setting.chains, 0), signal);
  }

  /** Chains that `Chains.save` wrote, of a machine with the same layers. */
  async loadChains(path: string | URL): Promise<Chains> {
    return restoreChains(this.machine, 'BoltzmannMachine.loadChains', path);
  }

  /**
   * Looks for states of low energy (modes) by simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983): `n` chains whose inverse temperature
   * rises, followed by sweeps in which every unit takes its likeliest state. Without a `schedule` the temperatures follow from the parameters:
   * multiplying all of them by a number changes nothing but the energies.
   *
   * @returns Energies [n], lowest first, and the states of every layer in that order.
   */
  async anneal(n: number, options?: AnnealOptions): Promise<Annealed> {
    const call = 'BoltzmannMachine.anneal';
    const given = readOptions(call, options, ['steps', 'schedule', 'quench', 'start', 'clamp', 'signal']);
    const check = new OptionCheck(call);
    const steps = check.integer('steps', given.steps, 1000, 1, mostScheduled);
    const asked = given.schedule === undefined ? undefined : readSchedule(check, given.schedule, steps);
    const quench = check.integer('quench', given.quench, 100, 0, 2 ** 40);
    const [setting, signal] = [this.#setting(call, n, given), check.signal(given.signal)];
    const schedule = asked ?? annealingSchedule(this.machine, call, steps);
    const { energies, states } = await annealed(this.machine, call, setting, { steps, schedule, quench, signal });
    return { energies, states: Object.fromEntries([...this.#layers.keys()].map((name, l) => [name, states[l] as Matrix])) };
  }

  #setting(call: string, n: unknown, given: { readonly start?: unknown; readonly clamp?: unknown }): ChainSetting {
    const chains = new OptionCheck(call).integer('n', n, undefined, 1, 2 ** 31 - 1);
    const start = given.start === undefined ? [] : this.#inputs(call, 'start', given.start);
    for (const { host, where } of start) {
      if (host.rows !== chains) throw new ShapeError(`${call}: \`${where.argument}\` must have ${chains} rows (chains), got ${host.rows}`);
    }
    return { chains, start, clamps: this.#clamps(call, given.clamp, chains) };
  }

  #clamps(call: string, clamp: unknown, chains: number): ReturnType<typeof readClamp> {
    if (clamp === undefined) return [];
    const given = readOptions(call, clamp, [...this.#layers.keys()]);
    return Object.entries(given).flatMap(([name, value]) => {
      const layer = this.#layer(call, name);
      const domain = this.machine.domain(layer);
      if (namesPlaces(value)) return readClamp(call, value, layer, this.places(layer), chains, domain, `clamp.${name}`);
      return rowsClamp(this.input(call, `clamp.${name}`, value, layer, `places of layer '${name}'`), domain, chains);
    });
  }

  // --- inference -------------------------------------------------------------------------------------------------------

  /**
   * Fills in what rows of some layers lack (NaN, or 0 in a mask), by Gibbs sampling given the values they have; layers without rows are free.
   * Values that are given come back exactly as they are (categories as one-hot rows). Every call draws anew.
   *
   * @returns Rows [n, places] by the names of the given layers.
   */
  async impute(given: LayerRows, options?: ImputeOptions): Promise<Readonly<Record<string, Matrix>>> {
    const call = 'BoltzmannMachine.impute';
    const checked = readImputeOptions(call, options);
    const inputs = this.#inputs(call, 'given', given);
    const layers = inputs.map(({ layer }) => layer);
    const completed = await this.imputed(call, inputs, layers, checked);
    return Object.fromEntries(completed.map((rows, i) => [this.#name(layers[i] as number), rows]));
  }

  /**
   * Means of `layer` given rows of some other layers, in which values may be missing; all else is averaged over: [n, places]. Exact in one pass
   * where all that the layer is coupled to is given, as {@link mean}; otherwise the average of conditional means over `steps` Gibbs sweeps.
   */
  async marginals(layer: string, given: LayerRows, options?: MarginalOptions): Promise<Matrix> {
    const call = 'BoltzmannMachine.marginals';
    const checked = readImputeOptions(call, options, ['warmup', 'steps', 'signal']);
    const target = this.#layer(call, layer);
    const inputs = this.#inputs(call, 'given', given);
    if (inputs.some((input) => input.layer === target)) {
      throw new ParameterError(`${call}: layer '${layer}' is given, so its marginals cannot be asked for; impute fills in what it lacks`);
    }
    const [means] = await this.imputed(call, inputs, [target], checked);
    return means as Matrix;
  }

  #name(layer: number): string {
    return this.machine.spec.layers[layer]?.name ?? '';
  }

  // --- parameters and files --------------------------------------------------------------------------------------------

  /** Names and shapes of all parameters: 'label-hidden.weights', 'hidden.bias', or 'image.parameters' for units with several. */
  get parameterShapes(): Readonly<Record<string, readonly [number, number]>> {
    const all = this.machine.parameters('BoltzmannMachine.parameterShapes');
    return Object.fromEntries(all.map(({ name, rows, cols }) => [name, [rows, cols] as const]));
  }

  /** A copy of a parameter tensor, by a name from {@link parameterShapes}. `BusyError` during a job. */
  parameter(name: string): Parameters {
    return this.getParameter('BoltzmannMachine.parameter', name, [...this.#shape('BoltzmannMachine.parameter', name)]);
  }

  /** Replaces a parameter tensor. */
  setParameterValues(name: string, values: RowsInput): void {
    const call = 'BoltzmannMachine.setParameterValues';
    const [rows, cols] = this.#shape(call, name);
    this.setParameter(call, name, asMatrix(values, rows, cols, { call, argument: 'values', units: 'places' }));
  }

  #shape(call: string, name: string): readonly [number, number] {
    const shapes = this.parameterShapes;
    if (typeof name === 'string' && Object.hasOwn(shapes, name)) return shapes[name] as readonly [number, number];
    throw new OptionCheck(call).error('name', `one of ${Object.keys(shapes).join(', ')}`, name);
  }

  /** Saves parameters and training state, as `RBM.save`. */
  async save(path: string | URL): Promise<void> {
    await this.saveAs('BoltzmannMachine.save', path);
  }

  /** Loads a machine that {@link save} wrote, as `RBM.load`. */
  static async load(path: string | URL, options?: { readonly device?: Device; readonly threads?: number }): Promise<BoltzmannMachine> {
    const call = 'BoltzmannMachine.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'boltzmann-machine');
    const describe = (): Described<BoltzmannMachine> => {
      const options = { ...optionsOf(checkpoint), ...where };
      return { spec: readSpec(call, options), make: () => new BoltzmannMachine(options) };
    };
    return checkpoint.construct(describe, (machine, read) => machine.restore(call, read));
  }
}
