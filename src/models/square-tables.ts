/** Square tables as users have them, dense, sparse or by their entries: couplings J and quadratic forms Q. */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { asVector, toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type PairValues, squareEntries, symmetricEntries } from '../wiring/graph.js';

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

/** Parameters are kept in single precision on most devices. */
const largest = 3.4e38;

/** A table J of couplings, and how many units it is over. */
export interface CouplingTable extends PairValues {
  readonly size: number;
}

/**
 * Reads a symmetric table of couplings with a zero diagonal.
 *
 * @param name - What the call calls it.
 * @param beside - How many fields there are beside it, if there are any.
 */
export function readCouplings(call: string, name: string, J: unknown, beside: number | undefined, fields = 'h'): CouplingTable {
  const { size, listed } = readSquare(call, name, J, beside, fields);
  const found = listed === undefined ? symmetricEntries(call, J, size, name, '`{ entries }`') : oncePerPair(call, name, listed, size);
  checkFinite(call, name, found.values, (e) => [found.pairs[2 * e] as number, found.pairs[2 * e + 1] as number]);
  return { size, ...found };
}

/** A quadratic form over bits: Σ_i linear_i x_i + Σ over pairs of value x_i x_j. */
export interface QuadraticForm extends CouplingTable {
  readonly linear: Float64Array;
}

/** Reads a QUBO: xᵀQx over bits, whatever the triangle that Q is given by. */
export function readQubo(call: string, Q: unknown): QuadraticForm {
  const { size, listed } = readSquare(call, 'Q', Q, undefined, 'h');
  const entries = listed === undefined ? squareEntries(call, Q, size, 'Q', '`{ entries }`') : oncePerPlace(call, listed, size);
  const linear = new Float64Array(size);
  const sums = new Map<number, number>();
  for (const [place, value] of entries) {
    const [i, j] = [Math.floor(place / size), place % size];
    checkFinite(call, 'Q', [value], () => [i, j]);
    if (i === j) linear[i] = value;
    else {
      const pair = Math.min(i, j) * size + Math.max(i, j);
      sums.set(pair, (sums.get(pair) ?? 0) + value);
    }
  }
  const kept = [...sums].filter(([, value]) => value !== 0);
  const values = Float64Array.from(kept, ([, value]) => value);
  const pairs = Uint32Array.from(kept.flatMap(([pair]) => [Math.floor(pair / size), pair % size]));
  checkFinite(call, 'Q', values, (e) => [pairs[2 * e] as number, pairs[2 * e + 1] as number]);
  return { size, linear, pairs, values };
}

/** Reads a list of as many finite numbers as it has. */
export function readVector(call: string, values: unknown, name = 'h'): Float64Array {
  const length = readFrom(call, name, () => lengthOf(values));
  if (length === undefined) throw new OptionCheck(call).error(name, 'a list of numbers', values);
  return asVector(values, length, { call, argument: name, units: 'spins' });
}

/** Triples in doubles: [i, j, value] one after the other. */
type Triples = Float64Array;

/** How large a matrix is, and its triples if it is given by entries. */
function readSquare(
  call: string,
  name: string,
  matrix: unknown,
  beside: number | undefined,
  fields: string,
): { size: number; listed?: Triples } {
  const check = new OptionCheck(call);
  if (readFrom(call, name, () => typeof matrix === 'object' && matrix !== null && 'entries' in matrix && !isArrayLike(matrix))) {
    return readEntries(check, name, matrix, beside, fields);
  }
  const [rows, columns] = readFrom(call, name, () => sidesOf(matrix));
  const forms = `a matrix [n, n], dense or { indptr, indices, values, shape }, or { entries: [[i, j, value], …] }`;
  if (rows === undefined || columns === undefined || columns < 1) throw check.error(name, forms, matrix);
  const looksListed = columns === 3 && rows !== 3;
  if (rows !== columns) {
    const hint = looksListed ? '; triples [i, j, value] go by { entries }' : '';
    throw new ParameterError(`${call}: \`${name}\` must be square, got ${rows} rows and ${columns} columns${hint}`);
  }
  if (beside !== undefined && beside !== columns) throw sizesDiffer(call, name, columns, fields, beside);
  return { size: columns };
}

function sizesDiffer(call: string, name: string, size: number, fields: string, beside: number): ParameterError {
  const expected = fields === 'units' ? `be ${size}, one` : `have ${size} fields, one`;
  return new ParameterError(`${call}: \`${fields}\` must ${expected} per row of \`${name}\`, got ${beside}`);
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

function readEntries(
  check: OptionCheck,
  name: string,
  matrix: unknown,
  beside: number | undefined,
  fields: string,
): { size: number; listed: Triples } {
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
  if (beside !== undefined && beside !== given) throw sizesDiffer(call, name, given, fields, beside);
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

function oncePerPair(call: string, name: string, listed: Triples, size: number): PairValues {
  const seen = new Set<number>();
  const pairs = new Uint32Array((listed.length / 3) * 2);
  const values = new Float64Array(listed.length / 3);
  for (let e = 0; e < values.length; e++) {
    const [i, j, value] = listed.subarray(3 * e, 3 * e + 3) as unknown as [number, number, number];
    if (i === j) throw new ParameterError(`${call}: \`${name}.entries\` must join two different spins, got [${i}, ${j}]`);
    const [a, b] = [Math.min(i, j), Math.max(i, j)];
    if (seen.has(a * size + b)) throw new ParameterError(`${call}: \`${name}.entries\` must name each pair once, got [${i}, ${j}] again`);
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
