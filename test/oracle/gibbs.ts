/**
 * The block Gibbs kernel as a matrix: where the probability of every joint state goes when layers are redrawn in turn.
 */
import { allStates, energy, type OracleMachine, type State } from './machine.js';

/**
 * A distribution over {@link allStates} after one layer was redrawn from p_beta(layer | all the others): the mass of each group of
 * states that differ in that layer only is dealt out again in proportion to exp(-beta E).
 */
export function redrawLayer(machine: OracleMachine, distribution: number[], layer: number, beta = 1): number[] {
  const states = allStates(machine);
  const weight = states.map((state) => Math.exp(-beta * energy(machine, state)));
  const mass = new Map<string, number>();
  const total = new Map<string, number>();
  const group = states.map((state) => othersKey(state, layer));
  group.forEach((key, i) => {
    mass.set(key, (mass.get(key) ?? 0) + distribution[i]!);
    total.set(key, (total.get(key) ?? 0) + weight[i]!);
  });
  return group.map((key, i) => (mass.get(key)! * weight[i]!) / total.get(key)!);
}

/** One sweep: the layers of `order` redrawn one after the other. */
export function sweep(machine: OracleMachine, distribution: number[], order: number[], beta = 1): number[] {
  return order.reduce((p, layer) => redrawLayer(machine, p, layer, beta), distribution);
}

function othersKey(state: State, layer: number): string {
  return state.map((values, l) => (l === layer ? '' : values.join(''))).join('|');
}
