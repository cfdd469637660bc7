import { types } from 'node:util';
import { type OptionCheck, readFrom } from '../arguments.js';
import { ParameterError } from '../errors.js';

/** The entries of an array, which can claim any length: holes are not free. */
export function listOf(check: OptionCheck, name: string, value: unknown, most: number): readonly unknown[] {
  if (types.isProxy(value) || !Array.isArray(value)) throw check.error(name, 'an array', value);
  if (value.length > most) {
    throw new ParameterError(`${check.call}: \`${name}\` must have at most ${most} entries, got ${value.length}`);
  }
  return readFrom(check.call, name, () => Array.from(value));
}

/** Text; nothing where none was given. */
export function textOption(check: OptionCheck, name: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw check.error(name, 'text', value);
}

/** So many texts; none where none were given. */
export function textsOption(check: OptionCheck, name: string, value: unknown, count: number): readonly string[] {
  if (value === undefined) return [];
  const expected = `an array of ${count} texts`;
  if (types.isProxy(value) || !Array.isArray(value) || value.length !== count) throw check.error(name, expected, value);
  const texts: unknown[] = Array.from(value);
  for (const [i, text] of texts.entries()) if (typeof text !== 'string') throw check.error(`${name}[${i}]`, 'text', text);
  return texts as string[];
}

/** Text that has to be there. */
export function requiredText(check: OptionCheck, name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw check.error(name, 'text', value);
}
