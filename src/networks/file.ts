/**
 * Files of networks: one safetensors file with every parameter, the counters of the random streams
 * and, after training, the state of the run.
 */
import { BackendError, FormatError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { TensorStock } from '../io/tensor-stock.js';
import { readParameters } from '../machine/native-model.js';
import type { NativeNetwork } from '../machine/native-network.js';
import type { NetworkHost } from '../machine/network-host.js';
import { networkShapes } from '../machine/parameter-shapes.js';
import { checkpointMetadata, openModel, takeCounters } from '../models/checkpoint.js';
import { isObject, lastStep, parseObject, savedSeed, tensorOf } from '../models/file-values.js';
import { addTraining, takeRun } from '../models/training-file.js';
import { parameterValues } from '../models/value-checks.js';
import { readLoadOptions } from '../wiring/place.js';
import type { Units } from '../wiring/units.js';
import { networkMetrics } from './best.js';
import type { BuiltSpec, NetworkLayer, NetworkStart } from './layers.js';
import { readSettings, settingNames } from './options.js';
import type { NetworkRecord } from './plan.js';
import { takeNetworkTensors } from './training-tensors.js';

const countersName = 'network/counters';

/** What a file says about the kind of network that it holds. */
export interface SavedNetwork {
  readonly kind: string;
  /** What the constructor takes besides layers: plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What a file holds. */
export interface NetworkContents {
  readonly spec: BuiltSpec;
  readonly native: NativeNetwork;
  readonly counters: BigUint64Array;
  readonly training: NetworkRecord | null;
}

/** Writes a network so that the path holds either the old file or the whole new one. */
export async function writeNetwork(
  call: string,
  path: string | URL,
  { kind, config }: SavedNetwork,
  { spec, native, counters, training }: NetworkContents,
): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, values }] of readParameters(native)) tensors.set(name, tensorOf(shape, values));
  tensors.set(countersName, { dtype: 'U64', shape: [counters.length], data: counters });
  const { inputs, layers, dropout, loss, seed } = spec;
  const metadata = checkpointMetadata(kind, { ...config, inputs, layers, dropout, loss, seed: String(seed) });
  if (training !== null) addTraining(training, tensors, metadata);
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

/** Options of a constructor as a file holds them; they are checked as any caller's. */
export interface SavedOptions extends NetworkStart {
  readonly inputs: number;
  readonly layers: readonly NetworkLayer[];
  readonly loss: BuiltSpec['loss'];
  /** Everything that the file says. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Makes the network that a file describes. Its sizes are compared with those of the file's tensors
 * before anything of that size is made, and everything in the file with what the network needs
 * before anything of it is taken over.
 *
 * @param describe - Checks options as the constructor does, and says how to make the network.
 * @param restore - Has the network take over the run that is read for its host.
 * @throws {@link FormatError} whatever is wrong with the file; {@link FileError} when it cannot be
 *   read; {@link BackendError}.
 */
export async function readNetwork<M extends Disposable>(
  call: string,
  path: string | URL,
  kind: string,
  options: unknown,
  describe: (saved: SavedOptions) => { readonly spec: BuiltSpec; readonly make: () => M },
  restore: (network: M, read: (machine: NetworkHost) => NetworkRecord | null) => void,
): Promise<M> {
  const where = readLoadOptions(call, options);
  const { stock, metadata } = await openModel(call, path, kind);
  const saved = { ...savedOptions(stock, parseObject(stock, metadata.config)), ...where };
  let network: M | undefined;
  try {
    const { spec, make } = describe(saved);
    const parameters = takeParameters(stock, spec);
    network = make();
    restore(network, (machine) => {
      const counters = takeCounters(stock, countersName, machine.counters(call).fill(lastStep));
      const training = takeNetworkRun(call, stock, metadata.training, machine, spec);
      stock.assertEmpty();
      for (const [name, values] of parameters) machine.setParameter(call, name, values);
      machine.setCounters(call, counters);
      return training;
    });
    return network;
  } catch (error) {
    network?.[Symbol.dispose]();
    if (error instanceof FormatError || error instanceof BackendError) throw error;
    return stock.fail('does not describe a valid network', error);
  }
}

function savedOptions(stock: TensorStock, config: Readonly<Record<string, unknown>>): SavedOptions {
  const { inputs, layers, dropout, loss, seed } = config;
  if (!Array.isArray(layers) || !Array.isArray(dropout) || dropout.length !== layers.length) return stock.fail('has damaged metadata');
  const list = layers.map((layer: unknown, i): NetworkLayer => {
    const { name, type, units, size, weightScale } = isObject(layer) ? layer : {};
    const share = i + 1 < layers.length ? { dropout: (dropout as number[])[i + 1] as number } : {};
    return {
      units: { type, places: units, size } as Units as NetworkLayer['units'],
      name: name as string,
      weightScale: weightScale as number,
      ...share,
    };
  });
  return {
    inputs: inputs as number,
    layers: list,
    inputDropout: (dropout as number[])[0] as number,
    loss: loss as BuiltSpec['loss'],
    seed: savedSeed(seed),
    config,
  };
}

function takeParameters(stock: TensorStock, spec: BuiltSpec): Map<string, Float32Array | Float64Array> {
  const taken = new Map<string, Float32Array | Float64Array>();
  for (const { name, shape } of networkShapes(spec)) {
    taken.set(name, stock.take(name, { types: ['F32', 'F64'], shape, check: parameterValues }));
  }
  return taken;
}

function takeNetworkRun(
  call: string,
  stock: TensorStock,
  text: string | undefined,
  machine: NetworkHost,
  spec: BuiltSpec,
): NetworkRecord | null {
  const layers = spec.layers.map(({ name }) => name);
  const required = { epochs: Number.NaN, batchSize: Number.NaN, dropout: spec.dropout.map(() => Number.NaN), layers };
  return takeRun(call, stock, text, {
    settings: (given) => readSettings(call, given, required),
    settingNames,
    bestSources: networkMetrics,
    parameters: () => machine.parameters(call),
    tensors: (run) => takeNetworkTensors({ stock, shapes: machine.parameters(call), layers, ...run }),
  });
}
