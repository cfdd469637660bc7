import type { LearningRateSchedule } from './learning-rate.js';

/** What stands for options that are left out: a run of a minute, or the long one behind the likelihoods in docs/results.md. */
export const recipeNames = ['usual', 'best'] as const;
export type RecipeName = (typeof recipeNames)[number];

/**
 * Both were chosen by measurement (docs/design-notes.md); persistent chains, the centred gradient and minibatches of at most 100 rows belong to
 * them.
 */
const lengths = { usual: { updates: 20_000, mostEpochs: Infinity }, best: { updates: 350_000, mostEpochs: 700 } } as const;

const recipe = { hold: 0.3, averageLast: 0.1, priorPrecision: 35, mostDecay: 0.001, fewWeights: 2 } as const;

/** Share of a run's last updates whose parameters are averaged. */
export const usualAverage: number = recipe.averageLast;

/** Persistent chains at least, and of a stream, whose parts may be single rows. */
export const usualChains = 100;

/** Rows per update. */
export function usualBatch(rows: number): number {
  return Math.min(100, rows);
}

/** Passes over `rows` rows. */
export function usualEpochs(rows: number, batchSize: number, name: RecipeName): number {
  const { updates, mostEpochs } = lengths[name];
  return Math.min(mostEpochs, Math.ceil(updates / Math.ceil(rows / batchSize)));
}

/**
 * The first learning rate of a run: smaller where states have no limit, because there an overshooting step makes the next one larger (Hinton
 * 2012, section 13.2).
 */
export function usualRate(optimiser: 'sgd' | 'adam', limited: boolean): number {
  if (optimiser === 'adam') return 0.001;
  return limited ? 0.1 : 0.005;
}

/** Rates that are held for a while and then fall to 0, so that the noise of minibatches and chains dies out. */
export function usualSchedule(from: number): LearningRateSchedule {
  return { schedule: 'linear', from, to: 0, hold: recipe.hold };
}

/**
 * L2 decay where there are more than two weights to a row, else 0: that of a Gaussian prior with precision 35, which counts the less the more rows
 * there are; at most 0.001, so that few rows can still be learnt by heart. None where states have no limit, whose weights have the units of the data.
 */
export function usualDecay(weights: number, rows: number, limited: boolean): number {
  if (!limited || weights <= recipe.fewWeights * rows) return 0;
  return Math.min(recipe.mostDecay, recipe.priorPrecision / rows);
}

/** What the defaults of a run depend on. */
export interface RecipeShape {
  readonly rows: number;
  readonly batch: number;
  /** Weights of all couplings. */
  readonly weights: number;
  /** Whether the states of all units have limits. */
  readonly limited: boolean;
}

/** What stands for options that are left out. */
export function usualSettings(
  name: RecipeName,
  { rows, batch, weights, limited }: RecipeShape,
): { epochs: number; l2: number; averageLast: number } {
  return { epochs: usualEpochs(rows, batch, name), l2: usualDecay(weights, rows, limited), averageLast: usualAverage };
}
