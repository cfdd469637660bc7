import type { Command } from 'commander';
import { readLines } from '../../data/csv-lines.js';
import { missingTest, usualMissing } from '../../data/csv-text.js';
import { RBM } from '../../models/rbm.js';
import { count } from '../../runs/format.js';
import { type GivenRows, givenRows, onlyMatrix, type RowSet } from '../../runs/rows.js';
import type { TableRow } from '../../tables/columns.js';
import type { Table } from '../../tables/table.js';
import { writeCsv } from '../../tables/write-csv.js';
import { UsageError } from '../failures.js';
import { type ModelRows, type RowsOptions, rowsCommand, unitNames, withModelRows } from '../model-rows.js';
import { imputed } from '../model-work.js';
import { textLayout } from '../number-file.js';
import { oneOf } from '../options.js';
import { formatOf, writeNumbers } from '../rows-file.js';
import { decodeTable, tableSource } from '../table-data.js';

interface ImputeOptions extends RowsOptions {
  values: 'mean' | 'sample';
}

async function impute(parts: ModelRows, source: string, options: ImputeOptions): Promise<void> {
  const { opened, rows, table, output, signal } = parts;
  const format = formatOf(options.out, ['csv', 'npy']);
  const filled = await imputed(opened.model, givenRows(rows), { output: options.values, signal });
  const missing = missingCells(rows);
  if (format === 'csv' && table !== null) await writeTable(parts, source, table, filled, options);
  else await writeValues(parts, filled, options);
  output.line(`filled in ${count(missing)} missing values of ${count(rows.rows)} rows; wrote ${options.out}`);
  output.record({ out: options.out, rows: rows.rows, missing, values: options.values });
}

function missingCells({ layers }: RowSet): number {
  let missing = 0;
  for (const { data } of Object.values(layers)) {
    data.forEach((value) => {
      if (Number.isNaN(value)) missing++;
    });
  }
  return missing;
}

/** Numbers as the model has them. */
async function writeValues(parts: ModelRows, filled: GivenRows, { out }: ImputeOptions): Promise<void> {
  const matrix = onlyMatrix(parts.rows);
  if (matrix === null || !(parts.opened.model instanceof RBM)) {
    throw new UsageError(`\`--out ${out}\`: a table of several kinds of columns is written to .csv`);
  }
  const { data } = filled as { readonly data: Float32Array };
  const scaled = matrix.scale === 1 ? data : data.map((value) => value / matrix.scale);
  await writeNumbers(out, { names: unitNames(parts), data: scaled, rows: matrix.rows });
}

/** The file's own rows, in which only what was missing is new. */
async function writeTable(
  { opened, table: _ }: ModelRows,
  source: string,
  table: Table,
  filled: GivenRows,
  { out, header }: ImputeOptions,
): Promise<void> {
  const values = opened.model instanceof RBM ? { visible: filled as never } : (filled as Parameters<typeof decodeTable>[1]);
  const decoded = await decodeTable(table, values);
  const { names, options } = await tableSource(source, header ?? opened.record?.data.header ?? null);
  const cells = await readCells(source, options.header !== false);
  const isMissing = missingTest(table.toJSON().missing ?? usualMissing);
  const rows = cells.map((fields, r) => names.map((name, c) => filledCell(fields[c] ?? '', name, decoded[r] ?? {}, isMissing)));
  await writeCsv(out, rows, names);
}

function filledCell(text: string, name: string, row: TableRow, isMissing: (text: string) => boolean): string | number | boolean | null {
  if (!isMissing(text)) return text;
  return Object.hasOwn(row, name) ? (row[name] ?? null) : text;
}

async function readCells(source: string, named: boolean): Promise<string[][]> {
  const layout = await textLayout(source);
  if (layout === null)
    throw new UsageError(`\`${source}\` is not a text file: its table has no labels`, '--out imputed.npy writes numbers');
  const lines: string[][] = [];
  for await (const fields of readLines(source, 'impute', { ...layout, maxColumns: 1_000_000 }, (cells) => cells)) lines.push(fields);
  return named ? lines.slice(1) : lines;
}

export function registerImpute(program: Command): void {
  rowsCommand(program, 'impute', 'fill in what rows lack, given what they have', 'imputed.csv')
    .option('--values <kind>', 'mean (the likeliest label, the mean number) or sample (a draw)', oneOf('mean', 'sample'), 'mean')
    .action((model: string, source: string, options: ImputeOptions) =>
      withModelRows(model, source, options, (parts) => impute(parts, source, options)),
    );
}
