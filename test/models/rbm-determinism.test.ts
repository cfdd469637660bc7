/**
 * Same seed, same bits: for any number of threads, and for a run that was interrupted after any update, saved, loaded into a new object
 * and resumed with another number of threads.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FitOptions } from '../../src/index.js';
import { RBM } from '../../src/index.js';
import * as atomic from '../../src/io/atomic.js';
import { TestRandom } from '../oracle/random.js';
import { bitsOf, devices, parameterBits, type TestDevice } from './support.js';

/** Every checkpoint that is written is also kept under a number, so that each update of a run can be gone back to. */
vi.mock('../../src/io/atomic.js', async (original) => {
  const real = await original<typeof atomic>();
  return { ...real, writeFileAtomic: vi.fn(real.writeFileAtomic) };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-determinism-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Big enough that every kernel splits its work between threads; odd sizes leave remainders everywhere. */
const visible = 131;
const hidden = 77;
const count = 67;
const random = new TestRandom(51);
const data = {
  data: Float32Array.from({ length: count * visible }, () => (random.uniform() < 0.3 ? random.uniform() : random.below(2))),
  shape: [count, visible],
};
const validation = { data: Float32Array.from({ length: 9 * visible }, () => random.below(2)), shape: [9, visible] };
const sampleWeights = Array.from({ length: count }, () => random.uniform() * 2);

const base: FitOptions = { epochs: 3, batchSize: 16, learningRate: { schedule: 'cosine', from: 0.1, hold: 0.3 } };

/** Runs that use every piece of state there is. */
const runs: Record<string, FitOptions> = {
  'PCD, centred, SGD with momentum': {
    ...base,
    algorithm: { name: 'pcd', sweeps: 2, chains: 21 },
    optimiser: { name: 'sgd', momentum: 0.8 },
  },
  'PCD, plain, Adam, averaging': {
    ...base,
    algorithm: { name: 'pcd', chains: 16 },
    centred: false,
    optimiser: 'adam',
    learningRate: 0.01,
    averageLast: 0.6,
  },
  'PCD, binary values drawn anew': { ...base, algorithm: { name: 'pcd', chains: 16 }, dynamicBinarisation: true },
  'CD, centred, sparsity, decay, averaging': {
    ...base,
    algorithm: { name: 'cd', sweeps: 3 },
    sparsity: { target: 0.1, weight: 0.5 },
    l1: 1e-3,
    l2: 1e-3,
    averageLast: 0.3,
  },
  'trajectory tempering, the ladder too long': {
    ...base,
    algorithm: { name: 'ptt', chains: 20, reservoirs: 3, acceptance: 0.95 },
    learningRate: 0.3,
  },
  'PCD that falls back': {
    ...base,
    algorithm: 'pcd',
    optimiser: 'adam',
    averageLast: 0.9,
    learningRate: [...new Array(8).fill(0.01), 1e30, 0.01],
    onDivergence: { factor: 1e-30 },
  },
  'CD, plain, weights, in order': {
    ...base,
    algorithm: 'cd',
    centred: false,
    shuffle: false,
    optimiser: { name: 'sgd', momentum: 0.5 },
    sampleWeights,
  },
};

function create(device: TestDevice, threads: number): RBM {
  return new RBM({ visible, hidden, seed: 77, device, threads });
}

describe.each(devices)('on %s', (device) => {
  describe.each(Object.entries(runs))('%s', (name, options) => {
    it('gives the same bits for 1, 2, 3 and 7 threads', async () => {
      const results: string[] = [];
      for (const threads of device === 'cpu' ? [1, 2, 3, 7, 2] : [1, 1]) {
        using rbm = create(device, threads);
        const history = await rbm.fit(data, { ...options, validation });
        const metrics = history.map(({ seconds: _, ...report }) => JSON.stringify(report)).join();
        const samples = await rbm.sample(33, { sweeps: 3 });
        const energies = await rbm.freeEnergy(data);
        results.push([parameterBits(rbm), metrics, bitsOf(samples.data as Float32Array), bitsOf(energies.data as Float64Array)].join());
      }
      expect(new Set(results).size).toBe(1);
    });

    it('goes on from every update as if nothing had happened', async () => {
      using whole = create(device, 2);
      const path = join(folder, `${device}-${name.length}.safetensors`);
      const kept = keepEveryCheckpoint(path);
      await whole.fit(data, { ...options, validation, checkpoint: { path, every: 1 } });
      const wanted = await afterwards(whole);
      const updates = 3 * Math.ceil(count / 16);
      expect(kept.length).toBe(updates);

      using undisturbed = create(device, 1);
      await undisturbed.fit(data, options);
      expect(await afterwards(undisturbed)).toBe(wanted);

      for (const [index, file] of kept.entries()) {
        using again = await RBM.load(file, { device, threads: [1, 3, 7][index % 3]! });
        expect(again.training).toMatchObject({ update: index + 1, updates });
        // The data, their weights and the learning rates (which may come from a function) are handed in again; settings are remembered.
        if (index + 1 < updates) await again.fit(data, { resume: true, ...resumeOptions(options) });
        expect(await afterwards(again), `resumed after update ${index + 1}`).toBe(wanted);
      }
    });
  });

  it('goes on after an abort, at whatever update it came', async () => {
    const epochs = device === 'reference' ? 100 : 2000;
    const options: FitOptions = {
      epochs,
      batchSize: 5,
      algorithm: { name: 'pcd', chains: 7 },
      optimiser: { name: 'sgd', momentum: 0.5 },
      monitorRows: 0,
    };
    using whole = create(device, 2);
    const few = { data: data.data.slice(0, 20 * visible), shape: [20, visible] };
    await whole.fit(few, options);
    using rbm = create(device, 1);
    const path = join(folder, 'aborted.safetensors');
    for (const resume of [false, true, true]) {
      const controller = new AbortController();
      const run = rbm.fit(few, { ...options, resume, signal: controller.signal, onProgress: () => controller.abort() });
      await expect(run).rejects.toHaveProperty('name', 'AbortError');
      expect(rbm.training).toMatchObject({ complete: false });
      await rbm.save(path);
      using copy = await RBM.load(path, { device });
      expect(parameterBits(copy)).toBe(parameterBits(rbm));
    }
    await rbm.fit(few, { ...options, resume: true });
    expect(parameterBits(rbm)).toBe(parameterBits(whole));
  });

  it('goes on from before its first update', async () => {
    for (const options of Object.values(runs)) {
      using whole = create(device, 2);
      await whole.fit(data, options);
      using rbm = create(device, 2);
      const run = rbm.fit(data, options);
      run.stop();
      await run;
      expect(rbm.training).toMatchObject({ update: 0, complete: false });
      const path = join(folder, 'before.safetensors');
      await rbm.save(path);
      using loaded = await RBM.load(path, { device });
      for (const again of [rbm, loaded]) {
        await again.fit(data, { resume: true, ...resumeOptions(options) });
        expect(parameterBits(again)).toBe(parameterBits(whole));
      }
    }
  });

  it('goes on after stop(), in the same object', async () => {
    const options: FitOptions = { ...runs['PCD, centred, SGD with momentum']!, epochs: 6 };
    using whole = create(device, 2);
    await whole.fit(data, options);
    using rbm = create(device, 2);
    for (let stops = 0; stops < 5; ++stops) {
      const run = rbm.fit(data, { ...options, resume: stops > 0 });
      for await (const _ of run) run.stop();
      if (rbm.training!.update === rbm.training!.updates) break;
    }
    if (rbm.training!.update < rbm.training!.updates) await rbm.fit(data, { ...options, resume: true });
    expect(parameterBits(rbm)).toBe(parameterBits(whole));
  });

  it('a second run continues chains, optimiser and random words: saving and loading in between changes nothing', async () => {
    const options = runs['PCD, plain, Adam, averaging']!;
    using straight = create(device, 2);
    await straight.fit(data, options);
    const path = join(folder, 'between.safetensors');
    await straight.save(path);
    using loaded = await RBM.load(path, { device, threads: 3 });
    for (const rbm of [straight, loaded]) {
      await rbm.fit(data, { ...options, epochs: 2 });
      await rbm.partialFit(validation, { algorithm: { name: 'pcd', chains: 16 } });
    }
    expect(await afterwards(loaded)).toBe(await afterwards(straight));
  });

  it('another seed gives other bits', async () => {
    const results = [];
    for (const seed of [1, 2, 2n ** 63n]) {
      using rbm = new RBM({ visible: 9, hidden: 5, seed, device, weightScale: 0 });
      await rbm.fit([[0, 1, 1, 0, 1, 0, 0.5, 1, 1]], { batchSize: 1, epochs: 3 });
      results.push(parameterBits(rbm));
    }
    expect(new Set(results).size).toBe(3);
  });
});

/** Parameters and what the next draws will be. */
async function afterwards(rbm: RBM): Promise<string> {
  const drawn = await rbm.sample(3, { sweeps: 2 });
  return `${parameterBits(rbm)} ${bitsOf(drawn.data as Float32Array)}`;
}

/** What has to be handed in again with the data. */
function resumeOptions(options: FitOptions): FitOptions {
  return options.sampleWeights ? { sampleWeights: options.sampleWeights, validation } : { validation };
}

function keepEveryCheckpoint(path: string): string[] {
  const kept: string[] = [];
  const write = vi.mocked(atomic.writeFileAtomic);
  const real = write.getMockImplementation()!;
  write.mockImplementation(async (...args) => {
    await real(...args);
    if (args[0] !== path) return;
    kept.push(`${path}.${kept.length + 1}`);
    await copyFile(path, kept.at(-1)!);
  });
  return kept;
}
