/** Small networks of the addon, and calls of theirs that pass. */
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeRows } from '../../src/machine/native.js';
import type { NativeNetwork, NativeNetworkSpec, NativeNetworkTrainerOptions } from '../../src/machine/native-network.js';
import { newRows, visible } from './native-support.js';

export const classes = 3;

export function networkSpec(more: Partial<NativeNetworkSpec> = {}): NativeNetworkSpec {
  return {
    device: 'cpu',
    threads: 2,
    seed: 1n,
    inputs: visible,
    layers: [
      { kind: 'dropout', name: 'drop', rate: 0.2 },
      { kind: 'dense', name: 'hidden', type: 'spin', units: 4, size: 1, weightScale: 0.3 },
      { kind: 'dense', name: 'output', type: 'softmax', units: classes, size: classes, weightScale: 0.3 },
    ],
    ...more,
  };
}

export function newNetwork(more: Partial<NativeNetworkSpec> = {}): NativeNetwork {
  return new hostBackend.addon.Network(networkSpec(more));
}

/** Labels as one-hot rows, sparse. */
export function newLabels(count: number): NativeRows {
  const rows = new hostBackend.addon.Rows(classes, 0, 1, count, true, false, classes, false, 1, 1, count);
  rows.appendSparse(
    Uint32Array.from({ length: count + 1 }, (_, i) => i),
    Uint32Array.from({ length: count }, (_, i) => (i % 5) % classes),
    null,
  );
  return rows;
}

export function networkOptions(count: number, more: Partial<NativeNetworkTrainerOptions> = {}): NativeNetworkTrainerOptions {
  return {
    data: newRows(count),
    targets: newLabels(count),
    validation: { rows: newRows(4), targets: newLabels(4) },
    sampleWeights: new Float64Array(count).fill(1),
    loss: 'likelihood',
    epochs: 3,
    batchSize: 8,
    shuffle: true,
    optimiser: 'sgd',
    momentum: 0.5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    learningRates: Float64Array.of(0.1),
    rates: new Float64Array(4).fill(1),
    l1: 0,
    l2: 1e-4,
    maxNorm: 3,
    averageLast: 0,
    dropout: Float64Array.of(0.1),
    monitorRows: 20,
    onDivergence: { retries: 2, factor: 0.5 },
    ...more,
  };
}

type Call = () => { target: object; member: string; args: unknown[]; construct?: boolean };
const call = (member: string, args: () => unknown[]): Call => {
  return () => ({ target: newNetwork(), member, args: args() });
};
const savedState = () => newNetwork().trainer(networkOptions(20), null, false).state();

export const networkCalls: Record<string, Call> = {
  'new Network': () => ({ target: hostBackend.addon, member: 'Network', args: [networkSpec()], construct: true }),
  'parameters of a network': call('parameters', () => []),
  'getParameter of a network': call('getParameter', () => ['hidden.bias']),
  'setParameter of a network': call('setParameter', () => ['hidden.bias', new Float32Array(4)]),
  'getCounters of a network': call('getCounters', () => []),
  'setCounters of a network': call('setCounters', () => [new BigUint64Array(8)]),
  forward: call('forward', () => [newRows(2), 1, true, 0]),
  score: call('score', () => [newRows(2), newLabels(2), 'likelihood', true]),
  inputGradient: call('inputGradient', () => [newRows(2), newLabels(2), 'squared']),
  'trainer of a network': call('trainer', () => [networkOptions(20), savedState(), false]),
  'run of a network': () => ({ target: newNetwork().trainer(networkOptions(20), null, false), member: 'run', args: [5, () => {}] }),
  'state of a network': () => ({ target: newNetwork().trainer(networkOptions(20), null, false), member: 'state', args: [] }),
  'dispose of a network': call('dispose', () => []),
};
