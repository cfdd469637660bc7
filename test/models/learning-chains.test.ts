/**
 * Learning algorithms with chains or mean-field sweeps: what they converge to, against the definition; runs that go on bit for bit.
 * Limits of z-scores come from a false-alarm rate of 1e-6 per test.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  type Algorithm,
  type AlgorithmName,
  BoltzmannMachine,
  type FitOptions,
  fpcd,
  gaussian,
  type LayerRows,
  ParameterError,
  pcd,
  pt,
  relu,
  spin,
} from '../../src/index.js';
import * as atomic from '../../src/io/atomic.js';
import { energy, jointStates, type MixedMachine, probabilities, randomMixed } from '../oracle/mixed.js';
import { gradientOf, logLikelihood, logPseudoLikelihoodOf, type Row } from '../oracle/mixed-gradient.js';
import { TestRandom } from '../oracle/random.js';
import { zLimit } from '../oracle/significance.js';
import { changes, dataOf, expectClose, flat, rowsFor } from './learning-support.js';
import { machineOf } from './mixed-support.js';
import { bitsOf, devices, expectZScores, type TestDevice } from './support.js';

vi.mock('../../src/io/atomic.js', async (original) => {
  const real = await original<typeof atomic>();
  return { ...real, writeFileAtomic: vi.fn(real.writeFileAtomic) };
});

/** Paths of copies of everything that is written to `path` from now on. */
function keepEveryCheckpoint(path: string): string[] {
  const kept: string[] = [];
  const write = vi.mocked(atomic.writeFileAtomic);
  const real = write.getMockImplementation()!;
  write.mockImplementation(async (...args) => {
    await real(...args);
    if (args[0] !== path) return;
    kept.push(`${path}.${kept.length + 1}`);
    await copyFile(path, kept.at(-1)!);
  });
  return kept;
}

const glass = randomMixed(
  [
    ['spin', 4, 1],
    ['bernoulli', 3, 1],
  ],
  [
    [0, 0],
    [0, 1],
  ],
  0.6,
  6,
);
const general = randomMixed(
  [
    ['bernoulli', 3, 1],
    ['spin', 3, 1],
  ],
  [
    [0, 0],
    [1, 1],
    [0, 1],
  ],
  0.8,
  6,
);
const potts = randomMixed(
  [
    ['softmax', 2, 3],
    ['spin', 2, 1],
  ],
  [
    [0, 0, [[0, 1]]],
    [0, 1],
  ],
  0.7,
  8,
);

/** Mean gradients over many updates at parameters that stay: the last one of runs whose learning rate is 0 until then. */
async function meanGradient(oracle: MixedMachine, device: TestDevice, rows: Row[], options: FitOptions<LayerRows>, runs: number) {
  const all: number[][] = [];
  for (let seed = 0; seed < runs; ++seed) {
    using machine = machineOf(oracle, device, seed);
    const now = () => Object.keys(machine.parameterShapes).flatMap((name) => Array.from<number>(machine.getParameter(name).data));
    const before = now();
    const fixed = {
      batchSize: rows.length,
      l2: 0,
      averageLast: 0,
      initialiseFromData: false,
      monitorRows: 0,
      centred: false,
      shuffle: false,
    };
    await machine.fit(dataOf(oracle, rows), { ...fixed, epochs: 60, learningRate: [...new Array<number>(59).fill(0), 1], ...options });
    all.push(now().map((value, i) => value - before[i]!));
  }
  const mean = all[0]!.map((_, i) => all.reduce((sum, g) => sum + g[i]!, 0) / runs);
  const error = mean.map((m, i) => Math.sqrt(all.reduce((sum, g) => sum + (g[i]! - m) ** 2, 0) / (runs - 1) / runs));
  return { mean, error };
}

/** Every algorithm, those with chains with few of them. */
const few: Partial<Record<AlgorithmName, Algorithm>> = {
  pcd: pcd({ chains: 12 }),
  fpcd: fpcd({ chains: 12 }),
  pt: pt({ chains: 12, betas: 4 }),
};

describe.each(devices)('on %s', (device) => {
  it.each([
    ['glass', glass],
    ['potts', potts],
  ] as const)('chains at several temperatures draw from the model at 1: the gradient is that of the likelihood (%s)', async (_, oracle) => {
    const rows = rowsFor(oracle, [], 12);
    const expected = flat(
      oracle,
      gradientOf(oracle, (m) => logLikelihood(m, rows)),
    );
    const options = { algorithm: { name: 'pt', chains: 50, betas: [0, 0.3, 0.6, 1] } } as const;
    const { mean, error } = await meanGradient(oracle, device, rows, options, 40);
    // 40 runs: the errors are estimates with 39 degrees of freedom, so limits are those of Student's t, below 1.5 times the normal ones.
    expectZScores(mean, expected, error, 1.5 * zLimit(expected.length), 1e-4);
  });

  it('fast weights that do not learn are persistent chains; others change the chains and leave frozen parts alone', async () => {
    const rows = rowsFor(glass, [1], 40);
    const learned = async (options: FitOptions<LayerRows>) => {
      using machine = machineOf(glass, device, 3);
      await machine.fit(dataOf(glass, rows), { epochs: 5, batchSize: 10, learningRate: 0.05, ...options });
      return Object.keys(machine.parameterShapes).flatMap((name) => Array.from(machine.getParameter(name).data));
    };
    const plain = await learned({ algorithm: 'pcd' });
    const still = await learned({ algorithm: { name: 'fpcd', fastRate: 0 } });
    // A GPU rounds statistics more coarsely where a step makes them itself.
    if (device === 'cuda') expect(Math.max(...still.map((value, i) => Math.abs(value - plain[i]!)))).toBeLessThan(1e-5);
    else expect(still).toEqual(plain);
    expect(await learned({ algorithm: 'fpcd' })).not.toEqual(plain);
  });

  /**
   * The second of two updates at parameters that stay: fast weights f = fastRate * (first gradient) drive the chains, which have 200 sweeps to
   * follow, so the model's side is that of theta + f.
   */
  it('fast weights move the distribution of the chains by rate times gradient', async () => {
    const oracle = randomMixed(
      [
        ['spin', 3, 1],
        ['bernoulli', 2, 1],
      ],
      [[0, 1]],
      0.5,
      2,
    );
    const rows: Row[] = [
      [
        [1, 1, 1],
        [1, 1],
      ],
      [
        [1, 1, -1],
        [1, 0],
      ],
    ];
    const options = {
      algorithm: { name: 'fpcd', sweeps: 200, chains: 4000, fastRate: 0.8, fastDecay: 0 },
      batchSize: 2,
      centred: false,
      shuffle: false,
    } as const;
    const fixed = { ...options, l2: 0, averageLast: 0, initialiseFromData: false, monitorRows: 0 };
    const run = async (learningRate: number[]) => {
      using machine = machineOf(oracle, device, 5);
      const now = () => Object.keys(machine.parameterShapes).flatMap((name) => Array.from<number>(machine.getParameter(name).data));
      const before = now();
      await machine.fit(dataOf(oracle, rows), { ...fixed, epochs: learningRate.length, learningRate });
      return now().map((value, i) => value - before[i]!);
    };
    const first = await run([1]);
    const second = await run([0, 1]);
    const moved = structuredClone(oracle);
    let next = 0;
    for (const layer of moved.layers) layer.bias = layer.bias.map((b) => b + 0.8 * first[next++]!);
    for (const coupling of moved.couplings) coupling.weights = coupling.weights.map((row) => row.map((w) => w + 0.8 * first[next++]!));
    // Gradient at the moved model; all states have |t| <= 1, so a mean over 4000 chains has an error below 1 / sqrt(4000).
    const expected = flat(
      moved,
      gradientOf(moved, (m) => logLikelihood(m, rows)),
    );
    expectZScores(
      second,
      expected,
      expected.map(() => 1 / Math.sqrt(4000)),
      zLimit(expected.length),
      1e-4,
    );
  });

  it('mean-field learning is contrastive divergence by mean-field sweeps', async () => {
    for (const steps of [1, 3]) {
      const rows = rowsFor(general, [1], 6);
      const expected = meanFieldGradient(general, rows, 25, steps);
      const step = await changes(general, device, rows, {
        algorithm: { name: 'mean-field', sweeps: steps },
        centred: false,
        positiveSweeps: 25,
      });
      expectClose(step, expected, device === 'reference' ? 1e-6 : 1e-4);
    }
  });

  it('the mean-field posterior takes the place of draws in the positive phase of other algorithms', async () => {
    const rows = rowsFor(general, [1], 6);
    const positive = flat(general, meanFieldPositive(general, rows, 25));
    const model = expectations(general);
    const step = await changes(general, device, rows, {
      algorithm: { name: 'pt', sweeps: 40, chains: 20000, betas: 3 },
      positive: 'mean-field',
      positiveSweeps: 25,
      centred: false,
    });
    const errors = model.map(() => 1 / Math.sqrt(20000));
    expectZScores(
      step,
      positive.map((value, i) => value - model[i]!),
      errors,
      zLimit(model.length),
      1e-4,
    );
  });

  it.each(['pcd', 'cd', 'fpcd', 'pt', 'mean-field', 'pseudo-likelihood', 'exact'] as const)(
    '%s goes on from a checkpoint bit for bit',
    async (algorithm) => {
      const folder = await mkdtemp(join(tmpdir(), 'boltzkit-'));
      try {
        const rows = rowsFor(general, algorithm === 'pseudo-likelihood' ? [] : [1], 30);
        const data = dataOf(general, rows);
        const options: FitOptions<LayerRows> = {
          algorithm: few[algorithm] ?? algorithm,
          epochs: 6,
          batchSize: 10,
          optimiser: { name: 'sgd', momentum: 0.5 },
          standardised: true,
          rates: { layer1: 0.5 },
          positive: 'mean-field',
        };
        const bits = (machine: BoltzmannMachine) => machine.parameterNames.map((name) => bitsOf(machine.getParameter(name).data));
        using whole = machineOf(general, device, 9);
        await whole.fit(data, options);
        const path = join(folder, `${algorithm}.safetensors`);
        const kept = keepEveryCheckpoint(path);
        using watched = machineOf(general, device, 9);
        await watched.fit(data, { ...options, checkpoint: { path, every: 1 } });
        expect(kept.length).toBe(18);
        for (const index of [0, 3, 10, 16]) {
          using again = await BoltzmannMachine.load(kept[index]!, { device });
          expect(again.training).toMatchObject({ update: index + 1, updates: 18 });
          await again.fit(data, { resume: true });
          expect(bits(again)).toEqual(bits(whole));
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  it.each([
    ['glass', glass],
    ['potts', potts],
    ['general', general],
  ] as const)('pseudo-likelihoods of the definition (%s)', async (_, oracle) => {
    using machine = machineOf(oracle, device, 1);
    const states = jointStates(oracle).filter((__, k) => k % 7 === 0);
    const all = await machine.pseudoLikelihood(dataOf(oracle, states), { exact: true });
    states.forEach((state, r) => {
      expect(Math.abs(all.get(r) - logPseudoLikelihoodOf(oracle, state))).toBeLessThan(2e-5);
    });
    if (oracle === general) return;
    const rows = states.map((state): Row => [state[0]!, null]);
    const partial = await machine.pseudoLikelihood(dataOf(oracle, rows), { exact: true });
    states.forEach((state, r) => {
      expect(Math.abs(partial.get(r) - hiddenPseudoLikelihood(oracle, state[0]!))).toBeLessThan(2e-5);
    });
    const repeated = new Array<Row>(4000).fill(rows[1]!);
    const estimates = await machine.pseudoLikelihood(dataOf(oracle, repeated));
    const values = Array.from(estimates.data);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / values.length;
    expectZScores([mean], [hiddenPseudoLikelihood(oracle, states[1]![0]!)], [error], zLimit(1));
  });
});

/** sum_i log p(s_i | s_-i) of layer 0, layer 1 summed out. */
function hiddenPseudoLikelihood(oracle: MixedMachine, state: number[]): number {
  const { layers } = oracle;
  const hidden = jointStates({ layers: [layers[1]!], couplings: [] }).map(([h]) => h!);
  const weight = (s: number[]) => hidden.reduce((sum, h) => sum + Math.exp(-energy(oracle, [s, h])), 0);
  const group = layers[0]!.type === 'softmax' ? layers[0]!.size : 1;
  const values = jointStates({ layers: [{ ...layers[0]!, places: group, bias: [] }], couplings: [] }).map(([v]) => v!);
  let total = 0;
  for (let j = 0; j < state.length; j += group) {
    const z = values.reduce((sum, value) => sum + weight([...state.slice(0, j), ...value, ...state.slice(j + group)]), 0);
    total += Math.log(weight(state) / z);
  }
  return total;
}

/** One mean-field sweep over some layers, unit after unit, of Bernoulli and spin units. */
function meanFieldSweep(oracle: MixedMachine, means: number[][], free: number[]): void {
  for (const l of free) {
    oracle.layers[l]!.bias.forEach((bias, i) => {
      let field = bias;
      for (const { a, b, weights } of oracle.couplings) {
        if (a === l)
          weights[i]!.forEach((w, j) => {
            field += w * means[b]![j]!;
          });
        else if (b === l)
          weights.forEach((row, j) => {
            field += row[i]! * means[a]![j]!;
          });
      }
      means[l]![i] = oracle.layers[l]!.type === 'spin' ? Math.tanh(field) : 1 / (1 + Math.exp(-field));
    });
  }
}

function products(oracle: MixedMachine, all: number[][][]): { biases: number[][]; weights: number[][][] } {
  const mean = (f: (m: number[][]) => number) => all.reduce((sum, m) => sum + f(m), 0) / all.length;
  return {
    biases: oracle.layers.map(({ bias }, l) => bias.map((_, i) => mean((m) => m[l]![i]!))),
    weights: oracle.couplings.map(({ a, b, weights }) =>
      weights.map((row, i) => row.map((_, j) => (a === b && i === j ? 0 : mean((m) => m[a]![i]! * m[b]![j]!)))),
    ),
  };
}

function posteriorOf(oracle: MixedMachine, row: Row, sweeps: number): number[][] {
  const means = oracle.layers.map(({ places }, l) => [...(row[l] ?? new Array<number>(places).fill(0))]);
  for (let s = 0; s < sweeps; ++s) meanFieldSweep(oracle, means, [1]);
  return means;
}

function meanFieldPositive(oracle: MixedMachine, rows: Row[], sweeps: number) {
  return products(
    oracle,
    rows.map((row) => posteriorOf(oracle, row, sweeps)),
  );
}

function meanFieldGradient(oracle: MixedMachine, rows: Row[], positiveSteps: number, steps: number): number[] {
  const from = rows.map((row) => posteriorOf(oracle, row, positiveSteps));
  const positive = flat(oracle, products(oracle, from));
  for (const means of from) for (let s = 0; s < steps; ++s) meanFieldSweep(oracle, means, [0, 1]);
  const negative = flat(oracle, products(oracle, from));
  return positive.map((value, i) => value - negative[i]!);
}

/** Exact statistics of a model. */
function expectations(oracle: MixedMachine): number[] {
  const p = probabilities(oracle);
  const states = jointStates(oracle);
  const mean = (f: (s: number[][]) => number) => states.reduce((sum, s, k) => sum + p[k]! * f(s), 0);
  return flat(oracle, {
    biases: oracle.layers.map(({ bias }, l) => bias.map((_, i) => mean((s) => s[l]![i]!))),
    weights: oracle.couplings.map(({ a, b, weights }) =>
      weights.map((row, i) => row.map((_, j) => (a === b && i === j ? 0 : mean((s) => s[a]![i]! * s[b]![j]!)))),
    ),
  });
}

it('samples of a teacher teach a student by mean field what it can know: small couplings', async () => {
  const random = new TestRandom(4);
  const teacher = randomMixed([['spin', 5, 1]], [[0, 0]], 0.15, 3);
  const p = probabilities(teacher);
  const states = jointStates(teacher);
  const data = Array.from(random.draws(p, 20000), (cell) => states[cell]![0]!);
  using student = new BoltzmannMachine({ layers: { s: spin(5) }, couplings: [['s', 's']], weightScale: 0 });
  await student.fit(
    { s: data },
    { algorithm: 'pseudo-likelihood', epochs: 40, batchSize: 500, learningRate: { schedule: 'linear', from: 0.1 } },
  );
  const W = student.getParameter('s-s.weights').data;
  teacher.couplings[0]!.weights.flat().forEach((w, k) => {
    expect(Math.abs(W[k]! - w)).toBeLessThan(0.06);
  });
});

describe('bad input', () => {
  const refused: [string, FitOptions<LayerRows>, RegExp][] = [
    ['temperatures that fall', { algorithm: { name: 'pt', betas: [0.5, 0.4, 1] } }, /`algorithm.betas` must be .*, got "?0.4 after 0.5/],
    ['temperatures that do not end at 1', { algorithm: { name: 'pt', betas: [0.1, 0.9] } }, /ends at 0.9/],
    ['one temperature', { algorithm: { name: 'pt', betas: 1 } }, /`algorithm.betas` must be a whole number from 2/],
    ['temperatures without end', { algorithm: { name: 'pt', betas: new Array(2 ** 32 - 1) } }, /a list of at most 1000, got .*4294967295/],
    ['a temperature beyond 1', { algorithm: { name: 'pt', betas: [0.5, 2] } }, /`algorithm.betas\[1\]`/],
    ['infinite temperature of Gaussian units', { algorithm: { name: 'pt', betas: [0, 1] } }, /must begin above 0: units of layer 'v'/],
    [
      'fast weights that never fade',
      { algorithm: { name: 'fpcd', fastDecay: 1 } },
      /`algorithm.fastDecay` must be a finite number in \[0, 1\)/,
    ],
    ['an unknown positive phase', { positive: 'map' as never }, /`positive` must be 'gibbs' or 'mean-field', got "map"/],
  ];
  it.each(refused)('%s', async (_, options, message) => {
    using machine = new BoltzmannMachine({ layers: { v: gaussian(2), h: spin(2) }, couplings: [['v', 'h']] });
    const failed = await Promise.resolve(machine.fit({ v: [[1, 1]] }, options)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(ParameterError);
    expect((failed as Error).message).toMatch(message);
    expect(machine.training).toBeNull();
  });

  it('pseudo-likelihood of rows that have none', async () => {
    using machine = new BoltzmannMachine({
      layers: { v: relu(2), h: spin(2), g: spin(1) },
      couplings: [
        ['v', 'h'],
        ['h', 'g'],
      ],
    });
    await expect(machine.pseudoLikelihood({ v: [[1, 1]], g: [[1]] })).rejects.toThrow(
      /units of layer 'v' have more values than can be counted/,
    );
    await expect(machine.pseudoLikelihood({ g: [[1]] } as never)).rejects.toThrow(/not given are coupled to each other/);
  });
});
