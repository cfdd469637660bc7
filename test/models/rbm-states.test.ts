/** Every public method of a model in every state it can be in: fresh, training, disposed, after an aborted run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, DisposedError, RBM } from '../../src/index.js';
import { devices, parameterBits, type TestDevice } from './support.js';

const rows = [
  [0, 1, 1, 0],
  [1, 1, 0, 0],
];
const hiddenRows = [
  [0, 1, 1],
  [1, 0, 0],
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-states-'));
  using rbm = create('cpu');
  await (await rbm.chains(2)).save(join(folder, 'chains.safetensors'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Calls that need the machine: refused while it trains and once it is gone. */
const calls: Record<string, (rbm: RBM) => unknown> = {
  fit: (rbm) => rbm.fit(rows, { epochs: 1, batchSize: 2 }),
  partialFit: (rbm) => rbm.partialFit(rows, { batchSize: 2 }),
  transform: (rbm) => rbm.transform(rows),
  transformSync: (rbm) => rbm.transformSync(rows),
  sampleHidden: (rbm) => rbm.sampleHidden(rows),
  meanVisible: (rbm) => rbm.meanVisible(hiddenRows),
  sampleVisible: (rbm) => rbm.sampleVisible(hiddenRows),
  reconstruct: (rbm) => rbm.reconstruct(rows),
  reconstructSync: (rbm) => rbm.reconstructSync(rows),
  sample: (rbm) => rbm.sample(2, { sweeps: 2 }),
  anneal: (rbm) => rbm.anneal(2, { sweeps: 2, quench: 1 }),
  chains: (rbm) => rbm.chains(2),
  loadChains: (rbm) => rbm.loadChains(join(folder, 'chains.safetensors')),
  impute: (rbm) => rbm.impute(rows, { sweeps: 2 }),
  energy: (rbm) => rbm.energy(rows, hiddenRows),
  freeEnergy: (rbm) => rbm.freeEnergy(rows),
  freeEnergySync: (rbm) => rbm.freeEnergySync(rows),
  pseudoLikelihood: (rbm) => rbm.pseudoLikelihood(rows),
  evaluate: (rbm) => rbm.evaluate(rows),
  score: (rbm) => rbm.score(rows),
  surprise: (rbm) => rbm.surprise(rows),
  logZ: (rbm) => rbm.logZ(),
  save: (rbm) => rbm.save(join(folder, 'states.safetensors')),
  getParameter: (rbm) => rbm.getParameter('visible-hidden.weights'),
  setParameter: (rbm) => rbm.setParameter('visible-hidden.weights', new Array(4).fill([1, 2, 3])),
};

/** What stays readable in every state. */
const always: Record<string, (rbm: RBM) => unknown> = {
  visible: (rbm) => rbm.visible,
  hidden: (rbm) => rbm.hidden,
  seed: (rbm) => rbm.seed,
  device: (rbm) => rbm.device,
  disposed: (rbm) => rbm.disposed,
  busy: (rbm) => rbm.busy,
  training: (rbm) => rbm.training,
  layers: (rbm) => rbm.layers,
  couplings: (rbm) => rbm.couplings,
  parameterNames: (rbm) => rbm.parameterNames,
  parameterShapes: (rbm) => rbm.parameterShapes,
  toJSON: (rbm) => rbm.toJSON(),
  backendInfo: (rbm) => rbm.backendInfo(),
};

/** The error of a call, thrown at once or by its promise; undefined when it worked. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

function create(device: TestDevice): RBM {
  return new RBM({ visible: 4, hidden: 3, device, seed: 9n });
}

const manyRows = Array.from({ length: 400 }, (_, n) => rows[n % 2]!);

/** A run that lasts until it is stopped, 400 updates to an epoch. */
function trainForLong(rbm: RBM, signal?: AbortSignal) {
  return rbm.fit(manyRows, {
    epochs: 1_000_000,
    batchSize: 1,
    algorithm: { name: 'pcd', chains: 2 },
    monitorRows: 0,
    ...(signal ? { signal } : {}),
  });
}

/** All that a class and those it is made of have. */
function members(prototype: object): string[] {
  if (prototype === Object.prototype) return [];
  return [...Object.getOwnPropertyNames(prototype), ...members(Object.getPrototypeOf(prototype) as object)];
}

/** For subclasses only. */
const inner = [
  ...['call', 'input', 'inputs', 'layer', 'layerName', 'places', 'clampsByLayer', 'patience', 'asked', 'askedNow', 'conditional'],
  ...['energies', 'imputed', 'run', 'stream', 'untouched', 'touch', 'restore', 'usualOptions', 'fixedOptions'],
];

describe('the tables below name every public member', () => {
  it('of RBM', () => {
    const tested = new Set([...Object.keys(calls), ...Object.keys(always), 'dispose', 'constructor']);
    expect(members(RBM.prototype).filter((name) => !tested.has(name) && !inner.includes(name))).toEqual([]);
  });
});

describe.each(devices)('on %s', (device) => {
  describe.each(Object.keys(calls))('%s', (name) => {
    const call = calls[name]!;

    it('works on a fresh model', async () => {
      using rbm = create(device);
      expect(await failure(() => call(rbm))).toBeUndefined();
      expect(rbm.busy).toBe(false);
    });

    it('is refused while the model trains, and disturbs nothing', async () => {
      using rbm = create(device);
      const run = trainForLong(rbm);
      expect(rbm.busy).toBe(true);
      const error = await failure(() => call(rbm));
      expect(error).toBeInstanceOf(BusyError);
      expect(error).toMatchObject({
        code: 'ERR_BUSY',
        message: expect.stringMatching(/^RBM\.\w+: the model is being trained by RBM\.fit; await it/),
      });
      expect(rbm.busy).toBe(true);
      run.stop();
      await run;
      expect(rbm.busy).toBe(false);
      expect(await failure(() => call(rbm))).toBeUndefined();
    });

    it('is refused on a disposed model', async () => {
      const rbm = create(device);
      rbm.dispose();
      const error = await failure(() => call(rbm));
      expect(error).toBeInstanceOf(DisposedError);
      expect(error).toMatchObject({ code: 'ERR_DISPOSED', message: expect.stringMatching(/^RBM\.\w+: .*disposed/) });
    });

    it('works after a run was aborted', async () => {
      using rbm = create(device);
      const controller = new AbortController();
      const run = trainForLong(rbm, controller.signal);
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await failure(() => run)).toBe(reason);
      expect(rbm.busy).toBe(false);
      expect(await failure(() => call(rbm))).toBeUndefined();
    });
  });

  it.each(Object.keys(always))('%s can be read in every state', async (name) => {
    const rbm = create(device);
    const read = always[name]!;
    const fresh = read(rbm);
    const run = trainForLong(rbm);
    const training = read(rbm);
    run.stop();
    await run;
    rbm.dispose();
    const disposed = read(rbm);
    if (!['disposed', 'busy', 'training', 'backendInfo', 'toJSON'].includes(name)) expect([training, disposed]).toEqual([fresh, fresh]);
  });

  it('knows its own shape and seed', () => {
    using rbm = create(device);
    expect([rbm.visible, rbm.hidden, rbm.seed, rbm.device]).toEqual([4, 3, 9n, device]);
    expect(rbm.backendInfo()).toMatchObject({ device, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('an aborted run leaves the model at a complete update, from which it can go on or start anew', async () => {
    using rbm = create(device);
    const controller = new AbortController();
    const run = trainForLong(rbm, controller.signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    expect(await failure(() => run)).toMatchObject({ name: 'AbortError' });
    const [weights] = rbm.getParameter('visible-hidden.weights').data;
    expect(Number.isFinite(weights)).toBe(true);
    expect(rbm.training).toMatchObject({ update: expect.any(Number), updates: 400_000_000 });
    await rbm.fit(rows, { epochs: 1, batchSize: 2 });
  });

  it('a signal that is already aborted keeps a call from starting', async () => {
    using rbm = create(device);
    const before = parameterBits(rbm);
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    for (const call of [
      () => rbm.fit(rows, { signal, batchSize: 2 }),
      () => rbm.partialFit(rows, { signal, batchSize: 2 }),
      () => rbm.sample(1, { signal }),
      () => rbm.transform(rows, { signal }),
    ])
      expect(await failure(call)).toBe(reason);
    expect(parameterBits(rbm)).toBe(before);
    expect(rbm.busy).toBe(false);
  });

  it('long sampling obeys its signal', async () => {
    using rbm = create(device);
    const controller = new AbortController();
    const pending = rbm.sample(10, { sweeps: 1e9, signal: controller.signal });
    expect(rbm.busy).toBe(true);
    setTimeout(() => controller.abort(), 10);
    expect(await failure(() => pending)).toMatchObject({ name: 'AbortError' });
    expect((await rbm.sample(10, { sweeps: 3 })).shape).toEqual([10, 4]);
  });

  it('stop ends after the current update and keeps what was learnt', async () => {
    using rbm = create(device);
    const before = parameterBits(rbm);
    const run = trainForLong(rbm);
    for await (const report of run) {
      expect(report.epoch).toBe(1);
      run.stop();
      break;
    }
    const history = await run;
    expect(history.length).toBeGreaterThan(0);
    expect(parameterBits(rbm)).not.toBe(before);
  });

  it('dispose in the middle of a run ends it, waits for it, and may be called again', async () => {
    const rbm = create(device);
    const run = trainForLong(rbm);
    const outcome = failure(() => run);
    rbm.dispose();
    expect(rbm.disposed).toBe(true);
    rbm.dispose();
    rbm[Symbol.dispose]();
    expect(await outcome).toBeInstanceOf(DisposedError);
  });

  it('a second fit is refused while the first goes on', async () => {
    using rbm = create(device);
    const run = trainForLong(rbm);
    expect(await failure(() => rbm.fit(rows, { batchSize: 2 }))).toBeInstanceOf(BusyError);
    run.stop();
    await run;
  });

  it('runs of several models go on side by side', async () => {
    const models = Array.from({ length: 4 }, () => create(device));
    const histories = await Promise.all(models.map((rbm) => rbm.fit(rows, { epochs: 20, batchSize: 1 })));
    expect(histories.map((history) => history.length)).toEqual([20, 20, 20, 20]);
    expect(new Set(models.map(parameterBits)).size).toBe(1);
    for (const rbm of models) rbm.dispose();
  });
});

describe('training runs', () => {
  it('report every epoch once and in order, to late listeners too', async () => {
    using rbm = create('cpu');
    const run = rbm.fit(rows, { epochs: 50, batchSize: 1, validation: rows });
    const live: number[] = [];
    for await (const report of run) live.push(report.epoch);
    const history = await run;
    const replay: number[] = [];
    for await (const report of run) replay.push(report.epoch);
    const expected = Array.from({ length: 50 }, (_, n) => n + 1);
    expect(live).toEqual(expected);
    expect(history.map((report) => report.epoch)).toEqual(expected);
    expect(history.map((report) => report.update)).toEqual(expected.map((epoch) => 2 * epoch));
    expect(replay).toEqual(expected);
    for (const report of history) {
      for (const key of ['seconds', 'learningRate', 'pseudoLikelihood', 'freeEnergyGap', 'chainFreeEnergyGap', 'weightNorm'] as const)
        expect(Number.isFinite(report[key])).toBe(true);
      expect(report.freeEnergyGap).toBeCloseTo(0, 6);
    }
  });

  it('have no free-energy gap without validation rows', async () => {
    using rbm = create('cpu');
    const [report] = await rbm.fit(rows, { epochs: 1, batchSize: 2 });
    expect(report!.freeEnergyGap).toBeNull();
  });

  it('show progress that never runs backwards', async () => {
    using rbm = create('cpu');
    const seen: number[] = [];
    await rbm.fit(rows, {
      epochs: 2000,
      batchSize: 1,
      monitorRows: 0,
      onProgress: ({ update, updates, epoch, fraction }) => {
        seen.push(update);
        expect(updates).toBe(4000);
        expect(fraction).toBeCloseTo(update / 4000, 12);
        expect(epoch).toBeGreaterThanOrEqual(0);
      },
    });
    expect(seen.length).toBeGreaterThan(0);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(seen.at(-1)).toBeLessThanOrEqual(4000);
  });

  it('do not change when they are watched', async () => {
    const bits: string[] = [];
    for (const monitorRows of [0, 2]) {
      using rbm = create('cpu');
      await rbm.fit(rows, { epochs: 5, batchSize: 1, monitorRows, ...(monitorRows ? { onProgress: () => {}, validation: rows } : {}) });
      bits.push(parameterBits(rbm));
    }
    expect(bits[0]).toBe(bits[1]);
  });
});
