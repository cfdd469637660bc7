import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import type { PlaceOptions } from '../wiring/place.js';
import { couplingScores } from './coupling-scores.js';
import { LateralModel, loadLateral } from './lateral-model.js';
import { type PottsOptions, readPotts } from './potts-options.js';
import type { Matrix } from './results.js';
import type { Annealed, AnnealOptions, PlaceClamp, SampleOptions } from './sample-options.js';

/** How couplings become scores. */
export interface CouplingScoreOptions {
  /** Categories that the norms leave out, such as that of gaps. Default: none. */
  readonly without?: readonly number[] | undefined;
}

/**
 * The Potts model: p(s) ∝ exp(−E(s)) over sites that have one of q categories each, with E(s) = −Σ J_ij(s_i, s_j) − Σ h_i(s_i), the first sum over
 * pairs (Potts 1952). Fitted to aligned sequences it is direct-coupling analysis (Weigt et al. 2009; Ekeberg et al. 2013). It is a Boltzmann
 * machine of one layer, `sites`, of softmax units, with all that such a machine can be asked.
 *
 * Rows are category numbers [n, sites] or one-hot rows [n, sites × q]; `sample` and `anneal` return category numbers.
 *
 * @example
 * ```ts
 * import { PottsModel } from 'boltzkit';
 *
 * // The first two sites agree, the third has nothing to do with them.
 * const sequences = Array.from({ length: 300 }, (_, r) => [r % 3, r % 3, Math.floor(r / 3) % 3]);
 * using model = new PottsModel({ sites: 3, categories: 3, seed: 1 });
 * await model.fit(sequences, { epochs: 200 });
 * const scores = model.couplingScores(); // [3, 3]: that of sites 0 and 1 is the largest
 * ```
 */
export class PottsModel extends LateralModel<'sites', 'softmax'> {
  /**
   * @throws {@link ParameterError} on options out of range and pairs given twice; {@link ShapeError} on sizes that do not fit each other;
   *   {@link BackendError} when the device cannot be used.
   */
  constructor(options: PottsOptions) {
    const { spec, weights, fields } = readPotts('PottsModel', options);
    super('PottsModel', spec);
    if (weights !== null) this.setParameter('sites-sites.weights', weights);
    if (fields !== null) this.setParameter('sites.bias', fields);
  }

  /** Sites. */
  get sites(): number {
    return this.places(0) / this.categories;
  }

  /** Categories of a site: q. */
  get categories(): number {
    return this.layers.sites.size;
  }

  /** Draws sequences, as every machine's `sample`: category numbers [n, sites]. */
  override async sample(n: number, options?: SampleOptions<RowsInput, RowsInput | PlaceClamp, 'sites'>): Promise<Matrix> {
    return this.#numbers(await super.sample(n, options));
  }

  /** Looks for sequences of low energy, as every machine's `anneal`: category numbers [n, sites], lowest energy first. */
  override async anneal(n: number, options?: AnnealOptions<RowsInput, RowsInput | PlaceClamp>): Promise<Annealed<'sites'>> {
    const found = await super.anneal(n, options);
    return { ...found, states: { sites: this.#numbers(found.states.sites) } };
  }

  #numbers(states: Matrix): Matrix {
    const [sites, q] = [this.sites, this.categories];
    const numbers = new Float32Array(states.data.length / q);
    states.data.forEach((value, at) => {
      if (value === 1) numbers[Math.floor(at / q)] = at % q;
    });
    return array(numbers, [numbers.length / sites, sites]);
  }

  /**
   * How strongly sites are coupled, [sites, sites]: Frobenius norms of J_ij in the zero-sum gauge with average product correction (Dunn, Wahl &
   * Gloor 2008; Ekeberg et al. 2013). Of a protein family high scores foretell contacts; those of neighbours along the chain say little.
   *
   * @throws {@link ParameterError} on categories that there are not.
   */
  couplingScores(options?: CouplingScoreOptions): NdArray<Float64Array> {
    const call = this.call('couplingScores');
    const { without = [] } = readOptions(call, options, ['without']);
    const check = new OptionCheck(call);
    const [sites, q] = [this.sites, this.categories];
    const counted = new Array<boolean>(q).fill(true);
    if (!readFrom(call, 'without', () => Array.isArray(without))) throw check.error('without', 'a list of category numbers', without);
    (without as unknown[]).forEach((category, i) => {
      counted[check.integer(`without[${i}]`, category, undefined, 0, q - 1)] = false;
    });
    const { data } = this.getParameter('sites-sites.weights');
    const pairs = this.pairs();
    const dense = this.machine.spec.couplings[0]?.[2] === undefined;
    const block = (pair: number): Float64Array => {
      if (!dense) return data.subarray(pair * q ** 2, (pair + 1) * q ** 2);
      const [i, j] = [pairs[2 * pair] as number, pairs[2 * pair + 1] as number];
      return Float64Array.from({ length: q ** 2 }, (_, k) => data[(i * q + Math.floor(k / q)) * sites * q + j * q + (k % q)] as number);
    };
    return array(couplingScores(sites, pairs, block, counted), [sites, sites]);
  }

  /**
   * Loads a model that `save` wrote, or a `BoltzmannMachine` of the same wiring; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds one layer `sites`, {@link FileError} when it cannot be read,
   *   {@link BackendError}.
   */
  static async load<M extends PottsModel = PottsModel>(
    this: new (
      options: PottsOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'PottsModel.load';
    return loadLateral(
      call,
      path,
      options,
      { name: 'sites', type: 'softmax' },
      ({ units, graph, start }) => {
        const all = { ...start, sites: units.places / units.size, categories: units.size, graph } as PottsOptions;
        return { spec: readPotts(call, all).spec, make: () => new this(all) };
      },
      (model, read) => model.restore(call, read),
    );
  }
}
