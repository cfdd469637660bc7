/*
 * What counts as wrong.
 *
 * Exact numbers: |difference| over the sum of the sizes of the terms that make it up, at most `precision` of the device.
 *
 * Draws: a check compares one set of draws with the exact distribution by chi-square over its states and by z-scores of its statistics, and has a
 * p-value (Bonferroni over its comparisons). Below `screening` it is drawn again with ten times the draws and seeds of its own, and is wrong when that
 * p-value is below `confirming`. By chance one check in 10^4 is looked at twice and one in 10^12 is called wrong: 20,000 machines with ten
 * checks each call 2 * 10^-7 of them wrong on average. That leaves a factor of 5,000 below 10^-3 for what normal and chi-square tails get wrong.
 * A wrong sampler that a first look finds cannot get through the second: its deviation counts sqrt(10) times as many standard errors there.
 *
 * The smallest error that a check finds, with 3,000 draws and fifty comparisons: a statistic whose mean is off by 0.15 of its standard deviation,
 * with a probability of 0.999 (4.9 standard errors to be looked at twice, 3.1 for the probability). A unit that is on too often by 0.075, say. Smaller errors that
 * many machines share show in the sums of all chi-squares of a kind ('pooled z').
 */

/** Means and parameters come back in single precision from either device. */
const single = ['mean', 'probabilities', 'exact gradient', 'pseudo-likelihood gradient'];
/** A step of few rows: parameters of size 1 that move by 10^-3. A step of many: their fields are rounded, by a standard deviation of at most 2^-8. */
const steps = { 'mean-field step': 2e-5, 'rounded step': 4 * 2 ** -8 };

export const precision = (kind, device) => steps[kind] ?? (device === 'cpu' ? 1e-6 : single.includes(kind) ? 1e-7 : 1e-12);
export const screening = 1e-4;
export const confirming = 1e-8;
/** How many times the draws a second look takes. */
export const again = 10;

/** Cells of a chi-square test expect at least so many draws. */
const leastInCell = 30;
const mostCells = 40;

/** Two-sided p-value of a z-score. */
export const pOfZ = (z) => upperGamma(0.5, (z * z) / 2);
export const pOfChiSquare = (x, freedom) => (freedom > 0 ? upperGamma(freedom / 2, x / 2) : 1);

/**
 * Counts of cells against probabilities. The likeliest states are cells of their own; the others share cells, dealt out in turn, so that a shift
 * between any two of them is seen more often than not.
 *
 * @returns chi-square and its degrees of freedom; 0 where there are not two cells to compare.
 */
export function chiSquare(counts, p, n) {
  const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]);
  const own = order.filter((cell) => n * p[cell] >= leastInCell).slice(0, mostCells);
  const rest = order.slice(own.length);
  const mass = rest.reduce((sum, cell) => sum + p[cell], 0);
  const pools = Math.max(1, Math.min(12, Math.floor((n * mass) / (3 * leastInCell))));
  const cells = own.map((cell) => [counts[cell], n * p[cell]]);
  const shared = Array.from({ length: pools }, () => [0, 0]);
  rest.forEach((cell, i) => {
    shared[i % pools][0] += counts[cell];
    shared[i % pools][1] += n * p[cell];
  });
  for (const [seen, expected] of shared) {
    if (expected >= leastInCell / 3 || cells.length === 0) cells.push([seen, expected]);
    else {
      cells[cells.length - 1][0] += seen;
      cells[cells.length - 1][1] += expected;
    }
  }
  const statistic = cells.reduce((sum, [seen, expected]) => sum + (expected > 0 ? (seen - expected) ** 2 / expected : 0), 0);
  return { statistic, freedom: cells.length - 1 };
}

/** Regularised upper incomplete gamma function: series below a + 1, Lentz's continued fraction above. */
function upperGamma(a, x) {
  if (!(x > 0)) return Number.isNaN(x) ? 0 : 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; Math.abs(term) > 1e-16 * sum; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
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
  return front * value;
}

/** Stirling's series after shifting the argument above 10. */
function logGamma(a) {
  let shift = 0;
  let x = a;
  for (; x < 10; ++x) shift += Math.log(x);
  const r = 1 / (x * x);
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / x - shift;
}
