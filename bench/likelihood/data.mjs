// The rows of the published tables: MNIST 28 x 28 as Larochelle binarised it once and for all, and grey levels.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadMnist, readIdx } from 'boltzkit/data';

const PIXELS = 784;

/** 'train' (50,000 rows), 'valid' or 'test' (10,000 each) of the fixed binarisation: ones and zeros as bytes. */
export async function fixedRows(folder, part) {
  const path = join(folder, 'binarized-mnist', `binarized_mnist_${part}-idx3-ubyte.gz`);
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const { data, shape } = await readIdx(path);
  return { data, shape: [shape[0], PIXELS] };
}

/** Grey levels: the first 50,000 training images of MNIST. The fixed binarisation has all 60,000 in another order, so some of its validation rows show the same images. */
export async function greyRows(folder, rows = 50_000) {
  const { train } = await loadMnist(join(folder, 'mnist'));
  return { data: train.images.data.subarray(0, rows * PIXELS), shape: [rows, PIXELS] };
}
