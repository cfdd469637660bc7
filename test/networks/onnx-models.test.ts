import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Autoencoder, binomial, Classifier, doubleRelu, gaussian, Network, relu, softmax, spin } from '../../src/index.js';
import type { Matrix } from '../../src/models/results.js';
import { generator } from './support.js';

let folder: string;
beforeAll(() => {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  folder = mkdtempSync(join(tmpdir(), 'boltzkit-onnx-models-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const random = generator(11);
const rows = Array.from({ length: 40 }, () => Array.from({ length: 12 }, () => (random() < 0.5 ? 1 : 0)));
const labels = rows.map((row) => (row[0]! + row[1]! > 0 ? 1 : 0) + 2 * (row[2] as number));

/** The largest difference between what a model and ONNX Runtime make of rows. */
async function difference(path: string, expected: Matrix): Promise<number> {
  const session = await InferenceSession.create(readFileSync(path));
  const { output } = await session.run({ input: new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, 12]) });
  await session.release();
  expect(output!.dims).toEqual(expected.shape);
  const got = output!.data as Float32Array;
  return Math.max(...Array.from(expected.data, (value, i) => Math.abs(value - got[i]!) / Math.max(1, Math.abs(value))));
}

test('a trained classifier, and one of its layers', async () => {
  const path = join(folder, 'classifier.onnx');
  const classifier = new Classifier({ inputs: 12, hidden: [20, relu(10)], classes: ['no', 'one', 'two', 'both'], seed: 1 });
  const named = labels.map((label) => classifier.classes[label]!);
  await classifier.fit(rows, named, { epochs: 20, batchSize: 10 });
  await classifier.toONNX(path);
  expect(await difference(path, await classifier.predictProbabilities(rows))).toBeLessThan(1e-5);
  expect(readFileSync(path, 'utf8')).toContain('["no","one","two","both"]');
  await classifier.toONNX(path, { layer: 'hidden2', metadata: { classes: 'mine' } });
  expect(await difference(path, await classifier.transform(rows, 'hidden2'))).toBeLessThan(1e-5);
  expect(readFileSync(path, 'utf8')).toContain('mine');
  classifier.dispose();
});

test('a network of every type of units that a network may have', async () => {
  const path = join(folder, 'network.onnx');
  const layers = [gaussian(9), relu(9), spin(9), doubleRelu(9), binomial(9, 4), softmax(3, 4), 9];
  const network = new Network({ inputs: 12, layers: layers.map((units) => ({ units, weightScale: 0.8 })), seed: 3 });
  for (const layer of network.layerNames) {
    await network.toONNX(path, { layer });
    expect(await difference(path, await network.transform(rows, layer)), layer).toBeLessThan(1e-5);
  }
  network.dispose();
});

test('an autoencoder and its encoder', async () => {
  const path = join(folder, 'autoencoder.onnx');
  const autoencoder = new Autoencoder({ layers: [12, 8, 3], seed: 2 });
  await autoencoder.fit(rows, { epochs: 5, batchSize: 10 });
  await autoencoder.toONNX(path);
  expect(await difference(path, await autoencoder.reconstruct(rows))).toBeLessThan(1e-5);
  await autoencoder.toONNX(path, { layer: autoencoder.layerNames[1]! });
  expect(await difference(path, await autoencoder.encode(rows))).toBeLessThan(1e-5);
  autoencoder.dispose();
});
