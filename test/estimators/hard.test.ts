/**
 * log Z of machines whose modes chains do not find by themselves. Every truth is a sum in closed form or counted. An estimate that says it
 * converged must lie within three half widths of its interval, six standard errors (false alarms: 1e-8).
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type EvaluateOptions, RBM, spin } from '../../src/index.js';
import { logSumExp } from '../oracle/machine.js';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const full = (rows: number, cols: number, value: number | ((i: number, j: number) => number)) => ({
  data: Float64Array.from(range(rows * cols), (k) => (typeof value === 'number' ? value : value(Math.floor(k / cols), k % cols))),
  shape: [rows, cols] as [number, number],
});
const logChoose = (n: number, k: number) => range(k).reduce((sum, i) => sum + Math.log((n - i) / (i + 1)), 0);

/** An RBM whose weights and biases are equal within each kind, and its log Z by the numbers of units that are on. */
function equalRbm(visible: number, hidden: number, w: number, b: number, c: number, seed: number) {
  const model = new RBM({ visible, hidden, seed });
  model.setParameter('visible-hidden.weights', full(visible, hidden, w));
  model.setParameter('visible.bias', full(1, visible, b));
  model.setParameter('hidden.bias', full(1, hidden, c));
  const terms = range(visible + 1).flatMap((i) =>
    range(hidden + 1).map((j) => logChoose(visible, i) + logChoose(hidden, j) + w * i * j + b * i + c * j),
  );
  return { model, logZ: logSumExp(terms) };
}

/** Spins that are all coupled, and their log Z by the number of them that are up. */
function ferromagnet(n: number, coupling: number, field: number, seed: number) {
  const model = new BoltzmannMachine({ layers: { s: spin(n) }, couplings: [['s', 's']], seed });
  model.setParameter(
    's-s.weights',
    full(n, n, (i, j) => (i === j ? 0 : coupling)),
  );
  model.setParameter('s.bias', full(1, n, field));
  const terms = range(n + 1).map((k) => logChoose(n, k) + (coupling * ((2 * k - n) ** 2 - n)) / 2 + field * (2 * k - n));
  return { model, logZ: logSumExp(terms) };
}

/** All on or all off, each with half of the weight. */
const onOff = (visible: number, hidden: number, w: number) => (seed: number) =>
  equalRbm(visible, hidden, w, (-w * hidden) / 2, (-w * visible) / 2, seed);

const machines: Record<string, (seed: number) => { model: RBM | BoltzmannMachine; logZ: number }> = {
  'on/off, 14-14': onOff(14, 14, 0.6),
  'on/off, 40-40': onOff(40, 40, 0.2),
  'on/off, 100-50': onOff(100, 50, 0.1),
  'a needle': (seed) => equalRbm(20, 1, 4, -2, -38.6, seed),
  'a ferromagnet': (seed) => ferromagnet(16, 0.3, 0.05, seed),
};

const quick = { betas: 2000, warmup: 200 } as const;

describe.each<EvaluateOptions>([{ method: 'ais', ...quick }, { method: 'ladder' }])('log Z by $method', (options) => {
  it.each(Object.entries(machines))('finds all modes of %s', async (_, make) => {
    for (let seed = 1; seed <= 3; seed++) {
      const { model, logZ } = make(seed);
      const found = await model.logZ(options.method === 'ladder' ? { method: 'ladder' } : options);
      model.dispose();
      expect(found).toMatchObject({ converged: true, warnings: [] });
      expect(Math.abs(found.value - logZ)).toBeLessThan(3 * (found.high - found.value));
      // One of two equal modes is 0.69 nats; half of the least of these machines' second modes is 0.1.
      expect(Math.abs(found.value - logZ)).toBeLessThan(0.25);
    }
  });
});

describe('an interval of log Z', () => {
  // Chains that stay in the mode they began in were 0.2 off on average; five standard errors of a mean of eight are about 0.1.
  it('is not biased by modes in the wrong shares', async () => {
    const errors: number[] = [];
    const widths: number[] = [];
    for (let seed = 1; seed <= 8; seed++) {
      const { model, logZ } = ferromagnet(16, 0.2, 0.05, seed);
      const found = await model.logZ({ method: 'ais', ...quick });
      model.dispose();
      errors.push(found.value - logZ);
      widths.push(found.high - found.value);
    }
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean(errors))).toBeLessThan((2.5 * mean(widths)) / Math.sqrt(8));
    expect(mean(widths)).toBeLessThan(0.2);
  });

  it('does not depend on the order in which rows of two kinds come', async () => {
    const { model, logZ } = onOff(14, 14, 0.6)(5);
    const rows = range(200).map((r) => new Array<number>(14).fill(r % 2));
    const { logLikelihood } = await model.evaluate(rows, { method: 'ais', ...quick });
    const exact = await model.evaluate(rows, { method: 'exact' });
    expect(exact.logZ.value).toBeCloseTo(logZ, 5);
    expect(Math.abs(logLikelihood.mean - exact.logLikelihood.mean)).toBeLessThan(3 * (logLikelihood.high - logLikelihood.mean));
    model.dispose();
  });

  it('spans all witnesses where they contradict each other, and says so', async () => {
    const layers = { s: spin(16) };
    const model = new BoltzmannMachine({ layers, couplings: [['s', 's']], seed: 3, weightScale: 3 });
    const found = await model.logZ({ method: 'ais', betas: 3, chains: 20, warmup: 0 });
    expect(found.converged).toBe(false);
    expect(found.warnings.length).toBeGreaterThan(0);
    for (const witness of [found.forward, found.reverse, found.ladder]) {
      expect(found.low).toBeLessThanOrEqual(witness?.low ?? Number.NaN);
      expect(found.high).toBeGreaterThanOrEqual(witness?.high ?? Number.NaN);
    }
    model.dispose();
  });

  it('takes ladders of more groups than rows go through a machine at once', async () => {
    using model = new RBM({ visible: 10, hidden: 6, seed: 1, weightScale: 1 });
    const exact = await model.logZ();
    const found = await model.logZ({ method: 'ladder', chains: 600, warmup: 20 });
    expect(Math.abs(found.value - exact.value)).toBeLessThan(3 * (found.high - found.value));
  });
});

it('does not miss a mode that only rows tell of', async () => {
  // The machine's own biases lead to one mode; the other is 0.2 of the whole.
  const model = new BoltzmannMachine({ layers: { v: bernoulli(60), h: bernoulli(1) }, couplings: [['v', 'h']], seed: 2 });
  const [b, w] = [-2, 4];
  const free = (bias: number) => 60 * Math.log1p(Math.exp(bias));
  const c = Math.log(0.25) + free(b) - free(b + w);
  model.setParameter('v-h.weights', full(60, 1, w));
  model.setParameter('v.bias', full(1, 60, b));
  model.setParameter('h.bias', full(1, 1, c));
  const want = logSumExp([free(b), c + free(b + w)]);
  const { logZ } = await model.evaluate({ v: [new Array<number>(60).fill(1)] }, { method: 'ais', ...quick });
  expect(Math.abs(logZ.value - want)).toBeLessThan(Math.min(0.2, 3 * (logZ.high - logZ.value)));
  model.dispose();
});
