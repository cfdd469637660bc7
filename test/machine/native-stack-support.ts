/** Calls of the addon that look through machines, for the fuzz test. */
import { chainOptions, hidden, newMachine, newRows, trainerOptions } from './native-support.js';

const seen = (count: number, draw: 'mean' | 'sample') => ({
  layer: 0,
  rows: newRows(count),
  through: { machines: [newMachine()], draw },
});

const newTop = () =>
  newMachine({
    layers: [
      { name: 'visible', type: 'bernoulli', units: hidden },
      { name: 'hidden', type: 'bernoulli', units: 3 },
    ],
  });

export const stackCalls: Record<string, () => { target: object; member: string; args: unknown[] }> = {
  'freeEnergy through a machine': () => ({ target: newTop(), member: 'freeEnergy', args: [[seen(2, 'mean')], true] }),
  'rowSums through a machine': () => ({ target: newTop(), member: 'rowSums', args: [[seen(2, 'sample')]] }),
  'chains through a machine': () => ({
    target: newTop(),
    member: 'chains',
    args: [chainOptions({ chains: 2, start: [seen(2, 'sample')] })],
  }),
  'trainer through a machine': () => ({
    target: newTop(),
    member: 'trainer',
    args: [trainerOptions(newRows(1), { data: [seen(20, 'sample')], validation: [seen(4, 'mean')] }), null, false],
  }),
};
