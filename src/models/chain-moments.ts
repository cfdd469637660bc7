/** Sums of the observed states of chains: pooled, by chain, by inverse temperature. */
import { ParameterError } from '../errors.js';
import type { NativeChainResults } from '../machine/native.js';
import type { ChainRecord, MomentsApart } from './chains-file.js';

/** Adds what a stretch observed, all chains together. */
export function addPooled(record: ChainRecord, results: NativeChainResults, pairs: readonly (readonly [number, number])[]): void {
  // Pairs that were left out this time are no means over all observations any more.
  const products = new Map(pairs.map((pair, i) => [pair.join(), results.products[i] as Float64Array]));
  if (record.observations > 0) {
    record.sums = results.sums.map((sum, l) => plus(sum, record.sums[l] as Float64Array));
    record.products = new Map(
      [...products].flatMap(([pair, sum]) =>
        record.products.has(pair) ? [[pair, plus(sum, record.products.get(pair) as Float64Array)]] : [],
      ),
    );
  } else {
    record.sums = results.sums;
    record.products = products;
  }
  record.observations += results.observations;
  record.apart = null;
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + (b[i] as number));

/** A copy of the moments so far to add to, in which no pairs are but these. */
export function beginApart(call: string, record: ChainRecord, pairs: readonly (readonly [number, number])[]): MomentsApart {
  const { chains, states, apart } = record;
  if (record.observations > 0 && apart === null) {
    throw new ParameterError(
      `${call}: \`observe.byChain\` must be asked for from the first observation on; forget() what was observed first`,
    );
  }
  const size = (layer: number): number => (states[layer] as Float32Array).length / chains;
  const products = pairs.flatMap(([a, b]): [string, Float64Array][] => {
    if (apart === null) return [[`${a},${b}`, new Float64Array(chains * size(a) * size(b))]];
    const found = apart.products.get(`${a},${b}`);
    return found === undefined ? [] : [[`${a},${b}`, found.slice()]];
  });
  const sums = states.map((state, l) => apart?.sums[l]?.slice() ?? new Float64Array(state.length));
  return { times: apart?.times ?? 0, sums, products: new Map(products) };
}

/** Where what a chain does is kept: by chain, with a ladder by rung within groups. */
export function slotOf({ ladder }: Pick<ChainRecord, 'ladder'>, chain: number): number {
  if (ladder === null) return chain;
  const rungs = ladder.betas.length;
  return chain - (chain % rungs) + (ladder.rung[chain] as number);
}

/** Adds the states as they are. */
export function addApart(record: ChainRecord, apart: MomentsApart): void {
  const { chains, states } = record;
  const row = (layer: number, c: number): Float32Array => {
    const all = states[layer] as Float32Array;
    return all.subarray((c * all.length) / chains, ((c + 1) * all.length) / chains);
  };
  apart.times += 1;
  for (let c = 0; c < chains; c++) {
    const slot = slotOf(record, c);
    for (const [layer, sums] of apart.sums.entries()) addTo(sums, slot, row(layer, c));
    for (const [pair, sums] of apart.products) {
      const [a, b] = pair.split(',').map(Number) as [number, number];
      const [first, second] = [row(a, c), row(b, c)];
      for (let i = 0; i < first.length; i++) addTo(sums, slot * first.length + i, second, first[i] as number);
    }
  }
}

function addTo(sums: Float64Array, row: number, values: Float32Array, factor = 1): void {
  const from = row * values.length;
  if (factor !== 0) for (let i = 0; i < values.length; i++) sums[from + i] = (sums[from + i] as number) + factor * (values[i] as number);
}

/** Takes moments over, and the pooled ones that follow from them. */
export function keepApart(record: ChainRecord, apart: MomentsApart): void {
  const pool = grouped(record, 'pool');
  const total = (sums: Float64Array): Float64Array => summed(sums, pool);
  record.apart = apart;
  record.sums = apart.sums.map(total);
  record.products = new Map([...apart.products].map(([pair, sums]) => [pair, total(sums)]));
  record.observations = (apart.times * record.chains) / (record.ladder?.betas.length ?? 1);
}

/** The inverse temperatures that occur, rising. */
export function distinctBetas({ ladder, betas }: Pick<ChainRecord, 'ladder' | 'betas'>): number[] {
  return [...new Set(ladder?.betas ?? betas)].sort((a, b) => a - b);
}

/** The group of every slot, −1 of those that count for none, and how many groups there are. */
interface Grouping {
  readonly groupOf: readonly number[];
  readonly groups: number;
}

function grouped(record: ChainRecord, by: 'pool' | 'chain' | 'beta'): Grouping {
  const { chains, ladder, betas } = record;
  const rungs = ladder?.betas.length ?? 1;
  const slots = Array.from({ length: chains }, (_, slot) => slot);
  if (by === 'beta') {
    const all = distinctBetas(record);
    const betaOf = (slot: number): number => (ladder === null ? betas[slot % betas.length] : ladder.betas[slot % rungs]) as number;
    return { groupOf: slots.map((slot) => all.indexOf(betaOf(slot))), groups: all.length };
  }
  const top = (slot: number): boolean => slot % rungs === rungs - 1;
  const group = (slot: number): number => (by === 'pool' ? 0 : Math.floor(slot / rungs));
  return { groupOf: slots.map((slot) => (top(slot) ? group(slot) : -1)), groups: by === 'pool' ? 1 : chains / rungs };
}

function summed(sums: Float64Array, { groupOf, groups }: Grouping): Float64Array {
  const width = sums.length / groupOf.length;
  const out = new Float64Array(groups * width);
  groupOf.forEach((group, slot) => {
    if (group < 0) return;
    for (let i = 0; i < width; i++) out[group * width + i] = (out[group * width + i] as number) + (sums[slot * width + i] as number);
  });
  return out;
}

/** Means over the chains of each group and over time, one row to a group. */
export function averages(record: ChainRecord, by: 'chain' | 'beta', sums: Float64Array, times: number): Float64Array {
  const grouping = grouped(record, by);
  const members = new Array<number>(grouping.groups).fill(0);
  for (const group of grouping.groupOf) if (group >= 0) members[group] = (members[group] as number) + 1;
  const width = sums.length / record.chains;
  return summed(sums, grouping).map((sum, i) => sum / (times * (members[Math.floor(i / width)] as number)));
}
