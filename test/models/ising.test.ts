/** Ising models and quadratic problems from their tables: energies of all states, annealed minima, and what is refused. */
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { fromIsing, fromQubo, ParameterError, rowsOf, ShapeError, type SquareMatrix } from '../../src/index.js';
import { bitVectors } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { devices, relativeError } from './support.js';

const n = 7;
const random = new TestRandom(11);
/** About half of the pairs. */
const J = symmetric(n, () => (random.uniform() < 0.5 ? 0 : Math.fround(random.normal())));
const h = random.normals(n, 1).map(Math.fround);
const Q = Array.from({ length: n }, () => Array.from({ length: n }, () => (random.uniform() < 0.4 ? 0 : Math.fround(random.normal()))));

function symmetric(size: number, draw: () => number): number[][] {
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) matrix[i]![j] = matrix[j]![i] = draw();
  return matrix;
}

const triples = (matrix: number[][], upper: boolean) =>
  matrix.flatMap((row, i) => row.flatMap((value, j) => (value === 0 || (upper && j < i) ? [] : [[i, j, value]])));

function sparse(matrix: number[][]) {
  const rows = matrix.map((row) => row.flatMap((value, j) => (value === 0 ? [] : [[j, value] as const])));
  const indptr = [0];
  for (const row of rows) indptr.push(indptr.at(-1)! + row.length);
  const [indices, values] = [rows.flat().map(([j]) => j), rows.flat().map(([, value]) => value)];
  return { indptr, indices, values, shape: [matrix.length, matrix.length] };
}

const forms = (matrix: number[][], upper: boolean): [string, SquareMatrix][] => [
  ['dense rows', matrix],
  ['an ndarray', ndarray(Float64Array.from(matrix.flat()), [n, n])],
  ['a transposed ndarray', ndarray(Float64Array.from(matrix[0]!.flatMap((_, j) => matrix.map((row) => row[j]!))), [n, n]).transpose(1, 0)],
  ['sparse rows', sparse(matrix)],
  ['entries', { entries: triples(matrix, upper), size: n }],
];

function isingEnergy(s: number[], couplings = J, fields: number[] = h): number {
  let energy = 0;
  s.forEach((x, i) => {
    energy -= fields[i]! * x;
    s.forEach((y, j) => {
      if (i < j) energy -= couplings[i]![j]! * x * y;
    });
  });
  return energy;
}

const quboValue = (x: number[], matrix = Q) => x.reduce((sum, a, i) => sum + x.reduce((part, b, j) => part + a * matrix[i]![j]! * b, 0), 0);
const spinStates = bitVectors(n).map((bits) => bits.map((bit) => 2 * bit - 1));

describe.each(devices)('on %s', (device) => {
  const error = relativeError[device] * 30;

  it.each(forms(J, true))('an Ising model has the energies of its table: %s', async (_, matrix) => {
    using machine = fromIsing(matrix, h, { device });
    const energies = await machine.energy({ spins: spinStates });
    for (const [i, s] of spinStates.entries()) expect(Math.abs(energies.get(i) - isingEnergy(s))).toBeLessThan(error);
    expect(machine.edges('spins')!.shape).toEqual([triples(J, true).length, 2]);
  });

  it.each(forms(Q, false))('a quadratic problem has the values of its table: %s', async (_, matrix) => {
    using machine = fromQubo(matrix, { device });
    const values = await machine.energy({ bits: bitVectors(n) });
    for (const [i, x] of bitVectors(n).entries()) expect(Math.abs(values.get(i) - quboValue(x))).toBeLessThan(error);
  });

  it('annealing finds the smallest value of either', async () => {
    using ising = fromIsing(J, h, { device, seed: 1 });
    const { energies, states } = await ising.anneal(30, { sweeps: 100 });
    expect(energies.get(0)).toBeCloseTo(Math.min(...spinStates.map((s) => isingEnergy(s))), 4);
    expect(isingEnergy([...[...rowsOf(states.spins)][0]!])).toBeCloseTo(energies.get(0), 4);
    using qubo = fromQubo(Q, { device, seed: 1 });
    const found = await qubo.anneal(30, { sweeps: 100 });
    expect(found.energies.get(0)).toBeCloseTo(Math.min(...bitVectors(n).map((x) => quboValue(x))), 4);
  });
});

describe('sizes', () => {
  it('follow from what is there', async () => {
    using fields = fromIsing({ entries: [] }, [1, -2, 3]);
    expect(fields.layers.spins.places).toBe(3);
    expect((await fields.energy({ spins: [[1, 1, 1]] })).get(0)).toBe(-2);
    using pairs = fromIsing({ entries: [[4, 1, 0.5]] });
    expect(pairs.layers.spins.places).toBe(5);
    expect([...pairs.edges('spins')!.data]).toEqual([1, 4]);
    using bits = fromQubo({ entries: [[0, 0, 2], [0, 2, 1], [2, 0, 3]], size: 4 }); // biome-ignore format: one line
    expect(bits.layers.bits.places).toBe(4);
    expect((await bits.energy({ bits: [[1, 1, 1, 1]] })).get(0)).toBe(6);
    using three = fromIsing([[0, 1, 2], [1, 0, 3], [2, 3, 0]]); // biome-ignore format: one line
    expect((await three.energy({ spins: [[1, 1, 1]] })).get(0)).toBe(-6);
    using cancelled = fromQubo([[0, 1], [-1, 0]]); // biome-ignore format: one line
    expect(cancelled.edges('bits')!.shape).toEqual([0, 2]);
  });

  it('of a cut: the weight of the edges that it cuts', async () => {
    const edges = [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 0, 1], [0, 2, 3]] as const; // biome-ignore format: one line
    using machine = fromIsing({ entries: edges.map(([i, j, w]) => [i, j, -w]) }, undefined, { seed: 1 });
    const { energies } = await machine.anneal(20);
    const cuts = bitVectors(4).map((side) => edges.reduce((sum, [i, j, w]) => sum + (side[i] === side[j] ? 0 : w), 0));
    expect((7 - energies.get(0)) / 2).toBeCloseTo(Math.max(...cuts), 5);
  });
});

describe('bad input', () => {
  const none = Number.NaN;
  const ising: [string, () => unknown, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['not symmetric', () => fromIsing([[0, 1], [2, 0]]), ParameterError, /`J` must be symmetric, got 1 at \[0, 1\] and 2 at \[1, 0\]/],
    ['half of it', () => fromIsing([[0, 1], [0, 0]]), ParameterError, /must be symmetric/],
    ['a diagonal', () => fromIsing([[1, 0], [0, 0]]), ParameterError, /`J` must have a zero diagonal, got 1 at \[0, 0\]/],
    ['NaN', () => fromIsing([[0, none], [none, 0]]), ParameterError, /`J` must hold finite numbers .* got NaN at \[0, 1\]/],
    ['infinite', () => fromIsing({ entries: [[0, 1, Infinity]] }), ParameterError, /got Infinity at \[0, 1\]/],
    ['too large for single precision', () => fromIsing({ entries: [[0, 1, 1e39]] }), ParameterError, /got 1e\+39 at \[0, 1\]/],
    ['not square', () => fromIsing([[0, 1]]), ParameterError, /`J` must be square, got 1 rows and 2 columns/],
    ['ragged', () => fromIsing([[0, 1], [1]]), ShapeError, /`J\[1\]` must have 2 values/],
    ['a bare list of triples', () => fromIsing([[0, 1, 1], [1, 2, 1]]), ParameterError, /triples \[i, j, value\] go by \{ entries \}/],
    ['a triangle as a bare list', () => fromIsing([[0, 1, 1], [1, 2, 1], [0, 2, 1]]), ParameterError, /must (be symmetric|have a zero diagonal)/],
    ['a pair twice', () => fromIsing({ entries: [[0, 1, 1], [1, 0, 1]] }), ParameterError, /`J.entries` must name each pair once, got \[1, 0\] again/],
    ['a loop', () => fromIsing({ entries: [[1, 1, 1]] }), ParameterError, /two different spins, got \[1, 1\]/],
    ['half a spin', () => fromIsing({ entries: [[0, 1.5, 1]] }), ParameterError, /`J.entries\[0, 1\]` must be a whole number/],
    ['more spins than said', () => fromIsing({ entries: [[0, 4, 1]], size: 3 }), ParameterError, /`J.size` must be at least 5/],
    ['more spins than fields', () => fromIsing({ entries: [[0, 4, 1]] }, [1, 2]), ParameterError, /must be a whole number from 0 to 1, got 4/],
    ['other fields', () => fromIsing([[0, 1], [1, 0]], [1, 2, 3]), ParameterError, /`h` must have 2 fields, one per row of `J`, got 3/],
    ['a field of NaN', () => fromIsing([[0, 1], [1, 0]], [1, none]), ParameterError, /`h\[1\]` must be a finite number/],
    ['fields that are none', () => fromIsing([[0, 1], [1, 0]], 3 as never), ParameterError, /`h` must be a list of numbers, got 3/],
    ['nothing', () => fromIsing(undefined as never), ParameterError, /`J` must be a matrix \[n, n\].* got undefined/],
    ['no rows', () => fromIsing([]), ParameterError, /`J` must be a matrix/],
    ['another option', () => fromIsing([[0, 1], [1, 0]], [0, 0], { sead: 1 } as never), ParameterError, /no option `sead`/],
    ['a misspelt entry', () => fromIsing({ entries: [], siez: 3 } as never), ParameterError, /no option `siez`/],
  ]; // biome-ignore format: one case per line
  const qubo: typeof ising = [
    ['NaN', () => fromQubo([[none, 0], [0, 0]]), ParameterError, /`Q` must hold finite numbers .* got NaN at \[0, 0\]/],
    ['infinite below the diagonal', () => fromQubo([[0, 0], [Infinity, 0]]), ParameterError, /got Infinity at \[1, 0\]/],
    ['a sum that is too large', () => fromQubo([[0, 3e38], [3e38, 0]]), ParameterError, /got 6e\+38 at \[0, 1\]/],
    ['not square', () => fromQubo([[1, 2, 3], [1, 2, 3]]), ParameterError, /must be square, got 2 rows and 3 columns; triples/],
    ['a place twice', () => fromQubo({ entries: [[0, 1, 1], [0, 1, 1]] }), ParameterError, /each place once, got \[0, 1\] twice/],
    ['below zero', () => fromQubo({ entries: [[0, -1, 1]] }), ParameterError, /`Q.entries\[0, 1\]` must be a whole number/],
  ]; // biome-ignore format: one case per line
  it.each([...ising, ...qubo])('%s', (_, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });
});
