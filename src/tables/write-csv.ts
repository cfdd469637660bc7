import { types } from 'node:util';
import { OptionCheck, readFrom } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { writeFileAtomic } from '../io/atomic.js';
import type { FilePath } from '../io/files.js';
import { dateText } from './cells.js';
import type { RowList } from './source.js';

/** Rows that are written at once. */
const rowsAtOnce = 1024;

/**
 * Writes rows as a CSV file with a line of names, atomically: commas between fields, quotes where a
 * text needs them, line feeds; null, undefined and NaN are empty fields. Leave the rows alone until
 * the promise resolves.
 *
 * @param path - The file to make or replace.
 * @param rows - Objects by column, or lists of cells in the order of `names`.
 * @param names - The columns, in order. Default: those of the first object.
 * @throws `ParameterError` naming row and column of a value that is no text, finite number,
 *   date, true or false, or of a column that `names` lack; when the file cannot be written.
 */
export async function writeCsv(path: FilePath, rows: RowList, names?: readonly string[]): Promise<void> {
  const call = 'writeCsv';
  if (!readFrom(call, 'rows', () => Array.isArray(rows))) throw new OptionCheck(call).error('rows', 'a list of rows', rows);
  const columns = readFrom(call, 'names', () => columnsOf(call, rows, names));
  await writeFileAtomic(path, chunks(call, rows, columns), call);
}

function columnsOf(call: string, rows: RowList, names: unknown): string[] {
  if (names === undefined) {
    const [first] = rows;
    if (typeof first === 'object' && first !== null && !Array.isArray(first) && Object.keys(first).length > 0) return Object.keys(first);
    throw new ParameterError(`${call}: \`names\` must be given unless the first row is an object of cells by column`);
  }
  const given: unknown[] = Array.isArray(names) ? [...(names as unknown[])] : [];
  if (given.length > 0 && given.every((name) => typeof name === 'string') && new Set(given).size === given.length) return given as string[];
  throw new OptionCheck(call).error('names', 'a list of different column names', names);
}

function* chunks(call: string, rows: RowList, names: readonly string[]): Generator<Uint8Array> {
  yield Buffer.from(`${names.map((name) => field(name, names.length)).join(',')}\n`);
  for (let first = 0; first < rows.length; first += rowsAtOnce) {
    const end = Math.min(first + rowsAtOnce, rows.length);
    const lines = Array.from({ length: end - first }, (_, i) => line(call, rows[first + i], first + i, names));
    yield Buffer.from(lines.join(''));
  }
}

function line(call: string, row: unknown, r: number, names: readonly string[]): string {
  const cells = readFrom(call, `rows[${r}]`, () => cellsOf(call, row, r, names));
  const fields = cells.map((cell, c) => {
    const text = textOf(cell);
    if (text !== undefined) return field(text, cells.length);
    const expected = 'a text, a finite number, a date, true, false or missing';
    throw new ParameterError(`${call}: \`rows[${r}]\`, column ${got(names[c])} must be ${expected}, got ${got(cell)}`);
  });
  return `${fields.join(',')}\n`;
}

function cellsOf(call: string, row: unknown, r: number, names: readonly string[]): unknown[] {
  if (Array.isArray(row)) {
    if (row.length === names.length) return [...(row as unknown[])];
    throw new ParameterError(`${call}: \`rows[${r}]\` must have ${names.length} cells (names), got ${row.length}`);
  }
  if (typeof row !== 'object' || row === null) {
    throw new ParameterError(`${call}: \`rows[${r}]\` must be an object of cells by column or a list of cells, got ${got(row)}`);
  }
  const other = Object.keys(row).find((name) => !names.includes(name));
  if (other !== undefined) throw new ParameterError(`${call}: \`rows[${r}]\` has a column ${got(other)} that \`names\` lack`);
  return names.map((name) => (Object.hasOwn(row, name) ? (row as Readonly<Record<string, unknown>>)[name] : undefined));
}

/** A cell as text; null if it is missing, undefined if it cannot be written. */
function textOf(cell: unknown): string | null | undefined {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return null;
  if (typeof cell === 'string' || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : undefined;
  return types.isDate(cell) ? dateText(cell) : undefined;
}

/** A text is quoted where a reader would cut it or take blanks away; a line must not be empty. */
function field(text: string | null, fields: number): string {
  if (text === null) return fields === 1 ? '""' : '';
  return /^$|^\s|\s$|[",;\t|\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
