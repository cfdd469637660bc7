import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Patience } from '../machine/patience.js';
import type { Matrix } from '../models/results.js';
import type { PlaceOptions } from '../wiring/place.js';
import { readNetwork } from './file.js';
import {
  type BuiltSpec,
  type GivenLayer,
  type Loss,
  losses,
  type NetworkStart,
  readInputs,
  readLayers,
  readStart,
  startNames,
} from './layers.js';
import { NetworkModel, type NetworkRun, type NetworkScore } from './network-model.js';
import type { NetworkFitOptions, Pairs } from './plan.js';

const kind = 'network';

/** How to construct a network. */
export interface NetworkOptions extends NetworkStart {
  /** Columns of the rows that come in. */
  readonly inputs: number;
  /**
   * Layers from the one above the rows to the outputs: numbers of logistic units, units such as
   * `relu(500)`, or {@link NetworkLayer}.
   */
  readonly layers: readonly GivenLayer[];
  /** What outputs are measured by. Default 'likelihood'. */
  readonly loss?: Loss | undefined;
}

/** Rows and what the outputs should be for them. */
export interface NetworkValidation {
  /** [n, inputs]. */
  readonly rows: RowsInput;
  /** [n, outputs]. */
  readonly targets: RowsInput;
}

/**
 * A feed-forward network: layer by layer the means of units given what comes in, f(x W + b), with f
 * the logistic function for `bernoulli` units, tanh for `spin`, the softmax, the identity for
 * `gaussian`, the mean of a rectified Gaussian for `relu`. Trained by backpropagation (Rumelhart,
 * Hinton & Williams 1986). For classes see {@link Classifier}.
 *
 * Every call that computes is asynchronous and runs on its own threads. The same seed gives the
 * same bits for any number of threads.
 *
 * @example
 * ```ts
 * import { gaussian, Network, spin } from 'boltzkit';
 *
 * const net = new Network({ inputs: 1, layers: [spin(8), gaussian(1)], seed: 1 });
 * const x = [[-1], [-0.5], [0], [0.5], [1]];
 * await net.fit(x, x.map(([value = 0]) => [value * value]), { epochs: 500, batchSize: 5, learningRate: 0.01 });
 * const y = await net.predict([[0.25]]); // [1, 1]
 * net.dispose();
 * ```
 */
export class Network extends NetworkModel {
  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: NetworkOptions) {
    super('Network', readSpec('Network', options), { kind, config: {} });
  }

  /** Columns of the outputs. */
  get outputs(): number {
    return this.machine.places(this.machine.outputLayer);
  }

  /**
   * Trains on rows [n, inputs] and the outputs [n, outputs] that they should give, which lie in the
   * domain of the output units. Called again, it goes on from where the network stands.
   *
   * Rows are copied in a compact form before the first update (small inputs before the call
   * returns). When the run ends early, by a signal, an error or `stop()`, the network stands at its
   * last complete update.
   *
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws Through the run: {@link ParameterError}, {@link ShapeError}, {@link DisposedError};
   *   {@link BusyError} while another run is under way; {@link DivergenceError} when parameters
   *   would stop being finite; the signal's reason when aborted.
   */
  fit(rows: RowsInput, targets: RowsInput, options?: NetworkFitOptions<NetworkValidation>): NetworkRun {
    const call = this.call('fit');
    const validation = (given: unknown): Pairs => {
      const { rows, targets } = readOptions(call, given, ['rows', 'targets'], 'validation');
      return this.#pairs(call, rows, targets, 'validation.');
    };
    return this.run(call, () => this.#pairs(call, rows, targets), validation, options);
  }

  #pairs(call: string, rows: unknown, targets: unknown, place = ''): Pairs {
    return {
      rows: this.input(call, `${place}rows`, rows),
      targets: this.input(call, `${place}targets`, targets, this.machine.outputLayer, 'outputs'),
    };
  }

  /** The outputs for rows [n, inputs]; [n, outputs]. */
  async predict(rows: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('predict');
    const patience = this.patience(call, options);
    return this.asked(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer), patience);
  }

  /**
   * {@link predict} of few rows without a promise: the result is there when the call returns, and
   * the event loop waits meanwhile.
   *
   * @throws As {@link predict} rejects; {@link ShapeError} on more rows than take a few
   *   milliseconds, {@link BusyError} while other calls are under way.
   */
  predictSync(rows: RowsInput): Matrix {
    const call = this.call('predictSync');
    return this.askedNow(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer));
  }

  /** How far the outputs for rows [n, inputs] are from targets [n, outputs]. */
  async evaluate(rows: RowsInput, targets: RowsInput, options?: Patience): Promise<NetworkScore> {
    const call = this.call('evaluate');
    const patience = this.patience(call, options);
    return this.scored(call, this.#pairs(call, rows, targets), patience);
  }

  /** The gradient of each row's loss with respect to the row: [n, inputs]. */
  async inputGradient(rows: RowsInput, targets: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('inputGradient');
    const patience = this.patience(call, options);
    return this.gradient(call, this.#pairs(call, rows, targets), patience);
  }

  /**
   * Loads a network that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds a network, {@link FileError}
   *   when it cannot be read, {@link BackendError}.
   */
  static async load<M extends Network = Network>(
    this: new (
      options: NetworkOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'Network.load';
    return readNetwork<M>(
      call,
      path,
      kind,
      options,
      ({ config: _, ...saved }) => ({ spec: readSpec(call, saved), make: () => new this(saved) }),
      (network, read) => network.restore(read),
    );
  }
}

function readSpec(call: string, options: unknown): BuiltSpec {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `inputs` and `layers`', options);
  const given = readOptions(call, options, ['inputs', 'layers', 'loss', ...startNames]);
  const inputs = readInputs(check, given.inputs);
  const loss = check.oneOf('loss', given.loss, 'likelihood', losses);
  return readStart(check, given, inputs, readLayers(check, 'layers', given.layers, inputs), loss);
}
