/**
 * Files of networks with a right checksum that say what no network or run can be: each is refused
 * as a file.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Autoencoder, BackendError, Classifier, FormatError, Network } from '../../src/index.js';
import { altered, editJson, type Parts, zeros } from '../models/file-support.js';
import { cornerClassifier, corners } from './models-support.js';

const { rows, labels } = corners(30);
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-hostile-networks-'));
  const interrupted = async (name: string, options: object) => {
    using classifier = cornerClassifier();
    const run = classifier.fit(rows, labels, {
      epochs: 2000,
      batchSize: 10,
      ...options,
      onProgress: ({ epoch }) => epoch > 0 && run.stop(),
    });
    await run;
    await classifier.save(file(name));
    (await Classifier.load(file(name))).dispose();
  };
  await interrupted('adam', { averageLast: 1, rates: { hidden1: 0 } });
  await interrupted('back', { onDivergence: 'rollback', optimiser: 'sgd' });
  await interrupted('best', { keepBest: true, validation: { rows, labels } });
  await interrupted('lbfgs', { optimiser: 'lbfgs', epochs: 500 });
  using model = cornerClassifier();
  await model.save(file('model'));
  using autoencoder = new Autoencoder({ layers: [4, 3, 2] });
  await autoencoder.save(file('autoencoder'));
});
afterAll(() => rm(folder, { recursive: true }));

const without = (name: string) => (parts: Parts) => {
  expect(parts.tensors.delete(name)).toBe(true);
};
const filled = (name: string, value: number | bigint) => (parts: Parts) => {
  const tensor = parts.tensors.get(name) as { data: { fill(value: number | bigint): unknown } };
  tensor.data.fill(value);
};
const config = (name: string, value: unknown) => (parts: Parts) => editJson(parts, 'config', (json) => ({ ...json, [name]: value }));
const setting = (name: string, value: unknown) => (parts: Parts) =>
  editJson(parts, 'training', (json) => ({ ...json, settings: { ...(json.settings as unknown as object), [name]: value } }));
const training = (name: string, value: unknown) => (parts: Parts) => editJson(parts, 'training', (json) => ({ ...json, [name]: value }));
const counter = (name: string, value: unknown) => (parts: Parts) =>
  editJson(parts, 'training', (json) => ({ ...json, counters: { ...(json.counters as unknown as object), [name]: value } }));
const huge = { name: 'hidden1', type: 'relu', units: 2 ** 31 - 1, size: 1, weightScale: 0.1 };

describe('files of networks', () => {
  it.each<[string, string, (parts: Parts) => void, RegExp]>([
    ['weights are missing', 'model', without('hidden1.weights'), /lacks "hidden1\.weights"/],
    ['a bias has another shape', 'model', (p) => p.tensors.set('hidden1.bias', zeros([1, 3])), /hidden1|unknown|lacks/],
    ['weights are not finite', 'model', filled('output.weights', Number.NaN), /finite|numbers/],
    ['weights are none', 'model', filled('output.weights', 3e30), /numbers from -1.00e\+18 to 1.00e\+18/],
    ["a tensor is nobody's", 'model', (p) => p.tensors.set('hidden9.weights', zeros([1, 1])), /unknown tensor/],
    ['counters are beyond 48 bits', 'model', filled('network/counters', 2n ** 48n), /steps of random numbers/],
    ['counters are missing', 'model', without('network/counters'), /lacks "network\/counters"/],
    ['there are no layers', 'model', config('layers', []), /damaged metadata|valid network/],
    ['layers are no list', 'model', config('layers', 5), /damaged metadata/],
    ['a layer is nothing', 'model', config('layers', [null, null, null]), /valid network/],
    ['a layer is huge', 'model', config('layers', [huge, huge, huge]), /valid network|shape|lacks/],
    ['dropout is no list', 'model', config('dropout', 0.5), /damaged metadata/],
    ['dropout is everything', 'model', config('dropout', [0, 1, 0]), /valid network/],
    ['dropout is a text', 'model', config('dropout', ['0', 0, 0]), /valid network/],
    ['inputs are another number', 'model', config('inputs', 5), /shape/],
    ['inputs are no number', 'model', config('inputs', '4'), /valid network/],
    ['the classes are others', 'model', config('classes', 3), /shape|valid network/],
    ['the classes are one', 'model', config('classes', ['a']), /valid network/],
    ['the classes repeat', 'model', config('classes', ['a', 'a']), /valid network/],
    ['the seed is none', 'model', config('seed', '-1'), /valid network/],
    ['metadata are no JSON', 'model', (p) => (p.metadata.config = '{'), /damaged metadata/],
    ['settings are no options', 'adam', setting('epochs', '4'), /settings/],
    ['settings lack one', 'adam', setting('batchSize', undefined), /settings/],
    ['settings name an unknown optimiser', 'adam', setting('optimiser', '__proto__'), /settings/],
    ['settings lack their optimiser', 'back', setting('optimiser', undefined), /lacks "training\/second/],
    ['settings are unknown', 'adam', setting('constructor', 1), /settings/],
    ['dropout of a run has another length', 'adam', setting('dropout', [0]), /settings/],
    ['a moment is missing', 'adam', without('training/velocity/output.weights'), /lacks/],
    ['a second moment is negative', 'adam', filled('training/second/output.bias', -1), /finite numbers from 0/],
    ['an average is none', 'adam', filled('training/average/output.weights', 3e29), /numbers from -1.00e\+18/],
    ['a frozen layer has an average', 'adam', (p) => p.tensors.set('training/average/hidden1.weights', zeros([4, 12])), /unknown tensor/],
    ['a good state lacks a parameter', 'back', without('training/newest/parameter/output.bias'), /lacks/],
    ['a good state has another shape', 'back', (p) => p.tensors.set('training/good/parameter/output.bias', zeros([1, 1])), /shape/],
    ['a counter is no number', 'adam', counter('updates', 5), /counter 'updates'/],
    ['a counter is unknown', 'adam', counter('constructor', '5'), /unknown counter/],
    ['more updates are done than there are', 'adam', counter('step', '999999999'), /contradict/],
    ['numbers of updates contradict each other', 'adam', training('step', 1e9), /contradict/],
    ['the learning rate is none', 'adam', training('learningRate', { schedule: 'linear', from: -1 }), /learning rate/],
    ['a best state compares by nothing', 'best', training('best', { source: 'accuracy' }), /best state/],
    ['a best state lacks its parameters', 'best', without('training/best/output.bias'), /lacks/],
    ['the encoder is none', 'autoencoder', config('encoder', 'x'), /valid network/],
    ['the encoder is another', 'autoencoder', config('encoder', [{ units: 2 }]), /lacks|shape|unknown/],
    ['the rows are none', 'autoencoder', config('visible', null), /valid network/],
  ])('are refused where %s', async (name, from, change, message) => {
    const path = await altered(file(from), file('hostile'), change);
    const load = from === 'autoencoder' ? Autoencoder.load(path) : Classifier.load(path);
    const outcome = await load.then(
      () => `${name}: loaded`,
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(FormatError);
    expect((outcome as Error).message).toMatch(message);
    expect((outcome as Error).message).toMatch(/^(Classifier|Autoencoder)\.load: /);
  });

  it('of machines are no networks', async () => {
    const path = await altered(file('model'), file('kind'), (parts) => (parts.metadata.kind = 'rbm'));
    await expect(Classifier.load(path)).rejects.toThrow(/holds a model of kind 'rbm', not 'classifier'/);
    await expect(Network.load(file('model'))).rejects.toThrow(FormatError);
    await expect(Classifier.load(file('model'), { device: 'cuda:999' })).rejects.toThrow(BackendError);
  });
});
