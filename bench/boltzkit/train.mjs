// Trains the machine of work.mjs through the public API. The epoch times are the run's own reports; `wall` is the time of the whole
// `fit` call per epoch, with packing the rows and everything that JavaScript does.
import { backendInfo, RBM } from 'boltzkit';
import { clock, readRows, reconstructionError, repetitions, report, test, threads } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

const rows = readRows();
const data = { data: rows, shape: [rows.length / work.visible, work.visible] };
const rbm = new RBM({ visible: work.visible, hidden: work.hidden, seed: 1, threads });
const options = {
  ...trainingOf(test),
  batchSize: work.batch,
  momentum: work.momentum,
  l2: work.decay,
  centred: false,
  shuffle: false,
  initialiseFromData: false,
  monitorRows: 0,
};
const error = () => reconstructionError(rbm.weights.data, rbm.visibleBias.data, rbm.hiddenBias.data, rows);

await rbm.fit(data, { ...options, epochs: 1 }); // warms up
const mse = [error()];
const begin = clock();
const epochs = await rbm.fit(data, { ...options, epochs: repetitions });
const wall = (clock() - begin) / repetitions;
mse.push(error());
report(
  'boltzkit',
  epochs.map((epoch) => epoch.seconds),
  { mse, wall, note: `kernels: ${backendInfo().isa}` },
);
rbm.dispose();
