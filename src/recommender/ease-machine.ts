/** A trained machine of interactions as a BoltzmannMachine: one Gaussian layer, coupled to itself. */
import { ParameterError } from '../errors.js';
import { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { Device } from '../wiring/device.js';
import { gaussian } from '../wiring/units.js';
import type { EaseModel } from './ease-model.js';

/** Items above which the machine is refused: its weights are a matrix, and so is what sampling needs. */
const mostItems = 20_000;

/** One layer 'items' of Gaussian units, coupled to itself. */
export type ItemMachine = BoltzmannMachine<{ readonly items: ReturnType<typeof gaussian> }, readonly [readonly ['items', 'items']]>;

/**
 * The machine behind a model of the family 'ease' with `unseen: 'zero'`:
 *
 *   E(v) = ½ vᵀ P v,  P = N (G + diag(ridge))⁻¹:  logPrecision_j = log P_jj,  weights_ij = −P_ij = B_ij P_jj
 *
 * Biases are zero: the means of the machine are zero and its covariance is (G + diag(ridge)) / N, the
 * users' second moments with the ridge. Its conditional means are X·B, that is the model's scores
 * over {@link EaseModel.scales}.
 *
 * @throws ParameterError for a model whose unseen items are missing, or of more than 20,000 items.
 */
export function toMachine(model: EaseModel, options: { readonly device?: Device; readonly seed?: number | bigint } = {}): ItemMachine {
  const { matrix, precisions, users, unseen } = model.state;
  const n = precisions.length;
  if (unseen !== 'zero') throw new ParameterError("toMachine: the model must have `unseen` 'zero', which keeps the couplings");
  if (n > mostItems) throw new ParameterError(`toMachine: the model must have at most ${mostItems} items, got ${n}`);
  const weights = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const coupling = (row: number, column: number) =>
        ((matrix[row * n + column] as number) / (model.scales[column] as number)) * (precisions[column] as number);
      // Two roundings to single precision of the same number.
      const weight = (users * (coupling(i, j) + coupling(j, i))) / 2;
      weights[i * n + j] = weights[j * n + i] = weight;
    }
  }
  const machine: ItemMachine = new BoltzmannMachine({ layers: { items: gaussian(n) }, couplings: [['items', 'items']], ...options });
  const parameters = new Float64Array(2 * n);
  for (let j = 0; j < n; j++) parameters[n + j] = Math.log(users * (precisions[j] as number));
  machine.setParameter('items.parameters', { data: parameters, shape: [2, n] });
  machine.setParameter('items-items.weights', { data: weights, shape: [n, n] });
  return machine;
}
