/**
 * log Σ exp(−E) of incomplete rows o, exactly: over the states m of what is missing, or over those
 * of hidden layers h that are coupled to it. The second way takes p(m | o, h) apart by units: for
 * any m, log Σ_m exp(−E(o, m, h)) = −E(o, m, h) − log p(m | o, h), and the likeliest m has a
 * probability that rounding does not harm. Hidden layers that touch nothing missing stay summed out
 * in closed form.
 */
import type { Turns } from '../machine/turns.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { Batch } from './batch.js';
import { type Cell, type GivenLayer, logAdd, type RowBlock, unitStates } from './row-cells.js';
import { type FilledRows, type RowSums, summable } from './row-sums.js';
import { type FiniteLaw, logNormal } from './unit-laws.js';

/**
 * What is known of the given layers' units: a law of finitely many states, or the variances of
 * Gaussian ones.
 */
export interface UnitFacts {
  readonly layers: readonly GivenLayer[];
  readonly laws: readonly (FiniteLaw | null)[];
  readonly variances: readonly (Float64Array | null)[];
}

/** Hidden layers to be counted, and how many states they have together. */
export interface HiddenPlan {
  readonly counted: readonly number[];
  readonly states: number;
}

/** How many states so many units of a layer have, Infinity for those without end. */
export function statesOf(layer: LayerSpec, units: number): number {
  return (unitStates(layer)?.length ?? Infinity) ** units;
}

/**
 * How hidden layers can be counted where some given layers lack values; null where that does not
 * take the missing units apart.
 */
export function hiddenPlan(spec: MachineSpec, given: ReadonlySet<number>, lacking: ReadonlySet<number>): HiddenPlan | null {
  const { layers, couplings } = spec;
  if (couplings.some(([a, b]) => lacking.has(a) && lacking.has(b))) return null;
  if ([...lacking].some((layer) => neighboursOf(spec, layer).length === 0)) return null;
  const hidden = layers.flatMap((_, layer) => (given.has(layer) ? [] : [layer]));
  const near = hidden.filter((layer) => neighboursOf(spec, layer).some((other) => lacking.has(other)));
  const counted = summable(spec, new Set([...given, ...near])) ? near : hidden;
  const unitsOf = ({ type, units, size }: LayerSpec): number => (type === 'softmax' ? units / size : units);
  const counts = counted.map((layer) => statesOf(layers[layer] as LayerSpec, unitsOf(layers[layer] as LayerSpec)));
  return { counted, states: counts.reduce((product, count) => product * count, 1) };
}

function neighboursOf({ couplings }: MachineSpec, layer: number): number[] {
  return couplings.flatMap(([a, b]) => (a === layer ? [b] : b === layer ? [a] : []));
}

/** Adds up rows one by one; totals are there after {@link flush}. */
export class CountedScores {
  readonly #sums: RowSums;
  readonly #facts: UnitFacts;
  readonly #turns: Turns;
  readonly #totals: Float64Array;
  readonly #visible: Batch;
  readonly #joint = new Map<string, Batch>();
  /** Missing cells of rows whose hidden states are counted. */
  readonly #cells = new Map<number, readonly Cell[]>();

  /** @param totals - log Σ exp(−E) by row, begun with −∞. */
  constructor(sums: RowSums, facts: UnitFacts, totals: Float64Array, turns: Turns) {
    this.#sums = sums;
    this.#facts = facts;
    this.#totals = totals;
    this.#turns = turns;
    const { layers } = facts;
    const [numbers, widths] = [layers.map(({ layer }) => layer), layers.map(({ units }) => units)];
    this.#visible = new Batch(numbers, widths, async (filled, owners) => {
      this.#add(owners, (await this.#sums.of(filled)).values);
    });
  }

  #add(owners: readonly number[], values: Float64Array): void {
    owners.forEach((owner, i) => {
      this.#totals[owner] = logAdd(this.#totals[owner] as number, values[i] as number);
    });
  }

  /** Row `r` of a block, its missing units in all their states. */
  async countMissing(block: RowBlock, r: number, cells: readonly Cell[]): Promise<void> {
    const { layers, laws } = this.#facts;
    const choices = cells.map(({ given }) => (laws[given] as FiniteLaw).states);
    const states = choices.reduce((product, { length }) => product * length, 1);
    for (let s = 0; s < states; s++) {
      if (this.#visible.full) await this.#visible.flush();
      const row = this.#visible.add(block.first + r);
      copyRow(layers, block, r, row);
      let rest = s;
      for (const [c, { given, place }] of cells.entries()) {
        const own = choices[c] as readonly (readonly number[])[];
        (row[given] as Float32Array).set(own[rest % own.length] as readonly number[], place);
        rest = Math.floor(rest / own.length);
      }
      await this.#turns.give();
    }
  }

  /** Row `r` of a block, hidden layers in all their states. */
  async countHidden(block: RowBlock, r: number, cells: readonly Cell[], plan: HiddenPlan): Promise<void> {
    const { layers } = this.#facts;
    const owner = block.first + r;
    this.#cells.set(owner, cells);
    const batch = this.#jointBatch(plan);
    const hidden = plan.counted.map((layer) => this.#sums.machine.spec.layers[layer] as LayerSpec);
    for (let s = 0; s < plan.states; s++) {
      if (batch.full) await batch.flush();
      const row = batch.add(owner);
      copyRow(layers, block, r, row);
      let rest = s;
      for (const [i, layer] of hidden.entries()) {
        const own = unitStates(layer) as number[][];
        const group = (own[0] as number[]).length;
        for (let place = 0; place < layer.units; place += group) {
          (row[layers.length + i] as Float32Array).set(own[rest % own.length] as number[], place);
          rest = Math.floor(rest / own.length);
        }
      }
      await this.#turns.give();
    }
  }

  #jointBatch({ counted }: HiddenPlan): Batch {
    const key = counted.join();
    const found = this.#joint.get(key);
    if (found !== undefined) return found;
    const { layers } = this.#facts;
    const numbers = [...layers.map(({ layer }) => layer), ...counted];
    const widths = numbers.map((layer) => this.#sums.machine.spec.layers[layer]?.units ?? 0);
    const batch = new Batch(numbers, widths, (filled, owners) => this.#sumVisible(filled, owners));
    this.#joint.set(key, batch);
    return batch;
  }

  /** Rows with hidden states: what is missing takes its likeliest state given them. */
  async #sumVisible(filled: FilledRows, owners: readonly number[]): Promise<void> {
    const { layers } = this.#facts;
    const logs = new Float64Array(filled.rows);
    const cellsOf = owners.map((owner) => this.#cells.get(owner) as readonly Cell[]);
    for (const [given, { layer, units }] of layers.entries()) {
      const rows = cellsOf.flatMap((cells, row) => (cells.some((cell) => cell.given === given) ? [row] : []));
      if (rows.length === 0) continue;
      const means = await this.#sums.means(layer, this.#around(layer, filled, rows));
      for (const [m, row] of rows.entries()) {
        const values = (filled.values[given] as Float32Array).subarray(row * units, (row + 1) * units);
        const own = (cellsOf[row] as readonly Cell[]).filter((cell) => cell.given === given);
        logs[row] = (logs[row] as number) + this.#settle(own, means.subarray(m * units, (m + 1) * units), values);
        await this.#turns.give();
      }
    }
    const { values } = await this.#sums.of(filled);
    this.#add(
      owners,
      values.map((value, row) => value - (logs[row] as number)),
    );
  }

  /** Some of the rows, of the layers that `layer` is coupled to. */
  #around(layer: number, filled: FilledRows, rows: readonly number[]): FilledRows {
    const near = neighboursOf(this.#sums.machine.spec, layer);
    const values = near.map((other) => {
      const all = filled.values[filled.layers.indexOf(other)] as Float32Array;
      const width = all.length / filled.rows;
      const some = new Float32Array(rows.length * width);
      rows.forEach((row, m) => {
        some.set(all.subarray(row * width, (row + 1) * width), m * width);
      });
      return some;
    });
    return { layers: near, values, rows: rows.length };
  }

  /** Gives units their likeliest states, and the log of their probability. */
  #settle(cells: readonly Cell[], means: Float32Array, values: Float32Array): number {
    let log = 0;
    for (const { given, place } of cells) {
      const [law, variances] = [this.#facts.laws[given], this.#facts.variances[given]];
      if (!law) {
        const mean = means[place] as number;
        values[place] = mean;
        log += logNormal(mean, mean, variances?.[place] as number);
        continue;
      }
      const logs = new Float64Array(law.states.length);
      law.write(means.subarray(place), logs, 0);
      const best = logs.indexOf(Math.max(...logs));
      values.set(law.states[best] as readonly number[], place);
      log += logs[best] as number;
    }
    return log;
  }

  async flush(): Promise<void> {
    await this.#visible.flush();
    for (const batch of this.#joint.values()) await batch.flush();
    this.#cells.clear();
  }
}

/** Copies a row of a block to the first arrays of `to`. */
export function copyRow(layers: readonly GivenLayer[], { values }: RowBlock, r: number, to: readonly Float32Array[]): void {
  for (const [given, { units }] of layers.entries()) {
    (to[given] as Float32Array).set((values[given] as Float64Array).subarray(r * units, (r + 1) * units));
  }
}
