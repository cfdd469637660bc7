/**
 * The couplings of the family 'ease' with hidden units beside them: a product of two experts for the
 * next item (`native/ratings/hidden_machine.hpp` has equations and papers). Couplings are solved and
 * frozen; hidden units are trained by a denoising likelihood, as long as that helps users held out.
 */

import type { OptionCheck } from '../../arguments.js';
import { ParameterError } from '../../errors.js';
import { chooseShape, fixedShape, leavesChoice } from '../ease-choice.js';
import { readEaseHidden } from '../ease-hidden-file.js';
import { EaseHiddenModel, type RetrainHidden } from '../ease-hidden-model.js';
import { type EaseHiddenOptions, easeHiddenOptionNames, readEaseHiddenOptions } from '../ease-hidden-options.js';
import { chooseEpochs, type HiddenPlan, trainHidden } from '../ease-hidden-train.js';
import { denseBytes, partly, refuseTooManyItems, type Solving } from '../ease-solve.js';
import { solved } from '../ease-train.js';
import type { Family } from '../family.js';
import { counted } from '../interactions.js';

/**
 * Same entries, options and seed: the same bits on any number of threads. Costs twice `folds` + 1
 * solutions more than 'ease', and per pass about 3 · units · items operations for each user.
 */
export const easeHidden: Family<EaseHiddenOptions> = {
  name: 'ease-hidden',
  target: 'interactions',
  options: easeHiddenOptionNames,
  read: (check: OptionCheck, given) => readEaseHiddenOptions(check, given),
  async fit(entries, options, { signal, onProgress, seed, threads }) {
    const call = 'ease-hidden.fit';
    const kept = counted(entries, options.binarise);
    refuseTooManyItems(call, entries.items.size, options.memory, denseBytes(entries.items.size) * (1 + options.folds / 3));
    if (kept.user.length === 0) throw new ParameterError(`${call}: there must be at least one entry that counts, got none`);
    const solving: Solving = { call, threads, signal, onProgress };
    const couplings = leavesChoice(options) ? (await chooseShape(kept, options, partly(solving, 0, 0.4), seed)).shape : fixedShape(options);
    const plan: HiddenPlan = { entries: kept, couplings, hidden: options, kept: options, seed };
    const epochs = await chooseEpochs(plan, options.cutoff, partly(solving, 0.4, 0.7));
    return trained({ ...plan, hidden: { ...options, epochs } }, partly(solving, 0.7, 1));
  },
  load: (saved, what) => readEaseHidden(saved, what, retrain),
};

async function trained(plan: HiddenPlan, solving: Solving): Promise<EaseHiddenModel> {
  const couplings = await solved(plan.entries, plan.couplings, plan.kept, partly(solving, 0, 0.1));
  const hidden = await trainHidden(plan, partly(solving, 0.1, 1));
  const { units, epochs, learningRate, l2, inputDropout, userWeight, folds } = plan.hidden;
  const shape = { units, epochs, learningRate, l2, inputDropout, userWeight, folds };
  return new EaseHiddenModel(couplings, hidden, shape, plan.seed, retrain);
}

/** Costs as much as training without choices. */
const retrain: RetrainHidden = (model, all, { signal, onProgress }) => {
  const call = 'ease-hidden.update';
  const { state, shape, seed } = model;
  const plan = { entries: counted(all, state.binarise), couplings: state.shape, hidden: shape, kept: state, seed };
  return trained(plan, { call, threads: 0, signal, onProgress });
};
