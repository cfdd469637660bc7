// Stop a run half-way, save it, load it and go on: the result is bit for bit that of a run nobody
// interrupted.
import { rm } from 'node:fs/promises';
import { linear, RBM } from 'boltzkit';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const visible = 64;
// `stop()` asks: the run ends some updates later. So that it ends before its time, it has to last a
// second or so.
const options = {
  epochs: small ? 600 : 3000,
  batchSize: 20,
  monitorRows: 0,
  learningRate: linear(0.05),
  averageLast: 0.2,
};

// Rows with a bright half, left or right, and some noise (a fixed little generator, so that the
// example repeats).
let state = 1;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const rows = Array.from({ length: 500 }, () => {
  const left = random() < 0.5;
  return Array.from({ length: visible }, (_, i) => (random() < (i < visible / 2 === left ? 0.9 : 0.1) ? 1 : 0));
});

const whole = new RBM({ visible, hidden: 16, seed: 5 });
await whole.fit(rows, options);

const first = new RBM({ visible, hidden: 16, seed: 5 });
const run = first.fit(rows, { ...options, onProgress: ({ fraction }) => fraction >= 0.1 && run.stop() });
await run; // ends after the update it is at
await first.save('half.safetensors');
first.dispose();

const second = await RBM.load('half.safetensors', { threads: 1 }); // another number of threads changes nothing
console.log(`resuming at update ${second.training?.update} of ${second.training?.updates}`);
if (second.training?.complete === false) await second.fit(rows, { ...options, resume: true });
await rm('half.safetensors');

const wanted = whole.getParameter('visible-hidden.weights');
const same = second.getParameter('visible-hidden.weights').data.every((weight, i) => weight === wanted.data[i]);
console.log(`same weights as the uninterrupted run: ${same}`);
process.exitCode = same ? 0 : 1;
