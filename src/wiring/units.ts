import { OptionCheck } from '../arguments.js';

const mostPlaces = 2 ** 31 - 1;
/** States are single-precision numbers, which count exactly up to there. */
const mostTrials = 2 ** 24;

/** The types of units, as a list. */
export const unitTypes = ['bernoulli', 'spin', 'softmax', 'gaussian', 'relu', 'doubleRelu', 'binomial', 'counts'] as const;
/** The types of units. */
export type UnitType = (typeof unitTypes)[number];

/** The units of one layer: their type and number. Make one with `bernoulli`, `spin`, `softmax` and so on. */
export interface Units<T extends UnitType = UnitType> {
  /** The type's name. */
  readonly type: T;
  /** Columns of this layer's rows: one per unit, `size` per softmax unit. */
  readonly places: number;
  /** Categories of a softmax, trials of a binomial, words of counts; else 1. */
  readonly size: number;
}

function units<T extends UnitType>(type: T, count: number, size = 1, places = count): Units<T> {
  const check = new OptionCheck(type);
  check.integer('units', count, undefined, 1, mostPlaces);
  check.integer('size', size, undefined, 1, mostPlaces);
  check.integer('units', places, undefined, 1, mostPlaces);
  return Object.freeze({ type, places, size });
}

/** `n` units with states 0 and 1. Data between 0 and 1 count as probabilities; states to start chains from must be 0 or 1. */
export const bernoulli = (n: number): Units<'bernoulli'> => units('bernoulli', n);
/** `n` units with states −1 and +1. Data in between count as means; states to start chains from must be −1 or +1. */
export const spin = (n: number): Units<'spin'> => units('spin', n);
/**
 * `groups` units with one of `categories` states each (Potts units); a row has groups × categories columns, of which each group has one 1.
 * Data may also be given as category numbers, one per group, or as probabilities, which add up to 1 over the places of a unit. A missing value is
 * NaN in all of them: all zeros are no state and are refused.
 */
export function softmax(categories: number, groups = 1): Units<'softmax'> {
  const check = new OptionCheck('softmax');
  const size = check.integer('categories', categories, undefined, 1, mostPlaces);
  const count = check.integer('groups', groups, undefined, 1, mostPlaces);
  return units('softmax', count, size, count * size);
}
/** `n` real units with learned variances. Data should be scaled to means around 0 and variances around 1. */
export const gaussian = (n: number): Units<'gaussian'> => units('gaussian', n);
/** `n` rectified units with states s ≥ 0 (a Gaussian cut off at 0). */
export const relu = (n: number): Units<'relu'> => units('relu', n);
/** `n` real units with a bias and a variance for either sign. */
export const doubleRelu = (n: number): Units<'doubleRelu'> => units('doubleRelu', n);
/** `n` units that count the successes of `trials` trials, at most 2²⁴: data are whole numbers from 0 to `trials`. */
export const binomial = (n: number, trials: number): Units<'binomial'> => {
  new OptionCheck('binomial').integer('trials', trials, undefined, 1, mostTrials);
  return units('binomial', n, trials);
};
/** Word counts over a vocabulary of `words` (replicated softmax); a row's total, at most 2²⁴ words, stays as it is. */
export const counts = (words: number): Units<'counts'> => units('counts', words, words);
