/**
 * What evaluating a machine tells: here, below what evaluates, because the reports of a training
 * run carry it.
 */
import type { NdArray } from '../data/ndarray.js';

/** An estimate in nats and its 95 % interval. */
export interface Interval {
  /** The estimate itself. */
  readonly value: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/**
 * Where a log Z comes from: counted, annealed importance sampling in both directions, or parallel
 * tempering.
 */
export type PartitionMethod = 'exact' | 'ais-bracket' | 'ladder';

/** log Z in nats; `low` and `high` bound its 95 % interval. */
export interface Partition extends Interval {
  /** How it was found. */
  readonly method: PartitionMethod;
  /** Only of 'ais-bracket': log Z from annealing forward, which is low on average. */
  readonly forward?: Interval;
  /**
   * Only of 'ais-bracket': log Z from annealing samples of the machine in reverse, which is high on
   * average.
   */
  readonly reverse?: Interval;
  /** Only of 'ais-bracket': log Z from the tempered chains whose states are annealed in reverse. */
  readonly ladder?: Interval;
  /** Only of 'ais-bracket': `reverse` less `forward`, in nats. */
  readonly gap?: number;
}

/** How far an estimate is to be trusted. */
export interface Trust {
  /**
   * How many independent samples the estimate is worth: of the weights of annealing, or of a
   * ladder. Infinity for 'exact'.
   */
  readonly effectiveSampleSize: number;
  /**
   * Whether `low` and `high` are to be trusted as a 95 % interval: the value is exact, or nothing
   * that was looked at speaks against it. What is looked at: weights that are not all on a few
   * chains; both directions of annealing, which agree to one nat; a ladder of tempered chains,
   * which agrees too; and whether tempered chains came up from independent units or annealing
   * reached all of their states. Otherwise the interval spans all witnesses, and `warnings` say
   * why. A mode that no start finds stays unseen.
   */
  readonly converged: boolean;
  /** Plain sentences; empty when there is nothing to say. */
  readonly warnings: readonly string[];
}

/** log Z and how far to trust it. */
export type PartitionEstimate = Partition & Trust;

/** The mean log-likelihood of rows, in nats. */
export interface LogLikelihood {
  /** Mean over the rows. */
  readonly mean: number;
  /** 95 % interval of the mean over just these rows: it carries the uncertainty of log Z. */
  readonly low: number;
  /** Upper end of it. */
  readonly high: number;
  /** `mean` over the number of places in a row. */
  readonly perDimension: number;
  /**
   * Standard deviation over the rows, over √n: how far the mean may lie from that of other rows of
   * the same kind.
   */
  readonly standardError: number;
}

/** What a machine makes of rows. */
export interface Evaluation extends Trust {
  /** The mean log-likelihood. */
  readonly logLikelihood: LogLikelihood;
  /** The log Z it rests on. */
  readonly logZ: Partition;
  /** Log-likelihood of every row, [n], in nats, in double precision. */
  readonly logLikelihoods: NdArray<Float64Array>;
}
