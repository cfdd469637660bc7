import type { Calibration } from './evaluation.js';

/**
 * One measure's parts by user: Σ sum / Σ weight over users is its value (its root where `root`),
 * and users drawn again give its interval.
 */
export class Tally {
  readonly sum: Float64Array;
  readonly weight: Float64Array;

  constructor(
    users: number,
    readonly root = false,
  ) {
    this.sum = new Float64Array(users);
    this.weight = new Float64Array(users);
  }

  add(user: number, value: number, weight = 1): void {
    this.sum[user]! += value;
    this.weight[user]! += weight;
  }

  /** NaN where there was nothing to measure. */
  value(): number {
    const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    const mean = total(this.sum) / total(this.weight);
    return this.root ? Math.sqrt(mean) : mean;
  }
}

/** How often what was said to have a chance came true, in ten bins of equal width. */
export class CalibrationTally {
  readonly #bins = Array.from({ length: 10 }, () => ({ count: 0, predicted: 0, observed: 0 }));

  add(chance: number, came: boolean): void {
    const bin = this.#bins[Math.min(9, Math.floor(chance * 10))] as { count: number; predicted: number; observed: number };
    bin.count++;
    bin.predicted += chance;
    bin.observed += came ? 1 : 0;
  }

  bins(): Calibration[] {
    return this.#bins.map(({ count, predicted, observed }, i) => ({
      from: i / 10,
      to: (i + 1) / 10,
      count,
      predicted: predicted / count,
      observed: observed / count,
    }));
  }

  /** Expected calibration error: Σ count |predicted − observed| / Σ count. */
  value(): number {
    const filled = this.#bins.filter(({ count }) => count > 0);
    const all = filled.reduce((sum, { count }) => sum + count, 0);
    return filled.reduce((sum, { predicted, observed }) => sum + Math.abs(predicted - observed), 0) / all;
  }
}
