// node bench/deep/mnist.mjs --data folder [--tasks density,classes] [--tune] [--seed n] [--threads n] [--keep folder]
// A deep Boltzmann machine 784-500-1000 on MNIST, by the recipe of recipes.mjs: the variational bound of the fixed binarisation, and the error
// of the classifier that it is unrolled into. Prints one JSON line per task. Validation rows are judged always, or with --tune alone; test rows
// once. Machines stay in the folder of --keep, where a run that was killed goes on. Training took about five minutes of processor time.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DeepBoltzmannMachine, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { machine } from '../lib/machine.mjs';
import { fixedRows } from '../likelihood/data.mjs';
import { recipes } from './recipes.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    tasks: { type: 'string', default: 'density,classes' },
    tune: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    keep: { type: 'string', default: fileURLToPath(new URL('../build/deep', import.meta.url)) },
  },
});
const place = { seed: Number(values.seed), threads: Number(values.threads) };
const PIXELS = 784;
const kept = (name) => join(values.keep, `${name}-${values.seed}.safetensors`);
const log = (line) => process.stderr.write(`${line}\n`);
const round = (x) => Number(x.toFixed(2));
const seconds = () => round(performance.now() / 1e3);

/** Fits up to an epoch; a run whose checkpoint is there goes on from it. */
async function fitted(Model, name, make, rows, fit, stopAfter = fit.epochs) {
  const path = kept(name);
  const model = existsSync(path) ? await Model.load(path, { threads: place.threads }) : make();
  const resume = existsSync(path) && model.training !== null;
  if (resume && (model.training.complete || model.training.epoch >= stopAfter)) return model;
  const every = 10 * Math.ceil(rows.shape[0] / 100);
  const run = model.fit(rows, { ...fit, monitorRows: 0, resume, checkpoint: { path, every } });
  for await (const { epoch, seconds: taken } of run) {
    log(`${name}, epoch ${epoch}: ${taken.toFixed(1)} s`);
    if (epoch === stopAfter) run.stop();
  }
  await model.save(path);
  return model;
}

/** The first layer alone, then all of them. */
async function trained() {
  const rows = await fixedRows(values.data, 'train');
  const { layers, first, joint } = recipes;
  const makeFirst = () => new RBM({ visible: layers[0], hidden: layers[1], ...place });
  const rbm = await fitted(RBM, 'first', makeFirst, rows, first.fit, first.stopAfter);
  let dbm = new DeepBoltzmannMachine({ layers, ...place });
  dbm.setParameter('visible.bias', rbm.getParameter('visible.bias'));
  dbm.setParameter('hidden1.bias', rbm.getParameter('hidden.bias'));
  dbm.setParameter('visible-hidden1.weights', rbm.getParameter('visible-hidden.weights'));
  rbm.dispose();
  for (const [i, { fit, stopAfter }] of joint.entries()) {
    const before = dbm;
    dbm = await fitted(DeepBoltzmannMachine, `joint${i + 1}`, () => before, rows, fit, stopAfter);
  }
  return dbm;
}

async function bounded(dbm, part) {
  const { bound, logZ, converged, warnings } = await dbm.variationalBound(await fixedRows(values.data, part));
  for (const warning of warnings) log(`${part}: ${warning}`);
  const { mean, low, high, standardError } = bound;
  return { [part]: [mean, low, high].map(round), error: round(standardError), gap: round(logZ.gap ?? 0), converged };
}

const tasks = {
  async density() {
    const dbm = await trained();
    const valid = await bounded(dbm, 'valid');
    return values.tune ? [valid] : [valid, await bounded(dbm, 'test')];
  },
  async classes() {
    const { train, test } = await loadMnist(join(values.data, 'mnist'));
    const part = ({ images, labels }, from, to) => ({
      rows: { data: images.data.subarray(from * PIXELS, to * PIXELS), shape: [to - from, PIXELS] },
      labels: labels.data.slice(from, to),
    });
    const learn = part(train, 0, values.tune ? 50_000 : 60_000);
    const judge = values.tune ? part(train, 50_000, 60_000) : part(test, 0, 10_000);
    const dbm = await trained();
    const classifier = dbm.toClassifier({ classes: 10 });
    const run = classifier.fit(await dbm.augmented(learn.rows), learn.labels, recipes.fineTuning);
    for await (const { epoch, loss, seconds: taken } of run.observe())
      log(`fine-tuning, epoch ${epoch}: loss ${loss}, ${taken.toFixed(1)} s`);
    const { error, ece } = await classifier.evaluate(await dbm.augmented(judge.rows), judge.labels);
    return { error, ece, judged: values.tune ? 'validation' : 'test' };
  },
};

if (!values.data) {
  log('Usage: mnist.mjs --data folder [--tasks density,classes] [--tune] [--seed n] [--threads n] [--keep folder]');
  process.exit(2);
}
mkdirSync(values.keep, { recursive: true });
for (const name of values.tasks.split(',')) {
  const found = await tasks[name]();
  console.log(JSON.stringify({ name, seed: place.seed, found, seconds: seconds(), machine: machine() }));
}
