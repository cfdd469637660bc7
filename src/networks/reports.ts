import type { NativeNetworkReport } from '../machine/native-network.js';

/**
 * Metrics of a network at the end of an epoch, with nothing dropped. Losses and errors are means
 * per row.
 */
export interface NetworkReport {
  /** Epochs completed in this run. */
  readonly epoch: number;
  /** Updates completed in this run. */
  readonly update: number;
  /** Time this epoch's updates took, metrics not counted. */
  readonly seconds: number;
  /** Learning rate of the last update. */
  readonly learningRate: number;
  /**
   * Loss of at most `monitorRows` training rows, weighted as training is; null with `monitorRows:
   * 0`. Decay is not part of it.
   */
  readonly loss: number | null;
  /**
   * Of those rows: the share whose likeliest class is wrong, or of outputs that are no classes the
   * sum of squared differences.
   */
  readonly error: number | null;
  /** The same of all validation rows, which count alike; null without. */
  readonly validationLoss: number | null;
  /** The same of all validation rows, which count alike; null without. */
  readonly validationError: number | null;
  /** Root mean square of all weights. */
  readonly weightNorm: number;
  /**
   * How often this run has gone back to a good state so far (`onDivergence`). Epochs that it
   * repeats are reported again.
   */
  readonly rollbacks: number;
  /** What to know about the run, a sentence each. */
  readonly warnings: readonly string[];
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** A report as native code makes it, for users: null where there is no number. */
export function networkReport(native: NativeNetworkReport): NetworkReport {
  const { step, loss, error, validationLoss, validationError, ...same } = native;
  return {
    ...same,
    update: step,
    loss: orNull(loss),
    error: orNull(error),
    validationLoss: orNull(validationLoss),
    validationError: orNull(validationError),
  };
}

/** The numbers of a report, in words. */
export function reportText({ loss, error, validationLoss, validationError }: NetworkReport): string {
  const part = (name: string, value: number | null) => (value === null ? [] : [`${name} ${value.toPrecision(4)}`]);
  return [
    ...part('loss', loss),
    ...part('error', error),
    ...part('validation loss', validationLoss),
    ...part('validation error', validationError),
  ].join(', ');
}
