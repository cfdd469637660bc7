import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { HammingIndex, hashCodes, retrieval, rowsOf } from '../../src/index.js';
import { rejection } from '../data/support.js';
import { generator } from './support.js';

type Bits = readonly number[];
const differing = (a: Bits, b: Bits) => a.reduce((sum, bit, i) => sum + (bit === b[i] ? 0 : 1), 0);

/** Codes around some centres, so that there are near ones, or all over. */
function randomCodes(seed: number, n: number, bits: number, centres = 5, flips = 0.1): number[][] {
  const random = generator(seed);
  const heads = Array.from({ length: centres }, () => Array.from({ length: bits }, () => (random() < 0.5 ? 1 : 0)));
  return Array.from({ length: n }, () => heads[Math.floor(random() * centres)]!.map((bit) => (random() < flips ? 1 - bit : bit)));
}

/** All codes by distance and number, compared one by one. */
function ranked(codes: readonly Bits[], query: Bits): { index: number; distance: number }[] {
  return codes
    .map((code, index) => ({ index, distance: differing(code, query) }))
    .sort((a, b) => a.distance - b.distance || a.index - b.index);
}

describe('codes', () => {
  test('a unit is on above the threshold; the first is in the highest bit', () => {
    const codes = hashCodes([
      [0.6, 0.5, 0, 1, 0.51, 0, 0, 0, 1],
      [0, 1, 0, 0, 0, 0, 0, 1, 0],
    ]);
    expect([...codes.bits]).toEqual([0b10011000, 0b10000000, 0b01000001, 0]);
    expect(codes.shape).toEqual([2, 9]);
    expect(codes.order).toBe('msb');
    expect([...codes.thresholds]).toEqual(new Array(9).fill(0.5));
  });

  test('thresholds of their own, and medians', () => {
    const rows = [
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 40],
    ];
    expect([...hashCodes(rows, { threshold: [2, 5] }).bits]).toEqual([0x40, 0x40, 0xc0, 0xc0]);
    const medians = hashCodes(rows, { threshold: 'median' });
    expect([...medians.thresholds]).toEqual([2, 20]);
    expect([...medians.bits]).toEqual([0, 0, 0xc0, 0xc0]);
    expect([...hashCodes([[2.5, 15]], { threshold: medians.thresholds }).bits]).toEqual([0x80]);
  });

  test.each<[unknown, unknown, new (...parameters: never[]) => Error, string]>([
    [[[1, Number.NaN]], {}, ParameterError, 'hashCodes: `activities[0, 1]` must be a number, got NaN'],
    [[], {}, ShapeError, '`activities` must have at least one row'],
    [[[1]], { threshold: 'mean' }, ParameterError, "`threshold` must be a number, 'median', or one number for each unit"],
    [[[1]], { threshold: Number.NaN }, ParameterError, '`threshold` must be a number, got NaN'],
    [[[1]], { threshold: [1, 2] }, ShapeError, '`threshold` must have 1'],
    [[[1]], { cut: 1 }, ParameterError, 'there is no option `cut`'],
  ])('%j %j', (rows, options, Class, message) => {
    expect(() => hashCodes(rows as never, options as never)).toThrow(Class);
    expect(() => hashCodes(rows as never, options as never)).toThrow(message);
  });
});

describe('look-up is exact', () => {
  // Sizes at the borders of words and parts; few and many codes, so that tables and comparing both are used.
  test.each([
    [1, 40],
    [7, 100],
    [8, 500],
    [15, 500],
    [16, 500],
    [17, 2000],
    [20, 3000],
    [31, 1000],
    [32, 3000],
    [33, 1000],
    [48, 2000],
    [63, 500],
    [64, 2000],
    [65, 500],
    [128, 2000],
    [200, 300],
  ])('%i bits, %i codes', async (bits, n) => {
    const codes = randomCodes(bits, n, bits);
    const queries = [...codes.slice(0, 3), ...randomCodes(bits + 1000, 12, bits), ...randomCodes(bits, 5, bits, 5, 0.2)];
    const index = new HammingIndex(codes);
    expect([index.size, index.bits]).toEqual([n, bits]);
    for (const k of [1, 10, n, n + 5]) {
      const near = await index.nearest(queries, { k });
      const [indices, distances] = [[...rowsOf(near.indices)], [...rowsOf(near.distances)]];
      for (const [q, query] of queries.entries()) {
        const expected = ranked(codes, query).slice(0, k);
        expect([...indices[q]!]).toEqual(expected.map(({ index: i }) => i));
        expect([...distances[q]!]).toEqual(expected.map(({ distance }) => distance));
      }
    }
    for (const radius of [0, 2, 5, bits].filter((r) => r <= bits)) {
      const found = await index.within(queries, { radius });
      for (const [q, query] of queries.entries()) {
        const expected = ranked(codes, query).filter(({ distance }) => distance <= radius);
        expect([...found[q]!.indices]).toEqual(expected.map(({ index: i }) => i));
        expect([...found[q]!.distances]).toEqual(expected.map(({ distance }) => distance));
      }
    }
  });

  test('codes that no query comes near, and codes that are all the same', async () => {
    const far = Array.from({ length: 3000 }, () => new Array(40).fill(1) as number[]);
    const index = new HammingIndex(far);
    const zero = [new Array(40).fill(0) as number[]];
    expect([...(await index.nearest(zero, { k: 3 })).distances.data]).toEqual([40, 40, 40]);
    expect([...(await index.nearest(far.slice(0, 1), { k: 3 })).indices.data]).toEqual([0, 1, 2]);
    expect((await index.within(zero, { radius: 39 }))[0]!.indices.length).toBe(0);
  });

  test('packed bits in either order, with any padding, are what rows of bits are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 }), fc.nat(1000), async (bits, n, seed) => {
        const codes = randomCodes(seed, n, bits);
        const stride = Math.ceil(bits / 8);
        const packed = (order: 'msb' | 'lsb') => {
          const bytes = new Uint8Array(n * stride).fill(0xff);
          for (const [r, code] of codes.entries())
            for (const [c, bit] of code.entries())
              if (bit === 0) bytes[r * stride + (c >> 3)]! &= ~(order === 'msb' ? 0x80 >> (c & 7) : 1 << (c & 7));
          return { bits: bytes, shape: [n, bits], order };
        };
        const wanted = (await new HammingIndex(codes).nearest(codes, { k: 5 })).indices.data;
        for (const order of ['msb', 'lsb'] as const)
          expect((await new HammingIndex(packed(order)).nearest(packed(order), { k: 5 })).indices.data).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });

  test('stops where a signal says so, and tells how far it is', async () => {
    const codes = randomCodes(1, 2000, 64);
    const index = new HammingIndex(codes);
    await expect(index.nearest(codes, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await expect(index.within(codes, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test.each<[string, (index: HammingIndex) => Promise<unknown>, new (...parameters: never[]) => Error, string]>([
    ['other bits', (index) => index.nearest([[1, 0]]), ShapeError, 'HammingIndex.nearest: `queries` must have 3 columns (bits), got 2'],
    [
      'no bits',
      (index) => index.nearest([[1, 0, 0.5]]),
      ParameterError,
      '`queries[0, 2]` must be 0 or 1, got 0.5; `hashCodes` makes codes',
    ],
    ['no neighbours', (index) => index.nearest([[1, 0, 1]], { k: 0 }), ParameterError, '`k` must be a whole number of at least 1'],
    ['a radius beyond', (index) => index.within([[1, 0, 1]], { radius: 4 }), ParameterError, '`radius` must be a whole number from 0 to 3'],
    ['an unknown option', (index) => index.within([[1, 0, 1]], { k: 4 } as never), ParameterError, 'there is no option `k`'],
  ])('%s', async (_, ask, Class, message) => {
    const error = await rejection(ask(new HammingIndex([[1, 0, 1]])));
    expect(error).toBeInstanceOf(Class);
    expect(error.message).toContain(message);
  });

  test('codes that are none', () => {
    expect(() => new HammingIndex([[0.5]])).toThrow('HammingIndex: `codes[0, 0]` must be 0 or 1, got 0.5');
    expect(() => new HammingIndex([])).toThrow(ShapeError);
    expect(() => new HammingIndex({ data: new Uint8Array(5000), shape: [1, 5000] })).toThrow(
      '`codes` must have at most 4096 bits, got 5000',
    );
  });
});

describe('retrieval', () => {
  test('by hand', async () => {
    const base = {
      codes: [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 1],
        [1, 1, 1],
      ],
      labels: [0, 1, 0, 1],
    };
    const result = await retrieval(
      base,
      {
        codes: [
          [0, 0, 0],
          [1, 1, 0],
        ],
        labels: [0, 1],
      },
      { k: [1, 2, 100] },
    );
    // First query: distances 0 1 2 3, same class at 0 and 2. Second: 2 3 2 1, same class at 3 and 1.
    expect(result.k).toEqual([1, 2, 4]);
    expect(result.precisionAt[0]).toBeCloseTo(1, 12);
    // The second place of the second query is one of two codes of the other class.
    expect(result.precisionAt[1]).toBeCloseTo((1 / 2 + 1 / 2) / 2, 12);
    expect(result.recallAt).toEqual([0.5, 0.5, 1]);
    expect([...result.precisionWithin]).toEqual([(1 + 0) / 2, (1 / 2 + 1) / 2, (2 / 3 + 1 / 3) / 2, 0.5]);
    expect([...result.recallWithin]).toEqual([(0.5 + 0) / 2, 0.5, (1 + 0.5) / 2, 1]);
    expect([...result.found]).toEqual([0.5, 1.5, 3, 4]);
  });

  test('ties count as the mean over their orders, whatever the order of the codes', async () => {
    const codes = randomCodes(3, 300, 6);
    const labels = codes.map((_, i) => i % 3);
    const queries = { codes: randomCodes(4, 20, 6), labels: Array.from({ length: 20 }, (_, i) => i % 3) };
    const one = await retrieval({ codes, labels }, queries);
    const other = await retrieval({ codes: [...codes].reverse(), labels: [...labels].reverse() }, queries);
    for (const [i, p] of one.precisionAt.entries()) expect(other.precisionAt[i]).toBeCloseTo(p, 12);
    expect(one.recallWithin.at(-1)).toBe(1);
    expect(one.found.at(-1)).toBe(300);
  });

  test('a class that no code has counts for precision only', async () => {
    const result = await retrieval({ codes: [[0], [1]], labels: [0, 0] }, { codes: [[0], [0]], labels: [0, 7] }, { k: [1] });
    expect(result.precisionAt).toEqual([0.5]);
    expect(result.recallAt).toEqual([0.5]);
  });

  test.each<[unknown, unknown, unknown, string]>([
    [{ codes: [[0]], labels: [0, 1] }, { codes: [[0]], labels: [0] }, {}, '`base.labels` must have one label for each of 1 rows, got 2'],
    [{ codes: [[0]], labels: [0] }, { codes: [[0, 1]], labels: [0] }, {}, '`queries.codes` must have 1 columns (bits), got 2'],
    [{ codes: [[0]], labels: [0] }, { codes: [[0]], labels: [0] }, { k: 5 }, '`k` must be an array'],
    [{ codes: [[0]], labels: [0] }, { codes: [[0]], labels: [0] }, { k: [0] }, '`k[0]` must be a whole number'],
    [[[0]], { codes: [[0]], labels: [0] }, {}, '`base` must be an object with `codes`, `labels`, got an array'],
  ])('%j', async (base, queries, options, message) => {
    expect((await rejection(retrieval(base as never, queries as never, options as never))).message).toContain(message);
  });
});
