/**
 * Self-training: which rows a round learns, against plain loops; that it finds what labels alone do
 * not say; runs and refusals.
 */
import { describe, expect, it } from 'vitest';
import { Classifier, DisposedError, ParameterError, type SelfTrainingReport, ShapeError, sgd } from '../../src/index.js';
import { pseudoLabels, unknown } from '../../src/networks/pseudo-labels.js';
import { TestRandom } from '../oracle/random.js';
import { networkBits } from './models-support.js';

describe('a round', () => {
  const labels = Int32Array.of(1, unknown, 0, unknown, unknown, 0);
  const probabilities = Float32Array.from([0.5, 0.5, 0.875, 0.125, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5, 0.1, 0.9]);
  const chosen = (threshold: number, labelledShare: number, balance: boolean) => {
    const { rows, classes, guessed, likeliest } = pseudoLabels(labels, probabilities, { threshold, labelledShare, balance });
    return { rows: [...rows], classes: [...classes], guessed, likeliest: [...likeliest] };
  };

  it('learns rows whose class is sure enough, and labels as they are', () => {
    const likeliest = [1, 0, 0, 1, 0, 0];
    expect(chosen(0.8, 0, false)).toEqual({ rows: [1, 0, 2, 5], classes: [0, 1, 0, 0], guessed: 1, likeliest });
    expect(chosen(0.75, 0, false)).toEqual({ rows: [1, 3, 0, 2, 5], classes: [0, 1, 1, 0, 0], guessed: 2, likeliest });
    expect(chosen(1, 0.5, false)).toEqual({ rows: [0, 2, 5], classes: [1, 0, 0], guessed: 0, likeliest });
    expect(chosen(0, 0, false).guessed).toBe(3);
  });

  it('repeats labelled rows up to their share', () => {
    // Two guesses, three labels: two thirds of 9 rows.
    expect(chosen(0.75, 0.6, false).rows).toEqual([1, 3, 0, 2, 5]);
    expect(chosen(0.75, 2 / 3, false).rows).toEqual([1, 3, 0, 2, 5, 0, 2, 5]);
  });

  it('weighs classes as the labels have them', () => {
    // Of the labels two thirds are of class 0; means of the others are 1.625 / 3 and 1.375 / 3. So
    // the rows without a label have their class with 0.922, 0.639 and 0.629.
    expect(chosen(0.63, 0, true)).toMatchObject({ rows: [1, 3, 0, 2, 5], classes: [0, 1, 1, 0, 0] });
    expect(chosen(0.628, 0, true)).toMatchObject({ rows: [1, 3, 4, 0, 2, 5], classes: [0, 1, 0, 1, 0, 0] });
    expect(chosen(0.64, 0, true).rows).toEqual([1, 0, 2, 5]);
    expect(chosen(0.92, 0, true).rows).toEqual([1, 0, 2, 5]);
    expect(chosen(0.93, 0, true).rows).toEqual([0, 2, 5]);
    // A class that no label has is never guessed.
    const sure = Float32Array.from({ length: 15 }, (_, i) => [0.1, 0.1, 0.8][i % 3]!);
    const settings = { threshold: 0, labelledShare: 0, balance: true };
    const { likeliest } = pseudoLabels(Int32Array.of(0, 0, 0, 1, unknown), sure, settings);
    expect(likeliest[4]).toBe(0);
  });
});

/** Points around the points (1, 0.2) and (−1, −0.2), of which two have a label each. */
function clouds(n: number) {
  const random = new TestRandom(7);
  const truth = Array.from({ length: n }, (_, r) => (r % 2 === 0 ? 'up' : 'down') as 'up' | 'down');
  const rows = truth.map((name) => random.normals(2).map((x, k) => 0.35 * x + (name === 'up' ? 1 : -1) * (k === 0 ? 1 : 0.2)));
  // The labelled rows tell of the second column alone, in which the clouds overlap.
  rows[0] = [0, 0.1];
  rows[1] = [0, -0.1];
  return { rows, truth, labels: truth.map((name, r) => (r < 2 ? name : null)) };
}

const fewLabels = clouds(200);
async function fitted(options: { threads?: number } = {}) {
  const classifier = new Classifier({ inputs: 2, hidden: [], classes: ['up', 'down'], seed: 3, ...options });
  const { rows, truth } = fewLabels;
  await classifier.fit(rows.slice(0, 2), truth.slice(0, 2), { epochs: 100, learningRate: 0.05 });
  return classifier;
}
const round = { threshold: 0.6, epochs: 20, learningRate: 0.02 };

describe('self-training', () => {
  it('finds what a few labels do not say', async () => {
    const { rows, truth, labels } = fewLabels;
    using classifier = await fitted();
    const before = await classifier.evaluate(rows, truth);
    const reports = await classifier.selfTrain(rows, labels, round);
    const after = await classifier.evaluate(rows, truth);
    expect(before.error).toBeGreaterThan(0.02);
    expect(after.error).toBeLessThan(before.error / 2);
    expect(reports.map(({ round: number, epoch }) => [number, epoch])).toEqual(
      Array.from({ length: 80 }, (_, i) => [1 + Math.floor(i / 20), 1 + (i % 20)]),
    );
    expect(reports[0]).toMatchObject({ changed: null, warnings: [] });
    expect(reports[20]!.changed).toBeGreaterThanOrEqual(0);
    expect(reports.at(-1)!.guessed).toBeGreaterThan(reports[0]!.guessed);
    expect(classifier.training).toMatchObject({ complete: true, epochs: 20 });
  });

  it('gives the same network on any number of threads, with NaN for null, and stopped between rounds', async () => {
    const { rows, labels } = fewLabels;
    using one = await fitted({ threads: 1 });
    await one.selfTrain(rows, labels, { ...round, rounds: 2 });
    using two = await fitted({ threads: 2 });
    for await (const { round: number, epoch } of two.selfTrain(rows, labels, { ...round, rounds: 3 }))
      if (number === 2 && epoch === 20) break;
    expect(networkBits(two)).toBe(networkBits(one));
    const bitsWith = async (given: (number | null)[]) => {
      using classifier = new Classifier({ inputs: 2, hidden: [3], classes: 2, seed: 1 });
      await classifier.selfTrain(rows, given, { ...round, rounds: 2 });
      return networkBits(classifier);
    };
    const known = labels.map((name) => (name === null ? null : name === 'up' ? 1 : 0));
    expect(await bitsWith(known.map((label) => label ?? Number.NaN))).toBe(await bitsWith(known));
  });

  it('says what it learns from, and how far it is', async () => {
    const { rows, labels, truth } = fewLabels;
    using classifier = await fitted();
    const fractions: number[] = [];
    const reports = await classifier.selfTrain(rows, labels, {
      ...{ threshold: 1, rounds: 3, epochs: 2, optimiser: sgd(), balance: false },
      validation: { rows, labels: truth },
      onProgress: ({ fraction }) => fractions.push(fraction),
    });
    expect(reports[0]!.warnings[0]).toMatch(/no row without a label has a class of probability 1: this round learns labels only/);
    expect(reports.every(({ guessed, validationError }) => guessed === 0 && validationError !== null)).toBe(true);
    expect(fractions.every((fraction, i) => i === 0 || fraction >= fractions[i - 1]!)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
  });

  it('says that nothing was learnt before it', async () => {
    using classifier = new Classifier({ inputs: 2, hidden: [3], classes: ['up', 'down'], seed: 1 });
    const [{ warnings }] = (await classifier.selfTrain(fewLabels.rows, fewLabels.labels, { ...round, epochs: 1, rounds: 1 })) as [
      SelfTrainingReport,
    ];
    expect(warnings.some((warning) => warning.startsWith('`fit` on the labelled rows did not come before'))).toBe(true);
  });

  it('ends by a signal at its last update, and leaves nothing to resume', async () => {
    const { rows, labels, truth } = fewLabels;
    using classifier = await fitted();
    const signal = AbortSignal.timeout(0);
    await expect(classifier.selfTrain(rows, labels, { ...round, epochs: 1e6, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(classifier.fit(rows, truth, { resume: true })).rejects.toThrow(/holds no interrupted run/);
  });

  it.each<[string, unknown, unknown, object, RegExp]>([
    [
      'labels for all',
      fewLabels.rows,
      fewLabels.truth,
      {},
      /`labels` must hold null where a row has no label, got a label for every row: use `fit`/,
    ],
    ['no label', fewLabels.rows, fewLabels.rows.map(() => null), {}, /`labels` must hold at least one label that is not missing/],
    ['one class', fewLabels.rows, fewLabels.labels.map((name) => (name === 'up' ? name : null)), {}, /at least two classes, got "up" only/],
    [
      'an unknown class',
      fewLabels.rows,
      ['up', null, 'upp'],
      {},
      /`labels\[2\]` must be one of "up", "down", got "upp" \(did you mean 'up'\?\)/,
    ],
    ['other labels', [[0, 0]], fewLabels.labels, {}, /got/],
    ['rounds', fewLabels.rows, fewLabels.labels, { rounds: 0 }, /`rounds` must be a whole number of at least 1/],
    ['a share of 1', fewLabels.rows, fewLabels.labels, { labelledShare: 1 }, /`labelledShare` must be/],
    ['a threshold', fewLabels.rows, fewLabels.labels, { threshold: 2 }, /`threshold` must be a finite number in \[0, 1\]/],
    ['what one cannot resume', fewLabels.rows, fewLabels.labels, { resume: true }, /there is no option `resume`/],
    ['rows of another width', fewLabels.rows.map(() => [1]), fewLabels.labels, {}, /2/],
  ])('refuses %s, and changes nothing', async (_, rows, labels, options, message) => {
    using classifier = await fitted();
    const before = networkBits(classifier);
    const failure = classifier.selfTrain(rows as number[][], labels as never, options);
    await expect(failure).rejects.toThrow(message);
    await failure.catch((error: unknown) => {
      expect(error instanceof ParameterError || error instanceof ShapeError).toBe(true);
      expect((error as Error).message).toMatch(/^Classifier\.selfTrain: /);
    });
    expect(networkBits(classifier)).toBe(before);
  });

  it('ends when the classifier is disposed of', async () => {
    const { rows, labels } = fewLabels;
    const classifier = await fitted();
    const run = classifier.selfTrain(rows, labels, { ...round, epochs: 1e6 });
    setTimeout(() => classifier.dispose(), 50);
    await expect(run).rejects.toBeInstanceOf(DisposedError);
  });
});
