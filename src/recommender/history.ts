import type { Entries, UserEntries } from './entries.js';
import { byUser, pick } from './grouped.js';

/** What every user has rated or used, by user: rows of a sparse matrix. */
export class History {
  /** Where each user's entries begin, [users + 1]. */
  readonly offsets: Uint32Array;
  /** Item numbers, rising within each user, [entries]. */
  readonly items: Uint32Array;
  /** Ratings, [entries]; undefined where entries have none. */
  readonly values: Float32Array | undefined;
  #ones = new Float32Array(0);

  constructor(offsets: Uint32Array, items: Uint32Array, values: Float32Array | undefined) {
    this.offsets = offsets;
    this.items = items;
    this.values = values;
  }

  /** Entries in any order, brought into that of users and items; cost proportional to their number. */
  static of(entries: Entries): History {
    const { value } = entries;
    const { start, column, entry } = byUser(entries);
    return new History(start, column, value && Float32Array.from(entry, (k) => value[k] as number));
  }

  /** How many users there are. */
  get users(): number {
    return this.offsets.length - 1;
  }

  /** The entries of one user: views, not copies. */
  of(user: number): UserEntries {
    const [begin, end] = [this.offsets[user] as number, this.offsets[user + 1] as number];
    const values = this.values?.subarray(begin, end) ?? this.#onesOf(end - begin);
    return { items: this.items.subarray(begin, end), values, user };
  }

  /** Whether a user has an item. */
  has(user: number, item: number): boolean {
    return find(this, user, item) >= 0;
  }

  /** How many users have each item, [items]. */
  counts(items: number): Uint32Array {
    const counts = new Uint32Array(items);
    for (const item of this.items) counts[item] = (counts[item] as number) + 1;
    return counts;
  }

  /** All entries as training takes them, user after user. */
  entries(users: Entries['users'], items: Entries['items']): Entries {
    const user = new Uint32Array(this.items.length);
    for (let u = 0; u < this.users; u++) user.fill(u, this.offsets[u], this.offsets[u + 1]);
    return { users, items, user, item: this.items, value: this.values, time: undefined };
  }

  #onesOf(length: number): Float32Array {
    if (this.#ones.length < length) this.#ones = new Float32Array(length * 2).fill(1);
    return this.#ones.subarray(0, length);
  }
}

/**
 * Old entries and new ones together; a pair that is in both has its new value. Names the pairs that
 * had another value before.
 */
export function joined(old: Entries, fresh: Entries): { readonly all: Entries; readonly changed: number; readonly added: Entries } {
  const known = History.of({ ...old, users: fresh.users, items: fresh.items });
  const values = old.value === undefined ? undefined : (known.values as Float32Array).slice();
  const added: number[] = [];
  let changed = 0;
  for (let k = 0; k < fresh.user.length; k++) {
    const place = find(known, fresh.user[k] as number, fresh.item[k] as number);
    if (place < 0) {
      added.push(k);
      continue;
    }
    const value = fresh.value?.[k];
    if (values === undefined || value === undefined || values[place] === value) continue;
    values[place] = value;
    changed++;
  }
  const before = new History(known.offsets, known.items, values).entries(fresh.users, fresh.items);
  const picked = pick(fresh, Uint32Array.from(added));
  const all: Entries = {
    users: fresh.users,
    items: fresh.items,
    user: concat(Uint32Array, before.user, picked.user),
    item: concat(Uint32Array, before.item, picked.item),
    value: before.value && picked.value && concat(Float32Array, before.value, picked.value),
    time: undefined,
  };
  return { all, changed, added: picked };
}

function concat<A extends Uint32Array | Float32Array>(Class: new (length: number) => A, a: A, b: A): A {
  const both = new Class(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The place of a pair among the entries, or −1. */
function find({ offsets, items }: History, user: number, item: number): number {
  let [low, high] = [offsets[user] as number, offsets[user + 1] as number];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle] as number) < item) low = middle + 1;
    else high = middle;
  }
  return low < (offsets[user + 1] as number) && items[low] === item ? low : -1;
}
