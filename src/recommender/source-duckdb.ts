/**
 * Entries from a query, by DuckDB: csv, parquet, and through its extensions SQLite and Postgres. The
 * package `@duckdb/node-api` is an optional peer, looked for when a query is asked for.
 */
import { join } from 'node:path';
import { pause } from '../data/pause.js';
import { BackendError, BoltzkitError, FormatError } from '../errors.js';
import { requireFrom } from '../io/require-from.js';
import { EntryRows, type ReadEntries } from './rows.js';
import { type ColumnPlaces, findColumns } from './source-columns.js';
import type { ReadFormat } from './source-options.js';

/** A query whose rows are ratings or interactions. */
export interface SqlSource {
  /** One SELECT (or FROM …) statement: `select userId, movieId, rating from 'ratings.parquet'`. */
  readonly sql: string;
  /** Statements to be run before it: `INSTALL sqlite`, `LOAD sqlite`, `ATTACH 'shop.db' (TYPE sqlite)`. */
  readonly setup?: readonly string[];
  /** A connection of your own in place of a new database in memory; it stays open. */
  readonly connection?: DuckConnection;
}

/** What is used of a `DuckDBConnection` of @duckdb/node-api. */
export interface DuckConnection {
  /** Runs a statement. */
  run(sql: string): Promise<unknown>;
  /** Begins a query. */
  stream(sql: string): Promise<DuckResult>;
  /** Ends the query under way. */
  interrupt(): void;
  /** Closes the connection. */
  closeSync?(): void;
}

/** A query under way, as far as it is used here. */
export interface DuckResult {
  /** Names of the columns. */
  columnNames(): string[];
  /** Their types. */
  columnTypes(): DuckType[];
  /** The next rows; null at the end. */
  fetchChunk(): Promise<DuckChunk | null>;
}

/** The type of a column. */
export interface DuckType {
  /** As SQL calls it. */
  toString(): string;
}

/** Some rows. */
export interface DuckChunk {
  /** How many. */
  readonly rowCount: number;
  /** The values of a column. */
  getColumnValues(column: number): readonly unknown[];
}

interface DuckDb {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<DuckConnection>; closeSync?(): void }> };
}

/** Reads the rows of a query. */
export async function entriesOfQuery(call: string, source: SqlSource, format: ReadFormat): Promise<ReadEntries> {
  if (source.connection !== undefined) return readQuery(call, source.connection, source, format);
  const instance = await findDuckDb(call).DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return await readQuery(call, connection, source, format);
  } finally {
    connection.closeSync?.();
    instance.closeSync?.();
  }
}

/** The package, looked for from this package and from the working directory. */
function findDuckDb(call: string): DuckDb {
  const causes: unknown[] = [];
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return requireFrom(from)('@duckdb/node-api') as DuckDb;
    } catch (error) {
      causes.push(error);
    }
  }
  const message = `${call}: queries need the package @duckdb/node-api, which is not installed; run \`npm install @duckdb/node-api\``;
  throw new BackendError('package_missing', message, { cause: causes[0] });
}

async function readQuery(call: string, connection: DuckConnection, source: SqlSource, format: ReadFormat): Promise<ReadEntries> {
  const stop = () => connection.interrupt();
  format.signal?.addEventListener('abort', stop, { once: true });
  try {
    format.signal?.throwIfAborted();
    for (const statement of source.setup ?? []) await connection.run(statement);
    return await gather(call, connection, source.sql.trim().replace(/;+$/, ''), format);
  } catch (error) {
    format.signal?.throwIfAborted();
    if (error instanceof BoltzkitError) throw error;
    throw new FormatError(`${call}: the query failed: ${(error as Error).message}`, { cause: error });
  } finally {
    format.signal?.removeEventListener('abort', stop);
  }
}

async function gather(call: string, connection: DuckConnection, sql: string, format: ReadFormat): Promise<ReadEntries> {
  const error = (message: string, place = '') => new FormatError(`${call}: the query's result${place && `, ${place}`}${message}`);
  const head = await connection.stream(`from (${sql}) limit 0`);
  const [names, types] = [head.columnNames(), head.columnTypes().map(String)];
  const places = findColumns(names, format.columns);
  if (typeof places === 'string') throw error(` ${places}`);
  const rows = new EntryRows(places.rating !== undefined, places.time !== undefined, format.scale, error, format.ids);
  const result = await connection.stream(`select ${selection(names, types, places)} from (${sql})`);
  let r = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const columns = [0, 1, 2, 3].map((column) => chunk?.getColumnValues(column) ?? []);
    for (let i = 0; i < chunk.rowCount; i++, r++) rows.add(columns[0]?.[i], columns[1]?.[i], columns[2]?.[i], columns[3]?.[i], `row ${r}`);
    await pause();
    format.signal?.throwIfAborted();
  }
  if (rows.length === 0) throw error(' must have at least one row, got none');
  return rows.finish();
}

/** User, item, rating and time in this order; ids as whole numbers or text, others as doubles. */
function selection(names: readonly string[], types: readonly string[], { user, item, rating, time }: ColumnPlaces): string {
  const quoted = (place: number) => `"${(names[place] as string).replaceAll('"', '""')}"`;
  const id = (place: number) =>
    /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|VARCHAR)$/.test(types[place] as string) ? quoted(place) : `cast(${quoted(place)} as varchar)`;
  const number = (place: number | undefined) => (place === undefined ? '0' : `cast(${quoted(place)} as double)`);
  const isMoment = time !== undefined && /^(TIMESTAMP|DATE)/.test(types[time] as string);
  return [id(user), id(item), number(rating), isMoment ? `epoch(${quoted(time)})` : number(time)].join(', ');
}
