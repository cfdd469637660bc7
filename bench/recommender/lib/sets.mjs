// Readers of the data sets of bench/recommender: each gives Entries whose ids are those of the files.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ids } from '../../../dist/recommender/ids.js';

/** The folder of the data sets: BOLTZKIT_DATA, or what is given. Ends the process with a message where it is missing. */
export function dataFolder(given = process.env.BOLTZKIT_DATA) {
  if (given && existsSync(given)) return given;
  const why = given ? `there is no folder ${given}` : 'BOLTZKIT_DATA is not set';
  process.stderr.write(`bench/recommender: ${why}; set it to the folder that holds ml-100k, ml-1m, ml-latest-small and lastfm-2k\n`);
  process.exit(2);
}

/** The lines of a file, unpacked where its name ends in .gz. */
export function lines(folder, ...path) {
  const file = join(folder, ...path);
  if (!existsSync(file)) throw new Error(`bench/recommender: ${file} is missing`);
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').filter((line) => line !== '');
}

/** Entries from lines of user, item, value and maybe time, in that order. Ids are added to those given, if any. */
export function entriesOf(rows, delimiter, { users = new Ids(), items = new Ids(), time = false } = {}) {
  const n = rows.length;
  const entries = {
    users,
    items,
    user: new Uint32Array(n),
    item: new Uint32Array(n),
    value: new Float32Array(n),
    time: time ? new Float64Array(n) : undefined,
  };
  rows.forEach((row, k) => {
    const fields = row.split(delimiter);
    entries.user[k] = users.add(fields[0]);
    entries.item[k] = items.add(fields[1]);
    entries.value[k] = Number(fields[2]);
    if (time) entries.time[k] = Number(fields[3]);
  });
  return entries;
}

/** 100,000 ratings 1 to 5 with times; 943 users, 1,682 items. */
export const ml100k = (folder) => entriesOf(lines(folder, 'ml-100k', 'u.data.gz'), '\t', { time: true });

/** 1,000,209 ratings 1 to 5 without times; 6,040 users, 3,706 items. */
export const ml1m = (folder) => entriesOf(lines(folder, 'ml-1m', 'ratings.no-timestamp.dat.gz'), '::');

/** 100,836 ratings 0.5 to 5 with times; 610 users, 9,724 items. */
export const mlLatestSmall = (folder) => entriesOf(lines(folder, 'ml-latest-small', 'ratings.csv').slice(1), ',', { time: true });

/** Listening counts; 1,892 users; artists with fewer than `least` listeners are left out. Values are undefined: who listens to whom. */
export function lastfm2k(folder, least = 5) {
  const rows = lines(folder, 'lastfm-2k', 'user_artists.dat.gz').slice(1);
  const listeners = new Map();
  const artist = (row) => row.split('\t')[1];
  for (const row of rows) listeners.set(artist(row), (listeners.get(artist(row)) ?? 0) + 1);
  const kept = rows.filter((row) => listeners.get(artist(row)) >= least);
  return { ...entriesOf(kept, '\t'), value: undefined };
}

/** The scales of the rating sets. */
export const scales = {
  stars: { values: [1, 2, 3, 4, 5] },
  halfStars: { values: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5] },
};
