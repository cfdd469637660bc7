import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../src/io/safetensors.js';
import type { EaseModel } from '../../src/recommender/ease-model.js';
import { ease } from '../../src/recommender/families/ease.js';
import type { SavedModel } from '../../src/recommender/family.js';
import { fitted, given, tastes } from './ease-support.js';

const loaded = (saved: SavedModel) => ease.load(JSON.parse(JSON.stringify(saved.settings)) && saved, 'load: file') as EaseModel;

describe('a saved model', () => {
  test.each(['zero', 'missing'])('with unseen %s answers as it did', async (unseen) => {
    const { entries } = tastes(40, 20, 1, true);
    const model = await fitted(entries, { recipe: 'ease', unseen, binarise: false, spread: 0.3 });
    const back = loaded(model.save());
    expect(back.state).toEqual(model.state);
    expect(await back.scores([given([1, 2], [3, 4])])).toEqual(await model.scores([given([1, 2], [3, 4])]));
    expect((await back.update(entries, {}, entries)).items).toBe(20);
  });

  const damaged = async (change: (tensors: Map<string, Tensor>, settings: Record<string, unknown>) => unknown) => {
    const saved = (await fitted(tastes(30, 6, 2).entries, { recipe: 'ease' })).save();
    const tensors = new Map([...saved.tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as Tensor]));
    const settings = { ...saved.settings };
    change(tensors, settings);
    return () => loaded({ tensors, settings });
  };
  const data = (tensors: Map<string, Tensor>, name: string) => (tensors.get(name) as Tensor).data as Float32Array;

  test.each<[string, (tensors: Map<string, Tensor>, settings: Record<string, unknown>) => unknown, string]>([
    ['without couplings', (t) => t.delete('couplings'), 'lacks "couplings"'],
    ['with a number that is none', (t) => data(t, 'couplings').fill(Number.NaN, 1, 2), 'with finite numbers'],
    ['with a diagonal', (t) => data(t, 'couplings').fill(1, 7, 8), 'with a diagonal of zeros'],
    ['of another size', (t) => t.set('couplings', { dtype: 'F32', shape: [4, 9], data: new Float32Array(36) }), 'of shape [6, 6]'],
    ['with a variance below 0', (t) => data(t, 'precisions').fill(-1, 0, 1), 'with finite numbers above 0'],
    ['with half a user', (t) => data(t, 'counts').fill(0.5, 0, 1), 'with whole numbers of at least 0'],
    ['with a tensor too many', (t) => t.set('more', { dtype: 'F32', shape: [1], data: new Float32Array(1) }), 'unknown tensor "more"'],
    ['with another meaning of unseen', (_, s) => Object.assign(s, { unseen: 'gone' }), "must have 'zero' or 'missing' as `unseen`"],
    ['with a dropout of 1', (_, s) => Object.assign(s, { dropout: 1 }), 'as `dropout`'],
    ['without a spread', (_, s) => Reflect.deleteProperty(s, 'spread'), 'as `spread`'],
    ['with a setting too many', (_, s) => Object.assign(s, { extra: 1 }), 'unknown setting "extra"'],
    ['that binarises by a word', (_, s) => Object.assign(s, { binarise: 'yes' }), 'as `binarise`'],
  ])('%s is refused', async (_, change, message) => {
    expect(await damaged(change)).toThrow(message);
  });
});
