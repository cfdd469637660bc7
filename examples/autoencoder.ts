// A deep autoencoder of digits: 784 pixels to a code of 30 numbers and back (Hinton & Salakhutdinov
// 2006). A stack of machines learns the digits first, layer by layer; unrolled, it begins where
// backpropagation finds its way. Beside it the best linear code of the same length (PCA).
import { cd, cosine, DeepBeliefNetwork, linear, rowsOf } from 'boltzkit';
import { loadMnist, type NdArray } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const images = small ? train.images.hi(2000) : train.images;

const layers = small ? [784, 128, 8] : [784, 1000, 500, 250, 30];
const autoencoder = DeepBeliefNetwork.autoencoder(layers, { seed: 1 });
await autoencoder.pretrain(images, { algorithm: cd(), epochs: small ? 10 : 20, verbose: !small });
const pretrained = await autoencoder.evaluate(test.images);
const fit = small ? { epochs: 30, learningRate: cosine(0.002) } : { epochs: 150, learningRate: linear(0.001, { hold: 0.1 }), l2: 2e-5 };
for await (const { epoch, error, validationError } of autoencoder.fit(images, { ...fit, validation: test.images.hi(1000) })) {
  if (epoch % (small ? 10 : 5) === 0)
    console.log(`epoch ${epoch}: squared error ${shown(error)}, of unseen digits ${shown(validationError)}`);
}

const { error, errorStandardError } = await autoencoder.evaluate(test.images);
const best = principalError(images, test.images, autoencoder.codeSize);
console.log(
  `squared error of unseen digits: ${shown(pretrained.error)} pretrained, ${shown(error)} ± ${shown(errorStandardError)} fine-tuned`,
);
console.log(`best linear code of ${autoencoder.codeSize} numbers: ${shown(best)}`);

const some = test.images.hi(20);
const back = await autoencoder.reconstruct(some);
const picture = new Float32Array([...some.data.subarray(0, 20 * 784), ...back.data]);
await writePng('autoencoder.png', tiles({ data: picture, shape: [40, 784] }, { width: 28, height: 28, columns: 20 }));
await autoencoder.save('autoencoder.safetensors');
console.log('wrote autoencoder.png, autoencoder.safetensors');
autoencoder.dispose();
process.exitCode = error < (small ? best : 3) ? 0 : 1;

/**
 * The squared error of unseen rows in the space of the first principal components of others, by
 * orthogonal iteration on the covariance.
 */
function principalError(rows: NdArray<Float32Array>, unseen: NdArray<Float32Array>, components: number): number {
  const [n = 0, d = 0] = rows.shape;
  const mean = new Float64Array(d);
  for (const row of rowsOf(rows)) for (let i = 0; i < d; i++) mean[i]! += row[i]! / n;
  const centred = (all: NdArray<Float32Array>, most: number) =>
    [...rowsOf(all)].slice(0, most).map((row) => Float64Array.from(row, (x, i) => x - mean[i]!));
  const sample = centred(rows, 5000);
  let state = 1;
  let basis: Float64Array[] = Array.from({ length: components }, () =>
    Float64Array.from({ length: d }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    }),
  );
  for (let iteration = 0; iteration < 15; iteration++) {
    const next = basis.map(() => new Float64Array(d));
    for (const row of sample) for (const [k, direction] of basis.entries()) add(next[k]!, dot(row, direction), row);
    basis = orthonormal(next);
  }
  const rest = centred(unseen, Number.POSITIVE_INFINITY).map(
    (row) => dot(row, row) - basis.reduce((sum, direction) => sum + dot(row, direction) ** 2, 0),
  );
  return rest.reduce((sum, each) => sum + each, 0) / rest.length;
}

function orthonormal(vectors: Float64Array[]): Float64Array[] {
  vectors.forEach((vector, k) => {
    for (const before of vectors.slice(0, k)) add(vector, -dot(vector, before), before);
    const length = Math.sqrt(dot(vector, vector));
    vector.forEach((x, i) => {
      vector[i] = x / length;
    });
  });
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * vector[i]!;
}

function shown(x: number | null): string {
  return x === null ? 'none' : x.toFixed(3);
}
