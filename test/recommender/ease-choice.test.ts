import { expect, test } from 'vitest';
import { Turns } from '../../src/machine/turns.js';
import { Draws } from '../../src/recommender/draws.js';
import { type Part, searchShape } from '../../src/recommender/ease-search.js';
import { byUser } from '../../src/recommender/grouped.js';
import { heldOutNdcg } from '../../src/recommender/held-out-ndcg.js';
import { rowsOf } from '../../src/recommender/interactions.js';
import { rankingMetrics } from '../../src/recommender/metrics.js';
import { placesOf } from '../../src/recommender/ranking.js';
import { entriesOf, tastes } from './ease-support.js';

test('the measure of a choice is the nDCG that evaluations report, ties included', async () => {
  const [users, items] = [40, 25];
  const draws = new Draws(3n, 901);
  const cells = (chance: number) =>
    Array.from({ length: users }, () => Array.from({ length: items }, () => (draws.uniform() < chance ? 1 : 0)));
  const input = cells(0.2);
  const targets = cells(0.3).map((row, u) => row.map((value, i) => ((input[u] as number[])[i] === 1 ? 0 : value)));
  for (const row of targets) if (!row.includes(1)) row[0] = 1;
  const [inputs, judged] = [byUser(entriesOf(input)), byUser(entriesOf(targets))];
  // Few distinct scores, so that many tie.
  const scores = Float32Array.from({ length: users * items }, () => draws.below(6));
  const scales = Float64Array.from({ length: items }, (_, j) => 1 + (j % 2));
  const held = { users: Uint32Array.from({ length: users }, (_, u) => u), inputs, targets: judged };
  const ndcg = rankingMetrics.get('ndcg@(binary)');
  for (const k of [1, 5, 100]) {
    let sum = 0;
    for (let u = 0; u < users; u++) {
      const row = scores.slice(u * items, (u + 1) * items).map((score, j) => score * (scales[j] as number));
      const candidate = Uint8Array.from(input[u] as number[], (value) => 1 - value);
      const relevant = judged.column.slice(judged.start[u], judged.start[u + 1]).filter((i) => candidate[i] === 1);
      sum += ndcg?.metric(placesOf(row, candidate, { items: relevant, gains: new Float64Array(relevant.length).fill(1) }), k) ?? Number.NaN;
    }
    expect(await heldOutNdcg(scores, scales, held, k, new Turns(undefined))).toBeCloseTo(sum / users, 10);
  }
});

test('the search takes the best of what it tried, within its budget', async () => {
  const { entries } = tastes(60, 20, 51);
  const groups = byUser(entries);
  const users = Uint32Array.from({ length: 60 }, (_, u) => u);
  // A measure with its peak at one size of scores: small ones need a large regularisation.
  const judge = (scores: Float32Array) =>
    Float64Array.of(-Math.abs(Math.log(scores.reduce((sum, score) => sum + Math.abs(score), 0) / scores.length / 0.05)));
  const part: Part = { train: entries, asked: rowsOf(entries, groups, users), judge };
  const options = { unseen: 'zero' as const, solutions: 12, popularity: 0, dropout: 0, activity: 0, spread: 0, regularisation: undefined };
  const { shape, tried } = await searchShape([part], options, { call: 'test', threads: 1 });
  expect(tried.length).toBeLessThanOrEqual(12);
  const best = tried.reduce((a, b) => (b.measure > a.measure ? b : a));
  const first = tried[0];
  expect(shape.regularisation).toBe(best.regularisation);
  expect(best.measure).toBeGreaterThan((first?.measure ?? 0) + 0.1);
});

test('a gain within its standard error moves nothing', async () => {
  const { entries } = tastes(60, 20, 51);
  const users = Uint32Array.from({ length: 60 }, (_, u) => u);
  // Each measure is a little larger than the one before on average, and far from it for every user.
  let calls = 0;
  const judge = () => {
    const round = calls++;
    return Float64Array.from(users, (u) => round * (0.01 + (u % 2 === 0 ? 1 : -1)));
  };
  const part: Part = { train: entries, asked: rowsOf(entries, byUser(entries), users), judge };
  const fixed = { popularity: 0, dropout: 0, activity: 0, spread: 0, regularisation: undefined };
  const { shape, tried } = await searchShape([part], { unseen: 'zero', solutions: 8, ...fixed }, { call: 'test', threads: 1 });
  expect(tried.at(-1)?.measure).toBeGreaterThan(tried[0]?.measure as number);
  expect(shape.regularisation).toBe(tried[0]?.regularisation);
});
