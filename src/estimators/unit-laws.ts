/**
 * The distribution of one unit, given the mean of its state: enough for all types whose mean fixes
 * it.
 */

import type { LayerSpec } from '../wiring/spec.js';
import { unitStates } from './row-cells.js';

/** log C(n, k) for k = 0 … n. */
function logChoices(n: number): Float64Array {
  const logs = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) logs[k] = (logs[k - 1] as number) + Math.log((n - k + 1) / k);
  return logs;
}

/** Units with finitely many states. */
export class FiniteLaw {
  /** Values of the places, state by state. */
  readonly states: readonly (readonly number[])[];
  readonly #type: string;
  readonly #size: number;
  readonly #choices: Float64Array;

  private constructor({ type, size }: LayerSpec, states: number[][]) {
    this.states = states;
    this.#type = type;
    this.#size = size;
    this.#choices = type === 'binomial' ? logChoices(size) : new Float64Array(0);
  }

  /** Null of units with too many states, or without end. */
  static of(layer: LayerSpec): FiniteLaw | null {
    const states = unitStates(layer);
    return states && new FiniteLaw(layer, states);
  }

  /**
   * log p of every state, written to `out` from `at`, of the unit with these means of its places.
   */
  write(mean: ArrayLike<number>, out: Float64Array, at: number): void {
    if (this.#type === 'softmax') {
      for (let k = 0; k < this.#size; k++) out[at + k] = Math.log(mean[k] as number);
      return;
    }
    const m = mean[0] as number;
    if (this.#type === 'spin') out.set([Math.log((1 - m) / 2), Math.log((1 + m) / 2)], at);
    else if (this.#type === 'bernoulli') out.set([Math.log1p(-m), Math.log(m)], at);
    else this.#writeTrials(m / this.#size, out, at);
  }

  #writeTrials(p: number, out: Float64Array, at: number): void {
    const [yes, no] = [Math.log(p), Math.log1p(-p)];
    for (let k = 0; k <= this.#size; k++) {
      const successes = k === 0 ? 0 : k * yes;
      const failures = k === this.#size ? 0 : (this.#size - k) * no;
      out[at + k] = (this.#choices[k] as number) + successes + failures;
    }
  }

  /** The means of a unit whose states are all about as likely as each other. */
  get even(): readonly number[] {
    if (this.#type === 'softmax') return new Array<number>(this.#size).fill(1 / this.#size);
    return [this.#type === 'spin' ? 0 : this.#type === 'bernoulli' ? 0.5 : this.#size / 2];
  }
}

/** log of the density of a normal variable. */
export function logNormal(x: number, mean: number, variance: number): number {
  return -((x - mean) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2;
}
