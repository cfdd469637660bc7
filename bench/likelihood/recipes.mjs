// How the machines of bench/likelihood/mnist.mjs are trained. All settings were chosen on the 10,000 validation rows.

const falling = (from, holdFraction) => ({ schedule: 'linear', from, holdFraction });
const plainCd = (steps, epochs, rate) => ({
  rows: 'fixed',
  fit: { algorithm: 'cd', steps, epochs, batchSize: 100, learningRate: falling(rate, 0.5), centred: false, averageLast: 0 },
});

/** By name: the rows ('fixed': Larochelle's binarisation; 'grey': binarised anew in every epoch) and the options of `fit`. */
export const recipes = {
  best: { rows: 'fixed', fit: {} },
  rebinarised: { rows: 'grey', fit: { dynamicBinarisation: true } },
  cd1: plainCd(1, 100, 0.05),
  cd3: plainCd(3, 100, 0.05),
  cd25: plainCd(25, 60, 0.05),
};
