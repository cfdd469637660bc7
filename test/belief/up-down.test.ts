/**
 * Up–down learning as a run, and the variational bound: against sums over all states, resumed
 * anywhere, kept in files.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, DeepBeliefNetwork, FormatError, ParameterError, type UpDownOptions } from '../../src/index.js';
import { altered, editJson, type Parts } from '../models/file-support.js';
import { devices } from '../models/support.js';
import { allBits, bitsOfNetwork, frequencies, knownNetwork, sigmoid, TwoLevels, twoClasses } from './support.js';

const { rows, labels } = twoClasses(40);
const small = { layers: [6, 5, 4], labels: 2, seed: 1 } as const;
const usual = { labels, epochs: 4, batchSize: 10, learningRate: 0.05 } as const satisfies UpDownOptions;

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-up-down-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function pretrained(make: ConstructorParameters<typeof DeepBeliefNetwork>[0] = small): Promise<DeepBeliefNetwork> {
  const network = new DeepBeliefNetwork(make);
  await network.pretrain(rows, { ...(make.labels === undefined ? {} : { labels }), epochs: 20, batchSize: 10 });
  return network;
}

describe('a run', () => {
  it('reports every epoch, unties the halves, and says where it stands', async () => {
    using network = await pretrained();
    expect(network.untied).toBe(false);
    const reports = await network.upDown(rows, usual);
    expect(reports.map(({ epoch, update }) => [epoch, update])).toEqual([1, 2, 3, 4].map((epoch) => [epoch, 4 * epoch]));
    for (const { generative, recognition, freeEnergyGap, validationError, warnings } of reports) {
      expect([generative.length, recognition.length]).toEqual([1, 1]);
      expect([...generative, ...recognition, freeEnergyGap].every(Number.isFinite)).toBe(true);
      expect(validationError).toBe(null);
      expect(warnings).toEqual([]);
    }
    expect(network.untied).toBe(true);
    expect(network.training).toEqual({
      ...{ phase: 'upDown', level: null, layer: null, epoch: 4, epochs: 4, update: 16, updates: 16, complete: true },
    });
    expect(Object.keys(network.parameterShapes)).toContain('level1/generative/visible.bias');
    const [up, down] = [
      network.getParameter('level1/visible-hidden1.weights'),
      network.getParameter('level1/generative/visible-hidden1.weights'),
    ];
    expect([...up.data]).not.toEqual([...down.data]);
  });

  it('learns classes, and tells how many it gets wrong', async () => {
    const many = twoClasses(400, 6, 3);
    const validation = twoClasses(200, 6, 4);
    using network = new DeepBeliefNetwork({ ...small, layers: [6, 8, 8] });
    await network.pretrain(many.rows, { labels: many.labels, epochs: 40, batchSize: 10 });
    const reports = await network.upDown(many.rows, { labels: many.labels, epochs: 20, batchSize: 10, validation, keepBest: true });
    const classes = await network.classify(validation.rows);
    const wrong = validation.labels.filter((label, i) => label !== classes[i]).length / 200;
    expect(wrong).toBe(Math.min(...reports.map(({ validationError }) => validationError as number)));
    expect(wrong).toBeLessThan(0.05);
  });

  it('lowers what the halves do not know of each other', async () => {
    using network = await pretrained({ layers: [6, 5, 4], seed: 1 });
    const reports = await network.upDown(rows, { epochs: 100, batchSize: 10, learningRate: 0.05 });
    const cost = ({ generative }: (typeof reports)[number]): number => generative[0] as number;
    expect(cost(reports.at(-1) as (typeof reports)[number])).toBeLessThan(cost(reports[0] as (typeof reports)[number]) + 0.05);
  });

  it('says so without pretraining, and draws from the untied network', async () => {
    using network = new DeepBeliefNetwork({ layers: [3, 3, 2], seed: 2 });
    const bits = twoClasses(40, 3).rows;
    const [first, second] = await network.upDown(bits, { epochs: 60, batchSize: 10, learningRate: 0.2 });
    expect(first?.warnings.join()).toMatch(/no level was pretrained/);
    expect(second?.warnings).toEqual([]);
    const law = new TwoLevels(network).law();
    const seen = frequencies((await network.sample(20_000, { sweeps: 60 })).data, 3);
    seen.forEach((part, state) => {
      const p = law[state] as number;
      expect(Math.abs(part - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 20_000) + 1e-4);
    });
    const up = new TwoLevels(network).upFields([1, 0, 1]);
    const features = await network.transform([[1, 0, 1]], { layer: 1 });
    up.forEach((field, j) => {
      expect(features.get(0, j)).toBeCloseTo(sigmoid(field), 5);
    });
  });

  it('has the same bits on any number of threads', async () => {
    const bits = async (threads: number) => {
      using network = await pretrained({ ...small, threads });
      await network.upDown(rows, usual);
      return bitsOfNetwork(network);
    };
    expect(await bits(3)).toBe(await bits(1));
  });

  it('lets in only those who read between its reports, and draws the same', async () => {
    using whole = await pretrained();
    await whole.upDown(rows, usual);
    using network = await pretrained();
    const run = network.upDown(rows, usual);
    await expect(network.sample(1, { sweeps: 1 })).rejects.toThrow(BusyError);
    for await (const _ of run) await network.sample(3, { sweeps: 3 });
    expect(bitsOfNetwork(network)).toBe(bitsOfNetwork(whole));
  });
});

describe('an interrupted run', () => {
  it.each<[string, UpDownOptions]>([
    ['from the data', usual],
    ['with persistent chains and momentum', { ...usual, chains: 8, momentum: 0.5, averageLast: 0.9, sweeps: 2 }],
    ['with roll-backs and frozen halves', { ...usual, onDivergence: 'rollback', rates: { down: 0 }, dreams: 'sample' }],
    [
      'with the best state and a rate of the caller',
      { ...usual, validation: twoClasses(20, 6, 5), keepBest: true, learningRate: (step) => 0.05 / (1 + step) },
    ],
  ])('goes on from any update, in memory and from a file: %s', async (_, options) => {
    using whole = await pretrained();
    await whole.upDown(rows, options);
    const bits = bitsOfNetwork(whole);
    for (const stop of [1, 4, 7, 15]) {
      using network = await pretrained();
      const end = new AbortController();
      const path = file(`stop${stop}`);
      const run = network.upDown(rows, {
        ...options,
        checkpoint: { path, every: 1 },
        signal: end.signal,
        onProgress: ({ update }) => {
          if (update >= stop) end.abort(new Error('enough'));
        },
      });
      await run.catch((error: unknown) => expect((error as Error).message).toBe('enough'));
      await network.save(file('memory'));
      const { validation } = options; // all else is in the file
      for (const from of [path, file('memory')].filter(existsSync)) {
        using loaded = await DeepBeliefNetwork.load(from);
        if (loaded.training?.phase !== 'upDown' || loaded.training.complete) continue;
        await loaded.upDown(rows, { labels, resume: true, validation });
        expect(bitsOfNetwork(loaded)).toBe(bits);
      }
      if (network.training?.complete) continue;
      await network.upDown(rows, { ...options, resume: true });
      expect(bitsOfNetwork(network)).toBe(bits);
    }
  });
});

describe('files', () => {
  beforeAll(async () => {
    using network = await pretrained();
    for await (const { epoch } of network.upDown(rows, { ...usual, chains: 5 })) if (epoch === 2) await network.save(file('middle'));
    await network.save(file('over'));
  });

  it.each(['middle', 'over'])('bring an untied network back: %s', async (name) => {
    using loaded = await DeepBeliefNetwork.load(file(name));
    expect(loaded.untied).toBe(true);
    await loaded.save(file('again'));
    using twice = await DeepBeliefNetwork.load(file('again'));
    expect(bitsOfNetwork(twice)).toBe(bitsOfNetwork(loaded));
    expect(twice.training).toEqual(loaded.training);
    const draws = async (network: DeepBeliefNetwork) => [...(await network.sample(20, { sweeps: 3 })).data];
    expect(await draws(twice)).toEqual(await draws(loaded));
  });

  it.each<[string, (parts: Parts) => void, RegExp]>([
    [
      'the halves are said to be one',
      (p) => editJson(p, 'config', (json) => ({ ...json, untied: false })),
      /damaged training state|unknown tensor/,
    ],
    ['chains are missing', (p) => p.tensors.delete('training/top/chains/labels'), /lacks "training\/top\/chains\/labels"/],
    ['chains hold no states', (p) => p.tensors.get('training/top/chains/hidden1')?.data.fill(3 as never), /numbers from 0 to 1/],
    [
      'a velocity is missing',
      (p) => p.tensors.delete('training/velocity/down1/visible.bias'),
      /lacks "training\/velocity\/down1\/visible.bias"/,
    ],
    ['settings are none', (p) => editJson(p, 'training', (json) => ({ ...json, settings: 3 })), /no settings/],
    ['the run is missing', (p) => delete p.metadata.training, /lacks that of the run/],
    [
      'a generative parameter is missing',
      (p) => p.tensors.delete('level1/generative/visible.bias'),
      /lacks "level1\/generative\/visible.bias"/,
    ],
  ])('are refused when %s', async (_, change, message) => {
    const path = await altered(file('middle'), file('altered'), change);
    await expect(DeepBeliefNetwork.load(path)).rejects.toThrow(message);
    await expect(DeepBeliefNetwork.load(path)).rejects.toThrow(FormatError);
  });
});

describe('bad input', () => {
  it.each<[string, unknown, RegExp]>([
    ['labels are left out', {}, /`labels` must be given/],
    ['labels are of another length', { labels: [0, 1] }, /`labels` must have 40 rows/],
    ['a label is missing', { labels: [Number.NaN, ...labels.slice(1)] }, /labels/],
    ['a label is out of range', { labels: [2, ...labels.slice(1)] }, /`labels\[0\]` must be a category from 0 to 1, got 2/],
    ['an option is unknown', { ...usual, sweep: 3 }, /no option `sweep`/],
    ['sweeps are none', { ...usual, sweeps: 0 }, /`sweeps` must be a whole number/],
    ['momentum is 1', { ...usual, momentum: 1 }, /`momentum` must be a finite number in \[0, 1\)/],
    ['dreams are unknown', { ...usual, dreams: 'draw' }, /`dreams` must be 'mean' or 'sample'/],
    ['a part is unknown', { ...usual, rates: { middle: 0 } }, /`rates`/],
    ['the batch is larger than the data', { ...usual, batchSize: 41 }, /`batchSize` must be at most the number of rows, 40/],
    ['the best is wanted without validation', { ...usual, keepBest: true }, /`keepBest` must be left out without `validation`/],
    ['looks are wanted without validation', { ...usual, evaluateEvery: 2 }, /`evaluateEvery` must be left out without `validation`/],
    ['nothing was interrupted', { labels, resume: true }, /holds no interrupted run/],
  ])('upDown refuses it: %s', async (_, options, message) => {
    using network = new DeepBeliefNetwork(small);
    const bits = bitsOfNetwork(network);
    await expect(network.upDown(rows, options as UpDownOptions).then(() => undefined)).rejects.toThrow(message);
    expect(bitsOfNetwork(network)).toBe(bits);
    expect([network.training, network.untied, network.busy]).toEqual([null, false, false]);
  });

  it('one level has no halves; without labels there is nothing to get wrong', async () => {
    using one = new DeepBeliefNetwork({ layers: [6, 5] });
    await expect(one.upDown(rows).then(() => undefined)).rejects.toThrow(/one level has no halves/);
    using plain = new DeepBeliefNetwork({ layers: [6, 5, 4] });
    await expect(plain.upDown(rows, { validation: { rows } }).then(() => undefined)).rejects.toThrow(/`validation` must be left out/);
  });
});

describe.each(devices)('the bound on %s', (device) => {
  it.each([undefined, 3])('is what sums over all states say, with labels: %s', async (classes) => {
    using network = knownNetwork({ layers: [3, 3, 2], seed: 3, device, ...(classes === undefined ? {} : { labels: classes }) });
    const law = new TwoLevels(network);
    const all = allBits(3);
    const { bound, bounds, logZ, converged } = await network.evaluate(all, { samples: 4000 });
    expect([logZ.method, converged]).toEqual(['exact', true]);
    expect(logZ.value).toBeCloseTo(law.logZ(), 4);
    const likelihoods = law.law().map(Math.log);
    const exact = all.map((v) => {
      const up = law.upFields(v);
      return allBits(3).reduce((sum, h) => {
        const q = h.reduce((product, bit, j) => product * sigmoid(bit ? (up[j] as number) : -(up[j] as number)), 1);
        const score = Math.log(Array.from({ length: law.classes }, (_, y) => Math.exp(law.topWeight(h, y))).reduce((a, b) => a + b, 0));
        return sum + q * (law.generated(v, h) + score - Math.log(q));
      }, -law.logZ());
    });
    exact.forEach((value, r) => {
      expect(Math.abs((bounds.data[r] as number) - value)).toBeLessThan(0.15);
      expect(value).toBeLessThanOrEqual((likelihoods[r] as number) + 1e-9);
    });
    const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
    expect(Math.abs(bound.mean - mean)).toBeLessThan(5 * bound.samplingError + 1e-5);
    expect(bound.low).toBeLessThanOrEqual(bound.mean);
    expect(bound.perDimension).toBeCloseTo(bound.mean / 3, 10);
  });

  it('takes a new draw of each row for every sample', async () => {
    const bounds = async (samples: number): Promise<number[]> => {
      using network = knownNetwork({ layers: [3, 3, 2], seed: 3, device });
      return [...(await network.evaluate(allBits(3), { samples })).bounds.data];
    };
    expect(await bounds(2)).toEqual(await bounds(2));
    expect(await bounds(4)).not.toEqual(await bounds(2));
  });

  it('of one level is the likelihood itself', async () => {
    using network = knownNetwork({ layers: [4, 3], seed: 3, device });
    const { bounds } = await network.evaluate(allBits(4));
    expect(bounds.data.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4);
  });
});

it('the bound refuses what it cannot use', async () => {
  using network = new DeepBeliefNetwork({ layers: [3, 3, 2] });
  const { warnings } = await network.evaluate([[0, 1, 1]]);
  expect(warnings.join()).toMatch(/neither trained nor given parameters/);
  await expect(network.evaluate([[0, 1, 0.5]])).rejects.toThrow(ParameterError);
  await expect(network.evaluate([[0, 1]])).rejects.toThrow(/`data` must have 3 columns/);
  await expect(network.evaluate([[0, 1, 1]], { samples: 1 })).rejects.toThrow(/`samples` must be a whole number/);
});
