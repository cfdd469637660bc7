// Two layers with equal weights and one bond that differs: the joint distribution of both layers' sums and of the two units of that bond is a table.
// Rounding errors of equal weights are equal too, so they add up; the bond decides how coarse the rounding is.
import { BoltzmannMachine, bernoulli, spin } from 'boltzkit';
import { joined } from './judge.mjs';
import { Random } from './random.mjs';
import { pOfZ } from './verdict.mjs';

export function randomEqual(seed) {
  const random = new Random(seed, 8);
  const type = random.pick(['bernoulli', 'spin']);
  const [n, m] = random.pick([[256, 256], [300, 128], [128, 400]]); // biome-ignore format: one line
  // Spins order where |w| sqrt(n m) = 1.
  const w = Math.fround((random.pick([0.5, 0.9, 1.1, 1.2]) * (type === 'spin' ? 1 : 4) * (random.coin() ? 1 : -1)) / Math.sqrt(n * m));
  const bond = Math.fround((random.coin() ? 1 : -1) * random.pick([0, 1, 3, 5, 6, 10, 20]));
  // Bits feel the fields of spins where their biases make up for their means.
  const [b, c] = (type === 'spin' ? [0, 0] : [(-w * m) / 2, (-w * n) / 2]).map((x) => Math.fround(x + 0.02 * random.normal()));
  return { seed, wiring: 'large', strength: 'equal', layers: [{ type }, { type }], n, m, w, bond, b, c };
}

/** p(a, b, i, j): units a and b of the bond, and how many of the other units of each layer are in their upper state. */
function tableOf({ layers, n, m, w, bond, b, c }) {
  const [low, high] = layers[0].type === 'spin' ? [-1, 1] : [0, 1];
  const [one, other] = [logChoices(n - 1), logChoices(m - 1)];
  const logs = new Float64Array(4 * n * m);
  for (let k = 0; k < 4; ++k) {
    const [x, y] = [k & 1 ? high : low, k & 2 ? high : low];
    for (let i = 0; i < n; ++i) {
      const s = x + high * i + low * (n - 1 - i);
      for (let j = 0; j < m; ++j) {
        const t = y + high * j + low * (m - 1 - j);
        logs[(k * n + i) * m + j] = one[i] + other[j] + w * (s * t - x * y) + bond * x * y + b * s + c * t;
      }
    }
  }
  const top = logs.reduce((a, x) => Math.max(a, x));
  const weights = logs.map((x) => Math.exp(x - top));
  const z = weights.reduce((a, x) => a + x);
  return { low, high, p: weights.map((x) => x / z), logZ: top + Math.log(z) };
}

function logChoices(n) {
  const all = [0];
  for (let k = 1; k <= n; ++k) all.push(all[k - 1] + Math.log((n - k + 1) / k));
  return all;
}

/** What is compared: sums of both layers, their squares and product, the two units and theirs. */
function statistics(s, t, x, y, { n, m }) {
  return [s / n, t / m, (s / n) ** 2, (t / m) ** 2, (s * t) / n / m, x, y, x * y, Math.abs(s / n)];
}

/** Chains that start exactly in the distribution, as a check of draws. */
export function equalChains(equal, where) {
  const { seed, n, m, w, bond, b, c, layers } = equal;
  const { low, high, p } = tableOf(equal);
  const random = new Random(seed, 9);
  const sweeps = random.pick(where.device === 'reference' ? [1, 2] : [1, 4, 16]); // the reference takes plain loops
  const cellOf = (cell) => {
    const [k, i, j] = [Math.floor(cell / (n * m)), Math.floor(cell / m) % n, cell % m];
    const [x, y] = [k & 1 ? high : low, k & 2 ? high : low];
    return { x, y, i, j, s: x + high * i + low * (n - 1 - i), t: y + high * j + low * (m - 1 - j) };
  };
  const expected = [new Float64Array(9), new Float64Array(9)];
  p.forEach((q, cell) => {
    if (q === 0) return;
    const { s, t, x, y } = cellOf(cell);
    statistics(s, t, x, y, equal).forEach((value, k) => {
      expected[0][k] += q * value;
      expected[1][k] += q * value * value;
    });
  });
  const make = (count) => (layers[0].type === 'spin' ? spin(count) : bernoulli(count));
  return async (draws, salt) => {
    const own = new Random(seed, 10, salt);
    const count = Math.ceil(draws / 7);
    const [a, z] = [new Float32Array(count * n), new Float32Array(count * m)];
    own.indices(p, count).forEach((cell, r) => {
      const { x, y, i, j } = cellOf(cell);
      fill(a, r * n, n, x, i, low, high, own);
      fill(z, r * m, m, y, j, low, high, own);
    });
    const machine = new BoltzmannMachine({ layers: { v: make(n), h: make(m) }, couplings: [['v', 'h']], seed: seed * 16 + salt, ...where });
    try {
      machine.setParameter('v.bias', [new Array(n).fill(b)]);
      machine.setParameter('h.bias', [new Array(m).fill(c)]);
      const weights = new Float32Array(n * m).fill(w);
      weights[0] = bond;
      machine.setParameter('v-h.weights', { data: weights, shape: [n, m] });
      const running = await machine.chains(count, { start: { v: { data: a, shape: [count, n] }, h: { data: z, shape: [count, m] } } });
      await running.advance(sweeps);
      return judge(running.states('v').data, running.states('h').data, count, equal, expected);
    } finally {
      machine.dispose();
    }
  };
}

/** Unit 0 and `up` of the others in their upper state, in random places. */
function fill(rows, at, n, first, up, low, high, random) {
  rows.fill(low, at, at + n);
  rows[at] = first;
  // Knuth's selection sampling: every subset of this size alike.
  let left = up;
  for (let k = 1; k < n && left > 0; ++k) {
    if (random.uniform() * (n - k) < left) {
      rows[at + k] = high;
      left -= 1;
    }
  }
}

function judge(v, h, count, equal, [mean, square]) {
  const { n, m } = equal;
  const sums = new Float64Array(mean.length);
  for (let r = 0; r < count; ++r) {
    let [s, t] = [0, 0];
    for (let i = 0; i < n; ++i) s += v[r * n + i];
    for (let j = 0; j < m; ++j) t += h[r * m + j];
    statistics(s, t, v[r * n], h[r * m], equal).forEach((value, k) => {
      sums[k] += value / count;
    });
  }
  const tests = [...sums].flatMap((sum, k) => {
    const variance = square[k] - mean[k] ** 2;
    // Units that hardly ever change: far from normal.
    if (variance < 1e-12 || (k > 4 && k < 8 && count * variance < 48)) return [];
    const z = (sum - mean[k]) / Math.sqrt(variance / count);
    return [{ p: pOfZ(z), z, detail: `statistic ${k}: ${sum.toPrecision(5)}, exactly ${mean[k].toPrecision(5)}, z ${z.toFixed(1)}` }];
  });
  return joined([...tests, ...conditionals(v, h, count, equal)]);
}

/** h was drawn last: its sum less the exact mean given v, of the unit of the bond and of the others. */
function conditionals(v, h, count, { n, m, w, bond, c, layers }) {
  const isSpin = layers[0].type === 'spin';
  const mean = (field) => (isSpin ? Math.tanh(field) : 1 / (1 + Math.exp(-field)));
  const spread = (p) => (isSpin ? 1 - p * p : p * (1 - p));
  const [others, own] = [
    { sum: 0, variance: 0 },
    { sum: 0, variance: 0 },
  ];
  for (let r = 0; r < count; ++r) {
    let [s, t] = [0, 0];
    for (let i = 0; i < n; ++i) s += v[r * n + i];
    for (let j = 1; j < m; ++j) t += h[r * m + j];
    const [p, q] = [mean(w * s + c), mean(w * (s - v[r * n]) + bond * v[r * n] + c)];
    others.sum += t - (m - 1) * p;
    others.variance += (m - 1) * spread(p);
    own.sum += h[r * m] - q;
    own.variance += spread(q);
  }
  return [others, own].flatMap(({ sum, variance }, k) => {
    if (!(variance > 12)) return [];
    const z = sum / Math.sqrt(variance);
    return [
      {
        p: pOfZ(z),
        z,
        detail: `${k ? 'unit of the bond' : 'other units'} given v: ${(sum / count).toPrecision(4)} too much, z ${z.toFixed(1)}`,
      },
    ];
  });
}
