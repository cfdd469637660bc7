// node bench/network/quality.mjs --data folder [--tasks a,b] [--choose] [--seed n] [--threads n] [--keep folder] [--out file]
// What deep belief networks reach on MNIST, by the recipes of recipes.mjs. Trained on 60,000 digits and judged once by the 10,000 test
// digits; with --choose on 50,000 and by the other 10,000, which is how recipes were chosen. Networks stay in the folder of --keep, and
// a pretrained one is not trained again.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DeepBeliefNetwork } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { machine } from '../lib/machine.mjs';
import { mean } from '../lib/statistics.mjs';
import { fixedRows } from '../likelihood/data.mjs';
import { recipes } from './recipes.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const PIXELS = 784;
/** Draws of few labels; one of them is learnt from random weights, too. */
const draws = 5;
const log = (line) => process.stderr.write(`${line}\n`);
const seconds = (since) => Number(((performance.now() - since) / 1e3).toFixed(1));

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    tasks: { type: 'string' },
    choose: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    keep: { type: 'string', default: path('../build/networks') },
    out: { type: 'string', default: path('../results/networks.json') },
  },
});
const seed = Number(values.seed);
const where = values.threads === '0' ? {} : { threads: Number(values.threads) };
const place = { seed, ...where };
const part = ({ images, labels }, from, to) => ({
  rows: { data: images.data.subarray(from * PIXELS, to * PIXELS), shape: [to - from, PIXELS] },
  labels: labels.data.subarray(from, to),
});

async function digits() {
  const { train, test } = await loadMnist(join(values.data, 'mnist'));
  if (values.choose) return { learn: part(train, 0, 50_000), judge: part(train, 50_000, 60_000) };
  return { learn: part(train, 0, 60_000), judge: part(test, 0, 10_000) };
}

async function followed(what, run, text) {
  for await (const report of run.observe()) log(`${what}, ${text(report)}, ${report.seconds.toFixed(1)} s`);
}

const wrong = (told, labels) => told.reduce((sum, label, r) => sum + (label === labels[r] ? 0 : 1), 0) / told.length;

/** A pretrained stack, with labels at its top or without, and the seconds that its pretraining took. */
async function pretrained({ learn }, { layers, fit }, labelled = false) {
  const name = `${layers.join('-')}-${labelled ? 'labelled' : 'unlabelled'}-${seed}${values.choose ? '-choice' : ''}`;
  const [file, times] = [join(values.keep, `${name}.safetensors`), join(values.keep, `${name}.json`)];
  if (existsSync(times)) return { dbn: await DeepBeliefNetwork.load(file, where), seconds: JSON.parse(readFileSync(times)).seconds };
  const dbn = new DeepBeliefNetwork({ layers, ...place, ...(labelled ? { labels: 10 } : {}) });
  const began = performance.now();
  const run = dbn.pretrain(learn.rows, { ...fit, ...(labelled ? { labels: learn.labels } : {}) });
  await followed('pretraining', run, ({ level, epoch }) => `level ${level}, epoch ${epoch}`);
  const taken = seconds(began);
  mkdirSync(values.keep, { recursive: true });
  await dbn.save(file);
  writeFileSync(times, JSON.stringify({ seconds: taken }));
  return { dbn, seconds: taken };
}

const tasks = {
  async fineTuning(data) {
    const { dbn, seconds: before } = await pretrained(data, recipes.fineTuning.pretraining);
    const net = dbn.toClassifier({ classes: 10 });
    const began = performance.now();
    const run = net.fit(data.learn.rows, data.learn.labels, {
      ...recipes.fineTuning.fit,
      ...(values.choose ? { validation: data.judge } : {}),
    });
    await followed('fine-tuning', run, (r) => `epoch ${r.epoch}: loss ${r.loss.toFixed(4)}, validation error ${r.validationError}`);
    const taken = seconds(began);
    const { error, loss, ece } = await net.evaluate(data.judge.rows, data.judge.labels);
    await net.save(join(values.keep, `classifier-${seed}.safetensors`));
    return { error, loss, ece, pretrainingSeconds: before, seconds: taken };
  },

  async fewLabels(data) {
    const { pretraining, byLabels } = recipes.fewLabels;
    const { dbn } = await pretrained(data, pretraining);
    const fresh = new DeepBeliefNetwork({ layers: pretraining.layers, ...place });
    const results = [];
    for (const [count, { updates, fit, selfTraining }] of Object.entries(byLabels)) {
      const labelled = Number(count);
      const errors = { pretrained: [], random: [], selfTrained: [] };
      const began = performance.now();
      for (let draw = 1; draw <= draws; draw++) {
        const few = drawn(data.learn, labelled / 10, draw);
        for (const [name, network] of [['pretrained', dbn], ...(draw === 1 ? [['random', fresh]] : [])]) {
          const net = network.toClassifier({ classes: 10, seed: seed + draw });
          // What starts at random has nothing to stay close to.
          const rates = name === 'pretrained' ? fit.rates : {};
          await net.fit(few.rows, few.labels, { ...fit, rates, epochs: Math.ceil((updates * fit.batchSize) / labelled), monitorRows: 0 });
          const judged = async (kind) => {
            const { error } = await net.evaluate(data.judge.rows, data.judge.labels);
            errors[kind].push(error);
            log(`${labelled} labels, draw ${draw}, ${kind}: ${error}`);
          };
          await judged(name);
          if (name === 'pretrained') {
            await net.selfTrain(data.learn.rows, few.labelsOfAll, { ...fit, ...selfTraining, monitorRows: 0 });
            await judged('selfTrained');
          }
          net.dispose();
        }
      }
      const means = { mean: mean(errors.pretrained), selfTrainedMean: mean(errors.selfTrained) };
      results.push({ labelled, ...means, ...errors, seconds: seconds(began) });
    }
    return { results };
  },

  async upDown(data) {
    const { dbn, seconds: before } = await pretrained(data, recipes.upDown.pretraining, true);
    const greedy = wrong(await dbn.classify(data.judge.rows), data.judge.labels);
    const began = performance.now();
    const watched = values.choose ? { validation: data.judge, evaluateEvery: 5 } : {};
    const run = dbn.upDown(data.learn.rows, { labels: data.learn.labels, ...recipes.upDown.fit, ...watched });
    await followed('up-down', run, ({ epoch, validationError }) => `epoch ${epoch}: validation error ${validationError}`);
    const taken = seconds(began);
    await dbn.save(join(values.keep, `up-down-${seed}.safetensors`));
    const error = wrong(await dbn.classify(data.judge.rows), data.judge.labels);
    return { error, greedy, pretrainingSeconds: before, seconds: taken };
  },

  async autoencoder({ learn, judge }) {
    const { layers, pretrain, fit } = recipes.autoencoder;
    const net = DeepBeliefNetwork.autoencoder(layers, place);
    const began = performance.now();
    await followed('pretraining', net.pretrain(learn.rows, pretrain), ({ level, epoch }) => `level ${level}, epoch ${epoch}`);
    const before = seconds(began);
    const run = net.fit(learn.rows, { ...fit, ...(values.choose ? { validation: judge.rows } : {}) });
    await followed('fine-tuning', run, (r) => `epoch ${r.epoch}: error ${r.error.toFixed(3)}, validation ${r.validationError?.toFixed(3)}`);
    const { error } = await net.evaluate(judge.rows);
    await net.save(join(values.keep, `autoencoder-${seed}.safetensors`));
    return { squaredError: error, pretrainingSeconds: before, seconds: seconds(began) };
  },

  async bound() {
    const { layers, pretrain } = recipes.bound;
    const learn = await fixedRows(values.data, 'train');
    const judge = await fixedRows(values.data, values.choose ? 'valid' : 'test');
    const dbn = new DeepBeliefNetwork({ layers, ...place });
    const began = performance.now();
    const checkpoint = { path: join(values.keep, `bound-${seed}.safetensors`), every: 25_000 };
    mkdirSync(values.keep, { recursive: true });
    const run = dbn.pretrain(learn, { ...pretrain, checkpoint, monitorRows: 0 });
    await followed('pretraining', run, ({ level, epoch }) => `level ${level}, epoch ${epoch}`);
    const taken = seconds(began);
    const { bounds: _ofRows, ...told } = await dbn.evaluate(judge, { method: 'ais', chains: 100, betas: 10_000 });
    return { ...told, seconds: taken };
  },
};

/** The same number of rows of every class, drawn by a small generator of its own. */
function drawn({ rows, labels }, perClass, draw) {
  let state = 12_345 + draw;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const order = Array.from(labels, (_, r) => [random(), r]).sort((a, b) => a[0] - b[0]);
  const left = new Array(10).fill(perClass);
  const chosen = order.map(([, r]) => r).filter((r) => left[labels[r]]-- > 0);
  const data = new Float32Array(chosen.length * PIXELS);
  for (const [i, r] of chosen.entries()) data.set(rows.data.subarray(r * PIXELS, (r + 1) * PIXELS), i * PIXELS);
  const known = new Set(chosen);
  const labelsOfAll = Array.from(labels, (label, r) => (known.has(r) ? label : null));
  return { rows: { data, shape: [chosen.length, PIXELS] }, labels: chosen.map((r) => labels[r]), labelsOfAll };
}

const chosen = (values.tasks ?? Object.keys(tasks).join(',')).split(',');
if (!values.data || !chosen.every((name) => name in tasks)) {
  log(`Usage: quality.mjs --data folder-of-data-sets [--tasks ${Object.keys(tasks).join(',')}] [--choose] [--seed n] [--threads n]`);
  process.exit(2);
}
const data = await digits();
for (const name of chosen) {
  const result = { task: name, seed, choice: values.choose, ...(await tasks[name](data)) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!values.choose) save(result);
}

/** Replaces this task's result for this seed. */
function save(result) {
  const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')).results : [];
  const others = before.filter((old) => old.task !== result.task || old.seed !== result.seed);
  const dated = { date: new Date().toISOString().slice(0, 10), machine: machine(), ...result };
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify({ results: [...others, dated] }, null, 1)}\n`);
}
