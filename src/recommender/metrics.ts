/**
 * Measures of accuracy, with their definitions in their names. In all of them k is the length of the
 * list, `hits` how many relevant items are in it, and R how many there are.
 *
 * Nothing is taken off for lists that are too short: places without an item are places without a hit.
 */
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { didYouMean } from '../suggest.js';

/** Places of a user's relevant items, from 0 and rising, and what each of them is worth. */
export interface Placed {
  readonly places: Float64Array;
  readonly gains: Float64Array;
}

/** A measure of ranked lists: one number per user. */
export type RankingMetric = (placed: Placed, k: number) => number;

/** Discount of a place (Järvelin and Kekäläinen, 2002, with logarithms of base 2). */
const discount = (place: number): number => 1 / Math.log2(place + 2);

const hits = ({ places }: Placed, k: number): number => places.reduce((sum, place) => sum + (place < k ? 1 : 0), 0);

/** Gains of hits by their discounts, over the most that any order of the relevant items could give. */
function ndcg({ places, gains }: Placed, k: number, worth: (gain: number) => number): number {
  let sum = 0;
  for (let i = 0; i < places.length; i++) if ((places[i] as number) < k) sum += worth(gains[i] as number) * discount(places[i] as number);
  const best = Array.from(gains, worth).sort((a, b) => b - a);
  let ideal = 0;
  for (let i = 0; i < Math.min(k, best.length); i++) ideal += (best[i] as number) * discount(i);
  return ideal === 0 ? 0 : sum / ideal;
}

/** Precision at each hit, added up: what both kinds of average precision are made of. */
function precisions({ places }: Placed, k: number): number {
  let [sum, found] = [0, 0];
  for (const place of places) if (place < k) sum += ++found / (place + 1);
  return sum;
}

/** A measure, what it says, and what stands behind `@k` in its name. */
interface Definition {
  readonly says: string;
  readonly metric: RankingMetric;
}

/** All measures of ranked lists; `@` stands for `@k`. */
export const rankingMetrics: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ['hr@', { says: 'share of users with a hit among the first k', metric: (p, k) => (hits(p, k) > 0 ? 1 : 0) }],
  ['recall@(min)', { says: 'hits / min(k, R)', metric: (p, k) => hits(p, k) / Math.min(k, p.places.length) }],
  ['recall@(all)', { says: 'hits / R', metric: (p, k) => hits(p, k) / p.places.length }],
  ['precision@', { says: 'hits / k, however short the list', metric: (p, k) => hits(p, k) / k }],
  ['ndcg@(binary)', { says: 'Σ 1 / log2(place + 1) of hits, over that of min(k, R) hits on top', metric: (p, k) => ndcg(p, k, () => 1) }],
  ['ndcg@(linear)', { says: 'the same with the rating r as gain', metric: (p, k) => ndcg(p, k, (r) => r) }],
  ['ndcg@(exponential)', { says: 'the same with 2^r − 1 as gain', metric: (p, k) => ndcg(p, k, (r) => 2 ** r - 1) }],
  ['map@(min)', { says: 'Σ precision at hits / min(k, R)', metric: (p, k) => precisions(p, k) / Math.min(k, p.places.length) }],
  ['map@(all)', { says: 'Σ precision at hits / R', metric: (p, k) => precisions(p, k) / p.places.length }],
  [
    'mrr@',
    {
      says: '1 / place of the first hit, 0 without one',
      metric: (p, k) => ((p.places[0] as number) < k ? 1 / ((p.places[0] as number) + 1) : 0),
    },
  ],
]);

/** Measures of the lists themselves, whatever is relevant. */
export const listMetrics = ['coverage@', 'novelty@(bits)', 'popular@(top tenth)'] as const;
export type ListMetric = (typeof listMetrics)[number];

/** Measures of predicted ratings; `t` stands for a rating. */
export const ratingMetrics = ['rmse', 'mae', 'rmse(warm)', 'mae(warm)', 'log-loss', 'brier(r>=t)', 'calibration(r>=t)'] as const;
export type RatingMetric = (typeof ratingMetrics)[number];

/** A name that was asked for, understood. */
export type Metric =
  | { readonly kind: 'ranking'; readonly name: string; readonly k: number; readonly metric: RankingMetric }
  | { readonly kind: 'list'; readonly name: string; readonly k: number; readonly metric: ListMetric }
  | { readonly kind: 'rating'; readonly name: string; readonly at: number; readonly metric: RatingMetric };

/** Understands the name of a measure: `recall@20(min)`, `rmse`, `calibration(r>=4)`. */
export function readMetric(call: string, name: unknown): Metric {
  const fail = (message: string) => new ParameterError(`${call}: \`metrics\` ${message}`);
  if (typeof name !== 'string') throw fail(`must be names of measures, got ${got(name)}`);
  const threshold = /^(brier|calibration)\(r>=(\d+(?:\.\d+)?)\)$/.exec(name);
  if (threshold !== null) return { kind: 'rating', name, at: Number(threshold[2]), metric: `${threshold[1]}(r>=t)` as RatingMetric };
  if ((ratingMetrics as readonly string[]).includes(name)) return { kind: 'rating', name, at: Number.NaN, metric: name as RatingMetric };
  const parts = /^([a-z]+)@([1-9]\d{0,5})(\([a-z ]+\))?$/.exec(name);
  const [, word = '', k = '10', variant = ''] = parts ?? [];
  const key = `${word}@${variant}`;
  const ranking = rankingMetrics.get(key);
  if (ranking !== undefined) return { kind: 'ranking', name, k: Number(k), metric: ranking.metric };
  if ((listMetrics as readonly string[]).includes(key)) return { kind: 'list', name, k: Number(k), metric: key as ListMetric };
  throw fail(unknownText(name, word, k));
}

function unknownText(name: string, word: string, k: string): string {
  const known = [...ratingMetrics, ...[...rankingMetrics.keys(), ...listMetrics].map((key) => key.replace('@', `@${k}`))];
  const variants = known.filter((each) => each.startsWith(`${word}@`));
  const listed = (names: readonly string[]) => names.map((each) => `'${each}'`).join(', ');
  if (word !== '' && variants.length > 1) return `must say which of ${listed(variants)} is meant, got ${got(name)}`;
  return `must be of ${listed(known)}, got ${got(name)}${didYouMean(name, known)}`;
}

/** What is measured where nobody says: `t` is the rating from which on an item counts as liked. */
export function usualMetrics(hasRatings: boolean, t: number | undefined): string[] {
  const ratings = hasRatings ? ['rmse', 'rmse(warm)', 'mae', 'log-loss', ...(t === undefined ? [] : [`calibration(r>=${t})`])] : [];
  const lists = ['recall@20(min)', 'ndcg@10(binary)', 'ndcg@100(binary)', 'coverage@10', 'novelty@10(bits)', 'popular@10(top tenth)'];
  return [...ratings, ...lists];
}
