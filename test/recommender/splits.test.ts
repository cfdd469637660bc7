import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entries } from '../../src/recommender/entries.js';
import { byItem, byUser } from '../../src/recommender/grouped.js';
import { makeSplit, type Split } from '../../src/recommender/split.js';
import { binarised, holdOutUsers } from '../../src/recommender/split-users.js';
import { foldSplits, givenFolds, leaveOneOut, perUserSplit, randomSplit } from '../../src/recommender/splits.js';
import { entriesOf, pairsOf, type Row, tastes } from './small.js';

const call = 'split';
const entries = tastes(40, 30, 10, 1n);
const sorted = (parts: readonly Entries[]) => parts.flatMap(pairsOf).sort();
const perUser = ({ user, users }: Entries) => {
  const counts = new Array<number>(users.size).fill(0);
  for (const u of user) counts[u]!++;
  return counts;
};

describe('every split', () => {
  const ways: [string, () => Split[]][] = [
    ['folds', () => foldSplits(call, entries, { folds: 4, seed: 3n })],
    ['random', () => [randomSplit(call, entries, { share: 0.2, seed: 3n })]],
    ['per user', () => [perUserSplit(call, entries, { share: 0.25, seed: 3n })]],
    ['leave one out', () => [leaveOneOut(call, entries, { seed: 3n })]],
    ['users', () => [holdOutUsers(call, entries, { users: 8, seed: 3n }).test]],
  ];

  test.each(ways)('%s: all entries on one side or the other, ratings unchanged, the same again with the same seed', (_, split) => {
    for (const { train, input, targets } of split()) {
      const parts = input === train ? [train, targets] : [train, input, targets];
      expect(sorted(parts)).toEqual(sorted([entries]));
      const all = new Map(pairsOf(entries).map((pair, k) => [pair, entries.value?.[k]]));
      for (const part of parts) for (const [k, pair] of pairsOf(part).entries()) expect(part.value?.[k]).toBe(all.get(pair));
    }
    expect(split()).toEqual(split());
  });
});

test('folds: each entry is a target once, sizes differ by one at most', () => {
  const splits = foldSplits(call, entries, { folds: 7, seed: 1n });
  expect(sorted(splits.map(({ targets }) => targets))).toEqual(sorted([entries]));
  const sizes = splits.map(({ targets }) => targets.user.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  expect(pairsOf(foldSplits(call, entries, { folds: 7, seed: 2n })[0]!.targets)).not.toEqual(pairsOf(splits[0]!.targets));
  expect(() => foldSplits(call, entries, { folds: 1 })).toThrow('`folds` must be a whole number from 2');
});

test('folds as given', () => {
  const three = entriesOf([
    ['a', 1],
    ['a', 2],
    ['b', 1],
    ['b', 2],
  ]);
  const splits = givenFolds(call, three, [0, 1, 0, 2]);
  expect(splits.map(({ targets }) => pairsOf(targets))).toEqual([['a 1', 'b 1'], ['a 2'], ['b 2']]);
  expect(() => givenFolds(call, three, [0, 1])).toThrow('`fold` must have one number per entry (4), got 2');
  expect(() => givenFolds(call, three, [0, 0, 0, 0])).toThrow('`fold` must name at least 2 folds');
  expect(() => givenFolds(call, three, [0, 1.5, 0, 0])).toThrow('`fold[1]` must be a whole number');
});

test('per user: the share of each, and users of one entry keep it', () => {
  const some = entriesOf([...Array.from({ length: 8 }, (_, i): Row => ['many', i]), ['one', 0], ['two', 0], ['two', 1]]);
  const { targets, train } = perUserSplit(call, some, { share: 0.25, seed: 1n });
  expect(perUser(targets)).toEqual([2, 0, 1]);
  expect(perUser(train)).toEqual([6, 1, 1]);
});

describe('leave one out', () => {
  test('one target of each user with two; of equal times the later row', () => {
    const rows: Row[] = [
      ['a', 1, 5, 3],
      ['a', 2, 4, 9],
      ['b', 1, 3, 2],
      ['a', 3, 1, 9],
      ['c', 1, 2, 1],
      ['c', 2, 2, 0],
    ];
    expect(pairsOf(leaveOneOut(call, entriesOf(rows)).targets).sort()).toEqual(['a 3', 'c 1']);
  });

  test('sampled negatives are items that the user has in no part, without repeats', () => {
    const { targets, negatives } = leaveOneOut(call, entries, { seed: 5n, sampledNegatives: 15 });
    const { count, items } = negatives!;
    const own = new Set(pairsOf(entries));
    const drawn = new Set<number>();
    for (let t = 0; t < targets.user.length; t++) {
      const list = [...items.subarray(t * count, (t + 1) * count)];
      expect(new Set(list).size).toBe(15);
      for (const item of list) {
        expect(own.has(`${targets.users.id(targets.user[t] as number)} ${targets.items.id(item)}`)).toBe(false);
        drawn.add(item);
      }
    }
    expect(drawn.size).toBe(30);
    expect(() => leaveOneOut(call, entries, { sampledNegatives: 21 })).toThrow(
      '`sampledNegatives` must be at most 20, the items that a user lacks',
    );
  });

  test('negatives of a wrong number are refused', () => {
    const { train, targets } = leaveOneOut(call, entries, { seed: 5n });
    const of = (items: Uint32Array) => makeSplit(call, { name: 'x', train, targets, negatives: { count: 2, items } });
    expect(() => of(new Uint32Array(3))).toThrow(`\`negatives\` must have 2 items for each of ${targets.user.length} targets, got 3`);
    expect(() => of(new Uint32Array(2 * targets.user.length).fill(30))).toThrow('`negatives` must be numbers of items, got 30');
  });
});

describe('users held out whole', () => {
  test('they are in no train, and a fifth of their entries are targets', () => {
    const { test: last, validation } = holdOutUsers(call, entries, { users: 6, validationUsers: 5, targets: 0.2, seed: 9n });
    for (const [split, count] of [
      [last, 6],
      [validation!, 5],
    ] as const) {
      const held = new Set(split.targets.user);
      expect(held.size).toBe(count);
      expect([...split.train.user].some((user) => held.has(user))).toBe(false);
      expect(new Set(split.input.user)).toEqual(held);
      for (const user of held) expect([perUser(split.input)[user], perUser(split.targets)[user]]).toEqual([8, 2]);
    }
    expect(validation!.train).toBe(last.train);
    expect([...new Set(validation!.targets.user)].some((user) => new Set(last.targets.user).has(user))).toBe(false);
  });

  test('users with too few entries stay in train; all users cannot be held out', () => {
    const rows: Row[] = [
      ['a', 1],
      ['b', 1],
      ['b', 2],
      ['c', 1],
      ['c', 2],
      ['c', 3],
    ];
    const { test: split } = holdOutUsers(call, entriesOf(rows), { users: 1, least: 3, seed: 1n });
    expect(() => holdOutUsers(call, entriesOf(rows), { users: 2, least: 3 })).toThrow(
      '2 users cannot be held out of 1 with at least 3 entries (of 3)',
    );
    expect(pairsOf(split.train)).toEqual(['a 1', 'b 1', 'b 2']);
    expect(() => holdOutUsers(call, entriesOf(rows), { users: 3, seed: 1n })).toThrow('3 users cannot be held out of 2');
  });

  test('binarised keeps what is rated high enough, and the numbers of all', () => {
    const some = binarised(
      entriesOf([
        ['a', 1, 5],
        ['a', 2, 3],
        ['b', 3, 4],
      ]),
      4,
    );
    expect(pairsOf(some)).toEqual(['a 1', 'b 3']);
    expect(some.value).toBeUndefined();
    expect(some.items.size).toBe(3);
  });
});

test('grouped: rows by user and by item agree with plain lists', () => {
  const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 8 })), {
    selector: String,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, (pairs) => {
      const some = entriesOf(pairs);
      const [users, items] = [byUser(some), byItem(some)];
      for (let row = 0; row < users.rows; row++) {
        const expected = [...some.item.keys()].filter((k) => some.user[k] === row).sort((a, b) => some.item[a]! - some.item[b]!);
        expect([...users.entry.subarray(users.start[row], users.start[row + 1])]).toEqual(expected);
        expect([...users.column.subarray(users.start[row], users.start[row + 1])]).toEqual(expected.map((k) => some.item[k]));
      }
      expect(items.start.at(-1)).toBe(pairs.length);
      for (let row = 0; row < items.rows; row++) {
        const expected = [...some.user.keys()].filter((k) => some.item[k] === row).map((k) => some.user[k] as number);
        expect([...items.column.subarray(items.start[row], items.start[row + 1])]).toEqual(expected.sort((a, b) => a - b));
      }
    }),
  );
});
