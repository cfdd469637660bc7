/** Features of items for the Gaussian rating machine: names on the outside, numbers of units inside. */
import { types } from 'node:util';
import type { OptionCheck } from '../../arguments.js';
import { hostBackend } from '../../machine/backend.js';
import type { NativeRatings } from '../../machine/native-ratings.js';
import type { Id, Ids } from '../ids.js';

/** Features of items, as users of the package give them: pairs of an item's id and the names of its features. */
export type ItemFeatures = readonly (readonly [item: Id, features: readonly string[]])[];

/** The same by number: item i has the units `units[offsets[i]]` to `units[offsets[i + 1]]`, rising. */
export interface Features {
  /** How many units there are. */
  readonly count: number;
  /** [items + 1] */
  readonly offsets: Uint32Array;
  readonly units: Uint32Array;
}

/** More would be a sign of free text. */
const mostFeatures = 100_000;

/** Reads and checks features as they were given. */
export function readItemFeatures(check: OptionCheck, given: unknown): ItemFeatures | undefined {
  if (given === undefined) return undefined;
  const expected = "a list of pairs, such as [['Alien', ['horror', 'sf']], …]";
  if (types.isProxy(given) || !Array.isArray(given)) throw check.error('itemFeatures', expected, given);
  return given.map((pair: unknown, n) => {
    const [item, features] = (Array.isArray(pair) ? pair : []) as [unknown, unknown];
    const isId = typeof item === 'string' || (typeof item === 'number' && Number.isFinite(item));
    const areNames = Array.isArray(features) && features.every((name) => typeof name === 'string');
    if (!isId || !areNames) throw check.error(`itemFeatures[${n}]`, `one of ${expected}`, pair);
    return [item, [...features]] as const;
  });
}

/** Features by number for the items of a model; those of other items are left out, the last list of an item counts. */
export function featuresOf(check: OptionCheck, given: ItemFeatures, items: Ids): Features {
  const names = new Map<string, number>();
  const lists: Uint32Array[] = Array.from({ length: items.size }, () => new Uint32Array(0));
  for (const [id, features] of given) {
    const item = items.number(id);
    if (item === undefined) continue;
    for (const name of features) if (!names.has(name)) names.set(name, names.size);
    lists[item] = Uint32Array.from(new Set(features.map((name) => names.get(name) as number))).sort();
  }
  if (names.size === 0) throw check.error('itemFeatures', 'features of items that were rated', given);
  if (names.size > mostFeatures) {
    throw check.error('itemFeatures', `at most ${mostFeatures} different features`, names.size);
  }
  const offsets = new Uint32Array(items.size + 1);
  for (const [i, list] of lists.entries()) offsets[i + 1] = (offsets[i] as number) + list.length;
  const units = new Uint32Array(offsets[items.size] as number);
  for (const [i, list] of lists.entries()) units.set(list, offsets[i]);
  return { count: names.size, offsets, units };
}

/** For the addon: each of the n features of an item has the value 1 / √n. Items beyond those known have none. */
export function nativeFeatures({ count, offsets, units }: Features, items: number): NativeRatings {
  const rows = new Uint32Array(units.length);
  const values = new Float32Array(units.length);
  for (let i = 0; i + 1 < offsets.length; i++) {
    const [from, to] = [offsets[i] as number, offsets[i + 1] as number];
    rows.fill(i, from, to);
    values.fill(1 / Math.sqrt(to - from), from, to);
  }
  const made = new hostBackend.addon.Ratings(items, count);
  made.append(rows, units, values);
  made.finish();
  return made;
}

/** Features for more items: those that came have none. */
export function grownFeatures(features: Features, items: number): Features {
  const offsets = new Uint32Array(items + 1).fill(features.units.length);
  offsets.set(features.offsets);
  return { ...features, offsets };
}
