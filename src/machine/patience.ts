import type { OptionCheck } from '../arguments.js';

/** How long a call has been under way, and how much longer it may take. */
export interface CallProgress {
  /** How much of the work is done, 0 to 1. */
  readonly fraction: number;
  /** Seconds that are left at the pace so far; null before there is one. */
  readonly secondsLeft: number | null;
}

/** What a call that may take long lets its caller do meanwhile. */
export interface Patience {
  /** Ends the call at the next sweep or minibatch; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called about ten times a second with how far the call has come. An error it throws ends the call. */
  readonly onProgress?: ((progress: CallProgress) => void) | undefined;
}

/**
 * Seconds that the rest of some work takes at the pace so far.
 *
 * @param began - When it began, by `performance.now()`.
 * @param done - How much of it is done; more than 0.
 * @param left - How much is left, counted alike.
 */
export function secondsLeft(began: number, done: number, left: number): number {
  return ((performance.now() - began) / 1000) * (left / done);
}

/** Reads the options of a call that may take long. */
export function readPatience(check: OptionCheck, given: { readonly [K in keyof Patience]?: unknown }): Patience {
  return { signal: check.signal(given.signal), onProgress: check.callback('onProgress', given.onProgress) };
}
