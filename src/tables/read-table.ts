import { readOptions } from '../arguments.js';
import { pause } from '../data/pause.js';
import { got } from '../got.js';
import { cellReader } from './cells.js';
import { Collected } from './collected.js';
import type { TableSchema, UsedColumn } from './columns.js';
import { byLayer } from './encode.js';
import { type Complaint, complaintError, type Found, inferColumn } from './infer.js';
import { placeColumns } from './layers.js';
import { readSchema } from './schema.js';
import { openRows, type RowFormat, type RowOptions, type RowSource, type Rows, readRowOptions, rowOptions } from './source.js';
import { TableData } from './table.js';

/**
 * Reads a table of mixed columns and finds what units each of them needs. Files are streamed; what
 * is kept are 12 bytes a value while it is read, and 8 afterwards. The event loop goes on
 * meanwhile.
 *
 * What a column is, unless the schema says so:
 *
 * | values that are there | type | units |
 * | --- | --- | --- |
 * | two different ones, whatever they are | `binary` | one of the Bernoulli units of layer `binary` |
 * | text with at most 100 labels, fewer than half as many as rows | `category` | a layer of its own: a softmax unit |
 * | whole numbers from 0 to at most 255 whose standard deviation is at least their mean | `count` | a layer of its own: a binomial unit |
 * | other numbers | `number` | one of the Gaussian units of layer `numbers`, over (value − mean) / sd |
 *
 * Whole numbers that are codes of categories look like any others: say `'category'`. Columns of one
 * value, dates, ids, free text, and numbers with some text among them are refused, all of them in
 * one error that says what the schema can say. From 20 rows on, texts of which more than half
 * differ count as ids, and so do numbers that count the rows. Labels are ordered as numbers or as
 * text.
 *
 * @param rows - A CSV file (compressed by gzip or not), or a list of objects, or of lists with
 *   `names`.
 * @param schema - Types by the names of columns, in place of what would be found: `{ class:
 *   'category', id: 'ignore' }`.
 * @throws `FormatError` (files) or `ParameterError` (lists) naming rows and columns that
 *   cannot be taken; `ParameterError` on unknown names in the schema, on options out of
 *   range, and when a file cannot be read.
 *
 * @example
 * ```ts
 * import { BoltzmannMachine, bernoulli } from 'boltzkit';
 * import { readTable } from 'boltzkit/tables';
 *
 * const table = await readTable([
 *   { city: 'Bern', age: 31, member: true },
 *   { city: 'Rome', age: 47, member: null },
 *   { city: 'Oslo', age: 25, member: false },
 * ]);
 * const machine = new BoltzmannMachine({ ...table.wiring({ hidden: bernoulli(4) }), seed: 1 });
 * await machine.fit(table.rows, { epochs: 100 });
 * console.log(await table.decode(await machine.impute(table.rows))); // the rows, with what was missing filled in
 * machine.dispose();
 * ```
 */
export async function readTable(rows: RowSource, schema?: TableSchema, options?: RowOptions): Promise<TableData> {
  const call = 'readTable';
  const format = readRowOptions(call, readOptions(call, options, rowOptions));
  const source = await openRows(call, rows, format);
  const wishes = readSchema(call, schema, source.names);
  const collected = source.names.map((name) => new Collected(name, wishes.get(name), source.error));
  const size = await collect(source, collected, format);
  const found = await infer(source, collected);
  const { columns, layers } = placeColumns(found.map(({ column }) => column));
  if (layers.size === 0) throw source.error('must have at least one column that is not ignored');
  const valuesOf = (column: UsedColumn) => (found[columns.indexOf(column)] as Found).values();
  return new TableData(
    { columns, layers, missing: format.missing },
    await byLayer(layers, size, valuesOf),
    new Uint32Array(size).map((_, r) => r),
  );
}

async function collect(source: Rows, columns: readonly Collected[], format: RowFormat): Promise<number> {
  const read = cellReader(format.missing);
  let size = 0;
  for await (const { cells, place } of source.rows) {
    size++;
    for (const [i, column] of columns.entries()) {
      const cell = read(cells[i]);
      if (typeof cell === 'string' && column.wish?.type !== 'ignore') {
        const expected = 'a text, a finite number, true, false or missing';
        throw source.error(`must be ${expected}, got ${cell}`, `${place}, column ${got(column.name)}`);
      }
      column.add(typeof cell === 'string' ? null : cell, place);
    }
  }
  if (size === 0) throw source.error('has names of columns but no rows');
  return size;
}

async function infer(source: Rows, columns: readonly Collected[]): Promise<Found[]> {
  const [found, complaints]: [Found[], Complaint[]] = [[], []];
  for (const column of columns) {
    await pause();
    const result = inferColumn(column);
    if ('why' in result) complaints.push(result);
    else found.push(result);
  }
  if (complaints.length > 0) throw complaintError(complaints, source.error);
  return found;
}
