/** From entries to a recommender, whatever the family of its model. */
import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import { readTitles } from './catalogue.js';
import type { Entries, Scale } from './entries.js';
import type { Family, RecommenderModel, Target } from './family.js';
import { choose, type FitSettings, unseenOf } from './fit-options.js';
import { pick } from './grouped.js';
import { History } from './history.js';
import type { RowsRead } from './rows-given.js';
import type { State } from './state.js';
import { shownPatience } from './verbose.js';

/** Trains the model that the settings choose. */
export async function fitState(call: string, { entries, scale }: RowsRead, settings: FitSettings): Promise<State> {
  if (entries.user.length === 0) throw new ParameterError(`${call}: there are no rows to learn from`);
  const { family, options } = choose(call, settings, entries.value !== undefined && isSpread(entries.value));
  const { users, items } = entries;
  const titles = readTitles(new OptionCheck(call), settings.titles, items);
  const taught = taughtBy(entries, family.target, settings.relevantFrom);
  if (taught.user.length === 0) {
    throw new ParameterError(
      `${call}: no rating is at least ${settings.relevantFrom} (\`relevantFrom\`), so there is nothing to learn from`,
    );
  }
  const model = await train(call, family, options, taught, scale, settings);
  return {
    model,
    users,
    items,
    titles,
    history: History.of(
      family.target === 'interactions' && settings.relevantFrom === undefined ? { ...entries, value: undefined } : entries,
    ),
    scale: family.target === 'ratings' ? scale : undefined,
    seed: settings.seed,
    unseen: settings.unseen ?? unseenOf(family.target),
    relevantFrom: family.target === 'interactions' ? settings.relevantFrom : undefined,
    options: settings.own,
  };
}

/** What a family is trained on: interactions have no values, and lack what was rated too low. */
export function taughtBy(entries: Entries, target: Target, relevantFrom: number | undefined): Entries {
  if (target === 'ratings') return entries;
  const { value } = entries;
  if (relevantFrom === undefined || value === undefined) return { ...entries, value: undefined };
  const places = Uint32Array.from(entries.user.keys()).filter((k) => (value[k] as number) >= relevantFrom);
  return { ...pick(entries, places), value: undefined };
}

type Training = Patience & { readonly seed: bigint; readonly threads: number; readonly verbose: boolean };

/** Has a family learn, with something to see where that was asked for. */
export async function train(
  call: string,
  family: Family,
  options: unknown,
  entries: Entries,
  scale: Scale | undefined,
  { seed, threads, signal, onProgress, verbose }: Training,
): Promise<RecommenderModel> {
  signal?.throwIfAborted();
  const shown = verbose ? shownPatience(call, { signal, onProgress }) : undefined;
  try {
    const patience = shown ?? { signal, onProgress };
    return await family.fit(entries, options, { seed, threads, scale, signal: patience.signal, onProgress: patience.onProgress });
  } finally {
    shown?.end();
  }
}

/** Whether ratings differ at all: where all are the same, they only say who turned to what. */
function isSpread(values: Float32Array): boolean {
  return values.some((value) => value !== values[0]);
}
