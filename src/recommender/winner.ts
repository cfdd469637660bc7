/** From a comparison to a recommender. */
import { OptionCheck } from '../arguments.js';
import { readTitles } from './catalogue.js';
import { type CompareSettings, type LeftOut, type Standing, standing } from './compare.js';
import { readContenders, trainContender } from './contenders.js';
import type { Evaluation } from './evaluation.js';
import type { FitSettings } from './fit-options.js';
import { unseenOf } from './fit-options.js';
import { History } from './history.js';
import type { Recommender } from './recommender.js';
import type { RowsRead } from './rows-given.js';
import { likedFrom } from './scale.js';
import type { State } from './state.js';

/** What a model reached in the measure that the winner is chosen by. */
export interface Reached {
  /** Its name. */
  readonly model: string;
  /** NaN where it cannot be measured by that. */
  readonly value: number;
}

/** What `Recommender.compare` found. */
export interface Compared {
  /** The winner, trained on all rows. */
  readonly recommender: Recommender;
  /** Its name in the table. */
  readonly winner: string;
  /** The measure that it was chosen by. */
  readonly by: string;
  /** What the models reached in it on the validation rows. */
  readonly validation: readonly Reached[];
  /** The table on the test rows; differences are against the winner, paired by user. */
  readonly evaluation: Evaluation;
  /** Models that are in no table, and why. */
  readonly leftOut: readonly LeftOut[];
  /** Seconds for training, as given. */
  readonly budget: number;
  /** All of it as text. */
  toString(): string;
}

/** Seconds that `kind: 'auto'` has for training. */
const usualBudget = 300;
const usualMeasure = 'ndcg@10(binary)';

/** What a comparison found, but for the recommender. */
export function told(
  { by, budget }: CompareSettings,
  { winner, evaluation, validation, leftOut }: Standing,
): Omit<Compared, 'recommender' | 'toString'> {
  const reached = validation.map(({ model, measures }) => ({
    model,
    value: measures.find(({ name }) => name === by)?.value ?? Number.NaN,
  }));
  return { winner: winner.name, by, budget, validation: reached, evaluation, leftOut };
}

/** Adds the text. */
export function comparedText(compared: Omit<Compared, 'toString'>): Compared {
  const { winner, by, evaluation, leftOut, budget } = compared;
  const lines = [
    `winner by ${by} on validation rows: ${winner} (${budget} s for training all)`,
    ...leftOut.map(({ model, reason }) => `left out: ${model}, ${reason}`),
    String(evaluation),
  ];
  return Object.defineProperty({ ...compared }, 'toString', { value: () => lines.join('\n'), enumerable: false });
}

/** The winner, trained anew on all rows. */
export async function winnersState(
  call: string,
  read: RowsRead,
  settings: CompareSettings,
  { winner }: Standing,
  titles: unknown,
): Promise<State> {
  const { entries } = read;
  const { terms, evaluate } = settings;
  const { family, own } = winner;
  const model = await trainContender(call, winner, entries, terms, { signal: evaluate.signal });
  const isRated = family.target === 'ratings';
  return {
    model,
    users: entries.users,
    items: entries.items,
    titles: readTitles(new OptionCheck(call), titles, entries.items),
    history: History.of(entries),
    scale: isRated ? terms.scale : undefined,
    seed: terms.seed,
    unseen: unseenOf(family.target),
    relevantFrom: isRated || entries.value === undefined ? undefined : terms.relevantFrom,
    options: own,
  };
}

/** The recommender of `kind: 'auto'`: the winner among all models. */
export async function bestOf(
  call: string,
  read: RowsRead,
  { seed, threads, relevantFrom, titles, signal, onProgress }: FitSettings,
): Promise<State> {
  const { entries, scale } = read;
  const from = relevantFrom ?? likedFrom(entries, scale);
  const settings: CompareSettings = {
    contenders: readContenders(call, undefined, entries.value !== undefined),
    terms: { seed, threads, scale, relevantFrom: from },
    budget: usualBudget,
    by: usualMeasure,
    shares: { validation: 0.1, test: 0.2 },
    evaluate: { seed, scale, relevantFrom: from, resamples: 0, signal, onProgress },
  };
  return winnersState(call, read, settings, await standing(call, entries, settings), titles);
}
