// node bench/spins/hopfield.mjs [--units 500,1000,2000] [--loads 0.05,...] [--networks 2] [--seed 1] [--picture hopfield-capacity.svg]
// Hebbian Hopfield networks at loads alpha = p / N: every stored pattern is its own cue, and recall goes to a fixed point. Prints the mean overlap m of
// what is recalled with what was stored, and the share of wrong units (1 - m) / 2, beside the mean-field theory at zero temperature (Amit, Gutfreund &
// Sompolinsky, Physical Review Letters 55 (1985), 1530): m = erf(y), y (sqrt(2 alpha) + 2 / sqrt(pi) exp(-y^2)) = erf(y), replica symmetric,
// which has its transition at alpha = 0.138 with m = 0.967. At 0.10 it also prints the pseudo-inverse and Storkey rules. About 2 minutes on one core.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { HopfieldNetwork } from 'boltzkit';
import { uniforms } from '../lib/order.mjs';

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

function erf(x) {
  if (x > 6) return 1;
  let [sum, term] = [0, x];
  for (let k = 0; Math.abs(term) > 1e-17; k++) {
    sum += term / (2 * k + 1);
    term *= -(x * x) / (k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
function theory(alpha) {
  let y = 6;
  for (let i = 0; i < 20_000; i++) y = erf(y) / (Math.sqrt(2 * alpha) + (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y));
  return erf(y);
}

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

if (values.picture !== undefined) await writeFile(values.picture, picture());

/** Theory as a line, what was measured as dots. */
function picture() {
  const [width, height, left, bottom] = [560, 340, 46, 36];
  const x = (alpha) => left + (alpha / 0.2) * (width - left - 12);
  const y = (m) => height - bottom - m * (height - bottom - 24);
  const fine = Array.from({ length: 401 }, (_, i) => 0.0005 * i + 1e-4);
  const path = fine.map((alpha) => `${x(alpha).toFixed(1)},${y(theory(alpha)).toFixed(1)}`).join(' ');
  const colours = ['#9ecae1', '#4292c6', '#08519c', '#08306b'];
  const dots = curves.flatMap((curve, k) =>
    curve.map((m, i) => `<circle cx="${x(loads[i]).toFixed(1)}" cy="${y(m).toFixed(1)}" r="3.5" fill="${colours[k]}"/>`),
  );
  const text = (at, up, words, more = '') => `<text x="${at}" y="${up}" ${more}>${words}</text>`;
  const ticks = [0, 0.05, 0.1, 0.15, 0.2].map((a) => text(x(a), height - bottom + 16, a, 'text-anchor="middle"'));
  const marks = [0, 0.5, 1].map((m) => text(left - 6, y(m) + 4, m, 'text-anchor="end"'));
  const legend = sizes.map((n, k) => text(left + 14, y(0.5) + 18 * k, `N = ${n}`, `fill="${colours[k]}"`));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<path d="M${left},${y(1)}V${y(0)}H${x(0.2)}" fill="none" stroke="#888"/>
<polyline points="${path}" fill="none" stroke="#d94801" stroke-width="1.5"/>
${[...dots, ...ticks, ...marks, ...legend].join('\n')}
${text(left + 14, y(0.5) + 18 * sizes.length, 'mean-field theory', 'fill="#d94801"')}
${text(x(0.1), height - 4, 'load α = patterns / units', 'text-anchor="middle"')}
${text(left, 14, 'overlap of what is recalled with what was stored')}
</svg>
`;
}
