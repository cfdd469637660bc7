/** Machines whose units without bounds drive each other to infinity: refused where that is known, stopped where states show it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  DivergenceError,
  doubleRelu,
  type FitOptions,
  gaussian,
  type LayerRows,
  ParameterError,
  relu,
  spin,
  type Units,
} from '../../src/index.js';
import { devices, type TestDevice } from './support.js';

const none = /this machine has no distribution/;

function pair(visible: Units, hidden: Units, weights: number[][], device: TestDevice = 'cpu'): BoltzmannMachine {
  const machine = new BoltzmannMachine({ layers: { v: visible, h: hidden }, couplings: [['v', 'h']], seed: 3, device });
  machine.setParameter('v-h.weights', weights);
  return machine;
}

const pairs: [string, Units, Units, number][] = [
  ['gaussian with gaussian', gaussian(1), gaussian(1), 2],
  ['gaussian with gaussian, against each other', gaussian(1), gaussian(1), -2],
  ['relu with relu', relu(1), relu(1), 2],
  ['gaussian with relu', gaussian(1), relu(1), 2],
  ['gaussian with relu, against each other', gaussian(1), relu(1), -2],
  ['gaussian with doubleRelu', gaussian(1), doubleRelu(1), 1.5],
  ['doubleRelu with doubleRelu', doubleRelu(1), doubleRelu(1), -2],
  ['doubleRelu with relu', doubleRelu(1), relu(1), 2],
];

const calls: [string, (m: BoltzmannMachine) => Promise<unknown>][] = [
  ['sample', (m) => m.sample(2, { sweeps: 5 })],
  ['chains', (m) => m.chains(2)],
  ['anneal', (m) => m.anneal(2, { sweeps: 5 })],
  ['impute', (m) => m.impute({ v: [[Number.NaN]] })],
  ['marginals', (m) => m.marginals('h', { v: [[Number.NaN]] })],
  ['fit', async (m) => m.fit({ v: [[1], [2]] }, { epochs: 1, initialiseFromData: false })],
  ['partialFit', (m) => m.partialFit({ v: [[1], [2]] })],
  ['evaluate', (m) => m.evaluate({ v: [[1]] })],
  ['logZ', (m) => m.logZ()],
  ['freeEnergy', (m) => m.freeEnergy({ v: [[1]] })],
];

describe.each(pairs)('%s at a weight beyond the precisions', (_, visible, hidden, weight) => {
  it.each(calls)('is refused by %s', async (_name, call) => {
    using machine = pair(visible, hidden, [[weight]]);
    const error = await call(machine).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ParameterError);
    expect((error as Error).message).toMatch(none);
  });
});

it('a machine is taken as long as nothing runs away: smaller weights, and signs that hold units back', async () => {
  for (const [visible, hidden, weight] of [
    [relu(1), relu(1), 0.9],
    [relu(1), relu(1), -5],
    [gaussian(1), relu(1), -0.9],
    [doubleRelu(1), relu(1), -0.9],
    [gaussian(1), bernoulli(1), 20],
  ] as const) {
    using machine = pair(visible, hidden, [[weight]]);
    const drawn = await machine.sample(20, { sweeps: 50 });
    expect(drawn.data.every(Number.isFinite)).toBe(true);
  }
});

it('the precisions count, those of either side of a doubleRelu apart', async () => {
  using narrow = pair(relu(1), relu(1), [[2]]);
  for (const name of ['v.parameters', 'h.parameters']) narrow.setParameter(name, [[0], [1]]);
  await narrow.sample(1, { sweeps: 1 });
  using sided = pair(doubleRelu(1), relu(1), [[2]]);
  sided.setParameter('v.parameters', [[0], [2], [0], [0]]);
  await sided.sample(1, { sweeps: 1 });
  sided.setParameter('v-h.weights', [[-2]]);
  await expect(sided.sample(1, { sweeps: 1 })).rejects.toThrow(none);
});

describe('many small weights that run away together', () => {
  const each = (rows: number, cols: number, w: number) => Array.from({ length: rows }, () => new Array<number>(cols).fill(w));

  it.each([
    ['relu with relu', relu(40), relu(20), 1],
    ['gaussian with relu', gaussian(40), relu(20), -1],
    ['doubleRelu with gaussian', doubleRelu(40), gaussian(20), -1],
  ])('%s', async (_, visible, hidden, sign) => {
    // The largest singular value of 40 x 20 equal weights is sqrt(800) times one of them.
    using beyond = pair(visible, hidden, each(40, 20, (1.05 * sign) / Math.sqrt(800)));
    await expect(beyond.sample(1)).rejects.toThrow(none);
    using within = pair(visible, hidden, each(40, 20, (0.95 * sign) / Math.sqrt(800)));
    await within.sample(1, { sweeps: 1 });
  });

  it('of a layer coupled to itself, and of three layers in a ring', async () => {
    const lateral = (w: number) => {
      const machine = new BoltzmannMachine({ layers: { v: relu(11) }, couplings: [['v', 'v']] });
      machine.setParameter(
        'v-v.weights',
        Array.from({ length: 11 }, (_, i) => Array.from({ length: 11 }, (_, j) => (i === j ? 0 : w))),
      );
      return machine;
    };
    using beyond = lateral(0.105);
    await expect(beyond.sample(1)).rejects.toThrow(none);
    using within = lateral(0.095);
    await within.sample(1, { sweeps: 1 });
    const ring = (w: number) => {
      const machine = new BoltzmannMachine({
        layers: { a: relu(1), b: gaussian(1), c: doubleRelu(1) },
        couplings: [['a', 'b'], ['b', 'c'], ['a', 'c']], // biome-ignore format: pairs
      });
      for (const name of ['a-b.weights', 'b-c.weights', 'a-c.weights'] as const) machine.setParameter(name, [[w]]);
      return machine;
    };
    using beyondRing = ring(0.52);
    await expect(beyondRing.sample(1)).rejects.toThrow(none);
    using withinRing = ring(0.48);
    await withinRing.sample(1, { sweeps: 1 });
  });
});

describe.each(devices)('on %s', (device) => {
  const data = Array.from({ length: 50 }, (_, i) => [1 + (i % 7), 1 + (i % 7)]);
  const options: FitOptions<LayerRows> = { epochs: 400, learningRate: 0.2, algorithm: 'pcd', initialiseFromData: false, averageLast: 0 };
  const small = [[0.1, 0.1], [0.1, 0.1]]; // biome-ignore format: a matrix

  it('training is held among the machines with a distribution', async () => {
    using machine = pair(relu(2), relu(2), small, device);
    await machine.fit({ v: data }, options);
    await machine.sample(1, { sweeps: 1 });
    // Weights against precisions: below 1, but not far, for such data.
    const precision = (layer: 'v' | 'h') => machine.getParameter(`${layer}.parameters`);
    const tension = [0, 1].flatMap((i) =>
      [0, 1].map(
        (j) => machine.getParameter('v-h.weights').get(i, j) / Math.exp((precision('v').get(1, i) + precision('h').get(1, j)) / 2),
      ),
    );
    expect(Math.max(...tension)).toBeLessThan(1);
    expect(Math.max(...tension)).toBeGreaterThan(0.3);
  });

  it('training that is held goes on from a file to the same bits', async () => {
    using straight = pair(relu(2), relu(2), small, device);
    await straight.fit({ v: data }, options);
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-held-'));
    for (const epoch of [50, 133, 399]) {
      using begun = pair(relu(2), relu(2), small, device);
      for await (const report of begun.fit({ v: data }, options)) if (report.epoch === epoch) break;
      await begun.save(join(folder, 'model'));
      using loaded = await BoltzmannMachine.load(join(folder, 'model'), { device });
      await loaded.fit({ v: data }, { ...options, resume: true });
      for (const name of ['v-h.weights', 'v.parameters', 'h.parameters']) {
        expect([...loaded.getParameter(name).data]).toEqual([...straight.getParameter(name).data]);
      }
    }
    await rm(folder, { recursive: true });
  });

  it('training that nothing can hold stops, and keeps a machine with a distribution', async () => {
    using machine = pair(relu(2), relu(2), [[0.9, 0], [0, 0.9]], device); // biome-ignore format: a matrix
    const before = [...machine.getParameter('v-h.weights').data];
    const run = machine.fit({ v: data }, { ...options, rates: { 'v-h': 0 }, onDivergence: 'throw' });
    await expect(run).rejects.toThrow(DivergenceError);
    await expect(run).rejects.toThrow(/would have no distribution/);
    expect([...machine.getParameter('v-h.weights').data]).toEqual(before);
    await machine.sample(1, { sweeps: 1 });
  });

  it('states that ran away are an error that names their layer', async () => {
    // A clamp that no weight knows of: fields of 1e30 through a bounded neighbour.
    using machine = pair(gaussian(1), spin(1), [[1e17]], device);
    machine.setParameter('v.parameters', [[0], [-10]]);
    await expect(machine.sample(1, { sweeps: 2 })).rejects.toThrow(DivergenceError);
    await expect(machine.sample(1, { sweeps: 2 })).rejects.toThrow(/states of layer 'v' ran away/);
  });
});
