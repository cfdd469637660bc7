/** How gradients become steps, and the options that belong to each way. */
import type { Entry } from './entry.js';
import { type Chosen, choose, type Named } from './named-options.js';

/** Options of stochastic gradient ascent. */
export interface SgdOptions {
  /** Momentum, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
}

/** Options of Adam. */
export interface AdamOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** What keeps the step finite, above 0. Default 1e-8. */
  readonly epsilon?: number | undefined;
}

/** An optimiser with its options, as {@link sgd} and {@link adam} make it. */
export type Optimiser = (Named<'sgd'> & SgdOptions) | (Named<'adam'> & AdamOptions);

/** The word for an optimiser with its usual options. */
export type OptimiserName = Optimiser['name'];

/** Stochastic gradient ascent, with momentum or without: the default. */
export const sgd = (options: SgdOptions = {}): Optimiser => choose('sgd', optimisers, 'sgd', options);
/** Adam (Kingma & Ba 2015). */
export const adam = (options: AdamOptions = {}): Optimiser => choose('adam', optimisers, 'adam', options);

const momentum: Entry<number> = {
  read: (check, name, value) => check.number(name, value, 0, 0, 1, true),
  flag: { name: 'momentum', value: 'm', kind: 'number', text: 'momentum (default: 0)' },
};
const beta1: Entry<number> = { read: (check, name, value) => check.number(name, value, 0.9, 0, 1, true) };
const beta2: Entry<number> = { read: (check, name, value) => check.number(name, value, 0.999, 0, 1, true) };
const epsilon: Entry<number> = { read: (check, name, value) => check.number(name, value, 1e-8, Number.MIN_VALUE) };

/** Every optimiser and what belongs to it. */
export const optimisers = { sgd: { momentum }, adam: { beta1, beta2, epsilon } } as const satisfies Record<
  OptimiserName,
  Record<string, Entry<unknown>>
>;

/** An optimiser whose every option has its value: plain data, for files. */
export type OptimiserSettings = Chosen<typeof optimisers>;
