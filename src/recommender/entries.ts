/**
 * Ratings or interactions by number: what every family of models is trained on and asked about.
 * Ids of users and items are mapped to numbers before, and back after.
 */
import type { Ids } from './ids.js';

/** What one user has rated or used: item numbers, rising, and as many values (ones where there is no rating). */
export interface UserEntries {
  /** Numbers of items, rising, [n]. */
  readonly items: Uint32Array;
  /** Ratings, or ones, [n]. */
  readonly values: Float32Array;
  /** The number of a user that the model was trained on. */
  readonly user?: number | undefined;
}

/**
 * Entries in the order they came: entry k says that user `user[k]` gave item `item[k]` the value
 * `value[k]`. A pair of user and item stands there at most once.
 */
export interface Entries {
  /** Ids of users by number. */
  readonly users: Ids;
  /** Ids of items by number. */
  readonly items: Ids;
  /** Number of the user of each entry, [entries]. */
  readonly user: Uint32Array;
  /** Number of the item of each entry, [entries]. */
  readonly item: Uint32Array;
  /** Ratings; undefined where rows have none (interactions). */
  readonly value: Float32Array | undefined;
  /** Seconds or any other rising number, where rows have one. */
  readonly time: Float64Array | undefined;
}

/** The values that ratings have: `values` rising; 1, 2, … 5 or 0.5, 1, … 5. */
export interface Scale {
  /** All of them, rising. */
  readonly values: readonly number[];
}
