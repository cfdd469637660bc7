import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { calibration, confusionMatrix } from '../../src/index.js';
import { generator } from './support.js';

describe('calibration', () => {
  // Confidences 0.9 0.9 0.8 0.6 0.6, of which 1 1 0 1 0 are right.
  const probabilities = [
    [0.9, 0.1],
    [0.1, 0.9],
    [0.8, 0.2],
    [0.4, 0.6],
    [0.6, 0.4],
  ];
  const labels = [0, 1, 1, 1, 1];

  test('by hand, with bins of equal width', () => {
    const result = calibration(probabilities, labels, { bins: 5 });
    expect(result.rows).toBe(5);
    expect(result.classes).toBe(2);
    expect(result.accuracy).toBeCloseTo(3 / 5, 12);
    expect(result.confidence).toBeCloseTo(3.8 / 5, 12);
    // (0.4, 0.6]: 0.6 0.6; (0.6, 0.8]: 0.8; (0.8, 1]: 0.9 0.9.
    expect(result.bins.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0.4, 0.6, 2],
      [0.6, 0.8, 1],
      [0.8, 1, 2],
    ]);
    expect(result.bins.map(({ accuracy }) => accuracy)).toEqual([0.5, 0, 1]);
    expect(result.ece).toBeCloseTo((2 * 0.1 + 0.8 + 2 * 0.1) / 5, 12);
    expect(result.mce).toBeCloseTo(0.8, 12);
    expect(result.brier).toBeCloseTo((2 * (0.01 + 0.01 + 0.64 + 0.16 + 0.36)) / 5, 12);
    expect(result.logLoss).toBeCloseTo(-(2 * Math.log(0.9) + Math.log(0.2) + Math.log(0.6) + Math.log(0.4)) / 5, 12);
  });

  test('by hand, with bins of equal mass: equal confidences stay together', () => {
    const { bins, ece } = calibration(probabilities, labels, { bins: 2, binning: 'mass' });
    expect(bins.map(({ count }) => count)).toEqual([3, 2]);
    expect([bins[0]!.low, bins[0]!.high, bins[1]!.low, bins[1]!.high]).toEqual([0.6, 0.8, 0.8, 0.9]);
    expect(ece).toBeCloseTo((Math.abs(1 - 2) + Math.abs(2 - 1.8)) / 5, 12);
    const all = calibration(probabilities, labels, { bins: 100, binning: 'mass' });
    expect(all.bins.map(({ count }) => count)).toEqual([2, 1, 2]);
  });

  test('the order of rows changes nothing, and bins hold every row', () => {
    const random = generator(1);
    const rows = Array.from({ length: 200 }, () => {
      const p = Math.round(random() * 20) / 20;
      return { p: [p, 1 - p], label: random() < 0.5 ? 0 : 1 };
    });
    const of = (order: typeof rows, binning: 'width' | 'mass') =>
      calibration(
        order.map(({ p }) => p),
        order.map(({ label }) => label),
        { binning, bins: 7 },
      );
    for (const binning of ['width', 'mass'] as const) {
      const one = of(rows, binning);
      const other = of([...rows].reverse(), binning);
      expect(one.bins.reduce((sum, { count }) => sum + count, 0)).toBe(200);
      expect(other.bins.map(({ count }) => count)).toEqual(one.bins.map(({ count }) => count));
      expect(other.ece).toBeCloseTo(one.ece, 12);
      for (const { low, high, confidence } of one.bins) {
        expect(confidence).toBeGreaterThanOrEqual(low - 1e-12);
        expect(confidence).toBeLessThanOrEqual(high + 1e-12);
      }
    }
  });

  test('labels drawn from the probabilities are calibrated, those of another law are not', () => {
    const random = generator(2);
    const rows = Array.from({ length: 20_000 }, () => [random(), random(), random()]).map((row) => {
      const total = row.reduce((sum, x) => sum + x ** 3, 0);
      return row.map((x) => x ** 3 / total);
    });
    const draw = (row: readonly number[]) => {
      const u = random();
      return u < row[0]! ? 0 : u < row[0]! + row[1]! ? 1 : 2;
    };
    const honest = rows.map(draw);
    const boast = rows.map((row) => row.map((p) => p ** 3 / row.reduce((sum, q) => sum + q ** 3, 0)));
    // Of 15 bins each gap has a standard error of about 0.013; their weighted mean is well below 0.02.
    for (const binning of ['width', 'mass'] as const) {
      expect(calibration(rows, honest, { binning }).ece).toBeLessThan(0.02);
      expect(calibration(boast, honest, { binning }).ece).toBeGreaterThan(0.1);
    }
    const [good, bad] = [calibration(rows, honest), calibration(boast, honest)];
    expect(bad.accuracy).toBe(good.accuracy);
    expect(bad.brier).toBeGreaterThan(good.brier);
    expect(bad.logLoss).toBeGreaterThan(good.logLoss);
  });

  test('certainty: right is 0, wrong is the worst there is', () => {
    expect(
      calibration(
        [
          [1, 0],
          [0, 1],
        ],
        [0, 1],
      ),
    ).toMatchObject({ ece: 0, mce: 0, brier: 0, logLoss: 0, accuracy: 1 });
    expect(
      calibration(
        [
          [1, 0],
          [0, 1],
        ],
        [1, 0],
      ),
    ).toMatchObject({ ece: 1, mce: 1, brier: 2, logLoss: Infinity, accuracy: 0 });
    expect(calibration([[1]], [0], { bins: 1 })).toMatchObject({ ece: 0, classes: 1 });
  });

  test.each<[string, unknown, unknown, unknown, new (...parameters: never[]) => Error, string]>([
    ['a label out of range', [[0.5, 0.5]], [2], {}, ParameterError, 'calibration: `labels[0]` must be a whole number from 0 to 1, got 2'],
    ['a label that is no number', [[0.5, 0.5]], [Number.NaN], {}, ParameterError, '`labels[0]` must be a whole number'],
    ['other numbers of labels', [[0.5, 0.5]], [0, 1], {}, ShapeError, '`labels` must have one label for each of 1 rows, got 2'],
    ['no probability', [[0.5, 1.5]], [0], {}, ParameterError, '`probabilities[0, 1]` must be a probability, got 1.5'],
    ['NaN', [[0.5, Number.NaN]], [0], {}, ParameterError, '`probabilities[0, 1]` must be a probability, got NaN'],
    ['rows that do not add up', [[0.5, 0.4]], [0], {}, ParameterError, '`probabilities[0]` must add up to 1, got 0.9'],
    ['no rows', [], [], {}, ShapeError, '`probabilities` must have at least one row'],
    ['no bins', [[1]], [0], { bins: 0 }, ParameterError, '`bins` must be a whole number from 1 to 1000, got 0'],
    ['unknown bins', [[1]], [0], { binning: 'height' }, ParameterError, "`binning` must be 'width' or 'mass'"],
    ['an unknown option', [[1]], [0], { bin: 1 }, ParameterError, 'there is no option `bin`'],
    ['nothing', undefined, [0], {}, ParameterError, '`probabilities` must be'],
  ])('%s', (_, p, given, options, Class, message) => {
    expect(() => calibration(p as never, given as never, options as never)).toThrow(Class);
    expect(() => calibration(p as never, given as never, options as never)).toThrow(message);
  });
});

describe('the confusion matrix', () => {
  test('by hand', () => {
    const result = confusionMatrix([0, 0, 0, 1, 1, 3], Uint8Array.of(0, 1, 1, 1, 0, 1), { classes: 4 });
    expect([...result.counts.data]).toEqual([1, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect(result.counts.shape).toEqual([4, 4]);
    expect(result.accuracy).toBeCloseTo(1 / 3, 12);
    expect(result.error).toBeCloseTo(2 / 3, 12);
    expect([...result.recall]).toEqual([1 / 3, 1 / 2, Number.NaN, 0]);
    expect([...result.precision]).toEqual([1 / 2, 1 / 4, Number.NaN, Number.NaN]);
    expect([...result.f1]).toEqual([2 / 5, 2 / 6, Number.NaN, 0]);
    expect(result.confusions).toEqual([
      { label: 0, predicted: 1, count: 2 },
      { label: 1, predicted: 0, count: 1 },
      { label: 3, predicted: 1, count: 1 },
    ]);
  });

  test('counts every row once, whatever the labels', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 60 }), (pairs) => {
        const result = confusionMatrix(
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        );
        expect(result.counts.data.reduce((sum, n) => sum + n, 0)).toBe(pairs.length);
        for (const [a, b] of pairs) expect(result.counts.get(a, b)).toBe(pairs.filter(([c, d]) => c === a && d === b).length);
        expect(result.accuracy + result.error).toBeCloseTo(1, 12);
        expect(result.accuracy).toBeCloseTo(pairs.filter(([a, b]) => a === b).length / pairs.length, 12);
      }),
    );
  });

  test.each<[string, unknown, unknown, unknown, string]>([
    ['another length', [0, 1], [0], {}, '`predicted` must have one label for each of 2 rows, got 1'],
    ['a class beyond', [0, 5], [0, 1], { classes: 2 }, '`labels[1]` must be a whole number from 0 to 1, got 5'],
    ['half a class', [0, 1], [0, 0.5], {}, '`predicted[1]` must be a whole number'],
    ['too many classes', [0, 5000], [0, 1], {}, '`labels` must be below 4096'],
    ['nothing', [], [], {}, '`labels` must have at least one row'],
  ])('%s', (_, labels, predicted, options, message) => {
    expect(() => confusionMatrix(labels as never, predicted as never, options as never)).toThrow(message);
  });
});
