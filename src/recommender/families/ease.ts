/**
 * The Gaussian machine of interactions in closed form: EASE (Steck, "Embarrassingly shallow
 * autoencoders for sparse data", 2019), its dropout regularisation (EDLAE, Steck 2020), a ridge that
 * follows popularity, users weighted by how much they have, and scores in conditional deviations.
 * Nothing is iterated; all that is chosen is chosen on users cut from train.
 */
import { ParameterError } from '../../errors.js';
import { chooseShape, fixedShape, leavesChoice } from '../ease-choice.js';
import { readEase } from '../ease-file.js';
import { EaseModel } from '../ease-model.js';
import { type EaseOptions, easeOptionNames, readEaseOptions } from '../ease-options.js';
import { partly, refuseTooManyItems, type Solving } from '../ease-solve.js';
import { retrain, solved } from '../ease-train.js';
import type { Family } from '../family.js';
import { counted } from '../interactions.js';

/** Same entries, options and seed: the same bits on any number of threads. O(entries per user · entries + items³). */
export const ease: Family<EaseOptions> = {
  name: 'ease',
  target: 'interactions',
  options: easeOptionNames,
  read: readEaseOptions,
  async fit(entries, options, { signal, onProgress, seed, threads }) {
    const call = 'ease.fit';
    const kept = counted(entries, options.binarise);
    refuseTooManyItems(call, entries.items.size, options.memory);
    if (kept.user.length === 0) throw new ParameterError(`${call}: there must be at least one entry that counts, got none`);
    const chooses = leavesChoice(options);
    const last = chooses ? options.solutions / (options.solutions + 1) : 0;
    const solving: Solving = { call, threads, signal, onProgress };
    const shape = chooses ? (await chooseShape(kept, options, partly(solving, 0, last), seed)).shape : fixedShape(options);
    return solved(kept, shape, options, partly(solving, last, 1));
  },
  load: (saved, what) => new EaseModel(readEase(saved, what), retrain),
};
