/** What holds for every family behind a recommender: the list of families is walked, so that a new one is tested too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../src/recommender/families/index.js';
import type { FitOptions } from '../../src/recommender/fit-types.js';
import { Recommender } from '../../src/recommender/recommender.js';
import { films, ratingsOf } from './films.js';

/** Small sizes, so that each is trained in a moment. */
const small: Readonly<Record<string, object>> = {
  gaussian: { hidden: 4, samples: 8, burnIn: 10, thin: 1 },
  // The machine whose cases are items cannot fold in users, so with 'both' known users are known better than new ones.
  rbm: { orientation: 'users', hidden: 20, epochs: 100 },
  ease: { recipe: 'ease', regularisation: 5 },
  'ease-hidden': { recipe: 'ease', regularisation: 5, units: 8, epochs: 3 },
  mf: { factors: 4, sweeps: 5 },
  combined: { ratings: { model: 'bias' }, interactions: { model: 'ease', recipe: 'ease', regularisation: 5 } },
};
/** Lists that are the same for everybody, or nearly so, cannot follow what somebody likes. */
const impersonal = new Set(['popularity', 'bias']);
const rows = ratingsOf(60);

const cases = families.map(({ name, target }) => [`${name}, ${target}`, name, target] as const);

describe.each(cases)('%s', (_, name, target) => {
  let rec: Recommender;
  let folder: string;
  const options = {
    model: name,
    kind: target,
    seed: 3,
    ...(target === 'interactions' ? { relevantFrom: 4 } : {}),
    ...small[name],
  } as FitOptions;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boltzkit-family-'));
    rec = await Recommender.fit(rows, options);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ratingsBy = (user: string) => rows.filter((row) => row.user === user).map(({ item, rating }) => ({ item: String(item), rating }));
  const scores = (list: readonly { item: unknown; score: number }[]) => new Map(list.map(({ item, score }) => [item, score]));

  test('the same scores whichever way asked', async () => {
    const users = ['crime fan 0', 'love fan 1', 'space fan 2', 'space fan 59'];
    const batch = await rec.recommendBatch(users, { n: films.length });
    rec.scoreMemory = 0;
    for (const [i, user] of users.entries()) {
      const single = await rec.recommend({ user, n: films.length });
      expect([...single]).toEqual([...(batch[i] ?? [])]);
      const fresh = await rec.recommend({ ratings: ratingsBy(user), n: films.length });
      expect(fresh.length).toBe(single.length);
      for (const [item, score] of scores(fresh)) expect(score).toBeCloseTo(scores(single).get(item) as number, 4);
    }
  });

  test('many at a time get what one at a time gets', async () => {
    const users = rec.users();
    const together = await Promise.all(users.map((user) => rec.recommend({ user })));
    for (const [i, user] of users.entries()) expect([...(together[i] ?? [])]).toEqual([...(await rec.recommend({ user }))]);
  });

  test('exactly n, seen left out, everything denied', async () => {
    const user = 'love fan 1';
    const seen = new Set(ratingsBy(user).map(({ item }) => item));
    const list = await rec.recommend({ user, n: 5 });
    expect(list).toHaveLength(5);
    expect(list.filter(({ item }) => seen.has(String(item)))).toEqual([]);
    const all = await rec.recommend({ user, n: 1000 });
    expect(all).toHaveLength(films.length - seen.size);
    expect(all.reason).toContain(`only ${films.length - seen.size} candidates are left of ${films.length} items`);
    expect((await rec.recommend({ user, deny: films })).reason).toContain('no candidate is left');
    expect((await rec.recommend({ ratings: [], n: 3 })).map(({ source }) => source)).toEqual(Array(3).fill('popularity'));
  });

  test.runIf(!impersonal.has(name))('a new user is understood better with each rating', async () => {
    const ratings = [2, 4, 6, 8].flatMap((i) => [
      { item: `space ${i}`, rating: 5 },
      { item: `love ${i}`, rating: 1 },
    ]); // prettier-ignore
    /** How much higher unseen films of space stand than those of love. */
    const gap = async (n: number) => {
      const all = scores(await rec.recommend({ ratings: ratings.slice(0, n), n: films.length }));
      const unseen = [1, 3, 5, 7, 9, 10, 11, 12];
      const mean = (genre: string) => unseen.reduce((sum, i) => sum + (all.get(`${genre} ${i}`) as number), 0) / unseen.length;
      return mean('space') - mean('love');
    };
    const gaps = [await gap(2), await gap(4), await gap(8)] as const;
    expect(gaps[0]).toBeGreaterThan(0);
    expect(gaps[1]).toBeGreaterThan(gaps[0]);
    expect(gaps[2]).toBeGreaterThan(gaps[1]);
    // Eight films of space are left, and as many of love.
    const list = await rec.recommend({ ratings, n: 8 });
    expect(list.filter(({ item }) => String(item).startsWith('space')).length).toBeGreaterThanOrEqual(6);
    const opposite = await rec.recommend({ ratings: ratings.map(({ item, rating }) => ({ item, rating: 6 - rating })), n: 8 });
    expect(opposite.filter(({ item }) => String(item).startsWith('love')).length).toBeGreaterThanOrEqual(6);
  });

  test('what is saved answers as before', async () => {
    const path = join(folder, 'a.safetensors');
    await rec.save(path);
    const read = await Recommender.load(path);
    expect(read.toJSON()).toEqual(rec.toJSON());
    for (const user of ['crime fan 0', 'space fan 2']) {
      expect([...(await read.recommend({ user }))]).toEqual([...(await rec.recommend({ user }))]);
      if (target === 'ratings') expect(read.predict(user, films)).toEqual(rec.predict(user, films));
    }
    await read.save(join(folder, 'b.safetensors'));
    expect([...(await (await Recommender.load(join(folder, 'b.safetensors'))).recommend({ user: 'love fan 1' }))]).toEqual([
      ...(await rec.recommend({ user: 'love fan 1' })),
    ]);
  });

  test('same seed, same recommender, whatever the threads', async () => {
    const [one, two] = [await Recommender.fit(rows, { ...options, threads: 1 }), await Recommender.fit(rows, { ...options, threads: 2 })];
    for (const user of ['crime fan 0', 'space fan 2']) {
      expect([...(await one.recommend({ user }))]).toEqual([...(await two.recommend({ user }))]);
    }
  });

  test('learns new rows, users and items', async () => {
    const path = join(folder, 'c.safetensors');
    await rec.save(path);
    const read = await Recommender.load(path);
    const fresh = [2, 4, 6, 8, 10].map((i) => ({ user: 'zoe', item: `crime ${i}`, rating: 5 }));
    await read.partialFit([...fresh, { user: 'crime fan 0', item: 'crime 99', rating: 5 }, { user: 'zoe', item: 'crime 99', rating: 5 }]);
    expect([read.hasUser('zoe'), read.hasItem('crime 99'), rec.hasUser('zoe')]).toEqual([true, true, false]);
    const list = await read.recommend({ user: 'zoe', n: films.length });
    expect(list).toHaveLength(films.length + 1 - 6);
    const crimes = list.slice(0, 4).filter(({ item }) => String(item).startsWith('crime'));
    if (!impersonal.has(name)) expect(crimes.length).toBeGreaterThanOrEqual(3);
  });

  test.runIf(target === 'ratings')('predictions are distributions over the scale', () => {
    for (const { mean, variance, probabilities } of rec.predict('crime fan 0', films)) {
      expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(Math.min(...probabilities)).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(mean)).toBe(true);
      expect(variance).toBeGreaterThan(0);
    }
  });
});
