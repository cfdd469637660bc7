// A machine of digits and their classes: learns both at once, says how sure it is, which rows are
// strange, and draws digits of a class.
import { bestTemperature, ClassificationRBM, cd, linear, sgd } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();

// The last sixth of the training digits ends the run and finds the temperature.
const [rows = 0] = train.labels.shape;
const pixels = 784;
const cut = Math.floor((5 * rows) / 6);
const part = (from: number, to: number) => ({
  rows: { data: train.images.data.subarray(from * pixels, to * pixels), shape: [to - from, pixels] as [number, number] },
  labels: Array.from(train.labels.data.subarray(from, to)),
});
const [learn, validation] = [part(0, cut), part(cut, rows)];

const model = new ClassificationRBM({ visible: pixels, classes: 10, hidden: small ? 100 : 500, seed: 1 });
const run = model.fit(learn.rows, learn.labels, {
  objective: { hybrid: small ? 0.1 : 0.01 },
  algorithm: cd(),
  optimiser: sgd({ momentum: 0.9 }),
  learningRate: linear(0.2),
  epochs: small ? 8 : 60,
  averageLast: 0,
  l2: 0,
  validation,
  earlyStopping: { patience: 10 },
});
for await (const { epoch, labels } of run) if (!small) console.log(`epoch ${epoch}: ${labels?.validationError} wrong on validation rows`);

const temperature = bestTemperature(await model.probabilities(validation.rows), validation.labels);
const { error, ece } = await model.assess(test.images, test.labels, { temperature });
console.log(`wrong on unseen digits: ${(100 * error).toFixed(2)} %, calibration error ${(100 * ece).toFixed(2)} %`);

const sure = await model.classify(test.images, { reject: 0.9, temperature });
const [kept, wrong] = [sure.filter((label) => label !== null), sure.filter((label, r) => label !== null && label !== test.labels.get(r))];
console.log(
  `of the ${((100 * kept.length) / sure.length).toFixed(1)} % it is sure of: ${((100 * wrong.length) / kept.length).toFixed(2)} %`,
);

// Digits in inverted colours are strangers: their free energies are higher.
const inverted = { data: test.images.data.map((grey) => 1 - grey), shape: [...test.images.shape] };
const [usual, strange] = [await model.strangeness(test.images), await model.strangeness(inverted)];
const highest = Float64Array.from(usual.data).sort()[Math.floor(0.99 * usual.data.length)] ?? 0;
const noticed = strange.data.filter((energy) => energy > highest).length / strange.data.length;
console.log(`inverted digits stranger than 99 % of usual ones: ${(100 * noticed).toFixed(1)} %`);

// Ten rows of digits, row d drawn with the label held at d.
const label = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
const digits = await model.sample(100, { label, sweeps: small ? 100 : 1000, output: 'mean' });
await writePng('classified-digits.png', tiles(digits, { height: 28, width: 28, columns: 10 }));
console.log('wrote classified-digits.png');
model.dispose();
process.exitCode = error < 0.12 ? 0 : 1;
