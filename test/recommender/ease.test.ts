import { describe, expect, test } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import { ease } from '../../src/recommender/families/ease.js';
import { counted } from '../../src/recommender/interactions.js';
import { entriesOf, fitted, given, gram, inverse, tastes, withRidge } from './ease-support.js';

const at = (matrix: readonly (readonly number[])[], i: number, j: number) => (matrix[i] as number[])[j] as number;

describe('the closed form', () => {
  test.each([
    [6, 5],
    [40, 95],
    [60, 97],
    [30, 200],
  ])('of %i users and %i items is that of plain loops', async (users, items) => {
    const { entries, dense } = tastes(users, items, items);
    const { state } = await fitted(entries, { recipe: 'ease', regularisation: 3 });
    const p = inverse(withRidge(gram(dense), () => 3));
    for (let i = 0; i < items; i++) {
      expect(state.precisions[i]).toBeCloseTo(at(p, i, i), 10);
      for (let j = 0; j < items; j++) {
        const expected = i === j ? 0 : -at(p, i, j) / at(p, j, j);
        expect(Math.abs((state.matrix[i * items + j] as number) - expected)).toBeLessThan(1e-6);
      }
    }
  });

  test('knows dropout, popularity, activity and spread by their formulas', async () => {
    const { entries, dense } = tastes(30, 20, 2);
    const options = { regularisation: 2, popularity: 0.5, dropout: 0.2, activity: 0.6, spread: 0.4 };
    const model = await fitted(entries, options);
    const raw = dense.map((row) => row.reduce((sum, value) => sum + value, 0) ** -0.6);
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const g = gram(
      dense,
      raw.map((weight) => (weight * 30) / total),
    );
    const p = inverse(withRidge(g, (i) => 2 * Math.max(1, at(g, i, i)) ** 0.5 + (0.2 / 0.8) * at(g, i, i)));
    const middle = Math.exp(p.reduce((sum, row, i) => sum + Math.log(row[i] as number), 0) / 20);
    const scores = await model.scores([given([1, 4, 7])]);
    for (let j = 0; j < 20; j++) {
      const mean = [1, 4, 7].reduce((sum, i) => sum - (i === j ? 0 : at(p, i, j) / at(p, j, j)), 0);
      expect(scores[j]).toBeCloseTo(mean * (at(p, j, j) / middle) ** 0.4, 4);
    }
  });

  test('takes ratings as values where asked to, and counts only those from a threshold', async () => {
    const { entries, dense } = tastes(25, 12, 3, true);
    const p = inverse(withRidge(gram(dense), () => 4));
    const values = await fitted(entries, { recipe: 'ease', regularisation: 4, binarise: false });
    const [first] = await values.scores([given([2, 5], [3, 5])]);
    expect(first).toBeCloseTo(-(3 * at(p, 2, 0) + 5 * at(p, 5, 0)) / at(p, 0, 0), 4);
    const high = dense.map((row) => row.map((value) => (value >= 4 ? 1 : 0)));
    const liked = await fitted(entries, { recipe: 'ease', regularisation: 4, binarise: 4 });
    const same = await fitted(entriesOf(high), { recipe: 'ease', regularisation: 4 });
    expect(liked.state.matrix).toEqual(same.state.matrix);
    expect(await liked.scores([given([2, 5, 7], [3, 5, 4])])).toEqual(await same.scores([given([5, 7])]));
  });

  test('has the same bits on any number of threads', async () => {
    const { entries } = tastes(50, 130, 4);
    const [one, three] = [await fitted(entries, {}, { threads: 1 }), await fitted(entries, {}, { threads: 3 })];
    expect(three.state).toEqual(one.state);
  });
});

describe('scores', () => {
  test('do not depend on who else is asked about', async () => {
    const { entries } = tastes(40, 33, 5);
    const model = await fitted(entries, { recipe: 'ease', regularisation: 3 });
    const users = [given([1]), given([]), given([3, 9, 20, 21, 30]), given([0, 32])];
    const together = await model.scores(users);
    for (const [u, user] of users.entries()) expect(await model.scores([user])).toEqual(together.slice(u * 33, (u + 1) * 33));
  });

  test('of a user without entries are the share of users who have each item', async () => {
    const { entries, dense } = tastes(40, 33, 5);
    const model = await fitted(entries, { recipe: 'ease' });
    const scores = await model.scores([given([])]);
    for (let j = 0; j < 33; j++) expect(scores[j]).toBeCloseTo(dense.reduce((sum, row) => sum + (row[j] as number), 0) / 40, 6);
  });

  test('with unseen items missing are means given the entries alone', async () => {
    const { entries, dense } = tastes(40, 30, 6);
    const model = await fitted(entries, { recipe: 'ease', regularisation: 3, unseen: 'missing' });
    const covariance = withRidge(gram(dense), () => 3);
    const seen = [2, 11, 29];
    const block = inverse(seen.map((i) => seen.map((j) => at(covariance, i, j))));
    const weights = block.map((row) => row.reduce((sum, value) => sum + value, 0));
    const scores = await model.scores([given([0]), given(seen)]);
    for (let j = 0; j < 30; j++) {
      const expected = seen.reduce((sum, i, k) => sum + (weights[k] as number) * at(covariance, i, j), 0);
      expect(scores[30 + j]).toBeCloseTo(expected, 4);
    }
    const added = model.contributions(given(seen), 7);
    expect(added.reduce((sum, value) => sum + value, 0)).toBeCloseTo(scores[37] as number, 4);
  });

  test('are the sums of contributions, term by term', async () => {
    const { entries } = tastes(40, 33, 7, true);
    const model = await fitted(entries, { recipe: 'ease', regularisation: 3, binarise: 3, spread: 0.5 });
    const user = given([1, 5, 8, 30], [5, 2, 3, 4]);
    const scores = await model.scores([user]);
    const added = model.contributions(user, 12);
    expect(added[1]).toBe(0);
    expect(added.reduce((sum, value) => sum + value, 0)).toBeCloseTo(scores[12] as number, 6);
  });

  test('similar items share a taste', async () => {
    const { entries } = tastes(200, 30, 8);
    for (const unseen of ['zero', 'missing']) {
      const alike = (await fitted(entries, { recipe: 'ease', regularisation: 3, unseen })).similar(4);
      const of = (taste: number) => [...alike].filter((_, i) => i % 3 === taste && i !== 4).reduce((sum, value) => sum + value, 0);
      expect(alike[4]).toBe(1);
      expect(of(1)).toBeGreaterThan(Math.max(of(0), of(2)));
    }
  });
});

describe('the choice', () => {
  test('is a function of entries and seed, and of nothing else', async () => {
    const { entries } = tastes(120, 40, 9);
    const [one, again, other] = [await fitted(entries, {}), await fitted(entries, {}), await fitted(entries, {}, { seed: 5n })];
    expect(again.state).toEqual(one.state);
    expect(other.state.counts).toEqual(one.state.counts);
  });

  test('leaves alone what is given', async () => {
    const { entries } = tastes(120, 40, 9);
    const { shape } = (await fitted(entries, { regularisation: 7, spread: 0.1, solutions: 5 })).state;
    expect([shape.regularisation, shape.spread]).toEqual([7, 0.1]);
  });

  test('tells how far it is and stops when asked to', async () => {
    const { entries } = tastes(120, 60, 10);
    const told: number[] = [];
    await fitted(entries, {}, { onProgress: ({ fraction }) => void told.push(fraction) });
    expect(told.at(-1)).toBe(1);
    expect(told.every((fraction, k) => k === 0 || fraction >= (told[k - 1] as number) - 1e-9)).toBe(true);
    await expect(fitted(entries, {}, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('an update', () => {
  test('is what training on all entries gives', async () => {
    const { dense } = tastes(30, 25, 11);
    const before = dense.slice(0, 20).map((row) => row.slice(0, 22));
    const options = { regularisation: 3, popularity: 0.2, dropout: 0, activity: 0.3, spread: 0.2 };
    const model = await fitted(entriesOf(before), options);
    const all = entriesOf(dense);
    const updated = await model.update(all, {}, all);
    expect(updated.state).toEqual((await fitted(all, options)).state);
  });

  test('counts entries as the model does', async () => {
    const { entries } = tastes(30, 25, 11, true);
    const options = { recipe: 'ease', binarise: 4 };
    const model = await fitted(
      { ...entries, user: entries.user.slice(9), item: entries.item.slice(9), value: entries.value?.slice(9) },
      options,
    );
    expect((await model.update(entries, {}, entries)).state).toEqual((await fitted(entries, options)).state);
  });
});

describe('refused', () => {
  const read = (options: Record<string, unknown>) => () => ease.read(new OptionCheck('fit'), options);

  test.each([
    [{ regularisation: 0 }, '`regularisation` must be a finite number above 0, got 0'],
    [{ popularity: 1.5 }, '`popularity` must be a finite number in [0, 1], got 1.5'],
    [{ dropout: 1 }, '`dropout` must be a finite number in [0, 1), got 1'],
    [{ unseen: 'absent' }, "`unseen` must be 'zero' or 'missing', got \"absent\""],
    [{ binarise: 'yes' }, '`binarise` must be true, false, or the least value that counts'],
    [{ regularization: 3 }, "did you mean 'regularisation'"],
    [{ solutions: 0 }, '`solutions` must be a whole number from 1 to 200, got 0'],
    [{ memory: -1 }, '`memory` must be a finite number above 0, got -1'],
  ])('options %j', (options, message) => {
    expect(read(options)).toThrow(message);
  });

  test('more items than memory allows, with the remedy', async () => {
    const { entries } = tastes(30, 100, 12);
    await expect(fitted(entries, { recipe: 'ease', memory: 1e-4 })).rejects.toThrow(
      "dense couplings of 100 items take 0.0 GB, more than `memory` (0.0001 GB); take model 'ease-sparse', leave out items",
    );
  });

  test('entries of which none counts', async () => {
    const { entries } = tastes(30, 25, 13, true);
    await expect(fitted(entries, { binarise: 6 })).rejects.toThrow('there must be at least one entry that counts');
    expect(counted(entries, 6).user.length).toBe(0);
  });

  test('items that are none of the model, and values that are no numbers', async () => {
    const model = await fitted(tastes(30, 25, 14).entries, { recipe: 'ease' });
    await expect(model.scores([given([25])])).rejects.toThrow('items must be numbers below 25, got 25 of user 0');
    await expect(model.scores([given([1], [Number.NaN])])).rejects.toThrow('values must be finite, got NaN of user 0, item 1');
    expect(() => model.similar(25)).toThrow('`item` must be a whole number from 0, below 25, got 25');
  });
});
