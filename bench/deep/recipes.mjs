// How the rows of docs/results.md#deep-boltzmann-machines are trained.
import { adam, linear } from 'boltzkit';

export const recipes = {
  layers: [784, 500, 1000],
  // The first layer as an RBM by the recipe 'best' of 250 passes, left after 100 of them at a rate of 0.086.
  first: { fit: { recipe: 'best', epochs: 250 }, stopAfter: 100 },
  // All layers, in three runs. This is what was run, and no recipe to copy: the units of the second layer freeze (docs/results.md).
  joint: [
    { fit: { recipe: 'best', epochs: 20, learningRate: 0.1, averageLast: 0, positiveSweeps: 3 } },
    { fit: { recipe: 'best', epochs: 60, learningRate: linear(0.1, { hold: 0 }), averageLast: 0.2, positiveSweeps: 2 }, stopAfter: 20 },
    { fit: { recipe: 'best', epochs: 20, learningRate: linear(0.065, { hold: 0 }), averageLast: 0.25, positiveSweeps: 2 } },
  ],
  // That of deep belief networks (bench/network/recipes.mjs), with fewer passes. Not run yet.
  fineTuning: {
    epochs: 20,
    batchSize: 100,
    optimiser: adam(),
    learningRate: linear(0.001, { hold: 0.1 }),
    dropout: { inputs: 0.2, hidden1: 0.4, hidden2: 0.4 },
  },
};
