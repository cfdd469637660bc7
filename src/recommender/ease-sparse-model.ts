/**
 * Couplings between items and their strongest neighbours as a recommender. Every item is regressed on
 * its neighbours in closed form (`native/ratings/sparse_couplings.hpp`): conditional means, but not of
 * one machine, because neighbourhoods are not mutual.
 */
import { ParameterError } from '../errors.js';
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeSparseCouplings } from '../machine/native-ease.js';
import type { Patience } from '../machine/patience.js';
import type { EaseOptions, EaseShape } from './ease-options.js';
import type { Entries, UserEntries } from './entries.js';
import type { RecommenderModel, SavedModel } from './family.js';
import { packedRows } from './interactions.js';

/** All that a trained model consists of. */
export interface SparseState {
  readonly shape: EaseShape;
  readonly neighbours: number;
  readonly binarise: EaseOptions['binarise'];
  /** Values of column j count with its scale already. */
  readonly couplings: NativeSparseCouplings;
  /** Users who have each item, [items]. */
  readonly counts: Float64Array;
  /** Users with entries. */
  readonly users: number;
}

export type RetrainSparse = (state: SparseState, all: Entries, patience: Patience) => Promise<EaseSparseModel>;

export class EaseSparseModel implements RecommenderModel {
  readonly family = 'ease-sparse';
  readonly target = 'interactions';

  constructor(
    readonly state: SparseState,
    private readonly retrain: RetrainSparse,
  ) {}

  /** Solves anew, from all entries, with the shape that was chosen. Costs as much as training without a choice. */
  update(_added: Entries, patience: Patience, all: Entries): Promise<EaseSparseModel> {
    return this.retrain(this.state, all, patience);
  }

  get items(): number {
    return this.state.counts.length;
  }

  /** Σ_i v_i B_ij times the item's scale; users without entries get the share of users who have each item. */
  async scores(given: readonly UserEntries[], { signal, onProgress }: Patience = {}): Promise<Float32Array> {
    const call = 'scores';
    const { couplings, counts, users, binarise } = this.state;
    const n = this.items;
    const { offsets, item, value } = packedRows(call, given, n, binarise);
    const scoring = () => hostBackend.addon.scoreSparse(couplings, n, offsets, item, value, 0);
    const scores = await runJob(scoring, { call, signal, onProgress });
    for (let u = 0; u < given.length; u++) {
      if (offsets[u] === offsets[u + 1])
        scores.set(
          counts.map((count) => count / Math.max(1, users)),
          u * n,
        );
    }
    return scores;
  }

  /** What having the item adds to the scores of all others; 0 for those that it is no neighbour of, and the largest of all for itself. */
  similar(item: number): Float32Array {
    this.#checkItem('similar', item);
    const { offsets, items, values } = this.state.couplings;
    const alike = new Float32Array(this.items);
    let most = 0;
    for (let k = offsets[item] as number; k < (offsets[item + 1] as number); k++) {
      alike[items[k] as number] = values[k] as number;
      most = Math.max(most, values[k] as number);
    }
    alike[item] = Math.max(1, most);
    return alike;
  }

  /** The terms of the score, [given.items.length]. */
  contributions(given: UserEntries, item: number): Float64Array {
    this.#checkItem('contributions', item);
    const { binarise } = this.state;
    return Float64Array.from(given.items, (i, k) => {
      const worth = given.values[k] as number;
      if (typeof binarise === 'number' && worth < binarise) return 0;
      return this.#coupling(i, item) * (binarise === false ? worth : 1);
    });
  }

  #coupling(from: number, to: number): number {
    const { offsets, items, values } = this.state.couplings;
    let [low, high] = [offsets[from] as number, offsets[from + 1] as number];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle] as number) < to) low = middle + 1;
      else high = middle;
    }
    return low < (offsets[from + 1] as number) && items[low] === to ? (values[low] as number) : 0;
  }

  #checkItem(call: string, item: number): void {
    if (Number.isInteger(item) && item >= 0 && item < this.items) return;
    throw new ParameterError(`${call}: \`item\` must be a whole number from 0, below ${this.items}, got ${item}`);
  }

  save(): SavedModel {
    const { shape, neighbours, binarise, couplings, counts, users } = this.state;
    const { offsets, items, values } = couplings;
    const tensors: [string, SavedModel['tensors'] extends ReadonlyMap<string, infer T> ? T : never][] = [
      ['couplings.offsets', { dtype: 'U32', shape: [offsets.length], data: offsets }],
      ['couplings.items', { dtype: 'U32', shape: [items.length], data: items }],
      ['couplings.values', { dtype: 'F32', shape: [values.length], data: values }],
      ['counts', { dtype: 'F64', shape: [counts.length], data: counts }],
    ];
    return { tensors: new Map(tensors), settings: { ...shape, neighbours, binarise, users } };
  }
}
