import { ParameterError } from '../errors.js';
import type { Entries, Scale } from './entries.js';

/** More values than this are no scale. */
export const mostValues = 256;

/** The values that ratings have, rising; undefined where there are too many. */
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
  throw new ParameterError(
    `${call}: ratings must lie on the scale from ${low} to ${high}, got ${value?.[wrong]} ${pair}; Recommender.fit takes a \`scale\` of more values than its rows have`,
  );
}

/** From which rating on an item counts as liked where nobody says: the first value of the scale from the mean rating on. */
export function likedFrom(entries: Entries, scale: Scale | undefined): number | undefined {
  if (entries.value === undefined) return undefined;
  const mean = entries.value.reduce((sum, x) => sum + x, 0) / entries.value.length;
  return scale?.values.find((value) => value >= mean) ?? mean;
}
