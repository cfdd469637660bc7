/** Measures one model on one split. */
import { pause } from '../data/pause.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import type { Asked } from './asked.js';
import type { Scale, UserEntries } from './entries.js';
import type { Prediction, RecommenderModel } from './family.js';
import type { Metric } from './metrics.js';
import { placeAmong, placesOf } from './ranking.js';
import { CalibrationTally, Tally } from './tally.js';
import { best } from './top.js';
import { widened } from './widened.js';

/** What a model reached on one split: tallies by user, and what is no mean over users. */
export interface Measures {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly calibration: ReadonlyMap<string, CalibrationTally>;
  /** Measures that are no means over users, such as coverage. */
  readonly totals: ReadonlyMap<string, number>;
}

/** How models are measured. */
export interface MeasureOptions {
  readonly metrics: readonly Metric[];
  /** Of ratings, for `log-loss` and `calibration`. */
  readonly scale: Scale | undefined;
  /** Models of ratings rank by P(r ≥ rankAtLeast) in place of E[r]. */
  readonly rankAtLeast?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of users that are done. */
  readonly onShare?: ((share: number) => void) | undefined;
}

/** About how many scores are held at once. */
const scoresAtOnce = 2 ** 22;

/** Asks a model about every user with targets, in batches. */
export async function measure(
  call: string,
  name: string,
  model: RecommenderModel,
  asked: Asked,
  options: MeasureOptions,
): Promise<Measures> {
  const items = asked.trainItem.length;
  if (model.items > items)
    throw new ShapeError(`${call}: the split has ${items} items, but model ${got(name)} was made for ${model.items}`);
  const what = `${call}: model ${got(name)}`;
  const all = model.items === items ? model : widened(model, items, asked.split.train, options.scale?.values);
  const sheet = new Sheet(what, all, asked, options);
  const batch = Math.max(1, Math.min(256, Math.floor(scoresAtOnce / items)));
  for (let from = 0; from < asked.users.length; from += batch) {
    await pause();
    options.signal?.throwIfAborted();
    const users = asked.users.subarray(from, from + batch);
    await sheet.ask(users);
    options.onShare?.((from + users.length) / asked.users.length);
  }
  return sheet.measures();
}

/** Where a model's answers are written down. */
class Sheet {
  readonly #tallies = new Map<string, Tally>();
  readonly #calibration = new Map<string, CalibrationTally>();
  readonly #recommended = new Map<string, Uint8Array>();
  readonly #candidate: Uint8Array;
  readonly #topTenth: Uint8Array;
  readonly #ranks: boolean;
  readonly #rates: boolean;

  constructor(
    private readonly what: string,
    private readonly model: RecommenderModel,
    private readonly asked: Asked,
    private readonly options: MeasureOptions,
  ) {
    const users = asked.split.train.users.size;
    this.#candidate = new Uint8Array(asked.trainItem.length);
    this.#topTenth = topTenth(asked.popularity);
    this.#rates = model.target === 'ratings' && model.predict !== undefined && asked.split.targets.value !== undefined;
    this.#ranks = options.metrics.some(({ kind }) => kind !== 'rating');
    for (const { kind, name, metric } of options.metrics) {
      if (kind === 'list' && metric === 'coverage@') this.#recommended.set(name, new Uint8Array(asked.trainItem.length));
      else if (kind === 'rating' && metric === 'calibration(r>=t)') this.#calibration.set(name, new CalibrationTally());
      else this.#tallies.set(name, new Tally(users, kind === 'rating' && metric.startsWith('rmse')));
    }
  }

  async ask(users: Uint32Array): Promise<void> {
    const given = Array.from(users, (user) => this.asked.given(user, this.model.target));
    if (this.#rates) for (const [n, user] of users.entries()) this.rate(user, given[n] as UserEntries);
    if (!this.#ranks) return;
    const { signal, rankAtLeast } = this.options;
    const atLeast = this.model.target === 'ratings' ? rankAtLeast : undefined;
    const items = this.asked.trainItem.length;
    const scores = await this.model.scores(given, { signal, atLeast });
    if (scores.length !== items * users.length) {
      throw new ShapeError(`${this.what} gave ${scores.length} scores for ${users.length} users and ${items} items`);
    }
    for (const [n, user] of users.entries()) this.rank(user, scores.subarray(n * items, (n + 1) * items));
  }

  private rank(user: number, scores: Float32Array): void {
    this.refuseNaN(user, scores);
    this.asked.markCandidates(user, this.#candidate);
    const relevant = this.asked.targetsOf(user).filter((target) => this.asked.isRelevant(target));
    if (this.asked.split.negatives === undefined) this.rankAll(user, scores, relevant);
    else for (const target of relevant) this.rankSampled(user, scores, target);
    this.list(user, scores);
  }

  private rankAll(user: number, scores: Float32Array, relevant: Uint32Array): void {
    if (relevant.length === 0) return;
    const items = Uint32Array.from(relevant, (t) => this.asked.split.targets.item[t] as number);
    const gains = Float64Array.from(relevant, (t) => this.asked.gain(t));
    this.addRanking(user, placesOf(scores, this.#candidate, { items, gains }));
  }

  private rankSampled(user: number, scores: Float32Array, target: number): void {
    const { negatives, targets } = this.asked.split;
    const { count, items } = negatives as NonNullable<typeof negatives>;
    const place = placeAmong(scores, targets.item[target] as number, items.subarray(target * count, (target + 1) * count));
    this.addRanking(user, { places: Float64Array.of(place), gains: Float64Array.of(this.asked.gain(target)) });
  }

  private addRanking(user: number, placed: { places: Float64Array; gains: Float64Array }): void {
    for (const metric of this.options.metrics) {
      if (metric.kind === 'ranking') this.tally(metric.name).add(user, metric.metric(placed, metric.k));
    }
  }

  /** What does not depend on the targets: whom the user's list is made of. */
  private list(user: number, scores: Float32Array): void {
    const longest = this.options.metrics.reduce((k, metric) => (metric.kind === 'list' ? Math.max(k, metric.k) : k), 0);
    if (longest === 0) return;
    const { items } = best(scores, longest, (item) => this.#candidate[item] !== 1);
    for (const metric of this.options.metrics) {
      if (metric.kind !== 'list') continue;
      for (const item of items.subarray(0, metric.k)) this.addListed(user, metric.name, metric.metric, item);
    }
  }

  private addListed(user: number, name: string, metric: string, item: number): void {
    if (metric === 'coverage@') (this.#recommended.get(name) as Uint8Array)[item] = 1;
    else if (metric === 'novelty@(bits)') {
      this.tally(name).add(user, -Math.log2((this.asked.popularity[item] as number) / this.asked.trainUsers));
    } else this.tally(name).add(user, this.#topTenth[item] as number);
  }

  private rate(user: number, given: UserEntries): void {
    const targets = this.asked.targetsOf(user);
    const items = Uint32Array.from(targets, (t) => this.asked.split.targets.item[t] as number);
    const predictions = this.model.predict?.(given, items) ?? [];
    if (predictions.length !== items.length) {
      throw new ShapeError(`${this.what} gave ${predictions.length} predictions for ${items.length} items`);
    }
    for (const [n, target] of targets.entries()) {
      const warm = !this.asked.isCold(user) && this.asked.trainItem[items[n] as number] === 1;
      this.addRating(user, target, predictions[n] as Prediction, warm);
    }
  }

  private addRating(user: number, target: number, prediction: Prediction, warm: boolean): void {
    const { value, item } = this.asked.split.targets;
    const rating = (value as Float32Array)[target] as number;
    if (Number.isNaN(prediction.mean)) throw this.nanError('a predicted rating', user, item[target] as number);
    const error = prediction.mean - rating;
    for (const { kind, name, metric, ...rest } of this.options.metrics) {
      if (kind !== 'rating' || (metric.endsWith('(warm)') && !warm)) continue;
      if (metric.startsWith('rmse')) this.tally(name).add(user, error * error);
      else if (metric.startsWith('mae')) this.tally(name).add(user, Math.abs(error));
      else this.addChance(user, name, metric, (rest as { at: number }).at, prediction, rating, item[target] as number);
    }
  }

  private addChance(user: number, name: string, metric: string, at: number, prediction: Prediction, rating: number, item: number): void {
    const values = this.options.scale?.values;
    if (values === undefined) return;
    const { probabilities } = prediction;
    if (probabilities.length !== values.length) {
      throw new ShapeError(`${this.what} gave ${probabilities.length} probabilities, but the scale has ${values.length} values`);
    }
    if (probabilities.some(Number.isNaN)) throw this.nanError('a probability', user, item);
    if (metric === 'log-loss') {
      const k = values.indexOf(rating);
      if (k < 0) throw new ParameterError(`${this.what}: the rating ${rating} among the targets is not on the scale ${values.join(', ')}`);
      this.tally(name).add(user, -Math.log(probabilities[k] as number));
      return;
    }
    const chance = Math.min(
      1,
      probabilities.reduce((sum, p, k) => ((values[k] as number) >= at ? sum + p : sum), 0),
    );
    if (metric === 'brier(r>=t)') this.tally(name).add(user, (chance - Number(rating >= at)) ** 2);
    else (this.#calibration.get(name) as CalibrationTally).add(chance, rating >= at);
  }

  private tally(name: string): Tally {
    return this.#tallies.get(name) as Tally;
  }

  private refuseNaN(user: number, scores: Float32Array): void {
    for (let item = 0; item < scores.length; item++) if (Number.isNaN(scores[item])) throw this.nanError('a score', user, item);
  }

  private nanError(which: string, user: number, item: number): ParameterError {
    const { users, items } = this.asked.split.train;
    return new ParameterError(`${this.what} gave NaN as ${which}, for user ${got(users.id(user))} and item ${got(items.id(item))}`);
  }

  measures(): Measures {
    const size = this.asked.trainItem.reduce((a, b) => a + b, 0);
    const totals = new Map([...this.#recommended].map(([name, seen]) => [name, seen.reduce((a, b) => a + b, 0) / size]));
    return { tallies: this.#tallies, calibration: this.#calibration, totals };
  }
}

/** Marks the tenth of train's items that most users have; of equally popular ones those with lower numbers. */
function topTenth(popularity: Uint32Array): Uint8Array {
  const known = Array.from(popularity.keys()).filter((item) => (popularity[item] as number) > 0);
  known.sort((a, b) => (popularity[b] as number) - (popularity[a] as number) || a - b);
  const marks = new Uint8Array(popularity.length);
  for (const item of known.slice(0, Math.ceil(known.length / 10))) marks[item] = 1;
  return marks;
}
