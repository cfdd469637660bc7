/**
 * Seconds per epoch of the levels of a deep belief network on 60,000 digits (784-500-500-2000, labels):
 * the third level on rows seen through two machines, on the same rows in memory, and up-down learning.
 * Weights do not matter for the time but for how many units are on: machines start from a few updates.
 *
 *   node bench/stack/epochs.mjs [--epochs 2] [--rows 60000]
 */
import { parseArgs } from 'node:util';
import { readIdx } from '../../dist/data/index.js';
import { hostBackend } from '../../dist/machine/backend.js';

const { values: options } = parseArgs({
  options: { epochs: { type: 'string', default: '2' }, rows: { type: 'string', default: '60000' } },
});
const epochs = Number(options.epochs);
const count = Number(options.rows);
const { addon } = hostBackend;
const folder = `${process.env.BOLTZKIT_DATA ?? '../shared/data'}/mnist`;
const read = async (name, each) => (await readIdx(`${folder}/${name}.gz`)).data.subarray(0, count * each);
const images = await read('train-images-idx3-ubyte', 784);
const labels = await read('train-labels-idx1-ubyte', 1);

const machine = (layers, couplings, seed) =>
  new addon.Machine({ device: 'cpu', threads: 0, seed: BigInt(seed), weightScale: 0.01, layers, couplings });
const pair = (below, above, seed) =>
  machine(
    [
      { name: 'visible', type: 'bernoulli', units: below },
      { name: 'hidden', type: 'bernoulli', units: above },
    ],
    [[0, 1]],
    seed,
  );
const top = () =>
  machine(
    [
      { name: 'visible', type: 'bernoulli', units: 500 },
      { name: 'labels', type: 'softmax', units: 10, size: 10 },
      { name: 'hidden', type: 'bernoulli', units: 2000 },
    ],
    [
      [0, 2],
      [1, 2],
    ],
    3,
  );

const matrix = (values, cols, scale = 1) => {
  const rows = new addon.Rows(cols, 0, 1);
  rows.appendDense(values, 0, values.length / cols, cols, 1, scale);
  return rows;
};
const pixels = matrix(images, 784, 1 / 255);
const oneHot = new addon.Rows(10, 0, 1, 0, false, false, 10, false, 1, 1);
oneHot.appendDense(
  Float32Array.from({ length: count * 10 }, (_, i) => Number(labels[Math.floor(i / 10)] === i % 10)),
  0,
  count,
  10,
  1,
  1,
);
const classes = { layer: 1, rows: oneHot };

const run = {
  epochs,
  batchSize: 100,
  shuffle: true,
  optimiser: 'sgd',
  momentum: 0.9,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  learningRates: Float64Array.of(0.02),
  l1: 0,
  l2: 0.0002,
  averageLast: 0,
  monitorRows: 0,
  sampleWeights: null,
};
const contrastive = {
  ...run,
  validation: [],
  algorithm: 'cd',
  steps: 1,
  chains: 100,
  centred: true,
  offsetRate: 0.01,
  sparsity: null,
  initialiseFromData: true,
};

/** The shortest epoch in seconds, and the processor's seconds of a mean one, which count on a busy machine. */
async function secondsOf(trainer) {
  const seconds = [];
  const before = process.cpuUsage();
  await trainer.run(trainer.totalSteps, (_, reports) => seconds.push(...reports.map((report) => report.seconds))).promise;
  const { user, system } = process.cpuUsage(before);
  return `${Math.min(...seconds).toFixed(2)} s (processors ${((user + system) / 1e6 / seconds.length).toFixed(2)} s)`;
}
const learn = (model, data, more = {}) => secondsOf(model.trainer({ ...contrastive, ...more, data }, null, false));

const levels = [pair(784, 500, 1), pair(500, 500, 2)];
const one = await learn(levels[0], [{ layer: 0, rows: pixels }], { epochs: 1 });
const through = (machines, draw) => ({ layer: 0, rows: pixels, through: { machines, draw } });
const two = await learn(levels[1], [through([levels[0]], 'mean')], { epochs: 1 });
console.log(`level 1: ${one}, level 2 through level 1: ${two} an epoch`);

const activities = async (below, rows) => matrix(await below.conditional([{ layer: 0, rows }], 1, 'mean').promise, 500);
const inMemory = { layer: 0, rows: await activities(levels[1], await activities(levels[0], pixels)) };
const memory = await learn(top(), [inMemory, classes]);
const seen = await learn(top(), [through(levels, 'mean'), classes]);
const drawn = await learn(top(), [through(levels, 'sample'), classes]);
console.log(`level 3 on ${count} rows in memory: ${memory} an epoch`);
console.log(`  through two machines, means: ${seen}, draws: ${drawn}`);

for (const steps of [1, 3, 10]) {
  const trainer = top().upDownTrainer(
    {
      ...run,
      up: levels,
      down: [pair(784, 500, 4), pair(500, 500, 5)],
      data: pixels,
      labels: classes,
      steps,
      chains: 0,
      dreams: 'mean',
    },
    null,
    false,
  );
  console.log(`up-down with ${steps} sweeps: ${await secondsOf(trainer)} an epoch`);
}
