// Summaries of repeated measurements.

export const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The smallest value that at least the fraction `q` of the values does not exceed. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const minimum = (values) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
export const maximum = (values) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
