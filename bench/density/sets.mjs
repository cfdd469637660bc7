// Data sets with a published exact log-likelihood of a small RBM, and how ours are trained on them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadMnist, readCsv } from 'boltzkit/data';

const parts = ['train', 'valid', 'test'];

async function table(folder, name, part) {
  const files = [`${name}.${part}.data.gz`, `${name}.${part}-as-multiset.data.gz`].map((file) => join(folder, 'debd', file));
  const found = files.find((file) => existsSync(file));
  if (!found) throw new Error(`${files[0]} is missing`);
  return readCsv(found, { header: false, dtype: 'float32' });
}

/** Binary data of the density-estimation benchmark: { train, valid, test }. */
async function density(folder, name) {
  return Object.fromEntries(await Promise.all(parts.map(async (part) => [part, await table(folder, name, part)])));
}

/** MNIST with pixels above one half on; the last 10,000 training rows validate. Flipped: ones for zeros. */
async function thresholdedMnist(folder, flipped) {
  const { train, test } = await loadMnist(join(folder, 'mnist'));
  const on = flipped ? 0 : 1;
  const rows = ({ images: { data, shape } }, first, last) => ({
    data: data.subarray(first * shape[1], last * shape[1]).map((x) => (x > 0.5 ? on : 1 - on)),
    shape: [last - first, shape[1]],
  });
  return { train: rows(train, 0, 50_000), valid: rows(train, 50_000, 60_000), test: rows(test, 0, 10_000) };
}

const nade = 'RBM with 23 hidden units, exact Z (Larochelle & Murray 2011)';
const pydeep = 'PyDeep, RBM_MNIST_small: 16 hidden units, exact Z, 50 epochs of PCD-1';

/** Nats per row; hidden units; settings to choose from on the validation rows. */
const entry = (published, source, hidden, load, epochs, l2) => ({ published, source, hidden, load, epochs, l2 });
const debd = (name) => (folder) => density(folder, name);
const mnist = (flipped) => (folder) => thresholdedMnist(folder, flipped);

/** By name: the published mean test log-likelihood (null: none for such a machine), the rows, and the settings to choose from. */
export const sets = {
  adult: entry(-16.26, nade, 23, debd('adult'), [1600, 3200], [0]),
  mushrooms: entry(-15.15, nade, 23, debd('mushrooms'), [2400], [0]),
  dna: entry(-96.74, nade, 23, debd('dna'), [200, 400], [3e-3, 1e-2]),
  nips: entry(-277.37, nade, 23, debd('nips'), [100, 300], [1e-2, 3e-2]),
  nltcs: entry(null, nade, 23, debd('nltcs'), [200, 600], [0]),
  plants: entry(null, nade, 23, debd('plants'), [200, 600], [0]),
  mnist: entry(-142.56, pydeep, 20, mnist(false), [50], [0]),
  'mnist-flipped': entry(-142.09, pydeep, 20, mnist(true), [50], [0]),
};
