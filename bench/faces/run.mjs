// node bench/faces/run.mjs --data folder [--seed 1] [--picture file.png]: a Gaussian-Bernoulli RBM on the Frey faces.
// Trains on 1,800 faces and reports the learned variances and the exact log-pseudo-likelihood of training rows and of 165 held-out rows, beside
// Gaussians fitted to the same training rows. Draws faces from chains that start from noise.
import { parseArgs } from 'node:util';
import { BoltzmannMachine, bernoulli, gaussian } from 'boltzkit';
import { tiles, writePng } from 'boltzkit/viz';
import { loadFaces } from './data.mjs';
import { gaussianPrecision, ofGaussian, ofMachine } from './pseudo_likelihood.mjs';

const text = { type: 'string' };
const number = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({
  options: {
    data: text,
    seed: number(1),
    picture: text,
    hidden: number(200),
    epochs: number(600),
    rate: number(0.02),
    sweeps: number(2000),
    defaults: { type: 'boolean', default: false },
  },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
if (!folder) {
  process.stderr.write(
    'Usage: run.mjs --data folder [--seed 1] [--picture file.png] [--hidden 200] [--epochs 600] [--rate 0.02] [--defaults]\n',
  );
  process.exit(2);
}
const [seed, hidden, epochs, rate, sweeps] = ['seed', 'hidden', 'epochs', 'rate', 'sweeps'].map((name) => Number(values[name]));
const HELD = 165;
const faces = await loadFaces(folder, seed, HELD);
const pixels = faces.height * faces.width;
const rowsOf = (data) => ({ data, shape: [data.length / pixels, pixels] });

const machine = new BoltzmannMachine({
  layers: { image: gaussian(pixels), hidden: bernoulli(hidden) },
  couplings: [['image', 'hidden']],
  seed,
});
const begin = performance.now();
const tuned = {
  epochs,
  learningRate: { schedule: 'linear', from: rate, hold: 0.5 },
  algorithm: { name: 'pcd', chains: 200 },
  averageLast: 0.1,
  monitorRows: 0,
};
await machine.fit({ image: rowsOf(faces.train) }, values.defaults ? {} : tuned);
const seconds = (performance.now() - begin) / 1e3;

const parameters = machine.getParameter('image.parameters').data; // [2, pixels]: bias, log precision
const model = {
  weights: Float64Array.from(machine.getParameter('image-hidden.weights').data),
  bias: Float64Array.from(parameters.subarray(0, pixels)),
  precision: Float64Array.from(parameters.subarray(pixels), Math.exp),
  hiddenBias: Float64Array.from(machine.getParameter('hidden.bias').data),
};
const variances = model.precision.map((p) => 1 / p).sort();

/** Mean per pixel and its standard error over rows. */
function summary(perRow) {
  const each = perRow.map((x) => x / pixels);
  const mean = each.reduce((sum, x) => sum + x, 0) / each.length;
  const error = Math.sqrt(each.reduce((sum, x) => sum + (x - mean) ** 2, 0) / each.length / each.length);
  return `${mean.toFixed(4)} ± ${error.toFixed(4)}`;
}

// The program's own sums must see the energies that the machine sees.
const some = faces.test.subarray(0, 5 * pixels);
const theirs = (await machine.freeEnergy({ image: rowsOf(some) })).data;
const apart = ofMachine(model, some).energies.map((energy, r) => Math.abs(energy - theirs[r]));
if (!(Math.max(...apart) < 0.05)) throw new Error(`free energies differ from the machine's by ${Math.max(...apart)}`);

const seen = faces.train.subarray(0, HELD * pixels);
const evaluate = (name, measure) => console.log(`| ${name} | ${summary(measure(faces.test))} | ${summary(measure(seen))} |`);
console.log(
  `${rowsOf(faces.train).shape[0]} training rows, ${HELD} held out (seed ${seed}); one standard deviation is ${faces.deviation.toFixed(2)} grey levels`,
);
console.log(`${pixels} gaussian - ${hidden} bernoulli, ${machine.training.epochs} epochs of PCD-1 in ${seconds.toFixed(0)} s`);
console.log(`learned variances: ${variances[0].toFixed(4)} to ${variances.at(-1).toFixed(4)}, median ${variances[pixels >> 1].toFixed(4)}`);
console.log(`\n| exact log-pseudo-likelihood, nats per pixel | held-out rows | ${HELD} training rows |\n|---|---:|---:|`);
evaluate('Gaussian-Bernoulli RBM', (rows) => ofMachine(model, rows).likelihoods);
for (const [name, ridge, diagonal] of [
  ['independent Gaussians', 0, true],
  ['Gaussian, full covariance, ridge 0.01', 0.01, false],
]) {
  const precision = gaussianPrecision(faces.train, pixels, ridge, diagonal);
  evaluate(name, (rows) => ofGaussian(precision, rows, pixels));
}
const energy = async (rows) =>
  (await machine.freeEnergy({ image: rowsOf(rows) })).data.reduce((sum, f, _, { length }) => sum + f / length, 0);
const samples = await machine.sample(HELD, { sweeps: sweeps });
const [test, train, drawn] = [await energy(faces.test), await energy(faces.train), await energy(samples.data)];
console.log(
  `\nmean free energy in nats: held-out ${test.toFixed(1)}, training ${train.toFixed(1)}, samples after ${sweeps} sweeps ${drawn.toFixed(1)}`,
);

if (values.picture) {
  const columns = 12;
  const shown = columns * 4;
  const means = await machine.sample(shown, { sweeps: sweeps, output: 'mean' });
  // Left half of every row of tiles: held-out faces; right half: samples.
  const both = new Float64Array(2 * shown * pixels);
  const [data, drawnFaces] = [faces.levels(faces.test), faces.levels(means.data)].map((rows) => rows.map((x) => x / 255));
  for (let i = 0; i < shown; i++) {
    const at = Math.floor(i / columns) * 2 * columns + (i % columns);
    both.set(data.subarray(i * pixels, (i + 1) * pixels), at * pixels);
    both.set(drawnFaces.subarray(i * pixels, (i + 1) * pixels), (at + columns) * pixels);
  }
  await writePng(values.picture, tiles(rowsOf(both), { height: faces.height, width: faces.width, columns: 2 * columns, zoom: 2 }));
  console.log(`wrote ${values.picture}`);
}
machine.dispose();
