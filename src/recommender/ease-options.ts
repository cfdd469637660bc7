/** Options of the family 'ease': what they mean, their defaults, how they are checked. */
import type { OptionCheck } from '../arguments.js';

/** Gigabytes that dense couplings may take while they are made. */
export const usualMemory = 4;

/** What shapes the closed form; see {@link EaseOptions}. */
export interface EaseShape {
  readonly regularisation: number;
  readonly popularity: number;
  readonly dropout: number;
  readonly activity: number;
  readonly spread: number;
}

/** Options of the family 'ease'. Those of the shape that are left out are chosen, or those of plain EASE by `recipe`. */
export interface EaseOptions {
  /**
   * 'best' chooses what is left out on users cut from train. 'ease' is plain EASE (Steck 2019):
   * regularisation 500, all else 0. Default 'best'.
   */
  readonly recipe: 'best' | 'ease';
  /** λ above 0. What is added to the diagonal of the Gram matrix is λ g^popularity + dropout / (1 − dropout) g, where g is the item's own element. */
  readonly regularisation: number | undefined;
  /** The exponent of g in that, in [0, 1]. */
  readonly popularity: number | undefined;
  /** The chance that an input is dropped in training, in [0, 1): EDLAE (Steck 2020). */
  readonly dropout: number | undefined;
  /** Users count as (their number of entries)^−activity, in [0, 1]. */
  readonly activity: number | undefined;
  /**
   * Scores are the conditional mean over (the conditional variance)^spread, in [0, 1]. 0: the mean;
   * 0.5: the mean in standard deviations; 1: the field on the unit.
   */
  readonly spread: number | undefined;
  /**
   * What items are that a user has no entry of: 'zero', as EASE has it, or 'missing', summed out, so
   * that scores are means given the entries alone. Default 'zero'.
   */
  readonly unseen: 'zero' | 'missing';
  /** true: every entry counts as 1; a number: entries of at least that count as 1, others are left out; false: values as they are. Default true. */
  readonly binarise: boolean | number;
  /** Most solutions that the choice may take, 1 to 200. Default 16. */
  readonly solutions: number;
  /**
   * What the choice is made on: a fifth of the entries of 'users' held out whole, or of the 'entries' of
   * every user. Default 'users', as for lists of new users.
   */
  readonly validation: 'users' | 'entries';
  /** The cut-off of the nDCG that the choice goes by. Default 100. */
  readonly cutoff: number;
  /** Gigabytes that dense couplings may take while they are made. Default 4. */
  readonly memory: number;
}

export const easeOptionNames = [
  'recipe',
  'regularisation',
  'popularity',
  'dropout',
  'activity',
  'spread',
  'unseen',
  'binarise',
  'solutions',
  'validation',
  'cutoff',
  'memory',
] as const;

/** Plain EASE. */
export const plainShape: EaseShape = { regularisation: 500, popularity: 0, dropout: 0, activity: 0, spread: 0 };

/** Reads and checks the options. */
export function readEaseOptions(check: OptionCheck, given: Readonly<Record<string, unknown>>): EaseOptions {
  const unknownName = Object.keys(given).find((name) => !(easeOptionNames as readonly string[]).includes(name));
  if (unknownName !== undefined) check.nameOf('options', unknownName, easeOptionNames, 'options of ease:');
  const part = (name: keyof EaseShape, below: boolean) =>
    given[name] === undefined ? undefined : check.number(name, given[name], 0, 0, 1, below);
  return {
    recipe: check.oneOf('recipe', given.recipe, 'best', ['best', 'ease']),
    regularisation: readRegularisation(check, given.regularisation),
    popularity: part('popularity', false),
    dropout: part('dropout', true),
    activity: part('activity', false),
    spread: part('spread', false),
    unseen: check.oneOf('unseen', given.unseen, 'zero', ['zero', 'missing']),
    binarise: readBinarise(check, given.binarise),
    solutions: check.integer('solutions', given.solutions, 16, 1, 200),
    validation: check.oneOf('validation', given.validation, 'users', ['users', 'entries']),
    cutoff: check.integer('cutoff', given.cutoff, 100, 1, 100_000),
    memory: readPositive(check, 'memory', given.memory ?? usualMemory),
  };
}

const readRegularisation = (check: OptionCheck, given: unknown): number | undefined =>
  given === undefined ? undefined : readPositive(check, 'regularisation', given);

function readPositive(check: OptionCheck, name: string, given: unknown): number {
  if (typeof given === 'number' && Number.isFinite(given) && given > 0) return given;
  throw check.error(name, 'a finite number above 0', given);
}

function readBinarise(check: OptionCheck, given: unknown): boolean | number {
  if (given === undefined) return true;
  if (typeof given === 'boolean' || (typeof given === 'number' && Number.isFinite(given))) return given;
  throw check.error('binarise', 'true, false, or the least value that counts', given);
}
