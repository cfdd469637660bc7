// node bench/quality/run.mjs --data folder [--machines a,b] [--seeds n] [--runs file] [--out file]: does the fast path learn as well as the reference? The same
// training on both devices, over several seeds; mean log-likelihood of the 10,000 test rows of the fixed binarisation of MNIST, exact for 20 hidden
// units, bracketed for 500 (always estimated on the CPU device). A finished run is a line of the file of runs, and is not made again. After a new
// build of the addon those of the CPU device are; those of the reference are kept: delete the file when its arithmetic has changed.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { backendInfo, RBM } from 'boltzkit';
import { machine } from '../lib/machine.mjs';
import { fixedRows } from '../likelihood/data.mjs';
import { compare, markdown } from './comparison.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const linear = (from) => ({ schedule: 'linear', from, hold: 0.3 });

/**
 * One pass of 50,000 rows takes the reference 90 s with 500 hidden units, and 3 s with 20. Minibatches of 100, because in smaller ones weights are not
 * rounded. Over five seeds the standard error of a difference is 0.63 of
 * the spread, over ten 0.45.
 */
const recipes = {
  '784–20': {
    seeds: 10,
    hidden: 20,
    fit: { algorithm: 'pcd', batchSize: 100, epochs: 10, learningRate: linear(0.05), l2: 0 },
    evaluate: { method: 'exact' },
  },
  '784–500': {
    seeds: 5,
    hidden: 500,
    fit: { algorithm: 'pcd', batchSize: 100, epochs: 1, learningRate: linear(0.1), l2: 0 },
    evaluate: { method: 'ais' },
  },
};

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    seeds: { type: 'string' },
    machines: { type: 'string', default: Object.keys(recipes).join(',') },
    runs: { type: 'string', default: path('../build/quality.jsonl') },
    out: { type: 'string', default: path('results.json') },
  },
});
const machines = values.machines.split(',');
const folder = values.data ?? process.env.BOLTZKIT_DATA;
const seedsOf = (name) => Number(values.seeds ?? recipes[name].seeds);
if (!folder || !machines.every((name) => name in recipes && Number.isInteger(seedsOf(name)) && seedsOf(name) > 1)) {
  process.stderr.write(
    'Usage: quality/run.mjs --data folder [--machines 784–20,784–500] [--seeds n, at least 2] [--runs file] [--out file]\n',
  );
  process.exit(2);
}

const hash = (what) => createHash('sha256').update(what).digest('hex').slice(0, 12);
const addon = hash(readFileSync(path('../../build/Release/boltzkit.node')));
const keyOf = (name, device, seed) =>
  hash(JSON.stringify([name, { ...recipes[name], seeds: undefined }, device, seed, device === 'cpu' ? addon : null]));

function finishedRuns() {
  if (!existsSync(values.runs)) return new Map();
  const lines = readFileSync(values.runs, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((run) => [run.key, run]));
}

async function trained({ hidden, fit }, device, seed, rows) {
  const rbm = new RBM({ visible: 784, hidden, seed, device, threads: 1 });
  const begin = performance.now();
  await rbm.fit(rows, { ...fit, monitorRows: 0 });
  return { rbm, seconds: (performance.now() - begin) / 1e3 };
}

/** The same parameters on the CPU device. */
function onCpu(rbm, hidden) {
  const copy = new RBM({ visible: 784, hidden, seed: 1, device: 'cpu', threads: 1 });
  for (const name of ['weights', 'visibleBias', 'hiddenBias']) {
    const { data, shape } = rbm[name];
    copy[name] = { data: Float32Array.from(data), shape };
  }
  return copy;
}

async function run(name, device, seed, data) {
  const recipe = recipes[name];
  const { rbm, seconds } = await trained(recipe, device, seed, data.train);
  const copy = onCpu(rbm, recipe.hidden);
  const { logLikelihood, converged } = await copy.evaluate(data.test, recipe.evaluate);
  const { mean, low, high } = logLikelihood;
  rbm.dispose();
  copy.dispose();
  return { name, device, seed, mean, low, high, converged, seconds };
}

const data = { train: await fixedRows(folder, 'train'), test: await fixedRows(folder, 'test') };
const done = finishedRuns();
mkdirSync(dirname(values.runs), { recursive: true });
const wanted = machines.flatMap((name) =>
  Array.from({ length: seedsOf(name) }, (_, i) => ['cpu', 'reference'].map((device) => ({ name, device, seed: i + 1 }))).flat(),
);
const runs = [];
for (const { name, device, seed } of wanted) {
  const key = keyOf(name, device, seed);
  if (!done.has(key)) {
    done.set(key, { key, ...(await run(name, device, seed, data)) });
    appendFileSync(values.runs, `${JSON.stringify(done.get(key))}\n`);
  }
  const { key: _, ...finished } = done.get(key);
  process.stderr.write(
    `${name}, ${device}, seed ${seed}: ${finished.mean.toFixed(3)} [${finished.low.toFixed(3)}, ${finished.high.toFixed(3)}]\n`,
  );
  runs.push(finished);
}
const comparisons = machines.map((name) => compare(name, runs));
const date = new Date().toISOString().slice(0, 10);
writeFileSync(
  values.out,
  `${JSON.stringify({ date, machine: machine(), kernels: backendInfo().isa, recipes, comparisons, runs }, null, 1)}\n`,
);
process.stdout.write(`${markdown(comparisons)}\n`);
if (!comparisons.every((comparison) => comparison.equal)) process.exitCode = 1;
