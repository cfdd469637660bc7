/** Splits by name, as a caller or a command line asks for them. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { Entries } from './entries.js';
import type { Split } from './split.js';
import { holdOutUsers } from './split-users.js';
import { foldSplits, givenFolds, leaveOneOut, perUserSplit, randomSplit, temporalSplit } from './splits.js';

/** How entries are to be split; all take a seed but the one by time. */
export type SplitBy =
  /** k folds at random, default 5; or `fold[k]`, the number of the fold of entry k. */
  | { readonly by: 'folds'; readonly folds?: number; readonly fold?: ArrayLike<number>; readonly seed?: number | bigint }
  /** A share of all entries, default 0.1. */
  | { readonly by: 'random'; readonly share?: number; readonly seed?: number | bigint }
  /** A share of each user's entries, default 0.25. */
  | { readonly by: 'user'; readonly share?: number; readonly seed?: number | bigint }
  /** The last entry of each user; ranked among sampled items where `sampledNegatives` says so. */
  | { readonly by: 'leave-one-out'; readonly sampledNegatives?: number; readonly seed?: number | bigint }
  /** All from a moment on, or the last share of entries, default 0.1. */
  | { readonly by: 'time'; readonly at?: number; readonly share?: number }
  /** Users held out whole, default 0.1 of them, and the share of their entries that are targets, default 0.2. */
  | { readonly by: 'users'; readonly users?: number; readonly targets?: number; readonly least?: number; readonly seed?: number | bigint };

const names = {
  folds: ['folds', 'fold', 'seed'],
  random: ['share', 'seed'],
  user: ['share', 'seed'],
  'leave-one-out': ['sampledNegatives', 'seed'],
  time: ['at', 'share'],
  users: ['users', 'targets', 'least', 'seed'],
} as const;

/** All ways to split. */
export const splitWays = Object.keys(names) as SplitBy['by'][];

/** Splits entries in the way that is asked for: several splits for folds, else one. */
export function splitsBy(call: string, entries: Entries, split: unknown): Split[] {
  const check = new OptionCheck(call);
  const { by } = readOptions(call, withoutOthers(split), ['by'], 'split');
  const way = splitWays[check.nameOf('split.by', by, splitWays)] as SplitBy['by'];
  const given: Record<string, unknown> = readOptions(call, split, ['by', ...names[way]], 'split');
  const options = { ...given, seed: check.seed('split.seed', given.seed, 0n) } as never;
  switch (way) {
    case 'folds':
      return given.fold === undefined ? foldSplits(call, entries, options) : givenFolds(call, entries, given.fold as ArrayLike<number>);
    case 'random':
      return [randomSplit(call, entries, options)];
    case 'user':
      return [perUserSplit(call, entries, options)];
    case 'leave-one-out':
      return [leaveOneOut(call, entries, options)];
    case 'time':
      return [temporalSplit(call, entries, options)];
    case 'users':
      return [holdOutUsers(call, entries, options).test];
  }
}

/** Of an object only `by`, which says what else it may have. */
function withoutOthers(split: unknown): unknown {
  return typeof split === 'object' && split !== null && !Array.isArray(split) ? { by: (split as { by?: unknown }).by } : split;
}
