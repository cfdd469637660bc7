/**
 * Files of networks: what is saved comes back bit for bit; whatever else stands in a file is
 * refused.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeepBeliefNetwork, FileError, FormatError, gaussian, RBM } from '../../src/index.js';
import { altered, editJson, type Parts, zeros } from '../models/file-support.js';
import { bitsOfNetwork, twoClasses } from './support.js';

const { rows, labels } = twoClasses(12);
let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-belief-files-'));
  using network = new DeepBeliefNetwork({ layers: [6, 4, 3], labels: 2, seed: 9, weightScale: 0.2 });
  await network.save(file('new'));
  const run = network.pretrain(rows, { labels, epochs: 3, batchSize: 4 });
  for await (const { level, epoch } of run) {
    if (level === 1 && epoch === 2) await network.save(file('first'));
    if (level === 2 && epoch === 2) await network.save(file('second'));
  }
  await network.save(file('over'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a file', () => {
  it.each(['new', 'first', 'second', 'over'])('brings a network back: %s', async (name) => {
    using loaded = await DeepBeliefNetwork.load(file(name));
    await loaded.save(file('again'));
    using twice = await DeepBeliefNetwork.load(file('again'), { threads: 1 });
    expect(bitsOfNetwork(twice)).toBe(bitsOfNetwork(loaded));
    expect(twice.training).toEqual(loaded.training);
    expect([twice.seed, twice.labels, twice.layerNames]).toEqual([9n, 2, ['visible', 'hidden1', 'hidden2']]);
    const draws = async (network: DeepBeliefNetwork) => [...(await network.sample(20, { sweeps: 3 })).data];
    expect(await draws(twice)).toEqual(await draws(loaded));
  });

  it('brings back a network that was only set by hand', async () => {
    using network = new DeepBeliefNetwork({ layers: [gaussian(2), 2, 2], seed: 2n ** 64n - 1n });
    network.setParameter('level2/hidden2.bias', [3, 4]);
    await network.save(file('hand'));
    using loaded = await DeepBeliefNetwork.load(file('hand'));
    expect(bitsOfNetwork(loaded)).toBe(bitsOfNetwork(network));
    expect(loaded.toJSON()).toEqual(network.toJSON());
    expect(loaded.layers[0]).toEqual(gaussian(2));
  });

  it('loads a subclass', async () => {
    class Mine extends DeepBeliefNetwork {}
    using mine = await Mine.load(file('over'));
    expect(mine).toBeInstanceOf(Mine);
  });

  it('of another kind is refused, and what is no file', async () => {
    using rbm = new RBM({ visible: 2, hidden: 2 });
    await rbm.save(file('rbm'));
    await expect(DeepBeliefNetwork.load(file('rbm'))).rejects.toThrow(/holds a model of kind 'rbm', not 'dbn'/);
    await expect(RBM.load(file('over'))).rejects.toThrow(/holds a model of kind 'dbn', not 'rbm'/);
    await expect(DeepBeliefNetwork.load(file('none'))).rejects.toThrow(FileError);
    await writeFile(file('text'), 'no tensors');
    await expect(DeepBeliefNetwork.load(file('text'))).rejects.toThrow(FormatError);
    await expect(DeepBeliefNetwork.load(file('over'), { device: 'gpu' as never })).rejects.toThrow(/`device` must be/);
  });

  it('of another architecture does not fit a run', async () => {
    using loaded = await DeepBeliefNetwork.load(file('second'));
    const fewer = twoClasses(8);
    await expect(loaded.pretrain(fewer.rows, { labels: fewer.labels, resume: true }).then(() => undefined)).rejects.toThrow(
      /DeepBeliefNetwork.pretrain/,
    );
    await expect(loaded.pretrain(rows, { labels, resume: true, activities: 'sample' }).then(() => undefined)).rejects.toThrow(
      /cannot resume with another `activities`: the interrupted run has 'mean', got 'sample'/,
    );
    await expect(loaded.pretrain(rows, { labels, resume: true, epochs: 4 }).then(() => undefined)).rejects.toThrow(/another `epochs`/);
  });
});

const without = (name: string) => (parts: Parts) => {
  expect(parts.tensors.delete(name)).toBe(true);
};
const config = (name: string, value: unknown) => (parts: Parts) => editJson(parts, 'config', (json) => ({ ...json, [name]: value }));
const phase = (name: string, value: unknown) => (parts: Parts) => editJson(parts, 'phase', (json) => ({ ...json, [name]: value }));

it.each<[string, string, (parts: Parts) => void, RegExp]>([
  ['a parameter is missing', 'over', without('level2/hidden1-hidden2.weights'), /lacks "level2\/hidden1-hidden2.weights"/],
  ['a parameter has another shape', 'over', (p) => p.tensors.set('level1/hidden1.bias', zeros([1, 5])), /shape \[1, 4\], got \[1, 5\]/],
  ['a parameter is not finite', 'over', (p) => p.tensors.get('level1/hidden1.bias')?.data.fill(Number.NaN as never), /finite/],
  ['counters are missing', 'over', without('level1/counters'), /lacks "level1\/counters"/],
  ['a tensor is unknown', 'over', (p) => p.tensors.set('level3/hidden3.bias', zeros([1, 2])), /unknown tensor "level3\/hidden3.bias"/],
  [
    'a generative half is there that is not said',
    'over',
    (p) => p.tensors.set('level1/generative/visible.bias', zeros([1, 6])),
    /unknown tensor/,
  ],
  ['a generative half is said that is not there', 'over', config('untied', true), /lacks "level1\/generative/],
  [
    'layers are more than the tensors',
    'over',
    config('layers', [
      { type: 'bernoulli', units: 2 ** 30, size: 1 },
      { type: 'bernoulli', units: 2 ** 30, size: 1 },
    ]),
    /level1/,
  ],
  ['layers are none', 'over', config('layers', 3), /damaged metadata/],
  [
    'layers are of an unknown type',
    'over',
    config('layers', [{ type: 'x', units: 6, size: 1 }, null]),
    /does not describe a valid deep belief network/,
  ],
  ['the seed is none', 'over', config('seed', -4), /does not describe a valid/],
  ['what is untouched is not said', 'over', config('untouched', [true]), /damaged metadata/],
  ['the phase is unknown', 'second', phase('phase', 'sleep'), /damaged training state/],
  ['activities are unknown', 'second', phase('activities', 'x'), /damaged training state/],
  ['transposed levels are no list', 'second', phase('transposed', 'x'), /damaged metadata/],
  ["a level's state is missing", 'second', (p) => delete p.metadata['level1/training'], /lacks that of level 1/],
  [
    "a level's state is another's",
    'second',
    (p) => {
      p.metadata['level2/training'] = p.metadata['level1/training'] as string;
    },
    /level 2 is over and holds chains/,
  ],
  [
    'a level has begun before the one below was over',
    'second',
    (p) =>
      editJson(p, 'level1/training', (json) => ({
        ...json,
        step: 0,
        counters: { ...(json.counters as unknown as object), step: '0', prepared: '0' },
      })),
    /a level has begun before the one below it was over/,
  ],
  ['chains of a level are missing', 'second', without('level2/training/chains/labels'), /lacks "level2\/training\/chains\/labels"/],
  ['chains hold no states', 'second', (p) => p.tensors.get('level2/training/chains/hidden2')?.data.fill(3 as never), /numbers from 0 to 1/],
  [
    'the phase is no JSON',
    'second',
    (p) => {
      p.metadata.phase = '{';
    },
    /damaged metadata/,
  ],
])('is refused when %s', async (_, name, change, message) => {
  const path = await altered(file(name), file('altered'), change);
  await expect(DeepBeliefNetwork.load(path)).rejects.toThrow(message);
  await expect(DeepBeliefNetwork.load(path)).rejects.toThrow(FormatError);
});

it('shows what a network is', async () => {
  using network = await DeepBeliefNetwork.load(file('second'));
  expect(network.toJSON()).toEqual({
    model: 'DeepBeliefNetwork',
    layers: { visible: 'bernoulli(6)', hidden1: 'bernoulli(4)', hidden2: 'bernoulli(3)' },
    ...{ labels: 2, untied: false, seed: '9', device: network.device },
    training: { phase: 'pretrain', level: 2, layer: 'hidden2', epoch: 2, epochs: 3, update: 6, updates: 9, complete: false },
  });
  expect(inspect(network)).toMatch(/^DeepBeliefNetwork \{/);
});
