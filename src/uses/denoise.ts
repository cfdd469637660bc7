/**
 * Noisy rows made clean: the posterior of the clean row x given the noisy one y.
 *
 * Noise that flips unit i with a known rate ε makes p(y|x) = Π_i (1 − ε)^[y_i = x_i] ε^[y_i ≠ x_i].
 * As a function of x that is exp of fields, so p(x, h|y) ∝ exp(−E(x, h)) p(y|x) is a machine again:
 * the same one with a layer of noisy units, each coupled to the clean unit it was. With the noisy
 * units held, every conditional of the Gibbs chain is exact (Geman & Geman 1984, for images).
 *
 *   bernoulli   log p(y|x) = λ (2 x y − x − y) + const,   λ = log((1 − ε) / ε)
 *   spin        log p(y|x) = λ/2 · x y + const
 *   softmax     log p(y|x) = log((1 − ε)(K − 1) / ε) [x = y] + const, each other category being as likely
 *
 * The constants depend on neither x nor y, so a noisy value that is missing says nothing.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import { readPatience } from '../machine/patience.js';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import type { MarginalOptions } from '../models/impute.js';
import type { RBM } from '../models/rbm.js';
import type { Matrix } from '../models/results.js';
import type { Couplings, LayerName, Layers } from '../wiring/names.js';
import type { Units } from '../wiring/units.js';
import {
  type AddedLayer,
  type AnyMachine,
  asGiven,
  dense,
  extended,
  freeName,
  type GivenLayer,
  imputed,
  type RowsOf,
  readGiven,
  readSeed,
} from './machines.js';

/** How noise came to rows, and how it is taken out. */
export interface DenoiseOptions<Layer extends string = string> extends MarginalOptions {
  /**
   * The rate, in (0, 0.5), at which the noise turned each unit into another state; of units with
   * several states, each other one is as likely. Of a `BoltzmannMachine` also by layer: what layers
   * without an entry have is clean and held.
   */
  readonly flips: number | { readonly [K in Layer]?: number | undefined };
  /**
   * 'mean' (default): posterior means, averages of conditional means over `sweeps` sweeps. 'state':
   * the likelier state of each unit by them, which leaves the fewest wrong units on average.
   * 'sample': one draw of the posterior, after all sweeps.
   */
  readonly output?: 'mean' | 'state' | 'sample' | undefined;
  /** Of the chains. Default: the machine's. The same call gives the same bits. */
  readonly seed?: number | bigint | undefined;
}

/**
 * Takes noise of a known rate out of rows: means or states of the clean rows given the noisy ones,
 * by Gibbs sampling of the machine together with the noise. Units of bernoulli, spin and softmax
 * layers can be noisy. Missing values are filled in.
 *
 * A chain runs to each row. A call copies the parameters and costs about one and a half times what
 * `impute` of the same rows does; it leaves the machine and its random numbers as they are.
 *
 * @param rows - Noisy rows, [n, visible]; of a `BoltzmannMachine` by layer.
 * @returns Clean rows of the same shape: [n, visible], or by layer.
 * @throws {@link ParameterError} on a rate out of (0, 0.5), values that units do not have and layers
 *   of other types, {@link ShapeError}, {@link BusyError} while calls of the machine are under way.
 */
export async function denoise(machine: RBM, rows: RowsInput, options: DenoiseOptions<'visible'>): Promise<Matrix>;
export async function denoise<L extends Layers, C extends Couplings, const G extends RowsOf<L>>(
  machine: BoltzmannMachine<L, C>,
  rows: G & RowsOf<L>,
  options: DenoiseOptions<LayerName<L>>,
): Promise<{ readonly [K in keyof G]: Matrix }>;
export async function denoise(machine: AnyMachine, rows: unknown, options: unknown): Promise<unknown> {
  const call = 'denoise';
  const given = readGiven(call, machine, 'rows', rows);
  const { flips, seed, warmup, sweeps, output, ...rest } = readOptions(call, options, [
    'flips',
    'output',
    'seed',
    'warmup',
    'sweeps',
    'signal',
    'onProgress',
  ]);
  const check = new OptionCheck(call);
  const rates = readRates(check, flips, given.layers);
  const wanted = check.oneOf('output', output, 'mean', ['mean', 'state', 'sample']);
  const patience = readPatience(check, rest);
  const chain = { warmup: check.integer('warmup', warmup, 100, 0, 2 ** 40), sweeps: check.integer('sweeps', sweeps, 100, 1, 2 ** 40) };
  const noisy = given.layers.filter(({ name }) => rates.has(name));
  for (const layer of noisy) checkValues(call, layer);
  const added = noisy.map((layer) => noiseOn(machine, layer, rates.get(layer.name) as number));
  const inputs = inputsOf(given.layers, added);
  using all = extended(machine, added, readSeed(check, machine, seed));
  const clean = await imputed(all, inputs, { ...chain, ...patience, output: wanted === 'sample' ? 'sample' : 'mean' });
  const results = given.layers.map(({ name, units }) => {
    const values = clean[name] as Matrix;
    if (wanted === 'state' && rates.has(name)) likeliest(values.data, units);
    return [name, values] as const;
  });
  return asGiven(machine, Object.fromEntries(results));
}

/** Rates by the names of layers. */
function readRates(check: OptionCheck, flips: unknown, layers: readonly GivenLayer[]): ReadonlyMap<string, number> {
  const names = layers.map(({ name }) => name);
  const byName = typeof flips === 'object' && flips !== null ? readOptions(check.call, flips, names, 'flips') : null;
  const entries = byName === null ? names.map((name): [string, unknown] => [name, flips]) : Object.entries(byName);
  if (entries.length === 0) throw check.error('flips', 'a rate in (0, 0.5), or one to at least one layer', flips);
  for (const [name, rate] of entries) {
    const option = byName === null ? 'flips' : `flips.${name}`;
    if (!(typeof rate === 'number' && rate > 0 && rate < 0.5)) throw check.error(option, 'a number in (0, 0.5)', rate);
  }
  return new Map(entries as [string, number][]);
}

const noisyTypes = ['bernoulli', 'spin', 'softmax'];

/** Noisy values are states, or missing. */
function checkValues(call: string, { name, units, argument, values }: GivenLayer): void {
  const { type, places } = units;
  if (!noisyTypes.includes(type)) {
    throw new ParameterError(`${call}: layer '${name}' must be of bernoulli, spin or softmax units to be noisy, got ${type}`);
  }
  const low = type === 'spin' ? -1 : 0;
  const bad = values.findIndex((value) => !(value === low || value === 1 || Number.isNaN(value)));
  if (bad < 0) return;
  const at = `[${Math.floor(bad / places)}, ${bad % places}]`;
  throw new ParameterError(`${call}: \`${argument}${at}\` must be ${low} or 1, as the noise left it, or missing, got ${values[bad]}`);
}

/** The layer of noisy units to one of clean units. */
function noiseOn(machine: AnyMachine, { name, units }: GivenLayer, rate: number): AddedLayer {
  const { type, places, size } = units;
  const odds = Math.log((1 - rate) / rate);
  const weight = { bernoulli: 2 * odds, spin: odds / 2, softmax: odds + Math.log(Math.max(1, size - 1)) }[type as 'spin'];
  const weights = new Float64Array(places * places);
  for (let i = 0; i < places; i++) weights[i * places + i] = weight;
  const bias = new Float64Array(places).fill(type === 'bernoulli' ? -odds : 0);
  return { name: freeName(machine, `noisy ${name}`), units, to: name, weights, bias, biasOfOther: bias };
}

/** Noisy rows are data, the clean ones are missing. */
function inputsOf(layers: readonly GivenLayer[], added: readonly AddedLayer[]): Record<string, RowsInput> {
  const entries = layers.flatMap(({ name, units, values }): [string, RowsInput][] => {
    const noise = added.find(({ to }) => to === name);
    if (noise === undefined) return [[name, dense(values, units.places)]];
    const unknown = new Float32Array(values.length).fill(Number.NaN);
    return [
      [name, dense(unknown, units.places)],
      [noise.name, dense(values, units.places)],
    ];
  });
  return Object.fromEntries(entries);
}

/** Means become the likelier states, the first of equal ones. */
function likeliest(means: Float32Array, { type, size }: Units): void {
  if (type !== 'softmax') {
    const [low, middle] = type === 'spin' ? [-1, 0] : [0, 0.5];
    for (let i = 0; i < means.length; i++) means[i] = (means[i] as number) > middle ? 1 : low;
    return;
  }
  for (let first = 0; first < means.length; first += size) {
    const unit = means.subarray(first, first + size);
    const best = unit.indexOf(Math.max(...unit));
    unit.fill(0)[best] = 1;
  }
}
