import { OptionCheck, readOptions } from '../arguments.js';
import { rowMajor } from '../data/host-rows.js';
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
import { CountedScores, type HiddenPlan, hiddenPlan, statesOf, type UnitFacts } from './counted-scores.js';
import { Draws } from './draws.js';
import { blocksOf, type Cell, givenLayers, missingCells, type RowBlock } from './row-cells.js';
import { RowSums } from './row-sums.js';
import { type IncompleteRow, SampledScores } from './sampled-scores.js';
import { FiniteLaw } from './unit-laws.js';

/** How incomplete rows are scored. */
export interface ScoreOptions extends Patience {
  /** States of a row that are counted at most, before its score is estimated. Default 4096. */
  readonly states?: number | undefined;
  /** Draws behind an estimate, at least 20. Default 400. */
  readonly samples?: number | undefined;
  /** Gibbs sweeps before an imputation counts. Default 100. */
  readonly warmup?: number | undefined;
}

/** Scores of rows, lower for likelier ones. */
export interface Scores {
  /** −log Σ exp(−E), [n], in nats: the sum over all states that agree with what is there. */
  readonly values: NdArray<Float64Array>;
  /** Standard error of each, [n]; 0 where it is exact. */
  readonly errors: NdArray<Float64Array>;
  /** How many independent draws each estimate is worth, [n]; Infinity where it is exact. */
  readonly effectiveSampleSizes: NdArray<Float64Array>;
  /** Plain sentences; empty when there is nothing to say. */
  readonly warnings: readonly string[];
}

/** Options with every value checked. */
export interface ScoreControl {
  readonly states: number;
  readonly samples: number;
  readonly warmup: number;
  readonly patience: Patience;
}

/** Reads and checks the options of `score`. */
export function readScoreOptions(call: string, options: unknown): ScoreControl {
  const { states, samples, warmup, ...patience } = readOptions(call, options, ['states', 'samples', 'warmup', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  return {
    states: check.integer('states', states, 4096, 1, 2 ** 24),
    samples: check.integer('samples', samples, 400, 20, 2 ** 20),
    warmup: check.integer('warmup', warmup, 100, 0, 2 ** 40),
    patience: readPatience(check, patience),
  };
}

/** Scores rows when their turn comes. Small rows are taken before it returns. */
export async function scored(machine: Machine, call: string, inputs: Inputs, control: ScoreControl): Promise<Scores> {
  const rows = rowCount(call, inputs);
  const taken = inputs.map((input) => (isSmall(input.host) ? { ...input, host: copied(input.host) } : input));
  const { patience } = control;
  patience.signal?.throwIfAborted();
  return machine.exclusive(call, (native) => new Scoring(machine, native, call, taken, rows, control).run(), patience.signal);
}

function copied(host: Inputs[number]['host']): Inputs[number]['host'] {
  return rowMajor(toFloat64(host), host.rows);
}

/** Estimates of fewer draws than this are worth a warning. */
const leastSamples = 10;

/** One call, inside `Machine.exclusive`. */
class Scoring {
  readonly #machine: Machine;
  readonly #native: NativeMachine;
  readonly #inputs: Inputs;
  readonly #control: ScoreControl;
  readonly #sums: RowSums;
  readonly #facts: UnitFacts;
  readonly #given: ReadonlySet<number>;
  readonly #turns: Turns;
  readonly #parts: Parts;
  readonly #totals: Float64Array;
  readonly #errors: Float64Array;
  readonly #sizes: Float64Array;
  readonly #plans = new Map<string, HiddenPlan | null>();

  constructor(machine: Machine, native: NativeMachine, call: string, inputs: Inputs, rows: number, control: ScoreControl) {
    this.#machine = machine;
    this.#native = native;
    this.#inputs = inputs;
    this.#control = control;
    this.#sums = new RowSums(machine, native, call, control.patience.signal);
    const layers = givenLayers(machine, inputs);
    const variances = layers.map(({ type, name, units }) => (type === 'gaussian' ? variancesOf(native, name, units) : null));
    this.#facts = { layers, laws: layers.map(FiniteLaw.of), variances };
    this.#given = new Set(layers.map(({ layer }) => layer));
    this.#turns = new Turns(control.patience.signal);
    this.#parts = new Parts(control.patience, rows);
    this.#totals = new Float64Array(rows).fill(-Infinity);
    this.#errors = new Float64Array(rows);
    this.#sizes = new Float64Array(rows).fill(Infinity);
  }

  async run(): Promise<Scores> {
    await this.#checkRows();
    const closed = await this.#closed();
    const counted = new CountedScores(this.#sums, this.#facts, this.#totals, this.#turns);
    const draws = new Draws(this.#machine.spec.seed, this.#native);
    const sampled = new SampledScores(this.#sums, this.#facts, draws, this.#turns, this.#control);
    for (const block of blocksOf(this.#inputs)) {
      const left: IncompleteRow[] = [];
      for (let r = 0; r < block.count; r++) {
        const cells = missingCells(this.#facts.layers, block, r);
        if (!closed || !(await this.#count(counted, block, r, cells))) left.push({ r, cells });
        else this.#parts.done(1);
      }
      await counted.flush();
      for (let at = 0; at < left.length; at += sampled.rowsAtOnce) {
        await this.#estimate(sampled, block, left.slice(at, at + sampled.rowsAtOnce));
      }
    }
    return this.#scores();
  }

  /** Values are those that units may have; those of missing units can be drawn. */
  async #checkRows(): Promise<void> {
    const packed = await this.#machine.pack(this.#inputs, this.#control.patience.signal, true);
    for (const [given, { rows }] of packed.entries()) {
      const { name, type } = this.#facts.layers[given] as UnitFacts['layers'][number];
      if (!rows.missing || this.#facts.laws[given] || type === 'gaussian') continue;
      throw new ParameterError(
        `${this.#sums.call}: layer '${name}' must have all its values, since ${type} units are not summed out singly`,
      );
    }
  }

  /** Whether a complete row has its weight in closed form. */
  async #closed(): Promise<boolean> {
    const { layers, laws } = this.#facts;
    const [block] = blocksOf(this.#inputs);
    const row = layers.map(({ units }, given) => Float32Array.from((block as RowBlock).values[given]?.subarray(0, units) ?? []));
    for (const { given, place } of missingCells(layers, block as RowBlock, 0)) row[given]?.set(laws[given]?.states[0] ?? [0], place);
    const { exact } = await this.#sums.of({ layers: layers.map(({ layer }) => layer), values: row, rows: 1 });
    return exact;
  }

  /** Counts the states of a row, if they are few enough. */
  async #count(counted: CountedScores, block: RowBlock, r: number, cells: readonly Cell[]): Promise<boolean> {
    const { layers } = this.#facts;
    const ofMissing = cells.reduce((product, { given }) => product * statesOf(layers[given] as UnitFacts['layers'][number], 1), 1);
    const plan = this.#plan(cells);
    const ofHidden = plan?.states ?? Infinity;
    if (Math.min(ofMissing, ofHidden) > this.#control.states) return false;
    if (plan === null || ofMissing <= ofHidden) await counted.countMissing(block, r, cells);
    else await counted.countHidden(block, r, cells, plan);
    return true;
  }

  #plan(cells: readonly Cell[]): HiddenPlan | null {
    const lacking = new Set(cells.map(({ given }) => (this.#facts.layers[given] as UnitFacts['layers'][number]).layer));
    const key = [...lacking].join();
    const found = this.#plans.get(key);
    if (found !== undefined) return found;
    const plan = hiddenPlan(this.#machine.spec, this.#given, lacking);
    this.#plans.set(key, plan);
    return plan;
  }

  async #estimate(sampled: SampledScores, block: RowBlock, rows: readonly IncompleteRow[]): Promise<void> {
    for (const [k, { value, error, effectiveSampleSize }] of (await sampled.estimate(block, rows)).entries()) {
      const row = block.first + (rows[k] as IncompleteRow).r;
      this.#totals[row] = value;
      this.#errors[row] = error;
      this.#sizes[row] = effectiveSampleSize;
    }
    this.#parts.done(rows.length);
  }

  #scores(): Scores {
    const rows = this.#totals.length;
    const values = this.#totals.map((total) => -total);
    const poor = this.#sizes.filter((size) => size < leastSamples).length;
    const text = `the estimates of ${poor} of ${rows} rows are worth fewer than ${leastSamples} draws, so their scores are too high on average: take more \`samples\``;
    return {
      values: array(values, [rows]),
      errors: array(this.#errors, [rows]),
      effectiveSampleSizes: array(this.#sizes, [rows]),
      warnings: poor > 0 ? [text] : [],
    };
  }
}

/** Variances of the units of a Gaussian layer given all else. */
function variancesOf(native: NativeMachine, name: string, units: number): Float64Array {
  const parameters = native.getParameter(`${name}.parameters`);
  return Float64Array.from({ length: units }, (_, i) => Math.exp(-(parameters[units + i] as number)));
}
