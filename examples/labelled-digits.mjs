// One machine for images and labels: it classifies (label given the image) and draws digits on demand (image given the label).
import { BoltzmannMachine, bernoulli, softmax } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = Boolean(process.env.BOLTZKIT_SMALL);
const { train, test } = await loadMnist();

const machine = new BoltzmannMachine({
  layers: { image: bernoulli(784), label: softmax(10), hidden: bernoulli(small ? 100 : 500) },
  couplings: [
    ['image', 'hidden'],
    ['label', 'hidden'],
  ],
  seed: 1,
});
const learningRate = { schedule: 'linear', from: small ? 0.1 : 0.05 };
const run = machine.fit({ image: train.images, label: train.labels }, { epochs: small ? 8 : 60, learningRate });
for await (const { epoch, seconds } of run) if (!small) console.log(`epoch ${epoch}: ${seconds.toFixed(2)} s`);

// P(label | image) is exact: the hidden units are summed out for each of the ten labels.
const probabilities = await machine.probabilities('label', { image: test.images });
const n = test.labels.shape[0];
let wrong = 0;
for (let r = 0; r < n; r++) {
  let best = 0;
  for (let k = 1; k < 10; k++) if (probabilities.get(r, k) > probabilities.get(r, best)) best = k;
  if (best !== test.labels.get(r)) wrong++;
}
console.log(`wrong labels on unseen digits: ${((100 * wrong) / n).toFixed(2)} %`);

// Ten rows of digits, row d drawn with the label held at d.
const label = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
const digits = await machine.sample(100, { clamp: { label }, sweeps: small ? 100 : 1000, output: 'mean' });
await writePng('labelled-digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));
console.log('wrote labelled-digits.png');
machine.dispose();
process.exitCode = wrong / n < 0.3 ? 0 : 1;
