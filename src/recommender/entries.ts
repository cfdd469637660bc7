/**
 * Ratings or interactions by number: what every family of models is trained on and asked about.
 * Ids of users and items are mapped to numbers before, and back after.
 */
import type { Ids } from './ids.js';

/** What one user has rated or used: item numbers, rising, and as many values (ones where there is no rating). */
export interface UserEntries {
  readonly items: Uint32Array;
  readonly values: Float32Array;
  /** The number of a user that the model was trained on. */
  readonly user?: number | undefined;
}

/**
 * Entries in the order they came: entry k says that user `user[k]` gave item `item[k]` the value
 * `value[k]`. A pair of user and item stands there at most once.
 */
export interface Entries {
  readonly users: Ids;
  readonly items: Ids;
  readonly user: Uint32Array;
  readonly item: Uint32Array;
  /** Ratings; undefined where rows have none (interactions). */
  readonly value: Float32Array | undefined;
  /** Seconds or any other rising number, where rows have one. */
  readonly time: Float64Array | undefined;
}

/** The values that ratings have: `values` rising; 1, 2, … 5 or 0.5, 1, … 5. */
export interface Scale {
  readonly values: readonly number[];
}
