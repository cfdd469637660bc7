import { type OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { CsvLayout } from '../data/csv-lines.js';
import { readLayout } from '../data/csv-text.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Scale } from './entries.js';
import { Ids } from './ids.js';
import type { ColumnNames } from './source-columns.js';

/** How rows of ratings are read. */
export interface ReadOptions extends Patience {
  /**
   * Names of the columns of a file or query, or of the properties of row objects. Default: names
   * that are known, such as `userId`, `movieId`, `rating` and `timestamp`. `rating: null` reads
   * interactions where there are ratings.
   */
  readonly columns?: ColumnNames;
  /** The values that ratings have, rising, at most 256; others are refused. Default: those found. */
  readonly scale?: readonly number[];
  /** Whether the first line of a file holds names. Default `'auto'`. */
  readonly header?: boolean | 'auto';
  /** What separates fields of a file. Default: found from the first lines; `::` too. */
  readonly delimiter?: string;
  /** The decimal point of ratings in a file. Default `'.'`. */
  readonly decimal?: '.' | ',';
  /** The most bytes that a gzip file may unpack to. Default: 100 times its own size, but at least 64 MiB. */
  readonly maxUnpackedBytes?: number;
  /** Ids to go on from, so that several sources share their numbers; they grow. Default: new ones. */
  readonly ids?: SharedIds;
}

/** Ids that several sources share. */
export interface SharedIds {
  /** Of users. */
  readonly users: Ids;
  /** Of items. */
  readonly items: Ids;
}

/** The names of these options. */
export const readEntriesOptions = [
  ...(['columns', 'scale', 'header', 'delimiter', 'decimal', 'maxUnpackedBytes', 'ids', 'signal', 'onProgress'] as const),
] as const;

/** Options, checked. */
export interface ReadFormat {
  readonly columns: ColumnNames;
  readonly scale: Scale | undefined;
  readonly header: boolean | 'auto';
  readonly decimal: '.' | ',';
  readonly layout: CsvLayout;
  readonly ids: { readonly users: Ids; readonly items: Ids } | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onShare: ((share: number) => void) | undefined;
}

/** Reads the options; `given` has them by name, each as it came. */
export function readFormat(check: OptionCheck, given: { readonly [K in (typeof readEntriesOptions)[number]]?: unknown }): ReadFormat {
  const { header, delimiter, maxUnpackedBytes } = given;
  if (header !== undefined && header !== 'auto' && typeof header !== 'boolean')
    throw check.error('header', "true, false or 'auto'", header);
  const { layout } = readLayout(check, { delimiter, maxUnpackedBytes, maxColumns: 100_000 });
  const { signal, onProgress } = readPatience(check, given);
  const began = performance.now();
  return {
    columns: readColumns(check, given.columns),
    scale: readScale(check, given.scale),
    header: header ?? 'auto',
    decimal: check.oneOf('decimal', given.decimal, '.', ['.', ',']),
    layout,
    ids: readIds(check, given.ids),
    signal,
    onShare:
      onProgress &&
      ((fraction) =>
        onProgress({ fraction, secondsLeft: ((performance.now() - began) / 1000) * ((1 - fraction) / Math.max(fraction, 1e-9)) })),
  };
}

function readColumns(check: OptionCheck, value: unknown): ColumnNames {
  const columns = readOptions(check.call, value, ['user', 'item', 'rating', 'time'], 'columns');
  for (const [role, name] of Object.entries(columns)) {
    const mayBeNull = role === 'rating' || role === 'time';
    if (typeof name === 'string' || (name === null && mayBeNull)) continue;
    throw check.error(`columns.${role}`, `the name of a column${mayBeNull ? ', or null for none' : ''}`, name);
  }
  return columns as ColumnNames;
}

/** Reads a scale: at least two values, finite in single precision, rising. */
export function readScale(check: OptionCheck, value: unknown): Scale | undefined {
  if (value === undefined) return undefined;
  const values = readFrom(check.call, 'scale', () => (Array.isArray(value) ? [...(value as unknown[])] : undefined));
  const expected = 'a list of 2 to 256 finite numbers, rising';
  if (values === undefined || values.length < 2 || values.length > 256) throw check.error('scale', expected, value);
  for (const [k, each] of values.entries()) {
    if (typeof each !== 'number' || !Number.isFinite(Math.fround(each)) || (k > 0 && each <= (values[k - 1] as number))) {
      throw new ParameterError(`${check.call}: \`scale[${k}]\` must be a finite number above the one before it, got ${got(each)}`);
    }
  }
  return { values: Array.from(Float32Array.from(values as number[])) };
}

function readIds(check: OptionCheck, value: unknown): ReadFormat['ids'] {
  if (value === undefined) return undefined;
  const { users, items } = value as { users?: unknown; items?: unknown };
  if (users instanceof Ids && items instanceof Ids) return { users, items };
  throw check.error('ids', 'ids of users and items', value);
}
