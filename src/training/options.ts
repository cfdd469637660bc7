/**
 * The options of a run that decide its result. One row of the table below is all that an option needs: reading, refusal, resuming, files and
 * the command line follow it; what native code calls it is in `settingsForNative`.
 */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { NativeTrainerOptions } from '../machine/native.js';
import { type Algorithm, type AlgorithmName, type AlgorithmSettings, algorithms, mostSweeps } from './algorithms.js';
import type { Entry, Flag, Values } from './entry.js';
import type { LearningRate } from './learning-rate.js';
import { readChoice } from './named-options.js';
import { type Optimiser, type OptimiserName, type OptimiserSettings, optimisers } from './optimisers.js';
import { type Rates, readRates } from './rates.js';
import { type RecipeName, usualChains } from './recipe.js';

/** Drives the mean activity of hidden units. */
export interface Sparsity {
  /** Mean activity aimed at, in [0, 1]. */
  readonly target: number;
  /** Strength: multiplies the pull on the hidden biases. Default 0.1. */
  readonly weight?: number | undefined;
  /** Rate of the running mean of the activity, in [0, 1]. Default 0.1. */
  readonly rate?: number | undefined;
}

/** How often, and how, a run goes back to a good state. */
export interface Rollback {
  /** How often, 1 to 1000. Default 3. */
  readonly retries?: number | undefined;
  /** What the learning rate is multiplied by, in (0, 1]. Default 0.5. */
  readonly factor?: number | undefined;
}

/**
 * What a machine with labels y and rows v maximises:
 *
 * - 'generative': log p(v, y), as other machines do.
 * - 'discriminative': log p(y | v), by its exact gradient. No chains; `algorithm` says nothing.
 * - `{ hybrid: α }`: log p(y | v) + α log p(v, y), α above 0.
 */
export type Objective =
  | 'generative'
  | 'discriminative'
  | {
      /** What the generative gradient is multiplied by, beside the discriminative one. */
      readonly hybrid: number;
    };

/** How to train. Everything has a default. `Part` are the names of layers and couplings. */
export interface TrainingOptions<Part extends string = string> {
  /**
   * Where the model's side of the gradient comes from: a name, or one of `pcd`, `cd`, `fpcd`, `pt`, `ptt`, `meanField` with options, such as
   * `cd({ sweeps: 10 })`. Default 'pcd'; 'pseudo-likelihood' for Hopfield networks, Ising and Potts models, which have no hidden units.
   *
   * - 'pseudo-likelihood': every unit given all others (Besag 1975); needs rows of all layers, none of them of counts. No chains.
   * - 'exact': the likelihood itself, all states counted that cannot be summed out: at most 2^20 of them, of bernoulli, spin, softmax and
   *   binomial layers. Hidden layers that are coupled to each other are counted too, up to 2^12 states per row; beyond that they are drawn, as
   *   by the others, in `positiveSweeps` sweeps.
   */
  readonly algorithm?: Algorithm | AlgorithmName | undefined;
  /** Stochastic gradient ascent or Adam: a name, or `sgd({ momentum })`, `adam({ beta1 })`. Default 'sgd'. */
  readonly optimiser?: Optimiser | OptimiserName | undefined;
  /**
   * A number, `linear(0.1, { hold: 0.3 })`, `cosine(0.1)`, a table or a function. Default: 0.1, held for 0.3 of the run and then falling
   * linearly to 0. It begins lower in machines with `gaussian` units (0.05), with `relu` or `doubleRelu` ones (0.005), and with 'adam' (0.001).
   */
  readonly learningRate?: LearningRate | undefined;
  /**
   * What stands for the options that you leave out. 'usual' (default): 30,000 updates but at least one pass, about 40 seconds for 784–500 units on
   * two cores. 'best': the long run behind the published likelihoods, 350,000 updates, at most 700 passes.
   */
  readonly recipe?: RecipeName | undefined;
  /** Passes over the data. Default: as many as `recipe` says. */
  readonly epochs?: number | undefined;
  /** Rows per update; at most the number of rows. Default: as `recipe` says, at most 100. */
  readonly batchSize?: number | undefined;
  /**
   * Gibbs sweeps of the positive phase where rows lack values, or layers without data are coupled to each other or to themselves. Default 10.
   */
  readonly positiveSweeps?: number | undefined;
  /**
   * How layers without data enter the positive phase where they are coupled to each other or to themselves: drawn by Gibbs sampling, or as
   * independent units with the means of a mean-field fixed point (Salakhutdinov & Hinton 2009), in `positiveSweeps` sweeps either way. Default
   * 'gibbs', with the algorithm 'mean-field' that.
   */
  readonly positive?: 'gibbs' | 'mean-field' | undefined;
  /**
   * Layers with rows that are conditions: the machine learns the distribution of the other layers given them (conditional maximum likelihood), and
   * their own is left alone. Needs the algorithm 'cd', whose chains then keep the states of these layers. Reports have a pseudo-likelihood of the
   * other layers, and neither free energies nor health. Default: none.
   */
  readonly given?: readonly (Part | (string & {}))[] | undefined;
  /** Centred gradient (Melchior, Fischer & Wiskott 2016). Default true. */
  readonly centred?: boolean | undefined;
  /** Rate of the exponential average behind the hidden offsets of the centred gradient, in [0, 1]. Default 0.01. */
  readonly offsetRate?: number | undefined;
  /**
   * Steps the weights in units of the standard deviations of both sides (the standardised RBM of Fernandez-de-Cossio-Diaz, Cocco & Monasson):
   * of the data for layers that have some, running ones at `offsetRate` for the others. A deviation counts as at least a tenth of the root mean
   * square of its layer's. Needs `centred`. Default false.
   */
  readonly standardised?: boolean | undefined;
  /**
   * Factors of the learning rate, at least 0, by coupling ('visible-hidden') or layer ('hidden': the parameters of its units). 1 for those not
   * named; 0 freezes: nothing changes such a parameter, not by a bit.
   */
  readonly rates?: { readonly [K in Part]?: number | undefined } | undefined;
  /** L1 decay of the weights. Default 0. */
  readonly l1?: number | undefined;
  /**
   * L2 decay of the weights. Default: columns / (40 rows), rows counted as at least 100, at most 0.03: the precision of a Gaussian prior over the
   * number of rows. With `recipe: 'best'` 35 / rows, at most 0.001, where there are more than two weights to a row and no `gaussian`, `relu` or
   * `doubleRelu` units.
   */
  readonly l2?: number | undefined;
  /** Drives the mean activity of each hidden unit towards `target`. Default null: off. */
  readonly sparsity?: Sparsity | null | undefined;
  /** Fraction of the run's last updates over which the parameters are averaged; the model ends with the average; 0: none. Default 0.1. */
  readonly averageLast?: number | undefined;
  /**
   * Draws values between 0 and 1 of Bernoulli units anew whenever their row is used, so that the machine learns binary rows and sees new ones in
   * every epoch. Otherwise they enter fields and statistics as they are, as means. Default false.
   */
  readonly dynamicBinarisation?: boolean | undefined;
  /** Visits the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Starts the visible biases at the log-odds of the data means, in a model that was never trained or set. Default true. */
  readonly initialiseFromData?: boolean | undefined;
  /**
   * Rows behind each epoch's metrics, at most: fewer, but at least 100, where `monitorBudget` does not allow for more. 0 turns metrics and
   * health off. Default 1000.
   */
  readonly monitorRows?: number | undefined;
  /**
   * What watching a run may cost, as a part of the work of training, counted and not timed: half of it for each epoch's metrics, the rest for
   * {@link EpochReport.health}, which is looked at as often as that allows. 0: no health, and metrics of all `monitorRows`. Default 0.05.
   */
  readonly monitorBudget?: number | undefined;
  /**
   * What happens when a parameter would stop being finite or the couplings explode (a typical weight beyond 1000 nats). 'throw': the run rejects
   * with `DivergenceError`. 'rollback': it goes back to its last good state, kept at ends of epochs at least 100 updates apart, with the learning
   * rate multiplied by `factor` from then on and other random numbers, at most `retries` times; after that it rejects, and the model stands in
   * that state. Costs memory for two more copies of parameters and training state. Default 'throw'; 'rollback' in machines with `gaussian`
   * units, and with 10 `retries` in those with `relu` or `doubleRelu` ones.
   */
  readonly onDivergence?: 'throw' | 'rollback' | Rollback | null | undefined;
}

/** What defaults depend on. */
export interface Defaults {
  readonly epochs: number;
  readonly batchSize: number;
  /** Of persistent chains; left out: by the size of the minibatch. */
  readonly chains?: number;
  readonly l2: number;
  readonly averageLast: number;
  /** How often a run that diverges goes back to a good state unless it is told otherwise; 0 if left out. */
  readonly retries?: number;
  /** Of an interrupted run. */
  readonly algorithm?: AlgorithmSettings;
  readonly optimiser?: OptimiserSettings;
  /** Names of the machine's layers and couplings. */
  readonly parts: readonly string[];
  /** Whether the machine has labels, and so an objective. */
  readonly labelled?: boolean;
}

/** No defaults: every setting that depends on the run must be there. */
export const noDefaults = { epochs: Number.NaN, batchSize: Number.NaN, l2: Number.NaN, averageLast: Number.NaN, chains: Number.NaN };

/** Defaults, and what was read before. */
type Known = Defaults & { readonly algorithm: AlgorithmSettings };
type Row<T> = Entry<T, Known>;

const row = <T>(read: Row<T>['read'], flag?: Flag): Row<T> => (flag === undefined ? { read } : { read, flag });
const flag = (name: string, value: string, text: string): Flag => ({ name, value, kind: 'number', text });

/** The rows, by the names of {@link TrainingOptions}, and the objective of machines with labels; algorithm, optimiser and learning rate have tables of their own. */
export const settingRows = {
  objective: row<Objective | undefined>((check, name, value, { labelled = false }) =>
    labelled ? readObjective(check, name, value) : undefined,
  ),
  epochs: row(
    (check, name, value, { epochs }) => check.integer(name, value, epochs, 1, 2 ** 40),
    flag('epochs', 'n', 'passes over the data (default: by --recipe)'),
  ),
  batchSize: row((check, name, value, { batchSize }) => check.integer(name, value, batchSize), {
    ...flag('batch-size', 'rows', 'rows per update (default: by --recipe, at most 100)'),
    alias: 'batch',
  }),
  positiveSweeps: row((check, name, value) => check.integer(name, value, 10, 1, mostSweeps)),
  positive: row<'gibbs' | 'mean-field'>((check, name, value, { algorithm }) =>
    check.oneOf(name, value, algorithm.name === 'mean-field' ? 'mean-field' : 'gibbs', ['gibbs', 'mean-field']),
  ),
  given: row<readonly string[]>(readGiven),
  centred: row((check, name, value) => check.flag(name, value, true), {
    name: 'no-centred',
    kind: 'off',
    text: 'plain instead of centred gradient',
  }),
  offsetRate: row((check, name, value) => check.number(name, value, 0.01, 0, 1)),
  standardised: row((check, name, value) => check.flag(name, value, false)),
  rates: row<Rates>((check, _, value, { parts }) => readRates(check, value, parts)),
  l1: row((check, name, value) => check.number(name, value, 0), flag('l1', 'strength', 'L1 decay of the weights (default: 0)')),
  l2: row(
    (check, name, value, { l2 }) => check.number(name, value, l2),
    flag('l2', 'strength', 'L2 decay of the weights (default: columns / (40 rows), at most 0.03)'),
  ),
  sparsity: row(readSparsity),
  averageLast: row(
    (check, name, value, { averageLast }) => check.number(name, value, averageLast, 0, 1),
    flag('average-last', 'fraction', 'average the parameters over this share of the run (default: 0.1)'),
  ),
  dynamicBinarisation: row((check, name, value) => check.flag(name, value, false)),
  shuffle: row((check, name, value) => check.flag(name, value, true)),
  initialiseFromData: row((check, name, value) => check.flag(name, value, true)),
  monitorRows: row((check, name, value) => check.integer(name, value, 1000, 0, 2 ** 31 - 1)),
  monitorBudget: row((check, name, value) => check.number(name, value, 0.05)),
  onDivergence: row(readOnDivergence, {
    name: 'on-divergence',
    value: 'what',
    kind: 'word',
    text: 'throw, or rollback: back to the last good state and on at half the rate, three times at most (default: throw; rollback with real numbers)',
  }),
};

/** Everything about a run but its rows and rates: plain data, so that a checkpoint can keep it. */
export type TrainingSettings = Values<typeof settingRows> & {
  readonly algorithm: AlgorithmSettings;
  readonly optimiser: OptimiserSettings;
  /** Whether rows are weighted; the weights themselves belong to the data. */
  readonly weighted: boolean;
};

/** The names of all options in {@link TrainingOptions}. */
export const settingNames = ['algorithm', 'optimiser', 'learningRate', 'recipe', ...keys(settingRows)] as const;

/** Options as a caller gave them. */
export type Given = { readonly [K in keyof TrainingOptions | 'objective']?: unknown };

/** Checks options and fills in what was left out. */
export function readSettings(call: string, given: Given, defaults: Defaults): TrainingSettings {
  const check = new OptionCheck(call);
  const batchSize = settingRows.batchSize.read(check, 'batchSize', given.batchSize, defaults as Known);
  const chains = defaults.chains ?? Math.max(batchSize, usualChains);
  const algorithm = readChoice(check, 'algorithm', algorithms, given.algorithm, { chains }, defaults.algorithm);
  const optimiser = readChoice(check, 'optimiser', optimisers, given.optimiser, {}, defaults.optimiser);
  const known = { ...defaults, algorithm };
  const rows = keys(settingRows).map((name) => [name, settingRows[name].read(check, name, given[name], known)]);
  const settings = { algorithm, optimiser, ...Object.fromEntries(rows), weighted: false } as TrainingSettings;
  if (settings.standardised && !settings.centred) {
    throw check.error('standardised', 'false with `centred: false`: scales go with offsets', true);
  }
  return settings;
}

function keys<K extends string>(rows: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(rows) as K[];
}

/** Settings as native code takes them: the options of algorithm and optimiser beside the others. */
export function settingsForNative(settings: TrainingSettings): NativeSettings {
  const { algorithm, optimiser, weighted: _, rates: __, given: ___, objective: ____, positiveSweeps, ...same } = settings;
  const { name, ...own } = algorithm;
  const { sweeps = 1, chains = same.batchSize, betas = [], acceptance, ...others } = own as Partial<Everything<AlgorithmSettings>>;
  const { name: optimiserName, ...steps } = optimiser;
  return {
    ...same,
    ...others,
    ...(acceptance === undefined ? {} : { reservoirAcceptance: acceptance }),
    algorithm: name,
    steps: sweeps,
    chains,
    temperatures: Float64Array.from(betas),
    positiveSteps: positiveSweeps,
    momentum: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    ...steps,
    optimiser: optimiserName,
  };
}

type NativeSettings = Omit<
  NativeTrainerOptions,
  'data' | 'validation' | 'sampleWeights' | 'learningRates' | 'rates' | 'given' | 'stream' | 'labels'
>;
/** All keys of all members of a union. */
type Everything<U> = (U extends unknown ? (x: Omit<U, 'name'>) => void : never) extends (x: infer I) => void ? I : never;

/** What is learnt of labels, unless an option says otherwise: the best of Larochelle & Bengio 2008. */
const usualHybrid = 0.01;

function readObjective(check: OptionCheck, name: string, given: unknown): Objective {
  if (given === undefined) return { hybrid: usualHybrid };
  if (given === 'generative' || given === 'discriminative') return given;
  if (typeof given !== 'object' || given === null) {
    throw check.error(name, "'generative', 'discriminative' or an object such as { hybrid: 0.01 }", given);
  }
  const { hybrid } = readOptions(check.call, given, ['hybrid'], name);
  const weight = check.number(`${name}.hybrid`, hybrid, 0);
  if (weight > 0) return { hybrid: weight };
  throw check.error(`${name}.hybrid`, 'a finite number above 0', hybrid);
}

/** The weights of both likelihoods, as native code takes them; null for machines without labels. */
export function labelsForNative(
  { objective }: TrainingSettings,
  layer: number | undefined,
): NonNullable<NativeTrainerOptions['labels']> | null {
  if (objective === undefined || layer === undefined) return null;
  if (objective === 'generative') return { layer, discriminative: 0, generative: 1 };
  return { layer, discriminative: 1, generative: objective === 'discriminative' ? 0 : objective.hybrid };
}

export function readOnDivergence(
  check: OptionCheck,
  name: string,
  asked: unknown,
  { retries: usual = 0 }: Pick<Defaults, 'retries'>,
): NonUndefined<Rollback> | null {
  const given = asked === undefined && usual > 0 ? { retries: usual } : asked;
  if (given === undefined || given === null || given === 'throw') return null;
  if (typeof given === 'string' && given !== 'rollback') {
    throw check.error(name, "'throw', 'rollback' or an object with `retries` and `factor`", given);
  }
  const { retries, factor } = readOptions(check.call, given === 'rollback' ? {} : given, ['retries', 'factor'], name);
  const slower = check.number(`${name}.factor`, factor, 0.5, 0, 1);
  if (slower === 0) throw check.error(`${name}.factor`, 'a number in (0, 1]', factor);
  return { retries: check.integer(`${name}.retries`, retries, 3, 1, 1000), factor: slower };
}

function readGiven(check: OptionCheck, name: string, given: unknown, { algorithm, parts }: Known): readonly string[] {
  if (given === undefined) return [];
  if (!readFrom(check.call, name, () => Array.isArray(given))) throw check.error(name, 'a list of names of layers', given);
  const asked = readFrom(check.call, name, () => Array.from(given as unknown[]));
  const names = asked.map((layer) => parts[check.nameOf(name, layer, parts)] as string);
  if (names.length > 0 && algorithm.name !== 'cd') throw check.error('algorithm', "'cd' with `given`", algorithm.name);
  return names;
}

function readSparsity(check: OptionCheck, name: string, given: unknown): NonUndefined<Sparsity> | null {
  if (given === undefined || given === null) return null;
  const { target, weight, rate } = readOptions(check.call, given, ['target', 'weight', 'rate'], name);
  if (target === undefined) throw check.error(`${name}.target`, 'a number in [0, 1]', target);
  return {
    target: check.number(`${name}.target`, target, 0, 0, 1),
    weight: check.number(`${name}.weight`, weight, 0.1),
    rate: check.number(`${name}.rate`, rate, 0.1, 0, 1),
  };
}

type NonUndefined<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

/** Options that a resumed run may be given anew. */
const free: ReadonlySet<string> = new Set(['learningRate', 'recipe', 'monitorRows']);

/**
 * Takes the settings of an interrupted run, after checking that none of those given contradicts them.
 *
 * @throws {@link ParameterError} naming the first one that does.
 */
export function resumedSettings(call: string, given: Given, interrupted: TrainingSettings, parts: readonly string[]): TrainingSettings {
  const { chains } = interrupted.algorithm as { chains?: number };
  const asGiven = readSettings(call, given, {
    ...interrupted,
    ...(chains === undefined ? {} : { chains }),
    parts,
    labelled: interrupted.objective !== undefined,
  });
  assertSame(
    call,
    given,
    settingNames.filter((name) => !free.has(name)),
    interrupted,
    asGiven,
  );
  return { ...interrupted, monitorRows: given.monitorRows === undefined ? interrupted.monitorRows : asGiven.monitorRows };
}

/**
 * Refuses options that contradict those of an interrupted run.
 *
 * @param names - The options that must be the same, if they are given.
 * @throws {@link ParameterError} naming the first one that is not.
 */
export function assertSame(
  call: string,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  interrupted: object,
  asGiven: object,
): void {
  for (const name of names) {
    if (given[name] === undefined) continue;
    const [was, is] = [interrupted, asGiven].map((settings) => JSON.stringify((settings as Readonly<Record<string, unknown>>)[name]));
    if (was !== is) throw new ParameterError(`${call}: cannot resume with another \`${name}\`: the interrupted run has ${was}, got ${is}`);
  }
}
