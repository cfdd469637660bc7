/** The weight of a combined model, chosen on rows that neither part was trained on. */

import type { Patience } from '../machine/patience.js';
import { Asked } from './asked.js';
import { type CombinedModel, mixed } from './combined-model.js';
import type { UserEntries } from './entries.js';
import type { RecommenderModel } from './family.js';
import { measure } from './measure.js';
import { readMetric } from './metrics.js';
import type { Split } from './split.js';

/** Weights that are tried. */
const tried = Array.from({ length: 21 }, (_, i) => i / 20);
/** Scores that are kept while weights are tried, of either model. */
const mostScores = 2 ** 23;

/** A weight and what was reached with each. */
export interface ChosenWeight {
  readonly weight: number;
  /** By weight, from 0 (ratings alone) to 1 (interactions alone). */
  readonly reached: readonly { readonly weight: number; readonly value: number }[];
}

/**
 * Tries weights on the validation rows of a split; of equal ones the smaller is chosen.
 *
 * @param by - A measure of lists whose larger values are better.
 */
export async function chooseWeight(
  call: string,
  parts: CombinedModel,
  split: Split,
  by: string,
  patience: Patience,
): Promise<ChosenWeight> {
  const asked = new Asked(thinned(split, Math.max(1, Math.floor(mostScores / parts.items))), parts.relevantFrom);
  const kept = new Map<number, [Float32Array, Float32Array]>();
  for (const user of asked.users) {
    patience.signal?.throwIfAborted();
    kept.set(user, await parts.parts([asked.given(user, 'ratings')], { signal: patience.signal }));
  }
  const reached: { weight: number; value: number }[] = [];
  for (const [w, weight] of tried.entries()) {
    const model = new Kept(parts.items, asked.users, kept, weight);
    const { tallies } = await measure(call, 'combined', model, asked, {
      metrics: [readMetric(call, by)],
      scale: undefined,
      signal: patience.signal,
    });
    reached.push({ weight, value: tallies.get(by)?.value() ?? Number.NaN });
    patience.onProgress?.({ fraction: (w + 1) / tried.length, secondsLeft: null });
  }
  const best = reached.reduce((a, b) => (b.value > a.value ? b : a));
  return { weight: best.weight, reached };
}

/** The split with the targets of its first users only. */
function thinned(split: Split, users: number): Split {
  const first = new Set<number>();
  const { user } = split.targets;
  const places = Uint32Array.from(user.keys()).filter((k) => {
    const u = user[k] as number;
    if (first.size < users) first.add(u);
    return first.has(u);
  });
  const at = <A extends Uint32Array | Float32Array>(list: A): A => list.filter((_, k) => first.has(user[k] as number)) as A;
  const { item, value } = split.targets;
  const targets = { ...split.targets, user: at(user), item: at(item), value: value && at(value), time: undefined };
  return places.length === user.length ? split : { ...split, targets };
}

/** Answers from scores at hand: users are asked in the order of their numbers. */
class Kept implements RecommenderModel {
  readonly family = 'combined';
  readonly target = 'ratings';
  #next = 0;

  constructor(
    readonly items: number,
    private readonly users: Uint32Array,
    private readonly kept: ReadonlyMap<number, [Float32Array, Float32Array]>,
    private readonly weight: number,
  ) {}

  async scores(given: readonly UserEntries[]): Promise<Float32Array> {
    const scores = new Float32Array(given.length * this.items);
    for (let i = 0; i < given.length; i++) {
      const [rated, used] = this.kept.get(this.users[this.#next++] as number) as [Float32Array, Float32Array];
      scores.set(mixed(rated, used, this.weight), i * this.items);
    }
    return scores;
  }

  save(): never {
    throw new Error('not a model of its own');
  }
}
