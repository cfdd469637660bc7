/** Reads ratings or interactions in whatever form their owner has them. */
import { types } from 'node:util';
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { FilePath } from '../io/files.js';
import type { ReadEntries } from './rows.js';
import { entriesOfQuery, type SqlSource } from './source-duckdb.js';
import { entriesOfFile } from './source-file.js';
import { entriesOfRows, entriesOfTriplets, isTriplets, type RatingRow, type Triplets } from './source-objects.js';
import { type ReadOptions, readEntriesOptions, readFormat } from './source-options.js';

/** Row objects in a list or as they come, columns, a file, or a query. */
export type RatingSource = Iterable<RatingRow> | AsyncIterable<RatingRow> | Triplets | FilePath | SqlSource;

/**
 * Reads entries. Of rows with the same user and item the last one counts; `duplicates` says how many
 * were left out. Ids come back as they were first given; a number and its decimal string are one id.
 * Memory is proportional to rows and distinct ids, whatever the ids are.
 *
 * @param source - Row objects `{ user, item, rating?, time? }`; `{ user, item, rating?, time? }` of
 *   columns; the path of a csv, tsv or `::` file, compressed by gzip or not; or `{ sql }`.
 * @throws ParameterError or FormatError that names the row or line: where an id is empty or a number
 *   that a double does not hold exactly, where a rating is no finite number or not on the scale.
 */
export async function readEntries(call: string, source: unknown, options?: ReadOptions): Promise<ReadEntries> {
  const format = readFormat(new OptionCheck(call), readOptions(call, options, readEntriesOptions));
  format.signal?.throwIfAborted();
  if (typeof source === 'string' || (!types.isProxy(source) && source instanceof URL)) return entriesOfFile(call, source, format);
  if (typeof source === 'object' && source !== null) {
    if (readFrom(call, 'rows', () => isTriplets(source))) return entriesOfTriplets(call, source as Triplets, format);
    if (Symbol.iterator in source || Symbol.asyncIterator in source) return entriesOfRows(call, source as Iterable<unknown>, format);
    if ('sql' in source) return entriesOfQuery(call, readSql(call, source), format);
  }
  const forms = 'rows such as { user, item, rating } in a list or iterable, columns { user, item, rating }, the path of a file, or { sql }';
  throw new ParameterError(`${call}: \`rows\` must be ${forms}, got ${got(source)}`);
}

function readSql(call: string, source: object): SqlSource {
  const { sql, setup, connection } = readOptions(call, source, ['sql', 'setup', 'connection'], 'rows');
  if (typeof sql !== 'string' || sql.trim() === '') throw new ParameterError(`${call}: \`rows.sql\` must be a query, got ${got(sql)}`);
  if (setup !== undefined && !(Array.isArray(setup) && setup.every((each) => typeof each === 'string'))) {
    throw new ParameterError(`${call}: \`rows.setup\` must be a list of statements, got ${got(setup)}`);
  }
  if (connection !== undefined && typeof (connection as { stream?: unknown } | null)?.stream !== 'function') {
    throw new ParameterError(`${call}: \`rows.connection\` must be a connection of @duckdb/node-api, got ${got(connection)}`);
  }
  return { sql, setup: setup as string[] | undefined, connection } as SqlSource;
}
