import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { argmax, atTemperature, bestTemperature, ClassificationRBM, calibration, cd, toNested } from '../../src/index.js';
import { generator, normal } from './support.js';

const [visible, classes, hidden] = [5, 3, 4];
const random = generator(7);
const numbers = (n: number, scale = 1) => Array.from({ length: n }, () => scale * normal(random));
const grid = (rows: number, cols: number, scale = 1) => Array.from({ length: rows }, () => numbers(cols, scale));
const parameters = { w: grid(visible, hidden), u: grid(classes, hidden), b: numbers(visible), c: numbers(hidden), d: numbers(classes) };

function model(threads = 1): ClassificationRBM {
  const made = new ClassificationRBM({ visible, classes, hidden, seed: 3, threads, device: 'reference' });
  made.setParameter('visible-hidden.weights', parameters.w);
  made.setParameter('labels-hidden.weights', parameters.u);
  made.setParameter('visible.bias', parameters.b);
  made.setParameter('hidden.bias', parameters.c);
  made.setParameter('labels.bias', parameters.d);
  return made;
}

const bits = (state: number, n: number) => Array.from({ length: n }, (_, i) => (state >> i) & 1);
const every = Array.from({ length: 2 ** visible }, (_, state) => bits(state, visible));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Σ_h exp(−E(v, y, h)), state by state. */
function weight(v: readonly number[], y: number): number {
  const { w, u, b, c, d } = parameters;
  return Array.from({ length: 2 ** hidden }, (_, state) => bits(state, hidden)).reduce((sum, h) => {
    const fromRows = v.reduce((total, x, i) => total + x * dot(w[i]!, h), 0);
    return sum + Math.exp(dot(b, v) + dot(c, h) + d[y]! + fromRows + dot(u[y]!, h));
  }, 0);
}
const weights = every.map((v) => Array.from({ length: classes }, (_, y) => weight(v, y)));
const sum = (row: readonly number[]) => row.reduce((total, x) => total + x, 0);

describe('questions of a classification RBM are those of sums over its states', () => {
  test('probabilities, classes, log-probabilities, strangeness', async () => {
    using machine = model();
    const p = await machine.probabilities(every);
    expect(p.shape).toEqual([2 ** visible, classes]);
    const labels = argmax(p);
    const found = await machine.classify(every);
    expect(found).toEqual([...labels]);
    const logs = await machine.logProbability(every, found);
    const strange = await machine.strangeness(every);
    for (const [r, row] of weights.entries()) {
      for (let y = 0; y < classes; y++) expect(p.get(r, y)).toBeCloseTo(row[y]! / sum(row), 6);
      expect(logs.get(r)).toBeCloseTo(Math.log(row[found[r]!]! / sum(row)), 6);
      expect(strange.get(r)).toBeCloseTo(-Math.log(sum(row)), 5);
    }
    expect([...machine.probabilitiesSync(every.slice(0, 3)).data]).toEqual([...p.data.subarray(0, 3 * classes)]);
  });

  test('temperature and rejection', async () => {
    using machine = model();
    const [p, cooler] = [await machine.probabilities(every), await machine.probabilities(every, { temperature: 2 })];
    for (const [r, row] of weights.entries()) {
      const roots = row.map((x) => Math.sqrt(x));
      for (let y = 0; y < classes; y++) expect(cooler.get(r, y)).toBeCloseTo(roots[y]! / sum(roots), 5);
    }
    const confidence = every.map((_, r) => Math.max(p.get(r, 0), p.get(r, 1), p.get(r, 2)));
    const reject = [...confidence].sort((a, b) => a - b)[10]!;
    const sure = await machine.classify(every, { reject });
    expect(sure.map((label) => label === null)).toEqual(confidence.map((c) => c < reject));
    expect(sure.filter((label) => label === null)).toHaveLength(10);
  });

  test('rows drawn of a class have the frequencies of p(v | y)', async () => {
    using machine = model();
    const n = 4000;
    const drawn = await machine.sample(n, { label: 2, sweeps: 60 });
    const total = sum(weights.map((row) => row[2]!));
    for (let i = 0; i < visible; i++) {
      const expected = sum(every.map((v, r) => v[i]! * weights[r]![2]!)) / total;
      const mean = sum(Array.from({ length: n }, (_, r) => drawn.get(r, i))) / n;
      // Five tests at 4.5 standard errors: a false alarm in 30,000 runs, and the seed is fixed.
      expect(Math.abs(mean - expected)).toBeLessThan(4.5 * Math.sqrt((expected * (1 - expected)) / n) + 1e-9);
    }
    const labels = await machine.sample(3, { label: [0, 1, 2], sweeps: 5, layer: 'labels' });
    expect(toNested(labels)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });
});

/** Rows whose class is the quarter with most ones; a tenth of the pixels is flipped. */
function quarters(n: number, seed: number) {
  const dice = generator(seed);
  const labels = Array.from({ length: n }, () => Math.floor(4 * dice()));
  const rows = labels.map((label) => {
    return Array.from({ length: 16 }, (_, i) => Number((Math.floor(i / 4) === label) !== dice() < 0.1));
  });
  return { rows, labels };
}

describe('training', () => {
  const [learn, other] = [quarters(400, 1), quarters(200, 2)];
  const fit = { epochs: 12, batchSize: 30, learningRate: 0.4, averageLast: 0.2 } as const;
  const make = (threads = 1) => new ClassificationRBM({ visible: 16, classes: 4, hidden: 12, seed: 5, threads, weightScale: 0.2 });
  const objectives = ['generative', 'discriminative', { hybrid: 0.1 }] as const;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'classification-rbm-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('every objective learns the classes of unseen rows, and reports them', async () => {
    for (const objective of objectives) {
      using machine = make();
      const before = await machine.assess(other.rows, other.labels);
      const reports = await machine.fit(learn.rows, learn.labels, { ...fit, epochs: 60, objective, validation: other });
      const after = await machine.assess(other.rows, other.labels);
      expect(before.error).toBeGreaterThan(0.4);
      expect(after.error).toBeLessThan(0.05);
      expect(after.loss).toBeLessThan(before.loss);
      expect(after.perClass.map(({ label }) => label)).toEqual([0, 1, 2, 3]);
      const last = reports.at(-1)!.labels!;
      expect(last.validationError).toBeCloseTo(after.error, 12);
      expect(last.validationLoss).toBeCloseTo(after.loss, 5);
      expect(last.error).toBeLessThan(0.05);
    }
  });

  test('an interrupted run ends with the bits of one that was not, also from a file and with other threads', async () => {
    for (const [i, objective] of objectives.entries()) {
      for (const algorithm of ['cd', 'pcd'] as const) {
        using whole = make();
        await whole.fit(learn.rows, learn.labels, { ...fit, objective, algorithm });
        const path = join(folder, `${i}-${algorithm}.safetensors`);
        {
          using half = make(2);
          const run = half.fit(learn.rows, learn.labels, { ...fit, objective, algorithm });
          for await (const { epoch } of run) if (epoch === 5) run.stop();
          expect(half.training?.complete).toBe(false);
          await half.save(path);
        }
        using again = await ClassificationRBM.load(path, { threads: 1 });
        expect(again.classes).toEqual([0, 1, 2, 3]);
        await again.fit(learn.rows, learn.labels, { resume: true, objective });
        for (const name of whole.parameterNames) expect(again.getParameter(name).data).toEqual(whole.getParameter(name).data);
      }
    }
  });

  test('a run is not resumed with another objective', async () => {
    using machine = make();
    const run = machine.fit(learn.rows, learn.labels, { ...fit, objective: 'discriminative' });
    for await (const { epoch } of run) if (epoch === 2) run.stop();
    await expect(machine.fit(learn.rows, learn.labels, { resume: true, objective: { hybrid: 0.5 } })).rejects.toThrow(
      'cannot resume with another `objective`: the interrupted run has "discriminative", got {"hybrid":0.5}',
    );
  });

  test('early stopping goes by the error on validation rows and ends with the best parameters', async () => {
    using machine = make();
    const reports = [];
    const options = { ...fit, epochs: 200, validation: other, earlyStopping: { patience: 3 }, averageLast: 0 };
    for await (const report of machine.fit(learn.rows, learn.labels, options)) reports.push(report.labels!.validationError!);
    expect(machine.training?.stoppedEarly).toBe(true);
    const { error } = await machine.assess(other.rows, other.labels);
    expect(error).toBeCloseTo(Math.min(...reports), 12);
  });

  test('weights of rows count, and rows of weight 0 do not', async () => {
    const odd = learn.labels.map((label, r) => (r % 2 === 0 ? label : (label + 1) % 4));
    using machine = make();
    const sampleWeights = learn.labels.map((_, r) => (r % 2 === 0 ? 1 : 0));
    await machine.fit(learn.rows, odd, { ...fit, epochs: 60, objective: 'discriminative', sampleWeights });
    expect((await machine.assess(other.rows, other.labels)).error).toBeLessThan(0.05);
  });

  test('parts of a stream', async () => {
    using machine = make();
    for (let pass = 0; pass < 20; pass++) {
      for (let first = 0; first < 400; first += 100) {
        const [rows, labels] = [learn.rows.slice(first, first + 100), learn.labels.slice(first, first + 100)];
        await machine.partialFit(rows, labels, { objective: 'discriminative', learningRate: 0.2, batchSize: 20 });
      }
    }
    expect((await machine.assess(other.rows, other.labels)).error).toBeLessThan(0.05);
  });

  test('classes with names come back by their names, from a file too', async () => {
    const names = ['north', 'east', 'south', 'west'] as const;
    using machine = new ClassificationRBM({ visible: 16, classes: names, hidden: 12, seed: 5, weightScale: 0.2 });
    const labels = learn.labels.map((label) => names[label]!);
    await machine.fit(learn.rows, labels, { ...fit, epochs: 60, objective: 'discriminative' });
    const found: ('north' | 'east' | 'south' | 'west')[] = await machine.classify(other.rows);
    expect(found.filter((name, r) => name === names[other.labels[r]!]).length).toBeGreaterThan(190);
    const path = join(folder, 'names.safetensors');
    await machine.save(path);
    using loaded = await ClassificationRBM.load(path);
    expect(loaded.classes).toEqual(names);
    expect(await loaded.classify(other.rows)).toEqual(found);
    expect((await readFile(path)).toString('latin1')).toContain('classification-rbm');
  });
});

describe('bad input is refused before anything changes', () => {
  const rows = [
    [1, 0, 1, 0, 1],
    [0, 1, 0, 1, 0],
  ];
  const wrong = async (
    work: (machine: ClassificationRBM) => PromiseLike<unknown>,
    error: ErrorConstructor | typeof ParameterError | typeof ShapeError,
    message: string | RegExp,
  ) => {
    using machine = model();
    const promise = (async () => work(machine))();
    await expect(promise).rejects.toThrow(error);
    await expect((async () => work(machine))()).rejects.toThrow(message);
    for (const [name, values] of [['labels.bias', parameters.d] as const, ['hidden.bias', parameters.c] as const]) {
      expect([...machine.getParameter(name).data]).toEqual(values);
    }
  };

  test('labels', async () => {
    await wrong((m) => m.fit(rows, [0, 3]), ParameterError, 'ClassificationRBM.fit: `labels[1]` must be a whole number from 0 to 2, got 3');
    await wrong((m) => m.fit(rows, [0]), ParameterError, '`labels` must be of at least two classes, got 0 only');
    await wrong((m) => m.fit(rows, [0, 1, 2]), ShapeError, '`labels` must have 2 rows, as many as `rows`, got 3');
    await wrong((m) => m.logProbability(rows, [0]), ShapeError, '`labels` must have 2 rows');
    await wrong((m) => m.fit(rows, [0, 1], { validation: { rows, labels: [0, 9] } }), ParameterError, '`validation.labels[1]`');
    await wrong((m) => m.sample(2, { label: 3 }), ParameterError, '`label');
    await wrong((m) => m.sample(2, { label: [0, 1, 2] }), ShapeError, '`label` must be one class, or one for each of 2 chains, got 3');
    await wrong((m) => m.sample(2, { label: 1, clamp: { labels: [0] } }), ParameterError, '`label` must be left out with `clamp.labels`');
  });

  test('rows', async () => {
    await wrong((m) => m.fit([[1, 0]], [0]), Error, /labels|columns|visible/);
    await wrong((m) => m.probabilities([[1, 0]]), ShapeError, '5 columns');
    await wrong(
      (m) => m.fit([[1, 0, 1, 0, Number.NaN], rows[1]!], [0, 1], { objective: 'discriminative' }),
      ParameterError,
      'learning p(labels | rows) needs rows and labels that lack no value',
    );
  });

  test('options', async () => {
    const refused = (objective: unknown, message: string) =>
      wrong((m) => m.fit(rows, [0, 1], { objective: objective as 'generative' }), ParameterError, message);
    await refused('hybrid', "`objective` must be 'generative', 'discriminative' or an object such as { hybrid: 0.01 }, got \"hybrid\"");
    await refused({ hybrid: 0 }, '`objective.hybrid` must be a finite number above 0, got 0');
    await refused({ hybrid: -1 }, '`objective.hybrid` must be a finite number of at least 0, got -1');
    await refused({ alpha: 1 }, '`objective` has no `alpha`; known are hybrid');
    await wrong((m) => m.classify(rows, { reject: 2 }), ParameterError, '`reject` must be a finite number in [0, 1], got 2');
    await wrong((m) => m.probabilities(rows, { temperature: 0 }), ParameterError, '`temperature` must be a finite number above 0, got 0');
    expect(() => new ClassificationRBM({ visible: 3, classes: 1, hidden: 2 })).toThrow(
      '`classes` must be a whole number from 2 to 4096, got 1',
    );
    expect(() => new ClassificationRBM({ visible: 3, classes: ['a', 'a'], hidden: 2 })).toThrow('without repetitions');
    expect(() => new ClassificationRBM({ visible: 0, classes: 2, hidden: 2 })).toThrow('`visible`');
  });
});

describe('temperature scaling', () => {
  test('finds the temperature that probabilities were spoilt by', () => {
    const dice = generator(3);
    const right = Array.from({ length: 4000 }, () => {
      const odds = [0, 1, 2].map(() => Math.exp(1.5 * normal(dice)));
      return odds.map((x) => x / sum(odds));
    });
    const labels = right.map((row) => {
      const u = dice();
      return u < row[0]! ? 0 : u < row[0]! + row[1]! ? 1 : 2;
    });
    const tooSure = atTemperature(right, 0.4);
    const t = bestTemperature(tooSure, labels);
    expect(Math.abs(t - 2.5)).toBeLessThan(0.25);
    const mended = atTemperature(tooSure, t);
    expect([...argmax(mended)]).toEqual([...argmax(tooSure)]);
    expect(calibration(mended, labels).ece).toBeLessThan(calibration(tooSure, labels).ece / 3);
    for (const other of [t * 0.8, t * 1.2]) {
      expect(calibration(atTemperature(tooSure, other), labels).logLoss).toBeGreaterThan(calibration(mended, labels).logLoss);
    }
  });

  test('refuses what is no probability or temperature', () => {
    expect(() => atTemperature([[0.5, 0.5]], 0)).toThrow('`temperature` must be a finite number above 0, got 0');
    expect(() => atTemperature([[0.5, 0.6]], 1)).toThrow('must add up to 1');
    expect(() => bestTemperature([[0.5, 0.5]], [2])).toThrow('`labels[0]`');
  });
});

test('gradients of cd beside the conditional likelihood keep their chains apart from it', async () => {
  const data = quarters(60, 4);
  const fit = {
    epochs: 1,
    batchSize: 60,
    learningRate: 0.5,
    shuffle: false,
    centred: false,
    l2: 0,
    averageLast: 0,
    initialiseFromData: false,
  } as const;
  const step = async (objective: 'generative' | 'discriminative' | { hybrid: number }) => {
    using machine = new ClassificationRBM({ visible: 16, classes: 4, hidden: 6, seed: 9, device: 'reference', weightScale: 0.3 });
    const before = machine.getParameter('visible-hidden.weights').data.slice();
    await machine.fit(data.rows, data.labels, { ...fit, objective, algorithm: cd() });
    return machine.getParameter('visible-hidden.weights').data.map((w, i) => w - before[i]!);
  };
  const [generative, discriminative, hybrid] = [await step('generative'), await step('discriminative'), await step({ hybrid: 0.25 })];
  hybrid.forEach((moved, i) => {
    expect(moved).toBeCloseTo(discriminative[i]! + 0.25 * generative[i]!, 12);
  });
});
