/** Options of the family 'ease-hidden'. */
import type { OptionCheck } from '../arguments.js';
import { type EaseOptions, easeOptionNames, readEaseOptions } from './ease-options.js';

/** How hidden units beside the couplings are trained. */
export interface HiddenShape {
  /** Hidden units. Default 200. */
  readonly units: number;
  /** Passes over the users at most; how many are taken is chosen on users held out. Default 40. */
  readonly epochs: number;
  /** Of Adam. Default 0.0003. */
  readonly learningRate: number;
  /** Weight decay. Default 0.001. */
  readonly l2: number;
  /** The chance that hidden units do not see an entry of the input in training. Default 0.5. */
  readonly inputDropout: number;
  /** A user with n targets counts as n^userWeight, in [0, 1]. Default 0.5. */
  readonly userWeight: number;
  /** Parts of the users, each scored in training by couplings solved without it, 2 to 10. Default 4. */
  readonly folds: number;
}

export type EaseHiddenOptions = EaseOptions & HiddenShape;

const hiddenNames = ['units', 'epochs', 'learningRate', 'l2', 'inputDropout', 'userWeight', 'folds'] as const;

/** Names of all options. */
export const easeHiddenOptionNames: readonly string[] = [...easeOptionNames.filter((name) => name !== 'unseen'), ...hiddenNames];

/** Reads options of the couplings and of the hidden units. Unseen items are always zero, entries always ones. */
export function readEaseHiddenOptions(check: OptionCheck, given: Readonly<Record<string, unknown>>): EaseHiddenOptions {
  const unknownName = Object.keys(given).find((name) => !easeHiddenOptionNames.includes(name));
  if (unknownName !== undefined) check.nameOf('options', unknownName, easeHiddenOptionNames, 'options of ease-hidden:');
  const isHidden = (name: string) => (hiddenNames as readonly string[]).includes(name);
  const ease = readEaseOptions(check, Object.fromEntries(Object.entries(given).filter(([name]) => !isHidden(name))));
  if (ease.binarise === false) throw check.error('binarise', 'true, or the least value that counts', given.binarise);
  return {
    ...ease,
    units: check.integer('units', given.units, 200, 1, 4096),
    epochs: check.integer('epochs', given.epochs, 40, 1, 10_000),
    learningRate: check.number('learningRate', given.learningRate, 3e-4, 1e-8, 1),
    l2: check.number('l2', given.l2, 1e-3, 0, 1e6),
    inputDropout: check.number('inputDropout', given.inputDropout, 0.5, 0, 0.95),
    userWeight: check.number('userWeight', given.userWeight, 0.5, 0, 1),
    folds: check.integer('folds', given.folds, 4, 2, 10),
  };
}
