// node bench/classic/shifter.mjs [--seeds 1,2,3]: the shifter of Hinton & Sejnowski (1986). A ring of eight random bits is seen twice, the second time
// shifted by −1, 0 or +1, and a machine of 24 hidden units must tell the shift. No pair of units says anything about it. It is trained as a model of
// all 768 patterns and asked for P(shift | both rings), which is exact: the hidden units are summed out.
//
// Some patterns fit several shifts (all bits equal, or of period two); no machine can be right on more of the 768 than there are different pairs of rings.
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli, softmax } from 'boltzkit';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1,2,3,4,5' } } });
const HIDDEN = 24;
const BITS = 8;
const SHIFTS = [-1, 0, 1];
const seeds = values.seeds.split(',').map(Number);
if (!seeds.every(Number.isInteger)) {
  process.stderr.write('Usage: shifter.mjs [--seeds 1,2,3]\n');
  process.exit(2);
}

const rings = Array.from({ length: 2 ** BITS }, (_, k) => Array.from({ length: BITS }, (_, i) => (k >> i) & 1));
const shifted = (ring, by) => ring.map((_, i) => ring[(i - by + BITS) % BITS]);
const patterns = rings.flatMap((first) => SHIFTS.map((by, shift) => ({ first, second: shifted(first, by), shift })));
const data = {
  first: patterns.map((p) => p.first),
  second: patterns.map((p) => p.second),
  shift: patterns.map((p) => p.shift),
};
const possible = new Set(patterns.map((p) => `${p.first}:${p.second}`)).size / patterns.length;

async function train(seed) {
  const machine = new BoltzmannMachine({
    layers: { first: bernoulli(BITS), second: bernoulli(BITS), shift: softmax(SHIFTS.length), hidden: bernoulli(HIDDEN) },
    couplings: [
      ['first', 'hidden'],
      ['second', 'hidden'],
      ['shift', 'hidden'],
    ],
    seed,
    weightScale: 0.1,
  });
  await machine.fit(data, {
    epochs: 10_000,
    batchSize: 64,
    algorithm: { name: 'pcd', chains: 256 },
    learningRate: { schedule: 'linear', from: 0.1, hold: 0.5 },
    averageLast: 0.1,
    monitorRows: 0,
  });
  return machine;
}

/** Per pattern: whether the likeliest shift is the true one, P(true shift), and how many bits are on. */
async function judge(machine) {
  const p = await machine.probabilities('shift', { first: data.first, second: data.second });
  return patterns.map(({ first, shift }, r) => {
    const row = SHIFTS.map((_, k) => p.get(r, k));
    return { right: row.indexOf(Math.max(...row)) === shift ? 1 : 0, probability: row[shift], on: first.reduce((a, b) => a + b) };
  });
}

const mean = (rows, of) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
const percent = (x) => `${(100 * x).toFixed(1)} %`;
const all = [];
console.log(`| seed | right of 768 | mean P(true shift) | s |\n|---:|---:|---:|---:|`);
for (const seed of seeds) {
  const begin = performance.now();
  const machine = await train(seed);
  const rows = await judge(machine);
  machine.dispose();
  all.push(...rows);
  const seconds = (performance.now() - begin) / 1e3;
  console.log(
    `| ${seed} | ${percent(mean(rows, (r) => r.right))} | ${percent(mean(rows, (r) => r.probability))} | ${seconds.toFixed(0)} |`,
  );
}
console.log(
  `\nright of all: ${percent(mean(all, (r) => r.right))}; possible: ${percent(possible)}; chance: ${percent(1 / SHIFTS.length)}\n`,
);
console.log('| bits on | right | possible | mean P(true shift) |\n|---:|---:|---:|---:|');
for (let on = 0; on <= BITS; on++) {
  const rows = all.filter((r) => r.on === on);
  const here = patterns.filter((p) => p.first.reduce((a, b) => a + b) === on);
  const best = new Set(here.map((p) => `${p.first}:${p.second}`)).size / here.length;
  console.log(`| ${on} | ${percent(mean(rows, (r) => r.right))} | ${percent(best)} | ${percent(mean(rows, (r) => r.probability))} |`);
}
