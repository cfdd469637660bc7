// Each item's histogram of ratings as a model: what P(r) of any rating machine must beat.
const prior = 5;

/** P(r | item) = (counts of the item + 5 × shares of all ratings) / (ratings of the item + 5). */
export function histogramOf({ items, item, value }, scale) {
  const n = scale.values.length;
  const counts = new Float64Array(items.size * n);
  const shares = new Float64Array(n);
  for (let k = 0; k < item.length; k++) {
    const place = scale.values.indexOf(value[k]);
    counts[item[k] * n + place]++;
    shares[place] += 1 / item.length;
  }
  const one = (i) => {
    const own = counts.subarray(i * n, (i + 1) * n);
    const total = own.reduce((a, b) => a + b, 0);
    const probabilities = own.map((count, j) => (count + prior * shares[j]) / (total + prior));
    const moment = (power) => probabilities.reduce((sum, p, j) => sum + p * scale.values[j] ** power, 0);
    return { mean: moment(1), variance: moment(2) - moment(1) ** 2, probabilities };
  };
  const means = Float32Array.from({ length: items.size }, (_, i) => one(i).mean);
  return {
    family: 'item histogram',
    target: 'ratings',
    items: items.size,
    scores: async (given) => {
      const scores = new Float32Array(given.length * items.size);
      for (let u = 0; u < given.length; u++) scores.set(means, u * items.size);
      return scores;
    },
    predict: (_, asked) => Array.from(asked, one),
    save: () => ({ tensors: new Map(), settings: {} }),
  };
}
