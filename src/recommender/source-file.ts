/** Entries from files: csv, tsv, `::`, compressed by gzip or not. */
import { findDelimiter } from '../data/csv-delimiter.js';
import { type CsvLayout, readLines } from '../data/csv-lines.js';
import { raggedLine } from '../data/csv-records.js';
import { toNumber } from '../data/csv-text.js';
import { FormatError } from '../errors.js';
import { type FilePath, filePath } from '../io/files.js';
import { EntryRows, type ReadEntries } from './rows.js';
import { type ColumnPlaces, findColumns, looksNamed } from './source-columns.js';
import type { ReadFormat } from './source-options.js';

interface Line {
  readonly fields: readonly string[];
  readonly line: number;
}

/** `::` where the lines have it, else what other tables are cut by. */
export function ratingsDelimiter(text: string): string {
  const lines = text.split(/\r\n?|\n/, 20).filter((line) => line !== '');
  return lines.length > 0 && lines.every((line) => line.includes('::')) ? '::' : findDelimiter(text);
}

/** Reads a file of ratings. */
export async function entriesOfFile(call: string, path: FilePath, format: ReadFormat): Promise<ReadEntries> {
  const what = `${call}: ${filePath(path, call)}`;
  const error = (message: string, place = '') => new FormatError(`${what}${place && `, ${place}`}${message}`);
  const layout: CsvLayout = { ...format.layout, findDelimiter: ratingsDelimiter, onShare: format.onShare };
  let rows: EntryRows | undefined;
  let add: ((line: Line) => void) | undefined;
  const begin = (first: Line) => {
    const named = isHeader(first.fields, format);
    const names = named ? first.fields.map((field) => field.trim()) : standardNames(first, format, error);
    const places = findColumns(names, format.columns);
    if (typeof places === 'string') throw error(` ${places}`, `line ${first.line}`);
    rows = new EntryRows(places.rating !== undefined, places.time !== undefined, format.scale, error, format.ids);
    add = lineAdder(rows, places, names.length, what, format);
    if (!named) add(first);
  };
  // Rows are taken in the parser's own call, so nothing comes out of the stream and the first line may decide.
  const lines = readLines<never>(path, call, layout, (fields, line) => {
    format.signal?.throwIfAborted();
    (add ?? begin)({ fields, line });
    return null;
  });
  for await (const _ of lines);
  if (rows === undefined) throw error(' is empty; there must be a line for each rating');
  if ((rows as EntryRows).length === 0) throw error(' has a line of names, but no ratings');
  return (rows as EntryRows).finish();
}

/** Whether the first line holds names; with names given it must. */
function isHeader(fields: readonly string[], { header, columns }: ReadFormat): boolean {
  if (header !== 'auto') return header;
  if (looksNamed(fields.map((field) => field.trim()))) return true;
  if (Object.values(columns).some((name) => typeof name === 'string')) return true;
  // Ids may be any text, but a rating is a number.
  const third = fields[2];
  return third !== undefined && Number.isNaN(toNumber(third)) && !/^\s*\d+,\d+\s*$/.test(third);
}

/** A file without names has users, items, ratings and times, in this order, as far as it has columns. */
function standardNames({ fields, line }: Line, format: ReadFormat, error: (message: string, place: string) => FormatError): string[] {
  if (fields.length >= 2 && fields.length <= 4) {
    const names = ['user', 'item', 'rating', 'time'].slice(0, fields.length);
    return names.map((name) => format.columns[name as 'user'] ?? name);
  }
  throw error(` must have 2 to 4 fields (user, item, rating, time) where there are no names, got ${fields.length}`, `line ${line}`);
}

function lineAdder(rows: EntryRows, places: ColumnPlaces, columns: number, what: string, format: ReadFormat): (line: Line) => void {
  const field = (fields: readonly string[], place: number | undefined) =>
    place === undefined ? undefined : (fields[place] as string).trim();
  const number = (text: string | undefined) => {
    if (text === undefined) return undefined;
    const value = toNumber(format.decimal === ',' ? text.replace(',', '.') : text);
    return Number.isNaN(value) ? text : value;
  };
  const time = (text: string | undefined) => {
    const value = number(text);
    return typeof value === 'string' ? momentOf(value) : value;
  };
  return ({ fields, line }) => {
    if (fields.length !== columns) throw raggedLine(what, line, columns, fields.length);
    const [user, item] = [field(fields, places.user), field(fields, places.item)];
    rows.add(user, item, number(field(fields, places.rating)), time(field(fields, places.time)), () => `line ${line}`);
  };
}

/** Seconds of a date such as 2005-04-02 23:53:47; what is none stays as it is, to be refused. */
function momentOf(text: string): number | string {
  const moment = /^\d{4}-\d\d-\d\d/.test(text)
    ? Date.parse(
        /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T').slice(0, 10)}${text.slice(10).replace(' ', 'T') || 'T00:00'}Z`,
      )
    : Number.NaN;
  return Number.isNaN(moment) ? text : moment / 1000;
}
