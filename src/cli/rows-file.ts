/** Files of rows that commands write. */
import ndarray from 'ndarray';
import { writeNpy } from '../data/npy.js';
import type { RowList } from '../tables/source.js';
import { writeCsv } from '../tables/write-csv.js';
import { UsageError } from './failures.js';

/** Numbers [rows, cols] and what the columns are called. */
export interface NamedRows {
  readonly names: readonly string[];
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
}

/** The kind of file that a name asks for. */
export function formatOf<F extends string>(path: string, formats: readonly F[]): F {
  const format = formats.find((one) => path.toLowerCase().endsWith(`.${one}`));
  if (format !== undefined) return format;
  const ends = formats.map((one) => `.${one}`);
  throw new UsageError(`\`--out ${path}\` must end in ${ends.slice(0, -1).join(', ')} or ${ends.at(-1)}`);
}

/** Writes numbers: to npy as they are, to csv with names, missing ones as empty fields. */
export async function writeNumbers(path: string, { names, data, rows }: NamedRows): Promise<void> {
  const cols = names.length;
  if (formatOf(path, ['csv', 'npy']) === 'npy') return writeNpy(path, ndarray(data, [rows, cols]));
  const list: RowList = Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * cols, (r + 1) * cols)));
  await writeCsv(path, list, names);
}

/** `feature 1`, `feature 2`, … */
export function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${word} ${i + 1}`);
}
