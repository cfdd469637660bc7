/**
 * Checkpoints of models: one safetensors file with every parameter, the counters of the random streams and, after training, all that
 * an interrupted run needs to go on bit for bit.
 */
import { FormatError } from '../errors.js';
import { readRegularFile, writeFileAtomic } from '../io/atomic.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { NativeArray, NativeMachine, NativeTrainerState } from '../machine/native.js';
import type { TrainingRecord } from '../machine/training.js';
import type { TrainingSettings } from '../machine/training-settings.js';

const formatVersion = '1';
const trainingPrefix = 'training/';
const countersName = 'machine/counters';
const graphPrefix = 'graph/';
const learningRatesName = 'training-plan/learningRates';

/** What a checkpoint says about a model. */
export interface Checkpoint {
  /** The kind of model, for example 'rbm'. */
  readonly kind: string;
  /** How to construct it: plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: NativeArray }>;
  readonly counters: BigUint64Array;
  /** Pairs of unit numbers by the number of their coupling. */
  readonly graphs: ReadonlyMap<number, Uint32Array>;
  readonly training: TrainingRecord | null;
}

/** Everything that a machine holds, read while nothing else touches it. */
export function capture(native: NativeMachine): Pick<Checkpoint, 'parameters' | 'counters'> {
  const parameters = new Map<string, { shape: number[]; values: NativeArray }>();
  for (const { name, rows, cols } of native.parameters()) parameters.set(name, { shape: [rows, cols], values: native.getParameter(name) });
  return { parameters, counters: native.getCounters() };
}

function tensorOf(values: NativeArray, shape: readonly number[]): Tensor {
  return { dtype: values instanceof Float64Array ? 'F64' : 'F32', shape, data: values };
}

/** Writes a checkpoint so that the path holds either the old file or the whole new one. */
export async function writeCheckpoint(call: string, path: string | URL, checkpoint: Checkpoint): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, values }] of checkpoint.parameters) tensors.set(name, tensorOf(values, shape));
  tensors.set(countersName, { dtype: 'U64', shape: [checkpoint.counters.length], data: checkpoint.counters });
  for (const [c, data] of checkpoint.graphs) tensors.set(graphPrefix + c, { dtype: 'U32', shape: [data.length / 2, 2], data });
  const metadata: Record<string, string> = {
    format: 'boltzkit',
    formatVersion,
    kind: checkpoint.kind,
    config: JSON.stringify(checkpoint.config),
  };
  if (checkpoint.training !== null) addTraining(checkpoint.training, tensors, metadata);
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

function addTraining(record: TrainingRecord, tensors: Map<string, Tensor>, metadata: Record<string, string>): void {
  const { settings, learningRates, state, step, totalSteps, stepsPerEpoch } = record;
  for (const [name, { rows, cols, values }] of Object.entries(state.tensors))
    tensors.set(trainingPrefix + name, tensorOf(values, [rows, cols]));
  tensors.set(learningRatesName, { dtype: 'F64', shape: [learningRates.length], data: learningRates });
  const counters = Object.fromEntries(Object.entries(state.counters).map(([name, value]) => [name, String(value)]));
  metadata.training = JSON.stringify({ settings, counters, step, totalSteps, stepsPerEpoch });
}

/**
 * Reads a checkpoint.
 *
 * @param call - Public call, for messages.
 * @param path - The file.
 * @param kind - The kind of model it must hold.
 * @throws {@link FormatError} unless the file is intact and holds such a model; {@link ParameterError} when there is no such file.
 */
export async function readCheckpoint(call: string, path: string | URL, kind: string): Promise<Checkpoint> {
  const what = `${call}: ${String(path)}`;
  const { tensors, metadata } = decodeSafetensors(await readRegularFile(path, call), what);
  if (metadata.format !== 'boltzkit') throw new FormatError(`${what} is not a boltzkit checkpoint`);
  if (metadata.formatVersion !== formatVersion) {
    throw new FormatError(`${what} has format version ${metadata.formatVersion}, this version of boltzkit reads ${formatVersion}`);
  }
  if (metadata.kind !== kind) throw new FormatError(`${what} holds a model of kind '${metadata.kind}', not '${kind}'`);
  const counters = tensors.get(countersName)?.data;
  if (!(counters instanceof BigUint64Array)) throw new FormatError(`${what} lacks the counters of its random numbers`);
  const config = parseObject(what, metadata.config);
  const parameters = new Map<string, { shape: readonly number[]; values: NativeArray }>();
  for (const [name, { shape, data }] of tensors) {
    if (isFloats(data) && !name.startsWith(trainingPrefix) && name !== learningRatesName) parameters.set(name, { shape, values: data });
  }
  return { kind, config, parameters, counters, graphs: readGraphs(tensors), training: readTraining(what, tensors, metadata.training) };
}

function readGraphs(tensors: ReadonlyMap<string, Tensor>): Map<number, Uint32Array> {
  const graphs = new Map<number, Uint32Array>();
  for (const [name, { data }] of tensors) {
    if (name.startsWith(graphPrefix) && data instanceof Uint32Array) graphs.set(Number(name.slice(graphPrefix.length)), data);
  }
  return graphs;
}

function isFloats(data: Tensor['data']): data is NativeArray {
  return data instanceof Float32Array || data instanceof Float64Array;
}

function parseObject(what: string, text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new FormatError(`${what} has damaged metadata`);
}

function readTraining(what: string, tensors: ReadonlyMap<string, Tensor>, text: string | undefined): TrainingRecord | null {
  if (text === undefined) return null;
  const { settings, counters, step, totalSteps, stepsPerEpoch } = parseObject(what, text);
  const learningRates = tensors.get(learningRatesName)?.data;
  const plain = (value: unknown): value is Record<string, string> => typeof value === 'object' && value !== null;
  if (!plain(settings) || !plain(counters) || !(learningRates instanceof Float64Array))
    throw new FormatError(`${what} has a damaged training state`);
  return {
    settings: settings as unknown as TrainingSettings,
    learningRates,
    state: { tensors: stateTensors(tensors), counters: stateCounters(what, counters) },
    step: Number(step),
    totalSteps: Number(totalSteps),
    stepsPerEpoch: Number(stepsPerEpoch),
  };
}

function stateTensors(tensors: ReadonlyMap<string, Tensor>): NativeTrainerState['tensors'] {
  const result: NativeTrainerState['tensors'] = {};
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith(trainingPrefix) || !isFloats(data)) continue;
    result[name.slice(trainingPrefix.length)] = { rows: shape[0] ?? 0, cols: shape[1] ?? 0, values: data };
  }
  return result;
}

function stateCounters(what: string, counters: Record<string, string>): Record<string, bigint> {
  return Object.fromEntries(
    Object.entries(counters).map(([name, digits]) => {
      if (!/^\d{1,20}$/.test(digits)) throw new FormatError(`${what} has a damaged counter '${name}'`);
      return [name, BigInt(digits)];
    }),
  );
}
