/** What evaluating a machine tells: here, below what evaluates, because a training run's reports carry it. */
import type { NdArray } from '../data/ndarray.js';

/** A value with the ends of its 95 % interval, in nats. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How log Z was found: every state counted; annealed importance sampling, forward from a base of independent units and in reverse from
 * samples of the machine; or replicas along a ladder of temperatures, linked by Bennett's acceptance ratio.
 */
export type PartitionMethod = 'exact' | 'ais-bracket' | 'ladder';

/** log Z, in nats. */
export interface Partition extends Interval {
  readonly method: PartitionMethod;
  /** Only of 'ais-bracket': log Z from annealing forward, low in expectation. */
  readonly forward?: Interval;
  /** Only of 'ais-bracket': log Z from annealing in reverse, high in expectation. */
  readonly reverse?: Interval;
  /** Only of 'ais-bracket': reverse − forward. */
  readonly gap?: number;
}

/** The mean log-likelihood of some rows, in nats per row. */
export interface LogLikelihood {
  readonly mean: number;
  /** Ends of the 95 % interval that comes from log Z. */
  readonly low: number;
  readonly high: number;
  /** mean / number of places. */
  readonly perDimension: number;
  /** Standard error of the mean over rows. */
  readonly standardError: number;
}

/** What a model says of some rows. */
export interface Evaluation {
  readonly logLikelihood: LogLikelihood;
  readonly logZ: Partition;
  /** Log-likelihood of every row, [n]. */
  readonly rows: NdArray<Float64Array>;
  /** Of the forward weights, or of the ladder; Infinity for 'exact'. */
  readonly effectiveSampleSize: number;
  /** Whether log Z can be relied on: exact, or a gap of at most 1 nat and a large enough effective sample size. */
  readonly converged: boolean;
  /** What is wrong, in plain sentences. */
  readonly warnings: readonly string[];
}
