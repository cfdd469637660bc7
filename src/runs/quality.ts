import { permutation, streams } from '../data/random.js';
import type { Gain } from '../training/hints.js';
import { fixed } from './format.js';
import type { Matrix } from './matrix.js';
import { hiddenLayer, isCountable, type RunModel } from './model.js';
import { columnsOf, givenRows, onlyMatrix, pickSet, type RowSet } from './rows.js';
import { type Estimate, estimateMean } from './statistics.js';

/**
 * Most rows that are looked at, and a bound on rows × visible × hidden, which is what the exact sum
 * costs: about a second.
 */
const MOST_ROWS = 1000;
const BUDGET = 5e8;

/** The exact log-pseudo-likelihood of some rows, drawn by the model's seed. */
export interface Quality extends Estimate {
  rows: number;
  /** What independent units that fit the training rows would reach; null where it is not known. */
  baseline: number | null;
  /** How far `mean` is above that. */
  gain: Gain | null;
}

/**
 * What a run ends with: the pseudo-likelihood over all units, with its standard error. The epochs'
 * own figure looks at a few units of every row.
 *
 * @param judged - Rows to judge by, unseen ones if there are any.
 * @param learnt - The training rows.
 * @returns Null for layers that have none (real numbers).
 */
export async function finalQuality(model: RunModel, judged: RowSet, learnt: RowSet, signal: AbortSignal): Promise<Quality | null> {
  const { layers } = model;
  if (!isCountable(model, judged)) return null;
  const affordable = Math.max(1, Math.floor(BUDGET / (columnsOf(judged) * (layers[hiddenLayer]?.places ?? 1))));
  const rows = Math.min(judged.rows, MOST_ROWS, affordable);
  const chosen = pickSet(judged, permutation(judged.rows, model.seed, streams.judgedRows).subarray(0, rows));
  const values = (await model.pseudoLikelihood(givenRows(chosen), { exact: true, signal })).data;
  const independent = layers.visible?.type === 'bernoulli' ? independentUnits(onlyMatrix(learnt), onlyMatrix(chosen)) : null;
  const gain = independent && estimateMean(values.map((value, r) => value - (independent[r] as number)));
  return { ...estimateMean(values), rows, baseline: independent && estimateMean(independent).mean, gain };
}

/**
 * Log-likelihood of each row of zeros and ones (or of probabilities) under units that know nothing
 * of each other, each with the mean that it has in the training rows: what learning has to beat.
 * Null for several layers.
 */
export function independentUnits(learnt: Matrix | null, chosen: Matrix | null): Float64Array | null {
  if (learnt === null || chosen === null) return null;
  const { cols } = learnt;
  const sums = new Float64Array(cols);
  learnt.data.forEach((value, at) => {
    sums[at % cols] = (sums[at % cols] as number) + value * learnt.scale;
  });
  // As if half a row of each kind had been seen besides: a unit that never changed is still
  // possible in either state.
  const means = sums.map((sum) => (sum + 0.5) / (learnt.rows + 1));
  const logs = new Float64Array(chosen.rows);
  chosen.data.forEach((value, at) => {
    const [mean, v] = [means[at % cols] as number, value * chosen.scale];
    const row = Math.floor(at / cols);
    logs[row] = (logs[row] as number) + v * Math.log(mean) + (1 - v) * Math.log1p(-mean);
  });
  return logs;
}

/** As a part of a sentence. */
export function qualityText({ mean, standardError, rows }: Quality, unseen: boolean): string {
  const where = `${rows} ${unseen ? 'validation' : 'training'} rows`;
  return `log-pseudo-likelihood ${fixed(mean)} ± ${fixed(standardError)} nats per row (exact, ${where})`;
}
