import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError, ParameterError } from '../../src/errors.js';
import { Recommender } from '../../src/recommender/recommender.js';
import { useToys } from './toy.js';

useToys();

const titles = { alien: 'Alien', amelie: 'Amélie', brazil: 'Brazil', 7: 'Se7en' };
const rated = [
  { user: 'ann', item: 'alien', rating: 5 },
  { user: 'ann', item: 'amelie', rating: 1 },
  { user: 'ben', item: 'alien', rating: 4 },
  { user: 'ben', item: 'brazil', rating: 5 },
  { user: 3, item: 'amelie', rating: 5 },
  { user: 3, item: 'chocolat', rating: 4 },
  { user: 3, item: 7, rating: 2 },
];
const used = rated.map(({ user, item }) => ({ user, item }));
const ids = (list: readonly { item: unknown }[]) => list.map(({ item }) => item);
const rated5 = () => Recommender.fit(rated, { model: 'toy', titles });
const used5 = () => Recommender.fit(used, { model: 'toy', titles });

describe('recommend', () => {
  test('leaves out what the user has, best first, with titles and sources', async () => {
    const rec = await used5();
    const list = await rec.recommend({ user: 'ann' });
    expect(ids(list)).toEqual(['brazil', 'chocolat', 7]);
    expect(list[0]).toEqual({ item: 'brazil', title: 'Brazil', score: expect.any(Number), source: 'model' });
    expect(list[1]).not.toHaveProperty('title');
    expect(list.map(({ score }) => score)).toEqual([...list.map(({ score }) => score)].sort((a, b) => b - a));
    expect(list.candidates).toEqual({ all: 5, outside: 0, denied: 0, seen: 2, left: 3 });
    expect(list.reason).toBe('only 3 candidates are left of 5 items: 2 the user has already (`keepSeen: true` keeps them)');
    const one = await rec.recommend({ user: 'ann', n: 1 });
    expect(ids(one)).toEqual(['brazil']);
    expect(one.reason).toBeNull();
    expect(ids(await rec.recommend({ user: 'ann', keepSeen: true }))).toHaveLength(5);
  });

  test('the same scores whichever way asked', async () => {
    for (const rec of [await rated5(), await used5()]) {
      const single = await rec.recommend({ user: 'ann' });
      const [, batch] = await rec.recommendBatch(['ben', 'ann', { user: 3 }]);
      expect([...(batch ?? [])]).toEqual([...single]);
      const own = rated.filter(({ user }) => user === 'ann').map(({ item, rating }) => ({ item, rating }));
      const fresh = await rec.recommend({ ratings: own });
      expect(fresh.map(({ source }) => source)).toEqual(fresh.map(() => 'fold-in'));
      expect(fresh.map(({ source: _, ...rest }) => rest)).toEqual(single.map(({ source: _, ...rest }) => rest));
      expect(await rec.recommend({ user: 'ann' })).toEqual(single); // this time from memory
      rec.scoreMemory = 0;
      expect(await rec.recommend({ user: 'ann' })).toEqual(single);
    }
    const rec = await rated5();
    const list = await rec.recommend({ user: 'ben', by: 'mean' });
    expect(list.map(({ score }) => score)).toEqual(list.map(({ item }) => Math.fround(rec.predict('ben', item).mean)));
  });

  test('an id as number or as its text, as it was given', async () => {
    const rec = await used5();
    expect(await rec.recommend({ user: '3' })).toEqual(await rec.recommend({ user: 3 }));
    expect(ids(await rec.recommend({ user: 'ann', only: ['7'] }))).toEqual([7]);
  });

  test('only and deny', async () => {
    const rec = await used5();
    expect(ids(await rec.recommend({ user: 'ann', only: ['chocolat', 'alien'] }))).toEqual(['chocolat']);
    expect(ids(await rec.recommend({ user: 'ann', deny: new Set(['brazil', 'nobody knows it']) }))).toEqual(['chocolat', 7]);
    await expect(rec.recommend({ user: 'ann', only: ['alien', 'brazil'], deny: ['brazil'] })).rejects.toThrow(
      'Recommender.recommend: "brazil" is in `only` and in `deny`',
    );
    const nothing = await rec.recommend({ user: 'ann', deny: rec.items() });
    expect([...nothing]).toEqual([]);
    expect(nothing.reason).toBe('no candidate is left of 5 items: 5 are in `deny`');
    expect(nothing.candidates.left).toBe(0);
    const none = await rec.recommend({ user: 'ann', only: [] });
    expect([none.length, none.reason]).toEqual([0, 'no candidate is left of 5 items: 5 are not in `only`']);
    const many = await rec.recommend({ user: 'ann', n: Number.MAX_SAFE_INTEGER });
    expect(many).toHaveLength(3);
  });

  test('somebody of whom nothing is known gets what is popular', async () => {
    const rec = await rated5();
    const list = await rec.recommend({ ratings: [], n: 2 });
    expect([...list]).toEqual([
      { item: 'alien', title: 'Alien', score: Math.fround(2 / 3), source: 'popularity' },
      { item: 'amelie', title: 'Amélie', score: Math.fround(2 / 3), source: 'popularity' },
    ]);
    const byMean = await rec.recommend({ ratings: [], n: 2, by: 'mean' });
    expect(byMean.map(({ source }) => source)).toEqual(['fold-in', 'fold-in']);
    expect(byMean[0]?.item).toBe('alien');
  });

  test('by the probability of a high rating', async () => {
    const rec = await rated5();
    const [first] = await rec.recommend({ user: 'ann', by: { atLeast: 5 } });
    const { probabilities } = rec.predict('ann', first?.item as string);
    expect(first?.score).toBeCloseTo(probabilities.at(-1) as number, 6);
  });

  test('each rating of a new user counts', async () => {
    const rec = await used5();
    const before = await rec.recommend({ items: ['alien'] });
    const after = await rec.recommend({ items: ['alien', 'chocolat'] });
    expect(before[0]?.item).toBe('brazil');
    expect(ids(after)).toEqual(['amelie', 7, 'brazil']);
  });

  test('what is rated below `relevantFrom` is seen, but no interaction', async () => {
    const rec = await Recommender.fit(rated, { model: 'toy', kind: 'interactions', relevantFrom: 4 });
    expect(ids(await rec.recommend({ user: 'ann' }))).toEqual(['brazil', 'chocolat', 7]);
    const liked = await rec.recommend({ ratings: [{ item: 'alien', rating: 5 }], keepSeen: true });
    const both = await rec.recommend({
      ratings: [
        { item: 'alien', rating: 5 },
        { item: 'amelie', rating: 1 },
      ],
      keepSeen: true,
    }); // prettier-ignore
    expect([...both]).toEqual([...liked]);
    expect(ids(await rec.recommend({ ratings: [{ item: 'amelie', rating: 1 }] }))).not.toContain('amelie');
  });
});

describe('what cannot be answered', () => {
  const wrong: [string, (rec: Recommender) => unknown, RegExp][] = [
    [
      'an unknown user',
      (rec) => rec.recommend({ user: 'zoe' }),
      /`user` must be one of the 3 users of the training rows, got "zoe"; for a new user give `ratings: \[\{ item, rating \}\]` instead/,
    ],
    [
      'an unknown item',
      (rec) => rec.recommend({ ratings: [{ item: 'aliens', rating: 4 }] }),
      /`ratings\[0\]\.item` must be an item that the training rows had, got "aliens" \(did you mean 'alien'\?\); partialFit learns new ones/,
    ],
    ['an unknown item in `only`', (rec) => rec.recommend({ user: 'ann', only: ['x'] }), /`only\[0\]` must be an item/],
    ['no question', (rec) => rec.recommend({} as never), /give one of `user`, `ratings` and `items`, got none of them/],
    ['two questions', (rec) => rec.recommend({ user: 'ann', ratings: [] } as never), /got `user` and `ratings`/],
    ['items of ratings', (rec) => rec.recommend({ items: ['alien'] }), /learnt ratings; give `ratings/],
    [
      'a rating off the scale',
      (rec) => rec.recommend({ ratings: [{ item: 'alien', rating: 6 }] }),
      /`ratings\[0\]\.rating` must be a number from 1 to 5, got 6/,
    ],
    [
      'a rating that is none',
      (rec) => rec.recommend({ ratings: [{ item: 'alien', rating: Number.NaN }] }),
      /must be a number from 1 to 5, got NaN/,
    ],
    ['n of 0', (rec) => rec.recommend({ user: 'ann', n: 0 }), /`n` must be a whole number of at least 1, got 0/],
    [
      'a typing mistake',
      (rec) => rec.recommend({ user: 'ann', keepseen: true } as never),
      /there is no option `keepseen` \(did you mean 'keepSeen'\?\)/,
    ],
    [
      'by what is not there',
      (rec) => rec.recommend({ user: 'ann', by: { atLeast: 9 } }),
      /`by.atLeast` must be a finite number in \[1, 5\], got 9/,
    ],
    ['a batch with a hole', (rec) => rec.recommendBatch(['ann', 'zoe']), /recommendBatch: asked\[1\]: `user` must be/],
    ['a prediction for nobody', (rec) => rec.predict('zoe', 'alien'), /`user` must be one of/],
    ['a prediction of nothing', (rec) => rec.predict('ann', 'x'), /`item` must be an item/],
    ['what is like nothing', (rec) => rec.similarItems('x'), /`item` must be an item/],
    ['a machine that is none', (rec) => rec.toMachine(), /model 'toy' is no machine/],
  ]; // prettier-ignore

  test.each(wrong)('%s', async (_, ask, message) => {
    const rec = await rated5();
    const error = await Promise.resolve()
      .then(() => ask(rec))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ParameterError);
    expect((error as Error).message).toMatch(message);
  });

  test('unknown items may be left out, and are told', async () => {
    const rec = await used5();
    const list = await rec.recommend({ items: ['alien', 'x'], unknown: 'ignore' });
    expect(list.unknown).toEqual(['x']);
    expect([...list]).toEqual([...(await rec.recommend({ items: ['alien'] }))]);
  });

  test('interactions have no predictions of ratings', async () => {
    const rec = await used5();
    expect(() => rec.predict('ann', 'alien')).toThrow("(model 'toy') learnt interactions, not ratings");
    await expect(rec.recommend({ user: 'ann', by: 'mean' })).rejects.toThrow('`by` is for recommenders of ratings');
  });
});

describe('fit', () => {
  const wrong: [string, () => unknown, RegExp][] = [
    ['no rows', () => Recommender.fit([], { model: 'toy' }), /`rows` must have at least one row, got none/],
    [
      'a model that is not there',
      () => Recommender.fit(rated, { model: 'toi' as 'toy' }),
      /`model` must be one of .*'toy'.*got "toi" \(did you mean 'toy'\?\)/,
    ],
    [
      'an option of nobody',
      () => Recommender.fit(rated, { model: 'toy', dampening: 3 } as never),
      /model 'toy' has no option `dampening` \(did you mean 'damping'\?\)/,
    ],
    [
      'a typing mistake',
      () => Recommender.fit(rated, { model: 'toy', seeds: 3 } as never),
      /has no option `seeds` \(did you mean 'seed'\?\)/,
    ],
    ['ratings without any', () => Recommender.fit(used, { model: 'toy', kind: 'ratings' }), /needs rows with ratings, and these have none/],
    [
      'a scale that rows leave',
      () => Recommender.fit(rated, { model: 'toy', scale: [1, 2, 3, 4] }),
      /`rows`, row 0: the rating must be on the scale 1, 2, 3, 4, got 5/,
    ],
    ['a scale that falls', () => Recommender.fit(rated, { model: 'toy', scale: [2, 1] }), /`scale\[1\]` must be/],
    ['zeros of ratings', () => Recommender.fit(rated, { model: 'toy', unseen: 'zero' }), /`unseen` must be 'missing' with ratings/],
    ['nothing that counts', () => Recommender.fit(rated, { model: 'toy', relevantFrom: 6 }), /no rating is at least 6/],
    [
      'titles that are none',
      () => Recommender.fit(rated, { model: 'toy', titles: { alien: 3 as never } }),
      /`titles\["alien"\]` must be text, got 3/,
    ],
  ]; // prettier-ignore

  test.each(wrong)('%s', async (_, fit, message) => {
    const error = await Promise.resolve()
      .then(fit)
      .catch((reason: unknown) => reason); // prettier-ignore
    expect(error).toBeInstanceOf(ParameterError);
    expect((error as Error).message).toMatch(message);
  });

  test('an aborted one rejects with its reason', async () => {
    await expect(Recommender.fit(rated, { model: 'toy', signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test('ids that objects have of themselves', async () => {
    const rows = ['__proto__', 'constructor', 'toString'].flatMap((user) =>
      ['__proto__', 'hasOwnProperty'].map((item) => ({ user, item })),
    );
    const rec = await Recommender.fit([...rows, { user: 'a', item: '__proto__' }], { model: 'toy', titles: [['__proto__', 'Proto']] });
    expect(rec.hasUser('valueOf')).toBe(false);
    expect([...(await rec.recommend({ user: 'a' }))].map(({ item }) => item)).toEqual(['hasOwnProperty']);
    expect(rec.title('__proto__')).toBe('Proto');
  });
});

describe('single items', () => {
  test('similar ones, without itself', async () => {
    const rec = await used5();
    const list = rec.similarItems('amelie', 2);
    expect(ids(list)).toEqual(['chocolat', 7]);
    expect(rec.similarItems('amelie', 100)).toHaveLength(4);
  });

  test('contributions add up to the score', async () => {
    const rec = await used5();
    const { score, contributions, title, source } = await rec.explain({ user: 3 }, 'alien');
    expect([title, source]).toEqual(['Alien', 'model']);
    expect(contributions?.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(score, 6);
    expect(ids(contributions ?? [])).toEqual(['amelie', 'chocolat', 7]);
    expect((await rec.explain({ items: [] }, 'alien')).contributions).toBeNull();
    expect((await (await rated5()).explain('ann', 'alien')).contributions).toBeNull();
  });
});

describe('partialFit', () => {
  test.each(['ratings', 'interactions'] as const)('of %s is what training on all rows gives', async (kind) => {
    const rows = kind === 'ratings' ? rated : used;
    const fresh = [
      { user: 'ann', item: 'dune', rating: 5 },
      { user: 'zoe', item: 'alien', rating: 3 },
      ...(kind === 'ratings' ? [{ user: 'ann', item: 'alien', rating: 2 }] : [{ user: 'ann', item: 'alien', rating: 5 }]),
    ].map(({ rating, ...row }) => (kind === 'ratings' ? { ...row, rating } : row));
    const options = { model: 'toy', ...(kind === 'ratings' ? { scale: [1, 2, 3, 4, 5] } : {}) } as const;
    const rec = await Recommender.fit(rows, options);
    const before = rec.recommend({ user: 'ben' });
    await rec.partialFit(fresh);
    const changed = (row: (typeof rows)[number]) => fresh.find(({ user, item }) => user === row.user && item === row.item) ?? row;
    const whole = await Recommender.fit([...rows.map(changed), ...fresh.slice(0, 2)], options);
    expect(rec.toJSON()).toEqual(whole.toJSON());
    for (const user of ['ann', 'ben', 'zoe', 3])
      expect([...(await rec.recommend({ user }))]).toEqual([...(await whole.recommend({ user }))]);
    expect(await before).toHaveLength(3); // of the items of then
  });

  test('calls go one after the other, and one that fails changes nothing', async () => {
    const rec = await used5();
    const calls = [rec.partialFit([{ user: 'x', item: 'alien' }]), rec.partialFit([]), rec.partialFit([{ user: 'y', item: 'x' }])];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(rec.toJSON()).toMatchObject({ users: 5, items: 6, entries: 9 });
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boltzkit-recommender-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['ratings', rated, {}],
    ['interactions', used, {}],
    ['interactions of ratings', rated, { kind: 'interactions', relevantFrom: 4 }],
  ] as const)('%s: what is read answers as what was saved', async (_, rows, options) => {
    const rec = await Recommender.fit(rows, { model: 'toy', titles, seed: 2n ** 64n - 1n, ...options });
    const path = join(folder, 'a.safetensors');
    await rec.save(path);
    const read = await Recommender.load(path);
    expect(read.toJSON()).toEqual(rec.toJSON());
    expect(read.users()).toEqual(rec.users());
    for (const user of rec.users()) expect([...(await read.recommend({ user }))]).toEqual([...(await rec.recommend({ user }))]);
    expect(read.title(7)).toBe('Se7en');
    await read.partialFit([{ user: 'new', item: 'alien', ...(rows === rated ? { rating: 5 } : {}) }]);
    expect(read.hasUser('new')).toBe(true);
    await read.save(path);
    expect((await Recommender.load(path)).toJSON()).toEqual(read.toJSON());
  });

  test('a file of another kind', async () => {
    const { RBM } = await import('../../src/models/rbm.js');
    using rbm = new RBM({ visible: 2, hidden: 1 });
    const path = join(folder, 'rbm.safetensors');
    await rbm.save(path);
    await expect(Recommender.load(path)).rejects.toThrow(FormatError);
    await expect(Recommender.load(path)).rejects.toThrow("holds a model of kind 'rbm', not a recommender");
    await expect(Recommender.load(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_FILE', systemCode: 'ENOENT' });
  });
});
