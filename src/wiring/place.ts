import { OptionCheck, readOptions } from '../arguments.js';
import { type Device, readDevice } from './device.js';
import type { PlaceSpec } from './spec.js';

/** Where a model runs. */
export interface PlaceOptions {
  /**
   * Default 'auto': what the environment variable BOLTZKIT_DEVICE names, else the processor. 'cpu';
   * 'cuda' or 'cuda:N', a GPU by its number from 0; 'reference' computes in plain loops and double
   * precision, slowly: for checking.
   */
  readonly device?: Device | undefined;
  /** Threads for training and sampling, at most 1024; default 0: as many as the process may use. Results do not depend on it. */
  readonly threads?: number | undefined;
}

/** What every model's constructor takes. */
export interface StartOptions extends PlaceOptions {
  /** Seed of all randomness: a whole number or bigint in [0, 2^64). Default 0. */
  readonly seed?: number | bigint | undefined;
  /** Standard deviation of the start weights. Default 0.01. */
  readonly weightScale?: number | undefined;
}

const mostThreads = 1024;

/** The names of {@link StartOptions}. */
export const startOptions = ['seed', 'device', 'threads', 'weightScale'] as const;

/** Checks the options that every model's constructor has. */
export function readStart(check: OptionCheck, given: { readonly [K in keyof StartOptions]?: unknown }): PlaceSpec {
  return {
    seed: check.seed('seed', given.seed, 0n),
    ...readPlace(check, given),
    weightScale: check.number('weightScale', given.weightScale, 0.01),
  };
}

/** Reads where a model is to run. */
export function readPlace(
  check: OptionCheck,
  given: { readonly [K in keyof PlaceOptions]?: unknown },
): Pick<PlaceSpec, 'device' | 'threads'> {
  return {
    device: readDevice(check, 'device', given.device),
    threads: check.integer('threads', given.threads, 0, 0, mostThreads),
  };
}

/** Reads where a saved model is to run. */
export function readLoadOptions(call: string, options: unknown): Pick<PlaceSpec, 'device' | 'threads'> {
  return readPlace(new OptionCheck(call), readOptions(call, options, ['device', 'threads']));
}
