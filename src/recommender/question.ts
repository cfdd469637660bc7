/** About whom a caller asks: a known user, or somebody with ratings or items. */
import { types } from 'node:util';
import { readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { isId, itemNumber, userNumber } from './catalogue.js';
import type { Scale, UserEntries } from './entries.js';
import type { Target } from './family.js';
import type { History } from './history.js';
import type { Id, Ids } from './ids.js';

/** A rating that somebody gave. */
export interface GivenRating {
  /** Its id. */
  readonly item: Id;
  /** On the scale. */
  readonly rating: number;
}

/** About whom one asks: exactly one of the three. */
export type About = AboutUser | AboutRatings | AboutItems;

/** A user of the training rows. */
export interface AboutUser {
  /** Their id. */
  readonly user: Id;
  /** Not with a user. */
  readonly ratings?: undefined;
  /** Not with a user. */
  readonly items?: undefined;
}

/** Somebody new, by ratings. */
export interface AboutRatings {
  /** Not with ratings. */
  readonly user?: undefined;
  /** What they rated; of two ratings of an item the last one counts. May be empty. */
  readonly ratings: readonly GivenRating[];
  /** Not with ratings. */
  readonly items?: undefined;
}

/** Somebody new, by the items that they turned to: for recommenders of interactions. */
export interface AboutItems {
  /** Not with items. */
  readonly user?: undefined;
  /** Not with items. */
  readonly ratings?: undefined;
  /** Ids. May be empty. */
  readonly items: readonly Id[];
}

/** What becomes of items in a question that the training rows did not have. */
export type UnknownItems = 'error' | 'ignore';

/** What an answer is built on. */
export interface Subject {
  /** What the model is asked with. */
  readonly entries: UserEntries;
  /** All items that the user has, rising: more than the model is asked with where `relevantFrom` leaves some out. */
  readonly seen: Uint32Array;
  readonly isNew: boolean;
  /** Items that were given but are not known. */
  readonly unknown: readonly Id[];
}

/** What is needed to read a question. */
export interface Known {
  readonly users: Ids;
  readonly items: Ids;
  readonly history: History;
  readonly target: Target;
  readonly scale: Scale | undefined;
  /** Interactions of rows with ratings: those of at least this many count. */
  readonly relevantFrom: number | undefined;
}

export const aboutNames = ['user', 'ratings', 'items'] as const;

/** Reads about whom a question is. */
export function readAbout(
  call: string,
  known: Known,
  given: { readonly [K in (typeof aboutNames)[number]]?: unknown },
  unknownItems: UnknownItems,
): Subject {
  const names = aboutNames.filter((name) => given[name] !== undefined);
  if (names.length !== 1) {
    const said = names.length === 0 ? 'none of them' : names.map((name) => `\`${name}\``).join(' and ');
    throw new ParameterError(`${call}: give one of \`user\`, \`ratings\` and \`items\`, got ${said}`);
  }
  if (names[0] === 'user') {
    const way = known.target === 'ratings' ? '`ratings: [{ item, rating }]`' : '`items: [id, …]`';
    const user = userNumber(call, known.users, given.user, way);
    const entries = known.history.of(user);
    return { entries: taken(entries, known), seen: entries.items, isNew: false, unknown: [] };
  }
  const byItem = new Map<number, number>();
  const unknown: Id[] = [];
  const name = names[0] as 'ratings' | 'items';
  const take = (id: unknown, place: string, value: number): void => {
    const number = isId(id) ? known.items.number(id) : undefined;
    if (number === undefined && unknownItems === 'ignore' && isId(id)) unknown.push(id);
    else byItem.set(number ?? itemNumber(call, place, known.items, id), value);
  };
  const list = listOf(call, name, given[name]);
  if (name === 'items') readItems(call, known, list, take);
  else readRatings(call, known, list, take);
  const entries = entriesOf(byItem);
  return { entries: taken(entries, known), seen: entries.items, isNew: true, unknown };
}

/** Entries as the model learnt them: interactions are ones, without those rated too low. */
function taken(entries: UserEntries, { target, relevantFrom }: Known): UserEntries {
  if (target === 'ratings') return entries;
  const { items, values, user } = entries;
  const liked = relevantFrom === undefined ? items : items.filter((_, k) => (values[k] as number) >= relevantFrom);
  return { items: liked, values: new Float32Array(liked.length).fill(1), user };
}

type Take = (id: unknown, place: string, value: number) => void;

function readItems(call: string, { target, relevantFrom }: Known, list: readonly unknown[], take: Take): void {
  if (target === 'ratings') {
    throw new ParameterError(`${call}: this recommender learnt ratings; give \`ratings: [{ item, rating }]\` in place of \`items\``);
  }
  for (const [i, id] of list.entries()) take(id, `items[${i}]`, relevantFrom ?? 1);
}

function readRatings(call: string, { target, scale }: Known, list: readonly unknown[], take: Take): void {
  for (const [i, one] of list.entries()) {
    const place = `ratings[${i}]`;
    const { item, rating } = readOptions(call, one ?? null, ['item', 'rating'], place);
    checkRating(call, `${place}.rating`, rating, target === 'ratings' ? scale : undefined);
    take(item, `${place}.item`, rating);
  }
}

function checkRating(call: string, name: string, rating: unknown, scale: Scale | undefined): asserts rating is number {
  const values = scale?.values ?? [];
  const [low, high] = [values[0] ?? -Infinity, values.at(-1) ?? Infinity];
  if (typeof rating === 'number' && Number.isFinite(rating) && rating >= low && rating <= high) return;
  const expected = values.length === 0 ? 'a finite number' : `a number from ${low} to ${high}`;
  throw new ParameterError(`${call}: \`${name}\` must be ${expected}, got ${got(rating)}`);
}

/** A list that a caller gave: an array or a typed array, read once. */
export function listOf(call: string, name: string, given: unknown): readonly unknown[] {
  const isList = !types.isProxy(given) && (Array.isArray(given) || types.isTypedArray(given) || given instanceof Set);
  if (!isList) throw new ParameterError(`${call}: \`${name}\` must be an array, got ${got(given)}`);
  return readFrom(call, name, () => Array.from(given as Iterable<unknown>));
}

function entriesOf(byItem: ReadonlyMap<number, number>): UserEntries {
  const items = Uint32Array.from(byItem.keys()).sort();
  return { items, values: Float32Array.from(items, (item) => byItem.get(item) as number) };
}
