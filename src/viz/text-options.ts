import { types } from 'node:util';
import type { OptionCheck } from '../arguments.js';

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
