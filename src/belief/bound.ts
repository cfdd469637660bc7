/**
 * The variational bound of log p(v) (Salakhutdinov & Murray, "On the quantitative analysis of deep
 * belief networks", 2008, equation 16): log p(v) ≥ E_q[Σ_l log p(h_(l−1) | h_l) − F_top(h)] + H(q)
 * − log Z, with q the way up. The expectation is a mean over draws, log Z that of the top machine.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import { type EvaluateControl, type EvaluateOptions, readEvaluateOptions } from '../estimators/evaluate-options.js';
import { partitionWithin } from '../estimators/evaluation.js';
import type { Partition, Trust } from '../estimators/results.js';
import type { NativeRows } from '../machine/native.js';
import { rowsOfLevel } from './passes.js';
import type { BeliefStack } from './stack.js';

/** How the bound is estimated: log Z as by `RBM.evaluate`. */
export interface BoundOptions extends EvaluateOptions {
  /** Draws of the hidden layers per row; at least 2. Default 20. */
  readonly samples?: number | undefined;
}

/** The mean bound of rows, in nats. */
export interface MeanBound {
  /** Mean over the rows. */
  readonly mean: number;
  /** 95 % interval of the bound of just these rows: of log Z and of the draws. */
  readonly low: number;
  /** Upper end of it. */
  readonly high: number;
  /** `mean` over the number of visible places. */
  readonly perDimension: number;
  /**
   * Standard deviation over the rows, over √n: how far the mean may lie from that of other rows of
   * the same kind.
   */
  readonly standardError: number;
  /** Standard error of `mean` that the draws of the hidden layers leave. */
  readonly samplingError: number;
}

/** What a network makes of rows: a lower bound of their log-likelihood. */
export interface BeliefEvaluation extends Trust {
  /** The mean bound. */
  readonly bound: MeanBound;
  /** log Z of the top machine, which it rests on. */
  readonly logZ: Partition;
  /** The bound of every row, [n], in nats. */
  readonly bounds: NdArray<Float64Array>;
}

/** Options, checked. */
export interface BoundControl extends EvaluateControl {
  readonly samples: number;
}

/** Reads how the bound is to be estimated. */
export function readBoundOptions(call: string, options: unknown, untrained: boolean): BoundControl {
  const { samples, ...others } = readOptions(call, options, ['samples', 'method', 'chains', 'betas', 'warmup', 'signal', 'onProgress']);
  const control = readEvaluateOptions(call, others, untrained);
  return { ...control, samples: new OptionCheck(call).integer('samples', samples, 20, 2, 2 ** 24) };
}

/** Estimates the bound of rows; inside `exclusive` only. */
export async function boundWithin(stack: BeliefStack, call: string, rows: NativeRows, control: BoundControl): Promise<BeliefEvaluation> {
  const { up: top } = stack.top;
  const { signal } = control.patience;
  const half = Math.ceil(control.samples / 2);
  const terms = async (samples: number): Promise<Float64Array> => {
    if (stack.levels.length > 1) return top.run(call, () => top.native.beliefBound({ ...stack.halves, rows, samples }), { signal });
    // One level leaves nothing to draw.
    return (await top.run(call, () => top.native.rowSums([{ layer: 0, rows }]), { signal })).values;
  };
  // Two halves of the draws tell how far their mean may be off. Rows first: what is wrong with them shows before the long part.
  const [first, second] = [await terms(half), await terms(control.samples - half)];
  const share = half / control.samples;
  const start = [rowsOfLevel(stack, rows, stack.levels.length - 1, 'sample')];
  const { effectiveSampleSize, converged, warnings, ...logZ } = await partitionWithin(top, top.native, start, control, call);
  const values = first.map((value, r) => share * value + (1 - share) * (second[r] as number) - logZ.value);
  const spread = first.reduce((sum, value, r) => sum + share * (1 - share) * (value - (second[r] as number)) ** 2, 0);
  const samplingError = Math.sqrt(spread) / values.length;
  const bound = meanBound(values, logZ, samplingError, stack.places(0));
  return { bound, logZ, bounds: array(values, [values.length]), effectiveSampleSize, converged, warnings };
}

/** The mean over rows of bounds that rest on an estimate of log Z. */
export function meanBound(values: Float64Array, logZ: Partition, samplingError: number, places: number): MeanBound {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  const off = (side: number): number => Math.hypot(side, 1.96 * samplingError);
  return {
    mean,
    low: mean - off(logZ.high - logZ.value),
    high: mean + off(logZ.value - logZ.low),
    perDimension: mean / places,
    standardError: Math.sqrt(variance / n),
    samplingError,
  };
}
