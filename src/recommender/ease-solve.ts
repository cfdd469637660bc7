/** From entries to the closed form, by the addon. */
import { ParameterError } from '../errors.js';
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeCouplings, NativeGram } from '../machine/native-ease.js';
import type { NativeRatings } from '../machine/native-ratings.js';
import type { Patience } from '../machine/patience.js';
import { type EaseShape, usualMemory } from './ease-options.js';
import { shareOf } from './progress-parts.js';

/** Who asks, and how. */
export interface Solving extends Patience {
  readonly call: string;
  readonly threads: number;
}

/** A share of the work: the same, with its progress as a fraction of all. */
export const partly = (solving: Solving, from: number, to: number): Solving => ({
  ...solving,
  onProgress: shareOf(solving.onProgress, from, to),
});

/** Weights of users, [users]: (number of entries)^−activity, 1 on average over users with entries. */
export function userWeights(counts: Uint32Array, activity: number): Float32Array | null {
  if (activity === 0) return null;
  const weights = Float64Array.from(counts, (n) => (n === 0 ? 0 : n ** -activity));
  let [sum, users] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    users += weight === 0 ? 0 : 1;
  }
  return Float32Array.from(weights, (weight) => (weight * users) / (sum || 1));
}

/** The Gram matrix of entries; `counts`: entries per user. */
export async function gramOf(ratings: NativeRatings, counts: Uint32Array, activity: number, solving: Solving): Promise<NativeGram> {
  const gram = new hostBackend.addon.Gram();
  await runJob(() => gram.compute(ratings, userWeights(counts, activity), solving.threads), solving);
  return gram;
}

/** What is added to the diagonal g of a Gram matrix. Items without entries count like those with one. */
export function ridgeOf(diagonal: Float64Array, { regularisation, popularity, dropout }: EaseShape): Float64Array {
  return diagonal.map((g) => regularisation * Math.max(g, 1) ** popularity + (dropout / (1 - dropout)) * g);
}

/** B and the diagonal of P. */
export async function solve(gram: NativeGram, shape: EaseShape, solving: Solving): Promise<NativeCouplings> {
  return runJob(() => gram.couplings(ridgeOf(gram.diagonal(), shape), solving.threads), solving);
}

/**
 * What scores of items are multiplied by: (precision)^spread over its geometric mean, so that scores
 * keep their size. A variance is one over a precision.
 */
export function scalesOf(precisions: Float64Array, spread: number): Float64Array {
  if (spread === 0) return new Float64Array(precisions.length).fill(1);
  let logs = 0;
  for (const precision of precisions) logs += Math.log(precision);
  const middle = logs / precisions.length;
  return precisions.map((precision) => Math.exp(spread * (Math.log(precision) - middle)));
}

/** Multiplies column j of a square matrix by scales[j], in place. */
export function scaleColumns(matrix: Float32Array, scales: Float64Array): void {
  const n = scales.length;
  for (let row = 0; row < n; row++) {
    const values = matrix.subarray(row * n, (row + 1) * n);
    for (let j = 0; j < n; j++) values[j]! *= scales[j] as number;
  }
}

/** Bytes that dense couplings of so many items take while they are made: the matrix in doubles twice (half of it each), and B. */
export const denseBytes = (items: number): number => items * items * (4 + 4 + 4);

/** Whether dense couplings of so many items can be had without a word about memory. */
export const fitsDensely = (items: number): boolean => denseBytes(items) <= usualMemory * 1e9;

/** @throws ParameterError where dense couplings would take more than `memory` gigabytes. */
export function refuseTooManyItems(call: string, items: number, memory: number, bytes = denseBytes(items)): void {
  const needed = bytes / 1e9;
  if (needed <= memory) return;
  throw new ParameterError(
    `${call}: dense couplings of ${items} items take ${needed.toFixed(1)} GB, more than \`memory\` (${memory} GB); ` +
      "take model 'ease-sparse', leave out items with few entries, or raise `memory`",
  );
}
