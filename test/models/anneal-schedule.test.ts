/** The temperatures of an anneal without a schedule: they follow the couplings. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, gridEdges, ParameterError, softmax, spin } from '../../src/index.js';
import { energy, layerStates, randomMixed } from '../oracle/mixed.js';
import { devices, type TestDevice } from './support.js';

const glass = randomMixed([['spin', 12, 1]], [[0, 0]], 1, 5);
const lowest = Math.min(...layerStates(glass.layers[0]!).map((s) => energy(glass, [s])));

async function annealed(scale: number, device: TestDevice) {
  using machine = new BoltzmannMachine({ layers: { s: spin(12) }, couplings: [['s', 's']], seed: 7, device });
  machine.setParameter('s.bias', [glass.layers[0]!.bias.map((b) => scale * b)]);
  machine.setParameter('s-s.weights', glass.couplings[0]!.weights.map((row) => row.map((w) => scale * w))); // biome-ignore format: one call
  const { energies, states } = await machine.anneal(50, { sweeps: 100 });
  return { energies: Array.from(energies.data, (e) => e / scale), states: Array.from(states.s!.data) };
}

describe.each(devices)('on %s', (device) => {
  it('finds the ground state in equally many chains, whatever the scale of the couplings', async () => {
    const one = await annealed(1, device);
    const found = (energies: number[]) => energies.filter((e) => Math.abs(e - lowest) < 1e-4).length;
    expect(found(one.energies)).toBeGreaterThan(25);
    for (const power of [-7, 7]) expect((await annealed(2 ** power, device)).states).toEqual(one.states);
    for (const scale of [0.01, 100])
      expect(Math.abs(found((await annealed(scale, device)).energies) - found(one.energies))).toBeLessThan(5);
  });
});

it('knows couplings along a graph and those between layers by their units', async () => {
  using grid = new BoltzmannMachine({ layers: { p: softmax(3, 16) }, couplings: [['p', 'p', { edges: gridEdges([4, 4]) }]], seed: 1 });
  const ferromagnet = [1, 0, 0, 0, 1, 0, 0, 0, 1].map((same) => 300 * same);
  grid.setParameter('p-p.weights', [Array.from({ length: 24 }, () => ferromagnet).flat()]);
  const { energies } = await grid.anneal(20, { sweeps: 300 });
  expect(energies.get(0)).toBeCloseTo(-24 * 300, 2);
  using free = new BoltzmannMachine({ layers: { v: bernoulli(2), h: bernoulli(2) }, couplings: [['v', 'h']], weightScale: 0 });
  expect(Array.from((await free.anneal(3, { sweeps: 2 })).energies.data, Math.abs)).toEqual([0, 0, 0]);
});

it('bounds the sweeps of a schedule', async () => {
  using machine = new BoltzmannMachine({ layers: { s: spin(2) }, couplings: [['s', 's']] });
  await expect(machine.anneal(1, { sweeps: 2 ** 24 + 1 })).rejects.toThrow(/`sweeps` must be a whole number from 1 to 16777216/);
  await expect(machine.sample(1, { sweeps: 2 ** 30, betas: { from: 0.1 } })).rejects.toThrow(ParameterError);
});
