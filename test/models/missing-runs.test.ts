/** Runs over rows that lack values: the same bits however they are run, metrics of completed rows, errors before anything changes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, cd, counts, ParameterError, pcd, RBM, ShapeError, softmax } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { bitsOf, devices, parameterBits, type TestDevice } from './support.js';

const none = Number.NaN;
const random = new TestRandom(8);
const rows = Array.from({ length: 600 }, () =>
  Array.from({ length: 9 }, (_, i) => (random.uniform() < 0.3 ? none : Number(random.uniform() < i / 9))),
);
const complete = rows.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : value)));
const options = { epochs: 3, batchSize: 50, algorithm: pcd({ chains: 60 }), positiveSweeps: 3 };
const create = (threads = 2, device: TestDevice = 'cpu') => new RBM({ visible: 9, hidden: 5, seed: 4, threads, device });

describe('rows that lack values give the same bits', () => {
  it('on any number of threads and given as NaN, in a mask or sparsely', async () => {
    const mask = rows.flat().map((value) => !Number.isNaN(value));
    const present = rows.map((row) => row.flatMap((value, i) => (value === 0 ? [] : [[i, value] as const])));
    const sparse = {
      indptr: [0, ...present.map((_, r) => present.slice(0, r + 1).flat().length)],
      indices: present.flat().map(([i]) => i),
      values: present.flat().map(([, value]) => value),
      shape: [600, 9],
    };
    const forms = [rows, { data: Uint8Array.from(complete.flat()), shape: [600, 9], mask }, sparse];
    const results: string[] = [];
    for (const threads of [1, 3]) {
      for (const form of forms) {
        using rbm = create(threads);
        const reports = await rbm.fit(form, options);
        const imputed = await rbm.impute(form, { warmup: 5, sweeps: 5 });
        const drawn = await rbm.impute(form, { warmup: 5, output: 'sample' });
        const metrics = reports.map(({ pseudoLikelihood, chainFreeEnergyGap }) => [pseudoLikelihood, chainFreeEnergyGap]).join();
        results.push([parameterBits(rbm), bitsOf(imputed.data), bitsOf(drawn.data), metrics].join());
      }
    }
    expect(new Set(results).size).toBe(1);
  });

  it.each([cd(), pcd({ chains: 60 })])('whether $name is interrupted or not', async (algorithm) => {
    const long = { ...options, epochs: 100, algorithm };
    using straight = create();
    await straight.fit(rows, long);
    using halted = create();
    for await (const { epoch } of halted.fit(rows, long)) if (epoch === 1) break;
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-missing-'));
    try {
      await halted.save(join(folder, 'half.safetensors'));
      using again = await RBM.load(join(folder, 'half.safetensors'));
      // A run may be over before it hears of the end.
      if (again.training?.complete === false) await again.fit(rows, { ...long, resume: true });
      expect(parameterBits(again)).toBe(parameterBits(straight));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('when values are all there, as rows that may lack some', async () => {
    const results: string[] = [];
    for (const input of [complete, { data: complete.flat(), shape: [600, 9], mask: new Uint8Array(5400).fill(1) }]) {
      using rbm = create();
      await rbm.fit(input, options);
      results.push(parameterBits(rbm));
    }
    expect(results[1]).toBe(results[0]);
  });
});

describe.each(devices)('on %s', (device) => {
  it('metrics are those of completed rows', async () => {
    using rbm = create(2, device);
    const reports = await rbm.fit(rows, { ...options, validation: rows.slice(0, 100) });
    for (const report of reports) {
      for (const metric of ['pseudoLikelihood', 'freeEnergyGap', 'chainFreeEnergyGap'] as const)
        expect(report[metric]).toSatisfy(Number.isFinite);
    }
    using free = create(2, device);
    await free.fit(rows, { ...options, monitorRows: 0 });
    expect(parameterBits(free)).toBe(parameterBits(rbm));
  });

  it('every call draws anew, chunks of rows apart from each other', async () => {
    using rbm = create(2, device);
    const holes = { data: new Float32Array(9 * 1100).fill(none), shape: [1100, 9] };
    const [first, second] = [await rbm.impute(holes, { output: 'sample' }), await rbm.impute(holes, { output: 'sample' })];
    expect(bitsOf(first.data)).not.toBe(bitsOf(second.data));
    const lines = new Set(Array.from({ length: 1100 }, (_, r) => first.data.subarray(9 * r, 9 * r + 9).join('')));
    expect(lines.size).toBeGreaterThan(400); // of 512, each as likely as the others
    const ones = first.data.reduce((sum, value) => sum + value, 0) / first.data.length;
    expect(Math.abs(ones - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(9 * 1100));
  });
});

describe('categories and wirings', () => {
  const create = () =>
    new BoltzmannMachine({
      layers: { image: bernoulli(4), label: softmax(3), hidden: bernoulli(3), words: counts(5) },
      couplings: [
        ['image', 'hidden'],
        ['label', 'hidden'],
        ['words', 'hidden'],
      ],
      seed: 1,
    });
  const image = [
    [1, none, 0, 0],
    [0, 0, 1, 1],
  ];

  it('missing categories come back as probabilities, given ones as one-hot rows', async () => {
    using machine = create();
    const { label, image: filled, ...others } = await machine.impute({ label: [2, none], image });
    expect(others).toEqual({});
    expect([...label!.data.subarray(0, 3)]).toEqual([0, 0, 1]);
    expect(label!.data.subarray(3).reduce((x, y) => x + y)).toBeCloseTo(1, 5);
    expect(label!.data.subarray(3).every((p) => p > 0)).toBe(true);
    expect([filled!.get(0, 0), filled!.get(0, 2), filled!.get(1, 3)]).toEqual([1, 0, 1]);
    const drawn = await machine.impute({ label: [none, none] }, { output: 'sample' });
    expect(drawn.label!.shape).toEqual([2, 3]);
    expect([...drawn.label!.data].sort()).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it.each<[string, (machine: BoltzmannMachine) => PromiseLike<unknown>, new (...args: never[]) => Error, RegExp]>([
    ['no rows at all', (m) => m.impute({}), ParameterError, /^BoltzmannMachine\.impute: `given` must hold rows of at least one layer/],
    ['an unknown layer', (m) => m.impute({ picture: image }), ParameterError, /^BoltzmannMachine\.impute: .*`picture`/],
    ['different numbers of rows', (m) => m.impute({ image, label: [1] }), ShapeError, /`given\.label` must have 2 rows/],
    [
      'half a category',
      (m) => m.impute({ label: [[none, 0, 1]] }),
      ParameterError,
      /`given\.label` all 3 places of a unit must be missing/,
    ],
    ['half a category in a clamp', (m) => m.sample(1, { clamp: { label: [[none, 0, 1]] } }), ParameterError, /`clamp\.label` all 3 places/],
    [
      'a clamp out of range',
      (m) => m.sample(1, { clamp: { image: [[none, 0, 1, 2]] } }),
      ParameterError,
      /`clamp\.image` .*got 2 .*column 3/,
    ],
    [
      'counts',
      (m) => m.fit({ words: [[none, none, none, none, none]] }),
      ParameterError,
      /layer 'words' holds counts, of which none can be missing/,
    ],
    ['some counts', (m) => m.fit({ words: [[none, 1, 0, 0, 2]] }), ParameterError, /`data\.words` all 5 places/],
    ['marginals of a given layer', (m) => m.marginals('image', { image }), ParameterError, /layer 'image' is given.*impute/],
    ['marginals of nothing known', (m) => m.marginals('ear', { image }), ParameterError, /`layer` must be one of/],
    ['energies', (m) => m.freeEnergy({ image }), ParameterError, /`data\.image` .*got NaN at row 0, column 1 \(.*`impute`/],
    ['probabilities', (m) => m.probabilities('label', { image }), ParameterError, /got NaN at row 0, column 1/],
    ['conditional means', (m) => m.mean('image', { hidden: [[none, 0, 1]] }), ParameterError, /got NaN at row 0, column 0/],
    ['unknown options', (m) => m.marginals('label', { image }, { output: 'mean' } as never), ParameterError, /no option `output`/],
  ])('%s', async (_, call, type, message) => {
    using machine = create();
    const error = await Promise.resolve()
      .then(() => call(machine))
      .then(
        () => undefined,
        (e: unknown) => e,
      );
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
    expect(machine.busy).toBe(false);
  });

  it('ends between two sweeps when aborted', async () => {
    using machine = create();
    const controller = new AbortController();
    const endless = machine.impute({ image }, { warmup: 2 ** 40, signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 20);
    await expect(endless).rejects.toBe('enough');
    expect(machine.busy).toBe(false);
  });
});
