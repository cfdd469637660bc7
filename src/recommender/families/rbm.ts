/**
 * The softmax machine: a restricted Boltzmann machine with a softmax visible over the values of the
 * scale for each rating that is there, binary hidden units, and what was rated as a clamped layer.
 * Salakhutdinov, Mnih & Hinton, "Restricted Boltzmann machines for collaborative filtering" (2007).
 *
 * Cases are users (new ones are answered without training) or items (better predictions, but only
 * for the users of training). By default there is a machine of each kind, and their distributions
 * are averaged; somebody new is answered by the machine over users alone.
 *
 * Unlike the paper: weights are spanned by polynomials of the scale's values, visibles of the negative
 * phase are means by default, hidden units are summed out of predictions exactly.
 */
import { OptionCheck } from '../../arguments.js';
import { FormatError, ParameterError } from '../../errors.js';
import type { Patience } from '../../machine/patience.js';
import type { Entries, Scale, UserEntries } from '../entries.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../family.js';
import { packedRatings } from '../packed.js';
import { partOf } from '../progress-parts.js';
import { SavedParts } from '../saved.js';
import { type RbmOptions, rbmNames, readRbm, trainingFor } from './rbm-options.js';
import { type Cases, loadSide, RbmSide, trainSide } from './rbm-side.js';

const call = 'rbm';
/** An update runs half the epochs of a fit, from the middle of its rates on. */
const updateShare = 0.5;

type Settings = Pick<RbmOptions, 'orientation' | 'itemShare' | 'prediction'> & { readonly scale: Scale; readonly seed: bigint };

/** One or two trained machines. */
export class RbmModel implements RecommenderModel {
  readonly family = 'rbm';
  readonly target = 'ratings';
  readonly settings: Settings;
  readonly sides: readonly RbmSide[];

  constructor(settings: Settings, sides: readonly RbmSide[]) {
    this.settings = settings;
    this.sides = sides;
  }

  get items(): number {
    return (this.sides[0] as RbmSide).items;
  }

  async scores(
    given: readonly UserEntries[],
    { signal, onProgress, atLeast }: Patience & { readonly atLeast?: number | undefined } = {},
  ): Promise<Float32Array> {
    const { scale, prediction: rule } = this.settings;
    const worth = Float64Array.from(scale.values, (value) => (atLeast === undefined ? value : value >= atLeast ? 1 : 0));
    const result = new Float32Array(given.length * this.items);
    for (const [of, side] of this.sides.entries()) {
      const known = given.flatMap((each, n) => (this.#weight(side, each) > 0 ? [n] : []));
      const asked = known.map((n) => given[n] as UserEntries);
      const part = await side.scores(asked, { rule, worth, signal, onProgress: partOf(onProgress, of, this.sides.length) });
      for (const [row, n] of known.entries()) {
        const weight = this.#weight(side, given[n] as UserEntries);
        for (let i = 0; i < this.items; i++) result[n * this.items + i]! += weight * (part[row * this.items + i] as number);
      }
    }
    return result;
  }

  /** How much a machine counts for somebody; over all machines it is 1. */
  #weight(side: RbmSide, given: UserEntries): number {
    const able = this.sides.filter((each) => each.knows(given));
    if (able.length === 0) throw this.#unknown(given);
    if (!able.includes(side)) return 0;
    if (able.length === 1) return 1;
    return side.cases === 'items' ? this.settings.itemShare : 1 - this.settings.itemShare;
  }

  #unknown({ user }: UserEntries): ParameterError {
    const who = user === undefined ? 'somebody new' : 'a user who came after training';
    return new ParameterError(
      `${call}: a machine with \`orientation: 'items'\` answers only for the users it was trained on, not for ${who}; ` +
        "train with `orientation: 'both'` or 'users'",
    );
  }

  predict(given: UserEntries, items: Uint32Array): Prediction[] {
    const { values } = this.settings.scale;
    const masses = new Float64Array(items.length * values.length);
    // Rounded as scores are, so that both are the same number.
    const means = new Float32Array(items.length);
    for (const side of this.sides) {
      const weight = this.#weight(side, given);
      if (weight === 0) continue;
      const part = side.probabilities(given, items, this.settings.prediction);
      for (let k = 0; k < masses.length; k++) masses[k]! += weight * (part[k] as number);
      for (let n = 0; n < items.length; n++) {
        const own = part.subarray(n * values.length, (n + 1) * values.length);
        means[n]! += weight * Math.fround(own.reduce((sum, p, k) => sum + p * (values[k] as number), 0));
      }
    }
    return Array.from(items, (_, n) => {
      const probabilities = masses.slice(n * values.length, (n + 1) * values.length);
      const mean = means[n] as number;
      return { mean, variance: probabilities.reduce((sum, p, k) => sum + p * ((values[k] as number) - mean) ** 2, 0), probabilities };
    });
  }

  /** Cosines of the directions that items have: of their weights, less the mean row, or of their hidden fields. */
  similar(item: number): Float32Array {
    const { rows, width } = (this.sides.at(-1) as RbmSide).directions();
    return cosines(rows, width, this.items, item);
  }

  async update(_added: Entries, { signal, onProgress }: Patience, all: Entries): Promise<RbmModel> {
    const { scale, seed } = this.settings;
    // Seeds have 64 bits.
    const next = BigInt.asUintN(64, seed + 1n);
    const ratings = packedRatings(call, all);
    const sides: RbmSide[] = [];
    for (const [of, from] of this.sides.entries()) {
      const { epochs, rate, lastRate } = from.training;
      const short = { ...from.training, epochs: Math.max(1, Math.round(epochs * updateShare)), rate: Math.sqrt(rate * lastRate) };
      const plan = { cases: from.cases, training: short, scale, seed: next, threads: 0, from, signal };
      const side = await trainSide(ratings, all, { ...plan, onProgress: partOf(onProgress, of, this.sides.length) });
      sides.push(new RbmSide(side.cases, from.training, side.spec, side.parameters, side.fields));
    }
    return new RbmModel({ ...this.settings, seed: next }, sides);
  }

  save(): SavedModel {
    const { orientation, itemShare, prediction, scale, seed } = this.settings;
    const training = Object.fromEntries(this.sides.map((side) => [side.cases, side.training]));
    return {
      tensors: new Map(this.sides.flatMap((side) => side.tensors())),
      settings: { orientation, itemShare, prediction, scale: scale.values, seed: String(seed), items: this.items, training },
    };
  }
}

/** Cosine of one row with each; rows are taken less their mean. */
function cosines(rows: Float32Array, width: number, count: number, which: number): Float32Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < count * width; i++) mean[i % width]! += (rows[i] as number) / count;
  const at = (row: number, j: number) => (rows[row * width + j] as number) - (mean[j] as number);
  const length = (row: number) => Math.sqrt(mean.reduce((sum, _, j) => sum + at(row, j) ** 2, 0)) || 1;
  const own = length(which);
  return Float32Array.from({ length: count }, (_, i) => mean.reduce((sum, _, j) => sum + at(i, j) * at(which, j), 0) / (own * length(i)));
}

function usable(scale: Scale | undefined, options: RbmOptions): Scale {
  const count = scale?.values.length ?? 0;
  if (scale === undefined || count < 2 || count > 64) {
    const got = scale === undefined ? 'none' : `${count}`;
    throw new ParameterError(`${call}: needs a scale of 2 to 64 values, got ${got}; for ratings of many values use model 'gaussian'`);
  }
  const { degree } = options.users;
  if (options.degreeGiven && degree >= count)
    throw new ParameterError(`${call}: \`degree\` must be below the number of values of the scale (${count}), got ${degree}`);
  return scale;
}

/** The Netflix machine. */
export const rbm: Family<RbmOptions> = {
  name: 'rbm',
  target: 'ratings',
  options: rbmNames,
  read: readRbm,
  async fit(entries: Entries, options: RbmOptions, { seed, threads, scale: given, signal, onProgress }: FitContext) {
    const scale = usable(given, options);
    const ratings = packedRatings(call, entries);
    const { orientation, itemShare, prediction } = options;
    const kinds: readonly Cases[] = orientation === 'both' ? ['users', 'items'] : [orientation];
    const sides: RbmSide[] = [];
    for (const [of, cases] of kinds.entries()) {
      const plan = { cases, training: trainingFor(options, cases, entries[cases].size, scale.values.length), scale, seed, threads, signal };
      sides.push(await trainSide(ratings, entries, { ...plan, onProgress: partOf(onProgress, of, kinds.length) }));
    }
    return new RbmModel({ orientation, itemShare, prediction, scale, seed }, sides);
  },
  load(saved, what) {
    const parts = new SavedParts(saved, what);
    const scale = parts.scale();
    if (scale === undefined || scale.values.length < 2 || scale.values.length > 64) {
      throw new FormatError(`${what}: the setting 'scale' must be a list of 2 to 64 rising numbers`);
    }
    const items = parts.number('items', 0);
    const { seed } = saved.settings;
    if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed))
      throw new FormatError(`${what}: the setting 'seed' must be a whole number as text`);
    const { orientation, itemShare, prediction } = readSaved(saved, what, {});
    const kinds: readonly Cases[] = orientation === 'both' ? ['users', 'items'] : [orientation];
    const sides = kinds.map((cases) => {
      const training = readSaved(saved, what, trainingOf(saved, what, cases))[cases];
      if (training.degree >= scale.values.length) throw new FormatError(`${what}: the setting 'degree' is too large for the scale`);
      return loadSide(cases, training, scale, items, parts, what);
    });
    return new RbmModel({ orientation, itemShare, prediction, scale, seed: BigInt(seed) }, sides);
  },
};

function trainingOf({ settings }: SavedModel, what: string, cases: Cases): Readonly<Record<string, unknown>> {
  const all = settings.training;
  const training = typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[cases] : undefined;
  if (typeof training === 'object' && training !== null) return training as Record<string, unknown>;
  throw new FormatError(`${what}: the setting 'training.${cases}' must be the options of a machine`);
}

/** Options in a file, held to the same rules as those of a caller. */
function readSaved({ settings }: SavedModel, what: string, training: Readonly<Record<string, unknown>>): RbmOptions {
  const { orientation, itemShare, prediction } = settings;
  try {
    return readRbm(new OptionCheck(what), { orientation, itemShare, prediction, ...training });
  } catch (cause) {
    throw new FormatError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
