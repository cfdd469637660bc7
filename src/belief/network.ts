import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { asMatrix } from '../data/vector.js';
import { readScikitLearn, type ScikitLearnLevel } from '../models/scikit-learn.js';
import { unitsText } from '../models/trainable.js';
import { Autoencoder, type AutoencoderOptions } from '../networks/autoencoder.js';
import type { ClassName } from '../networks/classes.js';
import { Classifier, type ClassifierOptions } from '../networks/classifier.js';
import { startNames } from '../networks/layers.js';
import { TrainingRun } from '../training/run.js';
import { metricsText, showReports } from '../training/verbose.js';
import { type PlaceOptions, readLoadOptions, readStart, type StartOptions } from '../wiring/place.js';
import { gaussian, type Units } from '../wiring/units.js';
import { DeepAutoencoder } from './deep-autoencoder.js';
import { readNetworkFile, writeNetwork } from './file.js';
import { pretrain } from './pretrain.js';
import type { PretrainOptions } from './pretrain-options.js';
import { type Pretrainee, pretrainPlan } from './pretrain-plan.js';
import type { DeepAutoencoderOptions, NetworkSummary, UnrolledAutoencoderOptions, UnrolledClassifierOptions } from './question-options.js';
import { BeliefQuestions } from './questions.js';
import { type BeliefRecord, type BeliefTraining, type PretrainRecord, trainingInfo } from './record.js';
import { type LevelReport, type UpDownReport, upDownText } from './reports.js';
import { type DeepBeliefNetworkOptions, readNetwork, unitsOf } from './spec.js';
import { BeliefStack } from './stack.js';
import { setDecoder, setEncoder, setLabels, untrainedWarning } from './unroll.js';
import { type UpDownTrainee, upDown, upDownPlan } from './up-down.js';
import type { UpDownOptions } from './up-down-options.js';

const name = 'DeepBeliefNetwork';

/**
 * A deep belief network (Hinton, Osindero & Teh 2006): a stack of restricted Boltzmann machines,
 * trained one after the other from the bottom, each on what the one below makes of the data. The
 * top machine, with the labels if there are any, is the prior of a directed model that generates
 * downwards; the way up is its approximate inference.
 *
 * Every call that computes is asynchronous and runs on its own threads; calls wait for those before
 * them, except that a run of training lets in only who reads between its reports. The same seed
 * gives the same bits for any number of threads.
 *
 * @example
 * ```ts
 * import { DeepBeliefNetwork } from 'boltzkit';
 *
 * const dbn = new DeepBeliefNetwork({ layers: [4, 3, 2], labels: 2, seed: 1 });
 * await dbn.pretrain([[1, 1, 0, 0], [0, 0, 1, 1]], { labels: [0, 1], epochs: 200 });
 * const classes = await dbn.classify([[1, 1, 0, 0]]);
 * const drawn = await dbn.sample(10, { label: 1, sweeps: 100 }); // [10, 4]
 * dbn.dispose();
 * ```
 */
export class DeepBeliefNetwork extends BeliefQuestions {
  #record: BeliefRecord | null = null;
  #untouched: readonly boolean[];

  /**
   * @throws {@link ParameterError} on options out of range, {@link BackendError} when the addon or
   *   the device cannot be used.
   */
  constructor(options: DeepBeliefNetworkOptions) {
    super(name, new BeliefStack(name, readNetwork(name, options)));
    this.#untouched = this.machine.levels.map(() => true);
  }

  protected get untrained(): boolean {
    return this.#untouched.every((isNew) => isNew);
  }

  /** Where the last run stands, null if the network was never trained. */
  get training(): BeliefTraining | null {
    return this.#record === null ? null : trainingInfo(this.#record, this.layerNames);
  }

  // --- training ---------------------------------------------------------------------------

  /**
   * Trains the levels one after the other, greedily: the first on the rows, each other one on the
   * means (or draws) of the hidden units of the level below, which no longer learns. Labels join at
   * the top. Rows must be complete; a label may be missing (NaN). Without options every level takes
   * 30,000 updates, as an RBM does. Called again, it goes on from the parameters as they are, with
   * new chains.
   *
   * The options of all levels are checked before the first begins. When the run ends early, by a
   * signal, an error or `stop()`, the network stands at its last complete update, and `resume:
   * true` goes on from there, bit for bit, given the same rows; so it does in a network that was
   * loaded from a file. The same seed gives the same bits for any number of threads.
   *
   * @returns A run to `await` or to iterate over with `for await`; its reports say which level they
   *   are about.
   * @throws Through the run: {@link ParameterError}, {@link ShapeError}, {@link DisposedError};
   *   {@link BusyError} while another run is under way; {@link DivergenceError} when parameters
   *   would stop being finite; the signal's reason when aborted.
   */
  pretrain(rows: RowsInput, options?: PretrainOptions): TrainingRun<LevelReport> {
    return this.#pretrained(rows, options, () => undefined);
  }

  #pretrained(rows: unknown, options: unknown, then: () => void): TrainingRun<LevelReport> {
    const call = this.call('pretrain');
    let verbose = false;
    const run = new TrainingRun<LevelReport>(async (control) => {
      const plan = pretrainPlan(call, this.#pretrainee(), rows, options);
      verbose = plan.verbose;
      await pretrain(this.machine, plan, control, (record) => this.#keep(record));
      if (this.training?.complete) then();
    });
    if (verbose) showReports(run, call, (report) => `level ${report.level} (${report.layer}), ${metricsText(report)}`);
    return run;
  }

  #pretrainee(): Pretrainee {
    const save: Pretrainee['save'] = (call, path, level, reached) => {
      const record = this.#record as PretrainRecord;
      const levels = record.levels.map((one, l) => (l === level ? reached : one));
      return this.#write(call, path, { ...record, levels });
    };
    const previous = this.#record?.phase === 'pretrain' ? this.#record : null;
    return { stack: this.machine, previous, untouched: this.#untouched, save };
  }

  #keep(record: PretrainRecord): void {
    this.#record = record;
    this.#untouched = this.#untouched.map((untouched, l) => untouched && record.levels[l]?.step === 0);
  }

  /**
   * Up–down learning (wake–sleep; Hinton, Osindero & Teh 2006, appendix B), after pretraining: the
   * halves of every level below the top that recognise and that generate are untied and learn from
   * each other's draws, together with the top machine and its labels. The top machine has
   * persistent chains, unless `chains: 0` makes it contrastive, as in the paper. Rows
   * and labels must be complete. Whatever ends the run, the network stands at its last complete
   * update, and `resume: true` goes on from there, bit for bit.
   *
   * @returns A run to `await` or to iterate over with `for await`; see {@link UpDownReport}.
   * @throws Through the run, as {@link pretrain}; {@link ParameterError} for a network of one
   *   level, which has no halves.
   */
  upDown(rows: RowsInput, options?: UpDownOptions): TrainingRun<UpDownReport> {
    const call = this.call('upDown');
    let verbose = false;
    const run = new TrainingRun<UpDownReport>(async (control) => {
      const save: UpDownTrainee['save'] = (name, path, record) => this.#write(name, path, record);
      const previous = this.#record?.phase === 'upDown' ? this.#record.run : null;
      const trainee = { stack: this.machine, previous, warning: untrainedWarning(this.machine, this.#untouched), save };
      const plan = upDownPlan(call, trainee, rows, options);
      verbose = plan.verbose;
      await upDown(this.machine, plan, control, (record) => {
        this.#record = record;
        if (record.run.step > 0) this.#untouched = this.#untouched.map(() => false);
      });
    });
    if (verbose) showReports(run, call, upDownText);
    return run;
  }

  // --- feed-forward networks ------------------------------------------------------------------

  /**
   * A classifier to be fine-tuned by backpropagation: its hidden layers have the weights and biases
   * of the recognition half, copied. Its output layer starts from the label layer where that has as
   * many classes, else from random weights. A network that was not pretrained may be unrolled too;
   * the first report of `fit` then says so.
   *
   * @param options - How many classes there are, or what they are called; where the classifier
   *   runs, by default as this network.
   * @throws {@link ParameterError}, {@link BusyError} while other calls are under way: it does not
   *   wait; {@link DisposedError}.
   */
  toClassifier<const L extends ClassName = number>(options: UnrolledClassifierOptions<L>): Classifier<L> {
    const call = this.call('toClassifier');
    const given = readOptions(call, options, ['classes', ...startNames]);
    const { stack, place } = this.#unrollable(call);
    const hidden = stack.spec.layers.slice(1).map(unitsOf);
    const classifier = new Classifier<L>({ inputs: stack.places(0), hidden, ...place, ...given } as ClassifierOptions<L>);
    setEncoder(classifier, stack, classifier.layerNames, this.#untouched);
    const isTop = this.#untouched[this.#untouched.length - 1] === false;
    if (isTop && stack.spec.labels === classifier.classes.length) setLabels(classifier, stack, classifier.layerNames.at(-1) as string);
    const warning = untrainedWarning(stack, this.#untouched);
    if (warning !== null) classifier.announce(warning);
    return classifier;
  }

  /**
   * An autoencoder to be fine-tuned by backpropagation: an encoder with the parameters of the
   * recognition half, and a decoder with those of the generative one, copied. The last layer is the
   * code.
   *
   * @param options - What reconstructions are measured by; where the autoencoder runs, by default
   *   as this network.
   * @throws As {@link toClassifier}.
   */
  toAutoencoder(options?: UnrolledAutoencoderOptions): Autoencoder {
    const call = this.call('toAutoencoder');
    const given = readOptions(call, options, ['loss', ...startNames]);
    const { stack, place } = this.#unrollable(call);
    const autoencoder = new Autoencoder({ layers: stack.spec.layers.map(unitsOf), ...place, ...given } as unknown as AutoencoderOptions);
    this.#unroll(autoencoder);
    const warning = untrainedWarning(stack, this.#untouched);
    if (warning !== null) autoencoder.announce(warning);
    return autoencoder;
  }

  #unroll(target: Autoencoder): void {
    const { machine: stack } = this;
    const names = target.layerNames;
    setEncoder(target, stack, names.slice(0, stack.levels.length), this.#untouched);
    setDecoder(target, stack, names.slice(stack.levels.length), this.#untouched);
  }

  #unrollable(call: string): { readonly stack: BeliefStack; readonly place: StartOptions } {
    this.machine.assertIdle(call);
    const { seed, device, threads } = this.machine.spec;
    return { stack: this.machine, place: { seed, device, threads } };
  }

  /**
   * A deep autoencoder (Hinton & Salakhutdinov 2006): a stack of machines to be pretrained, which
   * is then unrolled and fine-tuned.
   *
   * @param layers - From the rows to the code, such as [784, 1000, 500, 250, 30]. Numbers stand for
   *   Bernoulli units, the last one for as many `gaussian` units: a linear code.
   * @throws {@link ParameterError} on layers or options out of range, {@link BackendError}.
   */
  static autoencoder(layers: readonly (number | Units)[], options?: DeepAutoencoderOptions): DeepAutoencoder {
    const call = `${name}.autoencoder`;
    const { loss, weightScale, ...start } = readOptions(call, options, ['loss', 'weightScale', ...startNames]);
    const { seed, device, threads } = start;
    const list: unknown = readFrom(call, 'layers', () => (Array.isArray(layers) ? [...layers] : layers));
    if (Array.isArray(list) && typeof list.at(-1) === 'number') {
      list[list.length - 1] = gaussian(new OptionCheck(call).integer(`layers[${list.length - 1}]`, list.at(-1), undefined));
    }
    const dbn = new DeepBeliefNetwork({ layers: list, seed, device, threads, weightScale } as DeepBeliefNetworkOptions);
    try {
      const place = { ...start, ...(loss === undefined ? {} : { loss }) };
      return new DeepAutoencoder({ layers: dbn.machine.spec.layers.map(unitsOf), ...place } as unknown as AutoencoderOptions, {
        dbn,
        pretrain: (rows, given, then) => dbn.#pretrained(rows, given, then),
        unroll: (target) => dbn.#unroll(target),
        warning: () => untrainedWarning(dbn.machine, dbn.#untouched),
      });
    } catch (error) {
      dbn.dispose();
      throw error;
    }
  }

  // --- parameters ---------------------------------------------------------------------------

  /**
   * Replaces a parameter tensor by a copy of values of its shape. `BusyError` while other calls are
   * under way.
   */
  setParameter(parameter: string, values: RowsInput): void {
    const call = this.call('setParameter');
    const [rows, cols] = this.shape(call, parameter);
    const where = { call, argument: 'values', units: `columns of '${parameter}'` };
    this.machine.setParameter(call, parameter, asMatrix(values, rows, cols, where));
    this.#untouched = this.#untouched.map((untouched, l) => untouched && !parameter.startsWith(`level${l + 1}/`));
  }

  // --- files and the end ---------------------------------------------------------------------------

  /**
   * Saves the parameters of all levels and the state of the last run as a safetensors file with a
   * checksum. The path holds either the old file or the whole new one, whatever happens in between.
   * During a run save in the body of `for await`, or use its `checkpoint`.
   *
   * @throws {@link BusyError} while a run is under way, {@link FileError} when the file cannot be
   *   written, {@link DisposedError}.
   */
  async save(path: string | URL): Promise<void> {
    const call = this.call('save');
    await this.machine.exclusive(call, () => this.#write(call, path, this.#record));
  }

  #write(call: string, path: string | URL, record: BeliefRecord | null): Promise<void> {
    return writeNetwork(call, path, this.machine, { untouched: this.#untouched, record });
  }

  /**
   * Loads a network that `save` or a checkpoint wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds such a network, {@link
   *   FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends DeepBeliefNetwork = DeepBeliefNetwork>(
    this: new (
      options: DeepBeliefNetworkOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = `${name}.load`;
    const made: M[] = [];
    const state = await readNetworkFile(call, path, readLoadOptions(call, options), (all) => {
      const network = new this(all);
      made.push(network);
      return network.machine;
    });
    const [network] = made as [M];
    network.#record = state.record;
    network.#untouched = state.untouched;
    return network;
  }

  /**
   * A network with the parameters of a pipeline of scikit-learn's `BernoulliRBM`s, from an npz file
   * of their attributes, each with the name of its step before it (`rbm1__components_`):
   *
   * `np.savez('stack.npz', **{f'{name}__{key}': value for name, step in pipeline.steps for key,
   * value in vars(step).items() if isinstance(value, np.ndarray)})`
   *
   * The first step that is written is the lowest level. A `LogisticRegression` after them is left
   * out: `Classifier.fromScikitLearn` takes it over too.
   *
   * @param options - Where it is to run, and its seed.
   * @throws {@link FormatError} unless the file is intact and its machines stand on each other,
   *   {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async fromScikitLearn<M extends DeepBeliefNetwork = DeepBeliefNetwork>(
    this: new (
      options: DeepBeliefNetworkOptions,
    ) => M,
    path: string | URL,
    options?: Omit<StartOptions, 'weightScale'>,
  ): Promise<M> {
    const call = `${name}.fromScikitLearn`;
    const given = readOptions(call, options, ['seed', 'device', 'threads']);
    const { weightScale: _, ...place } = readStart(new OptionCheck(call), given);
    const { levels } = await readScikitLearn(call, path);
    const network = new this({ layers: [(levels[0] as ScikitLearnLevel).visible, ...levels.map(({ hidden }) => hidden)], ...place });
    const names = network.layerNames;
    for (const [l, { weights, visibleBias, hiddenBias, visible, hidden }] of levels.entries()) {
      const [below, above] = [names[l] as string, names[l + 1] as string];
      network.setParameter(`level${l + 1}/${below}.bias`, visibleBias);
      network.setParameter(`level${l + 1}/${above}.bias`, hiddenBias);
      network.setParameter(`level${l + 1}/${below}-${above}.weights`, { data: weights, shape: [visible, hidden] });
    }
    return network;
  }

  /** What the network is, without its parameters. */
  toJSON(): NetworkSummary {
    const { layers, labels, seed } = this.machine.spec;
    return {
      model: name,
      layers: Object.fromEntries(layers.map((layer) => [layer.name, unitsText(layer)])),
      labels,
      untied: this.untied,
      seed: String(seed),
      device: this.device,
      training: this.training,
    };
  }
}
