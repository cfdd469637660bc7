// Many pictures, few labels: the levels of a deep belief network learn all pictures without labels,
// a classifier made of them is fine-tuned on the few that have one, and then trains itself on all
// pictures with the labels that it is sure of. Beside it the same classifier from random weights.
// Full size:
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
  /** How it trains itself. */
  readonly itself: { readonly rounds?: number; readonly epochs?: number; readonly labelledShare?: number };
}

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const layers = [784, ...(small ? [300, 300] : [500, 500, 2000])];

const dbn = new DeepBeliefNetwork({ layers, seed: 1 });
const levels = small ? [] : [{}, {}, { epochs: 10, learningRate: linear(0.3, { hold: 0.3 }) }];
for await (const { layer, epoch, seconds } of dbn.pretrain(train.images, { epochs: small ? 10 : 30, levels })) {
  if (!small) console.log(`pretraining ${layer}, epoch ${epoch}: ${seconds.toFixed(1)} s`);
}
const untrained = new DeepBeliefNetwork({ layers, seed: 1 });

// Very few labels: the hidden layers stay close to what they have learnt without any.
const close = { updates: 2000, rates: { hidden1: 0.1, hidden2: 0.1, hidden3: 0.3 }, dropped: 0.5, itself: { rounds: 5 } };
const free = { updates: 2000, rates: {}, dropped: 0.4, itself: {} };
const long = { ...free, updates: 5000, itself: { rounds: 3, epochs: 5, labelledShare: 0.4 } };
const quick = { updates: 300, rates: {}, dropped: 0.3, itself: { rounds: 5 } };
const recipes: [number, Recipe][] = small
  ? [
      [100, quick],
      [500, quick],
    ]
  : [
      [100, close],
      [1000, free],
      [10_000, long],
    ];

let helped = false;
for (const [labelled, recipe] of recipes) {
  const few = perClass(labelled / 10);
  const [random] = await wrongAfter(untrained.toClassifier({ classes: 10 }), few, { ...recipe, rates: {} });
  const [pretrained, selfTrained] = await wrongAfter(dbn.toClassifier({ classes: 10 }), few, recipe, train.images);
  const shares = `${percent(random)} from random weights, ${percent(pretrained)} pretrained, ${percent(selfTrained)} self-trained`;
  console.log(`wrong with ${labelled} labels: ${shares}`);
  if (labelled === 100) helped = pretrained < random && selfTrained < pretrained;
}
dbn.dispose();
untrained.dispose();
process.exitCode = helped ? 0 : 1;

/** The first rows of every class, by number. */
function perClass(n: number): number[] {
  const left = new Array(10).fill(n);
  return Array.from(train.labels.data.keys()).filter((r) => left[train.labels.get(r)]-- > 0);
}

/**
 * Fine-tunes a classifier on some rows, and then has it train itself on others without labels; the
 * shares of unseen digits that it gets wrong after both.
 */
async function wrongAfter(
  classifier: Classifier,
  few: readonly number[],
  { updates, rates, dropped, itself }: Recipe,
  all?: typeof train.images,
): Promise<[number, number]> {
  const images = new Float32Array(few.length * 784);
  few.forEach((r, i) => {
    images.set(train.images.data.subarray(r * 784, (r + 1) * 784), i * 784);
  });
  const batchSize = Math.min(100, few.length);
  const hidden = Object.fromEntries(layers.slice(1).map((_, i) => [`hidden${i + 1}`, dropped]));
  const options = { batchSize, learningRate: linear(0.001, { hold: 0.1 }), rates, dropout: { inputs: 0.2, ...hidden } };
  const epochs = Math.ceil((updates * batchSize) / few.length);
  const labels = few.map((r) => train.labels.get(r));
  await classifier.fit({ data: images, shape: [few.length, 784] }, labels, { ...options, epochs });
  const fitted = await classifier.evaluate(test.images, test.labels.data);
  if (all !== undefined) {
    const known = new Set(few);
    const some = Array.from(train.labels.data, (label, r) => (known.has(r) ? label : null));
    await classifier.selfTrain(all, some, { ...options, ...itself });
  }
  const { error } = await classifier.evaluate(test.images, test.labels.data);
  classifier.dispose();
  return [fitted.error, error];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
