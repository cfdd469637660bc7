// A deep Boltzmann machine on MNIST: two hidden layers are pretrained greedily, learn together, and
// are at last fine-tuned to tell the digits apart (Salakhutdinov & Hinton 2009). Full size:
// BOLTZKIT_DATA=<folder of the MNIST files> node --experimental-strip-types examples/dbm-mnist.ts
import { adam, DeepBoltzmannMachine, linear } from 'boltzkit';
import { loadMnist, type NdArray } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const [images, labels] = small ? [train.images.hi(4000), train.labels.hi(4000)] : [train.images, train.labels];

const dbm = new DeepBoltzmannMachine({ layers: small ? [784, 64, 64] : [784, 500, 1000], seed: 1 });
for await (const { layer, epoch, seconds } of dbm.pretrain(images, { epochs: small ? 3 : 20 })) {
  if (!small) console.log(`pretraining ${layer}, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
const greedy = await bound();

const joint = { epochs: small ? 5 : 60, learningRate: linear(0.1, { hold: 0.3 }), dynamicBinarisation: true };
for await (const { epoch, seconds } of dbm.fit(images, joint)) {
  if (!small) console.log(`all layers, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
console.log(`bound of unseen digits: ${greedy.toFixed(1)} nats pretrained, ${(await bound()).toFixed(1)} after learning together`);

const digits = await dbm.sample(100, { sweeps: small ? 100 : 2000, output: 'mean' });
await writePng('dbm-digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));
const filters = dbm
  .getParameter('visible-hidden1.weights')
  .transpose(1, 0)
  .hi(small ? 64 : 100);
await writePng('dbm-filters.png', tiles(filters, { height: 28, width: 28, columns: 10, range: 'symmetric' }));

// The classifier sees a row beside what the second hidden layer believes of it.
const classifier = dbm.toClassifier({ classes: 10 });
const [seen, unseen] = [await dbm.augmented(images), await dbm.augmented(test.images)];
const dropout = small ? 0 : { inputs: 0.2, hidden1: 0.4, hidden2: 0.4 };
await classifier.fit(seen, labels, {
  epochs: small ? 20 : 30,
  optimiser: adam(),
  learningRate: linear(small ? 0.005 : 0.001, { hold: 0.1 }),
  dropout,
});
const { error } = await classifier.evaluate(unseen, test.labels.data);
console.log(`wrong on unseen digits: ${(100 * error).toFixed(2)} %`);
console.log('wrote dbm-digits.png, dbm-filters.png');
classifier.dispose();
dbm.dispose();
process.exitCode = error < (small ? 0.15 : 0.014) ? 0 : 1;

/** The variational bound of some unseen digits, whose grey levels are cut at one half. */
async function bound(): Promise<number> {
  const rows = everyTenth(test.images);
  const { bound } = await dbm.variationalBound(rows, small ? { chains: 20, betas: 500, warmup: 50 } : {});
  return bound.mean;
}

/** Every tenth row, in zeros and ones. */
function everyTenth(all: NdArray<Float32Array>): { data: Uint8Array; shape: [number, number] } {
  const rows = all.step(10);
  const n = rows.shape[0] as number;
  return { data: Uint8Array.from({ length: n * 784 }, (_, i) => Number(rows.get(Math.floor(i / 784), i % 784) > 0.5)), shape: [n, 784] };
}
