/**
 * The local mean of values in order: of each window the mean, weighted by a triangle, so that a
 * value comes and goes without a jump.
 *
 * Near the beginning the window shrinks around its point, so that a steep start stays; at the end
 * it is cut off, so that the last value is not a single noisy one. NaN is left out and stays where
 * it is.
 *
 * @param values - In order.
 * @param window - How many values each mean is of, an odd number.
 */
export function localMean(values: ArrayLike<number>, window: number): Float64Array {
  const half = (window - 1) / 2;
  const means = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const reach = Math.min(half, i);
    const last = Math.min(i + reach, values.length - 1);
    let [sum, weights] = [0, 0];
    for (let j = i - reach; j <= last; j++) {
      const value = values[j] as number;
      if (Number.isNaN(value)) continue;
      const weight = reach + 1 - Math.abs(j - i);
      sum += weight * value;
      weights += weight;
    }
    means[i] = Number.isNaN(values[i]) ? Number.NaN : sum / weights;
  }
  return means;
}
