// node bench/spins/hopfield.mjs [--units 500,1000,2000] [--loads 0.05,...] [--networks 2] [--seed 1] [--picture hopfield-capacity.svg]
// Hebbian Hopfield networks at loads alpha = p / N: every stored pattern is its own cue, and recall goes to a fixed point. Prints the mean overlap m of
// what is recalled with what was stored, and the share of wrong units (1 - m) / 2, beside the mean-field theory at zero temperature (Amit, Gutfreund &
// Sompolinsky, Physical Review Letters 55 (1985), 1530): m = erf(y), y (sqrt(2 alpha) + 2 / sqrt(pi) exp(-y^2)) = erf(y), replica symmetric,
// which has its transition at alpha = 0.138 with m = 0.967. At 0.10 it also prints the pseudo-inverse and Storkey rules. About 2 minutes on one core.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { HopfieldNetwork } from 'boltzkit';
import { uniforms } from '../lib/order.mjs';
import { capacityPicture, theory } from './capacity.mjs';

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '500,1000,2000' },
    loads: { type: 'string', default: '0.05,0.1,0.12,0.13,0.138,0.145,0.15,0.17,0.2' },
    networks: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    picture: { type: 'string' },
  },
});
const list = (text) => text.split(',').map(Number);
const [sizes, loads, networks] = [list(values.units), list(values.loads), Number(values.networks)];

/** Mean overlap over the patterns of one network, its sweeps, and whether all recalls ended. */
async function measure(units, alpha, rule, seed) {
  const uniform = uniforms(seed);
  const count = Math.round(alpha * units);
  const patterns = { data: Int8Array.from({ length: count * units }, () => (uniform() < 0.5 ? -1 : 1)), shape: [count, units] };
  const network = new HopfieldNetwork({ units, threads: 1 });
  await network.store(patterns, { rule });
  const { states, sweeps, converged } = await network.recall(patterns, { sweeps: 1000 });
  network.dispose();
  let sum = 0;
  for (let i = 0; i < states.data.length; i++) sum += states.data[i] * patterns.data[i];
  return { m: sum / states.data.length, sweeps: Math.max(...sweeps.data), converged };
}

const mean = (x) => x.reduce((a, b) => a + b, 0) / x.length;
const error = (x) => Math.sqrt(x.reduce((sum, v) => sum + (v - mean(x)) ** 2, 0) / (x.length - 1) / x.length);
const curves = sizes.map(() => []);
const began = performance.now();
console.log(
  `| load | theory m | ${sizes.map((n) => `m, N = ${n}`).join(' | ')} | wrong in theory | wrong, N = ${sizes.at(-1)} | most sweeps |`,
);
console.log(`| ---: | ---: |${' ---: |'.repeat(sizes.length + 3)}`);
for (const alpha of loads) {
  const cells = [];
  let [most, last] = [0, 0];
  for (const [k, units] of sizes.entries()) {
    const runs = [];
    for (let t = 0; t < networks; t++) runs.push(await measure(units, alpha, 'hebbian', Number(values.seed) + 1000 * t + k));
    if (!runs.every(({ converged }) => converged)) throw new Error(`a recall did not end: N = ${units}, load ${alpha}`);
    const m = runs.map((run) => run.m);
    curves[k].push(mean(m));
    cells.push(`${mean(m).toFixed(4)} ± ${error(m).toFixed(4)}`);
    most = Math.max(most, ...runs.map(({ sweeps }) => sweeps));
    last = (1 - mean(m)) / 2;
    process.stderr.write(`load ${alpha}, ${units} units, ${((performance.now() - began) / 1e3).toFixed(0)} s\n`);
  }
  const m = theory(alpha);
  console.log(`| ${alpha} | ${m.toFixed(4)} | ${cells.join(' | ')} | ${((1 - m) / 2).toPrecision(3)} | ${last.toPrecision(3)} | ${most} |`);
}
console.log(`\n| rule, load 0.1 and 0.5, N = ${sizes[0]} | m at 0.1 | m at 0.5 |\n| --- | ---: | ---: |`);
for (const rule of ['hebbian', 'storkey', 'pseudo-inverse']) {
  const at = [];
  for (const alpha of [0.1, 0.5]) {
    const runs = [];
    for (let t = 0; t < networks; t++) runs.push((await measure(sizes[0], alpha, rule, Number(values.seed) + 1000 * t)).m);
    at.push(mean(runs).toFixed(4));
  }
  console.log(`| ${rule} | ${at.join(' | ')} |`);
}
console.log(`\n${((performance.now() - began) / 1e3).toFixed(0)} s, ${networks} networks to a point, seed ${values.seed}`);

if (values.picture !== undefined) await writeFile(values.picture, capacityPicture(sizes, loads, curves));
