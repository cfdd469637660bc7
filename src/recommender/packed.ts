/** Entries in the addon's form. */
import { ParameterError } from '../errors.js';
import { hostBackend } from '../machine/backend.js';
import { translating } from '../machine/job.js';
import type { NativeRatings } from '../machine/native-ratings.js';
import type { Entries } from './entries.js';

/** Entries with ratings, or without: these count 1 each. */
export function packed({ users, items, user, item, value }: Entries): NativeRatings {
  const ratings = new hostBackend.addon.Ratings(users.size, items.size);
  ratings.append(user, item, value ?? null);
  ratings.finish();
  return ratings;
}

/** @throws ParameterError where there are no ratings. */
export function packedRatings(call: string, entries: Entries): NativeRatings {
  if (entries.value === undefined) throw new ParameterError(`${call}: needs ratings, and the rows have none`);
  if (entries.user.length === 0) throw new ParameterError(`${call}: there are no ratings to learn from`);
  return translating(call, () => packed(entries));
}
