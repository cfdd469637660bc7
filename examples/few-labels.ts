// Many pictures, few labels: the levels of a deep belief network learn all pictures without labels,
// and a classifier made of them is fine-tuned on the few that have one. Beside it the same
// classifier from random weights. Full size:
// BOLTZKIT_DATA=<folder of the MNIST files> node --experimental-strip-types examples/few-labels.ts
import { type Classifier, DeepBeliefNetwork } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const layers = [784, ...(small ? [200, 100] : [500, 500, 2000])];

const dbn = new DeepBeliefNetwork({ layers, seed: 1 });
for await (const { layer, epoch, seconds } of dbn.pretrain(train.images, { epochs: small ? 10 : 30 })) {
  if (!small) console.log(`pretraining ${layer}, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
const untrained = new DeepBeliefNetwork({ layers, seed: 1 });

let helped = false;
for (const labelled of small ? [100, 500] : [100, 1000, 10_000]) {
  const few = perClass(labelled / 10);
  const pretrained = await wrongAfter(dbn.toClassifier({ classes: 10 }), few);
  const random = await wrongAfter(untrained.toClassifier({ classes: 10 }), few);
  console.log(`wrong with ${labelled} labels: ${percent(pretrained)} pretrained, ${percent(random)} from random weights`);
  if (labelled === 100) helped = pretrained < random;
}
dbn.dispose();
untrained.dispose();
process.exitCode = helped ? 0 : 1;

/** The first rows of every class, by number. */
function perClass(n: number): number[] {
  const left = new Array(10).fill(n);
  return Array.from(train.labels.data.keys()).filter((r) => left[train.labels.get(r)]-- > 0);
}

/** Fine-tunes a classifier on some rows; the share of unseen digits that it gets wrong. */
async function wrongAfter(classifier: Classifier, rows: readonly number[]): Promise<number> {
  const images = new Float32Array(rows.length * 784);
  rows.forEach((r, i) => {
    images.set(train.images.data.subarray(r * 784, (r + 1) * 784), i * 784);
  });
  const labels = rows.map((r) => train.labels.get(r));
  const updates = small ? 300 : 3000;
  const batchSize = Math.min(100, rows.length);
  const epochs = Math.ceil((updates * batchSize) / rows.length);
  await classifier.fit({ data: images, shape: [rows.length, 784] }, labels, { epochs, batchSize, dropout: 0.2 });
  const { error } = await classifier.evaluate(test.images, test.labels.data);
  classifier.dispose();
  return error;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
