import { OptionCheck, readOptions } from '../arguments.js';
import { type Patience, readPatience } from '../machine/patience.js';

/** How to infer what is not given, by Gibbs sampling given what is. */
export interface MarginalOptions extends Patience {
  /** Gibbs sweeps before the result is taken. Default 100. */
  readonly warmup?: number | undefined;
  /** Sweeps that a mean is an average over. Default 100. */
  readonly sweeps?: number | undefined;
}

/** How to fill in missing values. */
export interface ImputeOptions extends MarginalOptions {
  /** 'mean': the average of conditional means over `sweeps` sweeps; 'sample': the draw at the end of all sweeps. Default 'mean'. */
  readonly output?: 'mean' | 'sample' | undefined;
}

/** Options with every value checked. */
export interface CheckedImputeOptions {
  readonly warmup: number;
  readonly sweeps: number;
  readonly output: 'mean' | 'sample';
  readonly patience: Patience;
}

/** Reads and checks the options of imputation; `names` are those that the call knows. */
export function readImputeOptions(
  call: string,
  options: unknown,
  names: readonly (keyof ImputeOptions)[] = ['warmup', 'sweeps', 'output', 'signal', 'onProgress'],
): CheckedImputeOptions {
  const { warmup, sweeps, output, ...patience } = readOptions(call, options, names);
  const check = new OptionCheck(call);
  return {
    warmup: check.integer('warmup', warmup, 100, 0, 2 ** 40),
    sweeps: check.integer('sweeps', sweeps, 100, 1, 2 ** 40),
    output: check.oneOf('output', output, 'mean', ['mean', 'sample']),
    patience: readPatience(check, patience),
  };
}
