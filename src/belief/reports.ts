/** What the runs of a network tell. */
import type { NativeUpDownReport } from '../machine/native-up-down.js';
import type { EpochReport, Progress } from '../training/reports.js';

/** An epoch of one level of `pretrain`. Epochs and updates are those of the level. */
export interface LevelReport extends EpochReport {
  /** From 1: the level's number, which is that of the layer it learns. */
  readonly level: number;
  /** The name of that layer: 'hidden1' of the first level. */
  readonly layer: string;
}

/** Where a run of `pretrain` stands; epochs and updates are those of all levels together. */
export interface PretrainProgress extends Progress {
  /** The level that learns, from 1. */
  readonly level: number;
  /** The name of the layer it learns. */
  readonly layer: string;
}

/**
 * An epoch of `upDown`. Numbers are means over the same training rows at every epoch; null with
 * `monitorRows: 0`.
 */
export interface UpDownReport {
  /** Epochs completed in this run. */
  readonly epoch: number;
  /** Updates completed in this run. */
  readonly update: number;
  /** Time this epoch's updates took, metrics not counted. */
  readonly seconds: number;
  /** Learning rate of the last update. */
  readonly learningRate: number;
  /**
   * Per level below the top: −log p(layer | the layer above) of rows on their way up, in nats per
   * row.
   */
  readonly generative: readonly (number | null)[];
  /** Per level below the top: −log q(the layer above | layer) of dreams, in nats per row. */
  readonly recognition: readonly (number | null)[];
  /**
   * Of the top machine: mean free energy of its chains' states minus that of rows on their way up,
   * in nats.
   */
  readonly freeEnergyGap: number | null;
  /**
   * The share of validation rows that `classify` gets wrong; null in epochs that do not look, and
   * without validation rows.
   */
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
export function upDownReport(native: NativeUpDownReport, validationError: number | null): UpDownReport {
  const { step, generative, recognition, freeEnergyGap, ...same } = native;
  return {
    ...same,
    update: step,
    generative: generative.map(orNull),
    recognition: recognition.map(orNull),
    freeEnergyGap: orNull(freeEnergyGap),
    validationError,
  };
}

/** The numbers of a report, in words. */
export function upDownText({ generative, recognition, freeEnergyGap, validationError }: UpDownReport): string {
  const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? Number.NaN), 0);
  const part = (name: string, value: number | null, digits = 2) =>
    value === null || Number.isNaN(value) ? [] : [`${name} ${value.toFixed(digits)}`];
  return [
    ...part('generation', sum(generative)),
    ...part('recognition', sum(recognition)),
    ...part('free-energy gap', freeEnergyGap),
    ...part('validation error', validationError, 4),
  ].join(' ');
}
