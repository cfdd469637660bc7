/** How far native jobs say they are. */
import { expect, it } from 'vitest';
import type { NativeImputeOptions, NativeJob, NativeMachine, NativePartitionOptions } from '../../src/machine/native.js';
import { chainOptions, codeOf, endlessRun, jobOf, newMachine, newRows, newTrainer } from './native-support.js';

const partitionOptions = (more: Partial<NativePartitionOptions>): NativePartitionOptions => ({
  method: 'ais',
  rows: [],
  chains: 600,
  betas: new Float64Array(0),
  temperatures: 0,
  warmup: 100,
  ...more,
});

const imputeOptions = (more: Partial<NativeImputeOptions>): NativeImputeOptions => ({
  given: [{ layer: 0, rows: newRows(600, 20) }],
  layers: [1, 2],
  warmup: 0,
  steps: 1,
  output: 'mean',
  ...more,
});

const square = (units: number) => newMachine({ layers: ['visible', 'hidden'].map((name) => ({ name, type: 'bernoulli', units })) });
// Two hidden layers coupled to each other.
const deep = () => {
  const layers = ['visible', 'hidden', 'top'].map((name) => ({ name, type: 'bernoulli', units: 20 }));
  return newMachine({
    layers,
    couplings: [
      [0, 1],
      [1, 2],
    ],
  });
};

// More work than anyone waits for.
type Work = [name: string, start: (machine: NativeMachine) => NativeJob<unknown>, machine?: () => NativeMachine];
const works: Work[] = [
  ['sweeps of few chains', (m) => jobOf(m.chains(chainOptions({ steps: 1e8, chains: 20 })))],
  ['sweeps of many chains', (m) => jobOf(m.chains(chainOptions({ steps: 1000, chains: 100_000 })))],
  ['quenches', (m) => jobOf(m.chains(chainOptions({ steps: 0, quench: 1e8, chains: 20 })))],
  ['a schedule', (m) => jobOf(m.chains(chainOptions({ steps: 1e6, chains: 200, schedule: new Float64Array(1e6).fill(0.5) })))],
  ['completing rows', (m) => jobOf(m.impute(imputeOptions({ warmup: 1e6 }))), deep],
  ['means of completed rows', (m) => jobOf(m.impute(imputeOptions({ steps: 1e6 }))), deep],
  ['free energies', (m) => jobOf(m.freeEnergy([{ layer: 0, rows: newRows(500_000) }]))],
  ['sums of rows in closed form', (m) => m.rowSums([{ layer: 0, rows: newRows(500_000) }])],
  ['sums of rows by annealing', (m) => m.rowSums([{ layer: 0, rows: newRows(20_000, 20) }]), deep],
  ['surprises', (m) => jobOf(m.placeSurprise([{ layer: 0, rows: newRows(300_000) }]))],
  ['log Z by annealing', (m) => m.partition(partitionOptions({ temperatures: 10_000 })), () => square(40)],
  ['log Z by a ladder', (m) => m.partition(partitionOptions({ method: 'ladder', warmup: 1e6 })), () => square(40)],
  ['log Z by counting', (m) => m.partition(partitionOptions({ method: 'exact' })), () => square(25)],
  ['training', (m) => newTrainer(m, { epochs: 1e6 }).run(1e9, () => {})],
]; // biome-ignore format: a work a line

/** What a job says until it has said so many different things, or is over. */
async function places(job: NativeJob<unknown>, count: number): Promise<number[]> {
  let over = false;
  const done = job.promise.then(
    () => {},
    () => {},
  );
  done.then(() => {
    over = true;
  });
  const seen = [job.progress()];
  while (!over && new Set(seen).size < count) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(job.progress());
  }
  return seen;
}

it.each(works)('%s get on', async (_, start, machine = newMachine) => {
  const job = start(machine());
  const seen = await places(job, 4);
  job.cancel();
  expect(await codeOf(() => job.promise)).toBe('ABORTED');
  expect(new Set(seen).size).toBe(4);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(job.progress()).toBeLessThan(1);
});

const ends: Work[] = [
  ['chains', (m) => jobOf(m.chains(chainOptions({ steps: 1000, chains: 600, quench: 10 })))],
  ['free energies', (m) => jobOf(m.freeEnergy([{ layer: 0, rows: newRows(100_000) }]))],
  ['log Z by annealing', (m) => m.partition(partitionOptions({ temperatures: 100 }))],
  ['log Z by a ladder', (m) => m.partition(partitionOptions({ method: 'ladder', warmup: 50 }))],
  ['sums of rows by annealing', (m) => m.rowSums([{ layer: 0, rows: newRows(200, 20) }]), deep],
  ['training', (m) => newTrainer(m, { epochs: 100 }).run(200, () => {})],
]; // biome-ignore format: a work a line

it.each(ends)('%s end at 1, and never go back', async (_, start, machine = newMachine) => {
  const job = start(machine());
  const seen = await places(job, Number.POSITIVE_INFINITY);
  await job.promise;
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(job.progress()).toBe(1);
});

it('stays where it was when a job is cancelled, also after the machine is gone', async () => {
  const machine = newMachine();
  const job = endlessRun(machine);
  job.cancel();
  expect(await codeOf(() => job.promise)).toBe('ABORTED');
  machine.dispose();
  expect(job.progress()).toBeLessThan(1);
});

it('does not change results', async () => {
  const sampled = async (watch: boolean) => {
    const machine = newMachine({ seed: 5n });
    const job = jobOf(machine.chains(chainOptions({ steps: 2000, chains: 50 })));
    let over = false;
    const done = job.promise.finally(() => {
      over = true;
    });
    while (watch && !over) {
      job.progress();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return (await done).states;
  };
  expect(await sampled(true)).toEqual(await sampled(false));
});
