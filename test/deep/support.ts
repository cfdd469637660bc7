/** What the suites of deep Boltzmann machines share: known machines, and their laws by plain sums. */
import { DeepBoltzmannMachine, type DeepBoltzmannMachineOptions } from '../../src/index.js';
import { allBits, numbers, sigmoid } from '../belief/support.js';

/** Biases by layer, and weights between neighbours. */
export interface Plain {
  readonly biases: number[][];
  readonly weights: number[][][];
}

/** A machine whose parameters are known: uniform in (−size, size). */
export function knownMachine(options: DeepBoltzmannMachineOptions, size = 1, seed = 7): DeepBoltzmannMachine {
  const machine = new DeepBoltzmannMachine(options);
  const next = numbers(seed);
  for (const [name, [rows, cols]] of Object.entries(machine.parameterShapes)) {
    const data = Float64Array.from({ length: rows * cols }, () => Math.fround(size * (2 * next() - 1)));
    machine.setParameter(name as 'visible.bias', { data, shape: [rows, cols] });
  }
  return machine;
}

/** The parameters of a machine of Bernoulli units, as lists. */
export function plainOf(machine: DeepBoltzmannMachine): Plain {
  const names = machine.layerNames;
  const biases = names.map((name) => Array.from(machine.getParameter(`${name}.bias`).data));
  const weights = names.slice(1).map((name, l) => {
    const { data, shape } = machine.getParameter(`${names[l] as 'visible'}-${name}.weights`);
    const [rows, cols] = shape as [number, number];
    return Array.from({ length: rows }, (_, i) => Array.from(data.slice(i * cols, (i + 1) * cols)));
  });
  return { biases, weights };
}

/** −E of all layers' states, which may be means. */
export function minusEnergy({ biases, weights }: Plain, states: readonly (readonly number[])[]): number {
  const own = states.reduce((sum, state, l) => sum + dot(state, biases[l] as number[]), 0);
  return weights.reduce((sum, w, l) => {
    return sum + w.reduce((part, row, i) => part + ((states[l] as number[])[i] as number) * dot(states[l + 1] as number[], row), 0);
  }, own);
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

export const logSum = (values: readonly number[]): number => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};

/** All joint states of the layers from `first` on. */
function jointStates({ biases }: Plain, first: number): number[][][] {
  return biases
    .slice(first)
    .reduce<number[][][]>((all, bias) => all.flatMap((s) => allBits(bias.length).map((bits) => [...s, bits])), [[]]);
}

/** log p*(v) = log Σ_h exp(−E(v, h)), by enumeration. */
export function logWeight(plain: Plain, v: readonly number[]): number {
  return logSum(jointStates(plain, 1).map((hidden) => minusEnergy(plain, [v, ...hidden])));
}

/** log Z, by enumeration. */
export const logZ = (plain: Plain): number => logSum(jointStates(plain, 0).map((states) => minusEnergy(plain, states)));

/** Means of the hidden layers after so many mean-field sweeps from zero, odd layers first. */
export function meanField(plain: Plain, v: readonly number[], sweeps: number): number[][] {
  const { biases, weights } = plain;
  const q = [[...v], ...biases.slice(1).map((bias) => bias.map(() => 0))];
  const update = (l: number): void => {
    q[l] = (biases[l] as number[]).map((bias, j) => {
      const below = (weights[l - 1] as number[][]).reduce(
        (sum, row, i) => sum + (row[j] as number) * ((q[l - 1] as number[])[i] as number),
        0,
      );
      const above = l + 1 < q.length ? dot(q[l + 1] as number[], (weights[l] as number[][])[j] as number[]) : 0;
      return sigmoid(bias + below + above);
    });
  };
  for (let s = 0; s < sweeps; s++) {
    for (const first of [1, 2]) for (let l = first; l < q.length; l += 2) update(l);
  }
  return q.slice(1);
}

/** −⟨E⟩_q + H(q) of these means. */
export function boundOf(plain: Plain, v: readonly number[], means: readonly (readonly number[])[]): number {
  const entropy = (p: number): number => (p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p));
  return minusEnergy(plain, [v, ...means]) + means.flat().reduce((sum, p) => sum + entropy(p), 0);
}
