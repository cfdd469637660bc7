// Take noise out of pictures: a tenth of the pixels of unseen digits is flipped, and the machine says
// what the clean picture was.
import { denoise, RBM } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { side, count, rate } = { side: 28, count: small ? 40 : 500, rate: 0.1 };
const { train, test } = await loadMnist();
const binary = ({ images }: typeof train, rows: number): Float32Array[] =>
  Array.from({ length: rows }, (_, r) => Float32Array.from({ length: side * side }, (_, i) => Number(images.get(r, i) >= 0.5)));

const rbm = new RBM({ visible: side * side, hidden: small ? 64 : 500, seed: 1 });
await rbm.fit(binary(train, train.images.shape[0] ?? 0), { epochs: small ? 15 : 60 });

// A fixed little generator, so that the example repeats.
let state = 7;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const clean = binary(test, count);
const noisy = clean.map((row) => row.map((pixel) => (random() < rate ? 1 - pixel : pixel)));
const restored = await denoise(rbm, noisy, { flips: rate, output: 'state' });

/** The usual filter: what most of the nine pixels around each one are. */
const filtered = noisy.map((row) =>
  row.map((_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    const around = [-1, 0, 1].flatMap((v) =>
      [-1, 0, 1].map((u) => ((x + u + side) % side === x + u ? (row[(y + v) * side + x + u] ?? 0) : 0)),
    );
    return Number(around.reduce((sum, pixel) => sum + pixel, 0) >= 5);
  }),
);
const wrong = (of: (r: number, i: number) => number) =>
  clean.reduce((sum, row, r) => sum + row.reduce((own, pixel, i) => own + Number(pixel !== of(r, i)), 0), 0) / (count * side * side);
const [before, median, after] = [
  wrong((r, i) => noisy[r]?.[i] ?? 0),
  wrong((r, i) => filtered[r]?.[i] ?? 0),
  wrong((r, i) => restored.get(r, i)),
].map((share) => (100 * share).toFixed(2)) as [string, string, string];
console.log(`wrong pixels: ${before} % with noise, ${median} % after a median filter, ${after} % denoised`);

const columns = small ? 10 : 20;
const pictures = [clean, noisy].flatMap((rows) => rows.slice(0, columns).map((row) => Array.from(row)));
const last = Array.from({ length: columns }, (_, r) => Array.from({ length: side * side }, (_, i) => restored.get(r, i)));
await writePng('denoised.png', tiles([...pictures, ...last], { height: side, width: side, columns }));
console.log('wrote denoised.png: clean, noisy and denoised digits');
rbm.dispose();
process.exitCode = Number(after) < Number(median) ? 0 : 1;
