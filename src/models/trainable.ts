import type { Inputs } from '../machine/inputs.js';
import { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import { readParameters } from '../machine/native-model.js';
import type { Given } from '../training/options.js';
import { fitPlan, partialFitPlan, type Trainee } from '../training/plan.js';
import { isOver, type TrainingRecord } from '../training/record.js';
import { TrainingRun } from '../training/run.js';
import { train } from '../training/train.js';
import { showRun } from '../training/verbose.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { type Checkpoint, type ReadContents, writeCheckpoint } from './checkpoint.js';
import { HostedModel } from './hosted.js';
import type { TrainingInfo } from './results.js';

/** Kind of a model and how it is wired, for checkpoints. */
export type Description = Pick<Checkpoint, 'kind' | 'config'>;

/** A model as JSON and as `console.log` show it. */
export interface ModelSummary {
  /** The class. */
  readonly model: string;
  /** Units of every layer, such as 'bernoulli(784)'. */
  readonly layers: Readonly<Record<string, string>>;
  /** Names of couplings. */
  readonly couplings: readonly string[];
  /** Decimal digits: a seed may be larger than a number holds. */
  readonly seed: string;
  /** What computes. */
  readonly device: string;
  /** Its last run; null before the first. */
  readonly training: TrainingInfo | null;
}

/**
 * The half of a model that has nothing to do with what one asks of it: a machine, its runs, its files and its end. A model says which layers there
 * are and what its users call things.
 */
export abstract class TrainableModel extends HostedModel<Machine> {
  #record: TrainingRecord | null = null;
  /** Neither trained nor set by hand: biases of layers with data may start from it. */
  #untouched = true;
  readonly #description: Description;

  protected constructor(name: string, spec: MachineSpec, description: Description) {
    super(name, new Machine(name, spec));
    this.#description = description;
  }

  /** Seed of all randomness. */
  get seed(): bigint {
    return this.machine.spec.seed;
  }

  /** Where the last run stands, null if the model was never trained. */
  get training(): TrainingInfo | null {
    if (this.#record === null) return null;
    const { settings, step, totalSteps, stepsPerEpoch, stoppedEarly } = this.#record;
    const { algorithm, epochs, batchSize } = settings;
    const complete = isOver(this.#record);
    const epoch = Math.floor(step / stepsPerEpoch);
    return { algorithm: algorithm.name, epochs, epoch, update: step, updates: totalSteps, batchSize, complete, stoppedEarly };
  }

  /** What the model is, without its parameters. */
  toJSON(): ModelSummary {
    const { layers, couplings, seed } = this.machine.spec;
    const name = (index: number): string => layers[index]?.name ?? '';
    return {
      model: this.modelName,
      layers: Object.fromEntries(layers.map((layer) => [layer.name, unitsText(layer)])),
      couplings: couplings.map(([a, b]) => `${name(a)}-${name(b)}`),
      seed: String(seed),
      device: this.device,
      training: this.training,
    };
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /** A training run over inputs that are described when the run begins. */
  protected run(call: string, data: () => Inputs, validation: (rows: unknown) => Inputs, options: unknown): TrainingRun {
    let verbose = false;
    const run = new TrainingRun(async (control) => {
      const { plan, verbose: shown } = fitPlan(call, this.#trainee(), data, validation, options);
      verbose = shown;
      await train(this.machine, { ...plan, plan: () => plan }, control, (record) => this.#keep(record));
    });
    if (verbose) showRun(run, call);
    return run;
  }

  /** One update per minibatch of the inputs, in order. */
  protected async stream(call: string, inputs: Inputs, options: unknown): Promise<void> {
    const control = {
      stopped: new AbortController().signal,
      followed: false,
      whenFollowed: () => nothing,
      report: nothing,
      progress: nothing,
      read: async () => {},
    };
    const now = partialFitPlan(call, this.#trainee(true), inputs, options);
    // Parts of the stream that come before this one change what it goes on from.
    const plan = () => (this.#record === now.previous ? now : partialFitPlan(call, this.#trainee(true), inputs, options));
    const start = { call, stream: true, data: inputs, validation: [], signal: now.signal, plan };
    await train(this.machine, start, control, (record) => this.#keep(record));
  }

  /** What stands for options of a run (of a part of a stream) that are left out, where the model knows better than a recipe. */
  protected usualOptions(_stream: boolean): Given {
    return {};
  }

  /** What is so in every run of the model, whatever its options say; `rates` beside those of the caller. */
  protected get fixedOptions(): Given {
    return {};
  }

  #trainee(stream = false): Trainee {
    const save: Trainee['save'] = (call, path, native, record) => writeCheckpoint(call, path, this.#checkpoint(native, record));
    return {
      machine: this.machine,
      previous: this.#record,
      untouched: this.#untouched,
      usual: this.usualOptions(stream),
      fixed: this.fixedOptions,
      save,
    };
  }

  #keep(record: TrainingRecord): void {
    this.#record = record;
    if (record.step > 0) this.#untouched = false;
  }

  /** Whether the model was neither trained nor given parameters. */
  protected get untouched(): boolean {
    return this.#untouched;
  }

  /** Parameters were set by hand. */
  protected touch(): void {
    this.#untouched = false;
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  /**
   * Saves parameters and training state as a safetensors file with a checksum. The path holds either the old file or the whole new one, whatever
   * happens in between. Waits for the calls before it; during a run save in the body of `for await`, or use `fit`'s `checkpoint`.
   *
   * @throws {@link BusyError} while a run is under way, {@link FileError} when the file cannot be written, {@link DisposedError}.
   */
  async save(path: string | URL): Promise<void> {
    const call = this.call('save');
    await this.machine.exclusive(call, (native) => writeCheckpoint(call, path, this.#checkpoint(native, this.#record)));
  }

  #checkpoint(native: NativeMachine, training: TrainingRecord | null): Checkpoint {
    const { kind, config } = this.#description;
    const { seed, weightScale, couplings } = this.machine.spec;
    const untouched = this.#untouched && (training?.step ?? 0) === 0;
    const graphs = new Map(couplings.flatMap(([, , edges], c) => (edges === undefined ? [] : [[c, edges] as const])));
    const counters = this.machine.runCounters ?? native.getCounters();
    return {
      kind,
      config: { ...config, seed: String(seed), weightScale, untouched },
      parameters: readParameters(native),
      counters,
      graphs,
      training,
    };
  }

  /** Takes over what a checkpoint holds. */
  protected restore(call: string, read: ReadContents): void {
    const { parameters, counters, training, config } = read(this.machine);
    for (const [name, { values }] of parameters) this.machine.setParameter(call, name, values);
    this.machine.setCounters(call, counters);
    this.#record = training;
    this.#untouched = config.untouched === true;
  }
}

function nothing(): void {}

/** Units as one writes them: 'softmax(10)', 'binomial(5, 3)'. */
export function unitsText({ type, units, size }: LayerSpec): string {
  if (type === 'softmax') return units === size ? `softmax(${size})` : `softmax(${size}, ${units / size})`;
  return type === 'binomial' ? `binomial(${units}, ${size})` : `${type}(${units})`;
}
