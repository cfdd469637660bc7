import type { RowsInput } from '../data/rows-input.js';
import type { FitOptions, PlaceClamp, SampleOptions } from './rbm-options.js';
import type { Matrix, Nats } from './results.js';
import type { Schedule, TemperatureOptions } from './sampling.js';

/** Rows by the name of their layer, all with the same number of rows. */
export type LayerRows = Readonly<Record<string, RowsInput>>;

/** How to train a machine; `validation` has rows of the same layers as the data. */
export type MachineFitOptions = Omit<FitOptions, 'validation'> & {
  /** Rows that are only watched. */
  readonly validation?: LayerRows;
};

/** What chains of a machine start from and hold on to. */
export interface MachineStart {
  /** States to start from by layer, one row per chain (no means or probabilities between states); the other layers are drawn in turn, given those that have states. */
  readonly start?: LayerRows;
  /**
   * By layer: rows (one for all chains or one per chain) whose missing values (NaN) stay free, or some of its places with their values.
   */
  readonly clamp?: Readonly<Record<string, RowsInput | PlaceClamp>>;
  /** Ends the call between two sweeps; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How to draw samples from a machine. */
export type MachineSampleOptions = Omit<SampleOptions, 'start' | 'clamp'> &
  MachineStart & {
    /** The layer whose states come back. Default: the first. */
    readonly layer?: string;
  };

/** How to begin chains that stay. */
export type MachineChainOptions = MachineStart & Pick<TemperatureOptions, 'beta' | 'ladder'>;

/** States of low energy, lowest first. */
export interface Annealed {
  /** E(s), [n], in nats. */
  readonly energies: Nats;
  /** By layer, [n, places]. */
  readonly states: Readonly<Record<string, Matrix>>;
}

/** How to look for states of low energy. */
export type AnnealOptions = MachineStart & {
  /** Sweeps, at most 2²⁴. Default 1000. */
  readonly steps?: number;
  /**
   * Inverse temperatures by sweep. Default: evenly in the logarithm from 0.3 over the largest to 15 over the smallest of the energies that flips of
   * single units change: their width times √(b² + Σ w²) over the weights w of a unit with bias b (weights of neighbours times the size of their
   * states). Units below 10⁻⁴ of the largest do not count.
   */
  readonly schedule?: Schedule;
  /** Sweeps afterwards in which every unit takes its likeliest state. Default 100. */
  readonly quench?: number;
};
