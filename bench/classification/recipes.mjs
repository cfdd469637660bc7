// How the machines of mnist.mjs are trained. The rates fall linearly to 0; the epoch is chosen on validation rows. Pixels are drawn anew
// each time a row is used: without that, the training digits are soon known by heart (500 units: 2.2 % wrong on validation digits, with it 1.6 %).
import { cd, sgd } from 'boltzkit';

const common = {
  ...{ batchSize: 50, optimiser: sgd({ momentum: 0.9 }), averageLast: 0, l2: 0, monitorRows: 100, monitorBudget: 0 },
  dynamicBinarisation: true,
  earlyStopping: { patience: 15 },
};

export const recipes = {
  discriminative: { hidden: 500, rate: 0.2, fit: { ...common, objective: 'discriminative', epochs: 40 } },
  hybrid: { hidden: 1500, rate: 0.2, fit: { ...common, objective: { hybrid: 0.01 }, algorithm: cd(), epochs: 40 } },
  generative: { hidden: 500, rate: 0.02, fit: { ...common, objective: 'generative', algorithm: cd(), epochs: 15 } },
};
