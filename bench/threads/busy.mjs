/**
 * What a second thread costs while another process keeps a core busy: epochs of CD-1 (784-500, rows made up like MNIST's) on one thread and on two, in turns,
 * first on the machine as it is, then beside a busy loop that may run anywhere, then beside one that is bound to processor 0 (Linux, by `taskset`).
 *
 *   node bench/threads/busy.mjs [--pairs 10] [--rows 10000] [--package path/to/dist/index.js]
 *
 * Prints the median epoch of one thread and of two, and the median and quartiles of their ratio over the pairs: above 1 the second thread helps.
 * The targets are 1.9 on a quiet machine, and at least 0.95, better 1.2, beside one busy loop on two cores.
 */
import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median, quantile } from '../lib/statistics.mjs';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '10' }, rows: { type: 'string', default: '10000' }, package: { type: 'string' } },
});
const { RBM } = await import(values.package ? pathToFileURL(resolve(values.package)).href : 'boltzkit');
const pairs = Number(values.pairs);
const count = Number(values.rows);
const visible = 784;

/** Bits, 19 % of them on, in runs of five, as strokes are. */
function madeUpRows() {
  const data = new Float32Array(count * visible);
  let state = 3;
  const below = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let r = 0; r < count; r++)
    for (let i = 0; i < 37; i++) {
      const first = r * visible + 120 + below(540);
      data.fill(1, first, first + 5);
    }
  return data;
}

/** A loop that never ends; `processor`: where it has to stay. */
function busyLoop(processor) {
  const program = [process.execPath, '-e', 'for (;;);'];
  if (processor !== undefined) program.unshift('taskset', '-c', String(processor));
  return spawn(program[0], program.slice(1), { stdio: 'ignore' });
}

const shape = [count, visible];
const rows = { data: madeUpRows(), shape };
const machines = [1, 2].map((threads) => new RBM({ visible, hidden: 500, seed: 1, threads }));
const options = { algorithm: { name: 'cd', sweeps: 1 }, batchSize: 100, learningRate: 0.01, averageLast: 0, monitorRows: 0, epochs: 1 };

async function epoch(rbm) {
  const [report] = await rbm.fit(rows, options);
  return report.seconds;
}

async function measure(name) {
  const seconds = [[], []];
  for (let p = 0; p < pairs; p++) for (const t of p % 2 ? [1, 0] : [0, 1]) seconds[t].push(await epoch(machines[t]));
  const ratios = seconds[0].map((one, p) => one / seconds[1][p]);
  const digits = (x) => x.toFixed(3);
  console.log(
    `${name.padEnd(28)} one thread ${digits(median(seconds[0]))} s, two ${digits(median(seconds[1]))} s, ` +
      `one / two ${digits(median(ratios))} (quartiles ${digits(quantile(ratios, 0.25))}, ${digits(quantile(ratios, 0.75))})`,
  );
}

for (const rbm of machines) await epoch(rbm);
await measure('as it is');
const canBind = spawnSync('taskset', ['--version']).status === 0;
for (const [name, processor] of [['a busy loop', undefined], ...(canBind ? [['a busy loop on processor 0', 0]] : [])]) {
  const busy = busyLoop(processor);
  try {
    await measure(name);
  } finally {
    busy.kill('SIGKILL');
  }
}
for (const rbm of machines) rbm.dispose();
