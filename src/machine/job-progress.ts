/** How far a long call is, told to a callback while the call's native job runs. */
import type { NativeJob } from './native.js';
import { type CallProgress, secondsLeft } from './patience.js';

export type OnProgress = (progress: CallProgress) => void;

const interval = 100; // milliseconds

/**
 * Calls `onProgress` about ten times a second, whenever the job has got further, until it is told to stop. What the callback throws is
 * kept, and cancels the job.
 */
export class ProgressWatch {
  readonly #job: NativeJob<unknown>;
  readonly #onProgress: OnProgress;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #told = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(job: NativeJob<unknown>, onProgress: OnProgress) {
    this.#job = job;
    this.#onProgress = onProgress;
    this.#timer = setInterval(() => this.#look(), interval).unref(); // the job itself keeps the process alive
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Throws what the callback has thrown. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #look(): void {
    const fraction = this.#job.progress();
    if (fraction <= this.#told || fraction >= 1) return; // a job is done only once its promise says so
    this.#told = fraction;
    try {
      this.#onProgress({ fraction, secondsLeft: secondsLeft(this.#began, fraction, 1 - fraction) });
    } catch (error) {
      this.#failure = { error };
      this.stop();
      this.#job.cancel();
    }
  }
}
