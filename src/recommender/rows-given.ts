/** Rows as `Recommender` takes them: whatever `readEntries` reads, or a part of a split. */
import { types } from 'node:util';
import { readFrom } from '../arguments.js';
import type { Entries, Scale } from './entries.js';
import { Ids } from './ids.js';
import { scaleOf } from './scale.js';
import { type RatingSource, readEntries } from './source.js';
import type { ReadOptions } from './source-options.js';

/** Where rows come from. */
export type RowsGiven = RatingSource | Entries;

/** Options of reading, as they were given. */
export type ReadingGiven = { readonly [K in keyof ReadOptions]?: unknown };

/** Entries and the scale of their ratings. */
export interface RowsRead {
  readonly entries: Entries;
  readonly scale: Scale | undefined;
  /** Rows that were left out because the same pair came again later. */
  readonly duplicates: number;
}

/** Reads rows; those of a split are read already. */
export async function readRows(call: string, rows: unknown, reading: ReadingGiven): Promise<RowsRead> {
  if (isEntries(rows)) {
    const given = reading.scale as readonly number[] | undefined;
    const scale = given === undefined ? rows.value && scaleOf(rows.value) : { values: given };
    return { entries: rows, scale, duplicates: 0 };
  }
  // Looked at once inside: what cannot be looked at is told as such.
  readFrom(call, 'rows', () => typeof rows === 'object' && rows !== null && Symbol.iterator in rows);
  const read = await readEntries(call, rows, reading as ReadOptions);
  return { entries: read, scale: read.scale, duplicates: read.duplicates };
}

/** Whether rows were read already. */
export function isEntries(rows: unknown): rows is Entries {
  return typeof rows === 'object' && rows !== null && !types.isProxy(rows) && (rows as Partial<Entries>).users instanceof Ids;
}
