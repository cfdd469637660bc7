/** Choices on validation: a part of the training entries is held out, and the setting that does best on it is taken. */
import { permutation, streams } from '../data/random.js';
import { Asked } from './asked.js';
import type { Entries } from './entries.js';
import type { RecommenderModel } from './family.js';
import { entriesWhere, pick } from './grouped.js';
import { measure } from './measure.js';
import { readMetric } from './metrics.js';
import { makeSplit, type Split } from './split.js';
import { perUserSplit, randomSplit } from './splits.js';

/** Fewer entries than this are not split again: the first setting is taken. */
const leastEntries = 50;

/** Users that settings are judged by, at most. */
const mostUsers = 2000;

/** A setting that was tried. */
export interface Tried<S> {
  readonly settings: S;
  readonly loss: number;
}

/**
 * Tries settings in their order, `trials` of them at most, and takes the one with the least loss.
 * Of one that is alone nothing is tried.
 */
export async function choose<S>(
  candidates: readonly S[],
  trials: number | undefined,
  loss: (settings: S, which: number, of: number) => Promise<number>,
): Promise<{ readonly settings: S; readonly tried: readonly Tried<S>[] }> {
  const some = candidates.slice(0, Math.max(1, trials ?? candidates.length));
  const tried: Tried<S>[] = [];
  if (some.length > 1) for (const [i, settings] of some.entries()) tried.push({ settings, loss: await loss(settings, i, some.length) });
  const best = tried.reduce<Tried<S> | undefined>((a, b) => (a === undefined || b.loss < a.loss ? b : a), undefined);
  return { settings: best?.settings ?? (some[0] as S), tried };
}

/** A tenth of the ratings at random; undefined where there are too few. */
export function ratingsValidation(call: string, entries: Entries, seed: bigint): Split | undefined {
  return entries.user.length < leastEntries ? undefined : randomSplit(call, entries, { share: 0.1, seed });
}

/** A fifth of each user's entries at random, of 2000 users at most; undefined where there are too few. */
export function interactionsValidation(call: string, entries: Entries, seed: bigint): Split | undefined {
  if (entries.user.length < leastEntries) return undefined;
  const split = perUserSplit(call, entries, { share: 0.2, seed });
  const judged = new Uint8Array(entries.users.size);
  const able = new Set(split.targets.user);
  let left = mostUsers;
  for (const user of permutation(judged.length, seed, streams.usersHeldOut))
    if (left > 0 && able.has(user)) judged[user] = left-- > 0 ? 1 : 0;
  const targets = pick(
    split.targets,
    entriesWhere(split.targets, (t) => judged[split.targets.user[t] as number] === 1),
  );
  return makeSplit(call, { name: split.name, train: split.train, targets });
}

/** Root of the mean squared error of a model on a split. */
export async function rmseOf(call: string, model: RecommenderModel, split: Split): Promise<number> {
  return measured(call, model, split, 'rmse');
}

/** What is lost to a perfect list of 20. */
export async function rankingLoss(call: string, model: RecommenderModel, split: Split): Promise<number> {
  return 1 - (await measured(call, model, split, 'ndcg@20(binary)'));
}

/** A split is made ready once for all settings. */
const asking = new WeakMap<Split, Asked>();

async function measured(call: string, model: RecommenderModel, split: Split, name: string): Promise<number> {
  const asked = asking.get(split) ?? new Asked(split, undefined);
  asking.set(split, asked);
  const { tallies } = await measure(call, model.family, model, asked, { metrics: [readMetric(call, name)], scale: undefined });
  return tallies.get(name)?.value() ?? Number.NaN;
}
