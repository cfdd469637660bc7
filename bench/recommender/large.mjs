// node bench/recommender/large.mjs [--ratings 100000000] [--users 1000000] [--items 50000] [--hidden 8] [--sweeps 4] [--samples 4]
// The proof of size: that many generated ratings train in bounded memory. Values come from a known machine of four hidden units, so the
// error on fresh pairs can be held against its noise. Prints a line of JSON: seconds and the peak of resident memory.
import { parseArgs } from 'node:util';
import { OptionCheck } from '../../dist/arguments.js';
import { gaussian } from '../../dist/recommender/families/gaussian.js';
import { Ids } from '../../dist/recommender/ids.js';

const { values } = parseArgs({
  options: {
    ratings: { type: 'string', default: '100000000' },
    users: { type: 'string', default: '1000000' },
    items: { type: 'string', default: '50000' },
    hidden: { type: 'string', default: '8' },
    sweeps: { type: 'string', default: '4' },
    samples: { type: 'string', default: '4' },
    conditional: { type: 'string', default: 'both' },
    seed: { type: 'string', default: '1' },
  },
});
const [n, users, items, hidden, sweeps, samples] = ['ratings', 'users', 'items', 'hidden', 'sweeps', 'samples'].map((name) =>
  Number(values[name]),
);
const units = 4;
const noise = 0.8;

/** Numbers in [0, 1) by seed (mulberry32). */
let state = Number(values.seed);
function uniform() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
/** About normal: a sum of four. */
const normal = () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);

const drawn = (length, scale) => Float32Array.from({ length }, () => scale * normal());
const [p, q] = [drawn(users * units, 0.6), drawn(items * units, 0.6)];
const [userBias, itemBias] = [drawn(users, 0.3), drawn(items, 0.4)];

/** A few items have most of the ratings; a user's number says nothing. */
const someItem = () => Math.floor(items * uniform() ** 2.5);
function rating(u, i) {
  let r = 3.5 + userBias[u] + itemBias[i] + noise * normal();
  for (let c = 0; c < units; c++) r += p[u * units + c] * q[i * units + c];
  return Math.min(5, Math.max(1, Math.round(r)));
}

const seconds = (since) => (performance.now() - since) / 1000;
const peakGiB = () => process.resourceUsage().maxRSS / 2 ** 20;
const log = (text) => process.stderr.write(`${text}, peak ${peakGiB().toFixed(2)} GiB\n`);

const begin = performance.now();
const [user, item, value] = [new Uint32Array(n), new Uint32Array(n), new Float32Array(n)];
for (let k = 0; k < n; k++) {
  user[k] = Math.floor(users * uniform());
  item[k] = someItem();
  value[k] = rating(user[k], item[k]);
}
const range = (size) => Ids.of({ [Symbol.iterator]: () => Array.from({ length: size }, (_, k) => k)[Symbol.iterator]() });
const entries = { users: range(users), items: range(items), user, item, value, time: undefined };
log(`generated ${n} ratings in ${seconds(begin).toFixed(0)} s`);

const options = gaussian.read(new OptionCheck('large'), { hidden, samples, burnIn: sweeps, thin: 1, conditional: values.conditional });
const start = performance.now();
let told = 0;
const model = await gaussian.fit(entries, options, {
  seed: 1n,
  threads: 0,
  scale: { values: [1, 2, 3, 4, 5] },
  onProgress: ({ fraction }) => {
    if (fraction - told < 0.1) return;
    told = fraction;
    log(`${Math.round(100 * fraction)} % after ${seconds(start).toFixed(0)} s`);
  },
});
const fitSeconds = seconds(start);

// Fresh pairs of the first users.
let [squares, plain, count] = [0, 0, 0];
const firsts = Math.min(users, 300);
const own = Array.from({ length: firsts }, () => new Map());
for (let k = 0; k < n; k++) if (user[k] < firsts) own[user[k]].set(item[k], value[k]);
for (let u = 0; u < firsts; u++) {
  const sorted = [...own[u]].sort(([a], [b]) => a - b);
  const given = { items: Uint32Array.from(sorted, ([i]) => i), values: Float32Array.from(sorted, ([, r]) => r) };
  const asked = Uint32Array.from({ length: 50 }, someItem);
  model.predict(given, asked).forEach(({ mean }, k) => {
    const r = rating(u, asked[k]);
    squares += (mean - r) ** 2;
    plain += (3.5 - r) ** 2;
    count++;
  });
}
const round = (x) => Number(x.toFixed(3));
console.log(
  JSON.stringify({
    ratings: n,
    users,
    items,
    hidden,
    sweeps: sweeps + samples,
    fitSeconds: round(fitSeconds),
    secondsPerSweep: round(fitSeconds / (sweeps + samples)),
    peakGiB: round(peakGiB()),
    rmse: round(Math.sqrt(squares / count)),
    rmseOfConstant: round(Math.sqrt(plain / count)),
    noise,
  }),
);
