import { keyOf, philox4x32 } from '../data/random.js';

/**
 * Random numbers of one stream and one use of it (`which`: a user, a resample), in order. Words are
 * Philox's, named by (block, which, stream).
 */
export class Draws {
  readonly #key: readonly [number, number];
  #words: readonly number[] = [];
  #at = 4;
  #block = 0;

  constructor(
    seed: bigint,
    private readonly stream: number,
    private readonly which = 0,
  ) {
    this.#key = keyOf(seed);
  }

  word(): number {
    if (this.#at === 4) {
      this.#words = philox4x32([this.#block++, this.which, this.stream, 0], this.#key);
      this.#at = 0;
    }
    return this.#words[this.#at++] as number;
  }

  /** A whole number from 0, below `n`; each has the same chance to within n / 2^32. */
  below(n: number): number {
    return Math.floor((this.word() / 2 ** 32) * n);
  }

  /** In (0, 1). */
  uniform(): number {
    return (this.word() + 0.5) / 2 ** 32;
  }

  /** Normal with mean 0 and variance 1 (Box and Muller, 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}
