import { OptionCheck, readFrom } from '../arguments.js';
import { pause } from '../data/pause.js';
import { describeExpected, type HostRows, type RowsInput } from '../data/rows-input.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import type { Label, TableColumn, TableRow, UsedColumn } from './columns.js';
import type { TableLayer } from './layers.js';

/** Rows of some layers as models give them back. */
export type LayerValues = Readonly<Record<string, RowsInput>>;

/** Values of one layer, row-major. */
interface Values {
  readonly name: string;
  readonly layer: TableLayer;
  readonly host: HostRows;
  readonly values: Float64Array;
}

/** Rows between two pauses for the event loop. */
const rowsAtOnce = 1024;

/** Rows of layers as rows of the table. */
export async function decodeRows(
  call: string,
  columns: readonly TableColumn[],
  layers: ReadonlyMap<string, TableLayer>,
  given: unknown,
): Promise<TableRow[]> {
  const read: Values[] = [];
  for (const [name, input] of entriesOf(call, layers, given)) read.push(await readLayer(call, name, layers.get(name) as TableLayer, input));
  const [first] = read;
  const rows = first?.host.rows ?? 0;
  const other = read.find(({ host }) => host.rows !== rows);
  if (other !== undefined) {
    throw new ShapeError(
      `${call}: \`rows.${other.name}\` must have ${rows} rows, as many as \`rows.${first?.name}\`, got ${other.host.rows}`,
    );
  }
  const [parts, result]: [Part[], TableRow[]] = [partsOf(read, columns), []];
  for (let r = 0; r < rows; r++) {
    if (r % rowsAtOnce === 0) await pause();
    result.push(decodeRow(call, parts, r));
  }
  return result;
}

function entriesOf(call: string, layers: ReadonlyMap<string, TableLayer>, given: unknown): [string, unknown][] {
  const check = new OptionCheck(call);
  const entries = readFrom(call, 'rows', () => {
    return typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given as Record<string, unknown>) : [];
  });
  if (entries.length === 0) throw check.error('rows', 'an object of rows by layer', given);
  for (const [name] of entries) check.nameOf('rows', name, [...layers.keys()], 'an object of rows by layer, which are');
  return entries;
}

async function readLayer(call: string, name: string, layer: TableLayer, input: unknown): Promise<Values> {
  const { places } = layer.units;
  const own = layer.units.type === 'softmax';
  const expect = (shape: readonly number[] = []) => {
    const numbered = own && (shape.length === 1 || shape.at(-1) === 1);
    return { cols: numbered ? 1 : places, flat: places === 1 || own ? ('column' as const) : ('row' as const) };
  };
  const host = describeExpected(input, expect, { call, argument: `rows.${name}`, units: `places of layer '${name}'` });
  const values = new Float64Array(host.rows * host.cols);
  let at = 0;
  for (const part of slicesOf(host)) {
    await pause();
    values.set(toFloat64(part), at);
    at += part.rows * part.cols;
  }
  return { name, layer, host, values };
}

/** Where the values of a column are, in the order of the table. */
interface Part {
  readonly column: UsedColumn;
  readonly of: Values;
}

function partsOf(read: readonly Values[], columns: readonly TableColumn[]): Part[] {
  return columns.flatMap((column) => {
    const of = read.find(({ name }) => name === column.layer);
    return of === undefined ? [] : [{ column: column as UsedColumn, of }];
  });
}

function decodeRow(call: string, parts: readonly Part[], r: number): TableRow {
  const row: TableRow = {};
  for (const { column, of } of parts) {
    const { cols } = of.host;
    const isLikely = column.type === 'category' && cols > 1;
    row[column.name] = isLikely
      ? likeliest(column.labels, of.values, r * cols)
      : decode(of.values[r * cols + column.place] as number, column, call, of.name, r);
  }
  return row;
}

function decode(value: number, column: UsedColumn, call: string, layer: string, r: number): Label | null {
  if (Number.isNaN(value)) return null;
  switch (column.type) {
    case 'binary':
      return column.labels[value < 0.5 ? 0 : 1];
    case 'number':
      return rounded(value * column.sd + column.mean, column.decimals);
    case 'count':
      return Math.min(column.max, Math.max(0, Math.round(value)));
    case 'category': {
      const label = column.labels[value];
      if (label !== undefined) return label;
      const expected = `a category from 0 to ${column.labels.length - 1}`;
      throw new ParameterError(`${call}: \`rows.${layer}[${r}]\` must be ${expected}, got ${got(value)}`);
    }
  }
}

/** The label of the largest of the probabilities that begin at `at`. */
function likeliest(labels: readonly Label[], values: Float64Array, at: number): Label | null {
  let best = 0;
  for (let k = 1; k < labels.length; k++) if ((values[at + k] as number) > (values[at + best] as number)) best = k;
  return Number.isNaN(values[at + best]) ? null : (labels[best] as Label);
}

function rounded(value: number, decimals: number | null): number {
  return decimals === null ? value : Number(value.toFixed(decimals)) + 0;
}
