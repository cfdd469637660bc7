/**
 * Users held out whole (Liang, Krishnan, Hoffman and Jebara, "Variational autoencoders for
 * collaborative filtering", 2018, section 4): models never see them in training, are told a share of
 * what they have, and are judged by the rest.
 */
import { OptionCheck } from '../arguments.js';
import { permutation, streams } from '../data/random.js';
import { ParameterError } from '../errors.js';
import type { Entries } from './entries.js';
import { entriesWhere, pick } from './grouped.js';
import { makeSplit, type Split } from './split.js';
import { heldPerUser } from './splits.js';

/** How users are held out. */
export interface HoldOutOptions {
  /** How many users are judged in the end; a number below 1 is a share of all. Default 0.1. */
  readonly users?: number;
  /** As many more for choices before that, never judged in the end. Default: none. */
  readonly validationUsers?: number;
  /** The share of a held-out user's entries that are targets, rounded down but at least one. Default 0.2. */
  readonly targets?: number;
  /** Users with fewer entries than this are never held out. Default 2, the least that can be parted. */
  readonly least?: number;
  readonly seed?: bigint;
}

/** The split to be read once, and the one for choices, with the same `train`. */
export interface HeldOutUsers {
  readonly test: Split;
  readonly validation: Split | undefined;
}

/** Holds users out whole. Entries of theirs whose item no user in train has stay, and count as cold. */
export function holdOutUsers(call: string, entries: Entries, options: HoldOutOptions = {}): HeldOutUsers {
  const { seed = 0n } = options;
  const check = new OptionCheck(call);
  const share = check.openFraction('targets', options.targets, 0.2);
  const least = check.integer('least', options.least, 2, 2);
  const counts = new Uint32Array(entries.users.size);
  for (const user of entries.user) counts[user]!++;
  const able = permutation(counts.length, seed, streams.usersHeldOut).filter((user) => (counts[user] as number) >= least);
  const test = countOf(check, 'users', options.users ?? 0.1, able.length);
  const validation = options.validationUsers === undefined ? 0 : countOf(check, 'validationUsers', options.validationUsers, able.length);
  const active = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  if (test + validation > able.length || test + validation === active) {
    const left = 'others must be left for training';
    throw new ParameterError(
      `${call}: ${test + validation} users cannot be held out of ${able.length} with at least ${least} entries (of ${active}); ${left}`,
    );
  }
  // 0: in train; 1: test; 2: validation.
  const part = new Uint8Array(entries.users.size);
  for (const [i, user] of able.entries()) part[user] = i < test ? 1 : i < test + validation ? 2 : 0;
  const held = heldPerUser(entries, share, seed, (x) => Math.max(1, Math.floor(x)));
  const train = pick(
    entries,
    entriesWhere(entries, (k) => part[entries.user[k] as number] === 0),
  );
  const splitOf = (which: number, name: string): Split => {
    const side = (mark: number) =>
      pick(
        entries,
        entriesWhere(entries, (k) => part[entries.user[k] as number] === which && held[k] === mark),
      );
    return makeSplit(call, { name, train, input: side(0), targets: side(1) });
  };
  return {
    test: splitOf(1, `${test} users held out`),
    validation: validation === 0 ? undefined : splitOf(2, `${validation} users held out for choices`),
  };
}

function countOf(check: OptionCheck, name: string, value: number, able: number): number {
  if (value > 0 && value < 1) return Math.max(1, Math.round(value * able));
  return check.integer(name, value, undefined, 1);
}

/**
 * Interactions of ratings: the entries of at least `threshold`, without their values. Users and
 * items that are left with none keep their numbers.
 */
export function binarised(entries: Entries, threshold: number): Entries {
  const { value } = entries;
  const chosen = entriesWhere(entries, (k) => value === undefined || (value[k] as number) >= threshold);
  return { ...pick(entries, chosen), value: undefined };
}
