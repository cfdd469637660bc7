/** How the gradient is estimated, and the options that belong to each way. */
import { readBetas } from './betas.js';
import type { Entry } from './entry.js';
import { type Chosen, choose, type Named } from './named-options.js';

/** Options of every algorithm that sweeps. */
export interface SweepOptions {
  /** Gibbs (or mean-field) sweeps per update: the k of CD-k. 1 to 2²⁰; default 1. */
  readonly sweeps?: number | undefined;
}

/** Options of algorithms with persistent chains. */
export interface ChainOptions extends SweepOptions {
  /**
   * Persistent chains. Default: `batchSize`, but at least 100, since few chains lose the modes of the machine. 'pt' has as many at every
   * inverse temperature, 'ptt' in every checkpoint; 'ptt' reports no log-likelihood from fewer than 16.
   */
  readonly chains?: number | undefined;
}

/** Options of fast weights. */
export interface FastOptions extends ChainOptions {
  /** Learning rate of the fast weights. Default 0.05. */
  readonly fastRate?: number | undefined;
  /** What is left of the fast weights after an update, in [0, 1). Default 0.95. */
  readonly fastDecay?: number | undefined;
}

/** Options of tempered chains. */
export interface TemperedOptions extends ChainOptions {
  /**
   * Inverse temperatures: how many (2 to 1000), then evenly spaced from 1/n to 1, or a list that rises to 1. Default 10. A list may begin
   * at 0 unless a layer has gaussian, relu or doubleRelu units.
   */
  readonly betas?: number | readonly number[] | Float64Array | undefined;
}

/** Options of trajectory tempering. */
export interface TrajectoryOptions extends ChainOptions {
  /** The most checkpoints of its own trajectory that a run keeps, each with parameters and chains of its own; 2 to 4096, default 64. */
  readonly reservoirs?: number | undefined;
  /** Another checkpoint is kept when swaps with the latest are accepted less often than this, in (0, 1). Default 0.3. */
  readonly acceptance?: number | undefined;
}

/** An algorithm with its options, as {@link cd}, {@link pcd} and the others make it. */
export type Algorithm =
  | (Named<'pcd'> & ChainOptions)
  | (Named<'cd'> & SweepOptions)
  | (Named<'fpcd'> & FastOptions)
  | (Named<'pt'> & TemperedOptions)
  | (Named<'ptt'> & TrajectoryOptions)
  | (Named<'mean-field'> & SweepOptions)
  | Named<'pseudo-likelihood'>
  | Named<'exact'>;

/** The word for an algorithm with its usual options. */
export type AlgorithmName = Algorithm['name'];

/** Persistent chains (Tieleman 2008): the default. */
export const pcd = (options: ChainOptions = {}): Algorithm => choose('pcd', algorithms, 'pcd', options);
/** Contrastive divergence: short chains that begin at the data (Hinton 2002). */
export const cd = (options: SweepOptions = {}): Algorithm => choose('cd', algorithms, 'cd', options);
/** Persistent chains driven by fast weights (Tieleman & Hinton 2009). */
export const fpcd = (options: FastOptions = {}): Algorithm => choose('fpcd', algorithms, 'fpcd', options);
/** Persistent chains at several temperatures that are swapped (Desjardins et al. 2010; Cho, Raiko & Ilin 2010). */
export const pt = (options: TemperedOptions = {}): Algorithm => choose('pt', algorithms, 'pt', options);
/**
 * Persistent chains that are swapped with those of earlier checkpoints of the same run (trajectory tempering: Bereux, Decelle,
 * Furtlehner, Rosset & Seoane 2024). Reports the log-likelihood while it trains.
 */
export const ptt = (options: TrajectoryOptions = {}): Algorithm => choose('ptt', algorithms, 'ptt', options);
/** Contrastive divergence without draws: mean-field sweeps from the data (Welling & Hinton 2002). */
export const meanField = (options: SweepOptions = {}): Algorithm => choose('meanField', algorithms, 'mean-field', options);

/** Sweeps within one update: far more than any chain needs between two changes of the weights. */
export const mostSweeps = 2 ** 20;

/** What the default of an algorithm's option depends on. */
export interface AlgorithmDefaults {
  /** Persistent chains unless an option says otherwise. */
  readonly chains: number;
}

type Row<T> = Entry<T, AlgorithmDefaults>;

const sweeps: Row<number> = {
  read: (check, name, value) => check.integer(name, value, 1, 1, mostSweeps),
  flag: { name: 'sweeps', value: 'k', kind: 'number', text: 'Gibbs sweeps per update (default: 1)' },
};
const chains: Row<number> = {
  read: (check, name, value, { chains }) => check.integer(name, value, chains, 1, 2 ** 31 - 1),
  flag: { name: 'chains', value: 'n', kind: 'number', text: 'persistent chains (default: as many as the batch, at least 100)' },
};
const betas: Row<readonly number[]> = {
  read: (check, name, value) => readBetas(check, name, value),
  flag: { name: 'betas', value: 'n', kind: 'number', text: 'inverse temperatures (default: 10)' },
};
const fastRate: Row<number> = {
  read: (check, name, value) => check.number(name, value, 0.05),
  flag: { name: 'fast-rate', value: 'rate', kind: 'number', text: 'learning rate of the fast weights (default: 0.05)' },
};
const fastDecay: Row<number> = {
  read: (check, name, value) => check.number(name, value, 0.95, 0, 1, true),
  flag: { name: 'fast-decay', value: 'factor', kind: 'number', text: 'what an update leaves of the fast weights (default: 0.95)' },
};
const reservoirs: Row<number> = {
  read: (check, name, value) => check.integer(name, value, 64, 2, 4096),
  flag: { name: 'reservoirs', value: 'n', kind: 'number', text: 'checkpoints of the run that are kept at most (default: 64)' },
};
const acceptance: Row<number> = {
  read: (check, name, value) => check.openFraction(name, value, 0.3),
  flag: { name: 'acceptance', value: 'share', kind: 'number', text: 'another checkpoint below this rate of swaps (default: 0.3)' },
};

/** Every algorithm and what belongs to it: the one list that reading, resuming and the command line follow. */
export const algorithms = {
  pcd: { sweeps, chains },
  cd: { sweeps },
  fpcd: { sweeps, chains, fastRate, fastDecay },
  pt: { sweeps, chains, betas },
  ptt: { sweeps, chains, reservoirs, acceptance },
  'mean-field': { sweeps },
  'pseudo-likelihood': {},
  exact: {},
} as const satisfies Record<AlgorithmName, Record<string, Row<unknown>>>;

/** All of them, the usual one first. */
export const algorithmNames = Object.keys(algorithms) as AlgorithmName[];

/** An algorithm whose every option has its value: plain data, for files. */
export type AlgorithmSettings = Chosen<typeof algorithms>;
