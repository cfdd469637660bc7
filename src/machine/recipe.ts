import type { LearningRateSchedule } from './learning-rate.js';

/**
 * What a run gets that is told nothing else: the recipe behind the likelihoods in docs/results.md. It was chosen on validation rows of MNIST
 * (784-500, docs/design-notes.md); persistent chains, the centred gradient and minibatches of 100 belong to it.
 */
const recipe = {
  updates: 350_000,
  mostEpochs: 700,
  holdFraction: 0.3,
  averageLast: 0.1,
  priorPrecision: 35,
  mostDecay: 0.001,
  fewWeights: 2,
} as const;

/** Share of a run's last updates whose parameters are averaged. */
export const usualAverage: number = recipe.averageLast;

/** Persistent chains where the size of a minibatch says nothing about them: of a stream, whose parts may be single rows, and at least of a ladder. */
export const usualChains = 100;

/** Passes over `rows` rows: 350,000 updates, but not more than 700 passes. */
export function usualEpochs(rows: number, batchSize: number): number {
  return Math.min(recipe.mostEpochs, Math.ceil(recipe.updates / Math.ceil(rows / batchSize)));
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
  return { schedule: 'linear', from, to: 0, holdFraction: recipe.holdFraction };
}

/**
 * L2 decay where there are more than two weights to a row, else 0: that of a Gaussian prior with precision 35, which counts the less the more rows
 * there are; at most 0.001, so that few rows can still be learnt by heart. None where states have no limit, whose weights have the units of the data.
 */
export function usualDecay(weights: number, rows: number, limited: boolean): number {
  if (!limited || weights <= recipe.fewWeights * rows) return 0;
  return Math.min(recipe.mostDecay, recipe.priorPrecision / rows);
}
