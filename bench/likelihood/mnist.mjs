// node bench/likelihood/mnist.mjs --data folder [--recipes best,rebinarised,cd1,cd3,cd25] [--seeds 1] [--epochs n] [--out folder] [--tune]:
// RBMs with 784 visible and 500 hidden units, their log-likelihood with log Z bracketed by annealing from both sides. Prints one JSON line per
// recipe and seed. Validation rows are evaluated always, test rows once at the end, and not at all with --tune.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RBM } from 'boltzkit';
import { fixedRows, greyRows } from './data.mjs';
import { recipes } from './recipes.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    recipes: { type: 'string', default: Object.keys(recipes).join(',') },
    seeds: { type: 'string', default: '1' },
    epochs: { type: 'string' },
    threads: { type: 'string', default: '0' },
    out: { type: 'string' },
    tune: { type: 'boolean', default: false },
  },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
const names = values.recipes.split(',');
if (!folder || names.some((name) => !recipes[name])) {
  process.stderr.write(
    `Usage: mnist.mjs --data folder [--recipes ${Object.keys(recipes).join(',')}] [--seeds 1,2] [--epochs n] [--tune]\n`,
  );
  process.exit(2);
}

const round = (x) => Number(x.toFixed(2));

async function train({ rows, fit }, seed) {
  const rbm = new RBM({ visible: 784, hidden: 500, seed, threads: Number(values.threads) });
  const data = rows === 'grey' ? await greyRows(folder) : await fixedRows(folder, 'train');
  const options = values.epochs === undefined ? fit : { ...fit, epochs: Number(values.epochs) };
  const begin = performance.now();
  const reports = await rbm.fit(data, { ...options, monitorRows: 0 });
  return { rbm, seconds: (performance.now() - begin) / 1e3, epochs: reports.length };
}

async function evaluate(rbm, part) {
  const begin = performance.now();
  const { logLikelihood, logZ, effectiveSampleSize, converged, warnings } = await rbm.evaluate(await fixedRows(folder, part));
  for (const warning of warnings) process.stderr.write(`${part}: ${warning}\n`);
  const { mean, low, high, standardError } = logLikelihood;
  return {
    [part]: [mean, low, high].map(round),
    error: round(standardError),
    gap: round(logZ.gap ?? 0),
    effectiveSampleSize: round(effectiveSampleSize),
    converged,
    seconds: round((performance.now() - begin) / 1e3),
  };
}

for (const name of names) {
  for (const seed of values.seeds.split(',').map(Number)) {
    const { rbm, seconds, epochs } = await train(recipes[name], seed);
    if (values.out !== undefined) {
      mkdirSync(values.out, { recursive: true });
      await rbm.save(join(values.out, `${name}-${seed}.safetensors`));
    }
    const parts = [await evaluate(rbm, 'valid')];
    if (!values.tune) parts.push(await evaluate(rbm, 'test'));
    console.log(JSON.stringify({ name, seed, epochs, seconds: round(seconds), parts }));
    rbm.dispose();
  }
}
