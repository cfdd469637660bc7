/** What a recommender answers about single items. */
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import type { Barred } from './barred.js';
import { itemNumber } from './catalogue.js';
import type { Prediction } from './family.js';
import type { Subject } from './question.js';
import { named } from './recommending.js';
import type { Contribution, Explanation, SimilarItem } from './results.js';
import type { By, Scorer } from './scoring.js';
import type { State } from './state.js';
import { best } from './top.js';

/** One prediction per item. */
export function predictions(
  call: string,
  state: State,
  subject: Subject,
  items: readonly unknown[],
  names: readonly string[],
): Prediction[] {
  const { model } = state;
  if (model.predict === undefined) {
    const why =
      model.target === 'interactions'
        ? 'learnt interactions, not ratings; recommend ranks by its scores'
        : 'has no distribution of ratings';
    throw new ParameterError(`${call}: this recommender (model '${model.family}') ${why}`);
  }
  const numbers = items.map((id, i) => itemNumber(call, names[i] as string, state.items, id));
  return model.predict(subject.entries, Uint32Array.from(numbers));
}

/** The items most like one. */
export function similar(call: string, state: State, barred: Barred, item: unknown, n: number): SimilarItem[] {
  const { model } = state;
  if (model.similar === undefined) throw new ParameterError(`${call}: model '${model.family}' does not say how alike items are`);
  const number = itemNumber(call, 'item', state.items, item);
  const isOut = barred.start(undefined, new Set([number]));
  const { items, scores } = best(model.similar(number), Math.min(n, state.items.size), isOut);
  return Array.from(items, (one, k) => ({ ...named(state, one), score: scores[k] as number }));
}

/** Why an item has its score. */
export async function explanation(
  call: string,
  state: State,
  scorer: Scorer,
  subject: Subject,
  item: unknown,
  by: By | undefined,
  patience: Patience,
): Promise<Explanation> {
  const number = itemNumber(call, 'item', state.items, item);
  let score = Number.NaN;
  await scorer.each([subject], by, patience, (_, scores) => {
    score = scores[number] as number;
  });
  const source = scorer.source(subject, by);
  const isSum = source !== 'popularity' && typeof by !== 'object';
  const parts = isSum ? state.model.contributions?.(subject.entries, number) : undefined;
  return { ...named(state, number), score, source, contributions: parts === undefined ? null : listed(state, subject, parts) };
}

function listed(state: State, { entries }: Subject, parts: Float64Array): Contribution[] {
  const list = Array.from(parts, (contribution, k) => ({
    ...named(state, entries.items[k] as number),
    value: entries.values[k] as number,
    contribution,
  }));
  return list.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}
