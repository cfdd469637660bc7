/** Which columns of a table hold users, items, ratings and times. */
import { didYouMean } from '../suggest.js';

/** Names of columns as a caller gives them; null: there is none, even if a name looks like it. */
export interface ColumnNames {
  /** Of users. */
  readonly user?: string;
  /** Of items. */
  readonly item?: string;
  /** Of ratings; null: none are read. */
  readonly rating?: string | null;
  /** Of times; null: none are read. */
  readonly time?: string | null;
}

/** Places of the columns in a row; undefined where there is none. */
export interface ColumnPlaces {
  readonly user: number;
  readonly item: number;
  readonly rating: number | undefined;
  readonly time: number | undefined;
}

/** Names that are known, letters and digits alone; those that come first win. */
const known = {
  user: ['user', 'userid', 'uid', 'u', 'customer', 'customerid', 'visitorid', 'reviewerid', 'member', 'memberid', 'sessionid'],
  item: [
    ...['item', 'itemid', 'iid', 'i', 'movie', 'movieid', 'product', 'productid', 'asin', 'artist', 'artistid'],
    ...['book', 'bookid', 'isbn', 'song', 'songid', 'track', 'trackid', 'article', 'articleid', 'gameid'],
  ],
  rating: ['rating', 'ratings', 'score', 'stars', 'overall', 'value', 'r'],
  time: ['time', 'timestamp', 'ts', 'unixtime', 'unixreviewtime', 'unixtimestamp', 'date', 'datetime', 'createdat'],
} as const;

export type ColumnRole = keyof typeof known;
const roles = Object.keys(known) as ColumnRole[];

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * Finds the columns by the names given, else by names that are known.
 *
 * @returns What is wrong as text where a named column is not there, or where none is known for users or items.
 */
export function findColumns(names: readonly string[], given: ColumnNames): ColumnPlaces | string {
  const places: { -readonly [R in ColumnRole]?: number | undefined } = {};
  for (const role of roles) {
    const asked = given[role];
    if (asked === null) continue;
    if (asked === undefined) {
      places[role] = guess(names, role, given);
      continue;
    }
    const at = names.indexOf(asked);
    if (at < 0) return `must have a column '${asked}' for \`columns.${role}\`, there are ${listed(names)}${didYouMean(asked, names)}`;
    places[role] = at;
  }
  const { user, item, rating, time } = places;
  if (user !== undefined && item !== undefined) return { user, item, rating, time };
  const lacking = user === undefined ? 'users' : 'items';
  const example = user === undefined ? "'userId'" : "'itemId' or 'movieId'";
  return `must have a column of ${lacking}, called ${example} for instance; there are ${listed(names)} (name yours with \`columns\`)`;
}

function guess(names: readonly string[], role: ColumnRole, given: ColumnNames): number | undefined {
  const taken = new Set(Object.values(given));
  for (const word of known[role]) {
    const at = names.findIndex((name) => plain(name) === word && !taken.has(name));
    if (at >= 0) return at;
  }
  return undefined;
}

/** Whether fields of a file's first line are names: those of users and of items are known among them. */
export const looksNamed = (fields: readonly string[]): boolean => typeof findColumns(fields, {}) !== 'string';

const listed = (names: readonly string[]): string =>
  names.length > 20 ? `${names.length} columns` : names.map((name) => `'${name}'`).join(', ') || 'none';
