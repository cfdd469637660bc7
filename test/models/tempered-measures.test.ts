/**
 * Parallel tempering of units with a measure of their own (binomial, counts), which no temperature changes: every rung and the gradient of `pt`
 * against enumeration. Chi-square and z-scores, false-alarm rate 1e-6 per test; a total variation of 0.04 is noticed with probability 0.999.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, binomial, counts, type Units } from '../../src/index.js';
import { chiSquare, chiSquareLimit, drawsNeeded, zLimit } from '../oracle/significance.js';
import { devices, expectZScores, type TestDevice } from './support.js';

/** Visible units of one type and Bernoulli units on top. */
interface Oracle {
  readonly visible: Units;
  readonly b: number[];
  readonly c: number[];
  readonly w: number[][];
  /** States of the visible layer (with a total, if it keeps one) and the logarithms of their measure. */
  states(total: number): { s: number[]; logMeasure: number }[];
}

const logFactorial = (n: number): number => (n < 2 ? 0 : Math.log(n) + logFactorial(n - 1));

const trials: Oracle = {
  visible: binomial(1, 6),
  b: [-1.5],
  c: [-1],
  w: [[0.5]],
  states: () => [0, 1, 2, 3, 4, 5, 6].map((n) => ({ s: [n], logMeasure: logFactorial(6) - logFactorial(n) - logFactorial(6 - n) })),
};

const words: Oracle = {
  visible: counts(3),
  b: [0.5, -0.25, -0.75],
  c: [-1, 0.5],
  w: [
    [1, -0.5],
    [-0.75, 0.25],
    [0.5, 1],
  ],
  states: (total) => {
    const upTo = Array.from({ length: total + 1 }, (_, n) => n);
    const all = upTo.flatMap((i) => upTo.filter((j) => i + j <= total).map((j) => [i, j, total - i - j]));
    return all.map((s) => ({ s, logMeasure: s.reduce((sum, n) => sum - logFactorial(n), logFactorial(total)) }));
  },
};

function machineOf({ visible, b, c, w }: Oracle, device: TestDevice, seed: number): BoltzmannMachine {
  const layers = { v: visible, h: bernoulli(c.length) };
  const machine = new BoltzmannMachine({ layers, couplings: [['v', 'h']], device, seed, threads: 2 });
  machine.setParameter('v.bias', [b]);
  machine.setParameter('h.bias', [c]);
  machine.setParameter('v-h.weights', w);
  return machine;
}

const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);

/** p(v) at an inverse temperature, and the means of h given v. */
function law({ b, c, w, states }: Oracle, total: number, beta: number): { s: number[]; p: number; h: number[] }[] {
  const rows = states(total).map(({ s, logMeasure }) => {
    const fields = c.map((bias, j) => bias + s.reduce((sum, n, i) => sum + n * w[i]![j]!, 0));
    const log = logMeasure + beta * dot(b, s) + fields.reduce((sum, x) => sum + Math.log1p(Math.exp(beta * x)), 0);
    return { s, p: Math.exp(log), h: fields.map((x) => 1 / (1 + Math.exp(-beta * x))) };
  });
  const z = rows.reduce((sum, { p }) => sum + p, 0);
  return rows.map((row) => ({ ...row, p: row.p / z }));
}

/** The means of v, h and v hᵀ. */
function moments(rows: { s: number[]; p: number; h: number[] }[]): number[] {
  const sums: number[] = [];
  for (const { s, p, h } of rows)
    [...s, ...h, ...s.flatMap((n) => h.map((m) => n * m))].forEach((value, i) => {
      sums[i] = (sums[i] ?? 0) + p * value;
    });
  return sums;
}

const oracles = [
  ['binomial', trials],
  ['counts', words],
] as const;

describe.each(devices)('on %s', (device) => {
  describe.each(oracles)('%s', (_, oracle) => {
    it('keeps the distribution of every rung of a ladder', async () => {
      using machine = machineOf(oracle, device, 3);
      const betas = [0.25, 0.6, 1];
      const cells = law(oracle, 4, 1);
      const groups = drawsNeeded(cells.length, 0.04);
      const start = { v: Array.from({ length: groups }, (_, g) => cells[g % cells.length]!.s) };
      const seen = (data: ArrayLike<number>) => {
        const found = new Map(cells.map(({ s }) => [s.join(), 0]));
        const places = oracle.b.length;
        for (let r = 0; r < groups; ++r) {
          const key = Array.from({ length: places }, (_, i) => data[r * places + i]).join();
          found.set(key, found.get(key)! + 1);
        }
        return [...found.values()];
      };
      const expectLaw = (data: ArrayLike<number>, beta: number) => {
        const { statistic, freedom } = chiSquare(
          seen(data),
          law(oracle, 4, beta).map(({ p }) => p),
        );
        expect(statistic).toBeLessThan(chiSquareLimit(freedom));
      };
      const chains = await machine.chains(groups, { ladder: { betas }, start });
      await chains.advance(60);
      betas.forEach((beta, rung) => {
        expectLaw(chains.states('v', { rung }).data, beta);
      });
      expectLaw((await machine.sample(groups, { ladder: { betas }, start, sweeps: 60 })).data, 1);
    });

    it('learns along the gradient of the likelihood with chains at several temperatures', async () => {
      const totals = [1, 5];
      const rows = totals.flatMap((total) =>
        oracle
          .states(total)
          .slice(0, 3)
          .map(({ s }) => ({ s, total })),
      );
      const data = rows.map(({ s, total }) => law(oracle, total, 1).find((row) => row.s.join() === s.join())!);
      const positive = moments(data.map((row) => ({ ...row, p: 1 / rows.length })));
      const negative = moments(rows.flatMap(({ total }) => law(oracle, total, 1).map((row) => ({ ...row, p: row.p / rows.length }))));
      const runs = 40;
      const all: number[][] = [];
      for (let seed = 0; seed < runs; ++seed) {
        using machine = machineOf(oracle, device, seed);
        const now = () => ['v.bias', 'h.bias', 'v-h.weights'].flatMap((name) => Array.from<number>(machine.getParameter(name).data));
        const before = now();
        await machine.fit(
          { v: rows.map(({ s }) => s) },
          {
            algorithm: { name: 'pt', chains: 10 * rows.length, betas: [0.2, 0.6, 1] },
            epochs: 60,
            learningRate: [...new Array<number>(59).fill(0), 1],
            batchSize: rows.length,
            l2: 0,
            averageLast: 0,
            initialiseFromData: false,
            monitorRows: 0,
            centred: false,
            shuffle: false,
          },
        );
        all.push(now().map((value, i) => value - before[i]!));
      }
      const mean = all[0]!.map((_, i) => all.reduce((sum, g) => sum + g[i]!, 0) / runs);
      const error = mean.map((m, i) => Math.sqrt(all.reduce((sum, g) => sum + (g[i]! - m) ** 2, 0) / (runs - 1) / runs));
      const expected = positive.map((value, i) => value - negative[i]!);
      // The errors are estimates with 39 degrees of freedom, so limits are those of Student's t, below 1.5 times the normal ones.
      expectZScores(mean, expected, error, 1.5 * zLimit(expected.length), 1e-4);
    });
  });

  it('descends to the likeliest counts', async () => {
    using machine = machineOf({ ...words, w: [[0, 0], [0, 0], [0, 0]] }, device, 1); // biome-ignore format: a matrix
    const { states } = await machine.anneal(3, { start: { v: [[9, 0, 0], [0, 9, 0], [3, 3, 3]] }, sweeps: 3, quench: 2 }); // biome-ignore format: rows
    const best = words.states(9).reduce((a, b) => (b.logMeasure + dot(words.b, b.s) > a.logMeasure + dot(words.b, a.s) ? b : a));
    for (let c = 0; c < 3; ++c) expect(Array.from({ length: 3 }, (_, k) => states.v!.get(c, k))).toEqual(best.s);
  });
});
