/** What the addon has for recommenders. See `native.ts`. */

/**
 * Rated entries in the addon's compact form: five bytes each where there are at most 256 distinct
 * values, kept by user and by item. Pairs without an entry are absent. What is trained on them shares
 * them, so the object may be dropped.
 */
export interface NativeRatings {
  readonly users: number;
  readonly items: number;
  /** Entries kept; 0 before `finish`. */
  readonly entries: number;
  /** Bytes held. */
  readonly bytes: number;
  /** Appends triplets; values null means ones. Throws PARAMETER or SHAPE and stores nothing. */
  append(user: Uint32Array, item: Uint32Array, value: Float32Array | null): void;
  /**
   * Ends appending and sorts, which takes about a second for every ten million entries. Of entries of
   * the same pair the last stays.
   *
   * @returns How many entries later ones replaced.
   */
  finish(): number;
  /** The distinct values, rising; empty if there are more than 256. */
  values(): Float32Array;
  /** Item numbers, rising, and values of one user. */
  row(user: number): { items: Uint32Array; values: Float32Array };
}
