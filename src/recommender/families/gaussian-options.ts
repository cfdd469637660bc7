/** Options of the Gaussian rating machine, and what a trained one knows of itself. */
import type { OptionCheck } from '../../arguments.js';

/** Which sides have what was rated as a clamped layer. */
export type Conditional = 'both' | 'users' | 'items' | 'none';
export const conditionals: readonly Conditional[] = ['both', 'users', 'items', 'none'];

/** What users of the Gaussian rating machine may set. */
export interface GaussianOptions {
  /** Hidden units of a user, and components of an item, beside the biases. Default 16. */
  readonly hidden: number;
  /** Kept samples of the parameters. More are more exact and cost memory: items × 2 hidden floats each. Default 40. */
  readonly samples: number;
  /** Sweeps before the first sample. Default 50. */
  readonly burnIn: number;
  /** Sweeps for each sample. Default 4. */
  readonly thin: number;
  /** Which sides have what was rated as a clamped layer. Default 'both'. */
  readonly conditional: Conditional;
}

/** Names of the options. */
export const gaussianNames: readonly (keyof GaussianOptions)[] = ['hidden', 'samples', 'burnIn', 'thin', 'conditional'];

/** What a trained machine is, beside what the addon holds. */
export interface GaussianSettings extends GaussianOptions {
  readonly seed: bigint;
  readonly centre: number;
  readonly scale: number;
  /** Of the scale, rising. */
  readonly values: readonly number[];
  readonly items: number;
}

/** Reads and checks the options. */
export function readGaussian(check: OptionCheck, given: Readonly<Record<string, unknown>>): GaussianOptions {
  return {
    hidden: check.integer('hidden', given.hidden, 16, 1, 512),
    samples: check.integer('samples', given.samples, 40, 1, 1000),
    burnIn: check.integer('burnIn', given.burnIn, 50, 0, 100_000),
    thin: check.integer('thin', given.thin, 4, 1, 100_000),
    conditional: check.oneOf('conditional', given.conditional, 'both', conditionals),
  };
}
