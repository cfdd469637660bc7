/** nDCG of users held out for a choice: few allocations, because a choice asks for it often. */
import type { Turns } from '../machine/turns.js';
import type { Grouped } from './grouped.js';

/** Users by row of the scores; `inputs` and `targets` have all users, by number. */
export interface HeldOut {
  readonly users: Uint32Array;
  readonly inputs: Grouped;
  readonly targets: Grouped;
}

/** The mean of {@link heldOutNdcgs}; 0 of no users. */
export async function heldOutNdcg(scores: Float32Array, scales: Float64Array, held: HeldOut, k: number, turns: Turns): Promise<number> {
  const each = await heldOutNdcgs(scores, scales, held, k, turns);
  return each.length === 0 ? 0 : each.reduce((sum, value) => sum + value, 0) / each.length;
}

/**
 * nDCG@k with binary gains, of each user, [users]; candidates are all items less the user's input.
 * Ties go against the model.
 *
 * @param scores - [users, items], row-major.
 * @param scales - Scores of item j count times scales[j].
 */
export async function heldOutNdcgs(
  scores: Float32Array,
  scales: Float64Array,
  held: HeldOut,
  k: number,
  turns: Turns,
): Promise<Float64Array> {
  const { users, inputs, targets } = held;
  const n = scales.length;
  const row = new Float64Array(n);
  const each = new Float64Array(users.length);
  for (let r = 0; r < users.length; r++) {
    const user = users[r] as number;
    for (let j = 0; j < n; j++) row[j] = (scores[r * n + j] as number) * (scales[j] as number);
    for (let at = inputs.start[user] as number; at < (inputs.start[user + 1] as number); at++) {
      row[inputs.column[at] as number] = Number.NEGATIVE_INFINITY;
    }
    each[r] = ndcgOf(row, targets.column.subarray(targets.start[user], targets.start[user + 1]), k);
    await turns.give();
  }
  return each;
}

/** Of one user. `row` is spoilt. */
function ndcgOf(row: Float64Array, relevant: Uint32Array, k: number): number {
  const own = Float64Array.from(relevant, (item) => row[item] as number)
    .sort()
    .reverse();
  for (const item of relevant) row[item] = Number.NEGATIVE_INFINITY;
  const lowest = own[own.length - 1] as number;
  // passed[i]: others that stand before the i-th relevant item but not before the one above it.
  const passed = new Uint32Array(own.length);
  for (let j = 0; j < row.length; j++) {
    const score = row[j] as number;
    if (score < lowest || score === Number.NEGATIVE_INFINITY) continue;
    let [low, high] = [0, own.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((own[middle] as number) <= score) high = middle;
      else low = middle + 1;
    }
    passed[low]!++;
  }
  let [sum, ideal, others] = [0, 0, 0];
  for (let i = 0; i < own.length; i++) {
    others += passed[i] as number;
    const place = i + others;
    if (place < k) sum += 1 / Math.log2(place + 2);
    if (i < k) ideal += 1 / Math.log2(i + 2);
  }
  return sum / ideal;
}
