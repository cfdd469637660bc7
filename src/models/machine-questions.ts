import { OptionCheck, readOptions } from '../arguments.js';
import { describeCategories } from '../data/categories.js';
import { array } from '../data/ndarray.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { asMatrix } from '../data/vector.js';
import { ShapeError } from '../errors.js';
import { type EvaluateOptions, readEvaluateOptions } from '../estimators/evaluate-options.js';
import { evaluateWithin, partitionWithin } from '../estimators/evaluation.js';
import type { Evaluation, PartitionEstimate } from '../estimators/results.js';
import { readScoreOptions, type ScoreOptions, type Scores, scored } from '../estimators/score.js';
import { type SurpriseOptions, surprised } from '../estimators/surprise.js';
import type { Ask, LayerInput } from '../machine/host.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import type { NativeLayerRows, NativeMachine } from '../machine/native.js';
import { parameterShapes } from '../machine/parameter-shapes.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Couplings, LayerName, Layers, ParameterName } from '../wiring/names.js';
import type { Units, UnitType } from '../wiring/units.js';
import { annealingSchedule } from './anneal-schedule.js';
import { annealed, restoreChains, sampleLayer, startChains } from './chain-jobs.js';
import { layerNumber } from './chain-observe.js';
import type { Chains } from './chains.js';
import { namesPlaces, readClamp, rowsClamp } from './clamps.js';
import type { CheckedImputeOptions } from './impute.js';
import type { Matrix, Nats, Parameters } from './results.js';
import type { Annealed, AnnealOptions, ChainsOptions, SampleOptions } from './sample-options.js';
import { type ChainSetting, mostScheduled, readSweepBetas, readTemperatures } from './sampling.js';
import { TrainableModel } from './trainable.js';

/** Something to ask of a machine about rows. */
export interface Question<T, R> {
  readonly call: string;
  readonly inputs: Inputs;
  /** How often a row goes through all layers. */
  readonly passes: number;
  readonly ask: Ask<T>;
  /** What the numbers become. */
  readonly answer: (values: T) => R;
}

/** A clamp of one layer, as it came. */
export interface LayerClamp {
  readonly layer: number;
  readonly value: unknown;
  readonly argument: string;
}

/**
 * The half of a model that asks: everything that is the same whatever layers there are. A model says what its rows are (`Rows`), what it clamps
 * by (`Clamp`), and which layers (`L`) and couplings (`C`) it has.
 */
export abstract class MachineQuestions<Rows, Clamp, const L extends Layers, const C extends Couplings> extends TrainableModel {
  /** Describes rows by layer, as the model's users give them. */
  protected abstract inputs(call: string, argument: string, rows: unknown): LayerInput[];

  /** Takes a clamp apart by layers. */
  protected abstract clampsByLayer(call: string, clamp: unknown): LayerClamp[];

  // --- wiring ----------------------------------------------------------------------------------------------------------

  /** Units of every layer by name. */
  get layers(): L {
    const entries = this.machine.spec.layers.map(({ name, type, units, size }): [string, Units] => {
      return [name, { type: type as UnitType, places: units, size }];
    });
    return Object.fromEntries(entries) as unknown as L;
  }

  /** Names of coupled layers. */
  get couplings(): readonly (readonly [LayerName<L>, LayerName<L>])[] {
    return this.machine.spec.couplings.map(([a, b]) => [this.layerName(a), this.layerName(b)]);
  }

  /** The number of a layer, by its name. */
  protected layer(call: string, name: unknown): number {
    return layerNumber(this.machine, call, name);
  }

  protected layerName(layer: number): LayerName<L> {
    return (this.machine.spec.layers[layer]?.name ?? '') as LayerName<L>;
  }

  /** Columns of a layer's rows. */
  protected places(layer: number): number {
    return this.machine.places(layer);
  }

  /** Describes rows for a layer; of softmax units also category numbers. */
  protected input(call: string, argument: string, rows: unknown, layer: number, units: string): LayerInput {
    const where = { call, argument, units };
    const spec = this.machine.spec.layers[layer];
    if (spec?.type !== 'softmax') return { layer, host: describeRows(rows, this.places(layer), where), where };
    return { layer, host: describeCategories(rows, spec.size, spec.units / spec.size, where), where };
  }

  // --- questions -------------------------------------------------------------------------------------------------------

  /** The answer to a question; `options` are the caller's, of which only those of patience are left. */
  protected async asked<T, R>(question: Question<T, R>, patience: Patience): Promise<R> {
    const { call, inputs, ask, answer } = question;
    return answer(await this.machine.over(call, inputs, patience, ask));
  }

  /** Options of a call that has none of its own. */
  protected patience(call: string, options: unknown): Patience {
    return readPatience(new OptionCheck(call), readOptions(call, options, ['signal', 'onProgress']));
  }

  /** The answer to a question about few rows, before the call returns. */
  protected askedNow<T, R>({ call, inputs, passes, ask, answer }: Question<T, R>): R {
    return answer(this.machine.now(call, inputs, passes, ask));
  }

  protected conditional(call: string, inputs: Inputs, target: number, draw: 'mean' | 'sample'): Question<Float32Array, Matrix> {
    const shape = [rowCount(call, inputs), this.places(target)];
    const ask: Ask<Float32Array> = (native, packed, now) => native.conditional(packed, target, draw, now);
    return { call, inputs, passes: 1, ask, answer: (values) => array(values, shape) };
  }

  /**
   * F(v) = −log Σ exp(−E), the sum over all layers without rows, which must not be coupled to each other; [n], in nats. Lower is likelier.
   */
  async freeEnergy(rows: Rows, options?: Patience): Promise<Nats> {
    const call = this.call('freeEnergy');
    return this.asked(this.#freeEnergies(call, rows), this.patience(call, options));
  }

  /**
   * {@link freeEnergy} of few rows without a promise: the result is there when the call returns, and the event loop waits meanwhile.
   *
   * @throws As {@link freeEnergy} rejects; {@link ShapeError} on more rows than take a few milliseconds (about 70 of a 784–500 machine),
   *   {@link BusyError} while other calls are under way.
   */
  freeEnergySync(rows: Rows): Nats {
    return this.askedNow(this.#freeEnergies(this.call('freeEnergySync'), rows));
  }

  #freeEnergies(call: string, rows: unknown): Question<Float64Array, Nats> {
    const inputs = this.inputs(call, 'data', rows);
    const shape = [rowCount(call, inputs)];
    const ask: Ask<Float64Array> = (native, packed, now) => native.freeEnergy(packed, now);
    return { call, inputs, passes: 1, ask, answer: (values) => array(values, shape) };
  }

  /**
   * How unusual rows are, also those that lack values: −log Σ exp(−E) over all states that agree
   * with what is there, in nats. Of a complete row that is its {@link freeEnergy}. Less log Z it is
   * −log p of what is there, so scores of rows that lack the same places can be compared; rows that
   * lack more usually have lower ones.
   *
   * A score is exact where the states of what is missing, or of the hidden layers coupled to it,
   * are few enough to count (`states`). Otherwise it is estimated by importance sampling from
   * imputations, with its standard error and the number of draws it is worth. Such rows take about
   * `samples` free energies and `samples` / 20 imputations each.
   *
   * @throws {@link ParameterError} on values that units do not have, and where units of ReLU type
   *   are missing; {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's
   *   reason when aborted.
   */
  async score(rows: Rows, options?: ScoreOptions): Promise<Scores> {
    const call = this.call('score');
    return scored(this.machine, call, this.inputs(call, 'data', rows), readScoreOptions(call, options));
  }

  /**
   * Which values of rows are odd: −log p(v_i | v_−i) of every unit, given all other values of its
   * row, in nats, [n, units]: layer after layer in the order given, one number per softmax unit.
   * Layers without rows are summed out and must not be coupled to each other. Of Gaussian units it
   * is a density, whose log may be of either sign. A value between two states counts as the mean
   * over a draw of that unit.
   *
   * Where a row lacks a value there is NaN (null after `toNested`). Its other values are judged
   * with what it lacks filled in by one draw given what it has, so they vary from call to call.
   * Costs a free energy per state of every unit: rows of 784 bits as much as 1568 rows.
   *
   * @throws {@link ParameterError} where units of other types than bernoulli, spin, softmax,
   *   binomial or gaussian are given; {@link ShapeError}, {@link BusyError}, {@link DisposedError};
   *   the signal's reason when aborted.
   */
  async surprise(rows: Rows, options?: SurpriseOptions): Promise<Nats> {
    const call = this.call('surprise');
    return surprised(this.machine, call, this.inputs(call, 'data', rows), options);
  }

  /** E(s) of complete states; [n], in nats. */
  protected async energies(call: string, inputs: Inputs, options: unknown): Promise<Nats> {
    rowCount(call, inputs);
    const values = await this.machine.over(call, inputs, this.patience(call, options), (native, packed) => native.energy(packed));
    return array(values, [values.length]);
  }

  /**
   * Log pseudo-likelihood Σ_i log p(s_i | s_−i) over the units of all layers with rows (Besag 1975), the other layers summed out; [n], in nats.
   * The layers without rows must not be coupled to each other; if there are any, those with rows must be of bernoulli, spin, softmax or binomial
   * units. Counts have none. A value between two states counts as the mean over a draw of that unit.
   *
   * @param options - `exact`: all units; otherwise (default) the number of units times the term of one random unit per row: unbiased and that many
   *   times cheaper. With rows of all layers the sum costs no more and is what comes back either way.
   */
  async pseudoLikelihood(rows: Rows, options?: Patience & { readonly exact?: boolean | undefined }): Promise<Nats> {
    const call = this.call('pseudoLikelihood');
    const given = readOptions(call, options, ['exact', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const exact = check.flag('exact', given.exact, false);
    const inputs = this.inputs(call, 'data', rows);
    rowCount(call, inputs);
    const values = await this.machine.over(call, inputs, readPatience(check, given), (native, packed) => {
      return native.pseudoLikelihood(packed, exact);
    });
    return array(values, [values.length]);
  }

  /** Rows of layers, what they lack filled in; one matrix [n, places] per asked layer. */
  protected async imputed(call: string, inputs: Inputs, layers: number[], options: CheckedImputeOptions): Promise<Matrix[]> {
    const rows = rowCount(call, inputs);
    const { warmup, sweeps, output, patience } = options;
    const start = (native: NativeMachine, given: NativeLayerRows[]) => native.impute({ given, layers, warmup, steps: sweeps, output });
    const results = await this.machine.over(call, inputs, patience, start, true);
    return results.map((values, i) => array(values, [rows, this.places(layers[i] as number)]));
  }

  // --- likelihoods -----------------------------------------------------------------------------------------------------

  /**
   * Log-likelihood of rows, all layers without rows summed out, log p(v) = −F(v) − log Z, each and on average, with an interval that carries the
   * uncertainty of log Z. Rows must hold states: of values between 0 and 1 there is no likelihood, so grey levels have to be made binary first.
   * `warnings` say in plain sentences what speaks against the numbers.
   *
   * Every call draws anew; what calls draw is a function of the seed and their order, whatever the number of threads.
   *
   * @throws {@link ParameterError} on options out of range, rows that are no states, machines without a finite log Z (counts, Gaussian units
   *   that are not normalisable), and too many states for 'exact'; {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's
   *   reason when aborted.
   */
  async evaluate(rows: Rows, options?: EvaluateOptions): Promise<Evaluation> {
    const call = this.call('evaluate');
    const inputs = this.inputs(call, 'data', rows);
    const control = readEvaluateOptions(call, options, this.untouched);
    rowCount(call, inputs);
    control.patience.signal?.throwIfAborted();
    const work = (native: NativeMachine) => evaluateWithin(this.machine, native, inputs, control, call);
    return this.machine.exclusive(call, work, control.patience.signal);
  }

  /** log Z in nats, as {@link evaluate} estimates it, but without rows to begin from. */
  async logZ(options?: EvaluateOptions): Promise<PartitionEstimate> {
    const call = this.call('logZ');
    const control = readEvaluateOptions(call, options, this.untouched);
    control.patience.signal?.throwIfAborted();
    const work = (native: NativeMachine) => partitionWithin(this.machine, native, [], control, call);
    return this.machine.exclusive(call, work, control.patience.signal);
  }

  // --- sampling --------------------------------------------------------------------------------------------------------

  /**
   * Runs `n` independent block Gibbs chains and returns the states of one layer, [n, places]. Every call draws anew; what calls draw is a function
   * of the seed and their order.
   *
   * @throws {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's reason when aborted.
   */
  async sample(n: number, options?: SampleOptions<Rows, Clamp, LayerName<L>>): Promise<Matrix> {
    const call = this.call('sample');
    const names = ['sweeps', 'start', 'clamp', 'beta', 'betas', 'ladder', 'output', 'layer', 'signal', 'onProgress'] as const;
    const given = readOptions(call, options, names);
    const check = new OptionCheck(call);
    const sweeps = check.integer('sweeps', given.sweeps, 1000, 0, 2 ** 40);
    const output = check.oneOf('output', given.output, 'sample', ['sample', 'mean']);
    const layer = given.layer === undefined ? 0 : this.layer(call, given.layer);
    const setting = this.#setting(call, n, given);
    const temperatures = readTemperatures(call, given, setting.chains, sweeps);
    return sampleLayer(this.machine, call, setting, layer, { sweeps, temperatures, output, patience: readPatience(check, given) });
  }

  /**
   * `n` block Gibbs chains that stay: they can be advanced, looked at and saved; with a `ladder` each is a group of chains at several temperatures
   * (parallel tempering).
   */
  async chains(n: number, options?: ChainsOptions<Rows, Clamp>): Promise<Chains<LayerName<L>>> {
    const call = this.call('chains');
    const given = readOptions(call, options, ['start', 'clamp', 'beta', 'ladder', 'signal', 'onProgress']);
    const setting = this.#setting(call, n, given);
    const patience = readPatience(new OptionCheck(call), given);
    return startChains<LayerName<L>>(this.machine, call, setting, readTemperatures(call, given, setting.chains, 0), patience);
  }

  /** Chains that `Chains.save` wrote, of a model with the same layers. */
  async loadChains(path: string | URL): Promise<Chains<LayerName<L>>> {
    return restoreChains<LayerName<L>>(this.machine, this.call('loadChains'), path);
  }

  /**
   * Looks for states of low energy (modes) by simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983): `n` chains whose inverse temperature rises,
   * followed by sweeps in which every unit takes its likeliest state. Without `betas` the temperatures follow from the parameters: multiplying all
   * of them by a number changes nothing but the energies.
   *
   * @returns Energies [n], lowest first, the states of every layer in that order, and which chain each came from.
   */
  async anneal(n: number, options?: AnnealOptions<Rows, Clamp>): Promise<Annealed<LayerName<L>>> {
    const call = this.call('anneal');
    const given = readOptions(call, options, ['sweeps', 'betas', 'quench', 'start', 'clamp', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const sweeps = check.integer('sweeps', given.sweeps, 1000, 1, mostScheduled);
    const asked = given.betas === undefined ? undefined : readSweepBetas(check, given.betas, sweeps);
    const quench = check.integer('quench', given.quench, 100, 0, 2 ** 40);
    const [setting, patience] = [this.#setting(call, n, given), readPatience(check, given)];
    const schedule = (native: NativeMachine) => asked ?? annealingSchedule(this.machine.spec, native, sweeps);
    const { energies, states, chains } = await annealed(this.machine, call, setting, { sweeps, schedule, quench, patience });
    const named = this.machine.spec.layers.map(({ name }, l) => [name, states[l] as Matrix]);
    return { energies, states: Object.fromEntries(named) as Annealed<LayerName<L>>['states'], chains };
  }

  #setting(call: string, n: unknown, given: { readonly start?: unknown; readonly clamp?: unknown }): ChainSetting {
    const chains = new OptionCheck(call).integer('n', n, undefined, 1, 2 ** 31 - 1);
    const start = given.start === undefined ? [] : this.inputs(call, 'start', given.start);
    for (const { host, where } of start) {
      if (host.rows !== chains) throw new ShapeError(`${call}: \`${where.argument}\` must have ${chains} rows (chains), got ${host.rows}`);
    }
    const clamps = given.clamp === undefined ? [] : this.clampsByLayer(call, given.clamp);
    return { chains, start, clamps: clamps.flatMap((clamp) => this.#clamps(call, clamp, chains)) };
  }

  #clamps(call: string, { layer, value, argument }: LayerClamp, chains: number): ReturnType<typeof readClamp> {
    const domain = this.machine.domain(layer);
    if (namesPlaces(value)) return readClamp(call, value, layer, this.places(layer), chains, domain, argument);
    return rowsClamp(this.input(call, argument, value, layer, `places of layer '${this.layerName(layer)}'`), domain, chains);
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  /** Names of all parameters, those of layers first. */
  get parameterNames(): readonly ParameterName<L, C>[] {
    return parameterShapes(this.machine.spec).map(({ name }) => name as ParameterName<L, C>);
  }

  /** Names and shapes of all parameters: 'label-hidden.weights', 'hidden.bias', or 'image.parameters' for units with several. */
  get parameterShapes(): { readonly [K in ParameterName<L, C>]: readonly [number, number] } {
    return Object.fromEntries(parameterShapes(this.machine.spec).map(({ name, shape }) => [name, shape])) as never;
  }

  /**
   * A copy of a parameter tensor, by a name from {@link parameterShapes}; biases are [units], all others [rows, columns].
   *
   * @throws {@link BusyError} while other calls are under way: it does not wait.
   */
  getParameter(name: ParameterName<L, C>): Parameters {
    const call = this.call('getParameter');
    const [rows, cols] = this.#shape(call, name);
    const values = new Float64Array(this.machine.parameter(call, name));
    return array(values, isVector(name) ? [cols] : [rows, cols]);
  }

  /** Replaces a parameter tensor by a copy of values of its shape. `BusyError` while other calls are under way. */
  setParameter(name: ParameterName<L, C>, values: RowsInput): void {
    const call = this.call('setParameter');
    const [rows, cols] = this.#shape(call, name);
    this.machine.setParameter(call, name, asMatrix(values, rows, cols, { call, argument: 'values', units: `columns of '${name}'` }));
    this.touch();
  }

  #shape(call: string, name: string): readonly [number, number] {
    const all = parameterShapes(this.machine.spec);
    const index = new OptionCheck(call).nameOf(
      'name',
      name,
      all.map((parameter) => parameter.name),
    );
    return (all[index] as (typeof all)[number]).shape;
  }
}

/** Whether a parameter has one number to a unit. */
function isVector(name: string): boolean {
  return name.endsWith('.bias');
}
