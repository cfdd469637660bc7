/** A normal distribution cut into the values of a scale. */
import type { Scale } from './entries.js';
import type { Prediction } from './family.js';

/**
 * Φ(x), the chance that a standard normal variable is at most x; to about 1e-14. A series near 0
 * (Abramowitz and Stegun, 1964, 26.2.11), a continued fraction in the tails (26.2.14).
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 38) return x > 0 ? 1 : 0;
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 4) {
    let [term, sum] = [x, x];
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  const z = Math.abs(x);
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
  return x > 0 ? 1 - density / fraction : density / fraction;
}

/** P(r = k-th value) of a normal variable that is rounded to the nearest value of the scale. */
export function normalOnScale(mean: number, variance: number, { values }: Scale): Float64Array {
  const deviation = Math.sqrt(variance);
  const probabilities = new Float64Array(values.length);
  let below = 0;
  for (let k = 0; k < values.length; k++) {
    const upTo = k + 1 === values.length ? 1 : normalCdf(((values[k] as number) + (values[k + 1] as number) - 2 * mean) / (2 * deviation));
    probabilities[k] = Math.max(0, upTo - below);
    below = upTo;
  }
  return probabilities;
}

/** P(r ≥ t) of the same variable. */
export function normalAtLeast(mean: number, variance: number, { values }: Scale, t: number): number {
  const k = values.findIndex((value) => value >= t);
  if (k < 0) return 0;
  return k === 0 ? 1 : 1 - normalCdf(((values[k - 1] as number) + (values[k] as number) - 2 * mean) / (2 * Math.sqrt(variance)));
}

/** A prediction of a normal model; its mean is kept within the scale. Without a scale there are no probabilities. */
export function normalPrediction(mean: number, variance: number, scale: Scale | undefined): Prediction {
  if (scale === undefined) return { mean, variance, probabilities: new Float64Array(0) };
  return { mean: within(mean, scale), variance, probabilities: normalOnScale(mean, variance, scale) };
}

/** A mean rating, kept within the scale: ratings beyond it do not exist. */
export function within(mean: number, scale: Scale | undefined): number {
  if (scale === undefined) return mean;
  return Math.min(scale.values.at(-1) as number, Math.max(scale.values[0] as number, mean));
}
