/**
 * The file of a network: one safetensors file with the parameters of all levels, of both halves
 * once they differ, the counters of their random numbers, and what an interrupted run needs to go
 * on bit for bit.
 */
import { BackendError, FormatError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { TensorStock } from '../io/tensor-stock.js';
import { readParameters } from '../machine/native-model.js';
import { parameterShapes } from '../machine/parameter-shapes.js';
import { checkpointMetadata, openModel, takeCounters } from '../models/checkpoint.js';
import { isObject, lastStep, parseObject, savedSeed, tensorOf } from '../models/file-values.js';
import { addTraining, takeTraining } from '../models/training-file.js';
import { finite } from '../models/value-checks.js';
import { isOver, type RunRecord, type TrainingRecord } from '../training/record.js';
import type { PlaceSpec } from '../wiring/spec.js';
import type { Units, UnitType } from '../wiring/units.js';
import { type BeliefRecord, finishedRecord, levelUnderWay, type PretrainRecord } from './record.js';
import { type BeliefSpec, type DeepBeliefNetworkOptions, levelSpecs, readNetwork } from './spec.js';
import type { BeliefStack } from './stack.js';
import { takeUpDown } from './up-down-file.js';

/** The kind of model that such a file holds. */
const kind = 'dbn';
const countersName = 'counters';

/** What a file holds besides the machines. */
export interface NetworkState {
  /** By level: neither trained nor set by hand. */
  readonly untouched: readonly boolean[];
  readonly record: BeliefRecord | null;
}

/**
 * Writes a network so that the path holds either the old file or the whole new one. Between
 * updates, while nobody else touches the machines.
 */
export async function writeNetwork(call: string, path: string | URL, stack: BeliefStack, state: NetworkState): Promise<void> {
  const { spec, machines, untied } = stack;
  const tensors = new Map<string, Tensor>();
  const runCounters = stack.runCounters;
  let at = 0;
  for (const { prefix, machine } of machines) {
    for (const [name, { shape, values }] of readParameters(machine.native)) tensors.set(prefix + name, tensorOf(shape, values));
    const now = machine.native.getCounters();
    // While a run stands still and others read: where the run is.
    const data = machine.runCounters ?? runCounters?.slice(at, at + now.length) ?? now;
    at += now.length;
    tensors.set(prefix + countersName, { dtype: 'U64', shape: [data.length], data });
  }
  const layers = spec.layers.map(({ type, units, size }) => ({ type, units, size }));
  const { labels, seed, weightScale } = spec;
  const metadata = checkpointMetadata(kind, { layers, labels, seed: String(seed), weightScale, untied, untouched: state.untouched });
  if (state.record !== null) addRecord(state.record, tensors, metadata);
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

function addRecord(record: BeliefRecord, tensors: Map<string, Tensor>, metadata: Record<string, string>): void {
  if (record.phase === 'upDown') {
    metadata.phase = JSON.stringify({ phase: 'upDown' });
    addRun(record.run, '', tensors, metadata);
    return;
  }
  const { phase, activities, transposed, levels } = record;
  metadata.phase = JSON.stringify({ phase, activities, transposed });
  for (const [l, level] of levels.entries()) addRun(level, `level${l + 1}/`, tensors, metadata);
}

function addRun(run: RunRecord<object, string>, prefix: string, tensors: Map<string, Tensor>, metadata: Record<string, string>): void {
  const own = { tensors: new Map<string, Tensor>(), metadata: {} as Record<string, string> };
  addTraining(isOver(run) ? finishedRecord(run) : run, own.tensors, own.metadata);
  for (const [name, tensor] of own.tensors) tensors.set(prefix + name, tensor);
  const text = own.metadata.training as string;
  // Of a run that is over, nothing is left to go on with.
  metadata[`${prefix}training`] = isOver(run) ? JSON.stringify({ ...JSON.parse(text), incomplete: true }) : text;
}

/**
 * Reads a file. Sizes are compared with those of its tensors before anything of that size is made.
 *
 * @param make - Makes the network's machines, which then take over what the file holds.
 * @throws {@link FormatError} whatever is wrong with the file; {@link FileError} when it cannot be
 *   read; {@link BackendError}.
 */
export async function readNetworkFile(
  call: string,
  path: string | URL,
  where: Pick<PlaceSpec, 'device' | 'threads'>,
  make: (options: DeepBeliefNetworkOptions) => BeliefStack,
): Promise<NetworkState> {
  const { stock, metadata } = await openModel(call, path, kind);
  const config = parseObject(stock, metadata.config);
  let stack: BeliefStack | undefined;
  try {
    const options = savedOptions(stock, config, where);
    const spec = readNetwork(call, options);
    const parameters = takeParameters(stock, spec, config.untied === true);
    stack = make(options);
    if (config.untied === true) stack.untie();
    for (const [name, values] of parameters) stack.setParameter(call, name, values);
    restoreCounters(call, stock, stack);
    const record = takeRecord(call, stock, metadata, stack);
    stock.assertEmpty();
    return { untouched: savedFlags(stock, config.untouched, stack.levels.length), record };
  } catch (error) {
    stack?.dispose();
    if (error instanceof FormatError || error instanceof BackendError) throw error;
    return stock.fail('does not describe a valid deep belief network', error);
  }
}

function savedOptions(
  stock: TensorStock,
  { layers, labels, seed, weightScale }: Readonly<Record<string, unknown>>,
  where: Pick<PlaceSpec, 'device' | 'threads'>,
): DeepBeliefNetworkOptions {
  if (!Array.isArray(layers)) return stock.fail('has damaged metadata');
  const units = layers.map((layer: unknown): Units => {
    const { type, units: places, size } = isObject(layer) ? layer : {};
    return { type: type as UnitType, places: places as number, size: size as number };
  });
  const known = labels === null ? {} : { labels: labels as number };
  return { layers: units, ...known, seed: savedSeed(seed), weightScale: weightScale as number, ...where };
}

function takeParameters(stock: TensorStock, spec: BeliefSpec, untied: boolean): Map<string, Float32Array | Float64Array> {
  const taken = new Map<string, Float32Array | Float64Array>();
  levelSpecs(spec, 0).forEach((wiring, l, all) => {
    const halves = untied && l < all.length - 1 ? [`level${l + 1}/`, `level${l + 1}/generative/`] : [`level${l + 1}/`];
    for (const prefix of halves) {
      for (const { name, shape } of parameterShapes(wiring)) {
        const check = finite(-Number.MAX_VALUE, Number.MAX_VALUE);
        taken.set(prefix + name, stock.take(prefix + name, { types: ['F32', 'F64'], shape, check }));
      }
    }
  });
  return taken;
}

function restoreCounters(call: string, stock: TensorStock, { machines }: BeliefStack): void {
  for (const { prefix, machine } of machines) {
    const most = machine.counters(call).fill(lastStep);
    machine.setCounters(call, takeCounters(stock, prefix + countersName, most));
  }
}

function savedFlags(stock: TensorStock, said: unknown, n: number): boolean[] {
  const right = Array.isArray(said) && said.length === n && said.every((flag) => typeof flag === 'boolean');
  return right ? (said as boolean[]) : stock.fail('has damaged metadata');
}

function takeRecord(call: string, stock: TensorStock, metadata: Readonly<Record<string, string>>, stack: BeliefStack): BeliefRecord | null {
  if (metadata.phase === undefined) return null;
  const said = parseObject(stock, metadata.phase);
  if (said.phase === 'upDown' && stack.untied) {
    const run = assertOver(stock, takeUpDown(call, stock, metadata.training, stack), 'the run');
    return { phase: 'upDown', run };
  }
  const { phase, activities, transposed } = said;
  if (phase !== 'pretrain' || (activities !== 'mean' && activities !== 'sample')) return stock.fail('has a damaged training state');
  const levels = stack.levels.map(({ number, up }): TrainingRecord => {
    const prefix = `level${number}/`;
    return assertOver(stock, takeTraining(call, stock.within(prefix), metadata[`${prefix}training`], up), `level ${number}`);
  });
  const record: PretrainRecord = { phase, activities, transposed: savedFlags(stock, transposed, levels.length), levels };
  const early = levels.slice(levelUnderWay(record) + 1).some(({ step }) => step > 0);
  return early ? stock.fail('has a damaged training state: a level has begun before the one below it was over') : record;
}

/** A run that is over keeps nothing to go on with. */
function assertOver<R extends RunRecord<unknown, string>>(stock: TensorStock, run: R | null, what: string): R {
  if (run === null) return stock.fail(`has a damaged training state: it lacks that of ${what}`);
  const isLeft = isOver(run) && Object.keys(run.state.tensors).length > 0;
  return isLeft ? stock.fail(`has a damaged training state: ${what} is over and holds chains`) : run;
}
