import { OptionCheck, readOptions } from '../arguments.js';
import { type Patience, readPatience } from '../machine/patience.js';

/** How log Z is estimated. Everything has a default. */
export interface EvaluateOptions extends Patience {
  /**
   * - 'exact': all joint states of as few layers as must be are counted, the others summed out; at
   *   most 2^28 states.
   * - 'ais': annealed importance sampling forward and, from samples of the machine, in reverse
   *   (Neal 2001; Salakhutdinov & Murray 2008; Burda, Grosse & Salakhutdinov 2015), combined by
   *   Bennett's acceptance ratio. The samples come from the top of a short ladder, whose own log Z
   *   is a second witness. Takes about 1.5 times as many sweeps as both directions alone.
   * - 'ladder': parallel tempering along the same path, linked by Bennett's acceptance ratio from
   *   rung to rung.
   * - 'auto' (default): 'exact' up to 2^22 states, else 'ais'.
   */
  readonly method?: 'auto' | 'exact' | 'ais' | 'ladder' | undefined;
  /**
   * Chains annealed in either direction, or independent groups of a ladder; at least 2. Default
   * 100, of a ladder 20.
   */
  readonly chains?: number | undefined;
  /**
   * Inverse temperatures: how many, placed where a short pilot run finds that they are needed, or a
   * list that rises strictly from 0 to 1. Default 10,000, of a ladder as many rungs as it needs.
   */
  readonly betas?: number | readonly number[] | undefined;
  /** Gibbs sweeps before the states of chains count as samples of the machine. Default 1000. */
  readonly warmup?: number | undefined;
}

/** Options with every value checked. */
export interface EvaluateControl {
  readonly method: 'auto' | 'exact' | 'ais' | 'ladder';
  readonly chains: number;
  /** Empty when they are to be placed. */
  readonly betas: Float64Array;
  /** How many to place; 0: as many as usual. */
  readonly temperatures: number;
  readonly warmup: number;
  readonly patience: Patience;
  /** Whether the model was neither trained nor given parameters, which is worth a warning. */
  readonly untrained: boolean;
}

/** Reads and checks how log Z is to be estimated. */
export function readEvaluateOptions(call: string, options: unknown, untrained: boolean): EvaluateControl {
  const given = readOptions(call, options, ['method', 'chains', 'betas', 'warmup', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const method = check.oneOf('method', given.method, 'auto', ['auto', 'exact', 'ais', 'ladder']);
  return {
    method,
    chains: check.integer('chains', given.chains, method === 'ladder' ? 20 : 100, 2, 2 ** 24),
    ...readBetas(check, given.betas),
    warmup: check.integer('warmup', given.warmup, 1000, 0, 2 ** 40),
    patience: readPatience(check, given),
    untrained,
  };
}

function readBetas(check: OptionCheck, given: unknown): Pick<EvaluateControl, 'betas' | 'temperatures'> {
  if (given === undefined) return { betas: new Float64Array(0), temperatures: 0 };
  if (typeof given === 'number') {
    return { betas: new Float64Array(0), temperatures: check.integer('betas', given, undefined, 2, 2 ** 28) };
  }
  const isList = Array.isArray(given) || given instanceof Float64Array || given instanceof Float32Array;
  if (!isList || given.length < 2) throw check.error('betas', 'a number or a list of at least two inverse temperatures from 0 to 1', given);
  const betas = Float64Array.from(given as ArrayLike<number>);
  betas.forEach((beta, k) => {
    if (!(k === 0 ? beta === 0 : beta > (betas[k - 1] as number))) throw check.error(`betas[${k}]`, rising(betas, k), given[k]);
  });
  if (betas[betas.length - 1] !== 1) throw check.error(`betas[${betas.length - 1}]`, '1, at the end of the list', given[betas.length - 1]);
  return { betas, temperatures: 0 };
}

function rising(betas: Float64Array, k: number): string {
  return k === 0 ? '0, at the beginning of the list' : `above ${betas[k - 1]}, the one before`;
}
