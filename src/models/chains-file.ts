/** Chains in a safetensors file: their states, temperatures, what was observed, and how far the random numbers have been used. */
import { writeFileAtomic } from '../io/atomic.js';
import { encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { TensorStock, ValueCheck } from '../io/tensor-stock.js';
import type { Machine } from '../machine/machine.js';
import type { MachineSpec } from '../wiring/spec.js';
import { openTensors, takeCounters } from './checkpoint.js';
import { isObject, parseObject } from './file-values.js';
import type { Clamp } from './sampling.js';
import { onDifferentRungs } from './training-tensors.js';
import { betas, finite, ladder, states, whole } from './value-checks.js';

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
  /** Null unless all observations were kept by chain; then what is above follows from it. */
  apart: MomentsApart | null;
}

/** Moments of every chain; of tempered chains those of every rung of every group, group by group. */
export interface MomentsApart {
  /** Observations of every chain. */
  times: number;
  /** Per layer, [chains, places]. */
  readonly sums: readonly Float64Array[];
  /** By the numbers of two layers, 'a,b': [chains, places of a, places of b]. */
  readonly products: ReadonlyMap<string, Float64Array>;
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
  const { chains, sweeps, observations, ladder, apart } = record;
  const tensors = new Map<string, Tensor>([
    ['betas', tensor(record.betas)],
    ['counters', { dtype: 'U64', shape: [counters.length], data: counters }],
  ]);
  spec.layers.forEach(({ name, units }, l) => {
    tensors.set(`states/${name}`, tensor(record.states[l] as Float32Array, [chains, units]));
    const sum = record.sums[l];
    if (sum !== undefined) tensors.set(`sums/${name}`, tensor(sum));
    if (apart !== null) tensors.set(`apart-sums/${name}`, tensor(apart.sums[l] as Float64Array));
  });
  for (const [pair, product] of apart?.products ?? []) tensors.set(`apart-products/${pair}`, tensor(product));
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
    chains: JSON.stringify({ chains, sweeps, observations, apart: apart?.times ?? null, ladder: rungs }),
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
  machine: Machine,
): Promise<{ record: ChainRecord; counters: BigUint64Array }> {
  const { stock, metadata } = await openTensors(call, path);
  if (metadata.format !== 'boltzkit' || metadata.kind !== 'chains' || metadata.formatVersion !== '1')
    stock.fail('does not hold chains of this version of boltzkit');
  const reader = new ChainReader(stock, machine, metadata.chains);
  const read = { record: reader.record(), counters: takeCounters(stock, 'counters', mostOf(machine.counters(call))) };
  stock.assertEmpty();
  return read;
}

/**
 * What the counters of chains may be. The model will have used as many random steps as the file says, so a file must leave it some: half of
 * what a seed has is more than any machine draws in a lifetime.
 */
function mostOf(own: BigUint64Array): BigUint64Array {
  return own.map((count) => (count > mostSteps ? count : mostSteps));
}

const mostSteps = 2n ** 47n;

/** Takes chains out of a file, after comparing everything with what this machine's chains can be. */
class ChainReader {
  readonly #stock: TensorStock;
  readonly #machine: Machine;
  readonly #said: Record<string, unknown>;
  readonly #chains: number;

  constructor(stock: TensorStock, machine: Machine, text: string | undefined) {
    this.#stock = stock;
    this.#machine = machine;
    this.#said = parseObject(stock, text);
    this.#chains = this.#count(this.#said, 'chains', 1, 2 ** 32 - 1);
  }

  record(): ChainRecord {
    const observations = this.#count(this.#said, 'observations', 0);
    const tempered = this.#ladder();
    const perChain = tempered === null && this.#stock.shape('betas')[0] !== 1;
    const layers = this.#machine.spec.layers;
    return {
      chains: this.#chains,
      sweeps: this.#count(this.#said, 'sweeps', 0),
      betas: this.#floats('betas', perChain ? this.#chains : 1, betas),
      ladder: tempered,
      states: layers.map(({ name, units }, layer) => this.#states(`states/${name}`, [this.#chains, units], layer)),
      clamps: layers.flatMap((_, layer) => this.#clamp(layer)),
      observations,
      sums: observations > 0 ? layers.map(({ name, units }) => this.#floats(`sums/${name}`, units, finite())) : [],
      products: observations > 0 ? this.#products('products', 1) : new Map(),
      apart: observations > 0 ? this.#apart() : null,
    };
  }

  #floats(name: string, length: number | null, check: ValueCheck): Float64Array {
    return this.#stock.take(name, { types: ['F64'], shape: [length], check });
  }

  #count(said: Record<string, unknown>, name: string, low: number, high = Number.MAX_SAFE_INTEGER): number {
    const value = said[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high) return value;
    return this.#stock.fail(`has a damaged number of ${name}`);
  }

  #states(name: string, shape: readonly number[], layer: number): Float32Array {
    const { type } = this.#machine.spec.layers[layer] as MachineSpec['layers'][number];
    return this.#stock.take(name, { types: ['F32'], shape, check: states({ ...this.#machine.domain(layer), type }) });
  }

  #ladder(): LadderRecord | null {
    const said = this.#said.ladder;
    if (said === null) return null;
    if (!isObject(said)) return this.#stock.fail('has a damaged ladder');
    const temperatures = this.#floats('ladder/betas', null, ladder);
    const rungs = temperatures.length;
    if (this.#chains % rungs !== 0) this.#stock.fail(`must hold groups of ${rungs} chains, got ${this.#chains}`);
    const attempts = this.#floats('ladder/attempts', rungs - 1, whole(0, Number.MAX_SAFE_INTEGER));
    return {
      every: this.#count(said, 'every', 1, 2 ** 40),
      roundTrips: this.#count(said, 'roundTrips', 0),
      betas: temperatures,
      rung: this.#floats('ladder/rung', this.#chains, onDifferentRungs(rungs)),
      direction: this.#floats('ladder/direction', this.#chains, whole(0, 2)),
      attempts,
      accepted: this.#floats('ladder/accepted', rungs - 1, atMost(attempts)),
    };
  }

  /** Absent from files of chains that were never observed apart. */
  #apart(): MomentsApart | null {
    const { apart } = this.#said;
    if (apart === null || apart === undefined) return null;
    const layers = this.#machine.spec.layers;
    return {
      times: this.#count(this.#said, 'apart', 1),
      sums: layers.map(({ name, units }) => this.#floats(`apart-sums/${name}`, this.#chains * units, finite())),
      products: this.#products('apart-products', this.#chains),
    };
  }

  #products(folder: string, times: number): Map<string, Float64Array> {
    const layers = this.#machine.spec.layers;
    const pairs = layers.flatMap((a, i) => layers.map((b, j) => ({ pair: `${i},${j}`, size: times * a.units * b.units })));
    const present = pairs.filter(({ pair }) => this.#stock.has(`${folder}/${pair}`));
    return new Map(present.map(({ pair, size }) => [pair, this.#floats(`${folder}/${pair}`, size, finite())]));
  }

  /** Mask and values are of one row for all chains or of one for each. */
  #clamp(layer: number): Clamp[] {
    const [mask, values] = [`clamp-mask/${layer}`, `clamp-values/${layer}`];
    if (!this.#stock.has(mask) && !this.#stock.has(values)) return [];
    const { units } = this.#machine.spec.layers[layer] as MachineSpec['layers'][number];
    const sizes = [mask, values].map((name) => (this.#stock.shape(name)[0] === units ? units : this.#chains * units));
    const clamp = {
      layer,
      units,
      mask: this.#stock.take(mask, { types: ['F32'], shape: [sizes[0] as number], check: whole(0, 1) }),
      // Free places of a unit hold nothing, so that only the domain can be looked at here.
      values: this.#stock.take(values, {
        types: ['F32'],
        shape: [sizes[1] as number],
        check: states({ ...this.#machine.domain(layer), type: '' }),
      }),
    };
    return [clamp];
  }
}

/** Whole numbers that are not above these, one by one. */
function atMost(limits: Float64Array): ValueCheck {
  return (values, cols) => {
    const above = values.findIndex((value, i) => value > (limits[i] as number));
    return whole(0, Number.MAX_SAFE_INTEGER)(values, cols) ?? (above < 0 ? undefined : `of at most ${limits[above]} at place ${above}`);
  };
}
