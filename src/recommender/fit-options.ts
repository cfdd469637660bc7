/** The options of a recommender that have nothing to do with its model. */
import { types } from 'node:util';
import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Titles } from './catalogue.js';
import type { Scale } from './entries.js';
import type { Family, Target } from './family.js';
import { familyOf, readFamilyOptions, readModelName, targetsOf, usualModel } from './registry.js';
import type { ReadingGiven } from './rows-given.js';
import type { ReadOptions } from './source-options.js';

/** What to learn. */
export type Kind = Target | 'auto';

/** What a pair that is in no row means. */
export type Unseen = 'zero' | 'missing';

/** Options of every model. */
export interface CommonOptions extends Omit<ReadOptions, 'ids' | 'scale'> {
  /** Seed of all randomness: same seed, rows and options, same recommender. 0 to 2⁶⁴ − 1; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Threads, 0 to 1024; 0 (default): all that the process may use. The result does not depend on it. */
  readonly threads?: number | undefined;
  /** What items are called where people read. Default: as the rows say, if they do. */
  readonly titles?: Titles | undefined;
  /** The values that ratings may have, rising. Default: those that the rows have. */
  readonly scale?: Scale | readonly number[] | undefined;
  /**
   * What a pair that is in no row means: nothing ('missing': the default of ratings), or that the
   * user has not turned to the item ('zero': the default of interactions). Saved with the model.
   */
  readonly unseen?: Unseen | undefined;
  /**
   * Interactions of rows with ratings: those rated at least so count, the others are left out.
   * Default: all rows count.
   */
  readonly relevantFrom?: number | undefined;
  /** Shows on stderr how far the training has come: a bar in a terminal, else a line now and then. Default false. */
  readonly verbose?: boolean | undefined;
}

/** Names of options of reading; `ids` is for who calls `readEntries` itself. */
const readingNames = ['columns', 'scale', 'header', 'delimiter', 'decimal', 'maxUnpackedBytes', 'signal', 'onProgress'] as const;

/** Names of {@link CommonOptions} and what chooses the model. */
export const commonNames = ['kind', 'model', 'seed', 'threads', 'titles', 'unseen', 'relevantFrom', 'verbose', ...readingNames] as const;

/** Options as they were given, and read. */
export interface FitSettings extends Patience {
  readonly kind: Kind | undefined;
  readonly model: string | undefined;
  readonly seed: bigint;
  readonly threads: number;
  readonly titles: unknown;
  /** Options of reading the rows. */
  readonly reading: ReadingGiven;
  readonly unseen: Unseen | undefined;
  readonly relevantFrom: number | undefined;
  readonly verbose: boolean;
  /** Those that belong to the model. */
  readonly own: Readonly<Record<string, unknown>>;
}

type Given = Readonly<Record<string, unknown>>;

/** Checks everything but what belongs to the model. */
export function readFitSettings(call: string, given: Given): FitSettings {
  const check = new OptionCheck(call);
  const own = Object.entries(given).filter(([name, value]) => !(commonNames as readonly string[]).includes(name) && value !== undefined);
  return {
    kind: given.kind === undefined ? undefined : check.oneOf<Kind>('kind', given.kind, 'auto', ['ratings', 'interactions', 'auto']),
    model: readModelName(check, given.model),
    seed: check.seed('seed', given.seed, 0n),
    threads: check.integer('threads', given.threads, 0, 0, 1024),
    titles: given.titles,
    reading: readReading(given),
    unseen: given.unseen === undefined ? undefined : check.oneOf<Unseen>('unseen', given.unseen, 'zero', ['zero', 'missing']),
    relevantFrom: given.relevantFrom === undefined ? undefined : check.number('relevantFrom', given.relevantFrom, 0, -Number.MAX_VALUE),
    verbose: check.flag('verbose', given.verbose, false),
    ...readPatience(check, given),
    own: Object.fromEntries(own),
  };
}

/** Those of reading; they are checked where rows are read. A scale may be one that a recommender had. */
function readReading(given: Given): ReadingGiven {
  const { scale } = given;
  const isScale = typeof scale === 'object' && scale !== null && !types.isProxy(scale) && Object.hasOwn(scale, 'values');
  const values = isScale ? (scale as Scale).values : scale;
  const named = readingNames
    .filter((name) => name !== 'onProgress')
    .map((name) => [name, name === 'scale' ? values : given[name]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** Which family learns, and its options as read. */
export interface Chosen {
  readonly family: Family;
  readonly options: unknown;
}

/**
 * Chooses a family. Without `kind` or `model`, rows with ratings are learnt as ratings.
 *
 * @param hasRatings - Whether rows have ratings; undefined before they were read.
 */
export function choose(call: string, settings: FitSettings, hasRatings: boolean): Chosen {
  const target = chooseTarget(call, settings, hasRatings);
  const name = settings.model ?? usualModel[target];
  const family = familyOf(name, target);
  if (family === undefined) {
    const can = targetsOf(name);
    throw new ParameterError(`${call}: model '${name}' learns ${can.join(' and ') || 'nothing'}, not ${target}`);
  }
  const own = { ...settings.own };
  // A family may have a say in what otherwise is settled above it.
  if (family.options?.includes('unseen')) own.unseen = settings.unseen;
  else checkUnseen(call, settings, target);
  if (target === 'ratings' && family.options?.includes('relevantFrom')) own.relevantFrom = settings.relevantFrom;
  return { family, options: readFamilyOptions(call, new OptionCheck(call), family, own, commonNames) };
}

function chooseTarget(call: string, { kind, model, relevantFrom }: FitSettings, hasRatings: boolean): Target {
  if (kind === 'ratings' && !hasRatings) {
    throw new ParameterError(
      `${call}: \`kind: 'ratings'\` needs rows with ratings, and these have none; 'interactions' learns from pairs alone`,
    );
  }
  if (kind === 'ratings' && relevantFrom !== undefined) {
    throw new ParameterError(`${call}: \`relevantFrom\` makes interactions of ratings; leave it out with \`kind: 'ratings'\``);
  }
  if (kind === 'ratings' || kind === 'interactions') return kind;
  const can: readonly Target[] = model === undefined ? ['ratings', 'interactions'] : targetsOf(model);
  const wantsRatings = relevantFrom === undefined || !can.includes('interactions');
  return hasRatings && wantsRatings && can.includes('ratings') ? 'ratings' : 'interactions';
}

function checkUnseen(call: string, { unseen }: FitSettings, target: Target): void {
  const meant = unseenOf(target);
  if (unseen === undefined || unseen === meant) return;
  const why = target === 'ratings' ? 'a pair without a rating says nothing' : 'a user without an item has not turned to it';
  throw new ParameterError(`${call}: \`unseen\` must be '${meant}' with ${target} (${why}), got '${unseen}'`);
}

/** What pairs that are in no row mean. */
export function unseenOf(target: Target): Unseen {
  return target === 'ratings' ? 'missing' : 'zero';
}
