/** Likelihoods in the reports of a run: the same as of the model as it stands, and no trace of them in the run itself. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type FitOptions, ParameterError, RBM } from '../../src/index.js';
import { temporaryFolder } from '../data/support.js';
import { devices, parametersOf } from './support.js';

const rows = Array.from({ length: 60 }, (_, r) => Array.from({ length: 8 }, (_, c) => ((r * 5 + c * 3) % 7 < 3 ? 1 : 0)));
const validation = rows.slice(0, 20).map((row) => row.map((value, c) => (c === 0 ? 1 - value : value)));
const options: FitOptions = { epochs: 5, batchSize: 10, learningRate: 0.1 };
const folder = temporaryFolder();

describe.each(devices)('on %s', (device) => {
  const fresh = () => new RBM({ visible: 8, hidden: 5, seed: 3, device, threads: 2 });

  it('the last report has the likelihood of the model that the run ends with, its average included', async () => {
    using rbm = fresh();
    const reports = await rbm.fit(rows, { ...options, averageLast: 0.3, validation, evaluateEvery: 2 });
    expect(reports.map(({ evaluation }) => evaluation !== null)).toEqual([false, true, false, true, true]);
    const now = await rbm.evaluate(validation);
    const last = reports.at(-1)!.evaluation!;
    expect(last.logZ).toEqual(now.logZ);
    expect(last.logLikelihood).toEqual(now.logLikelihood);
    expect(last.warnings).toEqual([]);
  });

  it('without validation rows it is about the training rows; options reach the estimate', async () => {
    using rbm = fresh();
    const evaluate = { method: 'ais', chains: 7, betas: [0, 0.5, 1] } as const;
    const [report] = await rbm.fit(rows, { ...options, epochs: 1, evaluateEvery: 1, evaluate });
    expect(report!.evaluation!.logZ.method).toBe('ais-bracket');
    expect(report!.evaluation!.logLikelihoods.shape).toEqual([60]);
  });

  it('annealing between epochs changes no bit of the run, nor of what is drawn after it', async () => {
    const evaluate = { method: 'ais', chains: 5, betas: 8, warmup: 3 } as const;
    using plain = fresh();
    await plain.fit(rows, options);
    using watched = fresh();
    await watched.fit(rows, { ...options, evaluateEvery: 1, evaluate });
    expect(parametersOf(watched)).toEqual(parametersOf(plain));
    expect((await watched.sample(4, { sweeps: 3 })).data).toEqual((await plain.sample(4, { sweeps: 3 })).data);
  });

  it('nor of what is annealed after it, however far the look at the options came', async () => {
    using plain = fresh();
    await plain.fit(rows, { ...options, epochs: 1 });
    const after = await plain.logZ({ method: 'ais', chains: 5, betas: 8, warmup: 3 });
    for (let i = 0; i < 10; i++) {
      using watched = fresh();
      await watched.fit(rows, { ...options, epochs: 1, evaluateEvery: 1, evaluate: { method: 'ais', betas: 3 } });
      expect(await watched.logZ({ method: 'ais', chains: 5, betas: 8, warmup: 3 })).toEqual(after);
    }
  });

  it('a run that is interrupted, saved and resumed with evaluations ends like one in one piece', async () => {
    using whole = fresh();
    await whole.fit(rows, { ...options, evaluateEvery: 2 });
    using first = fresh();
    const run = first.fit(rows, { ...options, evaluateEvery: 2 });
    for await (const { epoch } of run) if (epoch === 2) break;
    const path = join(folder.path, `${device}.safetensors`);
    await first.save(path);
    using second = await RBM.load(path, { device });
    const reports = second.training!.complete ? [] : await second.fit(rows, { resume: true, evaluateEvery: 2 });
    expect(parametersOf(second)).toEqual(parametersOf(whole));
    if (reports.length > 0) expect(reports.at(-1)!.evaluation!.logLikelihood).toEqual((await whole.evaluate(rows)).logLikelihood);
  });
});

describe('machines of other wirings', () => {
  it('are evaluated on the layers that have rows', async () => {
    using machine = new BoltzmannMachine({
      layers: { a: bernoulli(4), b: bernoulli(4), h: bernoulli(3) },
      couplings: [
        ['a', 'h'],
        ['b', 'h'],
      ],
      seed: 1,
    });
    const data = { a: rows.map((row) => row.slice(0, 4)), b: rows.map((row) => row.slice(4)) };
    const reports = await machine.fit(data, { epochs: 2, batchSize: 20, evaluateEvery: 2 });
    expect(reports[0]!.evaluation).toBeNull();
    expect(reports[1]!.evaluation!.logLikelihood).toEqual((await machine.evaluate(data)).logLikelihood);
    expect(reports[1]!.evaluation!.logLikelihood.perDimension).toBeCloseTo(reports[1]!.evaluation!.logLikelihood.mean / 8, 12);
  });
});

describe('what cannot be evaluated is refused before anything changes', () => {
  const grey = rows.map((row) => row.map((value) => value / 2));

  it.each<[string, number[][], FitOptions, RegExp]>([
    ['no number', rows, { evaluateEvery: 0 }, /RBM\.fit: `evaluateEvery` must be a whole number of at least 1, got 0/],
    ['a part of an epoch', rows, { evaluateEvery: 0.5 }, /`evaluateEvery` must be a whole number/],
    ['options alone', rows, { evaluate: {} }, /RBM\.fit: `evaluate` must be left out without `evaluateEvery`/],
    ['one temperature', rows, { evaluateEvery: 1, evaluate: { betas: 1 } }, /RBM\.fit: `betas`/],
    ['a signal', rows, { evaluateEvery: 1, evaluate: { signal: AbortSignal.timeout(1) } as object }, /`evaluate\.signal` must be left out/],
    ['grey rows', grey, { evaluateEvery: 2 }, /RBM\.fit: /],
  ])('%s', async (_, data, more, message) => {
    using rbm = new RBM({ visible: 8, hidden: 5 });
    const before = parametersOf(rbm);
    const refused = rbm.fit(data, { ...options, ...more });
    await expect(refused).rejects.toThrow(ParameterError);
    await expect(refused).rejects.toThrow(message);
    expect(parametersOf(rbm)).toEqual(before);
    expect(rbm.training).toBeNull();
  });
});
