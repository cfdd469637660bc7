/**
 * Environments that end in the middle of training. Node destroys an environment's thread-safe functions with it, and a thread that
 * still calls one takes the process along (nodejs/node issues 55706, 58484, 65100), so these run often, at random moments.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { TestRandom } from '../oracle/random.js';
import { addonFile, fixture } from './native-support.js';

const program = fixture('endless-training.mjs');
const random = new TestRandom(71);
/** What terminate() gives where a worker did not end by itself. */
const terminated = new Set([1]);

function startWorker(machines: number, ending: string): Worker {
  const worker = new Worker(program, { workerData: [addonFile(), machines, ending, random.uniform()] });
  worker.on('error', () => {}); // the ones that throw on purpose
  return worker;
}

function exitOfWorker(machines: number, ending: string): Promise<number> {
  return new Promise((resolve) => startWorker(machines, ending).once('exit', resolve));
}

async function exitOfProcess(machines: number, ending: string): Promise<number | string> {
  const child = spawn(process.execPath, [program, addonFile(), String(machines), ending, String(random.uniform())], { stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? code ?? -1;
}

async function endings<T>(count: number, end: (machines: number) => Promise<T>): Promise<Set<T>> {
  const seen = new Set<T>();
  for (let i = 0; i < count; i += 1) seen.add(await end(1 + (i % 3)));
  return seen;
}

it('survives workers that are terminated while they train', async () => {
  const seen = await endings(40, async (machines) => {
    const worker = startWorker(machines, 'none');
    await once(worker, 'message');
    await delay(random.uniform() * 10);
    return worker.terminate();
  });
  expect(seen).toEqual(terminated);
}, 120_000);

it('survives workers that are terminated while they start', async () => {
  const seen = await endings(20, async (machines) => {
    const worker = startWorker(machines, 'none');
    await once(worker, 'online');
    await delay(random.uniform() * 40);
    return worker.terminate();
  });
  expect(seen).toEqual(terminated);
}, 120_000);

it.each([
  ['call process.exit in a progress callback', 'exit', 7],
  ['call process.exit in a timer', 'timer', 7],
  ['throw in a progress callback', 'throw', 1],
])(
  'survives workers that %s',
  async (_, ending, code) => {
    expect(await endings(15, (machines) => exitOfWorker(machines, ending))).toEqual(new Set([code]));
  },
  120_000,
);

it.each([
  ['call process.exit in a progress callback', 'exit', 7],
  ['call process.exit in a timer', 'timer', 7],
  ['throw in a progress callback', 'throw', 1],
])(
  'lets processes end cleanly that %s',
  async (_, ending, code) => {
    expect(await endings(8, (machines) => exitOfProcess(machines, ending))).toEqual(new Set([code]));
  },
  120_000,
);
