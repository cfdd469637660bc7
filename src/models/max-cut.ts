import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { asVector } from '../data/vector.js';
import type { Patience } from '../machine/patience.js';
import { readPairs } from '../wiring/graph.js';
import { IsingModel } from './ising-model.js';
import { type LateralStart, lateralStart } from './lateral-model.js';

/** How to look for a large cut. */
export interface MaxCutOptions extends LateralStart, Patience {
  /** Vertices. Default: the largest number in the graph plus 1. */
  readonly vertices?: number | undefined;
  /** Weights of the edges, of either sign. Default: 1 each. */
  readonly weights?: RowsInput | undefined;
  /** Chains that anneal beside each other; the best one counts. Default 64. */
  readonly restarts?: number | undefined;
  /** Sweeps of each. Default 1000. */
  readonly sweeps?: number | undefined;
}

/** A cut of a graph. */
export interface Cut {
  /** The sum of the weights of the edges that it cuts. */
  readonly value: number;
  /** The side of each vertex, 0 or 1; [vertices]. Vertex 0 is on side 0. */
  readonly sides: NdArray<Uint8Array>;
}

/**
 * Looks for the largest cut of a graph: two sides for its vertices, so that the edges between them weigh as much as they can. By simulated
 * annealing of the Ising model with J = −w, whose ground states are the largest cuts (Barahona, Grötschel, Jünger & Reinelt 1988). What it finds
 * is a cut; that it is the largest is not proved.
 *
 * @param graph - Pairs of vertices [edges, 2], each once, such as `gridEdges([10, 10])`.
 * @throws {@link ParameterError} on options out of range and edges given twice, {@link ShapeError}, {@link BackendError}; the signal's reason
 *   when aborted.
 *
 * @example
 * ```ts
 * import { maxCut } from 'boltzkit';
 *
 * const { value, sides } = await maxCut([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]]); // 4: vertices 0 and 2 against 1 and 3
 * ```
 */
export async function maxCut(graph: RowsInput, options?: MaxCutOptions): Promise<Cut> {
  const call = 'maxCut';
  const given = readOptions(call, options, ['vertices', 'weights', 'restarts', 'sweeps', 'signal', 'onProgress', ...lateralStart]);
  const check = new OptionCheck(call);
  const most = 2 ** 31 - 1;
  const said = given.vertices === undefined ? undefined : check.integer('vertices', given.vertices, undefined, 1, most);
  const pairs = readPairs(call, graph, said ?? most, 'graph');
  const edges = pairs.length / 2;
  const weights =
    given.weights === undefined || edges === 0
      ? new Float64Array(edges).fill(1)
      : asVector(given.weights, edges, { call, argument: 'weights', units: 'edges' });
  const restarts = check.integer('restarts', given.restarts, 64, 1, 2 ** 24);
  const { seed, device, threads, sweeps, signal, onProgress } = given;
  const start = { seed, device, threads } as LateralStart;
  const units = said ?? pairs.reduce((found, vertex) => Math.max(found, vertex + 1), 1);
  const couplings = edges === 0 ? 0 : weights.map((w) => -w);
  using model = new IsingModel({ ...start, units, graph: { data: pairs, shape: [edges, 2] }, couplings });
  const { states } = await model.anneal(restarts, { sweeps, signal, onProgress } as Patience & { sweeps?: number });
  const spins = states.spins.data.subarray(0, units);
  const sides = Uint8Array.from(spins, (s) => (s === spins[0] ? 0 : 1));
  const value = weights.reduce((sum, w, e) => sum + (sides[pairs[2 * e] as number] === sides[pairs[2 * e + 1] as number] ? 0 : w), 0);
  return { value, sides: array(sides, [units]) };
}
