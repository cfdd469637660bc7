/** Small entries and plain models for tests. */
import { permutation } from '../../src/data/random.js';
import { Draws } from '../../src/recommender/draws.js';
import type { Entries, UserEntries } from '../../src/recommender/entries.js';
import type { Prediction, RecommenderModel } from '../../src/recommender/family.js';
import { type Id, Ids } from '../../src/recommender/ids.js';

export type Row = readonly [user: Id, item: Id, rating?: number, time?: number];

/** Entries of rows; ids may be shared. */
export function entriesOf(rows: readonly Row[], ids: { users: Ids; items: Ids } = { users: new Ids(), items: new Ids() }): Entries {
  const { users, items } = ids;
  const has = (column: 2 | 3) => rows.length > 0 && rows[0]![column] !== undefined;
  return {
    users,
    items,
    user: Uint32Array.from(rows, ([user]) => users.add(user)),
    item: Uint32Array.from(rows, ([, item]) => items.add(item)),
    value: has(2) ? Float32Array.from(rows, (row) => row[2] as number) : undefined,
    time: has(3) ? Float64Array.from(rows, (row) => row[3] as number) : undefined,
  };
}

/** The pairs of entries, as text. */
export function pairsOf({ users, items, user, item }: Entries): string[] {
  return Array.from(user, (u, k) => `${users.id(u)} ${items.id(item[k] as number)}`);
}

/** Ratings 1 to 5 of a low-rank taste with biases and noise; each user rates `each` items. */
export function tastes(users: number, items: number, each: number, seed: bigint, noise = 0.4): Entries {
  const draws = new Draws(seed, 999);
  const factors = 2;
  const side = (n: number) => Array.from({ length: n }, () => Array.from({ length: factors + 1 }, () => draws.normal()));
  const [p, q] = [side(users), side(items)];
  const rows: Row[] = [];
  for (let u = 0; u < users; u++) {
    for (const i of permutation(items, seed + BigInt(u), 998).subarray(0, each)) {
      let r = 3 + 0.4 * p[u]![factors]! + 0.4 * q[i]![factors]! + noise * draws.normal();
      for (let k = 0; k < factors; k++) r += 0.6 * p[u]![k]! * q[i]![k]!;
      rows.push([`u${u}`, `i${i}`, Math.min(5, Math.max(1, Math.round(r)))]);
    }
  }
  return entriesOf(rows);
}

/** A model whose scores are those of a function. */
export function scoring(items: number, score: (given: UserEntries, item: number) => number): RecommenderModel {
  return {
    family: 'plain',
    target: 'interactions',
    items,
    async scores(given) {
      const scores = new Float32Array(given.length * items);
      for (const [n, each] of given.entries()) for (let item = 0; item < items; item++) scores[n * items + item] = score(each, item);
      return scores;
    },
    save: () => ({ tensors: new Map(), settings: {} }),
  };
}

/** A model of ratings whose predictions are those of a function. */
export function rating(items: number, predict: (given: UserEntries, item: number) => Prediction): RecommenderModel {
  return {
    ...scoring(items, (given, item) => predict(given, item).mean),
    target: 'ratings',
    predict: (given, asked) => Array.from(asked, (item) => predict(given, item)),
  };
}

/** Certain of one mean. */
export const surely = (mean: number, probabilities: readonly number[] = []): Prediction => ({
  mean,
  variance: 0,
  probabilities: Float64Array.from(probabilities),
});
