// node bench/single-rows.mjs folder: features of one row by this checkout and by another built one, in one process and in turn, 784–500 units, one
// thread. Times of some microseconds differ more between two processes than between two versions. The answers must be the same.
import { deepStrictEqual } from 'node:assert';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quantile } from './lib/statistics.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('Usage: single-rows.mjs folder\n');
  process.exit(2);
}
const ROUNDS = 200;
const CALLS = 300;
const row = { data: Float32Array.from({ length: 784 }, (_, i) => Number(i % 6 === 0)), shape: [1, 784] };

const versions = await Promise.all(
  [new URL('../dist/index.js', import.meta.url), pathToFileURL(resolve(folder, 'dist/index.js'))].map(async (url) => {
    const { RBM } = await import(url.href);
    return new RBM({ visible: 784, hidden: 500, seed: 1, threads: 1 });
  }),
);
const calls = { transformSync: (rbm) => rbm.transformSync(row), transform: async (rbm) => await rbm.transform(row) };

for (const [name, call] of Object.entries(calls)) {
  const [after, before] = await Promise.all(versions.map(call));
  deepStrictEqual([...after.data], [...before.data]);
  const times = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const turn of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const began = performance.now();
      for (let i = 0; i < CALLS; i++) await call(versions[turn]);
      times[turn].push(((performance.now() - began) / CALLS) * 1000);
    }
  }
  const [median, best] = [0.5, 0].map((q) => times.map((list) => quantile(list, q)));
  const ratio = ([a, b]) => `${a.toFixed(1)} after, ${b.toFixed(1)} before: ${(a / b).toFixed(2)}`;
  console.log(`${name}, microseconds: median ${ratio(median)}; best ${ratio(best)}`);
}
process.exit();
