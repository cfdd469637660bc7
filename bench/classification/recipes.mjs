// How the machines of mnist.mjs are trained. Chosen on validation rows alone.
import { cd, sgd } from 'boltzkit';

const momentum = sgd({ momentum: 0.9 });
const plain = { batchSize: 100, averageLast: 0, l2: 0, monitorRows: 100, monitorBudget: 0 };

export const recipes = {
  discriminative: {
    hidden: 500,
    fit: { ...plain, objective: 'discriminative', optimiser: momentum, epochs: 40, earlyStopping: { patience: 12 } },
    rate: 0.05,
  },
  hybrid: {
    hidden: 1500,
    fit: { ...plain, objective: { hybrid: 0.01 }, algorithm: cd(), optimiser: momentum, epochs: 60, earlyStopping: { patience: 15 } },
    rate: 0.05,
  },
  generative: {
    hidden: 500,
    fit: { ...plain, objective: 'generative', algorithm: cd(), epochs: 30, earlyStopping: { patience: 15 } },
    rate: 0.05,
  },
};
