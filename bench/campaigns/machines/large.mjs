// Machines too large to count, with exact answers all the same: two layers of at least 2^15 weights, where the CPU's chains use rounded weights
// (docs/math.md, Rounded weights). Given one layer the units of the other are independent, whatever the weights; and with equal weights the
// distribution of both layers' sums is a table.
import { BoltzmannMachine } from 'boltzkit';
import { unitsFor } from './build.mjs';
import { joined } from './judge.mjs';
import { Random } from './random.mjs';
import { integrate, isReal, logReal, parametersOf, statesOf } from './units.mjs';
import { pOfChiSquare, pOfZ } from './verdict.mjs';

/** Rows that a layer is clamped to. */
const patterns = 6;
/** Chains, and for every pattern; ten times as many in a second look. */
const chains = 300;

const given = [
  { type: 'bernoulli' },
  { type: 'bernoulli', grey: true },
  { type: 'spin' },
  { type: 'softmax', size: 4 },
  { type: 'binomial', size: 3 },
  { type: 'binomial', size: 255 },
  { type: 'counts', total: 200 },
  { type: 'gaussian' },
  { type: 'relu' },
];
const drawn = [
  { type: 'bernoulli' },
  { type: 'spin' },
  { type: 'softmax', size: 4 },
  { type: 'binomial', size: 5 },
  { type: 'gaussian' },
  { type: 'relu' },
  { type: 'doubleRelu' },
];

/** Weights by row: how much of each place of the one layer each place of the other gets, for fields of about one. */
const styles = {
  normal: (random) => () => random.normal(),
  equal: () => () => 1,
  'one strong': (random, n, m) => {
    const [row, column, strength] = [random.below(n), random.below(m), (random.coin() ? 1 : -1) * Math.exp(random.uniform() * 9)];
    return (i, j) => (i === row && j === column ? strength : 1);
  },
  'heavy tails': (random) => () => random.normal() / Math.abs(random.normal()),
  'by column': (random, _, m) => {
    const factors = random.normals(m).map((x) => Math.exp(3 * x));
    return (_row, j) => factors[j] * random.normal();
  },
};

/** The large machine with this number. */
export function randomLarge(seed) {
  const random = new Random(seed, 7);
  const [n, m] = random.pick([[256, 128], [128, 256], [256, 256], [512, 96], [1000, 64]]); // biome-ignore format: one line
  const layer = (kind, places, name) => {
    const size = kind.type === 'counts' ? places : (kind.size ?? 1);
    return { ...kind, name, size, places, units: kind.type === 'softmax' ? places / size : places, total: kind.total ?? 0 };
  };
  const from = random.pick(given);
  // Real units on both sides might have no distribution.
  const to = random.pick(drawn.filter(({ type }) => !isReal(from.type) || !isReal(type)));
  const [v, h] = [layer(from, n, 'v'), layer(to, m, 'h')];
  const style = random.pick(Object.keys(styles));
  const rows = Array.from({ length: patterns }, () => randomRow(v, random));
  const weightOf = styles[style](random, n, m);
  const weights = new Float32Array(n * m);
  const scale = random.pick([0.3, 1, 3]) / typicalField(rows, style);
  for (let i = 0; i < n; ++i) for (let j = 0; j < m; ++j) weights[i * m + j] = scale * weightOf(i, j);
  const wide = random.coin(0.5);
  h.parameters = Array.from({ length: parametersOf(h.type) }, (_, k) =>
    Float32Array.from(random.normals(m, k % 2 ? (wide ? 4 : 0.3) : 0.7)),
  );
  v.parameters = Array.from({ length: parametersOf(v.type) }, (_, k) => Float32Array.from(random.normals(n, k % 2 ? 0.3 : 0.7)));
  balance(h, weights, rows, random);
  return { seed, wiring: 'large', strength: style, layers: [v, h], couplings: [{ a: 0, b: 1 }], weights, rows };
}

function randomRow({ type, size, places, total, grey }, random) {
  const share = random.pick([0.05, 0.5, 0.95, 1]);
  if (grey) return Float32Array.from({ length: places }, () => Math.round(255 * random.uniform()) / 255);
  if (type === 'bernoulli') return Float32Array.from({ length: places }, () => Number(random.coin(share)));
  if (type === 'spin') return Float32Array.from({ length: places }, () => (random.coin(share) ? 1 : -1));
  if (type === 'binomial')
    return Float32Array.from({ length: places }, () => (random.coin(share) ? random.between(Math.floor(size / 2), size) : 0));
  if (type === 'gaussian') return Float32Array.from(random.normals(places));
  if (type === 'relu') return Float32Array.from({ length: places }, () => Math.max(0, random.normal()));
  const row = new Float32Array(places);
  if (type === 'counts') for (let d = 0; d < total; ++d) row[random.below(share < 0.5 ? 3 : places)] += 1;
  else for (let first = 0; first < places; first += size) row[first + random.below(size)] = 1;
  return row;
}

/** The size of a sum of states with weights of one: of all alike, or of random signs. */
function typicalField(rows, style) {
  const coherent = style === 'equal' || style === 'one strong';
  const sizes = rows.map((row) =>
    coherent ? row.reduce((sum, x) => sum + Math.abs(x), 0) / 8 : Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)),
  );
  return Math.max(1e-3, sizes.reduce((a, b) => a + b) / sizes.length);
}

/** Biases that leave the units undecided between the rows. */
function balance({ parameters, places }, weights, rows, random) {
  for (let j = 0; j < places; ++j) {
    const row = random.pick(rows);
    const field = row.reduce((sum, x, i) => sum + x * weights[i * places + j], 0);
    parameters.forEach((values, k) => {
      if (k % 2 === 0) values[j] -= field;
    });
  }
}

/** Fields of a row on all places of h, and the sums of their terms' sizes. */
export function fieldsOf({ weights }, row, m) {
  const [fields, sizes] = [new Float64Array(m), new Float64Array(m)];
  row.forEach((x, i) => {
    if (x === 0) return;
    for (let j = 0; j < m; ++j) {
      const term = x * weights[i * m + j];
      fields[j] += term;
      sizes[j] += Math.abs(term);
    }
  });
  return { fields, sizes };
}

/** Exact means, variances and logarithms of sums of every unit of a layer under fields. */
export function conditional({ type, size, places, parameters, total }, fields) {
  const [means, variances] = [new Float64Array(places), new Float64Array(places)];
  let log = 0;
  const width = type === 'softmax' ? size : 1;
  const states = isReal(type) ? null : statesOf(type, size, total);
  for (let first = 0; first < places; first += width) {
    if (states === null) {
      const result = integrate(type, parameters.map((values) => values[first]), fields[first], 1); // biome-ignore format: one line
      means[first] = result.first;
      variances[first] = Math.max(0, result.second - result.first ** 2);
      log += result.log;
      continue;
    }
    const logs = states.values.map((s, k) =>
      s.reduce((sum, x, q) => sum + x * (fields[first + q] + parameters[0][first + q]), states.logMeasure[k]),
    );
    const top = Math.max(...logs);
    const z = logs.reduce((sum, x) => sum + Math.exp(x - top), 0);
    log += top + Math.log(z);
    for (let q = 0; q < width; ++q) {
      let [mean, square] = [0, 0];
      states.values.forEach((s, k) => {
        const p = Math.exp(logs[k] - top) / z;
        mean += p * s[q];
        square += p * s[q] ** 2;
      });
      means[first + q] = mean;
      variances[first + q] = Math.max(0, square - mean * mean);
    }
  }
  return { means, variances, log };
}

export function buildLarge({ layers, weights }, where, seed) {
  const [v, h] = layers;
  const machine = new BoltzmannMachine({ layers: { v: unitsFor(v), h: unitsFor(h) }, couplings: [['v', 'h']], seed, ...where });
  for (const { name, parameters, places } of layers) {
    const data = new Float32Array(parameters.length * places);
    parameters.forEach((values, k) => {
      data.set(values, k * places);
    });
    machine.setParameter(parameters.length === 1 ? `${name}.bias` : `${name}.parameters`, {
      data,
      shape: [parameters.length, places],
    });
  }
  machine.setParameter('v-h.weights', { data: weights, shape: [v.places, h.places] });
  return machine;
}

export const stacked = (rows, copies) => {
  const width = rows[0].length;
  const data = new Float32Array(rows.length * copies * width);
  for (let r = 0; r < rows.length * copies; ++r) data.set(rows[r % rows.length], r * width);
  return { data, shape: [rows.length * copies, width] };
};

/** Free energies and means, to single precision. `note` as for `exactChecks`. */
export async function largeExact(large, where, note) {
  const { layers, rows } = large;
  const [v, h] = layers;
  const machine = buildLarge(large, where, large.seed);
  try {
    const exact = rows.map((row) => {
      const { fields, sizes } = fieldsOf(large, row, h.places);
      return { ...conditional(h, fields), sizes };
    });
    const means = (await machine.mean('h', { v: stacked(rows, 1) })).data;
    let worst = { error: -1, detail: '' };
    exact.forEach(({ means: expected, variances, sizes }, r) => {
      expected.forEach((mean, j) => {
        const size = (place) => sizes[place] + h.parameters.reduce((sum, values, k) => (k % 2 ? sum : sum + Math.abs(values[place])), 0);
        // What an error of the fields does to the mean: its derivatives are the covariances with all places of the unit.
        const width = h.type === 'softmax' ? h.size : 1;
        const first = j - (j % width);
        let spread = variances[j] * size(j);
        for (let q = first; q < first + width; ++q) if (q !== j) spread += mean * expected[q] * size(q);
        const scale = Math.abs(mean) + spread + (isReal(h.type) ? Math.sqrt(variances[j]) : 1);
        const error = Math.abs(means[r * h.places + j] - mean) / scale;
        if (!(error <= worst.error)) worst = { error, detail: `mean ${j} of row ${r}: ${means[r * h.places + j]}, exactly ${mean}` };
      });
    });
    note('mean', rows.length * h.places, worst.error, worst.detail);
    const free = (await machine.freeEnergy({ v: stacked(rows, 1) })).data;
    worst = { error: -1, detail: '' };
    rows.forEach((row, r) => {
      const own = ownEnergy(v, row);
      const { log, means: expected, sizes } = exact[r];
      const scale = 1 + own.size + Math.abs(log) + expected.reduce((sum, mean, j) => sum + Math.abs(mean) * sizes[j], 0);
      const error = Math.abs(free[r] - (own.energy - log)) / scale;
      if (!(error <= worst.error)) worst = { error, detail: `free energy of row ${r}: ${free[r]}, exactly ${own.energy - log}` };
    });
    if (!v.grey) note('free energy', rows.length, worst.error, worst.detail);
  } finally {
    machine.dispose();
  }
}

/** E of a row of v alone. */
function ownEnergy({ type, size, parameters }, row) {
  let [energy, terms] = [0, 0];
  const add = (x) => {
    energy += x;
    terms += Math.abs(x);
  };
  row.forEach((s, i) => {
    const p = parameters.map((values) => values[i]);
    add(isReal(type) ? -logReal(type, p, s) : -p[0] * s);
    if (type === 'binomial') add(logFactorial(s) + logFactorial(size - s) - logFactorial(size));
    if (type === 'counts') add(logFactorial(s));
  });
  if (type === 'counts') add(-logFactorial(row.reduce((a, b) => a + b, 0)));
  return { energy, size: terms };
}

function logFactorial(n) {
  let sum = 0;
  for (let i = 2; i <= n; ++i) sum += Math.log(i);
  return sum;
}

/** Draws of h with v clamped, as a check of draws. Every unit, every row and all of them together are compared with their exact means. */
export function clampedDraws(large, where) {
  const { rows, layers } = large;
  const h = layers[1];
  const exact = rows.map((row) => conditional(h, fieldsOf(large, row, h.places).fields));
  return async (draws, salt) => {
    const copies = Math.ceil(((draws / 3000) * chains) / patterns);
    const machine = buildLarge(large, where, large.seed * 16 + salt);
    try {
      const n = copies * patterns;
      const result = await machine.sample(n, { sweeps: 1, layer: 'h', clamp: { v: stacked(rows, copies) } });
      return residuals(result.data, n, h.places, (r) => exact[r % patterns], !isReal(h.type));
    } finally {
      machine.dispose();
    }
  };
}

/**
 * Draws less their exact means, in standard errors: of every unit, of every row, of all together (each draw in units of its own deviation, so that
 * wide units do not drown the others), and chi-square of all units.
 *
 * @param expected - Means and variances of row r of the draws.
 * @param few - Whether units are discrete: then those that hardly ever change are left out, whose sums are far from normal.
 */
export function residuals(data, n, m, expected, few) {
  const sums = () => ({ sum: 0, variance: 0, draws: 0 });
  const [units, byRow, all] = [Array.from({ length: m }, sums), Array.from({ length: patterns }, sums), sums()];
  for (let r = 0; r < n; ++r) {
    const { means, variances } = expected(r);
    for (let j = 0; j < m; ++j) {
      if (!(variances[j] > 0)) continue;
      const x = data[r * m + j] - means[j];
      units[j].sum += x;
      units[j].variance += variances[j];
      const weight = 1 / Math.max(1, Math.sqrt(variances[j]));
      const own = few ? weight : 1 / Math.sqrt(variances[j]);
      for (const into of [byRow[r % patterns], all]) {
        into.sum += own * x;
        into.variance += own * own * variances[j];
      }
    }
  }
  const score = (what) => (scored, k) => {
    if (!(scored.variance > (few ? 12 : 0))) return [];
    const z = scored.sum / Math.sqrt(scored.variance);
    return [{ p: pOfZ(z), z, detail: `${what} ${k}: off by ${scored.sum.toPrecision(4)} in all, z ${z.toFixed(1)}` }];
  };
  const byUnit = units.flatMap(score('unit'));
  const tests = [...byUnit, ...byRow.flatMap(score('row')), ...score('all')(all, 0)];
  if (byUnit.length > 1) {
    const chi = byUnit.reduce((sum, { z }) => sum + z * z, 0);
    tests.push({
      p: pOfChiSquare(chi, byUnit.length),
      chi,
      freedom: byUnit.length,
      detail: `units: chi-square ${chi.toFixed(1)} of ${byUnit.length}`,
    });
  }
  return joined(tests);
}
