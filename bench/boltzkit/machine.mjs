// What boltzkit's own drivers share: the machine with the start weights, the rows, and the settings that make its work that of the peers.
import { RBM } from 'boltzkit';
import { batch, hidden, readRows, readStart, reconstructionError, test, threads, visible } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

export const fitOptions = Object.freeze({
  ...trainingOf(test),
  batchSize: batch,
  momentum: work.momentum,
  l2: work.decay,
  centred: false,
  shuffle: false,
  initialiseFromData: false,
  averageLast: 0,
  monitorRows: 0,
});

export function startMachine() {
  const rbm = new RBM({ visible, hidden, seed: 1, threads });
  const { weights, visibleBias, hiddenBias } = readStart();
  rbm.weights = { data: weights, shape: [visible, hidden] };
  rbm.visibleBias = visibleBias;
  rbm.hiddenBias = hiddenBias;
  return rbm;
}

export const matrix = (data) => ({ data, shape: [data.length / visible, visible] });
export const rows = readRows();

export const errorOf = (rbm) =>
  reconstructionError({ weights: rbm.weights.data, visibleBias: rbm.visibleBias.data, hiddenBias: rbm.hiddenBias.data }, rows);
