/** Rows filled in under a mask, and how well a machine foresaw what the mask covers. */
import { OptionCheck, readOptions } from '../arguments.js';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError, ShapeError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { MarginalOptions } from '../models/impute.js';
import type { RBM } from '../models/rbm.js';
import type { Matrix, Nats } from '../models/results.js';
import type { Couplings, Layers } from '../wiring/names.js';
import { type AnyMachine, asGiven, dense, type GivenLayer, imputed, type RowsOf, readGiven } from './machines.js';

/** How rows are filled in. */
export interface InpaintOptions extends MarginalOptions {
  /**
   * Independent chains to each row, whose means are averaged: a single chain may stay in one of
   * several ways to go on. Default 10.
   */
  readonly chains?: number | undefined;
}

/** Rows without gaps, and what they say of the truth. */
export interface Inpainted<R> {
  /** Given values as they are, means P(v | given) of all others; shaped like the rows. */
  readonly means: R;
  /**
   * log P(truth | given) of a unit, [n], in nats: the mean over the units that the mask covers and
   * for which the rows hold a value. NaN where there is no such unit.
   */
  readonly logLikelihoods: Nats;
}

/**
 * Fills in what a mask covers: means of the units under it given all others, averaged over several
 * chains of Gibbs sampling. Values that the rows hold under the mask are not looked at, except to
 * say how likely the means make them, unit by unit (`logLikelihoods`).
 *
 * Units of bernoulli, spin and softmax layers are judged; others are filled in only. A probability
 * counts as at least 1e-6. Every call draws anew and costs `chains` calls of `impute`.
 *
 * @param rows - [n, visible], of a `BoltzmannMachine` by layer. NaN is missing under the mask or not.
 * @param mask - 1 (or true) where a value is given and 0 where it is to be filled in, one row for
 *   all or [n, visible]; of a `BoltzmannMachine` by layer, layers without a mask being given. Of a
 *   softmax unit all places are given or none.
 * @throws {@link ParameterError}, {@link ShapeError} before anything is computed, and as `impute`
 *   rejects.
 */
export async function inpaint(machine: RBM, rows: RowsInput, mask: RowsInput, options?: InpaintOptions): Promise<Inpainted<Matrix>>;
export async function inpaint<L extends Layers, C extends Couplings, const G extends RowsOf<L>>(
  machine: BoltzmannMachine<L, C>,
  rows: G & RowsOf<L>,
  mask: { readonly [K in keyof G]?: RowsInput | undefined },
  options?: InpaintOptions,
): Promise<Inpainted<{ readonly [K in keyof G]: Matrix }>>;
export async function inpaint(machine: AnyMachine, rows: unknown, mask: unknown, options?: unknown): Promise<Inpainted<unknown>> {
  const call = 'inpaint';
  const given = readGiven(call, machine, 'rows', rows);
  const control = readInpaintOptions(call, options);
  const present = readMasks(call, machine, mask, given.layers, given.rows);
  const inputs = given.layers.map(({ name, units, values }, l): [string, RowsInput] => {
    const covered = Float32Array.from(values, (value, i) => ((present[l] as Uint8Array)[i] === 1 ? value : Number.NaN));
    return [name, dense(covered, units.places)];
  });
  const means = await averaged(machine, Object.fromEntries(inputs), control);
  return { means: asGiven(machine, means), logLikelihoods: judged(given.layers, present, means, given.rows) };
}

interface Control {
  readonly chains: number;
  readonly chain: { readonly warmup: number; readonly sweeps: number };
  readonly patience: Patience;
}

function readInpaintOptions(call: string, options: unknown): Control {
  const { chains, warmup, sweeps, ...rest } = readOptions(call, options, ['chains', 'warmup', 'sweeps', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  return {
    chains: check.integer('chains', chains, 10, 1, 2 ** 20),
    chain: { warmup: check.integer('warmup', warmup, 100, 0, 2 ** 40), sweeps: check.integer('sweeps', sweeps, 100, 1, 2 ** 40) },
    patience: readPatience(check, rest),
  };
}

/** 1 where a value is given, row by row, to each layer. */
function readMasks(call: string, machine: AnyMachine, mask: unknown, layers: readonly GivenLayer[], rows: number): Uint8Array[] {
  const masks = readGiven(call, machine, 'mask', plainMask(mask));
  const unknown = masks.layers.find(({ name }) => !layers.some((layer) => layer.name === name));
  if (unknown) throw new ParameterError(`${call}: \`${unknown.argument}\` must be the mask of a layer with rows`);
  return layers.map(({ name, units, values }) => {
    const own = masks.layers.find((layer) => layer.name === name);
    if (own === undefined) return new Uint8Array(values.length).fill(1);
    checkMask(call, own);
    if (masks.rows === rows) return Uint8Array.from(own.values);
    if (masks.rows !== 1) throw new ShapeError(`${call}: \`${own.argument}\` must have 1 row or ${rows}, got ${masks.rows}`);
    return Uint8Array.from(values, (_, i) => own.values[i % units.places] as number);
  });
}

/** A mask of one layer's places; a missing one is an empty object, which says what is expected. */
function plainMask(mask: unknown): unknown {
  return mask ?? null;
}

function checkMask(call: string, { argument, values, units }: GivenLayer): void {
  const bad = values.findIndex((value) => value !== 0 && value !== 1);
  const at = (i: number) => `[${Math.floor(i / units.places)}, ${i % units.places}]`;
  if (bad >= 0) throw new ParameterError(`${call}: \`${argument}${at(bad)}\` must be 0 or 1, got ${values[bad]}`);
  const group = units.type === 'softmax' ? units.size : 1;
  const split = values.findIndex((value, i) => value !== values[i - (i % group)]);
  if (split < 0) return;
  throw new ParameterError(`${call}: \`${argument}${at(split)}\` must be as for the other categories of its unit, got ${values[split]}`);
}

/** Means over chains, by layer. */
async function averaged(machine: AnyMachine, inputs: Record<string, RowsInput>, control: Control): Promise<Record<string, Matrix>> {
  const { chains, chain, patience } = control;
  const sums = new Map<string, Float64Array>();
  const shapes = new Map<string, readonly number[]>();
  for (let c = 0; c < chains; c++) {
    const { onProgress } = patience;
    const share = onProgress && {
      onProgress: (at: Parameters<typeof onProgress>[0]) => onProgress({ ...at, fraction: (c + at.fraction) / chains }),
    };
    const means = await imputed(machine, inputs, { ...chain, ...patience, ...share });
    for (const [name, { data, shape }] of Object.entries(means)) {
      const sum = sums.get(name) ?? new Float64Array(data.length);
      data.forEach((value, i) => {
        sum[i] = (sum[i] as number) + value / chains;
      });
      sums.set(name, sum);
      shapes.set(name, shape);
    }
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, array(Float32Array.from(sum), shapes.get(name) as number[])]));
}

/** No truth counts as less likely than this. */
const leastProbability = 1e-6;

/** log P(truth) of a unit, the mean over those that are covered. */
function judged(layers: readonly GivenLayer[], present: readonly Uint8Array[], means: Record<string, Matrix>, rows: number): Nats {
  const [totals, counts] = [new Float64Array(rows), new Float64Array(rows)];
  for (const [l, { name, units, values }] of layers.entries()) {
    const { data } = means[name] as Matrix;
    const group = units.type === 'softmax' ? units.size : 1;
    for (let i = 0; i < values.length; i += group) {
      if ((present[l] as Uint8Array)[i] === 1 || Number.isNaN(values[i])) continue;
      const p = probability(units.type, values.subarray(i, i + group), data.subarray(i, i + group));
      if (p === null) break;
      const row = Math.floor(i / units.places);
      totals[row] = (totals[row] as number) + Math.log(Math.max(p, leastProbability));
      counts[row] = (counts[row] as number) + 1;
    }
  }
  return array(
    totals.map((total, r) => total / (counts[r] as number)),
    [rows],
  );
}

/** P(truth) of a unit by its mean; null of types whose mean does not say. Values between states are means of draws. */
function probability(type: string, truth: Float64Array, mean: Float32Array): number | null {
  if (type === 'softmax') return truth.reduce((sum, share, k) => sum + share * (mean[k] as number), 0);
  const [x, m] = [truth[0] as number, mean[0] as number];
  if (type === 'bernoulli') return x * m + (1 - x) * (1 - m);
  return type === 'spin' ? (1 + x * m) / 2 : null;
}
