import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { rowMajor } from '../data/host-rows.js';
import type { HostRows } from '../data/rows-input.js';
import { asVector, toFloat64 } from '../data/vector.js';
import { ShapeError } from '../errors.js';
import type { LayerInput } from '../machine/host.js';
import type { NativeChainOptions } from '../machine/native.js';

/** Inverse temperatures over time: one per sweep, or rising (falling) evenly from the first sweep to the last. */
export type SweepBetas =
  | ArrayLike<number>
  | {
      /** At the first sweep. */
      readonly from: number;
      /** At the last sweep. Default 1. */
      readonly to?: number | undefined;
    };

/** Parallel tempering: groups of chains, one at each inverse temperature, that exchange their temperatures. */
export interface LadderOptions {
  /** Inverse temperatures, rising; the last one is that of the samples. A number n stands for n of them, evenly from 0 to 1. */
  readonly betas: number | ArrayLike<number>;
  /** Sweeps from one round of swaps to the next. Default 1. */
  readonly every?: number | undefined;
}

/** How the temperature of chains is set; at most one of the three. */
export interface TemperatureOptions {
  /** Inverse temperature, of all chains or of each: samples come from exp(−β E) / Z(β). Default 1. */
  readonly beta?: number | ArrayLike<number> | undefined;
  /** Inverse temperatures by sweep, for all chains: annealing. */
  readonly betas?: SweepBetas | undefined;
  /** Parallel tempering: every chain asked for becomes a group of chains, and the states come from its last rung. */
  readonly ladder?: LadderOptions | undefined;
}

/** What a model's chains start from and hold on to; its own names are resolved. */
export interface ChainSetting {
  /** Chains, or groups of them with a ladder. */
  readonly chains: number;
  readonly start: readonly LayerInput[];
  readonly clamps: readonly Clamp[];
}

/** Mask and values [1 or chains, units] of one layer. */
export type Clamp = NativeChainOptions['clamps'][number] & { readonly units: number };

/** The parts of the native options that say how hot chains are. */
export type Temperatures = Pick<NativeChainOptions, 'betas' | 'schedule' | 'tempered'> & {
  /** Chains to a group: as many as the ladder has rungs, else 1. */
  readonly group: number;
};

/** Reads `beta`, `betas` and `ladder` of a call that runs `chains` chains (groups) for so many sweeps. */
export function readTemperatures(
  call: string,
  given: { readonly beta?: unknown; readonly betas?: unknown; readonly ladder?: unknown },
  chains: number,
  sweeps: number,
): Temperatures {
  const check = new OptionCheck(call);
  const named = (['beta', 'betas', 'ladder'] as const).filter((name) => given[name] !== undefined);
  if (named.length > 1) throw check.error(named[1] as string, `left out when \`${named[0]}\` is given`, given[named[1] as 'ladder']);
  const none = { schedule: new Float64Array(0), tempered: null, group: 1 };
  if (given.betas !== undefined) return { ...none, betas: Float64Array.of(1), schedule: readSweepBetas(check, given.betas, sweeps) };
  if (given.ladder === undefined) return { ...none, betas: readBeta(check, given.beta, chains) };
  const { betas, every } = readLadder(call, given.ladder);
  const group = betas.length;
  const tempered = { betas, every, sweeps: 0, ...startOfLadder(chains, group) };
  return { betas: Float64Array.of(1), schedule: new Float64Array(0), tempered, group };
}

function readBeta(check: OptionCheck, beta: unknown, chains: number): Float64Array {
  if (beta === undefined || typeof beta === 'number') return Float64Array.of(check.number('beta', beta, 1));
  return asVector(beta, chains, { call: check.call, argument: 'beta', units: 'chains' }, { low: 0 });
}

/** Sweeps whose inverse temperatures are kept as one number each. */
export const mostScheduled = 2 ** 24;

/** Reads the `betas` of a call that runs so many sweeps. */
export function readSweepBetas(check: OptionCheck, betas: unknown, sweeps: number): Float64Array {
  if (sweeps > mostScheduled) throw check.error('sweeps', `at most ${mostScheduled} with \`betas\``, sweeps);
  const length = readFrom(check.call, 'betas', () => (betas as { length?: unknown } | null)?.length);
  if (typeof length === 'number' && typeof betas !== 'string') {
    if (length !== sweeps) throw new ShapeError(`${check.call}: \`betas\` must have ${sweeps} entries, one per sweep, got ${length}`);
    return asVector(betas, sweeps, { call: check.call, argument: 'betas', units: 'sweeps' }, { low: 0 });
  }
  const { from, to } = readOptions(check.call, betas, ['from', 'to'], 'betas');
  if (from === undefined) throw check.error('betas.from', 'a finite number of at least 0', from);
  const [first, last] = [check.number('betas.from', from, 0), check.number('betas.to', to, 1)];
  return Float64Array.from({ length: sweeps }, (_, s) => (sweeps === 1 ? last : first + ((last - first) * s) / (sweeps - 1)));
}

const mostRungs = 10_000;

/** Reads a ladder of inverse temperatures. */
export function readLadder(call: string, ladder: unknown): { readonly betas: Float64Array; readonly every: number } {
  const given = readOptions(call, ladder, ['betas', 'every'], 'ladder');
  const check = new OptionCheck(call);
  const every = check.integer('ladder.every', given.every, 1, 1, 2 ** 40);
  if (typeof given.betas === 'number' || given.betas === undefined) {
    const rungs = check.integer('ladder.betas', given.betas, undefined, 2, mostRungs);
    return { betas: Float64Array.from({ length: rungs }, (_, k) => k / (rungs - 1)), every };
  }
  const length = readFrom(call, 'ladder.betas', () => (given.betas as ArrayLike<number> | null)?.length);
  if (typeof length !== 'number' || !(length >= 2 && length <= mostRungs)) {
    throw check.error('ladder.betas', `a number or a list of 2 to ${mostRungs} numbers`, given.betas);
  }
  const betas = asVector(given.betas, length, { call, argument: 'ladder.betas', units: 'rungs' }, { low: 0 });
  const falling = betas.findIndex((beta, k) => k > 0 && beta <= (betas[k - 1] as number));
  if (falling > 0) throw check.error(`ladder.betas[${falling}]`, `above ${betas[falling - 1]}: the betas rise`, betas[falling]);
  return { betas, every };
}

/** Chain k of every group on rung k. */
function startOfLadder(groups: number, rungs: number): { rung: Float64Array; direction: Float64Array } {
  const chains = groups * rungs;
  return { rung: Float64Array.from({ length: chains }, (_, c) => c % rungs), direction: new Float64Array(chains) };
}

/** What a call says about groups of chains, said for every chain: each row as many times as a group has chains. */
export function forEveryChain({ chains, start, clamps }: ChainSetting, group: number): ChainSetting {
  if (group === 1) return { chains, start, clamps };
  return {
    chains: chains * group,
    start: start.map((input) => ({ ...input, host: repeatHost(input.host, group) })),
    clamps: clamps.map(({ layer, mask, values, units }) => ({
      layer,
      units,
      mask: mask.length === units ? mask : repeatRows(mask, units, group),
      values: values.length === units ? values : repeatRows(values, units, group),
    })),
  };
}

function repeatHost(host: HostRows, group: number): HostRows {
  const data = repeatRows(toFloat64(host), host.cols, group);
  return rowMajor(data, host.rows * group);
}

function repeatRows<T extends Float32Array | Float64Array>(rows: T, cols: number, group: number): T {
  const all = new (rows.constructor as new (length: number) => T)(rows.length * group);
  for (let r = 0; r < all.length / cols; r++) {
    const from = Math.floor(r / group) * cols;
    all.set(rows.subarray(from, from + cols), r * cols);
  }
  return all;
}
