import { pause } from '../data/pause.js';

/** Milliseconds of work on the main thread after which the event loop gets its turn. */
const longest = 10;

/** Lets the event loop run between pieces of work on the main thread. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #resumed = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** To be awaited after each piece. Throws the signal's reason once it is aborted. */
  async give(): Promise<void> {
    if (performance.now() - this.#resumed < longest) return;
    await pause();
    this.#resumed = performance.now();
    this.#signal?.throwIfAborted();
  }
}
