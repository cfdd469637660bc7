// node bench/hashing/look-up.mjs [--codes 60000] [--queries 1000] [--seed 1]: how many codes an index answers for in a second of
// processor time. Codes lie around 500 centres, each bit turned with probability 0.08 ('near'), or anywhere ('anywhere').
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { HammingIndex } from 'boltzkit';

const number = { type: 'string' };
const { values } = parseArgs({ args: argv.slice(2), options: { codes: number, queries: number, seed: number } });
const [codes, queries, seed] = [Number(values.codes ?? 60_000), Number(values.queries ?? 1000), Number(values.seed ?? 1)];
const [centres, turned] = [500, 0.08];

let state = seed;
/** A number in [0, 1): a Weyl sequence, mixed. */
function random() {
  state = (state + 0x9e3779b9) | 0;
  let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/** Functions that make packed codes of one law. */
function law(bits, near) {
  const stride = Math.ceil(bits / 8);
  const heads = Array.from({ length: centres }, () => Array.from({ length: bits }, () => random() < 0.5));
  return (n) => {
    const bytes = new Uint8Array(n * stride);
    for (let r = 0; r < n; r++) {
      const head = heads[Math.floor(random() * centres)];
      for (let j = 0; j < bits; j++) {
        const on = near ? head[j] !== random() < turned : random() < 0.5;
        if (on) bytes[r * stride + (j >> 3)] |= 0x80 >> (j & 7);
      }
    }
    return { bits: bytes, shape: [n, bits] };
  };
}

async function perSecond(work) {
  await work();
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  return Math.round((queries / (user + system)) * 1e6);
}

console.log('| bits | codes | build, ms | 10 nearest per second | 100 nearest per second | within 2 bits per second |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const bits of [20, 28, 32, 64, 128]) {
  for (const near of [true, false]) {
    const make = law(bits, near);
    const [all, asked] = [make(codes), make(queries)];
    const begin = process.cpuUsage();
    const index = new HammingIndex(all);
    const build = Math.round(process.cpuUsage(begin).user / 1000);
    const ten = await perSecond(() => index.nearest(asked, { k: 10 }));
    const hundred = await perSecond(() => index.nearest(asked, { k: 100 }));
    const within = await perSecond(() => index.within(asked, { radius: 2 }));
    console.log(
      `| ${bits} | ${near ? 'near' : 'anywhere'} | ${build} | ${[ten, hundred, within].map((n) => n.toLocaleString('en')).join(' | ')} |`,
    );
  }
}
