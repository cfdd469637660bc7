// The npm package `dnn`, as it comes: arrays of arrays in double precision, plain gradient ascent without momentum or decay
// (so its rate is rate / (1 - momentum)), contrastive divergence only.
import { createRequire } from 'node:module';
import { gibbs, normal, part, readRows, test, train, transform } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

const { RBM } = createRequire(import.meta.url)('dnn');
const rows = readRows();
const { visible, hidden, batch, rate, momentum } = work;

const row = (i) => Array.from(rows.subarray(i * visible, (i + 1) * visible));
const start = normal(visible * hidden, 0.01);
const weights = Array.from({ length: visible }, (_, i) => Array.from(start.subarray(i * hidden, (i + 1) * hidden)));
const rbm = new RBM({ input: [row(0)], n_visible: visible, n_hidden: hidden, W: weights });
rbm.set('log level', 0);

if (test === 'transform') {
  await transform('dnn', rows, (values) => rbm.propup([Array.from(values)])[0], start, new Float64Array(hidden), 100);
} else if (test === 'gibbs') {
  const first = Array.from({ length: work.sampleChains }, (_, i) => row(i).map((q) => (q > 0.5 ? 1 : 0)));
  let h = rbm.sampleHgivenV(first)[1];
  let v = first;
  const sweep = () => {
    [, v, , h] = rbm.gibbsHVH(h);
  };
  gibbs('dnn', sweep, () => v.flat().reduce((sum, x) => sum + x, 0) / (v.length * visible));
} else {
  const { steps } = trainingOf(test);
  const all = Math.floor(rows.length / (batch * visible));
  const done = Math.min(all, part);
  const input = Array.from({ length: done }, (_, b) => Array.from({ length: batch }, (_, i) => row(b * batch + i)));
  const epoch = () => {
    for (const v0 of input) rbm.train({ input: v0, lr: rate / (1 - momentum), k: steps, epochs: 1 });
  };
  train('dnn', rows, epoch, () => [Float32Array.from(rbm.W.flat()), rbm.vbias, rbm.hbias], { done, all });
}
