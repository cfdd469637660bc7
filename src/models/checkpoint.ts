/**
 * Checkpoints of models: one safetensors file with every parameter, the counters of the random streams and, after training, all that
 * an interrupted run needs to go on bit for bit.
 */
import { BackendError, FormatError } from '../errors.js';
import { readRegularFile, writeFileAtomic } from '../io/atomic.js';
import { filePath } from '../io/files.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../io/safetensors.js';
import { TensorStock } from '../io/tensor-stock.js';
import type { Machine } from '../machine/machine.js';
import type { Parameters } from '../machine/native-model.js';
import { parameterShapes } from '../machine/parameter-shapes.js';
import type { TrainingRecord } from '../training/record.js';
import type { MachineSpec } from '../wiring/spec.js';
import { lastStep, parseObject, tensorOf } from './file-values.js';
import { addTraining, takeTraining } from './training-file.js';
import { finite } from './value-checks.js';

const formatVersion = '2';
const countersName = 'machine/counters';
const graphPrefix = 'graph/';

/** What a checkpoint says about a model. */
export interface Checkpoint {
  /** The kind of model, for example 'rbm'. */
  readonly kind: string;
  /** How to construct it: plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: Parameters;
  readonly counters: BigUint64Array;
  /** Pairs of unit numbers by the number of their coupling. */
  readonly graphs: ReadonlyMap<number, Uint32Array>;
  readonly training: TrainingRecord | null;
}

/** Writes a checkpoint so that the path holds either the old file or the whole new one. */
export async function writeCheckpoint(call: string, path: string | URL, checkpoint: Checkpoint): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, values }] of checkpoint.parameters) tensors.set(name, tensorOf(shape, values));
  tensors.set(countersName, { dtype: 'U64', shape: [checkpoint.counters.length], data: checkpoint.counters });
  for (const [c, data] of checkpoint.graphs) tensors.set(graphPrefix + c, { dtype: 'U32', shape: [data.length / 2, 2], data });
  const metadata = checkpointMetadata(checkpoint.kind, checkpoint.config);
  if (checkpoint.training !== null) addTraining(checkpoint.training, tensors, metadata);
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

/** What a model takes over from a checkpoint. */
export type Contents = Pick<Checkpoint, 'parameters' | 'counters' | 'training' | 'config'>;
/** Reads that, for a machine of the right wiring. */
export type ReadContents = (machine: Machine) => Contents;
/** How a model is wired, and how to make it. */
export interface Described<M> {
  readonly spec: MachineSpec;
  readonly make: () => M;
}

/** A checkpoint that is being read: intact and of the right kind, but nothing of it has been compared with what its model needs. */
export class OpenCheckpoint {
  /** How to construct the model: JSON from whoever wrote the file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly #call: string;
  readonly #stock: TensorStock;
  readonly #training: string | undefined;
  readonly #kind: string;

  constructor(call: string, kind: string, stock: TensorStock, metadata: Readonly<Record<string, string>>) {
    this.#call = call;
    this.#kind = kind;
    this.#stock = stock;
    this.#training = metadata.training;
    this.config = parseObject(stock, metadata.config);
  }

  /** Takes the graph of a coupling, as pairs of unit numbers, if it follows one. */
  takeGraph(coupling: number): Uint32Array | undefined {
    const name = graphPrefix + coupling;
    return this.#stock.has(name) ? this.#stock.take(name, { types: ['U32'], shape: [null, 2] }) : undefined;
  }

  /**
   * Makes the model that the file describes. Its sizes are compared with those of the file's tensors before anything of that size is made,
   * and everything in the file with what the model needs before anything of it is taken over.
   *
   * @param describe - Checks `config` as the constructor checks its options, and says how to construct the model.
   * @param restore - Has the model take over what is read for its machine.
   * @throws {@link FormatError} whatever is wrong with the file; {@link BackendError} when the device cannot be used.
   */
  construct<M extends Disposable>(describe: () => Described<M>, restore: (model: M, read: ReadContents) => void): M {
    let model: M | undefined;
    try {
      const { spec, make } = describe();
      const parameters = this.#takeParameters(spec);
      model = make();
      restore(model, (machine) => ({ parameters, ...this.#takeRest(machine) }));
      return model;
    } catch (error) {
      model?.[Symbol.dispose]();
      if (error instanceof FormatError || error instanceof BackendError) throw error;
      return this.#stock.fail(`does not describe a valid ${this.#kind === 'rbm' ? 'RBM' : 'machine'}`, error);
    }
  }

  #takeParameters(spec: MachineSpec): Checkpoint['parameters'] {
    const taken = parameterShapes(spec).map(({ name, shape }) => {
      const values = this.#stock.take(name, { types: ['F32', 'F64'], shape, check: finite(-Number.MAX_VALUE, Number.MAX_VALUE) });
      return [name, { shape, values }] as const;
    });
    return new Map(taken);
  }

  #takeRest(machine: Machine): Omit<Contents, 'parameters'> {
    const counters = takeCounters(this.#stock, countersName, machine.counters(this.#call).fill(lastStep));
    const training = takeTraining(this.#call, this.#stock, this.#training, machine);
    this.#stock.assertEmpty();
    return { counters, training, config: this.config };
  }
}

/**
 * Takes the counters of random numbers; files from before a purpose existed have none for it.
 *
 * @param most - The most that each may be; as many as there are purposes.
 */
export function takeCounters(stock: TensorStock, name: string, most: BigUint64Array): BigUint64Array {
  const [length = 0] = stock.shape(name);
  if (length > most.length) stock.fail(`must hold at most ${most.length} counters of random numbers, got ${length}`);
  const check = (values: BigUint64Array): string | undefined => {
    const high = values.findIndex((count, purpose) => count > (most[purpose] as bigint));
    return high < 0 ? undefined : `of at most ${most[high]} steps of random numbers, got ${values[high]}`;
  };
  return stock.take(name, { types: ['U64'], shape: [null], check });
}

/**
 * Opens a checkpoint.
 *
 * @param call - Public call, for messages.
 * @param path - The file.
 * @param kind - The kind of model it must hold.
 * @throws {@link FormatError} unless the file is intact and of that kind; {@link FileError} when there is no such file.
 */
export async function openCheckpoint(call: string, path: string | URL, kind: string): Promise<OpenCheckpoint> {
  const { stock, metadata } = await openModel(call, path, kind);
  return new OpenCheckpoint(call, kind, stock, metadata);
}

/** The tensors of a checkpoint, and what its metadata say; for models that read them on their own. Throws as {@link openCheckpoint}. */
export async function openModel(call: string, path: string | URL, kind: string): Promise<Awaited<ReturnType<typeof openTensors>>> {
  const { stock, metadata } = await openTensors(call, path);
  if (metadata.format !== 'boltzkit') stock.fail('is not a boltzkit checkpoint');
  if (metadata.formatVersion !== formatVersion) {
    stock.fail(`has format version ${metadata.formatVersion}, this version of boltzkit reads ${formatVersion}`);
  }
  if (metadata.kind !== kind) stock.fail(`holds a model of kind '${metadata.kind}', not '${kind}'`);
  return { stock, metadata };
}

/** The metadata that every checkpoint has. */
export function checkpointMetadata(kind: string, config: Readonly<Record<string, unknown>>): Record<string, string> {
  return { format: 'boltzkit', formatVersion, kind, config: JSON.stringify(config) };
}

/** Reads a file of tensors and makes sure that it is intact. */
export async function openTensors(
  call: string,
  path: string | URL,
): Promise<{ readonly stock: TensorStock; readonly metadata: Readonly<Record<string, string>> }> {
  const what = `${call}: ${filePath(path, call)}`;
  const { tensors, metadata } = decodeSafetensors(await readRegularFile(path, call), what);
  return { stock: new TensorStock(what, tensors), metadata };
}
