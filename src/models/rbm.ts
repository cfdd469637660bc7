import { OptionCheck, readOptions } from '../arguments.js';
import { array, matrix } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Ask, LayerInput } from '../machine/host.js';
import type { NativeLayerRows } from '../machine/native.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { type PlaceOptions, readLoadOptions, readStart, type StartOptions, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { bernoulli, type Units } from '../wiring/units.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { savedSeed } from './file-values.js';
import { type ImputeOptions, readImputeOptions } from './impute.js';
import { MachineModel } from './machine-model.js';
import type { LayerClamp, Question } from './machine-questions.js';
import type { Matrix, Nats } from './results.js';
import type { PlaceClamp } from './sample-options.js';
import { readOneOfScikitLearn } from './scikit-learn.js';

const [visible, hidden] = [0, 1];

/** How to construct an RBM. */
export interface RBMOptions extends StartOptions {
  /** Visible units: how many Bernoulli units, or units of another type such as `gaussian(20)`. */
  readonly visible: number | Units;
  /** Hidden units, likewise. */
  readonly hidden: number | Units;
}

/** How to take over a machine of scikit-learn. */
export interface ScikitLearnOptions extends Omit<StartOptions, 'weightScale'> {
  /** The step of a pipeline whose machine it is to be. Default: the only one. */
  readonly step?: string | undefined;
}

type RBMLayers = { readonly visible: Units; readonly hidden: Units };
type RBMCouplings = readonly [readonly ['visible', 'hidden']];
/** What stands for the hidden units of a reconstruction. */
type ReconstructOptions = { readonly draw?: 'sample' | 'mean' | undefined };

/**
 * A restricted Boltzmann machine (Smolensky 1986; Hinton 2002): E(v, h) = U(v) + U(h) − vᵀ W h, with v and h in {0, 1} unless other units are
 * asked for. Rows of a layer have one column per place; softmax units also take category numbers.
 *
 * Values between 0 and 1 in data of Bernoulli units are taken as probabilities; `dynamicBinarisation` draws them anew while training. Every call
 * that computes is asynchronous and runs on its own threads; calls wait for those before them, except that a run of `fit` lets in only who reads
 * between its reports. The same seed gives the same bits for any number of threads.
 *
 * @example
 * ```ts
 * import { RBM } from 'boltzkit';
 *
 * const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * await rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 200 });
 * const features = await rbm.transform([[1, 1, 0, 0]]); // P(h = 1 | v), [1, 2]
 * rbm.dispose();
 * ```
 */
export class RBM extends MachineModel<RowsInput, RowsInput | PlaceClamp, RBMLayers, RBMCouplings> {
  /** @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or the device cannot be used. */
  constructor(options: RBMOptions) {
    const spec = readRBM('RBM', options);
    super('RBM', spec, { kind: 'rbm', config: { layers: spec.layers } });
  }

  /** Columns of visible rows. */
  get visible(): number {
    return this.places(visible);
  }

  /** Columns of hidden rows. */
  get hidden(): number {
    return this.places(hidden);
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    return [this.#input(call, argument, rows)];
  }

  protected clampsByLayer(_call: string, clamp: unknown): LayerClamp[] {
    return [{ layer: visible, value: clamp, argument: 'clamp' }];
  }

  #input(call: string, argument: string, rows: unknown, layer = visible): LayerInput {
    return this.input(call, argument, rows, layer, layer === visible ? 'visible units' : 'hidden units');
  }

  // --- conditionals ----------------------------------------------------------------------------------------------------

  /** The means of the hidden units, P(h = 1 | v), for rows [n, visible]: the features of the rows, [n, hidden]. */
  async transform(rows: RowsInput, options?: Patience): Promise<Matrix> {
    return await this.#propagate('transform', rows, visible, 'mean', options);
  }

  /**
   * {@link transform} of few rows without a promise: the result is there when the call returns, and the event loop waits meanwhile.
   *
   * @throws As {@link transform} rejects; {@link ShapeError} on more rows than take a few milliseconds (about 70 of a 784–500 machine),
   *   {@link BusyError} while other calls are under way.
   */
  transformSync(rows: RowsInput): Matrix {
    const call = this.call('transformSync');
    return this.askedNow(this.conditional(call, [this.#input(call, 'data', rows)], hidden, 'mean'));
  }

  /** A draw of the hidden units given rows [n, visible]; [n, hidden]. Every call draws anew. */
  async sampleHidden(rows: RowsInput, options?: Patience): Promise<Matrix> {
    return await this.#propagate('sampleHidden', rows, visible, 'sample', options);
  }

  /** The means of the visible units, P(v = 1 | h), given hidden rows [n, hidden]; [n, visible]. */
  async meanVisible(hiddenRows: RowsInput, options?: Patience): Promise<Matrix> {
    return await this.#propagate('meanVisible', hiddenRows, hidden, 'mean', options);
  }

  /** A draw of the visible units given hidden rows [n, hidden]; [n, visible]. Every call draws anew. */
  async sampleVisible(hiddenRows: RowsInput, options?: Patience): Promise<Matrix> {
    return await this.#propagate('sampleVisible', hiddenRows, hidden, 'sample', options);
  }

  #propagate(name: string, rows: unknown, from: number, draw: 'mean' | 'sample', options: unknown): Promise<Matrix> {
    const call = this.call(name);
    const patience = this.patience(call, options);
    const input = this.#input(call, from === visible ? 'data' : 'hiddenRows', rows, from);
    return this.asked(this.conditional(call, [input], from === visible ? hidden : visible, draw), patience);
  }

  /**
   * Rows [n, visible] sent up and down again: the means of v given h, with h drawn from (or the mean of) P(h | v); [n, visible].
   *
   * @param options - `draw`: 'sample' (default) or 'mean', what stands for the hidden units.
   */
  async reconstruct(rows: RowsInput, options?: ReconstructOptions & Patience): Promise<Matrix> {
    const call = this.call('reconstruct');
    const { draw, ...patience } = readOptions(call, options, ['draw', 'signal', 'onProgress']);
    return this.asked(this.#reconstruction(call, rows, draw), readPatience(new OptionCheck(call), patience));
  }

  /** {@link reconstruct} of few rows without a promise, as {@link transformSync}; half as many rows as there. */
  reconstructSync(rows: RowsInput, options?: ReconstructOptions): Matrix {
    const call = this.call('reconstructSync');
    return this.askedNow(this.#reconstruction(call, rows, readOptions(call, options, ['draw']).draw));
  }

  #reconstruction(call: string, rows: unknown, drawn: unknown): Question<Float32Array, Matrix> {
    const draw = new OptionCheck(call).oneOf('draw', drawn, 'sample', ['sample', 'mean']);
    const input = this.#input(call, 'data', rows);
    const ask: Ask<Float32Array> = (native, [packed], now) => native.reconstruct(packed as NativeLayerRows, hidden, draw, now);
    return { call, inputs: [input], passes: 2, ask, answer: (values) => array(values, [input.host.rows, this.visible]) };
  }

  /** E(v, h) of pairs of rows [n, visible] and [n, hidden]; [n], in nats. */
  async energy(visibleRows: RowsInput, hiddenRows: RowsInput, options?: Patience): Promise<Nats> {
    const call = this.call('energy');
    const inputs = [this.#input(call, 'visibleRows', visibleRows), this.#input(call, 'hiddenRows', hiddenRows, hidden)];
    return this.energies(call, inputs, options);
  }

  /**
   * Fills in what rows [n, visible] lack (NaN, null, or 0 in a mask), by Gibbs sampling given the values they have, which come back exactly as
   * they are; [n, visible]. Every call draws anew.
   */
  async impute(rows: RowsInput, options?: ImputeOptions): Promise<Matrix> {
    const call = this.call('impute');
    const checked = readImputeOptions(call, options);
    const [completed] = await this.imputed(call, [this.#input(call, 'data', rows)], [visible], checked);
    return completed as Matrix;
  }

  /**
   * Loads a model that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds an RBM, {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends RBM = RBM>(this: new (options: RBMOptions) => M, path: string | URL, options?: PlaceOptions): Promise<M> {
    const call = 'RBM.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'rbm');
    const describe = (): Described<M> => {
      const { layers, seed, weightScale } = checkpoint.config;
      const [v, h] = (Array.isArray(layers) ? layers : []).map((layer: LayerSpec) => ({
        type: layer?.type,
        places: layer?.units,
        size: layer?.size,
      }));
      const all = { visible: v, hidden: h, seed: savedSeed(seed), weightScale, ...where } as RBMOptions;
      return { spec: readRBM(call, all), make: () => new this(all) };
    };
    return checkpoint.construct(describe, (rbm, read) => rbm.restore(call, read));
  }

  /**
   * A machine with the parameters of scikit-learn's `BernoulliRBM`, from an npz file of its attributes:
   * `np.savez('rbm.npz', components_=rbm.components_, intercept_hidden_=rbm.intercept_hidden_, intercept_visible_=rbm.intercept_visible_)`.
   * A file of a whole pipeline has the name of a step before each: `rbm1__components_`.
   *
   * @param options - Where it is to run, its seed, and `step`: which machine of several.
   * @throws {@link FormatError} unless the file is intact and holds finite arrays that fit each other, {@link ParameterError} where there are
   *   several machines and no `step`, {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async fromScikitLearn<M extends RBM = RBM>(
    this: new (
      options: RBMOptions,
    ) => M,
    path: string | URL,
    options?: ScikitLearnOptions,
  ): Promise<M> {
    const call = 'RBM.fromScikitLearn';
    const { step, ...where } = readOptions(call, options, ['step', 'seed', 'device', 'threads']);
    const check = new OptionCheck(call);
    if (step !== undefined && typeof step !== 'string') throw check.error('step', 'text', step);
    const { weightScale: _, ...place } = readStart(check, where);
    const level = await readOneOfScikitLearn(call, path, step);
    const rbm = new this({ visible: level.visible, hidden: level.hidden, ...place });
    rbm.setParameter('visible.bias', level.visibleBias);
    rbm.setParameter('hidden.bias', level.hiddenBias);
    rbm.setParameter('visible-hidden.weights', matrix(level.weights, level.visible, level.hidden));
    return rbm;
  }
}

function readRBM(call: string, options: unknown): MachineSpec {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `visible` and `hidden`', options);
  const given = readOptions(call, options, ['visible', 'hidden', ...startOptions]);
  const layers = (['visible', 'hidden'] as const).map((name) => {
    const units = given[name];
    const isUnits = typeof units === 'object' && units !== null;
    return readLayer(check, name, isUnits ? units : bernoulli(check.integer(name, units, undefined, 1, 2 ** 31 - 1)), name);
  });
  return { ...readStart(check, given), layers, couplings: [[visible, hidden]] };
}
