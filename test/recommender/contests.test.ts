/** Models side by side: judged by rows that they have not seen, chosen under a budget, combined. */
import { describe, expect, test } from 'vitest';
import { ParameterError } from '../../src/errors.js';
import { Recommender } from '../../src/recommender/recommender.js';
import { splitRatings } from '../../src/recommender/split-rows.js';
import { ratingsOf } from './films.js';
import { useToys } from './toy.js';

useToys();
const rows = ratingsOf(90);
const used = rows.map(({ user, item }) => ({ user, item }));
const plainEase = { model: 'ease', recipe: 'ease', regularisation: 5 } as const;
const smallGaussian = { model: 'gaussian', hidden: 4, samples: 8, burnIn: 10, thin: 1 } as const;
const fails = async (work: Promise<unknown>, message: RegExp) => {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ParameterError);
  expect((error as Error).message).toMatch(message);
};

describe('evaluate', () => {
  test('judges by targets, beside the plain models, and names its measures', async () => {
    const split = await splitRatings(rows, { seed: 1 });
    const rec = await Recommender.fit(split.train, { ...smallGaussian, seed: 1 });
    const { results, differences, judged } = await rec.evaluate(split, { relevantFrom: 4, metrics: ['rmse', 'ndcg@10(binary)'], seed: 1 });
    expect(results.map(({ model }) => model)).toEqual(['gaussian', 'popularity', 'bias', 'mf', 'ease']);
    expect(judged[0]?.targets).toBe(split.targets.user.length);
    // Worked out here again: the root mean square error over all targets.
    const { user, item, value, users, items } = split.targets;
    const squares = user.reduce(
      (sum, u, k) => sum + (rec.predict(users.id(u), items.id(item[k] as number)).mean - (value?.[k] as number)) ** 2,
      0,
    );
    expect(results[0]?.measures[0]).toMatchObject({ name: 'rmse', value: expect.closeTo(Math.sqrt(squares / user.length), 6) });
    expect(differences.find(({ measure }) => measure === 'rmse')?.interval[0]).toBeGreaterThan(0);
  });

  test('a planted leak is caught and named', async () => {
    const split = await splitRatings(rows, { seed: 1 });
    const all = await Recommender.fit(rows, { model: 'toy' });
    const first = `user "${split.targets.users.id(split.targets.user[0] as number)}" with item "${split.targets.items.id(split.targets.item[0] as number)}"`;
    await fails(all.evaluate(split), new RegExp(`trained on ${first}, which .split.targets. has`));
  });

  test('a split of other rows is refused', async () => {
    const rec = await Recommender.fit(ratingsOf(30, 2), { model: 'toy' });
    await fails(
      rec.evaluate(await splitRatings(rows, { seed: 1 })),
      /the split has other users than the recommender; train it by Recommender\.fit\(split\.train\)/,
    );
    await fails(rec.evaluate({} as never), /`split\.train` must be entries, got undefined; splitRatings makes splits/);
    await fails(rec.evaluate(null as never), /`split` must be an object/);
  });

  test('a recommender that was saved may be judged too', async () => {
    const split = await splitRatings(used, { seed: 1 });
    const rec = await Recommender.fit(split.train, { ...plainEase, seed: 1 });
    const { results } = await rec.evaluate(split, { beside: ['mf'], metrics: ['recall@20(min)'] });
    expect(results.map(({ model }) => model)).toEqual(['ease', 'mf']);
  });

  test.each(['perUser', 'random', 'leaveOneOut', 'users'] as const)('split by %s', async (way) => {
    const split = await splitRatings(rows, { way, seed: 1 });
    const again = await splitRatings(rows, { way, seed: 1 });
    expect([...split.targets.user]).toEqual([...again.targets.user]);
    expect(split.train.user.length + split.targets.user.length + (split.input === split.train ? 0 : split.input.user.length)).toBe(
      rows.length,
    );
    const rec = await Recommender.fit(split.train, { ...smallGaussian, seed: 1 });
    const { results } = await rec.evaluate(split, { beside: [], metrics: ['ndcg@10(binary)'], resamples: 0 });
    expect(results[0]?.measures[0]?.value).toBeGreaterThan(0);
  });

  test('a split by time needs times', async () => {
    await fails(splitRatings(rows, { way: 'time' }), /needs entries with a time/);
    const timed = rows.map((row, k) => ({ ...row, time: k }));
    expect((await splitRatings(timed, { way: 'time', share: 0.2 })).targets.user.length).toBe(Math.ceil(rows.length * 0.2));
  });
});

describe('crossValidate', () => {
  test('every model on every fold; the same seed, the same table', async () => {
    const options = {
      models: ['bias', plainEase] as const,
      folds: 3,
      metrics: ['rmse', 'ndcg@10(binary)'],
      seed: 4,
      relevantFrom: 4,
      resamples: 50,
    };
    const heard: number[] = [];
    const table = await Recommender.crossValidate(rows, { ...options, onProgress: ({ fraction }) => heard.push(fraction) });
    expect(table.judged).toHaveLength(3);
    expect(table.judged.reduce((sum, { targets }) => sum + targets, 0)).toBe(rows.length);
    expect(table.results.map(({ model }) => model)).toEqual(['bias', 'ease']);
    expect(heard.at(-1)).toBe(1);
    expect([...heard].sort((a, b) => a - b)).toEqual(heard);
    const plain = (all: typeof table) => all.results.map(({ measures }) => measures);
    expect(plain(await Recommender.crossValidate(rows, options))).toEqual(plain(table));
  });

  test('measures beside the usual ones', async () => {
    const { results } = await Recommender.crossValidate(used, {
      models: ['popularity'],
      folds: 2,
      alsoMetrics: ['recall@3(min)'],
      resamples: 0,
    });
    expect(results[0]?.measures.map(({ name }) => name)).toEqual(expect.arrayContaining(['recall@3(min)', 'ndcg@100(binary)']));
  });
});

describe('compare', () => {
  test('chooses on validation rows, judges on test rows, and trains the winner on all', async () => {
    const compared = await Recommender.compare(rows, {
      models: ['popularity', 'bias', smallGaussian, { ...plainEase, name: 'plain' }],
      by: 'ndcg@10(binary)',
      seed: 1,
      relevantFrom: 4,
      resamples: 100,
    });
    const { winner, validation, evaluation, recommender, leftOut } = compared;
    const best = validation.reduce((a, b) => (b.value > a.value ? b : a));
    expect(winner).toBe(best.model);
    expect(['gaussian', 'plain']).toContain(winner);
    expect(evaluation.results[0]?.model).toBe(winner);
    expect(new Set(evaluation.differences.map(({ against }) => against))).toEqual(new Set([winner]));
    expect(leftOut).toEqual([]);
    expect(recommender.toJSON()).toMatchObject({ users: 90, items: 36, entries: rows.length });
    expect(String(compared)).toContain(`winner by ndcg@10(binary) on validation rows: ${winner}`);
    const liked = (await recommender.recommend({ user: 'space fan 2', n: 4 })).map(({ item }) => String(item));
    expect(liked.filter((item) => item.startsWith('space')).length).toBeGreaterThanOrEqual(3);
  });

  test('by the error of predictions the smaller wins', async () => {
    const { winner } = await Recommender.compare(rows, {
      models: ['popularity', smallGaussian, plainEase],
      by: 'rmse',
      seed: 1,
      resamples: 0,
    });
    expect(winner).toBe('gaussian');
  });

  test('what does not fit the budget is left out and told', async () => {
    const { families } = await import('../../src/recommender/families/index.js');
    const slow = {
      name: 'slow',
      target: 'interactions',
      options: [],
      read: () => ({}),
      fit: (_entries: unknown, _options: unknown, { signal }: { signal?: AbortSignal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    (families as unknown[]).push(slow);
    const { leftOut, winner } = await Recommender.compare(used, { models: ['popularity', 'slow' as 'ease'], budget: 0.4, resamples: 0 });
    expect(winner).toBe('popularity');
    expect(leftOut).toEqual([{ model: 'slow', reason: expect.stringMatching(/^not trained within its 0\.\d s of the budget$/) }]);
    await fails(Recommender.compare(used, { models: ['slow' as 'ease'], budget: 0.05 }), /no model was trained within the `budget`/);
    await expect(Recommender.compare(used, { models: ['slow' as 'ease'], signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    (families as unknown[]).pop();
  });

  const wrong: [string, object, RegExp][] = [
    ['a model that is not there', { models: ['eas'] }, /`models\[0\]\.model` must be one of .*got "eas" \(did you mean 'ease'\?\)/],
    ['two of one name', { models: ['bias', 'bias'] }, /two of `models` are called 'bias'; give one a `name`/],
    ['no models', { models: [] }, /`models` must name at least one/],
    [
      'an option of another model',
      { models: [{ model: 'bias', hidden: 3 }] },
      /model 'bias' has no option `hidden`.*it belongs to 'gaussian'/,
    ],
    ['shares that leave nothing', { validation: 0.5, test: 0.5 }, /`test` must be below 0\.5/],
    ['a measure that is none', { by: 'ndgc@10(binary)', models: ['bias'] }, /ndcg@10\(binary\)/],
    ['a typing mistake', { budgets: 3 }, /there is no option `budgets` \(did you mean 'budget'\?\)/],
  ]; // prettier-ignore
  test.each(wrong)('refuses %s', async (_, options, message) => {
    await fails(Recommender.compare(rows, options as never), message);
  });

  test('models of ratings cannot learn rows without', async () => {
    await fails(Recommender.compare(used, { models: ['gaussian'] }), /models\[0\]: 'gaussian' cannot learn rows without ratings/);
  });
});

describe('combine', () => {
  test('ranks at least as well as either part on the validation rows, and foresees ratings as the first', async () => {
    const split = await splitRatings(rows, { seed: 1, share: 0.2 });
    const ratings = await Recommender.fit(split.train, { ...smallGaussian, seed: 1 });
    const interactions = await Recommender.fit(split.train, { ...plainEase, kind: 'interactions', relevantFrom: 4 });
    const both = await Recommender.combine({ ratings, interactions }, split.targets);
    expect(both.predict('love fan 1', 'space 1')).toEqual(ratings.predict('love fan 1', 'space 1'));
    const ndcg = async (rec: Recommender) => {
      const { results } = await rec.evaluate(split, { relevantFrom: 4, beside: [], metrics: ['ndcg@10(binary)'], resamples: 0 });
      return results[0]?.measures[0]?.value as number;
    };
    expect(await ndcg(both)).toBeGreaterThanOrEqual(Math.max(await ndcg(ratings), await ndcg(interactions)) - 1e-9);
  });

  test('parts of other rows, or in the wrong place, are refused', async () => {
    const ratings = await Recommender.fit(rows, { model: 'toy' });
    const interactions = await Recommender.fit(used.slice(1, 50), { model: 'toy' });
    await fails(Recommender.combine({ ratings, interactions }, rows), /must have the same users; train them on the same rows/);
    await fails(
      Recommender.combine({ ratings: interactions, interactions: ratings }, rows),
      /`ratings` must be a recommender of ratings, got one of interactions/,
    );
    await fails(Recommender.combine({ ratings } as never, rows), /`parts` must be two recommenders/);
    const same = await Recommender.fit(used, { model: 'toy' });
    await fails(Recommender.combine({ ratings, interactions: same }, rows), /`train` and `targets` must have no pair in common/);
  });
});

test("kind 'auto' returns a recommender that knows people", async () => {
  const rec = await Recommender.fit(ratingsOf(45), { kind: 'auto', seed: 1 });
  expect(['popularity', 'bias']).not.toContain(rec.model);
  expect(
    (await rec.recommend({ user: 'space fan 2', n: 3 })).filter(({ item }) => String(item).startsWith('space')).length,
  ).toBeGreaterThanOrEqual(2);
}, 120_000);
