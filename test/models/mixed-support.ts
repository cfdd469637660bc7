/** Machines of mixed units as models with the parameters of an oracle. */
import { BoltzmannMachine, type BoltzmannMachineOptions, bernoulli, binomial, softmax, spin, type Units } from '../../src/index.js';
import { edgeWeights, type MixedMachine } from '../oracle/mixed.js';
import type { TestDevice } from './support.js';

const makers = {
  bernoulli: (n: number) => bernoulli(n),
  spin: (n: number) => spin(n),
  binomial,
  softmax: (n: number, k: number) => softmax(k, n / k),
};

/** A machine with the oracle's parameters. */
export function machineOf(oracle: MixedMachine, device: TestDevice, seed: number): BoltzmannMachine {
  const layers = oracle.layers.map(({ name, type, places, size }): [string, Units] => [name, makers[type](places, size)]);
  const couplings = oracle.couplings.map(({ a, b, edges }): BoltzmannMachineOptions['couplings'][number] => {
    const names = [oracle.layers[a]!.name, oracle.layers[b]!.name] as const;
    return edges === undefined ? names : [...names, { edges }];
  });
  const machine = new BoltzmannMachine({ layers: Object.fromEntries(layers), couplings, seed, device, threads: 2 });
  for (const { name, bias } of oracle.layers) machine.setParameter(`${name}.bias`, [bias]);
  for (const { a, b, weights, edges } of oracle.couplings) {
    const values = edges === undefined ? weights : [edgeWeights(oracle.layers[a]!, weights, edges)];
    machine.setParameter(`${oracle.layers[a]!.name}-${oracle.layers[b]!.name}.weights`, values);
  }
  return machine;
}
