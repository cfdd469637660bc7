// TensorFlow.js on its WebAssembly backend (SIMD; it has no threads under Node), written by hand in float32.
// matMul with a transpose flag takes a slow path in that backend, so transposes are explicit.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { batch, binaryRows, gibbs, hidden, part, readRows, readStart, test, train, transform, visible } from '../lib/driver.mjs';
import { trainingOf, work } from '../lib/work.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
tf.enableProdMode();
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');

const rows = readRows();
const { momentum, decay } = work;
const start = readStart();
const tensors = {
  w: tf.tensor2d(start.weights, [visible, hidden]),
  b: tf.tensor1d(start.visibleBias),
  c: tf.tensor1d(start.hiddenBias),
  mw: tf.zeros([visible, hidden]),
  mb: tf.zeros([visible]),
  mc: tf.zeros([hidden]),
};

const draw = (p) => tf.less(tf.randomUniform(p.shape), p).toFloat();
const up = (v) => tf.sigmoid(tf.add(tf.matMul(v, tensors.w), tensors.c));
const down = (h) => tf.sigmoid(tf.add(tf.matMul(h, tf.transpose(tensors.w)), tensors.b));

function replace(next) {
  for (const [name, tensor] of Object.entries(next)) {
    tensors[name]?.dispose();
    tensors[name] = tensor;
  }
}

/** The negative phase: the chains' last visible states, and the hidden means and states that follow. */
function negativePhase(first, steps) {
  let h = first;
  let v;
  let last;
  for (let k = 1; k <= steps; k++) {
    v = draw(down(h));
    last = up(v);
    if (k < steps || tensors.chains) h = draw(last);
  }
  return { v, last, h };
}

function update(v0, steps, rate) {
  const next = tf.tidy(() => {
    const h0 = up(v0);
    const { v, last, h } = negativePhase(tensors.chains ?? draw(h0), steps);
    const { w, b, c } = tensors;
    const gradient = tf
      .sub(tf.matMul(tf.transpose(v0), h0), tf.matMul(tf.transpose(v), last))
      .div(batch)
      .sub(w.mul(decay));
    const mw = tensors.mw.mul(momentum).add(gradient.mul(rate));
    const mb = tensors.mb.mul(momentum).add(tf.mean(v0.sub(v), 0).mul(rate));
    const mc = tensors.mc.mul(momentum).add(tf.mean(h0.sub(last), 0).mul(rate));
    return { w: w.add(mw), b: b.add(mb), c: c.add(mc), mw, mb, mc, ...(tensors.chains ? { chains: h } : {}) };
  });
  replace(next);
}

if (test === 'transform') {
  const oneRow = (row) => tf.tidy(() => up(tf.tensor2d(row, [1, visible])).dataSync());
  await transform('tfjs-wasm', rows, oneRow, 1000);
} else if (test === 'gibbs') {
  const chains = work.sampleChains;
  const restart = () => replace({ v: tf.tensor2d(binaryRows(rows, chains), [chains, visible]) });
  const sweep = () => replace({ v: tf.tidy(() => draw(down(draw(up(tensors.v))))) });
  gibbs('tfjs-wasm', restart, sweep, () => tf.tidy(() => tf.mean(tensors.v).dataSync()[0]));
} else {
  const { algorithm, steps, learningRate } = trainingOf(test);
  const all = Math.floor(rows.length / (batch * visible));
  const done = Math.min(all, part);
  const input = Array.from({ length: done }, (_, i) =>
    tf.tensor2d(rows.slice(i * batch * visible, (i + 1) * batch * visible), [batch, visible]),
  );
  if (algorithm === 'pcd') replace({ chains: tf.zeros([batch, hidden]) });
  const epoch = () => {
    for (const v0 of input) update(v0, steps, learningRate);
  };
  const model = () => ({ weights: tensors.w.dataSync(), visibleBias: tensors.b.dataSync(), hiddenBias: tensors.c.dataSync() });
  train('tfjs-wasm', rows, epoch, model, { done, all });
}
