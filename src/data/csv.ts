import { OptionCheck, readOptions } from '../arguments.js';
import { FormatError, ParameterError } from '../errors.js';
import type { FilePath } from '../io/files.js';
import { readRecords } from './csv-records.js';
import { matrix, type NdArray } from './ndarray.js';
import type { UnpackOptions } from './unpacking.js';
import { got } from './where.js';

/** Element types that a table can be read into. */
export interface CsvTypes {
  /** Single precision. */
  float32: Float32Array;
  /** Double precision. */
  float64: Float64Array;
}

/** How to read a CSV file. */
export interface CsvOptions<T extends keyof CsvTypes = 'float64'> extends UnpackOptions {
  /** Whether the first line holds names. Default `'auto'`: it does when none of its fields is a number. */
  readonly header?: boolean | 'auto';
  /** What separates fields. Default: a comma. */
  readonly delimiter?: string;
  /** Precision of the result. Default `'float64'`. */
  readonly dtype?: T;
  /** The most columns that a line may have, so that a file of nothing but commas does not fill the memory. Default 1,000,000. */
  readonly maxColumns?: number;
}

/** A table of numbers [rows, columns], with the names of its columns if the file has them. */
export type CsvTable<T extends keyof CsvTypes = 'float64'> = NdArray<CsvTypes[T]> & {
  /** Names of the columns, null without a header. */
  readonly names: string[] | null;
};

/**
 * Reads a table of numbers from a CSV file, compressed by gzip or not. The file is streamed; only the numbers are kept.
 *
 * @param path - The file.
 * @param options - Header, delimiter and precision.
 * @throws `FormatError` naming line and column when a field is not a finite number or a line has another number of fields;
 *   `ParameterError` when the file cannot be read.
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
 * Reads a CSV file in batches of rows, for data that do not fit in memory; each batch can go to `partialFit` as it is.
 *
 * @param path - The file.
 * @param options - As for {@link readCsv}, and `batchSize`, the rows of every batch but the last. Default 1000.
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

const csvOptions = ['header', 'delimiter', 'dtype', 'maxColumns', 'maxUnpackedBytes'] as const;

function checkOptions<T extends keyof CsvTypes>(call: string, options: unknown) {
  const { header = 'auto', delimiter = ',', dtype, maxColumns, maxUnpackedBytes } = readOptions(call, options, csvOptions);
  const check = new OptionCheck(call);
  if (header !== 'auto' && typeof header !== 'boolean') {
    throw new ParameterError(`${call}: \`header\` must be true, false or 'auto', got ${got(header)}`);
  }
  if (typeof delimiter !== 'string' || delimiter === '' || /["\r\n]/.test(delimiter)) {
    throw new ParameterError(`${call}: \`delimiter\` must be a character other than quotes and line ends, got ${got(delimiter)}`);
  }
  if (dtype !== undefined && dtype !== 'float32' && dtype !== 'float64') {
    throw new ParameterError(`${call}: \`dtype\` must be 'float32' or 'float64', got ${got(dtype)}`);
  }
  const Class = (dtype === 'float32' ? Float32Array : Float64Array) as unknown as NumberClass<CsvTypes[T]>;
  const limits = {
    maxColumns: check.integer('maxColumns', maxColumns, 1_000_000),
    ...(maxUnpackedBytes === undefined ? {} : { maxUnpackedBytes: check.integer('maxUnpackedBytes', maxUnpackedBytes, undefined) }),
  };
  return { Class, format: { header, delimiter, single: dtype === 'float32', ...limits } as const };
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
