import { describe, expect, test } from 'vitest';
import { toMachine } from '../../src/recommender/ease-machine.js';
import { fitted, gram, tastes, withRidge } from './ease-support.js';

const users = 80;
const items = 14;
const { entries, dense } = tastes(users, items, 21);
const ridge = 6;

describe('the machine of the closed form', () => {
  test('has X·B as conditional means, to 1e-5 relative', async () => {
    for (const device of ['cpu', 'reference'] as const) {
      const model = await fitted(entries, { recipe: 'ease', regularisation: ridge, spread: 0.5 });
      using machine = toMachine(model, { device, seed: 1 });
      for (const row of dense.slice(0, 6)) {
        const seen = row.flatMap((value, i) => (value === 0 ? [] : [i]));
        const scores = await model.scores([{ items: Uint32Array.from(seen), values: new Float32Array(seen.length).fill(1) }]);
        // Row j lacks item j alone, so its conditional mean is exact.
        const lacking = row.map((_, j) => row.map((value, i) => (i === j ? Number.NaN : value)));
        const { items: means } = await machine.impute({ items: lacking }, { output: 'mean', warmup: 0, sweeps: 1 });
        const largest = Math.max(...scores.map(Math.abs));
        for (let j = 0; j < items; j++) {
          const mean = (scores[j] as number) / (model.scales[j] as number);
          expect(Math.abs(means.get(j, j) - mean)).toBeLessThan(1e-5 * largest);
        }
      }
    }
  });

  test('has a finite log-likelihood, with the log Z of its determinant', async () => {
    const model = await fitted(entries, { recipe: 'ease', regularisation: ridge });
    using machine = toMachine(model, { seed: 2 });
    const { low, high } = await machine.logZ();
    const exact = (items * Math.log(2 * Math.PI) + model.state.logDeterminant - items * Math.log(users)) / 2;
    // The interval is one of 95 %; three times as wide it fails once in 10^8.
    expect(Math.abs(exact - (low + high) / 2)).toBeLessThan((3 * (high - low)) / 2);
    const { logLikelihood } = await machine.evaluate({ items: dense.slice(0, 5) });
    expect(Number.isFinite(logLikelihood.mean)).toBe(true);
  });

  test('block Gibbs reproduces (G + λ) / users, element by element within its deviation', async () => {
    const model = await fitted(entries, { recipe: 'ease', regularisation: ridge });
    using machine = toMachine(model, { seed: 3 });
    const n = 4000;
    const states = await machine.sample(n, { sweeps: 60 });
    const covariance = withRidge(gram(dense), () => ridge).map((row) => row.map((value) => value / users));
    // Independent chains: a product of two normal states has variance c_ii c_jj + c_ij^2. 105 elements at 5 deviations
    // raise a false alarm in 6 of 100,000 runs.
    for (let i = 0; i < items; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let r = 0; r < n; r++) sum += states.get(r, i) * states.get(r, j);
        const c = (a: number, b: number) => (covariance[a] as number[])[b] as number;
        const deviation = Math.sqrt((c(i, i) * c(j, j) + c(i, j) ** 2) / n);
        expect(Math.abs(sum / n - c(i, j))).toBeLessThan(5 * deviation);
      }
    }
  });

  test('is refused where unseen items are missing', async () => {
    const model = await fitted(entries, { recipe: 'ease', unseen: 'missing' });
    expect(() => toMachine(model)).toThrow("the model must have `unseen` 'zero'");
  });
});
