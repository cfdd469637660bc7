/** Options of the softmax machine: how each is read, and its default for users and for items as cases. */
import type { OptionCheck } from '../../arguments.js';

/** What the cases of a machine are: users whose visibles are items, items whose visibles are users, or one machine of each kind. */
export type Orientation = 'users' | 'items' | 'both';

/** How one machine is trained. */
export interface RbmTraining {
  /** Binary hidden units, 1 to 1,008. */
  readonly hidden: number;
  /** Passes over the ratings. Default: 80; fewer, but 40, where these are above 15,000 updates; more, but 1,000, where below 5,000. */
  readonly epochs: number;
  /** Cases in a minibatch. */
  readonly batchSize: number;
  /** Learning rate of the first epoch; it falls geometrically to that of the last. */
  readonly rate: number;
  /** Learning rate of the last epoch. */
  readonly lastRate: number;
  /** In [0, 1). */
  readonly momentum: number;
  /**
   * Pull towards the mean row of weights at each step on a row, times the rate: of the linear and of all higher polynomials. It is
   * that of a row with 100 ratings; others are pulled by √(100 / ratings) times as much.
   */
  readonly decay: number;
  /** Pull of all higher polynomials. */
  readonly decayHigher: number;
  /** The same of the conditional layer. */
  readonly decayRated: number;
  /** 'cd': contrastive divergence from the data. 'pcd': a persistent chain for each case. */
  readonly algorithm: 'cd' | 'pcd';
  /** Sweeps of the negative phase in the first and in the last epoch; between them they rise evenly. */
  readonly sweeps: readonly [first: number, last: number];
  /** Whether the visibles of the model are means rather than draws; false with 'pcd'. */
  readonly means: boolean;
  /** Highest polynomial of the scale that weights have, 2 by default; values of the scale less one gives free weights. */
  readonly degree: number;
  /** Whether what was rated counts beside how. */
  readonly conditional: boolean;
  /** Share of the epochs, the last ones, whose parameters are averaged. */
  readonly averaged: number;
  /** Ratings of the average visible that start biases count beside a visible's own. */
  readonly prior: number;
  /** Standard deviation of the start weights. */
  readonly weightScale: number;
}

/** Options of the softmax machine. */
export interface RbmOptions {
  readonly orientation: Orientation;
  /** Weight of the machine whose cases are items, where there are both. */
  readonly itemShare: number;
  /** 'exact': hidden units are summed out. 'means': given their means (mean field). */
  readonly prediction: 'exact' | 'means';
  readonly users: RbmTraining;
  readonly items: RbmTraining;
  /** Whether these are the caller's. */
  readonly epochsGiven: boolean;
  readonly degreeGiven: boolean;
}

/** How a machine over so many cases is trained, for a scale of so many values. */
export function trainingFor(options: RbmOptions, kind: 'users' | 'items', cases: number, values: number): RbmTraining {
  const training = options[kind];
  const updates = Math.ceil(Math.max(1, cases) / training.batchSize);
  const enough = Math.max(40, Math.min(training.epochs, Math.ceil(15_000 / updates)), Math.min(1000, Math.ceil(5000 / updates)));
  return {
    ...training,
    epochs: options.epochsGiven ? training.epochs : enough,
    degree: options.degreeGiven ? training.degree : Math.min(training.degree, values - 1),
  };
}

/** Chosen on a tenth of the training ratings of ML-100k, held out. */
const usual: Record<'users' | 'items', RbmTraining> = {
  users: {
    hidden: 200,
    epochs: 80,
    batchSize: 10,
    rate: 0.06,
    lastRate: 0.002,
    momentum: 0.9,
    decay: 0.12,
    decayHigher: 3,
    decayRated: 0.01,
    algorithm: 'cd',
    sweeps: [1, 1],
    means: true,
    degree: 2,
    conditional: true,
    averaged: 0,
    prior: 40,
    weightScale: 0.05,
  },
  items: {
    hidden: 200,
    epochs: 80,
    batchSize: 10,
    rate: 0.05,
    lastRate: 0.001,
    momentum: 0.9,
    decay: 0.05,
    decayHigher: 0.5,
    decayRated: 0.001,
    algorithm: 'cd',
    sweeps: [1, 1],
    means: true,
    degree: 2,
    conditional: true,
    averaged: 0,
    prior: 20,
    weightScale: 0.05,
  },
};

const shared = [
  'hidden',
  'epochs',
  'batchSize',
  'rate',
  'lastRate',
  'momentum',
  'decay',
  'decayHigher',
  'decayRated',
  'algorithm',
  'sweeps',
  'means',
  'degree',
  'conditional',
  'averaged',
  'prior',
  'weightScale',
] as const;

export const rbmNames = ['orientation', 'itemShare', 'prediction', ...shared] as const;

type Given = Readonly<Record<string, unknown>>;

/** Reads the options; those of training stand for both machines where there are two. */
export function readRbm(check: OptionCheck, given: Given): RbmOptions {
  return {
    orientation: check.oneOf('orientation', given.orientation, 'both', ['both', 'users', 'items'] as const),
    itemShare: check.number('itemShare', given.itemShare, 0.6, 0, 1),
    prediction: check.oneOf('prediction', given.prediction, 'exact', ['exact', 'means'] as const),
    users: readTraining(check, given, usual.users),
    items: readTraining(check, given, usual.items),
    epochsGiven: given.epochs !== undefined,
    degreeGiven: given.degree !== undefined,
  };
}

function readTraining(check: OptionCheck, given: Given, base: RbmTraining): RbmTraining {
  const algorithm = check.oneOf('algorithm', given.algorithm, base.algorithm, ['cd', 'pcd'] as const);
  const rate = positive(check, 'rate', given.rate, base.rate);
  const means = check.flag('means', given.means, algorithm === 'cd' && base.means);
  if (algorithm === 'pcd' && means) throw check.error('means', "false with `algorithm: 'pcd'`, whose chains are draws", true);
  return {
    hidden: check.integer('hidden', given.hidden, base.hidden, 1, 1008),
    epochs: check.integer('epochs', given.epochs, base.epochs, 1, 100_000),
    batchSize: check.integer('batchSize', given.batchSize, base.batchSize, 1, 1_000_000),
    rate,
    lastRate: positive(check, 'lastRate', given.lastRate, (rate * base.lastRate) / base.rate),
    momentum: check.number('momentum', given.momentum, base.momentum, 0, 1, true),
    decay: check.number('decay', given.decay, base.decay, 0),
    decayHigher: check.number('decayHigher', given.decayHigher, base.decayHigher, 0),
    decayRated: check.number('decayRated', given.decayRated, base.decayRated, 0),
    algorithm,
    sweeps: readSweeps(check, given.sweeps, base.sweeps),
    means,
    degree: check.integer('degree', given.degree, base.degree, 1, 63),
    conditional: check.flag('conditional', given.conditional, base.conditional),
    averaged: check.number('averaged', given.averaged, base.averaged, 0, 1),
    prior: positive(check, 'prior', given.prior, base.prior),
    weightScale: check.number('weightScale', given.weightScale, base.weightScale, 0),
  };
}

function positive(check: OptionCheck, name: string, value: unknown, fallback: number): number {
  const read = check.number(name, value, fallback);
  if (read > 0) return read;
  throw check.error(name, 'a number above 0', value);
}

function readSweeps(check: OptionCheck, value: unknown, fallback: readonly [number, number]): readonly [number, number] {
  if (value === undefined) return fallback;
  const both = Array.isArray(value) ? value : [value, value];
  const fits = both.length === 2 && both.every((n) => Number.isInteger(n) && n >= 1 && n <= 255);
  if (!fits) throw check.error('sweeps', 'a whole number from 1 to 255, or two of them: of the first and of the last epoch', value);
  return both as [number, number];
}
