// node bench/potts/pairwise.mjs --data folder [--epochs 20] [--l2 0.001] [--samples 2000] [--sweeps 200] [--seed 1]
// A Potts model of the WW domain by pseudo-likelihood (direct-coupling analysis): do sequences drawn from it have the letters and the correlations of the
// family? The split, the weights and the statistics are those of run.mjs, whose Potts RBM it stands beside. Also prints the ten highest scores of
// couplings between sites more than four apart. About 5 minutes on one core.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PottsModel } from 'boltzkit';
import { CATEGORIES, pearson, readAlignment, similarityWeights, split, statistics } from './msa.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    epochs: { type: 'string', default: '20' },
    l2: { type: 'string', default: '0.001' },
    samples: { type: 'string', default: '2000' },
    sweeps: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
if (!folder) {
  process.stderr.write('Usage: pairwise.mjs --data folder [--epochs 20] [--l2 0.001] [--samples 2000] [--sweeps 200] [--seed 1]\n');
  process.exit(2);
}
const [epochs, l2, samples, sweeps, seed] = [values.epochs, values.l2, values.samples, values.sweeps, values.seed].map(Number);
const alignment = await readAlignment(join(folder, 'protein-msa', 'WW_domain_MSA.fasta.gz'));
const { columns } = alignment;
const parts = split(alignment, 0.2, seed);
const [train, test] = [parts.train, parts.test].map((data) => ({ data, weights: similarityWeights(data, columns, 0.8) }));
for (const part of [train, test]) part.statistics = statistics(part.data, columns, part.weights);
const rows = train.data.length / columns;

const model = new PottsModel({ sites: columns, categories: CATEGORIES, seed, threads: 1 });
const began = performance.now();
await model.fit({ data: train.data, shape: [rows, columns] }, { epochs, l2, sampleWeights: train.weights, monitorRows: 0 });
const trained = performance.now();
const drawn = await model.sample(samples, { sweeps });
const sampled = performance.now();
const scores = model.couplingScores({ without: [0] });
model.dispose();
const found = statistics(Uint8Array.from(drawn.data), columns);
console.log(`${rows} training sequences, ${epochs} epochs, l2 ${l2}, ${samples} samples by ${sweeps} sweeps, seed ${seed}`);
console.log(`${((trained - began) / 1e3).toFixed(0)} s of training, ${((sampled - trained) / 1e3).toFixed(0)} s of sampling\n`);
console.log('| Pearson correlation | letters per site | connected pairs |\n|---|---:|---:|');
const compare = (name, a, b) =>
  console.log(`| ${name} | ${pearson(a.sites, b.sites).toFixed(4)} | ${pearson(a.pairs, b.pairs).toFixed(4)} |`);
compare('samples – training', found, train.statistics);
compare('samples – held out', found, test.statistics);
compare('training – held out (ceiling)', train.statistics, test.statistics);
const pairs = [];
for (let i = 0; i < columns; i++) for (let j = i + 5; j < columns; j++) pairs.push([scores.get(i, j), i + 1, j + 1]);
const top = pairs.sort((a, b) => b[0] - a[0]).slice(0, 10);
console.log(`\nhighest scores: ${top.map(([score, i, j]) => `${i}–${j} ${score.toFixed(3)}`).join(', ')}`);
