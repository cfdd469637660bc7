/** What numbers in a file may be. */
import type { ValueCheck } from '../io/tensor-stock.js';
import type { Domain } from '../machine/pack.js';

const largestFloat = 2 ** 128 - 2 ** 104;
const mostWords = 2 ** 24;

/** Whether all numbers are finite in single precision. A plain loop: some tensors have a hundred million elements. */
export function areFinite(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (!(x >= -largestFloat && x <= largestFloat)) return false;
  }
  return true;
}

/** Numbers that are finite in single precision too, of at least `low` and at most `high`. */
export function finite(low = -largestFloat, high = largestFloat): ValueCheck {
  return (values) =>
    low === -largestFloat && high === largestFloat && areFinite(values)
      ? undefined
      : firstBad(values, (x) => x >= low && x <= high, `finite numbers from ${shown(low)} to ${shown(high)}`);
}

/** Whole numbers from `low` to `high`. */
export function whole(low: number, high: number): ValueCheck {
  return (values) => firstBad(values, (x) => x >= low && x <= high && Number.isInteger(x), `whole numbers from ${low} to ${high}`);
}

/** Inverse temperatures. */
export const betas: ValueCheck = finite(0);

/** Inverse temperatures that rise, at least two. */
export const ladder: ValueCheck = (values) => {
  const rising = values.length >= 2 && values.every((beta, k) => k === 0 || beta > (values[k - 1] as number));
  return betas(values, values.length) ?? (rising ? undefined : 'of at least two inverse temperatures that rise');
};

/** A layer, as far as its states are concerned. */
export interface StateDomain extends Domain {
  /** Whether the places of a unit add up to 1 (softmax) or are words of a document (counts), if it has several. */
  readonly type: string;
}

/** States of a layer, one row per chain. */
export function states(domain: StateDomain): ValueCheck {
  const { low, high, integers, group, type } = domain;
  const inside = `${integers ? 'whole numbers' : 'numbers'} from ${shown(low)} to ${shown(high)}`;
  return (values, cols) => {
    const wrong = firstBad(values, (x) => x >= low && x <= high && (!integers || Number.isInteger(x)), inside);
    if (wrong !== undefined || type === '' || (type !== 'softmax' && type !== 'counts')) return wrong;
    return unitSums(values, type === 'softmax' ? (group as number) : cols, type);
  };
}

function unitSums(values: Float32Array | Float64Array, size: number, type: string): string | undefined {
  for (let first = 0; first < values.length; first += size) {
    let sum = 0;
    for (let k = first; k < first + size; k++) sum += values[k] as number;
    if (type === 'softmax' && !(Math.abs(sum - 1) <= 1e-4)) return `whose units of ${size} places add up to 1, got ${sum}`;
    if (type === 'counts' && sum > mostWords) return `of at most ${mostWords} words to a row, got ${sum}`;
  }
  return undefined;
}

function firstBad(values: Float32Array | Float64Array, good: (x: number) => boolean, expected: string): string | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!good(values[i] as number)) return `of ${expected}, got ${values[i]} at place ${i}`;
  }
  return undefined;
}

function shown(x: number): string {
  return Math.abs(x) >= 1e6 ? x.toPrecision(3) : String(x);
}

/** What parameters of a machine may be, as setting them has it. */
export const parameterValues: ValueCheck = finite(-1e18, 1e18);
