// Many pictures, few labels: the levels of a deep belief network learn all pictures without labels,
// and a classifier made of them is fine-tuned on the few that have one. Beside it the same
// classifier from random weights. Full size:
// BOLTZKIT_DATA=<folder of the MNIST files> node --experimental-strip-types examples/few-labels.ts
import { type Classifier, DeepBeliefNetwork, linear } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';

/** How to fine-tune on some labels. */
interface Recipe {
  readonly updates: number;
  /** Factors of the learning rate, by layer. */
  readonly rates: Readonly<Record<string, number>>;
  /** The part of the hidden units that is dropped. */
  readonly dropped: number;
}

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const layers = [784, ...(small ? [200, 100] : [500, 500, 2000])];

const dbn = new DeepBeliefNetwork({ layers, seed: 1 });
const levels = small ? [] : [{}, {}, { epochs: 10, learningRate: linear(0.3, { hold: 0.3 }) }];
for await (const { layer, epoch, seconds } of dbn.pretrain(train.images, { epochs: small ? 10 : 30, levels })) {
  if (!small) console.log(`pretraining ${layer}, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
const untrained = new DeepBeliefNetwork({ layers, seed: 1 });

// The fewer labels, the closer the hidden layers stay to what they have learnt without any.
const close = { updates: 3000, rates: { hidden1: 0.1, hidden2: 0.1, hidden3: 0.3 }, dropped: 0.5 };
const free = { updates: 6000, rates: { hidden1: 0.3, hidden2: 0.3, hidden3: 0.5 }, dropped: 0.4 };
const quick = { updates: 300, rates: {}, dropped: 0.2 };
const recipes: [number, Recipe][] = small
  ? [
      [100, quick],
      [500, quick],
    ]
  : [
      [100, close],
      [1000, close],
      [10_000, free],
    ];

let helped = false;
for (const [labelled, recipe] of recipes) {
  const few = perClass(labelled / 10);
  const pretrained = await wrongAfter(dbn.toClassifier({ classes: 10 }), few, recipe);
  const random = await wrongAfter(untrained.toClassifier({ classes: 10 }), few, { ...recipe, rates: {} });
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
async function wrongAfter(classifier: Classifier, rows: readonly number[], { updates, rates, dropped }: Recipe): Promise<number> {
  const images = new Float32Array(rows.length * 784);
  rows.forEach((r, i) => {
    images.set(train.images.data.subarray(r * 784, (r + 1) * 784), i * 784);
  });
  const labels = rows.map((r) => train.labels.get(r));
  const batchSize = Math.min(100, rows.length);
  const epochs = Math.ceil((updates * batchSize) / rows.length);
  const hidden = Object.fromEntries(layers.slice(1).map((_, i) => [`hidden${i + 1}`, dropped]));
  const learningRate = linear(0.001, { hold: 0.1 });
  const options = { epochs, batchSize, learningRate, rates, dropout: { inputs: 0.2, ...hidden } };
  await classifier.fit({ data: images, shape: [rows.length, 784] }, labels, options);
  const { error } = await classifier.evaluate(test.images, test.labels.data);
  classifier.dispose();
  return error;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
