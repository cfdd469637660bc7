/** Entries and users' rows as machines of interactions take them. */

import { ParameterError } from '../errors.js';
import type { Entries, UserEntries } from './entries.js';
import { entriesWhere, type Grouped, pick } from './grouped.js';

/** Entries with values as they count: see {@link EaseOptions.binarise}. Undefined values are ones. */
export function counted(entries: Entries, binarise: boolean | number): Entries {
  const { value } = entries;
  if (binarise === false || value === undefined) return entries;
  if (binarise === true) return { ...entries, value: undefined };
  const chosen = entriesWhere(entries, (k) => (value[k] as number) >= binarise);
  return { ...pick(entries, chosen), value: undefined };
}

/** How many entries each user has, [users]. */
export function entriesPerUser(entries: Entries): Uint32Array {
  const counts = new Uint32Array(entries.users.size);
  for (const user of entries.user) counts[user]!++;
  return counts;
}

/** How many entries each item has, [items]. */
export function entriesPerItem(entries: Entries): Float64Array {
  const counts = new Float64Array(entries.items.size);
  for (const item of entries.item) counts[item]!++;
  return counts;
}

/** Rows of users one after the other: entries of row u are offsets[u] ... offsets[u + 1] − 1. */
export interface PackedRows {
  readonly offsets: Uint32Array;
  readonly item: Uint32Array;
  readonly value: Float32Array;
}

/** Packs what users have. @throws ParameterError where an item is none of the model's, or a value is not finite. */
export function packedRows(call: string, given: readonly UserEntries[], items: number, binarise: boolean | number): PackedRows {
  const total = given.reduce((sum, each) => sum + each.items.length, 0);
  const offsets = new Uint32Array(given.length + 1);
  const [item, value] = [new Uint32Array(total), new Float32Array(total)];
  let at = 0;
  for (const [u, each] of given.entries()) {
    for (let k = 0; k < each.items.length; k++) {
      const [number, worth] = [each.items[k] as number, each.values[k] as number];
      if (number >= items) throw new ParameterError(`${call}: items must be numbers below ${items}, got ${number} of user ${u}`);
      if (!Number.isFinite(worth)) throw new ParameterError(`${call}: values must be finite, got ${worth} of user ${u}, item ${number}`);
      if (typeof binarise === 'number' && worth < binarise) continue;
      item[at] = number;
      value[at++] = binarise === false ? worth : 1;
    }
    offsets[u + 1] = at;
  }
  return { offsets, item: item.subarray(0, at), value: value.subarray(0, at) };
}

/** Rows of some users, of entries as they are; ones where they have no values. */
export function rowsOf(entries: Entries, groups: Grouped, users: Uint32Array): PackedRows {
  const offsets = new Uint32Array(users.length + 1);
  const size = (user: number) => (groups.start[user + 1] as number) - (groups.start[user] as number);
  for (const [r, user] of users.entries()) offsets[r + 1] = (offsets[r] as number) + size(user);
  const item = new Uint32Array(offsets[users.length] as number);
  const value = new Float32Array(item.length).fill(1);
  for (const [r, user] of users.entries()) {
    const from = groups.start[user] as number;
    for (let k = 0; k < size(user); k++) {
      const at = (offsets[r] as number) + k;
      item[at] = groups.column[from + k] as number;
      if (entries.value) value[at] = entries.value[groups.entry[from + k] as number] as number;
    }
  }
  return { offsets, item, value };
}
