import { describe, expect, test } from 'vitest';
import { OptionCheck } from '../../src/arguments.js';
import type { Tensor } from '../../src/io/safetensors.js';
import { hostBackend } from '../../src/machine/backend.js';
import { runJob } from '../../src/machine/job.js';
import type { EaseHiddenModel } from '../../src/recommender/ease-hidden-model.js';
import type { Entries } from '../../src/recommender/entries.js';
import { easeHidden } from '../../src/recommender/families/ease-hidden.js';
import { packed } from '../../src/recommender/packed.js';
import { context, given, tastes } from './ease-support.js';

const plain = { recipe: 'ease', regularisation: 3, units: 6, learningRate: 0.01, epochs: 8, folds: 2, cutoff: 5 };

async function fitted(entries: Entries, options: Record<string, unknown> = {}, overrides = {}): Promise<EaseHiddenModel> {
  const read = easeHidden.read(new OptionCheck('fit'), { ...plain, ...options });
  return (await easeHidden.fit(entries, read, context(overrides))) as EaseHiddenModel;
}

/** The logits of `hidden_machine.hpp` in plain loops. */
function logits(model: EaseHiddenModel, seen: readonly number[]): number[] {
  const n = model.items;
  const { in: input, inBias, out, outBias, strength, floor } = model.hidden;
  const units = Array.from(inBias, (bias, f) => {
    return Math.tanh(bias + seen.reduce((sum, i) => sum + (input[i * inBias.length + f] as number) / Math.sqrt(seen.length), 0));
  });
  return Array.from({ length: n }, (_, j) => {
    const s = seen.reduce((sum, i) => sum + (model.state.matrix[i * n + j] as number), 0);
    const hidden = units.reduce((sum, h, f) => sum + h * (out[f * n + j] as number), 0);
    return strength * Math.log(Math.max(s, 0) + floor) + (outBias[j] as number) + hidden;
  });
}

describe('hidden units beside couplings', () => {
  test('score by the equation of their file', async () => {
    const { entries } = tastes(60, 40, 31);
    const model = await fitted(entries);
    const users = [[2, 5, 8], [], [0, 1, 3, 39]];
    const scores = await model.scores(users.map((items) => given(items)));
    for (const u of [0, 2]) {
      const expected = logits(model, users[u] as number[]);
      for (let j = 0; j < 40; j++) expect(Math.abs((scores[u * 40 + j] as number) - (expected[j] as number))).toBeLessThan(1e-4);
    }
    const shares = await model.couplings.scores([given([])]);
    expect([...scores.slice(40, 80)]).toEqual([...shares].map((share) => Math.fround(Math.log1p(share))));
  });

  test('have the same bits on any number of threads', async () => {
    const { entries } = tastes(80, 300, 32);
    const [one, three] = [await fitted(entries, { units: 40 }, { threads: 1 }), await fitted(entries, { units: 40 }, { threads: 3 })];
    expect(three.hidden).toEqual(one.hidden);
    expect(three.shape).toEqual(one.shape);
  });

  test('take their passes from users held out, none where none helps', async () => {
    const { entries } = tastes(60, 20, 33);
    const { shape } = await fitted(entries);
    expect(shape.epochs % 4).toBe(0);
    expect(shape.epochs).toBeLessThanOrEqual(8);
  });

  test('are trained anew by an update, which ends where training on all would', async () => {
    const { entries } = tastes(60, 20, 34);
    const model = await fitted(entries);
    const same = await model.update(entries, {}, entries);
    expect(same.hidden).toEqual(model.hidden);
  });

  test('come back from a file, and refuse one that was changed', async () => {
    const model = await fitted(tastes(60, 20, 35).entries);
    const saved = model.save();
    const back = easeHidden.load(saved, 'load: file') as EaseHiddenModel;
    expect(await back.scores([given([1, 4])])).toEqual(await model.scores([given([1, 4])]));
    expect([back.shape, back.seed, back.state]).toEqual([model.shape, model.seed, model.state]);
    const broken = new Map(saved.tensors);
    broken.set('hidden.outBias', { dtype: 'F32', shape: [20], data: new Float32Array(20).fill(Number.NaN) } as Tensor);
    expect(() => easeHidden.load({ ...saved, tensors: broken }, 'load: file')).toThrow('"hidden.outBias" with finite numbers');
    const settings = { ...saved.settings, hidden: { ...(saved.settings.hidden as object), units: 7 } };
    expect(() => easeHidden.load({ ...saved, settings }, 'load: file')).toThrow('of shape [20, 7]');
    expect(() => easeHidden.load({ ...saved, settings: { ...settings, hidden: 3 } }, 'load: file')).toThrow('settings in `hidden`');
  });

  test.each([
    [{ units: 0 }, '`units` must be a whole number from 1 to 4096, got 0'],
    [{ folds: 1 }, '`folds` must be a whole number from 2 to 10, got 1'],
    [{ unseen: 'zero' }, 'options of ease-hidden:'],
    [{ binarise: false }, '`binarise` must be true, or the least value that counts, got false'],
  ])('refuse options %j', (options, message) => {
    expect(() => easeHidden.read(new OptionCheck('fit'), options)).toThrow(message);
  });
});

describe('the trainer', () => {
  test('lowers the loss, and follows the gradient of its parameters', async () => {
    // Users of two kinds whom couplings of zero do not tell apart: only hidden units can.
    const rows = Array.from({ length: 64 }, (_, u) => Array.from({ length: 8 }, (_, k) => (u % 2) * 8 + k));
    const user = Uint32Array.from(rows.flatMap((row, u) => row.map(() => u)));
    const base = tastes(64, 16, 36).entries;
    const entries = { ...base, user, item: Uint32Array.from(rows.flat()), value: undefined };
    const ratings = packed(entries);
    const options = {
      units: 4,
      batch: 16,
      floor: 0.01,
      learningRate: 0.02,
      l2: 0,
      leastKept: 0.5,
      mostKept: 0.5,
      dropout: 0,
      weight: 0,
      biases: false,
      seed: 1n,
    };
    const none = new Float32Array(16 * 16);
    const trainer = new hostBackend.addon.HiddenTrainer(ratings, [none], new Uint8Array(64), options, 2);
    const first = await runJob(() => trainer.run(1), { call: 'test' });
    const last = await runJob(() => trainer.run(60), { call: 'test' });
    // Four of the eight are given: among all others the four that are left are found at best with log 4,
    // and with log 12 by whoever knows nothing.
    expect(first).toBeGreaterThan(2.3);
    expect(last).toBeLessThan(Math.log(4) + 0.15);
  });
});
