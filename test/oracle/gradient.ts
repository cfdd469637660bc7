/**
 * Exact gradients of the mean log-likelihood of a layered machine:
 *
 *   d/dW_ab  (1/N) sum_n log p(v_n) = <s_a s_b^T>_data - <s_a s_b^T>_model,   d/db_l = <s_l>_data - <s_l>_model
 *
 * (Ackley, Hinton & Sejnowski 1985, eq. 6), where <.>_data takes the layers that are not data from p(rest | v_n).
 */
import { allStates, logZ, noneGiven, type OracleMachine, type PartialState, probabilities, type State, statesGiven } from './machine.js';

/** Numbers shaped like a machine's parameters: moments, gradients. */
export type Moments = OracleMachine;

/** <s_l> and <s_a s_b^T> over all states that agree with `given`. */
export function moments(machine: OracleMachine, given: PartialState = noneGiven(machine)): Moments {
  const p = probabilities(machine, 1, given);
  return momentsOf(machine, statesGiven(machine, given), p);
}

/** Moments of explicit states with explicit probabilities. */
export function momentsOf(machine: OracleMachine, states: State[], p: number[]): Moments {
  const mean = (value: (state: State) => number) => states.reduce((total, state, n) => total + p[n]! * value(state), 0);
  return {
    biases: machine.biases.map((bias, l) => bias.map((_, i) => mean((s) => s[l]![i]!))),
    couplings: machine.couplings.map(({ a, b, weights }) => ({
      a,
      b,
      weights: weights.map((row, i) => row.map((_, j) => mean((s) => s[a]![i]! * s[b]![j]!))),
    })),
  };
}

/** Mean log-likelihood per data row, in nats. */
export function logLikelihood(machine: OracleMachine, data: PartialState[]): number {
  const total = logZ(machine);
  return data.reduce((sum, given) => sum + logZ(machine, 1, given) - total, 0) / data.length;
}

export function logLikelihoodGradient(machine: OracleMachine, data: PartialState[]): Moments {
  const model = momentsOf(machine, allStates(machine), probabilities(machine));
  const positive = data.map((given) => flatten(moments(machine, given)));
  const negative = flatten(model);
  return unflatten(
    machine,
    negative.map((value, i) => positive.reduce((sum, row) => sum + row[i]!, 0) / data.length - value),
  );
}

/** All parameters in one list: biases layer by layer, then weights row by row, coupling by coupling. */
export function flatten(parameters: OracleMachine): number[] {
  return [...parameters.biases.flat(), ...parameters.couplings.flatMap(({ weights }) => weights.flat())];
}

/** The inverse of {@link flatten}, with the shapes of `like`. */
export function unflatten(like: OracleMachine, values: number[]): OracleMachine {
  let next = 0;
  return {
    biases: like.biases.map((bias) => bias.map(() => values[next++]!)),
    couplings: like.couplings.map(({ a, b, weights }) => ({ a, b, weights: weights.map((row) => row.map(() => values[next++]!)) })),
  };
}
