import type { OptionCheck } from '../arguments.js';
import { readFrom } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { didYouMean } from '../suggest.js';
import type { Id, Ids } from './ids.js';

/** What items are called where people read: by id, in an object, a map or a list of pairs. */
export type Titles = Readonly<Record<string, string>> | ReadonlyMap<Id, string> | Iterable<readonly [Id, string]>;

/** Reads titles by id; titles of items that nobody rated are left out. */
export function readTitles(check: OptionCheck, given: unknown, items: Ids): ReadonlyMap<number, string> {
  if (given === undefined) return new Map();
  const expected = 'an object, a Map or a list of pairs that gives items a title';
  if (typeof given !== 'object' || given === null) throw check.error('titles', expected, given);
  return readFrom(check.call, 'titles', () => {
    const isIterable = typeof (given as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
    const pairs = isIterable ? (given as Iterable<unknown>) : Object.entries(given);
    const titles = new Map<number, string>();
    for (const pair of pairs) {
      const [id, title] = Array.isArray(pair) ? (pair as unknown[]) : [];
      if (!isId(id)) throw check.error('titles', expected, pair);
      if (typeof title !== 'string') throw check.error(`titles[${JSON.stringify(id)}]`, 'text', title);
      const number = items.number(id);
      if (number !== undefined) titles.set(number, title);
    }
    return titles;
  });
}

/** Whether a value is an id: text, or a number that files and programs write alike. */
export function isId(value: unknown): value is Id {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Ids that are compared with a wrong one: beyond that a list takes too long to look through. */
const mostCompared = 20_000;

/** The number of an item that a caller names. */
export function itemNumber(call: string, name: string, items: Ids, id: unknown): number {
  const number = isId(id) ? items.number(id) : undefined;
  if (number !== undefined) return number;
  if (!isId(id)) throw new ParameterError(`${call}: \`${name}\` must be the id of an item (text or a number), got ${got(id)}`);
  const known = items.size <= mostCompared ? Array.from(items, String) : [];
  throw new ParameterError(
    `${call}: \`${name}\` must be an item that the training rows had, got ${got(id)}${didYouMean(String(id), known)}; partialFit learns new ones`,
  );
}

/** The number of a user that a caller names. */
export function userNumber(call: string, users: Ids, id: unknown, way: string): number {
  const number = isId(id) ? users.number(id) : undefined;
  if (number !== undefined) return number;
  if (!isId(id)) throw new ParameterError(`${call}: \`user\` must be the id of a user (text or a number), got ${got(id)}`);
  throw new ParameterError(
    `${call}: \`user\` must be one of the ${users.size} users of the training rows, got ${got(id)}; for a new user give ${way} instead, which needs no training`,
  );
}
