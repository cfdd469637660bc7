import type { LearningRateSchedule } from './learning-rate.js';

/**
 * What stands for options that are left out: a run of a minute, or the long one behind the
 * likelihoods in docs/results.md.
 */
export const recipeNames = ['usual', 'best'] as const;
/** The name of a recipe. */
export type RecipeName = (typeof recipeNames)[number];

/**
 * Both were chosen by measurement (docs/design-notes.md); persistent chains, the centred gradient
 * and minibatches of at most 100 rows belong to them.
 */
const lengths = { usual: { updates: 30_000, mostEpochs: Infinity }, best: { updates: 350_000, mostEpochs: 700 } } as const;

/** Share of a run that the first rate is held for. */
const usualHold = 0.3;

/**
 * How often a run goes back to a good state: with rectified units more often, because correlated
 * data drive them to where the machine has no distribution.
 */
const usualRetries: Readonly<Record<Setting['states'], number>> = { limited: 0, gaussian: 3, rectified: 10 };

/** Share of a run's last updates whose parameters are averaged. */
export const usualAverage = 0.1;

/** Persistent chains at least, and of a stream, whose parts may be single rows. */
export const usualChains = 100;

/** What decides a recipe: the states of a machine's units, and the size of the data. */
export interface Setting {
  /** 'limited' states, 'gaussian' ones, or 'rectified' ones somewhere in the machine. */
  readonly states: 'limited' | 'gaussian' | 'rectified';
  /** Of the data. */
  readonly rows: number;
  /** Places of all layers with data. */
  readonly columns: number;
  /** Of the machine. */
  readonly weights: number;
}

/** Rows per update. */
export function usualBatch(rows: number): number {
  return Math.min(100, rows);
}

/** Passes over `rows` rows, at least one. */
export function usualEpochs(rows: number, batchSize: number, name: RecipeName): number {
  const { updates, mostEpochs } = lengths[name];
  return Math.min(mostEpochs, Math.max(1, Math.round(updates / Math.ceil(rows / batchSize))));
}

/**
 * The first learning rate of a run: smaller where states have no limit, because there an
 * overshooting step makes the next one larger (Hinton 2012, section 13.2), and smallest where
 * fields are multiplied by states that have none.
 */
export function usualRate(optimiser: 'sgd' | 'adam', states: Setting['states']): number {
  if (optimiser === 'adam') return 0.001;
  return { limited: 0.1, gaussian: 0.05, rectified: 0.005 }[states];
}

/** The rate of a stream, whose parts nobody looks at twice. */
export function streamRate(optimiser: 'sgd' | 'adam', states: Setting['states']): number {
  if (optimiser === 'adam') return 0.0005;
  return states === 'limited' ? 0.05 : 0.0025;
}

/**
 * Rates that are held for a while and then fall to 0, so that the noise of minibatches and chains
 * dies out.
 */
export function usualSchedule(from: number): LearningRateSchedule {
  return { schedule: 'linear', from, to: 0, hold: usualHold };
}

/**
 * L2 decay: that of a Gaussian prior, which counts the less the more rows there are. In the usual
 * recipe its precision grows with the columns: columns / (40 rows), rows counted as at least 100,
 * at most 0.03. In the best one it is 35 / rows, at most 0.001, where there are more than two
 * weights to a row and states have limits.
 */
export function usualDecay({ states, rows, columns, weights }: Setting, name: RecipeName): number {
  if (name === 'usual') return Math.min(0.03, columns / (40 * Math.max(rows, 100)));
  return states !== 'limited' || weights <= 2 * rows ? 0 : Math.min(0.001, 35 / rows);
}

/** What stands for the options of a run that are left out. */
export function usualSettings(
  name: RecipeName,
  batchSize: number,
  setting: Setting,
): { epochs: number; l2: number; averageLast: number; retries: number } {
  return {
    epochs: usualEpochs(setting.rows, batchSize, name),
    l2: usualDecay(setting, name),
    averageLast: usualAverage,
    retries: name === 'usual' ? usualRetries[setting.states] : 0,
  };
}

/** What states units have that have no limit. */
export function statesOf(layers: readonly { readonly type: string }[]): Setting['states'] {
  const types = layers.map(({ type }) => type);
  if (types.includes('relu') || types.includes('doubleRelu')) return 'rectified';
  return types.includes('gaussian') ? 'gaussian' : 'limited';
}
