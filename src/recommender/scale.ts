import { types } from 'node:util';
import type { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Entries, Scale } from './entries.js';
import { listOf } from './question.js';

/** More values than this are no scale that one writes down. */
const mostValues = 1000;

/** Reads a scale: its values, rising. */
export function readScale(check: OptionCheck, given: unknown): Scale | undefined {
  if (given === undefined) return undefined;
  const isObject = typeof given === 'object' && given !== null && !types.isProxy(given) && Object.hasOwn(given, 'values');
  const list = listOf(check.call, 'scale', isObject ? (given as { values: unknown }).values : given);
  const expected = `2 to ${mostValues} finite numbers that rise`;
  if (list.length < 2 || list.length > mostValues) throw check.error('scale', expected, given, ` of ${list.length}`);
  for (const [i, value] of list.entries()) {
    const rises = typeof value === 'number' && Number.isFinite(value) && (i === 0 || value > (list[i - 1] as number));
    if (!rises) throw check.error(`scale[${i}]`, `one of ${expected}`, value);
  }
  return { values: list as number[] };
}

/** The values that ratings have, where there are few enough. */
export function scaleOf(value: Float32Array): Scale | undefined {
  const values = new Set<number>();
  for (const x of value) if (!values.has(x) && values.add(x).size > mostValues) return undefined;
  return { values: [...values].sort((a, b) => a - b) };
}

/** Refuses ratings below or above the scale: the first of them is named. */
export function checkScale(call: string, { value, user, item, users, items }: Entries, scale: Scale): void {
  const [low, high] = [scale.values[0] as number, scale.values.at(-1) as number];
  const wrong = value?.findIndex((x) => !(x >= low && x <= high)) ?? -1;
  if (wrong < 0) return;
  const pair = `of user ${JSON.stringify(users.id(user[wrong] as number))} and item ${JSON.stringify(items.id(item[wrong] as number))}`;
  throw new ParameterError(`${call}: ratings must lie on the scale from ${low} to ${high}, got ${value?.[wrong]} ${pair}`);
}
