/** Options of models on the command line: `--set name=value`. */
import { InvalidArgumentError } from 'commander';

/** Options of a model by name. */
export type ModelOptions = Readonly<Record<string, unknown>>;

/** `name=value`, gathered over all times that it was given: numbers, true and false, lists in brackets, words. */
export function modelOption(text: string, before: ModelOptions = {}): ModelOptions {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim();
  if (at < 1 || name === '') throw new InvalidArgumentError('Expected name=value, e.g. --set lambda=500.');
  return { ...before, [name]: parsed(text.slice(at + 1).trim()) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // a word
  }
}
