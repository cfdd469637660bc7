/**
 * Entries split for an honest evaluation: models train on `train`, are told `input` about the users
 * that they are asked about, and are judged by `targets`. No pair of user and item stands on both
 * sides, none stands on one side twice, and all three parts share their ids.
 */
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { Entries } from './entries.js';
import { byUser, firstTwice, type Grouped } from './grouped.js';

/** For each target one list of items to be ranked with it, [targets, count], row-major. The target itself counts once if it is among them. */
export interface Negatives {
  /** How many for each target. */
  readonly count: number;
  /** Numbers of items, [targets, count], row-major. */
  readonly items: Uint32Array;
}

/** One split; `splitRatings` makes a checked one. */
export interface Split {
  /** What was done, for tables: '5 folds, fold 1'. */
  readonly name: string;
  /** What models learn from. */
  readonly train: Entries;
  /**
   * What models are told of users. The same object as `train` where users are those of training;
   * else users are new to the model.
   */
  readonly input: Entries;
  /** What they are judged by. */
  readonly targets: Entries;
  /** Of the protocol with sampled negatives: each target is ranked among these items alone. */
  readonly negatives?: Negatives | undefined;
  /** What readers of the results should know. */
  readonly warnings: readonly string[];
}

/** Parts of a split before they are checked; `input` is `train` if left out. */
export interface SplitParts {
  readonly name: string;
  readonly train: Entries;
  readonly input?: Entries;
  readonly targets: Entries;
  readonly negatives?: Negatives | undefined;
  readonly warnings?: readonly string[];
}

/**
 * Checks the parts of a split.
 *
 * @throws ParameterError where a pair is in `targets` and in `train` or `input`, where a part has a
 *   pair twice, where parts have ids of their own, or where there is nothing to judge by.
 */
export function makeSplit(call: string, parts: SplitParts): Split {
  const { train, targets, input = train } = parts;
  for (const [name, part] of [['input', input] as const, ['targets', targets] as const]) {
    if (part.users !== train.users || part.items !== train.items) {
      throw new ParameterError(`${call}: \`${name}\` must have the same ids of users and items as \`train\`; read all parts together`);
    }
    if (name === 'targets' && part.user.length === 0) throw new ParameterError(`${call}: \`targets\` must have at least one entry`);
  }
  if (train.user.length === 0) throw new ParameterError(`${call}: \`train\` must have at least one entry`);
  const judged = onceEach(call, 'targets', targets);
  const known = onceEach(call, 'train', train);
  refuseLeak(call, 'train', known, targets, judged);
  if (input !== train) refuseLeak(call, 'input', onceEach(call, 'input', input), targets, judged);
  if (parts.negatives !== undefined) checkNegatives(call, parts.negatives, targets);
  const split = { name: parts.name, train, input, targets, negatives: parts.negatives, warnings: parts.warnings ?? [] };
  checkedSplits.add(split);
  return split;
}

/** Splits that {@link makeSplit} made: nobody needs to look through them again. */
const checkedSplits = new WeakSet<object>();

/** A split that somebody made by hand, checked like any other. */
export function checkedSplit(call: string, split: Split): Split {
  return checkedSplits.has(split) ? split : makeSplit(call, split);
}

function onceEach(call: string, name: string, part: Entries): Grouped {
  const groups = byUser(part);
  const twice = firstTwice(groups);
  if (twice === undefined) return groups;
  throw new ParameterError(`${call}: \`${name}\` must have each pair once, but ${pairText(part, twice[0])} is there twice`);
}

/** Both lists of a user rise, so one pass over each finds what they share. */
function refuseLeak(call: string, name: string, known: Grouped, targets: Entries, judged: Grouped): void {
  for (let user = 0; user < judged.rows; user++) {
    let at = known.start[user] as number;
    const end = known.start[user + 1] as number;
    for (let t = judged.start[user] as number; t < (judged.start[user + 1] as number); t++) {
      const item = judged.column[t] as number;
      while (at < end && (known.column[at] as number) < item) at++;
      if (at === end || known.column[at] !== item) continue;
      throw new ParameterError(
        `${call}: \`${name}\` and \`targets\` must have no pair in common, but ${pairText(targets, judged.entry[t] as number)} is in both`,
      );
    }
  }
}

function pairText({ users, items, user, item }: Entries, entry: number): string {
  return `user ${got(users.id(user[entry] as number))} with item ${got(items.id(item[entry] as number))}`;
}

function checkNegatives(call: string, { count, items }: Negatives, targets: Entries): void {
  if (count < 1 || items.length !== count * targets.user.length) {
    throw new ParameterError(
      `${call}: \`negatives\` must have ${count} items for each of ${targets.user.length} targets, got ${items.length}`,
    );
  }
  const wrong = items.find((item) => item >= targets.items.size);
  if (wrong !== undefined) throw new ParameterError(`${call}: \`negatives\` must be numbers of items, got ${wrong}`);
}
