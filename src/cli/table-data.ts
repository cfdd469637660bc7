/** Files of mixed columns: what `boltzkit/tables` makes of them, as rows of a run. */
import { type CsvLayout, readLines } from '../data/csv-lines.js';
import { toNumber } from '../data/csv-text.js';
import { BoltzkitError } from '../errors.js';
import { shown } from '../runs/format.js';
import type { DataRequest } from '../runs/record.js';
import type { RowSet } from '../runs/rows.js';
import type { ColumnType } from '../tables/columns.js';
import type { TableRows } from '../tables/encode.js';
import { readTable } from '../tables/read-table.js';
import type { RowOptions, RowSource } from '../tables/source.js';
import { Table, type TableData } from '../tables/table.js';
import type { Layers } from '../wiring/names.js';
import { isLabelName } from './data-values.js';
import { CliError } from './failures.js';
import { readNumbers, textLayout } from './number-file.js';

/** What messages name. */
const CALL = 'reading data';

/** What is said of a table's columns. */
export type TableRequest = Pick<DataRequest, 'labelColumn' | 'header' | 'columns'>;

/** A table that was read, and what was decided about it. */
export interface LoadedTable {
  readonly table: TableData;
  readonly rows: RowSet;
  readonly notes: string[];
}

/** The fields of a file's first line; none of an empty file. */
async function firstFields(path: string, layout: CsvLayout): Promise<string[]> {
  for await (const fields of readLines(path, CALL, layout, (cells) => cells)) return fields;
  return [];
}

/** Where the rows of a table come from, and what its columns are called. */
export interface TableSource {
  readonly rows: RowSource;
  readonly options: RowOptions;
  readonly names: readonly string[];
}

/**
 * A text file's first line is read as names if it has text and no numbers, unless it was said;
 * arrays have no names.
 */
export async function tableSource(path: string, header: TableRequest['header']): Promise<TableSource> {
  const layout = await textLayout(path);
  if (layout === null) return arraySource(path);
  const fields = await firstFields(path, { ...layout, maxColumns: 1_000_000 });
  const numbers = fields.some((field) => !Number.isNaN(toNumber(field)));
  const hasNames = header === null ? !numbers && fields.some((field) => field.trim() !== '') : header === 'yes';
  const names = fields.map((field, i) => (hasNames && field.trim()) || `column ${i + 1}`);
  // Names that are numbers have to be said to be names.
  return { rows: path, options: hasNames && !numbers ? layout : { ...layout, names, header: hasNames }, names };
}

async function arraySource(path: string): Promise<TableSource> {
  const { data, rows, cols } = await readNumbers(path, null);
  const names = Array.from({ length: cols }, (_, i) => `column ${i + 1}`);
  const list = Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * cols, (r + 1) * cols)));
  return { rows: list, options: { names }, names };
}

/**
 * Reads a table that is to be learnt. Columns called label, class or target are left out unless
 * something is said of them.
 */
export async function loadTable(path: string, request: TableRequest): Promise<LoadedTable> {
  const { rows: source, options, names } = await tableSource(path, request.header);
  const label = labelName(path, names, request);
  const notes = label !== null && request.labelColumn === null ? [labelNote(path, label)] : [];
  const schema: Record<string, ColumnType> = { ...(label === null ? {} : { [label]: 'ignore' as const }), ...request.columns };
  try {
    const table = await readTable(source, schema, options);
    notes.push(`${path} is a table: ${columnsText(table)}`);
    return { table, rows: rowsOf(table, table.rows, table.size), notes };
  } catch (error) {
    throw withHint(error);
  }
}

/** Reads another file with the columns of a table that was learnt. */
export async function encodeTable(path: string, table: Table, { header }: Pick<TableRequest, 'header'>): Promise<RowSet> {
  const { rows: source, options } = await tableSource(path, header);
  const rows = await table.encode(source, options);
  return rowsOf(table, rows, Object.values(rows)[0]?.shape[0] ?? 0);
}

function labelName(path: string, names: readonly string[], { labelColumn, columns }: TableRequest): string | null {
  if (labelColumn === null) return names.find((name) => isLabelName(name) && !Object.hasOwn(columns, name)) ?? null;
  const found =
    names.find((name) => name.toLowerCase() === labelColumn.trim().toLowerCase()) ??
    names[/^\d+$/.test(labelColumn) ? Number(labelColumn) : -1];
  if (found !== undefined) return found;
  const known = `its columns are ${names.slice(0, 5).map(shown).join(', ')}${names.length > 5 ? ', …' : ''}`;
  throw new CliError(`\`${path}\` has no column "${labelColumn}"; ${known}`, { code: 'ERR_PARAMETER' });
}

function labelNote(path: string, label: string): string {
  return `left out column "${shown(label)}" of ${path}; --column ${shown(label)}=category learns it too`;
}

/** How many columns there are of each kind. */
function columnsText({ columns }: Table): string {
  const counts = new Map<string, number>();
  for (const { type } of columns) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count} × ${type}`).join(', ');
}

/** What the library says of its schema, in the words of the command. */
function withHint(error: unknown): unknown {
  if (!(error instanceof BoltzkitError) || !error.message.includes('the schema can say')) return error;
  const hint = '--column <name>=<type> says what a column is: binary, category, number, count or ignore';
  return new CliError(error.message.replace(/; the schema can say \{[^}]*\}/, ''), { code: error.code, hint, cause: error });
}

/** Rows by layer as a run has them: a single layer is called 'visible'. */
function rowsOf(table: Table, rows: TableRows, size: number): RowSet {
  const layers = Object.entries(rows).map(([name, { data, shape }]) => {
    return [layerName(table, name), { data, rows: size, cols: shape[1] ?? 1, scale: 1 }] as const;
  });
  return { rows: size, layers: Object.fromEntries(layers) };
}

/** The name of a table's layer in the model. */
function layerName(table: Table, name: string): string {
  return Object.keys(table.layers).length === 1 ? 'visible' : name;
}

/** The units of a table's model, without those that learn. */
export function tableLayers(table: Table): Layers {
  return Object.fromEntries(Object.entries(table.layers).map(([name, units]) => [layerName(table, name), units]));
}

/** What a model's layers hold as rows of the table, with the original labels. */
export function decodeTable(table: Table, values: Readonly<Record<string, Parameters<Table['decode']>[0][string]>>) {
  const named = Object.keys(table.layers).map((name) => [name, values[layerName(table, name)]] as const);
  return table.decode(Object.fromEntries(named.filter(([, rows]) => rows !== undefined)) as Parameters<Table['decode']>[0]);
}

/** The table that a record keeps; null where rows are numbers as they stand. */
export function tableOf(loaded: { readonly table?: unknown } | null): Table | null {
  return loaded?.table == null ? null : Table.from(loaded.table);
}
