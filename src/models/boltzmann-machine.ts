import type { NdArray } from 'ndarray';
import { array } from '../data/ndarray.js';
import { ParameterError } from '../errors.js';
import type { Ask, LayerInput } from '../machine/host.js';
import { rowCount } from '../machine/inputs.js';
import type { Patience } from '../machine/patience.js';
import type { Couplings, LayerName, Layers, SoftmaxName } from '../wiring/names.js';
import { type PlaceOptions, readLoadOptions } from '../wiring/place.js';
import { readSpec, type WiringOptions } from '../wiring/read-wiring.js';
import { type LayerClamps, type LayerRows, someByLayer, valuesByLayer } from './by-layer.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { type ImputeOptions, type MarginalOptions, readImputeOptions } from './impute.js';
import { MachineModel } from './machine-model.js';
import type { LayerClamp, Question } from './machine-questions.js';
import type { Matrix, Nats } from './results.js';
import { savedWiring } from './saved-wiring.js';

/** How to construct a machine: its wiring, where it runs, and its seed. */
export type BoltzmannMachineOptions<L extends Layers = Layers, C extends Couplings = Couplings> = WiringOptions<L, C>;

/** Nothing but names of layers. */
type Only<G, Layer extends string> = { readonly [K in keyof G]: K extends Layer ? G[K] : never };

/**
 * A Boltzmann machine of any layers and couplings between them:
 * E(s) = Σ_l U_l(s_l) − Σ_(a,b) s_aᵀ W_ab s_b. Layers that are not coupled to each other are drawn together (block Gibbs sampling). The names of
 * layers and couplings are part of its type.
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
 * await machine.fit({ image: [[1, 1, 0, 0], [0, 0, 1, 1]], label: [0, 1] }, { epochs: 500 });
 * const p = await machine.probabilities('label', { image: [[1, 1, 0, 0]] }); // P(label | image), [1, 2]
 * machine.dispose();
 * ```
 */
export class BoltzmannMachine<const L extends Layers = Layers, const C extends Couplings = Couplings> extends MachineModel<
  LayerRows<LayerName<L>>,
  LayerClamps<LayerName<L>>,
  L,
  C
> {
  /** @throws {@link ParameterError} on unknown or repeated names, and on options out of range. */
  constructor(options: BoltzmannMachineOptions<L, C>) {
    const spec = readSpec('BoltzmannMachine', options);
    const couplings = spec.couplings.map(([a, b]) => [a, b]);
    super('BoltzmannMachine', spec, { kind: 'boltzmann-machine', config: { layers: spec.layers, couplings } });
  }

  /**
   * The edges of a layer that is coupled to itself along a graph: pairs of units [edges, 2] in the order of its weights, a pair (i, j) with
   * i < j. Units of K categories have K × K weights to an edge, the categories of unit j running fastest. Null without a graph.
   */
  edges(layer: LayerName<L>): NdArray<Uint32Array> | null {
    const index = this.layer(this.call('edges'), layer);
    const graph = this.machine.spec.couplings.find(([a, b]) => a === index && b === index)?.[2];
    return graph === undefined ? null : array(graph.slice(), [graph.length / 2, 2]);
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    return someByLayer(call, argument, rows, this.#names).map(({ layer, name, value, argument }) => {
      return this.input(call, argument, value, layer, `places of layer '${name}'`);
    });
  }

  protected clampsByLayer(call: string, clamp: unknown): LayerClamp[] {
    return valuesByLayer(call, 'clamp', clamp, this.#names);
  }

  get #names(): readonly string[] {
    return this.machine.spec.layers.map(({ name }) => name);
  }

  // --- conditionals ----------------------------------------------------------------------------------------------------

  /** Means of `layer` given rows of all layers that it is coupled to; [n, places]. */
  async mean(layer: LayerName<L>, given: LayerRows<LayerName<L>>, options?: Patience): Promise<Matrix> {
    return this.#conditional('mean', layer, given, options);
  }

  /**
   * {@link mean} given few rows, without a promise: the result is there when the call returns, and the event loop waits meanwhile.
   *
   * @throws As {@link mean} rejects; {@link ShapeError} on more rows than take a few milliseconds, {@link BusyError} while other calls are under way.
   */
  meanSync(layer: LayerName<L>, given: LayerRows<LayerName<L>>): Matrix {
    const call = this.call('meanSync');
    const target = this.layer(call, layer);
    return this.askedNow(this.conditional(call, this.inputs(call, 'given', given), target, 'mean'));
  }

  /** A draw of `layer` given rows of all layers that it is coupled to; [n, places]. Every call draws anew. */
  async draw(layer: LayerName<L>, given: LayerRows<LayerName<L>>, options?: Patience): Promise<Matrix> {
    return this.#conditional('draw', layer, given, options);
  }

  async #conditional(name: 'mean' | 'draw', layer: unknown, given: unknown, options: unknown): Promise<Matrix> {
    const call = this.call(name);
    const patience = this.patience(call, options);
    const target = this.layer(call, layer);
    const inputs = this.inputs(call, 'given', given);
    return this.asked(this.conditional(call, inputs, target, name === 'mean' ? 'mean' : 'sample'), patience);
  }

  /**
   * P(category | given) of a layer of one softmax unit, exactly: all layers that are neither given nor asked for are summed out and must not be
   * coupled to each other. [n, categories].
   */
  async probabilities(layer: SoftmaxName<L>, given: LayerRows<LayerName<L>>, options?: Patience): Promise<Matrix> {
    const call = this.call('probabilities');
    return this.asked(this.#categories(call, layer, given), this.patience(call, options));
  }

  /** {@link probabilities} given few rows, without a promise, as {@link meanSync}; a row counts as many times as there are categories. */
  probabilitiesSync(layer: SoftmaxName<L>, given: LayerRows<LayerName<L>>): Matrix {
    return this.askedNow(this.#categories(this.call('probabilitiesSync'), layer, given));
  }

  #categories(call: string, layer: unknown, given: unknown): Question<Float32Array, Matrix> {
    const target = this.layer(call, layer);
    const inputs = this.inputs(call, 'given', given);
    const shape = [rowCount(call, inputs), this.places(target)];
    const ask: Ask<Float32Array> = (native, packed, now) => native.categoryProbabilities(packed, target, now);
    return { call, inputs, passes: this.places(target), ask, answer: (values) => array(values, shape) };
  }

  /** E(s) of complete states; [n], in nats. */
  async energy(states: LayerRows<LayerName<L>>, options?: Patience): Promise<Nats> {
    const call = this.call('energy');
    return this.energies(call, this.inputs(call, 'states', states), options);
  }

  // --- inference -------------------------------------------------------------------------------------------------------

  /**
   * Fills in what rows of some layers lack (NaN, null, or 0 in a mask), by Gibbs sampling given the values they have; layers without rows are
   * free. Values that are given come back exactly as they are (categories as one-hot rows). Every call draws anew.
   *
   * @returns Rows [n, places] by the names of the given layers.
   */
  async impute<const G extends LayerRows<LayerName<L>>>(
    given: G & Only<G, LayerName<L>>,
    options?: ImputeOptions,
  ): Promise<{ readonly [K in keyof G]: Matrix }> {
    const call = this.call('impute');
    const checked = readImputeOptions(call, options);
    const inputs = this.inputs(call, 'given', given);
    const layers = inputs.map(({ layer }) => layer);
    const completed = await this.imputed(call, inputs, layers, checked);
    return Object.fromEntries(completed.map((rows, i) => [this.layerName(layers[i] as number), rows])) as {
      readonly [K in keyof G]: Matrix;
    };
  }

  /**
   * Means of `layer` given rows of some other layers, in which values may be missing; all else is averaged over: [n, places]. Exact in one pass
   * where all that the layer is coupled to is given, as {@link mean}; otherwise the average of conditional means over `sweeps` Gibbs sweeps.
   */
  async marginals(layer: LayerName<L>, given: LayerRows<LayerName<L>>, options?: MarginalOptions): Promise<Matrix> {
    const call = this.call('marginals');
    const checked = readImputeOptions(call, options, ['warmup', 'sweeps', 'signal', 'onProgress']);
    const target = this.layer(call, layer);
    const inputs = this.inputs(call, 'given', given);
    if (inputs.some((input) => input.layer === target)) {
      throw new ParameterError(`${call}: layer '${layer}' is given, so its marginals cannot be asked for; impute fills in what it lacks`);
    }
    const [means] = await this.imputed(call, inputs, [target], checked);
    return means as Matrix;
  }

  /**
   * Loads a machine that `save` wrote; a subclass loads itself. Names of layers are those of the file, which no type knows.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds a machine, {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends BoltzmannMachine = BoltzmannMachine>(
    this: new (
      options: BoltzmannMachineOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'BoltzmannMachine.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'boltzmann-machine');
    const describe = (): Described<M> => {
      const all = { ...savedWiring(checkpoint), ...where };
      return { spec: readSpec(call, all), make: () => new this(all) };
    };
    return checkpoint.construct(describe, (machine, read) => machine.restore(call, read));
  }
}
