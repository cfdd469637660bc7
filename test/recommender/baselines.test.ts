/** Popularity, damped biases and matrix factorisation, held against their definitions. */
import { describe, expect, test } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import { FormatError } from '../../src/errors.js';
import { fitAls } from '../../src/recommender/als.js';
import type { Entries } from '../../src/recommender/entries.js';
import { bias } from '../../src/recommender/families/bias.js';
import { factorsOfInteractions, factorsOfRatings } from '../../src/recommender/families/mf.js';
import { popularityOfInteractions, popularityOfRatings } from '../../src/recommender/families/popularity.js';
import type { Family, FitContext, RecommenderModel } from '../../src/recommender/family.js';
import { byUser, userEntries } from '../../src/recommender/grouped.js';
import { fitImplicit, ImplicitSolver } from '../../src/recommender/implicit-als.js';
import { normalAtLeast, normalCdf, normalOnScale } from '../../src/recommender/normal-scale.js';
import { solveInPlace } from '../../src/recommender/solve.js';
import { randomSplit } from '../../src/recommender/splits.js';
import { rmseOf } from '../../src/recommender/tuning.js';
import { entriesOf, tastes } from './small.js';

const stars = { values: [1, 2, 3, 4, 5] };
const context: FitContext = { seed: 1n, threads: 1, scale: stars };
const entries = tastes(60, 40, 15, 21n);
const groups = byUser(entries);
const given = (user: number) => userEntries(entries, groups, user, user);
const all = Uint32Array.from({ length: entries.items.size }, (_, item) => item);

/** Each family, with options that leave nothing to choose where it has such. */
const families: [string, Family<never>, Record<string, number>][] = [
  ['popularity of interactions', popularityOfInteractions as Family<never>, {}],
  ['popularity of ratings', popularityOfRatings as Family<never>, { damping: 4 }],
  ['bias', bias as unknown as Family<never>, { userDamping: 5, itemDamping: 3 }],
  ['mf of ratings', factorsOfRatings as unknown as Family<never>, { factors: 3, lambda: 0.1, sweeps: 4 }],
  ['mf of interactions', factorsOfInteractions as unknown as Family<never>, { factors: 4, lambda: 0.01, unseenWeight: 0.1, sweeps: 4 }],
];

const trained = async (family: Family<never>, options: Record<string, number>, some: Entries = entries, more: Partial<FitContext> = {}) => {
  const taught = family.target === 'interactions' ? { ...some, value: undefined } : some;
  return family.fit(taught, family.read(new OptionCheck('fit'), options), { ...context, ...more });
};

describe.each(families)('%s', (_, family, options) => {
  test('gives the same again, with the same seed and from a file', async () => {
    const model = await trained(family, options);
    const asked = [given(3), given(0), { items: new Uint32Array(0), values: new Float32Array(0) }];
    const scores = await model.scores(asked);
    expect(scores).toHaveLength(3 * entries.items.size);
    expect(scores.every(Number.isFinite)).toBe(true);
    const saved = model.save();
    const loaded = family.load({ tensors: saved.tensors, settings: JSON.parse(JSON.stringify(saved.settings)) }, 'file');
    for (const other of [await trained(family, options), loaded]) {
      expect(await other.scores(asked)).toEqual(scores);
      expect(other.predict?.(given(3), all)).toEqual(model.predict?.(given(3), all));
      expect(other.items).toBe(entries.items.size);
    }
    // Whoever else is asked about, and without the user's number, the scores are the same.
    const { items, values } = given(3);
    expect(await model.scores([{ items, values }])).toEqual(scores.slice(0, entries.items.size));
  });

  test('files that lack a part, or have a wrong one, are refused', async () => {
    const { tensors, settings } = (await trained(family, options)).save();
    const without = (name: string) => new Map([...tensors].filter(([key]) => key !== name));
    for (const name of tensors.keys()) expect(() => family.load({ tensors: without(name), settings }, 'file')).toThrow(FormatError);
    for (const name of Object.keys(settings)) {
      expect(() => family.load({ tensors, settings: { ...settings, [name]: 'x' } }, 'file')).toThrow(`file: the setting '${name}'`);
    }
    const [[name, tensor]] = [...tensors] as [[string, { dtype: 'F32'; shape: number[]; data: Float32Array }]];
    const flat = new Map([...tensors, [name, { ...tensor, shape: [1, 1, tensor.data.length] }]]);
    expect(() => family.load({ tensors: flat, settings }, 'file')).toThrow(`the tensor '${name}' must be there as`);
  });

  test('wrong options are refused by name', () => {
    for (const name of Object.keys(options)) {
      expect(() => family.read(new OptionCheck('fit'), { [name]: -1 })).toThrow(`fit: \`${name}\` must be`);
      expect(() => family.read(new OptionCheck('fit'), { [name]: 'many' })).toThrow(`fit: \`${name}\` must be`);
    }
    expect(family.options).toEqual(expect.arrayContaining(Object.keys(options)));
  });

  test('chooses on validation what is left open, within the number of trials', async () => {
    if (Object.keys(options).length === 0) return;
    const { settings } = (await trained(family, {})).save();
    expect((await trained(family, {}, entries, { trials: 1 })).save().settings).toBeDefined();
    expect((await trained(family, {})).save().settings).toEqual(settings);
    const few = entriesOf([
      ['a', 1, 5],
      ['a', 2, 4],
      ['b', 1, 3],
    ]);
    expect(
      (await (await trained(family, {}, few)).scores([{ items: Uint32Array.of(1), values: Float32Array.of(5) }])).every(Number.isFinite),
    ).toBe(true);
  });
});

describe('popularity', () => {
  const some = entriesOf([
    ['a', 'x', 5],
    ['b', 'x', 4],
    ['a', 'y', 1],
  ]);

  test('of interactions: users of an item, the same for all', async () => {
    const model = await trained(popularityOfInteractions as Family<never>, {}, some);
    expect([...(await model.scores([given(0), given(1)]))]).toEqual([2, 1, 2, 1]);
  });

  test('of ratings: the histogram of an item, drawn towards that of all', async () => {
    const model = await trained(popularityOfRatings as Family<never>, { damping: 3 }, some);
    const [x, y] = model.predict!({ items: new Uint32Array(0), values: new Float32Array(0) }, Uint32Array.of(0, 1)) as [never, never];
    // All ratings: 1, 4 and 5, a third each, mean 10/3. Item x has 4 and 5 of two, item y a 1 of one.
    const expected = { x: [1 / 5, 0, 0, 2 / 5, 2 / 5], y: [2 / 4, 0, 0, 1 / 4, 1 / 4] };
    for (const [prediction, p] of [
      [x, expected.x],
      [y, expected.y],
    ] as [{ mean: number; variance: number; probabilities: Float64Array }, number[]][]) {
      const mean = p.reduce((sum, each, k) => sum + each * (k + 1), 0);
      for (const [k, each] of p.entries()) expect(prediction.probabilities[k]).toBeCloseTo(each, 12);
      expect(prediction.mean).toBeCloseTo(mean, 12);
      expect(prediction.variance).toBeCloseTo(
        p.reduce((sum, each, k) => sum + each * (k + 1 - mean) ** 2, 0),
        12,
      );
    }
    const high = await model.scores([given(0)], { atLeast: 4 });
    expect([...high]).toEqual([Math.fround(4 / 5), Math.fround(1 / 2)]);
  });

  test('without a scale there are means and no probabilities', async () => {
    for (const [name, family, options] of families.filter(([, { target }]) => target === 'ratings')) {
      const model = await trained(family, options, entries, { scale: undefined });
      const [prediction] = model.predict!(given(0), Uint32Array.of(2));
      expect(Number.isFinite(prediction?.mean), name).toBe(true);
      expect(prediction?.probabilities, name).toHaveLength(0);
      expect(model.save().settings.scale, name).toBeNull();
    }
  });
});

test('bias: the solution of the ridge regression that it stands for', async () => {
  const [userDamping, itemDamping] = [2, 3];
  const model = await trained(bias as unknown as Family<never>, { userDamping, itemDamping });
  // Normal equations of all biases at once, solved directly.
  const [users, items] = [entries.users.size, entries.items.size];
  const n = users + items;
  const [a, b] = [new Float64Array(n * n), new Float64Array(n)];
  const mean = entries.value!.reduce((sum, r) => sum + r, 0) / entries.value!.length;
  for (let k = 0; k < entries.user.length; k++) {
    const [u, i, r] = [entries.user[k]!, users + entries.item[k]!, entries.value![k]! - mean];
    for (const [row, column] of [
      [u, u],
      [i, i],
      [i, u],
    ] as const)
      a[row * n + column]! += 1;
    b[u]! += r;
    b[i]! += r;
  }
  for (let k = 0; k < n; k++) a[k * n + k]! += k < users ? userDamping : itemDamping;
  expect(solveInPlace(a, b, n)).toBe(true);
  const scores = await model.scores([given(7)]);
  for (const item of all) expect(scores[item]).toBeCloseTo(mean + b[7]! + b[users + item]!, 4);
  const sum = model.contributions!(given(7), 0).reduce((total, each) => total + each, 0);
  expect(sum).toBeCloseTo(b[7]!, 3);
});

describe('matrix factorisation of ratings', () => {
  test('users stand at the least loss of their ratings, given the items', async () => {
    const settings = { factors: 3, lambda: 0.1, extra: 5, sweeps: 3 };
    const { mean, items } = await fitAls(entries, settings, 1n, () => undefined);
    const model = await trained(factorsOfRatings as unknown as Family<never>, { factors: 3, lambda: 0.1, sweeps: 3 });
    const { items: own, values } = given(5);
    const scores = await model.scores([given(5)]);
    const loss = (user: readonly number[]) => {
      let sum = 0.1 * (own.length + (model.save().settings.extra as number)) * user.reduce((total, x) => total + x * x, 0);
      for (const [k, item] of own.entries()) {
        const y = [...fitted.subarray(item * 4, item * 4 + 4)];
        sum += (values[k]! - mean - y[0]! - user[0]! - user.slice(1).reduce((total, x, d) => total + x * y[d + 1]!, 0)) ** 2;
      }
      return sum;
    };
    const fitted = model.save().tensors.get('items')!.data as Float32Array;
    expect(fitted).toHaveLength(items.length);
    // The user's vector from four scores that it explains: solve the linear equations.
    const [a, b] = [new Float64Array(16), new Float64Array(4)];
    for (const item of all) {
      const z = [1, ...fitted.subarray(item * 4 + 1, item * 4 + 4)];
      for (let r = 0; r < 4; r++) {
        b[r]! += z[r]! * (scores[item]! - mean - fitted[item * 4]!);
        for (let c = 0; c <= r; c++) a[r * 4 + c]! += z[r]! * z[c]!;
      }
    }
    expect(solveInPlace(a, b, 4)).toBe(true);
    const least = loss([...b]);
    for (let k = 0; k < 4; k++)
      for (const step of [-0.02, 0.02]) expect(loss([...b].map((x, d) => (d === k ? x + step : x)))).toBeGreaterThan(least);
  });

  test('learns taste that biases cannot: it beats them on ratings held out', async () => {
    const many = tastes(300, 60, 30, 8n);
    const split = randomSplit('test', many, { share: 0.2, seed: 2n });
    const rmse = async (family: Family<never>) => rmseOf('test', await trained(family, {}, split.train), split);
    const [plain, factors] = [await rmse(bias as unknown as Family<never>), await rmse(factorsOfRatings as unknown as Family<never>)];
    expect(factors).toBeLessThan(0.85 * plain);
  });
});

describe('matrix factorisation of interactions', () => {
  const settings = { factors: 3, unseenWeight: 0.2, lambda: 0.02, sweeps: 3 };

  test("a user's vector has the least loss over all items, seen and not", async () => {
    const rows = await fitImplicit({ ...entries, value: undefined }, settings, 1n, () => undefined);
    const { items: seen } = given(4);
    const user = [...new ImplicitSolver(rows, settings).solve(seen)];
    const own = new Set(seen);
    const loss = (w: readonly number[]) => {
      let sum = settings.lambda * (seen.length + settings.unseenWeight * all.length) * w.reduce((total, x) => total + x * x, 0);
      for (const item of all) {
        const s = w.reduce((total, x, k) => total + x * rows[item * 3 + k]!, 0);
        sum += settings.unseenWeight * s * s + (own.has(item) ? (1 - s) ** 2 : 0);
      }
      return sum;
    };
    for (let k = 0; k < 3; k++)
      for (const step of [-0.01, 0.01]) expect(loss(user.map((x, d) => (d === k ? x + step : x)))).toBeGreaterThan(loss(user));
  });

  test('contributions add up to the score, and similar items are cosines', async () => {
    const model = await trained(factorsOfInteractions as unknown as Family<never>, {
      factors: 3,
      unseenWeight: 0.2,
      lambda: 0.02,
      sweeps: 3,
    });
    const scores = await model.scores([given(4)]);
    for (const item of [0, 7, 21]) {
      const sum = model.contributions!(given(4), item).reduce((total, each) => total + each, 0);
      expect(sum).toBeCloseTo(scores[item]!, 5);
    }
    const alike = model.similar!(6);
    expect(alike[6]).toBeCloseTo(1, 6);
    expect(Math.max(...alike)).toBeLessThanOrEqual(1 + 1e-6);
  });

  test('beats popularity where taste decides', async () => {
    // Two kinds of users, each with its own half of the items.
    const rows = Array.from({ length: 2000 }, (_, k): [number, number] => [k % 100, ((k * 7919 + (k >> 3)) % 30) + 30 * (k % 2)]);
    const once = [...new Map(rows.map((row) => [String(row), row])).values()];
    const some = entriesOf(once);
    const [mf, popular] = [
      await trained(factorsOfInteractions as unknown as Family<never>, {}, some),
      await trained(popularityOfInteractions as Family<never>, {}, some),
    ];
    const means = async (model: RecommenderModel) => {
      const scores = await model.scores([userEntries(some, byUser(some), 0, 0)]);
      const mean = (odd: boolean) => {
        const of = [...some.items].flatMap((id, item) => ((id as number) >= 30 === odd ? [scores[item] as number] : []));
        return of.reduce((sum, x) => sum + x, 0) / of.length;
      };
      return [mean(false), mean(true)] as const;
    };
    const [own, other] = await means(mf);
    expect(own).toBeGreaterThan(0.2);
    expect(Math.abs(other)).toBeLessThan(0.05);
    const [even, odd] = await means(popular);
    expect(Math.abs(even / odd - 1)).toBeLessThan(0.1);
  });
});

describe('training', () => {
  test('a signal ends it, progress rises to 1', async () => {
    for (const family of [factorsOfRatings, factorsOfInteractions] as unknown as Family<never>[]) {
      const stopped = { signal: AbortSignal.abort(new Error('enough')) };
      const many = tastes(400, 300, 60, 2n);
      await expect(trained(family, { sweeps: 40, factors: 16 }, many, stopped)).rejects.toThrow('enough');
      const shares: number[] = [];
      await trained(family, { factors: 16, sweeps: 3, lambda: 0.05 }, many, {
        trials: 1,
        onProgress: ({ fraction }) => shares.push(fraction),
      });
      expect(shares.length).toBeGreaterThan(0);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares.at(-1)).toBeLessThanOrEqual(1);
    }
  });
});

describe('the normal distribution on a scale', () => {
  test('the distribution function agrees with sums of the density', () => {
    for (const x of [-9, -5.2, -4, -3.99, -1.3, 0, 0.7, 2.5, 3.999, 4.001, 6]) {
      const [from, steps] = [-40, 400_000];
      const h = (x - from) / steps;
      let sum = 0;
      // Simpson's rule.
      for (let k = 0; k <= steps; k++) {
        const t = from + k * h;
        sum += (k === 0 || k === steps ? 1 : k % 2 === 1 ? 4 : 2) * Math.exp(-0.5 * t * t);
      }
      expect(normalCdf(x) / (((sum * h) / 3) * (1 / Math.sqrt(2 * Math.PI)))).toBeCloseTo(1, 8);
    }
    expect([normalCdf(-50), normalCdf(50), normalCdf(Number.NaN)]).toEqual([0, 1, Number.NaN]);
  });

  test('probabilities add up to 1 and agree with P(r ≥ t)', () => {
    for (const [mean, variance] of [
      [3.2, 0.9],
      [7, 0.1],
      [1, 4],
      [-60, 0.5],
    ] as const) {
      const p = normalOnScale(mean, variance, stars);
      expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
      expect(normalAtLeast(mean, variance, stars, 4)).toBeCloseTo(p[3]! + p[4]!, 12);
      expect(normalAtLeast(mean, variance, stars, 3.5)).toBeCloseTo(p[3]! + p[4]!, 12);
    }
    expect(normalAtLeast(3, 1, stars, 1)).toBe(1);
    expect(normalAtLeast(3, 1, stars, 5.5)).toBe(0);
    expect(normalOnScale(3, 1, stars)[2]).toBeCloseTo(normalCdf(0.5) - normalCdf(-0.5), 12);
  });
});

test('solveInPlace: a system that is not positive definite is told', () => {
  expect(solveInPlace(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1), 2)).toBe(false);
  const b = Float64Array.of(8, 7);
  expect(solveInPlace(Float64Array.of(4, 0, 2, 3), b, 2)).toBe(true);
  expect([...b].map((x) => Number(x.toFixed(12)))).toEqual([1.25, 1.5]);
});
