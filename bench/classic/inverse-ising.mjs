// node bench/classic/inverse-ising.mjs [--units 12] [--beta 0.5,1] [--samples 100,1000,...] [--teachers 5] [--updates 3000]
// The inverse Ising problem (Nguyen, Zecchina & Berg, Advances in Physics 66 (2017), 197): couplings are reconstructed from samples of a
// Sherrington-Kirkpatrick teacher with fields, J ~ beta N(0, 1 / N), h ~ beta N(0, 0.3^2). Samples are exact, by counting all states. Prints the
// relative error  gamma = sqrt(sum (J - J0)^2 / sum J0^2)  over all pairs, the median over the teachers, and the slope of log gamma against log M.
import { parseArgs } from 'node:util';
import { BoltzmannMachine, spin } from 'boltzkit';
import { inverse } from '../lib/inverse.mjs';

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '12' },
    beta: { type: 'string', default: '0.5,1' },
    samples: { type: 'string', default: '100,1000,10000,100000,1000000' },
    teachers: { type: 'string', default: '5' },
    updates: { type: 'string', default: '3000' },
  },
});
const list = (text) => text.split(',').map(Number);
const n = Number(values.units);
const states = Array.from({ length: 2 ** n }, (_, k) => Array.from({ length: n }, (__, i) => ((k >> i) % 2 ? 1 : -1)));
const median = (x) => [...x].sort((a, b) => a - b)[Math.floor(x.length / 2)];

// splitmix64, as numbers in [0, 1) and standard normals.
function generator(seed) {
  let state = BigInt(seed);
  const uniform = () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

function teacherOf(beta, { normal }) {
  const fields = Array.from({ length: n }, () => 0.3 * beta * normal());
  const J = Array.from({ length: n }, () => new Array(n).fill(0));
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) J[i][j] = J[j][i] = (beta * normal()) / Math.sqrt(n);
  return { fields, J };
}

/** Cumulated probabilities of all states. */
function cumulated({ fields, J }) {
  const energy = (s) => -s.reduce((sum, x, i) => sum + x * (fields[i] + J[i].reduce((f, w, j) => f + w * s[j], 0) / 2), 0);
  const weights = states.map((s) => Math.exp(-energy(s)));
  const z = weights.reduce((a, b) => a + b);
  let sum = 0;
  return weights.map((w) => (sum += w / z));
}

/** States that occur in m samples, and how often. */
function draw(cumulative, m, { uniform }) {
  const counts = new Float64Array(states.length);
  for (let k = 0; k < m; k++) {
    const u = uniform();
    let [low, high] = [0, states.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > u) high = middle;
      else low = middle + 1;
    }
    counts[low]++;
  }
  const seen = [...counts.keys()].filter((k) => counts[k] > 0);
  return { rows: seen.map((k) => states[k]), counts: seen.map((k) => counts[k]) };
}

async function learn(algorithm, { rows, counts }) {
  const machine = new BoltzmannMachine({ layers: { s: spin(n) }, couplings: [['s', 's']], weightScale: 0 });
  await machine.fit(
    { s: rows },
    {
      algorithm,
      sampleWeights: counts,
      batchSize: rows.length,
      epochs: Number(values.updates),
      learningRate: { schedule: 'linear', from: 0.1, hold: 0.7 },
      optimiser: { name: 'sgd', momentum: 0.9 },
      monitorRows: 0,
    },
  );
  const W = machine.getParameter('s-s.weights').data;
  machine.dispose();
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => W[i * n + j]));
}

/** Naive mean field: J = -C^-1 off the diagonal (Kappen & Rodriguez 1998). */
function meanField({ rows, counts }) {
  const m = counts.reduce((a, b) => a + b);
  const mean = (f) => rows.reduce((sum, s, r) => sum + counts[r] * f(s), 0) / m;
  const means = rows[0].map((_, i) => mean((s) => s[i]));
  const C = means.map((a, i) => means.map((b, j) => mean((s) => s[i] * s[j]) - a * b));
  return inverse(C).map((row) => row.map((x) => -x));
}

function errorOf(J, truth) {
  let [wrong, all] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      wrong += (J[i][j] - truth[i][j]) ** 2;
      all += truth[i][j] ** 2;
    }
  }
  return Math.sqrt(wrong / all);
}

/** Least squares of log y against log x. */
function slope(x, y) {
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const mean = (a) => a.reduce((p, q) => p + q) / a.length;
  const [mu, mv] = [mean(u), mean(v)];
  return u.reduce((sum, a, i) => sum + (a - mu) * (v[i] - mv), 0) / u.reduce((sum, a) => sum + (a - mu) ** 2, 0);
}

const methods = {
  'pseudo-likelihood': (data) => learn('pseudo-likelihood', data),
  exact: (data) => learn('exact', data),
  'naive mean field': async (data) => meanField(data),
};
const sizes = list(values.samples);
for (const beta of list(values.beta)) {
  const errors = Object.fromEntries(Object.keys(methods).map((name) => [name, sizes.map(() => [])]));
  for (let t = 0; t < Number(values.teachers); t++) {
    const random = generator(1000 * beta + t);
    const teacher = teacherOf(beta, random);
    const cumulative = cumulated(teacher);
    for (const [k, m] of sizes.entries()) {
      const data = draw(cumulative, m, random);
      for (const [name, reconstruct] of Object.entries(methods)) errors[name][k].push(errorOf(await reconstruct(data), teacher.J));
      process.stderr.write(`beta ${beta}, teacher ${t + 1}, ${m} samples\n`);
    }
  }
  console.log(`\nN = ${n}, beta = ${beta}, median over ${values.teachers} teachers\n`);
  console.log(
    `| method | ${sizes.map((m) => `M = ${m}`).join(' | ')} | slope from ${sizes[1]} on |\n| --- |${sizes.map(() => ' ---: |').join('')} ---: |`,
  );
  for (const [name, lists] of Object.entries(errors)) {
    const y = lists.map(median);
    console.log(`| ${name} | ${y.map((e) => e.toPrecision(3)).join(' | ')} | ${slope(sizes.slice(1), y.slice(1)).toFixed(3)} |`);
  }
}
