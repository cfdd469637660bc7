/**
 * Couplings between each item and its strongest neighbours, for more items than dense couplings have
 * room for: the shape of the family 'ease', solved block by block
 * (`native/ratings/sparse_couplings.hpp` has the equations and the paper).
 */
import type { OptionCheck } from '../../arguments.js';
import { ParameterError } from '../../errors.js';
import { TensorStock } from '../../io/tensor-stock.js';
import { hostBackend } from '../../machine/backend.js';
import { runJob } from '../../machine/job.js';
import type { NativeRatings } from '../../machine/native-ratings.js';
import { chooseShape, fixedShape, leavesChoice } from '../ease-choice.js';
import { readCounts, Settings } from '../ease-file.js';
import { type EaseOptions, type EaseShape, easeOptionNames, readEaseOptions } from '../ease-options.js';
import type { Solver } from '../ease-search.js';
import { partly, ridgeOf, type Solving, scalesOf, userWeights } from '../ease-solve.js';
import { EaseSparseModel, type RetrainSparse, type SparseState } from '../ease-sparse-model.js';
import type { Entries } from '../entries.js';
import type { Family, SavedModel } from '../family.js';
import { counted, entriesPerItem, entriesPerUser } from '../interactions.js';
import { packed } from '../packed.js';

/** Options of the family 'ease' but for `unseen` and `memory`, and how many neighbours an item has. */
export interface EaseSparseOptions extends EaseOptions {
  /** 1 to 2000. Default 100. */
  readonly neighbours: number;
}

const names: readonly string[] = [...easeOptionNames.filter((name) => name !== 'unseen' && name !== 'memory'), 'neighbours'];

/** Same entries, options and seed: the same bits on any number of threads. About items · (neighbours³ / 3 + entries of neighbours · neighbours). */
export const easeSparse: Family<EaseSparseOptions> = {
  name: 'ease-sparse',
  target: 'interactions',
  options: names,
  read(check: OptionCheck, { neighbours, ...given }) {
    const unknownName = Object.keys(given).find((name) => !names.includes(name));
    if (unknownName !== undefined) check.nameOf('options', unknownName, names, 'options of ease-sparse:');
    return { ...readEaseOptions(check, given), neighbours: check.integer('neighbours', neighbours, 100, 1, 2000) };
  },
  async fit(entries, options, { signal, onProgress, seed, threads }) {
    const call = 'ease-sparse.fit';
    const kept = counted(entries, options.binarise);
    if (kept.user.length === 0) throw new ParameterError(`${call}: there must be at least one entry that counts, got none`);
    const chooses = leavesChoice(options);
    const last = chooses ? options.solutions / (options.solutions + 1) : 0;
    const solving: Solving = { call, threads, signal, onProgress };
    const solver: Solver = async (ratings, counts, shape, { offsets, item, value }, solving) => {
      const { precisions, ...couplings } = await solved(ratings, counts, shape, options.neighbours, solving);
      const scoring = () => hostBackend.addon.scoreSparse(couplings, precisions.length, offsets, item, value, threads);
      return { scores: await runJob(scoring, { call, signal }), precisions };
    };
    const shape = chooses ? (await chooseShape(kept, options, partly(solving, 0, last), seed, solver)).shape : fixedShape(options);
    return trained(kept, shape, options, partly(solving, last, 1));
  },
  load: (saved, what) => new EaseSparseModel(readSparse(saved, what), retrain),
};

async function solved(ratings: NativeRatings, counts: Uint32Array, shape: EaseShape, neighbours: number, solving: Solving) {
  const { addon } = hostBackend;
  const weights = userWeights(counts, shape.activity);
  const ridge = ridgeOf(addon.gramDiagonal(ratings, weights), shape);
  return runJob(() => addon.sparseCouplings(ratings, weights, ridge, neighbours, solving.threads), solving);
}

type Kept = Pick<EaseSparseOptions, 'binarise' | 'neighbours'>;

async function trained(entries: Entries, shape: EaseShape, { binarise, neighbours }: Kept, solving: Solving) {
  const counts = entriesPerUser(entries);
  const ratings = packed(entries);
  const { precisions, ...couplings } = await solved(ratings, counts, shape, neighbours, solving);
  const scales = scalesOf(precisions, shape.spread);
  for (const [k, item] of couplings.items.entries()) couplings.values[k]! *= scales[item] as number;
  const state: SparseState = {
    shape,
    neighbours,
    binarise,
    couplings,
    counts: entriesPerItem(entries),
    users: counts.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0),
  };
  return new EaseSparseModel(state, retrain);
}

const retrain: RetrainSparse = (state, all, { signal, onProgress }) => {
  const call = 'ease-sparse.update';
  return trained(counted(all, state.binarise), state.shape, state, { call, threads: 0, signal, onProgress });
};

function readSparse({ tensors, settings }: SavedModel, what: string): SparseState {
  const read = new Settings(settings, what);
  const stock = new TensorStock(what, tensors);
  const counts = readCounts(stock, null);
  const n = counts.length;
  const size = stock.shape('couplings.items')[0] ?? 0;
  const rises = (v: Uint32Array) => v[0] === 0 && v.at(-1) === size && v.every((x, i) => i === 0 || x >= (v[i - 1] as number));
  const offsets = stock.take('couplings.offsets', {
    types: ['U32'],
    shape: [n + 1],
    check: (values) => (rises(values) ? undefined : `rising from 0 to the number of couplings (${size})`),
  });
  const items = stock.take('couplings.items', {
    types: ['U32'],
    shape: [size],
    check: (values) => (isRising(values, offsets, n) ? undefined : `with numbers below ${n} that rise within a row`),
  });
  const values = stock.take('couplings.values', {
    types: ['F32'],
    shape: [size],
    check: (numbers) => (numbers.every(Number.isFinite) ? undefined : 'with finite numbers'),
  });
  stock.assertEmpty();
  const shape = read.shape();
  const neighbours = read.number('neighbours', 1, 2000);
  const state = {
    shape,
    neighbours,
    binarise: read.binarise(),
    couplings: { offsets, items, values },
    counts,
    users: read.number('users', 0),
  };
  read.assertAllKnown(['neighbours', 'binarise', 'users', ...Object.keys(shape)]);
  return state;
}

/** Whether items rise within each row and are below n. */
function isRising(items: Uint32Array, offsets: Uint32Array, n: number): boolean {
  for (let row = 0; row < n; row++) {
    for (let k = offsets[row] as number; k < (offsets[row + 1] as number); k++) {
      if ((items[k] as number) >= n || (k > (offsets[row] as number) && (items[k] as number) <= (items[k - 1] as number))) return false;
    }
  }
  return true;
}
