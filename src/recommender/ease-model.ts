/**
 * The Gaussian machine of interactions as a recommender: scores by its conditional means.
 *
 *   E(v) = ½ vᵀ P v,   P = N (G + diag(ridge))⁻¹,   E[v_j | all others] = Σ_i v_i B_ij
 *
 * with G = Σ_u w_u x_u x_uᵀ over N users, so the covariance of the machine is (G + diag(ridge)) / N and
 * its means are zero. `ease-machine.ts` makes a BoltzmannMachine of it.
 */
import { ParameterError } from '../errors.js';
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { Patience } from '../machine/patience.js';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import { toMachine } from './ease-machine.js';
import type { EaseOptions, EaseShape } from './ease-options.js';
import { scalesOf } from './ease-solve.js';
import type { Entries, UserEntries } from './entries.js';
import type { RecommenderModel, SavedModel } from './family.js';
import { packedRows } from './interactions.js';
import { positiveDefiniteSolution } from './small-solve.js';

/** All that a trained model consists of. */
export interface EaseState {
  readonly shape: EaseShape;
  readonly unseen: EaseOptions['unseen'];
  readonly binarise: EaseOptions['binarise'];
  /** [items, items]: B with column j times its scale, or G + diag(ridge) where unseen items are missing. */
  readonly matrix: Float32Array;
  /** The diagonal of (G + diag(ridge))⁻¹, [items]. */
  readonly precisions: Float64Array;
  /** Users who have each item, [items]. */
  readonly counts: Float64Array;
  /** N: users with entries. */
  readonly users: number;
  /** log |G + diag(ridge)|. */
  readonly logDeterminant: number;
  /** Gigabytes: a limit for updates. */
  readonly memory: number;
}

/** Trains with a model's shape on other entries. */
export type Retrain = (state: EaseState, all: Entries, patience: Patience) => Promise<EaseModel>;

export class EaseModel implements RecommenderModel {
  readonly family = 'ease';
  readonly target = 'interactions';
  readonly #scales: Float64Array;

  constructor(
    readonly state: EaseState,
    private readonly retrain: Retrain,
  ) {
    this.#scales = scalesOf(state.precisions, state.shape.spread);
  }

  /** Solves anew, from all entries, with the shape that was chosen. Costs as much as training without a choice. */
  update(_added: Entries, patience: Patience, all: Entries): Promise<EaseModel> {
    return this.retrain(this.state, all, patience);
  }

  /** The machine itself; see {@link toMachine}. */
  toMachine(): BoltzmannMachine {
    return toMachine(this) as unknown as BoltzmannMachine;
  }

  get items(): number {
    return this.state.precisions.length;
  }

  /** Scores of items times this are conditional means; [items]. */
  get scales(): Float64Array {
    return this.#scales;
  }

  /**
   * 'zero': Σ_i v_i B_ij times the item's scale. 'missing': the mean given the user's entries alone,
   * times the scale; |entries|³ / 6 operations more. Users without entries get the share of users who
   * have each item.
   */
  async scores(given: readonly UserEntries[], { signal, onProgress }: Patience = {}): Promise<Float32Array> {
    const call = 'scores';
    const { matrix, unseen, binarise, counts, users } = this.state;
    const n = this.items;
    const { offsets, item, value } = packedRows(call, given, n, binarise);
    const missing = unseen === 'missing';
    const scores = await runJob(() => hostBackend.addon.scoreRows(matrix, n, offsets, item, value, 0, missing), {
      call,
      signal,
      onProgress,
    });
    for (let u = 0; u < given.length; u++) {
      const row = scores.subarray(u * n, (u + 1) * n);
      if (offsets[u] === offsets[u + 1]) for (let j = 0; j < n; j++) row[j] = (counts[j] as number) / Math.max(1, users);
      else if (missing) for (let j = 0; j < n; j++) row[j]! *= this.#scales[j] as number;
    }
    return scores;
  }

  /** 'zero': the partial correlation −P_ij / √(P_ii P_jj) given all other items. 'missing': the correlation. 1 for the item itself. */
  similar(item: number): Float32Array {
    const n = this.items;
    const { matrix, unseen, precisions } = this.state;
    this.#checkItem('similar', item);
    const own = precisions[item] as number;
    const alike = new Float32Array(n);
    for (let j = 0; j < n; j++) {
      const element = matrix[item * n + j] as number;
      alike[j] =
        unseen === 'zero'
          ? (element / (this.#scales[j] as number)) * Math.sqrt((precisions[j] as number) / own)
          : element / Math.sqrt((matrix[item * n + item] as number) * (matrix[j * n + j] as number));
    }
    alike[item] = 1;
    return alike;
  }

  /** The terms of the score: exactly what is added up, [given.items.length]. Entries that do not count add 0. */
  contributions(given: UserEntries, item: number): Float64Array {
    const call = 'contributions';
    const n = this.items;
    this.#checkItem(call, item);
    const { matrix, unseen, binarise } = this.state;
    const { item: seen, value } = packedRows(call, [given], n, binarise);
    const weights = unseen === 'zero' ? Float64Array.from(value) : this.#conditionWeights(call, seen, value);
    const scale = unseen === 'zero' ? 1 : (this.#scales[item] as number);
    const added = new Map(Array.from(seen, (i, k) => [i, (weights[k] as number) * (matrix[i * n + item] as number) * scale]));
    return Float64Array.from(given.items, (i, k) => {
      const counts = typeof binarise !== 'number' || (given.values[k] as number) >= binarise;
      return counts ? (added.get(i) ?? 0) : 0;
    });
  }

  #conditionWeights(call: string, seen: Uint32Array, value: Float32Array): Float64Array {
    const n = this.items;
    const { matrix } = this.state;
    const weights = positiveDefiniteSolution(seen.length, (r, c) => matrix[(seen[r] as number) * n + (seen[c] as number)] as number, value);
    if (weights === undefined) throw new ParameterError(`${call}: an item may stand in the entries only once`);
    return weights;
  }

  #checkItem(call: string, item: number): void {
    if (Number.isInteger(item) && item >= 0 && item < this.items) return;
    throw new ParameterError(`${call}: \`item\` must be a whole number from 0, below ${this.items}, got ${item}`);
  }

  save(): SavedModel {
    const { shape, unseen, binarise, matrix, precisions, counts, users, logDeterminant, memory } = this.state;
    const n = this.items;
    const tensors: [string, SavedModel['tensors'] extends ReadonlyMap<string, infer T> ? T : never][] = [
      [unseen === 'zero' ? 'couplings' : 'covariance', { dtype: 'F32', shape: [n, n], data: matrix }],
      ['precisions', { dtype: 'F64', shape: [n], data: precisions }],
      ['counts', { dtype: 'F64', shape: [n], data: counts }],
    ];
    return { tensors: new Map(tensors), settings: { ...shape, unseen, binarise, users, logDeterminant, memory } };
  }
}
