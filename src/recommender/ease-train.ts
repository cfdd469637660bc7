import type { Patience } from '../machine/patience.js';
import { EaseModel, type EaseState, type Retrain } from './ease-model.js';
import type { EaseOptions, EaseShape } from './ease-options.js';
import { gramOf, refuseTooManyItems, ridgeOf, type Solving, scaleColumns, scalesOf, solve } from './ease-solve.js';
import type { Entries } from './entries.js';
import { counted, entriesPerItem, entriesPerUser } from './interactions.js';
import { packed } from './packed.js';

/** What training needs of the options beside the shape. */
export type Kept = Pick<EaseOptions, 'unseen' | 'binarise' | 'memory'>;

/** The model of entries that count. */
export async function solved(entries: Entries, shape: EaseShape, options: Kept, solving: Solving): Promise<EaseModel> {
  const { call, threads, signal, onProgress } = solving;
  const part = (from: number, to: number): Solving => ({ call, threads, signal, ...shareOf(onProgress, from, to) });
  const counts = entriesPerUser(entries);
  const gram = await gramOf(packed(entries), counts, shape.activity, part(0, 0.2));
  const { couplings, precisions, logDeterminant } = await solve(gram, shape, part(0.2, 1));
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

/** Progress of a part of the work, as progress of all of it. */
export function shareOf(onProgress: Patience['onProgress'], from: number, to: number): Patience {
  return {
    onProgress: onProgress && (({ fraction }) => onProgress({ fraction: from + (to - from) * fraction, secondsLeft: null })),
  };
}
