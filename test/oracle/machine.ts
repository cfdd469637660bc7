/**
 * The machine by definition, for machines small enough to count all states (up to about 16 units in all), in double precision:
 *
 *   E(s) = -sum_l b_l . s_l - sum_(a,b) s_a^T W_ab s_b,   p(s) = exp(-beta E(s)) / Z(beta),   s in {0, 1}
 *
 * Nothing here is clever. Every quantity is a sum over states, straight from its definition.
 */

export interface OracleMachine {
  /** One vector of biases per layer; its length is the number of units. */
  biases: number[][];
  couplings: OracleCoupling[];
}

export interface OracleCoupling {
  a: number;
  b: number;
  /** [units of a][units of b] */
  weights: number[][];
}

/** One vector of unit values per layer. */
export type State = number[][];

/** What is known of a state: a vector for layers that are given, null for layers that are summed over. */
export type PartialState = (number[] | null)[];

export function energy(machine: OracleMachine, state: State): number {
  let sum = 0;
  machine.biases.forEach((bias, l) => {
    sum -= dot(bias, state[l]!);
  });
  for (const { a, b, weights } of machine.couplings) {
    weights.forEach((row, i) => {
      sum -= state[a]![i]! * dot(row, state[b]!);
    });
  }
  return sum;
}

/** All vectors of n bits; bit i of the index is unit i. */
export function bitVectors(n: number): number[][] {
  return Array.from({ length: 2 ** n }, (_, index) => Array.from({ length: n }, (_, i) => (index >>> i) & 1));
}

/** The index of a vector of bits in {@link bitVectors}. */
export function bitIndex(bits: ArrayLike<number>): number {
  let index = 0;
  for (let i = 0; i < bits.length; ++i) index += bits[i]! * 2 ** i;
  return index;
}

/** All states that agree with `given`. The first layer that is not given changes fastest. */
export function statesGiven(machine: OracleMachine, given: PartialState): State[] {
  let states: State[] = [[]];
  machine.biases.forEach((bias, l) => {
    const choices = given[l] ? [given[l]] : bitVectors(bias.length);
    states = choices.flatMap((choice) => states.map((state) => [...state, choice]));
  });
  return states;
}

export function allStates(machine: OracleMachine): State[] {
  return statesGiven(machine, noneGiven(machine));
}

export function noneGiven(machine: OracleMachine): PartialState {
  return machine.biases.map(() => null);
}

/** log Z(beta), or the log of the partial sum over the states that agree with `given`. In nats. */
export function logZ(machine: OracleMachine, beta = 1, given: PartialState = noneGiven(machine)): number {
  return logSumExp(statesGiven(machine, given).map((state) => -beta * energy(machine, state)));
}

/** F(given) = -log of the sum of exp(-E) over everything that is not given. */
export function freeEnergy(machine: OracleMachine, given: PartialState): number {
  return -logZ(machine, 1, given);
}

/** p(s) of the states of {@link statesGiven}, in that order, given what is given. */
export function probabilities(machine: OracleMachine, beta = 1, given: PartialState = noneGiven(machine)): number[] {
  const total = logZ(machine, beta, given);
  return statesGiven(machine, given).map((state) => Math.exp(-beta * energy(machine, state) - total));
}

/** The distribution of one layer over {@link bitVectors}, all other layers summed out except those given. */
export function layerMarginal(machine: OracleMachine, layer: number, beta = 1, given: PartialState = noneGiven(machine)): number[] {
  const table = new Array<number>(2 ** machine.biases[layer]!.length).fill(0);
  const p = probabilities(machine, beta, given);
  statesGiven(machine, given).forEach((state, i) => {
    table[bitIndex(state[layer]!)]! += p[i]!;
  });
  return table;
}

/** E[s_layer | given], everything else summed out. */
export function layerMean(machine: OracleMachine, layer: number, beta = 1, given: PartialState = noneGiven(machine)): number[] {
  const p = probabilities(machine, beta, given);
  return weightedMean(
    statesGiven(machine, given).map((state) => state[layer]!),
    p,
  );
}

/**
 * log PL(v) = sum_i log p(v_i | v_-i) (Besag 1975), other layers summed out. A value between 0 and 1 is a probability: its term is
 * the cross-entropy v_i log p(1 | v_-i) + (1 - v_i) log p(0 | v_-i).
 */
export function logPseudoLikelihood(machine: OracleMachine, layer: number, values: number[]): number {
  return sum(unitLogProbabilities(machine, layer, values));
}

/** The terms of {@link logPseudoLikelihood}, one per unit. */
export function unitLogProbabilities(machine: OracleMachine, layer: number, values: number[]): number[] {
  return values.map((value, i) => {
    const [off, on] = [0, 1].map((bit) => logZ(machine, 1, givenLayer(machine, layer, replaced(values, i, bit)))) as [number, number];
    const total = logSumExp([off, on]);
    return value * (on - total) + (1 - value) * (off - total);
  });
}

/** Only this layer is given. */
export function givenLayer(machine: OracleMachine, layer: number, values: number[]): PartialState {
  return machine.biases.map((_, l) => (l === layer ? values : null));
}

export function replaced(values: number[], index: number, value: number): number[] {
  return values.map((old, i) => (i === index ? value : old));
}

export function logSumExp(values: number[]): number {
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return top + Math.log(sum(values.map((value) => Math.exp(value - top))));
}

export function dot(a: number[], b: number[]): number {
  return a.reduce((total, value, i) => total + value * b[i]!, 0);
}

export function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** sum_i p_i x_i of vectors x_i. */
export function weightedMean(vectors: number[][], weights: number[]): number[] {
  const mean = new Array<number>(vectors[0]!.length).fill(0);
  vectors.forEach((vector, i) => {
    vector.forEach((value, j) => {
      mean[j]! += weights[i]! * value;
    });
  });
  return mean;
}
