import { OptionCheck } from '../arguments.js';
import { array } from '../data/ndarray.js';
import { describeRows, type HostRows } from '../data/rows-input.js';
import { readEvaluateOptions } from '../estimators/evaluate-options.js';
import { type Evaluation, evaluateWithin, type PartitionEstimate, partitionWithin } from '../estimators/evaluation.js';
import type { UsedDevice } from '../machine/backend.js';
import { type Ask, type BackendInfo, type LayerInput, Machine, type MachineSpec } from '../machine/machine.js';
import type { NativeArray, NativeLayerRows, NativeMachine } from '../machine/native.js';
import { type TrainingRecord, train } from '../machine/training.js';
import { TrainingRun } from '../machine/training-run.js';
import { type Checkpoint, capture, type ReadContents, writeCheckpoint } from './checkpoint.js';
import { fitPlan, partialFitPlan, type Trainee } from './fit-plan.js';
import type { CheckedImputeOptions } from './impute.js';
import { type Inputs, rowCount } from './inputs.js';
import type { Matrix, Nats, Parameters, TrainingInfo } from './results.js';

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

/** Kind of a model and how it is wired, for checkpoints. */
export type Description = Pick<Checkpoint, 'kind' | 'config'>;

/**
 * What all models share: a machine, its training state, files and end of life. A model says which layers there are and what its users call
 * things; every method here takes the name of the public call for its messages.
 */
export abstract class Model implements Disposable {
  protected readonly machine: Machine;
  #record: TrainingRecord | null = null;
  /** Neither trained nor set by hand: biases of layers with data may start from it. */
  #untouched = true;

  readonly #description: Description;

  protected constructor(call: string, spec: MachineSpec, description: Description) {
    this.machine = new Machine(call, spec);
    this.#description = description;
  }

  /** Seed of all randomness. */
  get seed(): bigint {
    return this.machine.spec.seed;
  }

  /** The device in use. */
  get device(): UsedDevice {
    return this.machine.backend.device;
  }

  /** Whether a job is under way. */
  get busy(): boolean {
    return this.machine.busy;
  }

  /** Whether the model was disposed of. */
  get disposed(): boolean {
    return this.machine.disposed;
  }

  /** What this model runs on. */
  backendInfo(): BackendInfo {
    return this.machine.backend;
  }

  /** Where the last run stands, null if the model was never trained. */
  get training(): TrainingInfo | null {
    if (this.#record === null) return null;
    const { settings, step, totalSteps, stepsPerEpoch } = this.#record;
    const { algorithm, epochs, batchSize } = settings;
    return { algorithm, epochs, epoch: Math.floor(step / stepsPerEpoch), step, totalSteps, batchSize, complete: step >= totalSteps };
  }

  /** Cancels a running job, waits for its last update and frees all memory. Idempotent; every other call then throws `DisposedError`. */
  dispose(): void {
    this.machine.dispose();
  }

  /** The same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // --- inputs ----------------------------------------------------------------------------------------------------------

  /** Describes rows for a layer. */
  protected input(call: string, argument: string, rows: unknown, layer: number, units: string): LayerInput {
    const where = { call, argument, units };
    return { layer, host: this.describeLayer(rows, layer, where), where };
  }

  /** How rows of a layer are read; models with categories read those too. */
  protected describeLayer(rows: unknown, layer: number, where: LayerInput['where']): HostRows {
    return describeRows(rows, this.places(layer), where);
  }

  /** Columns of a layer's rows. */
  protected places(layer: number): number {
    return this.machine.spec.layers[layer]?.units ?? 0;
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /** A training run over inputs that are described when the run begins. */
  protected fitLayers(call: string, data: () => Inputs, validation: (rows: unknown) => Inputs, options: unknown): TrainingRun {
    return new TrainingRun(async (control) => {
      const plan = fitPlan(call, this.#trainee(), data, validation, options);
      await train(this.machine, plan, control, (record) => this.#keep(record));
    });
  }

  /** One update per minibatch of the inputs, in order. */
  protected async partialFitLayers(call: string, inputs: Inputs, options: unknown): Promise<void> {
    const plan = partialFitPlan(call, this.#trainee(), inputs, options);
    const control = { stopped: new AbortController().signal, report: () => undefined };
    await train(this.machine, plan, control, (record) => this.#keep(record));
  }

  #trainee(): Trainee {
    const save: Trainee['save'] = (call, path, native, record) => writeCheckpoint(call, path, this.#checkpoint(native, record));
    return { machine: this.machine, previous: this.#record, untouched: this.#untouched, save };
  }

  #keep(record: TrainingRecord): void {
    this.#record = record;
    if (record.step > 0) this.#untouched = false;
  }

  // --- questions -------------------------------------------------------------------------------------------------------

  /** The answer to a question. */
  protected async asked<T, R>(question: Question<T, R>, signal: unknown): Promise<R> {
    const { call, inputs, ask, answer } = question;
    return answer(await this.machine.over(call, inputs, new OptionCheck(call).signal(signal), ask));
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

  protected freeEnergies(call: string, inputs: Inputs): Question<Float64Array, Nats> {
    const shape = [rowCount(call, inputs)];
    const ask: Ask<Float64Array> = (native, packed, now) => native.freeEnergy(packed, now);
    return { call, inputs, passes: 1, ask, answer: (values) => array(values, shape) };
  }

  protected async energies(call: string, inputs: Inputs, signal: unknown): Promise<Nats> {
    rowCount(call, inputs);
    const checked = new OptionCheck(call).signal(signal);
    const values = await this.machine.over(call, inputs, checked, (native, packed) => native.energy(packed));
    return array(values, [values.length]);
  }

  // --- sampling and inference -------------------------------------------------------------------------------------------

  /** Rows of layers, what they lack filled in; one matrix [n, places] per asked layer. */
  protected async imputed(call: string, inputs: Inputs, layers: number[], options: CheckedImputeOptions): Promise<Matrix[]> {
    const rows = rowCount(call, inputs);
    const { warmup, steps, output, signal } = options;
    const start = (native: NativeMachine, given: NativeLayerRows[]) => native.impute({ given, layers, warmup, steps, output });
    const results = await this.machine.over(call, inputs, signal, start, true);
    return results.map((values, i) => array(values, [rows, this.places(layers[i] as number)]));
  }

  protected async pseudoLikelihoods(call: string, inputs: Inputs, exact: boolean, signal: AbortSignal | undefined): Promise<Nats> {
    rowCount(call, inputs);
    const values = await this.machine.over(call, inputs, signal, (native, packed) => native.pseudoLikelihood(packed, exact));
    return array(values, [values.length]);
  }

  // --- evaluation ------------------------------------------------------------------------------------------------------

  protected async evaluated(call: string, inputs: Inputs, options: unknown): Promise<Evaluation> {
    const control = readEvaluateOptions(call, options, this.#untouched);
    rowCount(call, inputs);
    return this.machine.exclusive(call, async (native) => {
      control.signal?.throwIfAborted();
      return evaluateWithin(this.machine, native, inputs, control, call);
    });
  }

  protected async partition(call: string, options: unknown): Promise<PartitionEstimate> {
    const control = readEvaluateOptions(call, options, this.#untouched);
    return this.machine.exclusive(call, async (native) => {
      control.signal?.throwIfAborted();
      return partitionWithin(this.machine, native, [], control, call);
    });
  }

  // --- parameters ------------------------------------------------------------------------------------------------------

  protected getParameter(call: string, name: string, shape: number[]): Parameters {
    return array(this.machine.parameter(call, name), shape) as Parameters;
  }

  protected setParameter(call: string, name: string, values: NativeArray): void {
    this.machine.setParameter(call, name, values);
    this.#untouched = false;
  }

  // --- files -----------------------------------------------------------------------------------------------------------

  protected async saveAs(call: string, path: string | URL): Promise<void> {
    await this.machine.exclusive(call, (native) => writeCheckpoint(call, path, this.#checkpoint(native, this.#record)));
  }

  #checkpoint(native: NativeMachine, training: TrainingRecord | null): Checkpoint {
    const { kind, config } = this.#description;
    const { seed, weightScale, couplings } = this.machine.spec;
    const untouched = this.#untouched && (training?.step ?? 0) === 0;
    const graphs = new Map(couplings.flatMap(([, , edges], c) => (edges === undefined ? [] : [[c, edges] as const])));
    return { kind, config: { ...config, seed: String(seed), weightScale, untouched }, ...capture(native), graphs, training };
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
