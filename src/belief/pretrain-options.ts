import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import { settingNames, type TrainingOptions } from '../training/options.js';
import type { RunOptions } from '../training/plan.js';
import { labelInput, layerInput } from './inputs.js';
import type { Activities } from './record.js';
import type { PretrainProgress } from './reports.js';
import type { BeliefSpec } from './spec.js';

/** Rows and, for a network with labels, their classes. */
export interface LabelledRows {
  /** Rows [n, visible]. */
  readonly rows: RowsInput;
  /** A class for each row, or one-hot rows [n, classes]. */
  readonly labels?: RowsInput | undefined;
}

/** What each level may have for itself. */
type OfLevel = TrainingOptions & Pick<RunOptions<never>, 'evaluateEvery' | 'evaluate' | 'earlyStopping' | 'keepBest'>;

/**
 * Options of one level, as `RBM.fit` takes them. Layers and couplings are named as in the network:
 * level 2 has 'hidden1', 'hidden2' and 'hidden1-hidden2'.
 */
export type LevelOptions = OfLevel;

/**
 * How to pretrain: what `RBM.fit` takes goes for every level. Everything but `labels` of a network
 * that has some has a default.
 */
export interface PretrainOptions
  extends Omit<OfLevel, 'rates'>,
    Omit<RunOptions<never>, 'validation' | 'onProgress' | 'evaluateEvery' | 'evaluate' | 'earlyStopping' | 'keepBest'> {
  /**
   * A class for each row, or one-hot rows [n, classes]; NaN where it is not known. Only, and
   * always, for a network with labels.
   */
  readonly labels?: RowsInput | undefined;
  /** Rows that are only watched, at every level. */
  readonly validation?: LabelledRows | undefined;
  /** Options of single levels, from the bottom: they stand before those for all. */
  readonly levels?: readonly (LevelOptions | undefined)[] | undefined;
  /**
   * What a level hands to the next: the means of its hidden units, or a draw of them, a new one
   * whenever a row is used. Default 'mean'.
   */
  readonly activities?: Activities | undefined;
  /**
   * Computes the activities of all rows once per level and holds them in memory, one number each.
   * By default they are computed for every minibatch anew, which takes no memory. Only with
   * `activities: 'mean'`. Default false.
   */
  readonly keepActivities?: boolean | undefined;
  /**
   * Whether a level that was never trained starts from the one below, turned upside down, where
   * their layers allow: layers l − 2 and l of one type, and l not smaller. It then is as good a model
   * as the one below from its first update (Hinton, Osindero & Teh 2006, section 4), but for units
   * that l has more, which start at random. Default true.
   */
  readonly transposed?: boolean | undefined;
  /** Called with the latest state of the run. An error it throws ends the run. */
  readonly onProgress?: ((progress: PretrainProgress) => void) | undefined;
}

const levelNames = [...settingNames, 'evaluateEvery', 'evaluate', 'earlyStopping', 'keepBest'] as const;
const runNames = ['sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'verbose', 'onProgress'] as const;
const ownNames = ['labels', 'levels', 'activities', 'keepActivities', 'transposed'] as const;

/** The names of {@link PretrainOptions}. */
export const pretrainNames = [...levelNames, ...runNames, ...ownNames] as const;

type Given = { readonly [K in (typeof levelNames)[number]]?: unknown };

/** The options, as far as they are not those of a level's run. */
export interface PretrainGiven {
  /** Rows and labels. */
  readonly data: Inputs;
  readonly validation: Inputs;
  /** What each level's run is given. */
  readonly levels: readonly Given[];
  /** What all of them are given. */
  readonly run: { readonly [K in (typeof runNames)[number]]?: unknown };
  readonly activities: unknown;
  readonly keepActivities: boolean;
  readonly transposed: unknown;
  readonly resume: boolean;
  readonly verbose: boolean;
}

/**
 * Reads and checks what `pretrain` is given, but for the options of the levels' runs, which are
 * checked as those of `RBM.fit`.
 */
export function readPretrain(call: string, spec: BeliefSpec, rows: unknown, options: unknown): PretrainGiven {
  const given = readOptions(call, options, pretrainNames);
  const check = new OptionCheck(call);
  if (given.rates !== undefined) {
    throw check.error('rates', 'left out: levels have layers of their own, so factors go into `levels`', given.rates);
  }
  const common = Object.fromEntries(levelNames.filter((name) => given[name] !== undefined).map((name) => [name, given[name]])) as Given;
  const levels = readLevels(check, given.levels, spec.layers.length - 1);
  const run = Object.fromEntries(runNames.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
  return {
    data: readData(call, spec, rows, given.labels),
    validation: readValidation(call, spec, given.validation),
    levels: levels.map((own) => ({ ...common, ...own })),
    run,
    activities: given.activities,
    keepActivities: check.flag('keepActivities', given.keepActivities, false),
    transposed: given.transposed,
    resume: check.flag('resume', given.resume, false),
    verbose: check.flag('verbose', given.verbose, false),
  };
}

function readLevels(check: OptionCheck, given: unknown, levels: number): Given[] {
  const none = Array.from({ length: levels }, (): Given => ({}));
  if (given === undefined) return none;
  if (!Array.isArray(given) || given.length > levels) throw check.error('levels', `a list of options for at most ${levels} levels`, given);
  return none.map((_, i) => (given[i] === undefined ? {} : { ...readOptions(check.call, given[i], levelNames, `levels[${i}]`) }));
}

/** Rows and their labels: a network has either both or no labels at all. */
export function readData(call: string, spec: BeliefSpec, rows: unknown, labels: unknown, inside = ''): Inputs {
  const name = (argument: string): string => (inside === '' ? argument : `${inside}.${argument}`);
  const input = layerInput(spec, call, inside === '' ? 'data' : name('rows'), rows);
  if (spec.labels === null) {
    if (labels === undefined) return [input];
    throw new ParameterError(`${call}: \`${name('labels')}\` must be left out: this network was made without labels`);
  }
  if (labels === undefined) {
    throw new ParameterError(`${call}: \`${name('labels')}\` must be given: this network was made with ${spec.labels} classes`);
  }
  const inputs = [input, labelInput(spec, call, name('labels'), labels)];
  rowCount(call, inputs);
  return inputs;
}

/** Reads `validation`: no inputs without. */
export function readValidation(call: string, spec: BeliefSpec, given: unknown): Inputs {
  if (given === undefined) return [];
  const { rows, labels } = readOptions(call, given, ['rows', 'labels'], 'validation');
  return readData(call, spec, rows, labels, 'validation');
}
