// Frey faces, split by a seed and scaled: the mean of each pixel and one standard deviation for all, both of the training rows.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIdx } from 'boltzkit/data';
import { order } from '../lib/order.mjs';

const FILE = 'freyfaces-1965x28x20-idx3-ubyte.gz';

/** Rows of an idx file of images as { train, test, height, width, scaled(rows), levels(rows) }; values in `train` and `test` are scaled. */
export async function loadFaces(folder, seed, held) {
  const path = join(folder, 'frey', FILE);
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const { data, shape } = await readIdx(path);
  const [count, height, width] = shape;
  const pixels = height * width;
  const numbers = order(count, seed);
  const take = (from, to) => {
    const rows = new Float64Array((to - from) * pixels);
    for (let r = from; r < to; r++) rows.set(data.subarray(numbers[r] * pixels, (numbers[r] + 1) * pixels), (r - from) * pixels);
    return rows;
  };
  const [test, train] = [take(0, held), take(held, count)];
  const mean = new Float64Array(pixels);
  for (let i = 0; i < train.length; i++) mean[i % pixels] += train[i] / (count - held);
  const deviation = Math.sqrt(train.reduce((sum, x, i) => sum + (x - mean[i % pixels]) ** 2, 0) / train.length);
  const scaled = (rows) => rows.map((x, i) => (x - mean[i % pixels]) / deviation);
  const levels = (rows) => Float64Array.from(rows, (x, i) => x * deviation + mean[i % pixels]);
  return { train: scaled(train), test: scaled(test), height, width, deviation, levels };
}
