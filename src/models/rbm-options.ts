import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { EvaluateOptions } from '../estimators/evaluate-options.js';
import { type Device, devices } from '../machine/backend.js';
import type { LearningRate } from '../machine/learning-rate.js';
import type { Progress } from '../machine/training-run.js';
import type { TemperatureOptions } from './sampling.js';

const mostUnits = 2 ** 31 - 1;
const mostThreads = 1024;

/** How to construct an RBM. */
export interface RBMOptions {
  /** Number of visible units, 1 to 2^31 − 1. */
  readonly visible: number;
  /** Number of hidden units, 1 to 2^31 − 1. */
  readonly hidden: number;
  /** Seed of all randomness: a whole number or bigint in [0, 2^64). Default 0. */
  readonly seed?: number | bigint;
  /** Default 'auto'. 'reference' computes in plain loops and double precision, slowly: for checking. */
  readonly device?: Device;
  /** Threads for training and sampling; default 0: as many as the process may use. Results do not depend on it. */
  readonly threads?: number;
  /** Standard deviation of the start weights. Default 0.01. */
  readonly weightScale?: number;
}

/** How to train. Everything has a default. */
export interface FitOptions {
  /**
   * Where the model's side of the gradient comes from. Default 'pcd'.
   *
   * - 'pcd': persistent chains (Tieleman 2008).
   * - 'cd': contrastive divergence, short chains from the data (Hinton 2002).
   * - 'fpcd': persistent chains driven by fast weights (Tieleman & Hinton 2009); `fastRate`, `fastDecay`.
   * - 'pt': persistent chains with replicas at several temperatures that are swapped (Desjardins et al. 2010; Cho, Raiko & Ilin 2010);
   *   `temperatures`.
   * - 'ptt': persistent chains that are swapped with those of earlier checkpoints of the same run, which are kept for that (trajectory tempering,
   *   Bereux, Decelle, Furtlehner, Rosset & Seoane 2024); reports the log-likelihood while it trains; `reservoirs`, `reservoirAcceptance`.
   * - 'mean-field': contrastive divergence without draws: `steps` mean-field sweeps from the data (Welling & Hinton 2002).
   * - 'pseudo-likelihood': every unit given all others (Besag 1975); needs rows of all layers, none of them of counts. No chains.
   * - 'exact': the likelihood itself, all states counted that cannot be summed out: at most 2^20 of them, of bernoulli, spin, softmax and
   *   binomial layers. Hidden layers that are coupled to each other are counted too, up to 2^12 states per row; beyond that they are drawn, as
   *   by the others, in `positiveSteps` sweeps.
   */
  readonly algorithm?: 'pcd' | 'cd' | 'fpcd' | 'pt' | 'ptt' | 'mean-field' | 'pseudo-likelihood' | 'exact';
  /** Gibbs sweeps per update, the k of CD-k and PCD-k. Default 1. */
  readonly steps?: number;
  /**
   * Gibbs sweeps of the positive phase where rows lack values, or layers without data are coupled to each other or to themselves. Default 10.
   */
  readonly positiveSteps?: number;
  /**
   * How layers without data enter the positive phase where they are coupled to each other or to themselves: drawn by Gibbs sampling, or as
   * independent units with the means of a mean-field fixed point (Salakhutdinov & Hinton 2009), in `positiveSteps` sweeps either way. Default
   * 'gibbs', with the algorithm 'mean-field' that.
   */
  readonly positive?: 'gibbs' | 'mean-field';
  /** Passes over the data. Default: as many as make 350,000 updates, at most 700. */
  readonly epochs?: number;
  /** Rows per update; at most the number of rows. Default 100 (or all rows, if there are fewer). */
  readonly batchSize?: number;
  /**
   * Number of persistent chains. Default: batchSize, for 'ptt' at least 100: few chains lose the
   * modes of the machine, and no log-likelihood is reported from fewer than 16. 'pt' has as many at
   * every temperature, 'ptt' in every checkpoint.
   */
  readonly chains?: number;
  /** Learning rate of the fast weights of 'fpcd'. Default 0.05. */
  readonly fastRate?: number;
  /** What is left of the fast weights after an update of 'fpcd', in [0, 1). Default 0.95. */
  readonly fastDecay?: number;
  /**
   * Inverse temperatures of 'pt': how many, then evenly spaced from 1/n to 1, or a list that rises to 1. Default 10. It may begin at 0 unless a
   * layer has gaussian, relu or doubleRelu units.
   */
  readonly temperatures?: number | readonly number[] | Float64Array;
  /**
   * The most checkpoints of its own trajectory that 'ptt' keeps, each with parameters and chains of its own, at least 2. Beyond it the ladder is
   * thinned out. Default 64.
   */
  readonly reservoirs?: number;
  /** 'ptt' keeps another checkpoint when swaps with the latest are accepted less often than this, in (0, 1). Default 0.3. */
  readonly reservoirAcceptance?: number;
  /**
   * Default: 0.1, held for 0.3 of the run and then falling linearly to 0. It begins at 0.005 in machines with `gaussian`, `relu` or `doubleRelu` units, with 'adam' at
   * 0.001.
   */
  readonly learningRate?: LearningRate;
  /** Stochastic gradient ascent with momentum, or Adam (Kingma & Ba 2015). Default 'sgd'. */
  readonly optimizer?: 'sgd' | 'adam';
  /** Momentum of 'sgd', in [0, 1). Default 0. */
  readonly momentum?: number;
  /** Adam's decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** Adam's decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Adam's ε. Default 1e-8. */
  readonly epsilon?: number;
  /** Centred gradient (Melchior, Fischer & Wiskott 2016). Default true. */
  readonly centred?: boolean;
  /** Rate of the exponential average behind the hidden offsets of the centred gradient, in [0, 1]. Default 0.01. */
  readonly offsetRate?: number;
  /**
   * Steps the weights in units of the standard deviations of both sides (the standardised RBM of Fernandez-de-Cossio-Diaz, Cocco & Monasson):
   * of the data for layers that have some, running ones at `offsetRate` for the others. A deviation counts as at least a tenth of the root mean
   * square of its layer's. Needs `centred`. Default false.
   */
  readonly standardised?: boolean;
  /**
   * Factors of the learning rate, at least 0, by coupling ('visible-hidden') or layer ('hidden': the parameters of its units). 1 for those not
   * named; 0 freezes: nothing changes such a parameter, not by a bit.
   */
  readonly rates?: Readonly<Record<string, number>>;
  /** L1 decay of the weights. Default 0. */
  readonly l1?: number;
  /**
   * L2 decay of the weights. Default: 0 up to two weights per row of data, above that 35 / rows, at most 0.001: the precision of a Gaussian prior over
   * the number of rows. 0 in machines with `gaussian`, `relu` or `doubleRelu` units.
   */
  readonly l2?: number;
  /** Drives the mean activity of each hidden unit towards `target`. Off by default; weight 0.1 and rate 0.1 if left out. */
  readonly sparsity?: {
    /** Mean activity aimed at, in (0, 1). */
    readonly target: number;
    /** Strength: multiplies the pull on the hidden biases. */
    readonly weight?: number;
    /** Rate of the running mean of the activity. */
    readonly rate?: number;
  };
  /** Fraction of the run's last updates over which the parameters are averaged; the model ends with the average; 0: none. Default 0.1. */
  readonly averageLast?: number;
  /**
   * Draws values between 0 and 1 of Bernoulli units anew whenever their row is used, so that the machine learns binary rows and sees new ones in
   * every epoch. Otherwise they enter fields and statistics as they are, as means. Default false.
   */
  readonly dynamicBinarisation?: boolean;
  /** Visits the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Starts the visible biases at the log-odds of the data means, in a model that was never trained or set. Default true. */
  readonly initialiseFromData?: boolean;
  /**
   * Rows behind each epoch's metrics, at most: fewer, but at least 100, where `monitorBudget` does not allow for more. 0 turns
   * metrics and health off. Default 1000.
   */
  readonly monitorRows?: number;
  /**
   * What watching a run may cost, as a part of the work of training, counted and not timed: half of it for each epoch's metrics, the rest for
   * {@link EpochReport.health}, which is looked at as often as that allows. 0: no health, and metrics of all `monitorRows`. Default 0.05.
   */
  readonly monitorBudget?: number;
  /**
   * What happens when a parameter would stop being finite or the couplings explode (a typical weight beyond 1000 nats). 'throw': the run rejects with
   * `DivergenceError`. 'rollback': it goes back to its last good state, kept at ends of epochs at least 100 updates apart, with the learning rate multiplied
   * by `factor` (0.5) from then on and other random numbers, at most `retries` (3) times; after that it rejects, and the model stands in
   * that state. Costs memory for two more copies of parameters and training state. Default 'throw'.
   */
  readonly onDivergence?:
    | 'throw'
    | 'rollback'
    | {
        /** How often, at least 1. Default 3. */
        readonly retries?: number;
        /** What the learning rate is multiplied by, in (0, 1]. Default 0.5. */
        readonly factor?: number;
      };
  /** One weight of at least 0 per row. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Rows that are only watched: they turn the metrics into statements about new data. */
  readonly validation?: RowsInput;
  /** Goes on with the interrupted run that the model holds, given the same rows. Other settings are taken from that run. */
  readonly resume?: boolean;
  /** Ends the run between two updates; it then rejects with the signal's reason and can be resumed. */
  readonly signal?: AbortSignal;
  /** Saves the model to `path` every so many updates, while the run goes on. */
  readonly checkpoint?: {
    /** The file; each save replaces it in one step. */
    readonly path: string | URL;
    /** Updates from one save to the next. */
    readonly every: number;
  };
  /**
   * Evaluates the model after every so many epochs and after the last: the log-likelihood of the validation rows, or without them of the training
   * rows, comes as {@link EpochReport.evaluation}. Training draws the same random numbers with evaluations and without. Rows must be states of the
   * machine (for Bernoulli units zeros and ones).
   */
  readonly evaluateEvery?: number;
  /** How: as for `evaluate`. */
  readonly evaluate?: Omit<EvaluateOptions, 'signal'>;
  /** Called with the latest state of the run. An error it throws ends the run. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * How to train on the next part of a stream. As for `fit`, but without its recipe: the learning rate is constant, 0.05 (0.0025 in machines with
 * `gaussian`, `relu` or `doubleRelu` units, 0.0005 with 'adam'), `l2` 0, and `chains` those of the last call, at first 100. Parts may be as small as one
 * row: the means of the centred gradient and the scales of `standardised` are those of all rows so
 * far (at most 10,000 of them weigh against a new one, so that a stream may drift), `fit`'s
 * included. Start values of biases and variances are those of the first part, which should
 * therefore have more than one row where units are `gaussian`, `relu` or `doubleRelu`. Weights of
 * rows are relative to the mean weight of their part.
 */
export type PartialFitOptions = Omit<
  FitOptions,
  | 'epochs'
  | 'averageLast'
  | 'shuffle'
  | 'validation'
  | 'resume'
  | 'checkpoint'
  | 'evaluateEvery'
  | 'evaluate'
  | 'monitorRows'
  | 'monitorBudget'
  | 'onProgress'
>;

/** Some places of a layer that keep a value. */
export interface PlaceClamp {
  /** Numbers of places, each once. */
  readonly indices: ArrayLike<number>;
  /** One value per index, for all chains or per chain [n, indices]. */
  readonly values: RowsInput;
}

/** How to draw samples. */
export interface SampleOptions extends TemperatureOptions {
  /** Gibbs sweeps of every chain. 0 returns the start states. Default 1000. */
  readonly steps?: number;
  /** Visible states to start from, zeros and ones, one row per chain. Default: drawn from the visible biases. */
  readonly start?: RowsInput;
  /**
   * Visible units that keep a value: numbers of units, and one value in [0, 1] each, for all chains or per chain [n, indices]; or rows (one for
   * all chains or one per chain) whose missing values (NaN) stay free.
   */
  readonly clamp?: RowsInput | PlaceClamp;
  /** 'sample': zeros and ones; 'mean': the probabilities behind the last draw. Default 'sample'. */
  readonly output?: 'sample' | 'mean';
  /** Ends the call between two sweeps; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options with every value checked. */
export interface CheckedRBMOptions {
  readonly visible: number;
  readonly hidden: number;
  readonly seed: bigint;
  readonly device: Device;
  readonly threads: number;
  readonly weightScale: number;
}

/** Reads and checks the constructor's options. */
export function readRBMOptions(call: string, options: unknown): CheckedRBMOptions {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `visible` and `hidden`', options);
  const given = readOptions(call, options, ['visible', 'hidden', 'seed', 'device', 'threads', 'weightScale']);
  return {
    visible: check.integer('visible', given.visible, undefined, 1, mostUnits),
    hidden: check.integer('hidden', given.hidden, undefined, 1, mostUnits),
    ...readWhere(check, given),
  };
}

/** Checks the options that every model's constructor has. */
export function readWhere(
  check: OptionCheck,
  given: { readonly seed?: unknown; readonly device?: unknown; readonly threads?: unknown; readonly weightScale?: unknown },
): Omit<CheckedRBMOptions, 'visible' | 'hidden'> {
  return {
    seed: check.seed('seed', given.seed, 0n),
    device: check.oneOf('device', given.device, 'auto', devices),
    threads: check.integer('threads', given.threads, 0, 0, mostThreads),
    weightScale: check.number('weightScale', given.weightScale, 0.01),
  };
}

/** Reads where a saved model is to run. */
export function readLoadOptions(call: string, options: unknown): { device: Device; threads: number } {
  const check = new OptionCheck(call);
  const { device, threads } = readOptions(call, options, ['device', 'threads']);
  return { device: check.oneOf('device', device, 'auto', devices), threads: check.integer('threads', threads, 0, 0, mostThreads) };
}
