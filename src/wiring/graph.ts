import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { describeRows, type HostRows, type HostSparseRows, type RowsInput } from '../data/rows-input.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';

/** The pairs of units of one layer that are coupled: either `edges` or `adjacency`. */
export interface GraphOptions {
  /** Pairs of unit numbers, [edges, 2], each pair once and in one direction; see {@link gridEdges}. */
  readonly edges?: RowsInput | undefined;
  /**
   * A symmetric matrix [units, units] with a zero diagonal, dense or sparse: units are coupled
   * where it is not zero. Its values set no weights; `fromIsing` makes a machine of spins whose
   * weights they are.
   */
  readonly adjacency?: RowsInput | undefined;
}

/**
 * Reads a graph over the units of a layer.
 *
 * @param call - Public call, for messages.
 * @param options - What the caller passed.
 * @param units - Units of the layer.
 * @param argument - Name of the options, for messages.
 * @returns Unit numbers, pair by pair, the smaller one first; the pairs in the order given, or row by row of the matrix.
 */
export function readGraph(call: string, options: unknown, units: number, argument: string): Uint32Array {
  const { edges, adjacency } = readOptions(call, options, ['edges', 'adjacency'], argument);
  if ((edges === undefined) === (adjacency === undefined)) {
    throw new ParameterError(`${call}: \`${argument}\` must have either \`edges\` or \`adjacency\``);
  }
  return edges === undefined
    ? fromMatrix(call, adjacency, units, `${argument}.adjacency`)
    : readPairs(call, edges, units, `${argument}.edges`);
}

/** As many as a Map of them can hold. */
const mostEntries = 2 ** 24 - 1;

/** Reads pairs of unit numbers below `units`: one after the other, the smaller one of each first, in the order given. */
export function readPairs(call: string, edges: unknown, units: number, argument: string): Uint32Array {
  if (readFrom(call, argument, () => hasNoPairs(edges))) return new Uint32Array(0);
  const numbers = toFloat64(describeRows(edges, 2, { call, argument, units: 'unit numbers of a pair' }));
  const check = new OptionCheck(call);
  const pairs = Uint32Array.from(numbers, (unit, i) => check.integer(`${argument}[${i >> 1}, ${i & 1}]`, unit, undefined, 0, units - 1));
  for (let i = 0; i < pairs.length; i += 2) pairs.subarray(i, i + 2).sort();
  return pairs;
}

/** An empty list, or what {@link gridEdges} makes of a grid of one unit. */
function hasNoPairs(edges: unknown): boolean {
  if (Array.isArray(edges)) return edges.length === 0;
  if (typeof edges !== 'object' || edges === null) return false;
  const { data, shape } = edges as { readonly data?: unknown; readonly shape?: unknown };
  return data instanceof Uint32Array && data.length === 0 && Array.isArray(shape) && shape.join() === '0,2';
}

function fromMatrix(call: string, adjacency: unknown, units: number, argument: string): Uint32Array {
  return symmetricEntries(call, adjacency, units, argument, '`edges`').pairs;
}

/**
 * Entries of a matrix above its diagonal: pairs of unit numbers one after the other, the smaller
 * one first, and a value to each pair.
 */
export interface PairValues {
  readonly pairs: Uint32Array;
  readonly values: Float64Array;
}

/**
 * The entries above the diagonal of a symmetric matrix [units, units] with a zero diagonal that are
 * not zero; see {@link squareEntries}.
 */
export function symmetricEntries(call: string, matrix: unknown, units: number, argument: string, instead: string): PairValues {
  const entries = squareEntries(call, matrix, units, argument, instead);
  const [pairs, values]: [number[], number[]] = [[], []];
  for (const [place, value] of entries) {
    const [i, j] = [Math.floor(place / units), place % units];
    if (i === j) throw new ParameterError(`${call}: \`${argument}\` must have a zero diagonal, got ${value} at [${i}, ${i}]`);
    const mirrored = entries.get(j * units + i) ?? 0;
    if (!Object.is(mirrored, value)) {
      throw new ParameterError(`${call}: \`${argument}\` must be symmetric, got ${value} at [${i}, ${j}] and ${mirrored} at [${j}, ${i}]`);
    }
    if (i > j) continue;
    pairs.push(i, j);
    values.push(value);
  }
  return { pairs: Uint32Array.from(pairs), values: Float64Array.from(values) };
}

/**
 * The entries of a square matrix [units, units], dense or sparse, that are not zero, by row · units
 * + column.
 *
 * @param instead - What takes more of them than a `Map` holds, for the message.
 */
export function squareEntries(call: string, matrix: unknown, units: number, argument: string, instead: string): Map<number, number> {
  const host = describeRows(matrix, units, { call, argument, units: 'units' });
  if (host.rows !== units) throw new ParameterError(`${call}: \`${argument}\` must have ${units} rows (units), got ${host.rows}`);
  const values = new Map<number, number>();
  eachEntry(host, (i, j, value) => {
    if (value === 0) return;
    if (values.size === mostEntries) {
      throw new ParameterError(
        `${call}: \`${argument}\` must have fewer than ${mostEntries} entries that are not zero; more go by ${instead}`,
      );
    }
    values.set(i * units + j, value);
  });
  return values;
}

type Visit = (row: number, column: number, value: number) => void;

function eachEntry(host: HostRows, visit: Visit): void {
  let first = 0;
  for (const part of slicesOf(host)) {
    if (part.kind === 'sparse') eachSparseEntry(part, first, visit);
    else eachValue(toFloat64(part), host.cols, first, visit);
    first += part.rows;
  }
}

function eachValue(values: Float64Array, cols: number, first: number, visit: Visit): void {
  for (let i = 0; i < values.length; i++) visit(first + Math.floor(i / cols), i % cols, values[i] as number);
}

function eachSparseEntry({ rows, indptr, indices, values }: HostSparseRows, first: number, visit: Visit): void {
  for (let r = 0; r < rows; r++) {
    for (let i = indptr[r] as number; i < (indptr[r + 1] as number); i++) {
      visit(first + r, indices[i] as number, values === null ? 1 : (values[i] as number));
    }
  }
}

/** Pairs of unit numbers, for the `edges` of a coupling. */
export interface Edges {
  /** Pair after pair. */
  readonly data: Uint32Array;
  /** [edges, 2]. */
  readonly shape: [number, number];
}

/** Edges that a grid may have: 128 MB of numbers, made in about a second. */
const mostEdges = 2 ** 24;
const mostDimensions = 32;

/**
 * The edges of a grid of any dimension, whose units are numbered with the last index running fastest.
 *
 * @param sizes - Units along each dimension, for example [64, 64]; at most 32 of them and 2²⁴ edges in all.
 * @param options - `periodic`: also couples the two ends of every line of more than two units. Default false.
 * @returns Pairs of unit numbers [edges, 2].
 */
export function gridEdges(sizes: readonly number[], options?: { readonly periodic?: boolean | undefined }): Edges {
  const call = 'gridEdges';
  const check = new OptionCheck(call);
  const periodic = check.flag('periodic', readOptions(call, options, ['periodic']).periodic, false);
  const listed = readFrom(call, 'sizes', () => Array.isArray(sizes));
  if (!listed || sizes.length === 0 || sizes.length > mostDimensions) {
    throw check.error('sizes', `a list of 1 to ${mostDimensions} sizes`, sizes);
  }
  const units = sizes.reduce((product: number, size, d) => product * check.integer(`sizes[${d}]`, size, undefined, 1, 2 ** 31 - 1), 1);
  check.integer('sizes', units, undefined, 1, 2 ** 31 - 1);
  const edges = sizes.reduce((count: number, size) => count + (units / size) * (size - 1 + (periodic && size > 2 ? 1 : 0)), 0);
  if (edges > mostEdges) throw check.error('sizes', `those of a grid with at most ${mostEdges} edges`, edges);
  const data = new Uint32Array(2 * edges);
  let [at, stride] = [0, units];
  for (const size of sizes) {
    stride /= size;
    for (let unit = 0; unit < units; unit++) {
      const along = Math.floor(unit / stride) % size;
      if (along + 1 === size && !(periodic && size > 2)) continue;
      data[at++] = unit;
      data[at++] = along + 1 < size ? unit + stride : unit - along * stride;
    }
  }
  return { data, shape: [edges, 2] };
}
