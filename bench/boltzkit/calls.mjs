// Times whole `fit` calls through the public API, of several epochs each: what JavaScript adds to the native loop (`native`), and how many
// updates of a small machine go into a second (`small`).
import { batch, clock, repetitions, report, test } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';
import { errorOf, fitOptions, matrix, rows, startMachine } from './machine.mjs';

const epochs = test === 'small' ? work.smallEpochs : work.callEpochs;
const data = matrix(rows);
const parts = test === 'small' ? epochs * Math.floor(data.shape[0] / batch) : epochs;

const rbm = startMachine();
const mse = [errorOf(rbm)];
const seconds = [];
for (let call = 0; call <= repetitions; call++) {
  const begin = clock();
  await rbm.fit(data, { ...fitOptions, epochs });
  if (call > 0) seconds.push((clock() - begin) / parts);
}
mse.push(errorOf(rbm));
report('boltzkit', seconds, { mse });
rbm.dispose();
