/**
 * The options of a run that decide what a network becomes. One row of the table below is all that
 * an option needs: reading, refusal, resuming and files follow it; what native code calls it is in
 * `settingsForNative`.
 */
import { OptionCheck, readFrom } from '../arguments.js';
import type { NativeNetworkTrainerOptions } from '../machine/native-network.js';
import type { Entry, Values } from '../training/entry.js';
import type { LearningRate } from '../training/learning-rate.js';
import { readChoice } from '../training/named-options.js';
import type { Optimiser, OptimiserName } from '../training/optimisers.js';
import { assertSame, type Rollback, readOnDivergence } from '../training/options.js';
import { type Rates, readRates } from '../training/rates.js';
import { inputName } from './layers.js';
import { type Lbfgs, type NetworkOptimiserSettings, networkOptimisers } from './optimisers.js';

/** How gradients become steps: L-BFGS takes no learning rate. */
export type NetworkStepOptions =
  | {
      /**
       * 'adam' (default), 'sgd', or `adam({ beta1 })`, `sgd({ momentum: 0.9 })`,
       * `lbfgs({ history })`.
       */
      readonly optimiser?: Optimiser | OptimiserName | undefined;
      /**
       * A number, `linear(0.1, { hold: 0.3 })`, `cosine(0.1)`, a table or a function. Default:
       * 0.001 with 'adam' and 0.1 with 'sgd', held for 0.3 of the run and then falling linearly to
       * 0. Of 'lbfgs' none: it searches.
       */
      readonly learningRate?: LearningRate | undefined;
    }
  | {
      /** Steps of L-BFGS. */
      readonly optimiser: Lbfgs | 'lbfgs';
      /** None: it searches. */
      readonly learningRate?: undefined;
    };

/** The options of a run that decide its result, {@link NetworkStepOptions} apart. */
export interface NetworkSettingOptions {
  /** Passes over the data. Default 30. */
  readonly epochs?: number | undefined;
  /**
   * Rows per update; at most the number of rows. Default 100, with 'lbfgs' 2000, or all rows if
   * there are fewer.
   */
  readonly batchSize?: number | undefined;
  /**
   * Share of units that training drops, in [0, 1), in this run: of all hidden layers, or by layer,
   * with 'inputs' for the columns of the rows, such as `{ inputs: 0.2, hidden1: 0.5 }`. What goes
   * on is divided by what is left (Srivastava et al. 2014). Default: as the layers say.
   */
  readonly dropout?: number | { readonly [layer: string]: number | undefined } | undefined;
  /**
   * The largest norm of the weights that come into a unit: they are scaled down to it after every
   * update. Default null: none.
   */
  readonly maxNorm?: number | null | undefined;
  /** L1 decay of the weights. Default 0. */
  readonly l1?: number | undefined;
  /** L2 decay of the weights. Default 0. */
  readonly l2?: number | undefined;
  /**
   * Factors of the learning rate by layer, at least 0; 0 freezes it. 1 for those not named. With
   * 'lbfgs' 0 and 1 only.
   */
  readonly rates?: { readonly [layer: string]: number | undefined } | undefined;
  /**
   * Fraction of the run's last updates over which the parameters are averaged; the network ends
   * with the average; 0: none. Default 0.
   */
  readonly averageLast?: number | undefined;
  /** Visits the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Training rows behind each epoch's `loss` and `error`, at most; 0: none. Default 1000. */
  readonly monitorRows?: number | undefined;
  /**
   * What happens when a parameter would stop being finite. 'throw' (default): the run rejects with
   * `DivergenceError`. 'rollback': it goes back to its last good state, with the learning rate
   * multiplied by `factor`, at most `retries` times.
   */
  readonly onDivergence?: 'throw' | 'rollback' | Rollback | null | undefined;
}

/** How a network learns. */
export type NetworkTrainingOptions = NetworkSettingOptions & NetworkStepOptions;

/** What defaults depend on. */
export interface NetworkDefaults {
  readonly epochs: number;
  readonly batchSize: number;
  /** What training drops of what goes into each layer. */
  readonly dropout: readonly number[];
  /** Of an interrupted run. */
  readonly optimiser?: NetworkOptimiserSettings;
  /** Names of the layers. */
  readonly layers: readonly string[];
}

type Row<T> = Entry<T, NetworkDefaults>;
const row = <T>(read: Row<T>['read']): Row<T> => ({ read });

/** The rows, by the names of {@link NetworkSettingOptions}. */
const settingRows = {
  epochs: row((check, name, value, { epochs }) => check.integer(name, value, epochs, 1, 2 ** 40)),
  batchSize: row((check, name, value, { batchSize }) => check.integer(name, value, batchSize)),
  dropout: row(readDropout),
  maxNorm: row(readMaxNorm),
  l1: row((check, name, value) => check.number(name, value, 0)),
  l2: row((check, name, value) => check.number(name, value, 0)),
  rates: row<Rates>((check, _, value, { layers }) => readRates(check, value, layers)),
  averageLast: row((check, name, value) => check.number(name, value, 0, 0, 1)),
  shuffle: row((check, name, value) => check.flag(name, value, true)),
  monitorRows: row((check, name, value) => check.integer(name, value, 1000, 0, 2 ** 31 - 1)),
  onDivergence: row((check, name, value) => readOnDivergence(check, name, value, {})),
};

type Rows = typeof settingRows;

/** Everything about a run but its rows and rates: plain data, so that a checkpoint can keep it. */
export type NetworkSettings = Values<Rows> & {
  readonly optimiser: NetworkOptimiserSettings;
  /** Whether rows are weighted; the weights themselves belong to the data. */
  readonly weighted: boolean;
};

const rowNames = Object.keys(settingRows) as (keyof Rows)[];

/** The names of all options in {@link NetworkTrainingOptions}. */
export const settingNames = ['optimiser', 'learningRate', ...rowNames] as const;

/** Options as a caller gave them. */
export type Given = { readonly [K in (typeof settingNames)[number]]?: unknown };

const usualRows = { adam: 100, sgd: 100, lbfgs: 2000 } as const;
/** The first learning rate, held for a part of the run and then falling. */
export const usualRates = { adam: 0.001, sgd: 0.1 } as const;

/** Checks options and fills in what was left out. */
export function readSettings(
  call: string,
  given: Given,
  defaults: Omit<NetworkDefaults, 'batchSize'> & { batchSize?: number; rows?: number },
): NetworkSettings {
  const check = new OptionCheck(call);
  const optimiser = readChoice(check, 'optimiser', networkOptimisers, given.optimiser, {}, defaults.optimiser);
  if (optimiser.name === 'lbfgs' && given.learningRate !== undefined) {
    throw check.error('learningRate', "left out with 'lbfgs', which finds the length of its steps", given.learningRate);
  }
  const batchSize = defaults.batchSize ?? Math.min(usualRows[optimiser.name], defaults.rows ?? Number.NaN);
  const known = { ...defaults, batchSize };
  const read = rowNames.map((name) => [name, settingRows[name].read(check, name, given[name], known)]);
  const settings = { optimiser, ...Object.fromEntries(read), weighted: false } as NetworkSettings;
  if (optimiser.name === 'lbfgs') {
    const between = Object.entries(settings.rates).find(([, rate]) => rate !== 0 && rate !== 1);
    if (between !== undefined) throw check.error(`rates.${between[0]}`, "0 or 1 with 'lbfgs'", between[1]);
  }
  return settings;
}

/**
 * Takes the settings of an interrupted run, after checking that none of those given contradicts
 * them.
 *
 * @throws {@link ParameterError} naming the first one that does.
 */
export function resumedSettings(call: string, given: Given, interrupted: NetworkSettings, layers: readonly string[]): NetworkSettings {
  const asGiven = readSettings(call, given, { ...interrupted, layers });
  const fixed = settingNames.filter((name) => name !== 'learningRate' && name !== 'monitorRows');
  assertSame(call, given, fixed, interrupted, asGiven);
  return { ...interrupted, monitorRows: given.monitorRows === undefined ? interrupted.monitorRows : asGiven.monitorRows };
}

type NativeSettings = Omit<
  NativeNetworkTrainerOptions,
  'data' | 'targets' | 'validation' | 'sampleWeights' | 'learningRates' | 'rates' | 'loss'
>;

/** Settings as native code takes them: the options of the optimiser beside the others. */
export function settingsForNative(settings: NetworkSettings): NativeSettings {
  const { optimiser, weighted: _, rates: __, dropout, maxNorm, ...same } = settings;
  const { name, ...steps } = optimiser;
  const unused = { momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  return { ...same, ...unused, ...steps, optimiser: name, dropout: Float64Array.from(dropout), maxNorm: maxNorm ?? 0 };
}

function readMaxNorm(check: OptionCheck, name: string, given: unknown): number | null {
  if (given === undefined || given === null) return null;
  const norm = check.number(name, given, 0);
  if (norm === 0) throw check.error(name, 'a finite number above 0, or null', given);
  return norm;
}

/** One share for what goes into each layer. */
function readDropout(check: OptionCheck, name: string, given: unknown, { dropout, layers }: NetworkDefaults): readonly number[] {
  if (given === undefined) return [...dropout];
  if (typeof given === 'number') return dropout.map((_, i) => (i === 0 ? 0 : check.number(name, given, 0, 0, 1, true)));
  if (typeof given !== 'object' || given === null)
    throw check.error(name, 'a number in [0, 1), or an object of such numbers by layer', given);
  const sources = [inputName, ...layers.slice(0, -1)];
  if (isList(check.call, name, given)) {
    // As files hold them.
    const list = given as unknown[];
    if (list.length !== sources.length) throw check.error(name, `a list of ${sources.length}`, `a list of ${list.length}`);
    return list.map((share, i) => check.number(`${name}[${i}]`, share, Number.NaN, 0, 1, true));
  }
  const shares = [...dropout];
  for (const [source, share] of readFrom(check.call, name, () => Object.entries(given))) {
    if (share === undefined) continue;
    shares[check.nameOf(name, source, sources, 'by names among')] = check.number(`${name}.${source}`, share, 0, 0, 1, true);
  }
  return shares;
}

function isList(call: string, name: string, given: object): boolean {
  return readFrom(call, name, () => Array.isArray(given));
}
