/**
 * Feed-forward networks made of a deep belief network: what they compute before fine-tuning, and
 * what they say.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Autoencoder, BusyError, Classifier, DeepBeliefNetwork, DisposedError, gaussian, ParameterError } from '../../src/index.js';
import { allBits, knownNetwork, sigmoid, twoClasses } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-unrolled-'));
});
afterAll(() => rm(folder, { recursive: true }));

const near = (seen: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(seen.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(seen[i]).toBeCloseTo(expected[i] as number, 5);
};

it('a classifier sees what the recognition half sees', async () => {
  using network = knownNetwork({ layers: [4, 5, 3], seed: 2 });
  using classifier = network.toClassifier({ classes: 4 });
  expect(classifier.toJSON().layers).toEqual({ hidden1: 'bernoulli(5)', hidden2: 'bernoulli(3)', output: 'softmax(4)' });
  const rows = allBits(4);
  near((await classifier.transform(rows, 'hidden1')).data, (await network.transform(rows, { layer: 1 })).data);
  near((await classifier.transform(rows, 'hidden2')).data, (await network.transform(rows)).data);
});

it('a classifier of a labelled network begins with the softmax of its labels', async () => {
  using network = knownNetwork({ layers: [4, 5, 3], labels: 3, seed: 2 });
  using classifier = network.toClassifier({ classes: ['a', 'b', 'c'] });
  const [weights, bias] = [network.getParameter('level2/labels-hidden2.weights'), network.getParameter('level2/labels.bias')];
  const hidden = network.getParameter('level2/hidden2.bias');
  const shifted = Array.from({ length: 3 }, (_, j) => hidden.get(j) + [0, 1, 2].reduce((sum, y) => sum + weights.get(y, j), 0) / 3);
  near(classifier.getParameter('hidden2.bias').data, shifted);
  const rows = allBits(4);
  const features = await classifier.transform(rows, 'hidden2');
  const probabilities = await classifier.predictProbabilities(rows);
  rows.forEach((_, r) => {
    const fields = [0, 1, 2].map((y) => [0, 1, 2].reduce((sum, j) => sum + weights.get(y, j) * features.get(r, j), bias.get(y)));
    const total = fields.reduce((sum, field) => sum + Math.exp(field), 0);
    near(
      Array.from([0, 1, 2], (y) => probabilities.get(r, y)),
      fields.map((field) => Math.exp(field) / total),
    );
  });
  using other = network.toClassifier({ classes: 2 });
  expect(other.classes).toEqual([0, 1]);
});

it('an autoencoder reconstructs as the network does, with real rows and codes too', async () => {
  for (const layers of [
    [4, 5, 3],
    [gaussian(4), 5, gaussian(2)],
  ] as const) {
    using network = knownNetwork({ layers, seed: 2 }, 0.5);
    using autoencoder = network.toAutoencoder();
    const rows = allBits(4);
    near((await autoencoder.encode(rows)).data, (await network.transform(rows)).data);
    near((await autoencoder.reconstruct(rows)).data, (await network.reconstruct(rows)).data);
  }
});

it('fine-tuning before pretraining says so, once', async () => {
  const { rows, labels } = twoClasses(20);
  using network = new DeepBeliefNetwork({ layers: [6, 4, 3], labels: 2, seed: 1 });
  using classifier = network.toClassifier({ classes: 2 });
  const options = { epochs: 2, batchSize: 10 };
  const [first, second] = await classifier.fit(rows, labels, options);
  expect(first?.warnings).toEqual(['no level was pretrained: all layers start from random weights']);
  expect(second?.warnings).toEqual([]);
  const [again] = await classifier.fit(rows, labels, options);
  expect(again?.warnings).toEqual([]);

  network.setParameter('level1/hidden1.bias', [0, 1, 2, 3]);
  using half = network.toAutoencoder();
  const [report] = await half.fit(rows, options);
  expect(report?.warnings).toEqual(["the levels of 'hidden2' were not pretrained: these layers start from random weights"]);
  await network.pretrain(rows, { labels, ...options });
  using whole = network.toClassifier({ classes: 2 });
  expect((await whole.fit(rows, labels, options))[0]?.warnings).toEqual([]);
});

it('pretraining helps where labels are few', async () => {
  const many = twoClasses(300, 12, 3);
  const fresh = twoClasses(200, 12, 4);
  using network = new DeepBeliefNetwork({ layers: [12, 16, 8], seed: 1 });
  await network.pretrain(many.rows, { epochs: 40, batchSize: 10 });
  using classifier = network.toClassifier({ classes: 2 });
  await classifier.fit(many.rows.slice(0, 10), many.labels.slice(0, 10), { epochs: 200, learningRate: 0.02 });
  expect((await classifier.evaluate(fresh.rows, fresh.labels)).error).toBeLessThan(0.03);
});

it('a deep autoencoder pretrains, unrolls, learns, and is kept in files', async () => {
  const { rows } = twoClasses(60, 8, 3);
  using ae = DeepBeliefNetwork.autoencoder([8, 6, 2], { seed: 1, loss: 'likelihood' });
  expect(ae.toJSON().layers).toMatchObject({
    hidden1: 'bernoulli(6)',
    code: 'gaussian(2)',
    decoder1: 'bernoulli(6)',
    output: 'bernoulli(8)',
  });
  const reports = await ae.pretrain(rows, { epochs: 20, batchSize: 10 });
  expect(reports.at(-1)?.layer).toBe('hidden2');
  near((await ae.reconstruct(rows)).data, (await ae.dbn.reconstruct(rows)).data);
  const before = (await ae.evaluate(rows)).error;
  const [first] = await ae.fit(rows, { epochs: 50, learningRate: 0.01 });
  expect(first?.warnings).toEqual([]);
  expect((await ae.evaluate(rows)).error).toBeLessThan(before);
  expect((await ae.encode(rows)).shape).toEqual([60, 2]);
  const path = join(folder, 'ae');
  await ae.save(path);
  using loaded = await Autoencoder.load(path);
  expect([...(await loaded.reconstruct(rows)).data]).toEqual([...(await ae.reconstruct(rows)).data]);
  expect(() => DeepBeliefNetwork.autoencoder([4])).toThrow(/`layers` must be a list of 2/);
  expect(() => DeepBeliefNetwork.autoencoder([4, 2], { los: 'squared' } as never)).toThrow(/no option `los`/);
});

it('a deep autoencoder without pretraining says so', async () => {
  const { rows } = twoClasses(20);
  using ae = DeepBeliefNetwork.autoencoder([6, 4, 2], { seed: 1 });
  const [first] = await ae.fit(rows, { epochs: 1 });
  expect(first?.warnings.join()).toMatch(/no level was pretrained/);
  ae.dispose();
  await expect(ae.pretrain(rows).then(() => undefined)).rejects.toThrow(DisposedError);
});

it('bad input', async () => {
  const { rows, labels } = twoClasses(20);
  using network = new DeepBeliefNetwork({ layers: [6, 4, 3], labels: 2, seed: 1 });
  expect(() => network.toClassifier({ classes: 1 })).toThrow(ParameterError);
  expect(() => network.toClassifier({} as never)).toThrow(/classes/);
  expect(() => network.toClassifier({ classes: 2, dropout: 0.5 } as never)).toThrow(
    /DeepBeliefNetwork.toClassifier: there is no option `dropout`/,
  );
  expect(() => network.toAutoencoder({ classes: 2 } as never)).toThrow(/no option `classes`/);
  const run = network.pretrain(rows, { labels, epochs: 1 });
  expect(() => network.toClassifier({ classes: 2 })).toThrow(BusyError);
  await run;
  network.dispose();
  expect(() => network.toClassifier({ classes: 2 })).toThrow(DisposedError);
  expect(sigmoid(0)).toBe(0.5);
  expect(Classifier).toBeDefined();
});
