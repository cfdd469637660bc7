import { OptionCheck, readOptions } from '../arguments.js';
import { describeCategories } from '../data/categories.js';
import { array } from '../data/ndarray.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { asMatrix } from '../data/vector.js';
import type { Ask, LayerInput } from '../machine/host.js';
import type { NativeLayerRows, NativeRows } from '../machine/native.js';
import type { NativeNetwork } from '../machine/native-network.js';
import { inputLayer, NetworkHost } from '../machine/network-host.js';
import { networkShapes } from '../machine/parameter-shapes.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { HostedModel } from '../models/hosted.js';
import type { Matrix, Parameters, RunInfo } from '../models/results.js';
import { unitsText } from '../models/trainable.js';
import { isOver } from '../training/record.js';
import { announcing, type RunControl, TrainingRun } from '../training/run.js';
import { showReports } from '../training/verbose.js';
import type { Units, UnitType } from '../wiring/units.js';
import type { NetworkMetric } from './best.js';
import type { FeedForward } from './feed-forward.js';
import { type NetworkContents, type SavedNetwork, writeNetwork } from './file.js';
import type { BuiltSpec, Loss } from './layers.js';
import { type OnnxOptions, writeOnnx } from './onnx/export.js';
import type { NetworkOptimiserName } from './optimisers.js';
import { type NetworkRecord, networkPlan, type Pairs, type PlannedRun, pairCount } from './plan.js';
import { type NetworkReport, reportText } from './reports.js';
import { trainNetwork } from './train.js';

/** A training run of a network: `await` it, or iterate over its reports. */
export type NetworkRun = TrainingRun<NetworkReport>;

/** Where the last training run of a network stands. */
export interface NetworkTraining extends RunInfo {
  /** What made steps of gradients. */
  readonly optimiser: NetworkOptimiserName;
}

/** A run whose options were read. */
interface PreparedRun<R extends NetworkReport> {
  readonly verbose: boolean;
  readonly train: (control: RunControl<R>, keep: (record: NetworkRecord) => void) => Promise<void>;
}

/** A network as JSON and as `console.log` show it. */
export interface FeedForwardSummary {
  /** The class. */
  readonly model: string;
  /** Columns of the rows. */
  readonly inputs: number;
  /** Units of every layer, such as 'relu(500)'. */
  readonly layers: Readonly<Record<string, string>>;
  /** What outputs are measured by. */
  readonly loss: Loss;
  /** Decimal digits: a seed may be larger than a number holds. */
  readonly seed: string;
  /** What computes. */
  readonly device: string;
  /** Its last run; null before the first. */
  readonly training: NetworkTraining | null;
}

/** How far a network is from what its outputs should be. */
export interface NetworkScore {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Mean loss per row. */
  readonly loss: number;
  /**
   * Mean error per row: the share of wrong classes, or of outputs that are no classes the sum of
   * squared differences.
   */
  readonly error: number;
  /** Standard error of `error` over the rows. */
  readonly errorStandardError: number;
}

/** Something to ask of a network about rows of one layer. */
interface Question {
  readonly call: string;
  readonly input: LayerInput;
  readonly ask: Ask<Float32Array, NativeNetwork>;
  readonly cols: number;
}

/**
 * What all networks have: a native network, its runs, its files, its parameters, and questions
 * about layers. A class says what targets are and what its users call things.
 */
export abstract class NetworkModel extends HostedModel<NetworkHost> {
  readonly #spec: BuiltSpec;
  readonly #saved: SavedNetwork;
  readonly #metric: NetworkMetric;
  #record: NetworkRecord | null = null;
  #announced: readonly string[] = [];

  protected constructor(name: string, spec: BuiltSpec, saved: SavedNetwork, metric: NetworkMetric = 'loss') {
    super(name, new NetworkHost(name, spec));
    this.#spec = spec;
    this.#saved = saved;
    this.#metric = metric;
  }

  /** Seed of all randomness. */
  get seed(): bigint {
    return this.#spec.seed;
  }

  /** Columns of the rows. */
  get inputs(): number {
    return this.#spec.inputs;
  }

  /** Names of the layers, the outputs last. */
  get layerNames(): readonly string[] {
    return this.#spec.layers.map(({ name }) => name);
  }

  /** Units of every layer by name, the outputs last. */
  get layers(): Readonly<Record<string, Units>> {
    return Object.fromEntries(
      this.#spec.layers.map(({ name, type, units, size }): [string, Units] => [name, { type: type as UnitType, places: units, size }]),
    );
  }

  /** What outputs are measured by. */
  get loss(): Loss {
    return this.#spec.loss;
  }

  /** Where the last run stands, null if the network was never trained. */
  get training(): NetworkTraining | null {
    if (this.#record === null) return null;
    const { settings, step, totalSteps, stepsPerEpoch, stoppedEarly } = this.#record;
    const { optimiser, epochs, batchSize } = settings;
    const epoch = Math.floor(step / stepsPerEpoch);
    const complete = isOver(this.#record);
    return { optimiser: optimiser.name, epochs, epoch, update: step, updates: totalSteps, batchSize, complete, stoppedEarly };
  }

  /** What the network is, without its parameters. */
  toJSON(): FeedForwardSummary {
    const { inputs, layers, loss, seed } = this.#spec;
    return {
      model: this.modelName,
      inputs,
      layers: Object.fromEntries(layers.map((layer) => [layer.name, unitsText(layer)])),
      loss,
      seed: String(seed),
      device: this.device,
      training: this.training,
    };
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /** A training run over rows that are described when the run begins. */
  protected run(call: string, data: () => Pairs, validation: (given: unknown) => Pairs, options: unknown): NetworkRun {
    return this.runBy<NetworkReport>(call, () => {
      const { plan, verbose } = this.plan(call, data, validation, options);
      return { verbose, train: (control, keep) => trainNetwork(this.machine, this.#spec.loss, plan, control, keep) };
    });
  }

  /** What a run is asked to do. */
  protected plan(call: string, data: () => Pairs, validation: (given: unknown) => Pairs, options: unknown): PlannedRun {
    return networkPlan(call, this.#trainee(), { data, validation }, options);
  }

  /** A training run that `prepare` reads the options of, and that `train` does. */
  protected runBy<R extends NetworkReport>(call: string, prepare: () => PreparedRun<R>): TrainingRun<R> {
    let shown = false;
    const first = this.#announced;
    this.#announced = [];
    const run = new TrainingRun<R>(async (control) => {
      const { verbose, train } = prepare();
      shown = verbose;
      await train(announcing(control, first), (record) => {
        this.#record = record;
      });
    });
    if (shown) showReports(run, call, reportText);
    return run;
  }

  /**
   * Has the first report of the next run say something.
   *
   * @internal
   */
  announce(warning: string): void {
    this.#announced = [...this.#announced, warning];
  }

  #trainee() {
    const save = (call: string, path: string | URL, native: NativeNetwork, record: NetworkRecord) =>
      writeNetwork(call, path, this.#saved, this.#contents(native, record));
    return { spec: this.#spec, previous: this.#record, usualMetric: this.#metric, save };
  }

  // --- questions -------------------------------------------------------------------------------------------------------

  /** Rows of a layer, of which 0 are those that come in; of softmax units also category numbers. */
  protected input(call: string, argument: string, rows: unknown, layer = inputLayer, units = 'inputs'): LayerInput {
    const where = { call, argument, units };
    const places = this.machine.places(layer);
    const { type, size } = (layer === inputLayer ? this.#spec.inputUnits : this.#spec.layers[layer - 1]) ?? { type: '', size: 1 };
    if (type !== 'softmax') return { layer, host: describeRows(rows, places, where), where };
    return { layer, host: describeCategories(rows, size, places / size, where), where };
  }

  protected patience(call: string, options: unknown): Patience {
    return readPatience(new OptionCheck(call), readOptions(call, options, ['signal', 'onProgress']));
  }

  /** Outputs of a layer, given rows of another one below it. */
  protected forward(input: LayerInput, layer: number): Question {
    const { call } = input.where;
    const [to, from] = [NetworkHost.nativeLayer(layer), 2 * input.layer];
    const ask: Question['ask'] = (native, [packed], now) => native.forward((packed as NativeLayerRows).rows, to, now, from);
    return { call, input, ask, cols: this.machine.places(layer) };
  }

  protected async asked({ call, input, ask, cols }: Question, patience: Patience): Promise<Matrix> {
    return array(await this.machine.over(call, [input], patience, ask), [input.host.rows, cols]);
  }

  protected askedNow({ call, input, ask, cols }: Question): Matrix {
    return array(this.machine.now(call, [input], 1, ask), [input.host.rows, cols]);
  }

  /** The number of a layer, by its name. */
  #layer(call: string, name: unknown): number {
    return new OptionCheck(call).nameOf('layer', name, this.layerNames) + 1;
  }

  /**
   * The outputs of a layer for rows [n, inputs], with nothing dropped: the features that the
   * network has made of them, [n, places].
   *
   * @param layer - One of {@link layerNames}.
   * @throws {@link ParameterError} on another name, {@link ShapeError}, {@link DisposedError}; the
   *   signal's reason when aborted.
   */
  async transform(rows: RowsInput, layer: string, options?: Patience): Promise<Matrix> {
    const call = this.call('transform');
    const patience = this.patience(call, options);
    const number = this.#layer(call, layer);
    return this.asked(this.forward(this.input(call, 'rows', rows), number), patience);
  }

  /**
   * {@link transform} of few rows without a promise; {@link ShapeError} on more rows than take a
   * few milliseconds.
   */
  transformSync(rows: RowsInput, layer: string): Matrix {
    const call = this.call('transformSync');
    return this.askedNow(this.forward(this.input(call, 'rows', rows), this.#layer(call, layer)));
  }

  /** The mean loss and error of rows. */
  protected async scored(call: string, pairs: Pairs, patience: Patience): Promise<NetworkScore> {
    const rows = pairCount(call, pairs);
    const { loss } = this.#spec;
    const inputs = pairs.targets === null ? [pairs.rows] : [pairs.rows, pairs.targets];
    const [losses, errors] = await this.machine.over(call, inputs, patience, (native, packed) => native.score(...both(packed), loss));
    const [meanLoss, error] = [mean(losses), mean(errors)];
    const spread = errors.reduce((sum, each) => sum + (each - error) ** 2, 0) / Math.max(1, rows - 1);
    return { rows, loss: meanLoss, error, errorStandardError: Math.sqrt(spread / rows) };
  }

  /** The gradient of each row's loss with respect to the row. */
  protected async gradient(call: string, pairs: Pairs, patience: Patience): Promise<Matrix> {
    const rows = pairCount(call, pairs);
    const { loss, inputs: cols } = this.#spec;
    const inputs = pairs.targets === null ? [pairs.rows] : [pairs.rows, pairs.targets];
    const ask: Ask<Float32Array, NativeNetwork> = (native, packed) => native.inputGradient(...both(packed), loss);
    return array(await this.machine.over(call, inputs, patience, ask), [rows, cols]);
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  /**
   * Names and shapes of all parameters: 'hidden1.weights' [inputs, places], 'hidden1.bias', or
   * 'hidden1.parameters' for units with several.
   */
  get parameterShapes(): Readonly<Record<string, readonly [number, number]>> {
    return Object.fromEntries(networkShapes(this.#spec).map(({ name, shape }) => [name, shape]));
  }

  /**
   * A copy of a parameter tensor, by a name from {@link parameterShapes}; biases are [units], all
   * others [rows, columns].
   *
   * @throws {@link BusyError} while other calls are under way: it does not wait.
   */
  getParameter(name: string): Parameters {
    const call = this.call('getParameter');
    const [rows, cols] = this.#shape(call, name);
    const values = new Float64Array(this.machine.parameter(call, name));
    return array(values, name.endsWith('.bias') ? [cols] : [rows, cols]);
  }

  /**
   * Replaces a parameter tensor by a copy of values of its shape. {@link BusyError} while other
   * calls are under way.
   */
  setParameter(name: string, values: RowsInput): void {
    const call = this.call('setParameter');
    const [rows, cols] = this.#shape(call, name);
    this.machine.setParameter(call, name, asMatrix(values, rows, cols, { call, argument: 'values', units: `columns of '${name}'` }));
  }

  #shape(call: string, name: string): readonly [number, number] {
    const all = networkShapes(this.#spec);
    const names = all.map((parameter) => parameter.name);
    return (all[new OptionCheck(call).nameOf('name', name, names)] as (typeof all)[number]).shape;
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  /**
   * Saves parameters and training state as a safetensors file with a checksum. The path holds
   * either the old file or the whole new one, whatever happens in between. Waits for the calls
   * before it; during a run save in the body of `for await`, or use `fit`'s `checkpoint`.
   *
   * @throws {@link BusyError} while a run is under way, {@link FileError} when the file cannot be
   *   written, {@link DisposedError}.
   */
  async save(path: string | URL): Promise<void> {
    const call = this.call('save');
    await this.machine.exclusive(call, (native) => writeNetwork(call, path, this.#saved, this.#contents(native, this.#record)));
  }

  #contents(native: NativeNetwork, training: NetworkRecord | null): NetworkContents {
    return { spec: this.#spec, native, counters: this.machine.runCounters ?? native.getCounters(), training };
  }

  /** Takes over what a file holds. */
  protected restore(read: (machine: NetworkHost) => NetworkRecord | null): void {
    this.#record = read(this.machine);
  }

  /**
   * Writes the network as an ONNX file, for other runtimes: rows [n, inputs] in, outputs [n,
   * places] out, in single precision, nothing dropped. `layer` ends it at another layer than the
   * last; a classifier's file has its classes in the metadata, as JSON under 'classes'.
   *
   * @throws {@link FileError} when the file cannot be written, {@link ParameterError} on options or
   *   layers that ONNX has no words for.
   */
  async toONNX(path: string | URL, options?: OnnxOptions): Promise<void> {
    const call = this.call('toONNX');
    await this.machine.exclusive(call, (native) => writeOnnx(call, path, this.#feedForward(native), options, this.texts()));
  }

  /** Texts that an ONNX file carries. */
  protected texts(): Readonly<Record<string, string>> {
    return {};
  }

  #feedForward(native: NativeNetwork): FeedForward {
    const { inputs, layers } = this.#spec;
    const names = native.parameters().map(({ name }) => name);
    return {
      inputs,
      layers: layers.map(({ name, type, units, size }, i) => ({
        ...{ name, type: type as UnitType, places: units, size },
        weights: native.getParameter(names[2 * i] as string),
        parameters: native.getParameter(names[2 * i + 1] as string),
      })),
    };
  }
}

function both([rows, targets]: NativeLayerRows[]): [NativeRows, NativeRows | null] {
  return [(rows as NativeLayerRows).rows, targets?.rows ?? null];
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
