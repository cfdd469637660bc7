import { OptionCheck, readOptions } from '../arguments.js';
import { type RowsGiven, readRows } from './rows-given.js';
import type { ReadOptions } from './source-options.js';
import type { Split } from './split.js';
import { holdOutUsers } from './split-users.js';
import { leaveOneOut, perUserSplit, randomSplit, temporalSplit } from './splits.js';

/** How rows are split into those to learn from and those to be judged by. */
export interface SplitOptions extends Omit<ReadOptions, 'ids'> {
  /**
   * 'perUser' (default): a share of each user's rows. 'random': a share of all. 'time': the latest
   * ones, which is most like use. 'leaveOneOut': one of each user. 'users': users held out whole.
   */
  readonly way?: 'perUser' | 'random' | 'time' | 'leaveOneOut' | 'users' | undefined;
  /** Share of rows that are targets, or of users with 'users'. Default 0.25 per user, else 0.1. */
  readonly share?: number | undefined;
  /** Of 'leaveOneOut': so many items that the user lacks are drawn for each target. Default: all items are candidates. */
  readonly sampledNegatives?: number | undefined;
  /** Default 0. */
  readonly seed?: number | bigint | undefined;
}

const readingNames = ['columns', 'scale', 'header', 'delimiter', 'decimal', 'maxUnpackedBytes', 'signal', 'onProgress'] as const;

/**
 * Splits rows: learn from `split.train` by `Recommender.fit(split.train)`, judge by
 * `recommender.evaluate(split)`. Same rows, options and seed: the same split.
 */
export async function splitRatings(rows: RowsGiven, options?: SplitOptions): Promise<Split> {
  const call = 'splitRatings';
  const {
    way,
    share: given,
    sampledNegatives,
    seed: chosen,
    ...reading
  } = readOptions(call, options, [...readingNames, 'way', 'share', 'sampledNegatives', 'seed']);
  const check = new OptionCheck(call);
  const how = check.oneOf('way', way, 'perUser', ['perUser', 'random', 'time', 'leaveOneOut', 'users']);
  const share = given === undefined ? undefined : check.openFraction('share', given, 0.1);
  const seed = check.seed('seed', chosen, 0n);
  const negatives = sampledNegatives === undefined ? undefined : check.integer('sampledNegatives', sampledNegatives, undefined);
  if (negatives !== undefined && how !== 'leaveOneOut')
    throw check.error('sampledNegatives', "left out unless `way` is 'leaveOneOut'", negatives);
  const { entries } = await readRows(call, rows, reading);
  const part = share === undefined ? { seed } : { share, seed };
  if (how === 'random') return randomSplit(call, entries, part);
  if (how === 'time') return temporalSplit(call, entries, part);
  if (how === 'users') return holdOutUsers(call, entries, { seed, users: share ?? 0.1 }).test;
  if (how === 'leaveOneOut') return leaveOneOut(call, entries, negatives === undefined ? { seed } : { seed, sampledNegatives: negatives });
  return perUserSplit(call, entries, part);
}
