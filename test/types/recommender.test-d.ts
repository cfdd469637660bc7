/** Options of recommenders in the types: those that belong to a model. Nothing here runs, as in names.test-d.ts. */
import {
  type Id,
  type Prediction,
  type Recommendations,
  Recommender,
  type RecommenderOptions,
  splitRatings,
} from '../../src/recommender/index.js';

declare const rows: { user: string; item: number; rating: number }[];
declare const signal: AbortSignal | undefined;

export async function belongTogether(): Promise<void> {
  await Recommender.fit(rows);
  await Recommender.fit(rows, {});
  await Recommender.fit('ratings.csv', { seed: 1n, titles: { a: 'A' }, signal, verbose: true, delimiter: ';' });
  await Recommender.fit({ user: [1, 2], item: new Uint32Array(2), rating: new Float32Array(2) });
  await Recommender.fit({ sql: 'select * from ratings' });
  await Recommender.fit(rows, { kind: 'ratings', hidden: 8, samples: 20 });
  await Recommender.fit(rows, { kind: 'interactions', relevantFrom: 4, regularisation: 100, unseen: 'zero' });
  await Recommender.fit(rows, { kind: 'auto' });
  await Recommender.fit(rows, { model: 'rbm', hidden: 20, sweeps: [1, 9], orientation: 'users' });
  await Recommender.fit(rows, { model: 'mf', kind: 'interactions', unseenWeight: 0.1 });
  await Recommender.fit(rows, { model: 'combined', ratings: { model: 'mf', factors: 4 }, weight: 0.5 });
  const options: RecommenderOptions = { model: 'ease', recipe: 'ease' };
  await Recommender.fit(rows, options);
}

export async function doNotBelongTogether(): Promise<void> {
  // @ts-expect-error: no such model
  await Recommender.fit(rows, { model: 'eas' });
  // @ts-expect-error: no such kind
  await Recommender.fit(rows, { kind: 'clicks' });
  // @ts-expect-error: EASE has no hidden units
  await Recommender.fit(rows, { model: 'ease', hidden: 3 });
  // @ts-expect-error: the default of ratings has no ridge
  await Recommender.fit(rows, { kind: 'ratings', regularisation: 3 });
  // @ts-expect-error: EASE learns interactions, but `hidden` is of ratings
  await Recommender.fit(rows, { kind: 'interactions', hidden: 3 });
  // @ts-expect-error: without a model there are the common options alone
  await Recommender.fit(rows, { hidden: 3 });
  // @ts-expect-error: what counts as an interaction is said by relevantFrom
  await Recommender.fit(rows, { model: 'ease', binarise: 4 });
  // @ts-expect-error: a typing mistake
  await Recommender.fit(rows, { model: 'mf', factor: 3 });
  // @ts-expect-error: rows have users and items
  await Recommender.fit([{ user: 'a' }]);
  // @ts-expect-error: a typing mistake
  await Recommender.compare(rows, { models: ['bias', 'mff'] });
  // @ts-expect-error: bias has no factors
  await Recommender.compare(rows, { models: [{ model: 'bias', factors: 3 }] });
  // @ts-expect-error: no such way
  await splitRatings(rows, { way: 'users held out' });
}

export async function questions(rec: Recommender): Promise<void> {
  const list: Recommendations = await rec.recommend({ user: 3, n: 5, only: ['a', 2], by: { atLeast: 4 } });
  const items: Id[] = list.map(({ item }) => item);
  const reason: string | null = list.reason;
  const one: Prediction = rec.predict('a', items[0] as Id);
  const several: Prediction[] = rec.predict({ ratings: [{ item: 'a', rating: 3 }] }, items);
  const source: 'model' | 'fold-in' | 'popularity' | undefined = list[0]?.source;
  void [reason, one, several, source, await rec.recommendBatch([1, 'b', { items: ['c'] }])];
  // @ts-expect-error: somebody must be asked about
  await rec.recommend({ n: 3 });
  // @ts-expect-error: one at a time
  await rec.recommend({ user: 1, items: [2] });
  // @ts-expect-error: a rating is a number
  await rec.recommend({ ratings: [{ item: 'a', rating: '5' }] });
  // @ts-expect-error: a typing mistake
  await rec.recommend({ user: 1, denied: [] });
  // @ts-expect-error: results are not to be written to
  list.candidates.left = 3;
}
