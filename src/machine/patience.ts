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

/** Reads the options of a call that may take long. */
export function readPatience(check: OptionCheck, given: { readonly [K in keyof Patience]?: unknown }): Patience {
  return { signal: check.signal(given.signal), onProgress: check.callback('onProgress', given.onProgress) };
}
