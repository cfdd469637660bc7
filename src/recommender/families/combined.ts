/**
 * A model of ratings and one of interactions, trained on the same ratings: predictions from the one,
 * lists from both. The weight is chosen on a tenth of each user's entries, which neither has seen;
 * then both are trained on all entries.
 */
import { namesIn, OptionCheck, readFrom, readOptions } from '../../arguments.js';
import { FormatError } from '../../errors.js';
import type { Tensor } from '../../io/safetensors.js';
import { chooseWeight } from '../combine.js';
import { CombinedModel } from '../combined-model.js';
import type { Entries } from '../entries.js';
import type { Family, FitContext, RecommenderModel, Target } from '../family.js';
import { taughtBy } from '../fitting.js';
import { shareOf } from '../progress-parts.js';
import { likedFrom } from '../scale.js';
import { perUserSplit } from '../splits.js';

/** A part of a combined model: its name, or an object with its options. */
type Part = { readonly family: Family; readonly options: unknown };

/** Options, read. */
export interface CombinedSettings {
  readonly ratings: Part;
  readonly interactions: Part;
  /** undefined: chosen. */
  readonly weight: number | undefined;
  /** undefined: the first value of the scale from the mean rating on. */
  readonly relevantFrom: number | undefined;
}

/** The parts where none are named. */
const usual: Readonly<Record<Target, string>> = { ratings: 'gaussian', interactions: 'ease' };

type Find = (name: string, target: Target) => Family | undefined;

/** The family, over those that it combines; they are asked for when they are needed. */
export function combined(all: () => readonly Family[]): Family<CombinedSettings> {
  const find: Find = (name, target) => all().find((family) => family.name === name && family.target === target);
  const names = (target: Target): string[] => all().flatMap((family) => (family.target === target ? [family.name] : []));
  return {
    name: 'combined',
    target: 'ratings',
    options: ['ratings', 'interactions', 'weight', 'relevantFrom'],
    read: (check, given) => ({
      ratings: readPart(check, 'ratings', given.ratings, find, names),
      interactions: readPart(check, 'interactions', given.interactions, find, names),
      weight: given.weight === undefined ? undefined : check.number('weight', given.weight, 0, 0, 1),
      relevantFrom: given.relevantFrom === undefined ? undefined : check.number('relevantFrom', given.relevantFrom, 0, -Number.MAX_VALUE),
    }),
    fit,
    load: ({ tensors, settings }, what) => {
      const { weight, relevantFrom } = settings;
      const isWeight = typeof weight === 'number' && weight >= 0 && weight <= 1;
      if (!isWeight || typeof relevantFrom !== 'number') throw new FormatError(`${what} has damaged settings of a combined model`);
      const part = (target: Target): RecommenderModel => {
        const { family: name, settings: own } = (settings[target] ?? {}) as { family?: unknown; settings?: unknown };
        const family = typeof name === 'string' && name !== 'combined' ? find(name, target) : undefined;
        if (family === undefined || typeof own !== 'object' || own === null) throw new FormatError(`${what} lacks its model of ${target}`);
        return family.load({ tensors: below(tensors, `${target}/`), settings: own as Record<string, unknown> }, what);
      };
      const [ratings, interactions] = [part('ratings'), part('interactions')];
      if (ratings.items !== interactions.items)
        throw new FormatError(`${what} has models of ${ratings.items} and ${interactions.items} items`);
      return new CombinedModel(ratings, interactions, weight, relevantFrom);
    },
  };
}

function readPart(check: OptionCheck, target: Target, given: unknown, find: Find, names: (target: Target) => string[]): Part {
  const known = names(target).filter((name) => name !== 'combined');
  if (given === undefined) return readPart(check, target, known.includes(usual[target]) ? usual[target] : known.at(-1), find, names);
  const keys = readFrom(check.call, target, () => namesIn(given));
  const { model, ...own } =
    typeof given === 'string' ? { model: given } : readOptions(check.call, given ?? null, ['model', ...keys], target);
  const name = known[check.nameOf(`${target}.model`, model, known)] as string;
  const family = find(name, target) as Family;
  return { family, options: family.read(new OptionCheck(`${check.call}, model '${name}'`), own) };
}

async function fit(
  entries: Entries,
  { ratings, interactions, weight, relevantFrom }: CombinedSettings,
  context: FitContext,
): Promise<CombinedModel> {
  const from = relevantFrom ?? likedFrom(entries, context.scale) ?? 1;
  const stages = weight === undefined ? 5 : 2;
  const stage = (k: number): FitContext => ({ ...context, onProgress: shareOf(context.onProgress, k / stages, (k + 1) / stages) });
  const both = async (rows: Entries, first: number, w: number): Promise<CombinedModel> => {
    const rated = await ratings.family.fit(rows, ratings.options, stage(first));
    const used = await interactions.family.fit(taughtBy(rows, 'interactions', from), interactions.options, stage(first + 1));
    return new CombinedModel(rated, used, w, from);
  };
  if (weight !== undefined) return both(entries, 0, weight);
  const call = 'combined.fit';
  const split = perUserSplit(call, entries, { share: 0.1, seed: context.seed });
  const parts = await both(split.train, 0, 0);
  const chosen = await chooseWeight(call, parts, split, 'ndcg@10(binary)', stage(2));
  return both(entries, 3, chosen.weight);
}

function below(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> {
  return new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
