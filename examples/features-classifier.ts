// Features for another method: a plain softmax regression on the hidden probabilities P(h = 1 | v),
// beside the same on raw pixels. The RBM never sees a label.
import { linear, RBM } from 'boltzkit';
import { loadMnist, type NdArray } from 'boltzkit/data';

type Rows = NdArray<Float32Array>;
type Scores = (rows: Rows, r: number) => number[];

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const labelled = small ? 500 : 2000; // few labels, many pictures: where features pay

const rbm = new RBM({ visible: 784, hidden: small ? 100 : 500, seed: 1 });
await rbm.fit(train.images, { epochs: small ? 5 : 60, learningRate: linear(0.2, { hold: 0.3 }) });

const few = train.images.hi(labelled);
const raw = accuracy(softmaxRegression(few, train.labels.data), test.images);
const learnt = accuracy(softmaxRegression(await rbm.transform(few), train.labels.data), await rbm.transform(test.images));
console.log(`right with ${labelled} labels: ${percent(raw)} on pixels, ${percent(learnt)} on features`);
rbm.dispose();
process.exitCode = learnt > raw ? 0 : 1;

/** Multinomial logistic regression by gradient descent with momentum; returns the score of class c for row r. */
function softmaxRegression(x: Rows, labels: ArrayLike<number>, { classes = 10, epochs = 60, rate = 0.02, decay = 1e-4 } = {}): Scores {
  const [n = 0, d = 0] = x.shape;
  const weights = new Float64Array(classes * (d + 1));
  const velocity = new Float64Array(weights.length);
  const score = (rows: Rows, r: number, c: number) => {
    let sum = weights[c * (d + 1) + d]!;
    for (let i = 0; i < d; i++) sum += weights[c * (d + 1) + i]! * rows.get(r, i);
    return sum;
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let start = 0; start < n; start += 20) {
      const gradient = new Float64Array(weights.length);
      const end = Math.min(start + 20, n);
      for (let r = start; r < end; r++) {
        const exps = Array.from({ length: classes }, (_, c) => Math.exp(score(x, r, c)));
        const total = exps.reduce((a, b) => a + b);
        exps.forEach((value, c) => {
          const error = (c === labels[r] ? 1 : 0) - value / total;
          for (let i = 0; i < d; i++) gradient[c * (d + 1) + i]! += error * x.get(r, i);
          gradient[c * (d + 1) + d]! += error;
        });
      }
      for (let k = 0; k < weights.length; k++) {
        velocity[k] = 0.9 * velocity[k]! + rate * (gradient[k]! / (end - start) - decay * weights[k]!);
        weights[k]! += velocity[k]!;
      }
    }
  }
  return (rows, r) => Array.from({ length: classes }, (_, c) => score(rows, r, c));
}

function accuracy(scores: Scores, rows: Rows): number {
  const [n = 0] = rows.shape;
  let right = 0;
  for (let r = 0; r < n; r++) {
    const row = scores(rows, r);
    if (row.indexOf(Math.max(...row)) === test.labels.data[r]) right++;
  }
  return right / n;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
