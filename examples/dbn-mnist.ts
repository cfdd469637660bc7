// From RBM to deep belief network to classifier: three levels are pretrained one after the other,
// then learn up and down together, and are at last fine-tuned by backpropagation. The network in
// between draws digits of a class. Full size, as Hinton, Osindero & Teh (2006) had it:
// BOLTZKIT_DATA=<folder of the MNIST files> node --experimental-strip-types examples/dbn-mnist.ts
import { DeepBeliefNetwork, linear } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
// Choices are made on rows that are held out; the test rows are looked at once.
const held = small ? 1000 : 10_000;
const rows = train.images.shape[0]! - held;
const { images, labels } = { images: train.images.hi(rows), labels: train.labels.hi(rows) };
const validation = { rows: train.images.lo(rows), labels: train.labels.lo(rows) };

const dbn = new DeepBeliefNetwork({ layers: [784, ...(small ? [100, 100, 200] : [500, 500, 2000])], labels: 10, seed: 1 });
// The top level learns classes: it takes a high rate.
const top = { epochs: small ? 6 : 15, learningRate: linear(0.6, { hold: 0.3 }) };
for await (const { layer, epoch, seconds } of dbn.pretrain(images, { labels, epochs: small ? 6 : 30, levels: [{}, {}, top] })) {
  if (!small) console.log(`pretraining ${layer}, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
const greedy = await wrongByNetwork();

for await (const { epoch, validationError } of dbn.upDown(images, { labels, validation, epochs: small ? 3 : 100, keepBest: true })) {
  if (!small) console.log(`up-down, epoch ${epoch}: ${percent(validationError ?? 1)} of the validation rows wrong`);
}
const learnt = await wrongByNetwork();

// Ten digits of every class, by the top machine with the class held, and down through the network.
const label = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
const digits = await dbn.sample(100, { label, sweeps: small ? 100 : 1000, output: 'mean' });
await writePng('dbn-digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));

const classifier = dbn.toClassifier({ classes: 10 });
const dropout = small ? 0 : { inputs: 0.2, hidden1: 0.4, hidden2: 0.4, hidden3: 0.4 };
const run = classifier.fit(images, labels, { validation, epochs: small ? 5 : 60, dropout, keepBest: true });
for await (const { epoch, validationError } of run) {
  if (!small) console.log(`fine-tuning, epoch ${epoch}: ${percent(validationError ?? 1)} of the validation rows wrong`);
}
const { error } = await classifier.evaluate(test.images, test.labels.data);
console.log(`wrong on unseen digits: ${percent(greedy)} pretrained, ${percent(learnt)} after up-down, ${percent(error)} fine-tuned`);
console.log('wrote dbn-digits.png');
classifier.dispose();
dbn.dispose();
process.exitCode = error < (small ? 0.15 : 0.014) ? 0 : 1;

/** The share of unseen digits whose class the network itself gets wrong. */
async function wrongByNetwork(): Promise<number> {
  const told = await dbn.classify(test.images);
  return told.reduce((wrong, digit, r) => (digit === test.labels.get(r) ? wrong : wrong + 1), 0) / told.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
