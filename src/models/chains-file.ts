/** Chains in a safetensors file: their states, temperatures, what was observed, and how far the random numbers have been used. */
import { FormatError } from '../errors.js';
import { readRegularFile, writeFileAtomic } from '../io/atomic.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { MachineSpec } from '../machine/machine.js';
import type { Clamp } from './sampling.js';

/** All that chains are. */
export interface ChainRecord {
  /** Chains, those of all rungs together. */
  readonly chains: number;
  sweeps: number;
  /** One inverse temperature for all chains or one per chain. */
  readonly betas: Float64Array;
  readonly ladder: LadderRecord | null;
  /** Per layer [chains, places]. */
  states: Float32Array[];
  readonly clamps: Clamp[];
  observations: number;
  /** Per layer; empty before anything was observed. */
  sums: Float64Array[];
  /** By the numbers of two layers, 'a,b'. */
  products: Map<string, Float64Array>;
}

/** Where tempered chains stand; see NativeChainResults. */
export interface LadderRecord {
  readonly betas: Float64Array;
  readonly every: number;
  rung: Float64Array;
  direction: Float64Array;
  attempts: Float64Array;
  accepted: Float64Array;
  roundTrips: number;
}

const tensor = (data: Float32Array | Float64Array, shape = [data.length]): Tensor => ({
  dtype: data instanceof Float32Array ? 'F32' : 'F64',
  shape,
  data,
});

/** Writes chains so that the path holds either the old file or the whole new one. */
export async function writeChains(
  call: string,
  path: string | URL,
  spec: MachineSpec,
  record: ChainRecord,
  counters: BigUint64Array,
): Promise<void> {
  const { chains, sweeps, observations, ladder } = record;
  const tensors = new Map<string, Tensor>([
    ['betas', tensor(record.betas)],
    ['counters', { dtype: 'U64', shape: [counters.length], data: counters }],
  ]);
  spec.layers.forEach(({ name, units }, l) => {
    tensors.set(`states/${name}`, tensor(record.states[l] as Float32Array, [chains, units]));
    const sum = record.sums[l];
    if (sum !== undefined) tensors.set(`sums/${name}`, tensor(sum));
  });
  for (const [pair, product] of record.products) tensors.set(`products/${pair}`, tensor(product));
  for (const { layer, mask, values } of record.clamps) {
    tensors.set(`clamp-mask/${layer}`, tensor(mask));
    tensors.set(`clamp-values/${layer}`, tensor(values));
  }
  if (ladder !== null) for (const name of ladderArrays) tensors.set(`ladder/${name}`, tensor(ladder[name]));
  const rungs = ladder === null ? null : { every: ladder.every, roundTrips: ladder.roundTrips };
  const metadata = {
    format: 'boltzkit',
    formatVersion: '1',
    kind: 'chains',
    chains: JSON.stringify({ chains, sweeps, observations, ladder: rungs }),
  };
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

const ladderArrays = ['betas', 'rung', 'direction', 'attempts', 'accepted'] as const;

/**
 * Reads chains of a machine with these layers.
 *
 * @throws {@link FormatError} unless the file is intact and holds such chains; `ParameterError` when there is no such file.
 */
export async function readChains(
  call: string,
  path: string | URL,
  spec: MachineSpec,
): Promise<{ record: ChainRecord; counters: BigUint64Array }> {
  const what = `${call}: ${String(path)}`;
  const { tensors, metadata } = decodeSafetensors(await readRegularFile(path, call), what);
  const fail = (reason: string): never => {
    throw new FormatError(`${what} ${reason}`);
  };
  if (metadata.format !== 'boltzkit' || metadata.kind !== 'chains' || metadata.formatVersion !== '1')
    fail('does not hold chains of this version of boltzkit');
  const floats = (name: string): Float64Array => {
    const data = tensors.get(name)?.data;
    return data instanceof Float64Array ? data : fail(`lacks '${name}'`);
  };
  const { chains, sweeps, observations, ladder } = JSON.parse(metadata.chains as string) as Pick<
    ChainRecord,
    'chains' | 'sweeps' | 'observations'
  > & {
    ladder: { every: number; roundTrips: number } | null;
  };
  const states = spec.layers.map(({ name, units }) => {
    const found = tensors.get(`states/${name}`);
    if (found?.data instanceof Float32Array && found.shape[0] === chains && found.shape[1] === units) return found.data;
    return fail(`does not hold ${chains} chains of a layer '${name}' of ${units} places`);
  });
  const counters = tensors.get('counters')?.data;
  if (!(counters instanceof BigUint64Array)) return fail('lacks the counters of its random numbers');
  const record: ChainRecord = {
    chains,
    sweeps,
    betas: floats('betas'),
    ladder:
      ladder === null
        ? null
        : ({ ...ladder, ...Object.fromEntries(ladderArrays.map((name) => [name, floats(`ladder/${name}`)])) } as LadderRecord),
    states,
    clamps: spec.layers.flatMap(({ units }, layer) => readClamp(tensors, layer, units)),
    observations,
    sums: observations > 0 ? spec.layers.map(({ name }) => floats(`sums/${name}`)) : [],
    products: new Map([...tensors.keys()].filter((name) => name.startsWith('products/')).map((name) => [name.slice(9), floats(name)])),
  };
  return { record, counters };
}

function readClamp(tensors: ReadonlyMap<string, Tensor>, layer: number, units: number): Clamp[] {
  const [mask, values] = ['mask', 'values'].map((part) => tensors.get(`clamp-${part}/${layer}`)?.data);
  return mask instanceof Float32Array && values instanceof Float32Array ? [{ layer, units, mask, values }] : [];
}
