import { describe, expect, test } from 'vitest';
import { DeepBoltzmannMachine, gaussian } from '../../src/index.js';
import { allBits } from '../belief/support.js';
import { boundOf, knownMachine, logWeight, logZ, meanField, plainOf } from './support.js';

const shapes = [
  [5, 4, 3],
  [4, 3, 4, 2],
  [3, 2, 3, 2, 3],
];

describe.each(shapes)('layers %j', (...layers) => {
  const machine = knownMachine({ layers, seed: 1, threads: 1 });
  const plain = plainOf(machine);
  const rows = allBits(layers[0] as number);

  test('features are the means that solve the mean-field equations', async () => {
    const wanted = rows.map((row) => meanField(plain, row, 200));
    for (const [l, name] of machine.layerNames.slice(1).entries()) {
      const means = await machine.transform(rows, { layer: name, sweeps: 200 });
      expect(means.shape).toEqual([rows.length, layers[l + 1]]);
      means.data.forEach((mean, i) => {
        const width = layers[l + 1] as number;
        expect(mean).toBeCloseTo(wanted[Math.floor(i / width)]?.[l]?.[i % width] as number, 5);
      });
    }
  });

  test('the bound is that of these means, and never above the log-likelihood', async () => {
    const { bound, bounds, logZ: estimated, converged } = await machine.variationalBound(rows, { method: 'exact', sweeps: 200 });
    const z = logZ(plain);
    expect(converged).toBe(true);
    expect(estimated.value).toBeCloseTo(z, 5);
    rows.forEach((row, r) => {
      expect(bounds.get(r)).toBeCloseTo(boundOf(plain, row, meanField(plain, row, 200)) - z, 4);
      expect(bounds.get(r)).toBeLessThan(logWeight(plain, row) - z + 1e-5);
    });
    expect(bound.mean).toBeCloseTo(bounds.data.reduce((sum, b) => sum + b, 0) / rows.length, 9);
    expect(bound.samplingError).toBe(0);
  });

  test('a bound of few sweeps is one, too, and draws nothing', async () => {
    const once = await machine.variationalBound(rows, { method: 'exact', sweeps: 1 });
    rows.forEach((row, r) => {
      expect(once.bounds.get(r)).toBeLessThan(logWeight(plain, row) - once.logZ.value + 1e-5);
    });
    const again = await machine.variationalBound(rows, { method: 'exact', sweeps: 1 });
    expect([...again.bounds.data]).toEqual([...once.bounds.data]);
  });
});

test('without weights to the second layer the bound is the log-likelihood', async () => {
  const machine = knownMachine({ layers: [5, 4, 3], seed: 1, threads: 1 });
  machine.setParameter('hidden1-hidden2.weights', { data: new Float64Array(12), shape: [4, 3] });
  const plain = plainOf(machine);
  const rows = allBits(5);
  const { bounds } = await machine.variationalBound(rows, { method: 'exact' });
  rows.forEach((row, r) => {
    expect(bounds.get(r)).toBeCloseTo(logWeight(plain, row) - logZ(plain), 4);
  });
});

test('the bound needs rows of states, and says what came', async () => {
  const machine = knownMachine({ layers: [3, 2, 2], seed: 1 });
  await expect(machine.variationalBound([[0, 0.5, 1]])).rejects.toThrow(/variationalBound: .*0\.5/);
  await expect(machine.variationalBound([[0, 1]])).rejects.toThrow(/3 columns \(visible units\), got 2/);
  await expect(machine.variationalBound([[0, 1, 1]], { sweeps: 0 })).rejects.toThrow(/`sweeps` must be .*got 0/);
  await expect(machine.transform([[0, 1, 1]], { layer: 'visible' })).rejects.toThrow(/`layer` must be a hidden layer, got "visible"/);
  await expect(machine.transform([[0, 1, 1]], { layer: 'hidden3' as const })).rejects.toThrow(/hidden3/);
});

test('a machine that learnt nothing says so', async () => {
  const { warnings } = await new DeepBoltzmannMachine({ layers: [3, 2, 2], seed: 1 }).variationalBound([[0, 1, 1]]);
  expect(warnings).toEqual(['this machine was neither trained nor given parameters']);
});

test('gaussian rows have a bound too', async () => {
  const machine = new DeepBoltzmannMachine({ layers: [gaussian(3), 2, 2], seed: 1, threads: 1 });
  await machine.fit(
    [
      [0.1, -1, 0.3],
      [1, 0.5, -0.4],
    ],
    { epochs: 5 },
  );
  const { bound } = await machine.variationalBound([[0.1, -1, 0.3]], { chains: 10, betas: 100 });
  const { logLikelihood } = await machine.evaluate([[0.1, -1, 0.3]], { chains: 10, betas: 100 });
  expect(Math.abs(bound.mean - logLikelihood.mean)).toBeLessThan(0.5);
});
