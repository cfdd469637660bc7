// What boltzkit's own drivers share: the machine with the start weights, the rows, and the settings that make its work that of the peers.
import { RBM } from 'boltzkit';
import { batch, hidden, readRows, readStart, reconstructionError, test, threads, visible } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

export const fitOptions = Object.freeze({
  ...trainingOf(test),
  batchSize: batch,
  optimiser: { name: 'sgd', momentum: work.momentum },
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
  rbm.setParameter('visible-hidden.weights', { data: weights, shape: [visible, hidden] });
  rbm.setParameter('visible.bias', visibleBias);
  rbm.setParameter('hidden.bias', hiddenBias);
  return rbm;
}

export const matrix = (data) => ({ data, shape: [data.length / visible, visible] });
export const rows = readRows();

export const errorOf = (rbm) =>
  reconstructionError(
    {
      weights: rbm.getParameter('visible-hidden.weights').data,
      visibleBias: rbm.getParameter('visible.bias').data,
      hiddenBias: rbm.getParameter('hidden.bias').data,
    },
    rows,
  );
