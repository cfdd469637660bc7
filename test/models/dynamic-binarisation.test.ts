/** Rows whose values between 0 and 1 are drawn anew whenever they are used. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type FitOptions, gaussian, ParameterError, RBM } from '../../src/index.js';
import { randomRbm } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { hiddenMeans } from '../oracle/rbm.js';
import { zLimit } from '../oracle/significance.js';
import { devices, modelOf, parameterBits, parametersOf } from './support.js';

const oracle = randomRbm(4, 3, 2, 17);
const options: FitOptions = { batchSize: 20, epochs: 3, algorithm: { name: 'pcd', chains: 20 }, learningRate: 0.1, monitorRows: 0 };

describe('dynamic binarisation', () => {
  it.each(devices)('changes nothing where rows are binary (%s)', async (device) => {
    const random = new TestRandom(5);
    const rows = Array.from({ length: 40 }, () => random.coins(4));
    const bits = async (dynamicBinarisation: boolean) => {
      using rbm = modelOf(oracle, device);
      await rbm.fit(rows, { ...options, dynamicBinarisation });
      return parameterBits(rbm);
    };
    expect(await bits(true)).toBe(await bits(false));
  });

  // One full-batch update of frozen chains' side: the difference of two positive phases, since the negative one is the same word for word.
  it.each(devices)('follows the statistics of binary draws, not those of means (%s)', async (device) => {
    const row = [0.5, 0.2, 1, 0.7];
    const n = 40_000;
    const rows = { data: Float32Array.from({ length: 4 * n }, (_, i) => row[i % 4]!), shape: [n, 4] };
    const once: FitOptions = { ...options, batchSize: n, epochs: 1, learningRate: 1, centred: false, initialiseFromData: false };
    const change = async (dynamicBinarisation: boolean) => {
      using rbm = modelOf(oracle, device, { seed: 9 });
      await rbm.fit(rows, { ...once, dynamicBinarisation });
      return parametersOf(rbm).slice(0, 12);
    };
    const [drawn, plain] = [await change(true), await change(false)];
    const meansOfMeans = hiddenMeans(oracle, row);
    const limit = zLimit(12);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 3; j++) {
        let [first, second] = [0, 0];
        for (let state = 0; state < 16; state++) {
          const v = row.map((_, k) => (state >> k) & 1);
          const p = v.reduce((product, on, k) => product * (on === 1 ? row[k]! : 1 - row[k]!), 1);
          const x = v[i]! * hiddenMeans(oracle, v)[j]!;
          first += p * x;
          second += p * x * x;
        }
        const error = Math.sqrt((second - first * first) / n) + 1e-6;
        const expected = first - row[i]! * meansOfMeans[j]!;
        expect(Math.abs(drawn[3 * i + j]! - plain[3 * i + j]! - expected)).toBeLessThan(limit * error);
      }
    }
    // The two differ by far more than chance, or this test could not tell them apart.
    expect(Math.max(...drawn.map((x, i) => Math.abs(x - plain[i]!)))).toBeGreaterThan(0.02);
  });

  it('is refused where no layer with data has Bernoulli units', async () => {
    using machine = new BoltzmannMachine({ layers: { x: gaussian(2), h: bernoulli(2) }, couplings: [['x', 'h']], seed: 1 });
    const run = machine.fit({ x: [[0.5, 1]] }, { dynamicBinarisation: true });
    await expect(run).rejects.toThrow(ParameterError);
    await expect(machine.fit({ x: [[0.5, 1]] }, { dynamicBinarisation: true })).rejects.toThrow('needs rows of a layer of Bernoulli units');
    using rbm = new RBM({ visible: 2, hidden: 1 });
    await expect(rbm.fit([[0, 1]], { dynamicBinarisation: 1 as never })).rejects.toThrow('`dynamicBinarisation`');
  });
});
