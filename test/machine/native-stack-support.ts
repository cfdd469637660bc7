/** A small stack of machines, and calls of the addon that look through one, for the tests of both. */
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeMachine, NativeRows } from '../../src/machine/native.js';
import type { NativeUpDownOptions } from '../../src/machine/native-up-down.js';
import { chainOptions, hidden, newMachine, newRows, trainerOptions } from './native-support.js';

export const above = 5;
export const categories = 3;

/** A machine on the hidden layer of the usual one, with labels. */
export function newLabelledTop(more: { device?: 'cpu' | 'reference' } = {}): NativeMachine {
  return newMachine({
    ...more,
    seed: 2n,
    weightScale: 0.5,
    layers: [
      { name: 'visible', type: 'bernoulli', units: hidden },
      { name: 'hidden', type: 'bernoulli', units: above },
      { name: 'labels', type: 'softmax', units: categories, size: categories },
    ],
    couplings: [
      [0, 1],
      [2, 1],
    ],
  });
}

export function labelRows(count: number): NativeRows {
  const rows = new hostBackend.addon.Rows(categories, 0, 1, 0, false, false, categories, false, 1, 1);
  const values = Float32Array.from({ length: count * categories }, (_, i) =>
    i % categories === Math.floor(i / categories) % categories ? 1 : 0,
  );
  rows.appendDense(values, 0, count, categories, 1, 1);
  return rows;
}

/** One level below the labelled top machine. */
export function upDownOptions(more: Partial<NativeUpDownOptions> = {}): NativeUpDownOptions {
  return {
    up: [newMachine({ seed: 5n, weightScale: 0.5 })],
    down: [newMachine({ seed: 6n, weightScale: 0.5 })],
    data: newRows(50),
    labels: { layer: 2, rows: labelRows(50) },
    sampleWeights: null,
    steps: 1,
    chains: 0,
    centred: true,
    offsetRate: 0.01,
    dreams: 'sample',
    epochs: 3,
    batchSize: 10,
    shuffle: true,
    optimiser: 'sgd',
    momentum: 0.5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    learningRates: Float64Array.of(0.1),
    l1: 0,
    l2: 0.001,
    averageLast: 0,
    monitorRows: 20,
    ...more,
  };
}

const seen = (count: number, draw: 'mean' | 'sample') => ({
  layer: 0,
  rows: newRows(count),
  through: { machines: [newMachine()], draw },
});

const plainTop = () =>
  newMachine({
    layers: [
      { name: 'visible', type: 'bernoulli', units: hidden },
      { name: 'hidden', type: 'bernoulli', units: 3 },
    ],
  });

export const stackCalls: Record<string, () => { target: object; member: string; args: unknown[] }> = {
  'freeEnergy through a machine': () => ({ target: plainTop(), member: 'freeEnergy', args: [[seen(2, 'mean')], true] }),
  'rowSums through a machine': () => ({ target: plainTop(), member: 'rowSums', args: [[seen(2, 'sample')]] }),
  'chains through a machine': () => ({
    target: plainTop(),
    member: 'chains',
    args: [chainOptions({ chains: 2, start: [seen(2, 'sample')] })],
  }),
  'trainer through a machine': () => ({
    target: plainTop(),
    member: 'trainer',
    args: [trainerOptions(newRows(1), { data: [seen(20, 'sample')], validation: [seen(4, 'mean')] }), null, false],
  }),
  upDownTrainer: () => ({
    target: newLabelledTop(),
    member: 'upDownTrainer',
    args: [
      upDownOptions({
        chains: 5,
        rates: Float64Array.of(1, 0.5, 1),
        sampleWeights: new Float64Array(50).fill(1),
        onDivergence: { retries: 1, factor: 0.5 },
      }),
      newLabelledTop().upDownTrainer(upDownOptions(), null, false).state(),
      false,
    ],
  }),
  'run of an upDownTrainer': () => ({
    target: newLabelledTop().upDownTrainer(upDownOptions(), null, false),
    member: 'run',
    args: [5, () => {}],
  }),
  beliefBound: () => ({
    target: newLabelledTop(),
    member: 'beliefBound',
    args: [{ up: [newMachine()], down: [newMachine()], rows: newRows(3), samples: 2 }],
  }),
};
