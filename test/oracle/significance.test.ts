/** The tests' own statistics against published tables and simulation. */
import { describe, expect, it } from 'vitest';
import { TestRandom } from './random.js';
import { chiSquare, chiSquareLimit, chiSquareTail, drawsNeeded, nonCentralTail, normalTail, zLimit } from './significance.js';

describe('tables', () => {
  it('has the normal tails of the tables', () => {
    expect(normalTail(0)).toBeCloseTo(0.5, 14);
    expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 13);
    expect(normalTail(-1.2815515655446004)).toBeCloseTo(0.9, 13);
    expect(normalTail(4.753424308822899) / 1e-6).toBeCloseTo(1, 9);
  });

  it('has the chi-square tails of the tables', () => {
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
    expect(chiSquareTail(18.307038053275146, 10)).toBeCloseTo(0.05, 12);
    expect(chiSquareLimit(2, 1e-6)).toBeCloseTo(-2 * Math.log(1e-6), 9);
    expect(chiSquareLimit(100, 0.05)).toBeCloseTo(124.342113, 5);
  });

  it('widens for many comparisons', () => {
    expect(zLimit(1, 0.05)).toBeCloseTo(1.96, 3);
    expect(zLimit(100, 0.05)).toBeCloseTo(zLimit(1, 0.0005), 9);
  });
});

describe('chi-square test', () => {
  const p = [0.4, 0.3, 0.15, 0.1, 0.04999, 0.00001];

  it('alarms as often as it says', () => {
    const random = new TestRandom(1);
    const limit = chiSquareLimit(4, 0.1);
    let alarms = 0;
    for (let round = 0; round < 1000; ++round) {
      const { statistic, freedom } = chiSquare(histogram(random, p, 2000), p);
      expect(freedom).toBe(4);
      if (statistic > limit) ++alarms;
    }
    expect(Math.abs(alarms - 100)).toBeLessThan(4.9 * Math.sqrt(90));
  });

  it('notices a shift of the stated total variation as often as it says', () => {
    const random = new TestRandom(2);
    // The hardest shift for its size: proportional to p, half of the mass up and half down.
    const even = new Array<number>(8).fill(1 / 8);
    const shifted = even.map((value, i) => value + (i % 2 ? 0.0125 : -0.0125));
    const draws = drawsNeeded(8, 0.05, 0.001, 0.9);
    let found = 0;
    for (let round = 0; round < 300; ++round) {
      if (chiSquare(histogram(random, shifted, draws), even).statistic > chiSquareLimit(7, 0.001)) ++found;
    }
    expect(found / 300).toBeGreaterThan(0.9 - 4.9 * Math.sqrt(0.09 / 300));
    expect(found / 300).toBeLessThan(0.9 + 4.9 * Math.sqrt(0.09 / 300));
  });

  it('approximates the non-central tail', () => {
    expect(nonCentralTail(nonCentralPoint(4, 10, 0.05), 4, 10)).toBeCloseTo(0.05, 2);
  });
});

/** The point with this upper tail, from the definition: a Poisson mixture of central chi-squares. */
function nonCentralPoint(freedom: number, lambda: number, tail: number): number {
  const exact = (x: number) => {
    let weight = Math.exp(-lambda / 2);
    let total = 0;
    for (let j = 0; j < 200; weight *= lambda / 2 / ++j) total += weight * chiSquareTail(x, freedom + 2 * j);
    return total;
  };
  let x = 0;
  while (exact(x) > tail) x += 0.001;
  return x;
}

function histogram(random: TestRandom, p: number[], n: number): number[] {
  const counts = p.map(() => 0);
  for (const cell of random.draws(p, n)) counts[cell]! += 1;
  return counts;
}
