/** How weights step: rates per layer and coupling, frozen parts, standardised units; and machines that have no distribution. */
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  DivergenceError,
  type FitOptions,
  gaussian,
  type LayerRows,
  ParameterError,
  RBM,
  spin,
} from '../../src/index.js';
import { energy, type MixedMachine, randomMixed } from '../oracle/mixed.js';
import {
  centredStep,
  completions,
  gradientOf,
  logLikelihood,
  type MixedGradient,
  posteriorMeans,
  type Row,
} from '../oracle/mixed-gradient.js';
import { TestRandom } from '../oracle/random.js';
import { changes, dataOf, expectClose, flat, rowsFor } from './learning-support.js';
import { machineOf as build } from './mixed-support.js';
import { bitsOf, devices, type TestDevice } from './support.js';

const chain = randomMixed(
  [
    ['bernoulli', 3, 1],
    ['spin', 3, 1],
    ['binomial', 1, 2],
  ],
  [
    [0, 1],
    [1, 2],
    [1, 1],
  ],
  0.8,
  7,
);
const potts = randomMixed(
  [
    ['softmax', 3, 2],
    ['spin', 2, 1],
  ],
  [
    [
      0,
      0,
      [
        [0, 1],
        [2, 1],
      ],
    ],
    [0, 1],
  ],
  0.8,
  5,
);
const tolerance: Record<TestDevice, number> = { reference: 1e-6, cpu: 2e-4, cuda: 2e-4 };

describe.each(devices)('rates on %s', (device) => {
  const rows = rowsFor(chain, [2], 12);
  const exact: FitOptions<LayerRows> = { algorithm: 'exact', offsetRate: 1 };
  const slope = gradientOf(chain, (m) => logLikelihood(m, rows));
  const offsets = posteriorMeans(chain, rows);

  it('multiply the learning rate of a coupling or of a layer', async () => {
    const step = await changes(chain, device, rows, { ...exact, centred: false, rates: { 'layer0-layer1': 0.5, layer2: 0.25 } });
    const expected = structuredClone(slope);
    expected.weights[0] = expected.weights[0]!.map((row) => row.map((w) => w / 2));
    expected.biases[2] = expected.biases[2]!.map((b) => b / 4);
    expectClose(step, flat(chain, expected), tolerance[device]);
  });

  it('of frozen biases leave weights the slope at fixed biases, centred or not', async () => {
    const step = await changes(chain, device, rows, { ...exact, rates: { layer0: 0, layer1: 0, layer2: 0 } });
    const expected = structuredClone(slope);
    expected.biases = expected.biases.map((values) => values.map(() => 0));
    expectClose(step, flat(chain, expected), tolerance[device]);
  });

  it('freeze a coupling: biases then take no part of its step', async () => {
    const step = await changes(chain, device, rows, { ...exact, rates: { 'layer1-layer1': 0, 'layer0-layer1': 0 } });
    const held: MixedGradient = {
      biases: slope.biases,
      weights: slope.weights.map((W, c) => W.map((row) => row.map((w) => (c === 1 ? w : 0)))),
    };
    const free = centredStep(
      { ...chain, couplings: chain.couplings.map((k, c) => ({ ...k, weights: c === 1 ? k.weights : [] })) },
      pick(held),
      offsets,
    );
    const expected = { biases: free.biases, weights: held.weights.map((W, c) => (c === 1 ? free.weights[1]! : W)) };
    expectClose(step, flat(chain, expected), tolerance[device]);
  });

  it.each(['pcd', 'cd', 'pseudo-likelihood', 'exact'] as const)('0 leaves every bit as it was (%s)', async (algorithm) => {
    const complete = rowsFor(chain, algorithm === 'pseudo-likelihood' ? [] : [2], 40);
    for (const optimizer of ['sgd', 'adam'] as const) {
      using machine = build(chain, device, 3);
      const before = Object.fromEntries(
        Object.keys(machine.parameterShapes).map((name) => [name, bitsOf(machine.getParameter(name).data)]),
      );
      const common = { algorithm, optimiser: optimizer, batchSize: 10, l1: 0.01, l2: 0.01, averageLast: 0.5, learningRate: 0.01 };
      await machine.fit(dataOf(chain, complete), { ...common, epochs: 4, rates: { layer0: 0, 'layer1-layer1': 0, 'layer0-layer1': 0 } });
      for (const [name, bits] of Object.entries(before)) {
        const frozen = ['layer0.bias', 'layer1-layer1.weights', 'layer0-layer1.weights'].includes(name);
        expect([name, bitsOf(machine.getParameter(name).data) === bits]).toEqual([name, frozen]);
      }
    }
  });
});

/** The parts of a gradient that a machine without the weights of couplings 0 and 2 has. */
function pick(gradient: MixedGradient): MixedGradient {
  return { biases: gradient.biases, weights: gradient.weights.map((W, c) => (c === 1 ? W : [])) };
}

/** Standard deviations of every place over the rows, hidden ones by their posterior. */
function deviations(machine: MixedMachine, rows: Row[]): number[][] {
  const means = posteriorMeans(machine, rows);
  const squares = machine.layers.map(({ places }) => new Array<number>(places).fill(0));
  for (const row of rows) {
    const states = completions(machine, row);
    const weights = states.map((s) => Math.exp(-energy(machine, s)));
    const z = weights.reduce((a, b) => a + b);
    states.forEach((s, k) => {
      for (const [l, values] of s.entries()) {
        for (const [i, value] of values.entries()) squares[l]![i]! += ((weights[k]! / z) * (value - means[l]![i]!) ** 2) / rows.length;
      }
    });
  }
  return squares.map((values) => values.map(Math.sqrt));
}

describe.each(devices)('standardised steps on %s', (device) => {
  it.each([
    ['a chain with a lateral layer', chain, [2]],
    ['a graph with hidden spins', potts, [1]],
    ['hidden units coupled to each other', chain, [1, 2]],
  ] as const)('are steps on weights in units of both deviations: %s', async (_, oracle, hidden) => {
    const rows = rowsFor(oracle, [...hidden], 12);
    const slope = gradientOf(oracle, (m) => logLikelihood(m, rows));
    const offsets = posteriorMeans(oracle, rows);
    const sigma = deviations(oracle, rows);
    // The centred step with every weight's part divided by the variances of both of its ends, biases made up for what weights really did.
    const centred = centredStep(oracle, slope, offsets);
    const weights = oracle.couplings.map(({ a, b }, c) =>
      centred.weights[c]!.map((row, i) => row.map((w, j) => w / (sigma[a]![i]! * sigma[b]![j]!) ** 2)),
    );
    const biases = slope.biases.map((values) => [...values]);
    oracle.couplings.forEach(({ a, b }, c) => {
      weights[c]!.forEach((row, i) => {
        row.forEach((step, j) => {
          biases[a]![i]! -= step * offsets[b]![j]!;
          if (a !== b) biases[b]![j]! -= step * offsets[a]![i]!;
        });
      });
    });
    const step = await changes(oracle, device, rows, { algorithm: 'exact', offsetRate: 1, standardised: true, learningRate: 0.01 });
    expectClose(
      step.map((x) => x / 0.01),
      flat(oracle, { biases, weights }),
      30 * tolerance[device],
    );
  });

  it('are plain centred steps, to the bit, where all deviations are 1', async () => {
    const rows = [
      [1, 1, -1],
      [-1, -1, 1],
      [1, -1, -1],
      [-1, 1, 1],
    ];
    const bits = async (standardised: boolean) => {
      using machine = new BoltzmannMachine({ layers: { s: spin(3) }, couplings: [['s', 's']], seed: 4, device });
      await machine.fit({ s: rows }, { standardised, epochs: 20, batchSize: 2, learningRate: 0.1 });
      return bitsOf(machine.getParameter('s-s.weights').data) + bitsOf(machine.getParameter('s.bias').data);
    };
    expect(await bits(true)).toBe(await bits(false));
  });

  it('stay finite for units that never move', async () => {
    const random = new TestRandom(3);
    const rows = Array.from({ length: 60 }, () => [1, 0, random.below(2), random.below(2)]);
    using rbm = new RBM({ visible: 4, hidden: 3, seed: 1, device });
    await rbm.fit(rows, { standardised: true, epochs: 30, batchSize: 10, learningRate: 0.05 });
    for (const values of [rbm.getParameter('visible-hidden.weights'), rbm.getParameter('visible.bias'), rbm.getParameter('hidden.bias')])
      expect(values.data.every((x) => Math.abs(x) < 100)).toBe(true);
  });
});

describe.each(devices)('machines without a distribution on %s', (device) => {
  const equal = (n: number, w: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 0 : w)));
  const layers = (n: number) => ({ layers: { s: gaussian(n) }, couplings: [['s', 's']] as [string, string][], device });

  /** Precision 1 everywhere; equal weights w among n units have the eigenvalues 1 - (n - 1) w and 1 + w. */
  it.each([
    [5, 0.249, true],
    [5, 0.251, false],
    [5, -0.999, true],
    [5, -1.001, false],
    [40, 1 / 39.5, true],
    [40, 1 / 38.5, false],
  ])('%d Gaussian units with weights %d', async (n, w, good) => {
    using machine = new BoltzmannMachine(layers(n));
    machine.setParameter('s-s.weights', equal(n, w));
    await expectNormalisable(machine, good, 's', n);
  });

  it.each([
    [0.99, true],
    [1.01, false],
    [-1.01, false],
  ])('two coupled layers with a weight of %d, Bernoulli units beside them', async (w, good) => {
    using machine = new BoltzmannMachine({
      layers: { h: spin(1), a: gaussian(2), b: gaussian(2) },
      couplings: [
        ['h', 'b'],
        ['b', 'a'],
        ['h', 'a'],
      ],
      device,
    });
    machine.setParameter('b-a.weights', [
      [w, 0],
      [0, 0.1],
    ]);
    machine.setParameter('h-a.weights', [[50, 50]]);
    await expectNormalisable(machine, good, 'a', 2);
  });

  /** A ring of n: eigenvalues 1 - 2 w cos(2 pi k / n). */
  it.each([
    [0.49, true],
    [0.51, false],
  ])('a ring with weights %d', async (w, good) => {
    const edges = Array.from({ length: 30 }, (_, i): [number, number] => [i, (i + 1) % 30]);
    using machine = new BoltzmannMachine({ layers: { s: gaussian(30) }, couplings: [['s', 's', { edges }]], device });
    machine.setParameter('s-s.weights', [new Array(30).fill(w)]);
    await expectNormalisable(machine, good, 's', 30);
  });

  // With up to 64 units every update is looked at, and weights are scaled back; beyond that every epoch, which is too late.
  it.each([6, 66])('training of %d units does not get there', async (n) => {
    const random = new TestRandom(5);
    const rows = Array.from({ length: 200 }, () => {
      const common = 3 * random.normal();
      return Array.from({ length: n }, () => common + 0.1 * random.normal());
    });
    using machine = new BoltzmannMachine({ ...layers(n), seed: 2 });
    const options = { epochs: 400, batchSize: 50, learningRate: 0.02, initialiseFromData: false, monitorRows: 0 };
    const failed = await Promise.resolve(machine.fit({ s: rows }, options)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (n <= 64) expect(failed).toBeUndefined();
    else {
      expect(failed).toBeInstanceOf(DivergenceError);
      expect((failed as Error).message).toMatch(/no distribution|infinite/);
    }
    await machine.sample(2, { sweeps: 1 });
  });
});

async function expectNormalisable(machine: BoltzmannMachine, good: boolean, layer: string, n: number): Promise<void> {
  const rows = Object.fromEntries([[layer, [new Array(n).fill(0), new Array(n).fill(0.1)]]]);
  const fit = () => machine.fit(rows, { epochs: 1, learningRate: 0, initialiseFromData: false });
  for (const act of [() => machine.sample(2, { sweeps: 1 }), fit]) {
    const failed = await Promise.resolve(act()).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (good) expect(failed).toBeUndefined();
    else {
      expect(failed).toBeInstanceOf(ParameterError);
      expect((failed as Error).message).toMatch(/has no distribution: .* positive definite/);
    }
  }
}

describe('bad input', () => {
  const refused: [string, FitOptions<LayerRows>, RegExp][] = [
    ['a rate of an unknown part', { rates: { hidden: 0.5 } }, /`rates` must be by names among 's', 's-s', each of one part, got "hidden"/],
    ['a negative rate', { rates: { s: -1 } }, /`rates.s` must be a finite number of at least 0, got -1/],
    ['a rate that is no number', { rates: { s: '1' as never } }, /`rates.s`/],
    ['rates in a list', { rates: [1] as never }, /`rates` must be an object of numbers/],
    ['standardised without centring', { standardised: true, centred: false }, /`standardised` must be false with `centred: false`/],
  ];
  it.each(refused)('%s', async (_, options, message) => {
    using machine = new BoltzmannMachine({ layers: { s: spin(2) }, couplings: [['s', 's']] });
    await expect(Promise.resolve(machine.fit({ s: [[1, 1]] }, options))).rejects.toThrow(message);
    expect(machine.training).toBeNull();
  });
});
