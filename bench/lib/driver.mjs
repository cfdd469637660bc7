// Shared by the Node programs that are timed (boltzkit's and peers'): data, start weights, validation, timing, one JSON line at the end.
import { readFileSync } from 'node:fs';
import { mean, median, quantile } from './statistics.mjs';
import { sizes, tests, work } from './work.mjs';

export const test = process.argv[2] ?? 'cd1';
export const repetitions = Number(process.env.BENCH_EPOCHS ?? 5);
export const threads = Number(process.env.BENCH_THREADS ?? 1);
/** Slow peers do only this many minibatches (or sweeps) of a repetition; its time is scaled up and the result says so. */
export const part = Number(process.env.BENCH_PART ?? Number.POSITIVE_INFINITY);
export const { visible, hidden, batch } = sizes[tests[test].size];

/** Rows behind the reconstruction error. */
const ERROR_ROWS = 100;

function readFloats(path) {
  const raw = readFileSync(path);
  return new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
}

/** The data, float32 [n, visible]. */
export const readRows = () => readFloats(process.env.BENCH_ROWS);

/** The parameters that all programs start from: weights [visible, hidden] and both biases. */
export function readStart() {
  const all = readFloats(process.env.BENCH_START);
  const weights = all.subarray(0, visible * hidden);
  const visibleBias = all.subarray(weights.length, weights.length + visible);
  return { weights, visibleBias, hiddenBias: all.subarray(weights.length + visible) };
}

/** The first n rows as 0/1 states. */
export const binaryRows = (rows, n) => rows.slice(0, n * visible).map((q) => (q > 0.5 ? 1 : 0));

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** P(h = 1 | v) of one row in double precision. weights [visible, hidden]. */
export function hiddenMeans({ weights, hiddenBias }, row) {
  const field = Float64Array.from(hiddenBias);
  for (let i = 0; i < visible; i++) {
    if (row[i] === 0) continue;
    for (let j = 0; j < hidden; j++) field[j] += row[i] * weights[i * hidden + j];
  }
  return field.map(sigmoid);
}

/** Mean-field reconstruction error of the first rows; off the clock. */
export function reconstructionError({ weights, visibleBias, hiddenBias }, rows) {
  let sum = 0;
  for (let r = 0; r < ERROR_ROWS; r++) {
    const row = rows.subarray(r * visible, (r + 1) * visible);
    const h = hiddenMeans({ weights, hiddenBias }, row);
    for (let i = 0; i < visible; i++) {
      let field = visibleBias[i];
      for (let j = 0; j < hidden; j++) field += h[j] * weights[i * hidden + j];
      sum += (sigmoid(field) - row[i]) ** 2;
    }
  }
  return sum / (ERROR_ROWS * visible);
}

export const clock = () => Number(process.hrtime.bigint()) / 1e9;
export { mean, median, quantile };

/** Peak memory of a process in kB, null where the system does not say. (What getrusage says would include the parent before exec.) */
export function peakMemory(pid = 'self') {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
  } catch {
    return pid === 'self' ? process.resourceUsage().maxRSS : null;
  }
}

export function report(peer, seconds, more) {
  const rssMb = Math.round(peakMemory() / 102.4) / 10;
  console.log(JSON.stringify({ peer, test, threads, seconds, rssMb, ...more }));
}

/** `epoch()` does `done` of `all` minibatches. `model()` gives { weights, visibleBias, hiddenBias }. */
export function train(peer, rows, epoch, model, { done, all }) {
  const scaled = done < all ? { scaled: `${done} of ${all} minibatches` } : {};
  const mse = [reconstructionError(readStart(), rows)];
  const seconds = [];
  for (let e = 0; e <= repetitions; e++) {
    const begin = clock();
    epoch();
    model();
    if (e > 0) seconds.push(((clock() - begin) * all) / done);
  }
  mse.push(reconstructionError(model(), rows));
  report(peer, seconds, { mse, ...scaled });
}

/** `restart()` puts all chains back to the data, `sweep()` updates both of their layers, `on()` gives the fraction of visible units on. */
export function gibbs(peer, restart, sweep, on) {
  const steps = Math.min(work.sampleSteps, part);
  const seconds = [];
  for (let e = 0; e <= repetitions; e++) {
    restart();
    const begin = clock();
    for (let s = 0; s < steps; s++) sweep();
    on();
    if (e > 0) seconds.push(((clock() - begin) * work.sampleSteps) / steps);
  }
  report(peer, seconds, { on: [on()], ...(steps < work.sampleSteps ? { scaled: `${steps} of ${work.sampleSteps} sweeps` } : {}) });
}

/** A repetition is the median time of `calls` calls of `oneRow(row)`, which gives P(h = 1 | row) or a promise of it. */
export async function transform(peer, rows, oneRow, calls) {
  const row = (i) => rows.subarray(i * visible, (i + 1) * visible);
  const times = [];
  for (let i = 0; i < (repetitions + 1) * calls; i++) {
    const begin = clock();
    const result = oneRow(row(i % calls));
    if (result instanceof Promise) await result;
    times.push(clock() - begin);
  }
  const seconds = Array.from({ length: repetitions }, (_, e) => median(times.slice((e + 1) * calls, (e + 2) * calls)));
  const got = await oneRow(row(calls - 1));
  const expected = hiddenMeans(readStart(), row(calls - 1));
  const error = expected.reduce((worst, p, j) => Math.max(worst, Math.abs(p - got[j])), 0);
  report(peer, seconds, { error: [error], p99: quantile(times.slice(calls), 0.99) });
}
