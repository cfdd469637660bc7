// How long the event loop is late while a machine trains on all cores, with the iterator read and a progress callback: what a server
// in the same process would feel. Delay = time between two ticks of a 1 ms timer, less that millisecond.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { clock, report } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';
import { matrix, rows, startMachine } from './machine.mjs';

const RESOLUTION = 1; // ms
const SECONDS = 5;

async function delaysDuring(task) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  await task();
  histogram.disable();
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max), ticks: histogram.count };
}

const rbm = startMachine();
let epochs = 0;
let calls = 0;

async function train() {
  const end = clock() + SECONDS;
  const run = rbm.fit(matrix(rows), { epochs: 1_000_000, learningRate: work.persistentRate, onProgress: () => calls++ });
  for await (const _ of run) {
    epochs++;
    if (clock() >= end) run.stop();
  }
}

const idle = await delaysDuring(() => sleep(2000));
const training = await delaysDuring(train);
if (epochs === 0 || calls === 0) throw new Error('the run made no progress');
report('boltzkit', [training.p99 / 1e3], { idle, training, epochs });
rbm.dispose();
