// One machine for images and labels: it classifies (label given the image) and draws digits on
// demand (image given the label).
import { argmax, BoltzmannMachine, bernoulli, linear, softmax } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();

const machine = new BoltzmannMachine({
  layers: { image: bernoulli(784), label: softmax(10), hidden: bernoulli(small ? 100 : 500) },
  couplings: [
    ['image', 'hidden'],
    ['label', 'hidden'],
  ],
  seed: 1,
});
const rows = { image: train.images, label: train.labels };
const run = machine.fit(rows, { epochs: small ? 8 : 60, learningRate: linear(small ? 0.1 : 0.05) });
for await (const { epoch, seconds } of run) if (!small) console.log(`epoch ${epoch}: ${seconds.toFixed(2)} s`);

// P(label | image) is exact: the hidden units are summed out for each of the ten labels.
const guessed = argmax(await machine.probabilities('label', { image: test.images }));
const wrong = [...guessed].filter((label, r) => label !== test.labels.get(r)).length / guessed.length;
console.log(`wrong labels on unseen digits: ${(100 * wrong).toFixed(2)} %`);

// Ten rows of digits, row d drawn with the label held at d.
const label = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
const digits = await machine.sample(100, { clamp: { label }, sweeps: small ? 100 : 1000, output: 'mean' });
await writePng('labelled-digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));
console.log('wrote labelled-digits.png');
machine.dispose();
process.exitCode = wrong < 0.3 ? 0 : 1;
