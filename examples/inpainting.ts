// Fill in what is missing: the upper half of unseen digits is given, the machine infers the lower
// half.
import { inpaint, linear, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { height, width, count } = { height: 28, width: 28, count: small ? 10 : 20 };
const { train, test } = await loadMnist();

const rbm = new RBM({ visible: height * width, hidden: small ? 64 : 500, seed: 1 });
await rbm.fit(train.images, { epochs: small ? 3 : 60, learningRate: linear(0.2, { hold: 0.3 }) });

const originals = test.images.hi(count); // the first rows, still an ndarray
const half = (height / 2) * width;
const mask = Array.from({ length: 2 * half }, (_, i) => Number(i < half)); // 1: given
const options = { chains: small ? 2 : 10, warmup: small ? 20 : 200, sweeps: small ? 30 : 100 };
const { means: filled, logLikelihoods } = await inpaint(rbm, originals, mask, options);
const nats = average(count, (r) => logLikelihoods.get(r));
console.log(`log-likelihood of the lower halves: ${nats.toFixed(3)} nats per pixel`);

// How far the lower halves are from the truth, and how far a blank guess (the mean digit) would be.
const digits = train.images.shape[0] ?? 0;
const meanDigit = (i: number) => average(digits, (r) => train.images.get(r, i));
const squaredError = (guess: (r: number, i: number) => number) =>
  average(count, (r) => average(half, (k) => (guess(r, half + k) - originals.get(r, half + k)) ** 2));
const machine = squaredError((r, i) => filled.get(r, i));
const blank = squaredError((_, i) => meanDigit(i));
console.log(`mean squared error of the lower halves: ${machine.toFixed(4)}, with the mean digit ${blank.toFixed(4)}`);

const kept = average(count, (r) => Number(mask.every((given, i) => given === 0 || filled.get(r, i) === originals.get(r, i)))) === 1;
console.log(`the given halves are as they were: ${kept}`);

const rows = [originals, filled].flatMap((images) =>
  Array.from({ length: count }, (_, r) => Array.from({ length: height * width }, (_, i) => images.get(r, i))),
);
await writePng('inpainted.png', tiles(rows, { height, width, columns: count }));
console.log('wrote inpainted.png: originals above, completed digits below');
rbm.dispose();
process.exitCode = kept && machine < blank ? 0 : 1;

function average(n: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += value(i);
  return sum / n;
}
