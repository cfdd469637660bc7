// node bench/classification/mnist.mjs --data folder --task name [--test] [--seed n] [--threads n] [--keep folder] [--out file]
//   [--hidden n] [--rate r] [--epochs n]
// What classification RBMs reach on MNIST, by the recipes of recipes.mjs: discriminative, hybrid, generative. Trained on the first
// 50,000 training digits and judged by the other 10,000, which also end the run and choose its epoch. With --test the machine that was
// kept is judged once by the 10,000 test digits, and by strangers: no letters or fashion, but digits with inverted colours, digits whose
// pixels are scrambled, and Frey's faces.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { atTemperature, bestTemperature, ClassificationRBM, calibration, linear } from 'boltzkit';
import { loadMnist, readIdx } from 'boltzkit/data';
import { machine } from '../lib/machine.mjs';
import { recipes } from './recipes.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const [PIXELS, SIDE] = [784, 28];
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    task: { type: 'string', default: 'hybrid' },
    test: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    keep: { type: 'string', default: path('../build/classification') },
    out: { type: 'string', default: path('../results/classification.json') },
    hidden: { type: 'string' },
    rate: { type: 'string' },
    epochs: { type: 'string' },
  },
});
const recipe = recipes[values.task];
if (recipe === undefined) throw new Error(`--task must be one of ${Object.keys(recipes).join(', ')}, got ${values.task}`);
const [hidden, rate] = [Number(values.hidden ?? recipe.hidden), Number(values.rate ?? recipe.rate)];
const epochs = Number(values.epochs ?? recipe.fit.epochs);
const [seed, threads] = [Number(values.seed), Number(values.threads)];
const file = join(values.keep, `${values.task}-${hidden}-${seed}.safetensors`);

const { train, test } = await loadMnist(join(values.data, 'mnist'));
const part = ({ images, labels }, from, to) => ({
  rows: { data: images.data.subarray(from * PIXELS, to * PIXELS), shape: [to - from, PIXELS] },
  labels: labels.data.subarray(from, to),
});
const [learn, validation] = [part(train, 0, 50_000), part(train, 50_000, 60_000)];

async function trained() {
  const model = new ClassificationRBM({ visible: PIXELS, classes: 10, hidden, seed, threads });
  const began = performance.now();
  const run = model.fit(learn.rows, learn.labels, { ...recipe.fit, epochs, learningRate: linear(rate), validation });
  for await (const { epoch, labels, seconds } of run.observe()) {
    const { loss, error, validationLoss, validationError } = labels;
    const line = { epoch, seconds: Number(seconds.toFixed(1)), loss, error, validationLoss, validationError };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  mkdirSync(values.keep, { recursive: true });
  await model.save(file);
  const seconds = (performance.now() - began) / 1e3;
  const { error, loss, ece } = await model.assess(validation.rows, validation.labels);
  const record = { task: values.task, hidden, rate, seed, epochs, ended: model.training.epoch, seconds, validation: { error, loss, ece } };
  writeFileSync(`${file}.json`, JSON.stringify(record));
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

/** The share of pairs of a usual and a strange row in which the strange one has the higher score; ties count half. */
function auroc(usual, strange) {
  const all = [...usual].map((score) => [score, 0]).concat([...strange].map((score) => [score, 1]));
  all.sort(([a], [b]) => a - b);
  let sum = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end][0] === all[i][0]) end++;
    for (let j = i; j < end; j++) if (all[j][1] === 1) sum += (i + 1 + end) / 2;
    i = end;
  }
  const [m, n] = [strange.length, usual.length];
  return (sum - (m * (m + 1)) / 2) / (m * n);
}

function inverted({ data, shape }) {
  return { data: data.map((x) => 1 - x), shape };
}

/** Every row with its pixels in another order, of a generator of 31 bits. */
function scrambled({ data, shape }) {
  const out = Float32Array.from(data);
  let state = 1;
  const below = (n) => {
    state = Number((BigInt(state) * 48271n) % 2147483647n);
    return state % n;
  };
  for (let r = 0; r < shape[0]; r++) {
    for (let i = PIXELS - 1; i > 0; i--) {
      const [a, b] = [r * PIXELS + i, r * PIXELS + below(i + 1)];
      [out[a], out[b]] = [out[b], out[a]];
    }
  }
  return { data: out, shape };
}

/** Faces of 28 × 20 in the middle of 28 × 28 pixels. */
async function faces() {
  const { data, shape } = await readIdx(join(values.data, 'frey', 'freyfaces-1965x28x20-idx3-ubyte.gz'));
  const width = 20;
  const out = new Float32Array(shape[0] * PIXELS);
  const largest = data.reduce((most, x) => Math.max(most, x), 0);
  data.forEach((x, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    out[row * SIDE + (SIDE - width) / 2 + column] = x / (largest > 1 ? 255 : 1);
  });
  return { data: out, shape: [shape[0], PIXELS] };
}

async function judged() {
  const model = await ClassificationRBM.load(file, { threads });
  const rows = { data: test.images.data, shape: [10_000, PIXELS] };
  const temperature = bestTemperature(await model.probabilities(validation.rows), validation.labels);
  const { error, loss, ece, calibration: plain } = await model.assess(rows, test.labels);
  const p = await model.probabilities(rows);
  const cooled = calibration(atTemperature(p, temperature), test.labels);
  const sure = await model.classify(rows, { reject: 0.99 });
  const kept = sure.flatMap((label, r) => (label === null ? [] : [label === test.labels.data[r]]));
  const strangers = { inverted: inverted(rows), scrambled: scrambled(rows), faces: await faces() };
  const doubts = (of) => Array.from({ length: of.shape[0] }, (_, r) => 1 - Math.max(...of.data.subarray(10 * r, 10 * r + 10)));
  const [usual, usualDoubts] = [(await model.strangeness(rows)).data, doubts(p)];
  const byStranger = {};
  for (const [name, some] of Object.entries(strangers)) {
    byStranger[name] = {
      strangeness: auroc(usual, (await model.strangeness(some)).data),
      confidence: auroc(usualDoubts, doubts(await model.probabilities(some))),
    };
  }
  model.dispose();
  return {
    ...JSON.parse(readFileSync(`${file}.json`, 'utf8')),
    test: { error, loss, ece, brier: plain.brier, temperature, eceAtTemperature: cooled.ece, lossAtTemperature: cooled.logLoss },
    sure: { share: kept.length / 10_000, error: kept.filter((right) => !right).length / kept.length },
    auroc: byStranger,
  };
}

if (!values.test) await trained();
else {
  const result = await judged();
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')).results : {};
  mkdirSync(dirname(values.out), { recursive: true });
  const all = { machine: machine(), date: new Date().toISOString().slice(0, 10), results: { ...before, [values.task]: result } };
  writeFileSync(values.out, `${JSON.stringify(all, null, 2)}\n`);
}
