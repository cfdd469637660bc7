import { permutation } from '../data/random.js';
import type { RBM } from '../models/rbm.js';
import { fixed } from './format.js';
import { asRows, type Matrix, pickRows } from './matrix.js';
import { type Estimate, estimateMean } from './statistics.js';

/** Most rows that are looked at, and a bound on rows × visible × hidden, which is what the exact sum costs: about a second. */
const MOST_ROWS = 1000;
const BUDGET = 5e8;
const STREAM = 102;

/** The exact log-pseudo-likelihood of some rows, drawn by the model's seed. */
export interface Quality extends Estimate {
  rows: number;
}

/**
 * What a run ends with. The epochs' own figure looks at one unit per row and may be off by several nats; this one sums over all units
 * and comes with its standard error.
 */
export async function finalQuality(rbm: RBM, matrix: Matrix, signal: AbortSignal): Promise<Quality> {
  const affordable = Math.max(1, Math.floor(BUDGET / (rbm.visible * rbm.hidden)));
  const rows = Math.min(matrix.rows, MOST_ROWS, affordable);
  const chosen = pickRows(matrix, permutation(matrix.rows, rbm.seed, STREAM).subarray(0, rows));
  const values = await rbm.pseudoLikelihood(asRows(chosen), { exact: true, signal });
  return { ...estimateMean(values.data), rows };
}

/** As a part of a sentence. */
export function qualityText(quality: Quality, unseen: boolean): string {
  const where = `${quality.rows} ${unseen ? 'validation' : 'training'} rows`;
  return `log-pseudo-likelihood ${fixed(quality.mean)} ± ${fixed(quality.standardError)} nats per row (exact, ${where})`;
}
