/** Entries from memory: row objects, in lists and iterables of both kinds, and columns. */
import { types } from 'node:util';
import { readFrom } from '../arguments.js';
import { pause } from '../data/pause.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { EntryRows, type ReadEntries } from './rows.js';
import { type ColumnPlaces, findColumns } from './source-columns.js';
import type { ReadFormat } from './source-options.js';

/** One rating or interaction. */
export interface RatingRow {
  /** Text or a whole number. */
  readonly user: string | number | bigint;
  /** Text or a whole number. */
  readonly item: string | number | bigint;
  /** Left out in all rows: interactions. */
  readonly rating?: number;
  /** Seconds, any other rising number, or a date. */
  readonly time?: number | Date;
}

/** Lists of numbers or ids. */
export type Column = ArrayLike<number | string | bigint>;

/** Ratings by columns, all of one length. */
export interface Triplets {
  /** One for each row. */
  readonly user: Column;
  /** One for each row. */
  readonly item: Column;
  /** Left out: interactions. */
  readonly rating?: ArrayLike<number>;
  /** Seconds, or any other rising number. */
  readonly time?: ArrayLike<number>;
}

const rowsAtOnce = 4096;

/** Reads row objects as they come. */
export async function entriesOfRows(
  call: string,
  source: Iterable<unknown> | AsyncIterable<unknown>,
  format: ReadFormat,
): Promise<ReadEntries> {
  const error = (message: string, place = '') => new ParameterError(`${call}: \`rows\`${place && `, ${place}`}${message}`);
  let reader: RowReader | undefined;
  let r = 0;
  for await (const row of inTurns(source, format.signal)) {
    reader ??= readFrom(call, 'rows', () => new RowReader(row, format, error));
    const known = reader;
    const place = r++;
    readFrom(call, `rows[${place}]`, () => known.add(row, place));
  }
  if (reader === undefined) throw error(' must have at least one row, got none');
  return reader.rows.finish();
}

/** Rows of any iterable; lets the event loop run now and then where nothing else does. */
async function* inTurns(source: Iterable<unknown> | AsyncIterable<unknown>, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  if (Symbol.asyncIterator in source) {
    for await (const row of source) {
      signal?.throwIfAborted();
      yield row;
    }
    return;
  }
  let r = 0;
  for (const row of source) {
    if (r++ % rowsAtOnce === 0) {
      await pause();
      signal?.throwIfAborted();
    }
    yield row;
  }
}

/** The first row says which properties there are; later rows must have them too. */
class RowReader {
  readonly rows: EntryRows;
  readonly #names: readonly string[];
  readonly #places: ColumnPlaces;
  /** Where nobody said that ratings are to be left out, they must not come later either. */
  readonly #refusesRatings: boolean;

  constructor(
    first: unknown,
    format: ReadFormat,
    private readonly error: (message: string, place?: string) => ParameterError,
  ) {
    this.#names = Object.keys(this.#object(first, 0));
    const places = findColumns(this.#names, format.columns);
    if (typeof places === 'string') throw error(` ${places.replace('a column', 'a property')}`, 'row 0');
    this.#places = places;
    this.#refusesRatings = places.rating === undefined && format.columns.rating === undefined;
    this.rows = new EntryRows(places.rating !== undefined, places.time !== undefined, format.scale, error, format.ids);
  }

  add(row: unknown, r: number): void {
    const object = this.#object(row, r);
    const { user, item, rating, time } = this.#places;
    const moment = this.#cell(object, time);
    this.rows.add(
      this.#cell(object, user),
      this.#cell(object, item),
      this.#cell(object, rating),
      types.isDate(moment) ? moment.getTime() / 1000 : typeof moment === 'bigint' ? Number(moment) : moment,
      () => `row ${r}`,
    );
    if (this.#refusesRatings && Object.hasOwn(object, 'rating') && object.rating !== undefined) {
      throw this.error(' has a rating, but row 0 has none; all rows must have one, or none', `row ${r}`);
    }
  }

  #object(row: unknown, r: number): Readonly<Record<string, unknown>> {
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Readonly<Record<string, unknown>>;
    throw this.error(` must be an object such as { user, item, rating }, got ${got(row)}`, `row ${r}`);
  }

  #cell(object: Readonly<Record<string, unknown>>, place: number | undefined): unknown {
    const name = place === undefined ? undefined : (this.#names[place] as string);
    return name !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  }
}

/** Whether a value has columns in place of rows. */
export function isTriplets(value: unknown): value is Triplets {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || Symbol.iterator in value) return false;
  return 'user' in value && 'item' in value && isColumn(value.user) && isColumn(value.item);
}

const isColumn = (value: unknown): boolean => Array.isArray(value) || types.isTypedArray(value);

/** Reads columns. */
export async function entriesOfTriplets(call: string, given: Triplets, format: ReadFormat): Promise<ReadEntries> {
  const { user, item, time } = given;
  const rating = format.columns.rating === null ? undefined : given.rating;
  for (const [name, column] of Object.entries({ item, rating, time })) {
    if (column === undefined) continue;
    if (!isColumn(column)) throw new ParameterError(`${call}: \`rows.${name}\` must be an array or typed array, got ${got(column)}`);
    if (column.length === user.length) continue;
    throw new ShapeError(`${call}: \`rows.${name}\` must be as long as \`rows.user\` (${user.length}), got ${column.length}`);
  }
  const error = (message: string, place = '') => new ParameterError(`${call}: \`rows\`${place && `, ${place}`}${message}`);
  if (user.length === 0) throw error(' must have at least one row, got none');
  const rows = new EntryRows(rating !== undefined, time !== undefined, format.scale, error, format.ids);
  for (let r = 0; r < user.length; r++) {
    if (r % rowsAtOnce === 0) {
      await pause();
      format.signal?.throwIfAborted();
    }
    rows.add(user[r], item[r], rating?.[r], time?.[r], () => `row ${r}`);
  }
  return rows.finish();
}
