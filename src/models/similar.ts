/** Which documents are near others by their codes. */
import type { NdArray } from '../data/ndarray.js';
import { matrix } from '../data/ndarray.js';
import { pause } from '../data/pause.js';
import type { Matrix } from './results.js';

/** The documents most like each query, nearest first. */
export interface Similar {
  /** Rows of `among`, [queries, n]. */
  readonly indices: NdArray<Uint32Array>;
  /** The cosine of the angle between both codes as numbers from −1 to 1 (2 p − 1), [queries, n]. */
  readonly similarities: Matrix;
}

/** Milliseconds between two turns of the event loop. */
const patience = 15;

/** The n rows of `among` with the largest cosine to each query; of equal ones the first comes first. */
export async function mostSimilar(queries: Matrix, among: Matrix, n: number, signal: AbortSignal | undefined): Promise<Similar> {
  const [asked, all] = [unitRows(queries), unitRows(among)];
  const kept = Math.min(n, all.length);
  const indices = new Uint32Array(asked.length * kept);
  const similarities = new Float32Array(indices.length);
  let turn = performance.now();
  for (const [q, code] of asked.entries()) {
    const cosines = Float32Array.from(all, (other) => dot(code, other));
    const order = Uint32Array.from(cosines.keys()).sort((a, b) => (cosines[b] as number) - (cosines[a] as number) || a - b);
    indices.set(order.subarray(0, kept), q * kept);
    for (let k = 0; k < kept; k++) similarities[q * kept + k] = cosines[order[k] as number] as number;
    if (performance.now() - turn < patience) continue;
    await pause();
    signal?.throwIfAborted();
    turn = performance.now();
  }
  return { indices: matrix(indices, asked.length, kept), similarities: matrix(similarities, asked.length, kept) };
}

/** Rows of 2 p − 1 at length one, so that topics that are off in both count as much as those that are on. */
function unitRows({ data, shape }: Matrix): Float32Array[] {
  const [rows = 0, cols = 0] = shape;
  return Array.from({ length: rows }, (_, r) => {
    const row = data.slice(r * cols, (r + 1) * cols).map((p) => 2 * p - 1);
    const norm = Math.sqrt(dot(row, row));
    return norm > 0 ? row.map((x) => x / norm) : row;
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}
