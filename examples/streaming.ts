// Learn from a stream: `partialFit` makes one update per batch, in the order the rows come, and
// keeps the chains in between.
import { type DenseRowsInput, type Nats, RBM } from 'boltzkit';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const visible = 40;
const batch = 50;

/** A sensor that never ends: one of four places is active, each reading is wrong in one case of twenty. */
async function* readings(seed: number): AsyncGenerator<Float32Array, never> {
  let state = seed;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  while (true) {
    const place = Math.floor(random() * 4);
    const flipped = () => random() < 0.05;
    yield Float32Array.from({ length: visible }, (_, i) => ((Math.floor(i / 10) === place) !== flipped() ? 1 : 0));
  }
}

async function* batches(source: AsyncIterable<Float32Array>, rows: number, count: number): AsyncGenerator<DenseRowsInput, undefined> {
  let buffer = new Float32Array(rows * visible);
  let filled = 0;
  for await (const row of source) {
    buffer.set(row, filled++ * visible);
    if (filled < rows) continue;
    yield { data: buffer, shape: [rows, visible] };
    if (--count === 0) return undefined;
    buffer = new Float32Array(rows * visible);
    filled = 0;
  }
  return undefined;
}

const mean = (values: Nats) => values.data.reduce((sum, value) => sum + value, 0) / values.data.length;
const { value } = await batches(readings(99), 500, 1).next();
const unseen = value ?? [];

const rbm = new RBM({ visible, hidden: 12, seed: 3 });
const before = mean(await rbm.pseudoLikelihood(unseen, { exact: true }));
for await (const rows of batches(readings(7), batch, small ? 400 : 4000)) {
  await rbm.partialFit(rows, { batchSize: batch, learningRate: 0.05 });
}
const after = mean(await rbm.pseudoLikelihood(unseen, { exact: true }));
console.log(`log-pseudo-likelihood of unseen readings: ${before.toFixed(2)} before, ${after.toFixed(2)} after`);
rbm.dispose();
process.exitCode = after > before + 5 ? 0 : 1;
