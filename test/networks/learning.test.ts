/**
 * What networks compute, against plain loops, and that they learn what small data have to teach.
 */
import { describe, expect, it } from 'vitest';
import {
  Autoencoder,
  binomial,
  Classifier,
  gaussian,
  lbfgs,
  linear,
  Network,
  type NetworkFitOptions,
  type NetworkUnits,
  relu,
  rowsOf,
  sgd,
  softmax,
  spin,
} from '../../src/index.js';
import { devices } from '../models/support.js';
import { TestRandom } from '../oracle/random.js';
import { cornerClassifier, corners, nestedParameter, networkBits } from './models-support.js';

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
/** Means of units given their fields. */
const means: Record<string, (fields: number[]) => number[]> = {
  bernoulli: (fields) => fields.map(logistic),
  spin: (fields) => fields.map(Math.tanh),
  gaussian: (fields) => fields,
  binomial: (fields) => fields.map((x) => 3 * logistic(x)),
  softmax: (fields) => {
    const sum = fields.reduce((total, x) => total + Math.exp(x), 0);
    return fields.map((x) => Math.exp(x) / sum);
  },
};

/** One row through the layers, in double precision. */
function throughLayers(network: Network, row: readonly number[]): number[][] {
  const outputs: number[][] = [];
  let below = [...row];
  for (const [name, { type }] of Object.entries(network.layers)) {
    const weights = nestedParameter(network, `${name}.weights`);
    const [bias = []] = nestedParameter(network, `${name}.${type === 'gaussian' ? 'parameters' : 'bias'}`);
    const fields = bias.map((b, j) => below.reduce((sum, x, i) => sum + x * (weights[i]?.[j] ?? Number.NaN), b));
    below = (means[type] as (typeof means)[string])(fields);
    outputs.push(below);
  }
  return outputs;
}

describe.each(devices)('outputs on %s', (device) => {
  it.each<[string, NetworkUnits[]]>([
    ['logistic', [{ type: 'bernoulli', places: 3, size: 1 }]],
    ['tanh and linear', [spin(5), gaussian(2)]],
    ['softmax over tanh', [spin(4), spin(3), softmax(4)]],
    ['binomial over logistic', [{ type: 'bernoulli', places: 6, size: 1 }, binomial(2, 3)]],
  ])('of every layer are the means of its units: %s', async (_, layers) => {
    using network = new Network({ inputs: 4, layers, device, seed: 5 });
    const random = new TestRandom(11);
    for (const [name, [rows, cols]] of Object.entries(network.parameterShapes)) {
      if (!name.endsWith('.parameters')) network.setParameter(name, { data: random.normals(rows * cols), shape: [rows, cols] });
    }
    const rows = Array.from({ length: 7 }, () => random.normals(4));
    const expected = rows.map((row) => throughLayers(network, row));
    for (const [l, name] of network.layerNames.entries()) {
      const outputs = [...rowsOf(await network.transform(rows, name))];
      outputs.forEach((row, r) => {
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo(expected[r]![l]![j]!, 5);
      });
      expect(network.transformSync(rows, name).data).toEqual((await network.transform(rows, name)).data);
    }
    expect((await network.predict(rows)).data).toEqual((await network.transform(rows, network.layerNames.at(-1)!)).data);
    expect(network.predictSync(rows).data).toEqual((await network.predict(rows)).data);
  });

  it('are scored by the likelihood, and by squared differences', async () => {
    const random = new TestRandom(3);
    const rows = Array.from({ length: 9 }, () => random.normals(4));
    const targets = rows.map(() => random.coins(3));
    using network = new Network({ inputs: 4, layers: [spin(5), 3], device, seed: 5 });
    const outputs = [...rowsOf(await network.predict(rows))];
    const each = (measure: (p: number, t: number) => number) =>
      outputs.map((row, r) => row.reduce((sum, p, j) => sum + measure(p, targets[r]![j]!), 0));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const squared = each((p, t) => (p - t) ** 2);
    const score = await network.evaluate(rows, targets);
    expect(score.rows).toBe(9);
    expect(score.loss).toBeCloseTo(mean(each((p, t) => -Math.log(t === 1 ? p : 1 - p))), 5);
    expect(score.error).toBeCloseTo(mean(squared), 5);
    const spread = Math.sqrt(squared.reduce((sum, e) => sum + (e - mean(squared)) ** 2, 0) / 8 / 9);
    expect(score.errorStandardError).toBeCloseTo(spread, 5);
    using other = new Network({ inputs: 4, layers: [spin(5), 3], loss: 'squared', device, seed: 5 });
    expect((await other.evaluate(rows, targets)).loss).toBeCloseTo(mean(squared), 5);
  });

  it('change with a row as its gradient says', async () => {
    using network = new Network({ inputs: 3, layers: [spin(6), 2], device, seed: 5 });
    const [row, target] = [
      [0.3, -0.2, 0.9],
      [1, 0],
    ];
    const gradient = Array.from((await network.inputGradient([row], [target])).data);
    const step = 1e-2;
    for (const [i, expected] of gradient.entries()) {
      const moved = (by: number) => row.map((x, k) => (k === i ? x + by : x));
      const [up, down] = [await network.evaluate([moved(step)], [target]), await network.evaluate([moved(-step)], [target])];
      expect((up.loss - down.loss) / (2 * step)).toBeCloseTo(expected, 3);
    }
  });
});

describe('Classifier', () => {
  const { rows, labels } = corners(200);
  const fresh = corners(200, 8);

  it.each<[string, NetworkFitOptions<never>]>([
    ['Adam', { epochs: 60, learningRate: 0.01, batchSize: 20 }],
    ['SGD with momentum', { epochs: 60, optimiser: sgd({ momentum: 0.9 }), learningRate: linear(0.1), batchSize: 20 }],
    ['L-BFGS', { epochs: 20, optimiser: lbfgs() }],
    ['dropout and limited norms', { epochs: 100, learningRate: 0.02, batchSize: 20, dropout: { hidden1: 0.2 }, maxNorm: 3 }],
    ['averages', { epochs: 60, learningRate: 0.01, batchSize: 20, averageLast: 0.5 }],
  ])('learns what no linear one can, by %s', async (_, options) => {
    using classifier = cornerClassifier();
    const before = await classifier.evaluate(fresh.rows, fresh.labels);
    const reports = await classifier.fit(rows, labels, options);
    const { error, loss } = await classifier.evaluate(fresh.rows, fresh.labels);
    expect(error).toBeLessThan(0.03);
    expect(loss).toBeLessThan(before.loss / 4);
    expect(reports).toHaveLength(options.epochs!);
    expect(reports.at(-1)!.error).toBeLessThan(0.03);
    expect(reports.at(-1)).toMatchObject({ epoch: options.epochs, validationLoss: null, validationError: null });
  });

  it('is logistic regression without hidden layers: its gradient is 0 where it has converged', async () => {
    const random = new TestRandom(5);
    const given = Array.from({ length: 100 }, () => random.normals(2));
    const noisy = given.map(([x = 0]) => (x + random.normal() > 0 ? 1 : 0));
    using classifier = new Classifier({ inputs: 2, hidden: [], classes: 2, device: 'reference' });
    await classifier.fit(given, noisy, { epochs: 60, optimiser: lbfgs(), batchSize: 100 });
    const p = [...rowsOf(await classifier.predictProbabilities(given))];
    for (const i of [0, 1]) {
      const gradient = given.reduce((sum, row, r) => sum + row[i]! * (p[r]![1]! - noisy[r]!), 0) / 100;
      expect(Math.abs(gradient)).toBeLessThan(1e-4);
    }
  });

  it('says what it is worth', async () => {
    using classifier = cornerClassifier();
    await classifier.fit(rows, labels, { epochs: 5 });
    const p = [...rowsOf(await classifier.predictProbabilities(fresh.rows))];
    const predicted = await classifier.predict(fresh.rows);
    expect(predicted).toEqual(p.map(([first = 0, second = 0]) => (second > first ? 1 : 0)));
    const worth = await classifier.evaluate(fresh.rows, fresh.labels, { bins: 5 });
    const wrong = predicted.filter((label, r) => label !== fresh.labels[r]).length;
    expect(worth.error).toBe(wrong / 200);
    expect(worth.loss).toBeCloseTo(p.reduce((sum, row, r) => sum - Math.log(row[fresh.labels[r]!]!), 0) / 200, 5);
    expect(worth.loss).toBeCloseTo(worth.calibration.logLoss, 5);
    expect(worth.confusion.error).toBe(worth.error);
    expect(worth.perClass.map(({ label, rows: n }) => [label, n])).toEqual(
      [0, 1].map((k) => [k, fresh.labels.filter((y) => y === k).length]),
    );
    const right = predicted.filter((label, r) => label === 1 && fresh.labels[r] === 1).length;
    expect(worth.perClass[1]!.recall).toBe(right / fresh.labels.filter((y) => y === 1).length);
    expect(worth.perClass[1]!.precision).toBe(right / predicted.filter((y) => y === 1).length);
    expect(worth.ece).toBe(worth.calibration.ece);
    expect(worth.calibration.bins.length).toBeLessThanOrEqual(5);
  });

  it('takes labels in every form, to the same bits', async () => {
    const trained = async (given: never, classes: never = 2 as never) => {
      using classifier = cornerClassifier({ classes });
      await classifier.fit(rows, given, { epochs: 2 });
      return networkBits(classifier);
    };
    const expected = await trained(labels as never);
    const names = ['even', 'odd'];
    expect(await trained(Uint8Array.from(labels) as never)).toBe(expected);
    expect(await trained({ data: Int32Array.from(labels), shape: [200] } as never)).toBe(expected);
    expect(await trained(labels.map((y) => names[y]) as never, names as never)).toBe(expected);
    expect(await trained(labels.map((y) => [7, -2][y]) as never, [7, -2] as never)).toBe(expected);
    expect(await trained(Float64Array.from(labels, (y) => [7, -2][y]!) as never, [7, -2] as never)).toBe(expected);
  });

  it('answers in its classes', async () => {
    using classifier = new Classifier({ inputs: 4, hidden: [relu(12)], classes: ['even', 'odd'], seed: 1 });
    await classifier.fit(
      rows,
      labels.map((y) => (y === 0 ? 'even' : 'odd')),
      { epochs: 40, learningRate: 0.02 },
    );
    const predicted = await classifier.predict(rows.slice(0, 4));
    expect(predicted).toEqual(['even', 'odd', 'odd', 'even']);
    expect(classifier.predictSync(rows.slice(0, 4))).toEqual(predicted);
    expect(classifier.classes).toEqual(['even', 'odd']);
    expect(classifier.predictProbabilitiesSync(rows).data).toEqual((await classifier.predictProbabilities(rows)).data);
  });
});

describe('Network', () => {
  it('learns a curve', async () => {
    const x = Array.from({ length: 50 }, (_, i) => [i / 25 - 1]);
    const y = x.map(([v = 0]) => [Math.sin(3 * v), v * v]);
    using network = new Network({ inputs: 1, layers: [spin(20), gaussian(2)], loss: 'squared', seed: 2 });
    await network.fit(x, y, { epochs: 40, optimiser: lbfgs({ iterations: 10 }) });
    expect((await network.evaluate(x, y)).error).toBeLessThan(1e-3);
  });

  it('takes category numbers where its outputs are several softmax units', async () => {
    const { rows, labels } = corners(100);
    using network = new Network({ inputs: 4, layers: [relu(16), softmax(2, 2)], seed: 2 });
    const both = labels.map((y, r) => [y, r & 1]);
    await network.fit(rows, both, { epochs: 100, learningRate: 0.02, batchSize: 20 });
    // The share of units whose likeliest category is wrong.
    expect((await network.evaluate(rows, both)).error).toBeLessThan(0.03);
  });
});

describe('Autoencoder', () => {
  const random = new TestRandom(9);
  /** Points of a plane in five dimensions. */
  const plane = Array.from({ length: 60 }, () => {
    const [a, b] = [random.normal(), random.normal()];
    return [a, b, a + b, a - b, 0.5 * a];
  });

  it('finds as many directions as the rows have', async () => {
    using autoencoder = new Autoencoder({ layers: [gaussian(5), 2], loss: 'squared', seed: 1 });
    await autoencoder.fit(plane, { epochs: 60, optimiser: lbfgs() });
    expect((await autoencoder.evaluate(plane)).error).toBeLessThan(1e-3);
    using short = new Autoencoder({ layers: [gaussian(5), 1], loss: 'squared', seed: 1 });
    await short.fit(plane, { epochs: 60, optimiser: lbfgs() });
    expect((await short.evaluate(plane)).error).toBeGreaterThan(0.5);
  });

  it('is an encoder and a decoder', async () => {
    const bits = Array.from({ length: 40 }, () => random.coins(6));
    using autoencoder = new Autoencoder({ layers: [6, 12, relu(5), 3], seed: 1 });
    expect(autoencoder.layers).toMatchObject({
      hidden1: { type: 'bernoulli', places: 12 },
      hidden2: { type: 'relu', places: 5 },
      code: { type: 'gaussian', places: 3 },
      decoder1: { type: 'relu', places: 5 },
      decoder2: { type: 'bernoulli', places: 12 },
      output: { type: 'bernoulli', places: 6 },
    });
    const before = await autoencoder.evaluate(bits);
    await autoencoder.fit(bits, { epochs: 200, learningRate: 0.01, batchSize: 10, validation: bits });
    expect((await autoencoder.evaluate(bits)).error).toBeLessThan(before.error / 2);
    const codes = await autoencoder.encode(bits);
    expect(codes.shape).toEqual([40, autoencoder.codeSize]);
    const back = await autoencoder.decode(codes);
    expect(back.data).toEqual((await autoencoder.reconstruct(bits)).data);
    expect(autoencoder.encodeSync(bits).data).toEqual(codes.data);
    expect(autoencoder.decodeSync(codes).data).toEqual(back.data);
    expect(autoencoder.reconstructSync(bits).data).toEqual(back.data);
    const squared = bits.flat().reduce((sum, x, i) => sum + (x - back.data[i]!) ** 2, 0) / 40;
    expect((await autoencoder.evaluate(bits)).error).toBeCloseTo(squared, 5);
  });
});
