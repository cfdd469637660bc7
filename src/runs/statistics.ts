/** A mean and its standard error. */
export interface Estimate {
  mean: number;
  standardError: number;
}

/** Mean over independent rows; the error of a single row is unknown (NaN). */
export function estimateMean(values: ArrayLike<number>): Estimate {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i]! / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}
