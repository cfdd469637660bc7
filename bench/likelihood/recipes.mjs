// How the machines of bench/likelihood/mnist.mjs are trained. Settings were chosen on the 10,000 validation rows, those of `rebinarised` without any.

const cd = (steps, epochs, rate) => ({
  rows: 'fixed',
  fit: {
    algorithm: { name: 'cd', sweeps: steps },
    epochs,
    l2: 0,
    averageLast: 0,
    learningRate: { schedule: 'linear', from: rate, hold: 0.5 },
  },
});

/** By name: the rows ('fixed': Larochelle's binarisation; 'grey': binarised anew in every epoch) and the options of `fit`. */
export const recipes = {
  best: { rows: 'fixed', fit: {} }, // the defaults
  rebinarised: { rows: 'grey', fit: { dynamicBinarisation: true, epochs: 400, l2: 2e-4 } },
  cd1: cd(1, 10, 0.03),
  cd3: cd(3, 10, 0.05),
  cd25: cd(25, 40, 0.05),
};
