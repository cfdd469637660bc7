// Small dense matrices.
/** The inverse of a matrix of rows, by Gauss and Jordan with pivots by rows; not finite where there is none. */
export function inverse(matrix) {
  const n = matrix.length;
  const A = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c; r < n; r++) if (Math.abs(A[r][c]) > Math.abs(A[best][c])) best = r;
    [A[c], A[best]] = [A[best], A[c]];
    const pivot = A[c][c];
    for (let k = 0; k < 2 * n; k++) A[c][k] /= pivot;
    for (let r = 0; r < n; r++) {
      const factor = A[r][c];
      if (r !== c && factor !== 0) for (let k = 0; k < 2 * n; k++) A[r][k] -= factor * A[c][k];
    }
  }
  return A.map((row) => row.slice(n));
}
