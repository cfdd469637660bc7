/** What an Ising model is made of, and how that is read. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { asVector } from '../data/vector.js';
import { readPairs } from '../wiring/graph.js';
import { readStart } from '../wiring/place.js';
import type { MachineSpec } from '../wiring/spec.js';
import { type LateralStart, lateralSpec, lateralStart } from './lateral-model.js';
import { readCouplings, readVector, type SquareMatrix } from './square-tables.js';

/** How to construct an Ising model. At least one of `units`, `graph`, `couplings` and `fields` says how many spins it has. */
export interface IsingOptions extends LateralStart {
  /** Spins. Default: as many as `fields` or a table of `couplings` has, else the largest number of `graph` plus 1. */
  readonly units?: number | undefined;
  /** Pairs of coupled spins [edges, 2], each once, such as `gridEdges([32, 32])`. Default: those of the couplings' table, else all pairs. */
  readonly graph?: RowsInput | undefined;
  /**
   * J: a number for all pairs, a list with one per edge of `graph`, or without a `graph` a symmetric table [units, units], dense, sparse or by its
   * entries. A positive J favours equal spins. Default 0: couplings to be learned.
   */
  readonly couplings?: number | SquareMatrix | undefined;
  /** h: a number for all spins, or a list with one per spin. Default 0. */
  readonly fields?: number | RowsInput | undefined;
  /** Inverse temperature of the model, above 0. Default 1. */
  readonly beta?: number | undefined;
  /** A constant that is part of all energies. Default 0. */
  readonly offset?: number | undefined;
}

/** What the options say, checked; null for what stays at 0. */
export interface ReadIsing {
  readonly spec: MachineSpec;
  readonly beta: number;
  readonly offset: number;
  readonly weights: { readonly data: Float64Array; readonly shape: [number, number] } | null;
  readonly fields: Float64Array | null;
}

/** Reads and checks the constructor's options. */
export function readIsing(call: string, options: unknown): ReadIsing {
  const check = new OptionCheck(call);
  const given = readOptions(call, options, ['units', 'graph', 'couplings', 'fields', 'beta', 'offset', ...lateralStart]);
  const beta = check.number('beta', given.beta, 1);
  if (beta === 0) throw check.error('beta', 'a finite number above 0', beta);
  const offset = check.number('offset', given.offset, 0, -Infinity);
  const place = readStart(check, given);
  const listed = given.fields === undefined || typeof given.fields === 'number' ? undefined : readVector(call, given.fields, 'fields');
  const { units, graph, weights } = readWiring(check, given, listed?.length);
  const field = listed === undefined ? check.number('fields', given.fields, 0, -Infinity) : 0;
  const fields = listed ?? (field === 0 ? null : new Float64Array(units).fill(field));
  return { spec: lateralSpec(place, { name: 'spins', type: 'spin', units, size: 1 }, graph), beta, offset, weights, fields };
}

type Wired = { readonly units: number; readonly graph: Uint32Array | undefined; readonly weights: ReadIsing['weights'] };

function readWiring(check: OptionCheck, given: Record<string, unknown>, listed: number | undefined): Wired {
  const { call } = check;
  const { graph, couplings } = given;
  const most = 2 ** 31 - 1;
  const said = given.units === undefined ? listed : check.integer('units', given.units, undefined, 1, most);
  if (listed !== undefined && said !== listed)
    throw check.error('fields', `a number, or a list of ${said} numbers, one per spin`, given.fields);
  const J = couplings === undefined || typeof couplings === 'number' ? check.number('couplings', couplings, 0, -Infinity) : undefined;
  if (graph !== undefined) {
    const pairs = readPairs(call, graph, said ?? most, 'graph');
    const units = said ?? pairs.reduce((found, unit) => Math.max(found, unit + 1), 1);
    const edges = pairs.length / 2;
    const values =
      J === undefined ? asVector(couplings, edges, { call, argument: 'couplings', units: 'edges' }) : new Float64Array(edges).fill(J);
    return { units, graph: pairs, weights: J === 0 || edges === 0 ? null : { data: values, shape: [1, edges] } };
  }
  if (J === undefined) {
    const { size, pairs, values } = readCouplings(call, 'couplings', couplings, said, listed === undefined ? 'units' : 'fields');
    return { units: size, graph: pairs, weights: values.length === 0 ? null : { data: values, shape: [1, values.length] } };
  }
  if (said === undefined) throw check.error('units', 'given where neither `graph` nor `fields` nor a table of `couplings` says it', said);
  const all = (i: number): number => (Math.floor(i / said) === i % said ? 0 : J);
  const weights =
    J === 0 ? null : { data: Float64Array.from({ length: said ** 2 }, (_, i) => all(i)), shape: [said, said] as [number, number] };
  return { units: said, graph: undefined, weights };
}
