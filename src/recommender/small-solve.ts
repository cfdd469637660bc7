/**
 * Solves A x = y by Cholesky's factor, in plain loops: for matrices of a few hundred rows.
 *
 * @param n - Rows.
 * @param element - A(r, c) for c ≤ r.
 * @returns undefined unless A is positive definite.
 */
export function positiveDefiniteSolution(
  n: number,
  element: (row: number, column: number) => number,
  right: ArrayLike<number>,
): Float64Array | undefined {
  const l = new Float64Array(n * n);
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const before = element(i, j);
      let sum = before;
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i !== j) {
        l[i * n + j] = sum / (l[j * n + j] as number);
      } else {
        if (!(sum > 1e-13 * before)) return undefined;
        l[i * n + i] = Math.sqrt(sum);
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= (l[i * n + k] as number) * (x[k] as number);
    x[i]! /= l[i * n + i] as number;
  }
  for (let i = n; i-- > 0; ) {
    x[i]! /= l[i * n + i] as number;
    for (let k = 0; k < i; k++) x[k]! -= (l[i * n + k] as number) * (x[i] as number);
  }
  return x;
}
