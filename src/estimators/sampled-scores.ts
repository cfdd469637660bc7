/**
 * log Σ_m exp(−F(o, m)) of incomplete rows o by importance sampling: what is missing is drawn from
 * a mixture of products of units, each product being the distribution of single units given an
 * imputed state of all else (by Gibbs sampling with o held), and a broad one besides, half way from
 * the mean of these to all states alike (of Gaussian units 1.5 times as wide as the mixture):
 *
 *     q(m) = Σ_r c_r Π_i p(m_i | s_r),   w = exp(−F(o, m)) / q(m),   E[w] = Σ_m exp(−F(o, m))
 *
 * with fixed shares c_r of the draws (Hesterberg 1995; Owen & Zhou 2000). The mean of w is right
 * for any q; q only has to be where F is low.
 */
import type { Turns } from '../machine/turns.js';
import { Batch } from './batch.js';
import { copyRow, type UnitFacts } from './counted-scores.js';
import type { Draws } from './draws.js';
import { type Cell, logAdd, type RowBlock } from './row-cells.js';
import type { RowSums } from './row-sums.js';
import { type FiniteLaw, logNormal } from './unit-laws.js';

/** Of the draws, one in so many is from the broad part. */
const broadShare = 10;
/** Draws to a component. */
const perComponent = 20;
/** Rows that are imputed at once, components included. */
const imputedRows = 4096;

/** An incomplete row of a block. */
export interface IncompleteRow {
  readonly r: number;
  readonly cells: readonly Cell[];
}

/**
 * An estimate of log Σ exp(−E), its standard error, and how many draws of the target it is worth.
 */
export interface SampledSum {
  readonly value: number;
  readonly error: number;
  readonly effectiveSampleSize: number;
}

/** Estimates rows of a block. */
export class SampledScores {
  readonly #sums: RowSums;
  readonly #facts: UnitFacts;
  readonly #draws: Draws;
  readonly #turns: Turns;
  readonly #samples: number;
  readonly #warmup: number;
  readonly #components: number;

  constructor(sums: RowSums, facts: UnitFacts, draws: Draws, turns: Turns, control: { readonly samples: number; readonly warmup: number }) {
    this.#sums = sums;
    this.#facts = facts;
    this.#draws = draws;
    this.#turns = turns;
    this.#samples = control.samples;
    this.#warmup = control.warmup;
    this.#components = Math.max(2, Math.floor(control.samples / perComponent));
  }

  /** Rows that can be estimated together. */
  get rowsAtOnce(): number {
    return Math.max(1, Math.floor(imputedRows / this.#components));
  }

  /** One estimate per row. */
  async estimate(block: RowBlock, rows: readonly IncompleteRow[]): Promise<SampledSum[]> {
    const means = await this.#means(block, rows);
    const logs = new Float64Array(rows.length * this.#samples);
    const { layers } = this.#facts;
    const batch = new Batch(
      layers.map(({ layer }) => layer),
      layers.map(({ units }) => units),
      async (filled, owners) => {
        const { values } = await this.#sums.of(filled);
        owners.forEach((owner, i) => {
          logs[owner] = (logs[owner] as number) + (values[i] as number);
        });
      },
    );
    for (const [k, { r, cells }] of rows.entries()) {
      const proposal = new Proposal(this.#facts, cells, this.#components, this.#samples, (component, { given, place }) => {
        const { units } = layers[given] as (typeof layers)[number];
        return (means[given] as Float32Array).subarray((k * this.#components + component) * units + place);
      });
      for (let s = 0; s < this.#samples; s++) {
        if (batch.full) await batch.flush();
        const row = batch.add(k * this.#samples + s);
        copyRow(layers, block, r, row);
        logs[k * this.#samples + s] = -proposal.draw(s, this.#draws, row);
        await this.#turns.give();
      }
    }
    await batch.flush();
    return rows.map((_, k) => logMean(logs.subarray(k * this.#samples, (k + 1) * this.#samples)));
  }

  /** Per given layer the means behind `components` imputations of every row. */
  async #means(block: RowBlock, rows: readonly IncompleteRow[]): Promise<Float32Array[]> {
    const { layers } = this.#facts;
    if (rows.every(({ cells }) => cells.length === 0)) return layers.map(() => new Float32Array(0));
    const count = rows.length * this.#components;
    const values = layers.map(({ units }) => new Float32Array(count * units));
    for (let n = 0; n < count; n++) {
      const { r } = rows[Math.floor(n / this.#components)] as IncompleteRow;
      const row = layers.map(({ units }, given) => (values[given] as Float32Array).subarray(n * units, (n + 1) * units));
      copyRow(layers, block, r, row);
    }
    const given = { layers: layers.map(({ layer }) => layer), values, rows: count };
    return this.#sums.imputed(given, { warmup: this.#warmup, output: 'mean' });
  }
}

/** The mean of exp(logs), its logarithm; the error by the delta method. */
function logMean(logs: Float64Array): SampledSum {
  const n = logs.length;
  const top = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  const weights = logs.map((log) => Math.exp(log - top));
  const sum = weights.reduce((total, w) => total + w, 0);
  const squares = weights.reduce((total, w) => total + w * w, 0);
  const mean = sum / n;
  const variance = Math.max(0, squares / n - mean * mean) / (n - 1);
  return { value: top + Math.log(mean), error: Math.sqrt(variance) / mean, effectiveSampleSize: (sum * sum) / squares };
}

/** The mixture that the missing units of one row are drawn from. */
class Proposal {
  readonly #facts: UnitFacts;
  readonly #cells: readonly Cell[];
  readonly #components: number;
  readonly #broad: number;
  /** Log of the share of each component, the broad one last. */
  readonly #shares: Float64Array;
  /**
   * By component and cell: log p of the states of finite units; the mean and the variance of
   * others.
   */
  readonly #tables: Float64Array[];
  readonly #offsets: number[] = [];
  /** The number of the state drawn for each cell, or its value. */
  readonly #drawn: Float64Array;

  constructor(
    facts: UnitFacts,
    cells: readonly Cell[],
    components: number,
    samples: number,
    mean: (component: number, cell: Cell) => Float32Array,
  ) {
    this.#facts = facts;
    this.#cells = cells;
    this.#components = components;
    this.#broad = Math.ceil(samples / broadShare);
    this.#drawn = new Float64Array(cells.length);
    const counts = Array.from({ length: components + 1 }, (_, k) => (k === components ? this.#broad : 0));
    for (let s = this.#broad; s < samples; s++) counts[s % components] = (counts[s % components] as number) + 1;
    this.#shares = Float64Array.from(counts, (count) => Math.log(count / samples));
    let width = 0;
    for (const { given } of cells) {
      this.#offsets.push(width);
      width += facts.laws[given]?.states.length ?? 2;
    }
    this.#tables = counts.map(() => new Float64Array(width));
    for (const [c, cell] of cells.entries()) this.#fill(c, cell, mean);
  }

  #fill(c: number, cell: Cell, mean: (component: number, cell: Cell) => Float32Array): void {
    const [law, at] = [this.#facts.laws[cell.given] ?? null, this.#offsets[c] as number];
    const means = Array.from({ length: this.#components }, (_, k) => mean(k, cell));
    const last = this.#tables[this.#components] as Float64Array;
    const average = (i: number): number => means.reduce((sum, each) => sum + (each[i] as number), 0) / means.length;
    if (law !== null) {
      for (const [k, each] of means.entries()) law.write(each, this.#tables[k] as Float64Array, at);
      const blended = law.even.map((even, i) => (average(i) + even) / 2);
      law.write(blended, last, at);
      return;
    }
    const variance = this.#facts.variances[cell.given]?.[cell.place] as number;
    for (const [k, each] of means.entries()) (this.#tables[k] as Float64Array).set([each[0] as number, variance], at);
    const centre = average(0);
    const between = means.reduce((sum, each) => sum + ((each[0] as number) - centre) ** 2, 0) / means.length;
    last.set([centre, 2.25 * (variance + between)], at);
  }

  /** Draws sample number `s` into a row, and returns log q of it. */
  draw(s: number, draws: Draws, row: readonly Float32Array[]): number {
    const own = this.#tables[s < this.#broad ? this.#components : s % this.#components] as Float64Array;
    for (const [c, { given, place }] of this.#cells.entries()) {
      const [law, at] = [this.#facts.laws[given] ?? null, this.#offsets[c] as number];
      const values = row[given] as Float32Array;
      if (law === null) {
        values[place] = (own[at] as number) + Math.sqrt(own[at + 1] as number) * draws.normal();
        this.#drawn[c] = values[place] as number;
        continue;
      }
      const state = pick(law, own, at, draws.uniform());
      this.#drawn[c] = state;
      values.set(law.states[state] as readonly number[], place);
    }
    return this.#logDensity();
  }

  #logDensity(): number {
    let total = -Infinity;
    for (const [k, table] of this.#tables.entries()) {
      let log = this.#shares[k] as number;
      for (let c = 0; c < this.#cells.length; c++) {
        const at = this.#offsets[c] as number;
        const drawn = this.#drawn[c] as number;
        const listed = this.#facts.laws[(this.#cells[c] as Cell).given] !== null;
        log += listed ? (table[at + drawn] as number) : logNormal(drawn, table[at] as number, table[at + 1] as number);
      }
      total = logAdd(total, log);
    }
    return total;
  }
}

/** The state whose part of [0, 1) holds `u`; never one of probability 0. */
function pick({ states }: FiniteLaw, logs: Float64Array, at: number, u: number): number {
  let [rest, last] = [u, 0];
  for (let k = 0; k < states.length; k++) {
    const p = Math.exp(logs[at + k] as number);
    if (p > 0) last = k;
    rest -= p;
    if (rest < 0 && p > 0) return k;
  }
  return last;
}
