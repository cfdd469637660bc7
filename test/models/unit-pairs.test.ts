/**
 * Every pair of unit types, coupled: energies, free energies and conditional means against sums over states (real ones in small cells), and
 * no drift of the pair from p(a, b), started from exact draws, in one sweep and in four. Drift is judged by chi-square over the bins of both units:
 * false-alarm rate 1e-6, and a total variation of 0.03 is noticed with probability 0.999.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit, drawsNeeded } from '../oracle/significance.js';
import { type SingleUnit, singleUnits } from '../oracle/single-units.js';
import { devices, type TestDevice } from './support.js';

const types = Object.keys(singleUnits) as (keyof typeof singleUnits)[];
const pairs = types.flatMap((a) => types.map((b): [keyof typeof singleUnits, keyof typeof singleUnits] => [a, b]));

/** Weights [places of a, places of b], small enough for every pair to have a distribution. */
function weightsOf(a: SingleUnit, b: SingleUnit): number[][] {
  return Array.from({ length: a.units.places }, (_, i) =>
    Array.from({ length: b.units.places }, (_, j) => (((3 * i + 2 * j) % 5) - 1.5) / 4),
  );
}

function field(weights: number[][], s: number[]): number[] {
  return weights[0]!.map((_, j) => s.reduce((sum, x, i) => sum + x * weights[i]![j]!, 0));
}

const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);

function build(a: SingleUnit, b: SingleUnit, device: TestDevice): BoltzmannMachine {
  const machine = new BoltzmannMachine({ layers: { a: a.units, b: b.units }, couplings: [['a', 'b']], seed: 3, device, threads: 2 });
  for (const [name, { parameters }] of [
    ['a', a],
    ['b', b],
  ] as const) {
    machine.setParameter(parameters.length === 1 ? `${name}.bias` : `${name}.parameters`, parameters);
  }
  machine.setParameter('a-b.weights', weightsOf(a, b));
  return machine;
}

/** log Σ_b exp(field · b − U(b)) and the mean of b. */
function summed(b: SingleUnit, phi: number[]): { log: number; mean: number[] } {
  let z = 0;
  const mean = phi.map(() => 0);
  for (const { s, logWeight } of b.states(0.005)) {
    const w = Math.exp(dot(phi, s) + logWeight);
    z += w;
    for (const [i, x] of s.entries()) mean[i]! += w * x;
  }
  return { log: Math.log(z), mean: mean.map((m) => m / z) };
}

describe.each(devices)('on %s', (device) => {
  describe.each(pairs)('%s – %s', (typeA, typeB) => {
    const [a, b] = [singleUnits[typeA], singleUnits[typeB]];
    const weights = weightsOf(a, b);

    it('energies, free energies and means', async () => {
      using machine = build(a, b, device);
      // Some states of a, and each with some state of b; multiples of 1/4 where they are real.
      const some = (unit: SingleUnit) => unit.states(0.5).filter((_, i, all) => all.length < 9 || (i % 5 === 0 && Math.abs(all[i]!.s[0]!) < 4)); // biome-ignore format: one line
      const rows = some(a).flatMap(({ s }) => some(b).map(({ s: t }) => [s, t] as const));
      const energies = await machine.energy({ a: rows.map(([s]) => s), b: rows.map(([, t]) => t) });
      for (const [r, [s, t]] of rows.entries()) {
        const expected = a.energy(s) + b.energy(t) - dot(field(weights, s), t);
        expect(Math.abs(energies.get(r) - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
      }
      if (typeB === 'counts') return; // a row's total is not the machine's to know
      const given = some(a).map(({ s }) => s);
      const [F, means] = [await machine.freeEnergy({ a: given }), await machine.mean('b', { a: given })];
      for (const [r, s] of given.entries()) {
        const { log, mean } = summed(b, field(weights, s));
        expect(Math.abs(F.get(r) - (a.energy(s) - log))).toBeLessThan(2e-5 * (1 + Math.abs(a.energy(s))));
        for (const [i, m] of mean.entries()) expect(Math.abs(means.get(r, i) - m)).toBeLessThan(2e-5);
      }
    });

    it('no drift', async () => {
      const cell = 0.1;
      const [statesA, statesB] = [a.states(cell), b.states(cell)];
      const joint = statesA.flatMap(({ s, logWeight }) => {
        const phi = field(weights, s);
        return statesB.map((t) => Math.exp(logWeight + t.logWeight + dot(phi, t.s)));
      });
      const z = joint.reduce((x, y) => x + y);
      const binsA = statesA.map(({ s }) => a.bin(s));
      const binsB = statesB.map(({ s }) => b.bin(s));
      const table = new Map<string, number>();
      joint.forEach((w, i) => {
        const bin = `${binsA[Math.floor(i / binsB.length)]}|${binsB[i % binsB.length]}`;
        table.set(bin, (table.get(bin) ?? 0) + w / z);
      });
      const n = drawsNeeded(table.size, 0.03);
      const random = new TestRandom(7);
      // Within its cell a real state is anywhere.
      const spread = (unit: SingleUnit, s: number[]) =>
        unit.bin === singleUnits.gaussian.bin ? [s[0]! + (random.uniform() - 0.5) * cell] : s;
      const drawn = Array.from(random.draws(joint, n));
      const start = {
        a: drawn.map((i) => spread(a, statesA[Math.floor(i / binsB.length)]!.s)),
        b: drawn.map((i) => spread(b, statesB[i % binsB.length]!.s)),
      };
      using machine = build(a, b, device);
      for (const steps of [1, 4]) {
        const chains = await machine.chains(n, { start });
        await chains.advance(steps);
        const [rowsA, rowsB] = [chains.states('a'), chains.states('b')];
        const row = (rows: typeof rowsA, r: number, places: number) => Array.from({ length: places }, (_, i) => rows.get(r, i));
        const seen = new Map<string, number>();
        for (let r = 0; r < n; r++) {
          const bin = `${a.bin(row(rowsA, r, a.units.places))}|${b.bin(row(rowsB, r, b.units.places))}`;
          seen.set(bin, (seen.get(bin) ?? 0) + 1);
        }
        expect([...seen.keys()].filter((bin) => !table.has(bin))).toEqual([]);
        const { statistic, freedom } = chiSquare(
          [...table.keys()].map((bin) => seen.get(bin) ?? 0),
          [...table.values()],
        );
        expect(statistic).toBeLessThan(chiSquareLimit(freedom));
      }
    });
  });
});
