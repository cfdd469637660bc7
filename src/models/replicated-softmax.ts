import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import {
  type DocumentLikelihoods,
  distinctLengths,
  documentLikelihoods,
  type LengthOptions,
  readLengthOptions,
} from '../estimators/length-sums.js';
import type { LayerInput } from '../machine/host.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { linear } from '../training/learning-rate.js';
import type { Given } from '../training/options.js';
import type { FitOptions, PartialFitOptions } from '../training/plan.js';
import type { TrainingRun } from '../training/run.js';
import { type PlaceOptions, readLoadOptions } from '../wiring/place.js';
import type { Units } from '../wiring/units.js';
import { type Described, openCheckpoint } from './checkpoint.js';
import { documentSizes, withWords } from './documents.js';
import { savedSeed } from './file-values.js';
import { MachineModel } from './machine-model.js';
import type { LayerClamp, Question } from './machine-questions.js';
import type { Matrix } from './results.js';
import type { PlaceClamp, SampleOptions } from './sample-options.js';
import { mostSimilar, type Similar } from './similar.js';
import { readTopWords, type TopWord, type TopWordsOptions, topWords } from './top-words.js';
import { codeMatrix, type ReplicatedSoftmaxOptions, readModel, repeated } from './topic-options.js';

const [words, topics] = [0, 1];

type TopicLayers = { readonly words: Units<'counts'>; readonly topics: Units<'bernoulli'> };
type TopicCouplings = readonly [readonly ['words', 'topics']];
type TopicFitOptions = FitOptions<RowsInput, 'words' | 'topics' | 'words-topics'>;
type TopicSampleOptions = SampleOptions<RowsInput, RowsInput | PlaceClamp, 'words' | 'topics'>;

/** Documents as rows of counts, or their codes. */
export type DocumentsOrCodes =
  | RowsInput
  | {
      /** Codes that `transform` gave, [n, topics]. */
      readonly codes: RowsInput;
    };

/** Where to look for similar documents. */
export interface SimilarOptions extends Patience {
  /** What is looked through. */
  readonly among: DocumentsOrCodes;
  /** How many come back for each, at most. Default 10. */
  readonly n?: number | undefined;
}

/**
 * A replicated softmax, an undirected topic model of bags of words (Salakhutdinov & Hinton, NIPS 22
 * (2009)): a document of D words has binary topics h and counts v with the energy
 *   E(v, h) = − Σ_k v_k b_k − Σ_kj v_k W_kj h_j,
 * as D softmax units that share their weights. The paper's equation 4 has − D Σ_j a_j h_j besides.
 * Since Σ_k v_k = D, that is the same as a_j added to every W_kj, and here W holds it: the bias
 * 'topics.bias' stays zero while training.
 *
 * Rows are documents, [n, vocabulary], dense or sparse: whole counts of at least 0, at most 2²⁴
 * words and at least one in a document. What it says of a document is given its length.
 *
 * @example
 * ```ts
 * import { ReplicatedSoftmax } from 'boltzkit';
 *
 * const model = new ReplicatedSoftmax({ vocabulary: ['cat', 'dog', 'bond', 'fund'], topics: 2, seed: 1 });
 * await model.fit([[2, 1, 0, 0], [0, 0, 3, 1], [1, 3, 0, 0], [0, 0, 1, 1]], { epochs: 200 });
 * const codes = await model.transform([[1, 1, 0, 0]]); // P(topic | document), [1, 2]
 * const { perplexity } = await model.logLikelihood([[1, 1, 0, 0]]);
 * model.dispose();
 * ```
 */
export class ReplicatedSoftmax extends MachineModel<RowsInput, RowsInput | PlaceClamp, TopicLayers, TopicCouplings> {
  /** The words by column; null if only their number is known. */
  readonly vocabulary: readonly string[] | null;

  /** @throws {@link ParameterError} on options out of range and repeated words, {@link BackendError} when the addon or the device cannot be used. */
  constructor(options: ReplicatedSoftmaxOptions) {
    const { spec, vocabulary } = readModel('ReplicatedSoftmax', options);
    const config = { vocabulary: vocabulary ?? spec.layers[words]?.units, topics: spec.layers[topics]?.units };
    super('ReplicatedSoftmax', spec, { kind: 'replicated-softmax', config });
    this.vocabulary = vocabulary;
  }

  /** Words of the vocabulary: columns of counts. */
  get words(): number {
    return this.places(words);
  }

  /** Topics: columns of codes. */
  get topics(): number {
    return this.places(topics);
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    const input = this.input(call, argument, rows, words, 'words of the vocabulary');
    return [{ ...input, host: withWords(input.host, input.where) }];
  }

  protected clampsByLayer(_call: string, clamp: unknown): LayerClamp[] {
    return [{ layer: words, value: clamp, argument: 'clamp' }];
  }

  // --- training --------------------------------------------------------------------------------------------------------

  /**
   * Trains on documents [n, vocabulary], as other machines do. What is left out is as suits counts:
   * 'adam' at 0.002, held for 0.3 of the run and then falling to 0, 60 passes, and no decay. Counts
   * make the gradient as large as documents are long, which Adam's steps do not depend on. Persistent
   * chains have the lengths of documents. Few documents take more passes.
   */
  override fit(documents: RowsInput, options?: TopicFitOptions): TrainingRun {
    return super.fit(documents, options);
  }

  /** Trains on the next part of a stream, with 'adam' at 0.0005 unless told otherwise. */
  override async partialFit(documents: RowsInput, options?: PartialFitOptions<'words' | 'topics' | 'words-topics'>): Promise<void> {
    await super.partialFit(documents, options);
  }

  protected override usualOptions(stream: boolean): Given {
    const rest = stream ? { learningRate: 0.0005 } : { learningRate: linear(0.002, { hold: 0.3 }), epochs: 60 };
    return { optimiser: 'adam', l2: 0, ...rest };
  }

  /** The biases of topics stay, since the weights hold them. */
  protected override get fixedOptions(): Given {
    return { rates: { topics: 0 } };
  }

  // --- topics ----------------------------------------------------------------------------------------------------------

  /**
   * The words of each topic, the strongest first. Their weight is W_kj less the mean of W_j over words
   * by their frequency: the mean takes away what the weights hold of the topic's bias.
   *
   * @param n - Words of each topic, at most. Default 10.
   * @throws {@link BusyError} while other calls are under way: it does not wait.
   */
  topWords(n?: number, options?: TopWordsOptions): TopWord[][] {
    const call = this.call('topWords');
    const checked = readTopWords(call, n, options, this.words);
    return topWords(this.getParameter('words-topics.weights'), this.getParameter('words.bias').data, this.vocabulary, checked);
  }

  /** The codes of documents [n, vocabulary]: P(topic | document), [n, topics]. */
  async transform(documents: RowsInput, options?: Patience): Promise<Matrix> {
    const call = this.call('transform');
    const patience = this.patience(call, options);
    return this.asked(this.#codes(call, 'data', documents), patience);
  }

  #codes(call: string, argument: string, documents: unknown): Question<Float32Array, Matrix> {
    return this.conditional(call, this.inputs(call, argument, documents), topics, 'mean');
  }

  /**
   * The documents of `among` whose codes have the largest cosine to those of the queries, probabilities
   * p taken as 2 p − 1: of codes that are nearly 0 and 1, those that differ in the fewest topics. Time:
   * queries × documents × (topics + log documents).
   *
   * @param queries - Documents [n, vocabulary], or `{ codes }`, [n, topics], from {@link transform}.
   */
  async similar(queries: DocumentsOrCodes, options: SimilarOptions): Promise<Similar> {
    const call = this.call('similar');
    const given = readOptions(call, options, ['among', 'n', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const n = check.integer('n', given.n, 10, 1, 2 ** 31 - 1);
    const patience = readPatience(check, given);
    // Both are described before the first wait.
    const both = [this.#codesOf(call, 'queries', queries, patience), this.#codesOf(call, 'among', given.among, patience)] as const;
    const [asked, among] = await Promise.all(both);
    return mostSimilar(asked, among, n, patience.signal);
  }

  async #codesOf(call: string, argument: string, given: unknown, patience: Patience): Promise<Matrix> {
    if (typeof given !== 'object' || given === null || !('codes' in given)) return this.asked(this.#codes(call, argument, given), patience);
    const { codes } = readOptions(call, given, ['codes'], argument);
    return codeMatrix(codes, this.topics, { call, argument: `${argument}.codes`, units: 'topics' });
  }

  // --- likelihoods -----------------------------------------------------------------------------------------------------

  /**
   * log p of documents as sequences of words, given their lengths, and the perplexity that follows.
   * The bag of a document has as many sequences as D! / Π v_k! says; log p of the bag is larger by
   * the log of that.
   *
   * log Z depends on the length. 'exact' counts; 'ais' anneals along the length, from 0 words, where
   * the topics are independent, through all lengths of these documents to the longest. So each
   * length has an estimate of its own, forward and back, and nothing is interpolated. `warnings` say
   * what speaks against the numbers. Every call draws anew. Time: (2 · `steps` + `warmup`) sweeps of
   * `chains` chains, and two for each length.
   *
   * @throws {@link ParameterError} on counts that are none, empty documents and options out of range; {@link ShapeError}, {@link BusyError},
   *   {@link DisposedError}; the signal's reason when aborted.
   */
  async logLikelihood(documents: RowsInput, options?: LengthOptions): Promise<DocumentLikelihoods> {
    const call = this.call('logLikelihood');
    const { control, patience } = readLengthOptions(call, options, this.topics);
    const inputs = this.inputs(call, 'data', documents);
    patience.signal?.throwIfAborted();
    const packing = this.machine.pack(inputs, patience.signal, false);
    packing.catch(() => undefined); // whoever waits for the turn hears of it
    const sizes = packing.then(() => documentSizes((inputs[0] as LayerInput).host));
    sizes.catch(() => undefined);
    const { signal } = patience;
    return this.machine.exclusive(
      call,
      async (native) => {
        const packed = await packing;
        const { lengths, logSequences } = await sizes;
        const distinct = distinctLengths(lengths);
        const { values } = await this.machine.run(call, () => native.rowSums(packed), { signal });
        const found = await this.machine.run(call, () => native.lengthSums({ ...control, lengths: distinct }), patience);
        return documentLikelihoods({ lengths, sums: values.map((sum, d) => sum - (logSequences[d] as number)) }, distinct, found);
      },
      signal,
    );
  }

  /** The perplexity of documents and its interval: {@link logLikelihood} in one number. */
  async perplexity(documents: RowsInput, options?: LengthOptions): Promise<DocumentLikelihoods['perplexity']> {
    return (await this.logLikelihood(documents, options)).perplexity;
  }

  // --- samples ---------------------------------------------------------------------------------------------------------

  /**
   * Documents drawn by Gibbs sampling, [n, vocabulary], as {@link RBM.sample} draws. `length` says how
   * many words each has, one number for all or [n]; chains then start from documents that repeat one
   * word. Otherwise `start` has documents, whose lengths stay.
   */
  override async sample(
    n: number,
    options?: TopicSampleOptions & { readonly length?: number | ArrayLike<number> | undefined },
  ): Promise<Matrix> {
    const call = this.call('sample');
    const names = ['length', 'sweeps', 'start', 'clamp', 'beta', 'betas', 'ladder', 'output', 'layer', 'signal', 'onProgress'] as const;
    const { length, ...given } = readOptions(call, options, names);
    const check = new OptionCheck(call);
    const chains = check.integer('n', n, undefined, 1, 2 ** 31 - 1);
    if ((length === undefined) === (given.start === undefined)) {
      throw check.error('length', 'given, or `start`, and not both: a draw keeps the words of a document', length);
    }
    const start = length === undefined ? {} : { start: repeated(check, chains, length, this.words) };
    return super.sample(n, { ...given, ...start } as TopicSampleOptions);
  }

  /**
   * Loads a model that `save` wrote; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds a replicated softmax, {@link FileError} when it cannot be read, {@link BackendError}.
   */
  static async load<M extends ReplicatedSoftmax = ReplicatedSoftmax>(
    this: new (
      options: ReplicatedSoftmaxOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'ReplicatedSoftmax.load';
    const where = readLoadOptions(call, options);
    const checkpoint = await openCheckpoint(call, path, 'replicated-softmax');
    const describe = (): Described<M> => {
      const { vocabulary, topics: count, seed, weightScale } = checkpoint.config;
      const all = { vocabulary, topics: count, seed: savedSeed(seed), weightScale, ...where } as ReplicatedSoftmaxOptions;
      return { spec: readModel(call, all).spec, make: () => new this(all) };
    };
    return checkpoint.construct(describe, (model, read) => model.restore(call, read));
  }
}
