import { beforeAll, describe, expect, test } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import { FormatError, ParameterError } from '../../src/errors.js';
import { hostBackend } from '../../src/machine/backend.js';
import { runJob } from '../../src/machine/job.js';
import type { Entries, UserEntries } from '../../src/recommender/entries.js';
import { type RbmModel, rbm } from '../../src/recommender/families/rbm.js';
import { nearest } from '../../src/recommender/families/rbm-side.js';
import type { SavedModel } from '../../src/recommender/family.js';
import { Ids } from '../../src/recommender/ids.js';
import { Recommender } from '../../src/recommender/recommender.js';

const values = [1, 2, 3, 4, 5];
const scale = { values };

/** A small generator of its own (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Two kinds of users and of items; a user likes the own kind. A last user and a last item have nothing. */
function planted(users: number, items: number, seed: number): { train: Entries; held: Entries } {
  const next = dice(seed);
  const rows: [number, number, number][] = [];
  for (let u = 0; u < users; u++) {
    for (let i = 0; i < items; i++) {
      if (next() < 0.35) rows.push([u, i, (u + i) % 2 === 0 ? (next() < 0.7 ? 5 : 4) : next() < 0.7 ? 1 : 2]);
    }
  }
  const [userIds, itemIds] = [
    Ids.of(Array.from({ length: users + 1 }, (_, u) => `u${u}`)),
    Ids.of(Array.from({ length: items + 1 }, (_, i) => `i${i}`)),
  ];
  const entries = (some: [number, number, number][]): Entries => ({
    users: userIds,
    items: itemIds,
    user: Uint32Array.from(some, ([u]) => u),
    item: Uint32Array.from(some, ([, i]) => i),
    value: Float32Array.from(some, ([, , r]) => r),
    time: undefined,
  });
  return { train: entries(rows.filter((_, k) => k % 8 !== 0)), held: entries(rows.filter((_, k) => k % 8 === 0)) };
}

function ofUser(entries: Entries, user: number): UserEntries {
  const own = [...entries.user.keys()].filter((k) => entries.user[k] === user);
  own.sort((a, b) => (entries.item[a] as number) - (entries.item[b] as number));
  return {
    user,
    items: Uint32Array.from(own, (k) => entries.item[k] as number),
    values: Float32Array.from(own, (k) => entries.value?.[k] as number),
  };
}

function rmse(model: RbmModel, { train, held }: { train: Entries; held: Entries }): number {
  let sum = 0;
  for (let k = 0; k < held.user.length; k++) {
    const [one] = model.predict(ofUser(train, held.user[k] as number), Uint32Array.of(held.item[k] as number));
    sum += ((one?.mean as number) - (held.value?.[k] as number)) ** 2;
  }
  return Math.sqrt(sum / held.user.length);
}

const small = { hidden: 12, epochs: 200, batchSize: 4 };
const data = planted(60, 50, 3);
type Given = Record<string, unknown>;
const trained = async (given: Given = {}, seed = 1n, threads = 0, entries = data.train) =>
  (await rbm.fit(entries, rbm.read(new OptionCheck('test'), { ...small, ...given }), { seed, threads, scale })) as RbmModel;
const bytesOf = (model: RbmModel) =>
  [...model.save().tensors].map(([name, { data: some }]) => [
    name,
    Buffer.from(some.buffer.slice(some.byteOffset, some.byteOffset + some.byteLength)).toString('base64'),
  ]);

describe('training', () => {
  test.each([
    ['both', {}],
    ['users', { orientation: 'users' }],
    ['items', { orientation: 'items' }],
    ['free weights', { degree: 4, decayHigher: 0.1 }],
    ['persistent chains', { algorithm: 'pcd' }, 1.1],
    ['draws, more and more sweeps', { means: false, sweeps: [1, 4] }],
    ['means of hidden units', { prediction: 'means' }],
    ['without the conditional layer', { conditional: false }],
  ] as [string, Given, number?][])('finds who likes what: %s', async (_, given, most = 0.7) => {
    const model = await trained(given);
    // Everybody's mean is off by 1.8; what nobody can foresee is 0.46.
    expect(rmse(model, data)).toBeLessThan(most);
  });

  test('the same bits for the same seed on any number of threads, others for another seed', async () => {
    const one = bytesOf(await trained({}, 5n, 1));
    expect(bytesOf(await trained({}, 5n, 3))).toEqual(one);
    expect(bytesOf(await trained({}, 6n, 1))).not.toEqual(one);
  });

  test('tells how far it is, and stops when asked', async () => {
    const fractions: number[] = [];
    const options = rbm.read(new OptionCheck('test'), { ...small, epochs: 4000 });
    const controller = new AbortController();
    const onProgress = ({ fraction }: { fraction: number }) => {
      fractions.push(fraction);
      controller.abort(new Error('enough'));
    };
    await expect(rbm.fit(data.train, options, { seed: 1n, threads: 1, scale, signal: controller.signal, onProgress })).rejects.toThrow(
      'enough',
    );
    expect(fractions[0]).toBeGreaterThan(0);
    expect(fractions[0]).toBeLessThan(0.5);
  });

  test('a trainer goes on from its state bit for bit', async () => {
    const { addon } = hostBackend;
    const ratings = new addon.Ratings(data.train.users.size, data.train.items.size);
    ratings.append(data.train.user, data.train.item, data.train.value ?? null);
    ratings.finish();
    const spec = { visibles: 0, hidden: 10, values: Float64Array.from(values), degree: 2, conditional: true };
    const options = {
      ...({ algorithm: 'pcd', byItem: true, epochs: 7, batch: 5, firstSweeps: 1, lastSweeps: 3, means: false } as const),
      ...{
        rate: 0.03,
        lastRate: 0.01,
        momentum: 0.8,
        decay: Float64Array.of(0.1),
        weightScale: 0.02,
        prior: 5,
        averaged: 0.5,
        seed: 3n,
        threads: 2,
      },
    };
    const make = () => new addon.SoftmaxTrainer(ratings, spec, options);
    const [whole, first, second] = [make(), make(), make()];
    await runJob(() => whole.run(7), { call: 'test' });
    expect(await runJob(() => first.run(4), { call: 'test' })).toBe(4);
    const state = first.state();
    second.restore(structuredClone(state));
    expect(second.epoch).toBe(4);
    expect(second.state()).toEqual(state);
    await runJob(() => second.run(100), { call: 'test' });
    expect(second.state()).toEqual(whole.state());
    expect(second.parameters()).toEqual(whole.parameters());
    const running = second.run(0);
    expect(() => second.state()).toThrow('in the middle of another job');
    await running.promise;
    expect(() => second.restore({ ...state, chains: new Uint8Array(3) })).toThrow('`chains` must hold');
    expect(() => second.restore({ ...state, bias: state.bias.map(() => Number.NaN) })).toThrow('must hold finite numbers');
  });
});

describe('answers', () => {
  let both: RbmModel;
  let items: RbmModel;
  beforeAll(async () => {
    [both, items] = [await trained(), await trained({ orientation: 'items' })];
  });

  test('distributions add up to 1, and scores are their means, alone and beside others', async () => {
    const given = [0, 1, 60].map((u) => ofUser(data.train, u)); // the last has nothing
    const all = Uint32Array.from({ length: both.items }, (_, i) => i);
    const scores = await both.scores(given);
    const high = await both.scores(given, { atLeast: 4 });
    expect(scores).toHaveLength(3 * both.items);
    for (const [n, each] of given.entries()) {
      const found = both.predict(each, all);
      for (const [i, { mean, variance, probabilities }] of found.entries()) {
        expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        expect(scores[n * both.items + i]).toBe(mean);
        expect(mean).toBeCloseTo(
          probabilities.reduce((sum, p, k) => sum + p * (values[k] as number), 0),
          5,
        );
        expect(variance).toBeCloseTo(
          probabilities.reduce((sum, p, k) => sum + p * ((values[k] as number) - mean) ** 2, 0),
          5,
        );
        expect(high[n * both.items + i]).toBeCloseTo((probabilities[3] as number) + (probabilities[4] as number), 6);
      }
      expect(await both.scores([each])).toEqual(scores.slice(n * both.items, (n + 1) * both.items));
    }
  });

  test('somebody new is answered by the machine over users', async () => {
    const fresh = { items: Uint32Array.of(0, 2, 4), values: Float32Array.of(5, 5, 5) };
    const [like, dislike] = both.predict(fresh, Uint32Array.of(20, 21));
    expect(like?.mean).toBeGreaterThan((dislike?.mean as number) + 1);
    const users = both.sides[0];
    expect([...(like?.probabilities ?? [])]).toEqual([...(users?.probabilities(fresh, Uint32Array.of(20), 'exact') ?? [])]);
    // Beside a known user, in either order, nothing changes.
    const known = ofUser(data.train, 7);
    const [a, b] = [await both.scores([known, fresh]), await both.scores([fresh, known])];
    expect(a.slice(both.items)).toEqual(b.slice(0, both.items));
    expect(a.slice(0, both.items)).toEqual(b.slice(both.items));
  });

  test('a machine over items refuses somebody new and says what helps', async () => {
    const fresh = { items: Uint32Array.of(0), values: Float32Array.of(5) };
    await expect(items.scores([fresh])).rejects.toThrow(ParameterError);
    expect(() => items.predict(fresh, Uint32Array.of(1))).toThrow(
      "answers only for the users it was trained on, not for somebody new; train with `orientation: 'both'`",
    );
    expect(() => items.predict({ ...fresh, user: 999 }, Uint32Array.of(1))).toThrow('a user who came after training');
  });

  test('items of the same kind are alike', () => {
    const alike = both.similar(4);
    expect(alike[4]).toBeCloseTo(1, 5);
    const mean = (parity: number) => {
      const some = [...alike.keys()].filter((i) => i !== 4 && i < 50 && i % 2 === parity);
      return some.reduce((sum, i) => sum + (alike[i] as number), 0) / some.length;
    };
    expect(mean(0)).toBeGreaterThan(0.5);
    expect(mean(1)).toBeLessThan(-0.5);
  });

  test('a rating between two values counts as the nearer', () => {
    expect([0, 1.4, 1.5, 1.6, 4.9, 7].map((r) => nearest(Float64Array.from(values), r))).toEqual([0, 0, 0, 1, 4, 4]);
  });
});

describe('files', () => {
  const check = (saved: SavedModel) => () => rbm.load(saved, 'Recommender.load: m.safetensors');

  test.each(['both', 'users', 'items'])('a model that was saved answers as before: %s', async (orientation) => {
    const model = await trained({ orientation, epochs: 3 });
    const { tensors, settings } = model.save();
    const again = rbm.load({ tensors, settings: JSON.parse(JSON.stringify(settings)) as Given }, 'test') as RbmModel;
    expect(await again.scores([ofUser(data.train, 3)])).toEqual(await model.scores([ofUser(data.train, 3)]));
    expect(bytesOf(again)).toEqual(bytesOf(model));
    expect(again.save().settings).toEqual(settings);
  });

  test('what is not as saved is refused', async () => {
    const saved = (await trained({ epochs: 1 })).save();
    const without = (name: string) => ({ ...saved, tensors: new Map([...saved.tensors].filter(([key]) => key !== name)) });
    for (const name of saved.tensors.keys()) expect(check(without(name))).toThrow(FormatError);
    const training = saved.settings.training as Record<string, Given>;
    const users = (change: Given) => ({ training: { ...training, users: { ...training.users, ...change } } });
    const wrong: Given[] = [
      { scale: null },
      { scale: [1] },
      { scale: [1, 2, 3] },
      { items: 7 },
      { items: 'many' },
      { orientation: 'sideways' },
      { itemShare: 2 },
      { seed: -1 },
      { training: null },
      { training: { users: training.users } },
      users({ hidden: 13 }),
      users({ degree: 3 }),
      users({ degree: 5 }),
      users({ conditional: false }),
      users({ hidden: 1e9 }),
    ];
    for (const change of wrong) {
      expect(check({ ...saved, settings: { ...saved.settings, ...change } }), JSON.stringify(change)).toThrow(FormatError);
    }
    const weights = saved.tensors.get('users/weights');
    const spoilt = new Map(saved.tensors).set('users/weights', {
      ...weights,
      data: new Float32Array(weights?.data.length ?? 0).fill(Number.NaN),
    } as never);
    expect(check({ ...saved, tensors: spoilt })).toThrow(/m\.safetensors: the tensor 'users\/weights' must have finite numbers/);
  });
});

describe('new rows', () => {
  test('an update learns new users and items, and keeps what it knew', async () => {
    const model = await trained();
    const [users, items] = [Ids.of([...data.train.users, 'new']), Ids.of([...data.train.items, 'fresh'])];
    const next = dice(9);
    // The new user is of the even kind, and so is the new item.
    const added: [number, number, number][] = [];
    for (let i = 0; i < 50; i++) if (next() < 0.5) added.push([61, i, i % 2 === 0 ? 5 : 1]);
    for (let u = 0; u < 60; u++) if (next() < 0.5) added.push([u, 51, u % 2 === 0 ? 5 : 1]);
    const all = {
      ...{ users, items, time: undefined },
      user: Uint32Array.from([...data.train.user, ...added.map(([u]) => u)]),
      item: Uint32Array.from([...data.train.item, ...added.map(([, i]) => i)]),
      value: Float32Array.from([...(data.train.value ?? []), ...added.map(([, , r]) => r)]),
    };
    const grown = (await model.update(all, {}, all)) as RbmModel;
    expect(grown.items).toBe(52);
    const mean = (user: number, item: number) => grown.predict(ofUser(all, user), Uint32Array.of(item))[0]?.mean as number;
    const spread = (pairs: [number, number][]) => pairs.reduce((sum, [u, i]) => sum + mean(u, i), 0) / pairs.length;
    expect(
      spread([
        [61, 40],
        [61, 42],
        [61, 44],
      ]),
    ).toBeGreaterThan(
      spread([
        [61, 41],
        [61, 43],
        [61, 45],
      ]) + 1,
    );
    expect(
      spread([
        [50, 51],
        [52, 51],
        [54, 51],
      ]),
    ).toBeGreaterThan(
      spread([
        [51, 51],
        [53, 51],
        [55, 51],
      ]) + 1,
    );
    expect(rmse(grown, { train: all, held: data.held })).toBeLessThan(0.7);
    expect((grown.save().settings as Given).seed).toBe('2');
  });
});

describe('what is refused', () => {
  test.each([
    [{ hidden: 0 }, 'test: `hidden` must be a whole number from 1 to 1008, got 0'],
    [{ orientation: 'user' }, "(did you mean 'users'?)"],
    [{ sweeps: [1, 2, 3] }, '`sweeps` must be a whole number from 1 to 255, or two of them'],
    [{ sweeps: 0 }, '`sweeps` must be'],
    [{ rate: 0 }, '`rate` must be a number above 0, got 0'],
    [{ momentum: 1 }, '`momentum` must be a finite number in [0, 1), got 1'],
    [{ algorithm: 'pcd', means: true }, "`means` must be false with `algorithm: 'pcd'`, whose chains are draws, got true"],
    [{ itemShare: -0.1 }, '`itemShare` must be a finite number in [0, 1]'],
  ] as [Given, string][])('%o', (given, message) => {
    expect(() => rbm.read(new OptionCheck('test'), given)).toThrow(message);
  });

  test('entries that the machine cannot learn', async () => {
    const options = rbm.read(new OptionCheck('test'), small);
    const context = { seed: 1n, threads: 1, scale };
    const { train } = data;
    await expect(rbm.fit({ ...train, value: undefined }, options, context)).rejects.toThrow('rbm: needs ratings, and the rows have none');
    await expect(rbm.fit(train, options, { ...context, scale: undefined })).rejects.toThrow(
      'rbm: needs a scale of 2 to 64 values, got none',
    );
    await expect(rbm.fit(train, options, { ...context, scale: { values: [1, 2, 4, 5] } })).resolves.toBeDefined(); // nobody gave a 3
    await expect(rbm.fit(train, options, { ...context, scale: { values: [1, 5] } })).rejects.toThrow(
      /rbm: the rating [24] is not on the scale/,
    );
    await expect(
      rbm.fit({ ...train, value: train.value?.map((r) => (r > 2 ? 5 : 1)) }, options, { ...context, scale: { values: [1, 5] } }),
    ).resolves.toBeDefined();
    await expect(trained({ degree: 5 })).rejects.toThrow('rbm: `degree` must be below the number of values of the scale (5), got 5');
    await expect(trained({ rate: 1e30 })).rejects.toThrow(/rbm: parameters ran away in epoch 1; a lower rate may help/);
  });
});

describe('through Recommender', () => {
  const rows = [...data.train.user.keys()].map((k) => ({
    user: data.train.users.id(data.train.user[k] as number),
    item: data.train.items.id(data.train.item[k] as number),
    rating: data.train.value?.[k] as number,
  }));

  test('recommends what a user of the kind likes, known or new', async () => {
    const rec = await Recommender.fit(rows, { model: 'rbm', seed: 1, ...small });
    for (const question of [
      { user: 'u6' },
      {
        ratings: [
          { item: 'i0', rating: 5 },
          { item: 'i1', rating: 1 },
          { item: 'i2', rating: 5 },
        ],
      },
    ]) {
      const list = await rec.recommend({ ...question, n: 8 });
      expect(list.filter(({ item }) => Number(String(item).slice(1)) % 2 === 0)).toHaveLength(8);
    }
    expect(rec.predict('u6', 'i9').probabilities).toHaveLength(4); // nobody gave a 3
  });
});
