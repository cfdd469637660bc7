/** Trains hidden units beside couplings: each part of the users is scored by couplings that were solved without it. */
import { permutation, streams } from '../data/random.js';
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeHiddenParameters, NativeHiddenTrainer } from '../machine/native-ease.js';
import type { NativeRatings } from '../machine/native-ratings.js';
import { Turns } from '../machine/turns.js';
import type { HiddenShape } from './ease-hidden-options.js';
import type { EaseModel } from './ease-model.js';
import type { EaseShape } from './ease-options.js';
import { partly, type Solving } from './ease-solve.js';
import { type Kept, solved } from './ease-train.js';
import type { Entries } from './entries.js';
import { byUser, entriesWhere, pick } from './grouped.js';
import { heldOutNdcg } from './held-out-ndcg.js';
import { entriesPerUser, rowsOf } from './interactions.js';
import { packed } from './packed.js';
import { holdOutUsers } from './split-users.js';

/** Passes between two looks at held-out users, and looks without a gain after which training ends. */
const every = 4;
const patience = 3;
/** Passes where there are too few users to choose by. */
const usualEpochs = 20;

/** All that training hidden units needs to know. */
export interface HiddenPlan {
  readonly entries: Entries;
  readonly couplings: EaseShape;
  readonly hidden: HiddenShape;
  readonly kept: Kept;
  readonly seed: bigint;
}

/** A trainer before its first pass. */
async function prepared(plan: HiddenPlan, solving: Solving): Promise<NativeHiddenTrainer> {
  const { entries, hidden, seed } = plan;
  const users = entries.users.size;
  const fold = new Uint8Array(users);
  for (const [at, user] of permutation(users, seed, streams.ratingFolds).entries()) fold[user] = at % hidden.folds;
  const matrices: Float32Array[] = [];
  for (let f = 0; f < hidden.folds; f++) {
    const rest = pick(
      entries,
      entriesWhere(entries, (k) => fold[entries.user[k] as number] !== f),
    );
    const model = await solved(rest, plan.couplings, plan.kept, partly(solving, f / hidden.folds, (f + 1) / hidden.folds));
    matrices.push(model.state.matrix);
  }
  return trainerOf(packed(entries), matrices, fold, plan, solving.threads);
}

function trainerOf(ratings: NativeRatings, matrices: Float32Array[], fold: Uint8Array, { hidden, seed }: HiddenPlan, threads: number) {
  const options = {
    units: hidden.units,
    batch: 250,
    floor: 0.01,
    learningRate: hidden.learningRate,
    l2: hidden.l2,
    leastKept: 0.5,
    mostKept: 0.9,
    dropout: hidden.inputDropout,
    weight: hidden.userWeight,
    biases: false,
    seed,
  };
  return new hostBackend.addon.HiddenTrainer(ratings, matrices, fold, options, threads);
}

/** Hidden units after so many passes over all users. */
export async function trainHidden(plan: HiddenPlan, solving: Solving): Promise<NativeHiddenParameters> {
  const trainer = await prepared(plan, partly(solving, 0, 0.3));
  if (plan.hidden.epochs > 0) await runJob(() => trainer.run(plan.hidden.epochs), partly(solving, 0.3, 1));
  return trainer.parameters();
}

/**
 * How many passes are best on a fifth of the users, held out of couplings and hidden units: 0 where
 * hidden units do not help.
 */
export async function chooseEpochs(plan: HiddenPlan, cutoff: number, solving: Solving): Promise<number> {
  const { entries, hidden } = plan;
  const most = hidden.epochs;
  const able = entriesPerUser(entries).reduce((sum, n) => sum + (n >= 5 ? 1 : 0), 0);
  if (able < 20) return Math.min(most, usualEpochs);
  const { test } = holdOutUsers(solving.call, entries, { users: 0.2, targets: 0.2, least: 5, seed: plan.seed });
  const left = { ...plan, entries: test.train };
  const couplings = await solved(test.train, plan.couplings, plan.kept, partly(solving, 0, 0.08));
  const judge = await judgeOf(couplings, test.input, test.targets, cutoff, solving);
  const trainer = await prepared(left, partly(solving, 0.08, 0.3));
  let [best, bestAt] = [await judge(undefined), 0];
  for (let done = 0; done < most; done += every) {
    const passes = Math.min(every, most - done);
    await runJob(() => trainer.run(passes), partly(solving, 0.3 + (0.7 * done) / most, 0.3 + (0.7 * (done + passes)) / most));
    const reached = await judge(trainer.parameters());
    if (reached > best) [best, bestAt] = [reached, done + passes];
    else if (done + passes >= bestAt + every * patience) break;
  }
  return bestAt;
}

/** nDCG of held-out users by couplings, with hidden units or without. */
async function judgeOf(couplings: EaseModel, input: Entries, targets: Entries, cutoff: number, { call, threads, signal }: Solving) {
  const held = { inputs: byUser(input), targets: byUser(targets), users: new Uint32Array() };
  const { start, rows } = held.targets;
  held.users = Uint32Array.from({ length: rows }, (_, u) => u).filter((u) => start[u] !== start[u + 1]);
  const { offsets, item, value } = rowsOf(input, held.inputs, held.users);
  const n = couplings.items;
  const { addon } = hostBackend;
  const job = { call, signal };
  const alone = await runJob(() => addon.scoreRows(couplings.state.matrix, n, offsets, item, value, threads, false), job);
  const ones = new Float64Array(n).fill(1);
  return async (hidden: NativeHiddenParameters | undefined): Promise<number> => {
    const both = hidden && (await runJob(() => addon.scoreHidden(alone.slice(), hidden, offsets, item, value, threads), job));
    return heldOutNdcg(both ?? alone, ones, held, cutoff, new Turns(signal));
  };
}
