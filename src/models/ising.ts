/**
 * Machines from the tables of physics and of optimisation: Ising models (J, h) and quadratic
 * problems over bits (Q).
 */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { asVector, toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type PairValues, squareEntries, symmetricEntries } from '../wiring/graph.js';
import type { StartOptions } from '../wiring/place.js';
import { bernoulli, spin, type Units } from '../wiring/units.js';
import { BoltzmannMachine } from './boltzmann-machine.js';

/** A matrix by its entries, for tables with few of them. */
export interface MatrixEntries {
  /** Triples [i, j, value], each place at most once. */
  readonly entries: RowsInput;
  /**
   * Rows and columns of the matrix. Default: as many as the vector beside it has, else the largest
   * number that occurs, plus 1.
   */
  readonly size?: number | undefined;
}

/** A square matrix: dense, as sparse rows, or by its entries. */
export type SquareMatrix = RowsInput | MatrixEntries;

/** A machine of spins that are coupled along a graph. */
export type SpinMachine = BoltzmannMachine<
  {
    /** All of them. */
    readonly spins: Units<'spin'>;
  },
  readonly [readonly ['spins', 'spins']]
>;
/** A machine of bits that are coupled along a graph. */
export type BitMachine = BoltzmannMachine<
  {
    /** All of them. */
    readonly bits: Units<'bernoulli'>;
  },
  readonly [readonly ['bits', 'bits']]
>;

/** Parameters are kept in single precision on most devices. */
const largest = 3.4e38;

/**
 * The Ising model (or spin glass) with couplings J and fields h: E(s) = −Σ_(i<j) J_ij s_i s_j − Σ_i
 * h_i s_i over spins s_i = ±1, as a machine with the layer `spins`, coupled along the pairs with
 * J_ij ≠ 0 (Ising 1925; Edwards & Anderson 1975). A positive J_ij favours equal spins. States have
 * energy E in nats; inverse temperatures are those of exp(−β E).
 *
 * @param J - A symmetric matrix [n, n] with a zero diagonal, dense or as sparse rows; or `{
 *   entries, size? }` with triples [i, j, J_ij], each pair once and in one direction.
 * @param h - Fields, [n]. Default: none.
 * @param options - Seed, device and threads, as of every model.
 * @returns A machine whose `edges('spins')` lists the pairs and whose parameter
 *   'spins-spins.weights' holds their J.
 * @throws {@link ParameterError} on a matrix that is not symmetric or has a diagonal, pairs given
 *   twice, and values that are not finite; {@link ShapeError} on sizes that do not fit each other.
 *
 * @example
 * ```ts
 * import { fromIsing } from 'boltzkit';
 *
 * // The largest cut of a graph: spins on both ends of an edge of weight w should differ, J = −w.
 * const edges = [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 0, 1], [0, 2, 3]] as const;
 * using machine = fromIsing({ entries: edges.map(([i, j, w]) => [i, j, -w]) }, undefined, { seed: 1 });
 * const { energies, states } = await machine.anneal(20); // lowest energy first; the signs of states.spins are the two sides
 * const cut = (edges.reduce((sum, [, , w]) => sum + w, 0) - energies.get(0)) / 2; // 5
 * ```
 */
export function fromIsing(J: SquareMatrix, h?: RowsInput, options?: StartOptions): SpinMachine {
  const call = 'fromIsing';
  const fields = h === undefined ? undefined : readVector(call, h);
  const { size, listed } = readSquare(call, 'J', J, fields?.length);
  const couplings = listed === undefined ? symmetricEntries(call, J, size, 'J', '`{ entries }`') : oncePerPair(call, listed, size);
  checkFinite(call, 'J', couplings.values, (e) => [couplings.pairs[2 * e] as number, couplings.pairs[2 * e + 1] as number]);
  const machine: SpinMachine = new BoltzmannMachine({
    ...options,
    layers: { spins: spin(size) },
    couplings: [['spins', 'spins', { edges: asEdges(couplings.pairs) }]] as unknown as readonly [readonly ['spins', 'spins']],
  });
  if (couplings.values.length > 0) machine.setParameter('spins-spins.weights', couplings.values);
  machine.setParameter('spins.bias', fields ?? new Float64Array(size));
  return machine;
}

/**
 * A quadratic problem over bits (QUBO): E(x) = xᵀQx = Σ_i Q_ii x_i + Σ_(i<j) (Q_ij + Q_ji) x_i x_j
 * with x_i ∈ {0, 1}, as a machine with the layer `bits`, coupled along the pairs with Q_ij + Q_ji ≠
 * 0. Energies are the values of xᵀQx, without a constant left over, and `anneal` looks for the
 * smallest. A constant that the problem has besides Q stays with the caller.
 *
 * @param Q - Any matrix [n, n], dense or as sparse rows, upper triangular or symmetric or neither;
 *   or `{ entries, size? }` with triples [i, j, Q_ij], each place once.
 * @param options - Seed, device and threads, as of every model.
 * @throws {@link ParameterError} on values that are not finite and places given twice;
 *   {@link ShapeError} unless it is square.
 *
 * @example
 * ```ts
 * import { fromQubo, rowsOf } from 'boltzkit';
 *
 * // Take the most valuable of three things, of which the first two exclude each other.
 * using machine = fromQubo([[-3, 10, 0], [0, -2, 0], [0, 0, -1]], { seed: 1 });
 * const { energies, states } = await machine.anneal(20);
 * const [best] = rowsOf(states.bits); // 1, 0, 1 with xᵀQx = energies.get(0) = −4
 * ```
 */
export function fromQubo(Q: SquareMatrix, options?: StartOptions): BitMachine {
  const call = 'fromQubo';
  const { size, listed } = readSquare(call, 'Q', Q, undefined);
  const entries = listed === undefined ? squareEntries(call, Q, size, 'Q', '`{ entries }`') : oncePerPlace(call, listed, size);
  const linear = new Float64Array(size);
  const sums = new Map<number, number>();
  for (const [place, value] of entries) {
    const [i, j] = [Math.floor(place / size), place % size];
    checkFinite(call, 'Q', [value], () => [i, j]);
    if (i === j) linear[i] = -value;
    else {
      const pair = Math.min(i, j) * size + Math.max(i, j);
      sums.set(pair, (sums.get(pair) ?? 0) - value);
    }
  }
  const pairs = [...sums].filter(([, weight]) => weight !== 0);
  const weights = Float64Array.from(pairs, ([, weight]) => weight);
  const ends = Uint32Array.from(pairs.flatMap(([pair]) => [Math.floor(pair / size), pair % size]));
  checkFinite(call, 'Q', weights, (e) => [ends[2 * e] as number, ends[2 * e + 1] as number]);
  const machine: BitMachine = new BoltzmannMachine({
    ...options,
    layers: { bits: bernoulli(size) },
    couplings: [['bits', 'bits', { edges: asEdges(ends) }]] as unknown as readonly [readonly ['bits', 'bits']],
  });
  if (weights.length > 0) machine.setParameter('bits-bits.weights', weights);
  machine.setParameter('bits.bias', linear);
  return machine;
}

const asEdges = (pairs: Uint32Array): RowsInput => (pairs.length === 0 ? [] : { data: pairs, shape: [pairs.length / 2, 2] });

function readVector(call: string, values: unknown): Float64Array {
  const length = readFrom(call, 'h', () => lengthOf(values));
  if (length === undefined) throw new OptionCheck(call).error('h', 'a list of numbers', values);
  return asVector(values, length, { call, argument: 'h', units: 'spins' });
}

/** Triples in doubles: [i, j, value] one after the other. */
type Triples = Float64Array;

/** How large a matrix is, and its triples if it is given by entries. */
function readSquare(call: string, name: string, matrix: unknown, beside: number | undefined): { size: number; listed?: Triples } {
  const check = new OptionCheck(call);
  if (readFrom(call, name, () => typeof matrix === 'object' && matrix !== null && 'entries' in matrix && !isArrayLike(matrix))) {
    return readEntries(check, name, matrix, beside);
  }
  const [rows, columns] = readFrom(call, name, () => sidesOf(matrix));
  const forms = `a matrix [n, n], dense or { indptr, indices, values, shape }, or { entries: [[i, j, value], …] }`;
  if (rows === undefined || columns === undefined || columns < 1) throw check.error(name, forms, matrix);
  const looksListed = columns === 3 && rows !== 3;
  if (rows !== columns) {
    const hint = looksListed ? '; triples [i, j, value] go by { entries }' : '';
    throw new ParameterError(`${call}: \`${name}\` must be square, got ${rows} rows and ${columns} columns${hint}`);
  }
  if (beside !== undefined && beside !== columns) throw sizesDiffer(call, name, columns, beside);
  return { size: columns };
}

function sizesDiffer(call: string, name: string, size: number, fields: number): ParameterError {
  return new ParameterError(`${call}: \`h\` must have ${size} fields, one per row of \`${name}\`, got ${fields}`);
}

/** Typed arrays have a method of this name. */
const isArrayLike = (value: object): boolean => Array.isArray(value) || ArrayBuffer.isView(value);

function lengthOf(values: unknown): number | undefined {
  const { length, shape } = (values ?? {}) as { length?: unknown; shape?: ArrayLike<unknown> };
  const found = shape === undefined ? length : shape[shape.length - 1];
  return typeof found === 'number' ? found : undefined;
}

function sidesOf(matrix: unknown): [rows?: number, columns?: number] {
  if (typeof matrix !== 'object' || matrix === null) return [];
  const { shape } = matrix as { shape?: ArrayLike<unknown> };
  const sides = shape === undefined ? [lengthOf(matrix), lengthOf((matrix as ArrayLike<unknown>)[0])] : [shape[0], shape[1]];
  return sides.every((side) => typeof side === 'number') ? (sides as [number, number]) : [];
}

function readEntries(check: OptionCheck, name: string, matrix: unknown, beside: number | undefined): { size: number; listed: Triples } {
  const { call } = check;
  const { entries, size } = readOptions(call, matrix, ['entries', 'size']);
  const none = readFrom(call, `${name}.entries`, () => Array.isArray(entries) && entries.length === 0);
  const where = { call, argument: `${name}.entries`, units: 'i, j and value' };
  const listed = none ? new Float64Array(0) : toFloat64(describeRows(entries, 3, where));
  const most = 2 ** 31 - 1;
  let needed = 0;
  listed.forEach((value, at) => {
    if (at % 3 === 2) return;
    check.integer(`${name}.entries[${Math.floor(at / 3)}, ${at % 3}]`, value, undefined, 0, (beside ?? most) - 1);
    needed = Math.max(needed, value + 1);
  });
  const given = check.integer(`${name}.size`, size, beside ?? Math.max(needed, 1), 1, most);
  if (beside !== undefined && beside !== given) throw sizesDiffer(call, name, given, beside);
  if (needed > given) throw check.error(`${name}.size`, `at least ${needed}, one more than the largest number in \`entries\``, given);
  return { size: given, listed };
}

/** Values by row · size + column. */
function oncePerPlace(call: string, listed: Triples, size: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at < listed.length; at += 3) {
    const [i, j, value] = listed.subarray(at, at + 3) as unknown as [number, number, number];
    const place = i * size + j;
    if (found.has(place)) throw new ParameterError(`${call}: \`Q.entries\` must name each place once, got [${i}, ${j}] twice`);
    found.set(place, value);
  }
  return found;
}

function oncePerPair(call: string, listed: Triples, size: number): PairValues {
  const seen = new Set<number>();
  const pairs = new Uint32Array((listed.length / 3) * 2);
  const values = new Float64Array(listed.length / 3);
  for (let e = 0; e < values.length; e++) {
    const [i, j, value] = listed.subarray(3 * e, 3 * e + 3) as unknown as [number, number, number];
    if (i === j) throw new ParameterError(`${call}: \`J.entries\` must join two different spins, got [${i}, ${j}]`);
    const [a, b] = [Math.min(i, j), Math.max(i, j)];
    if (seen.has(a * size + b)) throw new ParameterError(`${call}: \`J.entries\` must name each pair once, got [${i}, ${j}] again`);
    seen.add(a * size + b);
    pairs.set([a, b], 2 * e);
    values[e] = value;
  }
  return { pairs, values };
}

function checkFinite(call: string, name: string, values: ArrayLike<number>, place: (entry: number) => readonly [number, number]): void {
  for (let e = 0; e < values.length; e++) {
    if (Math.abs(values[e] as number) <= largest) continue;
    const [i, j] = place(e);
    throw new ParameterError(`${call}: \`${name}\` must hold finite numbers (up to ${largest}), got ${got(values[e])} at [${i}, ${j}]`);
  }
}
