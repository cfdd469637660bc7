import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BoltzmannMachine, DeepBoltzmannMachine, gaussian, relu } from '../../src/index.js';
import { allBits, sigmoid, twoClasses } from '../belief/support.js';
import { knownMachine, logWeight, logZ, meanField, plainOf } from './support.js';

const { rows, labels } = twoClasses(60);
const make = () => new DeepBoltzmannMachine({ layers: [6, 4, 3], seed: 3, threads: 1 });
const options = { epochs: 6, batchSize: 20 } as const;
const bitsOf = (machine: DeepBoltzmannMachine) => machine.parameterNames.map((name) => [...machine.getParameter(name).data]);
const folder = () => mkdtemp(join(tmpdir(), 'boltzkit-'));

test('names, layers and couplings are those of a chain', () => {
  const machine = new DeepBoltzmannMachine({ layers: [gaussian(6), 4, relu(3), 2], seed: 3 });
  expect(machine.layerNames).toEqual(['visible', 'hidden1', 'hidden2', 'hidden3']);
  expect(machine.couplings).toEqual([
    ['visible', 'hidden1'],
    ['hidden1', 'hidden2'],
    ['hidden2', 'hidden3'],
  ]);
  expect(machine.toJSON()).toEqual({
    model: 'DeepBoltzmannMachine',
    layers: { visible: 'gaussian(6)', hidden1: 'bernoulli(4)', hidden2: 'relu(3)', hidden3: 'bernoulli(2)' },
    couplings: ['visible-hidden1', 'hidden1-hidden2', 'hidden2-hidden3'],
    seed: '3',
    device: 'cpu',
    training: null,
  });
});

test.each([
  [undefined, /`options` must be an object with `layers`/],
  [{}, /`layers` must be a list of 3 to 101 layers, such as \[784, 500, 1000\], got undefined/],
  [{ layers: 5 }, /`layers` must be a list of 3 to 101 layers/],
  [{ layers: [4, 3] }, /at least 3 layers, visible and two hidden ones; two layers are an `RBM`/],
  [{ layers: [4, 3, 0] }, /`layers\[2\]` must be .* got 0/],
  [{ layers: [4, 3, 2], labels: 2 }, /no option `labels`/],
])('the constructor refuses %j', (given, message) => {
  expect(() => new DeepBoltzmannMachine(given as never)).toThrow(message);
});

describe('training', () => {
  test('learns: the exact log-likelihood rises far above that of independent units', async () => {
    const machine = make();
    await machine.fit(rows, { epochs: 400, batchSize: 20 });
    const plain = plainOf(machine);
    const mean = rows.reduce((sum, row) => sum + logWeight(plain, row), 0) / rows.length - logZ(plain);
    // Six fair bits: −4.16. The two patterns with one bit in eight flipped: −2.95 on average.
    expect(mean).toBeGreaterThan(-3.3);
  });

  test('is that of a machine of the same wiring', async () => {
    const [machine, plain] = [
      make(),
      new BoltzmannMachine({
        layers: make().layers as never,
        couplings: [
          ['visible', 'hidden1'],
          ['hidden1', 'hidden2'],
        ],
        seed: 3,
        threads: 1,
      }),
    ];
    await machine.fit(rows, options);
    await plain.fit({ visible: rows } as never, options);
    for (const name of machine.parameterNames) {
      expect([...machine.getParameter(name).data]).toEqual([...plain.getParameter(name as never).data]);
    }
  });

  test.each(['gibbs', 'mean-field'] as const)(
    'a run with positive %s that is stopped and saved goes on to the same bits',
    async (positive) => {
      const whole = make();
      await whole.fit(rows, { ...options, positive });
      const path = join(await folder(), 'deep.safetensors');
      const part = make();
      const run = part.fit(rows, { ...options, positive });
      for await (const { epoch } of run) if (epoch === 2) run.stop();
      await part.save(path);
      const loaded = await DeepBoltzmannMachine.load(path, { threads: 1 });
      expect(loaded.training?.complete).toBe(false);
      await loaded.fit(rows, { resume: true });
      expect(bitsOf(loaded)).toEqual(bitsOf(whole));
    },
  );
});

describe('files', () => {
  test('are those of a machine with these layers', async () => {
    const path = join(await folder(), 'deep.safetensors');
    const machine = knownMachine({ layers: [6, 4, 3], seed: 3 });
    await machine.save(path);
    const loaded = await DeepBoltzmannMachine.load(path);
    expect(bitsOf(loaded)).toEqual(bitsOf(machine));
    expect(loaded.toJSON()).toEqual(machine.toJSON());
    const plain = await BoltzmannMachine.load(path);
    const hidden = await plain.mean('hidden2', { hidden1: [[1, 0, 1, 0]] });
    expect(hidden.shape).toEqual([1, 3]);
  });

  test('of another wiring are refused', async () => {
    const path = join(await folder(), 'other.safetensors');
    const layers = { visible: gaussian(3), hidden1: relu(2), hidden2: relu(2) };
    await new BoltzmannMachine({
      layers,
      couplings: [
        ['visible', 'hidden1'],
        ['visible', 'hidden2'],
      ],
    }).save(path);
    await expect(DeepBoltzmannMachine.load(path)).rejects.toMatchObject({ name: 'FormatError' });
  });
});

describe('fine-tuning', () => {
  test('begins as one pass of the mean field, whose means from above come in with the row', async () => {
    const machine = knownMachine({ layers: [6, 4, 3], seed: 3, threads: 1 });
    const plain = plainOf(machine);
    const all = allBits(6);
    const classifier = machine.toClassifier({ classes: ['a', 'b'] });
    const augmented = await machine.augmented(all, { sweeps: 100 });
    expect(augmented.shape).toEqual([64, 9]);
    const hidden = await classifier.transform(augmented, 'hidden2');
    all.forEach((row, r) => {
      const [h1, h2] = meanField(plain, row, 100) as [number[], number[]];
      row.forEach((x, i) => {
        expect(augmented.get(r, i)).toBe(x);
      });
      h2.forEach((q, k) => {
        expect(augmented.get(r, 6 + k)).toBeCloseTo(q, 5);
        // The means are a fixed point: the pass gives them back.
        expect(hidden.get(r, k)).toBeCloseTo(q, 5);
      });
      expect(h1).toHaveLength(4);
    });
  });

  test('a layer between the ends counts twice from below', async () => {
    const machine = knownMachine({ layers: [3, 2, 2, 2], seed: 3, threads: 1 });
    const { biases, weights } = plainOf(machine);
    const row = [1, 0, 1];
    const [, q2] = meanField(plainOf(machine), row, 100) as [number[], number[]];
    const up = (x: number[], l: number, scale: number): number[] =>
      (biases[l + 1] as number[]).map((b, j) => b + scale * x.reduce((sum, v, i) => sum + v * (weights[l]?.[i]?.[j] as number), 0));
    const fields = up(row, 0, 1).map((field, i) => field + q2.reduce((sum, q, k) => sum + q * (weights[1]?.[i]?.[k] as number), 0));
    const wanted = up(up(fields.map(sigmoid), 1, 2).map(sigmoid), 2, 1).map(sigmoid);
    const classifier = machine.toClassifier({ classes: 2 });
    const found = await classifier.transform(await machine.augmented([row], { sweeps: 100 }), 'hidden3');
    wanted.forEach((value, k) => {
      expect(found.get(0, k)).toBeCloseTo(value, 5);
    });
  });

  test('learns classes', async () => {
    const machine = make();
    await machine.fit(rows, { epochs: 200, batchSize: 20 });
    const classifier = machine.toClassifier({ classes: 2 });
    const seen = await machine.augmented(rows);
    await classifier.fit(seen, labels, { epochs: 200, learningRate: 0.5 });
    expect((await classifier.evaluate(seen, labels)).error).toBeLessThan(0.1);
  });

  test('refuses a machine that learnt nothing, and options that do not fit', () => {
    expect(() => make().toClassifier({ classes: 2 })).toThrow(
      /toClassifier: this machine was neither trained nor given parameters; `fit` it first/,
    );
    const known = knownMachine({ layers: [6, 4, 3] });
    expect(() => known.toClassifier({ classes: 1 })).toThrow(/classes/);
    expect(() => known.toClassifier({ classes: 2, layers: 3 } as never)).toThrow(/no option `layers`/);
  });
});

test('rows that lack values are filled in; samples have the shape of the layer', async () => {
  const machine = knownMachine({ layers: [6, 4, 3], seed: 3, threads: 1 });
  const filled = await machine.impute([[1, Number.NaN, 0, 1, Number.NaN, 0]]);
  expect([filled.get(0, 0), filled.get(0, 2), filled.get(0, 3), filled.get(0, 5)]).toEqual([1, 0, 1, 0]);
  expect(filled.get(0, 1)).toBeGreaterThan(0);
  expect((await machine.sample(5, { sweeps: 3 })).shape).toEqual([5, 6]);
  expect((await machine.sample(5, { sweeps: 3, layer: 'hidden2' })).shape).toEqual([5, 3]);
});
