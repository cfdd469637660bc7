/** One update of a machine of mixed units, next to the gradient that an oracle gives. */
import { expect } from 'vitest';
import type { FitOptions, LayerRows } from '../../src/index.js';
import { edgeWeights, layerStates, type MixedMachine } from '../oracle/mixed.js';
import type { MixedGradient, Row } from '../oracle/mixed-gradient.js';
import { TestRandom } from '../oracle/random.js';
import { machineOf } from './mixed-support.js';
import type { TestDevice } from './support.js';

/** Rows of the given layers, drawn evenly; the others are hidden. */
export function rowsFor(machine: MixedMachine, hidden: number[], n: number): Row[] {
  const random = new TestRandom(31);
  return Array.from({ length: n }, () =>
    machine.layers.map((layer, l) => {
      const states = layerStates(layer);
      return hidden.includes(l) ? null : states[random.below(states.length)]!;
    }),
  );
}

export function dataOf(machine: MixedMachine, rows: Row[]): Record<string, number[][]> {
  const given = machine.layers.map(({ name }, l) => [name, rows.map((row) => row[l])] as const);
  return Object.fromEntries(given.filter(([, values]) => values[0] !== null)) as Record<string, number[][]>;
}

/** How one update at learning rate 1 changes every parameter, in the shapes of the machine. */
export async function changes(oracle: MixedMachine, device: TestDevice, rows: Row[], options: FitOptions<LayerRows>): Promise<number[]> {
  using machine = machineOf(oracle, device, 1);
  const all = () => Object.keys(machine.parameterShapes).flatMap((name) => Array.from<number>(machine.getParameter(name).data));
  const before = all();
  await machine.fit(dataOf(oracle, rows), {
    epochs: 1,
    batchSize: rows.length,
    learningRate: 1,
    l2: 0,
    averageLast: 0,
    initialiseFromData: false,
    monitorRows: 0,
    ...options,
  });
  return all().map((value, i) => value - before[i]!);
}

/** A gradient in the order of {@link changes}. */
export function flat(oracle: MixedMachine, { biases, weights }: MixedGradient): number[] {
  const couplings = oracle.couplings.map(({ a, edges }, c) =>
    edges === undefined ? weights[c]!.flat() : edgeWeights(oracle.layers[a]!, weights[c]!, edges),
  );
  return [...biases.flat(), ...couplings.flat()];
}

export function expectClose(actual: number[], expected: number[], error: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst).toBeLessThan(error);
}
