/** Jobs of the native machine: one at a time, cancelled, disposed of, collected; their progress and their promises. */
import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeEpochReport, NativeMachine } from '../../src/machine/native.js';
import {
  addonFile,
  chainOptions,
  codeOf,
  endlessRun,
  fixture,
  hidden,
  jobOf,
  newMachine,
  newRows,
  newTrainer,
  trainerOptions,
  visible,
} from './native-support.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const devices = ['cpu', 'reference'] as const;

/** Rows enough that no call over them counts as small. */
const manyRows = () => newRows(100_000);

describe.each(devices)('on %s', (device) => {
  it('returns the result itself where there is little to do', () => {
    const machine = newMachine({ device });
    const result = machine.conditional([{ layer: 0, rows: newRows(2) }], 1, 'mean');
    expect(machine.busy).toBe(false);
    expect(result).toBeInstanceOf(Float32Array);
    expect(result).toHaveLength(2 * hidden);
    expect(() => machine.conditional([{ layer: 0, rows: newRows(2) }], 0, 'mean')).toThrow("layer 'visible' is given");
  });

  it('returns the result itself where it must be there now', async () => {
    const machine = newMachine({ device });
    const rows = manyRows();
    const given = [{ layer: 0, rows }];
    const means = machine.conditional(given, 1, 'mean', true);
    const again = machine.reconstruct({ layer: 0, rows }, 1, 'mean', true);
    const energies = machine.freeEnergy(given, true);
    const fewer = [{ layer: 0, rows: newRows(10_000) }];
    const likelihoods = machine.pseudoLikelihood(fewer, true, true);
    expect(machine.busy).toBe(false);
    expect(await jobOf(machine.conditional(given, 1, 'mean')).promise).toEqual(means);
    expect(await jobOf(machine.reconstruct({ layer: 0, rows }, 1, 'mean')).promise).toEqual(again);
    expect(await jobOf(machine.freeEnergy(given)).promise).toEqual(energies);
    expect(await jobOf(machine.pseudoLikelihood(fewer, true)).promise).toEqual(likelihoods);
  });

  it('runs long calls on another thread', async () => {
    const machine = newMachine({ device });
    const job = jobOf(machine.freeEnergy([{ layer: 0, rows: manyRows() }]));
    expect(machine.busy).toBe(true);
    expect(await Promise.race([job.promise, Promise.resolve('later')])).toBe('later');
    const result = await job.promise;
    expect(machine.busy).toBe(false);
    expect(result.length).toBe(100_000);
    const alone = machine.freeEnergy([{ layer: 0, rows: newRows(2) }]);
    expect(result.slice(0, 2)).toEqual(alone);
  });

  it('refuses everything else during a job', async () => {
    const machine = newMachine({ device });
    const rows = newRows(2);
    const idle = newTrainer(machine);
    const job = endlessRun(machine);
    const calls: ((m: NativeMachine) => unknown)[] = [
      (m) => m.getParameter('hidden.bias'),
      (m) => m.setParameter('hidden.bias', new Float32Array(hidden)),
      (m) => m.getCounters(),
      (m) => m.setCounters(new BigUint64Array(8)),
      (m) => m.conditional([{ layer: 0, rows }], 1, 'mean'),
      (m) => m.reconstruct({ layer: 0, rows }, 1, 'mean'),
      (m) => m.freeEnergy([{ layer: 0, rows }]),
      (m) => m.pseudoLikelihood([{ layer: 0, rows }], false),
      (m) => m.placeSurprise([{ layer: 0, rows }]),
      (m) => m.chains(chainOptions()),
      (m) => m.partition({ method: 'auto', rows: [], chains: 2, betas: new Float64Array(0), temperatures: 0, warmup: 0 }),
      (m) => m.rowSums([{ layer: 0, rows }]),
      (m) => newTrainer(m),
      () => idle.run(1, () => {}),
      () => idle.state(),
    ];
    for (const call of calls) expect(await codeOf(() => call(machine)), call.toString()).toBe('BUSY');
    expect(machine.parameters()).toHaveLength(3);
    job.cancel();
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
    expect(machine.busy).toBe(false);
    expect(machine.getParameter('hidden.bias')).toHaveLength(hidden);
  });

  it('refuses everything after dispose, which cancels and is idempotent', async () => {
    const machine = newMachine({ device });
    const trainer = newTrainer(machine);
    const job = endlessRun(machine);
    machine.dispose();
    machine.dispose();
    expect([machine.disposed, machine.busy]).toEqual([true, false]);
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
    for (const call of [
      () => machine.parameters(),
      () => machine.getParameter('hidden.bias'),
      () => machine.freeEnergy([{ layer: 0, rows: newRows(2) }]),
      () => newTrainer(machine),
      () => trainer.run(1, () => {}),
      () => trainer.state(),
    ])
      expect(await codeOf(call)).toBe('DISPOSED');
    expect([trainer.totalSteps, trainer.stepsPerEpoch, trainer.step]).toEqual([15, 5, 0]);
  });

  it('rejects a job that dispose finds done but not yet delivered', async () => {
    const machine = newMachine({ device });
    const job = jobOf(machine.freeEnergy([{ layer: 0, rows: manyRows() }]));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // the job ends, the event loop does not turn
    machine.dispose();
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
  });

  it('reports every epoch once and in order, and the last step', async () => {
    const machine = newMachine({ device });
    const trainer = newTrainer(machine, { epochs: 200 });
    const reports: NativeEpochReport[] = [];
    const steps: number[] = [];
    const job = trainer.run(trainer.totalSteps, (step, epochs) => {
      steps.push(step);
      reports.push(...epochs);
    });
    expect(await job.promise).toEqual({ step: 1000 });
    expect(reports.map((r) => r.epoch)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(reports.map((r) => r.step)).toEqual(Array.from({ length: 200 }, (_, i) => 5 * (i + 1)));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(1000);
    expect(trainer.step).toBe(1000);
  });

  it('trains in stretches', async () => {
    const machine = newMachine({ device });
    const trainer = newTrainer(machine);
    for (const until of [1, 7, 7, 15, 99]) {
      await trainer.run(until, () => {}).promise;
      expect(trainer.step).toBe(Math.min(until, 15));
    }
  });

  it('lets a progress callback dispose of the machine it belongs to', async () => {
    const machine = newMachine({ device });
    const trainer = newTrainer(machine, { epochs: 1e9 });
    const job = trainer.run(trainer.totalSteps, () => machine.dispose());
    expect(await codeOf(() => job.promise)).toBe('ABORTED');
    expect(machine.disposed).toBe(true);
  });

  it('keeps what a job needs when the garbage collector runs', async () => {
    const start = () => jobOf(newMachine({ device }).freeEnergy([{ layer: 0, rows: manyRows() }])).promise;
    const train = () => newTrainer(newMachine({ device }), { epochs: 500 });
    const trainer = train();
    const results = [start(), start()];
    const run = trainer.run(trainer.totalSteps, () => collect()).promise;
    for (let i = 0; i < 20; i += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const result of results) expect((await result).length).toBe(100_000);
    expect(await run).toEqual({ step: 2500 });
  });
});

it('replaces rows that are read once at every append, also after one that was refused', () => {
  const rows = new hostBackend.addon.Rows(visible, 0, 1, 0, false, false, 1, true);
  const append = (values: Float32Array | Uint8Array) => rows.appendDense(values, 0, values.length / visible, visible, 1, 1);
  append(new Float32Array(3 * visible).fill(0.25));
  expect(rows.rows).toBe(3);
  append(new Uint8Array(visible).fill(1));
  expect([...rows.toFloat32(0, rows.rows)]).toEqual(new Array(visible).fill(1));
  expect(() => append(new Float32Array(visible).fill(2))).toThrow('got 2 at row 0, column 0');
  rows.appendSparse(Uint32Array.of(0, 1), Uint32Array.of(2), null);
  expect([...rows.toFloat32(0, rows.rows)]).toEqual([0, 0, 1, 0, 0, 0]);
  rows.appendBits(Uint8Array.of(0b10000000), 1, true);
  expect([...rows.toFloat32(0, rows.rows)]).toEqual([1, 0, 0, 0, 0, 0]);
});

it('refuses to let rows grow while something uses them', async () => {
  const machine = newMachine();
  const rows = manyRows();
  const job = jobOf(machine.freeEnergy([{ layer: 0, rows }]));
  const append = () => rows.appendDense(new Float32Array(visible), 0, 1, visible, 1, 1);
  expect(await codeOf(append)).toBe('BUSY');
  await job.promise;
  append();
  expect(rows.rows).toBe(100_001);
});

it('reads arguments before it looks at the state they may change', async () => {
  const machine = newMachine();
  const rows = newRows(2);
  const given = {
    layer: 0,
    get rows() {
      machine.dispose();
      return rows;
    },
  };
  expect(await codeOf(() => machine.freeEnergy([given]))).toBe('DISPOSED');

  const other = newMachine();
  const options = trainerOptions(rows);
  const busy = { ...options };
  Object.defineProperty(busy, 'data', {
    get: () => {
      if (!other.busy) endlessRun(other).promise.catch(() => {});
      return options.data;
    },
  });
  expect(await codeOf(() => other.trainer(busy, null, false))).toBe('BUSY');
  other.dispose();
});

it('keeps the process alive until a job is over, and no longer', () => {
  const child = spawnSync(process.execPath, [fixture('one-job.mjs'), addonFile()], { encoding: 'utf8', timeout: 30_000 });
  expect([child.status, child.stdout.trim(), child.stderr]).toEqual([0, 'rows: 300000', '']);
});

it('tells the garbage collector of memory outside of its heap', async () => {
  const { Rows } = hostBackend.addon;
  let collected = 0;
  const registry = new FinalizationRegistry(() => {
    collected += 1;
  });
  for (let i = 0; i < 80 && collected === 0; i += 1) {
    const rows = new Rows(1000, 0, 1);
    rows.appendDense(new Uint8Array(1), 0, 4000, 0, 0, 1); // 4 MB of which V8 sees a few bytes only
    registry.register(rows, undefined);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(collected).toBeGreaterThan(0);
});
