import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Patience } from '../machine/patience.js';
import type { Matrix } from '../models/results.js';
import type { PlaceOptions } from '../wiring/place.js';
import { gaussian } from '../wiring/units.js';
import { readNetwork } from './file.js';
import {
  type BuiltSpec,
  type GivenLayer,
  type Loss,
  losses,
  type NetworkStart,
  type NetworkUnits,
  type ReadLayer,
  readLayers,
  readList,
  readStart,
  readUnits,
  startNames,
  usualScale,
} from './layers.js';
import { NetworkModel, type NetworkRun, type NetworkScore } from './network-model.js';
import type { NetworkFitOptions, Pairs } from './plan.js';

const kind = 'autoencoder';

/** How to construct an autoencoder. */
export interface AutoencoderOptions extends NetworkStart {
  /**
   * Layers from the rows to the code, such as [784, 1000, 500, 250, 30]; the decoder has the same
   * ones the other way round. The first are the units of the rows and of their reconstructions, a
   * number of `bernoulli` units or units such as `gaussian(20)`. The last is the code, of which a
   * number stands for so many `gaussian` units: a linear code. Numbers in between stand for
   * logistic units.
   */
  readonly layers: readonly [number | NetworkUnits, ...GivenLayer[]];
  /** What reconstructions are measured by. Default 'likelihood'. */
  readonly loss?: Loss | undefined;
}

/**
 * A deep autoencoder (Hinton & Salakhutdinov 2006): an encoder from rows to a short code and a
 * decoder back, trained together so that rows come out as they went in. With `inputDropout` it
 * learns to do so from rows of which a part is missing (Vincent et al. 2008).
 *
 * @example
 * ```ts
 * import { Autoencoder } from 'boltzkit';
 *
 * const autoencoder = new Autoencoder({ layers: [4, 8, 1], seed: 1 });
 * const rows = [[1, 1, 0, 0], [0, 0, 1, 1]];
 * await autoencoder.fit(rows, { epochs: 200, learningRate: 0.02 });
 * const codes = await autoencoder.encode(rows); // [2, 1]
 * const back = await autoencoder.decode(codes); // [2, 4]
 * autoencoder.dispose();
 * ```
 */
export class Autoencoder extends NetworkModel {
  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: AutoencoderOptions) {
    const { spec, encoder } = readSpec('Autoencoder', options);
    super('Autoencoder', spec, { kind, config: { visible: spec.inputUnits, encoder } });
  }

  get #codeLayer(): number {
    return this.machine.outputLayer / 2;
  }

  /** Columns of a code. */
  get codeSize(): number {
    return this.machine.places(this.#codeLayer);
  }

  /**
   * Trains on rows [n, inputs], states of the units of the rows. Called again, it goes on from
   * where the network stands.
   *
   * Rows are copied in a compact form before the first update (small inputs before the call
   * returns). When the run ends early, by a signal, an error or `stop()`, the network stands at its
   * last complete update.
   *
   * @param options - `validation` are rows too. The reports' `error` is the squared error of a row,
   *   summed over its columns.
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws Through the run: {@link ParameterError}, {@link ShapeError}, {@link DisposedError};
   *   {@link BusyError} while another run is under way; {@link DivergenceError} when parameters
   *   would stop being finite; the signal's reason when aborted.
   */
  fit(rows: RowsInput, options?: NetworkFitOptions<RowsInput>): NetworkRun {
    const call = this.call('fit');
    return this.run(
      call,
      () => this.#themselves(call, 'rows', rows),
      (given) => this.#themselves(call, 'validation', given),
      options,
    );
  }

  #themselves(call: string, argument: string, rows: unknown): Pairs {
    return { rows: this.input(call, argument, rows), targets: null };
  }

  /** The codes of rows [n, inputs]; [n, {@link codeSize}]. */
  async encode(rows: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('encode');
    const patience = this.patience(call, options);
    return this.asked(this.forward(this.input(call, 'rows', rows), this.#codeLayer), patience);
  }

  /**
   * {@link encode} of few rows without a promise: the result is there when the call returns, and
   * the event loop waits meanwhile.
   *
   * @throws As {@link encode} rejects; {@link ShapeError} on more rows than take a few
   *   milliseconds, {@link BusyError} while other calls are under way.
   */
  encodeSync(rows: RowsInput): Matrix {
    const call = this.call('encodeSync');
    return this.askedNow(this.forward(this.input(call, 'rows', rows), this.#codeLayer));
  }

  /** The rows that codes [n, {@link codeSize}] stand for; [n, inputs]. */
  async decode(codes: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('decode');
    const patience = this.patience(call, options);
    return this.asked(this.forward(this.#codes(call, codes), this.machine.outputLayer), patience);
  }

  /** {@link decode} of few codes without a promise, as {@link encodeSync}. */
  decodeSync(codes: RowsInput): Matrix {
    const call = this.call('decodeSync');
    return this.askedNow(this.forward(this.#codes(call, codes), this.machine.outputLayer));
  }

  #codes(call: string, codes: unknown) {
    return this.input(call, 'codes', codes, this.#codeLayer, 'code units');
  }

  /** Rows [n, inputs] encoded and decoded again; [n, inputs]. */
  async reconstruct(rows: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('reconstruct');
    const patience = this.patience(call, options);
    return this.asked(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer), patience);
  }

  /** {@link reconstruct} of few rows without a promise, as {@link encodeSync}. */
  reconstructSync(rows: RowsInput): Matrix {
    const call = this.call('reconstructSync');
    return this.askedNow(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer));
  }

  /**
   * How far rows [n, inputs] come out from how they went in; `error` is the squared error of a row,
   * summed over its columns.
   */
  async evaluate(rows: RowsInput, options?: Patience): Promise<NetworkScore> {
    const call = this.call('evaluate');
    const patience = this.patience(call, options);
    return this.scored(call, this.#themselves(call, 'rows', rows), patience);
  }

  /**
   * Loads an autoencoder that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds an autoencoder,
   *   {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends Autoencoder = Autoencoder>(
    this: new (
      options: AutoencoderOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'Autoencoder.load';
    return readNetwork<M>(
      call,
      path,
      kind,
      options,
      ({ inputs, layers: _, config, ...saved }) => {
        const { type, size } = (config.visible ?? {}) as NetworkUnits;
        const encoder = (Array.isArray(config.encoder) ? config.encoder : []) as GivenLayer[];
        const given: AutoencoderOptions = { ...saved, layers: [{ type, places: inputs, size }, ...encoder] };
        return { spec: readSpec(call, given).spec, make: () => new this(given) };
      },
      (network, read) => network.restore(read),
    );
  }
}

/** The layers of an autoencoder, and those of its encoder as one would write them in full. */
function readSpec(call: string, options: unknown): { spec: BuiltSpec; encoder: GivenLayer[] } {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `layers`', options);
  const given = readOptions(call, options, ['layers', 'loss', ...startNames]);
  const [first, ...rest] = readList(check, 'layers', given.layers, 2, 'the rows and the code at least, such as [784, 500, 30]');
  const visible = readUnits(check, 'layers[0]', first);
  const { units: inputs, type, size } = visible;
  const [code] = rest.slice(-1);
  const withCode = [
    ...rest.slice(0, -1),
    typeof code === 'number' ? gaussian(check.integer(`layers[${rest.length}]`, code, undefined)) : code,
  ];
  const encoder = readLayers(check, 'layers', withCode, inputs, { first: 1, last: 'code' });
  const layers = [...encoder, ...mirrored(encoder, visible)];
  const loss = check.oneOf('loss', given.loss, 'likelihood', losses);
  const spec = { ...readStart(check, given, inputs, layers, loss), inputUnits: { type, size } };
  const written = encoder.map(({ name, type, units, size, dropout, weightScale }): GivenLayer => {
    return { units: { type, places: units, size } as NetworkUnits, name, dropout, weightScale };
  });
  return { spec, encoder: written };
}

/** The decoder: the same layers the other way round, with what is dropped of them. */
function mirrored(encoder: readonly ReadLayer[], visible: ReturnType<typeof readUnits>): ReadLayer[] {
  const hidden = encoder.slice(0, -1).reverse();
  return [...hidden, { ...visible, dropout: 0 }].map((layer, i) => {
    const below = (i === 0 ? encoder.at(-1) : hidden[i - 1]) as ReadLayer;
    const { type, units, size, dropout } = layer;
    const name = i === hidden.length ? 'output' : `decoder${i + 1}`;
    return { name, type, units, size, dropout, weightScale: usualScale(type, below.units, units) };
  });
}
