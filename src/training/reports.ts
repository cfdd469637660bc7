/** What a training run tells. */
import type { Evaluation, Interval } from '../estimators/results.js';
import type { NativeEpochReport, NativeHealth } from '../machine/native.js';

/**
 * How well the model's chains mix: measured on copies of them, with the parameters held. Null where there is no such number: no chains, layers
 * that cannot be summed out, missing values.
 */
export interface Health {
  /** Integrated autocorrelation time of the energies of the negative phase's chains, in sweeps; 1: every sweep is new (Vehtari et al. 2021). */
  readonly autocorrelationTime: number | null;
  /** Independent draws that the watched chains and sweeps amount to. */
  readonly effectiveSampleSize: number | null;
  /** Split-R̂ of the energies (Gelman et al. 2013): 1 when chains agree with each other and with themselves; above 1.1 they do not. */
  readonly splitRhat: number | null;
  /** Mean free energy of chains started from noise minus that of chains started from data, 10 sweeps later, in nats; 0 when both forget. */
  readonly freeEnergyDrift: number | null;
  /** The largest singular values of the weights of the first coupling, at most 10, falling. */
  readonly singularValues: readonly number[];
  /** One sentence when the chains are out of equilibrium, null otherwise: their mean energy moves although the parameters do not. */
  readonly sentence: string | null;
}

/** How well a machine tells labels, exactly: of its softmax over all of them given a row. */
export interface LabelReport {
  /** Mean −log p(label | row) of at most `monitorRows` training rows, in nats. */
  readonly loss: number | null;
  /** The share of those rows of which another label is likelier. */
  readonly error: number | null;
  /** The same of all validation rows, which count alike; null without. */
  readonly validationLoss: number | null;
  /** The same of all validation rows, which count alike; null without. */
  readonly validationError: number | null;
}

/**
 * Metrics at the end of an epoch. Free energies and likelihoods are in nats per row; rows that lack
 * values are completed by a draw first. Means over training rows are weighted as training is
 * (`sampleWeights`), those over validation rows are plain.
 *
 * Where layers without data are coupled to each other or to themselves (deep machines) free
 * energies have no closed form: both gaps are then of their mean-field bounds, after
 * `positiveSweeps` sweeps. Null are: everything but `weightNorm` with `monitorRows: 0`; both gaps and
 * `pseudoLikelihood` where layers without data hold counts and are coupled so; `freeEnergyGap` without
 * validation rows; `chainFreeEnergyGap` for algorithms that draw no states; and `pseudoLikelihood` as said there.
 */
export interface EpochReport {
  /** Epochs completed in this run. */
  readonly epoch: number;
  /** Updates completed in this run. */
  readonly update: number;
  /** Time this epoch's updates took, metrics not counted. */
  readonly seconds: number;
  /** Learning rate of the last update. */
  readonly learningRate: number;
  /**
   * Log pseudo-likelihood (Besag 1975) of the validation rows if there are any, else of training rows. All epochs look at the same
   * rows and the same units, so that differences between epochs are learning. Null where it cannot be worked out: layers without data
   * that are coupled to each other or to themselves, data of counts and, unless all layers have data, of rectified units; data of
   * gaussian units too, if a layer without data beside them has more values than can be counted.
   */
  readonly pseudoLikelihood: number | null;
  /** Standard error of `pseudoLikelihood` over those rows and units: how far other ones may lie. */
  readonly pseudoLikelihoodError: number | null;
  /** What independent units, fitted to the training rows, would reach in place of `pseudoLikelihood`. A model that learns lies above. */
  readonly baseline: number | null;
  /** Mean free energy of validation rows minus that of training rows; it grows when the model over-fits. */
  readonly freeEnergyGap: number | null;
  /** Mean free energy of the negative phase's chains minus that of training rows; far from 0 when the chains lag behind the model. */
  readonly chainFreeEnergyGap: number | null;
  /** Root mean square of all weights. */
  readonly weightNorm: number;
  /** How often this run has gone back to a good state so far (`onDivergence`). Epochs that it repeats are reported again. */
  readonly rollbacks: number;
  /** What to know about the run (a constant column of Gaussian data, chains too few) or about this epoch's numbers, a sentence each. */
  readonly warnings: readonly string[];
  /** How well the chains mix; null in epochs in which `monitorBudget` leaves no time for it. The last epoch has it whenever one has. */
  readonly health: Health | null;
  /**
   * Mean log-likelihood of the rows behind `pseudoLikelihood`, with the 95 % interval that the
   * uncertainty of log Z leaves. Only with algorithm 'ptt' and at least 16 chains, for rows that
   * lack no value, of layers whose free energy has a closed form; otherwise null. Where rows have
   * finitely many states it never says that one of them is likelier than 1: an interval is cut
   * there, and one that lies beyond is null with a warning.
   */
  readonly logLikelihood: Interval | null;
  /** Of machines with labels; null of all others, and with `monitorRows: 0`. */
  readonly labels: LabelReport | null;
  /** Log-likelihood of the validation rows if there are any, else of training rows, in epochs that `evaluateEvery` names; else null. Rows count alike. */
  readonly evaluation: Evaluation | null;
}

/** Where a run stands; only the latest is handed on. */
export interface Progress {
  /** Updates completed. */
  readonly update: number;
  /** Updates of the whole run. */
  readonly updates: number;
  /** Epochs completed. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** update / updates. */
  readonly fraction: number;
  /** Seconds that are left at the pace so far; null before there is one. */
  readonly secondsLeft: number | null;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

function health({ autocorrelationTime, effectiveSampleSize, splitRhat, freeEnergyDrift, ...same }: NativeHealth): Health {
  return {
    autocorrelationTime: orNull(autocorrelationTime),
    effectiveSampleSize: orNull(effectiveSampleSize),
    splitRhat: orNull(splitRhat),
    freeEnergyDrift: orNull(freeEnergyDrift),
    ...same,
  };
}

function labelReport({ loss, error, validationLoss, validationError }: NonNullable<NativeEpochReport['labels']>): LabelReport {
  return {
    loss: orNull(loss),
    error: orNull(error),
    validationLoss: orNull(validationLoss),
    validationError: orNull(validationError),
  };
}

/** A report as native code makes it, for users: null where there is no number. */
export function epochReport(native: NativeEpochReport, evaluation: Evaluation | null): EpochReport {
  const { step, pseudoLikelihood, pseudoLikelihoodError, baseline, freeEnergyGap, chainFreeEnergyGap, ...same } = native;
  return {
    ...same,
    update: step,
    pseudoLikelihood: orNull(pseudoLikelihood),
    pseudoLikelihoodError: orNull(pseudoLikelihoodError),
    baseline: orNull(baseline),
    freeEnergyGap: orNull(freeEnergyGap),
    chainFreeEnergyGap: orNull(chainFreeEnergyGap),
    health: native.health === null ? null : health(native.health),
    labels: native.labels === null ? null : labelReport(native.labels),
    evaluation,
  };
}
