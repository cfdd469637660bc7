/**
 * What the options of fit do to an update, given its gradient: two models with the same seed draw the same words, so one of them, run
 * at learning rate 1 without anything else, shows the gradient that the other one used.
 */
import { describe, expect, it } from 'vitest';
import type { FitOptions } from '../../src/index.js';
import { RBM } from '../../src/index.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { hiddenMeans } from '../oracle/rbm.js';
import { devices, expectNear, modelOf, parametersOf, type TestDevice } from './support.js';

const oracle = randomRbm(5, 3, 1, 41);
const weightCount = 15;
const rows = Array.from({ length: 12 }, (_, n) => new TestRandom(n).coins(5));
const base: FitOptions = {
  algorithm: 'cd',
  centred: false,
  l2: 0,
  initialiseFromData: false,
  batchSize: 12,
  epochs: 1,
  shuffle: false,
  monitorRows: 0,
};

/**
 * Gradients of update 1, 2, … at parameters that do not move: all learning rates but the last are zero. In double precision, so that
 * steps of 1e-7 show them to seven digits.
 */
async function gradients(updates: number, options: FitOptions = {}): Promise<number[][]> {
  const all: number[][] = [];
  for (let n = 0; n < updates; ++n) {
    const learningRate = [...new Array<number>(n).fill(0), 1];
    all.push(await change('reference', { ...base, ...options, epochs: n + 1, learningRate }));
  }
  return all;
}

async function change(device: TestDevice, options: FitOptions): Promise<number[]> {
  using rbm = modelOf(oracle, device, { seed: 3 });
  const before = parametersOf(rbm);
  await rbm.fit(rows, options);
  return parametersOf(rbm).map((value, i) => value - before[i]!);
}

const tiny = 1e-7;

describe('steps', () => {
  it('SGD with momentum adds 0.9 of the last step', async () => {
    const [g1, g2, g3] = (await gradients(3)) as [number[], number[], number[]];
    const result = await change('reference', { ...base, epochs: 3, learningRate: tiny, optimiser: { name: 'sgd', momentum: 0.9 } });
    // Velocities: g1, 0.9 g1 + g2, 0.81 g1 + 0.9 g2 + g3.
    const expected = g1.map((g, i) => tiny * ((1 + 0.9 + 0.81) * g + 1.9 * g2[i]! + g3[i]!));
    expectNear(result, expected, 1e-4 * tiny, () => 1);
  });

  it('Adam is the algorithm of Kingma & Ba', async () => {
    const gs = await gradients(3);
    const options = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
    const result = await change('reference', { ...base, epochs: 3, learningRate: tiny, optimiser: { name: 'adam', ...options } });
    const expected = gs[0]!.map((_, i) => {
      let [m, v, total] = [0, 0, 0];
      gs.forEach((g, n) => {
        m = options.beta1 * m + (1 - options.beta1) * g[i]!;
        v = options.beta2 * v + (1 - options.beta2) * g[i]! ** 2;
        total += (tiny * (m / (1 - options.beta1 ** (n + 1)))) / (Math.sqrt(v / (1 - options.beta2 ** (n + 1))) + options.epsilon);
      });
      return total;
    });
    expectNear(result, expected, 1e-3 * tiny, () => 1);
  });

  it.each(devices)('another optimiser in the next run starts without the memory of the last one (%s)', async (device) => {
    const sgd: FitOptions = { ...base, learningRate: 1e-3, optimiser: { name: 'sgd', momentum: 0.9 }, epochs: 20 };
    const adam: FitOptions = { ...base, learningRate: 1e-3, optimiser: 'adam', epochs: 20 };
    const largestStep = async (first: FitOptions, second: FitOptions) => {
      using rbm = modelOf(oracle, device, { seed: 3 });
      await rbm.fit(rows, first);
      const before = parametersOf(rbm);
      await rbm.fit(rows, { ...second, epochs: 1 });
      return Math.max(...parametersOf(rbm).map((value, i) => Math.abs(value - before[i]!)));
    };
    // Adam's first step is the learning rate at most, plain SGD's at most the learning rate times statistics between -1 and 1.
    expect(await largestStep(sgd, adam)).toBeLessThan(1.01e-3);
    expect(await largestStep(adam, sgd)).toBeLessThan(1.01e-3);
    // The same optimiser goes on with its memory: 19 steps of momentum 0.9 add up.
    expect(await largestStep(sgd, sgd)).toBeGreaterThan(1.5e-3);
  });

  it.each(devices)('L1 and L2 pull on the weights and not on the biases (%s)', async (device) => {
    const plain = await change(device, { ...base, learningRate: 0.5 });
    const decayed = await change(device, { ...base, learningRate: 0.5, l1: 0.1, l2: 0.3 });
    const weights = oracle.weights.flat();
    const expected = plain.map((value, i) => (i < weightCount ? value - 0.5 * (0.1 * Math.sign(weights[i]!) + 0.3 * weights[i]!) : value));
    expectNear(decayed, expected, 1e-6, () => 1);
  });

  it.each(devices)('sparsity moves hidden biases towards the target by the running mean of the activity (%s)', async (device) => {
    const plain = await change(device, { ...base, learningRate: 1 });
    const sparse = await change(device, { ...base, learningRate: 1, sparsity: { target: 0.1, weight: 2, rate: 0.5 } });
    const means = rows.map((row) => hiddenMeans(oracle, row));
    const expected = plain.map((value, i) => {
      if (i < weightCount + 5) return value;
      const batch = means.reduce((sum, row) => sum + row[i - weightCount - 5]! / rows.length, 0);
      return value + 2 * (0.1 - (0.5 * 0.1 + 0.5 * batch));
    });
    expectNear(sparse, expected, 1e-5, () => 1);
  });

  it.each(devices)('the average of the last updates is the mean of their parameters (%s)', async (device) => {
    const options: FitOptions = { ...base, learningRate: 0.3, algorithm: { name: 'pcd', chains: 6 } };
    const path: number[][] = [];
    for (let n = 1; n <= 6; ++n) path.push(await change(device, { ...options, epochs: n }));
    const last = path.slice(3);
    const mean = last[0]!.map((_, i) => last.reduce((sum, p) => sum + p[i]! / last.length, 0));
    expectNear(await change(device, { ...options, epochs: 6, averageLast: 0.5 }), mean, 1e-6, () => 1);
    expectNear(await change(device, { ...options, epochs: 6, averageLast: 0 }), path[5]!, 0);
  });
});

describe('learning rates', () => {
  const rates = async (learningRate: FitOptions['learningRate'], epochs = 10) => {
    using rbm = modelOf(oracle, 'reference');
    const reports = await rbm.fit(rows, { ...base, epochs, learningRate: learningRate! });
    return reports.map((report) => report.learningRate);
  };
  const close = (actual: number[], expected: number[]) => expectNear(actual, expected, 1e-12, () => 1);

  it('constant, from a table (the last entry holds) and from a function of the step', async () => {
    close(await rates(0.25, 3), [0.25, 0.25, 0.25]);
    close(await rates([0.3, 0.2], 4), [0.3, 0.2, 0.2, 0.2]);
    close(await rates(Float64Array.of(0.3, 0.2, 0.1), 3), [0.3, 0.2, 0.1]);
    close(await rates((step, total) => (step + 1) / total, 4), [0.25, 0.5, 0.75, 1]);
  });

  it('linear and cosine schedules start at `from`, fall steadily and end near `to`', async () => {
    for (const schedule of ['linear', 'cosine'] as const) {
      const table = await rates({ schedule, from: 0.4, to: 0.1, hold: 0.5 }, 20);
      expect(table.slice(0, 10)).toEqual(new Array(10).fill(0.4));
      const falling = table.slice(10);
      for (let n = 1; n < falling.length; ++n) expect(falling[n]!).toBeLessThan(falling[n - 1]!);
      expect(falling.at(-1)!).toBeGreaterThanOrEqual(0.1);
      expect(falling.at(-1)!).toBeLessThan(0.15);
    }
    expect((await rates({ schedule: 'linear', from: 0.4 }, 100)).at(-1)!).toBeLessThanOrEqual(0.004 + 1e-12);
  });

  it('a schedule spans all updates of a run, not its epochs', async () => {
    using rbm = modelOf(oracle, 'reference');
    const seen: [number, number][] = [];
    const learningRate = (step: number, total: number) => {
      seen.push([step, total]);
      return 0.1;
    };
    await rbm.fit(rows, { ...base, batchSize: 5, epochs: 2, learningRate });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((step) => [step, 6]));
  });
});

describe.each(devices)('start values on %s', (device) => {
  const skewed = Array.from({ length: 40 }, (_, n) => [1, 0, n % 4 === 0 ? 1 : 0, 0.5, n % 2]);
  const quiet: FitOptions = { algorithm: 'cd', learningRate: 0, batchSize: 40, epochs: 1, centred: false };

  it('visible biases are the logits of the smoothed data mean; weights and hidden biases stay', async () => {
    using rbm = new RBM({ visible: 5, hidden: 3, device, seed: 1 });
    const weights = Array.from(rbm.getParameter('visible-hidden.weights').data);
    await rbm.fit(skewed, quiet);
    const expected = [1, 0, 0.25, 0.5, 0.5].map((mean) => Math.log((mean * 40 + 0.5) / (40 - mean * 40 + 0.5)));
    expectNear(rbm.getParameter('visible.bias').data, expected, 1e-6, () => 1);
    expect(Array.from(rbm.getParameter('visible-hidden.weights').data)).toEqual(weights);
    expect(Array.from(rbm.getParameter('hidden.bias').data)).toEqual([0, 0, 0]);
  });

  it('are set once: a second fit or partialFit keeps what was learnt', async () => {
    using rbm = new RBM({ visible: 5, hidden: 3, device, seed: 1 });
    const { epochs: _, ...stream } = quiet;
    await rbm.partialFit(skewed, stream);
    const learnt = Array.from(rbm.getParameter('visible.bias').data);
    await rbm.partialFit([[0, 1, 1, 1, 1]], { ...stream, batchSize: 1 });
    await rbm.fit([[0, 1, 1, 1, 1]], { ...quiet, batchSize: 1 });
    expect(Array.from(rbm.getParameter('visible.bias').data)).toEqual(learnt);
  });

  it('weights start as N(0, weightScale^2), alike on every device and different for every seed', async () => {
    const start = (seed: number, on: TestDevice, weightScale?: number) => {
      using rbm = new RBM({ visible: 60, hidden: 50, device: on, seed, ...(weightScale === undefined ? {} : { weightScale }) });
      return Array.from(rbm.getParameter('visible-hidden.weights').data);
    };
    const values = start(1, device);
    const scale = Math.sqrt(values.reduce((sum, w) => sum + w * w, 0) / values.length);
    // The standard error of a root mean square of 3,000 normal numbers is 1.3 %.
    expect(scale).toBeGreaterThan(0.01 * (1 - 5 * 0.013));
    expect(scale).toBeLessThan(0.01 * (1 + 5 * 0.013));
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length)).toBeLessThan((5 * 0.01) / Math.sqrt(3000));
    expect(values).toEqual(start(1, device === 'cpu' ? 'reference' : 'cpu'));
    expect(values).not.toEqual(start(2, device));
    expectNear(
      start(1, device, 0.02),
      values.map((w) => 2 * w),
      1e-6,
    );
    expect(start(1, device, 0).every((w) => w === 0)).toBe(true);
  });
});
