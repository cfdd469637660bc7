import { type OptionCheck, readFrom } from '../arguments.js';
import type { MachineSpec } from '../wiring/spec.js';

/** Factors of the learning rate by layer (its units' parameters) or coupling ('visible-hidden'). */
export type Rates = Readonly<Record<string, number>>;

/** Names of all parts of a machine that have a learning rate: layers, then couplings. */
export function partNames({ layers, couplings }: Pick<MachineSpec, 'layers' | 'couplings'>): string[] {
  const name = (index: number) => layers[index]?.name ?? '';
  return [...layers.map((layer) => layer.name), ...couplings.map(([a, b]) => `${name(a)}-${name(b)}`)];
}

/** Checks `rates` against the parts of a machine. */
export function readRates(check: OptionCheck, given: unknown, parts: readonly string[]): Rates {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || readFrom(check.call, 'rates', () => Array.isArray(given))) {
    throw check.error('rates', 'an object of numbers by the name of a layer or coupling', given);
  }
  const entries = readFrom(check.call, 'rates', () => Object.entries(given)).map(([name, rate]): [string, number] => {
    const known = parts.filter((part) => part === name).length;
    if (known !== 1) throw check.error('rates', `by names among ${parts.map((part) => `'${part}'`).join(', ')}, each of one part`, name);
    return [name, check.number(`rates.${name}`, rate, 1)];
  });
  return Object.fromEntries(entries);
}

/** Numbers of layers by their names. */
export function layerNumbers(names: readonly string[], { layers }: Pick<MachineSpec, 'layers'>): number[] {
  return names.map((name) => layers.findIndex((layer) => layer.name === name));
}

/** One factor per part, in their order; null if all are 1. */
export function rateTable(rates: Rates, parts: readonly string[]): Float64Array | null {
  if (Object.keys(rates).length === 0) return null;
  return Float64Array.from(parts, (part) => (Object.hasOwn(rates, part) ? (rates[part] as number) : 1));
}
