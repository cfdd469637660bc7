import { OptionCheck, readOptions } from '../arguments.js';

/** How to infer what is not given, by Gibbs sampling given what is. */
export interface MarginalOptions {
  /** Gibbs sweeps before the result is taken. Default 100. */
  readonly warmup?: number;
  /** Sweeps that a mean is an average over. Default 100. */
  readonly steps?: number;
  /** Ends the call between two sweeps; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How to fill in missing values. */
export interface ImputeOptions extends MarginalOptions {
  /** 'mean': the average of conditional means over `steps` sweeps; 'sample': the draw at the end of all sweeps. Default 'mean'. */
  readonly output?: 'mean' | 'sample';
}

/** Options with every value checked. */
export interface CheckedImputeOptions {
  readonly warmup: number;
  readonly steps: number;
  readonly output: 'mean' | 'sample';
  readonly signal: AbortSignal | undefined;
}

/** Reads and checks the options of imputation; `names` are those that the call knows. */
export function readImputeOptions(
  call: string,
  options: unknown,
  names: readonly (keyof ImputeOptions)[] = ['warmup', 'steps', 'output', 'signal'],
): CheckedImputeOptions {
  const { warmup, steps, output, signal } = readOptions(call, options, names);
  const check = new OptionCheck(call);
  return {
    warmup: check.integer('warmup', warmup, 100, 0, 2 ** 40),
    steps: check.integer('steps', steps, 100, 1, 2 ** 40),
    output: check.oneOf('output', output, 'mean', ['mean', 'sample']),
    signal: check.signal(signal),
  };
}
