/**
 * Damped biases: r_ui ≈ μ + b_u + c_i with
 *
 *   c_i = Σ_u (r_ui − μ − b_u) / (n_i + itemDamping),   b_u = Σ_i (r_ui − μ − c_i) / (n_u + userDamping)
 *
 * in turns until both hold. Koren, "Factor in the neighbors: scalable and accurate collaborative
 * filtering" (2010), section 2.1, whose biases are these in one pass. A user's bias follows from
 * what the user rated, so new users are no special case.
 */
import type { OptionCheck } from '../../arguments.js';
import type { Entries, Scale, UserEntries } from '../entries.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../family.js';
import { normalAtLeast, normalPrediction } from '../normal-scale.js';
import { SavedParts } from '../saved.js';
import { choose, ratingsValidation, rmseOf } from '../tuning.js';

/** Rounds of both equations; each shrinks what is left several times. */
const rounds = 15;

interface Dampings {
  readonly userDamping: number;
  readonly itemDamping: number;
}

class Biases implements RecommenderModel {
  readonly family = 'bias';
  readonly target = 'ratings';

  constructor(
    private readonly mean: number,
    /** c, [items] */
    private readonly bias: Float32Array,
    private readonly dampings: Dampings,
    /** Of a rating around its mean. */
    private readonly variance: number,
    private readonly scale: Scale | undefined,
  ) {}

  get items(): number {
    return this.bias.length;
  }

  #userBias({ items, values }: UserEntries): number {
    const sum = items.reduce((total, item, k) => total + (values[k] as number) - this.mean - (this.bias[item] as number), 0);
    const weight = items.length + this.dampings.userDamping;
    return weight === 0 ? 0 : sum / weight;
  }

  async scores(given: readonly UserEntries[], { atLeast }: { readonly atLeast?: number | undefined } = {}): Promise<Float32Array> {
    const scores = new Float32Array(given.length * this.items);
    for (const [n, each] of given.entries()) {
      const base = this.mean + this.#userBias(each);
      for (let item = 0; item < this.items; item++) {
        const mean = base + (this.bias[item] as number);
        scores[n * this.items + item] = atLeast === undefined ? mean : this.#atLeast(mean, atLeast);
      }
    }
    return scores;
  }

  #atLeast(mean: number, t: number): number {
    return normalAtLeast(mean, this.variance, this.scale ?? { values: [t, t] }, t);
  }

  predict(given: UserEntries, items: Uint32Array): Prediction[] {
    const base = this.mean + this.#userBias(given);
    return Array.from(items, (item) => normalPrediction(base + (this.bias[item] as number), this.variance, this.scale));
  }

  contributions({ items, values }: UserEntries): Float64Array {
    const weight = items.length + this.dampings.userDamping;
    return Float64Array.from(items, (item, k) => ((values[k] as number) - this.mean - (this.bias[item] as number)) / weight);
  }

  /** The same biases with the variance that a split shows. */
  async judged(rmse: number): Promise<Biases> {
    return new Biases(this.mean, this.bias, this.dampings, Math.max(rmse * rmse, 1e-6), this.scale);
  }

  save(): SavedModel {
    return {
      tensors: new Map([['bias', { dtype: 'F32', shape: [this.items], data: this.bias }]]),
      settings: { mean: this.mean, ...this.dampings, variance: this.variance, scale: this.scale?.values ?? null },
    };
  }
}

/** Biases of both sides in turns; the variance is that of training, until validation says better. */
function fitted({ user, item, value, users, items }: Entries, dampings: Dampings, scale: Scale | undefined): Biases {
  const r = value as Float32Array;
  const mean = r.reduce((a, b) => a + b, 0) / r.length;
  const [b, c] = [new Float64Array(users.size), new Float64Array(items.size)];
  for (let round = 0; round < rounds; round++) {
    damped(c, item, dampings.itemDamping, (k) => (r[k] as number) - mean - (b[user[k] as number] as number));
    damped(b, user, dampings.userDamping, (k) => (r[k] as number) - mean - (c[item[k] as number] as number));
  }
  const variance = r.reduce(
    (sum, each, k) => sum + (each - mean - (b[user[k] as number] as number) - (c[item[k] as number] as number)) ** 2,
    0,
  );
  return new Biases(mean, Float32Array.from(c), dampings, Math.max(variance / r.length, 1e-6), scale);
}

/** Sums of what is left over, by key, each over its count and the damping. */
function damped(out: Float64Array, keys: Uint32Array, damping: number, left: (entry: number) => number): void {
  const counts = new Float64Array(out.length).fill(damping);
  out.fill(0);
  for (let k = 0; k < keys.length; k++) {
    const key = keys[k] as number;
    out[key]! += left(k);
    counts[key]!++;
  }
  for (let key = 0; key < out.length; key++) if (counts[key] !== 0) out[key]! /= counts[key] as number;
}

/** Options of the damped biases. */
export interface BiasOptions {
  /** Ratings of 0 that each user's bias has besides. Default: chosen on validation, of 3 to 20. */
  readonly userDamping: number | undefined;
  /** The same of items. Default: chosen on validation, of 2 to 10. */
  readonly itemDamping: number | undefined;
}

function candidates({ userDamping, itemDamping }: BiasOptions): Dampings[] {
  const usual = [
    [5, 3],
    [10, 5],
    [5, 5],
    [3, 3],
    [10, 3],
    [5, 2],
    [3, 2],
    [10, 10],
    [20, 5],
    [20, 10],
  ] as const;
  const all = usual.map(([u, i]) => ({ userDamping: userDamping ?? u, itemDamping: itemDamping ?? i }));
  const same = (a: Dampings, b: Dampings) => a.userDamping === b.userDamping && a.itemDamping === b.itemDamping;
  return all.filter((each, k) => all.findIndex((other) => same(each, other)) === k);
}

/** The baseline of every table of ratings. */
export const bias: Family<BiasOptions> = {
  name: 'bias',
  target: 'ratings',
  options: ['userDamping', 'itemDamping'],
  read: (check: OptionCheck, given) => ({
    userDamping: given.userDamping === undefined ? undefined : check.number('userDamping', given.userDamping, 0),
    itemDamping: given.itemDamping === undefined ? undefined : check.number('itemDamping', given.itemDamping, 0),
  }),
  async fit(entries: Entries, options: BiasOptions, { seed, scale, trials, signal }: FitContext) {
    const call = 'bias';
    const split = ratingsValidation(call, entries, seed);
    const all = candidates(options);
    if (split === undefined) return fitted(entries, all[0] as Dampings, scale);
    const loss = (each: Dampings) => {
      signal?.throwIfAborted();
      return rmseOf(call, fitted(split.train, each, scale), split);
    };
    const { settings, tried } = await choose(all, trials, loss);
    const rmse = tried.find((each) => each.settings === settings)?.loss ?? (await loss(settings));
    return fitted(entries, settings, scale).judged(rmse);
  },
  load(saved, what) {
    const parts = new SavedParts(saved, what);
    const { data } = parts.numbers<Float32Array>('bias', 'F32', [-1]);
    const dampings = { userDamping: parts.number('userDamping', 0), itemDamping: parts.number('itemDamping', 0) };
    return new Biases(parts.number('mean'), data, dampings, parts.number('variance', 0), parts.scale());
  },
};
