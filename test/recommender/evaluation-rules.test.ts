/** The rules that evaluations hold by construction, each with a test of its own. */
import { describe, expect, test } from 'vitest';
import { type Contender, readContenders, trainContender } from '../../src/recommender/contenders.js';
import { judgedOn } from '../../src/recommender/cross-validate.js';
import type { Entries } from '../../src/recommender/entries.js';
import { evaluate } from '../../src/recommender/evaluate.js';
import type { Family } from '../../src/recommender/family.js';
import { makeSplit, type Split } from '../../src/recommender/split.js';
import { foldSplits, leaveOneOut, perUserSplit, randomSplit, temporalSplit } from '../../src/recommender/splits.js';
import { entriesOf, type Row, rating, scoring, surely, tastes } from './small.js';

const call = 'evaluate';
const terms = { seed: 1n, threads: 1, scale: { values: [1, 2, 3, 4, 5] }, relevantFrom: undefined };

/** A split of rows given by hand. */
function splitOf(train: Row[], targets: Row[], more: { input?: Row[] } = {}): Split {
  const known = entriesOf(train);
  const input = more.input === undefined ? {} : { input: entriesOf(more.input, known) };
  return makeSplit(call, { name: 'by hand', train: known, targets: entriesOf(targets, known), ...input });
}

const valueIn = (evaluation: Awaited<ReturnType<typeof evaluate>>, name: string, model = 0) =>
  evaluation.results[model]?.measures.find((measure) => measure.name === name)?.value as number;

describe('rule 1: no pair is in both input and targets', () => {
  test('a pair in train and targets is refused by name', () => {
    expect(() =>
      splitOf(
        [
          ['ann', 'Alien'],
          ['ann', 'Brazil'],
        ],
        [['ann', 'Alien']],
      ),
    ).toThrow('evaluate: `train` and `targets` must have no pair in common, but user "ann" with item "Alien" is in both');
  });

  test('a pair in input and targets is refused by name', () => {
    const input: Row[] = [
      ['eve', 'Alien'],
      ['eve', 'Brazil'],
    ];
    expect(() =>
      splitOf(
        [
          ['ann', 'Alien'],
          ['ann', 'Brazil'],
        ],
        [['eve', 'Brazil']],
        { input },
      ),
    ).toThrow('`input` and `targets` must have no pair in common, but user "eve" with item "Brazil" is in both');
  });

  test('a leak planted in a split made by hand is caught by evaluate', async () => {
    const good = splitOf(
      [
        ['ann', 1],
        ['ben', 2],
      ],
      [['ann', 2]],
    );
    const leaky: Split = { ...good, targets: { ...good.targets, item: Uint32Array.of(0) } };
    const models = [{ name: 'plain', model: scoring(2, () => 0) }];
    await expect(evaluate(call, models, leaky)).rejects.toThrow('`train` and `targets` must have no pair in common');
    await expect(evaluate(call, models, good)).resolves.toBeDefined();
  });

  test('parts with ids of their own are refused', () => {
    const train = entriesOf([['ann', 1]]);
    expect(() => makeSplit(call, { name: 'x', train, targets: entriesOf([['ann', 2]]) })).toThrow('`targets` must have the same ids');
  });
});

test('rule 2: candidates are all items of train less what the user has', async () => {
  // Items 1 to 4 are in train; ann has 1 and 2. Item 5 is in targets alone.
  const split = splitOf(
    [
      ['ann', 1],
      ['ann', 2],
      ['ben', 3],
      ['ben', 4],
    ],
    [
      ['ann', 3],
      ['ann', 5],
    ],
  );
  const favourites = new Map([
    [0, 9],
    [1, 8],
    [4, 7],
    [3, 6],
    [2, 5],
  ]);
  const model = scoring(5, (_, item) => favourites.get(item) as number);
  const evaluation = await evaluate(call, [{ name: 'm', model }], split, { metrics: ['hr@1', 'hr@2', 'recall@5(all)'] });
  // Best candidates: item 4 (number 3), then item 3 (number 2): what is seen or cold takes no place.
  expect(valueIn(evaluation, 'hr@1')).toBe(0);
  expect(valueIn(evaluation, 'hr@2')).toBe(1);
  expect(valueIn(evaluation, 'recall@5(all)')).toBe(0.5);
  expect(evaluation.judged[0]?.candidates).toBe('all items of train that the user does not have');
});

test('rule 3: sampled negatives are a named protocol, and ties go against the model', async () => {
  const entries = tastes(30, 40, 12, 3n);
  const plain = leaveOneOut(call, entries, { seed: 2n });
  const sampled = leaveOneOut(call, entries, { seed: 2n, sampledNegatives: 9 });
  expect(plain.negatives).toBeUndefined();
  expect(sampled.name).toBe('leave one out, 9 sampled negatives');
  const same = [{ name: 'same for all', model: scoring(40, () => 1) }];
  const evaluation = await evaluate(call, same, sampled, { metrics: ['hr@9', 'hr@10', 'mrr@10'] });
  expect(valueIn(evaluation, 'hr@9')).toBe(0);
  expect(valueIn(evaluation, 'hr@10')).toBe(1);
  expect(valueIn(evaluation, 'mrr@10')).toBeCloseTo(0.1, 12);
  expect(evaluation.judged[0]?.candidates).toBe('each target with 9 sampled items');
  expect(evaluation.warnings.join()).toContain('ranked among 9 sampled items, not among all');
  expect(valueIn(await evaluate(call, same, plain, { metrics: ['hr@10'] }), 'hr@10')).toBe(0);
});

/** A family that notes what it is trained on. */
function spying(seen: Entries[]): Contender {
  const family: Family = {
    name: 'spy',
    target: 'ratings',
    read: () => ({}),
    async fit(entries) {
      seen.push(entries);
      return rating(entries.items.size, () => surely(3, [0.2, 0.2, 0.2, 0.2, 0.2]));
    },
    load: () => {
      throw new Error('not needed');
    },
  };
  return { name: 'spy', family, options: {}, own: {} };
}

test('rule 4: popularity, bias and factorisation are there to stand beside any model', async () => {
  const entries = tastes(60, 30, 15, 5n);
  const [split] = foldSplits(call, entries, { folds: 5, seed: 1n });
  const usual = readContenders(call, undefined, true).map(({ name }) => name);
  expect(usual).toEqual(
    expect.arrayContaining(['popularity (ratings)', 'popularity (interactions)', 'bias', 'ease', 'mf (ratings)', 'mf (interactions)']),
  );
  const contenders = readContenders(call, ['popularity', 'bias', 'mf'], true);
  const evaluation = await judgedOn(call, [split as Split], contenders, terms, { metrics: ['rmse'], resamples: 50 });
  const [popularity, bias, mf] = evaluation.results.map((_, m) => valueIn(evaluation, 'rmse', m)) as [number, number, number];
  expect(bias).toBeLessThan(popularity);
  expect(mf).toBeLessThan(bias);
});

test('rule 5: training is given train alone, and each target is read once', async () => {
  const seen: Entries[] = [];
  const splits = foldSplits(call, tastes(20, 20, 8, 7n), { folds: 4, seed: 1n });
  await judgedOn(call, splits, [spying(seen)], terms, { metrics: ['rmse'], resamples: 0 });
  expect(seen).toHaveLength(4);
  for (const [f, train] of seen.entries()) expect(train).toBe(splits[f]?.train);
  const asked = splits.reduce((sum, { targets }) => sum + targets.user.length, 0);
  expect(asked).toBe(20 * 8);
});

describe('rule 6: a global temporal split is there; leave-one-out warns', () => {
  const rows: Row[] = [
    ['a', 1, 3, 10],
    ['a', 2, 4, 30],
    ['b', 1, 5, 20],
    ['b', 3, 2, 40],
    ['c', 3, 2, 15],
    ['c', 2, 1, 25],
  ];

  test('all of train is before all targets', () => {
    const { train, targets } = temporalSplit(call, entriesOf(rows), { share: 0.4 });
    expect(Math.max(...(train.time as Float64Array))).toBeLessThan(Math.min(...(targets.time as Float64Array)));
    expect(targets.user.length).toBe(3);
    expect(() =>
      temporalSplit(
        call,
        entriesOf([
          ['a', 1],
          ['b', 2],
        ]),
      ),
    ).toThrow('needs entries with a time');
    expect(() => temporalSplit(call, entriesOf(rows), { at: 99 })).toThrow('times go from 10 to 40');
  });

  test('leave-one-out takes the last by time, and says that it looks ahead', () => {
    const { targets, warnings } = leaveOneOut(call, entriesOf(rows));
    expect([...(targets.time as Float64Array)].sort()).toEqual([25, 30, 40]);
    expect(warnings.join()).toContain('a global temporal split does not');
    expect(
      leaveOneOut(
        call,
        entriesOf([
          ['a', 1],
          ['a', 2],
        ]),
      ).warnings.join(),
    ).toContain('without times');
  });
});

describe('rule 7: duplicates across a split are refused', () => {
  test('within train, within targets', () => {
    expect(() =>
      splitOf(
        [
          ['ann', 1],
          ['ann', 1],
        ],
        [['ann', 2]],
      ),
    ).toThrow('`train` must have each pair once, but user "ann" with item 1 is there twice');
    expect(() =>
      splitOf(
        [['ann', 1]],
        [
          ['ann', 2],
          ['ann', 2],
        ],
      ),
    ).toThrow('`targets` must have each pair once');
  });
});

describe('rule 8: cold users and items are counted and never dropped', () => {
  // 'new' has no entry in train; item 9 is in no entry of train.
  const train: Row[] = [
    ['ann', 1, 5],
    ['ben', 1, 3],
    ['ben', 2, 1],
  ];
  const targets: Row[] = [
    ['ann', 2, 4],
    ['new', 1, 1],
    ['ben', 9, 5],
  ];

  test('they count, with and without them', async () => {
    const model = rating(3, () => surely(3, [0, 0, 1, 0, 0]));
    const evaluation = await evaluate(call, [{ name: 'three', model }], splitOf(train, targets), {
      metrics: ['rmse', 'rmse(warm)', 'mae', 'mae(warm)'],
      scale: { values: [1, 2, 3, 4, 5] },
    });
    expect(evaluation.judged[0]).toMatchObject({ users: 3, targets: 3, coldUsers: 1, coldItems: 1, coldTargets: 2, trainItems: 2 });
    expect(valueIn(evaluation, 'rmse')).toBeCloseTo(Math.sqrt((1 + 4 + 4) / 3), 12);
    expect(valueIn(evaluation, 'rmse(warm)')).toBeCloseTo(1, 12);
    expect(valueIn(evaluation, 'mae')).toBeCloseTo(5 / 3, 12);
    expect(valueIn(evaluation, 'mae(warm)')).toBeCloseTo(1, 12);
    expect(evaluation.warnings.join()).toContain('2 of 3 targets have a user or an item that models know nothing of; they are kept');
  });

  test('items that came after the training of a model are cold as well: the mean of train is their prediction', async () => {
    const narrow = rating(2, () => surely(2));
    const evaluation = await evaluate(call, [{ name: 'narrow', model: narrow }], splitOf(train, targets), {
      metrics: ['rmse', 'recall@5(all)'],
    });
    expect(valueIn(evaluation, 'rmse')).toBeCloseTo(Math.sqrt((4 + 1 + (5 - 3) ** 2) / 3), 6);
    expect(valueIn(evaluation, 'recall@5(all)')).toBeCloseTo(2 / 3, 12);
    const wide = [{ name: 'wide', model: scoring(4, () => 0) }];
    await expect(evaluate(call, wide, splitOf(train, targets))).rejects.toThrow('model "wide" was made for 4');
  });
});

test('rule 9: names carry definitions', async () => {
  const split = splitOf(
    [
      ['ann', 1],
      ['ben', 2],
    ],
    [['ann', 2]],
  );
  const models = [{ name: 'm', model: scoring(2, () => 0) }];
  await expect(evaluate(call, models, split, { metrics: ['recall@20'] })).rejects.toThrow('must say which of');
  const { results } = await evaluate(call, models, split);
  expect(results[0]?.measures.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['recall@20(min)', 'ndcg@100(binary)', 'coverage@10', 'novelty@10(bits)']),
  );
});

describe('rule 10: NaN is an error, and too few items lower the score', () => {
  const split = splitOf(
    [
      ['ann', 1, 4],
      ['ben', 2, 4],
      ['ben', 3, 3],
    ],
    [['ann', 2, 5]],
  );

  test('a score that is NaN is named', async () => {
    const model = scoring(3, (_, item) => (item === 2 ? Number.NaN : 1));
    await expect(evaluate(call, [{ name: 'broken', model }], split)).rejects.toThrow(
      'model "broken" gave NaN as a score, for user "ann" and item 3',
    );
  });

  test('so are a prediction and a probability', async () => {
    const scale = { values: [3, 4, 5] };
    const mean = rating(3, () => surely(Number.NaN, [0, 0, 1]));
    await expect(evaluate(call, [{ name: 'broken', model: mean }], split, { scale })).rejects.toThrow(
      'gave NaN as a predicted rating, for user "ann" and item 2',
    );
    const chance = rating(3, () => surely(3, [Number.NaN, 0, 1]));
    await expect(evaluate(call, [{ name: 'broken', model: chance }], split, { scale })).rejects.toThrow('gave NaN as a probability');
    const short = rating(3, () => surely(3, [1]));
    await expect(evaluate(call, [{ name: 'short', model: short }], split, { scale })).rejects.toThrow(
      'gave 1 probabilities, but the scale has 3 values',
    );
  });

  test('two candidates make no precision of 1 at 10', async () => {
    const evaluation = await evaluate(call, [{ name: 'm', model: scoring(3, () => 1) }], split, {
      metrics: ['precision@10', 'recall@10(min)'],
    });
    expect(valueIn(evaluation, 'precision@10')).toBeCloseTo(0.1, 12);
    expect(valueIn(evaluation, 'recall@10(min)')).toBe(1);
  });
});

describe('rule 11: differences come with paired bootstrap intervals over users', () => {
  const entries = tastes(200, 40, 12, 11n);
  const split = perUserSplit(call, entries, { share: 0.25, seed: 1n });

  test('a model that is better for everybody by the same amount differs without doubt', async () => {
    const noise = (item: number) => ((item * 7919) % 101) / 101;
    const models = [
      { name: 'plain', model: rating(40, (_, item) => surely(3 + noise(item))) },
      { name: 'worse', model: rating(40, (_, item) => surely(3.8 + noise(item))) },
      { name: 'same', model: rating(40, (_, item) => surely(3 + noise(item))) },
    ];
    const { differences, results } = await evaluate(call, models, split, { metrics: ['mae', 'rmse'], resamples: 400, seed: 3n });
    const of = (model: string, measure: string) => differences.find((each) => each.model === model && each.measure === measure);
    expect(of('worse', 'rmse')?.interval[0]).toBeGreaterThan(0);
    expect(of('same', 'rmse')).toMatchObject({ value: 0, interval: [0, 0] });
    const [low, high] = results[0]!.measures[0]!.interval!;
    const [lowest, highest] = of('worse', 'mae')!.interval;
    // Paired: what all users have in common leaves the difference.
    expect(high - low).toBeGreaterThan(0);
    expect(highest - lowest).toBeLessThan(2 * (high - low));
    expect(of('worse', 'mae')?.value).toBeGreaterThan(lowest);
    expect(of('worse', 'mae')?.value).toBeLessThan(highest);
  });

  test('same seed, same intervals; another seed, others', async () => {
    const models = [{ name: 'm', model: scoring(40, (_, item) => (item * 31) % 17) }];
    const interval = async (seed: bigint) =>
      (await evaluate(call, models, split, { metrics: ['ndcg@10(binary)'], seed, resamples: 200 })).results[0]?.measures[0]?.interval;
    expect(await interval(1n)).toEqual(await interval(1n));
    expect(await interval(1n)).not.toEqual(await interval(2n));
  });
});

test('rule 12: beside accuracy stand log-loss, calibration, coverage, novelty and the share of popular items', async () => {
  // Ten items, the first had by all four users, the others by one user each at most.
  const rows: Row[] = [
    ['a', 0, 5],
    ['b', 0, 4],
    ['c', 0, 5],
    ['d', 0, 4],
    ['a', 1, 3],
    ['b', 2, 3],
    ['c', 3, 3],
    ['d', 4, 3],
  ];
  for (let item = 5; item < 10; item++) rows.push(['a', item, 4]);
  const split = splitOf(rows, [
    ['b', 1, 4],
    ['c', 1, 2],
    ['d', 1, 5],
  ]);
  // P(1 … 5) = (0.1, 0.1, 0.2, 0.4, 0.2): P(r ≥ 4) = 0.6 for everything.
  const probabilities = [0.1, 0.1, 0.2, 0.4, 0.2];
  const model = rating(10, (_, item) => surely(10 - item, probabilities));
  const metrics = ['log-loss', 'brier(r>=4)', 'calibration(r>=4)', 'coverage@2', 'novelty@2(bits)', 'popular@2(top tenth)'];
  const evaluation = await evaluate(call, [{ name: 'm', model }], split, { metrics, scale: terms.scale, resamples: 20 });
  expect(valueIn(evaluation, 'log-loss')).toBeCloseTo(-(Math.log(0.4) + Math.log(0.1) + Math.log(0.2)) / 3, 12);
  expect(valueIn(evaluation, 'brier(r>=4)')).toBeCloseTo((0.16 + 0.36 + 0.16) / 3, 12);
  // All three chances are 0.6, two of three came true.
  expect(valueIn(evaluation, 'calibration(r>=4)')).toBeCloseTo(Math.abs(0.6 - 2 / 3), 12);
  const bins = evaluation.results[0]?.calibration['calibration(r>=4)'] ?? [];
  expect(bins).toHaveLength(10);
  expect(bins.filter(({ count }) => count > 0)).toEqual([
    { from: 0.6, to: 0.7, count: 3, predicted: expect.closeTo(0.6, 12), observed: 2 / 3 },
  ]);
  // Lists of two: b gets 1 and 3, c gets 1 and 2, d gets 1 and 2; all of them had by one user of four.
  expect(valueIn(evaluation, 'coverage@2')).toBeCloseTo(3 / 10, 12);
  expect(valueIn(evaluation, 'novelty@2(bits)')).toBeCloseTo(2, 12);
  expect(valueIn(evaluation, 'popular@2(top tenth)')).toBe(0);
  expect(String(evaluation)).toContain('log-loss');
  expect(String(evaluation)).toContain('0 cold users');
});

describe('what else evaluations hold', () => {
  test('models of interactions are told what counts as one, models of ratings the ratings', async () => {
    const split = splitOf(
      [
        ['ann', 1, 5],
        ['ann', 2, 1],
        ['ben', 3, 4],
      ],
      [
        ['ann', 3, 5],
        ['ben', 1, 1],
      ],
    );
    const told: unknown[] = [];
    const spy = scoring(3, (given, item) => {
      if (item === 0) told.push([...given.items], [...given.values], given.user);
      return 0;
    });
    const evaluation = await evaluate(call, [{ name: 'spy', model: spy }], split, { metrics: ['recall@1(all)'], relevantFrom: 4 });
    expect(told).toEqual([[0], [1], 0, [2], [1], 1]);
    expect(evaluation.judged[0]).toMatchObject({ relevant: 'targets of at least 4', usersWithoutRelevant: 1 });
    // What ann rated low is still hers: two items of train less both leave item 3 alone.
    expect(valueIn(evaluation, 'recall@1(all)')).toBe(1);
  });

  test('users who are held out have no number', async () => {
    const split = splitOf(
      [
        ['ann', 1],
        ['ann', 2],
      ],
      [['eve', 2]],
      { input: [['eve', 1]] },
    );
    const told: unknown[] = [];
    const spy = scoring(2, (given) => told.push(given.user));
    await evaluate(call, [{ name: 'spy', model: spy }], split, { metrics: ['hr@1'] });
    expect(told).toEqual([undefined, undefined]);
  });

  test('a model of interactions has no RMSE, and says so by NaN', async () => {
    const split = splitOf(
      [
        ['ann', 1, 5],
        ['ben', 2, 4],
      ],
      [['ann', 2, 5]],
    );
    const evaluation = await evaluate(call, [{ name: 'm', model: scoring(2, () => 0) }], split, { metrics: ['rmse', 'hr@1'] });
    expect(valueIn(evaluation, 'rmse')).toBeNaN();
    expect(evaluation.results[0]?.measures[0]?.interval).toBeNull();
    expect(String(evaluation)).toMatch(/m +– +1\.0000/);
  });

  test('folds: a measure is the mean over them', async () => {
    const splits = foldSplits(call, tastes(40, 20, 8, 13n), { folds: 3, seed: 2n });
    const all = await judgedOn(call, splits, [spying([])], terms, { metrics: ['rmse'], resamples: 100 });
    const each = await Promise.all(
      splits.map((split) => judgedOn(call, [split], [spying([])], terms, { metrics: ['rmse'], resamples: 0 })),
    );
    const mean = each.reduce((sum, one) => sum + valueIn(one, 'rmse'), 0) / 3;
    expect(valueIn(all, 'rmse')).toBeCloseTo(mean, 12);
    const [low, high] = all.results[0]!.measures[0]!.interval!;
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
  });

  test('a signal ends it, and progress ends at 1', async () => {
    const split = randomSplit(call, tastes(40, 20, 8, 13n), { seed: 2n });
    const models = [{ name: 'm', model: scoring(20, (_, item) => item) }];
    await expect(evaluate(call, models, split, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const shares: number[] = [];
    await evaluate(call, models, split, { resamples: 0, onProgress: ({ fraction }) => shares.push(fraction) });
    expect(shares.at(-1)).toBe(1);
  });

  test('training is part of the terms', async () => {
    const [split] = foldSplits(call, tastes(30, 20, 8, 3n), { folds: 3 });
    const seen: Entries[] = [];
    await trainContender(call, spying(seen), (split as Split).train, terms, {});
    expect(seen).toEqual([(split as Split).train]);
  });
});
