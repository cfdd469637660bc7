import { keyOf, philox4x32 } from '../data/random.js';
import type { NativeMachine } from '../machine/native.js';

/** So that these words are none of those that the machine draws. */
const ownKey = 0x73636f72;

/** Random numbers that are a function of a machine's seed and of what it has drawn so far. */
export class Draws {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number];
  #block: readonly number[] = [];
  #blocks = 0;

  /** The machine must draw before the next ones are made, or they draw the same. */
  constructor(seed: bigint, native: NativeMachine) {
    const [low, high] = keyOf(seed);
    this.#key = [low ^ ownKey, high];
    const drawn = native.getCounters().reduce((sum, count) => sum + count, 0n);
    this.#stream = [Number(drawn & 0xffffffffn), Number((drawn >> 32n) & 0xffffffffn)];
  }

  /** In (0, 1). */
  uniform(): number {
    const at = this.#blocks % 4;
    if (at === 0) this.#block = philox4x32([Math.floor(this.#blocks / 4) >>> 0, 0, ...this.#stream], this.#key);
    this.#blocks += 1;
    return ((this.#block[at] as number) + 0.5) / 2 ** 32;
  }

  /** Standard normal (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}
