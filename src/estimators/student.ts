/** Student's t: how many standard errors from a mean of few values a 95 % interval reaches. */

/** Two-sided 95 % for 1 to 4 degrees of freedom. */
const few = [12.7062, 4.3027, 3.1824, 2.7764];
const normal = 1.959964;

/**
 * The 97.5 % quantile of Student's t with so many degrees of freedom (Abramowitz & Stegun 1964,
 * 26.7.5; right to 0.002).
 */
export function studentQuantile(freedom: number): number {
  if (freedom <= few.length) return few[freedom - 1] as number;
  const z = normal;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, k) => sum + term / freedom ** (k + 1), z);
}
