/**
 * Gradients of a machine's objectives by central differences, straight from the objective's definition: an oracle that shares no formula with
 * what it judges. With steps of 1e-5 in double precision they are good to about 1e-9.
 */
import { energy, jointStates, layerStates, type MixedMachine } from './mixed.js';

/** Rows of all layers; null: hidden. */
export type Row = (number[] | null)[];

/** Derivatives by bias and by weight; weights of a lateral coupling stand on both sides of the diagonal. */
export interface MixedGradient {
  biases: number[][];
  weights: number[][][];
}

const logSumExp = (values: number[]) => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
};

/** The joint states that agree with a row. */
export function completions(machine: MixedMachine, row: Row): number[][][] {
  return machine.layers
    .map((layer, l) => (row[l] ? [row[l]] : layerStates(layer)))
    .reduce<number[][][]>((all, states) => all.flatMap((s) => states.map((values) => [...s, values])), [[]]);
}

/** sum_r w_r log p(row r) / number of rows. */
export function logLikelihood(machine: MixedMachine, rows: Row[], weights = rows.map(() => 1)): number {
  const logZ = logSumExp(jointStates(machine).map((s) => -energy(machine, s)));
  const each = rows.map((row) => logSumExp(completions(machine, row).map((s) => -energy(machine, s))) - logZ);
  return each.reduce((sum, value, r) => sum + weights[r]! * value, 0) / rows.length;
}

/** sum_i log p(s_i | s_-i) of one complete state: every unit set to each of its values in turn. */
export function logPseudoLikelihoodOf(machine: MixedMachine, state: number[][]): number {
  let total = 0;
  machine.layers.forEach((layer, l) => {
    const group = layer.type === 'softmax' ? layer.size : 1;
    const values = layerStates({ ...layer, places: group, bias: layer.bias.slice(0, group) });
    for (let j = 0; j < layer.places; j += group) {
      const terms = values.map((value) => {
        const changed = state.map((s, k) => (k === l ? [...s.slice(0, j), ...value, ...s.slice(j + group)] : s));
        return -energy(machine, changed);
      });
      total += -energy(machine, state) - logSumExp(terms);
    }
  });
  return total;
}

/** sum_r w_r log PL(row r) / number of rows. */
export function logPseudoLikelihood(machine: MixedMachine, rows: Row[], weights = rows.map(() => 1)): number {
  return rows.reduce((sum, row, r) => sum + weights[r]! * logPseudoLikelihoodOf(machine, row as number[][]), 0) / rows.length;
}

export function gradientOf(machine: MixedMachine, objective: (machine: MixedMachine) => number): MixedGradient {
  const copy = structuredClone(machine);
  const slope = (set: (change: number) => void) => {
    const h = 1e-5;
    set(h);
    const up = objective(copy);
    set(-h);
    const down = objective(copy);
    set(0);
    return (up - down) / (2 * h);
  };
  return {
    biases: machine.layers.map(({ bias }, l) =>
      bias.map((b, i) =>
        slope((change) => {
          copy.layers[l]!.bias[i] = b + change;
        }),
      ),
    ),
    weights: machine.couplings.map(({ a, b, weights, edges }, c) =>
      weights.map((row, i) =>
        row.map((w, j) => {
          if (a === b && !joined(machine, a, i, j, edges)) return 0;
          return slope((change) => {
            copy.couplings[c]!.weights[i]![j] = w + change;
            if (a === b) copy.couplings[c]!.weights[j]![i] = w + change;
          });
        }),
      ),
    ),
  };
}

function joined(machine: MixedMachine, l: number, i: number, j: number, edges?: [number, number][]): boolean {
  const { type, size } = machine.layers[l]!;
  const [p, q] = [i, j].map((place) => (type === 'softmax' ? Math.floor(place / size) : place)) as [number, number];
  if (p === q) return false;
  return edges === undefined || edges.some(([x, y]) => (x === p && y === q) || (x === q && y === p));
}

/**
 * The step at learning rate 1 along the centred gradient (Melchior, Fischer & Wiskott 2016, section 3), in ordinary parameters, by the chain
 * rule: with b = b' - W mu the slope by W at fixed b' is G - mu_a g_b^T - g_a mu_b^T, and b moves by g - dW mu.
 */
export function centredStep(machine: MixedMachine, { biases: g, weights: G }: MixedGradient, offsets: number[][]): MixedGradient {
  const weights = machine.couplings.map(({ a, b, edges }, c) =>
    G[c]!.map((row, i) =>
      row.map((value, j) => {
        if (a === b && !joined(machine, a, i, j, edges)) return 0;
        return value - offsets[a]![i]! * g[b]![j]! - g[a]![i]! * offsets[b]![j]!;
      }),
    ),
  );
  const biases = g.map((values) => [...values]);
  machine.couplings.forEach(({ a, b }, c) => {
    weights[c]!.forEach((row, i) => {
      row.forEach((step, j) => {
        biases[a]![i]! -= step * offsets[b]![j]!;
        if (a !== b) biases[b]![j]! -= step * offsets[a]![i]!;
      });
    });
  });
  return { biases, weights };
}

/** sum_r w_r E[s_l | row r] / number of rows, per layer. */
export function posteriorMeans(machine: MixedMachine, rows: Row[], weights = rows.map(() => 1)): number[][] {
  const means = machine.layers.map(({ places }) => new Array<number>(places).fill(0));
  rows.forEach((row, r) => {
    const states = completions(machine, row);
    const logs = states.map((s) => -energy(machine, s));
    const total = logSumExp(logs);
    states.forEach((s, k) => {
      const p = (weights[r]! / rows.length) * Math.exp(logs[k]! - total);
      for (const [l, values] of s.entries()) for (const [i, value] of values.entries()) means[l]![i]! += p * value;
    });
  });
  return means;
}
