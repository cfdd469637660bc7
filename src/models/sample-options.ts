/** What chains start from, hold on to and come back as. */
import type { RowsInput } from '../data/rows-input.js';
import type { Patience } from '../machine/patience.js';
import type { Matrix, Nats } from './results.js';
import type { SweepBetas, TemperatureOptions } from './sampling.js';

/** Some places of a layer that keep a value. */
export interface PlaceClamp {
  /** Numbers of places, each once. */
  readonly indices: ArrayLike<number>;
  /** One value per index, for all chains or per chain [n, indices]. */
  readonly values: RowsInput;
}

/** What chains start from and hold on to. `Rows` and `Clamp` are rows and clamps as the model takes them. */
export interface ChainStart<Rows, Clamp> extends Patience {
  /**
   * States to start from, one row per chain (no means or probabilities between states). Layers without are drawn in turn, given those that have
   * states; without any the first is drawn from its biases.
   */
  readonly start?: Rows | undefined;
  /**
   * Rows (one for all chains or one per chain) whose missing values (NaN) stay free, or some of the places of a layer with their values:
   * `{ indices, values }`.
   */
  readonly clamp?: Clamp | undefined;
}

/** How to begin chains that stay. */
export type ChainsOptions<Rows, Clamp> = ChainStart<Rows, Clamp> & Pick<TemperatureOptions, 'beta' | 'ladder'>;

/** How to draw samples. */
export type SampleOptions<Rows, Clamp, Layer extends string = string> = ChainStart<Rows, Clamp> &
  TemperatureOptions & {
    /** Gibbs sweeps of every chain. 0 returns the start states. Default 1000. */
    readonly sweeps?: number | undefined;
    /** 'sample': states; 'mean': the conditional means behind the last draw. Default 'sample'. */
    readonly output?: 'sample' | 'mean' | undefined;
    /** The layer whose states come back. Default: the first. */
    readonly layer?: Layer | undefined;
  };

/** How to look for states of low energy. */
export type AnnealOptions<Rows, Clamp> = ChainStart<Rows, Clamp> & {
  /** Sweeps, at most 2²⁴. Default 1000. */
  readonly sweeps?: number | undefined;
  /**
   * Inverse temperatures by sweep. Default: evenly in the logarithm from 0.3 over the largest to 15 over the smallest of the energies that flips
   * of single units change: their width times √(b² + Σ w²) over the weights w of a unit with bias b (weights of neighbours times the size of their
   * states). Units below 10⁻⁴ of the largest do not count.
   */
  readonly betas?: SweepBetas | undefined;
  /** Sweeps afterwards in which every unit takes its likeliest state. Default 100. */
  readonly quench?: number | undefined;
};

/** States of low energy, lowest first. */
export interface Annealed<Layer extends string = string> {
  /** E(s), [n], in nats. */
  readonly energies: Nats;
  /** By layer, [n, places]. */
  readonly states: { readonly [K in Layer]: Matrix };
  /** The chain that each came from, [n]: with clamps or starts per chain, the number of its row. */
  readonly chains: readonly number[];
}
