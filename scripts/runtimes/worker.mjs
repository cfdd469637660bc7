// A worker that trains and samples without end, and says so once.
import { parentPort } from 'node:worker_threads';
import { RBM } from 'boltzkit';

const rows = Array.from({ length: 2000 }, (_, r) => Array.from({ length: 100 }, (_, c) => Number((r + c) % 5 < 2)));
const working = new Set();
const onProgress = (name) => () => {
  if (working.has(name)) return;
  working.add(name);
  if (working.size === 2) parentPort.postMessage('at work');
};
const [first, second] = [1, 2].map((seed) => new RBM({ visible: 100, hidden: 100, seed }));
first.fit(rows, { epochs: 1_000_000, onProgress: onProgress('fit') }).catch(() => {});
second.sample(200, { sweeps: 100_000_000, onProgress: onProgress('sample') }).catch(() => {});
