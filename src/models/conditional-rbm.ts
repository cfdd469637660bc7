import { OptionCheck, readOptions } from '../arguments.js';
import { rowMajor } from '../data/host-rows.js';
import { array, matrix } from '../data/ndarray.js';
import type { HostRows, RowsInput } from '../data/rows-input.js';
import type { LayerInput } from '../machine/host.js';
import type { Inputs } from '../machine/inputs.js';
import { readPatience } from '../machine/patience.js';
import type { Given } from '../training/options.js';
import type { FitOptions } from '../training/plan.js';
import type { TrainingRun } from '../training/run.js';
import { type PlaceOptions, readLoadOptions, readStart, type StartOptions, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { bernoulli, type Units } from '../wiring/units.js';
import { BoltzmannMachine } from './boltzmann-machine.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { savedSeed } from './file-values.js';
import { type CheckedImputeOptions, type ImputeOptions, type MarginalOptions, readImputeOptions } from './impute.js';
import type { Matrix } from './results.js';
import { type Frames, readFrames, requireComplete, type Sequences, windowsOf } from './sequences.js';
import { TrainableModel } from './trainable.js';

const [visible, hidden, history] = [0, 1, 2];

/** How to construct a conditional RBM. */
export interface ConditionalRBMOptions extends StartOptions {
  /** Units of a frame: how many Bernoulli units, or units of another type such as `gaussian(20)`; no counts. */
  readonly visible: number | Units;
  /** Hidden units, likewise. */
  readonly hidden: number | Units;
  /** Frames that a frame depends on, at least 1. */
  readonly history: number;
}

/** How to train: as an RBM, save that the algorithm is contrastive divergence and that the history is given. */
export type ConditionalFitOptions = Omit<FitOptions<Sequences, 'visible' | 'hidden'>, 'given' | 'evaluateEvery' | 'evaluate'>;

/** How to go on from a sequence. */
export interface GenerateOptions extends Omit<ImputeOptions, 'sweeps'> {
  /** Frames to go on from, [frames, visible]: at least as many as the history has. */
  readonly start: RowsInput;
}

/**
 * A conditional RBM (Taylor, Hinton & Roweis, NIPS 2006): a model of sequences, in which a frame and its hidden units depend on the frames before.
 * E(v, h | u) = U(v) + U(h) − vᵀ W h − uᵀ A v − uᵀ B h, where u holds the last `history` frames, oldest first (their eqs. 4–6). What has no
 * history is a plain RBM. Training maximises log p(v | u); nothing is learned of u itself.
 *
 * Frames are rows [frames, visible], in order of time. Real numbers should be standardised column by column, and have `gaussian` units.
 *
 * @example
 * ```ts
 * import { ConditionalRBM } from 'boltzkit';
 *
 * const model = new ConditionalRBM({ visible: 2, hidden: 4, history: 2, seed: 1 });
 * const steps = Array.from({ length: 60 }, (_, t) => [Number(t % 3 === 0), Number(t % 2 === 0)]);
 * await model.fit(steps, { epochs: 50 });
 * const next = await model.predict(steps); // [59, 2]: frames 2 to 60; the last has not been seen
 * const dream = await model.generate(10, { start: steps }); // [10, 2]
 * model.dispose();
 * ```
 */
export class ConditionalRBM extends TrainableModel {
  readonly #history: number;

  /** @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or the device cannot be used. */
  constructor(options: ConditionalRBMOptions) {
    const { spec, frames } = readConditional('ConditionalRBM', options);
    super('ConditionalRBM', spec, { kind: 'conditional-rbm', config: { layers: spec.layers.slice(0, history), history: frames } });
    this.#history = frames;
    this.#letHistoryBe();
  }

  /** Columns of a frame. */
  get visible(): number {
    return this.machine.places(visible);
  }

  /** Hidden places. */
  get hidden(): number {
    return this.machine.places(hidden);
  }

  /** Frames that a frame depends on. */
  get history(): number {
    return this.#history;
  }

  /** A layer of real numbers that is only ever given needs no law of its own, but the machine as a whole must have one. */
  #letHistoryBe(): void {
    const { type, units } = this.machine.spec.layers[history] as LayerSpec;
    if (type !== 'gaussian') return;
    const values = new Float64Array(2 * units).fill(logPrecision, units);
    this.machine.setParameter(this.call('new'), 'history.parameters', values);
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on one sequence [frames, visible], or on several: `{ sequences: [a, b] }`. Every frame that has `history` frames before it is a row. Nothing
   * may be missing. Reports have the pseudo-likelihood of frames given their history, and no free energies, which compare nothing across
   * histories.
   *
   * @returns A run to `await` or to iterate over, as of {@link RBM.fit}.
   * @throws Through the run: {@link ShapeError} on sequences that are shorter than the history and a frame, {@link ParameterError} on values that are
   *   missing or not of the units' type; as {@link RBM.fit} otherwise.
   */
  fit(data: Sequences, options?: ConditionalFitOptions): TrainingRun {
    const call = this.call('fit');
    const windows = (argument: string, rows: unknown) => this.#windows(call, argument, rows);
    return this.run(
      call,
      () => windows('data', data),
      (rows) => windows('validation', rows),
      options,
    );
  }

  protected override usualOptions(): Given {
    return { algorithm: 'cd' };
  }

  protected override get fixedOptions(): Given {
    return { given: ['history'], rates: { history: 0 } };
  }

  #windows(call: string, argument: string, rows: unknown): Inputs {
    const where = { call, argument, units: 'visible units' };
    const both = windowsOf(rows, this.visible, this.#history, where);
    return [
      { layer: visible, host: both.visible, where },
      { layer: history, host: both.history, where: { ...where, argument: `${argument} (history)` } },
    ];
  }

  // --- questions -------------------------------------------------------------------------------------------------------

  /**
   * What comes next: the means of each frame given the `history` frames before it, by Gibbs sampling over the hidden units. Frames `history` to the
   * end, and the one after the end, [frames − history + 1, visible].
   */
  async predict(sequence: RowsInput, options?: MarginalOptions): Promise<Matrix> {
    const call = this.call('predict');
    const asked = readImputeOptions(call, options, ['warmup', 'sweeps', 'signal', 'onProgress']);
    const frames = this.#complete(call, 'sequence', sequence);
    const rows = frames.count - this.#history + 1;
    const before = { ...rowMajor(frames.values, rows, this.#history * this.visible), rowStride: this.visible };
    return array(await this.#asked(call, [this.#given(call, history, before, 'sequence')], visible, asked), [rows, this.visible]);
  }

  /** P(h = 1 | frame, history), or the means of hidden units of another type: features of every frame that has a history; [frames − history, hidden]. */
  async transform(sequence: RowsInput, options?: Pick<MarginalOptions, 'signal' | 'onProgress'>): Promise<Matrix> {
    const call = this.call('transform');
    const patience = readPatience(new OptionCheck(call), readOptions(call, options, ['signal', 'onProgress']));
    const inputs = this.#windows(call, 'sequence', sequence);
    const values = await this.machine.over(call, inputs, patience, (native, rows, now) => native.conditional(rows, hidden, 'mean', now));
    return array(values, [inputs[0]?.host.rows ?? 0, this.hidden]);
  }

  /**
   * `n` frames that follow `start`, each drawn given the frames before it; [n, visible]. The chain of a frame begins at the frame before and makes
   * `warmup` + 1 sweeps (default 100). Every call draws anew.
   *
   * @param options - `output`: 'sample' (default) or 'mean', the last conditional means of a frame, with which the sequence goes on.
   */
  async generate(n: number, options: GenerateOptions): Promise<Matrix> {
    const call = this.call('generate');
    const { start, ...others } = readOptions(call, options, ['start', 'warmup', 'output', 'signal', 'onProgress']);
    const count = new OptionCheck(call).integer('n', n, undefined);
    const asked = readImputeOptions(call, { output: 'sample', ...defined(others) }, ['warmup', 'output', 'signal', 'onProgress']);
    const { values, count: given } = this.#complete(call, 'start', start);
    const [width, span] = [this.visible, this.#history * this.visible];
    const all = new Float64Array(span + count * width);
    all.set(values.subarray((given - this.#history) * width));
    for (let t = 0; t < count; t++) {
      const before = this.#given(call, history, rowMajor(all.slice(t * width, t * width + span), 1), 'start');
      all.set(await this.#asked(call, [before], visible, { ...asked, sweeps: 1 }), span + t * width);
    }
    return matrix(Float32Array.from(all.subarray(span)), count, width);
  }

  /**
   * A sequence with what it lacks (NaN, null, or 0 in a mask) filled in, frame after frame: each given the frames before it, themselves filled in, and
   * what is known of it. Later frames are not looked at. The first `history` frames must be complete. [frames, visible]
   */
  async impute(sequence: RowsInput, options?: ImputeOptions): Promise<Matrix> {
    const call = this.call('impute');
    const asked = readImputeOptions(call, options);
    const where = { call, argument: 'sequence', units: 'visible units' };
    const frames = readFrames(sequence, this.visible, this.#history, where);
    requireComplete(frames, this.#history, this.visible, where);
    const [width, span] = [this.visible, this.#history * this.visible];
    const values = frames.values;
    for (let t = this.#history; t < frames.count; t++) {
      const frame = values.slice(t * width, (t + 1) * width);
      if (!frame.some(Number.isNaN)) continue;
      const before = this.#given(call, history, rowMajor(values.slice(t * width - span, t * width), 1), 'sequence');
      const known = this.#given(call, visible, rowMajor(frame, 1), 'sequence');
      const completed = await this.#asked(call, [known, before], visible, asked, true);
      frame.forEach((value, i) => {
        if (Number.isNaN(value)) values[t * width + i] = completed[i] as number;
      });
    }
    return matrix(Float32Array.from(values), frames.count, width);
  }

  #complete(call: string, argument: string, sequence: unknown): Frames {
    const where = { call, argument, units: 'visible units' };
    const frames = readFrames(sequence, this.visible, this.#history, where);
    requireComplete(frames, frames.count, this.visible, where);
    return frames;
  }

  #given(call: string, layer: number, host: HostRows, argument: string): LayerInput {
    return { layer, host, where: { call, argument, units: 'visible units' } };
  }

  async #asked(call: string, given: Inputs, layer: number, options: CheckedImputeOptions, missing = false): Promise<Float32Array> {
    const { warmup, sweeps, output, patience } = options;
    const ask = { layers: [layer], warmup, steps: sweeps, output };
    const [values] = await this.machine.over(call, given, patience, (native, rows) => native.impute({ given: rows, ...ask }), missing);
    return values as Float32Array;
  }

  /**
   * A machine of the layers 'visible', 'hidden' and 'history' with these parameters, for questions that this class has no word for. It knows nothing
   * of the law of the history: give or clamp that layer.
   */
  asMachine(): ConditionalMachine {
    const call = this.call('asMachine');
    const { layers, seed, device, threads } = this.machine.spec;
    const [v, h, before] = layers.map(({ type, units, size }) => ({ type, places: units, size }) as Units) as [Units, Units, Units];
    const options = { layers: { visible: v, hidden: h, history: before }, couplings: namedCouplings, seed, device, threads } as const;
    const machine = new BoltzmannMachine(options) as ConditionalMachine;
    for (const name of machine.parameterNames) {
      const [rows, cols] = machine.parameterShapes[name];
      machine.setParameter(name, matrix(new Float64Array(this.machine.parameter(call, name)), rows, cols));
    }
    return machine;
  }

  /**
   * Loads a model that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds a conditional RBM, {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends ConditionalRBM = ConditionalRBM>(
    this: new (
      options: ConditionalRBMOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'ConditionalRBM.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'conditional-rbm');
    const describe = (): Described<M> => {
      const { layers, history: frames, seed, weightScale } = checkpoint.config;
      const [v, h] = (Array.isArray(layers) ? layers : []).map((layer: LayerSpec) => ({
        ...{ type: layer?.type, places: layer?.units, size: layer?.size },
      }));
      const all = { visible: v, hidden: h, history: frames, seed: savedSeed(seed), weightScale, ...where } as ConditionalRBMOptions;
      return { spec: readConditional(call, all).spec, make: () => new this(all) };
    };
    return checkpoint.construct(describe, (model, read) => model.restore(call, read));
  }
}

const namedCouplings = [
  ['visible', 'hidden'],
  ['history', 'visible'],
  ['history', 'hidden'],
] as const;
/** Its layers. */
export type ConditionalLayers = {
  /** A frame. */
  readonly visible: Units;
  /** Hidden units. */
  readonly hidden: Units;
  /** The frames before it, oldest first. */
  readonly history: Units;
};
/** The machine below a {@link ConditionalRBM}. */
export type ConditionalMachine = BoltzmannMachine<ConditionalLayers, typeof namedCouplings>;

/** So narrow that no coupling to the frame outweighs it, which would leave the machine without a distribution. */
const logPrecision = 12;

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function readConditional(call: string, options: unknown): { spec: MachineSpec; frames: number } {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `visible`, `hidden` and `history`', options);
  const given = readOptions(call, options, ['visible', 'hidden', 'history', ...startOptions]);
  const frames = check.integer('history', given.history, undefined, 1, 2 ** 20);
  const [v, h] = (['visible', 'hidden'] as const).map((name) => {
    const units = given[name];
    const isUnits = typeof units === 'object' && units !== null;
    return readLayer(check, name, isUnits ? units : bernoulli(check.integer(name, units, undefined, 1, 2 ** 31 - 1)), name);
  }) as [LayerSpec, LayerSpec];
  if (v.type === 'counts') throw check.error('visible', 'units other than counts', v.type);
  const before = readLayer(check, 'history', { type: v.type, places: v.units * frames, size: v.size }, 'history');
  const couplings = [
    [visible, hidden],
    [history, visible],
    [history, hidden],
  ] as MachineSpec['couplings'];
  return { spec: { ...readStart(check, given), layers: [v, h, before], couplings }, frames };
}
