// The protocols of the table that bench/recommender measures: each gives splits as src/recommender/split.ts has them.
// Choices are made on `validation`, which is cut from train; `test` is read once.
import { byUser, entriesWhere, pick } from '../../../dist/recommender/grouped.js';
import { Ids } from '../../../dist/recommender/ids.js';
import { makeSplit } from '../../../dist/recommender/split.js';
import { binarised, holdOutUsers } from '../../../dist/recommender/split-users.js';
import { foldSplits, leaveOneOut, perUserSplit, randomSplit } from '../../../dist/recommender/splits.js';
import { entriesOf, lastfm2k, lines, ml1m, ml100k, mlLatestSmall } from './sets.mjs';

/** ML-100k's own five folds u1 … u5; ids of all 100,000 ratings, so cold items keep a number. */
export function ml100kFolds(folder) {
  const { users, items } = ml100k(folder);
  const part = (name) => entriesOf(lines(folder, 'ml-100k', `${name}.gz`), '\t', { users, items, time: true });
  return [1, 2, 3, 4, 5].map((f) => makeSplit('ml100kFolds', { name: `u${f}`, train: part(`u${f}.base`), targets: part(`u${f}.test`) }));
}

/** ML-1M, a random tenth held out; one split for each seed (1 to 5 in the table). */
export function ml1mNineTenths(folder, seeds = [1, 2, 3, 4, 5]) {
  const entries = ml1m(folder);
  return seeds.map((seed) => ({
    ...randomSplit('ml1mNineTenths', entries, { share: 0.1, seed: BigInt(seed) }),
    name: `90/10, seed ${seed}`,
  }));
}

/** ML-1M in five random folds. */
export const ml1mFolds = (folder, seed = 1) => foldSplits('ml1mFolds', ml1m(folder), { folds: 5, seed: BigInt(seed) });

/** ML-latest-small in five random folds. */
export const mlLatestSmallFolds = (folder, seed = 1) =>
  foldSplits('mlLatestSmallFolds', mlLatestSmall(folder), { folds: 5, seed: BigInt(seed) });

/** Cuts a tenth of a split's train for choices: the same kind of split, without the test targets. */
export const validationOf = (split, { share = 0.1, seed = 1 } = {}) =>
  randomSplit('validationOf', split.train, { share, seed: BigInt(seed) });

/**
 * Users held out whole (the protocol of Mult-VAE): ratings above 3.5 become interactions, users need five of them; a fifth of what a
 * held-out user has are targets. `{ train, validation, test }`: both splits have the same train.
 */
export function ml1mHeldOut(folder, seed = 1) {
  return heldOut(binarised(ml1m(folder), 3.5001), 1000, seed);
}

/** The same of ML-latest-small, 100 and 100 users. */
export const mlLatestSmallHeldOut = (folder, seed = 1) => heldOut(binarised(mlLatestSmall(folder), 3.5001), 100, seed);

/** The same of lastfm-2k, artists with at least five listeners, 300 and 300 users. */
export const lastfmHeldOut = (folder, seed = 1) => heldOut(lastfm2k(folder), 300, seed);

function heldOut(entries, count, seed) {
  const kept = compact(withLeast(entries, 5));
  const { test, validation } = holdOutUsers('heldOut', kept, {
    users: count,
    validationUsers: count,
    targets: 0.2,
    least: 5,
    seed: BigInt(seed),
  });
  return { train: test.train, validation, test };
}

/** Entries of users with at least so many. */
function withLeast(entries, least) {
  const { start } = byUser(entries);
  return pick(
    entries,
    entriesWhere(entries, (k) => start[entries.user[k] + 1] - start[entries.user[k]] >= least),
  );
}

/** The same entries with ids for what is left alone. */
function compact(entries) {
  const [users, items] = [new Ids(), new Ids()];
  const user = entries.user.map((number) => users.add(entries.users.id(number)));
  const item = entries.item.map((number) => items.add(entries.items.id(number)));
  return { ...entries, users, items, user, item };
}

/**
 * ML-1M leave-one-out as NCF published it (He et al., 2017): its test pairs, each ranked among its 99 negatives. `validation` holds
 * out one more rating of each user, at random (the set here has no times), with 99 negatives drawn by seed.
 */
export function ml1mLeaveOneOut(folder, { seed = 1, validation: cut = false } = {}) {
  const all = ml1m(folder);
  const movies = lines(folder, 'ml-1m', 'ncf-leave-one-out', 'item_map.tsv').map((line) => line.split('\t')[1]);
  const item = movies.map((movie) => all.items.number(movie));
  const pairs = lines(folder, 'ml-1m', 'ncf-leave-one-out', 'ml-1m.test.rating').map((line) => line.split('\t').map(Number));
  const user = (number) => all.users.number(String(number + 1));
  const held = new Map(pairs.map(([u, i]) => [user(u), item[i]]));
  const isHeld = (k) => held.get(all.user[k]) === all.item[k];
  const train = pick(
    all,
    entriesWhere(all, (k) => !isHeld(k)),
  );
  const targets = pick(all, entriesWhere(all, isHeld));
  if (targets.user.length !== pairs.length) throw new Error('ml1mLeaveOneOut: not every test pair is among the ratings');
  const listed = new Map(
    lines(folder, 'ml-1m', 'ncf-leave-one-out', 'ml-1m.test.negative.gz').map((line) => {
      const [pair, ...negatives] = line.split('\t');
      const [u, i] = pair.slice(1, -1).split(',').map(Number);
      if (held.get(user(u)) !== item[i]) throw new Error(`ml1mLeaveOneOut: the negatives of ${pair} belong to no test pair`);
      return [user(u), negatives.map((n) => item[Number(n)])];
    }),
  );
  const items = Uint32Array.from([...targets.user].flatMap((u) => listed.get(u)));
  const interactions = (entries) => ({ ...entries, value: undefined });
  const name = 'NCF leave one out, 99 negatives';
  const test = makeSplit('ml1mLeaveOneOut', {
    name,
    train: interactions(train),
    targets: interactions(targets),
    negatives: { count: 99, items },
  });
  if (!cut) return { train: test.train, test };
  return { train: test.train, test, validation: leaveOneOut('ml1mLeaveOneOut', test.train, { seed: BigInt(seed), sampledNegatives: 99 }) };
}

/** ML-100k, a quarter of each user's ratings held out at random; every rating is an interaction. One split for each seed. */
export function ml100kPerUser(folder, seeds = [1, 2, 3, 4, 5]) {
  const entries = { ...ml100k(folder), value: undefined };
  return seeds.map((seed) => ({
    ...perUserSplit('ml100kPerUser', entries, { share: 0.25, seed: BigInt(seed) }),
    name: `75/25 per user, seed ${seed}`,
  }));
}

/** Cuts a quarter of each user's entries in a split's train for choices. */
export const perUserValidationOf = (split, { share = 0.25, seed = 1 } = {}) =>
  perUserSplit('perUserValidationOf', split.train, { share, seed: BigInt(seed) });
