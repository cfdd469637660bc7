import { describe, expect, test } from 'vitest';
import { readMetric, usualMetrics } from '../../src/recommender/metrics.js';

/** A measure of places given from 1, as people count. */
function measured(name: string, places: readonly number[], gains: readonly number[] = places.map(() => 1)): number {
  const metric = readMetric('test', name);
  if (metric.kind !== 'ranking') throw new Error(`${name} is no measure of rankings`);
  return metric.metric({ places: Float64Array.from(places, (place) => place - 1), gains: Float64Array.from(gains) }, metric.k);
}

const log = Math.log2;

describe('golden vectors, by hand', () => {
  // Four relevant items, at places 1, 3 and 6 of a long list; the fourth cannot be recommended.
  const places = [1, 3, 6, Number.POSITIVE_INFINITY];

  test.each([
    ['hr@1', 1],
    ['hr@10', 1],
    ['recall@2(min)', 1 / 2],
    ['recall@3(min)', 2 / 3],
    ['recall@10(min)', 3 / 4],
    ['recall@2(all)', 1 / 4],
    ['recall@10(all)', 3 / 4],
    ['precision@2', 1 / 2],
    ['precision@5', 2 / 5],
    ['precision@10', 3 / 10],
    ['map@5(min)', (1 / 1 + 2 / 3) / 4],
    ['map@3(min)', (1 / 1 + 2 / 3) / 3],
    ['map@3(all)', (1 / 1 + 2 / 3) / 4],
    ['map@10(all)', (1 / 1 + 2 / 3 + 3 / 6) / 4],
    ['mrr@10', 1],
    ['ndcg@1(binary)', 1],
    ['ndcg@3(binary)', (1 + 1 / log(4)) / (1 + 1 / log(3) + 1 / log(4))],
    ['ndcg@10(binary)', (1 + 1 / log(4) + 1 / log(7)) / (1 + 1 / log(3) + 1 / log(4) + 1 / log(5))],
  ])('%s', (name, expected) => {
    expect(measured(name, places)).toBeCloseTo(expected, 12);
  });

  test('a first hit at place 4', () => {
    expect(measured('mrr@10', [4])).toBe(1 / 4);
    expect(measured('mrr@3', [4])).toBe(0);
    expect(measured('hr@3', [4])).toBe(0);
    expect(measured('ndcg@10(binary)', [4])).toBeCloseTo(1 / log(5), 12);
  });

  test('graded gains: the ideal order has the best first', () => {
    // Rated 3 at place 1 and 5 at place 2.
    const linear = (3 / 1 + 5 / log(3)) / (5 / 1 + 3 / log(3));
    const exponential = (7 / 1 + 31 / log(3)) / (31 / 1 + 7 / log(3));
    expect(measured('ndcg@10(linear)', [1, 2], [3, 5])).toBeCloseTo(linear, 12);
    expect(measured('ndcg@10(exponential)', [1, 2], [3, 5])).toBeCloseTo(exponential, 12);
    expect(measured('ndcg@10(binary)', [1, 2], [3, 5])).toBe(1);
  });

  test('nothing found is 0 in all of them', () => {
    for (const name of ['hr@5', 'recall@5(min)', 'recall@5(all)', 'precision@5', 'map@5(min)', 'mrr@5', 'ndcg@5(binary)']) {
      expect(measured(name, [6, 9])).toBe(0);
    }
  });
});

describe('names carry their definitions', () => {
  test('a name without its variant is refused with the variants there are', () => {
    expect(() => readMetric('evaluate', 'recall@20')).toThrow(
      "evaluate: `metrics` must say which of 'recall@20(min)', 'recall@20(all)' is meant",
    );
    expect(() => readMetric('evaluate', 'ndcg@5')).toThrow("'ndcg@5(binary)', 'ndcg@5(linear)', 'ndcg@5(exponential)'");
  });

  test('unknown names are refused, with the nearest', () => {
    expect(() => readMetric('evaluate', 'rsme')).toThrow("(did you mean 'rmse'?)");
    expect(() => readMetric('evaluate', 'hr@0')).toThrow('`metrics` must be of');
    expect(() => readMetric('evaluate', 7)).toThrow('`metrics` must be names of measures, got 7');
  });

  test('the usual ones are understood', () => {
    for (const name of [...usualMetrics(true, 3.5), ...usualMetrics(false, undefined)]) expect(readMetric('test', name).name).toBe(name);
    expect(readMetric('test', 'calibration(r>=3.5)')).toMatchObject({ kind: 'rating', at: 3.5, metric: 'calibration(r>=t)' });
  });
});
