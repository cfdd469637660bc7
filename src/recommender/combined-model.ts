/**
 * A model of ratings and one of interactions as one: the first foresees ratings, both rank. For each
 * user both lists of scores are brought to mean 0 and deviation 1 over all items and mixed:
 * score = (1 − w) ratings + w interactions.
 */
import type { Tensor } from '../io/safetensors.js';
import type { Patience } from '../machine/patience.js';
import type { UserEntries } from './entries.js';
import type { Prediction, RecommenderModel, SavedModel } from './family.js';

export class CombinedModel implements RecommenderModel {
  readonly family = 'combined';
  readonly target = 'ratings';

  constructor(
    readonly ratings: RecommenderModel,
    readonly interactions: RecommenderModel,
    /** w, in [0, 1]. */
    readonly weight: number,
    /** Ratings of at least this are interactions. */
    readonly relevantFrom: number,
  ) {}

  get items(): number {
    return this.ratings.items;
  }

  async scores(given: readonly UserEntries[], options: Patience & { readonly atLeast?: number | undefined } = {}): Promise<Float32Array> {
    const [rated, used] = await this.parts(given, options);
    return mixed(rated, used, this.weight);
  }

  /** Standard scores of both models, [given.length, items] each. */
  async parts(
    given: readonly UserEntries[],
    options: Patience & { readonly atLeast?: number | undefined },
  ): Promise<[Float32Array, Float32Array]> {
    const liked = given.map((one) => likedOf(one, this.relevantFrom));
    const rated = await this.ratings.scores(given, options);
    const used = await this.interactions.scores(liked, { signal: options.signal });
    return [standardised(rated, this.items), standardised(used, this.items)];
  }

  predict(given: UserEntries, items: Uint32Array): Prediction[] {
    return this.ratings.predict?.(given, items) ?? [];
  }

  similar(item: number): Float32Array {
    return (this.interactions.similar?.(item) ?? this.ratings.similar?.(item)) as Float32Array;
  }

  save(): SavedModel {
    const { weight, relevantFrom } = this;
    const [ratings, interactions] = [this.ratings.save(), this.interactions.save()];
    const tensors = new Map<string, Tensor>();
    for (const [name, tensor] of ratings.tensors) tensors.set(`ratings/${name}`, tensor);
    for (const [name, tensor] of interactions.tensors) tensors.set(`interactions/${name}`, tensor);
    const part = ({ family }: RecommenderModel, { settings }: SavedModel) => ({ family, settings });
    const settings = { weight, relevantFrom, ratings: part(this.ratings, ratings), interactions: part(this.interactions, interactions) };
    return { tensors, settings };
  }
}

/** What a user likes, as a model of interactions is told. */
export function likedOf({ items, values, user }: UserEntries, relevantFrom: number): UserEntries {
  const liked = items.filter((_, k) => (values[k] as number) >= relevantFrom);
  return { items: liked, values: new Float32Array(liked.length).fill(1), user };
}

/** (1 − w) a + w b. */
export function mixed(a: Float32Array, b: Float32Array, w: number): Float32Array {
  return a.map((x, i) => (1 - w) * x + w * (b[i] as number));
}

/** Each row less its mean, over its standard deviation; a row of equal scores becomes zeros. */
function standardised(scores: Float32Array, items: number): Float32Array {
  const result = new Float32Array(scores.length);
  for (let begin = 0; begin < scores.length; begin += items) {
    let [sum, squares] = [0, 0];
    for (let i = begin; i < begin + items; i++) sum += scores[i] as number;
    const mean = sum / items;
    for (let i = begin; i < begin + items; i++) squares += ((scores[i] as number) - mean) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares / items) : 0;
    for (let i = begin; i < begin + items; i++) result[i] = ((scores[i] as number) - mean) * scale;
  }
  return result;
}
