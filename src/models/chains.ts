import { OptionCheck, readOptions } from '../arguments.js';
import { rowMajor } from '../data/host-rows.js';
import { array } from '../data/ndarray.js';
import { ParameterError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { averages, distinctBetas } from './chain-moments.js';
import { layerNumber, type ObserveOptions, readObserving } from './chain-observe.js';
import { runChains } from './chain-run.js';
import { type ChainRecord, writeChains } from './chains-file.js';
import type { Matrix, Moments, Nats } from './results.js';
import { readSweepBetas, type SweepBetas } from './sampling.js';

/** How to let chains run on. */
export interface AdvanceOptions<Layer extends string = string, Means extends Layer = Layer, Energies extends boolean = boolean>
  extends Patience {
  /**
   * What to note on the way: moments of the states for {@link Chains.mean} and
   * {@link Chains.product}, and series that come back.
   */
  readonly observe?: ObserveOptions<Layer, Means, Energies> | undefined;
  /** Inverse temperatures by sweep, in place of the chains' own. Not with a ladder. */
  readonly betas?: SweepBetas | undefined;
}

/** Series over the observations of one call of {@link Chains.advance}, in order. */
export interface ChainSeries<Means extends string = never, Energies extends boolean = false> {
  /**
   * {@link Chains.sweeps} at each observation; empty unless energies, means or moments by chain
   * were asked for.
   */
  readonly sweeps: readonly number[];
  /**
   * E(s) in nats, [observations, chains]; with a ladder [observations, groups, rungs]. Null unless
   * asked for.
   */
  readonly energies: Energies extends true ? Nats : null;
  /** By layer, the mean over its places; shaped as the energies. */
  readonly means: { readonly [K in Means]: Moments };
}

/** Which moments: see {@link Chains.mean}. */
export interface MomentOptions {
  /**
   * - 'chain': one row per chain (of a ladder: of those on its last rung, one per group).
   * - 'beta': one row per inverse temperature, as {@link Chains.betas} lists them: of a ladder one
   *   per rung.
   *
   * Both need `observe: { byChain: true }`. Default: all chains together, of a ladder those on its
   * last rung.
   */
  readonly by?: 'chain' | 'beta' | undefined;
}

/** Swaps of a ladder since the chains began. */
export interface SwapStatistics {
  /** The inverse temperatures of the rungs. */
  readonly betas: readonly number[];
  /** Swaps tried, by the lower of two neighbouring rungs. */
  readonly attempts: readonly number[];
  /** Those of them that were taken. */
  readonly accepted: readonly number[];
  /** The ratio of the two. */
  readonly rates: readonly number[];
  /** Ways of chains from the lowest rung to the highest and back, of all chains together. */
  readonly roundTrips: number;
}

/**
 * Block Gibbs chains of a model that stay where they are between calls: to be advanced, looked at,
 * saved. Made by `chains()` of a model. They follow the model's parameters as they are at each
 * call. What they draw is a function of the model's seed and the sequence of calls.
 */
export class Chains<Layer extends string = string> {
  readonly #machine: Machine;
  readonly #record: ChainRecord;

  /** @internal */
  constructor(machine: Machine, record: ChainRecord) {
    this.#machine = machine;
    this.#record = record;
  }

  /** Number of chains, or of groups of them with a ladder: rows of {@link states}. */
  get count(): number {
    return this.#record.chains / this.#rungs;
  }

  /** Sweeps so far. */
  get sweeps(): number {
    return this.#record.sweeps;
  }

  /** States behind {@link mean} and {@link product}. */
  get observations(): number {
    return this.#record.observations;
  }

  get #rungs(): number {
    return this.#record.ladder?.betas.length ?? 1;
  }

  /**
   * The inverse temperatures of the chains, each once, rising: with a ladder those of its rungs.
   */
  get betas(): readonly number[] {
    return distinctBetas(this.#record);
  }

  /**
   * Runs every chain for so many sweeps. A call that is aborted leaves the chains where they were
   * before it.
   *
   * Where `observe` asks for energies, means or moments by chain, the chains stop at each
   * observation, which costs about as much as a sweep or two; they draw other random numbers than
   * without.
   *
   * @returns The series that `observe` asked for. They belong to the caller: neither the chains nor
   *   their files keep them.
   * @throws {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError};
   *   the signal's reason when aborted.
   *
   * @example
   * ```ts
   * import { fromIsing, gridEdges } from 'boltzkit';
   *
   * const { data, shape } = gridEdges([8, 8], { periodic: true });
   * const entries = Array.from({ length: shape[0] }, (_, e) => [data[2 * e] ?? 0, data[2 * e + 1] ?? 0, 1]);
   * using machine = fromIsing({ entries }, undefined, { seed: 1 });
   * const chains = await machine.chains(2, { beta: [0.3, 0.6] }); // above and below the critical temperature
   * const { energies, means } = await chains.advance(1000, { observe: { every: 10, energies: true, means: ['spins'] } });
   * energies.get(99, 0); // of the first chain at the last of 100 observations
   * means.spins.get(99, 1); // magnetisation of the second one
   * ```
   */
  async advance<const Means extends Layer = never, const Energies extends boolean = false>(
    sweeps: number,
    options?: AdvanceOptions<Layer, Means, Energies>,
  ): Promise<ChainSeries<Means, Energies>> {
    const call = 'Chains.advance';
    const given = readOptions(call, options, ['observe', 'betas', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    check.integer('sweeps', sweeps, undefined, 1, 2 ** 40);
    const schedule = given.betas === undefined ? new Float64Array(0) : readSweepBetas(check, given.betas, sweeps);
    if (schedule.length > 0 && this.#record.ladder !== null)
      throw check.error('betas', 'left out: a ladder sets the temperatures', given.betas);
    const observe = given.observe === undefined ? null : readObserving(this.#machine, call, given.observe, sweeps, this.#record);
    const run = { sweeps, schedule, observe, patience: readPatience(check, given) };
    const notes = await runChains(this.#machine, call, this.#record, run);
    const means = Array.from(notes.means, ([layer, series]) => [this.#machine.spec.layers[layer]?.name, series]);
    return { sweeps: notes.sweeps, energies: notes.energies, means: Object.fromEntries(means) } as ChainSeries<Means, Energies>;
  }

  /**
   * The states of a layer, a copy [count, places].
   *
   * @param options - `rung`: of tempered chains those on this rung of the ladder, from 0; default
   *   the last.
   */
  states(layer: Layer, options?: { readonly rung?: number | undefined }): Matrix {
    const call = 'Chains.states';
    const number = layerNumber(this.#machine, call, layer);
    const { rung } = readOptions(call, options, ['rung']);
    const wanted = new OptionCheck(call).integer('rung', rung, this.#rungs - 1, 0, this.#rungs - 1);
    const places = this.#machine.places(number);
    const all = this.#record.states[number] as Float32Array;
    if (this.#record.ladder === null) return array(all.slice(), [this.count, places]);
    const chosen = new Float32Array(this.count * places);
    this.#record.ladder.rung.forEach((at, c) => {
      if (at === wanted) chosen.set(all.subarray(c * places, (c + 1) * places), Math.floor(c / this.#rungs) * places);
    });
    return array(chosen, [this.count, places]);
  }

  /**
   * The mean of the observed states of a layer, [places]; with `by` one row per chain or per
   * inverse temperature, [rows, places].
   *
   * @throws {@link ParameterError} before anything was observed, and where chains of several `beta`
   *   would be taken together.
   */
  mean(layer: Layer, options?: MomentOptions): Moments {
    const call = 'Chains.mean';
    const number = layerNumber(this.#machine, call, layer);
    const { sums, apart } = this.#record;
    return this.#average(call, options, { pooled: sums[number], apart: apart?.sums[number] }, [this.#machine.places(number)]);
  }

  /**
   * The mean of s_a s_bᵀ over the observed states, [places of a, places of b]; with `by` [rows,
   * places of a, places of b]. The pair must have been observed every time.
   *
   * @throws As {@link mean}.
   */
  product(a: Layer, b: Layer, options?: MomentOptions): Moments {
    const call = 'Chains.product';
    const [first, second] = [layerNumber(this.#machine, call, a), layerNumber(this.#machine, call, b)];
    const { products, apart } = this.#record;
    const pair = `${first},${second}`;
    const sums = { pooled: products.get(pair), apart: apart?.products.get(pair) };
    return this.#average(call, options, sums, [this.#machine.places(first), this.#machine.places(second)]);
  }

  #average(call: string, options: unknown, sums: { pooled: Float64Array | undefined; apart: Float64Array | undefined }, shape: number[]) {
    const check = new OptionCheck(call);
    const by = check.oneOf('by', readOptions(call, options, ['by']).by ?? 'all', 'all', ['all', 'chain', 'beta']);
    const { observations, apart, ladder } = this.#record;
    const { pooled } = sums;
    if (pooled === undefined || observations === 0) {
      throw new ParameterError(`${call}: nothing was observed yet: pass \`observe\` to advance()`);
    }
    if (by !== 'all') {
      if (apart === null || sums.apart === undefined) {
        throw new ParameterError(`${call}: chains were not observed apart: forget() and pass \`observe: { byChain: true }\` to advance()`);
      }
      const rows = averages(this.#record, by, sums.apart, apart.times);
      const groups = by === 'chain' ? this.count : this.betas.length;
      return array(rows, [groups, ...shape]);
    }
    if (ladder === null && this.betas.length > 1) {
      const hint = "pass `observe: { byChain: true }` to advance() and { by: 'beta' } or { by: 'chain' } here";
      throw new ParameterError(`${call}: these chains have different \`beta\`, so they have no common mean: ${hint}`);
    }
    const means = pooled.map((sum) => sum / observations);
    return array(means, shape);
  }

  /** Forgets what was observed, for example when a warm-up is over. */
  forget(): void {
    Object.assign(this.#record, { observations: 0, sums: [], products: new Map(), apart: null });
  }

  /** Swaps so far; null without a ladder. */
  get swaps(): SwapStatistics | null {
    const { ladder } = this.#record;
    if (ladder === null) return null;
    const [attempts, accepted] = [Array.from(ladder.attempts), Array.from(ladder.accepted)];
    const rates = accepted.map((taken, k) => taken / (attempts[k] as number));
    return { betas: Array.from(ladder.betas), attempts, accepted, rates, roundTrips: ladder.roundTrips };
  }

  /** E(s) of every chain (of its last rung with a ladder), [count], in nats. */
  async energies(options?: Patience): Promise<Nats> {
    const call = 'Chains.energies';
    const patience = readPatience(new OptionCheck(call), readOptions(call, options, ['signal', 'onProgress']));
    const values = await this.#machine.exclusive(
      call,
      async (native) => {
        const inputs = this.#machine.spec.layers.map(({ name }, layer) => ({
          layer,
          host: rowMajor(this.states(name as Layer).data, this.count),
          where: { call, argument: name, units: 'places' },
        }));
        const rows = await this.#machine.pack(inputs, patience.signal, false);
        return this.#machine.run(call, () => native.energy(rows), patience);
      },
      patience.signal,
    );
    return array(values, [values.length]);
  }

  /**
   * Saves the chains, for the `loadChains` of their model. The path holds either the old file or
   * the whole new one.
   */
  async save(path: string | URL): Promise<void> {
    await this.#machine.exclusive('Chains.save', (native) =>
      writeChains('Chains.save', path, this.#machine.spec, this.#record, native.getCounters()),
    );
  }
}
