/**
 * Machines of discrete units of any type by exact enumeration in double precision: layers with several types, couplings between layers
 * and within them. Written for clarity; a joint state is one state per layer.
 */
import { TestRandom } from './random.js';

export interface MixedLayer {
  name: string;
  type: 'bernoulli' | 'spin' | 'softmax' | 'binomial';
  /** Columns of a row; groups × size for softmax. */
  places: number;
  size: number;
  bias: number[];
}

export interface MixedMachine {
  layers: MixedLayer[];
  /** weights[i][j] between place i of layer a and place j of layer b; symmetric where a is b. */
  couplings: {
    a: number;
    b: number;
    weights: number[][];
    /** Pairs of units that are coupled where a is b, all of them if left out. */
    edges?: [number, number][];
  }[];
}

/** All states of a layer, as rows. */
export function layerStates({ type, places, size }: MixedLayer): number[][] {
  if (type === 'softmax') {
    const oneHot = (k: number) => Array.from({ length: size }, (_, i) => (i === k ? 1 : 0));
    return product(Array.from({ length: places / size }, () => Array.from({ length: size }, (_, k) => oneHot(k))));
  }
  const values = { bernoulli: [0, 1], spin: [-1, 1], binomial: Array.from({ length: size + 1 }, (_, n) => n) }[type];
  return product(Array.from({ length: places }, () => values.map((value) => [value])));
}

/** Every way of picking one part from each list, joined. */
function product(lists: number[][][]): number[][] {
  return lists.reduce<number[][]>((rows, parts) => rows.flatMap((row) => parts.map((part) => [...row, ...part])), [[]]);
}

/** All joint states: one row per layer. */
export function jointStates(machine: MixedMachine): number[][][] {
  return machine.layers.map(layerStates).reduce<number[][][]>((all, states) => all.flatMap((s) => states.map((row) => [...s, row])), [[]]);
}

/** E(s), with -log C(size, s) for binomial places. */
export function energy({ layers, couplings }: MixedMachine, state: number[][]): number {
  let total = 0;
  layers.forEach(({ type, size, bias }, l) => {
    state[l]!.forEach((s, i) => {
      total -= bias[i]! * s;
      if (type === 'binomial') total -= logChoose(size, s);
    });
  });
  for (const { a, b, weights } of couplings) {
    let sum = 0;
    state[a]!.forEach((s, i) => {
      state[b]!.forEach((t, j) => {
        sum += s * weights[i]![j]! * t;
      });
    });
    total -= a === b ? sum / 2 : sum;
  }
  return total;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; ++i) sum += Math.log((n - k + i) / i);
  return sum;
}

/** p(s) of the states in the order of {@link jointStates}. */
export function probabilities(machine: MixedMachine): number[] {
  const weights = jointStates(machine).map((s) => Math.exp(-energy(machine, s)));
  const z = weights.reduce((x, y) => x + y);
  return weights.map((w) => w / z);
}

/**
 * Joint states that agree with what is given and p(state | given). Per layer: a row, in which NaN says nothing about a place, or null for
 * nothing at all.
 */
export function posterior(machine: MixedMachine, given: (number[] | null)[]): { states: number[][][]; p: number[] } {
  const agrees = (state: number[][]) =>
    given.every((row, l) => row === null || row.every((value, i) => Number.isNaN(value) || value === state[l]![i]));
  const states = jointStates(machine).filter(agrees);
  const weights = states.map((state) => Math.exp(-energy(machine, state)));
  const z = weights.reduce((x, y) => x + y);
  return { states, p: weights.map((w) => w / z) };
}

/** A machine with normal biases and weights; layers as [type, units, size]. */
export function randomMixed(
  layers: [type: MixedLayer['type'], units: number, size: number][],
  couplings: [a: number, b: number, edges?: [number, number][]][],
  scale: number,
  seed: number,
): MixedMachine {
  const random = new TestRandom(seed);
  const made = layers.map(([type, units, size], l): MixedLayer => {
    const places = type === 'softmax' ? units * size : units;
    return { name: `layer${l}`, type, places, size, bias: random.normals(places, 0.5).map(Math.fround) };
  });
  return {
    layers: made,
    couplings: couplings.map(([a, b, edges]) => {
      const weights = made[a]!.bias.map(() => random.normals(made[b]!.places, scale).map(Math.fround));
      if (a === b) makeLateral(made[a]!, weights, edges);
      return edges === undefined ? { a, b, weights } : { a, b, weights, edges };
    }),
  };
}

/** Symmetric, zero between places of one unit and of units without an edge. */
function makeLateral({ type, size }: MixedLayer, weights: number[][], edges?: [number, number][]): void {
  const unit = (place: number) => (type === 'softmax' ? Math.floor(place / size) : place);
  const joined = (i: number, j: number) => edges === undefined || edges.some(([a, b]) => (a === i && b === j) || (a === j && b === i));
  weights.forEach((row, i) => {
    row.forEach((_, j) => {
      if (unit(i) === unit(j) || !joined(unit(i), unit(j))) row[j] = 0;
      else if (j < i) row[j] = weights[j]![i]!;
    });
  });
}

/** The weights along the edges of a lateral coupling, in the order a machine keeps them. */
export function edgeWeights({ type, size }: MixedLayer, weights: number[][], edges: [number, number][]): number[] {
  const group = type === 'softmax' ? size : 1;
  const places = (unit: number) => Array.from({ length: group }, (_, k) => unit * group + k);
  return edges.flatMap((edge) => {
    const [i, j] = [Math.min(...edge), Math.max(...edge)];
    return places(i).flatMap((p) => places(j).map((q) => weights[p]![q]!));
  });
}
