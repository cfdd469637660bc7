/** Patterns of spins as users have them, and the couplings that store them. */
import { describeRows } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { Turns } from '../machine/turns.js';

/** Rows of spins ±1, row-major. */
export interface Patterns {
  readonly rows: number;
  readonly spins: Float32Array;
}

/**
 * Reads patterns [n, units] of spins: all values −1 or +1, or all values 0 or 1, where 0 stands for
 * −1. Rows of ones alone are the same in both.
 */
export function readPatterns(call: string, argument: string, patterns: unknown, units: number): Patterns {
  const host = describeRows(patterns, units, { call, argument, units: 'units' });
  const values = toFloat64(host);
  const bits = values.includes(0);
  const bad = values.findIndex((value) => value !== 1 && value !== (bits ? 0 : -1));
  if (bad >= 0) {
    const place = `[${Math.floor(bad / units)}, ${bad % units}]`;
    throw new ParameterError(`${call}: \`${argument}\` must hold values −1 and +1, or 0 and 1, got ${got(values[bad])} at ${place}`);
  }
  return { rows: host.rows, spins: Float32Array.from(values, (value) => (value === 0 ? -1 : value)) };
}

/** How patterns become couplings. */
export type StorageRule = 'hebbian' | 'pseudo-inverse' | 'storkey';
/** All of them, the usual one first. */
export const storageRules: readonly StorageRule[] = ['hebbian', 'pseudo-inverse', 'storkey'];

/** Couplings [units, units] that store patterns: symmetric, with a zero diagonal. Costs patterns × units² operations. */
export async function couplingsOf(rule: StorageRule, patterns: Patterns, units: number, turns: Turns): Promise<Float64Array> {
  const W = new Float64Array(units ** 2);
  if (rule === 'storkey') await addStorkey(W, patterns, units, turns);
  else await addOuter(W, rule === 'hebbian' ? scaled(patterns, units) : await orthonormal(patterns, units, turns), units, turns);
  for (let i = 0; i < units; i++) {
    W[i * units + i] = 0;
    for (let j = 0; j < i; j++) W[i * units + j] = W[j * units + i] as number;
  }
  return W;
}

function scaled({ rows, spins }: Patterns, units: number): Float64Array[] {
  return Array.from({ length: rows }, (_, m) => Float64Array.from(spins.subarray(m * units, (m + 1) * units), (s) => s / Math.sqrt(units)));
}

/** What is left of a pattern, as a part of its length, if it is a combination of others. */
const dependent = 1e-9;

/** An orthonormal basis of what the patterns span (Gram and Schmidt, each pattern twice against rounding). */
async function orthonormal(patterns: Patterns, units: number, turns: Turns): Promise<Float64Array[]> {
  const basis: Float64Array[] = [];
  for (const vector of scaled(patterns, units)) {
    for (const b of [...basis, ...basis]) {
      const along = dot(b, vector);
      for (let i = 0; i < units; i++) vector[i] = (vector[i] as number) - along * (b[i] as number);
    }
    const length = Math.sqrt(dot(vector, vector));
    if (length > dependent) basis.push(vector.map((x) => x / length));
    await turns.give();
  }
  return basis;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

/** W += Σ v vᵀ above the diagonal. */
async function addOuter(W: Float64Array, vectors: readonly Float64Array[], units: number, turns: Turns): Promise<void> {
  for (let i = 0; i < units; i++) {
    for (const v of vectors) {
      const x = v[i] as number;
      for (let j = i + 1, at = i * units + i + 1; j < units; j++, at++) W[at] = (W[at] as number) + x * (v[j] as number);
    }
    await turns.give();
  }
}

/**
 * ΔW_ij = (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j) / N with h_ij = Σ_(k ≠ i, j) W_ik ξ_k, pattern after pattern
 * (Storkey 1997, equations 3 and 4). With H_i = Σ_k W_ik ξ_k and a zero diagonal h_ij = H_i − W_ij ξ_j.
 */
async function addStorkey(W: Float64Array, { rows, spins }: Patterns, units: number, turns: Turns): Promise<void> {
  const H = new Float64Array(units);
  for (let m = 0; m < rows; m++) {
    const x = spins.subarray(m * units, (m + 1) * units);
    H.fill(0);
    for (let i = 0; i < units; i++) {
      for (let j = i + 1, at = i * units + i + 1; j < units; j++, at++) {
        H[i] = (H[i] as number) + (W[at] as number) * (x[j] as number);
        H[j] = (H[j] as number) + (W[at] as number) * (x[i] as number);
      }
    }
    for (let i = 0; i < units; i++) {
      const [xi, hi] = [x[i] as number, H[i] as number];
      for (let j = i + 1, at = i * units + i + 1; j < units; j++, at++) {
        const xj = x[j] as number;
        W[at] = (W[at] as number) + (xi * xj - xi * (H[j] as number) - hi * xj + 2 * (W[at] as number)) / units;
      }
    }
    await turns.give();
  }
}
