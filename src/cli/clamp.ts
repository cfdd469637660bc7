import { extname } from 'node:path';
import { parse } from 'csv-parse/sync';
import ndarray from 'ndarray';
import { readNpyFor } from '../data/npy.js';
import { readRegularFile } from '../io/files.js';
import { CliError, UsageError } from './failures.js';

const FREE = new Set(['', 'nan', '?']);

function cell(text: string, path: string, row: number, column: number): number {
  if (FREE.has(text.trim().toLowerCase())) return Number.NaN;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new CliError(`\`${path}\`: row ${row}, column ${column} is neither a number nor empty: "${text.slice(0, 20)}"`, {
    code: 'ERR_FORMAT',
  });
}

async function csvCells(path: string): Promise<number[][]> {
  const text = new TextDecoder().decode(await readRegularFile(path, '--clamp-file'));
  let table: string[][];
  try {
    table = parse(text, { delimiter: [',', ';', '\t'], skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new CliError(`\`${path}\`: not a csv file: ${(error as Error).message}`, { code: 'ERR_FORMAT', cause: error });
  }
  return table.map((line, row) => line.map((text_, column) => cell(text_, path, row, column)));
}

async function npyCells(path: string): Promise<number[][]> {
  const array = await readNpyFor('--clamp-file', path);
  const [rows = 1, cols = 1] = array.shape.length === 1 ? [1, array.shape[0]] : [array.shape[0], array.size / (array.shape[0] || 1)];
  const flat = array.shape.length === 1 ? array : ndarray(array.data as Float32Array, [rows, cols]);
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: cols }, (_, c) => Number(array.shape.length === 1 ? flat.get(c) : flat.get(r, c))),
  );
}

function checkShape(cells: number[][], path: string, visible: number, chains: number): void {
  const wrong = cells.find((row) => row.length !== visible);
  if (wrong !== undefined || cells.length === 0) {
    throw new UsageError(`\`--clamp-file ${path}\` must have ${visible} columns (visible units), got ${wrong?.length ?? 0}`);
  }
  if (cells.length !== 1 && cells.length !== chains) {
    throw new UsageError(`\`--clamp-file ${path}\` must have 1 row or one per sample (${chains}), got ${cells.length}`);
  }
}

/**
 * Reads rows whose numbers are held; NaN (npy) or empty cells (csv) are free. One row for all
 * samples, or one for each.
 */
export async function readClamp(path: string, visible: number, chains: number): Promise<number[][]> {
  const cells = extname(path).toLowerCase() === '.npy' ? await npyCells(path) : await csvCells(path);
  checkShape(cells, path, visible, chains);
  if (cells.flat().every(Number.isNaN)) throw new UsageError(`\`--clamp-file ${path}\` holds no unit fixed`);
  return cells;
}
