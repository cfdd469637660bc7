/** Calls that overlap: they wait for one another, first come, first served, and give what they give one after the other. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, type Chains, DisposedError, RBM } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { bitsOf, parameterBits } from './support.js';

const [visible, hidden] = [12, 8];
const random = new TestRandom(17);
const rows = Array.from({ length: 30 }, () => random.coins(visible));
const holes = rows.map((row) => row.map((value) => (random.uniform() < 0.3 ? Number.NaN : value)));
const create = (seed = 7) => new RBM({ visible, hidden, seed, weightScale: 0.5, threads: 2 });

/** A draw that would take years: under way until it is ended. */
const endless = { sweeps: 2 ** 40 };
/** What a model draws next. */
const drawn = async (rbm: RBM) => bitsOf((await rbm.sample(20, { sweeps: 3 })).data);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-queue-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Whatever one may ask of a model; a file tells where its random numbers are. */
type Read = (rbm: RBM, chains: Chains, path: string) => Promise<string>;
const bytes = async (path: string) => (await readFile(path)).toString('base64');
const reads: Record<string, Read> = {
  transform: async (rbm) => bitsOf((await rbm.transform(rows)).data),
  freeEnergy: async (rbm) => bitsOf((await rbm.freeEnergy(rows)).data),
  sample: async (rbm) => bitsOf((await rbm.sample(5, { sweeps: 4 })).data),
  impute: async (rbm) => bitsOf((await rbm.impute(holes, { warmup: 2, sweeps: 2, output: 'sample' })).data),
  evaluate: async (rbm) => {
    const { logZ, logLikelihoods } = await rbm.evaluate(rows, { method: 'ais', chains: 4, betas: 12, warmup: 3 });
    return `${logZ.value} ${bitsOf(logLikelihoods.data)}`;
  },
  'chains.advance': async (_, chains) => {
    await chains.advance(3);
    return 'advanced';
  },
  'chains.save': async (_, chains, path) => {
    await chains.save(path);
    return bytes(path);
  },
  save: async (rbm, _, path) => {
    await rbm.save(path);
    return bytes(path);
  },
};

describe('overlapping reads', () => {
  it('200 of all kinds are the same calls one after the other, bit for bit', async () => {
    const names = Object.keys(reads);
    const order = Array.from({ length: 200 }, () => names[random.below(names.length)]!);
    expect(new Set(order).size).toBe(names.length);
    const ask = (rbm: RBM, chains: Chains, k: number) => reads[order[k]!]!(rbm, chains, join(folder, `${k}`));
    const calls = order.map((_, k) => k);

    using one = create();
    const its = await one.chains(6);
    const sequential: string[] = [];
    for (const k of calls) sequential.push(await ask(one, its, k));

    using all = create();
    const others = await all.chains(6);
    const overlapping = await Promise.all(calls.map((k) => ask(all, others, k)));
    expect(overlapping).toEqual(sequential);
    expect(bitsOf(others.states('visible').data)).toBe(bitsOf(its.states('visible').data));
    expect(all.busy).toBe(false);
  });

  it('are answered in the order of the calls, however long each takes', async () => {
    using rbm = create();
    const answered: number[] = [];
    const sweeps = [3000, 1, 500, 1, 1, 2000, 1];
    await Promise.all(sweeps.map((count, k) => rbm.sample(10, { sweeps: count }).then(() => answered.push(k))));
    expect(answered).toEqual(sweeps.map((_, k) => k));
  });

  it('that fail leave the others alone', async () => {
    using rbm = create();
    const bad = Array.from({ length: 5 }, () => rbm.transform([[...rows[0]!.slice(1), 2]]));
    const good = rbm.transform(rows);
    for (const { status } of await Promise.allSettled(bad)) expect(status).toBe('rejected');
    using alone = create();
    expect((await good).data).toEqual((await alone.transform(rows)).data);
    expect(rbm.busy).toBe(false);
  });
});

describe('a call that is aborted', () => {
  it('while it waits rejects at once, with the reason, and has drawn nothing', async () => {
    using rbm = create();
    const [end, abort] = [new AbortController(), new AbortController()];
    let over = false;
    const before = rbm.sample(1, { ...endless, signal: end.signal }).finally(() => {
      over = true;
    });
    const waiting = rbm.sample(50, { sweeps: 5, signal: abort.signal });
    const behind = drawn(rbm);
    const reason = new Error('nobody waits for this');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(over).toBe(false);
    end.abort('enough');
    await expect(before).rejects.toBe('enough');
    using fresh = create();
    expect(await behind).toBe(await drawn(fresh));
  });

  it('while it runs has drawn nothing', async () => {
    for (const call of [
      (rbm: RBM, signal: AbortSignal) => rbm.sample(3, { ...endless, signal }),
      (rbm: RBM, signal: AbortSignal) => rbm.impute(holes, { ...endless, signal }),
      (rbm: RBM, signal: AbortSignal) => rbm.evaluate(rows, { method: 'ais', warmup: 2 ** 40, signal }),
    ]) {
      using rbm = create();
      await drawn(rbm);
      const abort = new AbortController();
      const running = call(rbm, abort.signal);
      setTimeout(() => abort.abort('enough'), 20);
      await expect(running).rejects.toBe('enough');
      using same = create();
      await drawn(same);
      expect(await drawn(rbm)).toBe(await drawn(same));
    }
  });

  it('leaves chains where they were', async () => {
    using rbm = create();
    const chains = await rbm.chains(4);
    const before = bitsOf(chains.states('visible').data);
    const abort = new AbortController();
    const running = chains.advance(2 ** 40, { signal: abort.signal });
    setTimeout(() => abort.abort('enough'), 20);
    await expect(running).rejects.toBe('enough');
    expect([chains.sweeps, bitsOf(chains.states('visible').data)]).toEqual([0, before]);
  });

  it('before it is made takes no place', async () => {
    using rbm = create();
    await expect(rbm.sample(1, { signal: AbortSignal.abort('never') })).rejects.toBe('never');
    expect(rbm.busy).toBe(false);
  });
});

describe('overlapping updates', () => {
  it('of a stream, with reads between them, are the same one after the other', async () => {
    const parts = Array.from({ length: 8 }, (_, k) => rows.slice(3 * k, 3 * k + 3));
    const options = { learningRate: 0.1, batchSize: 2 };
    using one = create();
    const sequential: string[] = [];
    for (const part of parts) {
      await one.partialFit(part, options);
      sequential.push(await drawn(one));
    }
    using all = create();
    const answers = parts.map((part) => {
      void all.partialFit(part, options);
      return drawn(all);
    });
    expect(await Promise.all(answers)).toEqual(sequential);
    expect(parameterBits(all)).toBe(parameterBits(one));
    expect(all.training).toEqual(one.training);
  });

  it('a run waits for the reads before it', async () => {
    using rbm = create();
    const before = drawn(rbm);
    const run = rbm.fit(rows, { epochs: 2 });
    using fresh = create();
    expect(await before).toBe(await drawn(fresh));
    await run;
    await fresh.fit(rows, { epochs: 2 });
    expect(parameterBits(rbm)).toBe(parameterBits(fresh));
  });
});

describe('calls that cannot wait', () => {
  const cannot: [string, (rbm: RBM) => unknown][] = [
    ['setParameter', (rbm) => rbm.setParameter('hidden.bias', new Array(hidden).fill(0))],
    ['getParameter', (rbm) => rbm.getParameter('hidden.bias')],
    ['transformSync', (rbm) => rbm.transformSync(rows.slice(0, 1))],
    ['reconstructSync', (rbm) => rbm.reconstructSync(rows.slice(0, 1))],
    ['freeEnergySync', (rbm) => rbm.freeEnergySync(rows.slice(0, 1))],
  ];

  it.each(cannot)('%s says so while others are under way, and what to do', async (name, call) => {
    using rbm = create();
    const end = new AbortController();
    const running = rbm.sample(1, { ...endless, signal: end.signal });
    expect(() => call(rbm)).toThrow(BusyError);
    expect(() => call(rbm)).toThrow(`RBM.${name}: other calls of this model are under way; await them first`);
    end.abort('enough');
    await expect(running).rejects.toBe('enough');
    call(rbm);
  });

  it('and all that come while a run is under way', async () => {
    using rbm = create();
    const run = rbm.fit(rows, { epochs: 2 ** 30 });
    const message = (name: string) => `RBM.${name}: the model is being trained by RBM.fit; await it`;
    for (const [name, call] of cannot) expect(() => call(rbm)).toThrow(message(name));
    await expect(rbm.transform(rows)).rejects.toThrow(message('transform'));
    await expect(rbm.partialFit(rows)).rejects.toThrow(message('partialFit'));
    await expect(rbm.fit(rows)).rejects.toThrow(message('fit'));
    await expect(rbm.save(join(folder, 'never'))).rejects.toThrow(BusyError);
    run.stop();
    await run;
    for (const [, call] of cannot) call(rbm);
  });
});

it('dispose ends what is under way and what waits, with DisposedError', async () => {
  const rbm = create();
  const chains = await rbm.chains(2);
  const calls = [
    rbm.sample(1, endless),
    rbm.transform(rows),
    rbm.evaluate(rows),
    rbm.partialFit(rows),
    rbm.save(join(folder, 'never')),
    chains.advance(1),
    rbm.fit(rows, { epochs: 2 }).then(),
  ];
  const ends = Promise.allSettled(calls);
  rbm.dispose();
  for (const end of await ends) {
    expect(end).toMatchObject({ status: 'rejected', reason: expect.any(DisposedError) });
  }
  await expect(rbm.transform(rows)).rejects.toThrow(DisposedError);
  await expect(readFile(join(folder, 'never'))).rejects.toThrow(/ENOENT/);
});
