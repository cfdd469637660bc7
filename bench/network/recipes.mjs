// How the rows of docs/results.md#deep-belief-networks are trained. Chosen on 50,000 training digits, with the other 10,000 to judge by:
// dropout and rate of fine-tuning, decay of the autoencoder, rates and chains of up-down (by runs of eight epochs), few labels and self-training
// (one or two draws). First guesses: the widths of fine-tuning, `bound`.
import { adam, cd, linear, pcd } from 'boltzkit';

const cooled = (from, hold = 0.1) => linear(from, { hold });

const dropping = (rate) => ({ inputs: 0.2, hidden1: rate, hidden2: rate, hidden3: rate });
const few = (rate, rates) => ({ batchSize: 100, optimiser: adam(), learningRate: cooled(0.001), dropout: dropping(rate), rates });

export const recipes = {
  fineTuning: {
    pretraining: { layers: [784, 1024, 1024, 2048], fit: { algorithm: pcd(), epochs: 15 } },
    fit: {
      epochs: 45,
      batchSize: 100,
      optimiser: adam(),
      learningRate: cooled(0.001),
      dropout: dropping(0.4),
    },
  },
  fewLabels: {
    pretraining: {
      layers: [784, 500, 500, 2000],
      fit: { algorithm: pcd(), epochs: 30, transposed: false, levels: [{}, {}, { epochs: 10, learningRate: cooled(0.3, 0.3) }] },
    },
    // Updates, not epochs: a hundred rows are one minibatch. A hundred labels stay close to what was pretrained. `selfTraining` learns
    // from all digits, with the options of `fit`.
    byLabels: {
      100: { updates: 2000, fit: few(0.5, { hidden1: 0.1, hidden2: 0.1, hidden3: 0.3 }), selfTraining: { rounds: 5 } },
      1000: { updates: 2000, fit: few(0.4, {}), selfTraining: {} },
      10000: { updates: 5000, fit: few(0.4, {}), selfTraining: { rounds: 3, epochs: 5, labelledShare: 0.4 } },
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
