// Shared by the Node programs that are timed (boltzkit's and peers'): data, start weights, validation, timing, one JSON line at the end.
import { readFileSync } from 'node:fs';
import { median, quantile } from './statistics.mjs';
import { work } from './work.mjs';

export const test = process.argv[2] ?? 'cd1';
export const repetitions = Number(process.env.BENCH_EPOCHS ?? 5);
export const threads = Number(process.env.BENCH_THREADS ?? 1);
/** Slow peers do only this many minibatches (or sweeps) of a repetition; its time is scaled up and the result says so. */
export const part = Number(process.env.BENCH_PART ?? Number.POSITIVE_INFINITY);

/** The data, float32 [n, visible]. */
export function readRows() {
  const raw = readFileSync(process.env.BENCH_ROWS);
  return new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
}

/** The first n rows as 0/1 states. */
export const binaryRows = (rows, n) => rows.slice(0, n * work.visible).map((q) => (q > 0.5 ? 1 : 0));

/** Normal numbers (Box and Muller 1958). */
export function normal(n, deviation) {
  return Float32Array.from({ length: n }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
    return deviation * radius * Math.cos(2 * Math.PI * Math.random());
  });
}

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** P(h = 1 | v) of one row in double precision. weights [visible, hidden]. */
export function hiddenMeans(weights, hiddenBias, row) {
  const field = Float64Array.from(hiddenBias);
  for (let i = 0; i < work.visible; i++) {
    if (row[i] === 0) continue;
    for (let j = 0; j < work.hidden; j++) field[j] += row[i] * weights[i * work.hidden + j];
  }
  return field.map(sigmoid);
}

/** Mean-field reconstruction error of the first 200 rows; off the clock. */
export function reconstructionError(weights, visibleBias, hiddenBias, rows) {
  let sum = 0;
  for (let r = 0; r < 200; r++) {
    const row = rows.subarray(r * work.visible, (r + 1) * work.visible);
    const h = hiddenMeans(weights, hiddenBias, row);
    for (let i = 0; i < work.visible; i++) {
      let field = visibleBias[i];
      for (let j = 0; j < work.hidden; j++) field += h[j] * weights[i * work.hidden + j];
      sum += (sigmoid(field) - row[i]) ** 2;
    }
  }
  return sum / (200 * work.visible);
}

export const clock = () => Number(process.hrtime.bigint()) / 1e9;
export { median, quantile };

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

/** `epoch()` does `done` of `all` minibatches. `model()` gives weights, visible and hidden bias. */
export function train(peer, rows, epoch, model, { done, all }) {
  const scaled = done < all ? { scaled: `${done} of ${all} minibatches` } : {};
  const seconds = [];
  const mse = [];
  for (let e = 0; e <= repetitions; e++) {
    const begin = clock();
    epoch();
    const weights = model();
    if (e > 0) seconds.push(((clock() - begin) * all) / done);
    if (e === 0 || e === repetitions) mse.push(reconstructionError(...weights, rows));
  }
  report(peer, seconds, { mse, ...scaled });
}

/** `sweep()` updates both layers of all chains; `on()` gives the fraction of visible units that are on. */
export function gibbs(peer, sweep, on) {
  const steps = Math.min(work.sampleSteps, part);
  const seconds = [];
  for (let e = 0; e <= repetitions; e++) {
    const begin = clock();
    for (let s = 0; s < steps; s++) sweep();
    on();
    if (e > 0) seconds.push(((clock() - begin) * work.sampleSteps) / steps);
  }
  report(peer, seconds, { on: [on()], ...(steps < work.sampleSteps ? { scaled: `${steps} of ${work.sampleSteps} sweeps` } : {}) });
}

/** A repetition is the median time of `calls` calls of `oneRow(row)`, which gives P(h = 1 | row) or a promise of it. */
export async function transform(peer, rows, oneRow, weights, hiddenBias, calls) {
  const row = (i) => rows.subarray(i * work.visible, (i + 1) * work.visible);
  const times = [];
  for (let i = 0; i < (repetitions + 1) * calls; i++) {
    const begin = clock();
    const result = oneRow(row(i % calls));
    if (result instanceof Promise) await result;
    times.push(clock() - begin);
  }
  const seconds = Array.from({ length: repetitions }, (_, e) => median(times.slice((e + 1) * calls, (e + 2) * calls)));
  const got = await oneRow(row(calls - 1));
  const expected = hiddenMeans(weights, hiddenBias, row(calls - 1));
  const error = expected.reduce((worst, p, j) => Math.max(worst, Math.abs(p - got[j])), 0);
  report(peer, seconds, { error: [error], p99: quantile(times.slice(calls), 0.99) });
}
