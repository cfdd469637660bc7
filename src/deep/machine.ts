import { OptionCheck, readOptions } from '../arguments.js';
import type { BeliefEvaluation } from '../belief/bound.js';
import type { UnrolledClassifierOptions } from '../belief/question-options.js';
import type { LevelReport } from '../belief/reports.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import { readEvaluateOptions } from '../estimators/evaluate-options.js';
import type { LayerInput } from '../machine/host.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { type Described, openCheckpoint } from '../models/checkpoint.js';
import { type ImputeOptions, readImputeOptions } from '../models/impute.js';
import { MachineModel } from '../models/machine-model.js';
import type { LayerClamp, Question } from '../models/machine-questions.js';
import type { Matrix } from '../models/results.js';
import type { PlaceClamp } from '../models/sample-options.js';
import { savedWiring } from '../models/saved-wiring.js';
import type { ClassName } from '../networks/classes.js';
import { Classifier, type ClassifierOptions } from '../networks/classifier.js';
import { startNames } from '../networks/layers.js';
import type { FitOptions } from '../training/plan.js';
import { TrainingRun } from '../training/run.js';
import type { LayerName, PartName } from '../wiring/names.js';
import { type PlaceOptions, readLoadOptions } from '../wiring/place.js';
import { readSpec } from '../wiring/read-wiring.js';
import { type MeanFieldOptions, type VariationalBoundOptions, variationalBound } from './bound.js';
import { type DeepPretrainOptions, Pretraining } from './pretrain.js';
import { assertChain, type DeepBoltzmannMachineOptions, type DeepCouplings, type DeepLayers, readDeep, unitsOf } from './spec.js';
import { beside, setUnrolled } from './unroll.js';

const name = 'DeepBoltzmannMachine';
const [visible, hidden2] = [0, 2];

/** The options of a feature: which layer, and how the mean field is solved. */
export interface DeepTransformOptions extends MeanFieldOptions, Patience {
  /** The hidden layer whose means come back. Default: the last one. */
  readonly layer?: LayerName<DeepLayers> | undefined;
}

/**
 * A deep Boltzmann machine (Salakhutdinov & Hinton, AISTATS 2009): layers in a chain, each coupled
 * to the next, E(s) = Σ_l U_l(s_l) − Σ_l s_lᵀ W_l s_(l+1). Unlike a deep belief network it is one
 * undirected model: what a hidden layer believes depends on the layers on both sides.
 *
 * Rows are those of the visible layer. Values between 0 and 1 in data of Bernoulli units are taken
 * as probabilities. Every call that computes is asynchronous and runs on its own threads; calls
 * wait for those before them. The same seed gives the same bits for any number of threads. Its
 * files are those of a {@link BoltzmannMachine}, which may load them to ask about single layers.
 *
 * @example
 * ```ts
 * import { DeepBoltzmannMachine } from 'boltzkit';
 *
 * const dbm = new DeepBoltzmannMachine({ layers: [4, 3, 2], seed: 1 });
 * const rows = [[1, 1, 0, 0], [0, 0, 1, 1]];
 * await dbm.pretrain(rows, { epochs: 200 });
 * await dbm.fit(rows, { epochs: 200 });
 * const features = await dbm.transform(rows); // means of 'hidden2', [2, 2]
 * const { bound } = await dbm.variationalBound(rows);
 * console.log(features, bound.mean);
 * dbm.dispose();
 * ```
 */
export class DeepBoltzmannMachine extends MachineModel<RowsInput, RowsInput | PlaceClamp, DeepLayers, DeepCouplings> {
  readonly #pretraining = new Pretraining(this.machine);

  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: DeepBoltzmannMachineOptions) {
    const spec = readDeep(name, options);
    const couplings = spec.couplings.map(([a, b]) => [a, b]);
    super(name, spec, { kind: 'boltzmann-machine', config: { layers: spec.layers, couplings } });
  }

  /** Names of the layers, from the data upwards: 'visible', 'hidden1', 'hidden2' and so on. */
  get layerNames(): readonly LayerName<DeepLayers>[] {
    return this.machine.spec.layers.map((layer) => layer.name as LayerName<DeepLayers>);
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    return [this.input(call, argument, rows, visible, 'visible units')];
  }

  protected clampsByLayer(_call: string, clamp: unknown): LayerClamp[] {
    return [{ layer: visible, value: clamp, argument: 'clamp' }];
  }

  // --- training ---------------------------------------------------------------------------

  /**
   * Learns the layers one after the other, greedily (section 3.1 of the paper): a stack of
   * restricted machines whose first visible and last hidden layer count twice, in place of the
   * neighbours that these layers will not have. Then composes them into this machine, whose
   * parameters are replaced. Options are those of `DeepBeliefNetwork.pretrain`; without any every
   * level takes 30,000 updates.
   *
   * Doubled layers are of Bernoulli or binomial units, those between of these, spins or softmax
   * units. Rows must be complete. A probability between 0 and 1 is drawn once for each copy of its
   * unit. The machine itself changes only when the last level is over. A run that ended early can
   * be resumed: `resume: true` in the same object, or `resume: path` with what `checkpoint` wrote.
   *
   * @returns A run to `await` or to iterate over with `for await`; its reports say which level they
   *   are about.
   * @throws Through the run, as `DeepBeliefNetwork.pretrain`; {@link ParameterError} on layers that
   *   cannot be doubled.
   */
  pretrain(rows: RowsInput, options?: DeepPretrainOptions): TrainingRun<LevelReport> {
    const call = this.call('pretrain');
    return new TrainingRun<LevelReport>((control) => this.#pretraining.run(call, rows, options, control, () => this.touch()));
  }

  /**
   * Trains all layers together on rows [n, visible]: persistent chains for the model's side of the
   * centred gradient (Montavon & Müller 2012), and for the data's side draws of the hidden layers
   * by Gibbs sampling, `positiveSweeps` of them from zero. With `positive: 'mean-field'` it
   * maximises the variational bound instead, as in the paper, at several times the cost. As
   * `RBM.fit` in all else.
   */
  override fit(rows: RowsInput, options?: FitOptions<RowsInput, PartName<DeepLayers, DeepCouplings>>): TrainingRun {
    return super.fit(rows, options);
  }

  // --- questions ---------------------------------------------------------------------------

  /**
   * Means of a hidden layer under the mean-field posterior of rows [n, visible] (section 2.2 of
   * the paper): the features of the rows, [n, places]. Draws nothing.
   */
  async transform(rows: RowsInput, options?: DeepTransformOptions): Promise<Matrix> {
    const call = this.call('transform');
    const { layer, ...others } = readOptions(call, options, ['layer', 'sweeps', 'signal', 'onProgress']);
    const { sweeps, patience } = this.#meanField(call, others);
    const target = layer === undefined ? this.machine.spec.layers.length - 1 : this.layer(call, layer);
    if (target === visible) throw new OptionCheck(call).error('layer', 'a hidden layer', layer);
    return this.asked(this.#means(call, rows, target, sweeps), patience);
  }

  #meanField(call: string, given: { readonly [K in keyof DeepTransformOptions]?: unknown }): { sweeps: number; patience: Patience } {
    const check = new OptionCheck(call);
    return { sweeps: check.integer('sweeps', given.sweeps, 30, 1, 2 ** 20), patience: readPatience(check, given) };
  }

  #means(call: string, rows: unknown, layer: number, sweeps: number): Question<Float32Array, Matrix> {
    const inputs = this.inputs(call, 'data', rows);
    const shape = [inputs[0]?.host.rows ?? 0, this.places(layer)];
    return {
      call,
      inputs,
      passes: sweeps,
      ask: (native, packed) => native.meanField(packed, layer, sweeps),
      answer: (v) => array(v, shape),
    };
  }

  /**
   * The variational bound of the log-likelihood of rows [n, visible] of states, in nats: that of
   * the mean-field posterior, less log Z, which is estimated as by {@link evaluate}. `evaluate`
   * itself sums the hidden layers out by annealing for every row; it comes closer to the
   * likelihood and takes longer.
   *
   * @throws As {@link evaluate}.
   */
  async variationalBound(rows: RowsInput, options?: VariationalBoundOptions): Promise<BeliefEvaluation> {
    const call = this.call('variationalBound');
    const { sweeps: asked, ...others } = readOptions(call, options, [
      'sweeps',
      'method',
      'chains',
      'betas',
      'warmup',
      'signal',
      'onProgress',
    ]);
    const { sweeps } = this.#meanField(call, { sweeps: asked });
    const control = readEvaluateOptions(call, others, this.untouched);
    const [input] = this.inputs(call, 'data', rows) as [LayerInput];
    return variationalBound(this.machine, call, input, sweeps, control);
  }

  /**
   * Fills in what rows [n, visible] lack (NaN, null, or 0 in a mask), by Gibbs sampling given the
   * values they have, which come back exactly as they are; [n, visible]. Every call draws anew.
   */
  async impute(rows: RowsInput, options?: ImputeOptions): Promise<Matrix> {
    const call = this.call('impute');
    const checked = readImputeOptions(call, options);
    const [completed] = await this.imputed(call, this.inputs(call, 'data', rows), [visible], checked);
    return completed as Matrix;
  }

  // --- fine-tuning ---------------------------------------------------------------------------

  /**
   * Rows [n, visible] with the mean-field means of 'hidden2' beside them, [n, visible + hidden2]:
   * what a classifier of {@link toClassifier} takes in, to learn and to predict.
   */
  async augmented(rows: RowsInput, options?: MeanFieldOptions & Patience): Promise<Matrix> {
    const call = this.call('augmented');
    const { sweeps, patience } = this.#meanField(call, readOptions(call, options, ['sweeps', 'signal', 'onProgress']));
    const question = this.#means(call, rows, hidden2, sweeps);
    return beside((question.inputs[0] as LayerInput).host, await this.asked(question, patience));
  }

  /**
   * A classifier to be fine-tuned by backpropagation (section 3.3 of the paper): one pass of the
   * mean field, unrolled, with an output layer of random weights. It takes rows that
   * {@link augmented} made, with the machine as it is now: fine-tuning changes the copied weights,
   * and the means that come in with the rows stay.
   *
   * @example
   * ```ts
   * import { DeepBoltzmannMachine } from 'boltzkit';
   *
   * const dbm = new DeepBoltzmannMachine({ layers: [4, 3, 2], seed: 1 });
   * const rows = [[1, 1, 0, 0], [0, 0, 1, 1]];
   * await dbm.fit(rows, { epochs: 200 });
   * const classifier = dbm.toClassifier({ classes: 2 });
   * await classifier.fit(await dbm.augmented(rows), [0, 1], { epochs: 200 });
   * console.log(await classifier.predict(await dbm.augmented(rows)));
   * ```
   *
   * @param options - How many classes there are, or what they are called; where the classifier
   *   runs, by default as this machine.
   * @throws {@link ParameterError} on options out of range and of a machine that was neither
   *   trained nor given parameters; {@link BusyError} while other calls are under way: it does not
   *   wait; {@link DisposedError}.
   */
  toClassifier<const L extends ClassName = number>(options: UnrolledClassifierOptions<L>): Classifier<L> {
    const call = this.call('toClassifier');
    const given = readOptions(call, options, ['classes', ...startNames]);
    this.machine.assertIdle(call);
    if (this.untouched) throw new ParameterError(`${call}: this machine was neither trained nor given parameters; \`fit\` it first`);
    const { layers, seed, device, threads } = this.machine.spec;
    const hidden = layers.slice(1).map(unitsOf);
    const inputs = this.places(visible) + this.places(hidden2);
    const classifier = new Classifier<L>({ inputs, hidden, seed, device, threads, ...given } as ClassifierOptions<L>);
    setUnrolled(classifier, layers, (wanted) => new Float64Array(this.machine.parameter(call, wanted)));
    return classifier;
  }

  // --- files and the end ------------------------------------------------------------------

  /** Ends an interrupted run of {@link pretrain} too. */
  override dispose(): void {
    this.#pretraining.drop();
    super.dispose();
  }

  /**
   * Loads a machine that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds layers in a chain, named as
   *   here; {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends DeepBoltzmannMachine = DeepBoltzmannMachine>(
    this: new (
      options: DeepBoltzmannMachineOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = `${name}.load`;
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'boltzmann-machine');
    const describe = (): Described<M> => {
      const saved = { ...savedWiring(checkpoint), ...where };
      const { layers, couplings: _, ...start } = saved;
      const all = { ...start, layers: Object.values(layers) };
      const spec = readDeep(call, all);
      assertChain(call, readSpec(call, saved), spec);
      return { spec, make: () => new this(all) };
    };
    return checkpoint.construct(describe, (machine, read) => machine.restore(call, read));
  }
}
