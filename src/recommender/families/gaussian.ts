/**
 * The Gaussian rating machine: Gaussian visibles that are absent where nothing was rated, Gaussian
 * hidden units, what was rated as a clamped layer on both sides, and parameters drawn from their
 * posterior by Gibbs sampling. Predictions are averaged over kept samples of the parameters; in each,
 * a user's hidden units are integrated out exactly, so known and new users are answered alike.
 *
 * Salakhutdinov & Mnih, "Bayesian probabilistic matrix factorization using Markov chain Monte Carlo",
 * ICML 2008; the clamped layer: Salakhutdinov, Mnih & Hinton, ICML 2007, section 4.
 */
import { OptionCheck } from '../../arguments.js';
import { ParameterError } from '../../errors.js';
import { hostBackend } from '../../machine/backend.js';
import { runJob, translating } from '../../machine/job.js';
import type { NativeGaussian, NativeGaussianOptions, NativeGaussianPlan } from '../../machine/native-gaussian.js';
import type { NativeRatings } from '../../machine/native-ratings.js';
import type { Patience } from '../../machine/patience.js';
import type { Entries, UserEntries } from '../entries.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../family.js';
import { packedRatings } from '../packed.js';
import { featuresOf, grownFeatures, nativeFeatures } from './gaussian-features.js';
import { loadGaussian, saveGaussian } from './gaussian-file.js';
import { type GaussianOptions, type GaussianSettings, gaussianNames, readGaussian } from './gaussian-options.js';

/** Sweeps of an update before its first sample. */
const updateBurnIn = 10;
/** Values of a scale that ordinal ratings may have. */
const mostOrdinal = 64;
const call = 'gaussian';

/** A trained Gaussian rating machine. */
export class GaussianModel implements RecommenderModel {
  readonly family = 'gaussian';
  readonly target = 'ratings';
  readonly settings: GaussianSettings;
  readonly #native: NativeGaussian;

  constructor(settings: GaussianSettings, native: NativeGaussian) {
    this.settings = settings;
    this.#native = native;
  }

  get items(): number {
    return this.settings.items;
  }

  /** E[r] may lie beyond the ends of the scale here, so that a ranking has no ties there; `predict` stays within. */
  async scores(
    given: readonly UserEntries[],
    { signal, onProgress, atLeast }: Patience & { readonly atLeast?: number | undefined } = {},
  ): Promise<Float32Array> {
    const counts = Uint32Array.from(given, ({ items }) => items.length);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [items, values] = [new Uint32Array(total), new Float32Array(total)];
    let at = 0;
    for (const one of given) {
      items.set(one.items, at);
      values.set(one.values, at);
      at += one.items.length;
    }
    return runJob(() => this.#native.scores(counts, items, values, atLeast ?? null), { call, signal, onProgress });
  }

  predict({ items, values }: UserEntries, asked: Uint32Array): Prediction[] {
    const found = translating(call, () => this.#native.predict(items, values, asked));
    const scale = this.settings.values;
    const [low, high] = scale.length === 0 ? [-Infinity, Infinity] : [scale[0] as number, scale.at(-1) as number];
    return Array.from(asked, (_, k) => ({
      mean: Math.min(high, Math.max(low, found.mean[k] as number)),
      variance: found.variance[k] as number,
      probabilities: found.probabilities.slice(k * scale.length, (k + 1) * scale.length),
    }));
  }

  similar(item: number): Float32Array {
    return translating(call, () => this.#native.similar(item));
  }

  contributions({ items, values }: UserEntries, item: number): Float64Array {
    return translating(call, () => this.#native.contributions(items, values, item));
  }

  /** Some more sweeps over all entries, from where the sampler stopped. */
  async update(_added: Entries, patience: Patience, all: Entries): Promise<GaussianModel> {
    const { features } = this.settings;
    const settings = { ...this.settings, items: all.items.size, features: features && grownFeatures(features, all.items.size) };
    return trained(settings, 0, packedRatings(call, all), { ...patience, burnIn: updateBurnIn, from: this.#native });
  }

  save(): SavedModel {
    return saveGaussian(this.settings, this.#native);
  }
}

type Training = Patience & { readonly burnIn: number; readonly from: NativeGaussian | null };

async function trained(
  settings: GaussianSettings,
  threads: number,
  ratings: NativeRatings,
  { signal, onProgress, burnIn, from }: Training,
): Promise<GaussianModel> {
  const native = makeNative(settings, threads);
  const { samples, thin, values } = settings;
  const plan: NativeGaussianPlan = { burnIn, samples, thin, values: Float64Array.from(values) };
  const features = settings.features === undefined ? null : nativeFeatures(settings.features, settings.items);
  await runJob(() => native.train(ratings, plan, null, features, from), { call, signal, onProgress });
  return new GaussianModel(settings, native);
}

function makeNative(settings: GaussianSettings, threads: number): NativeGaussian {
  const { hidden, seed, centre, scale, conditional, visible } = settings;
  const options: NativeGaussianOptions = {
    hidden,
    seed,
    threads,
    centre,
    scale,
    usersConditional: conditional === 'both' || conditional === 'users',
    itemsConditional: conditional === 'both' || conditional === 'items',
    ordinal: visible === 'ordinal',
  };
  return new hostBackend.addon.Gaussian(options);
}

/** Mean and standard deviation of ratings; 1 where they are all the same. */
function spread(value: Float32Array): { readonly centre: number; readonly scale: number } {
  let [sum, squares] = [0, 0];
  for (const x of value) sum += x;
  const centre = sum / value.length;
  for (const x of value) squares += (x - centre) ** 2;
  const scale = Math.sqrt(squares / value.length);
  return { centre, scale: scale > 1e-12 * Math.max(1, Math.abs(centre)) ? scale : 1 };
}

async function fit(entries: Entries, options: GaussianOptions, context: FitContext): Promise<GaussianModel> {
  const ratings = packedRatings(call, entries);
  const values = context.scale !== undefined && context.scale.values.length > 1 ? context.scale.values : [];
  if (options.visible === 'ordinal' && (values.length === 0 || values.length > mostOrdinal)) {
    throw new ParameterError(
      `${call}: \`visible\` 'ordinal' needs a scale of 2 to ${mostOrdinal} values, got ${values.length}; use 'gaussian'`,
    );
  }
  const { itemFeatures, ...own } = options;
  const features = itemFeatures && featuresOf(new OptionCheck(call), itemFeatures, entries.items);
  const settings = {
    ...own,
    ...spread(entries.value as Float32Array),
    seed: context.seed,
    values,
    items: entries.items.size,
    features,
  };
  return trained(settings, context.threads, ratings, { ...context, burnIn: options.burnIn, from: null });
}

export const gaussian: Family<GaussianOptions> = {
  name: 'gaussian',
  target: 'ratings',
  options: gaussianNames,
  read: readGaussian,
  fit,
  load: (saved, what) => {
    const settings = loadGaussian(saved, what);
    const native = makeNative(settings.settings, 0);
    settings.fill(native);
    return new GaussianModel(settings.settings, native);
  },
};
