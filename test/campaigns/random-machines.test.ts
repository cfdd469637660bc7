/**
 * The campaign of random machines (bench/campaigns), small: some machines of every kind against sums over all their states. A check of draws cries
 * wolf once in 10^12 (bench/campaigns/machines/verdict.mjs), and seeds are fixed.
 */
import { describe, expect, it } from 'vitest';
import { pOfOwnDraws, runMachine } from '../../bench/campaigns/machines/run.mjs';

const numbers = (first: number, n: number) => Array.from({ length: n }, (_, i) => first + i);
/** Two layers of 2^15 weights and more: one of random weights, one of equal ones. */
const large = [13, 33];
const draws = 2000;

describe('machines small enough to count', () => {
  it.each([0, 10, 20])('numbers from %i', async (first) => {
    const kinds = new Set<string>();
    for (const seed of numbers(first, 10)) {
      const { results, wiring, types } = await runMachine(seed, draws);
      for (const { kind, device, wrong, detail } of results) {
        kinds.add(`${kind} on ${device}`);
        expect(wrong, `--machine ${seed}, ${wiring} of ${types.join(', ')}: ${kind} on ${device}: ${detail}`).toBe(false);
      }
    }
    for (const kind of ['energy', 'free energy', 'log Z', 'exact gradient']) {
      for (const device of ['cpu', 'reference']) expect([...kinds]).toContain(`${kind} on ${device}`);
    }
  });
});

describe('machines with rounded weights', () => {
  it.each(large.flatMap((k) => [k, k + 40, k + 80]))('number %i', async (seed) => {
    const { results, types } = await runMachine(seed, draws);
    for (const { kind, device, wrong, detail } of results) {
      expect(wrong, `--machine ${seed} of ${types.join(', ')}: ${kind} on ${device}: ${detail}`).toBe(false);
    }
  });
});

describe('the judge', () => {
  const judged = (beta: number) =>
    numbers(300, 60)
      .map((seed) => pOfOwnDraws(seed, beta, draws))
      .filter((p) => p !== null);

  it('lets draws of the exact distribution pass', () => {
    const p = judged(1);
    // One in a hundred is below 0.01, at most: more than 7 of 60 happen once in ten million.
    expect(p.filter((x) => x < 0.01).length).toBeLessThanOrEqual(7);
    expect(Math.min(...p)).toBeGreaterThan(1e-8);
  });

  it('finds a temperature that is off by a third in almost all machines', () => {
    expect(judged(1.33).filter((x) => x < 1e-8).length).toBeGreaterThan(40);
  });
});
