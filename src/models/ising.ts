/**
 * Machines from the tables of physics and of optimisation: Ising models (J, h) and quadratic
 * problems over bits (Q).
 */
import type { RowsInput } from '../data/rows-input.js';
import type { StartOptions } from '../wiring/place.js';
import { bernoulli, spin, type Units } from '../wiring/units.js';
import { BoltzmannMachine } from './boltzmann-machine.js';
import { readCouplings, readQubo, readVector, type SquareMatrix } from './square-tables.js';

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
  const { size, pairs, values } = readCouplings(call, 'J', J, fields?.length);
  const machine: SpinMachine = new BoltzmannMachine({
    ...options,
    layers: { spins: spin(size) },
    couplings: [['spins', 'spins', { edges: asEdges(pairs) }]] as unknown as readonly [readonly ['spins', 'spins']],
  });
  if (values.length > 0) machine.setParameter('spins-spins.weights', values);
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
  const { size, linear, pairs, values } = readQubo('fromQubo', Q);
  const machine: BitMachine = new BoltzmannMachine({
    ...options,
    layers: { bits: bernoulli(size) },
    couplings: [['bits', 'bits', { edges: asEdges(pairs) }]] as unknown as readonly [readonly ['bits', 'bits']],
  });
  if (values.length > 0) machine.setParameter('bits-bits.weights', negated(values));
  machine.setParameter('bits.bias', negated(linear));
  return machine;
}

const negated = (values: Float64Array): Float64Array => values.map((value) => -value);

const asEdges = (pairs: Uint32Array): RowsInput => (pairs.length === 0 ? [] : { data: pairs, shape: [pairs.length / 2, 2] });
