/**
 * Paired differences of log-likelihoods: against exact ones, how often intervals hold, and what is
 * refused.
 */
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  bernoulli,
  compare,
  compareEvaluations,
  type Evaluation,
  ParameterError,
  RBM,
  ShapeError,
} from '../../src/index.js';
import { modelOf } from '../models/support.js';
import { freeEnergy, logZ } from '../oracle/machine.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { asMachine, type OracleRbm } from '../oracle/rbm.js';

const [first, second] = [randomRbm(6, 3, 0.8, 1), randomRbm(6, 3, 0.9, 2)];
const rows = Array.from({ length: 64 }, (_, k) => Array.from({ length: 6 }, (_, i) => (k >> i) & 1));

/** log p(v) of all rows. */
function logLikelihoods(rbm: OracleRbm): number[] {
  const machine = asMachine(rbm);
  const total = logZ(machine);
  return rows.map((row) => -freeEnergy(machine, [row, null]) - total);
}

const [one, other] = [logLikelihoods(first), logLikelihoods(second)];
const differences = one.map((value, i) => value - other[i]!);
const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
const spread = (values: number[]) => Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1));

describe('compare', () => {
  it('is the paired difference with its interval where log Z is counted', async () => {
    using a = modelOf(first, 'reference');
    using b = modelOf(second, 'reference');
    const found = await compare(a, b, rows);
    expect(found.difference).toBeCloseTo(mean(differences), 10);
    expect(found.standardError).toBeCloseTo(spread(differences) / 8, 10);
    expect([...found.differences.data].every((d, i) => Math.abs(d - differences[i]!) < 1e-10)).toBe(true);
    const t = 1.9983; // Student's t, 97.5 %, 63 degrees of freedom
    expect((found.high - found.difference) / found.standardError).toBeCloseTo(t, 3);
    expect((found.difference - found.low) / found.standardError).toBeCloseTo(t, 3);
    expect(found).toMatchObject({ converged: true, warnings: [] });
    expect(found.better).toBe(found.low > 0 ? 'a' : found.high < 0 ? 'b' : null);
    const back = await compare(b, a, rows);
    expect([back.difference, back.low, back.high]).toEqual([-found.difference, -found.high, -found.low]);
    expect(compareEvaluations(found.evaluations.a, found.evaluations.b)).toEqual(found);
  });

  it('names the model that the rows come from', async () => {
    const random = new TestRandom(4);
    const drawn = Array.from(random.draws(one.map(Math.exp), 2000), (cell) => rows[cell]!);
    using a = modelOf(first, 'cpu');
    using b = modelOf(second, 'cpu');
    const found = await compare(a, b, drawn);
    const divergence = one.reduce((sum, value, i) => sum + Math.exp(value) * differences[i]!, 0);
    expect(found.better).toBe('a');
    expect(Math.abs(found.difference - divergence)).toBeLessThan(5 * found.standardError);
    expect((await compare(b, a, drawn)).better).toBe('b');
    expect((await compare(a, a, drawn)).better).toBe(null);
  });

  // 300 sets of 100 rows: an interval that holds in 95 % of all misses 15 ± 3.8 times; 36 is 5.5 standard deviations away.
  it('has intervals that hold', async () => {
    const random = new TestRandom(6);
    const p = one.map(Math.exp);
    const want = one.reduce((sum, value, i) => sum + Math.exp(value) * differences[i]!, 0);
    using a = modelOf(first, 'cpu');
    using b = modelOf(second, 'cpu');
    const all = await compare(a, b, rows);
    const pick = (evaluation: Evaluation, cells: number[]): Evaluation => {
      const data = Float64Array.from(cells, (cell) => evaluation.logLikelihoods.data[cell]!);
      return { ...evaluation, logLikelihoods: { ...evaluation.logLikelihoods, data } };
    };
    let missed = 0;
    for (let k = 0; k < 300; k++) {
      const cells = [...random.draws(p, 100)];
      const { low, high } = compareEvaluations(pick(all.evaluations.a, cells), pick(all.evaluations.b, cells));
      if (low > want || high < want) missed += 1;
    }
    expect(missed).toBeLessThan(36);
    expect(missed).toBeGreaterThan(1); // they are not so wide that they always hold
  });

  it('carries what is uncertain in log Z', async () => {
    using a = modelOf(first, 'cpu', { seed: 1 });
    using b = modelOf(second, 'cpu', { seed: 2 });
    const exact = await compare(a, b, rows);
    const { evaluations, ...found } = await compare(a, b, rows, { method: 'ais', betas: 10, chains: 20, warmup: 50 });
    const parts = [evaluations.a.logZ.high - evaluations.a.logZ.value, evaluations.b.logZ.value - evaluations.b.logZ.low];
    expect(Math.min(...parts)).toBeGreaterThan(0.01);
    const ofRows = exact.difference - exact.low;
    const want = found.converged ? Math.hypot(ofRows, ...parts) : ofRows + parts[0]! + parts[1]!;
    expect(found.difference - found.low).toBeCloseTo(want, 4);
    expect(exact.difference).toBeGreaterThan(found.low);
    expect(exact.difference).toBeLessThan(found.high);
  });

  it('claims nothing where a log Z is in doubt', async () => {
    using a = modelOf(first, 'cpu');
    using b = new RBM({ visible: 6, hidden: 3 });
    const { evaluations } = await compare(a, b, rows);
    const logZ = { ...evaluations.a.logZ, low: evaluations.a.logZ.value - 1, high: evaluations.a.logZ.value + 2 };
    const doubtful = { ...evaluations.a, logZ, converged: false, warnings: ['log Z is a guess'] };
    const found = compareEvaluations(doubtful, evaluations.b);
    const sure = compareEvaluations(evaluations.a, evaluations.b);
    expect(found.better).toBe(null);
    expect([sure.low - found.low, found.high - sure.high]).toEqual([expect.closeTo(2, 10), expect.closeTo(1, 10)]);
    expect(found.warnings).toEqual(['a: log Z is a guess', 'b: this machine was neither trained nor given parameters']);
  });

  it('takes models of several layers and tells how far it is', async () => {
    const make = (seed: number) =>
      new BoltzmannMachine({ layers: { v: bernoulli(4), h: bernoulli(2) }, couplings: [['v', 'h']], seed, weightScale: 1 }); // biome-ignore format: one line
    using a = make(1);
    using b = make(2);
    const told: number[] = [];
    const found = await compare(a, b, { v: [[1, 0, 1, 0], [0, 0, 1, 1]] }, { onProgress: ({ fraction }) => told.push(fraction) }); // biome-ignore format: one line
    expect(found.differences.shape).toEqual([2]);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((x, y) => x - y));
  });
});

describe('bad input', () => {
  it('of compare', async () => {
    using a = modelOf(first, 'cpu');
    using wide = new RBM({ visible: 7, hidden: 2 });
    await expect(compare(a, undefined as never, rows)).rejects.toThrow(/compare: `b` must be a model, got undefined/);
    const evaluation = await a.evaluate(rows);
    await expect(compare(evaluation as never, a, rows)).rejects.toThrow(/evaluations go to compareEvaluations/);
    await expect(compare(a, wide, rows)).rejects.toThrow(ShapeError);
    await expect(compare(a, a, [rows[0]!])).rejects.toThrow(/at least two rows to tell how much they differ, got 1/);
    await expect(compare(a, a, rows, { chain: 3 } as never)).rejects.toThrow(/compare: there is no option `chain`/);
    await expect(compare(a, a, rows, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });

  it('of compareEvaluations', async () => {
    using a = modelOf(first, 'cpu');
    const [all, some] = [await a.evaluate(rows), await a.evaluate(rows.slice(3))];
    expect(() => compareEvaluations(all, some)).toThrow(/`b` must be of 64 rows, as many as `a`, got 61/);
    expect(() => compareEvaluations(all, {} as never)).toThrow(/`b` must be what `evaluate` of a model gave, got an object/);
    expect(() => compareEvaluations(JSON.parse(JSON.stringify(all)), all)).toThrow(ParameterError);
  });
});
