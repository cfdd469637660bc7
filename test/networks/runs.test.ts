/**
 * Runs of networks: the same bits whoever interrupts them and wherever, on any number of threads;
 * and what options do to them.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Autoencoder,
  adam,
  Classifier,
  lbfgs,
  Network,
  type NetworkFitOptions,
  type NetworkReport,
  ParameterError,
  relu,
  sgd,
} from '../../src/index.js';
import { cornerClassifier, corners, networkBits } from './models-support.js';

const { rows, labels } = corners(50);
const other = corners(30, 11);
const validation = { rows: other.rows, labels: other.labels };
/** 5 updates an epoch, 20 in all. */
const base = { epochs: 4, batchSize: 10 } as const;
type Options = NetworkFitOptions<typeof validation>;

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-networks-'));
});
afterAll(() => rm(folder, { recursive: true }));

const kinds: [string, Options][] = [
  ['adam', {}],
  ['sgd, momentum', { optimiser: sgd({ momentum: 0.9 }), learningRate: 0.05 }],
  ['lbfgs', { optimiser: lbfgs({ iterations: 2, history: 3 }) }],
  ['dropout, norms, decay', { dropout: { inputs: 0.1, hidden1: 0.3 }, maxNorm: 1, l1: 1e-3, l2: 1e-3 }],
  ['averages', { averageLast: 0.6 }],
  ['a frozen layer', { rates: { hidden1: 0, output: 2 }, averageLast: 0.6 }],
  ['roll-backs', { onDivergence: 'rollback' }],
  ['a schedule by function', { learningRate: (update, updates) => 0.01 * (1 - update / updates) }],
  ['weights', { sampleWeights: rows.map((_, r) => r % 3) }],
  ['keepBest', { keepBest: true, validation, learningRate: 0.1 }],
  ['earlyStopping', { earlyStopping: { patience: 1, metric: 'loss' }, validation, learningRate: 0.3 }],
];

async function whole(options: Options) {
  using classifier = cornerClassifier();
  const reports = await classifier.fit(rows, labels, { ...base, ...options });
  return { bits: networkBits(classifier), reports, training: classifier.training };
}

const comparable = (report: NetworkReport | undefined) => ({ ...report, seconds: 0 });

describe('a run that is interrupted', () => {
  it.each(kinds)('goes on from its file to the same bits, from any update: %s', async (name, options) => {
    const expected = await whole(options);
    let resumed = 0;
    const again = { validation: options.validation, sampleWeights: options.sampleWeights } as Options;
    for (let update = 1; update < expected.training!.update; update++) {
      const path = file(`${name}-${update}`);
      using first = cornerClassifier();
      const stop = new AbortController();
      const run = first.fit(rows, labels, {
        ...base,
        ...options,
        signal: stop.signal,
        checkpoint: { path, every: update },
        onProgress: (progress) => {
          if (progress.update >= update) stop.abort(new Error('enough'));
        },
      });
      await run.then(
        () => undefined,
        (error: unknown) => expect((error as Error).message).toBe('enough'),
      );
      await first.save(path);
      using second = await Classifier.load(path, { threads: 1 });
      expect(networkBits(second)).toBe(networkBits(first));
      expect(second.training).toEqual(first.training);
      if (first.training!.complete) continue;
      resumed++;
      const reports = await (second as unknown as typeof first).fit(rows, labels, { resume: true, ...again });
      expect(networkBits(second)).toBe(expected.bits);
      expect(comparable(reports.at(-1))).toEqual(comparable(expected.reports.at(-1)));
      expect(second.training).toEqual(expected.training);
    }
    expect(resumed).toBeGreaterThan(expected.training!.update / 2);
  });

  it('stops after an update, and goes on', async () => {
    const long = { ...base, epochs: 2000 };
    const expected = await whole(long);
    using classifier = cornerClassifier();
    const run = classifier.fit(rows, labels, { ...long, onProgress: () => run.stop() });
    await run;
    expect(classifier.training).toMatchObject({ complete: false, updates: 10_000 });
    expect(classifier.training!.update).toBeLessThan(10_000);
    await classifier.fit(rows, labels, { resume: true });
    expect(networkBits(classifier)).toBe(expected.bits);
  });

  it.each(kinds)('goes on from a checkpoint that was written on the way: %s', async (name, options) => {
    const expected = await whole(options);
    const path = file(`way-${name}`);
    using classifier = cornerClassifier();
    for await (const { epoch } of classifier.fit(rows, labels, { ...base, ...options, checkpoint: { path, every: 7 } })) {
      if (epoch === 2) await copyFile(path, `${path}-7`);
    }
    expect(networkBits(classifier)).toBe(expected.bits);
    using loaded = await Classifier.load(`${path}-7`);
    expect(loaded.training!.update).toBe(7);
    const again = { validation: options.validation, sampleWeights: options.sampleWeights } as Options;
    await (loaded as unknown as typeof classifier).fit(rows, labels, { resume: true, ...again });
    expect(networkBits(loaded)).toBe(expected.bits);
  });

  it('can be read and saved between its reports, which changes nothing', async () => {
    const expected = await whole({});
    using classifier = cornerClassifier();
    for await (const { epoch } of classifier.fit(rows, labels, base)) {
      await classifier.predict(rows);
      await classifier.save(file(`standing-${epoch}`));
    }
    expect(networkBits(classifier)).toBe(expected.bits);
    using loaded = await Classifier.load(file('standing-2'));
    await (loaded as unknown as typeof classifier).fit(rows, labels, { resume: true });
    expect(networkBits(loaded)).toBe(expected.bits);
  });
});

describe('the same seed gives the same bits', () => {
  it.each(kinds)('on any number of threads: %s', async (_, options) => {
    const bits = await Promise.all(
      [1, 2, 5].map(async (threads) => {
        using classifier = cornerClassifier({ threads });
        await classifier.fit(rows, labels, { ...base, ...options });
        return networkBits(classifier);
      }),
    );
    expect(new Set(bits).size).toBe(1);
  });

  it('and another seed others', async () => {
    using one = cornerClassifier();
    using two = cornerClassifier({ seed: 4 });
    expect(networkBits(one)).not.toBe(networkBits(two));
  });
});

describe('options', () => {
  it('dropout of 0 is none, and more of it another run', async () => {
    const none = await whole({});
    expect((await whole({ dropout: 0 })).bits).toBe(none.bits);
    expect((await whole({ dropout: 0.2 })).bits).not.toBe(none.bits);
    using layers = new Classifier({
      inputs: 4,
      hidden: [
        { units: relu(12), dropout: 0.2 },
        { units: 6, dropout: 0.2 },
      ],
      classes: 2,
      seed: 3,
    });
    await layers.fit(rows, labels, base);
    expect(networkBits(layers)).toBe((await whole({ dropout: 0.2 })).bits);
    expect((await whole({ dropout: { hidden1: 0.2, hidden2: 0.2 } })).bits).toBe(networkBits(layers));
    await layers.fit(rows, labels, { ...base, dropout: 0 });
    using inputs = cornerClassifier({ inputDropout: 0.3 });
    await inputs.fit(rows, labels, base);
    expect(networkBits(inputs)).toBe((await whole({ dropout: { inputs: 0.3 } })).bits);
  });

  it('rates freeze a layer, every bit of it', async () => {
    using classifier = cornerClassifier();
    const before = classifier.getParameter('hidden1.weights').data;
    const above = classifier.getParameter('output.weights').data;
    await classifier.fit(rows, labels, { ...base, rates: { hidden1: 0 } });
    expect(classifier.getParameter('hidden1.weights').data).toEqual(before);
    expect(classifier.getParameter('output.weights').data).not.toEqual(above);
  });

  it('maxNorm limits what comes into each unit', async () => {
    using classifier = cornerClassifier();
    await classifier.fit(rows, labels, { ...base, epochs: 20, learningRate: 0.1, maxNorm: 0.5 });
    const { data } = classifier.getParameter('hidden1.weights');
    const norms = Array.from({ length: 12 }, (_, j) => Math.hypot(...[0, 1, 2, 3].map((i) => data[i * 12 + j]!)));
    expect(Math.max(...norms)).toBeLessThan(0.5 + 1e-6);
    expect(Math.max(...norms)).toBeGreaterThan(0.499);
  });

  it('rows of weight 0 are rows that are not there, and a row of weight 2 counts twice', async () => {
    const options = { epochs: 3, shuffle: false, optimiser: 'sgd', learningRate: 0.1, monitorRows: 0 } as const;
    using weighted = cornerClassifier({ device: 'reference' });
    const sampleWeights = rows.map((_, r) => (r < 2 ? 2 : r < 4 ? 1 : 0));
    await weighted.fit(rows, labels, { ...options, batchSize: 50, sampleWeights });
    using repeated = cornerClassifier({ device: 'reference' });
    const order = [0, 0, 1, 1, 2, 3];
    await repeated.fit(
      order.map((r) => rows[r]!),
      order.map((r) => labels[r]!),
      { ...options, batchSize: 6 },
    );
    const [a, b] = [weighted, repeated].map((each) => each.getParameter('hidden1.weights').data);
    for (const [i, value] of a!.entries()) expect(value).toBeCloseTo(b![i]!, 9);
  });

  it('earlyStopping ends a run at its best epoch', async () => {
    const long: Options = { epochs: 60, batchSize: 10, learningRate: 0.05, validation, monitorRows: 10 };
    const all = (await whole(long)).reports;
    const losses = all.map(({ validationLoss }) => validationLoss!);
    let [best, waited, last] = [0, 0, 0];
    for (const [e, loss] of losses.entries()) {
      if (e > 0 && loss >= losses[best]!) waited++;
      else [best, waited] = [e, 0];
      last = e;
      if (waited === 3) break;
    }
    using classifier = cornerClassifier();
    const states: string[] = [];
    for await (const _ of classifier.fit(rows, labels, { ...long, earlyStopping: { metric: 'loss', patience: 3 } }))
      states.push(networkBits(classifier));
    expect(states).toHaveLength(last + 1);
    expect(networkBits(classifier)).toBe(states[best]);
    expect(classifier.training).toMatchObject({ stoppedEarly: last + 1 < 60, complete: true });
    using kept = cornerClassifier();
    await kept.fit(rows, labels, { ...long, keepBest: { metric: 'loss' } });
    const score = await kept.evaluate(validation.rows, validation.labels);
    expect(score.loss).toBeCloseTo(Math.min(...losses), 6);
  });

  it('reports are what evaluate says', async () => {
    using classifier = cornerClassifier();
    const report = (await classifier.fit(rows, labels, { ...base, validation })).at(-1)!;
    const [own, watched] = [await classifier.evaluate(rows, labels), await classifier.evaluate(validation.rows, validation.labels)];
    expect(report.loss).toBeCloseTo(own.loss, 6);
    expect(report.error).toBeCloseTo(own.error, 6);
    expect(report.validationLoss).toBeCloseTo(watched.loss, 6);
    expect(report.validationError).toBeCloseTo(watched.error, 6);
  });

  it('onDivergence goes back as often as it is told to', async () => {
    const wild: Options = { ...base, epochs: 20, optimiser: 'sgd', learningRate: 1e30 };
    using classifier = cornerClassifier();
    const before = networkBits(classifier);
    await expect(classifier.fit(rows, labels, wild)).rejects.toThrow(/^Classifier\.fit: /);
    expect(networkBits(classifier)).toBe(before);
    const back = classifier.fit(rows, labels, { ...wild, onDivergence: { retries: 1000, factor: 0.01 } });
    expect((await back).at(-1)!.rollbacks).toBeGreaterThan(0);
  });
});

describe('files', () => {
  it('hold any network, with its options', async () => {
    using network = new Network({
      inputs: 4,
      layers: [{ units: relu(5), name: 'first', dropout: 0.1 }, 2],
      loss: 'squared',
      inputDropout: 0.2,
      seed: 2n ** 63n,
    });
    await network.fit(
      rows,
      labels.map((y) => [y, 1 - y]),
      { ...base, optimiser: adam({ beta1: 0.8 }) },
    );
    await network.save(file('network'));
    using loaded = await Network.load(file('network'));
    expect(loaded.toJSON()).toEqual(network.toJSON());
    expect(networkBits(loaded)).toBe(networkBits(network));
    await Promise.all(
      [network, loaded].map((each) =>
        each.fit(
          rows,
          labels.map((y) => [y, 1 - y]),
          base,
        ),
      ),
    );
    expect(networkBits(loaded)).toBe(networkBits(network));
    using autoencoder = new Autoencoder({ layers: [4, 7, 2], seed: 1 });
    await autoencoder.save(file('autoencoder'));
    using again = await Autoencoder.load(file('autoencoder'));
    expect(again.toJSON()).toEqual(autoencoder.toJSON());
    expect(networkBits(again)).toBe(networkBits(autoencoder));
    using named = new Classifier({ inputs: 4, hidden: [], classes: ['a', 'b', 7] });
    await named.save(file('named'));
    using read = await Classifier.load(file('named'));
    expect(read.classes).toEqual(['a', 'b', 7]);
    expect(read.predictSync(rows)).toEqual(named.predictSync(rows));
  });

  it('are of one kind', async () => {
    using network = new Network({ inputs: 4, layers: [2] });
    await network.save(file('kind'));
    await expect(Classifier.load(file('kind'))).rejects.toThrow(/holds a model of kind 'network', not 'classifier'/);
  });

  it('resume needs an interrupted run of the same options', async () => {
    using classifier = cornerClassifier();
    await expect(classifier.fit(rows, labels, { resume: true })).rejects.toThrow(
      /`resume` must be false: this model holds no interrupted run/,
    );
    const run = classifier.fit(rows, labels, { ...base, epochs: 2000, onProgress: () => run.stop() });
    await run;
    const wrong: [Options, RegExp][] = [
      [{ batchSize: 5 }, /another `batchSize`: the interrupted run has 10, got 5/],
      [{ optimiser: 'sgd' }, /another `optimiser`/],
      [{ dropout: 0.5 }, /another `dropout`/],
      [{ sampleWeights: rows.map(() => 1) }, /`sampleWeights` must be left out/],
    ];
    for (const [options, message] of wrong) {
      await expect(classifier.fit(rows, labels, { resume: true, ...options })).rejects.toThrow(message);
      await expect(classifier.fit(rows, labels, { resume: true, ...options })).rejects.toThrow(ParameterError);
    }
    await classifier.fit(rows, labels, { resume: true, batchSize: 10 });
    expect(classifier.training!.complete).toBe(true);
  });
});
