/** Families that are to be trained and measured side by side. */
import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Entries } from './entries.js';
import type { NamedModel } from './evaluate.js';
import { families } from './families/index.js';
import type { Family, FitContext, Target } from './family.js';
import { partOf } from './progress-parts.js';
import { binarised } from './split-users.js';

/** A family with its options, and what tables call it. */
export interface Contender {
  readonly name: string;
  readonly family: Family;
  /** As `family.read` returned them. */
  readonly options: unknown;
}

/** Who stands beside every model: what it has to beat. */
const standing: Readonly<Record<Target, readonly string[]>> = {
  ratings: ['popularity', 'bias', 'mf'],
  interactions: ['popularity', 'ease', 'mf'],
};

/** The baselines of a target with their usual options, which they choose on validation. */
export function baselines(target: Target): Contender[] {
  const all = families as readonly Family[];
  return standing[target].map((name) => {
    const family = all.find((each) => each.name === name && each.target === target);
    if (family === undefined) throw new ParameterError(`baselines: there is no family '${name}' of ${target}`);
    return { name, family, options: family.read(new OptionCheck('baselines'), {}) };
  });
}

/** What a family trains on: models of interactions get what counts as one. */
export function trainingEntries(call: string, family: Family, entries: Entries, relevantFrom: number | undefined): Entries {
  if (family.target === 'interactions')
    return entries.value === undefined ? entries : binarised(entries, relevantFrom ?? Number.NEGATIVE_INFINITY);
  if (entries.value !== undefined) return entries;
  throw new ParameterError(`${call}: model '${family.name}' learns ratings, but the rows have none`);
}

/** Trains contenders one after another on the same entries, with the same seed and number of trials. */
export async function fitAll(
  call: string,
  contenders: readonly Contender[],
  entries: Entries,
  context: FitContext,
  relevantFrom?: number,
): Promise<NamedModel[]> {
  const models: NamedModel[] = [];
  for (const [c, { name, family, options }] of contenders.entries()) {
    context.signal?.throwIfAborted();
    const began = performance.now();
    const own = { ...context, onProgress: partOf(context.onProgress, c, contenders.length) };
    const model = await family.fit(trainingEntries(call, family, entries, relevantFrom), options, own);
    models.push({ name, model, fitSeconds: (performance.now() - began) / 1000 });
  }
  return models;
}
