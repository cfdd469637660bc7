import type { OptionCheck } from '../arguments.js';

const mostRungs = 1000;

/** Reads the inverse temperatures of parallel tempering: a number of them, evenly spaced up to 1, or a list that rises to 1. */
export function readBetas(check: OptionCheck, name: string, given: unknown): number[] {
  if (given === undefined || typeof given === 'number') {
    const count = check.integer(name, given, 10, 2, mostRungs);
    return Array.from({ length: count }, (_, k) => (k + 1) / count);
  }
  const expected = 'a number from 2 or a list of inverse temperatures of at least 0 that rises to 1';
  if (!Array.isArray(given) && !(given instanceof Float64Array)) throw check.error(name, expected, given);
  // Before anything else is read: an array can claim any length.
  if (given.length > mostRungs) throw check.error(name, `a list of at most ${mostRungs}`, `a list of ${given.length}`);
  const betas = Array.from(given, (beta, k) => check.number(`${name}[${k}]`, beta, 0, 0, 1));
  if (betas.length < 2) throw check.error(name, expected, `a list of ${betas.length}`);
  if (betas.at(-1) !== 1) throw check.error(name, expected, `a list that ends at ${betas.at(-1)}`);
  const fall = betas.findIndex((beta, k) => k > 0 && beta <= (betas[k - 1] as number));
  if (fall !== -1) throw check.error(name, expected, `${betas[fall]} after ${betas[fall - 1]}`);
  return betas;
}
