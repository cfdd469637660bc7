/**
 * An HTTP server with one model: mixed requests, many at a time. Says whether any was refused, whether the answers equal those of the same calls
 * one after the other, and how long the slowest waited against the time of a single request.
 *
 *     node bench/serving.mjs [--requests 1000] [--at-once 50]
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { backendInfo, RBM } from '../dist/index.js';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '1000' }, 'at-once': { type: 'string', default: '50' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log('node bench/serving.mjs [--requests 1000] [--at-once 50]');
  process.exit();
}
const [requests, atOnce] = [Number(values.requests), Number(values['at-once'])];
const [visible, hidden] = [784, 500];

/** Rows that a request brings, by its number. */
const rowsOf = (r) =>
  Array.from({ length: 1 + (r % 8) }, (_, i) => Array.from({ length: visible }, (_, c) => Number((c * (r + 3 * i + 1)) % 17 < 5)));

const calls = [
  (rbm, r) => rbm.transform(rowsOf(r)),
  (rbm, r) => rbm.freeEnergy(rowsOf(r)),
  (rbm, r) => rbm.reconstruct(rowsOf(r)),
  (rbm) => rbm.sample(4, { sweeps: 20 }),
  (rbm, r) =>
    rbm.impute(
      rowsOf(r).map((row) => row.map((value, c) => (c % 50 === 0 ? Number.NaN : value))),
      { warmup: 5, sweeps: 5 },
    ),
];
const digest = ({ data }) =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
const newModel = async () => {
  const rbm = new RBM({ visible, hidden, seed: 1, weightScale: 0.05 });
  await rbm.partialFit(rowsOf(7), { batchSize: 8 });
  return rbm;
};

/** The same calls in the order in which the server began them, one after the other. */
async function sequential(order) {
  const rbm = await newModel();
  const answers = new Map();
  for (const r of order) answers.set(r, digest(await calls[r % calls.length](rbm, r)));
  rbm.dispose();
  return answers;
}

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];

async function serve() {
  const rbm = await newModel();
  const order = [];
  const server = createServer(async (request, response) => {
    const r = Number(request.url.slice(1));
    order.push(r);
    try {
      response.end(digest(await calls[r % calls.length](rbm, r)));
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  });
  await once(server.listen(0), 'listening');
  const ask = async (r) => {
    const began = performance.now();
    const response = await fetch(`http://localhost:${server.address().port}/${r}`);
    return { r, status: response.status, text: await response.text(), milliseconds: performance.now() - began };
  };
  for (let r = 0; r < 20; r++) await ask(r); // warm
  const alone = [];
  for (let r = 0; r < 100; r++) alone.push((await ask(r)).milliseconds);
  const before = order.length;
  const answers = [];
  let next = 0;
  const client = async () => {
    for (let r = next++; r < requests; r = next++) answers.push(await ask(r));
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  server.close();
  rbm.dispose();
  return { alone, answers, order, before };
}

const { alone, answers, order, before } = await serve();
const refused = answers.filter(({ status }) => status !== 200);
const expected = await sequential(order);
const last = new Map(order.slice(before).map((r, i) => [r, i]));
const different = answers.filter(({ r, text }) => last.has(r) && expected.get(r) !== text);
const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
const single = alone.reduce((sum, x) => sum + x, 0) / alone.length;
const p99 = percentile(times, 0.99);
console.log(`${backendInfo().model}, ${backendInfo().isa}, ${backendInfo().threads} threads; ${visible}–${hidden} units`);
console.log(
  `${requests} requests, ${atOnce} at a time: ${refused.length} refused, ${different.length} answers other than those of calls in a row`,
);
console.log(`single request ${single.toFixed(2)} ms on average; p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
console.log(`p99 / (single × ${atOnce}) = ${(p99 / (single * atOnce)).toFixed(2)}`);
if (refused.length > 0) console.log(refused[0].text);
process.exitCode = refused.length + different.length > 0 ? 1 : 0;
