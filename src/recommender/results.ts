import type { Candidates } from './candidates.js';
import type { Id } from './ids.js';

/**
 * Where a score comes from: a known user's entries ('model'), those in the question ('fold-in'), or
 * how many users have the item, because nothing is known of this one ('popularity').
 */
export type Source = 'model' | 'fold-in' | 'popularity';

/** One recommendation. */
export interface Recommendation {
  /** As it was given. */
  readonly item: Id;
  /** Where it has one. */
  readonly title?: string;
  /**
   * Higher is better: the expected rating, P(r ≥ `atLeast`), any rising function of the chance to be
   * used, or with source 'popularity' the share of users that have the item.
   */
  readonly score: number;
  /** Where the score comes from. */
  readonly source: Source;
}

/** A list of recommendations, best first, and what it was chosen from. */
export class Recommendations extends Array<Recommendation> {
  /** What `map` and the like give: plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** How many items were left to choose from. */
  declare readonly candidates: Candidates;
  /** Why there are fewer than asked for; null where there are as many. */
  declare readonly reason: string | null;
  /** Items of the question that are not known, where `unknown: 'ignore'` left them out. */
  declare readonly unknown: readonly Id[];

  /** @internal */
  static with(list: readonly Recommendation[], about: Pick<Recommendations, 'candidates' | 'reason' | 'unknown'>): Recommendations {
    const made = new Recommendations();
    for (const one of list) made.push(one);
    // Not enumerable, so that a list is printed and compared as one.
    for (const name of ['candidates', 'reason', 'unknown'] as const) Object.defineProperty(made, name, { value: about[name] });
    return made;
  }
}

/** An item that is like another one. */
export interface SimilarItem {
  /** As it was given. */
  readonly item: Id;
  /** Where it has one. */
  readonly title?: string;
  /** Higher is more alike. */
  readonly score: number;
}

/** What one entry of a user adds to the score of an item. */
export interface Contribution {
  /** As it was given. */
  readonly item: Id;
  /** Where it has one. */
  readonly title?: string;
  /** The rating; 1 for interactions. */
  readonly value: number;
  /** In units of the score. */
  readonly contribution: number;
}

/** Why an item has its score. */
export interface Explanation {
  /** As it was given. */
  readonly item: Id;
  /** Where it has one. */
  readonly title?: string;
  /** As `recommend` gives it. */
  readonly score: number;
  /** Where the score comes from. */
  readonly source: Source;
  /** What each entry adds, the largest in size first; null where the score is no sum over entries. */
  readonly contributions: readonly Contribution[] | null;
}
