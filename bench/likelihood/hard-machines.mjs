// Machines on which estimates of log Z go wrong in silence: several modes with shares that chains do
// not find by themselves, first-order transitions, needles, cold lattices, glasses. Each comes with its
// true log Z, counted or in closed form. `trained` ones learn their data first, always with one seed.
import { BoltzmannMachine, bernoulli, binomial, gridEdges, RBM, softmax, spin } from 'boltzkit';

/** Uniform numbers in (0, 1) by a congruential generator (Numerical Recipes' constants). */
export function uniforms(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < 9; i++) next();
  return next;
}

/** Standard normal numbers by Box & Muller. */
function normals(seed) {
  const u = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(u())) * Math.cos(2 * Math.PI * u());
}

export function logSum(terms) {
  const top = terms.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - top), 0));
}

const logFactorials = [0];
for (let n = 1; n <= 1000; n++) logFactorials.push(logFactorials[n - 1] + Math.log(n));
const logChoose = (n, k) => logFactorials[n] - logFactorials[k] - logFactorials[n - k];
const range = (n) => Array.from({ length: n }, (_, i) => i);
const filled = (rows, cols, value) => ({ shape: [rows, cols], data: range(rows * cols).map((i) => value(Math.floor(i / cols), i % cols)) });

/** A machine by its wiring and parameters; `logZ` undefined: to be counted. */
const byHand = (name, wiring, parameters, logZ) => ({ name, wiring, parameters, logZ });
const rbm = (v, h) => ({ layers: { v, h }, couplings: [['v', 'h']] });

/** All spins coupled by `coupling` in a field: a sum over the number of spins that are up. */
function ferromagnet(n, coupling, field) {
  const terms = range(n + 1).map((k) => logChoose(n, k) + (coupling * ((2 * k - n) ** 2 - n)) / 2 + field * (2 * k - n));
  const parameters = { 's-s.weights': filled(n, n, (i, j) => (i === j ? 0 : coupling)), 's.bias': filled(1, n, () => field) };
  return byHand(`ferromagnet ${n}, J ${coupling}`, { layers: { s: spin(n) }, couplings: [['s', 's']] }, parameters, logSum(terms));
}

/** All weights and biases equal: a sum over the numbers of units that are on. */
function uniformRbm(n, m, w, b, c, name = `on/off RBM ${n}-${m}, w ${w}`) {
  const terms = range(n + 1).flatMap((i) => range(m + 1).map((j) => logChoose(n, i) + logChoose(m, j) + w * i * j + b * i + c * j));
  const parameters = { 'v-h.weights': filled(n, m, () => w), 'v.bias': filled(1, n, () => b), 'h.bias': filled(1, m, () => c) };
  return byHand(name, rbm(bernoulli(n), bernoulli(m)), parameters, logSum(terms));
}

/** Both layers on or both off, with the second mode's share of the whole set by the hidden biases. */
const symmetricRbm = (n, m, w) => uniformRbm(n, m, w, (-w * m) / 2, (-w * n) / 2);

/** The same, tilted so that the mode "on" has about `share` of the whole, by bisection over the hidden bias. */
function tiltedRbm(n, m, w, share) {
  const b = (-w * m) / 2;
  const on = (c) => {
    const terms = range(n + 1).flatMap((i) => range(m + 1).map((j) => [i, logChoose(n, i) + logChoose(m, j) + w * i * j + b * i + c * j]));
    return Math.exp(logSum(terms.filter(([i]) => i > n / 2).map(([, t]) => t)) - logSum(terms.map(([, t]) => t)));
  };
  let [low, high] = [-w * n, 0];
  for (let i = 0; i < 60; i++) {
    const c = (low + high) / 2;
    if (on(c) < share) low = c;
    else high = c;
  }
  const c = Number(low.toFixed(4));
  return uniformRbm(n, m, w, b, c, `tilted RBM ${n}-${m}, ${Math.round(100 * share)} % on`);
}

/** Two patterns that differ in half of the visible units; `switches` hidden units turn one into the other. */
function mixture(n, switches, share) {
  const w = 4 / switches;
  const half = n / 2;
  const visible = (i) => (i < half ? -2 : 1.5);
  const free = (on) => half * Math.log1p(Math.exp(-2 + w * on)) + half * Math.log1p(Math.exp(1.5));
  const c = (Math.log(share / (1 - share)) - free(switches) + free(0)) / switches;
  const terms = range(switches + 1).map((on) => logChoose(switches, on) + c * on + free(on));
  const parameters = {
    'v-h.weights': filled(n, switches, (i) => (i < half ? w : 0)),
    'v.bias': filled(1, n, (_, j) => visible(j)),
    'h.bias': filled(1, switches, () => c),
  };
  const shares = `${Math.round(100 * (1 - share))}/${Math.round(100 * share)}`;
  return byHand(`mixture ${n}-${switches}, ${shares}`, rbm(bernoulli(n), bernoulli(switches)), parameters, logSum(terms));
}

/** One hidden unit whose states are far apart, the likelier one hard to find. */
function needle(n, w, b, c) {
  const logZ = logSum([n * Math.log1p(Math.exp(b)), c + n * Math.log1p(Math.exp(b + w))]);
  const parameters = { 'v-h.weights': filled(n, 1, () => w), 'v.bias': filled(1, n, () => b), 'h.bias': filled(1, 1, () => c) };
  return byHand(`needle ${n}-1`, rbm(bernoulli(n), bernoulli(1)), parameters, logZ);
}

/** A lattice of spins with equal couplings, by transfer from row to row. */
function lattice(height, width, coupling, field) {
  const edges = gridEdges([height, width]);
  const states = range(2 ** width).map((s) => range(width).map((i) => (s & (1 << i) ? 1 : -1)));
  const within = states.map((s) => s.reduce((sum, x, i) => sum + field * x + (i > 0 ? coupling * x * s[i - 1] : 0), 0));
  let log = within;
  for (let row = 1; row < height; row++) {
    const before = log;
    log = states.map((s, t) => within[t] + logSum(states.map((r, q) => before[q] + coupling * s.reduce((sum, x, i) => sum + x * r[i], 0))));
  }
  const parameters = { 's-s.weights': filled(1, edges.shape[0], () => coupling), 's.bias': filled(1, height * width, () => field) };
  const wiring = { layers: { s: spin(height * width) }, couplings: [['s', 's', { edges }]] };
  return byHand(`lattice ${height} x ${width}, J ${coupling}`, wiring, parameters, logSum(log));
}

/** Potts units that are all coupled: a sum over how many are in which category, one category at a time. */
function pottsComplete(n, q, coupling, favour) {
  let log = [0, ...range(n).map(() => -Infinity)];
  for (let a = 0; a < q; a++) {
    const before = log;
    log = range(n + 1).map((total) =>
      logSum(
        range(total + 1).map((k) => before[total - k] + logChoose(total, k) + (coupling * k * (k - 1)) / 2 + (a === 0 ? favour * k : 0)),
      ),
    );
  }
  const parameters = {
    's-s.weights': filled(n * q, n * q, (i, j) => (Math.floor(i / q) !== Math.floor(j / q) && i % q === j % q ? coupling : 0)),
    's.bias': filled(1, n * q, (_, j) => (j % q === 0 ? favour : 0)),
  };
  return byHand(`Potts ${n} x ${q}, J ${coupling}`, { layers: { s: softmax(q, n) }, couplings: [['s', 's']] }, parameters, log[n]);
}

/** Every spin has about three random neighbours, with couplings of either sign. */
function sparseGlass(n, coupling, seed) {
  const u = uniforms(seed);
  const edges = [];
  const has = new Set();
  while (edges.length < (3 * n) / 2) {
    const [i, j] = [Math.floor(n * u()), Math.floor(n * u())].sort((a, b) => a - b);
    if (i === j || has.has(i * n + j)) continue;
    has.add(i * n + j);
    edges.push([i, j]);
  }
  const parameters = {
    's-s.weights': filled(1, edges.length, () => (u() < 0.5 ? coupling : -coupling)),
    's.bias': filled(1, n, () => 0.05),
  };
  return byHand(`sparse glass ${n}, J ${coupling}`, { layers: { s: spin(n) }, couplings: [['s', 's', { edges }]] }, parameters);
}

/** Sherrington & Kirkpatrick's glass. */
function denseGlass(n, beta, seed) {
  const normal = normals(seed);
  const values = range(n).map(() => range(n).map(() => (beta * normal()) / Math.sqrt(n)));
  const parameters = {
    's-s.weights': filled(n, n, (i, j) => (i === j ? 0 : values[Math.min(i, j)][Math.max(i, j)])),
    's.bias': filled(1, n, () => 0),
  };
  return byHand(`dense glass ${n}, beta ${beta}`, { layers: { s: spin(n) }, couplings: [['s', 's']] }, parameters);
}

/** Independent blocks with random strong weights: log Z is the sum of what each has. */
function blocks(count, n, m, scale, seed) {
  const normal = normals(seed);
  const weights = range(count).map(() => range(n * m).map(() => scale * normal()));
  const biases = range(count * n).map(() => scale * 0.5 * normal());
  let logZ = 0;
  for (let k = 0; k < count; k++) {
    const terms = range(2 ** m).map((h) => {
      const on = (j) => (h >> j) & 1;
      return range(n).reduce((sum, i) => {
        const field = biases[k * n + i] + range(m).reduce((f, j) => f + on(j) * weights[k][i * m + j], 0);
        return sum + Math.log1p(Math.exp(field));
      }, 0);
    });
    logZ += logSum(terms);
  }
  const parameters = {
    'v-h.weights': filled(count * n, count * m, (i, j) => {
      const k = Math.floor(i / n);
      return Math.floor(j / m) === k ? weights[k][(i % n) * m + (j % m)] : 0;
    }),
    'v.bias': filled(1, count * n, (_, j) => biases[j]),
    'h.bias': filled(1, count * m, () => 0),
  };
  return byHand(`${count} blocks ${n}-${m}`, rbm(bernoulli(count * n), bernoulli(count * m)), parameters, logZ);
}

/** Three layers that are all on or all off. */
function deepOnOff(sizes, w) {
  const names = ['a', 'b', 'c'];
  const layers = Object.fromEntries(sizes.map((n, i) => [names[i], bernoulli(n)]));
  const near = (i) => (sizes[i - 1] ?? 0) + (sizes[i + 1] ?? 0);
  const parameters = Object.fromEntries(sizes.map((n, i) => [`${names[i]}.bias`, filled(1, n, () => (-w * near(i)) / 2)]));
  for (let i = 0; i + 1 < sizes.length; i++) parameters[`${names[i]}-${names[i + 1]}.weights`] = filled(sizes[i], sizes[i + 1], () => w);
  const wiring = { layers, couplings: [['a', 'b'], ['b', 'c']] }; // biome-ignore format: one line
  return byHand(`deep on/off ${sizes.join('-')}`, wiring, parameters);
}

function binomialOnOff(n, size, m, w) {
  const terms = range(n * size + 1).flatMap((i) =>
    range(m + 1).map((j) => logChoose(n * size, i) + logChoose(m, j) + w * i * j - (w * m * i) / 2 - (w * n * size * j) / 2),
  );
  const parameters = {
    'v-h.weights': filled(n, m, () => w),
    'v.bias': filled(1, n, () => (-w * m) / 2),
    'h.bias': filled(1, m, () => (-w * n * size) / 2),
  };
  return byHand(`binomial on/off ${n} x ${size}-${m}`, rbm(binomial(n, size), bernoulli(m)), parameters, logSum(terms));
}

/** Rows around centres with these shares, each value turned over with a probability of `noise`. */
function clusterRows(centres, shares, count, noise, seed) {
  const u = uniforms(seed);
  return range(count).map((r) => {
    let [place, k] = [(r + 0.5) / count, 0];
    while (k + 1 < shares.length && place > shares[k]) place -= shares[k++];
    return centres[k].map((x) => (u() < noise ? 1 - x : x));
  });
}

const randomRow = (n, seed) => {
  const u = uniforms(seed);
  return range(n).map(() => (u() < 0.5 ? 1 : 0));
};
const opposite = (row) => row.map((x) => 1 - x);

/** An RBM that learns rows and is evaluated on them, or without them. */
const trained = (name, rows, hidden, fit, withRows = true) => ({
  name: `trained ${name}${withRows ? '' : ', no rows'}`,
  rows,
  hidden,
  fit,
  withRows,
});

const onOff = clusterRows([range(50).map(() => 1), range(50).map(() => 0)], [0.15, 0.85], 400, 0.05, 1);
const clusters = (n, share, seed) => clusterRows([randomRow(n, seed), randomRow(n, seed + 1)], [share, 1 - share], 400, 0.04, seed + 2);
const complementary = (n, count, seed) => {
  const centres = range(count).flatMap((k) => [randomRow(n, seed + k), opposite(randomRow(n, seed + k))]);
  return clusterRows(
    centres,
    centres.map(() => 1 / centres.length),
    400,
    0.03,
    seed + 100,
  );
};
const fit = { epochs: 300, batchSize: 50 };

export const hardMachines = [
  ferromagnet(16, 0.2, 0.05),
  ferromagnet(16, 0.3, 0.05),
  ferromagnet(16, 0.5, 0.05),
  ferromagnet(60, 0.03, 0.01),
  lattice(4, 4, 0.8, 0.05),
  lattice(10, 6, 0.6, 0.02),
  lattice(8, 8, 0.45, 0),
  mixture(60, 1, 0.05),
  mixture(60, 1, 0.2),
  mixture(60, 4, 0.5),
  mixture(100, 8, 0.05),
  symmetricRbm(14, 14, 0.6),
  symmetricRbm(40, 40, 0.2),
  symmetricRbm(100, 50, 0.1),
  tiltedRbm(40, 40, 0.2, 0.2),
  tiltedRbm(100, 50, 0.1, 0.05),
  needle(20, 4, -2, -38.6),
  needle(40, 3, -2, -36),
  pottsComplete(8, 4, 0.6, 0),
  pottsComplete(6, 4, 0.9, 0.05),
  sparseGlass(20, 1.5, 1),
  denseGlass(18, 3, 2),
  blocks(10, 10, 5, 1.5, 3),
  deepOnOff([12, 10, 8], 0.7),
  binomialOnOff(4, 5, 10, 0.6),
  trained('on/off 15/85 50-14', onOff, 14, fit),
  trained('on/off 15/85 50-14', onOff, 14, fit, false),
  trained('clusters 80/20 40-10', clusters(40, 0.8, 5), 10, fit),
  trained('clusters 95/5 40-10', clusters(40, 0.95, 15), 10, fit),
  trained('clusters 95/5 40-10', clusters(40, 0.95, 15), 10, fit, false),
  trained('complementary 50-16', complementary(50, 2, 30), 16, fit),
  trained('complementary 50-16', complementary(50, 2, 30), 16, fit, false),
]; // biome-ignore format: one line each

/** Parameters and exact log Z of a machine of the list: trained or counted where need be. */
export async function prepare(described) {
  if (described.rows) {
    const model = new RBM({ visible: described.rows[0].length, hidden: described.hidden, seed: 1, threads: 1 });
    await model.fit(described.rows, { ...described.fit, monitorRows: 0 });
    const parameters = {
      weights: copy(model.getParameter('visible-hidden.weights')),
      visibleBias: copy(model.getParameter('visible.bias')),
      hiddenBias: copy(model.getParameter('hidden.bias')),
    };
    const { value } = await model.logZ({ method: 'exact' });
    model.dispose();
    return { ...described, parameters, logZ: value };
  }
  if (described.logZ !== undefined) return described;
  const model = build(described, 1);
  const { value } = await model.logZ({ method: 'exact' });
  model.dispose();
  return { ...described, logZ: value };
}

const copy = ({ data, shape }) => ({ data: Float64Array.from(data), shape: [...shape] });

/** The machine with this seed: the same parameters whatever the seed. */
export function build(described, seed) {
  if (described.rows) {
    const model = new RBM({ visible: described.rows[0].length, hidden: described.hidden, seed, threads: 1 });
    for (const [name, value] of Object.entries(described.parameters)) model[name] = value;
    return model;
  }
  const model = new BoltzmannMachine({ ...described.wiring, seed, threads: 1 });
  for (const [name, { data, shape }] of Object.entries(described.parameters)) {
    model.setParameter(name, { data: Float64Array.from(data), shape });
  }
  return model;
}

/** log Z of the machine by a method at default settings, as its users ask for it: with rows where there are some. */
export async function estimate(described, model, options) {
  if (!described.rows || !described.withRows) return model.logZ(options);
  const { logZ, converged, warnings, effectiveSampleSize } = await model.evaluate(described.rows, options);
  return { ...logZ, converged, warnings, effectiveSampleSize };
}
