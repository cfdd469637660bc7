import type { RowsInput } from '../data/rows-input.js';
import type { LayerRows } from '../models/by-layer.js';
import { asRows, digest, type Matrix, pickRows } from './matrix.js';

/** Rows of data by layer, each with as many. A single layer, of an RBM, is called 'visible'. */
export interface RowSet {
  readonly rows: number;
  readonly layers: Readonly<Record<string, Matrix>>;
}

/** Rows as models take them. */
export type GivenRows = RowsInput | LayerRows;

/** Rows of an RBM. */
export function visibleRows(matrix: Matrix): RowSet {
  return { rows: matrix.rows, layers: { visible: matrix } };
}

/** The matrix of an RBM's rows; null of several layers. */
export function onlyMatrix({ layers }: RowSet): Matrix | null {
  const all = Object.values(layers);
  return all.length === 1 ? (all[0] as Matrix) : null;
}

/** The form the library takes: a matrix for an RBM, an object for several layers. */
export function givenRows(set: RowSet): GivenRows {
  const only = onlyMatrix(set);
  return only === null ? mapLayers(set, asRows) : asRows(only);
}

/** Each layer's matrix made into something else. */
export function mapLayers<T>({ layers }: RowSet, make: (matrix: Matrix, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(layers).map(([name, matrix]) => [name, make(matrix, name)]));
}

/** The chosen rows of every layer, in the order given. */
export function pickSet(set: RowSet, chosen: ArrayLike<number>): RowSet {
  return { rows: chosen.length, layers: mapLayers(set, (matrix) => pickRows(matrix, chosen)) };
}

/** Whether a matrix lacks values. */
export function isMissing({ data }: Matrix): boolean {
  return data.some((value) => Number.isNaN(value));
}

/** The numbers of the rows that lack no value. */
export function completeRows({ rows, layers }: RowSet): number[] {
  const lacking = new Set<number>();
  for (const { data, cols } of Object.values(layers)) {
    data.forEach((value, at) => {
      if (Number.isNaN(value)) lacking.add(Math.floor(at / cols));
    });
  }
  return Array.from({ length: rows }, (_, r) => r).filter((r) => !lacking.has(r));
}

/** Columns of all layers. */
export function columnsOf({ layers }: RowSet): number {
  return Object.values(layers).reduce((sum, { cols }) => sum + cols, 0);
}

/** SHA-256 over rows and names, so that a resumed run is known to see the same data. */
export function digestOf(sets: readonly RowSet[]): Promise<string> {
  const named = sets.flatMap(({ layers }) => Object.entries(layers));
  return digest(named.map(([name, matrix]) => ({ name, ...matrix })));
}
