import type { Patience } from '../machine/patience.js';
import { EaseModel, type EaseState, type Retrain } from './ease-model.js';
import type { EaseOptions, EaseShape } from './ease-options.js';
import { gramOf, partly, refuseTooManyItems, ridgeOf, type Solving, scaleColumns, scalesOf, solve } from './ease-solve.js';
import type { Entries } from './entries.js';
import { counted, entriesPerItem, entriesPerUser } from './interactions.js';
import { packed } from './packed.js';

/** What training needs of the options beside the shape. */
export type Kept = Pick<EaseOptions, 'unseen' | 'binarise' | 'memory'>;

/** The model of entries that count. */
export async function solved(entries: Entries, shape: EaseShape, options: Kept, solving: Solving): Promise<EaseModel> {
  const counts = entriesPerUser(entries);
  const gram = await gramOf(packed(entries), counts, shape.activity, partly(solving, 0, 0.2));
  const { couplings, precisions, logDeterminant } = await solve(gram, shape, partly(solving, 0.2, 1));
  if (options.unseen === 'zero' && shape.spread !== 0) scaleColumns(couplings, scalesOf(precisions, shape.spread));
  const state: EaseState = {
    shape,
    unseen: options.unseen,
    binarise: options.binarise,
    matrix: options.unseen === 'zero' ? couplings : gram.covariance(ridgeOf(gram.diagonal(), shape)),
    precisions,
    counts: entriesPerItem(entries),
    users: counts.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0),
    logDeterminant,
    memory: options.memory,
  };
  return new EaseModel(state, retrain);
}

/** Trains with the shape that a model has on all entries, old and new. */
export const retrain: Retrain = (state, all, { signal, onProgress }: Patience) => {
  const call = 'ease.update';
  refuseTooManyItems(call, all.items.size, state.memory);
  return solved(counted(all, state.binarise), state.shape, state, { call, threads: 0, signal, onProgress });
};
