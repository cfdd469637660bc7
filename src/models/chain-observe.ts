/** What chains are asked to note on their way, read and checked. */
import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import type { ChainRecord } from './chains-file.js';

/**
 * What to note on the way. `Means` are names of layers whose means come back; `Energies` says
 * whether energies do.
 */
export interface ObserveOptions<Layer extends string = string, Means extends Layer = Layer, Energies extends boolean = boolean> {
  /** Sweeps from one observation to the next. Default 1. */
  readonly every?: number | undefined;
  /** Pairs of layers whose products are accumulated as well. */
  readonly pairs?: readonly (readonly [Layer, Layer])[] | undefined;
  /**
   * Keeps the moments of every chain apart (of every rung of every group, with a ladder), for the
   * `by` of {@link Chains.mean} and {@link Chains.product}. To be asked for from the first
   * observation on. Products by chain hold chains × places × places numbers.
   */
  readonly byChain?: boolean | undefined;
  /** Returns the energy of every chain at every observation. */
  readonly energies?: Energies | undefined;
  /**
   * Returns, for these layers, the mean over the places of every chain's state at every
   * observation: of spins their magnetisation.
   */
  readonly means?: readonly Means[] | undefined;
}

/** Options with every value checked; layers by number. */
export interface Observing {
  readonly every: number;
  readonly pairs: [number, number][];
  readonly byChain: boolean;
  readonly energies: boolean;
  readonly means: readonly number[];
  /** Observations on the way. */
  readonly times: number;
  /** Whether chains have to stop for each of them. */
  readonly stops: boolean;
}

/** As many as there can be layers, squared. */
const mostPairs = 65_536;
/** Numbers that a series, or all products of single chains, may hold: 1 GB. */
const mostNumbers = 2 ** 27;

/** Reads `observe` of a call that runs the chains of a record for so many sweeps. */
export function readObserving(machine: Machine, call: string, observe: unknown, sweeps: number, record: ChainRecord): Observing {
  const given = readOptions(call, observe, ['every', 'pairs', 'byChain', 'energies', 'means'], 'observe');
  const check = new OptionCheck(call);
  const byChain = check.flag('observe.byChain', given.byChain, false);
  const energies = check.flag('observe.energies', given.energies, false);
  const means = readMeans(machine, check, given.means);
  const stops = byChain || energies || means.length > 0;
  const every = check.integer('observe.every', given.every, 1, 1, 2 ** 40);
  const pairs = readPairs(machine, check, given.pairs);
  const times = Math.floor(sweeps / every);
  if (stops && times * record.chains > mostNumbers) {
    throw check.error(
      'observe.every',
      `at least ${Math.ceil((sweeps * record.chains) / mostNumbers)} for so many sweeps and chains`,
      every,
    );
  }
  if (byChain) checkApart(machine, call, pairs, record);
  return { every, pairs, byChain, energies, means, times, stops };
}

function readMeans(machine: Machine, check: OptionCheck, means: unknown): number[] {
  if (means === undefined) return [];
  const names = machine.spec.layers.map(({ name }) => name);
  if (!Array.isArray(means) || means.length > names.length) throw check.error('observe.means', 'a list of names of layers', means);
  const layers = (means as unknown[]).map((name) => check.nameOf('observe.means', name, names));
  for (const layer of layers) {
    const { name, type } = machine.spec.layers[layer] as (typeof machine.spec.layers)[number];
    if (type !== 'softmax' && type !== 'counts') continue;
    throw check.error('observe.means', 'layers whose places do not share one unit: the mean over categories is always the same', name);
  }
  return layers;
}

function readPairs(machine: Machine, check: OptionCheck, pairs: unknown): [number, number][] {
  if (pairs !== undefined && !(Array.isArray(pairs) && pairs.length <= mostPairs)) {
    throw check.error('observe.pairs', `a list of at most ${mostPairs} pairs of layer names`, pairs);
  }
  return ((pairs ?? []) as unknown[]).map((pair): [number, number] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw check.error('observe.pairs', 'a list of pairs of layer names', pair);
    return [layerNumber(machine, check.call, pair[0]), layerNumber(machine, check.call, pair[1])];
  });
}

function checkApart(machine: Machine, call: string, pairs: readonly [number, number][], { chains }: ChainRecord): void {
  for (const [a, b] of pairs) {
    const numbers = chains * machine.places(a) * machine.places(b);
    if (numbers <= mostNumbers) continue;
    throw new ParameterError(`${call}: \`observe.pairs\` by chain must hold at most ${mostNumbers} numbers, got ${numbers}`);
  }
}

/** The number of a layer, by its name. */
export function layerNumber(machine: Machine, call: string, name: unknown): number {
  const names = machine.spec.layers.map((layer) => layer.name);
  return new OptionCheck(call).nameOf('layer', name, names);
}
