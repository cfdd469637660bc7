import { createHash } from 'node:crypto';
import { pause } from '../data/pause.js';

/**
 * Rows of data as the command line handles them: contiguous, row-major, each value times `scale`.
 */
export interface Matrix {
  data: Float32Array | Float64Array | Uint8Array;
  rows: number;
  cols: number;
  scale: number;
}

/** The form the library takes. */
export function asRows(matrix: Matrix): { data: Matrix['data']; shape: [number, number]; scale: number } {
  return { data: matrix.data, shape: [matrix.rows, matrix.cols], scale: matrix.scale };
}

/** A new matrix of the chosen rows, in the order given. */
export function pickRows(matrix: Matrix, chosen: ArrayLike<number>): Matrix {
  const { cols } = matrix;
  const data = new (matrix.data.constructor as new (n: number) => Matrix['data'])(chosen.length * cols);
  for (let i = 0; i < chosen.length; i++) data.set(matrix.data.subarray(chosen[i]! * cols, (chosen[i]! + 1) * cols), i * cols);
  return { data, rows: chosen.length, cols, scale: matrix.scale };
}

/** The values themselves, scaled, [rows, cols]. */
export function toFloat32(matrix: Matrix): Float32Array {
  return Float32Array.from(matrix.data, (value) => value * matrix.scale);
}

/** SHA-256 over names, shapes, scales and values. Yields between slices. */
export async function digest(matrices: readonly (Matrix & { readonly name: string })[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, data, rows, cols, scale } of matrices) {
    hash.update(`${name} ${data.constructor.name} ${rows}x${cols} *${scale}\n`);
    const slice = 1 << 22;
    for (let at = 0; at < data.byteLength; at += slice) {
      hash.update(new Uint8Array(data.buffer, data.byteOffset + at, Math.min(slice, data.byteLength - at)));
      await pause();
    }
  }
  return hash.digest('hex');
}
