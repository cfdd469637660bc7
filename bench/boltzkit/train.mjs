// Trains through the public API. The epoch times are the run's own reports; `wall` is the time of the whole `fit` call per epoch, with
// packing the rows and everything that JavaScript does.
import { backendInfo } from 'boltzkit';
import { clock, repetitions, report } from '../lib/driver.mjs';
import { errorOf, fitOptions, matrix, rows, startMachine } from './machine.mjs';

const rbm = startMachine();
const mse = [errorOf(rbm)];
await rbm.fit(matrix(rows), { ...fitOptions, epochs: 1 }); // warms up
const begin = clock();
const epochs = await rbm.fit(matrix(rows), { ...fitOptions, epochs: repetitions });
const wall = (clock() - begin) / repetitions;
mse.push(errorOf(rbm));
report(
  'boltzkit',
  epochs.map((epoch) => epoch.seconds),
  { mse, wall, note: `kernels: ${backendInfo().isa}` },
);
rbm.dispose();
