/**
 * Machines whose visible layer is coupled to itself and to a hidden layer, in every order that a
 * user may write, against counting all states: a path that is faster for some orders must not
 * refuse or change the others.
 */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, type BoltzmannMachineOptions, bernoulli, spin } from '../../src/index.js';
import { energy, logSumExp, sum } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { devices, type TestDevice } from './support.js';

type Couplings = BoltzmannMachineOptions['couplings'];
const edges: [number, number][] = [
  [0, 1],
  [1, 2],
];
const orders: [string, Couplings][] = [
  ['vv, vh', [['v', 'v'], ['v', 'h']]], // biome-ignore format: one order to a line
  ['vv, hv', [['v', 'v'], ['h', 'v']]], // biome-ignore format: one order to a line
  ['vh, vv', [['v', 'h'], ['v', 'v']]], // biome-ignore format: one order to a line
  ['hv, vv', [['h', 'v'], ['v', 'v']]], // biome-ignore format: one order to a line
  ['vv along edges, vh', [['v', 'v', { edges }], ['v', 'h']]], // biome-ignore format: one order to a line
  ['vv along edges, hv', [['v', 'v', { edges }], ['h', 'v']]], // biome-ignore format: one order to a line
  ['vh, vv along edges', [['v', 'h'], ['v', 'v', { edges }]]], // biome-ignore format: one order to a line
  ['hv, vv along edges', [['h', 'v'], ['v', 'v', { edges }]]], // biome-ignore format: one order to a line
];

const random = new TestRandom(21);
const lateral = [random.normal(), random.normal(), random.normal()] as const; // 01, 12, 02
const across = Array.from({ length: 3 }, () => random.normals(2));
const biases = [random.normals(3), random.normals(2)] as const;
const bits = (n: number, low: number) =>
  Array.from({ length: 2 ** n }, (_, k) => Array.from({ length: n }, (_, i) => ((k >> i) & 1 ? 1 : low)));

function create(couplings: Couplings, device: TestDevice, makes: typeof bernoulli | typeof spin): BoltzmannMachine {
  const machine = new BoltzmannMachine({ layers: { v: makes(3), h: makes(2) }, couplings, seed: 3, device });
  machine.setParameter('v.bias', [biases[0]]);
  machine.setParameter('h.bias', [biases[1]]);
  for (const [a, b, options] of couplings) {
    const [first, second, third] = lateral;
    const full = [[0, first, third], [first, 0, second], [third, second, 0]]; // biome-ignore format: a matrix
    const columns = [0, 1].map((j) => across.map((row) => row[j]!));
    const values = a !== b ? (a === 'v' ? across : columns) : options === undefined ? full : [[first, second]];
    machine.setParameter(`${a}-${b}.weights`, values);
  }
  return machine;
}

/** log p(v_i | v_-i) summed over the units, hidden states summed out term by term. */
function pseudoLikelihood(couplings: Couplings, v: number[], low: number): number {
  const along = couplings.some(([, , options]) => options !== undefined);
  const [first, second, third] = [lateral[0], lateral[1], along ? 0 : lateral[2]];
  const half = [[0, first, third], [0, 0, second], [0, 0, 0]]; // biome-ignore format: a matrix
  const oracle = { biases: [biases[0], biases[1]], couplings: [{ a: 0, b: 1, weights: across }] };
  const pairs = (s: number[]) => sum(half.flatMap((row, i) => row.map((w, j) => w * s[i]! * s[j]!)));
  const weight = (s: number[]) => logSumExp(bits(2, low).map((h) => pairs(s) - energy(oracle, [s, h])));
  return sum(
    v.map((_, i) => {
      const other = v.map((x, j) => (j === i ? 1 + low - x : x));
      return weight(v) - logSumExp([weight(v), weight(other)]);
    }),
  );
}

describe.each(devices)('on %s', (device) => {
  describe.each([
    ['Bernoulli units', bernoulli, 0],
    ['spins', spin, -1],
  ] as const)('%s', (_, makes, low) => {
    it.each(orders)('%s: the pseudo-likelihood is that of the definition', async (_, couplings) => {
      using machine = create(couplings, device, makes);
      const rows = bits(3, low);
      const exact = await machine.pseudoLikelihood({ v: rows }, { exact: true });
      for (const [r, row] of rows.entries()) expect(exact.data[r]).toBeCloseTo(pseudoLikelihood(couplings, row, low), 5);
    });

    it.each(orders)('%s: training reports it', async (_, couplings) => {
      using machine = create(couplings, device, makes);
      const rows = bits(3, low);
      const still = { epochs: 1, learningRate: 0, batchSize: 8, initialiseFromData: false };
      const [report] = await machine.fit({ v: rows }, still);
      // Of three units per row, all.
      const expected = sum(rows.map((row) => pseudoLikelihood(couplings, row, low))) / rows.length;
      expect(report!.pseudoLikelihood).toBeCloseTo(expected, 5);
    });
  });
});
