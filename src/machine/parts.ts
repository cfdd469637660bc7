import { type Patience, secondsLeft } from './patience.js';

const interval = 100; // milliseconds

/**
 * The progress of work that a call does in parts, told about ten times a second as if it were one
 * piece.
 */
export class Parts {
  readonly #patience: Patience;
  readonly #total: number;
  readonly #began = performance.now();
  #done = 0;
  #told = 0;
  #toldAt = performance.now();

  /** @param total - The sum of the sizes of all parts. */
  constructor(patience: Patience, total: number) {
    this.#patience = patience;
    this.#total = total;
  }

  /** What a part of this size lets its caller do. */
  part(size: number): Patience {
    const { signal, onProgress } = this.#patience;
    if (onProgress === undefined) return this.#patience;
    return { signal, onProgress: ({ fraction }) => this.#tell((this.#done + size * fraction) / this.#total) };
  }

  /** A part of this size is done. */
  done(size: number): void {
    this.#done += size;
    this.#tell(this.#done / this.#total);
  }

  #tell(fraction: number): void {
    const now = performance.now();
    const due = fraction >= 1 || now - this.#toldAt >= interval;
    if (!due || fraction <= this.#told) return;
    [this.#told, this.#toldAt] = [fraction, now];
    this.#patience.onProgress?.({ fraction, secondsLeft: secondsLeft(this.#began, fraction, 1 - fraction) });
  }
}
