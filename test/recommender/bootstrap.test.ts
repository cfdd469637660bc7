import { describe, expect, test } from 'vitest';
import { middle, resampled } from '../../src/recommender/bootstrap.js';
import { Draws } from '../../src/recommender/draws.js';
import { CalibrationTally, Tally } from '../../src/recommender/tally.js';

const n = 400;
const users = Uint32Array.from({ length: n }, (_, user) => user);

/** A tally of one normal number per user. */
function normals(seed: bigint, of: (draw: number, user: number) => number = (x) => x): Tally {
  const [tally, draws] = [new Tally(n), new Draws(seed, 1)];
  for (const user of users) tally.add(user, of(draws.normal(), user));
  return tally;
}

const options = { seed: 5n, resamples: 4000 };
const deviation = (values: Float64Array) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
};

describe('resampled', () => {
  test('the spread of a mean is its standard error, and the interval nearly two of it', async () => {
    const tally = normals(1n);
    const [values] = await resampled([[tally]], users, options);
    const error = deviation(tally.sum) / Math.sqrt(n);
    // 4000 resamples know a standard deviation to 1.1 %.
    expect(deviation(values!) / error).toBeGreaterThan(0.95);
    expect(deviation(values!) / error).toBeLessThan(1.05);
    const [low, high] = middle(values!)!;
    for (const side of [tally.value() - low, high - tally.value()]) {
      expect(side / error).toBeGreaterThan(1.8);
      expect(side / error).toBeLessThan(2.12);
    }
  });

  test('measures are drawn together: the difference of two that differ by a constant has no spread', async () => {
    const [a, b] = await resampled([[normals(1n)], [normals(1n, (x) => x + 0.25)]], users, options);
    for (const [i, x] of a!.entries()) expect(b![i]! - x).toBeCloseTo(0.25, 12);
  });

  test('a measure over folds is the mean of their values, roots taken fold by fold', async () => {
    const [first, second] = [new Tally(n, true), new Tally(n, true)];
    for (const user of users) {
      first.add(user, 4, 2);
      second.add(user, 27, 3);
    }
    const [values] = await resampled([[first, second]], users, { seed: 1n, resamples: 10 });
    for (const value of values!) expect(value).toBeCloseTo((Math.sqrt(2) + 3) / 2, 12);
  });

  test('users with nothing to measure weigh nothing', async () => {
    const tally = new Tally(n);
    tally.add(7, 3);
    const [values] = await resampled([[tally]], users, { seed: 1n, resamples: 50 });
    expect(new Set(values!.filter((value) => !Number.isNaN(value)))).toEqual(new Set([3]));
    expect(middle(values!)).toEqual([3, 3]);
    expect(middle(Float64Array.of(Number.NaN))).toBeNull();
    expect(new Tally(3).value()).toBeNaN();
  });

  test('a signal ends it', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(resampled([[normals(1n)]], users, { ...options, signal })).rejects.toThrow('enough');
  });
});

test('calibration: chances that come true as often as they say have no error', () => {
  const tally = new CalibrationTally();
  for (let k = 0; k < 100; k++) tally.add(0.25, k < 25);
  for (let k = 0; k < 50; k++) tally.add(1, true);
  expect(tally.value()).toBeCloseTo(0, 12);
  for (let k = 0; k < 50; k++) tally.add(0.8, false);
  expect(tally.value()).toBeCloseTo((50 * 0.8) / 200, 12);
  expect(tally.bins()[9]).toEqual({ from: 0.9, to: 1, count: 50, predicted: 1, observed: 1 });
  expect(tally.bins()[5]).toMatchObject({ count: 0, predicted: Number.NaN });
});

test('draws: numbers below n are even, normals have their moments', () => {
  const draws = new Draws(3n, 9);
  const counts = new Array<number>(10).fill(0);
  for (let k = 0; k < 100_000; k++) counts[draws.below(10)]!++;
  // Five standard deviations of a binomial count.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(9000));
  const values = Float64Array.from({ length: 100_000 }, () => draws.normal());
  expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length)).toBeLessThan(5 / Math.sqrt(100_000));
  expect(deviation(values)).toBeCloseTo(1, 1);
});
