// node bench/event-loop.mjs [--train] [--rows n] [forms...]: the longest that the event loop stands
// still while large data go in. Every form of rows that is converted on the way is handed to
// `freeEnergy` of a machine with one hidden unit, so that the time of the call is that of taking
// the data. With --train another model trains on all cores meanwhile. Prints milliseconds: the
// longest stall by the clock, the longest as work of the main thread (what a busy machine does not
// change), and the whole call.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BoltzmannMachine, bernoulli, RBM, softmax } from '../dist/index.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const columns = 784;
const bit = (i) => Number((i * 2654435761) % 7 < 2);
const bits = (Class, length) => Class.from({ length }, (_, i) => bit(i));
const image = (data, more) => ({ data, shape: [data.length / columns, columns], ...more });

const forms = {
  nested: (rows) => Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (__, c) => bit(r * columns + c))),
  'nested typed': (rows) => Array.from({ length: rows }, (_, r) => Float32Array.from({ length: columns }, (__, c) => bit(r * columns + c))),
  list: (rows) => image(bits(Array, (rows / 2) * columns)),
  int16: (rows) => image(bits(Int16Array, rows * columns)),
  'int16 by columns': (rows) => image(bits(Int16Array, rows * columns), { stride: [1, rows] }),
  mask: (rows) => image(bits(Uint8Array, rows * columns), { mask: new Uint8Array(rows * columns).fill(1) }),
  'mask of booleans': (rows) => image(bits(Uint8Array, (rows / 2) * columns), { mask: new Array((rows / 2) * columns).fill(true) }),
  categories: () => ({ data: Int32Array.from({ length: 3_000_000 }, (_, i) => i % 10), shape: [1_000_000, 3] }),
  'nested categories': () => Array.from({ length: 1_000_000 }, (_, r) => [r % 10, r % 7, r % 3]),
  sparse: (rows) => sparse(rows),
  float32: (rows) => image(bits(Float32Array, rows * columns)),
};

function sparse(rows) {
  const each = 150;
  const indptr = Int32Array.from({ length: rows + 1 }, (_, r) => r * each);
  const indices = Int32Array.from({ length: rows * each }, (_, i) => (i % each) * 5);
  return { indptr, indices, values: new Float64Array(rows * each).fill(1), shape: [rows, columns] };
}

const { values, positionals } = parseArgs({
  options: { train: { type: 'boolean', default: false }, rows: { type: 'string', default: '60000' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !Object.hasOwn(forms, name));
if (unknown !== undefined || !(Number(values.rows) >= 1000)) {
  console.error(`usage: node bench/event-loop.mjs [--train] [--rows n, at least 1000] [${Object.keys(forms).join(' | ')}]`);
  process.exit(2);
}

/**
 * Milliseconds that this thread has worked; other processes on the same cores count in time, not
 * here. Linux only.
 */
function worked() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/**
 * The longest time between two turns of the event loop: by the clock, and as work of this thread.
 */
async function longestStall(work) {
  const stall = { clock: 0, worked: 0, all: 0 };
  let before = { clock: performance.now(), worked: worked() };
  const timer = setInterval(() => {
    const now = { clock: performance.now(), worked: worked() };
    for (const part of ['clock', 'worked']) stall[part] = Math.max(stall[part], now[part] - before[part]);
    before = now;
  }, 1);
  await sleep(20);
  const begin = performance.now();
  Object.assign(stall, { clock: 0, worked: 0 });
  await work();
  stall.all = performance.now() - begin;
  await sleep(5);
  clearInterval(timer);
  return stall;
}

const image1 = new RBM({ visible: columns, hidden: 1 });
const categories3 = new BoltzmannMachine({ layers: { v: softmax(10, 3), h: bernoulli(1) }, couplings: [['v', 'h']] });
const ask = (name, rows) => (name.endsWith('categories') ? categories3.freeEnergy({ v: rows }) : image1.freeEnergy(rows));

const trained = new RBM({ visible: columns, hidden: 500 });
const run = values.train ? trained.fit(forms.float32(10_000), { epochs: 1_000_000 }) : null;
run?.catch(() => undefined);

console.log(`${values.train ? 'while a model trains' : 'alone'}; milliseconds`);
console.log(`${'form'.padEnd(20)}${'longest'.padStart(9)}${'worked'.padStart(9)}${'in all'.padStart(9)}`);
const line = (name, { clock, worked, all }) =>
  console.log(name.padEnd(20) + [clock, worked, all].map((time) => time.toFixed(1).padStart(9)).join(''));
line('nothing', await longestStall(() => sleep(500)));
for (const name of positionals.length > 0 ? positionals : Object.keys(forms)) {
  const rows = forms[name](Number(values.rows));
  gc(); // what making the rows left behind is not part of the call
  line(name, await longestStall(() => ask(name, rows)));
}
run?.stop();
await run;
for (const model of [image1, categories3, trained]) model.dispose();
