/** The ways to split entries. Same entries, options and seed: the same split. */
import { OptionCheck } from '../arguments.js';
import { permutation, streams } from '../data/random.js';
import { ParameterError } from '../errors.js';
import { Draws } from './draws.js';
import type { Entries } from './entries.js';
import { byUser, entriesWhere, pick } from './grouped.js';
import { makeSplit, type Split } from './split.js';

/** k-fold: entries are dealt out at random into folds of sizes that differ by one at most. */
export function foldSplits(call: string, entries: Entries, options: { folds?: number; seed?: bigint } = {}): Split[] {
  const check = new OptionCheck(call);
  const { length } = entries.user;
  const folds = check.integer('folds', options.folds, 5, 2, Math.max(2, length));
  const order = permutation(length, options.seed ?? 0n, streams.ratingFolds);
  const fold = new Uint32Array(length);
  for (let k = 0; k < length; k++) fold[order[k] as number] = k % folds;
  return givenFolds(call, entries, fold);
}

/** Folds as given: `fold[k]` is the number of the fold of entry k, from 0. */
export function givenFolds(call: string, entries: Entries, fold: ArrayLike<number>): Split[] {
  const { length } = entries.user;
  if (fold.length !== length) throw new ParameterError(`${call}: \`fold\` must have one number per entry (${length}), got ${fold.length}`);
  let folds = 0;
  for (let k = 0; k < length; k++) {
    const number = fold[k] as number;
    if (!Number.isInteger(number) || number < 0 || number >= length) {
      throw new ParameterError(`${call}: \`fold[${k}]\` must be a whole number from 0, below the number of entries, got ${number}`);
    }
    folds = Math.max(folds, number + 1);
  }
  if (folds < 2) throw new ParameterError(`${call}: \`fold\` must name at least 2 folds, got ${folds}`);
  return Array.from({ length: folds }, (_, f) =>
    makeSplit(call, {
      name: `${folds} folds, fold ${f + 1}`,
      train: pick(
        entries,
        entriesWhere(entries, (k) => fold[k] !== f),
      ),
      targets: pick(
        entries,
        entriesWhere(entries, (k) => fold[k] === f),
      ),
    }),
  );
}

/** A share of all entries at random, default a tenth. */
export function randomSplit(call: string, entries: Entries, options: { share?: number; seed?: bigint } = {}): Split {
  const share = new OptionCheck(call).openFraction('share', options.share, 0.1);
  const { length } = entries.user;
  const count = Math.min(length - 1, Math.max(1, Math.round(share * length)));
  const order = permutation(length, options.seed ?? 0n, streams.ratingFolds);
  const [held, rest] = [order.slice(0, count).sort(), order.slice(count).sort()];
  return makeSplit(call, { name: `${percent(share)} at random`, train: pick(entries, rest), targets: pick(entries, held) });
}

/**
 * A share of each user's entries at random, default a quarter, rounded; users of a single entry keep
 * it in train.
 */
export function perUserSplit(call: string, entries: Entries, options: { share?: number; seed?: bigint } = {}): Split {
  const share = new OptionCheck(call).openFraction('share', options.share, 0.25);
  const held = heldPerUser(entries, share, options.seed ?? 0n);
  return makeSplit(call, { name: `${percent(share)} of each user`, ...parted(entries, held) });
}

/** Marks a share of each user's entries: 1 where held out, [entries]. At least one of theirs stays. */
export function heldPerUser(entries: Entries, share: number, seed: bigint, rounded: (count: number) => number = Math.round): Uint8Array {
  const held = new Uint8Array(entries.user.length);
  const order = permutation(held.length, seed, streams.ratingsOfUsers);
  const [counts, taken] = [new Uint32Array(entries.users.size), new Uint32Array(entries.users.size)];
  for (const user of entries.user) counts[user]!++;
  for (const k of order) {
    const user = entries.user[k] as number;
    const count = counts[user] as number;
    if ((taken[user] as number) < Math.min(count - 1, rounded(share * count))) {
      taken[user]!++;
      held[k] = 1;
    }
  }
  return held;
}

/** Everything from a moment on is judged, all before it is known: the split that is like use. */
export function temporalSplit(call: string, entries: Entries, options: { share?: number; at?: number } = {}): Split {
  const { time } = entries;
  if (time === undefined) throw new ParameterError(`${call}: a temporal split needs entries with a time, these have none`);
  const share = new OptionCheck(call).openFraction('share', options.share, 0.1);
  const sorted = Float64Array.from(time).sort();
  const at = options.at ?? (sorted[Math.min(sorted.length - 1, Math.floor((1 - share) * sorted.length))] as number);
  const held = Uint8Array.from(time, (t) => (t >= at ? 1 : 0));
  const count = held.reduce((a, b) => a + b, 0);
  if (count === 0 || count === held.length) {
    throw new ParameterError(
      `${call}: there must be entries before and from the moment ${at} of the split; times go from ${sorted[0]} to ${sorted.at(-1)}`,
    );
  }
  return makeSplit(call, { name: `all from time ${at}`, ...parted(entries, held) });
}

/** Train and targets by marks. */
export function parted(entries: Entries, held: Uint8Array): { train: Entries; targets: Entries } {
  return {
    train: pick(
      entries,
      entriesWhere(entries, (k) => held[k] === 0),
    ),
    targets: pick(
      entries,
      entriesWhere(entries, (k) => held[k] === 1),
    ),
  };
}

/** How leave-one-out goes. */
export interface LeaveOneOutOptions {
  readonly seed?: bigint;
  /** As many items that the user does not have are drawn for each target, and it is ranked among them alone. Default: none, all items. */
  readonly sampledNegatives?: number;
}

/**
 * The last entry by time of each user with at least two is judged; without times one at random. Even
 * by time it looks ahead: other users' later entries are in train, so it warns.
 */
export function leaveOneOut(call: string, entries: Entries, options: LeaveOneOutOptions = {}): Split {
  const { seed = 0n } = options;
  const check = new OptionCheck(call);
  const groups = byUser(entries);
  const order = permutation(entries.user.length, seed, streams.ratingsOfUsers);
  const held = new Uint8Array(entries.user.length);
  const rank = entries.time ?? order;
  for (let user = 0; user < groups.rows; user++) {
    const [from, to] = [groups.start[user] as number, groups.start[user + 1] as number];
    if (to - from < 2) continue;
    let last = groups.entry[from] as number;
    for (let at = from + 1; at < to; at++) {
      const k = groups.entry[at] as number;
      // Of equal times the entry that came later in the rows.
      if ((rank[k] as number) > (rank[last] as number) || (rank[k] === rank[last] && k > last)) last = k;
    }
    held[last] = 1;
  }
  const parts = parted(entries, held);
  const warnings = [
    entries.time === undefined
      ? 'leave-one-out without times holds out a random entry of each user: models may learn from what came after it'
      : 'leave-one-out by time looks ahead: entries of other users that came after a target are in train; a global temporal split does not',
  ];
  if (options.sampledNegatives === undefined) return makeSplit(call, { name: 'leave one out', ...parts, warnings });
  const count = check.integer('sampledNegatives', options.sampledNegatives, undefined, 1, Math.max(1, entries.items.size - 1));
  warnings.push(`targets are ranked among ${count} sampled items, not among all: such figures compare with their like alone`);
  const items = drawNegatives(call, entries, parts.targets, count, seed);
  return makeSplit(call, { name: `leave one out, ${count} sampled negatives`, ...parts, negatives: { count, items }, warnings });
}

/** Items that the user has in no part, without repeats: the first of a random order of all items, another for each target. */
function drawNegatives(call: string, entries: Entries, targets: Entries, count: number, seed: bigint): Uint32Array {
  const groups = byUser(entries);
  const size = entries.items.size;
  const drawn = new Uint32Array(count * targets.user.length);
  const mark = new Uint32Array(size);
  for (let t = 0; t < targets.user.length; t++) {
    const user = targets.user[t] as number;
    const [from, to] = [groups.start[user] as number, groups.start[user + 1] as number];
    if (size - (to - from) < count) {
      throw new ParameterError(
        `${call}: \`sampledNegatives\` must be at most ${size - (to - from)}, the items that a user lacks, got ${count}`,
      );
    }
    for (let at = from; at < to; at++) mark[groups.column[at] as number] = t + 1;
    const draws = new Draws(seed, streams.sampledNegatives, t);
    for (let n = 0; n < count; ) {
      const item = draws.below(size);
      if (mark[item] === t + 1) continue;
      mark[item] = t + 1;
      drawn[t * count + n++] = item;
    }
  }
  return drawn;
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
