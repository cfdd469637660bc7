import { OptionCheck } from '../arguments.js';
import { growingFloats } from '../data/growing.js';
import { matrix, type NdArray } from '../data/ndarray.js';
import { pause } from '../data/pause.js';
import { got } from '../got.js';
import { type Cell, cellReader } from './cells.js';
import { countText, isCount } from './collected.js';
import type { TableColumn, UsedColumn } from './columns.js';
import { LabelIndex, shown } from './labels.js';
import type { TableLayer } from './layers.js';
import type { RowFormat, Rows } from './source.js';

/**
 * Rows of a table by layer, [rows, columns of the layer]: 0 and 1, standardised numbers, numbers of
 * categories, or counts; NaN where a value is missing.
 */
export type TableRows = Readonly<Record<string, NdArray<Float64Array>>>;

/** Values by column, laid out by layer. */
export async function byLayer(
  layers: ReadonlyMap<string, TableLayer>,
  rows: number,
  valuesOf: (column: UsedColumn) => Float64Array,
): Promise<TableRows> {
  const result: [string, NdArray<Float64Array>][] = [];
  for (const [name, { columns }] of layers) {
    const data = new Float64Array(rows * columns.length);
    for (const [c, column] of columns.entries()) {
      await pause();
      const values = valuesOf(column);
      for (let r = 0; r < rows; r++) data[r * columns.length + c] = values[r] as number;
    }
    result.push([name, matrix(data, rows, columns.length)]);
  }
  return Object.fromEntries(result);
}

/** What a column's cell is as a number, or the text of what it should have been. */
type Encode = (cell: Cell) => number | string;

function encoder(column: UsedColumn): Encode {
  switch (column.type) {
    case 'number':
      return ({ number }) => (Number.isNaN(number) ? 'a number' : (number - column.mean) / column.sd);
    case 'count':
      return ({ number }) => (isCount(number, column.max) ? number : countText(column.max));
    default: {
      const index = new LabelIndex(column.labels);
      const expected = `one of ${shown(column.labels, 20)}`;
      return (cell) => index.find(cell) ?? expected;
    }
  }
}

/** New rows as those that a table was made from. Columns that they lack are missing. */
export async function encodeRows(
  call: string,
  columns: readonly TableColumn[],
  layers: ReadonlyMap<string, TableLayer>,
  rows: Rows,
  format: RowFormat,
  unknown: 'error' | 'missing',
): Promise<TableRows> {
  const names = columns.map(({ name }) => name);
  const check = new OptionCheck(call);
  for (const name of rows.names) check.nameOf('rows', name, names, 'rows whose columns are among');
  const used = columns.filter((column): column is UsedColumn => column.type !== 'ignore');
  const parts = used.map((column) => {
    return { column, at: rows.names.indexOf(column.name), encode: encoder(column), values: growingFloats() };
  });
  if (parts.every(({ at }) => at < 0)) throw rows.error('must have at least one of the columns of the table');
  const read = cellReader(format.missing);
  let size = 0;
  for await (const { cells, place } of rows.rows) {
    size++;
    for (const { column, at, encode, values } of parts) {
      const cell = at < 0 ? null : read(cells[at]);
      const value = cell === null ? Number.NaN : typeof cell === 'string' ? 'a text, a number, true or false' : encode(cell);
      if (typeof value === 'string' && unknown === 'error') throw refused(rows, place, column, value, cells[at]);
      values.push(typeof value === 'string' ? Number.NaN : value);
    }
  }
  if (size === 0) throw rows.error('has names but no rows');
  const values = new Map(parts.map(({ column, values: all }) => [column, all.values]));
  return byLayer(layers, size, (column) => values.get(column) as Float64Array);
}

function refused(rows: Rows, place: string, { name }: UsedColumn, expected: string, value: unknown): Error {
  const hint = "(`unknown: 'missing'` takes it as missing)";
  return rows.error(`must be ${expected}, got ${got(value)} ${hint}`, `${place}, column ${got(name)}`);
}
