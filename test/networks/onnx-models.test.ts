/** Networks as ONNX files give what they give here. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Autoencoder,
  Classifier,
  doubleRelu,
  FileError,
  gaussian,
  Network,
  ParameterError,
  relu,
  rowsOf,
  softmax,
  spin,
} from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { cornerClassifier, corners } from './models-support.js';

let folder: string;
beforeAll(() => {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  folder = mkdtempSync(join(tmpdir(), 'boltzkit-onnx-models-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ran(path: string, rows: readonly (readonly number[])[], output = 'output'): Promise<Float32Array> {
  const session = await InferenceSession.create(readFileSync(path));
  const input = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
  const result = (await session.run({ input }))[output]!;
  await session.release();
  return result.data as Float32Array;
}

function expectClose(values: Float32Array, expected: Float32Array): void {
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries())
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected[i]!)));
}

describe('toONNX', () => {
  const { rows, labels } = corners(50);

  it('writes a classifier, dropout or not', async () => {
    using classifier = cornerClassifier({ hidden: [{ units: relu(12), dropout: 0.2 }, 6] });
    await classifier.fit(rows, labels, { epochs: 10 });
    const path = join(folder, 'classifier.onnx');
    await classifier.toONNX(path, { outputName: 'probabilities', metadata: { classes: 'even, odd' } });
    expectClose(await ran(path, rows, 'probabilities'), (await classifier.predictProbabilities(rows)).data);
  });

  it('writes a network of any units, and an autoencoder', async () => {
    const random = new TestRandom(4);
    using network = new Network({ inputs: 4, layers: [relu(5), doubleRelu(6), spin(4), gaussian(3), softmax(2, 2)], seed: 4 });
    for (const [name, [height, width]] of Object.entries(network.parameterShapes)) {
      if (name.endsWith('.weights')) network.setParameter(name, { data: random.normals(height * width), shape: [height, width] });
    }
    await network.toONNX(join(folder, 'network.onnx'));
    expectClose(await ran(join(folder, 'network.onnx'), rows), (await network.predict(rows)).data);
    using autoencoder = new Autoencoder({ layers: [gaussian(4), 8, 2], seed: 4 });
    await autoencoder.toONNX(join(folder, 'autoencoder.onnx'));
    expectClose(await ran(join(folder, 'autoencoder.onnx'), rows), (await autoencoder.reconstruct(rows)).data);
  });

  it('says what cannot be written', async () => {
    using classifier = cornerClassifier();
    await expect(classifier.toONNX(join(folder, 'no', 'such', 'file'))).rejects.toThrow(FileError);
    await expect(classifier.toONNX(join(folder, 'x'), { input: 'rows' } as never)).rejects.toThrow(
      /^Classifier\.toONNX: there is no option `input`/,
    );
    await expect(classifier.toONNX('', {})).rejects.toThrow(ParameterError);
    expect([...rowsOf(await classifier.predictProbabilities(rows))]).toHaveLength(50);
    using other = new Classifier({ inputs: 4, hidden: [], classes: 2 });
    other.dispose();
    await expect(other.toONNX(join(folder, 'x'))).rejects.toThrow(/disposed of/);
  });
});
