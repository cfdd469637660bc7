import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { subject } from '../data/where.js';
import { FormatError, ParameterError } from '../errors.js';
import { filePath } from '../io/files.js';
import type { LayerInput } from '../machine/host.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Matrix } from '../models/results.js';
import { readScikitLearn, type ScikitLearnLevel } from '../models/scikit-learn.js';
import { argmax } from '../results/arrays.js';
import type { TrainingRun } from '../training/run.js';
import type { PlaceOptions } from '../wiring/place.js';
import { softmax } from '../wiring/units.js';
import type { CalibrationOptions } from './calibration.js';
import { type ClassScores, classScores } from './class-scores.js';
import { assertSeveral, type Classes, type ClassLabels, type ClassName, oneHotRows, readClasses } from './classes.js';
import { readNetwork } from './file.js';
import { type BuiltSpec, type GivenLayer, type NetworkStart, readInputs, readLayers, readStart, startNames } from './layers.js';
import { NetworkModel, type NetworkRun, type NetworkScore } from './network-model.js';
import type { NetworkFitOptions, Pairs } from './plan.js';
import { unknown } from './pseudo-labels.js';
import { readSelfTraining, type SelfTrainingOptions, type SelfTrainingReport, selfTrain } from './self-training.js';

const kind = 'classifier';

/** How to construct a classifier. */
export interface ClassifierOptions<L extends ClassName = number> extends NetworkStart {
  /** Columns of the rows that come in. */
  readonly inputs: number;
  /**
   * Hidden layers in order: numbers of logistic units, units such as `relu(500)`, or
   * {@link NetworkLayer}. None: logistic regression.
   */
  readonly hidden: readonly GivenLayer[];
  /**
   * How many classes there are, which are called 0, 1, 2 and so on; or what they are called, texts
   * or numbers. 2 to 4096.
   */
  readonly classes: number | readonly L[];
}

/** Rows and the classes that they are of. */
export interface ClassifierValidation<L extends ClassName> {
  /** [n, inputs]. */
  readonly rows: RowsInput;
  /** One per row. */
  readonly labels: ClassLabels<L>;
}

/** What a classifier is worth on rows. */
export interface ClassifierEvaluation<L extends ClassName> extends NetworkScore, ClassScores<L> {
  /** Share of rows whose likeliest class is not theirs. */
  readonly error: number;
  /** Mean −log probability of the class of a row, in nats. */
  readonly loss: number;
}

/**
 * A feed-forward network that tells classes apart: hidden layers as of {@link Network}, and a
 * softmax over the classes. Trained by backpropagation on the likelihood of the labels.
 *
 * @example
 * ```ts
 * import { Classifier, relu } from 'boltzkit';
 *
 * const classes = ['same', 'different'] as const;
 * const classifier = new Classifier({ inputs: 2, hidden: [relu(8)], classes, seed: 1 });
 * const rows = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const labels = ['same', 'different', 'different', 'same'] as const;
 * await classifier.fit(rows, labels, { epochs: 500, learningRate: 0.03 });
 * const found = await classifier.predict(rows); // ('same' | 'different')[]
 * const p = await classifier.predictProbabilities(rows); // [4, 2]
 * classifier.dispose();
 * ```
 */
export class Classifier<const L extends ClassName = number> extends NetworkModel {
  readonly #classes: Classes;

  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: ClassifierOptions<L>) {
    const { spec, classes } = readSpec('Classifier', options);
    super('Classifier', spec, { kind, config: { classes: classes.toJSON() } }, 'error');
    this.#classes = classes;
  }

  /** What the classes are called, in the order of their probabilities. */
  get classes(): readonly L[] {
    return this.#classes.names as readonly L[];
  }

  /**
   * Trains on rows [n, inputs] of known classes. Called again, it goes on from where the network
   * stands.
   *
   * Rows are copied in a compact form before the first update (small inputs before the call
   * returns). When the run ends early, by a signal, an error or `stop()`, the network stands at its
   * last complete update.
   *
   * @param labels - One per row, of at least two classes.
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws Through the run: {@link ParameterError} on labels of no class and of one class only,
   *   {@link ShapeError}, {@link DisposedError}; {@link BusyError} while another run is under way;
   *   {@link DivergenceError} when parameters would stop being finite; the signal's reason when
   *   aborted.
   */
  fit(rows: RowsInput, labels: ClassLabels<L>, options?: NetworkFitOptions<ClassifierValidation<L>>): NetworkRun {
    const call = this.call('fit');
    const data = (): Pairs => {
      const where = { call, argument: 'labels', units: 'labels' };
      const numbers = this.#classes.read(labels, where);
      const pairs = { rows: this.input(call, 'rows', rows), targets: this.#targets(call, numbers) };
      assertSeveral(numbers, this.#classes, where);
      return pairs;
    };
    return this.run(call, data, (given) => this.#validation(call, given), options);
  }

  /**
   * Trains on rows [n, inputs] of which only some have a label, after `fit` on those that have.
   * A round takes the likeliest class of every row without a label for its label, where it is sure
   * enough, and learns from these and from the labels, which come again and again (Lee,
   * "Pseudo-label", ICML workshop 2013). It helps where the classifier is mostly right already,
   * and where rows of one class lie together.
   *
   * @example
   * ```ts
   * import { Classifier } from 'boltzkit';
   *
   * const classifier = new Classifier({ inputs: 2, hidden: [8], classes: ['low', 'high'], seed: 1 });
   * const rows = [[0, 0.1], [0.9, 1], [0.1, 0], [1, 0.8], [0.2, 0.1], [0.8, 1]];
   * await classifier.fit(rows.slice(0, 2), ['low', 'high'], { epochs: 200 });
   * await classifier.selfTrain(rows, ['low', 'high', null, null, null, null]);
   * ```
   *
   * Rows are copied in a compact form before the first update, and those of a round once more. The
   * same seed and calls give the same network. A run that ended early cannot be resumed: call again
   * to go on from where the network stands.
   *
   * @param labels - One per row; null, or NaN among numbers, where there is none. Of at least two
   *   classes.
   * @param options - Those of `fit` for each round, and how rows are chosen:
   *   {@link SelfTrainingOptions}.
   * @returns A run to `await` or to iterate over with `for await`.
   * @throws As `fit`; {@link ParameterError} if no label is missing.
   */
  selfTrain(
    rows: RowsInput,
    labels: readonly (L | null)[] | ClassLabels<L>,
    options?: SelfTrainingOptions<ClassifierValidation<L>>,
  ): TrainingRun<SelfTrainingReport> {
    const call = this.call('selfTrain');
    return this.runBy<SelfTrainingReport>(call, () => {
      const { settings, round } = readSelfTraining(new OptionCheck(call), options);
      const where = { call, argument: 'labels', units: 'labels' };
      const numbers = this.#classes.readSome(labels, where, unknown);
      const known = numbers.filter((number) => number !== unknown);
      if (known.length === numbers.length)
        throw new ParameterError(`${subject(where)} must hold null where a row has no label, got a label for every row: use \`fit\``);
      assertSeveral(Uint32Array.from(known), this.#classes, where);
      const input = this.input(call, 'rows', rows);
      // As many as rows; what is missing is guessed before a round learns.
      const any = Uint32Array.from(numbers, (number) => Math.max(number, 0));
      const pairs = { rows: input, targets: this.#targets(call, any) };
      const validation = (given: unknown): Pairs => this.#validation(call, given);
      const { plan, verbose } = this.plan(call, () => pairs, validation, round);
      const planned = { settings, rows: input, labels: numbers, classes: this.#classes.count, round: plan };
      return { verbose, train: (control, keep) => selfTrain(this.machine, this.loss, planned, control, keep) };
    });
  }

  #validation(call: string, given: unknown): Pairs {
    const { rows, labels } = readOptions(call, given, ['rows', 'labels'], 'validation');
    const numbers = this.#classes.read(labels, { call, argument: 'validation.labels', units: 'labels' });
    return { rows: this.input(call, 'validation.rows', rows), targets: this.#targets(call, numbers, 'validation.') };
  }

  #targets(call: string, numbers: Uint32Array, place = ''): LayerInput {
    const where = { call, argument: `${place}labels`, units: 'classes' };
    return { layer: this.machine.outputLayer, host: oneHotRows(numbers, this.#classes.count), where };
  }

  /** P(class | row) for rows [n, inputs]: [n, classes], in the order of {@link classes}. */
  async predictProbabilities(rows: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('predictProbabilities');
    const patience = this.patience(call, options);
    return this.asked(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer), patience);
  }

  /**
   * {@link predictProbabilities} of few rows without a promise: the result is there when the call
   * returns, and the event loop waits meanwhile.
   *
   * @throws As {@link predictProbabilities} rejects; {@link ShapeError} on more rows than take a
   *   few milliseconds, {@link BusyError} while other calls are under way.
   */
  predictProbabilitiesSync(rows: RowsInput): Matrix {
    const call = this.call('predictProbabilitiesSync');
    return this.askedNow(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer));
  }

  /** The likeliest class of each row of [n, inputs], the first of equally likely ones. */
  async predict(rows: RowsInput, options?: Patience): Promise<L[]> {
    const call = this.call('predict');
    const patience = this.patience(call, options);
    return this.#named(await this.asked(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer), patience));
  }

  /** {@link predict} of few rows without a promise, as {@link predictProbabilitiesSync}. */
  predictSync(rows: RowsInput): L[] {
    const call = this.call('predictSync');
    return this.#named(this.askedNow(this.forward(this.input(call, 'rows', rows), this.machine.outputLayer)));
  }

  #named(probabilities: Matrix): L[] {
    return argmax(probabilities).map((number) => this.#classes.nameOf(number) as L);
  }

  /**
   * What the classifier is worth on rows [n, inputs] of known classes.
   *
   * @param options - How rows are put into bins for `ece`: see {@link CalibrationOptions}.
   */
  async evaluate(rows: RowsInput, labels: ClassLabels<L>, options?: CalibrationOptions & Patience): Promise<ClassifierEvaluation<L>> {
    const call = this.call('evaluate');
    const { bins, binning, ...more } = readOptions(call, options, ['bins', 'binning', 'signal', 'onProgress']);
    const patience = readPatience(new OptionCheck(call), more);
    const numbers = this.#classes.read(labels, { call, argument: 'labels', units: 'labels' });
    const pairs = { rows: this.input(call, 'rows', rows), targets: this.#targets(call, numbers) };
    // Both are asked at once, so that small inputs are taken before the call returns.
    const scoring = this.scored(call, pairs, patience);
    const asking = this.asked(this.forward(pairs.rows, this.machine.outputLayer), { signal: patience.signal });
    const [score, probabilities] = await Promise.all([scoring, asking]);
    return { ...score, ...classScores<L>(call, this.#classes, numbers, probabilities, { bins, binning }) };
  }

  /** The gradient of each row's loss, −log P(label | row), with respect to the row: [n, inputs]. */
  async inputGradient(rows: RowsInput, labels: ClassLabels<L>, options?: Patience): Promise<Matrix> {
    const call = this.call('inputGradient');
    const patience = this.patience(call, options);
    const numbers = this.#classes.read(labels, { call, argument: 'labels', units: 'labels' });
    return this.gradient(call, { rows: this.input(call, 'rows', rows), targets: this.#targets(call, numbers) }, patience);
  }

  protected override texts(): Readonly<Record<string, string>> {
    return { classes: JSON.stringify(this.classes) };
  }

  /**
   * A classifier that gives the probabilities of a scikit-learn pipeline: one or more
   * `BernoulliRBM`s and a `LogisticRegression`, from an npz file of their arrays, each with the
   * name of its step before it (`rbm1__components_`, `logistic__coef_`). Classes are in the order
   * of scikit-learn's `classes_`, which is the sorted one.
   *
   * @param options - `classes`: what they are called, default their numbers; seed, where it is to
   *   run.
   * @throws {@link FormatError} unless the file is intact, holds such a pipeline, and its steps fit
   *   each other; {@link ParameterError} on other numbers of classes, {@link FileError} when it
   *   cannot be read, {@link BackendError}.
   */
  static async fromScikitLearn<const L extends ClassName = number>(
    path: string | URL,
    options?: Pick<NetworkStart, 'seed' | 'device' | 'threads'> & { readonly classes?: readonly L[] | undefined },
  ): Promise<Classifier<L>> {
    const call = 'Classifier.fromScikitLearn';
    const { classes, ...place } = readOptions(call, options, ['classes', 'seed', 'device', 'threads']);
    const { levels, output } = await readScikitLearn(call, path);
    if (output === null) {
      throw new FormatError(`${call}: ${filePath(path, call)} holds no LogisticRegression: an array \`coef_\` is missing`);
    }
    if (classes !== undefined && (!Array.isArray(classes) || classes.length !== output.classes)) {
      throw new OptionCheck(call).error('classes', `a list of ${output.classes} classes`, classes);
    }
    const [{ visible: inputs }] = levels as [ScikitLearnLevel];
    const hidden = levels.map((level) => level.hidden);
    const classifier = new Classifier<L>({ ...place, inputs, hidden, classes: classes ?? output.classes } as ClassifierOptions<L>);
    const layers = [...levels.map(({ weights, hiddenBias }) => ({ weights, bias: hiddenBias })), output];
    for (const [i, { weights, bias }] of layers.entries()) {
      const layer = classifier.layerNames[i] as string;
      classifier.setParameter(`${layer}.weights`, { data: weights, shape: [weights.length / bias.length, bias.length] });
      classifier.setParameter(`${layer}.bias`, bias);
    }
    return classifier;
  }

  /**
   * Loads a classifier that `save` wrote; a subclass loads itself. Classes have the names that they
   * were saved with.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds a classifier, {@link FileError}
   *   when it cannot be read, {@link BackendError}.
   */
  static async load<M extends Classifier<ClassName> = Classifier<ClassName>>(
    this: new (
      options: ClassifierOptions<never>,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'Classifier.load';
    return readNetwork<M>(
      call,
      path,
      kind,
      options,
      ({ layers, config, loss: _, ...saved }) => {
        const given = { ...saved, hidden: layers.slice(0, -1), classes: config.classes as number };
        return { spec: readSpec(call, given).spec, make: () => new this(given) };
      },
      (network, read) => network.restore(read),
    );
  }
}

function readSpec(call: string, options: unknown): { spec: BuiltSpec; classes: Classes } {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `inputs`, `hidden` and `classes`', options);
  const given = readOptions(call, options, ['inputs', 'hidden', 'classes', ...startNames]);
  const inputs = readInputs(check, given.inputs);
  const classes = readClasses(check, given.classes);
  const layers = readLayers(check, 'hidden', given.hidden, inputs, { output: softmax(classes.count) });
  return { spec: readStart(check, given, inputs, layers, 'likelihood'), classes };
}
