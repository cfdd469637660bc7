/**
 * Machines of mixed units and any wiring against exact enumeration: energies, free energies, category probabilities, and no drift. The drift
 * tests compare all joint states of all layers by chi-square; false-alarm rate 1e-6, and a total variation of 0.02 from p(s) is noticed with
 * probability 0.999.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  type BoltzmannMachineOptions,
  bernoulli,
  binomial,
  counts,
  DivergenceError,
  doubleRelu,
  type FitOptions,
  gaussian,
  gridEdges,
  type LayerRows,
  ParameterError,
  relu,
  ShapeError,
  softmax,
  spin,
  type Units,
} from '../../src/index.js';
import { edgeWeights, energy, jointStates, layerStates, type MixedMachine, probabilities, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit, drawsNeeded } from '../oracle/significance.js';
import { machineOf as build } from './mixed-support.js';
import { devices } from './support.js';

const wirings: Record<string, MixedMachine> = {
  'spins and Bernoulli units': randomMixed(
    [
      ['spin', 3, 1],
      ['bernoulli', 3, 1],
    ],
    [[0, 1]],
    0.7,
    1,
  ),
  'softmax and Bernoulli units': randomMixed(
    [
      ['softmax', 2, 3],
      ['bernoulli', 3, 1],
    ],
    [[0, 1]],
    1,
    2,
  ),
  'binomial and spin units, coupled backwards': randomMixed(
    [
      ['binomial', 2, 3],
      ['spin', 2, 1],
    ],
    [[1, 0]],
    0.5,
    3,
  ),
  'image, label and hidden': randomMixed(
    [
      ['bernoulli', 3, 1],
      ['softmax', 1, 3],
      ['bernoulli', 2, 1],
    ],
    [
      [0, 2],
      [1, 2],
    ],
    1,
    4,
  ),
  'Bernoulli units coupled to each other': randomMixed([['bernoulli', 6, 1]], [[0, 0]], 1, 5),
  'spins coupled to each other and to hidden units': randomMixed(
    [
      ['spin', 4, 1],
      ['bernoulli', 2, 1],
    ],
    [
      [0, 0],
      [0, 1],
    ],
    0.6,
    6,
  ),
  'a Potts model with lateral couplings': randomMixed([['softmax', 3, 3]], [[0, 0]], 0.8, 7),
  'spins on a graph with a ring of three colours': randomMixed(
    [['spin', 6, 1]],
    [
      [
        0,
        0,
        [
          [0, 1],
          [2, 1],
          [2, 0],
          [3, 2],
          [5, 4],
        ],
      ],
    ],
    0.9,
    9,
  ),
  'a Potts chain and hidden units': randomMixed(
    [
      ['softmax', 3, 3],
      ['bernoulli', 2, 1],
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
    10,
  ),
  'binomial units on a graph': randomMixed([['binomial', 3, 2]], [[0, 0, [[2, 0]]]], 0.5, 11),
  'a general machine, all layers lateral': randomMixed(
    [
      ['bernoulli', 3, 1],
      ['bernoulli', 3, 1],
    ],
    [
      [0, 0],
      [1, 1],
      [0, 1],
    ],
    0.8,
    8,
  ),
};

/** Rows of every layer for a list of joint states. */
function rowsOf(oracle: MixedMachine, states: number[][][]): Record<string, number[][]> {
  return Object.fromEntries(oracle.layers.map(({ name }, l) => [name, states.map((s) => s[l]!)]));
}

describe.each(devices)('on %s', (device) => {
  describe.each(Object.entries(wirings))('%s', (_, oracle) => {
    it('has the energies of the definition', async () => {
      using machine = build(oracle, device, 1);
      const states = jointStates(oracle);
      const energies = await machine.energy(rowsOf(oracle, states));
      states.forEach((s, r) => {
        expect(Math.abs(energies.get(r) - energy(oracle, s))).toBeLessThan(2e-5);
      });
    });

    it('does not drift from p(s)', async () => {
      const states = jointStates(oracle);
      const p = probabilities(oracle);
      const chains = drawsNeeded(layerStates(oracle.layers[0]!).length, 0.02);
      for (const steps of [1, 4]) {
        using machine = build(oracle, device, 10 + steps);
        const start = rowsOf(
          oracle,
          Array.from(new TestRandom(steps).draws(p, chains), (cell) => states[cell]!),
        );
        for (const { name } of oracle.layers) {
          const drawn = await machine.sample(chains, { layer: name, start, sweeps: steps });
          expectMarginal(oracle, p, name, drawn.data, chains);
        }
      }
    });
  });

  it('gives free energies and category probabilities with hidden units summed out', async () => {
    const oracle = wirings['image, label and hidden']!;
    using machine = build(oracle, device, 1);
    const images = layerStates(oracle.layers[0]!);
    const p = probabilities(oracle);
    const states = jointStates(oracle);
    const weightOf = (image: number[], label: number) =>
      p.reduce((sum, q, i) => sum + (states[i]![0]!.join() === image.join() && states[i]![1]![label] === 1 ? q : 0), 0);
    const result = await machine.probabilities('layer1', { layer0: images });
    const F = await machine.freeEnergy({ layer0: images, layer1: images.map(() => 2) });
    expect(result.shape).toEqual([images.length, 3]);
    const z = Math.exp(-F.get(0)) / weightOf(images[0]!, 2);
    images.forEach((image, r) => {
      const joint = [0, 1, 2].map((k) => weightOf(image, k));
      const sum = joint.reduce((x, y) => x + y);
      joint.forEach((q, k) => {
        expect(Math.abs(result.get(r, k) - q / sum)).toBeLessThan(1e-6);
      });
      expect(Math.abs(Math.exp(-F.get(r)) / z / joint[2]! - 1)).toBeLessThan(1e-4);
    });
  });
});

/** The states of one layer against its marginal. */
function expectMarginal(oracle: MixedMachine, p: number[], name: string, data: ArrayLike<number>, chains: number): void {
  const l = oracle.layers.findIndex((layer) => layer.name === name);
  const cells = layerStates(oracle.layers[l]!).map((s) => s.join());
  const marginal = new Float64Array(cells.length);
  jointStates(oracle).forEach((s, i) => {
    marginal[cells.indexOf(s[l]!.join())]! += p[i]!;
  });
  const seen = new Float64Array(cells.length);
  const { places } = oracle.layers[l]!;
  for (let r = 0; r < chains; ++r) seen[cells.indexOf(Array.from({ length: places }, (_, i) => data[r * places + i]).join())]! += 1;
  const { statistic, freedom } = chiSquare(seen, marginal);
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
}

describe('training', () => {
  // Teacher-student: exact expected statistics are known, so the student's distribution can be compared with the data's.
  it('learns a machine with lateral couplings, hidden units and a softmax', async () => {
    const teacher = randomMixed(
      [
        ['bernoulli', 4, 1],
        ['softmax', 1, 3],
      ],
      [
        [0, 0],
        [0, 1],
      ],
      1.2,
      21,
    );
    const p = probabilities(teacher);
    const states = jointStates(teacher);
    const data = Array.from(new TestRandom(5).draws(p, 20000), (cell) => states[cell]!);
    using student = build(
      { ...teacher, couplings: teacher.couplings.map((c) => ({ ...c, weights: c.weights.map((row) => row.map(() => 0)) })) },
      'cpu',
      3,
    );
    const { layer0, layer1 } = rowsOf(teacher, data);
    await student.fit(
      { layer0: layer0!, layer1: layer1! },
      {
        epochs: 20,
        batchSize: 500,
        learningRate: { schedule: 'linear', from: 0.3 },
        averageLast: 0.3,
        algorithm: { name: 'pcd', sweeps: 2, chains: 2000 },
      },
    );
    const energies = await student.energy(rowsOf(teacher, states));
    const q = Array.from(energies.data, (e) => Math.exp(-e));
    const z = q.reduce((x, y) => x + y);
    const kl = p.reduce((sum, x, i) => sum + x * Math.log(x / (q[i]! / z)), 0);
    expect(kl).toBeLessThan(0.01);
  }, 60_000);

  it('learns the couplings along a graph', async () => {
    const teacher = wirings['spins on a graph with a ring of three colours']!;
    const p = probabilities(teacher);
    const states = jointStates(teacher);
    const data = Array.from(new TestRandom(6).draws(p, 20000), (cell) => states[cell]![0]!);
    using student = build(
      { ...teacher, couplings: teacher.couplings.map((c) => ({ ...c, weights: c.weights.map((row) => row.map(() => 0)) })) },
      'cpu',
      4,
    );
    const schedule = { schedule: 'linear', from: 0.2 } as const;
    await student.fit(
      { layer0: data },
      { epochs: 20, batchSize: 500, algorithm: { name: 'pcd', chains: 2000 }, learningRate: schedule, averageLast: 0.3 },
    );
    const { weights, edges } = teacher.couplings[0]!;
    const learned = student.getParameter('layer0-layer0.weights').data;
    edgeWeights(teacher.layers[0]!, weights, edges!).forEach((w, e) => {
      expect(Math.abs((learned[e] as number) - w)).toBeLessThan(0.08);
    });
  });

  it('takes every unit type as data and as hidden units, with finite parameters after some updates', async () => {
    const random = new TestRandom(9);
    const all: [Units, () => number[]][] = [
      [bernoulli(3), () => random.coins(3)],
      [spin(3), () => random.coins(3).map((s) => 2 * s - 1)],
      [softmax(3), () => [random.below(3)]],
      [gaussian(3), () => random.normals(3)],
      [relu(3), () => random.normals(3).map(Math.abs)],
      [doubleRelu(3), () => random.normals(3)],
      [binomial(3, 4), () => [random.below(5), random.below(5), random.below(5)]],
      [counts(3), () => [1 + random.below(3), random.below(3), random.below(3)]],
    ];
    for (const [visible, draw] of all) {
      for (const hidden of [bernoulli(2), spin(2), softmax(2, 2), gaussian(2), relu(2), doubleRelu(2), binomial(2, 3)]) {
        if (visible.type !== 'bernoulli' && !['bernoulli', 'softmax'].includes(hidden.type)) continue;
        using machine = new BoltzmannMachine({ layers: { visible, hidden }, couplings: [['visible', 'hidden']], seed: 2 });
        const rows = Array.from({ length: 50 }, draw);
        const visibleRows = visible.type === 'softmax' ? rows.flat() : rows;
        for (const algorithm of ['pcd', 'cd'] as const) {
          await machine.fit({ visible: visibleRows }, { algorithm, epochs: 3, batchSize: 20, learningRate: 0.01 });
        }
        for (const name of machine.parameterNames) expect(machine.getParameter(name).data.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('learns mean and variance of a Gaussian layer', async () => {
    const random = new TestRandom(4);
    const rows = Array.from({ length: 4000 }, () => [2 + 0.5 * random.normal(), -1 + 2 * random.normal()]);
    using machine = new BoltzmannMachine({
      layers: { visible: gaussian(2), hidden: bernoulli(2) },
      couplings: [['visible', 'hidden']],
      seed: 1,
    });
    await machine.fit({ visible: rows }, { epochs: 20, learningRate: 0.01 });
    const drawn = await machine.sample(20000, { sweeps: 50 });
    const column = (i: number) => Array.from({ length: 20000 }, (_, r) => drawn.get(r, i));
    const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
    const deviation = (x: number[]) => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));
    expect(mean(column(0))).toBeCloseTo(2, 0);
    expect(deviation(column(0)) / 0.5).toBeCloseTo(1, 0);
    expect(deviation(column(1)) / 2).toBeCloseTo(1, 0);
  });

  // Strongly correlated pixels and many hidden units, as in pictures of faces: all hidden units learn the common factor at once, and with the
  // rate of binary units the answer of the visible units overshoots without end.
  it('stays finite by default, going back where the rate diverges', async () => {
    const random = new TestRandom(5);
    const rows = Array.from({ length: 500 }, () => {
      const common = 0.8 * random.normal();
      return Array.from({ length: 200 }, () => common + 0.6 * random.normal());
    });
    const train = async (options: FitOptions<LayerRows> = {}) => {
      using machine = new BoltzmannMachine({
        layers: { visible: gaussian(200), hidden: bernoulli(800) },
        couplings: [['visible', 'hidden']],
        seed: 1,
      });
      await machine.fit({ visible: rows }, { epochs: 20, ...options });
      return Array.from({ length: 200 }, (_, i) => Math.exp(-(machine.getParameter('visible.parameters').get(1, i) as number)));
    };
    const variances = await train();
    expect(Math.min(...variances)).toBeGreaterThan(0.1);
    expect(Math.max(...variances)).toBeLessThan(10);
    await expect(train({ onDivergence: 'throw' })).rejects.toThrow(DivergenceError);
  });
});

describe('graphs', () => {
  it('takes pairs, a dense matrix or a sparse one', () => {
    const dense = { data: [0, 2, 0, 2, 0, -1, 0, -1, 0], shape: [3, 3] };
    const sparse = { indptr: [0, 1, 3, 4], indices: [1, 0, 2, 1], shape: [3, 3] };
    const pairs = [
      [1, 0],
      [1, 2],
    ];
    for (const graph of [{ edges: pairs }, { adjacency: dense }, { adjacency: sparse }]) {
      using machine = new BoltzmannMachine({ layers: { s: spin(3) }, couplings: [['s', 's', graph]] });
      expect(Array.from(machine.edges('s')!.data)).toEqual([0, 1, 1, 2]);
      expect(machine.parameterShapes['s-s.weights']).toEqual([1, 2]);
    }
  });

  it('knows grids of any dimension, open and periodic', () => {
    const pairs = (edges: { data: Uint32Array }) =>
      Array.from({ length: edges.data.length / 2 }, (_, e) =>
        edges.data
          .slice(2 * e, 2 * e + 2)
          .sort()
          .join(),
      );
    expect(pairs(gridEdges([2, 3])).sort()).toEqual(['0,1', '0,3', '1,2', '1,4', '2,5', '3,4', '4,5']);
    expect(pairs(gridEdges([3], { periodic: true })).sort()).toEqual(['0,1', '0,2', '1,2']);
    for (const sizes of [
      [4, 4],
      [3, 4, 5],
      [2, 2, 2, 2],
    ]) {
      const units = sizes.reduce((a, b) => a * b);
      const edges = pairs(gridEdges(sizes, { periodic: true }));
      expect(new Set(edges).size).toBe(edges.length);
      expect(edges.length).toBe(sizes.reduce((sum, n) => sum + (n > 2 ? units : units / 2), 0));
    }
    expect(gridEdges([1, 1])).toEqual({ data: new Uint32Array(0), shape: [0, 2] });
    for (const edges of [[], gridEdges([1, 1])]) {
      using machine = new BoltzmannMachine({ layers: { s: bernoulli(1) }, couplings: [['s', 's', { edges }]] });
      expect(machine.edges('s')?.shape).toEqual([0, 2]);
    }
    expect(() => gridEdges([0])).toThrow(/whole number from 1/);
    for (const sizes of [[2 ** 31 - 1], [46_340, 46_340], [4097, 4097]])
      expect(() => gridEdges(sizes)).toThrow(/`sizes` must be those of a grid with at most 16777216 edges/);
    expect(() => gridEdges(new Array(2 ** 32 - 1))).toThrow(/`sizes` must be a list of 1 to 32 sizes/);
  });

  it('are part of a saved machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-'));
    try {
      using machine = new BoltzmannMachine({
        layers: { s: spin(9), h: spin(2) },
        couplings: [
          ['s', 's', { edges: gridEdges([3, 3]) }],
          ['s', 'h'],
        ],
        seed: 3,
      });
      await machine.save(join(folder, 'm.safetensors'));
      using again = await BoltzmannMachine.load(join(folder, 'm.safetensors'));
      expect(again.edges('s')).toEqual(machine.edges('s'));
      expect(again.edges('h')).toBeNull();
      expect((await again.sample(5, { sweeps: 3 })).data).toEqual((await machine.sample(5, { sweeps: 3 })).data);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('saves and loads a machine with its training state', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boltzkit-'));
  try {
    const options: BoltzmannMachineOptions = {
      layers: { image: gaussian(3), label: softmax(2), hidden: relu(2) },
      couplings: [
        ['image', 'hidden'],
        ['label', 'hidden'],
        ['hidden', 'hidden'],
      ],
      seed: 7n,
    };
    using machine = new BoltzmannMachine(options);
    const data = {
      image: [
        [0.1, -1, 2],
        [1, 0, -0.5],
      ],
      label: [0, 1],
    };
    await machine.fit(data, { epochs: 3, batchSize: 2, learningRate: 0.001 });
    await machine.save(join(folder, 'm.safetensors'));
    using again = await BoltzmannMachine.load(join(folder, 'm.safetensors'));
    expect(again.layers).toEqual(machine.layers);
    expect(again.couplings).toEqual(machine.couplings);
    for (const name of machine.parameterNames) expect(again.getParameter(name).data).toEqual(machine.getParameter(name).data);
    await machine.fit(data, { epochs: 2, batchSize: 2, learningRate: 0.001 });
    await again.fit(data, { epochs: 2, batchSize: 2, learningRate: 0.001 });
    for (const name of machine.parameterNames) expect(again.getParameter(name).data).toEqual(machine.getParameter(name).data);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('bad input', () => {
  const layers = { image: bernoulli(4), label: softmax(3), hidden: bernoulli(2) };
  const couplings: [string, string][] = [
    ['image', 'hidden'],
    ['label', 'hidden'],
  ];
  const bad: [string, () => unknown, RegExp][] = [
    [
      'an unknown layer in a coupling',
      () => new BoltzmannMachine({ layers, couplings: [['image', 'hiden'] as string[]] }),
      /must be pairs of 'image', 'label', 'hidden', got "hiden"/,
    ],
    [
      'a coupling given twice',
      () => new BoltzmannMachine({ layers, couplings: [['image', 'hidden'], ['label', 'hidden'], ['hidden', 'image']] }), // biome-ignore format: pairs
      /coupled twice/,
    ],
    [
      'a graph between two layers',
      () => new BoltzmannMachine({ layers, couplings: [['image', 'hidden', { edges: [[0, 1]] }]] }),
      /`couplings\[0\]` must join a layer to itself to follow a graph, got 'image' and 'hidden'/,
    ],
    [
      'an edge to a unit that is not there',
      () => new BoltzmannMachine({ layers, couplings: [['image', 'image', { edges: [[0, 4]] }]] }),
      /`couplings\[0\].edges\[0, 1\]` must be a whole number from 0 to 3, got 4/,
    ],
    [
      'an edge given twice',
      () =>
        new BoltzmannMachine({
          layers,
          couplings: [
            [
              'image',
              'image',
              {
                edges: [
                  [0, 1],
                  [1, 0],
                ],
              },
            ],
          ],
        }),
      /each edge must be given once.*\(0, 1\) twice/,
    ],
    [
      'an edge from a unit to itself',
      () => new BoltzmannMachine({ layers, couplings: [['image', 'image', { edges: [[2, 2]] }]] }),
      /two different units, got \(2, 2\)/,
    ],
    ['an asymmetric graph', () => adjacent([0, 1, 0, 0]), /must be symmetric, got 1 at \[0, 1\] and 0 at \[1, 0\]/],
    ['a graph with loops', () => adjacent([1, 0, 0, 0]), /zero diagonal, got 1 at \[0, 0\]/],
    ['no layers', () => new BoltzmannMachine({ layers: {}, couplings: [] }), /at least one layer/],
    ['zero units', () => bernoulli(0), /whole number from 1/],
    ['trials that are no number', () => binomial(3, 0.5), /whole number/],
  ];
  function adjacent(data: number[]): BoltzmannMachine {
    return new BoltzmannMachine({ layers: { s: spin(2) }, couplings: [['s', 's', { adjacency: { data, shape: [2, 2] } }]] });
  }
  it.each(bad)('%s', (_, act, message) => {
    expect(act).toThrow(ParameterError);
    expect(act).toThrow(message);
  });

  it('lateral weights that are not symmetric, or not zero on the diagonal', () => {
    using machine = new BoltzmannMachine({ layers: { s: spin(2) }, couplings: [['s', 's']] });
    const before = machine.getParameter('s-s.weights').data;
    const set = (data: number[]) => () => machine.setParameter('s-s.weights', { data, shape: [2, 2] });
    expect(set([0.5, 1, 1, 0])).toThrow(/zero between places of one unit.*got 0.5.* at \[0, 0\]/);
    expect(set([0, 1, 2, 0])).toThrow(/symmetric weights, got 2.* at \[1, 0\] and 1.* at \[0, 1\]/);
    expect(machine.getParameter('s-s.weights').data).toEqual(before);
  });

  const calls: [string, (m: BoltzmannMachine) => PromiseLike<unknown>, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['rows of an unknown layer', (m) => m.fit({ picture: [[1]] } as never), ParameterError, /`data` has no `picture`; known are/],
    [
      'a category out of range',
      (m) => m.fit({ image: [[1, 0, 0, 1]], label: [3] }),
      ParameterError,
      /`data.label\[0\]` must be a category from 0 to 2, got 3/,
    ],
    ['different numbers of rows', (m) => m.fit({ image: [[1, 0, 0, 1]], label: [0, 1] }), ShapeError, /`data.label` must have 1 rows/],
    ['asking for a layer that is given', (m) => m.mean('image', { image: [[1, 0, 0, 1]] }), ParameterError, /is given/],
    ['asking across a missing layer', (m) => m.mean('hidden', { image: [[1, 0, 0, 1]] }), ParameterError, /coupled to 'label'/],
    ['probabilities of a layer without categories', (m) => m.probabilities('image', { label: [1] }), ParameterError, /softmax/],
    ['a clamp of too many rows', (m) => m.sample(2, { clamp: { label: [0, 1, 2] } }), ShapeError, /1 row or 2/],
    ['a value outside of the domain', (m) => m.fit({ image: [[1, 0, 0, 2]], label: [0] }), ParameterError, /row 0, column 3/],
  ];
  it.each(calls)('%s', async (_, act, type, message) => {
    using machine = new BoltzmannMachine({ layers, couplings });
    const before = machine.getParameter('image-hidden.weights').data;
    const failed = await Promise.resolve(act(machine)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(type);
    expect((failed as Error).message).toMatch(message);
    expect(machine.getParameter('image-hidden.weights').data).toEqual(before);
  });

  it('counts that are not whole numbers', async () => {
    using machine = new BoltzmannMachine({ layers: { words: counts(3), hidden: bernoulli(2) }, couplings: [['words', 'hidden']] });
    await expect(Promise.resolve(machine.fit({ words: [[1, 0.5, 2]] }))).rejects.toThrow(/whole numbers/);
  });
});
