import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSeed, permutation, philox4x32 } from '../../src/data/random.js';
import { ParameterError } from '../../src/errors.js';

describe('Philox4x32-10 gives the known answers of Random123', () => {
  const ones = 0xffffffff;
  test.each<[readonly [number, number, number, number], readonly [number, number], number[]]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('%j %j', (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });
});

describe('a permutation', () => {
  test('has every number once', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (n, seed) => {
        expect([...permutation(n, seed, 0)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test('depends on seed and stream, and on nothing else', () => {
    const order = [...permutation(100, 5n, 1)];
    expect([...permutation(100, 5n, 1)]).toEqual(order);
    expect([...permutation(100, 6n, 1)]).not.toEqual(order);
    expect([...permutation(100, 5n + (1n << 32n), 1)]).not.toEqual(order);
    expect([...permutation(100, 5n, 2)]).not.toEqual(order);
  });

  test('puts every number in every place equally often', () => {
    const [n, rounds] = [4, 24_000];
    const counts = Array.from({ length: n * n }, () => 0);
    for (let seed = 0; seed < rounds; seed++) {
      permutation(n, BigInt(seed), 0).forEach((value, place) => {
        counts[place * n + value]!++;
      });
    }
    // Each count is binomial with deviation sqrt(24000 / 4 × 3 / 4) = 67; five of them make a miss of one in 10^5 runs.
    for (const count of counts) expect(Math.abs(count - rounds / n)).toBeLessThan(5 * 67.1);
  });
});

describe('a seed', () => {
  test('is a whole number or a bigint below 2^64', () => {
    expect([checkSeed(0, 'f'), checkSeed(7, 'f'), checkSeed(2n ** 64n - 1n, 'f')]).toEqual([0n, 7n, 2n ** 64n - 1n]);
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n, '1', null, undefined]) {
      expect(() => checkSeed(seed, 'f')).toThrow(ParameterError);
    }
  });
});
