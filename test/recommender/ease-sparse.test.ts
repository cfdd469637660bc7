import { describe, expect, test } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import type { Tensor } from '../../src/io/safetensors.js';
import type { EaseSparseModel } from '../../src/recommender/ease-sparse-model.js';
import type { Entries } from '../../src/recommender/entries.js';
import { easeSparse } from '../../src/recommender/families/ease-sparse.js';
import type { SavedModel } from '../../src/recommender/family.js';
import { context, entriesOf, fitted, given, tastes } from './ease-support.js';

async function sparse(entries: Entries, options: Record<string, unknown>, overrides = {}): Promise<EaseSparseModel> {
  const read = easeSparse.read(new OptionCheck('fit'), options);
  return (await easeSparse.fit(entries, read, context(overrides))) as EaseSparseModel;
}

describe('sparse couplings', () => {
  test('to all items score like dense ones', async () => {
    const { entries } = tastes(800, 30, 41, true);
    const shape = { regularisation: 4, popularity: 0.3, dropout: 0.1, activity: 0.5, spread: 0.4 };
    for (const binarise of [true, false]) {
      const [some, all] = [await sparse(entries, { ...shape, binarise, neighbours: 29 }), await fitted(entries, { ...shape, binarise })];
      const users = [given([1, 2, 7], [3, 1, 5]), given([]), given([29])];
      const [a, b] = [await some.scores(users), await all.scores(users)];
      for (let k = 0; k < a.length; k++) expect(a[k]).toBeCloseTo(b[k] as number, 5);
    }
  });

  test('have the same bits on any number of threads, and a choice that is theirs', async () => {
    const { entries } = tastes(120, 90, 42);
    const options = { neighbours: 8, solutions: 6 };
    const [one, three] = [await sparse(entries, options, { threads: 1 }), await sparse(entries, options, { threads: 3 })];
    expect(three.state).toEqual(one.state);
    expect(one.state.couplings.items.length).toBeLessThanOrEqual(8 * 90);
  });

  test('explain what they score, and know who is alike', async () => {
    const { entries } = tastes(200, 30, 43);
    const model = await sparse(entries, { recipe: 'ease', regularisation: 3, neighbours: 12 });
    const user = given([0, 4, 9, 22]);
    const scores = await model.scores([user]);
    for (const item of [3, 4, 17]) {
      const sum = model.contributions(user, item).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(scores[item] as number, 5);
    }
    const alike = model.similar(4);
    const of = (taste: number) => [...alike].filter((_, i) => i % 3 === taste && i !== 4).reduce((sum, value) => sum + value, 0);
    expect(of(1)).toBeGreaterThan(Math.max(of(0), of(2)));
    expect(Math.max(...alike)).toBe(alike[4]);
  });

  test('take more items than dense ones have room for', async () => {
    const items = 3000;
    const dense = Array.from({ length: 300 }, (_, u) => Array.from({ length: items }, (_, i) => ((u * 31 + i * 17) % 101 === 0 ? 1 : 0)));
    const entries = entriesOf(dense);
    await expect(fitted(entries, { recipe: 'ease', memory: 0.05 })).rejects.toThrow("take model 'ease-sparse'");
    const model = await sparse(entries, { recipe: 'ease', neighbours: 10 });
    expect(model.items).toBe(items);
  });

  test('are updated to what training on all entries gives', async () => {
    const { entries, dense } = tastes(40, 25, 44);
    const options = { recipe: 'ease', regularisation: 3, neighbours: 9 };
    const model = await sparse(entriesOf(dense.slice(0, 30)), options);
    const updated = await model.update(entries, {}, entries);
    expect(updated.state).toEqual((await sparse(entries, options)).state);
  });

  test('come back from a file, and refuse one that was changed', async () => {
    const model = await sparse(tastes(60, 20, 45).entries, { recipe: 'ease', neighbours: 5 });
    const saved = model.save();
    const load = (file: SavedModel) => easeSparse.load(file, 'load: file') as EaseSparseModel;
    expect(load(saved).state).toEqual(model.state);
    const changed = (name: string, change: (data: Uint32Array) => unknown) => {
      const tensors = new Map([...saved.tensors].map(([key, tensor]) => [key, { ...tensor, data: tensor.data.slice() } as Tensor]));
      change((tensors.get(name) as Tensor).data as Uint32Array);
      return () => load({ ...saved, tensors });
    };
    expect(changed('couplings.offsets', (data) => data.fill(1000, 3, 4))).toThrow('rising from 0');
    expect(changed('couplings.items', (data) => data.fill(20, 0, 1))).toThrow('with numbers below 20 that rise within a row');
    expect(changed('couplings.items', (data) => data.reverse())).toThrow('with numbers below 20 that rise within a row');
    expect(() => load({ ...saved, settings: { ...saved.settings, memory: 3 } })).toThrow('unknown setting "memory"');
  });

  test.each([
    [{ neighbours: 0 }, '`neighbours` must be a whole number from 1 to 2000, got 0'],
    [{ unseen: 'zero' }, 'options of ease-sparse:'],
  ])('refuse options %j', (options, message) => {
    expect(() => easeSparse.read(new OptionCheck('fit'), options)).toThrow(message);
  });
});
