// One-step prediction of a film: the Frey faces in order of time, by a conditional RBM beside the last frame, the mean frame and a linear
// autoregression (ridge), on frames at the end of the film. Sizes, penalties and numbers of epochs are chosen on the frames before these; those at
// the end are looked at once.
//
//   node bench/sequences/run.mjs --data <folder of data> [--out sequences.json]

import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readIdx } from '../../dist/data/index.js';
import { bernoulli, ConditionalRBM, gaussian, linear } from '../../dist/index.js';

const { values: flags } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
if (flags.data === undefined) throw new Error('--data must name the folder with frey/');
const pixels = 560;
const { data: levels } = await readIdx(join(flags.data, 'frey', 'freyfaces-1965x28x20-idx3-ubyte.gz'));
const frames = levels.length / pixels;
const [trainEnd, validationEnd] = [frames - 400, frames - 200];

// Each pixel less its mean, over one deviation of all, of the training frames.
const mean = new Float64Array(pixels);
for (let i = 0; i < trainEnd * pixels; i++) mean[i % pixels] += levels[i] / trainEnd;
let squares = 0;
for (let i = 0; i < trainEnd * pixels; i++) squares += (levels[i] - mean[i % pixels]) ** 2;
const deviation = Math.sqrt(squares / (trainEnd * pixels));
const scaled = Float32Array.from(levels, (level, i) => (level - mean[i % pixels]) / deviation);
const span = (from, to) => ({ data: scaled.subarray(from * pixels, to * pixels), shape: [to - from, pixels] });

/** Root mean squared error of predictions (frame → values) over frames from..to, in grey levels of 255. */
function error(from, to, predicted) {
  let sum = 0;
  for (let t = from; t < to; t++) {
    const values = predicted(t);
    for (let k = 0; k < pixels; k++) sum += (values[k] - scaled[t * pixels + k]) ** 2;
  }
  return deviation * Math.sqrt(sum / ((to - from) * pixels));
}
const frame = (t) => scaled.subarray(t * pixels, (t + 1) * pixels);

/** Cholesky solution of (XᵀX + λ) B = XᵀY for windows of `history` frames. */
function autoregression(history, penalty) {
  const n = history * pixels;
  const window = (t) => scaled.subarray((t - history) * pixels, t * pixels);
  const gram = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(i + 1);
    for (let t = history; t < trainEnd; t++) {
      const x = window(t);
      const xi = x[i];
      for (let j = 0; j <= i; j++) row[j] += xi * x[j];
    }
    row[i] += penalty;
    return row;
  });
  for (let j = 0; j < n; j++) {
    const rowJ = gram[j];
    for (let k = 0; k < j; k++) rowJ[j] -= rowJ[k] ** 2;
    rowJ[j] = Math.sqrt(rowJ[j]);
    for (let i = j + 1; i < n; i++) {
      const rowI = gram[i];
      let sum = rowI[j];
      for (let k = 0; k < j; k++) sum -= rowI[k] * rowJ[k];
      rowI[j] = sum / rowJ[j];
    }
  }
  const right = Array.from({ length: n }, () => new Float64Array(pixels));
  for (let t = history; t < trainEnd; t++) {
    const [x, y] = [window(t), frame(t)];
    for (let i = 0; i < n; i++) for (let k = 0; k < pixels; k++) right[i][k] += x[i] * y[k];
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) for (let k = 0; k < pixels; k++) right[i][k] -= gram[i][j] * right[j][k];
    for (let k = 0; k < pixels; k++) right[i][k] /= gram[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) for (let k = 0; k < pixels; k++) right[i][k] -= gram[j][i] * right[j][k];
    for (let k = 0; k < pixels; k++) right[i][k] /= gram[i][i];
  }
  return (t) => {
    const [x, out] = [window(t), new Float64Array(pixels)];
    for (let i = 0; i < n; i++) for (let k = 0; k < pixels; k++) out[k] += x[i] * right[i][k];
    return out;
  };
}

async function conditional({ history, hidden, epochs, rate, l2 }) {
  const started = performance.now();
  const model = new ConditionalRBM({ visible: gaussian(pixels), hidden: bernoulli(hidden), history, seed: 1, threads: 1 });
  await model.fit(span(0, trainEnd), { epochs, batchSize: 50, learningRate: linear(rate, { hold: 0.3 }), l2, monitorRows: 0 });
  const seconds = (performance.now() - started) / 1000;
  const predictions = async (from, to) => {
    const means = await model.predict(span(from - history, to), { warmup: 20, sweeps: 30 });
    return error(from, to, (t) => means.data.subarray((t - from) * pixels, (t - from + 1) * pixels));
  };
  return { model, predictions, seconds };
}

const report = {
  machine: `${cpus()[0].model}, one thread`,
  seed: 1,
  frames: { train: trainEnd, validation: 200, test: 200 },
  rows: {},
};
report.rows.mean = error(validationEnd, frames, () => new Float64Array(pixels));
report.rows.lastFrame = error(validationEnd, frames, (t) => frame(t - 1));
const say = (text) => console.error(text);
say(
  `mean ${report.rows.mean.toFixed(3)}, last frame ${report.rows.lastFrame.toFixed(3)} (validation ${error(trainEnd, validationEnd, (t) => frame(t - 1)).toFixed(3)})`,
);

let best = { error: Infinity };
for (const history of [1]) {
  for (const penalty of [10, 30, 100, 300, 1000, 3000]) {
    const predicted = autoregression(history, penalty);
    const validation = error(trainEnd, validationEnd, predicted);
    say(`autoregression ${history} ${penalty}: ${validation.toFixed(3)}`);
    if (validation < best.error) best = { error: validation, history, penalty, predicted };
  }
}
report.rows.autoregression = {
  history: best.history,
  penalty: best.penalty,
  validation: best.error,
  test: error(validationEnd, frames, best.predicted),
};
say(`autoregression: ${report.rows.autoregression.test.toFixed(3)}`);

let chosen = { error: Infinity };
for (const setting of [
  { history: 1, hidden: 100, epochs: 100, rate: 0.003, l2: 0.5 },
  { history: 1, hidden: 100, epochs: 100, rate: 0.003, l2: 1.5 },
  { history: 1, hidden: 30, epochs: 100, rate: 0.003, l2: 1.5 },
  { history: 1, hidden: 100, epochs: 300, rate: 0.003, l2: 1.5 },
  { history: 1, hidden: 100, epochs: 100, rate: 0.003, l2: 4 },
  { history: 2, hidden: 100, epochs: 100, rate: 0.003, l2: 1.5 },
]) {
  const { model, predictions, seconds } = await conditional(setting);
  const validation = await predictions(trainEnd, validationEnd);
  say(`conditional RBM ${JSON.stringify(setting)}: ${validation.toFixed(3)} in ${seconds.toFixed(0)} s`);
  if (validation < chosen.error) {
    chosen.model?.dispose();
    chosen = { error: validation, setting, model, predictions, seconds };
  } else model.dispose();
}
report.rows.conditionalRBM = {
  ...chosen.setting,
  validation: chosen.error,
  test: await chosen.predictions(validationEnd, frames),
  seconds: chosen.seconds,
};
chosen.model.dispose();
console.log(JSON.stringify(report, null, 2));
if (flags.out) await writeFile(flags.out, `${JSON.stringify(report, null, 2)}\n`);
