// Real-valued pixels: a machine with Gaussian visible units learns grey-level faces and draws new
// ones. `node examples/frey-faces.mjs frey.idx.gz` takes images from an idx file (such as the Frey
// faces, 1965 × 28 × 20); without one it draws its own.
import { BoltzmannMachine, bernoulli, type DenseRowsInput, gaussian, linear } from 'boltzkit';
import { readIdx } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;

/** Faces that look, smile and lean by chance: grey levels 0 to 255, [count, 28, 20]. */
function drawnFaces(count: number): { data: Uint8Array; shape: number[] } {
  const { height, width } = { height: 28, width: 20 };
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 2 * (state / 2 ** 32) - 1; // in [−1, 1)
  };
  const blob = (x: number, y: number, rx: number, ry: number) => Math.exp(-((x / rx) ** 2) - (y / ry) ** 2);
  const data = new Uint8Array(count * height * width);
  for (let face = 0; face < count; face++) {
    const { leanX, leanY, gaze, smile, light } = {
      leanX: 1.5 * random(),
      leanY: 1.5 * random(),
      gaze: random(),
      smile: random(),
      light: 20 * random(),
    };
    for (let at = 0; at < height * width; at++) {
      const x = (at % width) - 9.5 - leanX;
      const y = Math.floor(at / width) - 13.5 - leanY;
      const head = 1 / (1 + Math.exp(6 * ((x / 8.5) ** 2 + (y / 12) ** 2 - 1)));
      const eyes = blob(x - 3.5 - gaze, y + 4, 1.6, 1.2) + blob(x + 3.5 - gaze, y + 4, 1.6, 1.2);
      const mouth = blob(0, y - 6 + smile * ((x / 3) ** 2 - 1), 1, 1) * blob(x, 0, 4, 1);
      const nose = 0.4 * blob(x - 0.5, y - 1, 1, 2.5);
      data[face * height * width + at] = Math.min(255, Math.max(0, 40 + head * (140 + light - 110 * (eyes + mouth + nose)) + 6 * random()));
    }
  }
  return { data, shape: [count, height, width] };
}

const file = process.argv[2];
const { data: levels, shape } = file ? await readIdx(file) : drawnFaces(small ? 600 : 2000);
const data = Float32Array.from(levels);
const [count = 0, height = 0, width = 0] = shape;
const pixels = height * width;

// Scaled as Gaussian units like it: the mean of each pixel taken off, and one standard deviation
// for the whole picture.
const mean = new Float64Array(pixels);
data.forEach((level, at) => {
  mean[at % pixels]! += level / count;
});
const deviation = Math.sqrt(data.reduce((sum, level, at) => sum + (level - mean[at % pixels]!) ** 2, 0) / data.length);
const scaled = Float32Array.from(data, (level, at) => (level - mean[at % pixels]!) / deviation);
const unseen = Math.floor(count / 12);
const rows = (from: number, to: number) => ({ data: scaled.subarray(from * pixels, to * pixels), shape: [to - from, pixels] });

const machine = new BoltzmannMachine({
  layers: { image: gaussian(pixels), hidden: bernoulli(small ? 50 : 200) },
  couplings: [['image', 'hidden']],
  seed: 1,
});
// Real values have no upper limit, so their steps must be smaller than those of binary units
// (Hinton 2012, section 13.2).
const learningRate = linear(0.01, { hold: 0.5 });
await machine.fit({ image: rows(unseen, count) }, { epochs: small ? 60 : 500, learningRate, averageLast: 0.1, monitorRows: 0 });

// Variances are learned with everything else: [bias, log precision] of each pixel.
const parameters = machine.getParameter('image.parameters');
const variances = Array.from({ length: pixels }, (_, i) => Math.exp(-parameters.get(1, i)));
console.log(`variances of ${pixels} pixels: ${Math.min(...variances).toFixed(3)} to ${Math.max(...variances).toFixed(3)}`);

// An unseen face must be likelier than one whose halves come from two different faces; pixels
// learned one by one would see no difference.
const faces = rows(0, unseen);
const mixed = {
  data: faces.data.map((_, at) => faces.data[at % pixels < pixels / 2 ? at : (at + pixels) % faces.data.length]!),
  shape: faces.shape,
};
const average = async (image: DenseRowsInput) =>
  (await machine.freeEnergy({ image })).data.reduce((sum, energy) => sum + energy / unseen, 0);
const gap = (await average(mixed)) - (await average(faces));
console.log(`unseen faces are likelier than halves of two: by ${gap.toFixed(0)} nats`);

// Left: unseen faces; right: drawn by chains that start from noise.
const drawn = await machine.sample(32, { sweeps: small ? 200 : 1000, output: 'mean' });
const grey = (value: number, at: number) => (value * deviation + mean[at % pixels]!) / 255;
const [left, right] = [Float64Array.from(faces.data, grey), Float64Array.from(drawn.data, grey)];
const columns = 8;
const picture = Array.from({ length: 8 * columns }, (_, i) => {
  const r = Math.floor(i / (2 * columns)) * columns + (i % columns);
  return (Math.floor(i / columns) % 2 === 0 ? left : right).subarray(r * pixels, (r + 1) * pixels);
});
await writePng('faces.png', tiles(picture, { height, width, columns: 2 * columns }));
console.log('wrote faces.png');
machine.dispose();
process.exitCode = gap > 20 && Math.min(...variances) > 0 ? 0 : 1;
