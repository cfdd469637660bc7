/**
 * Greedy pretraining: what its runs report and leave, how levels start, and that whatever ends a
 * run, it goes on bit for bit.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BusyError,
  DeepBeliefNetwork,
  DivergenceError,
  gaussian,
  type PretrainOptions,
  pt,
  RBM,
  relu,
  softmax,
  spin,
} from '../../src/index.js';
import { bitsOfNetwork, numbers, twoClasses } from './support.js';

const { rows, labels } = twoClasses(40);
const small = { layers: [6, 5, 4], labels: 2, seed: 1 } as const;
const usual = { labels, epochs: 4, batchSize: 10 } as const satisfies PretrainOptions;

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-belief-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function trained(
  options: PretrainOptions = usual,
  make: ConstructorParameters<typeof DeepBeliefNetwork>[0] = small,
): Promise<string> {
  using network = new DeepBeliefNetwork(make);
  await network.pretrain(rows, options);
  return bitsOfNetwork(network);
}

describe('a run', () => {
  it('reports epochs of every level, and says where it stands', async () => {
    using network = new DeepBeliefNetwork(small);
    expect(network.training).toBe(null);
    const progress: (number | string)[][] = [];
    const reports = await network.pretrain(rows, {
      ...usual,
      levels: [{ epochs: 2 }],
      onProgress: ({ update, updates, epochs, level, layer, fraction }) => {
        progress.push([update, updates, epochs, level, layer]);
        expect(fraction).toBeLessThanOrEqual(1);
      },
    });
    expect(reports.map(({ level, layer, epoch }) => [level, layer, epoch])).toEqual([
      ...[1, 2].map((epoch) => [1, 'hidden1', epoch]),
      ...[1, 2, 3, 4].map((epoch) => [2, 'hidden2', epoch]),
    ]);
    expect(progress.at(-1)).toEqual([24, 24, 6, 2, 'hidden2']);
    expect(network.training).toEqual({
      ...{ phase: 'pretrain', level: 2, layer: 'hidden2', epoch: 4, epochs: 4, update: 16, updates: 16, complete: true },
    });
  });

  it('teaches the first level what an RBM learns', async () => {
    using network = new DeepBeliefNetwork({ layers: [6, 5], seed: 1 });
    await network.pretrain(rows, { epochs: 200, batchSize: 10 });
    const [report] = await network.pretrain(rows, { epochs: 1, batchSize: 10, learningRate: 0 });
    const noise = 6 * (0.125 * Math.log(0.125) + 0.875 * Math.log(0.875)); // what is left once the pattern is known
    expect(report?.pseudoLikelihood).toBeGreaterThan(noise - 0.3);
  });

  it('learns classes', async () => {
    using network = new DeepBeliefNetwork({ ...small, layers: [6, 8, 8] });
    const many = twoClasses(400, 6, 3);
    await network.pretrain(many.rows, { labels: many.labels, epochs: 40, batchSize: 10 });
    const fresh = twoClasses(200, 6, 4);
    const classes = await network.classify(fresh.rows);
    const right = fresh.labels.filter((label, i) => label === classes[i]).length;
    expect(right).toBeGreaterThan(190); // a row is nearer to the other pattern in 3 of 1000 rows
    const ones = await network.sample(400, { label: 1, sweeps: 100, output: 'mean' });
    const left = ones.data.reduce((sum, value, i) => (i % 6 < 3 ? sum + value : sum), 0) / 1200;
    expect(left).toBeLessThan(0.3);
  });

  it('may hold activities in memory, with the same bits', async () => {
    const bits = await trained();
    expect(await trained({ ...usual, keepActivities: true })).toBe(bits);
    const three = { ...small, layers: [6, 5, 4, 3] };
    expect(await trained({ ...usual, keepActivities: true }, three)).toBe(await trained(usual, three));
  });

  it('may hand on draws', async () => {
    const drawn = await trained({ ...usual, activities: 'sample' });
    expect(drawn).not.toBe(await trained());
    expect(await trained({ ...usual, activities: 'sample' })).toBe(drawn);
  });

  it('has the same bits on any number of threads', async () => {
    expect(await trained(usual, { ...small, threads: 3 })).toBe(await trained(usual, { ...small, threads: 1 }));
  });

  it('watches validation rows at every level', async () => {
    using network = new DeepBeliefNetwork(small);
    const reports = await network.pretrain(rows, { ...usual, validation: twoClasses(20, 6, 5) });
    expect(reports.every(({ freeEnergyGap }) => freeEnergyGap !== null)).toBe(true);
    const best = await network.pretrain(rows, { ...usual, epochs: 50, validation: twoClasses(20, 6, 5), earlyStopping: { patience: 2 } });
    expect(best.length).toBeLessThan(100);
  });

  it('says so when there is one class alone', async () => {
    using network = new DeepBeliefNetwork(small);
    const [first, second] = await network.pretrain(rows, { ...usual, labels: labels.map(() => 1) });
    expect(first?.warnings).toEqual(['all labels are of class 1, of 2 classes: this network will not tell classes apart']);
    expect(second?.warnings).toEqual([]);
    const [none] = await network.pretrain(rows, { ...usual, labels: labels.map(() => Number.NaN) });
    expect(none?.warnings.join()).toMatch(/no row has a label/);
  });

  it('takes labels of which some are missing', async () => {
    using network = new DeepBeliefNetwork(small);
    await network.pretrain(rows, { ...usual, epochs: 1000, labels: labels.map((label, i) => (i < 20 ? label : Number.NaN)) });
    const classes = await network.classify(rows);
    expect(labels.filter((label, i) => label === classes[i]).length).toBeGreaterThan(35);
  });

  it('takes other units, from the data upwards', async () => {
    using network = new DeepBeliefNetwork({ layers: [gaussian(3), 4, spin(3), relu(2)], seed: 2 });
    const next = numbers(3);
    const real = Array.from({ length: 60 }, () => [next(), next(), next()].map((u) => 3 * (u - 0.5)));
    await network.pretrain(real, { epochs: 3, batchSize: 10 });
    expect((await network.transform(real)).shape).toEqual([60, 2]);
    expect((await network.reconstruct(real)).data.every(Number.isFinite)).toBe(true);
  });

  it('goes on from the parameters when it is called again', async () => {
    using network = new DeepBeliefNetwork(small);
    await network.pretrain(rows, usual);
    const before = bitsOfNetwork(network);
    await network.pretrain(rows, { ...usual, learningRate: 0, averageLast: 0 });
    expect(bitsOfNetwork(network)).toBe(before);
  });

  it('leaves the network at its last complete update when a level diverges', async () => {
    using network = new DeepBeliefNetwork(small);
    const run = network.pretrain(rows, { ...usual, levels: [{}, { learningRate: 1e30, onDivergence: 'throw' }] });
    await expect(run).rejects.toThrow(DivergenceError);
    expect(network.training).toMatchObject({ level: 2, complete: false });
    expect((await network.classify(rows)).length).toBe(40);
  });
});

describe('the start of a level', () => {
  const frozen = { ...usual, levels: [{}, { learningRate: 0, averageLast: 0 }] };

  it('is the level below upside down, where layers allow', async () => {
    using network = new DeepBeliefNetwork({ ...small, layers: [6, 5, 6] });
    await network.pretrain(rows, frozen);
    const [down, up] = [network.getParameter('level1/visible-hidden1.weights'), network.getParameter('level2/hidden1-hidden2.weights')];
    for (let i = 0; i < 6; i++) for (let j = 0; j < 5; j++) expect(up.get(j, i)).toBe(down.get(i, j));
    expect([...network.getParameter('level2/hidden2.bias').data]).toEqual([...network.getParameter('level1/visible.bias').data]);
    expect([...network.getParameter('level2/hidden1.bias').data]).toEqual([...network.getParameter('level1/hidden1.bias').data]);
  });

  it.each([
    ['bits', [6, 5, 9], 'bias'],
    ['groups', [softmax(3, 2), 5, softmax(3, 4)], 'bias'],
    ['numbers', [gaussian(6), 5, gaussian(8)], 'parameters'],
  ] as const)('keeps the units that it has more as they were drawn: %s', async (_, layers, name) => {
    using fresh = new DeepBeliefNetwork({ ...small, layers });
    using network = new DeepBeliefNetwork({ ...small, layers });
    const seen = layers[0] === 6 ? rows : rows.map((_, r) => [1, 0, 0, 0, r % 2, 1 - (r % 2)]);
    await network.pretrain(seen, frozen);
    const drawn = fresh.getParameter('level2/hidden1-hidden2.weights');
    const [down, up] = [network.getParameter('level1/visible-hidden1.weights'), network.getParameter('level2/hidden1-hidden2.weights')];
    const width = up.shape[1] as number;
    for (let j = 0; j < 5; j++) {
      for (let i = 0; i < width; i++) expect(up.get(j, i)).toBe(i < 6 ? down.get(i, j) : drawn.get(j, i));
    }
    const [below, own] = [network.getParameter(`level1/visible.${name}`), network.getParameter(`level2/hidden2.${name}`)];
    const kinds = own.data.length / width;
    for (let k = 0; k < kinds; k++) {
      expect([...own.data].slice(k * width, k * width + 6)).toEqual([...below.data].slice(k * 6, k * 6 + 6));
    }
  });

  it('is random where they do not, or when asked for', async () => {
    for (const [layers, options] of [
      [[6, 5, 4], frozen],
      [[6, 5, 6], { ...frozen, transposed: false }],
      [[6, 5, spin(6)], frozen],
    ] as const) {
      using network = new DeepBeliefNetwork({ ...small, layers });
      await network.pretrain(rows, options);
      const { data } = network.getParameter('level2/hidden1-hidden2.weights');
      expect(Math.max(...data.map(Math.abs))).toBeLessThan(0.06);
    }
  });

  it('is left alone in a level that was set by hand', async () => {
    using network = new DeepBeliefNetwork({ ...small, layers: [6, 5, 6] });
    network.setParameter('level2/hidden1-hidden2.weights', new Array(5).fill(new Array(6).fill(0.5)));
    await network.pretrain(rows, frozen);
    expect(network.getParameter('level2/hidden1-hidden2.weights').data.every((w) => w === 0.5)).toBe(true);
  });

  it('is not the same in every level', () => {
    using network = new DeepBeliefNetwork({ layers: [4, 4, 4], seed: 1 });
    const [one, two] = [network.getParameter('level1/visible-hidden1.weights'), network.getParameter('level2/hidden1-hidden2.weights')];
    expect([...one.data]).not.toEqual([...two.data]);
  });
});

describe('an interrupted run', () => {
  const ways: [string, PretrainOptions, ConstructorParameters<typeof DeepBeliefNetwork>[0]][] = [
    ['with persistent chains', usual, small],
    ['with draws', { ...usual, activities: 'sample', algorithm: 'cd' }, { ...small, layers: [6, 5, 6] }],
    ['with kept activities and Adam', { ...usual, keepActivities: true, optimiser: 'adam' }, { ...small, layers: [6, 5, 4, 3] }],
    ['with options of each level', { ...usual, levels: [{ epochs: 3 }, { algorithm: pt({ betas: 3, chains: 10 }), l2: 0.01 }] }, small],
    ['with a rate of the caller', { ...usual, learningRate: (step, steps) => 0.1 * (1 - step / steps) }, small],
    ['with the best state', { ...usual, validation: twoClasses(20, 6, 5), keepBest: true }, small],
  ];

  it.each(ways)('goes on from any update, in memory and from a file: %s', async (_, options, make) => {
    using whole = new DeepBeliefNetwork(make);
    const reports = await whole.pretrain(rows, options);
    const bits = bitsOfNetwork(whole);
    const updates = reports.filter(({ level }) => level < 3).length * 4;
    for (const stop of [1, 4, 7, updates / 2, updates / 2 + 1, updates - 1]) {
      using network = new DeepBeliefNetwork(make);
      const end = new AbortController();
      const path = file(`stop${stop}`);
      const run = network.pretrain(rows, {
        ...options,
        checkpoint: { path, every: 1 },
        signal: end.signal,
        onProgress: ({ update }) => {
          if (update >= stop) end.abort(new Error('enough'));
        },
      });
      await run.catch((error: unknown) => expect((error as Error).message).toBe('enough'));
      if (network.training?.complete) continue; // small runs may be over before anybody hears of their updates
      await network.save(file('memory'));
      for (const from of [path, file('memory')].filter(existsSync)) {
        using loaded = await DeepBeliefNetwork.load(from);
        if (loaded.training?.complete) continue;
        const { validation, keepActivities } = options; // all else is in the file
        await loaded.pretrain(rows, { labels, resume: true, validation, keepActivities });
        expect(bitsOfNetwork(loaded)).toBe(bits);
      }
      await network.pretrain(rows, { ...options, resume: true });
      expect(bitsOfNetwork(network)).toBe(bits);
    }
  });

  it('draws the same whoever reads between its reports', async () => {
    const bits = await trained({ ...usual, activities: 'sample' });
    using network = new DeepBeliefNetwork(small);
    const run = network.pretrain(rows, { ...usual, activities: 'sample' });
    const seen: string[] = [];
    let saved = 0;
    for await (const { level } of run) {
      seen.push(String(await network.sample(3, { sweeps: 3 })));
      await network.transform(rows, { draw: 'sample' });
      await network.save(file(`read${saved++}`));
      expect(level).toBeGreaterThan(0);
    }
    expect(seen.length).toBe(8);
    expect(bitsOfNetwork(network)).toBe(bits);
    for (const name of ['read0', 'read3', 'read4', 'read6']) {
      using loaded = await DeepBeliefNetwork.load(file(name));
      await loaded.pretrain(rows, { labels, resume: true });
      expect(bitsOfNetwork(loaded)).toBe(bits);
    }
  });

  it('lets in only those who read between its reports', async () => {
    using network = new DeepBeliefNetwork(small);
    const run = network.pretrain(rows, usual);
    await expect(network.sample(1, { sweeps: 1 })).rejects.toThrow(BusyError);
    await expect(Promise.resolve().then(() => network.pretrain(rows, usual))).rejects.toThrow(BusyError);
    let inside = 0;
    for await (const _ of run) {
      if (inside++ > 0) continue;
      expect(() => network.setParameter('level1/hidden1.bias', [0, 0, 0, 0, 0])).toThrow(BusyError);
      await expect(network.pretrain(rows, usual).then(() => undefined)).rejects.toThrow(/being trained by DeepBeliefNetwork.pretrain/);
    }
    expect(network.busy).toBe(false);
    expect((await network.sample(1, { sweeps: 1 })).shape).toEqual([1, 6]);
  });

  it('can be left in the body of a loop, and stopped', async () => {
    using network = new DeepBeliefNetwork(small);
    for await (const { level } of network.pretrain(rows, usual)) if (level === 2) break;
    expect(network.training).toMatchObject({ level: 2, epoch: 1, complete: false });
    const run = network.pretrain(rows, { labels, resume: true });
    run.stop();
    await run;
    expect(network.training?.complete).toBe(false);
    await network.pretrain(rows, { labels, resume: true });
    expect(bitsOfNetwork(network)).toBe(await trained());
  });

  it('ends when the network is disposed of', async () => {
    const network = new DeepBeliefNetwork(small);
    const run = network.pretrain(rows, { ...usual, epochs: 100_000 });
    setTimeout(() => network.dispose(), 20);
    await expect(run).rejects.toThrow(/disposed of/);
  });
});

it('a level of a network is as good as the RBM it is', async () => {
  using network = new DeepBeliefNetwork({ layers: [6, 5, 4], seed: 1 });
  await network.pretrain(rows, { epochs: 4, batchSize: 10 });
  using rbm = new RBM({ visible: 6, hidden: 5 });
  for (const [own, name] of [
    ['visible-hidden', 'visible-hidden1.weights'],
    ['visible.bias', 'visible.bias'],
    ['hidden.bias', 'hidden1.bias'],
  ] as const) {
    const values = network.getParameter(`level1/${name}`);
    rbm.setParameter(own === 'visible-hidden' ? 'visible-hidden.weights' : own, values);
  }
  const [a, b] = [await network.transform(rows, { layer: 1 }), await rbm.transform(rows)];
  expect([...a.data]).toEqual([...b.data]);
});
