/**
 * Hidden units beside the couplings as a recommender; the logits are those of
 * `native/ratings/hidden_machine.hpp`.
 */
import { hostBackend } from '../machine/backend.js';
import { runJob } from '../machine/job.js';
import type { NativeHiddenParameters } from '../machine/native-ease.js';
import type { Patience } from '../machine/patience.js';
import type { HiddenShape } from './ease-hidden-options.js';
import type { EaseModel } from './ease-model.js';
import type { Entries, UserEntries } from './entries.js';
import type { RecommenderModel, SavedModel } from './family.js';
import { packedRows } from './interactions.js';

/** Trains as the model was trained, but for its choices, on other entries. */
export type RetrainHidden = (model: EaseHiddenModel, all: Entries, patience: Patience) => Promise<EaseHiddenModel>;

export class EaseHiddenModel implements RecommenderModel {
  readonly family = 'ease-hidden';
  readonly target = 'interactions';

  /** `shape.epochs` are those that were taken. */
  constructor(
    readonly couplings: EaseModel,
    readonly hidden: NativeHiddenParameters,
    readonly shape: HiddenShape,
    readonly seed: bigint,
    private readonly retrain: RetrainHidden,
  ) {}

  /** Trains anew, from all entries, with the shape and the number of passes that the model has. */
  update(_added: Entries, patience: Patience, all: Entries): Promise<EaseHiddenModel> {
    return this.retrain(this, all, patience);
  }

  get items(): number {
    return this.couplings.items;
  }

  /** What was chosen for the couplings. */
  get state() {
    return this.couplings.state;
  }

  /**
   * Logits of the next item. Users without entries get the log of the share of users who have each
   * item; between users logits do not compare.
   */
  async scores(given: readonly UserEntries[], { signal, onProgress }: Patience = {}): Promise<Float32Array> {
    const call = 'scores';
    const n = this.items;
    const scores = await this.couplings.scores(given, { signal });
    const { offsets, item, value } = packedRows(call, given, n, this.state.binarise);
    const shares = given.map((_, u) => (offsets[u] === offsets[u + 1] ? scores.slice(u * n, (u + 1) * n) : undefined));
    await runJob(() => hostBackend.addon.scoreHidden(scores, this.hidden, offsets, item, value, 0), { call, signal, onProgress });
    for (const [u, share] of shares.entries()) if (share) scores.set(share.map(Math.log1p), u * n);
    return scores;
  }

  /** Of the couplings. */
  similar(item: number): Float32Array {
    return this.couplings.similar(item);
  }

  /** Terms of the couplings' part of the score, before its logarithm. */
  contributions(given: UserEntries, item: number): Float64Array {
    return this.couplings.contributions(given, item);
  }

  save(): SavedModel {
    const { tensors, settings } = this.couplings.save();
    const n = this.items;
    const { in: input, inBias, out, outBias, strength, floor } = this.hidden;
    const units = inBias.length;
    const more: [string, readonly number[], Float32Array][] = [
      ['hidden.in', [n, units], input],
      ['hidden.inBias', [units], inBias],
      ['hidden.out', [units, n], out],
      ['hidden.outBias', [n], outBias],
    ];
    const all = new Map(tensors);
    for (const [name, shape, data] of more) all.set(name, { dtype: 'F32', shape, data });
    const hidden = { ...this.shape, strength, floor, seed: this.seed.toString() };
    return { tensors: all, settings: { ...settings, hidden } };
  }
}
