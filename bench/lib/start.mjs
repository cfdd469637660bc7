// Weights that all programs start from: those of a machine in the middle of its training, where states are as sparse as they are in practice.
// They are trained once with boltzkit and kept in bench/build/.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RBM } from 'boltzkit';
import { sizes, work } from './work.mjs';

const folder = fileURLToPath(new URL('../build/', import.meta.url));
const plain = { momentum: work.momentum, l2: work.decay, centred: false, epochs: 5, monitorRows: 0, averageLast: 0 };

/**
 * How each machine is trained, on how many rows at most. At a rate of 0.001 the plain gradient leaves a fifth of the hidden units on, as trained machines
 * have them (at 0.01 only one in fifty). The centred gradient leaves half of them on.
 */
const recipes = {
  mnist: { rows: 60_000, fit: { ...plain, algorithm: 'pcd', learningRate: work.persistentRate } },
  centred: { rows: 60_000, fit: { ...plain, algorithm: 'pcd', learningRate: 0.01, centred: true } },
  big: { rows: 10_000, fit: { ...plain, algorithm: 'cd', learningRate: 0.01 } },
  small: { rows: 10_000, fit: { ...plain, algorithm: 'cd', learningRate: 0.01 } },
};

async function train(name, rows) {
  const { visible, hidden, batch } = sizes[name];
  const rbm = new RBM({ visible, hidden, seed: 1 });
  await rbm.fit({ data: rows, shape: [rows.length / visible, visible] }, { ...recipes[name].fit, batchSize: batch });
  const parameters = [rbm.weights, rbm.visibleBias, rbm.hiddenBias].map(({ data }) => Float32Array.from(data));
  rbm.dispose();
  return Buffer.concat(parameters.map((values) => Buffer.from(values.buffer)));
}

/**
 * The path of a machine's weights [visible, hidden], visible and hidden biases, as float32 one after the other. `rows(n)` gives at most n rows
 * of data, which `description` names.
 */
export async function startFile({ name, description, rows, log }) {
  const key = createHash('sha256')
    .update(JSON.stringify([description, sizes[name], recipes[name]]))
    .digest('hex')
    .slice(0, 12);
  const path = `${folder}start-${name}-${key}.f32`;
  if (existsSync(path)) return path;
  log(`training the weights that ${name} starts from`);
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, await train(name, rows(recipes[name].rows)));
  renameSync(temporary, path);
  return path;
}
