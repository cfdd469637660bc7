/** What a Potts model is made of, and how that is read. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { asMatrix } from '../data/vector.js';
import { readPairs } from '../wiring/graph.js';
import { readStart } from '../wiring/place.js';
import type { MachineSpec } from '../wiring/spec.js';
import { type LateralStart, lateralSpec, lateralStart } from './lateral-model.js';

/** How to construct a Potts model. */
export interface PottsOptions extends LateralStart {
  /** Sites: columns of a sequence, vertices of a graph. */
  readonly sites: number;
  /** Categories that each site may have: q. */
  readonly categories: number;
  /** Pairs of coupled sites [edges, 2], each once, such as `gridEdges([32, 32])`. Default: all pairs. */
  readonly graph?: RowsInput | undefined;
  /**
   * J: a number, what equal categories at both ends of an edge gain (the Potts model of physics); or with a `graph` a matrix per edge,
   * [edges, q²], entry (a, b) that of category a at the smaller site with b at the larger one, b running fastest. Default 0: to be learned.
   */
  readonly couplings?: number | RowsInput | undefined;
  /** h, [sites, q]. Default 0. */
  readonly fields?: RowsInput | undefined;
}

/** What the options say, checked; null for what stays at 0. */
export interface ReadPotts {
  readonly spec: MachineSpec;
  readonly weights: { readonly data: Float64Array; readonly shape: [number, number] } | null;
  readonly fields: Float64Array | null;
}

/** Reads and checks the constructor's options. */
export function readPotts(call: string, options: unknown): ReadPotts {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `sites` and `categories`', options);
  const given = readOptions(call, options, ['sites', 'categories', 'graph', 'couplings', 'fields', ...lateralStart]);
  const sites = check.integer('sites', given.sites, undefined, 1, 2 ** 24);
  const size = check.integer('categories', given.categories, undefined, 2, 2 ** 15);
  const place = readStart(check, given);
  const graph = given.graph === undefined ? undefined : readPairs(call, given.graph, sites, 'graph');
  const units = `numbers, one per category`;
  const fields = given.fields === undefined ? null : asMatrix(given.fields, sites, size, { call, argument: 'fields', units });
  const weights = readCouplings(check, given.couplings, { sites, size, graph });
  const layer = {
    name: 'sites',
    type: 'softmax',
    units: check.integer('sites × categories', sites * size, undefined, 1, 2 ** 31 - 1),
    size,
  };
  return { spec: lateralSpec(place, layer, graph), weights, fields };
}

interface Wired {
  readonly sites: number;
  readonly size: number;
  readonly graph: Uint32Array | undefined;
}

function readCouplings(check: OptionCheck, couplings: unknown, { sites, size, graph }: Wired): ReadPotts['weights'] {
  const number = couplings === undefined || typeof couplings === 'number';
  if (graph === undefined) {
    if (!number) throw check.error('couplings', 'a number where there is no `graph`; others go by setParameter', couplings);
    const J = check.number('couplings', couplings, 0, -Infinity);
    if (J === 0) return null;
    const places = sites * size;
    const at = (i: number, j: number): number => (i % size === j % size && i !== j ? J : 0);
    return { data: Float64Array.from({ length: places ** 2 }, (_, k) => at(Math.floor(k / places), k % places)), shape: [places, places] };
  }
  const edges = graph.length / 2;
  const shape: [number, number] = [1, edges * size ** 2];
  if (!number) {
    const data = asMatrix(couplings, edges, size ** 2, { call: check.call, argument: 'couplings', units: 'numbers, q² per edge' });
    return edges === 0 ? null : { data, shape };
  }
  const J = check.number('couplings', couplings, 0, -Infinity);
  const equal = (k: number): boolean => Math.floor(k / size) % size === k % size;
  return J === 0 || edges === 0 ? null : { data: Float64Array.from({ length: edges * size ** 2 }, (_, k) => (equal(k) ? J : 0)), shape };
}
