/** What one can ask a deep belief network, and look at in it: everything that changes nothing. */
import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import type { LayerInput } from '../machine/host.js';
import type { NativeLayerRows } from '../machine/native.js';
import { parameterShapes } from '../machine/parameter-shapes.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { HostedModel } from '../models/hosted.js';
import type { Matrix, Parameters } from '../models/results.js';
import { argmax } from '../results/arrays.js';
import type { Units } from '../wiring/units.js';
import { type BeliefEvaluation, type BoundOptions, boundWithin, readBoundOptions } from './bound.js';
import { classProbabilities } from './classes.js';
import { layerInput } from './inputs.js';
import { downwards, type LayerValues, valuesOf } from './passes.js';
import type { ClassifyOptions, TransformOptions } from './question-options.js';
import type { Activities } from './record.js';
import { type NetworkSampleOptions, readNetworkSample, sampled } from './sampling.js';
import { unitsOf } from './spec.js';
import type { BeliefStack } from './stack.js';

/** The half of a deep belief network that only answers. */
export abstract class BeliefQuestions extends HostedModel<BeliefStack> {
  /** Whether no level was trained or set by hand. */
  protected abstract get untrained(): boolean;

  /** Units of every layer, from the data upwards. */
  get layers(): readonly Units[] {
    return this.machine.spec.layers.map(unitsOf);
  }

  /** Names of the layers: 'visible', 'hidden1', 'hidden2' and so on. */
  get layerNames(): readonly string[] {
    return this.machine.spec.layers.map((layer) => layer.name);
  }

  /** Classes; null without labels. */
  get labels(): number | null {
    return this.machine.spec.labels;
  }

  /** Seed of all randomness. */
  get seed(): bigint {
    return this.machine.spec.seed;
  }

  /** Whether the halves that go up and down differ, as they do after `upDown`. */
  get untied(): boolean {
    return this.machine.untied;
  }

  /** Packs inputs, waits for the calls before and works over them. */
  async #over<T>(
    call: string,
    inputs: readonly LayerInput[],
    { signal }: Patience,
    work: (packed: readonly NativeLayerRows[]) => Promise<T>,
  ): Promise<T> {
    this.machine.assertReadable(call);
    signal?.throwIfAborted();
    const packing = this.machine.pack(inputs, signal, false);
    packing.catch(() => undefined); // whoever waits for the turn hears of it
    return this.machine.exclusive(call, async () => work(await packing), signal);
  }

  /**
   * The values of a layer given rows [n, visible], by the way up: the features of the rows, [n,
   * places]. The labels, which are not given, exert no field.
   */
  async transform(rows: RowsInput, options?: TransformOptions): Promise<Matrix> {
    const call = this.call('transform');
    const given = readOptions(call, options, ['layer', 'draw', 'signal', 'onProgress']);
    const { layer, draw, patience } = this.#way(call, given, 'mean');
    const input = layerInput(this.machine.spec, call, 'data', rows);
    return this.#over(call, [input], patience, async ([packed]) => {
      return asMatrixOf(await valuesOf(this.machine, call, (packed as NativeLayerRows).rows, layer, draw, patience));
    });
  }

  /**
   * Rows [n, visible] sent up to a layer and down again by the generative half: the means of the
   * visible units; [n, visible].
   *
   * @param options - `layer`: how far up, by default to the last one; `draw`: what stands for the
   *   hidden layers on both ways, by default 'mean'.
   */
  async reconstruct(rows: RowsInput, options?: TransformOptions): Promise<Matrix> {
    const call = this.call('reconstruct');
    const given = readOptions(call, options, ['layer', 'draw', 'signal', 'onProgress']);
    const { layer, draw, patience } = this.#way(call, given, 'mean');
    const input = layerInput(this.machine.spec, call, 'data', rows);
    return this.#over(call, [input], patience, async ([packed]) => {
      const values = await valuesOf(this.machine, call, (packed as NativeLayerRows).rows, layer, draw, patience);
      return asMatrixOf(await downwards(this.machine, call, values, layer, { between: draw, last: 'mean' }, patience));
    });
  }

  #way(
    call: string,
    given: { readonly [K in keyof TransformOptions]?: unknown },
    usual: Activities,
  ): { readonly layer: number; readonly draw: Activities; readonly patience: Patience } {
    const check = new OptionCheck(call);
    const last = this.machine.spec.layers.length - 1;
    const asked = given.layer === undefined ? last : given.layer;
    const layer =
      typeof asked === 'string' ? check.nameOf('layer', asked, this.layerNames) : check.integer('layer', asked, undefined, 1, last);
    if (layer === 0) throw check.error('layer', 'a hidden layer', asked);
    return { layer, draw: check.oneOf('draw', given.draw, usual, ['mean', 'sample']), patience: readPatience(check, given) };
  }

  /**
   * P(class | row) for rows [n, visible]: the way up to the top machine, and there the exact
   * probabilities given its lower layer; [n, classes].
   *
   * @throws {@link ParameterError} in a network without labels.
   */
  async classProbabilities(rows: RowsInput, options?: ClassifyOptions): Promise<Matrix> {
    return this.#classProbabilities(this.call('classProbabilities'), rows, options);
  }

  /** The likeliest class of rows [n, visible], by {@link classProbabilities}; [n]. */
  async classify(rows: RowsInput, options?: ClassifyOptions): Promise<Int32Array> {
    return Int32Array.from(argmax(await this.#classProbabilities(this.call('classify'), rows, options)));
  }

  async #classProbabilities(call: string, rows: unknown, options: unknown): Promise<Matrix> {
    const given = readOptions(call, options, ['draws', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const draws = check.integer('draws', given.draws, 0, 0, 1_000_000);
    const patience = readPatience(check, given);
    if (this.machine.spec.labels === null)
      throw check.error('labels', 'an option of the network when it is made: this one has no classes', null);
    const input = layerInput(this.machine.spec, call, 'data', rows);
    return this.#over(call, [input], patience, async ([packed]) => {
      return asMatrixOf(await classProbabilities(this.machine, call, (packed as NativeLayerRows).rows, draws, patience));
    });
  }

  /**
   * Draws `n` rows of the visible layer: Gibbs chains of the top machine, with a class held or
   * free, then one way down; [n, visible]. Every call draws anew.
   *
   * @throws {@link ParameterError} on a class that there is not, {@link ShapeError}, {@link
   *   BusyError}, {@link DisposedError}; the signal's reason when aborted.
   */
  async sample(n: number, options?: NetworkSampleOptions): Promise<Matrix> {
    const call = this.call('sample');
    const control = readNetworkSample(call, this.machine, n, options);
    const inputs = control.start === null ? [] : [control.start];
    return this.#over(call, inputs, control.patience, async (packed) => asMatrixOf(await sampled(this.machine, call, control, packed)));
  }

  /**
   * A lower bound of the log-likelihood of rows [n, visible], each and on average: the variational
   * bound with the way up as the posterior, less log Z of the top machine, with an interval that
   * carries the uncertainty of both. Of one level it is the log-likelihood itself. Rows must hold
   * states. Every call draws anew.
   *
   * @throws {@link ParameterError} on options out of range, rows that are no states, and top
   *   machines without a finite log Z; {@link ShapeError}, {@link BusyError}, {@link
   *   DisposedError}; the signal's reason when aborted.
   */
  async evaluate(rows: RowsInput, options?: BoundOptions): Promise<BeliefEvaluation> {
    const call = this.call('evaluate');
    const control = readBoundOptions(call, options, this.untrained);
    const input = layerInput(this.machine.spec, call, 'data', rows);
    return this.#over(call, [input], control.patience, ([packed]) =>
      boundWithin(this.machine, call, (packed as NativeLayerRows).rows, control),
    );
  }

  /**
   * Names and shapes of all parameters: 'level1/visible-hidden1.weights', 'level1/hidden1.bias' and
   * so on. Once the halves differ, those of the generative one are 'level1/generative/…', and what
   * goes down no longer depends on 'level1/visible.bias', nor what goes up on
   * 'level1/generative/hidden1.bias'.
   */
  get parameterShapes(): { readonly [name: string]: readonly [number, number] } {
    const all = this.machine.machines.flatMap(({ prefix, machine }) =>
      parameterShapes(machine.spec).map(({ name: own, shape }) => [prefix + own, shape] as const),
    );
    return Object.fromEntries(all);
  }

  /**
   * A copy of a parameter tensor, by a name from {@link parameterShapes}; biases are [units], all
   * others [rows, columns].
   *
   * @throws {@link BusyError} while other calls are under way: it does not wait.
   */
  getParameter(parameter: string): Parameters {
    const call = this.call('getParameter');
    const [rows, cols] = this.shape(call, parameter);
    const values = new Float64Array(this.machine.parameter(call, parameter));
    return array(values, parameter.endsWith('.bias') ? [cols] : [rows, cols]);
  }

  /** The shape of a parameter, after checking its name. */
  protected shape(call: string, parameter: unknown): readonly [number, number] {
    const shapes = this.parameterShapes;
    const names = Object.keys(shapes);
    const index = new OptionCheck(call).nameOf('name', parameter, names);
    return shapes[names[index] as string] as readonly [number, number];
  }
}

function asMatrixOf({ values, rows, cols }: LayerValues): Matrix {
  return array(values, [rows, cols]);
}
