import type { Entries, UserEntries } from './entries.js';
import type { Prediction, RecommenderModel } from './family.js';

/**
 * A model asked about items that came after its training: they have no place in lists, and as a
 * rating they get what all ratings of train are like. So targets with new items can be measured
 * instead of being left out.
 */
export function widened(model: RecommenderModel, items: number, train: Entries, scale: readonly number[] | undefined): RecommenderModel {
  const known = ({ items: own, values, user }: UserEntries): UserEntries => {
    if (own.every((item) => item < model.items)) return { items: own, values, user };
    const places = Array.from(own.keys()).filter((k) => (own[k] as number) < model.items);
    return {
      items: Uint32Array.from(places, (k) => own[k] as number),
      values: Float32Array.from(places, (k) => values[k] as number),
      user,
    };
  };
  const usual = usualPrediction(train, scale);
  return {
    family: model.family,
    target: model.target,
    items,
    async scores(given, options) {
      const narrow = await model.scores(given.map(known), options);
      const wide = new Float32Array(given.length * items).fill(Number.NEGATIVE_INFINITY);
      for (let n = 0; n < given.length; n++) wide.set(narrow.subarray(n * model.items, (n + 1) * model.items), n * items);
      return wide;
    },
    ...(model.predict === undefined
      ? {}
      : {
          predict(given: UserEntries, asked: Uint32Array) {
            const answers = model.predict?.(
              known(given),
              asked.filter((item) => item < model.items),
            ) as Prediction[];
            let next = 0;
            return Array.from(asked, (item) => (item < model.items ? (answers[next++] as Prediction) : usual));
          },
        }),
    save: () => model.save(),
  };
}

function usualPrediction({ value }: Entries, scale: readonly number[] | undefined): Prediction {
  if (value === undefined || value.length === 0) return { mean: 0, variance: 0, probabilities: new Float64Array(scale?.length ?? 0) };
  const mean = value.reduce((a, b) => a + b, 0) / value.length;
  const variance = value.reduce((sum, r) => sum + (r - mean) ** 2, 0) / value.length;
  const probabilities = new Float64Array(scale?.length ?? 0);
  const place = new Map(scale?.map((v, k) => [Math.fround(v), k]));
  for (const r of value) {
    const k = place.get(r);
    if (k !== undefined) probabilities[k]! += 1 / value.length;
  }
  return { mean, variance, probabilities };
}
