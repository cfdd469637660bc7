/**
 * The options of a run of up–down learning. One row of the table is all that an option needs:
 * reading, refusal, resuming and files follow it.
 */
import { OptionCheck } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { NativeUpDownOptions } from '../machine/native-up-down.js';
import type { Entry, Values } from '../training/entry.js';
import type { LearningRate } from '../training/learning-rate.js';
import { assertSame, type Rollback, readOnDivergence } from '../training/options.js';
import { type Rates, readRates } from '../training/rates.js';
import type { AnyRunOptions } from '../training/run-options.js';
import type { LabelledRows } from './pretrain-options.js';

/** Factors of the learning rate of each part of a network. */
export interface UpDownRates {
  /** Of the halves that recognise. */
  readonly up?: number | undefined;
  /** Of the halves that generate. */
  readonly down?: number | undefined;
  /** Of the top machine. */
  readonly top?: number | undefined;
}

/** The options of `upDown` that decide its result. */
export interface UpDownSettingOptions {
  /** Passes over the data. Default 30. */
  readonly epochs?: number | undefined;
  /** Rows per update; at most the number of rows. Default 100, or all rows if there are fewer. */
  readonly batchSize?: number | undefined;
  /** Gibbs sweeps of the top machine per update. Default 1. */
  readonly sweeps?: number | undefined;
  /**
   * Persistent chains of the top machine (Tieleman 2008); 0: its chains start from the data, as
   * Hinton, Osindero & Teh had it (contrastive; take some sweeps). Default 100, or the number of
   * rows if there are fewer.
   */
  readonly chains?: number | undefined;
  /**
   * Whether gradients are centred (Melchior, Fischer & Wiskott 2016): about the means of the states
   * on the way up. It allows rates several times as high. Default true.
   */
  readonly centred?: boolean | undefined;
  /** Rate at which these means follow, in [0, 1]. Default 0.01. */
  readonly offsetRate?: number | undefined;
  /** What dreams hold at the bottom: means of the visible units, or draws. Default 'mean'. */
  readonly dreams?: 'mean' | 'sample' | undefined;
  /**
   * A number, `linear(0.6, { hold: 0.3 })`, `cosine(0.6)`, a table or a function. Default: 0.6 with
   * centred gradients and 0.02 without, held for 0.3 of the run and then falling linearly to 0; a
   * tenth of that with `gaussian`, `relu` or `doubleRelu` units.
   */
  readonly learningRate?: LearningRate | undefined;
  /** Momentum, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** L1 decay of the weights. Default 0. */
  readonly l1?: number | undefined;
  /** L2 decay of the weights. Default 0.0002. */
  readonly l2?: number | undefined;
  /**
   * Factors of the learning rate: of the recognition halves (`up`), the generative halves (`down`)
   * and the top machine; 0 freezes. Default 0.3, 0.3 and 1.
   */
  readonly rates?: UpDownRates | undefined;
  /**
   * Fraction of the run's last updates over which the parameters are averaged; the network ends
   * with the average; 0: none. Default 0.1.
   */
  readonly averageLast?: number | undefined;
  /** Visits the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Rows behind each epoch's metrics, at most; 0: none. Default 1000. */
  readonly monitorRows?: number | undefined;
  /**
   * What happens when a parameter would stop being finite. 'throw' (default): the run rejects with
   * `DivergenceError`. 'rollback': it goes back to its last good state, with the learning rate
   * multiplied by `factor`, at most `retries` times.
   */
  readonly onDivergence?: 'throw' | 'rollback' | Rollback | null | undefined;
}

/** How to learn up and down. Everything but `labels` of a network that has some has a default. */
export interface UpDownOptions extends UpDownSettingOptions, AnyRunOptions {
  /**
   * A class for each row, or one-hot rows [n, classes]. Only, and always, for a network with
   * labels.
   */
  readonly labels?: RowsInput | undefined;
  /**
   * Rows that are only watched, of a network with labels: the share that `classify` gets wrong
   * comes with the reports.
   */
  readonly validation?: LabelledRows | undefined;
  /** Epochs from one look at the validation rows to the next. Default 1. */
  readonly evaluateEvery?: number | undefined;
  /**
   * Ends the run when no look at the validation rows was better for a while, and goes back to the
   * best parameters.
   */
  readonly earlyStopping?:
    | {
        /** Looks without a better one after which the run ends; at least 1. Default 10. */
        readonly patience?: number | undefined;
        /** Whether the network ends with the parameters of its best epoch. Default true. */
        readonly restoreBest?: boolean | undefined;
      }
    | undefined;
  /**
   * Lets the run go on to its end, and the network end with the parameters of the best look at the
   * validation rows.
   */
  readonly keepBest?: boolean | undefined;
}

interface UpDownDefaults {
  readonly epochs: number;
  readonly batchSize: number;
}

type Row<T> = Entry<T, UpDownDefaults>;
const row = <T>(read: Row<T>['read']): Row<T> => ({ read });

/** Parts that have a factor of the learning rate. */
export const upDownParts = ['up', 'down', 'top'] as const;

/** The halves learn more slowly than the top machine, whose chains follow them. */
const usualRates = { up: 0.3, down: 0.3, top: 1 };
const mostSweeps = 2 ** 31 - 1;

const settingRows = {
  epochs: row((check, name, value, { epochs }) => check.integer(name, value, epochs, 1, 2 ** 40)),
  batchSize: row((check, name, value, { batchSize }) => check.integer(name, value, batchSize)),
  sweeps: row((check, name, value) => check.integer(name, value, 1, 1, mostSweeps)),
  chains: row((check, name, value, { batchSize }) => check.integer(name, value, batchSize, 0, 2 ** 31 - 1)),
  centred: row((check, name, value) => check.flag(name, value, true)),
  offsetRate: row((check, name, value) => check.number(name, value, 0.01, 0, 1)),
  dreams: row<'mean' | 'sample'>((check, name, value) => check.oneOf(name, value, 'mean', ['mean', 'sample'])),
  momentum: row((check, name, value) => check.number(name, value, 0, 0, 1, true)),
  l1: row((check, name, value) => check.number(name, value, 0)),
  l2: row((check, name, value) => check.number(name, value, 0.0002)),
  rates: row<Rates>((check, _, value) => ({ ...usualRates, ...readRates(check, value, upDownParts) })),
  averageLast: row((check, name, value) => check.number(name, value, 0.1, 0, 1)),
  shuffle: row((check, name, value) => check.flag(name, value, true)),
  monitorRows: row((check, name, value) => check.integer(name, value, 1000, 0, 2 ** 31 - 1)),
  onDivergence: row((check, name, value) => readOnDivergence(check, name, value, {})),
};

const rowNames = Object.keys(settingRows) as (keyof typeof settingRows)[];

/**
 * Everything about a run but its rows and rates of learning: plain data, so that a checkpoint can
 * keep it.
 */
export type UpDownSettings = Values<typeof settingRows> & {
  /** Whether rows are weighted; the weights themselves belong to the data. */
  readonly weighted: boolean;
};

/** The names of all options in {@link UpDownSettingOptions}. */
export const upDownNames = ['learningRate', ...rowNames] as const;

/** Options as a caller gave them. */
export type GivenUpDown = { readonly [K in (typeof upDownNames)[number]]?: unknown };

/** Checks options and fills in what was left out. */
export function readUpDownSettings(call: string, given: GivenUpDown, defaults: UpDownDefaults): UpDownSettings {
  const check = new OptionCheck(call);
  const read = rowNames.map((name) => [name, settingRows[name].read(check, name, given[name], defaults)]);
  return { ...Object.fromEntries(read), weighted: false } as UpDownSettings;
}

/**
 * Takes the settings of an interrupted run, after checking that none of those given contradicts
 * them.
 */
export function resumedUpDown(call: string, given: GivenUpDown, interrupted: UpDownSettings): UpDownSettings {
  const asGiven = readUpDownSettings(call, given, interrupted);
  assertSame(
    call,
    given,
    rowNames.filter((name) => name !== 'monitorRows'),
    interrupted,
    asGiven,
  );
  return { ...interrupted, monitorRows: given.monitorRows === undefined ? interrupted.monitorRows : asGiven.monitorRows };
}

type NativeSettings = Omit<NativeUpDownOptions, 'up' | 'down' | 'data' | 'labels' | 'sampleWeights' | 'learningRates'>;

/** Settings as native code takes them, for so many levels below the top. */
export function upDownForNative({ sweeps, rates, weighted: _, ...same }: UpDownSettings, levels: number): NativeSettings {
  const factor = (part: (typeof upDownParts)[number]): number => rates[part] as number;
  const table = [...Array.from({ length: levels }, () => [factor('up'), factor('down')]).flat(), factor('top')];
  const steps = { optimiser: 'sgd', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  return { ...same, ...steps, steps: sweeps, rates: Float64Array.from(table) };
}
