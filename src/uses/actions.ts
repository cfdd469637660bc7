/**
 * Drawing actions a with P(a | s) ∝ exp(Q(s, a) / T), hidden units summed out: by counting where
 * actions are few, else by Gibbs sampling, one action unit at a time given all others.
 *
 * Deviation from Sallans & Hinton (2004), who draw hidden and action units in turn with energies
 * over T: their actions follow exp(−E(s, a, h) / T) summed over h, which is exp(Q / T) at T = 1 only.
 */
import type { FreeEnergy } from './free-energy.js';

/** Actions of `bits` units of 0 and 1, or of one unit of several categories. */
export interface ActionSpace {
  /** Bits of one action, or single actions. */
  readonly type: 'bernoulli' | 'softmax';
  /** Units of an action in the machine. */
  readonly places: number;
}

/** How actions are drawn. */
export interface Drawing {
  readonly temperature: number;
  /** Gibbs sweeps, where actions are too many to count. */
  readonly sweeps: number;
  /** A number in [0, 1). */
  readonly uniform: () => number;
}

/** Bits of which all actions are counted. */
const mostCountedBits = 10;

/** Draws an action: the values of its places. */
export function drawAction(energy: FreeEnergy, space: ActionSpace, state: ArrayLike<number>, drawing: Drawing): Uint8Array {
  const fields = energy.parameters.hiddenBias.slice();
  energy.addFields(state, 0, fields);
  if (space.type === 'bernoulli' && space.places > mostCountedBits) return sampled(energy, space.places, state.length, fields, drawing);
  const all = actionsOf(space);
  const values = all.map((action) => worth(energy, action, state.length, fields) / drawing.temperature);
  return all[drawn(values, drawing.uniform())] as Uint8Array;
}

/** All actions of a space, in the order of their numbers; bit i of a number is unit i. */
export function actionsOf({ type, places }: ActionSpace): Uint8Array[] {
  if (type === 'softmax') return Array.from({ length: places }, (_, k) => new Uint8Array(places).fill(1, k, k + 1));
  return Array.from({ length: 2 ** places }, (_, number) => Uint8Array.from({ length: places }, (_, i) => (number >>> i) & 1));
}

/** Q of an action, less what the state alone adds. */
function worth(energy: FreeEnergy, action: Uint8Array, first: number, ofState: Float64Array): number {
  const fields = ofState.slice();
  energy.addFields(action, first, fields);
  return energy.biasOf(action, first) + energy.cumulantWith(0, 0, fields);
}

/** The number of a draw with log-probabilities up to a constant. */
function drawn(logs: readonly number[], uniform: number): number {
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? logs.indexOf(highest) : found;
}

/**
 * Gibbs sampling from a start at random: every unit given all others, sweep after sweep.
 *
 * Turning unit i on changes Q by b_i + Σ_j log(q_j + p_j exp(W_ij)), with p_j = σ(field_j) and
 * q_j = 1 − p_j: a product and one logarithm. Exponentials of weights are taken once.
 */
function sampled(energy: FreeEnergy, places: number, first: number, fields: Float64Array, drawing: Drawing): Uint8Array {
  const { temperature, sweeps, uniform } = drawing;
  const { weights, visibleBias } = energy.parameters;
  const hidden = fields.length;
  const ofActions = weights.subarray(first * hidden);
  const factors = [ofActions.map((w) => Math.exp(w)), ofActions.map((w) => Math.exp(-w))] as const; // turning a unit on, off
  const action = Uint8Array.from({ length: places }, () => Number(uniform() < 0.5));
  energy.addFields(action, first, fields);
  const [on, off] = [fields.map(sigmoid), fields.map((field) => sigmoid(-field))];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let i = 0; i < places; i++) {
      const is = action[i] as 0 | 1;
      const change = logOfProduct(on, off, factors[is], i * hidden);
      const gain = (visibleBias[first + i] as number) + (is === 1 ? -change : change);
      const next = Number(uniform() < sigmoid(gain / temperature));
      if (next === is) continue;
      action[i] = next;
      energy.addRow(first + i, next - is, fields);
      for (let j = 0; j < hidden; j++) {
        on[j] = sigmoid(fields[j] as number);
        off[j] = sigmoid(-(fields[j] as number));
      }
    }
  }
  return action;
}

/** Σ_j log(q_j + p_j x_j), by products that stay within what a number can hold. */
function logOfProduct(p: Float64Array, q: Float64Array, x: Float64Array, first: number): number {
  let [sum, product] = [0, 1];
  for (let j = 0; j < p.length; j++) {
    product *= (q[j] as number) + (p[j] as number) * (x[first + j] as number);
    if (product > 1e-150 && product < 1e150) continue;
    sum += Math.log(product);
    product = 1;
  }
  return sum + Math.log(product);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
