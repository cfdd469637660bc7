import { readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Entries } from './entries.js';
import { type Id, Ids } from './ids.js';

export interface RatingRow {
  readonly user: Id;
  readonly item: Id;
  readonly rating?: number | undefined;
}

export type RatingSource = readonly RatingRow[];

export async function readEntries(call: string, rows: RatingSource): Promise<Entries> {
  const [users, items] = [new Ids(), new Ids()];
  const pairs = new Map<string, [number, number, number | undefined]>();
  for (const row of rows) {
    const { user, item, rating } = readOptions(call, row, ['user', 'item', 'rating', 'time' as never, 'title' as never], 'row');
    const [u, i] = [users.add(user as Id), items.add(item as Id)];
    pairs.set(`${u}|${i}`, [u, i, rating as number | undefined]);
  }
  const list = [...pairs.values()];
  const rated = list.filter(([, , r]) => r !== undefined).length;
  if (rated !== 0 && rated !== list.length) throw new ParameterError(`${call}: some rows have ratings`);
  return {
    users,
    items,
    user: Uint32Array.from(list, ([u]) => u),
    item: Uint32Array.from(list, ([, i]) => i),
    value: rated === 0 ? undefined : Float32Array.from(list, ([, , r]) => r as number),
    time: undefined,
  };
}
