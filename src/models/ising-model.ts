import type { NdArray } from 'ndarray';
import { readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import type { EvaluateOptions } from '../estimators/evaluate-options.js';
import type { Interval, PartitionEstimate } from '../estimators/results.js';
import type { Patience } from '../machine/patience.js';
import type { PlaceOptions } from '../wiring/place.js';
import { type IsingOptions, readIsing } from './ising-options.js';
import { LateralModel, type LateralStart, lateralStart, loadLateral } from './lateral-model.js';
import type { Nats } from './results.js';
import type { Annealed, AnnealOptions, PlaceClamp } from './sample-options.js';
import { type MatrixEntries, readQubo, type SquareMatrix } from './square-tables.js';

/** An Ising model in numbers: E(s) = −Σ_e J_e s_i s_j − Σ_i h_i s_i + offset, with edge e joining spins i and j. */
export interface IsingTables {
  /** Pairs of spins [edges, 2]. */
  readonly edges: NdArray<Uint32Array>;
  /** J, one per edge. */
  readonly couplings: NdArray<Float64Array>;
  /** h, one per spin. */
  readonly fields: NdArray<Float64Array>;
}

/** xᵀQx + offset = E(2x − 1) for bits x. */
export interface QuboTable {
  /** Q, upper triangular: entries [i, j, Q_ij] and its size. `fromQubo` takes it as it is. */
  readonly Q: MatrixEntries & {
    /** Rows [i, j, Q_ij] with i ≤ j. */
    readonly entries: NdArray<Float64Array>;
    /** How many bits there are. */
    readonly size: number;
  };
  /** The constant that Q cannot hold. */
  readonly offset: number;
}

/**
 * The Ising model: p(s) ∝ exp(−β E(s)) over spins s_i = ±1, with E(s) = −Σ J_ij s_i s_j − Σ h_i s_i + offset, the first sum over pairs (Ising
 * 1925; Edwards & Anderson 1975). It is a Boltzmann machine of one layer, `spins`, whose parameters are βJ and βh: all that it inherits speaks of
 * the model at its own temperature, and a `beta` in the options of `sample` or `chains` is relative to that. `energy`, `anneal` and `tables` speak
 * of E, without β; `Chains` give βE less the offset.
 *
 * @example
 * ```ts
 * import { gridEdges, IsingModel } from 'boltzkit';
 *
 * using model = new IsingModel({ graph: gridEdges([32, 32], { periodic: true }), couplings: 1, beta: 0.5, seed: 1 });
 * const spins = await model.sample(10, { sweeps: 500 }); // [10, 1024]
 * const m = model.magnetisation(spins); // [10], most near 0.91 or −0.91
 * ```
 */
export class IsingModel extends LateralModel<'spins', 'spin'> {
  /** Inverse temperature. */
  readonly beta: number;
  /** The constant in all energies. */
  readonly offset: number;

  /**
   * @throws {@link ParameterError} on options out of range, tables that are not symmetric or have a diagonal, and pairs given twice;
   *   {@link ShapeError} on sizes that do not fit each other; {@link BackendError} when the device cannot be used.
   */
  constructor(options: IsingOptions) {
    const { spec, beta, offset, weights, fields } = readIsing('IsingModel', options);
    super('IsingModel', spec, { beta, offset });
    this.beta = beta;
    this.offset = offset;
    if (weights !== null) this.setParameter('spins-spins.weights', { data: weights.data.map((J) => beta * J), shape: weights.shape });
    if (fields !== null) this.setParameter('spins.bias', fields.map((h) => beta * h)); // biome-ignore format: beside the line above
  }

  /** Spins. */
  get units(): number {
    return this.places(0);
  }

  /** J and h as they are now, learned or given. */
  tables(): IsingTables {
    const [edges, n] = [this.pairs(), this.units];
    const { data } = this.getParameter('spins-spins.weights');
    const dense = this.machine.spec.couplings[0]?.[2] === undefined;
    const place = (e: number): number => (dense ? (edges[2 * e] as number) * n + (edges[2 * e + 1] as number) : e);
    const J = Float64Array.from({ length: edges.length / 2 }, (_, e) => (data[place(e)] as number) / this.beta);
    const h = this.getParameter('spins.bias').data.map((bias) => bias / this.beta);
    return { edges: this.edges, couplings: array(J, [J.length]), fields: array(h, [n]) };
  }

  /** E(s) of complete states [n, units], the offset included; [n]. */
  override async energy(states: RowsInput, options?: Patience): Promise<Nats> {
    return this.#unscaled(await super.energy(states, options));
  }

  /** Looks for ground states, as every machine's `anneal`: states of low E(s), lowest first. Neither β nor the offset changes what it does. */
  override async anneal(n: number, options?: AnnealOptions<RowsInput, RowsInput | PlaceClamp>): Promise<Annealed<'spins'>> {
    const found = await super.anneal(n, options);
    return { ...found, energies: this.#unscaled(found.energies) };
  }

  #unscaled(energies: Nats): Nats {
    return array(
      energies.data.map((value) => value / this.beta + this.offset),
      [...energies.shape],
    );
  }

  /** The magnetisation of states [n, units], (1/N) Σ_i s_i; [n]. */
  magnetisation(states: RowsInput): NdArray<Float64Array> {
    const [{ host }] = this.inputs(this.call('magnetisation'), 'states', states) as [ReturnType<typeof this.inputs>[number]];
    const [values, n] = [toFloat64(host), this.units];
    const mean = (_: unknown, r: number): number => values.subarray(r * n, (r + 1) * n).reduce((sum, s) => sum + s, 0) / n;
    return array(Float64Array.from({ length: host.rows }, mean), [host.rows]);
  }

  /**
   * log Z = log Σ_s exp(−β E(s)), the offset included, in nats: exact up to 22 spins, beyond them by annealed importance sampling in both
   * directions with a 95 % interval; `logZ` is the same without the offset. −logPartition / β is the free energy.
   */
  async logPartition(options?: EvaluateOptions): Promise<PartitionEstimate> {
    const found = await this.logZ(options);
    const by = -this.beta * this.offset;
    const moved = <T extends Interval>(x: T): T => ({ ...x, value: x.value + by, low: x.low + by, high: x.high + by });
    const parts = (['forward', 'reverse', 'ladder'] as const).flatMap((name) => {
      const part = found[name];
      return part === undefined ? [] : [[name, moved(part)] as const];
    });
    return { ...moved(found), ...Object.fromEntries(parts) };
  }

  /** The same energies over bits x = (1 + s) / 2: E(2x − 1) = xᵀQx + offset. */
  toQubo(): QuboTable {
    const { edges, couplings, fields } = this.tables();
    const linear = fields.data.map((h) => -2 * h);
    const pairs = Array.from(couplings.data, (J, e) => {
      const [i, j] = [edges.get(e, 0), edges.get(e, 1)];
      linear[i] = (linear[i] as number) + 2 * J;
      linear[j] = (linear[j] as number) + 2 * J;
      return [i, j, -4 * J];
    });
    const entries = Float64Array.from([...Array.from(linear, (value, i) => [i, i, value]), ...pairs].flat());
    const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    const offset = this.offset - sum(couplings.data) + sum(fields.data);
    return { Q: { entries: array(entries, [entries.length / 3, 3]), size: this.units }, offset };
  }

  /**
   * The Ising model of a quadratic problem over bits: E(s) = xᵀQx with x = (1 + s) / 2, for all states and without a constant left over, which
   * `offset` holds. Any square Q, dense, sparse or by its entries; a constant of the problem itself stays with the caller.
   *
   * @throws {@link ParameterError} unless Q is square, and on values that are not finite and places given twice.
   */
  static fromQubo(Q: SquareMatrix, options?: LateralStart & { readonly beta?: number | undefined }): IsingModel {
    const call = 'IsingModel.fromQubo';
    const given = readOptions(call, options, ['beta', ...lateralStart]);
    const { size, linear, pairs, values } = readQubo(call, Q);
    const fields = linear.map((q) => -q / 2);
    let offset = linear.reduce((sum, q) => sum + q / 2, 0);
    values.forEach((q, e) => {
      for (const i of pairs.subarray(2 * e, 2 * e + 2)) fields[i] = (fields[i] as number) - q / 4;
      offset += q / 4;
    });
    const graph = { data: pairs, shape: [values.length, 2] };
    return new IsingModel({ ...(given as LateralStart), units: size, graph, couplings: values.map((q) => -q / 4), fields, offset });
  }

  /**
   * Loads a model that `save` wrote, or a machine of `fromIsing`; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds one layer `spins`, {@link FileError} when it cannot be read,
   *   {@link BackendError}.
   */
  static async load<M extends IsingModel = IsingModel>(
    this: new (
      options: IsingOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'IsingModel.load';
    return loadLateral(
      call,
      path,
      options,
      { name: 'spins', type: 'spin' },
      ({ units, graph, start, config: { beta, offset } }) => {
        const all = { ...start, units: units.places, graph, beta, offset } as IsingOptions;
        return { spec: readIsing(call, all).spec, make: () => new this(all) };
      },
      (model, read) => model.restore(call, read),
    );
  }
}
