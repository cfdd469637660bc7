import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { type Allowed, readAllowed } from './candidates.js';
import type { Id } from './ids.js';
import type { UnknownItems } from './question.js';
import type { By } from './scoring.js';
import type { State } from './state.js';

/** What to recommend. */
export interface RecommendOptions extends Patience {
  /** How many; at least 1. Default 10. More than there are candidates: all of them, with a reason. */
  readonly n?: number | undefined;
  /** The only candidates. Default: all items of the training rows. */
  readonly only?: readonly Id[] | ReadonlySet<Id> | undefined;
  /** Items that are no candidates; those that are not known change nothing. */
  readonly deny?: readonly Id[] | ReadonlySet<Id> | undefined;
  /** Whether items that the user has already are candidates too. Default false. */
  readonly keepSeen?: boolean | undefined;
  /**
   * Recommenders of ratings: what to rank by, the expected rating or P(r ≥ `atLeast`). Default
   * 'mean'; a user without ratings then gets what is popular, unless 'mean' is asked for by name.
   */
  readonly by?: By | undefined;
  /** What to do with items of the question that the training rows did not have. Default 'error'. */
  readonly unknown?: UnknownItems | undefined;
}

export const recommendNames = ['n', 'only', 'deny', 'keepSeen', 'by', 'unknown', 'signal', 'onProgress'] as const;

/** Those options as read. */
export interface Wanted {
  readonly n: number;
  readonly by: By | undefined;
  readonly unknown: UnknownItems;
  readonly allowed: Allowed;
  readonly patience: Patience;
}

/** Checks them. */
export function readWanted(call: string, state: State, given: { readonly [K in (typeof recommendNames)[number]]?: unknown }): Wanted {
  const check = new OptionCheck(call);
  const n = check.integer('n', given.n, 10, 1);
  return {
    // No more than there are: the number may come from anywhere, and memory is made for it.
    n: Math.min(n, state.items.size + 1),
    by: readBy(check, state, given.by),
    unknown: check.oneOf('unknown', given.unknown, 'error', ['error', 'ignore']),
    allowed: readAllowed(call, state.items, {
      only: given.only,
      deny: given.deny,
      keepSeen: check.flag('keepSeen', given.keepSeen, false),
    }),
    patience: readPatience(check, given),
  };
}

/** Reads `by`. */
export function readBy(check: OptionCheck, { model, scale }: State, given: unknown): By | undefined {
  if (given === undefined) return undefined;
  if (model.target !== 'ratings') {
    throw new ParameterError(
      `${check.call}: \`by\` is for recommenders of ratings; this one learnt interactions and ranks by its one score`,
    );
  }
  if (given === 'mean') return 'mean';
  if (typeof given !== 'object' || given === null) throw check.error('by', "'mean' or { atLeast: rating }", given);
  const { atLeast } = readOptions(check.call, given, ['atLeast'], 'by');
  const [low, high] = [scale?.values[0] ?? -Number.MAX_VALUE, scale?.values.at(-1) ?? Number.MAX_VALUE];
  if (atLeast === undefined) throw check.error('by.atLeast', `a rating from ${low} to ${high}`, atLeast);
  return { atLeast: check.number('by.atLeast', atLeast, low, low, high) };
}
