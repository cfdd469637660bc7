/**
 * The free energy of a small RBM over state and action units, as a value of actions, and its gradient.
 * Plain loops over the parameters: for machines of some dozen units a call of native code costs more
 * than the work (docs/results.md, "Uses of a machine").
 *
 *   Q(s, a) = −F(s, a) = b·x + Σ_j log(1 + exp(c_j + Σ_i x_i W_ij)),   x = (s, a)
 *   ∂Q/∂b = x,   ∂Q/∂c_j = σ(c_j + Σ_i x_i W_ij) = h_j,   ∂Q/∂W_ij = x_i h_j
 *
 * Sallans & Hinton, JMLR 5 (2004), section 4: the product of experts over states and actions.
 */

/** Parameters of an RBM whose visible units are those of states, then those of actions. */
export interface FreeEnergyParameters {
  /** [visible × hidden], row-major. */
  readonly weights: Float64Array;
  /** [visible]. */
  readonly visibleBias: Float64Array;
  /** [hidden]. */
  readonly hiddenBias: Float64Array;
}

/** Values of visible vectors, and steps along their gradient. */
export class FreeEnergy {
  readonly parameters: FreeEnergyParameters;

  constructor(parameters: FreeEnergyParameters) {
    this.parameters = parameters;
  }

  get hidden(): number {
    return this.parameters.hiddenBias.length;
  }

  /** Fields of the hidden units from some visible ones, the first of which has number `first`: added to `fields`. */
  addFields(values: ArrayLike<number>, first: number, fields: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      const x = values[i] as number;
      if (x !== 0) this.addRow(first + i, x, fields);
    }
  }

  /** x W_i is added to the fields of the hidden units. */
  addRow(i: number, x: number, fields: Float64Array): void {
    const { weights } = this.parameters;
    for (let j = 0, at = i * fields.length; j < fields.length; j++, at++) fields[j] = (fields[j] as number) + x * (weights[at] as number);
  }

  /** Σ_j log(1 + exp(field_j + x W_ij)): what the hidden units say of one more unit. */
  cumulantWith(i: number, x: number, fields: Float64Array): number {
    const { weights } = this.parameters;
    let sum = 0;
    for (let j = 0, at = i * fields.length; j < fields.length; j++, at++)
      sum += softplus((fields[j] as number) + x * (weights[at] as number));
    return sum;
  }

  /** Q(s, a). */
  value(state: ArrayLike<number>, action: ArrayLike<number>): number {
    const { hiddenBias } = this.parameters;
    const fields = hiddenBias.slice();
    this.addFields(state, 0, fields);
    this.addFields(action, state.length, fields);
    const linear = this.biasOf(state, 0) + this.biasOf(action, state.length);
    return fields.reduce((sum, field) => sum + softplus(field), linear);
  }

  /** b·x of some visible units, from unit `first` on. */
  biasOf(values: ArrayLike<number>, first: number): number {
    const { visibleBias } = this.parameters;
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (visibleBias[first + i] as number);
    return sum;
  }

  /** Parameters += rate · ∂Q(s, a)/∂parameters. */
  step(state: ArrayLike<number>, action: ArrayLike<number>, rate: number): void {
    const { weights, visibleBias, hiddenBias } = this.parameters;
    const fields = hiddenBias.slice();
    this.addFields(state, 0, fields);
    this.addFields(action, state.length, fields);
    const means = fields.map((field) => rate / (1 + Math.exp(-field)));
    for (let i = 0; i < visibleBias.length; i++) {
      const x = (i < state.length ? state[i] : action[i - state.length]) as number;
      if (x === 0) continue;
      visibleBias[i] = (visibleBias[i] as number) + rate * x;
      for (let j = 0, at = i * means.length; j < means.length; j++, at++) weights[at] = (weights[at] as number) + x * (means[j] as number);
    }
    for (let j = 0; j < means.length; j++) hiddenBias[j] = (hiddenBias[j] as number) + (means[j] as number);
  }
}

/** log(1 + exp(x)), without overflow. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
