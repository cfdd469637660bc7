/**
 * `boltzkit recommend serve` on MovieLens 1M: checks its answers against the library first, then measures how many requests it answers in a
 * closed loop, and how long they take at 1,000 and 5,000 per second in an open one. The server is a process of its own.
 *
 *     BOLTZKIT_DATA=… node bench/recommender/serve.mjs [--model ease] [--set name=value …] [--seconds 10] [--out file.json]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Recommender } from '../../dist/index.js';
import { closedLoop, openLoop, requestBytes } from './lib/load.mjs';
import { dataFolder, ml1m } from './lib/sets.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'ease' },
    set: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '16' },
    kinds: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('../results/recommender-serve.json', import.meta.url)) },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const bin = fileURLToPath(new URL('../../bin/boltzkit.mjs', import.meta.url));

/** Numbers in [0, 1) that are the same in every run (a linear congruence; which users are asked for is no science). */
function uniform(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n) / 2 ** 31;
  };
}

const random = uniform(1);
const only = (values.kinds ?? '').split(',').filter((word) => word !== '');
const pick = (list) => list[Math.floor(random() * list.length)];

function trained(folder) {
  const entries = ml1m(folder);
  const rows = {
    user: Array.from(entries.user, (u) => entries.users.id(u)),
    item: Array.from(entries.item, (i) => entries.items.id(i)),
    rating: entries.value,
  };
  const set = Object.fromEntries(values.set.map((text) => [text.split('=')[0], JSON.parse(text.slice(text.indexOf('=') + 1))]));
  return Recommender.fit(rows, { model: values.model, seed: 1, ...set });
}

/** Kinds of requests, and what the library answers to each. */
function kindsOf(rec) {
  const [users, items] = [rec.users(), rec.items()];
  const ratings = () =>
    [...new Set(Array.from({ length: 20 }, () => pick(items)))].map((item) => ({ item, rating: 1 + Math.floor(random() * 5) }));
  const plain = (list) => ({ recommendations: [...list], candidates: list.candidates, reason: list.reason, unknown: [] });
  const known = () => {
    const user = pick(users);
    return { path: `/recommend?user=${user}&n=10`, answer: async () => plain(await rec.recommend({ user, n: 10 })) };
  };
  const fresh = () => {
    const body = { ratings: ratings(), n: 10 };
    return { path: '/recommend', body, answer: async () => plain(await rec.recommend(body)) };
  };
  const similar = () => {
    const item = pick(items);
    return { path: `/similar?item=${item}&n=10`, answer: async () => ({ similar: rec.similarItems(item, 10) }) };
  };
  const mixed = () => {
    const draw = random();
    return draw < 0.8 ? known() : draw < 0.95 ? fresh() : similar();
  };
  return { 'known users': known, 'new users, 20 ratings': fresh, 'mixed: 80 % known, 15 % new, 5 % similar': mixed };
}

async function started(file) {
  const child = spawn(process.execPath, [bin, 'recommend', 'serve', file, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line);
    if (told.event === 'listening') return { child, port: told.port };
  }
  throw new Error('the server did not start');
}

/** Seconds of processor that a process has used, where the system tells (Linux); NaN elsewhere. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** Adds what a request cost the server: on a machine that others use too, that says more than the clock. */
async function withCost(pid, work) {
  const before = cpuSeconds(pid);
  const result = await work();
  return { ...result, serverMicroseconds: ((cpuSeconds(pid) - before) / result.requests) * 1e6 };
}

/** Compares answers with those of the library in this process; ends the run at the first that differs. */
async function validate(port, kinds, count) {
  for (const [name, make] of Object.entries(kinds)) {
    for (let i = 0; i < count; i++) {
      const { path, body, answer } = make();
      const init =
        body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
      const [got, expected] = [JSON.stringify(await response.json()), JSON.stringify(await answer())];
      if (got !== expected) throw new Error(`${name}: ${path} answered\n${got}\nthe library\n${expected}`);
    }
  }
}

const show = (name, what, { perSecond, p50, p99, p999, max, failures, serverMicroseconds }) => {
  const ms = (x) => `${x.toFixed(2)} ms`.padStart(9);
  console.log(
    `${name.padEnd(42)} ${what.padEnd(12)} ${perSecond.toFixed(0).padStart(6)} req/s  p50 ${ms(p50)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}  ${failures} failed  ${serverMicroseconds.toFixed(0)} µs of server`,
  );
};

const data = dataFolder();
const [before] = loadavg();
const folder = mkdtempSync(join(tmpdir(), 'boltzkit-serve-'));
const file = join(folder, 'ml-1m.safetensors');
let child;
try {
  let began = performance.now();
  await (await trained(data)).save(file);
  const fitSeconds = (performance.now() - began) / 1000;
  began = performance.now();
  const rec = await Recommender.load(file);
  const loadSeconds = (performance.now() - began) / 1000;
  console.log(`${values.model} on ML-1M: fit and save ${fitSeconds.toFixed(1)} s, load ${loadSeconds.toFixed(2)} s`);
  const server = await started(file);
  child = server.child;
  const { port } = server;
  const kinds = kindsOf(rec);
  await validate(port, kinds, 100);
  console.log('answers equal the library’s: 300 of 300');
  const results = {};
  for (const [name, make] of Object.entries(kinds)) {
    if (only.length > 0 && !only.some((word) => name.startsWith(word))) continue;
    // Made before the clock runs; the server sees every request for the first time at least once.
    const requests = Array.from({ length: 20_000 }, () => requestBytes(port, make()));
    let r = 0;
    const next = () => requests[r++ % requests.length];
    const cold = await withCost(child.pid, () => openLoop(port, next, { seconds: Math.min(seconds, 5), rate: 1000, connections: 64 }));
    show(name, 'first 1,000', cold);
    const closed = await withCost(child.pid, () => closedLoop(port, next, { seconds, connections }));
    show(name, 'closed loop', closed);
    const open = {};
    for (const rate of [1000, 5000]) {
      open[rate] = await withCost(child.pid, () => openLoop(port, next, { seconds, rate, connections: 64 }));
      show(name, `at ${rate}`, open[rate]);
    }
    results[name] = { cold, closed, open };
  }
  mkdirSync(dirname(values.out), { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, loadAverage: [before, loadavg()[0]] };
  writeFileSync(
    values.out,
    `${JSON.stringify({ model: values.model, machine, connections, seconds, fitSeconds, loadSeconds, results }, null, 2)}\n`,
  );
  console.log(`wrote ${values.out}`);
} finally {
  child?.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
