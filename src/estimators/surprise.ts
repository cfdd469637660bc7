/**
 * −log p(v_i | v_−i) of single units, the layers that are not given summed out. Units of finitely
 * many states take the sum of exp(−F) over all of them. Of a Gaussian unit p(v_i | v_−i) is a
 * mixture of normal distributions of variance 1 / γ, one to a state of the hidden units, whose
 * centres lie in an interval that weights and biases bound. So the trapezoidal rule with steps of
 * 3/4 of a standard deviation, 9 of them beyond the outermost centres, is right to 2 exp(−2 π² 16 /
 * 9), about 10⁻¹⁵, and what is cut off is less than that.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';
import { type Inputs, rowCount } from '../machine/inputs.js';
import type { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import { isSmall } from '../machine/pack.js';
import { Parts } from '../machine/parts.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { Turns } from '../machine/turns.js';
import { Batch } from './batch.js';
import { copyRow } from './counted-scores.js';
import { Centres } from './gaussian-centres.js';
import { blocksOf, type GivenLayer, givenLayers, logAdd, missingCells, type RowBlock, unitStates } from './row-cells.js';
import { RowSums, summable } from './row-sums.js';

/** How surprises are found. */
export interface SurpriseOptions extends Patience {
  /** Gibbs sweeps before rows that lack values are completed. Default 100. */
  readonly warmup?: number | undefined;
}

/** Steps of the integral, and how far it goes, in standard deviations. */
const [step, reach] = [0.75, 9];
/** Nodes of one integral. */
const mostNodes = 10_000;

/** Reads the options and asks when the turn comes. Small rows are taken before it returns. */
export async function surprised(machine: Machine, call: string, inputs: Inputs, options: unknown): Promise<NdArray<Float64Array>> {
  const { warmup, ...rest } = readOptions(call, options, ['warmup', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const sweeps = check.integer('warmup', warmup, 100, 0, 2 ** 40);
  const patience = readPatience(check, rest);
  const rows = rowCount(call, inputs);
  const taken = inputs.map((input) => {
    if (!isSmall(input.host)) return input;
    const { cols } = input.host;
    const data = toFloat64(input.host);
    return { ...input, host: { kind: 'dense', data, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale: 1 } as const };
  });
  patience.signal?.throwIfAborted();
  const work = (native: NativeMachine) => new Surprises(machine, native, call, taken, patience).of(rows, sweeps);
  return machine.exclusive(call, work, patience.signal);
}

/** One call, inside `Machine.exclusive`. */
class Surprises {
  readonly #machine: Machine;
  readonly #inputs: Inputs;
  readonly #layers: readonly GivenLayer[];
  readonly #states: readonly (number[][] | null)[];
  readonly #centres: readonly (Centres | null)[];
  readonly #sums: RowSums;
  readonly #patience: Patience;
  readonly #turns: Turns;
  readonly #batch: Batch;
  /** By unit of a row: log of the sum over its states, and the mean log weight of what it holds. */
  #norms = new Float64Array(0);
  #own = new Float64Array(0);
  /** Of every row of the batch. */
  #shares: Share[] = [];

  constructor(machine: Machine, native: NativeMachine, call: string, inputs: Inputs, patience: Patience) {
    this.#machine = machine;
    this.#inputs = inputs;
    this.#patience = patience;
    this.#sums = new RowSums(machine, native, call, patience.signal);
    this.#turns = new Turns(patience.signal);
    this.#layers = givenLayers(machine, inputs);
    const numbers = this.#layers.map(({ layer }) => layer);
    this.#states = this.#layers.map(unitStates);
    this.#centres = this.#layers.map((layer) => (layer.type === 'gaussian' ? new Centres(machine.spec, native, layer, numbers) : null));
    this.#check(call, numbers);
    const widths = this.#layers.map(({ units }) => units);
    this.#batch = new Batch(numbers, widths, async (filled, owners) => {
      const { values } = await this.#sums.of(filled);
      for (const [i, owner] of owners.entries()) this.#take(owner, values[i] as number, this.#shares[i] as Share);
      this.#shares = [];
    });
  }

  #check(call: string, numbers: readonly number[]): void {
    if (!summable(this.#machine.spec, new Set(numbers))) {
      throw new ParameterError(`${call}: layers without rows must not be coupled to each other or to themselves: they have no closed sum`);
    }
    for (const [given, { name, type }] of this.#layers.entries()) {
      if (this.#states[given]) continue;
      const reason = this.#centres[given] === null ? `${type} units have no surprise here` : this.#centres[given]?.obstacle;
      if (reason) throw new ParameterError(`${call}: layer '${name}' must not be given: ${reason}`);
    }
  }

  #take(owner: number, value: number, { own, norm }: Share): void {
    if (own > 0) this.#own[owner] = (this.#own[owner] as number) + own * value;
    if (norm > -Infinity) this.#norms[owner] = logAdd(this.#norms[owner] as number, value + norm);
  }

  async of(rows: number, warmup: number): Promise<NdArray<Float64Array>> {
    await this.#machine.pack(this.#inputs, this.#patience.signal, true);
    const units = this.#layers.reduce((sum, layer) => sum + layer.units / layer.group, 0);
    const found = new Float64Array(rows * units);
    const parts = new Parts(this.#patience, rows);
    for (const block of blocksOf(this.#inputs)) {
      this.#norms = new Float64Array(block.count * units).fill(-Infinity);
      this.#own = new Float64Array(block.count * units);
      const complete = await this.#completed(block, warmup);
      for (let r = 0; r < block.count; r++) await this.#row(complete, r, r * units);
      await this.#batch.flush();
      found.set(
        this.#norms.map((norm, i) => norm - (this.#own[i] as number)),
        block.first * units,
      );
      for (let r = 0; r < block.count; r++) {
        for (const { given, place } of missingCells(this.#layers, block, r)) {
          found[(block.first + r) * units + this.#firstUnit(given) + place / (this.#layers[given] as GivenLayer).group] = Number.NaN;
        }
      }
      parts.done(block.count);
    }
    return array(found, [rows, units]);
  }

  #firstUnit(given: number): number {
    return this.#layers.slice(0, given).reduce((sum, layer) => sum + layer.units / layer.group, 0);
  }

  /** What rows lack is drawn given what they have. */
  async #completed(block: RowBlock, warmup: number): Promise<RowBlock> {
    if (!block.values.some((values) => values.some(Number.isNaN))) return block;
    const values = block.values.map((each) => Float32Array.from(each));
    const layers = this.#layers.map(({ layer }) => layer);
    const drawn = await this.#sums.imputed({ layers, values, rows: block.count }, { warmup, output: 'sample' });
    return { ...block, values: drawn.map((each) => Float64Array.from(each)) };
  }

  async #row(block: RowBlock, r: number, first: number): Promise<void> {
    let owner = first;
    for (const [given, { units, group }] of this.#layers.entries()) {
      const row = (block.values[given] as Float64Array).subarray(r * units, (r + 1) * units);
      for (let place = 0; place < units; place += group) {
        const own = row.subarray(place, place + group);
        for (const { values, ...share } of this.#variants(given, place, own, block, r)) {
          if (this.#batch.full) await this.#batch.flush();
          const copy = this.#batch.add(owner);
          copyRow(this.#layers, block, r, copy);
          (copy[given] as Float32Array).set(values, place);
          this.#shares.push(share);
        }
        owner += 1;
      }
      await this.#turns.give();
    }
  }

  /** What the places of a unit are given in turn. */
  *#variants(given: number, place: number, own: Float64Array, block: RowBlock, r: number): Generator<Variant> {
    const states = this.#states[given];
    if (states) {
      const shares = shareOfStates((this.#layers[given] as GivenLayer).type, own);
      for (const [k, values] of states.entries()) yield { values, own: shares(k), norm: 0 };
      return;
    }
    const { low, high, deviation } = (this.#centres[given] as Centres).of(place, block, r);
    const width = step * deviation;
    const nodes = Math.ceil((high - low) / width + (2 * reach) / step) + 1;
    if (!(nodes <= mostNodes)) {
      const { name } = this.#layers[given] as GivenLayer;
      throw new ParameterError(`${this.#sums.call}: the weights of layer '${name}' are too large for its precision: ${nodes} nodes`);
    }
    for (let k = 0; k < nodes; k++) yield { values: [low - reach * deviation + k * width], own: 0, norm: Math.log(width) };
    yield { values: own, own: 1, norm: -Infinity };
  }
}

/**
 * What a row adds to its unit: its share in what the unit holds, and the log of its share in the
 * sum over states.
 */
interface Share {
  readonly own: number;
  readonly norm: number;
}

interface Variant extends Share {
  readonly values: ArrayLike<number>;
}

/**
 * How much of a unit's value is each state: all of one, or shares where it holds probabilities or a
 * mean.
 */
function shareOfStates(type: string, own: Float64Array): (state: number) => number {
  const value = own[0] as number;
  if (type === 'softmax') return (k) => own[k] as number;
  if (type === 'binomial') return (k) => (k === value ? 1 : 0);
  const up = type === 'spin' ? (1 + value) / 2 : value;
  return (k) => (k === 1 ? up : 1 - up);
}
