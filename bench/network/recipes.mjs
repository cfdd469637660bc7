// How the rows of docs/results.md#deep-belief-networks are trained. Fine-tuning, dropout and decay were chosen on 50,000 training digits, with
// the other 10,000 to judge by; `fewLabels` and `bound` are first guesses.
import { adam, cd, linear, pcd } from 'boltzkit';

const cooled = (from, hold = 0.1) => linear(from, { hold });

export const recipes = {
  pretraining: { layers: [784, 500, 500, 2000], fit: { algorithm: pcd(), epochs: 30 } },
  fineTuning: {
    pretraining: { layers: [784, 1024, 1024, 2048], fit: { algorithm: pcd(), epochs: 15 } },
    fit: {
      epochs: 45,
      batchSize: 100,
      optimiser: adam(),
      learningRate: cooled(0.001),
      dropout: { inputs: 0.2, hidden1: 0.4, hidden2: 0.4, hidden3: 0.4 },
    },
  },
  fewLabels: {
    // Updates, not epochs: a hundred rows are one minibatch.
    updates: 3000,
    draws: 5,
    fit: {
      batchSize: 100,
      optimiser: adam(),
      learningRate: cooled(0.001),
      dropout: { inputs: 0.2, hidden1: 0.4, hidden2: 0.4, hidden3: 0.4 },
    },
  },
  upDown: {
    pretraining: {
      layers: [784, 500, 500, 2000],
      // The top level learns classes: it takes a high rate.
      fit: { algorithm: pcd(), epochs: 30, transposed: false, levels: [{}, {}, { epochs: 15, learningRate: cooled(0.6, 0.3) }] },
    },
    fit: { epochs: 100, sweeps: 1, chains: 100, learningRate: cooled(0.6, 0.3), rates: { up: 0.3, down: 0.3 } },
  },
  autoencoder: {
    layers: [784, 1000, 500, 250, 30],
    pretrain: { algorithm: cd(), epochs: 20 },
    fit: { epochs: 150, batchSize: 100, optimiser: adam(), learningRate: cooled(0.001), l2: 2e-5 },
  },
  bound: {
    layers: [784, 500, 2000],
    // The first level as the best RBM of docs/results.md, with fewer passes; the second starts from it, turned.
    pretrain: {
      activities: 'sample',
      levels: [
        { algorithm: pcd(), epochs: 250, l2: 0.0007, learningRate: linear(0.1, { hold: 0.3 }) },
        { algorithm: pcd(), epochs: 80, l2: 0.0002, learningRate: linear(0.1, { hold: 0.3 }), batchSize: 100 },
      ],
    },
  },
};
