/** How gradients become steps of a network, and the options that belong to each way. */
import type { Entry } from '../training/entry.js';
import { type Chosen, choose, type Named } from '../training/named-options.js';
import { type Optimiser, optimisers } from '../training/optimisers.js';

/** Options of L-BFGS. */
export interface LbfgsOptions {
  /** Pairs of steps and gradient changes that stand for the curvature, 1 to 1000. Default 10. */
  readonly history?: number | undefined;
  /** Steps that are taken on each minibatch, 1 to 1000. Default 5. */
  readonly iterations?: number | undefined;
}

/** L-BFGS with its options, as {@link lbfgs} makes it. */
export type Lbfgs = Named<'lbfgs'> & LbfgsOptions;

/** An optimiser of networks, as `sgd()`, `adam()` and {@link lbfgs} make it. */
export type NetworkOptimiser = Optimiser | Lbfgs;

/** The word for an optimiser with its usual options. */
export type NetworkOptimiserName = NetworkOptimiser['name'];

/**
 * Limited-memory BFGS with a line search (Nocedal 1980; Liu & Nocedal 1989), for minibatches of
 * some thousand rows or all rows at once. It finds the length of its steps itself.
 */
export const lbfgs = (options: LbfgsOptions = {}): Lbfgs => choose('lbfgs', networkOptimisers, 'lbfgs', options);

const history: Entry<number> = { read: (check, name, value) => check.integer(name, value, 10, 1, 1000) };
const iterations: Entry<number> = { read: (check, name, value) => check.integer(name, value, 5, 1, 1000) };

/** Every optimiser and what belongs to it, the usual one first. */
export const networkOptimisers = {
  adam: optimisers.adam,
  sgd: optimisers.sgd,
  lbfgs: { history, iterations },
} as const satisfies Record<NetworkOptimiserName, Record<string, Entry<unknown>>>;

/** An optimiser whose every option has its value: plain data, for files. */
export type NetworkOptimiserSettings = Chosen<typeof networkOptimisers>;
