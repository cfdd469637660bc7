/**
 * Chooses the shape of the closed form on entries cut from train: of users who take no part in the
 * Gram matrix, four fifths of whose entries are input, or a fifth of every user's entries. What counts
 * is the mean nDCG of what was cut.
 */
import { Turns } from '../machine/turns.js';
import { type EaseOptions, type EaseShape, plainShape } from './ease-options.js';
import { type Choice, givenShape, type Part, type Solver, searchShape, startShape } from './ease-search.js';
import type { Solving } from './ease-solve.js';
import type { Entries } from './entries.js';
import { byUser } from './grouped.js';
import { heldOutNdcgs } from './held-out-ndcg.js';
import { entriesPerUser, rowsOf } from './interactions.js';
import type { Split } from './split.js';
import { holdOutUsers } from './split-users.js';
import { perUserSplit } from './splits.js';

/** Users that a measure should have behind it, as far as there are as many. */
const wantedUsers = 1000;
const cutShare = 0.2;
/** Users with fewer entries are not held out: little is left to judge them by. */
const leastEntries = 5;

/** Whether anything is left to choose. */
export function leavesChoice(options: EaseOptions): boolean {
  return options.recipe === 'best' && Object.keys(plainShape).some((name) => options[name as keyof EaseShape] === undefined);
}

/** The shape that options fix: plain EASE but for what they say. */
export const fixedShape = (options: EaseOptions): EaseShape => ({ ...plainShape, ...givenShape(options) });

/** Chooses. Same seed, same entries: the same choice. With fewer than ten users to judge by, a middle shape. */
export async function chooseShape(
  entries: Entries,
  options: EaseOptions,
  solving: Solving,
  seed: bigint,
  solver?: Solver,
): Promise<Choice> {
  const able = entriesPerUser(entries).reduce((sum, n) => sum + (n >= leastEntries ? 1 : 0), 0);
  if (able < 10) return { shape: { ...startShape, ...givenShape(options) }, tried: [] };
  // Many items make solutions dear: their cost rises with the third power.
  const affordable = solver === undefined ? Math.max(1, Math.min(5, Math.floor((6000 / entries.items.size) ** 3))) : 1;
  const judged = options.validation === 'users' ? cutShare * able : able;
  const count = Math.min(affordable, Math.ceil(wantedUsers / judged));
  const parts = Array.from({ length: count }, (_, f) => partOf(cut(entries, options, solving.call, seed + BigInt(f)), options, solving));
  return searchShape(parts, options, solving, solver);
}

function cut(entries: Entries, options: EaseOptions, call: string, seed: bigint): Split {
  const drawn = BigInt.asUintN(64, seed);
  if (options.validation === 'entries') return perUserSplit(call, entries, { share: cutShare, seed: drawn });
  return holdOutUsers(call, entries, { users: cutShare, targets: cutShare, least: leastEntries, seed: drawn }).test;
}

/** A split judged by nDCG@cutoff. */
export function partOf(split: Split, { cutoff }: Pick<EaseOptions, 'cutoff'>, { signal }: Pick<Solving, 'signal'>): Part {
  const [inputs, targets] = [byUser(split.input), byUser(split.targets)];
  const users = Uint32Array.from({ length: targets.rows }, (_, u) => u).filter((u) => targets.start[u] !== targets.start[u + 1]);
  const held = { users, inputs, targets };
  return {
    train: split.train,
    asked: rowsOf(split.input, inputs, users),
    judge: (scores, scales) => heldOutNdcgs(scores, scales, held, cutoff, new Turns(signal)),
  };
}
