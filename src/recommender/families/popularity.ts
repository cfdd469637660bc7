/**
 * Popularity: what everybody does, the same list for all. Of interactions the number of users of an
 * item; of ratings the histogram of an item's ratings, drawn towards that of all ratings:
 *
 *   P(r = k | i) = (n_ik + damping · P(r = k)) / (n_i + damping)
 */
import type { OptionCheck } from '../../arguments.js';
import type { Entries, Scale, UserEntries } from '../entries.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../family.js';
import { normalPrediction } from '../normal-scale.js';
import { SavedParts } from '../saved.js';
import { choose, ratingsValidation, rmseOf } from '../tuning.js';

/** The same scores for everybody, [given.length, items]. */
export function repeated(scores: Float32Array, times: number): Float32Array {
  const all = new Float32Array(times * scores.length);
  for (let n = 0; n < times; n++) all.set(scores, n * scores.length);
  return all;
}

class PopularItems implements RecommenderModel {
  readonly family = 'popularity';
  readonly target = 'interactions';

  /** @param counts - Users of each item, [items]. */
  constructor(private readonly counts: Uint32Array) {}

  get items(): number {
    return this.counts.length;
  }

  async scores(given: readonly UserEntries[]): Promise<Float32Array> {
    return repeated(Float32Array.from(this.counts), given.length);
  }

  save(): SavedModel {
    return { tensors: new Map([['counts', { dtype: 'U32', shape: [this.items], data: this.counts }]]), settings: {} };
  }
}

/** Popularity of interactions. No options. */
export const popularityOfInteractions: Family<undefined> = {
  name: 'popularity',
  target: 'interactions',
  options: [],
  read: () => undefined,
  async fit({ item, items }) {
    const counts = new Uint32Array(items.size);
    for (const i of item) counts[i]!++;
    return new PopularItems(counts);
  },
  load: (saved, what) => new PopularItems(new SavedParts(saved, what).numbers<Uint32Array>('counts', 'U32', [-1]).data),
};

/** What is known of each item's ratings. */
interface Histograms {
  /** [items] */
  readonly sum: Float64Array;
  /** [items] */
  readonly count: Uint32Array;
  /** Ratings of each value, [items, values], row-major; no columns without a scale. */
  readonly histogram: Uint32Array;
}

class RatedItems implements RecommenderModel {
  readonly family = 'popularity';
  readonly target = 'ratings';
  readonly #shares: Float64Array;
  readonly #mean: number;

  constructor(
    private readonly rated: Histograms,
    private readonly damping: number,
    /** Of all ratings. */
    private readonly variance: number,
    private readonly scale: Scale | undefined,
  ) {
    const all = rated.count.reduce((a, b) => a + b, 0);
    const values = scale?.values.length ?? 0;
    this.#mean = rated.sum.reduce((a, b) => a + b, 0) / all;
    this.#shares = new Float64Array(values);
    rated.histogram.forEach((n, at) => {
      this.#shares[at % values]! += n / all;
    });
  }

  get items(): number {
    return this.rated.count.length;
  }

  async scores(given: readonly UserEntries[], { atLeast }: { readonly atLeast?: number | undefined } = {}): Promise<Float32Array> {
    const all = Uint32Array.from({ length: this.items }, (_, item) => item);
    const values = this.scale?.values ?? [];
    const chance = (p: Float64Array, t: number) => p.reduce((sum, each, k) => ((values[k] as number) >= t ? sum + each : sum), 0);
    const own = this.#predict(all).map(({ mean, probabilities }) => (atLeast === undefined ? mean : chance(probabilities, atLeast)));
    return repeated(Float32Array.from(own), given.length);
  }

  predict(_given: UserEntries, items: Uint32Array): Prediction[] {
    return this.#predict(items);
  }

  #predict(items: Uint32Array): Prediction[] {
    const values = this.scale?.values ?? [];
    return Array.from(items, (item) => {
      const weight = (this.rated.count[item] as number) + this.damping;
      const mean = weight === 0 ? this.#mean : ((this.rated.sum[item] as number) + this.damping * this.#mean) / weight;
      if (this.scale === undefined) return normalPrediction(mean, this.variance, undefined);
      const share = (k: number) => this.#shares[k] as number;
      const count = (k: number) => this.rated.histogram[item * values.length + k] as number;
      const probabilities = Float64Array.from(values, (_, k) => (weight === 0 ? share(k) : (count(k) + this.damping * share(k)) / weight));
      const variance = probabilities.reduce((sum, p, k) => sum + p * ((values[k] as number) - mean) ** 2, 0);
      return { mean, variance, probabilities };
    });
  }

  save(): SavedModel {
    const { sum, count, histogram } = this.rated;
    return {
      tensors: new Map([
        ['sum', { dtype: 'F64', shape: [this.items], data: sum }],
        ['count', { dtype: 'U32', shape: [this.items], data: count }],
        ['histogram', { dtype: 'U32', shape: [this.items, this.scale?.values.length ?? 0], data: histogram }],
      ]),
      settings: { damping: this.damping, variance: this.variance, scale: this.scale?.values ?? null },
    };
  }
}

function histograms({ item, items, value }: Entries, scale: Scale | undefined): Histograms {
  const values = scale?.values ?? [];
  const place = new Map(values.map((v, k) => [Math.fround(v), k]));
  const rated = {
    sum: new Float64Array(items.size),
    count: new Uint32Array(items.size),
    histogram: new Uint32Array(items.size * values.length),
  };
  for (let k = 0; k < item.length; k++) {
    const [i, r] = [item[k] as number, value?.[k] as number];
    rated.sum[i]! += r;
    rated.count[i]!++;
    const column = place.get(r);
    if (column !== undefined) rated.histogram[i * values.length + column]!++;
  }
  return rated;
}

/** Options of popularity of ratings. */
export interface PopularityOptions {
  /** How many ratings the histogram of all counts for. Default: of 1, 3, 10, 30 and 100 what does best on validation. */
  readonly damping: number | undefined;
}

function fitted(entries: Entries, damping: number, scale: Scale | undefined): RatedItems {
  const value = entries.value as Float32Array;
  const mean = value.reduce((a, b) => a + b, 0) / value.length;
  const variance = value.reduce((sum, r) => sum + (r - mean) ** 2, 0) / value.length;
  return new RatedItems(histograms(entries, scale), damping, variance, scale);
}

/** Popularity of ratings: the per-item histogram. */
export const popularityOfRatings: Family<PopularityOptions> = {
  name: 'popularity',
  target: 'ratings',
  options: ['damping'],
  read: (check: OptionCheck, given) => ({ damping: given.damping === undefined ? undefined : check.number('damping', given.damping, 0) }),
  async fit(entries: Entries, { damping }: PopularityOptions, { seed, scale, trials }: FitContext) {
    const call = 'popularity';
    const split = damping === undefined ? ratingsValidation(call, entries, seed) : undefined;
    const candidates = damping !== undefined ? [damping] : split === undefined ? [10] : [10, 3, 30, 1, 100];
    const { settings } = await choose(candidates, trials, (each) =>
      rmseOf(call, fitted((split as NonNullable<typeof split>).train, each, scale), split as NonNullable<typeof split>),
    );
    return fitted(entries, settings, scale);
  },
  load(saved, what) {
    const parts = new SavedParts(saved, what);
    const scale = parts.scale();
    const { data: count } = parts.numbers<Uint32Array>('count', 'U32', [-1]);
    const { data: sum } = parts.numbers<Float64Array>('sum', 'F64', [count.length]);
    const { data: histogram } = parts.numbers<Uint32Array>('histogram', 'U32', [count.length, scale?.values.length ?? 0]);
    return new RatedItems({ sum, count, histogram }, parts.number('damping', 0), parts.number('variance', 0), scale);
  },
};
