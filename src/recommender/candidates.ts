/** Which items may be recommended. */
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { isId, itemNumber } from './catalogue.js';
import type { Id, Ids } from './ids.js';
import { listOf } from './question.js';

/** How many items were left to choose from, and where the others went. */
export interface Candidates {
  /** Items of the training rows. */
  readonly all: number;
  /** Of these, not in `only`. */
  readonly outside: number;
  /** Of the rest, in `deny`. */
  readonly denied: number;
  /** Of the rest, those that the user has already. */
  readonly seen: number;
  /** What is left. */
  readonly left: number;
}

/** What a caller allows. */
export interface Allowed {
  /** Numbers of the only candidates, rising; undefined: all items. */
  readonly only: Uint32Array | undefined;
  readonly deny: ReadonlySet<number>;
  readonly keepSeen: boolean;
}

/** Reads `only` and `deny`: ids of known items, none of them in both. Ids in `deny` may be unknown. */
export function readAllowed(call: string, items: Ids, given: { only?: unknown; deny?: unknown; keepSeen: boolean }): Allowed {
  const only = given.only === undefined ? undefined : listOf(call, 'only', given.only);
  const deny = given.deny === undefined ? [] : listOf(call, 'deny', given.deny);
  const denied = new Map<number, Id>();
  for (const [i, id] of deny.entries()) {
    if (!isId(id)) throw new ParameterError(`${call}: \`deny[${i}]\` must be the id of an item (text or a number), got ${got(id)}`);
    // What is not known is not recommended: nothing is lost where it is denied.
    const number = items.number(id);
    if (number !== undefined) denied.set(number, id);
  }
  const numbers = only && new Set(only.map((id, i) => itemNumber(call, `only[${i}]`, items, id)));
  for (const number of numbers ?? []) {
    if (denied.has(number)) throw new ParameterError(`${call}: ${got(denied.get(number))} is in \`only\` and in \`deny\``);
  }
  return { only: numbers && Uint32Array.from(numbers).sort(), deny: new Set(denied.keys()), keepSeen: given.keepSeen };
}

/** Which of the items that a user has are no candidates for that reason, and how many candidates there are. */
export function countCandidates(all: number, { only, deny, keepSeen }: Allowed, seen: Uint32Array): Candidates {
  const among = only && new Set(only);
  let out = 0;
  if (!keepSeen) for (const item of seen) if (!deny.has(item) && (among === undefined || among.has(item))) out++;
  const outside = only === undefined ? 0 : all - only.length;
  const denied = only === undefined ? deny.size : 0; // none is in both
  return { all, outside, denied, seen: out, left: all - outside - denied - out };
}

/** Why fewer than n are recommended, as a sentence; null where n are. */
export function shortage(n: number, { all, outside, denied, seen, left }: Candidates): string | null {
  if (left >= n) return null;
  const parts = [
    ...(outside > 0 ? [`${outside} are not in \`only\``] : []),
    ...(denied > 0 ? [`${denied} are in \`deny\``] : []),
    ...(seen > 0 ? [`${seen} the user has already (\`keepSeen: true\` keeps them)`] : []),
  ];
  const why = parts.length === 0 ? 'the training rows had no more' : parts.join(', ');
  return `${left === 0 ? 'no candidate is' : `only ${left} candidates are`} left of ${all} items: ${why}`;
}
