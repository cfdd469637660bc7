// Rows for bench/uses/anomalies.mjs: a digit that the machine has not seen, and tables of MovieLens with planted anomalies.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadMnist } from 'boltzkit/data';
import { readTable } from 'boltzkit/tables';

const PIXELS = 784;

/** Random numbers in [0, 1) that repeat. */
export function randomOf(seed) {
  let state = (seed * 2654435761 + 1) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Binary images (grey level at least a half): nine digits to learn, all ten to judge by. */
export async function digits(folder, digit) {
  const { train, test } = await loadMnist(join(folder, 'mnist'));
  const part = ({ images, labels }, first, end, keep) => {
    const rows = [];
    for (let r = first; r < end; r++) if (keep(labels.get(r))) rows.push(r);
    const data = new Float32Array(rows.length * PIXELS);
    rows.forEach((r, n) => {
      for (let i = 0; i < PIXELS; i++) data[n * PIXELS + i] = Number(images.data[r * PIXELS + i] >= 0.5);
    });
    return { data, shape: [rows.length, PIXELS], odd: rows.map((r) => labels.get(r) === digit) };
  };
  const all = () => true;
  return {
    columns: PIXELS,
    train: part(train, 0, 50_000, (label) => label !== digit),
    valid: part(train, 50_000, 60_000, all),
    test: part(test, 0, 10_000, all),
  };
}

const lines = (path, encoding = 'latin1') => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString(encoding)
    .split(/\r?\n/)
    .filter((line) => line !== '');
};

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));
const round = (x, digits = 4) => Number(x.toFixed(digits));

function groupedBy(ratings, column) {
  const groups = new Map();
  for (const rating of ratings) groups.set(rating[column], [...(groups.get(rating[column]) ?? []), rating]);
  return groups;
}

/** One row to a user of MovieLens 1M: who they are, and what they rated how. 6,040 rows. */
export function users(folder) {
  const genresOf = new Map(lines(join(folder, 'ml-1m/movies.dat')).map((line) => [line.split('::')[0], line.split('::')[2].split('|')]));
  const ratings = lines(join(folder, 'ml-1m/ratings.no-timestamp.dat.gz')).map((line) => line.split('::'));
  const byUser = new Map();
  for (const [user, movie, rating] of ratings) {
    if (!byUser.has(user)) byUser.set(user, []);
    byUser.get(user).push([movie, Number(rating)]);
  }
  const watched = ['Action', 'Drama', 'Comedy', 'Romance', 'Thriller', "Children's", 'Sci-Fi', 'Horror'];
  return lines(join(folder, 'ml-1m/users.dat')).map((line) => {
    const [user, gender, age, occupation, zip] = line.split('::');
    const own = byUser.get(user);
    const stars = own.map(([, rating]) => rating);
    const share = (genre) => round(own.filter(([movie]) => genresOf.get(movie).includes(genre)).length / own.length);
    return {
      gender,
      age: `from ${age}`,
      occupation: `occupation ${occupation}`,
      region: `zip ${zip[0]}`,
      ratings: round(Math.log(own.length)),
      'mean rating': round(mean(stars)),
      'sd of ratings': round(deviation(stars)),
      ...Object.fromEntries(watched.map((genre) => [genre.toLowerCase(), share(genre)])),
    };
  });
}

/** Genres of fewer than 20 movies: a part of the table may have none of them. */
const rare = ['unknown', 'western', 'documentary', 'fantasy', 'film-noir', 'animation'];

/** One row to a movie of MovieLens 100k with at least ten ratings: what it is, and who rated it how. About 1,150 rows. */
export function movies(folder) {
  const people = new Map(lines(join(folder, 'ml-100k/u.user')).map((line) => [line.split('|')[0], line.split('|')]));
  const ratings = lines(join(folder, 'ml-100k/u.data.gz')).map((line) => line.split('\t'));
  const byMovie = groupedBy(ratings, 1);
  const genres = lines(join(folder, 'ml-100k/u.genre')).map((line) => line.split('|')[0]);
  return lines(join(folder, 'ml-100k/u.item')).flatMap((line) => {
    const fields = line.split('|');
    const own = byMovie.get(fields[0]) ?? [];
    const year = Number(fields[2].slice(-4));
    if (own.length < 10 || !year) return [];
    const stars = own.map(([, , rating]) => Number(rating));
    const raters = own.map(([user]) => people.get(user));
    const flags = genres
      .map((genre, g) => [genre.toLowerCase(), fields[5 + g] === '1' ? 'yes' : 'no'])
      .filter(([genre]) => !rare.includes(genre));
    return {
      year,
      ...Object.fromEntries(flags),
      ratings: round(Math.log(own.length)),
      'mean rating': round(mean(stars)),
      'sd of ratings': round(deviation(stars)),
      'age of raters': round(mean(raters.map((person) => Number(person[1])))),
      'women among raters': round(raters.filter((person) => person[2] === 'F').length / own.length),
      'students among raters': round(raters.filter((person) => person[3] === 'student').length / own.length),
    };
  });
}

/**
 * The rows of a part, and after them a copy of each in which half of the columns (each by a coin) are those of another row of the part: every
 * value is a usual one, together they are not.
 */
function planted(rows, random) {
  const mixed = rows.map((row) => {
    const other = rows[Math.floor(random() * rows.length)];
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, random() < 0.5 ? other[name] : value]));
  });
  return { rows: [...rows, ...mixed], odd: [...rows, ...mixed].map((_, r) => r >= rows.length) };
}

/** A table in three parts, the last two with anomalies; `dense` are the columns of the baselines: standardised, categories one-hot. */
export async function mixedTable(all, seed) {
  const random = randomOf(seed);
  const order = all.map((row) => [random(), row]).sort(([a], [b]) => a - b);
  const shuffled = order.map(([, row]) => row);
  const [a, b] = [0.6, 0.8].map((share) => Math.round(share * shuffled.length));
  const table = await readTable(shuffled.slice(0, a), forced(shuffled[0]));
  const part = async (rows, odd) => {
    const encoded = await table.encode(rows, { unknown: 'missing' });
    return { encoded, odd, shape: [rows.length], ...denseOf(table, rows) };
  };
  const halves = [shuffled.slice(a, b), shuffled.slice(b)].map((rows) => planted(rows, random));
  const parts = await Promise.all([part(shuffled.slice(0, a)), ...halves.map(({ rows, odd }) => part(rows, odd))]);
  return { table, columns: parts[0].columns, train: parts[0], valid: parts[1], test: parts[2] };
}

/** Numbers are numbers, even where few of them differ. */
function forced(row) {
  return Object.fromEntries(Object.entries(row).flatMap(([name, value]) => (typeof value === 'number' ? [[name, 'number']] : [])));
}

function denseOf(table, rows) {
  const values = rows.flatMap((row) =>
    table.columns.flatMap((column) => {
      if (column.type === 'number') return [(row[column.name] - column.mean) / column.sd];
      return column.type === 'binary'
        ? [Number(row[column.name] === column.labels[1])]
        : column.labels.map((label) => Number(label === row[column.name]));
    }),
  );
  return { data: Float32Array.from(values), columns: values.length / rows.length };
}
