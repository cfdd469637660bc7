import { OptionCheck, readOptions } from '../arguments.js';
import { FormatError } from '../errors.js';
import type { FilePath } from '../io/files.js';
import { readRecords } from './csv-records.js';
import { layoutOptions, readLayout } from './csv-text.js';
import { matrix, type NdArray } from './ndarray.js';
import type { UnpackOptions } from './unpacking.js';

/** Element types that a table can be read into. */
export interface CsvTypes {
  /** Single precision. */
  float32: Float32Array;
  /** Double precision. */
  float64: Float64Array;
}

/** How to read a CSV file. */
export interface CsvOptions<T extends keyof CsvTypes = 'float64'> extends UnpackOptions {
  /**
   * Whether the first line holds names. Default `'auto'`: it does when it has text and none of its
   * fields is a number; names that are numbers need `true`.
   */
  readonly header?: boolean | 'auto';
  /**
   * What separates fields. Default: comma, semicolon, tab or bar, whichever cuts the first lines
   * into equally many fields.
   */
  readonly delimiter?: string;
  /**
   * Fields that stand for a missing value, which becomes NaN; blanks around them and the case of
   * letters do not count. Default: empty ones, NA, NaN, null and ?.
   */
  readonly missing?: readonly string[];
  /** Precision of the result. Default `'float64'`. */
  readonly dtype?: T;
  /**
   * The most columns that a line may have, so that a file of nothing but commas does not fill the
   * memory. Default 1,000,000.
   */
  readonly maxColumns?: number;
}

/** A table of numbers [rows, columns], with the names of its columns if the file has them. */
export type CsvTable<T extends keyof CsvTypes = 'float64'> = NdArray<CsvTypes[T]> & {
  /** Names of the columns, null without a header. */
  readonly names: string[] | null;
};

/**
 * Reads a table of numbers from a CSV file, compressed by gzip or not. The file is streamed; only
 * the numbers are kept. Tables that have columns of text too are for `readTable` of
 * `boltzkit/tables`.
 *
 * @param path - The file.
 * @param options - Header, delimiter, missing values and precision.
 * @throws `FormatError` naming line and column when a field is neither a finite number nor missing,
 *   or a line has another number of fields; `ParameterError` when the file cannot be read.
 */
export async function readCsv<T extends keyof CsvTypes = 'float64'>(path: FilePath, options: CsvOptions<T> = {}): Promise<CsvTable<T>> {
  return readCsvFor('readCsv', path, options);
}

/** {@link readCsv} on behalf of another public call, which messages name. */
export async function readCsvFor<T extends keyof CsvTypes>(call: string, path: FilePath, options: CsvOptions<T>): Promise<CsvTable<T>> {
  const { Class, format } = checkOptions<T>(call, options);
  const blocks: CsvTypes[T][] = [];
  let names: string[] | null = null;
  let cols = 0;
  for await (const block of blocksOf(readRecords(path, call, format), Class, rowsPerBlock)) {
    blocks.push(block.values);
    ({ names, cols } = block);
  }
  if (cols === 0) throw new FormatError(`${call}: ${path} has no rows of numbers`);
  return table({ values: joined(blocks, Class), names, cols });
}

const rowsPerBlock = 1024;

/**
 * Reads a CSV file in batches of rows, for data that do not fit in memory; each batch can go to
 * `partialFit` as it is.
 *
 * @param path - The file.
 * @param options - As for {@link readCsv}, and `batchSize`, the rows of every batch but the last.
 *   Default 1000.
 */
export async function* readCsvBatches<T extends keyof CsvTypes = 'float64'>(
  path: FilePath,
  options: CsvOptions<T> & { readonly batchSize?: number } = {},
): AsyncGenerator<CsvTable<T>, void, undefined> {
  const call = 'readCsvBatches';
  const { batchSize, ...given } = readOptions(call, options, [...csvOptions, 'batchSize']);
  const rows = new OptionCheck(call).integer('batchSize', batchSize, 1000);
  const { Class, format } = checkOptions<T>(call, given);
  for await (const block of blocksOf(readRecords(path, call, format), Class, rows)) yield table(block);
}

type NumberClass<D> = new (size: number) => D;

const csvOptions = ['header', 'dtype', ...layoutOptions] as const;

function checkOptions<T extends keyof CsvTypes>(call: string, options: unknown) {
  const given = readOptions(call, options, csvOptions);
  const { header = 'auto', dtype } = given;
  const check = new OptionCheck(call);
  if (header !== 'auto' && typeof header !== 'boolean') throw check.error('header', "true, false or 'auto'", header);
  const single = check.oneOf('dtype', dtype, 'float64', ['float32', 'float64']) === 'float32';
  const Class = (single ? Float32Array : Float64Array) as unknown as NumberClass<CsvTypes[T]>;
  return { Class, format: { header, single, ...readLayout(check, given) } as const };
}

interface Block<D> {
  readonly values: D;
  readonly names: string[] | null;
  readonly cols: number;
}

function table<D extends Float32Array | Float64Array>({ values, names, cols }: Block<D>): NdArray<D> & { names: string[] | null } {
  return Object.assign(matrix(values, values.length / cols, cols), { names });
}

async function* blocksOf<D extends Float32Array | Float64Array>(
  records: ReturnType<typeof readRecords>,
  Class: NumberClass<D>,
  rows: number,
): AsyncGenerator<Block<D>, void, undefined> {
  let pending: Float64Array[] = [];
  let names: string[] | null = null;
  for await (const record of records) {
    pending.push(record.values);
    names = record.names;
    if (pending.length < rows) continue;
    yield { values: joined(pending, Class), names, cols: record.values.length };
    pending = [];
  }
  const [first] = pending;
  if (first !== undefined) yield { values: joined(pending, Class), names, cols: first.length };
}

function joined<D extends Float32Array | Float64Array>(parts: readonly (Float32Array | Float64Array)[], Class: NumberClass<D>): D {
  const all = new Class(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
