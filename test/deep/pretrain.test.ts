import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { binomial, DeepBeliefNetwork, DeepBoltzmannMachine, gaussian, RBM, spin } from '../../src/index.js';
import { allBits, numbers, twoClasses } from '../belief/support.js';
import { logSum } from './support.js';

const { rows } = twoClasses(60);
const place = { seed: 3, threads: 1 } as const;
const options = { epochs: 4, batchSize: 20 } as const;

const parametersOf = (machine: DeepBoltzmannMachine): Record<string, number[]> =>
  Object.fromEntries(machine.parameterNames.map((name) => [name, Array.from(machine.getParameter(name).data)]));

describe('a layer that counts twice', () => {
  const doubled = new RBM({ visible: binomial(3, 2), hidden: 2, seed: 1 });
  const next = numbers(5);
  const random = (n: number): Float64Array => Float64Array.from({ length: n }, () => Math.fround(2 * next() - 1));
  const [w, a, b] = [random(6), random(3), random(2)];
  doubled.setParameter('visible-hidden.weights', { data: w, shape: [3, 2] });
  doubled.setParameter('visible.bias', a);
  doubled.setParameter('hidden.bias', b);

  test('is two copies with the same weights and biases: their sum has its probabilities', async () => {
    const one = (v: readonly number[], h: readonly number[]): number =>
      v.reduce((sum, x, i) => sum + x * ((a[i] as number) + h.reduce((field, y, j) => field + y * (w[i * 2 + j] as number), 0)), 0);
    const own = (h: readonly number[]): number => h.reduce((sum, y, j) => sum + y * (b[j] as number), 0);
    const terms = new Map<string, number[]>();
    for (const v1 of allBits(3)) {
      for (const v2 of allBits(3)) {
        const key = v1.map((x, i) => x + (v2[i] as number)).join('');
        terms.set(key, [...(terms.get(key) ?? []), ...allBits(2).map((h) => one(v1, h) + one(v2, h) + own(h))]);
      }
    }
    const states = [...terms.keys()].map((key) => [...key].map(Number));
    const found = await doubled.freeEnergy(states);
    [...terms.values()].forEach((values, r) => {
      expect(found.get(r)).toBeCloseTo(-logSum(values), 5);
    });
  });
});

describe.each([[[6, 4, 3]], [[6, 5, 4, 3]], [[6, 4, spin(4), 4, binomial(3, 2)]]])('layers %j', (layers) => {
  test('are composed of greedy machines whose outer layers count twice', async () => {
    const dbm = new DeepBoltzmannMachine({ layers, ...place });
    const last = layers.length - 1;
    const ends = [binomial(6, 2), ...layers.slice(1, -1), last === 4 ? binomial(3, 4) : binomial(3, 2)];
    const stack = new DeepBeliefNetwork({ layers: ends, ...place });
    const reports = await dbm.pretrain(rows, options);
    await stack.pretrain(
      rows.map((row) => row.map((x) => 2 * x)),
      options,
    );
    expect(reports.map(({ level, epoch }) => [level, epoch])).toEqual(
      Array.from({ length: last * 4 }, (_, i) => [Math.floor(i / 4) + 1, (i % 4) + 1]),
    );
    const names = stack.layerNames;
    for (let l = 0; l < last; l++) {
      const coupling = `${names[l]}-${names[l + 1]}.weights` as 'visible-hidden1.weights';
      const scale = l === 0 || l === last - 1 ? 1 : 0.5;
      const wanted = stack.getParameter(`level${l + 1}/${coupling}`).data.map((x) => scale * x);
      expect([...dbm.getParameter(coupling).data]).toEqual([...wanted]);
    }
    const half = (l: number, name: string) => [...stack.getParameter(`level${l}/${name}.bias`).data];
    names.forEach((name, l) => {
      const machines = [l, l + 1].filter((level) => level >= 1 && level <= last).map((level) => half(level, name));
      const wanted = (machines[0] as number[]).map((x, i) => Math.fround((x + ((machines.at(-1) as number[])[i] as number)) / 2));
      expect([...dbm.getParameter(`${name}.bias` as 'visible.bias').data]).toEqual(wanted);
    });
  });
});

describe('runs', () => {
  const make = () => new DeepBoltzmannMachine({ layers: [6, 4, 3], ...place });
  const whole = async () => {
    const dbm = make();
    await dbm.pretrain(rows, options);
    return parametersOf(dbm);
  };

  test('a run that is stopped leaves the machine as it was, and goes on to the same bits', async () => {
    const dbm = make();
    const before = parametersOf(dbm);
    const run = dbm.pretrain(rows, options);
    for await (const { level, epoch } of run) if (level === 2 && epoch === 2) run.stop();
    expect(parametersOf(dbm)).toEqual(before);
    await dbm.pretrain(rows, { ...options, resume: true });
    expect(parametersOf(dbm)).toEqual(await whole());
    await expect(dbm.pretrain(rows, { resume: true })).rejects.toThrow(/`resume` must be false, or the path of a checkpoint.*got true/);
  });

  test('a checkpoint goes on in another object, to the same bits', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'boltzkit-')), 'levels.safetensors');
    const first = make();
    const run = first.pretrain(rows, { ...options, checkpoint: { path, every: 5 } });
    for await (const { level } of run) if (level === 2) run.stop();
    first.dispose();
    const dbm = make();
    await dbm.pretrain(rows, { ...options, resume: path });
    expect(parametersOf(dbm)).toEqual(await whole());
    const other = new DeepBoltzmannMachine({ layers: [6, 5, 3], ...place });
    await expect(other.pretrain(rows, { resume: path })).rejects.toThrow(
      /`resume` must name a checkpoint of machines binomial\(6, 2\)–bernoulli\(5/,
    );
  });

  test('the machine can be read between reports, and not trained', async () => {
    const dbm = make();
    const run = dbm.pretrain(rows, options);
    for await (const _ of run) {
      expect((await dbm.transform(rows)).shape).toEqual([60, 3]);
      await expect(dbm.fit(rows)).rejects.toThrow(/being trained by DeepBoltzmannMachine\.pretrain/);
      break;
    }
  });

  test('validation rows are watched at every level', async () => {
    const reports = await make().pretrain(rows, { ...options, validation: rows.slice(0, 20) });
    expect(reports.every(({ freeEnergyGap }) => freeEnergyGap !== null)).toBe(true);
  });
});

describe('probabilities', () => {
  test('are drawn once for each copy, by the seed', async () => {
    const grey = rows.map((row) => row.map((x) => 0.1 + 0.8 * x));
    const fitted = async (seed: number) => {
      const dbm = new DeepBoltzmannMachine({ layers: [6, 4, 3], seed, threads: 1 });
      await dbm.pretrain(grey, options);
      return parametersOf(dbm);
    };
    expect(await fitted(1)).toEqual(await fitted(1));
    expect(await fitted(1)).not.toEqual(await fitted(2));
  });

  test('give the counts of two draws', async () => {
    const { doubledRows } = await import('../../src/deep/doubled.js');
    const n = 20_000;
    const layer = { name: 'visible', type: 'bernoulli', units: n, size: 1 };
    const { data } = await doubledRows('test', 'data', [new Array(n).fill(0.3)], layer, 9n);
    const counts = [0, 1, 2].map((k) => [...data].filter((x) => x === k).length / n);
    // Beyond 5 standard errors by chance: once in 1.7 million.
    [0.49, 0.42, 0.09].forEach((p, k) => {
      expect(Math.abs((counts[k] as number) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
    });
  });
});

describe('what pretraining refuses', () => {
  const small = new DeepBoltzmannMachine({ layers: [2, 2, 2] });
  test.each([
    [
      'ends that cannot be doubled',
      [gaussian(2), 2, 2],
      [[0, 1]],
      /at both ends, got gaussian units in layer 'visible'; `fit` learns without it/,
    ],
    ['ends above', [2, 2, spin(2)], [[0, 1]], /at both ends, got spin units in layer 'hidden2'/],
    ['real units between', [2, gaussian(2), 2], [[0, 1]], /between the ends, got gaussian units in layer 'hidden1'/],
    [
      'missing values',
      [2, 2, 2],
      [
        [0, 1],
        [Number.NaN, 1],
      ],
      /must be complete to pretrain, got a missing value in row 1, column 0/,
    ],
    ['values outside', [2, 2, 2], [[0, 1.5]], /numbers in \[0, 1\], got 1\.5 in row 0, column 1/],
    ['parts of trials', [binomial(2, 3), 2, 2], [[0, 1.5]], /whole numbers from 0 to 3, got 1\.5 in row 0, column 1/],
    ['columns', [2, 2, 2], [[0, 1, 1]], /must have 2 columns \(visible units\), got 3/],
  ])('%s', async (_, layers, given, message) => {
    await expect(new DeepBoltzmannMachine({ layers }).pretrain(given)).rejects.toThrow(message);
  });

  test('options it does not know', async () => {
    await expect(small.pretrain([[0, 1]], { labels: [1] } as never)).rejects.toThrow(/labels/);
    await expect(small.pretrain([[0, 1]], { epoch: 1 } as never)).rejects.toThrow(
      /DeepBoltzmannMachine\.pretrain: there is no option `epoch` \(did you mean 'epochs'/,
    );
    await expect(small.pretrain([[0, 1]], 5 as never)).rejects.toThrow(/options must be an object/);
    await expect(small.pretrain([[0, 1]], { resume: true })).rejects.toThrow(/`resume` must be false/);
  });
});
