import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { Turns } from '../machine/turns.js';
import { type PlaceOptions, readStart } from '../wiring/place.js';
import type { MachineSpec } from '../wiring/spec.js';
import { LateralModel, type LateralStart, lateralSpec, lateralStart, loadLateral } from './lateral-model.js';
import { couplingsOf, readPatterns, type StorageRule, storageRules } from './patterns.js';
import type { Matrix, Nats } from './results.js';
import { settled } from './settled.js';

/** How to construct a Hopfield network. */
export interface HopfieldOptions extends LateralStart {
  /** Units, each coupled to all others. */
  readonly units: number;
}

/** How to store patterns. */
export interface StoreOptions extends Pick<Patience, 'signal'> {
  /**
   * - 'hebbian' (default): W = Σ ξξᵀ / N. About 0.138 N random patterns, recalled with some errors.
   * - 'pseudo-inverse': W is the projector on what the patterns span. Every pattern is a fixed point as long as they are fewer than N and
   *   independent; best for patterns that resemble each other.
   * - 'storkey': pattern after pattern, each corrected by what the network makes of it. In between.
   */
  readonly rule?: StorageRule | undefined;
}

/** How to recall. */
export interface RecallOptions extends Patience {
  /** Sweeps at most, up to 65,536. Default 100. */
  readonly sweeps?: number | undefined;
  /** Units come by their numbers ('fixed', default), or in another random order in each sweep ('random'), a function of the seed. */
  readonly order?: 'fixed' | 'random' | undefined;
}

/** What cues became. */
export interface Recalled {
  /** Spins ±1, [n, units]. */
  readonly states: Matrix;
  /** E of them, [n]. */
  readonly energies: Nats;
  /** Sweeps until nothing changed, [n]: 0 where the cue was a fixed point. */
  readonly sweeps: NdArray<Int32Array>;
  /** Whether every cue reached a fixed point. */
  readonly converged: boolean;
}

/**
 * A Hopfield network: an associative memory of spins s_i = ±1 with E(s) = −½ sᵀWs − bᵀs, W symmetric with a zero diagonal (Hopfield 1982). `store`
 * sets W; `recall` goes downhill from a cue to a fixed point. It is a Boltzmann machine of one layer, `spins`, at zero temperature, and all that it
 * inherits is that machine at β = 1: `sample` with `beta` recalls at a temperature 1/β, `fit` learns couplings from data instead of storing them.
 *
 * Patterns and cues hold −1 and +1, or 0 and 1, where 0 stands for −1. Results, and rows of the inherited calls, hold −1 and +1.
 *
 * @example
 * ```ts
 * import { HopfieldNetwork } from 'boltzkit';
 *
 * using network = new HopfieldNetwork({ units: 6 });
 * await network.store([[1, 1, 1, 0, 0, 0], [1, 0, 1, 0, 1, 0]]);
 * const { states, converged } = await network.recall([[1, 1, 0, 0, 0, 0]]); // 1, 1, 1, −1, −1, −1: the first pattern
 * ```
 */
export class HopfieldNetwork extends LateralModel<'spins', 'spin'> {
  /** @throws {@link ParameterError} on options out of range, {@link BackendError} when the device cannot be used. */
  constructor(options: HopfieldOptions) {
    super('HopfieldNetwork', readHopfield('HopfieldNetwork', options));
  }

  /** Units of the network. */
  get units(): number {
    return this.places(0);
  }

  /**
   * Stores patterns [p, units] in place of all that the network held; its biases become 0. Costs p × units² operations: a second for 250 patterns
   * of 2000 units.
   *
   * @throws {@link ParameterError} on values other than −1 and +1, or 0 and 1; {@link ShapeError}; {@link BusyError} while other calls are under
   *   way; the signal's reason when aborted, which changes nothing.
   */
  async store(patterns: RowsInput, options?: StoreOptions): Promise<void> {
    const call = this.call('store');
    const given = readOptions(call, options, ['rule', 'signal']);
    const check = new OptionCheck(call);
    const rule = check.oneOf('rule', given.rule, 'hebbian', storageRules);
    const signal = check.signal(given.signal);
    signal?.throwIfAborted();
    this.machine.assertIdle(call);
    const read = readPatterns(call, 'patterns', patterns, this.units);
    const weights = await couplingsOf(rule, read, this.units, new Turns(signal));
    this.machine.assertIdle(call);
    this.setParameter('spins-spins.weights', { data: weights, shape: [this.units, this.units] });
    this.setParameter('spins.bias', new Float64Array(this.units));
  }

  /**
   * Recalls what cues [n, units] remind the network of: unit after unit takes the sign of its field (−1 where that is 0), sweep after sweep, until a
   * whole sweep changes nothing. No step raises the energy, so every cue ends in a fixed point, or in the state that `sweeps` leave.
   *
   * @throws {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's reason when aborted.
   */
  async recall(cues: RowsInput, options?: RecallOptions): Promise<Recalled> {
    const call = this.call('recall');
    const given = readOptions(call, options, ['sweeps', 'order', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    const sweeps = check.integer('sweeps', given.sweeps, 100, 1, 2 ** 16);
    const order = check.oneOf('order', given.order, 'fixed', ['fixed', 'random']);
    const { rows, spins } = readPatterns(call, 'cues', cues, this.units);
    const descent = { sweeps, shuffled: order === 'random' ? this.seed : null, patience: readPatience(check, given) };
    const found = await settled(this.machine, call, spins, descent);
    return {
      states: array(found.states, [rows, this.units]),
      energies: array(found.energies, [rows]),
      sweeps: array(found.sweeps, [rows]),
      converged: !found.converged.includes(0),
    };
  }

  /** m = (1/N) Σ_i s_i ξ_i of states [n, units] with patterns [p, units]; [n, p], 1 where they are the same and −1 where they are opposites. */
  overlap(states: RowsInput, patterns: RowsInput): NdArray<Float64Array> {
    const call = this.call('overlap');
    const n = this.units;
    const [a, b] = [readPatterns(call, 'states', states, n), readPatterns(call, 'patterns', patterns, n)];
    const m = new Float64Array(a.rows * b.rows);
    for (let r = 0; r < a.rows; r++) {
      for (let p = 0; p < b.rows; p++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += (a.spins[r * n + i] as number) * (b.spins[p * n + i] as number);
        m[r * b.rows + p] = sum / n;
      }
    }
    return array(m, [a.rows, b.rows]);
  }

  /**
   * Loads a network that `save` wrote, or a `BoltzmannMachine` of the same wiring; a subclass loads itself.
   *
   * @param options - Where it is to run; the file does not say.
   * @throws {@link FormatError} unless the file is intact and holds one layer `spins` coupled all to all, {@link FileError} when it cannot be
   *   read, {@link BackendError}.
   */
  static async load<M extends HopfieldNetwork = HopfieldNetwork>(
    this: new (
      options: HopfieldOptions,
    ) => M,
    path: string | URL,
    options?: PlaceOptions,
  ): Promise<M> {
    const call = 'HopfieldNetwork.load';
    return loadLateral(
      call,
      path,
      options,
      { name: 'spins', type: 'spin' },
      ({ units, graph, start }) => {
        if (graph !== undefined) throw new ParameterError(`${call}: the file must hold units coupled all to all, not along a graph`);
        const all = { ...start, units: units.places } as HopfieldOptions;
        return { spec: readHopfield(call, all), make: () => new this(all) };
      },
      (network, read) => network.restore(call, read),
    );
  }
}

function readHopfield(call: string, options: unknown): MachineSpec {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `units`', options);
  const given = readOptions(call, options, ['units', ...lateralStart]);
  const units = check.integer('units', given.units, undefined, 1, 2 ** 15);
  return lateralSpec(readStart(check, given), { name: 'spins', type: 'spin', units, size: 1 }, undefined);
}
