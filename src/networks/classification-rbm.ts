import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError, ShapeError } from '../errors.js';
import type { Ask, LayerInput } from '../machine/host.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { someByLayer, valuesByLayer } from '../models/by-layer.js';
import { type Described, openCheckpoint } from '../models/checkpoint.js';
import { savedSeed } from '../models/file-values.js';
import { type LayerClamp, MachineQuestions, type Question } from '../models/machine-questions.js';
import type { Matrix, Nats } from '../models/results.js';
import { argmax, rowsOf } from '../results/arrays.js';
import type { TrainingRun } from '../training/run.js';
import { type PlaceOptions, readLoadOptions, readStart, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { bernoulli, softmax } from '../wiring/units.js';
import { classScores } from './class-scores.js';
import { assertSeveral, type Classes, type ClassLabels, type ClassName, oneHotRows, readClasses } from './classes.js';
import type {
  AssessOptions,
  ClassificationRBMOptions,
  LabelledAssessment,
  LabelledClamps,
  LabelledCouplings,
  LabelledFitOptions,
  LabelledLayers,
  LabelledPartialFitOptions,
  LabelledRows,
  LabelledSampleOptions,
  LabelOptions,
  ProbabilityOptions,
} from './classification-options.js';
import { atTemperature, readTemperature } from './temperature.js';

const [visible, labels, hidden] = [0, 1, 2];
const layerNames = ['visible', 'labels', 'hidden'] as const;
const kind = 'classification-rbm';

/**
 * A restricted Boltzmann machine of rows v and labels y (Larochelle & Bengio 2008; Larochelle,
 * Mandel, Pascanu & Bengio, JMLR 2012): E(v, y, h) = U(v) − d_y + U(h) − vᵀ W h − U_y h. It gives
 * exact probabilities of the classes (equation 2 of the first),
 *
 *   p(y | v) ∝ exp(d_y + Σ_j softplus(c_j + U_yj + Σ_i W_ij v_i)),
 *
 * and learns these, the rows, or both: see {@link Objective}. It also draws rows of a class and says
 * how strange a row is. Its layers are 'visible', 'labels' and 'hidden'; calls that take rows by
 * layer are those of {@link BoltzmannMachine}.
 *
 * @example
 * ```ts
 * import { ClassificationRBM } from 'boltzkit';
 *
 * const rows = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1]];
 * const labels = ['left', 'right', 'left', 'right'] as const;
 * const model = new ClassificationRBM({ visible: 4, classes: ['left', 'right'], hidden: 8, seed: 1 });
 * await model.fit(rows, labels, { objective: { hybrid: 0.1 }, epochs: 300 });
 * const found = await model.classify([[1, 1, 0, 0]]); // ('left' | 'right')[]
 * const p = await model.probabilities([[1, 1, 0, 0]]); // [1, 2]
 * const drawn = await model.sample(5, { label: 'left', sweeps: 100 }); // [5, 4]
 * model.dispose();
 * ```
 */
export class ClassificationRBM<const L extends ClassName = number> extends MachineQuestions<
  LabelledRows,
  LabelledClamps,
  LabelledLayers,
  LabelledCouplings
> {
  readonly #classes: Classes;

  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: ClassificationRBMOptions<L>) {
    const { spec, classes } = readModel('ClassificationRBM', options);
    super('ClassificationRBM', spec, { kind, config: { layers: spec.layers, classes: classes.toJSON() } });
    this.#classes = classes;
  }

  /** What the classes are called, in the order of their probabilities. */
  get classes(): readonly L[] {
    return this.#classes.names as readonly L[];
  }

  /** Columns of visible rows. */
  get visible(): number {
    return this.places(visible);
  }

  /** Columns of hidden rows. */
  get hidden(): number {
    return this.places(hidden);
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    return someByLayer(call, argument, rows, layerNames).map(({ layer, name, value, argument }) => {
      return layer === labels ? this.#labels(call, argument, value) : this.input(call, argument, value, layer, `${name} units`);
    });
  }

  protected clampsByLayer(call: string, clamp: unknown): LayerClamp[] {
    return valuesByLayer(call, 'clamp', clamp, layerNames);
  }

  #rows(call: string, rows: unknown, argument = 'rows'): LayerInput {
    return this.input(call, argument, rows, visible, 'visible units');
  }

  #labels(call: string, argument: string, given: unknown): LayerInput {
    return this.#numbered(call, argument, this.#numbers(call, argument, given));
  }

  #numbers(call: string, argument: string, given: unknown): Uint32Array {
    return this.#classes.read(given, { call, argument, units: 'labels' });
  }

  #numbered(call: string, argument: string, numbers: Uint32Array): LayerInput {
    return { layer: labels, host: oneHotRows(numbers, this.#classes.count), where: { call, argument, units: 'labels' } };
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on rows [n, visible] of known classes. Called again, it goes on from where the model
   * stands. Options are those of other machines, with an {@link Objective}; `earlyStopping` and
   * `keepBest` go by the error on the validation rows unless they name another metric.
   *
   * An update with the objective 'discriminative' costs about as much as one of CD-1, and a softplus
   * for each row, class and hidden unit; a hybrid one as both. Memory grows with `batchSize`² times
   * the number of classes.
   *
   * @param labels - One per row, of at least two classes.
   * @returns A run to `await` or to iterate over with `for await`; its reports have `labels`.
   * @throws Through the run: {@link ParameterError} on labels of no class and of one class only,
   *   {@link ShapeError}, {@link DisposedError}; {@link BusyError} while another run is under way;
   *   {@link DivergenceError} when parameters would stop being finite; the signal's reason when
   *   aborted.
   */
  fit(rows: RowsInput, labels: ClassLabels<L>, options?: LabelledFitOptions<L>): TrainingRun {
    const call = this.call('fit');
    const validation = (given: unknown): Inputs => {
      const pair = readOptions(call, given, ['rows', 'labels'], 'validation');
      return this.#pair(call, pair.rows, this.#numbers(call, 'validation.labels', pair.labels), 'validation.');
    };
    const data = (): Inputs => {
      const numbers = this.#numbers(call, 'labels', labels);
      assertSeveral(numbers, this.#classes, { call, argument: 'labels', units: 'labels' });
      return this.#pair(call, rows, numbers);
    };
    return this.run(call, data, validation, options);
  }

  /**
   * Trains on the next part of a stream: one update per `batchSize` rows, in the order given. Chains
   * and the optimiser's memory are kept from call to call.
   *
   * @throws As {@link fit}.
   */
  async partialFit(rows: RowsInput, labels: ClassLabels<L>, options?: LabelledPartialFitOptions): Promise<void> {
    const call = this.call('partialFit');
    await this.stream(call, this.#pair(call, rows, this.#numbers(call, 'labels', labels)), options);
  }

  /** Rows and the numbers of their classes, as many of each. */
  #pair(call: string, rows: unknown, numbers: Uint32Array, place = ''): Inputs {
    const pair = [this.#rows(call, rows, `${place}rows`), this.#numbered(call, `${place}labels`, numbers)];
    rowCount(call, pair);
    return pair;
  }

  // --- classes ---------------------------------------------------------------------------------------------------------

  /** P(class | row) for rows [n, visible], exactly: [n, classes], in the order of {@link classes}. */
  async probabilities(rows: RowsInput, options?: ProbabilityOptions): Promise<Matrix> {
    const call = this.call('probabilities');
    const { temperature, ...patience } = readOptions(call, options, ['temperature', 'signal', 'onProgress']);
    return this.#probabilities(call, rows, temperature, patience);
  }

  /**
   * {@link probabilities} of few rows without a promise: the result is there when the call returns,
   * and the event loop waits meanwhile. A row counts as many times as there are classes.
   *
   * @throws As {@link probabilities} rejects; {@link ShapeError} on more rows than take a few
   *   milliseconds, {@link BusyError} while other calls are under way.
   */
  probabilitiesSync(rows: RowsInput): Matrix {
    return this.askedNow(this.#question(this.call('probabilitiesSync'), rows));
  }

  /**
   * The likeliest class of each row [n, visible], the first of equally likely ones; null where its
   * probability is below `reject`.
   */
  classify(rows: RowsInput, options: LabelOptions & { readonly reject: number }): Promise<(L | null)[]>;
  classify(rows: RowsInput, options?: ProbabilityOptions): Promise<L[]>;
  async classify(rows: RowsInput, options?: LabelOptions): Promise<(L | null)[]> {
    const call = this.call('classify');
    const { temperature, reject, ...patience } = readOptions(call, options, ['temperature', 'reject', 'signal', 'onProgress']);
    const least = new OptionCheck(call).number('reject', reject, 0, 0, 1);
    const p = await this.#probabilities(call, rows, temperature, patience);
    return argmax(p).map((k, r) => (p.get(r, k) < least ? null : (this.#classes.nameOf(k) as L)));
  }

  /** log P(class | row) of the given class of each row, in nats, in double precision: [n]. */
  async logProbability(rows: RowsInput, labels: ClassLabels<L>, options?: Patience): Promise<Nats> {
    const call = this.call('logProbability');
    const patience = this.patience(call, options);
    const [input, ofLabels] = this.#pair(call, rows, this.#numbers(call, 'labels', labels)) as [LayerInput, LayerInput];
    const joint = await this.#freeEnergies(call, [input, ofLabels], patience);
    const alone = await this.#rowEnergies(call, input, patience);
    return array(
      joint.map((energy, r) => Math.min((alone[r] as number) - energy, 0)),
      [joint.length],
    );
  }

  /**
   * How strange rows [n, visible] are: their free energy F(v) = −log Σ_y Σ_h exp(−E), in nats; [n].
   * The higher, the stranger. It is −log p(v) up to log Z, so it means something where the rows were
   * learnt: with the objectives 'generative' and hybrid.
   */
  async strangeness(rows: RowsInput, options?: Patience): Promise<Nats> {
    const call = this.call('strangeness');
    const patience = this.patience(call, options);
    const energies = await this.#rowEnergies(call, this.#rows(call, rows), patience);
    return array(energies, [energies.length]);
  }

  /**
   * What the model is worth on rows [n, visible] of known classes: error, loss, calibration,
   * confusions.
   */
  async assess(rows: RowsInput, labels: ClassLabels<L>, options?: AssessOptions): Promise<LabelledAssessment<L>> {
    const call = this.call('assess');
    const names = ['bins', 'binning', 'temperature', 'signal', 'onProgress'] as const;
    const { bins, binning, temperature, ...patience } = readOptions(call, options, names);
    const numbers = this.#numbers(call, 'labels', labels);
    this.#pair(call, rows, numbers);
    const p = await this.#probabilities(call, rows, temperature, patience);
    const scores = classScores<L>(call, this.#classes, numbers, p, { bins, binning });
    return { error: scores.confusion.error, loss: scores.calibration.logLoss, ...scores };
  }

  async #probabilities(call: string, rows: unknown, temperature: unknown, patience: object): Promise<Matrix> {
    const check = new OptionCheck(call);
    const at = readTemperature(check, temperature);
    const p = await this.asked(this.#question(call, rows), readPatience(check, patience));
    return at === 1 ? p : atTemperature(p, at);
  }

  #question(call: string, rows: unknown): Question<Float32Array, Matrix> {
    return this.#categories(call, this.#rows(call, rows));
  }

  #categories(call: string, input: LayerInput): Question<Float32Array, Matrix> {
    const classes = this.#classes.count;
    const ask: Ask<Float32Array> = (native, packed, now) => native.categoryProbabilities(packed, labels, now);
    return { call, inputs: [input], passes: classes, ask, answer: (values) => array(values, [input.host.rows, classes]) };
  }

  /** F(v), from F(v, k) − F(v) = −log p(k | v) at the likeliest class k of each row. */
  async #rowEnergies(call: string, input: LayerInput, patience: Patience): Promise<Float64Array> {
    const p = await this.asked(this.#categories(call, input), patience);
    const likeliest = Uint32Array.from(argmax(p));
    const energies = await this.#freeEnergies(call, [input, this.#numbered(call, 'labels', likeliest)], patience);
    const rows = [...rowsOf(p)];
    return energies.map((energy, r) => energy + Math.log((rows[r] as Float32Array)[likeliest[r] as number] as number));
  }

  async #freeEnergies(call: string, inputs: Inputs, patience: Patience): Promise<Float64Array> {
    return this.machine.over(call, inputs, patience, (native, packed) => native.freeEnergy(packed));
  }

  // --- samples ---------------------------------------------------------------------------------------------------------

  /**
   * Runs `n` independent block Gibbs chains and returns the states of one layer, visible rows unless
   * `layer` says otherwise; [n, places]. With `label` all chains, or each its own, keep that class.
   * Every call draws anew.
   *
   * @throws As `sample` of a {@link BoltzmannMachine}.
   */
  override async sample(n: number, options?: LabelledSampleOptions<L>): Promise<Matrix> {
    const { label, ...more } = (options ?? {}) as LabelledSampleOptions<L>;
    if (label === undefined) return super.sample(n, more);
    const call = this.call('sample');
    if (more.clamp?.labels !== undefined) throw new OptionCheck(call).error('label', 'left out with `clamp.labels`, which says it', label);
    const one = typeof label === 'string' || typeof label === 'number';
    const numbers = this.#numbers(call, 'label', one ? [label] : label);
    if (!one && numbers.length !== n)
      throw new ShapeError(`${call}: \`label\` must be one class, or one for each of ${n} chains, got ${numbers.length}`);
    return super.sample(n, { ...more, clamp: { ...more.clamp, labels: numbers } });
  }

  /**
   * Loads a model that `save` wrote; a subclass loads itself. Classes have the names that they were
   * saved with.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds such a model, {@link FileError}
   *   when it cannot be read, {@link BackendError}.
   */
  static async load<M extends ClassificationRBM<ClassName> = ClassificationRBM<ClassName>>(
    this: new (
      options: ClassificationRBMOptions<never>,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'ClassificationRBM.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, kind);
    const describe = (): Described<M> => {
      const { layers, classes, seed, weightScale } = checkpoint.config;
      const [v, , h] = (Array.isArray(layers) ? layers : []).map((layer: LayerSpec) => {
        return { type: layer?.type, places: layer?.units, size: layer?.size };
      });
      const all = { visible: v, hidden: h, classes, seed: savedSeed(seed), weightScale, ...where } as ClassificationRBMOptions<never>;
      return { spec: readModel(call, all).spec, make: () => new this(all) };
    };
    return checkpoint.construct(describe, (model, read) => model.restore(call, read));
  }
}

function readModel(call: string, options: unknown): { spec: MachineSpec; classes: Classes } {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `visible`, `classes` and `hidden`', options);
  const given = readOptions(call, options, ['visible', 'classes', 'hidden', ...startOptions]);
  const classes = readClasses(check, given.classes);
  const unitsOf = (name: 'visible' | 'hidden'): LayerSpec => {
    const units = given[name];
    const isUnits = typeof units === 'object' && units !== null;
    return readLayer(check, name, isUnits ? units : bernoulli(check.integer(name, units, undefined, 1, 2 ** 31 - 1)), name);
  };
  const layers = [unitsOf('visible'), readLayer(check, 'labels', softmax(classes.count)), unitsOf('hidden')];
  for (const layer of layers) {
    if (layer.type === 'counts') throw new ParameterError(`${call}: \`${layer.name}\` must not be counts, whose total no label tells`);
  }
  const couplings = [
    [visible, hidden],
    [labels, hidden],
  ] as const;
  return { spec: { ...readStart(check, given), layers, couplings, labels }, classes };
}
