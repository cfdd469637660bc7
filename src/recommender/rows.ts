/** Gathers entries row by row: checks ids, ratings and times, and settles pairs that come twice. */

import { growingFloats, growingNumbers, growingSingles } from '../data/growing.js';
import type { BoltzkitError } from '../errors.js';
import { got } from '../got.js';
import type { Entries, Scale } from './entries.js';
import { byUser, pick } from './grouped.js';
import { type Id, Ids } from './ids.js';
import { mostValues } from './scale.js';

/** Entries as they were read, with what is to be said of the rows. */
export interface ReadEntries extends Entries {
  /** Rows read. */
  readonly rows: number;
  /** Rows that were left out because the same pair of user and item came again later: the last one counts. */
  readonly duplicates: number;
  /** The scale given, or the distinct ratings found; undefined without ratings or with more than 256 distinct ones. */
  readonly scale: Scale | undefined;
}

/** Where a row's parts are wrong: the error for its place. */
export type RowError = (message: string, place: string) => BoltzkitError;

/** An id as it may be given, or undefined for anything else. Large whole bigints become strings, which hold them exactly. */
export function readId(value: unknown): Id | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value;
    case 'number':
      return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value)) ? value : undefined;
    case 'bigint': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    default:
      return undefined;
  }
}

/** What an id must be, for messages, and why a whole number may not do. */
export function idExpected(value: unknown): string {
  const large = typeof value === 'number' && Number.isInteger(value);
  return large
    ? `must be a string or a number that a double holds exactly (up to 2^53 − 1), got ${value}; give such ids as strings`
    : `must be a string that is not empty, or a finite number, got ${got(value)}`;
}

/** Takes rows one after another. */
export class EntryRows {
  readonly users: Ids;
  readonly items: Ids;
  readonly #user = growingNumbers();
  readonly #item = growingNumbers();
  readonly #value = growingSingles();
  readonly #time = growingFloats();
  readonly #allowed: ReadonlySet<number> | undefined;
  readonly #found = new Set<number>();

  /** @param shared - Ids that go on from those of other entries. */
  constructor(
    private readonly hasRatings: boolean,
    private readonly hasTimes: boolean,
    private readonly scale: Scale | undefined,
    private readonly error: RowError,
    shared: { readonly users: Ids; readonly items: Ids } = { users: new Ids(), items: new Ids() },
  ) {
    this.users = shared.users;
    this.items = shared.items;
    this.#allowed = scale && new Set(Float32Array.from(scale.values));
  }

  get length(): number {
    return this.#user.length;
  }

  /** Adds one row; nothing is added where a part is refused. */
  add(user: unknown, item: unknown, rating: unknown, time: unknown, place: string | (() => string)): void {
    const at = () => (typeof place === 'string' ? place : place());
    const [userId, itemId] = [readId(user), readId(item)];
    if (userId === undefined) throw this.error(`: the user ${idExpected(user)}`, at());
    if (itemId === undefined) throw this.error(`: the item ${idExpected(item)}`, at());
    const value = this.hasRatings ? this.#rating(rating, at) : 0;
    if (this.hasTimes && !(typeof time === 'number' && Number.isFinite(time))) {
      throw this.error(`: the time must be a finite number, got ${got(time)}`, at());
    }
    this.#user.push(this.users.add(userId));
    this.#item.push(this.items.add(itemId));
    if (this.hasRatings) this.#value.push(value);
    if (this.hasTimes) this.#time.push(time as number);
  }

  #rating(rating: unknown, at: () => string): number {
    const value = typeof rating === 'bigint' ? Number(rating) : rating;
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw this.error(`: the rating must be a finite number, got ${got(rating)}${decimalHint(rating)}`, at());
    }
    const rounded = Math.fround(value);
    if (this.#allowed !== undefined && !this.#allowed.has(rounded)) {
      throw this.error(`: the rating must be on the scale ${this.scale?.values.join(', ')}, got ${value}`, at());
    }
    if (this.#found.size <= mostValues) this.#found.add(rounded);
    return rounded;
  }

  /** All rows, of each pair the last. */
  finish(): ReadEntries {
    const all: Entries = {
      users: this.users,
      items: this.items,
      user: this.#user.values.slice(),
      item: this.#item.values.slice(),
      value: this.hasRatings ? this.#value.values.slice() : undefined,
      time: this.hasTimes ? this.#time.values.slice() : undefined,
    };
    const rows = this.length;
    const kept = lastOfEach(all);
    const entries = kept === undefined ? all : pick(all, kept);
    return { ...entries, rows, duplicates: rows - entries.user.length, scale: this.#scale() };
  }

  #scale(): Scale | undefined {
    if (this.scale !== undefined) return this.scale;
    if (!this.hasRatings || this.#found.size > mostValues) return undefined;
    return { values: [...this.#found].sort((a, b) => a - b) };
  }
}

/** Ratings such as '4,5': a comma is no decimal point unless somebody says so. */
function decimalHint(rating: unknown): string {
  return typeof rating === 'string' && /^\s*\d+,\d+\s*$/.test(rating) ? " (say `decimal: ','` if that is a decimal comma)" : '';
}

/** The entries that are the last of their pair, rising; undefined where all are. */
function lastOfEach(entries: Entries): Uint32Array | undefined {
  const { start, column, entry, rows } = byUser(entries);
  const dropped = new Uint8Array(entries.user.length);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = (start[row] as number) + 1; at < (start[row + 1] as number); at++) {
      if (column[at] !== column[at - 1]) continue;
      // Equal pairs stand in the order of their rows.
      dropped[entry[at - 1] as number] = 1;
      count++;
    }
  }
  if (count === 0) return undefined;
  const kept = new Uint32Array(dropped.length - count);
  let at = 0;
  for (let k = 0; k < dropped.length; k++) if (dropped[k] === 0) kept[at++] = k;
  return kept;
}
