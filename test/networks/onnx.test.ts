import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileError, ParameterError } from '../../src/errors.js';
import type { FeedForward, FeedForwardLayer } from '../../src/networks/feed-forward.js';
import { encodeOnnx, writeOnnx } from '../../src/networks/onnx/export.js';
import { excessCoefficients } from '../../src/networks/onnx/truncated.js';
import type { UnitType } from '../../src/wiring/units.js';
import { cutNormal, forward, generator, randomLayer } from './support.js';

let folder: string;
beforeAll(() => {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  folder = mkdtempSync(join(tmpdir(), 'boltzkit-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ONNX Runtime makes of rows; [rows][places]. */
async function run(
  file: Uint8Array,
  rows: readonly (readonly number[])[],
  names = { input: 'input', output: 'output' },
): Promise<number[][]> {
  const session = await InferenceSession.create(file);
  expect(session.inputNames).toEqual([names.input]);
  expect(session.outputNames).toEqual([names.output]);
  const columns = rows[0]!.length;
  const input = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, columns]);
  const result = (await session.run({ [names.input]: input }))[names.output]!;
  await session.release();
  const places = result.dims[1]!;
  expect(result.dims).toEqual([rows.length, places]);
  const data = result.data as Float32Array;
  return rows.map((_, r) => Array.from(data.subarray(r * places, (r + 1) * places)));
}

function worst(got: readonly number[][], expected: readonly number[][]): number {
  expect(got.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  let most = 0;
  // Single precision has about seven digits: beyond 1 the difference counts relative to the value.
  for (const [r, row] of expected.entries())
    for (const [j, value] of row.entries()) most = Math.max(most, Math.abs(got[r]![j]! - value) / Math.max(1, Math.abs(value)));
  return most;
}

function randomRows(random: () => number, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(random())));
}

const types: readonly [UnitType, number, number][] = [
  ['bernoulli', 7, 1],
  ['spin', 7, 1],
  ['softmax', 6, 6],
  ['softmax', 12, 4],
  ['gaussian', 7, 1],
  ['binomial', 7, 5],
  ['relu', 7, 1],
  ['doubleRelu', 7, 1],
];

describe('ONNX Runtime computes what plain loops do', () => {
  test.each(types)('a layer of %s, %i places of size %i', async (type, places, size) => {
    const random = generator(places * size);
    const layer = randomLayer(random, { name: 'only', type, inputs: 9, places, size, scale: 4 });
    const network: FeedForward = { inputs: 9, layers: [layer] };
    const rows = randomRows(random, 50, 9);
    expect(worst(await run(await encodeOnnx('test', network), rows), forward(network, rows))).toBeLessThan(1e-5);
  });

  test('a classifier of four layers, for any number of rows', async () => {
    const random = generator(3);
    const layers = [
      randomLayer(random, { name: 'a', type: 'bernoulli', inputs: 20, places: 30, scale: 3 }),
      randomLayer(random, { name: 'b', type: 'relu', inputs: 30, places: 25 }),
      randomLayer(random, { name: 'c', type: 'spin', inputs: 25, places: 15 }),
      randomLayer(random, { name: 'd', type: 'softmax', inputs: 15, places: 10, size: 10, scale: 3 }),
    ];
    const network: FeedForward = { inputs: 20, layers };
    const file = await encodeOnnx('test', network);
    for (const n of [1, 2, 33]) {
      const rows = randomRows(random, n, 20);
      expect(worst(await run(file, rows), forward(network, rows))).toBeLessThan(1e-5);
    }
  });

  test('rectified units far on and far off', async () => {
    const fields = [-3000, -300, -50, -20, -8, -4, -2, -1, -0.5, -0.01, 0, 0.01, 0.5, 1, 2, 4, 8, 20, 50, 300, 3000];
    for (const logPrecision of [-3, 0, 2]) {
      const layer: FeedForwardLayer = {
        name: 'r',
        type: 'relu',
        places: 1,
        size: 1,
        weights: Float32Array.of(1),
        parameters: Float32Array.of(0, logPrecision),
      };
      const got = (
        await run(
          await encodeOnnx('test', { inputs: 1, layers: [layer] }),
          fields.map((f) => [f]),
        )
      ).flat();
      for (const [i, field] of fields.entries()) {
        const { mean } = cutNormal(field, Math.exp(logPrecision));
        expect(Math.abs(got[i]! / mean - 1), `field ${field}`).toBeLessThan(2e-6);
      }
    }
  });

  test('double rectified units with two modes, and with one side far off', async () => {
    for (const parameters of [
      [4, 0, -4, 0],
      [1, 1, 2, -1],
      [-30, 0, -30, 1],
      [30, 0, 25, 0],
    ]) {
      const layer: FeedForwardLayer = {
        name: 'd',
        type: 'doubleRelu',
        places: 1,
        size: 1,
        weights: Float32Array.of(1),
        parameters: Float32Array.from(parameters),
      };
      const network: FeedForward = { inputs: 1, layers: [layer] };
      const rows = [-20, -5, -1, -0.2, 0, 0.2, 1, 5, 20].map((f) => [Math.fround(f)]);
      expect(worst(await run(await encodeOnnx('test', network), rows), forward(network, rows))).toBeLessThan(1e-5);
    }
  });

  test('softmax with large fields does not overflow', async () => {
    const layer: FeedForwardLayer = {
      name: 's',
      type: 'softmax',
      places: 2,
      size: 2,
      weights: Float32Array.of(500, -500),
      parameters: Float32Array.of(0, 0),
    };
    expect(await run(await encodeOnnx('test', { inputs: 1, layers: [layer] }), [[1], [-1], [0]])).toEqual([
      [1, 0],
      [0, 1],
      [0.5, 0.5],
    ]);
  });
});

test('the polynomial of the excess has the error that its comment says', () => {
  for (let b = 0; b < 200; b = b < 10 ? b + 0.05 : b * 1.1) {
    const exact = cutNormal(-b, 1).mean;
    const u = 2 / (2 + b);
    const value = u * excessCoefficients.reduceRight((sum, c) => sum * (2 * u - 1) + c, 0);
    expect(Math.abs(value / exact - 1), `b = ${b}`).toBeLessThan(6e-8);
  }
});

describe('names and texts of a file', () => {
  const random = generator(5);
  const network: FeedForward = {
    inputs: 3,
    // Names that no identifier may have, and that collide once they are made into some.
    layers: [
      randomLayer(random, { name: 'Schicht 1', type: 'bernoulli', inputs: 3, places: 4 }),
      randomLayer(random, { name: 'Schicht_1', type: 'bernoulli', inputs: 4, places: 4 }),
      randomLayer(random, { name: 'input', type: 'bernoulli', inputs: 4, places: 4 }),
      randomLayer(random, { name: '7', type: 'bernoulli', inputs: 4, places: 2 }),
    ],
  };
  const rows = randomRows(random, 4, 3);

  test('layers may be called anything', async () => {
    expect(worst(await run(await encodeOnnx('test', network), rows), forward(network, rows))).toBeLessThan(1e-5);
  });

  test('inputs and outputs are called as asked, and metadata are kept', async () => {
    const options = { inputName: 'pixels', outputName: 'only_mean', description: 'Ziffern, ≤ 1 %', metadata: { classes: '["0","1"]' } };
    const file = await encodeOnnx('test', network, options);
    const got = await run(file, rows, { input: 'pixels', output: 'only_mean' });
    expect(worst(got, forward(network, rows))).toBeLessThan(1e-5);
    const text = Buffer.from(file).toString('utf8');
    for (const part of ['boltzkit', 'Ziffern, ≤ 1 %', 'classes', '["0","1"]', 'rows']) expect(text).toContain(part);
  });

  test('a description by default', async () => {
    expect(Buffer.from(await encodeOnnx('test', network)).toString('utf8')).toContain('inputs 3, Schicht 1: bernoulli 4');
  });
});

describe('what cannot be written', () => {
  const random = generator(7);
  const layer = randomLayer(random, { name: 'words', type: 'bernoulli', inputs: 3, places: 4 });
  const network: FeedForward = { inputs: 3, layers: [layer] };

  test('counts are refused by name', async () => {
    const counts: FeedForward = { inputs: 3, layers: [{ ...layer, type: 'counts', size: 4 }] };
    await expect(encodeOnnx('Network.toONNX', counts)).rejects.toThrow(ParameterError);
    await expect(encodeOnnx('Network.toONNX', counts)).rejects.toThrow(
      "Network.toONNX: layer 'words' has units of type 'counts', which ONNX cannot express: their mean depends on the number of words",
    );
  });

  test('numbers that are not finite', async () => {
    const weights = layer.weights.slice();
    weights[5] = Number.NaN;
    await expect(encodeOnnx('test', { inputs: 3, layers: [{ ...layer, weights }] })).rejects.toThrow(
      "the weights of layer 'words' must be finite numbers, got NaN (number 5)",
    );
  });

  test.each([
    [{ inputName: '' }, '`inputName` must be a name of letters, digits and underscores, got ""'],
    [{ inputName: 'a b' }, '`inputName` must be'],
    [{ outputName: 'input' }, '`outputName` must be another name than that of the input'],
    [{ metadata: { a: 1 } }, '`metadata.a` must be text, got 1'],
    [{ metadata: ['a'] }, '`metadata` must be an object of texts'],
    [{ description: 5 }, '`description` must be text, got 5'],
    [{ layer: 'word' }, "`layer` must be one of 'words', got \"word\" (did you mean 'words'?)"],
    [{ opset: 5 }, 'there is no option `opset`'],
  ])('%j', async (options, message) => {
    await expect(encodeOnnx('test', network, options)).rejects.toThrow(ParameterError);
    await expect(encodeOnnx('test', network, options)).rejects.toThrow(message);
  });

  test('a path that cannot be written leaves nothing, and the old file', async () => {
    const path = join(folder, 'model.onnx');
    await writeOnnx('Network.toONNX', path, network);
    const before = readFileSync(path);
    expect(before.equals(await encodeOnnx('test', network))).toBe(true);
    await expect(writeOnnx('Network.toONNX', join(folder, 'none', 'model.onnx'), network)).rejects.toThrow(FileError);
    await expect(writeOnnx('Network.toONNX', folder, network)).rejects.toThrow(/Network.toONNX: cannot write .*it is a folder/);
    await expect(writeOnnx('Network.toONNX', path, { inputs: 3, layers: [{ ...layer, type: 'counts' }] })).rejects.toThrow(ParameterError);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
    await expect(writeOnnx('Network.toONNX', 5 as never, network)).rejects.toThrow(ParameterError);
  });
});
