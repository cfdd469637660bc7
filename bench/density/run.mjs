// node bench/density/run.mjs --data folder [--sets adult,dna] [--seeds 1,2,3]: small RBMs against published exact log-likelihoods.
// Every setting of a data set is trained, the one with the best exact log-likelihood of the validation rows is chosen, and its test rows
// are evaluated once. Prints one JSON line per data set and seed.
import { parseArgs } from 'node:util';
import { RBM } from 'boltzkit';
import { sets } from './sets.mjs';

const { values } = parseArgs({
  options: { data: { type: 'string' }, sets: { type: 'string' }, seeds: { type: 'string', default: '1' }, plain: { type: 'boolean' } },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
const names = values.sets?.split(',') ?? Object.keys(sets);
if (!folder || names.some((name) => !sets[name])) {
  process.stderr.write(`Usage: run.mjs --data folder [--sets ${Object.keys(sets).join(',')}] [--seeds 1,2] [--plain]\n`);
  process.exit(2);
}

async function train({ hidden }, data, seed, { epochs, l2 }) {
  const rbm = new RBM({ visible: data.train.shape[1], hidden, seed });
  const begin = performance.now();
  await rbm.fit(data.train, {
    epochs,
    l2,
    centred: !values.plain,
    batchSize: 100,
    algorithm: { name: 'pcd', chains: 500 },
    learningRate: { schedule: 'linear', from: 0.1, hold: 0.5 },
    averageLast: 0.1,
    monitorRows: 0,
  });
  const seconds = (performance.now() - begin) / 1e3;
  return { rbm, epochs, l2, seconds, valid: await logLikelihood(rbm, data.valid) };
}

async function logLikelihood(rbm, rows) {
  const { mean, standardError } = (await rbm.evaluate(rows, { method: 'exact' })).logLikelihood;
  return { mean, error: standardError };
}

const round = (x) => Number(x.toFixed(2));

for (const name of names) {
  const set = sets[name];
  const data = await set.load(folder);
  for (const seed of values.seeds.split(',').map(Number)) {
    let best = null;
    for (const epochs of set.epochs) {
      for (const l2 of set.l2) {
        const model = await train(set, data, seed, { epochs, l2 });
        process.stderr.write(`${name}, seed ${seed}: ${epochs} epochs, l2 ${l2}: validation ${round(model.valid.mean)}\n`);
        if (best === null || model.valid.mean > best.valid.mean) best = model;
      }
    }
    const test = await logLikelihood(best.rbm, data.test);
    const { epochs, l2, seconds, valid } = best;
    const figures = { test: round(test.mean), error: round(test.error), valid: round(valid.mean), published: set.published };
    console.log(
      JSON.stringify({ name, seed, ...figures, epochs, l2, seconds: round(seconds), gradient: values.plain ? 'plain' : 'centred' }),
    );
  }
}
