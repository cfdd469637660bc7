/** Entries by user (or by item): compressed rows, in linear time and without a pair of users and items ever laid out densely. */
import type { Entries, UserEntries } from './entries.js';

/** Entries in rows: row r holds the places `start[r]` to `start[r + 1]`, columns rising. */
export interface Grouped {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] */
  readonly start: Uint32Array;
  /** Column of each place, [entries] */
  readonly column: Uint32Array;
  /** Which entry stands at each place, [entries] */
  readonly entry: Uint32Array;
}

/** Rows are users, columns items. */
export const byUser = (entries: Entries): Grouped => grouped(entries.user, entries.item, entries.users.size, entries.items.size);

/** Rows are items, columns users. */
export const byItem = (entries: Entries): Grouped => grouped(entries.item, entries.user, entries.items.size, entries.users.size);

/** Two stable counting sorts, by column and then by row. */
export function grouped(row: Uint32Array, column: Uint32Array, rows: number, columns: number): Grouped {
  const byColumn = counted(column, columns, undefined).order;
  const { start, order } = counted(row, rows, byColumn);
  return { rows, columns, start, column: Uint32Array.from(order, (k) => column[k] as number), entry: order };
}

/** Entries in the order of their keys; those of the same key stay as `before` has them. */
function counted(keys: Uint32Array, size: number, before: Uint32Array | undefined): { start: Uint32Array; order: Uint32Array } {
  const start = new Uint32Array(size + 1);
  for (let k = 0; k < keys.length; k++) start[(keys[k] as number) + 1]!++;
  for (let i = 0; i < size; i++) start[i + 1]! += start[i] as number;
  const [next, order] = [start.slice(0, size), new Uint32Array(keys.length)];
  for (let k = 0; k < keys.length; k++) {
    const entry = before === undefined ? k : (before[k] as number);
    const at = next[keys[entry] as number]!++;
    order[at] = entry;
  }
  return { start, order };
}

/** The first pair of row and column that stands there twice, as its two entries. */
export function firstTwice({ rows, start, column, entry }: Grouped): readonly [number, number] | undefined {
  for (let r = 0; r < rows; r++) {
    for (let at = (start[r] as number) + 1; at < (start[r + 1] as number); at++) {
      if (column[at] === column[at - 1]) return [entry[at - 1] as number, entry[at] as number];
    }
  }
  return undefined;
}

/** What one user has, as models are asked about it: ones for entries without a rating. */
export function userEntries(entries: Entries, groups: Grouped, row: number, user: number | undefined): UserEntries {
  const [from, to] = [groups.start[row] as number, groups.start[row + 1] as number];
  const items = groups.column.slice(from, to);
  const { value } = entries;
  const values = new Float32Array(to - from).fill(1);
  if (value !== undefined) for (let i = from; i < to; i++) values[i - from] = value[groups.entry[i] as number] as number;
  return { items, values, user };
}

/** The entries named, in the order they are named; ids are shared. */
export function pick(entries: Entries, chosen: Uint32Array): Entries {
  const { users, items, user, item, value, time } = entries;
  return {
    users,
    items,
    user: Uint32Array.from(chosen, (k) => user[k] as number),
    item: Uint32Array.from(chosen, (k) => item[k] as number),
    value: value && Float32Array.from(chosen, (k) => value[k] as number),
    time: time && Float64Array.from(chosen, (k) => time[k] as number),
  };
}

/** The numbers of the entries that a test holds for, rising. */
export function entriesWhere(entries: Entries, test: (entry: number) => boolean): Uint32Array {
  const chosen = new Uint32Array(entries.user.length);
  let count = 0;
  for (let k = 0; k < chosen.length; k++) if (test(k)) chosen[count++] = k;
  return chosen.slice(0, count);
}
