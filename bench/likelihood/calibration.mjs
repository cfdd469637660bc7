// Estimates of log Z against its exact value, on machines small enough to count: is the forward estimate of Z unbiased, and do the stated
// 95 % intervals cover the truth in 95 % of all runs?
//
//     node bench/likelihood/calibration.mjs [--seeds 200] [--methods ais,ladder] [--machines word,word]
//
// Per machine: exact log Z; of annealing forward the mean of exp(estimate - exact) less 1 over its standard error, a z-score; the coverage of the
// forward, the reverse and the combined interval; the median gap and effective sample size. Of the ladder the z-score, the coverage and the median half width. Seeds are 1, 2, ...
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli, binomial, gaussian, gridEdges, softmax, spin } from 'boltzkit';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    methods: { type: 'string', default: 'ais,ladder' },
    machines: { type: 'string', default: '' },
  },
});

const rbm = (visible, hidden) => ({ layers: { v: visible, h: hidden }, couplings: [['v', 'h']] });
const chain = (...units) => ({
  layers: Object.fromEntries(units.map((u, i) => [`l${i}`, u])),
  couplings: units.slice(1).map((_, i) => [`l${i}`, `l${i + 1}`]),
});
const lateral = (units, graph) => ({ layers: { s: units }, couplings: [['s', 's', ...(graph ? [graph] : [])]] });

/** Name, wiring, standard deviation of weights, of biases. */
const machines = [
  ['rbm weak', rbm(bernoulli(12), bernoulli(8)), 0.2, 0.5],
  ['rbm', rbm(bernoulli(12), bernoulli(8)), 1, 0.5],
  ['rbm strong', rbm(bernoulli(12), bernoulli(8)), 2, 0.5],
  ['rbm wide', rbm(bernoulli(40), bernoulli(10)), 0.7, 1],
  ['rbm many hidden', rbm(bernoulli(8), bernoulli(60)), 0.4, 0.5],
  ['rbm spins', rbm(spin(12), spin(8)), 0.3, 0.3],
  ['rbm spins strong', rbm(spin(12), spin(8)), 0.6, 0.3],
  ['rbm softmax', rbm(softmax(3, 5), bernoulli(8)), 0.8, 0.5],
  ['rbm binomial', rbm(binomial(6, 4), bernoulli(6)), 0.4, 0.3],
  ['rbm gaussian', rbm(gaussian(10), bernoulli(8)), 0.3, 0.5],
  ['rbm gaussian strong', rbm(gaussian(10), bernoulli(8)), 0.6, 0.5],
  ['lateral', lateral(bernoulli(12)), 0.5, 0.5],
  ['lateral strong', lateral(bernoulli(12)), 1.2, 0.5],
  ['lateral spins', lateral(spin(12)), 0.3, 0.3],
  ['grid of spins', lateral(spin(16), { edges: gridEdges([4, 4]) }), 0.5, 0.2],
  ['grid of Potts units', lateral(softmax(3, 9), { edges: gridEdges([3, 3]) }), 0.6, 0.3],
  [
    'semi-restricted',
    {
      layers: { v: bernoulli(9), h: bernoulli(7) },
      couplings: [
        ['v', 'v'],
        ['v', 'h'],
      ],
    },
    0.6,
    0.5,
  ],
  ['deep', chain(bernoulli(9), bernoulli(8), bernoulli(7)), 0.7, 0.5],
  ['deep strong', chain(bernoulli(9), bernoulli(8), bernoulli(7)), 1.5, 0.5],
  ['deep, four layers', chain(bernoulli(7), spin(6), bernoulli(6), bernoulli(5)), 0.5, 0.3],
  [
    'triangle',
    {
      layers: { a: bernoulli(7), b: spin(5), c: bernoulli(6) },
      couplings: [
        ['a', 'b'],
        ['b', 'c'],
        ['a', 'c'],
      ],
    },
    0.5,
    0.3,
  ],
];

/** Standard normal numbers by Box & Muller over a congruential generator (Numerical Recipes' constants), the same ones in every run. */
function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A machine with biases of this scale, the same for every seed, and weights that its first seed drew. */
function make([, wiring, weightScale, biasScale], seed, first) {
  const machine = new BoltzmannMachine({ ...wiring, seed, weightScale, threads: 1 });
  const normal = normals(99);
  for (const [name, [rows, cols]] of Object.entries(machine.parameterShapes)) {
    const values = first?.getParameter(name).data ?? machine.getParameter(name).data;
    if (first === undefined && !name.endsWith('.weights')) for (let j = 0; j < cols; j++) values[j] = biasScale * normal();
    machine.setParameter(name, { data: values, shape: [rows, cols] });
  }
  return machine;
}

const contains = ({ low, high }, x) => low <= x && x <= high;
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const percent = (flags) => `${(100 * mean(flags.map(Number))).toFixed(1)} %`;

function zScore(ratios) {
  const m = mean(ratios);
  return (m - 1) / Math.sqrt(mean(ratios.map((r) => (r - m) ** 2)) / (ratios.length - 1));
}

const settings = {
  ais: { method: 'ais', betas: 100, chains: 100, warmup: 200 },
  ladder: { method: 'ladder', chains: 20, warmup: 200 },
};

async function estimates(described, first, method) {
  const all = [];
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const machine = make(described, seed, first);
    all.push(await machine.logZ(settings[method]));
    machine.dispose();
  }
  return all;
}

const columns = {
  ais: (runs, exact) => [
    zScore(runs.map(({ forward }) => Math.exp(forward.value - exact))).toFixed(2),
    zScore(runs.map(({ reverse }) => Math.exp(exact - reverse.value))).toFixed(2),
    percent(runs.map(({ forward }) => contains(forward, exact))),
    percent(runs.map(({ reverse }) => contains(reverse, exact))),
    percent(runs.map((run) => contains(run, exact))),
    median(runs.map(({ gap }) => gap)).toFixed(3),
    median(runs.map((run) => run.effectiveSampleSize)).toFixed(0),
  ],
  ladder: (runs, exact) => [
    zScore(runs.map(({ value }) => Math.exp(value - exact))).toFixed(2),
    percent(runs.map((run) => contains(run, exact))),
    median(runs.map((run) => run.high - run.value)).toFixed(3),
  ],
};
const heads = {
  ais: ['z forward', 'z reverse', 'forward', 'reverse', 'both', 'gap', 'samples'],
  ladder: ['z ladder', 'ladder', 'half width'],
};

const methods = options.methods.split(',');
const words = options.machines.split(',');
const rows = [];
for (const described of machines.filter(([name]) => words.some((word) => name.includes(word)))) {
  const first = make(described, 1);
  const exact = (await first.logZ({ method: 'exact' })).value;
  const row = [described[0], exact.toFixed(4)];
  for (const method of methods) row.push(...columns[method](await estimates(described, first, method), exact));
  first.dispose();
  console.error(row.join('  '));
  rows.push(row);
}
const head = ['machine', 'exact log Z', ...methods.flatMap((method) => heads[method])];
const line = (cells) => `| ${cells.join(' | ')} |`;
console.log([head, head.map(() => '---'), ...rows].map(line).join('\n'));
