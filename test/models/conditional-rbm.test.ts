import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConditionalRBM, cd, gaussian, type Matrix, softmax, toNested } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';

/** A bit that is the exclusive or of the two before it, one time in `noise` the other way, beside a copy that is wrong one time in five. */
function parity(frames: number, seed: number, noise = 0): number[][] {
  const random = new TestRandom(seed);
  const bits = [0, 1];
  while (bits.length < frames) {
    const next = (bits.at(-1) as number) ^ (bits.at(-2) as number);
    bits.push(random.uniform() < noise ? 1 - next : next);
  }
  return bits.slice(0, frames).map((bit) => [bit, random.uniform() < 0.2 ? 1 - bit : bit]);
}

const nested = (rows: Matrix) => toNested(rows) as number[][];
const small = (seed = 1) => new ConditionalRBM({ visible: 2, hidden: 8, history: 2, seed });

async function learned(): Promise<ConditionalRBM> {
  const model = small();
  await model.fit(parity(1000, 3, 0.05), { algorithm: cd({ sweeps: 5 }), epochs: 400, batchSize: 50, learningRate: 0.5, l2: 0.0001 });
  return model;
}

describe('a conditional RBM', () => {
  test('foresees what no sum of the past tells, and goes on with it', async () => {
    const model = await learned();
    const seen = parity(40, 5);
    const next = nested(await model.predict(seen, { sweeps: 400 }));
    expect(next.length).toBe(39);
    next.forEach((means, i) => {
      const right = (seen[i + 1]?.[0] as number) ^ (seen[i]?.[0] as number);
      expect(Math.abs((means[0] as number) - right)).toBeLessThan(0.25);
      expect(Math.abs((means[1] as number) - right)).toBeLessThan(0.45);
    });
    const dream = nested(await model.generate(300, { start: seen }));
    expect(dream.length).toBe(300);
    const right = dream.slice(2).filter((frame, i) => frame[0] === ((dream[i + 1]?.[0] as number) ^ (dream[i]?.[0] as number)));
    expect(right.length).toBeGreaterThan(250);
    model.dispose();
  });

  test('fills in what a frame lacks from the past and from the rest of the frame', async () => {
    const model = await learned();
    const seen = parity(60, 7);
    const holes = seen.map((frame, t) => (t % 5 === 4 ? [Number.NaN, frame[1] as number] : frame));
    const filled = nested(await model.impute(holes, { output: 'mean', sweeps: 300 }));
    filled.forEach((frame, t) => {
      expect(frame[1]).toBe(seen[t]?.[1]);
      if (t % 5 === 4) expect(Math.abs((frame[0] as number) - (seen[t]?.[0] as number))).toBeLessThan(0.4);
      else expect(frame[0]).toBe(seen[t]?.[0]);
    });
    model.dispose();
  });

  test('predicts the mean of p(frame | history) of its machine, counted state by state', async () => {
    const model = await learned();
    const machine = model.asMachine();
    const states = [0, 1].flatMap((a) => [0, 1].map((b) => [a, b]));
    const history = [1, 0, 0, 1]; // the older frame first
    const free = await machine.freeEnergy({ visible: states, history: states.map(() => history) });
    const weights = states.map((_, i) => Math.exp(-free.get(i)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const exact = [0, 1].map((k) => states.reduce((sum, state, i) => sum + (state[k] as number) * (weights[i] as number), 0) / total);
    const frames = [history.slice(0, 2), history.slice(2)];
    const means = await model.predict(frames, { sweeps: 20000 });
    expect(means.shape).toEqual([1, 2]);
    expect(Math.max(...exact.map((mean, k) => Math.abs(means.get(0, k) - mean)))).toBeLessThan(0.02);
    const features = await model.transform([...frames, [1, 1]]);
    expect(features.shape).toEqual([1, 8]);
    const same = await machine.mean('hidden', { visible: [[1, 1]], history: [history] });
    expect(features.data).toEqual(same.data);
    machine.dispose();
    model.dispose();
  });

  test('learns an autoregressive process of real numbers', async () => {
    const random = new TestRandom(11);
    const series = [[0, 0]];
    while (series.length < 3000) {
      const [x, y] = series.at(-1) as [number, number];
      series.push([0.9 * x - 0.2 * y + 0.3 * random.normal(), 0.3 * x + 0.6 * y + 0.3 * random.normal()]);
    }
    const model = new ConditionalRBM({ visible: gaussian(2), hidden: 4, history: 1, seed: 1 });
    await model.fit(series, { epochs: 40, batchSize: 50 });
    const ahead = await model.predict(series, { sweeps: 50 });
    let [error, naive] = [0, 0];
    series.slice(1).forEach((frame, i) => {
      frame.forEach((value, k) => {
        error += (value - ahead.get(i, k)) ** 2;
        naive += (value - (series[i]?.[k] as number)) ** 2;
      });
    });
    const perValue = error / (2 * (series.length - 1));
    expect(perValue).toBeLessThan(0.098); // the noise's variance is 0.09
    expect(perValue).toBeLessThan(0.9 * (naive / (2 * (series.length - 1))));
    model.dispose();
  });

  test('takes several sequences, and no window crosses from one to the next', async () => {
    const [a, b] = [parity(20, 1), parity(15, 2)];
    const run = async (data: Parameters<ConditionalRBM['fit']>[0]) => {
      const model = small(4);
      await model.fit(data, { epochs: 2, batchSize: 5 });
      const { data: weights } = model.asMachine().getParameter('history-visible.weights');
      const update = model.training?.update;
      model.dispose();
      return { weights, update };
    };
    const together = await run({ sequences: [a, b] });
    expect(together.update).toBe(2 * Math.ceil((18 + 13) / 5));
    expect((await run({ sequences: [a] })).weights).toEqual((await run(a)).weights);
    expect((await run([...a, ...b])).update).toBe(2 * Math.ceil(33 / 5));
  });

  test('is the same after a file, goes on from it, and takes categories', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-conditional-'));
    const path = join(folder, 'model.safetensors');
    const [model, whole] = [small(6), small(6)];
    const data = parity(50, 9, 0.1);
    const run = model.fit(data, { epochs: 4, batchSize: 10 });
    for await (const report of run) if (report.epoch === 2) run.stop();
    await model.save(path);
    const loaded = await ConditionalRBM.load(path);
    expect([loaded.visible, loaded.hidden, loaded.history]).toEqual([2, 8, 2]);
    expect(loaded.toJSON()).toEqual(model.toJSON());
    await loaded.fit(data, { resume: true });
    await whole.fit(data, { epochs: 4, batchSize: 10 });
    expect((await loaded.predict(data)).data).toEqual((await whole.predict(data)).data);
    for (const each of [model, whole, loaded]) each.dispose();
    await rm(folder, { recursive: true });

    const words = new ConditionalRBM({ visible: softmax(3), hidden: 4, history: 1, seed: 1 });
    const cycle = Array.from({ length: 90 }, (_, t) => [0, 1, 2].map((k) => Number(t % 3 === k)));
    await words.fit(cycle, { epochs: 200, batchSize: 30, learningRate: 0.1, l2: 0.0001 });
    const after = await words.predict(cycle.slice(0, 3));
    for (const k of [0, 1, 2]) expect(after.get(k, (k + 1) % 3)).toBeGreaterThan(0.8);
    words.dispose();
  });

  test('is resumed by a word, whatever the run was told', async () => {
    const data = parity(50, 9, 0.1);
    const options = { algorithm: cd({ sweeps: 3 }), rates: { hidden: 0.5 }, epochs: 4, batchSize: 10 } as const;
    const [model, whole] = [small(8), small(8)];
    for await (const report of model.fit(data, options)) if (report.epoch === 2) break;
    await model.fit(data, { resume: true });
    await whole.fit(data, options);
    expect(model.asMachine().getParameter('history-hidden.weights')).toEqual(whole.asMachine().getParameter('history-hidden.weights'));
    expect([...model.asMachine().getParameter('history.bias').data]).toEqual(new Array(4).fill(0));
    model.dispose();
    whole.dispose();
  });

  test('refuses what it cannot use', async () => {
    expect(() => new ConditionalRBM({ visible: 2, hidden: 3 } as never)).toThrow('`history` must be a whole number from 1 to 1048576');
    expect(() => new ConditionalRBM({ visible: 2, hidden: 3, history: 0 })).toThrow('`history` must be a whole number');
    const model = small();
    await expect(
      model.fit([
        [1, 0],
        [0, 1],
      ]),
    ).rejects.toThrow('ConditionalRBM.fit: `data` must have at least 3 frames, got 2');
    await expect(model.fit({ sequences: [parity(5, 1), [[1, 0]]] })).rejects.toThrow(
      '`data.sequences[1]` must have at least 3 frames, got 1',
    );
    await expect(model.fit({ sequences: [] })).rejects.toThrow('`data.sequences` must have at least one sequence');
    await expect(model.fit([[1, 0, 1]])).rejects.toThrow('must have 2 columns (visible units), got 3');
    await expect(
      model.fit([
        [1, 0],
        [Number.NaN, 1],
        [1, 1],
      ]),
    ).rejects.toThrow('`data[1, 0]` must be a value, got NaN');
    await expect(model.predict([[1, 0]])).rejects.toThrow('`sequence` must have at least 2 frames, got 1');
    await expect(
      model.impute([
        [1, 0],
        [1, Number.NaN],
        [1, 1],
      ]),
    ).rejects.toThrow('`sequence[1, 1]` must be a value');
    await expect(model.generate(0, { start: parity(4, 1) })).rejects.toThrow('`n` must be a whole number');
    await expect(model.generate(3, undefined as never)).rejects.toThrow('start');
    await expect(model.fit(parity(5, 1), { algorithm: 'pcd' })).rejects.toThrow("`algorithm` must be 'cd' with `given`");
    await expect(model.fit(parity(5, 1), 3 as never)).rejects.toThrow();
    expect(model.training).toBeNull();
    model.dispose();
  });
});
