// node bench/classic/encoder.mjs [--patterns 8] [--seeds 20] [--first 1]: the 8-3-8 encoder of Ackley, Hinton & Sejnowski (1985). Two groups of
// eight units, of which one is on, must find a code through three hidden units: each of the eight patterns needs a code of its own.
// The units of a group are coupled to each other; those of the code are not.
//
// Solved, as fixed before the runs: with one group held at a pattern the other group shows the same pattern with probability 0.9 or more, for all
// patterns and both groups, and the likeliest code given both groups differs from pattern to pattern. Probabilities are sums over all
// states of the other group and the code, not estimates.
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli } from 'boltzkit';
import { energyOf, normalised, settings } from './enumerate.mjs';

const number = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { patterns: number(8), seeds: number(20), first: number(1) } });
const [patterns, seeds, first] = ['patterns', 'seeds', 'first'].map((name) => Number(values[name]));
const hidden = Math.log2(patterns);
if (!Number.isInteger(hidden) || !(seeds >= 1)) {
  process.stderr.write('Usage: encoder.mjs [--patterns 4 or 8] [--seeds 20] [--first 1]\n');
  process.exit(2);
}
const REQUIRED = 0.9;
const oneHot = Array.from({ length: patterns }, (_, i) => Array.from({ length: patterns }, (_, j) => (i === j ? 1 : 0)));
const rows = Array.from({ length: 10 * patterns }, (_, r) => oneHot[r % patterns]);

// A code that two patterns share is a local optimum. The first stage leaves it by the noise of few chains and large steps, while decay keeps
// the weights small; the second makes the answers sharp. The sparsity target says that a good code unit is on half of the time.
const SAMPLING = { batchSize: rows.length, monitorRows: 0 };
const STAGES = [
  { epochs: 20_000, algorithm: { name: 'pcd', sweeps: 3, chains: 10 }, learningRate: 6, l2: 5e-3, sparsity: { target: 0.5, weight: 1 } },
  {
    epochs: 4_000,
    algorithm: { name: 'pcd', sweeps: 3, chains: 100 },
    learningRate: { schedule: 'linear', from: 1, to: 0.02 },
    l2: 1e-4,
    sparsity: { target: 0.5, weight: 0.5 },
  },
];

async function train(seed) {
  const machine = new BoltzmannMachine({
    layers: { left: bernoulli(patterns), right: bernoulli(patterns), code: bernoulli(hidden) },
    couplings: [
      ['left', 'left'],
      ['right', 'right'],
      ['left', 'code'],
      ['right', 'code'],
    ],
    seed,
    threads: 1,
    weightScale: 0.1,
  });
  for (const stage of STAGES) await machine.fit({ left: rows, right: rows }, { ...SAMPLING, ...stage });
  return machine;
}

const codes = settings(hidden);
const groups = settings(patterns);

/** P(free group = pattern | held group = pattern). */
function completion(energy, held, free, pattern) {
  const energies = groups.flatMap((other) => codes.map((code) => energy({ [held]: pattern, [free]: other, code })));
  const p = normalised(energies);
  const same = groups.findIndex((other) => other.every((on, i) => on === pattern[i]));
  return p.slice(same * codes.length, (same + 1) * codes.length).reduce((a, b) => a + b);
}

function likeliestCode(energy, pattern) {
  const energies = codes.map((code) => energy({ left: pattern, right: pattern, code }));
  return energies.indexOf(Math.min(...energies));
}

/** The enumeration must see the energies that the machine sees. */
async function validate(machine, energy) {
  const code = oneHot.map((_, k) => codes[k % codes.length]);
  const theirs = (await machine.energy({ left: oneHot, right: oneHot, code })).data;
  const apart = oneHot.map((p, k) => Math.abs(energy({ left: p, right: p, code: code[k] }) - theirs[k]));
  if (!(Math.max(...apart) < 1e-3)) throw new Error(`energies differ from the machine's by ${Math.max(...apart)}`);
}

let solved = 0;
const begin = performance.now();
console.log('| seed | lowest P(completion) | codes |\n|---:|---:|---:|');
for (let seed = first; seed < first + seeds; seed++) {
  const machine = await train(seed);
  const energy = energyOf(machine);
  await validate(machine, energy);
  const lowest = Math.min(...oneHot.flatMap((p) => [completion(energy, 'left', 'right', p), completion(energy, 'right', 'left', p)]));
  const distinct = new Set(oneHot.map((p) => likeliestCode(energy, p))).size;
  machine.dispose();
  if (lowest >= REQUIRED && distinct === patterns) solved++;
  console.log(`| ${seed} | ${lowest.toFixed(3)} | ${distinct} of ${patterns} |`);
}
console.log(
  `\n${patterns}-${hidden}-${patterns} encoder solved for ${solved} of ${seeds} seeds (${((performance.now() - begin) / 1e3).toFixed(0)} s)`,
);
process.exitCode = solved === seeds ? 0 : 1;
