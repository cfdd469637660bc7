// The npm package `dnn`, as it comes: arrays of arrays in double precision, plain gradient ascent without momentum or decay
// (so its rate is rate / (1 - momentum)), contrastive divergence only.
import { createRequire } from 'node:module';
import { batch, gibbs, hidden, mean, part, readRows, readStart, test, train, transform, visible } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

const { RBM } = createRequire(import.meta.url)('dnn');
const rows = readRows();
const { rate, momentum } = work;
const start = readStart();

const row = (i) => Array.from(rows.subarray(i * visible, (i + 1) * visible));
const rbm = new RBM({
  input: [row(0)],
  n_visible: visible,
  n_hidden: hidden,
  W: Array.from({ length: visible }, (_, i) => Array.from(start.weights.subarray(i * hidden, (i + 1) * hidden))),
  vbias: Array.from(start.visibleBias),
  hbias: Array.from(start.hiddenBias),
});
rbm.set('log level', 0);

if (test === 'transform') {
  await transform('dnn', rows, (values) => rbm.propup([Array.from(values)])[0], 100);
} else if (test === 'gibbs') {
  const first = Array.from({ length: work.sampleChains }, (_, i) => row(i).map((q) => (q > 0.5 ? 1 : 0)));
  let h;
  let v = first;
  const restart = () => {
    h = rbm.sampleHgivenV(first)[1];
  };
  const sweep = () => {
    [, v, , h] = rbm.gibbsHVH(h);
  };
  gibbs('dnn', restart, sweep, () => mean(v.flat()));
} else {
  const { steps } = trainingOf(test);
  const all = Math.floor(rows.length / (batch * visible));
  const done = Math.min(all, part);
  const input = Array.from({ length: done }, (_, b) => Array.from({ length: batch }, (_, i) => row(b * batch + i)));
  const epoch = () => {
    for (const v0 of input) rbm.train({ input: v0, lr: rate / (1 - momentum), k: steps, epochs: 1 });
  };
  const model = () => ({ weights: Float32Array.from(rbm.W.flat()), visibleBias: rbm.vbias, hiddenBias: rbm.hbias });
  train('dnn', rows, epoch, model, { done, all });
}
