// node bench/potts/run.mjs --data folder [--families WW,Kunitz] [--seed 1]: Potts RBMs of protein families (as Tubiana, Cocco & Monasson 2019). Do
// sequences drawn from the machine have the letters per site, and the correlations between sites, of the family?
//
// A fifth of the sequences is held out. Sequences are weighted by 1 / number of those at least 80 % identical, in training and in the statistics, each part
// within itself. Samples come from chains that start from noise (independent sites), not from data.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli, softmax } from 'boltzkit';
import { CATEGORIES, pearson, readAlignment, similarityWeights, split, statistics } from './msa.mjs';

const { values } = parseArgs({
  options: { data: { type: 'string' }, families: { type: 'string', default: 'WW,Kunitz' }, seed: { type: 'string', default: '1' } },
});
/** By name: the alignment and how its machine is trained and sampled. */
const families = {
  WW: {
    file: 'WW_domain_MSA.fasta.gz',
    hidden: 100,
    epochs: 60,
    rate: 0.1,
    algorithm: { name: 'pcd', sweeps: 2, chains: 300 },
    l2: 0,
    samples: 8000,
    sweeps: 400,
  },
  Kunitz: {
    file: 'Kunitz_domain_MSA.fasta.gz',
    hidden: 250,
    epochs: 40,
    rate: 0.05,
    algorithm: { name: 'pcd', sweeps: 10, chains: 500 },
    l2: 5e-4,
    samples: 20000,
    sweeps: 400,
  },
};
const folder = values.data ?? process.env.BOLTZKIT_DATA;
const names = values.families.split(',');
if (!folder || names.some((name) => !families[name])) {
  process.stderr.write('Usage: run.mjs --data folder [--families WW,Kunitz] [--seed 1]\n');
  process.exit(2);
}
const SHARE = 0.2;
const IDENTITY = 0.8;
const seed = Number(values.seed);

const build = (columns, hidden) =>
  new BoltzmannMachine({
    layers: { sequence: softmax(CATEGORIES, columns), hidden: bernoulli(hidden) },
    couplings: [['sequence', 'hidden']],
    seed,
  });

const training = ({ epochs, rate, algorithm, l2 }) => ({
  epochs,
  batchSize: 100,
  algorithm,
  l2,
  learningRate: { schedule: 'linear', from: rate, hold: 0.5 },
  averageLast: 0.1,
  monitorRows: 0,
});

/** Category numbers of rows of groups, of which each must be one-hot. */
function categories(rows) {
  const numbers = new Uint8Array(rows.length / CATEGORIES).fill(CATEGORIES);
  for (let at = 0; at < rows.length; at++) {
    if (rows[at] === 0) continue;
    const group = Math.floor(at / CATEGORIES);
    if (rows[at] !== 1 || numbers[group] !== CATEGORIES) throw new Error(`group ${group} of the samples is not one-hot`);
    numbers[group] = at % CATEGORIES;
  }
  if (numbers.includes(CATEGORIES)) throw new Error('a group of the samples has no letter');
  return numbers;
}

function compare(name, a, b) {
  console.log(`| ${name} | ${pearson(a.sites, b.sites).toFixed(4)} | ${pearson(a.pairs, b.pairs).toFixed(4)} |`);
}

for (const name of names) {
  const family = families[name];
  const { samples, sweeps } = family;
  const path = join(folder, 'protein-msa', family.file);
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const alignment = await readAlignment(path);
  const { columns } = alignment;
  const parts = split(alignment, SHARE, seed);
  const [train, test] = [parts.train, parts.test].map((data) => ({ data, weights: similarityWeights(data, columns, IDENTITY) }));
  for (const part of [train, test]) part.statistics = statistics(part.data, columns, part.weights);
  const effective = [train, test].map(({ weights }) => weights.reduce((a, b) => a + b).toFixed(0));
  const rows = train.data.length / columns;

  const machine = build(columns, family.hidden);
  const begin = performance.now();
  await machine.fit({ sequence: { data: train.data, shape: [rows, columns] } }, { ...training(family), sampleWeights: train.weights });
  const trained = performance.now();
  const drawn = statistics(categories((await machine.sample(samples, { sweeps: sweeps })).data), columns);
  const early = statistics(categories((await machine.sample(samples, { sweeps: sweeps / 2 })).data), columns);
  const sampled = performance.now();
  machine.dispose();

  console.log(
    `${name}: ${columns} columns; ${rows} training sequences (effective ${effective[0]}), ${test.data.length / columns} held out (effective ${effective[1]}), seed ${seed}`,
  );
  console.log(
    `${((trained - begin) / 1e3).toFixed(0)} s of training, ${((sampled - trained) / 1e3).toFixed(0)} s of sampling; ${samples} chains from noise, ${sweeps} sweeps\n`,
  );
  console.log('| Pearson correlation | letters per site | connected pairs |\n|---|---:|---:|');
  compare('samples – training', drawn, train.statistics);
  compare('samples – held out', drawn, test.statistics);
  compare('training – held out (ceiling)', train.statistics, test.statistics);
  compare(`samples – samples after ${sweeps / 2} sweeps`, drawn, early);
  console.log();
}
