/** Options of the Gaussian rating machine, and what a trained one knows of itself. */
import type { OptionCheck } from '../../arguments.js';
import { type Features, type ItemFeatures, readItemFeatures } from './gaussian-features.js';

/** Which sides have what was rated as a clamped layer. */
export type Conditional = 'both' | 'users' | 'items' | 'none';
export const conditionals: readonly Conditional[] = ['both', 'users', 'items', 'none'];

/** What a rating is. */
export type Visible = 'gaussian' | 'ordinal';

/** What users of the Gaussian rating machine may set. */
export interface GaussianOptions {
  /** Hidden units of a user, and components of an item, beside the biases. Default 32. */
  readonly hidden: number;
  /** Kept samples of the parameters. More are more exact and cost memory: items × 2 hidden floats each. Default 28. */
  readonly samples: number;
  /** Sweeps before the first sample. Default 40. */
  readonly burnIn: number;
  /** Sweeps for each sample. Default 6. */
  readonly thin: number;
  /** Which sides have what was rated as a clamped layer. Default 'both'. */
  readonly conditional: Conditional;
  /**
   * What a rating is: a number with normal noise ('gaussian', the default), or a latent value between cut
   * points ('ordinal'). Ordinal ratings cost about three times as much to train, and `recommend` much
   * more, because E[r] is then computed from the probabilities. Both give probabilities.
   */
  readonly visible: Visible;
  /**
   * Features of items, such as genres: a clamped layer of its own, which tells most about items with few
   * ratings. Pairs of an item's id and names of features. Default: none.
   */
  readonly itemFeatures?: ItemFeatures | undefined;
}

/** Names of the options. */
export const gaussianNames: readonly (keyof GaussianOptions)[] = [
  'hidden',
  'samples',
  'burnIn',
  'thin',
  'conditional',
  'visible',
  'itemFeatures',
];

/** What a trained machine is, beside what the addon holds. */
export interface GaussianSettings extends Omit<GaussianOptions, 'itemFeatures'> {
  /** Of items; undefined without. */
  readonly features: Features | undefined;
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
    hidden: check.integer('hidden', given.hidden, 32, 1, 512),
    samples: check.integer('samples', given.samples, 28, 1, 1000),
    burnIn: check.integer('burnIn', given.burnIn, 40, 0, 100_000),
    thin: check.integer('thin', given.thin, 6, 1, 100_000),
    conditional: check.oneOf('conditional', given.conditional, 'both', conditionals),
    visible: check.oneOf('visible', given.visible, 'gaussian', ['gaussian', 'ordinal']),
    itemFeatures: readItemFeatures(check, given.itemFeatures),
  };
}
