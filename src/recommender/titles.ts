/** What items are called, from files such as MovieLens' `movies.csv`, `movies.dat` and `u.item`. */
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { OptionCheck, readOptions } from '../arguments.js';
import { findDelimiter } from '../data/csv-delimiter.js';
import { gzipError, isGzip } from '../data/sized-file.js';
import { tooLarge, unpackedLimit } from '../data/unpacking.js';
import { FormatError } from '../errors.js';
import { type FilePath, filePath, readRegularFile } from '../io/files.js';

/** How a file of titles is read. */
export interface TitleOptions {
  /** Names of the columns. Default: names that are known, such as `movieId` and `title`; without names the first two columns. */
  readonly columns?: { readonly item?: string; readonly title?: string };
  /** What separates fields. Default: found from the first lines; `::` and `|` too. */
  readonly delimiter?: string;
}

const itemNames = /^(item|movie|product|artist|book|song|track|article|game)?_?(id)$|^(item|movie|asin|isbn)$/i;
const titleNames = /^(title|name|(item|movie|product|artist|book|song|track)_?(title|name))$/i;

/**
 * Reads what items are called from a file in UTF-8, UTF-16 with its mark, or Latin-1, compressed by
 * gzip or not.
 *
 * @returns Titles by id as a string, of those that have one. Of an id that comes twice the last title.
 */
export async function titlesOfFile(call: string, path: FilePath, options?: TitleOptions): Promise<Map<string, string>> {
  const { columns, delimiter } = readOptions(call, options, ['columns', 'delimiter']);
  const named = readOptions(call, columns, ['item', 'title'], 'columns') as { item?: string; title?: string };
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter === '')) {
    throw new OptionCheck(call).error('delimiter', 'a text that is not empty', delimiter);
  }
  const what = `${call}: ${filePath(path, call)}`;
  const text = decoded(unpacked(await readRegularFile(path, call), what));
  const by = delimiter ?? titlesDelimiter(text);
  // Titles have quotes of their own where fields are not quoted.
  const records = readRecords(text, by, by === ',' || by === ';', what);
  const [first] = records;
  if (first === undefined) throw new FormatError(`${what} is empty; there must be a line for each item`);
  const places = titleColumns(first, named);
  if (typeof places === 'string') throw new FormatError(`${what}, line 1 ${places}`);
  const rows = places.named ? records.slice(1) : records;
  const pairs = rows.map((fields) => [(fields[places.item] ?? '').trim(), (fields[places.title] ?? '').trim()] as const);
  return new Map(pairs.filter(([id, title]) => id !== '' && title !== ''));
}

function unpacked(bytes: Uint8Array, what: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const limit = unpackedLimit(bytes.length, {});
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new FormatError(tooLarge(what, limit), { cause: error });
    throw gzipError(error, what);
  }
}

/** UTF-16 by its mark, UTF-8 where the bytes are that, else Latin-1 (windows-1252), as older sets have it. */
function decoded(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function titlesDelimiter(text: string): string {
  const lines = text
    .slice(0, 1 << 16)
    .split(/\r\n?|\n/, 20)
    .filter((line) => line !== '');
  return lines.every((line) => line.includes('::')) ? '::' : findDelimiter(text.slice(0, 1 << 16));
}

function readRecords(text: string, delimiter: string, quoted: boolean, what: string): string[][] {
  try {
    return parse(text, { delimiter, quote: quoted ? '"' : false, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new FormatError(`${what} is not a table: ${(error as Error).message}`, { cause: error });
  }
}

/** Places of item and title; what is wrong as text where a column that was named is not there. */
function titleColumns(first: readonly string[], named: { item?: string; title?: string }) {
  const names = first.map((name) => name.trim());
  const place = (asked: string | undefined, known: RegExp) =>
    asked === undefined ? names.findIndex((name) => known.test(name)) : names.indexOf(asked);
  const [item, title] = [place(named.item, itemNames), place(named.title, titleNames)];
  const wanted = named.item ?? named.title;
  if (item >= 0 && title >= 0) return { item, title, named: true };
  if (wanted !== undefined) return `must have columns of items and titles; there are ${names.map((name) => `'${name}'`).join(', ')}`;
  return names.length < 2 ? 'must have at least 2 columns, of ids and of titles' : { item: 0, title: 1, named: false };
}
