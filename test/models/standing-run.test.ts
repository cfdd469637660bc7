/** A run stands still in the body of `for await`: the model can be read and saved there, and nothing done there changes the run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Algorithm, BusyError, DisposedError, type FitOptions, fpcd, pcd, pt, ptt, RBM } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { parameterBits } from './support.js';

const [visible, hidden] = [10, 6];
const random = new TestRandom(23);
const rows = Array.from({ length: 40 }, () => random.coins(visible, 0.3));
const holes = rows.map((row) => row.map((value, i) => (i === 3 ? Number.NaN : value)));
const create = () => new RBM({ visible, hidden, seed: 9, threads: 2 });
const short: FitOptions = { epochs: 6, batchSize: 10, validation: rows.slice(0, 10) };
/** A run that somebody has to end. */
const endless: FitOptions = { epochs: 2 ** 30, batchSize: 10 };

const algorithms: [string, Algorithm][] = [
  ['pcd', pcd({ chains: 20 })],
  ['fpcd', fpcd({ chains: 20 })],
  ['pt', pt({ chains: 10, betas: 3 })],
  ['ptt', ptt({ chains: 20, acceptance: 0.9 })],
];

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-standing-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function unwatched(options: FitOptions): Promise<string> {
  using rbm = create();
  await rbm.fit(rows, options);
  return parameterBits(rbm);
}

/** Everything that draws, and more. */
async function readAll(rbm: RBM, path: string): Promise<void> {
  await Promise.all([rbm.transform(rows), rbm.sample(3, { sweeps: 5 }), rbm.impute(holes, { warmup: 2, sweeps: 2, output: 'sample' })]);
  await rbm.evaluate(rows, { method: 'ais', chains: 3, betas: 10, warmup: 2 });
  await rbm.pseudoLikelihood(rows);
  const chains = await rbm.chains(4);
  await chains.advance(2);
  rbm.transformSync(rows.slice(0, 2));
  rbm.reconstructSync(rows.slice(0, 2));
  await rbm.save(path);
}

describe('in the body of the loop', () => {
  it.each(algorithms)('%s: reads of all kinds change no bit of the run', async (name, algorithm) => {
    const options = { ...short, algorithm };
    using rbm = create();
    let bodies = 0;
    for await (const { epoch } of rbm.fit(rows, options)) {
      expect(epoch).toBe(++bodies);
      await readAll(rbm, file(`${name}-read`));
    }
    expect(bodies).toBe(6);
    expect(parameterBits(rbm)).toBe(await unwatched(options));
  });

  it.each(algorithms)('%s: a file saved there goes on to the same bits', async (name, algorithm) => {
    const options = { ...short, algorithm };
    const whole = await unwatched(options);
    using rbm = create();
    const saved: string[] = [];
    for await (const { epoch, update } of rbm.fit(rows, options)) {
      const path = file(`${name}-${epoch}`);
      await readAll(rbm, path);
      saved.push(path);
      using loaded = await RBM.load(path);
      expect(parameterBits(loaded)).toBe(parameterBits(rbm));
      expect(loaded.training).toMatchObject({ epoch, update, updates: 24, complete: epoch === 6 });
    }
    for (const path of saved.slice(0, -1)) {
      using again = await RBM.load(path);
      await again.fit(rows, { ...options, resume: true });
      expect(parameterBits(again)).toBe(whole);
    }
  });

  it('the model stands at the report, and says how far it is', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    const states: string[] = [];
    for await (const { epoch, update } of run) {
      expect(rbm.training).toMatchObject({ epoch, update, updates: 24, complete: epoch === 6 });
      expect(run.progress).toMatchObject({ update, updates: 24, epoch, epochs: 6, fraction: update / 24 });
      const before = parameterBits(rbm);
      await new Promise((done) => setTimeout(done, 5));
      expect(parameterBits(rbm)).toBe(before);
      states.push(before);
    }
    expect(new Set(states).size).toBe(6);
  });

  it('a read that is not awaited there is answered with the state of that report', async () => {
    using rbm = create();
    const answers: Promise<string>[] = [];
    const expected: string[] = [];
    for await (const _ of rbm.fit(rows, short)) {
      expected.push(String(rbm.freeEnergySync(rows.slice(0, 3)).data));
      answers.push(rbm.freeEnergy(rows.slice(0, 3)).then(({ data }) => String(data)));
    }
    expect(await Promise.all(answers)).toEqual(expected);
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('what changes parameters is refused, and says what to do', async () => {
    using rbm = create();
    const message = (name: string) => `RBM.${name}: the model is being trained by RBM.fit; await it, or stop it, first`;
    for await (const _ of rbm.fit(rows, short)) {
      expect(() => rbm.setParameter('hidden.bias', new Array(hidden).fill(0))).toThrow(BusyError);
      expect(() => rbm.setParameter('hidden.bias', new Array(hidden).fill(0))).toThrow(message('setParameter'));
      await expect(rbm.fit(rows, short)).rejects.toThrow(message('fit'));
      await expect(rbm.partialFit(rows)).rejects.toThrow(message('partialFit'));
    }
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('an aborted read there changes nothing either', async () => {
    using rbm = create();
    for await (const _ of rbm.fit(rows, short)) {
      const abort = new AbortController();
      const reading = rbm.sample(2, { sweeps: 2 ** 40, signal: abort.signal });
      setTimeout(() => abort.abort('enough'), 5);
      await expect(reading).rejects.toBe('enough');
    }
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('draws made there do not come again, nor after the run', async () => {
    using rbm = create();
    const draw = async () => String((await rbm.sample(8, { sweeps: 1 })).data);
    const draws: string[] = [];
    // A model that does not move: other draws are other random numbers.
    for await (const _ of rbm.fit(rows, { ...short, learningRate: 0, initialiseFromData: false })) draws.push(await draw());
    draws.push(await draw());
    expect(new Set(draws).size).toBe(7);
  });

  it('a signal that is aborted there ends the loop with its reason, at that report', async () => {
    using rbm = create();
    const abort = new AbortController();
    const loop = async () => {
      for await (const { epoch } of rbm.fit(rows, { ...short, signal: abort.signal })) if (epoch === 2) abort.abort('enough');
    };
    await expect(loop()).rejects.toBe('enough');
    expect(rbm.training).toMatchObject({ epoch: 2, complete: false });
    await rbm.fit(rows, { ...short, resume: true });
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('dispose ends the loop with DisposedError', async () => {
    const rbm = create();
    const loop = async () => {
      for await (const _ of rbm.fit(rows, endless)) rbm.dispose();
    };
    await expect(loop()).rejects.toThrow(DisposedError);
  });
});

describe('leaving the loop', () => {
  it('by break stops the run, which can be resumed', async () => {
    using rbm = create();
    for await (const { epoch } of rbm.fit(rows, short)) if (epoch === 2) break;
    expect(rbm.training).toMatchObject({ update: 8, epoch: 2, complete: false, stoppedEarly: false });
    await rbm.transform(rows);
    await rbm.fit(rows, { ...short, resume: true });
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('by an error stops the run and hands the error on', async () => {
    using rbm = create();
    const mine = new Error('mine');
    const loop = async () => {
      for await (const _ of rbm.fit(rows, endless)) throw mine;
    };
    await expect(loop()).rejects.toBe(mine);
    expect(rbm.busy).toBe(false);
    expect(rbm.training).toMatchObject({ complete: false });
  });
});

describe('several who watch', () => {
  it('a loop whose body awaits the run does not wait for itself', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    const epochs: number[] = [];
    for await (const { epoch } of run) {
      epochs.push(epoch);
      expect(await run).toHaveLength(6);
    }
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('two loops: the run waits for both', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    const seen: string[] = [];
    const loop = async (milliseconds: number) => {
      for await (const { update } of run) {
        await new Promise((done) => setTimeout(done, milliseconds));
        expect(rbm.training!.update).toBe(update);
        seen.push(parameterBits(rbm));
      }
    };
    await Promise.all([loop(3), loop(1)]);
    expect(seen).toHaveLength(12);
    expect(new Set(seen).size).toBe(6);
  });

  it('a loop that begins after the end gets every report', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    const reports = await run;
    const late: unknown[] = [];
    for await (const report of run) late.push(report);
    expect(late).toEqual(reports);
  });

  it('a loop that begins in the middle stands still from the next report on', async () => {
    using rbm = create();
    const run = rbm.fit(rows, endless);
    while (run.progress.update < 20) await new Promise((done) => setTimeout(done, 1));
    let epochs = 0;
    for await (const { epoch, update } of run) {
      expect(epoch).toBe(++epochs);
      if (rbm.training?.update !== update) continue; // one of those missed
      await rbm.transform(rows);
      expect(rbm.training.update).toBe(update);
      break;
    }
    expect(epochs).toBeGreaterThan(4);
    expect(rbm.busy).toBe(false);
  });
});

describe('observe()', () => {
  it('sees every report and holds nothing up: its body may take as long as the run', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    const epochs: number[] = [];
    for await (const { epoch } of run.observe()) {
      if (epoch === 1) expect(await run).toHaveLength(6);
      epochs.push(epoch);
    }
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(parameterBits(rbm)).toBe(await unwatched(short));
  });

  it('does not let the model be read, since the run does not stand still', async () => {
    using rbm = create();
    const run = rbm.fit(rows, endless);
    for await (const _ of run.observe()) {
      await expect(rbm.transform(rows)).rejects.toThrow(/await it first, or call this in the body of `for await/);
      break;
    }
    run.stop();
    await run;
  });

  it('left early does not stop the run', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    for await (const _ of run.observe()) break;
    expect(await run).toHaveLength(6);
    expect(rbm.training).toMatchObject({ update: 24, complete: true });
  });

  it('ends as the run ends: with its error', async () => {
    using rbm = create();
    const run = rbm.fit(rows, { ...endless, signal: AbortSignal.timeout(20) });
    const loop = async () => {
      for await (const _ of run.observe());
    };
    await expect(loop()).rejects.toThrow(/timeout/);
  });
});

describe('progress', () => {
  it('is zeros before the first update, and whole at the end', async () => {
    using rbm = create();
    const run = rbm.fit(rows, short);
    expect(run.progress).toMatchObject({ update: 0, secondsLeft: null });
    await run;
    expect(run.progress).toMatchObject({ update: 24, updates: 24, epoch: 6, epochs: 6, fraction: 1 });
  });

  it('of a resumed run begins where that stopped', async () => {
    using rbm = create();
    for await (const { epoch } of rbm.fit(rows, short)) if (epoch === 3) break;
    const run = rbm.fit(rows, { ...short, resume: true });
    for await (const { epoch } of run) {
      expect(epoch).toBeGreaterThan(3);
      expect(run.progress.update).toBe(epoch * 4);
    }
  });

  it('is told in the asynchronous context that started the run', async () => {
    using rbm = create();
    const storage = new AsyncLocalStorage<string>();
    const seen = new Set<unknown>();
    await storage.run('mine', () => rbm.fit(rows, { ...short, epochs: 50, onProgress: () => seen.add(storage.getStore()) }));
    expect(seen).toEqual(new Set(['mine']));
  });
});
