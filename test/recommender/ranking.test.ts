import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeAmong, placesOf } from '../../src/recommender/ranking.js';
import { best } from '../../src/recommender/top.js';

/** Scores with many ties, candidates, and which items are relevant. */
const cases = fc.array(
  fc.record({
    score: fc.integer({ min: -3, max: 3 }),
    candidate: fc.boolean(),
    relevant: fc.boolean(),
    gain: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('placesOf', () => {
  test('agrees with sorting all candidates, those that are not relevant first among equals', () => {
    fc.assert(
      fc.property(cases, (items) => {
        const scores = Float32Array.from(items, ({ score }) => score);
        const candidate = Uint8Array.from(items, (item) => Number(item.candidate));
        const relevant = [...items.keys()].filter((i) => items[i]!.relevant);
        const list = [...items.keys()].filter((i) => items[i]!.candidate);
        list.sort(
          (a, b) =>
            items[b]!.score - items[a]!.score ||
            Number(items[a]!.relevant) - Number(items[b]!.relevant) ||
            items[a]!.gain - items[b]!.gain ||
            a - b,
        );
        const expected = list.flatMap((i, place) => (items[i]!.relevant ? [[place, items[i]!.gain]] : []));
        for (const i of relevant) if (!items[i]!.candidate) expected.push([Number.POSITIVE_INFINITY, items[i]!.gain]);
        const found = placesOf(scores, candidate, {
          items: Uint32Array.from(relevant),
          gains: Float64Array.from(relevant, (i) => items[i]!.gain),
        });
        expect([...found.places]).toEqual(expected.map(([place]) => place));
        const known = expected.filter(([place]) => place !== Number.POSITIVE_INFINITY).length;
        expect([...found.gains].slice(0, known)).toEqual(expected.slice(0, known).map(([, gain]) => gain));
      }),
    );
  });

  test('a model that says the same of everything has its relevant items last', () => {
    const { places } = placesOf(new Float32Array(10), new Uint8Array(10).fill(1), {
      items: Uint32Array.of(0, 1),
      gains: Float64Array.of(1, 1),
    });
    expect([...places]).toEqual([8, 9]);
  });
});

describe('best', () => {
  test('agrees with sorting', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 12 }), (items, n) => {
        const scores = Float32Array.from(items, ({ score }) => score);
        const candidate = Uint8Array.from(items, (item) => Number(item.candidate));
        const sorted = [...items.keys()].filter((i) => items[i]!.candidate).sort((a, b) => items[b]!.score - items[a]!.score || a - b);
        expect([...best(scores, n, (item) => candidate[item] !== 1).items]).toEqual(sorted.slice(0, n));
      }),
    );
  });
});

test('placeAmong: ties stand before the item, and the item itself counts once', () => {
  const scores = Float32Array.of(1, 2, 2, 3, 0);
  expect(placeAmong(scores, 1, Uint32Array.of(0, 2, 3, 4))).toBe(2);
  expect(placeAmong(scores, 1, Uint32Array.of(1, 1, 0, 4))).toBe(0);
  expect(placeAmong(scores, 4, Uint32Array.of(0, 1, 2, 3))).toBe(4);
});
