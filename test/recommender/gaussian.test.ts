/** The Gaussian rating machine as a family: what it learns, foresees, keeps in files and refuses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import { FormatError, ParameterError } from '../../src/errors.js';
import type { Tensor } from '../../src/io/safetensors.js';
import type { Entries, UserEntries } from '../../src/recommender/entries.js';
import { type GaussianModel, gaussian } from '../../src/recommender/families/gaussian.js';
import type { FitContext, SavedModel } from '../../src/recommender/family.js';
import { Ids } from '../../src/recommender/ids.js';

const stars = { values: [1, 2, 3, 4, 5] };

/** Numbers in [0, 1) by seed, not those of the package (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Users and items of two tastes; who shares an item's taste rates it higher. Item 0 is everybody's. */
function world(users: number, items: number, density: number, seed = 1) {
  const next = dice(seed);
  const taste = (n: number) => (n % 2 === 0 ? 1 : -1);
  const [user, item, value] = [[] as number[], [] as number[], [] as number[]];
  const test: { user: number; item: number; value: number }[] = [];
  for (let u = 0; u < users; u++) {
    for (let i = 0; i < items; i++) {
      const draw = next();
      const rating = Math.min(5, Math.max(1, Math.round(3 + 1.2 * taste(u) * taste(i) + (i % 5) * 0.2 - 0.4 + (next() - 0.5) * 1.5)));
      if (draw < density) {
        user.push(u);
        item.push(i);
        value.push(rating);
      } else if (draw < density + 0.1) test.push({ user: u, item: i, value: rating });
    }
  }
  const ids = (n: number, letter: string) => Ids.of(Array.from({ length: n }, (_, k) => `${letter}${k}`));
  const entries: Entries = {
    users: ids(users, 'u'),
    items: ids(items, 'i'),
    user: Uint32Array.from(user),
    item: Uint32Array.from(item),
    value: Float32Array.from(value),
    time: undefined,
  };
  return { entries, test };
}

function given({ user, item, value }: Entries, u: number): UserEntries {
  const places = Array.from(user.keys()).filter((k) => user[k] === u);
  return {
    items: Uint32Array.from(places, (k) => item[k] as number),
    values: Float32Array.from(places, (k) => (value as Float32Array)[k] as number),
    user: u,
  };
}

const options = (own: Record<string, unknown> = {}) =>
  gaussian.read(new OptionCheck('fit'), { hidden: 4, samples: 10, burnIn: 30, thin: 2, ...own });
const learn = async (entries: Entries, own?: Record<string, unknown>, context: Partial<FitContext> = {}) =>
  (await gaussian.fit(entries, options(own), { seed: 1n, threads: 1, scale: stars, ...context })) as GaussianModel;

const { entries, test } = world(80, 40, 0.3);
let model: GaussianModel;
beforeAll(async () => {
  model = await learn(entries);
});

const someone = given(entries, 7);
const allItems = Uint32Array.from({ length: 40 }, (_, i) => i);
const empty: UserEntries = { items: new Uint32Array(0), values: new Float32Array(0) };

describe('what it foresees', () => {
  it('errs less than item means do, on ratings it has not seen', () => {
    const sums = new Float64Array(40);
    const counts = new Float64Array(40);
    for (const [k, i] of entries.item.entries()) {
      sums[i]! += entries.value?.[k] as number;
      counts[i]!++;
    }
    let [own, means] = [0, 0];
    for (const { user, item, value } of test) {
      const [prediction] = model.predict(given(entries, user), Uint32Array.of(item));
      own += ((prediction?.mean as number) - value) ** 2;
      means += ((sums[item] as number) / (counts[item] as number) - value) ** 2;
    }
    expect(test.length).toBeGreaterThan(200);
    expect(own).toBeLessThan(0.3 * means);
  });

  it('gives probabilities that add up, a variance above that of the noise, means within the scale', () => {
    for (const who of [someone, empty]) {
      for (const { mean, variance, probabilities } of model.predict(who, allItems)) {
        expect(probabilities).toHaveLength(5);
        expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
        expect(variance).toBeGreaterThan(0.05);
        expect(mean).toBeGreaterThanOrEqual(1);
        expect(mean).toBeLessThanOrEqual(5);
      }
    }
    const mean = (who: UserEntries) => model.predict(who, allItems).reduce((sum, { variance }) => sum + variance, 0);
    expect(mean(someone)).toBeLessThan(mean(empty));
  });

  it('answers the same to one user and to many, for E[r] and for P(r ≥ 4)', async () => {
    const many = [empty, someone, given(entries, 8), someone];
    const scores = await model.scores(many);
    expect(scores).toHaveLength(160);
    expect(scores.slice(40, 80)).toEqual(await model.scores([someone]));
    expect(scores.slice(40, 80)).toEqual(scores.slice(120));
    const chances = await model.scores(many, { atLeast: 4 });
    const predictions = model.predict(someone, allItems);
    for (const i of allItems) {
      const { mean, probabilities } = predictions[i] as (typeof predictions)[number];
      expect(Math.min(5, Math.max(1, scores[40 + i] as number))).toBeCloseTo(mean, 4);
      expect(chances[40 + i]).toBeCloseTo((probabilities[3] as number) + (probabilities[4] as number), 5);
    }
    expect(Math.max(...(await model.scores([someone], { atLeast: 5.5 })))).toBe(0);
    expect(Math.min(...(await model.scores([someone], { atLeast: 0 })))).toBe(1);
  });

  it('follows what a new user says', () => {
    const even: UserEntries = { items: Uint32Array.of(2, 4, 3), values: Float32Array.of(5, 5, 1) };
    const odd: UserEntries = { items: Uint32Array.of(2, 4, 3), values: Float32Array.of(1, 1, 5) };
    const [a, b] = [even, odd].map((who) => model.predict(who, Uint32Array.of(10, 11)).map(({ mean }) => mean)) as [number[], number[]];
    expect(a[0]).toBeGreaterThan((b[0] as number) + 0.7);
    expect(a[1]).toBeLessThan((b[1] as number) - 0.7);
  });

  it('finds items of the same taste alike, an item most like itself', () => {
    const alike = model.similar(6);
    expect(alike[6]).toBeCloseTo(1, 4);
    const mean = (rest: number) => alike.filter((_, i) => i !== 6 && i % 2 === rest).reduce((a, b) => a + b, 0);
    expect(mean(0)).toBeGreaterThan(mean(1));
  });

  it('says what each rating adds: what is left does not depend on the ratings', () => {
    const reversed = { ...someone, values: someone.values.map((x) => 6 - x) };
    const rest = (who: UserEntries) =>
      (model.predict(who, Uint32Array.of(10))[0]?.mean as number) - model.contributions(who, 10).reduce((a, b) => a + b, 0);
    expect(rest(someone)).toBeCloseTo(rest(reversed), 4);
  });
});

describe('ordinal visibles', () => {
  it('err less than item means do; E[r] is that of the probabilities', async () => {
    const ordinal = await learn(entries, { visible: 'ordinal' });
    const error = (of: GaussianModel) =>
      test.reduce((sum, { user, item, value }) => {
        const [prediction] = of.predict(given(entries, user), Uint32Array.of(item));
        return sum + ((prediction?.mean as number) - value) ** 2;
      }, 0) / test.length;
    expect(error(ordinal)).toBeLessThan(1.15 * error(model));
    const scores = await ordinal.scores([someone]);
    for (const [i, { mean, probabilities }] of ordinal.predict(someone, allItems).entries()) {
      expect(mean).toBeCloseTo(
        probabilities.reduce((sum, p, k) => sum + p * (k + 1), 0),
        9,
      );
      expect(scores[i]).toBeCloseTo(mean, 5);
    }
    await expect(learn(entries, { visible: 'ordinal' }, { scale: undefined })).rejects.toThrow(/needs a scale/);
  });
});

describe('features of items', () => {
  /** Items 0 to 11 have no ratings; whose taste they are says their feature. */
  const cold = (() => {
    const kept = Array.from(entries.item.keys()).filter((k) => (entries.item[k] as number) >= 12);
    const at = <T extends Uint32Array | Float32Array>(from: T) => from.filter((_, k) => kept.includes(k)) as T;
    return { ...entries, user: at(entries.user), item: at(entries.item), value: at(entries.value as Float32Array) };
  })();
  const itemFeatures = Array.from({ length: 40 }, (_, i) => [`i${i}`, [i % 2 === 0 ? 'even' : 'odd', `of ${i % 5}`]] as const);

  it('tell of items that nobody has rated', async () => {
    const [plain, told] = [await learn(cold), await learn(cold, { itemFeatures })];
    const error = (of: GaussianModel) => {
      const asked = test.filter(({ item }) => item < 12);
      expect(asked.length).toBeGreaterThan(50);
      return asked.reduce((sum, { user, item, value }) => {
        const [prediction] = of.predict(given(cold, user), Uint32Array.of(item));
        return sum + ((prediction?.mean as number) - value) ** 2 / asked.length;
      }, 0);
    };
    expect(error(told)).toBeLessThan(0.6 * error(plain));
  });

  it('stay with the model in files and updates', async () => {
    const own = await learn(entries, { itemFeatures, samples: 3, burnIn: 5 });
    const saved = own.save();
    const settings = JSON.parse(JSON.stringify(saved.settings)) as Record<string, unknown>;
    const back = gaussian.load({ tensors: saved.tensors, settings }, 'file') as GaussianModel;
    expect(back.save()).toEqual(saved);
    const more = world(90, 46, 0.3).entries;
    const [a, b] = await Promise.all([own.update(more, {}, more), back.update(more, {}, more)]);
    expect(await b.scores([someone])).toEqual(await a.scores([someone]));
    expect(() => gaussian.load({ tensors: saved.tensors, settings: { ...settings, features: 6 } }, 'file')).toThrow(FormatError);
    expect(() => gaussian.load({ tensors: saved.tensors, settings: { ...settings, features: 0 } }, 'file')).toThrow(FormatError);
  });

  it.each([[5], [[['i1']]], [[[{}, []]]], [[['i1', [2]]]], [[['nobody', ['x']]]]])('refuses %j', async (wrong) => {
    await expect((async () => learn(entries, { itemFeatures: wrong }))()).rejects.toThrow(/`itemFeatures.* must be/);
  });
});

describe('seeds, threads, files', () => {
  it('gives the same bits for a seed on any number of threads, others for another seed', async () => {
    const scores = await model.scores([someone]);
    expect(await (await learn(entries, {}, { threads: 3 })).scores([someone])).toEqual(scores);
    expect(await (await learn(entries, {}, { seed: 2n })).scores([someone])).not.toEqual(scores);
  });

  it.each(['both', 'users', 'items', 'none'])('comes out of a file as it went in, conditional: %s', async (conditional) => {
    const own = await learn(entries, { conditional, samples: 3, burnIn: 2 });
    const saved = own.save();
    const settings = JSON.parse(JSON.stringify(saved.settings)) as SavedModel['settings'];
    const back = gaussian.load({ tensors: saved.tensors, settings }, 'file') as GaussianModel;
    expect(await back.scores([someone, empty])).toEqual(await own.scores([someone, empty]));
    expect(back.predict(someone, allItems)).toEqual(own.predict(someone, allItems));
    expect(back.save()).toEqual(saved);
    // The sampler's state came along: both go on alike.
    const [a, b] = await Promise.all([own.update(entries, {}, entries), back.update(entries, {}, entries)]);
    expect(await b.scores([someone])).toEqual(await a.scores([someone]));
  });

  it('keeps ordinal visibles in a file, and goes on from there', async () => {
    const own = await learn(entries, { visible: 'ordinal', samples: 3, burnIn: 10 });
    const saved = own.save();
    const back = gaussian.load({ tensors: saved.tensors, settings: JSON.parse(JSON.stringify(saved.settings)) }, 'file') as GaussianModel;
    expect(await back.scores([someone, empty])).toEqual(await own.scores([someone, empty]));
    expect(back.save()).toEqual(saved);
    const [a, b] = await Promise.all([own.update(entries, {}, entries), back.update(entries, {}, entries)]);
    expect(b.predict(someone, allItems)).toEqual(a.predict(someone, allItems));
    expect(() => gaussian.load({ tensors: saved.tensors, settings: { ...saved.settings, visible: 'any' } }, 'file')).toThrow(FormatError);
    expect(() => gaussian.load({ tensors: saved.tensors, settings: { ...saved.settings, visible: 'gaussian' } }, 'file')).toThrow(
      FormatError,
    );
  });

  it('refuses what no training wrote', async () => {
    const { tensors, settings } = (await learn(entries, { samples: 2, burnIn: 1 })).save();
    const load = (changed: Record<string, unknown>, other = tensors) =>
      gaussian.load({ tensors: other, settings: { ...settings, ...changed } }, 'file');
    for (const [name, value] of Object.entries({
      hidden: 5,
      samples: 3,
      items: 41,
      conditional: 'maybe',
      seed: '-1',
      centre: Number.NaN,
      scale: 0,
      values: [1, 1],
      spread: -1,
      sweeps: 2 ** 60,
    })) {
      expect(() => load({ [name]: value }), name).toThrow(FormatError);
    }
    for (const [name, tensor] of tensors) {
      const without = new Map(tensors);
      without.delete(name);
      expect(() => load({}, without), `without ${name}`).toThrow(FormatError);
      const damaged = tensor.data.slice() as Float32Array;
      damaged[0] = Number.NaN;
      expect(() => load({}, new Map(tensors).set(name, { ...tensor, data: damaged } as Tensor)), name).toThrow(FormatError);
    }
    const precision = tensors.get('samples/precision') as Tensor;
    const indefinite = (precision.data as Float64Array).slice();
    indefinite[1] = indefinite[5] = 1e9;
    expect(() => load({}, new Map(tensors).set('samples/precision', { ...precision, data: indefinite }))).toThrow(FormatError);
    expect(() => load({}, new Map(tensors).set('more', precision))).toThrow(/unknown tensor/);
  });
});

describe('training', () => {
  it('goes on with new ratings, users and items', async () => {
    const more = world(90, 46, 0.3);
    const next = await model.update(more.entries, {}, more.entries);
    expect(next.items).toBe(46);
    const [odd, even] = next.predict(given(more.entries, 88), Uint32Array.of(43, 44)).map(({ mean }) => mean) as [number, number];
    expect(even).toBeGreaterThan(odd + 0.5);
    expect(model.items).toBe(40);
  });

  it('tells how far it is, and stops when told to', async () => {
    const fractions: number[] = [];
    await gaussian.fit(entries, options(), {
      seed: 1n,
      threads: 1,
      scale: stars,
      onProgress: ({ fraction }) => fractions.push(fraction),
    });
    expect(fractions.at(-1)).toBe(1);
    const stop = new AbortController();
    const long = gaussian.fit(entries, options({ burnIn: 100_000 }), { seed: 1n, threads: 1, scale: stars, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(long).rejects.toThrow('enough');
  });

  it('refuses options and entries that make no sense, by name', async () => {
    for (const [name, value] of Object.entries({ hidden: 0, samples: 0, burnIn: -1, thin: 0.5, conditional: 'some' })) {
      expect(() => options({ [name]: value }), name).toThrow(new RegExp(`fit: \`${name}\` must be`));
    }
    await expect(learn({ ...entries, value: undefined })).rejects.toThrow(ParameterError);
    await expect(learn({ ...entries, user: new Uint32Array(0), item: new Uint32Array(0), value: new Float32Array(0) })).rejects.toThrow(
      /no ratings/,
    );
    expect(() => model.predict(someone, Uint32Array.of(40))).toThrow(ParameterError);
    expect(() => model.predict({ items: Uint32Array.of(99), values: Float32Array.of(1) }, allItems)).toThrow(ParameterError);
    await expect(model.scores([{ items: Uint32Array.of(1), values: Float32Array.of(Number.NaN) }])).rejects.toThrow(ParameterError);
  });

  it('takes ratings that are all the same, one rating, and any scale', async () => {
    const same = await learn({ ...entries, value: new Float32Array(entries.user.length).fill(3) });
    for (const { mean } of same.predict(someone, allItems)) expect(mean).toBeCloseTo(3, 0);
    const one = { ...entries, user: Uint32Array.of(1), item: Uint32Array.of(2), value: Float32Array.of(4) };
    expect((await (await learn(one)).scores([empty])).every(Number.isFinite)).toBe(true);
    const wide = { ...entries, value: (entries.value as Float32Array).map((x) => x * 20) };
    const hundred = await gaussian.fit(wide, options(), { seed: 1n, threads: 1, scale: { values: [20, 40, 60, 80, 100] } });
    const scores = await model.scores([someone]);
    const wider = await hundred.scores([{ ...someone, values: someone.values.map((x) => x * 20) }]);
    for (const i of allItems) expect(wider[i]).toBeCloseTo(20 * (scores[i] as number), 1);
  });
});
