/** Trains the closed form with a given shape, and anew on what a model kept and what came since. */
import { ParameterError } from '../errors.js';
import { hostBackend } from '../machine/backend.js';
import type { Patience } from '../machine/patience.js';
import { EaseModel, type EaseState, type KeptEntries, type Retrain } from './ease-model.js';
import type { EaseOptions, EaseShape } from './ease-options.js';
import { gramOf, refuseTooManyItems, ridgeOf, type Solving, scaleColumns, scalesOf, solve } from './ease-solve.js';
import type { Entries } from './entries.js';
import { byUser } from './grouped.js';
import { counted, entriesPerItem, entriesPerUser, nativeRatings } from './interactions.js';

/** What training needs of the options beside the shape. */
export type Kept = Pick<EaseOptions, 'unseen' | 'binarise' | 'memory' | 'updatable'>;

/** The model of entries that count. */
export async function solved(entries: Entries, shape: EaseShape, options: Kept, solving: Solving): Promise<EaseModel> {
  const { call, threads, signal, onProgress } = solving;
  const part = (from: number, to: number): Solving => ({ call, threads, signal, ...shareOf(onProgress, from, to) });
  const counts = entriesPerUser(entries);
  const gram = await gramOf(nativeRatings(hostBackend.addon, entries), counts, shape.activity, part(0, 0.2));
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
    kept: options.updatable ? keptOf(entries) : undefined,
    memory: options.memory,
  };
  return new EaseModel(state, retrain);
}

/** Trains anew, with the shape that the model has, on what it kept and the new entries; of a pair the last entry stays. */
export const retrain: Retrain = async (state, entries, { signal, onProgress }: Patience) => {
  const call = 'ease.update';
  refuseTooManyItems(call, entries.items.size, state.memory);
  const all = withNew(call, state, state.precisions.length, entries);
  return solved(all, state.shape, { ...state, updatable: true }, { call, threads: 0, signal, onProgress });
};

/** What a model kept and new entries; of a pair the last entry stays. */
export function withNew(call: string, state: Pick<EaseState, 'binarise' | 'kept'>, items: number, entries: Entries): Entries {
  const added = counted(entries, state.binarise);
  const kept = state.kept as KeptEntries;
  const users = kept.offsets.length - 1;
  if (entries.users.size < users || entries.items.size < items) {
    throw new ParameterError(
      `${call}: entries must number the ${users} users and ${items} items of the model first, got ${entries.users.size} and ${entries.items.size}`,
    );
  }
  const user = new Uint32Array(kept.item.length + added.user.length);
  for (let u = 0; u < users; u++) user.fill(u, kept.offsets[u], kept.offsets[u + 1]);
  user.set(added.user, kept.item.length);
  const item = joined(Uint32Array, kept.item, added.item);
  const ones = (n: number) => new Float32Array(n).fill(1);
  const value =
    kept.value || added.value
      ? joined(Float32Array, kept.value ?? ones(kept.item.length), added.value ?? ones(added.item.length))
      : undefined;
  return onePerPair({ users: entries.users, items: entries.items, user, item, value, time: undefined });
}

function joined<T extends Uint32Array | Float32Array>(type: new (n: number) => T, a: T, b: T): T {
  const all = new type(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Entries by user, of each pair the last one. */
function onePerPair(entries: Entries): Entries {
  const { rows, start, column, entry } = byUser(entries);
  const [user, item] = [new Uint32Array(column.length), new Uint32Array(column.length)];
  const value = entries.value && new Float32Array(column.length);
  let at = 0;
  for (let u = 0; u < rows; u++) {
    for (let k = start[u] as number; k < (start[u + 1] as number); k++) {
      if (k + 1 < (start[u + 1] as number) && column[k + 1] === column[k]) continue;
      user[at] = u;
      item[at] = column[k] as number;
      if (value) value[at] = entries.value?.[entry[k] as number] as number;
      at++;
    }
  }
  return { ...entries, user: user.slice(0, at), item: item.slice(0, at), value: value?.slice(0, at), time: undefined };
}

/** What a model keeps for updates. */
export function keptOf(entries: Entries): KeptEntries {
  const { start, column, entry } = byUser(entries);
  const { value } = entries;
  return { offsets: start, item: column, value: value && Float32Array.from(entry, (k) => value[k] as number) };
}

/** Progress of a part of the work, as progress of all of it. */
export function shareOf(onProgress: Patience['onProgress'], from: number, to: number): Patience {
  return {
    onProgress: onProgress && (({ fraction }) => onProgress({ fraction: from + (to - from) * fraction, secondsLeft: null })),
  };
}
