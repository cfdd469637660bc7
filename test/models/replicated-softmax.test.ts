/**
 * The replicated softmax against sums over all sequences of words and all topics, in the paper's own
 * energy with hidden biases times the length (Salakhutdinov & Hinton 2009, equation 4).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cd, ParameterError, ReplicatedSoftmax, ShapeError } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { devices, type TestDevice } from './support.js';

const [vocabulary, topics] = [4, 3];

/** The paper's parameters: W [words, topics], b [words], a [topics]. */
interface Paper {
  readonly weights: number[][];
  readonly bias: number[];
  readonly scaled: number[];
}

function paper(seed: number, scale: number): Paper {
  const random = new TestRandom(seed);
  const some = (n: number) => Array.from({ length: n }, () => scale * (2 * random.uniform() - 1));
  return { weights: Array.from({ length: vocabulary }, () => some(topics)), bias: some(vocabulary), scaled: some(topics) };
}

function build({ weights, bias, scaled }: Paper, device: TestDevice = 'cpu', seed = 1): ReplicatedSoftmax {
  const model = new ReplicatedSoftmax({ vocabulary, topics, seed, device, threads: 1 });
  model.setParameter('words.bias', bias);
  model.setParameter(
    'words-topics.weights',
    weights.map((row) => row.map((w, j) => w + scaled[j]!)),
  );
  return model;
}

const allTopics = Array.from({ length: 2 ** topics }, (_, s) => Array.from({ length: topics }, (_, j) => (s >> j) & 1));

/** log Σ_h exp(−E(v, h)) of counts v, one sequence of them. */
function logSum({ weights, bias, scaled }: Paper, v: readonly number[]): number {
  const length = v.reduce((sum, n) => sum + n, 0);
  const terms = allTopics.map((h) => {
    const ofTopics = h.reduce((sum, on, j) => sum + on * (length * scaled[j]! + v.reduce((s, n, k) => s + n * weights[k]![j]!, 0)), 0);
    return ofTopics + v.reduce((sum, n, k) => sum + n * bias[k]!, 0);
  });
  return Math.log(terms.reduce((sum, x) => sum + Math.exp(x), 0));
}

/** All sequences of so many words, as counts. */
function sequences(length: number): number[][] {
  if (length === 0) return [Array.from({ length: vocabulary }, () => 0)];
  return sequences(length - 1).flatMap((v) => v.map((_, word) => v.map((n, k) => n + (k === word ? 1 : 0))));
}

const logZ = (of: Paper, length: number) => Math.log(sequences(length).reduce((sum, v) => sum + Math.exp(logSum(of, v)), 0));

const documents = [
  [1, 0, 0, 0],
  [0, 2, 0, 1],
  [1, 1, 1, 2],
  [0, 0, 5, 0],
  [0, 3, 0, 0],
];
const lengths = documents.map((v) => v.reduce((sum, n) => sum + n, 0));

describe.each(devices)('on %s', (device) => {
  it('log p of documents is that of the sums, hidden biases times the length included', async () => {
    const of = paper(1, 1);
    using model = build(of, device);
    const found = await model.logLikelihood(documents, { method: 'exact' });
    const expected = documents.map((v, d) => logSum(of, v) - logZ(of, lengths[d]!));
    expect(found.logZ.map(({ length }) => length)).toEqual([1, 3, 5]);
    for (const { length, value, low, high } of found.logZ) {
      expect(value).toBeCloseTo(logZ(of, length), 4);
      expect([low, high]).toEqual([value, value]);
    }
    for (const [d, p] of expected.entries()) expect(found.logLikelihoods.get(d)).toBeCloseTo(p, 4);
    const perDocument = expected.reduce((sum, p, d) => sum + p / lengths[d]!, 0) / documents.length;
    const perWord = expected.reduce((sum, p) => sum + p, 0) / lengths.reduce((sum, n) => sum + n, 0);
    expect(found.perplexity.value).toBeCloseTo(Math.exp(-perDocument), 3);
    expect(found.wordPerplexity.value).toBeCloseTo(Math.exp(-perWord), 3);
    expect(found).toMatchObject({ converged: true, warnings: [], effectiveSampleSize: Number.POSITIVE_INFINITY });
    expect(await model.perplexity(documents)).toEqual(found.perplexity);
  });

  it('codes are the means of topics, with D times their biases', async () => {
    const of = paper(2, 1);
    using model = build(of, device);
    const codes = await model.transform(documents);
    for (const [d, v] of documents.entries()) {
      for (let j = 0; j < topics; j++) {
        const field = lengths[d]! * of.scaled[j]! + v.reduce((sum, n, k) => sum + n * of.weights[k]![j]!, 0);
        expect(codes.get(d, j)).toBeCloseTo(1 / (1 + Math.exp(-field)), 5);
      }
    }
  });
});

describe('annealing along the length', () => {
  const of = paper(3, 1.5);
  const lengthsAsked = [1, 2, 6];
  const asked = lengthsAsked.map((n) => [n, 0, 0, 0]);
  const exact = lengthsAsked.map((length) => logZ(of, length));

  // With 12 steps single estimates are crude; their mean must be right all the same. z-scores of 60
  // runs: beyond 5 with probability 6e-7 each if normal.
  it('has unbiased estimates of Z at every length, however few the steps', async () => {
    using model = build(of);
    const ratios: number[][] = lengthsAsked.map(() => []);
    for (let run = 0; run < 60; run++) {
      const found = await model.logLikelihood(asked, { method: 'ais', chains: 50, steps: 12, warmup: 0 });
      for (const [i, sum] of found.logZ.entries()) ratios[i]!.push(Math.exp(sum.forward.value - exact[i]!));
    }
    for (const at of ratios) {
      const mean = at.reduce((sum, x) => sum + x, 0) / at.length;
      const variance = at.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (at.length - 1);
      expect(Math.abs(mean - 1) / Math.sqrt(variance / at.length)).toBeLessThan(5);
      // It could tell: a step that kept another distribution would be off by more than this.
      expect(Math.sqrt(variance / at.length)).toBeLessThan(0.02);
    }
  });

  it('comes close from both sides with more steps', async () => {
    using model = build(of);
    const found = await model.logLikelihood(asked, { method: 'ais', chains: 400, steps: 200 });
    for (const [i, { forward, reverse, low, high, value }] of found.logZ.entries()) {
      for (const each of [forward, reverse]) expect(Math.abs(each.value - exact[i]!)).toBeLessThan(5 * (each.high - each.value) + 1e-4);
      expect(forward.high - forward.low).toBeLessThan(0.2);
      expect([low, high]).toEqual([Math.min(forward.low, reverse.low), Math.max(forward.high, reverse.high)]);
      expect(value).toBe((forward.value + reverse.value) / 2);
    }
    expect(found).toMatchObject({ converged: true, warnings: [] });
  });

  it('is exact with biases of topics that do not grow with the length', async () => {
    using model = build(of);
    model.setParameter('topics.bias', [1, -2, 0.5]);
    const [counted, annealed] = [
      await model.logLikelihood(asked, { method: 'exact' }),
      await model.logLikelihood(asked, { method: 'ais', chains: 400, steps: 200 }),
    ];
    for (const [i, { value }] of counted.logZ.entries()) {
      const { forward } = annealed.logZ[i]!;
      expect(Math.abs(forward.value - value)).toBeLessThan(5 * (forward.high - forward.value) + 1e-4);
    }
  });

  it('says where it cannot be believed', async () => {
    using model = build(paper(4, 30));
    const { converged, warnings } = await model.logLikelihood([[20, 20, 20, 20]], { method: 'ais', chains: 3, steps: 1, warmup: 0 });
    expect(converged).toBe(false);
    expect(warnings.join(' ')).toMatch(/worth .* samples/);
  });

  it('draws the same with the same seed', async () => {
    const options = { method: 'ais', chains: 20, steps: 10 } as const;
    using one = build(of, 'cpu', 9);
    using same = build(of, 'cpu', 9);
    expect((await one.logLikelihood(asked, options)).logZ).toEqual((await same.logLikelihood(asked, options)).logZ);
  });
});

/** Documents of two topics: the first half of the words, or the second. */
function planted(n: number): number[][] {
  const random = new TestRandom(7);
  return Array.from({ length: n }, (_, d) => {
    const v = Array.from({ length: 8 }, () => 0);
    for (let i = 0; i < 5 + (d % 7); i++) v[(d % 2) * 4 + Math.floor(4 * random.uniform())]! += 1;
    return v;
  });
}

describe('learning', () => {
  const rows = planted(60);
  const names = ['ant', 'bee', 'cow', 'dog', 'ash', 'box', 'elm', 'fir'];

  async function learned(options: { readonly topics?: number } = {}): Promise<ReplicatedSoftmax> {
    const model = new ReplicatedSoftmax({ vocabulary: names, topics: 2, seed: 1, threads: 1, ...options });
    // Chains from the data: persistent ones hardly change between two kinds that share no word.
    await model.fit(rows, { algorithm: cd(), epochs: 300, batchSize: 20, learningRate: 0.02 });
    return model;
  }

  it('finds two topics, and keeps the biases of topics at zero', async () => {
    using model = await learned();
    expect([...model.getParameter('topics.bias').data]).toEqual([0, 0]);
    // A document takes one of two halves with 4 words each: the best is 4 · 2^(1/D), about 4.4. One of
    // all words is 8.
    const { perplexity } = await model.logLikelihood(rows);
    expect(perplexity.value).toBeLessThan(5);
    expect(perplexity.value).toBeGreaterThan(4);
    const halves = model.topWords(4).map((list) => new Set(list.map(({ word }) => names.indexOf(word as string) < 4)).size);
    expect(Math.min(...halves)).toBe(1);
    const { indices } = await model.similar([[2, 1, 0, 0, 0, 0, 0, 0]], { among: rows, n: 20 });
    expect([...indices.data].every((row) => row % 2 === 0)).toBe(true);
  });

  it('takes sparse rows for what they are', async () => {
    using model = await learned();
    const indices = rows.flatMap((row) => row.flatMap((n, k) => (n > 0 ? [k] : [])));
    const values = rows.flatMap((row) => row.filter((n) => n > 0));
    const indptr = [0];
    for (const row of rows) indptr.push(indptr.at(-1)! + row.filter((n) => n > 0).length);
    const sparse = { indptr, indices, values, shape: [rows.length, 8] };
    expect((await model.transform(sparse)).data).toEqual((await model.transform(rows)).data);
    const [a, b] = [await model.logLikelihood(sparse), await model.logLikelihood(rows)];
    expect(a.logLikelihoods.data).toEqual(b.logLikelihoods.data);
  });

  it('goes on where it stopped, from a file as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'boltzkit-'));
    try {
      const options = { epochs: 20, batchSize: 10 };
      using whole = new ReplicatedSoftmax({ vocabulary: names, topics: 3, seed: 2, threads: 1 });
      await whole.fit(rows, options);
      using part = new ReplicatedSoftmax({ vocabulary: names, topics: 3, seed: 2, threads: 1 });
      const run = part.fit(rows, options);
      for await (const report of run) if (report.epoch === 7) run.stop();
      await part.save(join(folder, 'part'));
      using loaded = await ReplicatedSoftmax.load(join(folder, 'part'), { threads: 1 });
      await loaded.fit(rows, { resume: true });
      expect(loaded.vocabulary).toEqual(names);
      expect(loaded.getParameter('words-topics.weights').data).toEqual(whole.getParameter('words-topics.weights').data);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('learns from a stream', async () => {
    using model = new ReplicatedSoftmax({ vocabulary: 8, topics: 2, seed: 1, threads: 1 });
    for (let i = 0; i < 400; i++) {
      const part = rows.slice((i % 3) * 20, (i % 3) * 20 + 20);
      await model.partialFit(part, { algorithm: cd(), learningRate: 0.02 });
    }
    expect([...model.getParameter('topics.bias').data]).toEqual([0, 0]);
    expect((await model.perplexity(rows)).value).toBeLessThan(5.5);
  });

  it('draws documents of the lengths asked for', async () => {
    using model = await learned();
    const drawn = await model.sample(40, { length: Array.from({ length: 40 }, (_, d) => 1 + d), sweeps: 200 });
    const totals = Array.from({ length: 40 }, (_, d) => Array.from({ length: 8 }, (_, k) => drawn.get(d, k)).reduce((a, b) => a + b));
    expect(totals).toEqual(Array.from({ length: 40 }, (_, d) => 1 + d));
    // Long documents stay with one half of the words.
    const purity = Array.from({ length: 20 }, (_, d) => {
      const first = [0, 1, 2, 3].reduce((sum, k) => sum + drawn.get(20 + d, k), 0) / totals[20 + d]!;
      return Math.max(first, 1 - first);
    });
    expect(purity.reduce((a, b) => a + b) / 20).toBeGreaterThan(0.9);
  });
});

describe('bad input', () => {
  const model = () => new ReplicatedSoftmax({ vocabulary, topics: 2, threads: 1 });

  it.each([
    [[[0.5, 1, 0, 0]], /whole numbers in \[0, 16777216\], got 0.5 at row 0, column 0/],
    [[[1, 0, -2, 0]], /whole numbers in \[0, 16777216\], got -2 at row 0, column 2/],
    [
      [
        [1, 0, 0, 0],
        [0, 0, 0, 0],
      ],
      /at least one word in every document, got none in row 1/,
    ],
    [{ indptr: [0, 1, 1], indices: [2], shape: [2, 4] }, /at least one word in every document, got none in row 1/],
    [[[1, 2, 3]], /4 columns \(words of the vocabulary\), got 3/],
  ])('%j is refused', async (rows, message) => {
    using it = model();
    await expect(it.fit(rows).then(() => undefined)).rejects.toThrow(message);
    await expect(it.transform(rows)).rejects.toThrow(message);
    await expect(it.logLikelihood(rows)).rejects.toThrow(message);
    expect(it.training).toBeNull();
  });

  it('a big input with an empty document is refused while it is read', async () => {
    using it = new ReplicatedSoftmax({ vocabulary: 10, topics: 2, threads: 1 });
    const data = new Uint8Array(10 * 40_000).fill(1);
    data.fill(0, 10 * 39_999);
    await expect(it.transform({ data: Array.from(data), shape: [40_000, 10] })).rejects.toThrow(/got none in row 39999/);
  });

  it.each([
    [{}, /`vocabulary` must be the number of words, or a list of different words, got undefined/],
    [{ vocabulary: [] }, /`vocabulary` must be the number of words, or a list/],
    [{ vocabulary: ['a', 'b', 'a'] }, /`vocabulary\[2\]` must be another word than vocabulary\[0\], got "a"/],
    [{ vocabulary: ['a', 1] }, /`vocabulary\[1\]` must be a word, got 1/],
    [{ vocabulary: 3, topics: 0 }, /`topics` must be a whole number from 1/],
    [{ vocabulary: 3, hidden: 2 }, /there is no option `hidden`/],
  ])('%j makes no model', (options, message) => {
    expect(() => new ReplicatedSoftmax(options as never)).toThrow(ParameterError);
    expect(() => new ReplicatedSoftmax(options as never)).toThrow(message);
  });

  it('options that make no sense', async () => {
    using it = model();
    const rows = [[1, 0, 0, 0]];
    await expect(it.sample(2)).rejects.toThrow(/`length` must be given, or `start`, and not both/);
    await expect(it.sample(2, { length: [3] })).rejects.toThrow(ShapeError);
    await expect(it.sample(2, { length: 0 })).rejects.toThrow(/`length` must be a whole number from 1 to 16777216, got 0/);
    await expect(it.logLikelihood(rows, { chains: 1 })).rejects.toThrow(/`chains` must be a whole number from 2/);
    await expect(it.logLikelihood(rows, { method: 'ladder' as never })).rejects.toThrow(/`method` must be 'auto' or 'exact' or 'ais'/);
    await expect(it.similar(rows, { among: { codes: [[1, 2, 3]] } })).rejects.toThrow(
      /`among.codes` must have 2 columns \(topics\), got 3/,
    );
    await expect(it.similar(rows, {} as never)).rejects.toThrow(/`among` must be/);
    expect(() => it.topWords(0)).toThrow(/`n` must be a whole number from 1/);
    using large = new ReplicatedSoftmax({ vocabulary, topics: 21, threads: 1 });
    await expect(large.logLikelihood(rows, { method: 'exact' })).rejects.toThrow(/at most 2\^20 states, this machine has 21 hidden units/);
  });
});
