/**
 * How far a random result may lie from its expectation before a test fails. All limits come from a false-alarm rate, one in a million
 * per test unless said otherwise; with fixed seeds a test that passes once passes always.
 */

export const falseAlarmRate = 1e-6;

/** Upper tail of the standard normal, by Q(1/2, x^2/2). */
export function normalTail(z: number): number {
  return z >= 0 ? upperGamma(0.5, (z * z) / 2) / 2 : 1 - normalTail(-z);
}

/** The |z| that the largest of `comparisons` z-scores exceeds with a probability of at most `rate` (Bonferroni). */
export function zLimit(comparisons: number, rate = falseAlarmRate): number {
  return bisect((z) => 2 * comparisons * normalTail(z) - rate, 0, 40);
}

/** P(X > x) for chi-square with `freedom` degrees. */
export function chiSquareTail(x: number, freedom: number): number {
  return upperGamma(freedom / 2, x / 2);
}

/** The value that chi-square exceeds with probability `rate`. */
export function chiSquareLimit(freedom: number, rate = falseAlarmRate): number {
  return bisect((x) => chiSquareTail(x, freedom) - rate, 0, freedom + 400 + 20 * Math.sqrt(freedom));
}

/**
 * Pearson's chi-square of counts against probabilities. Cells that expect fewer than `least` counts are pooled into one, because the
 * distribution of the statistic is known only for well-filled cells.
 */
export function chiSquare(counts: ArrayLike<number>, p: ArrayLike<number>, least = 25): { statistic: number; freedom: number } {
  let n = 0;
  for (let i = 0; i < counts.length; ++i) n += counts[i]!;
  const cells: [number, number][] = [];
  const pool: [number, number] = [0, 0];
  for (let i = 0; i < p.length; ++i) {
    const expected = n * p[i]!;
    if (expected >= least) cells.push([counts[i]!, expected]);
    else {
      pool[0] += counts[i]!;
      pool[1] += expected;
    }
  }
  if (pool[1] >= least) cells.push(pool);
  else if (pool[1] > 0 || pool[0] > 0) {
    const smallest = cells.reduce((a, b) => (b[1] < a[1] ? b : a));
    smallest[0] += pool[0];
    smallest[1] += pool[1];
  }
  const statistic = cells.reduce((total, [seen, expected]) => total + (seen - expected) ** 2 / expected, 0);
  return { statistic, freedom: cells.length - 1 };
}

/**
 * How many independent draws a chi-square test over `cells` cells needs to notice, with probability `power`, any distribution whose
 * total variation from the expected one is at least `totalVariation`, when it may cry wolf at `rate`.
 *
 * A shift of total variation t has sum (q - p)^2 / p >= (sum |q - p|)^2 = 4 t^2 (Cauchy-Schwarz), so n draws give a non-centrality of
 * at least 4 t^2 n. The non-central tail uses Sankaran's normal approximation (1963).
 */
export function drawsNeeded(cells: number, totalVariation = 0.01, rate = falseAlarmRate, power = 0.999): number {
  const freedom = cells - 1;
  const limit = chiSquareLimit(freedom, rate);
  const lambda = bisect((l) => nonCentralTail(limit, freedom, l) - power, 0, 4000);
  return Math.ceil(lambda / (4 * totalVariation ** 2));
}

/** P(X > x) for non-central chi-square, approximated (Sankaran 1963, "On the non-central chi-square distribution", section 3). */
export function nonCentralTail(x: number, freedom: number, lambda: number): number {
  const a = freedom + lambda;
  const b = freedom + 2 * lambda;
  const h = 1 - (2 * a * (freedom + 3 * lambda)) / (3 * b * b);
  const p = b / (a * a);
  const m = (h - 1) * (1 - 3 * h);
  const mean = 1 + h * p * (h - 1 - ((2 - h) * m * p) / 2);
  const deviation = h * Math.sqrt(2 * p * (1 + m * p));
  return normalTail(((x / a) ** h - mean) / deviation);
}

/** Regularised upper incomplete gamma function Q(a, x): series below a + 1, Lentz's continued fraction above. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let total = term;
  for (let n = 1; Math.abs(term) > 1e-16 * total; ++n) total += term *= x / (a + n);
  return total;
}

function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 10_000; ++n) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

/** Stirling's series after shifting the argument above 10; error below 1e-14. */
function logGamma(a: number): number {
  let shift = 0;
  let x = a;
  while (x < 10) shift += Math.log(x++);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - shift;
}

/** Where a monotone function changes sign. */
function bisect(f: (x: number) => number, low: number, high: number): number {
  const falling = f(low) > f(high);
  for (let i = 0; i < 200; ++i) {
    const middle = (low + high) / 2;
    if (f(middle) > 0 === falling) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
