import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { HostRows } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import type { NativeChainOptions, NativeChainResults } from '../machine/native.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { type ChainRecord, writeChains } from './chains-file.js';
import type { Matrix, Moments, Nats } from './results.js';
import { type Clamp, readSweepBetas, type SweepBetas } from './sampling.js';

/** As many as there can be layers, squared. */
const mostPairs = 65_536;

/** How to let chains run on. */
export interface AdvanceOptions<Layer extends string = string> extends Patience {
  /** Accumulates moments of the states on the way; see {@link Chains.mean} and {@link Chains.product}. */
  readonly observe?:
    | {
        /** Sweeps from one observation to the next. Default 1. */
        readonly every?: number | undefined;
        /** Pairs of layers whose products are accumulated as well. */
        readonly pairs?: readonly (readonly [Layer, Layer])[] | undefined;
      }
    | undefined;
  /** Inverse temperatures by sweep, in place of the chains' own. Not with a ladder. */
  readonly betas?: SweepBetas | undefined;
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
 * Block Gibbs chains of a model that stay where they are between calls: to be advanced, looked at, saved. Made by `chains()` of a model.
 * They follow the model's parameters as they are at each call. What they draw is a function of the model's seed and the sequence of calls.
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
   * Runs every chain for so many sweeps. A call that is aborted leaves the chains where they were before it.
   *
   * @throws {@link ParameterError}, {@link ShapeError}, {@link BusyError}, {@link DisposedError}; the signal's reason when aborted.
   */
  async advance(sweeps: number, options?: AdvanceOptions<Layer>): Promise<void> {
    const call = 'Chains.advance';
    const given = readOptions(call, options, ['observe', 'betas', 'signal', 'onProgress']);
    const check = new OptionCheck(call);
    check.integer('sweeps', sweeps, undefined, 1, 2 ** 40);
    const schedule = given.betas === undefined ? new Float64Array(0) : readSweepBetas(check, given.betas, sweeps);
    if (schedule.length > 0 && this.#record.ladder !== null)
      throw check.error('betas', 'left out: a ladder sets the temperatures', given.betas);
    const observe = this.#observer(call, given.observe);
    const patience = readPatience(check, given);
    const run = { sweeps, schedule, observe, clamps: this.#record.clamps, patience };
    await runChains(this.#machine, call, this.#record, run, (results) => adopt(this.#record, results, sweeps, observe));
  }

  #observer(call: string, observe: unknown): NativeChainOptions['observe'] {
    if (observe === undefined) return null;
    const { every, pairs } = readOptions(call, observe, ['every', 'pairs'], 'observe');
    const check = new OptionCheck(call);
    if (pairs !== undefined && !(Array.isArray(pairs) && pairs.length <= mostPairs))
      throw check.error('observe.pairs', `a list of at most ${mostPairs} pairs of layer names`, pairs);
    const numbers = ((pairs ?? []) as unknown[]).map((pair): [number, number] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw check.error('observe.pairs', 'a list of pairs of layer names', pair);
      return [layerNumber(this.#machine, call, pair[0]), layerNumber(this.#machine, call, pair[1])];
    });
    return { every: check.integer('observe.every', every, 1, 1, 2 ** 40), pairs: numbers };
  }

  /**
   * The states of a layer, a copy [count, places].
   *
   * @param options - `rung`: of tempered chains those on this rung of the ladder, from 0; default the last.
   */
  states(layer: Layer, options?: { readonly rung?: number | undefined }): Matrix {
    const call = 'Chains.states';
    const number = layerNumber(this.#machine, call, layer);
    const { rung } = readOptions(call, options, ['rung']);
    const wanted = new OptionCheck(call).integer('rung', rung, this.#rungs - 1, 0, this.#rungs - 1);
    const places = this.#machine.spec.layers[number]?.units ?? 0;
    const all = this.#record.states[number] as Float32Array;
    if (this.#record.ladder === null) return array(all.slice(), [this.count, places]);
    const chosen = new Float32Array(this.count * places);
    this.#record.ladder.rung.forEach((at, c) => {
      if (at === wanted) chosen.set(all.subarray(c * places, (c + 1) * places), Math.floor(c / this.#rungs) * places);
    });
    return array(chosen, [this.count, places]);
  }

  /** The mean of the observed states of a layer, [places]; of tempered chains those on the last rung. */
  mean(layer: Layer): Moments {
    const number = layerNumber(this.#machine, 'Chains.mean', layer);
    return this.#average('Chains.mean', this.#record.sums[number], [this.#machine.spec.layers[number]?.units ?? 0]);
  }

  /** The mean of s_a s_bᵀ over the observed states, [places of a, places of b]; the pair must have been observed every time. */
  product(a: Layer, b: Layer): Moments {
    const call = 'Chains.product';
    const [first, second] = [layerNumber(this.#machine, call, a), layerNumber(this.#machine, call, b)];
    const places = [first, second].map((layer) => this.#machine.spec.layers[layer]?.units ?? 0);
    return this.#average(call, this.#record.products.get(`${first},${second}`), places);
  }

  #average(call: string, sums: Float64Array | undefined, shape: number[]): Moments {
    const { observations } = this.#record;
    if (sums !== undefined && observations > 0)
      return array(
        sums.map((sum) => sum / observations),
        shape,
      );
    throw new ParameterError(`${call}: nothing was observed yet: pass \`observe\` to advance()`);
  }

  /** Forgets what was observed, for example when a warm-up is over. */
  forget(): void {
    Object.assign(this.#record, { observations: 0, sums: [], products: new Map() });
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
          host: hostRows(this.states(name as Layer).data, this.count),
          where: { call, argument: name, units: 'places' },
        }));
        const rows = await this.#machine.pack(inputs, patience.signal, false);
        return this.#machine.run(call, () => native.energy(rows), patience);
      },
      patience.signal,
    );
    return array(values, [values.length]);
  }

  /** Saves the chains, for the `loadChains` of their model. The path holds either the old file or the whole new one. */
  async save(path: string | URL): Promise<void> {
    await this.#machine.exclusive('Chains.save', (native) =>
      writeChains('Chains.save', path, this.#machine.spec, this.#record, native.getCounters()),
    );
  }
}

/** The number of a layer, by its name. */
export function layerNumber(machine: Machine, call: string, name: unknown): number {
  const names = machine.spec.layers.map((layer) => layer.name);
  return new OptionCheck(call).nameOf('layer', name, names);
}

function hostRows(data: Float32Array, rows: number): HostRows {
  const cols = data.length / rows;
  return { kind: 'dense', data, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale: 1 };
}

/** How far, and how, chains are to run. */
interface ChainRun extends Pick<NativeChainOptions, 'schedule' | 'observe'> {
  readonly sweeps: number;
  readonly clamps: Clamp[];
  readonly patience: Patience;
}

/** Runs the chains of a record on from where they are when their turn comes, and hands the results over before anybody else's turn. */
function runChains(
  machine: Machine,
  call: string,
  record: ChainRecord,
  { sweeps, schedule, observe, clamps, patience }: ChainRun,
  take: (results: NativeChainResults) => void,
): Promise<void> {
  const all = machine.spec.layers.map((_, layer) => layer);
  const { chains, betas, ladder } = record;
  const shared = { chains, betas, schedule, tempered: ladder, quench: 0, clamps, observe, states: all, mean: null, energies: false };
  return machine.exclusive(
    call,
    async (native) => {
      const start = record.states.map((data, layer) => ({
        layer,
        host: hostRows(data, chains),
        where: { call, argument: 'states', units: 'places' },
      }));
      const rows = await machine.pack(start, patience.signal, false);
      take(await machine.run(call, () => native.chains({ ...shared, steps: sweeps, start: rows }), patience));
    },
    patience.signal,
  );
}

/** Takes over the results of a run. */
function adopt(record: ChainRecord, results: NativeChainResults, sweeps: number, observe: NativeChainOptions['observe']): void {
  record.states = results.states;
  record.sweeps += sweeps;
  if (record.ladder !== null) {
    const { ladder } = record;
    ladder.rung = results.rung;
    ladder.direction = results.direction;
    ladder.attempts = results.attempts.map((n, k) => n + (ladder.attempts[k] ?? 0));
    ladder.accepted = results.accepted.map((n, k) => n + (ladder.accepted[k] ?? 0));
    ladder.roundTrips += results.roundTrips;
  }
  if (observe === null) return;
  // Pairs that were left out this time are no means over all observations any more.
  const products = new Map(observe.pairs.map((pair, i) => [pair.join(), results.products[i] as Float64Array]));
  if (record.observations > 0) {
    record.sums = results.sums.map((sum, l) => plus(sum, record.sums[l] as Float64Array));
    record.products = new Map(
      [...products].flatMap(([pair, sum]) =>
        record.products.has(pair) ? [[pair, plus(sum, record.products.get(pair) as Float64Array)]] : [],
      ),
    );
  } else {
    record.sums = results.sums;
    record.products = products;
  }
  record.observations += results.observations;
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + (b[i] as number));
