/**
 * Intervals by drawing users again (Efron, 1979): each resample draws as many users as there are,
 * with repeats, and gives every model and measure the same ones, so differences are paired.
 */
import { pause } from '../data/pause.js';
import { streams } from '../data/random.js';
import { Draws } from './draws.js';
import type { Tally } from './tally.js';

/** How resamples are drawn. */
export interface BootstrapOptions {
  readonly seed: bigint;
  readonly resamples: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Values of measures in each resample. A measure is a list of tallies, one per fold; its value is
 * the mean of theirs.
 *
 * @param measures - All with tallies over the same users.
 * @param users - The numbers of the users that were judged.
 * @returns For each measure its values, [resamples].
 */
export async function resampled(
  measures: readonly (readonly Tally[])[],
  users: Uint32Array,
  { seed, resamples, signal }: BootstrapOptions,
): Promise<Float64Array[]> {
  const values = measures.map(() => new Float64Array(resamples));
  const times = new Float64Array(users.length);
  for (let b = 0; b < resamples; b++) {
    if (b % 16 === 0) {
      await pause();
      signal?.throwIfAborted();
    }
    const draws = new Draws(seed, streams.resampledUsers, b);
    times.fill(0);
    for (let n = 0; n < users.length; n++) times[draws.below(users.length)]!++;
    for (const [m, folds] of measures.entries()) (values[m] as Float64Array)[b] = meanOf(folds, users, times);
  }
  return values;
}

function meanOf(folds: readonly Tally[], users: Uint32Array, times: Float64Array): number {
  let all = 0;
  for (const { sum, weight, root } of folds) {
    let [top, bottom] = [0, 0];
    for (let n = 0; n < users.length; n++) {
      const [user, drawn] = [users[n] as number, times[n] as number];
      if (drawn === 0) continue;
      top += drawn * (sum[user] as number);
      bottom += drawn * (weight[user] as number);
    }
    all += root ? Math.sqrt(top / bottom) : top / bottom;
  }
  return all / folds.length;
}

/** The middle 95 % of resampled values; null where there are no finite ones. */
export function middle(values: Float64Array): readonly [number, number] | null {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return null;
  const at = (q: number) => {
    const place = q * (sorted.length - 1);
    const [low, part] = [Math.floor(place), place - Math.floor(place)];
    const [a, b] = [sorted[low] as number, sorted[Math.min(low + 1, sorted.length - 1)] as number];
    return a + part * (b - a);
  };
  return [at(0.025), at(0.975)];
}
