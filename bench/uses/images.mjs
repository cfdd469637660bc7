// node bench/uses/images.mjs --data folder [--model file] [--seed 1] [--rows 10000] [--tune] [--parts denoise,inpaint] [--recipe usual]: noise taken out of binary
// MNIST, and its lower halves filled in, by an RBM 784–500. Prints one JSON line per figure. With --tune only validation rows are judged; otherwise
// only test rows. The model is trained (--recipe usual: about a minute of one thread; best: about 12) and written to the file unless it is there.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { denoise, inpaint, RBM } from 'boltzkit';
import { fixedRows } from '../likelihood/data.mjs';
import { randomOf } from './anomaly-data.mjs';
import { neighbours } from './neighbours.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'uses-mnist.safetensors' },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string', default: '10000' },
    parts: { type: 'string', default: 'denoise,inpaint' },
    recipe: { type: 'string', default: 'usual' },
    tune: { type: 'boolean', default: false },
  },
});
const folder = values.data ?? process.env.BOLTZKIT_DATA;
if (!folder) {
  process.stderr.write('Usage: images.mjs --data folder [--model file] [--seed 1] [--rows 10000] [--parts denoise,inpaint] [--tune]\n');
  process.exit(2);
}
const seed = Number(values.seed);
const [SIDE, PIXELS] = [28, 784];
const part = values.tune ? 'valid' : 'test';

/** Chosen on validation rows by --tune. */
const chosen = {
  denoise: { warmup: 50, sweeps: 100 },
  inpaint: { chains: 20, warmup: 100, sweeps: 100 },
  neighbours: { k: 30, smoothing: 2 },
};
const tried = {
  denoise: [
    { warmup: 20, sweeps: 20 },
    { warmup: 50, sweeps: 100 },
    { warmup: 100, sweeps: 300 },
  ],
  inpaint: [
    { chains: 5, warmup: 100, sweeps: 100 },
    { chains: 20, warmup: 100, sweeps: 100 },
  ],
  neighbours: [1, 3, 10, 30, 50, 100, 200].flatMap((k) => [0.1, 0.3, 1, 2].map((smoothing) => ({ k, smoothing }))),
};
const round = (x, digits = 4) => Number(x.toFixed(digits));
const say = (line) => console.log(JSON.stringify({ part, seed, ...line }));

async function model(rows) {
  if (existsSync(values.model)) return RBM.load(values.model, { threads: 1 });
  const rbm = new RBM({ visible: PIXELS, hidden: 500, seed, threads: 1 });
  const begin = performance.now();
  await rbm.fit(rows, { recipe: values.recipe, monitorRows: 0 });
  say({ trained: values.model, recipe: values.recipe, seconds: round((performance.now() - begin) / 1e3, 0) });
  await rbm.save(values.model);
  return rbm;
}

/** Rows dealt out at random: those of a class do not lie together. */
async function judgedRows() {
  const { data, shape } = await fixedRows(folder, part);
  const random = randomOf(7);
  const order = Array.from({ length: shape[0] }, (_, r) => [random(), r]).sort(([a], [b]) => a - b);
  const count = Math.min(Number(values.rows), shape[0]);
  const rows = new Float32Array(count * PIXELS);
  for (let n = 0; n < count; n++) rows.set(data.subarray(order[n][1] * PIXELS, (order[n][1] + 1) * PIXELS), n * PIXELS);
  return { data: rows, shape: [count, PIXELS] };
}

// --- denoising -------------------------------------------------------------------------------------------------------------------------------

function flipped({ data, shape }, rate) {
  const random = randomOf(seed + 100);
  return { data: data.map((value) => (random() < rate ? 1 - value : value)), shape };
}

const wrong = (a, b) => a.reduce((sum, value, i) => sum + Number(value !== b[i]), 0) / a.length;

/** What most of the nine pixels around each one are; outside of the image there is paper. */
function medianFiltered({ data, shape }) {
  const out = new Float32Array(data.length);
  for (let r = 0; r < shape[0]; r++) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        let on = 0;
        for (let v = Math.max(0, y - 1); v <= Math.min(SIDE - 1, y + 1); v++) {
          for (let u = Math.max(0, x - 1); u <= Math.min(SIDE - 1, x + 1); u++) on += data[r * PIXELS + v * SIDE + u];
        }
        out[r * PIXELS + y * SIDE + x] = Number(on >= 5);
      }
    }
  }
  return out;
}

async function denoising(rbm, rows) {
  const noisy = flipped(rows, 0.1);
  say({
    task: 'denoise',
    rows: rows.shape[0],
    noisy: round(wrong(noisy.data, rows.data)),
    median: round(wrong(medianFiltered(noisy), rows.data)),
  });
  for (const setting of values.tune ? tried.denoise : [chosen.denoise]) {
    const begin = performance.now();
    const clean = await denoise(rbm, noisy, { flips: 0.1, output: 'state', ...setting });
    const seconds = round((performance.now() - begin) / 1e3, 1);
    say({ task: 'denoise', rows: rows.shape[0], ...setting, wrong: round(wrong(clean.data, rows.data)), seconds });
  }
}

// --- inpainting ------------------------------------------------------------------------------------------------------------------------------

async function inpainting(rbm, rows, train) {
  const mask = Float32Array.from({ length: PIXELS }, (_, i) => Number(i < PIXELS / 2));
  for (const setting of values.tune ? tried.inpaint : [chosen.inpaint]) {
    const begin = performance.now();
    const { logLikelihoods } = await inpaint(rbm, rows, mask, setting);
    const seconds = round((performance.now() - begin) / 1e3, 1);
    say({ task: 'inpaint', rows: rows.shape[0], ...setting, ...spread(logLikelihoods.data), seconds });
  }
  const settings = values.tune ? tried.neighbours : [chosen.neighbours];
  const begin = performance.now();
  for (const { k, smoothing, logLikelihoods } of neighbours(train, rows, settings)) {
    say({
      task: 'inpaint',
      rows: rows.shape[0],
      neighbours: k,
      smoothing,
      ...spread(logLikelihoods),
      seconds: round((performance.now() - begin) / 1e3, 1),
    });
  }
}

function spread(all) {
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const error = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length / (all.length - 1));
  return { 'nats per pixel': round(mean, 5), error: round(error, 5) };
}

const train = await fixedRows(folder, 'train');
const rbm = await model(train);
const rows = await judgedRows();
if (values.parts.includes('denoise')) await denoising(rbm, rows);
if (values.parts.includes('inpaint')) await inpainting(rbm, rows, train);
rbm.dispose();
