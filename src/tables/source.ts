import { types } from 'node:util';
import { OptionCheck, readFrom } from '../arguments.js';
import { type CsvLayout, readLines } from '../data/csv-lines.js';
import { raggedLine } from '../data/csv-records.js';
import { layoutOptions, readLayout, toNumber, usualMissing } from '../data/csv-text.js';
import { pause } from '../data/pause.js';
import { type BoltzkitError, FormatError, ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type FilePath, filePath } from '../io/files.js';

/**
 * Rows of a table that come from a list: objects by column, or lists of cells in the order of
 * `names`.
 */
export type RowList = readonly (Readonly<Record<string, unknown>> | readonly unknown[])[];

/** Where the rows of a table come from: a CSV file (compressed by gzip or not), or a list. */
export type RowSource = FilePath | RowList;

/** How rows are read. */
export interface RowOptions {
  /**
   * Names of the columns. Needed for lists of lists and for files without a line of names; else the
   * names that are there.
   */
  readonly names?: readonly string[];
  /**
   * Whether the first line of a file holds names. Default: true, but false when `names` are given.
   */
  readonly header?: boolean;
  /**
   * What separates fields. Default: comma, semicolon, tab or bar, whichever cuts the first lines
   * into equally many fields.
   */
  readonly delimiter?: string;
  /**
   * Texts that stand for a missing value; blanks around them and the case of letters do not count.
   * Default: empty ones, NA, NaN, null and ?. null, undefined and NaN in lists are missing always.
   */
  readonly missing?: readonly string[];
  /** The most columns that a line may have. Default 1,000,000. */
  readonly maxColumns?: number;
  /**
   * The most bytes that a gzip file may unpack to. Default: 100 times its own size, but at least 64
   * MiB.
   */
  readonly maxUnpackedBytes?: number;
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The names of these options. */
export const rowOptions = ['names', 'header', 'signal', ...layoutOptions] as const;

/** Options, checked. */
export interface RowFormat {
  readonly names: readonly string[] | undefined;
  readonly header: boolean;
  readonly layout: CsvLayout;
  readonly missing: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Reads the options of a call; `more` are its own. */
export function readRowOptions(
  call: string,
  given: { readonly [Name in (typeof rowOptions)[number]]?: unknown },
  missing: readonly string[] = usualMissing,
): RowFormat {
  const check = new OptionCheck(call);
  const { layout } = readLayout(check, given);
  const names = given.names === undefined ? undefined : readNames(check, given.names);
  return {
    names,
    header: check.flag('header', given.header, names === undefined),
    layout,
    missing: given.missing === undefined ? missing : (given.missing as readonly string[]),
    signal: check.signal(given.signal),
  };
}

function readNames(check: OptionCheck, value: unknown): string[] {
  const names = readFrom(check.call, 'names', () => (Array.isArray(value) ? [...(value as unknown[])] : []));
  if (names.length === 0 || !names.every((name) => typeof name === 'string')) throw check.error('names', 'a list of column names', value);
  return checkedNames(names as string[], (message) => new ParameterError(`${check.call}: \`names\` ${message}`));
}

/** Names without blanks around them; a column without a name is called by its number. */
function checkedNames(given: readonly string[], error: (message: string) => BoltzkitError): string[] {
  const names = given.map((name, i) => name.trim() || `column ${i + 1}`);
  const places = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = places.get(name);
    if (before !== undefined) throw error(`must differ, but columns ${before + 1} and ${i + 1} are both called ${got(name)}`);
    if (name === '__proto__') throw error(`must not be '__proto__', which column ${i + 1} is called`);
    places.set(name, i);
  }
  return names;
}

/** A row as it came: what its cells are in, and where it is. */
export interface SourceRow {
  readonly cells: readonly unknown[];
  /** `line 12` of a file, `row 11` of a list. */
  readonly place: string;
}

/** Rows to be read, once. */
export interface Rows {
  /** What messages call it: the file's path, or `rows`. */
  readonly what: string;
  readonly names: readonly string[];
  readonly rows: AsyncIterable<SourceRow>;
  /** An error about what the rows hold, maybe at some place. */
  readonly error: (message: string, place?: string) => BoltzkitError;
}

/** Rows between two pauses for the event loop. */
const rowsAtOnce = 1024;

/** Opens rows: names are there when this resolves, rows are read when they are asked for. */
export async function openRows(call: string, source: unknown, format: RowFormat): Promise<Rows> {
  const list = readFrom(call, 'rows', () => (Array.isArray(source) ? (source as unknown[]) : undefined));
  if (list === undefined) return openFile(call, source, format);
  return openList(call, list, format);
}

async function openFile(call: string, source: unknown, format: RowFormat): Promise<Rows> {
  if (typeof source !== 'string' && (types.isProxy(source) || !(source instanceof URL))) {
    throw new ParameterError(`${call}: \`rows\` must be the path of a CSV file or a list of rows, got ${got(source)}`);
  }
  const what = filePath(source, call);
  const error: Rows['error'] = (message, place) => new FormatError(`${call}: ${what}${place ? `, ${place}` : ''} ${message}`);
  if (format.names === undefined && !format.header) throw new ParameterError(`${call}: \`names\` must be given with \`header: false\``);
  const lines = readLines(source, call, format.layout, (fields, line) => ({ cells: fields, line }));
  const first = await lines.next();
  if (first.done) throw error('is empty');
  const { cells, line } = first.value;
  const names = format.names ?? headerNames(cells, line, error);
  const pending = format.header ? undefined : first.value;
  return { what, names, error, rows: rowsOfFile(`${call}: ${what}`, names.length, pending, lines, format.signal) };
}

interface Line {
  readonly cells: string[];
  readonly line: number;
}

function headerNames(fields: readonly string[], line: number, error: Rows['error']): string[] {
  const number = fields.find((field) => Number.isFinite(toNumber(field)));
  if (number !== undefined) {
    throw error(
      `must have names in its first line, got the number ${number} (pass \`names\`; with \`header: true\` they replace that line)`,
    );
  }
  const given = (message: string) => error(`${message} (pass \`names\` and \`header: true\` for others)`, `line ${line}: names of columns`);
  return checkedNames(fields, given);
}

async function* rowsOfFile(
  what: string,
  columns: number,
  first: Line | undefined,
  lines: AsyncGenerator<Line, void, undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceRow, void, undefined> {
  const row = ({ cells, line }: Line): SourceRow => {
    if (cells.length !== columns) throw raggedLine(what, line, columns, cells.length);
    return { cells, place: `line ${line}` };
  };
  signal?.throwIfAborted();
  if (first !== undefined) yield row(first);
  let read = 0;
  for await (const line of lines) {
    yield row(line);
    if (++read % rowsAtOnce === 0) await turn(signal);
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await pause();
  signal?.throwIfAborted();
}

async function openList(call: string, list: readonly unknown[], format: RowFormat): Promise<Rows> {
  const error: Rows['error'] = (message, place) => new ParameterError(`${call}: \`rows\`${place ? `, ${place}` : ''} ${message}`);
  if (list.length === 0) throw error('must have at least one row, got an empty list');
  const reader = Array.isArray(list[0]) ? listReader(call, format) : await objectReader(call, list, format);
  return { what: '`rows`', names: reader.names, error, rows: rowsOfList(call, list, reader.cells, format.signal) };
}

interface ListReader {
  readonly names: readonly string[];
  readonly cells: (row: unknown, r: number) => unknown[];
}

async function* rowsOfList(
  call: string,
  list: readonly unknown[],
  cells: ListReader['cells'],
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceRow, void, undefined> {
  const { length } = list;
  for (let r = 0; r < length; r++) {
    if (r % rowsAtOnce === 0) await turn(signal);
    yield { cells: readFrom(call, `rows[${r}]`, () => cells(list[r], r)), place: `row ${r}` };
  }
}

function listReader(call: string, { names }: RowFormat): ListReader {
  if (names === undefined) throw new ParameterError(`${call}: \`names\` must be given with rows that are lists`);
  const cells = (row: unknown, r: number) => {
    if (!Array.isArray(row)) throw new ParameterError(`${call}: \`rows[${r}]\` must be a list like the rows before it, got ${got(row)}`);
    if (row.length === names.length) return [...(row as unknown[])];
    throw new ParameterError(`${call}: \`rows[${r}]\` must have ${names.length} cells (names), got ${row.length}`);
  };
  return { names, cells };
}

/** The names are all that any row has, in the order of their first appearance. */
async function objectReader(call: string, list: readonly unknown[], format: RowFormat): Promise<ListReader> {
  const cellsBy = (names: readonly string[]) => (row: unknown, r: number) => {
    const object = objectRow(call, row, r);
    return names.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
  };
  if (format.names !== undefined) return { names: format.names, cells: cellsBy(format.names) };
  const found = new Set<string>();
  for (let r = 0; r < list.length; r++) {
    if (r % rowsAtOnce === 0) await turn(format.signal);
    for (const name of readFrom(call, `rows[${r}]`, () => Object.keys(objectRow(call, list[r], r)))) found.add(name);
  }
  const names = [...found];
  if (names.length === 0) throw new ParameterError(`${call}: \`rows\` must have at least one column`);
  if (found.has('__proto__')) throw new ParameterError(`${call}: \`rows\` must not have a column '__proto__'`);
  return { names, cells: cellsBy(names) };
}

function objectRow(call: string, row: unknown, r: number): Readonly<Record<string, unknown>> {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Readonly<Record<string, unknown>>;
  throw new ParameterError(`${call}: \`rows[${r}]\` must be an object of cells by column, got ${got(row)}`);
}
