import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { Layers } from '../wiring/names.js';
import type { TableColumn, TableRow } from './columns.js';
import { decodeRows, type LayerValues } from './decode.js';
import { encodeRows, type TableRows } from './encode.js';
import { fromJson, type TableJson, toJson } from './json.js';
import { placeColumns, type TableLayer } from './layers.js';
import { openRows, type RowOptions, type RowSource, readRowOptions, rowOptions } from './source.js';

/** How new rows are read. */
export interface EncodeOptions extends RowOptions {
  /**
   * What becomes of a value that the column does not know: an error (the default), or a missing
   * value.
   */
  readonly unknown?: 'error' | 'missing';
}

/** Layers and couplings, as a `BoltzmannMachine` takes them. */
export interface TableWiring {
  /** Units by the names of layers. */
  readonly layers: Layers;
  /** Names of coupled layers. */
  readonly couplings: readonly [string, string][];
}

/** @internal */
export interface TableParts {
  readonly columns: readonly TableColumn[];
  readonly layers: ReadonlyMap<string, TableLayer>;
  /** Texts that stand for missing values. */
  readonly missing: readonly string[];
}

/**
 * What the columns of a table are, and the way from rows to layers and back. It holds no rows; keep
 * it beside a model.
 */
export class Table {
  /** All columns in order. */
  readonly columns: readonly TableColumn[];
  readonly #layers: ReadonlyMap<string, TableLayer>;
  readonly #missing: readonly string[];

  /** @internal */
  protected constructor({ columns, layers, missing }: TableParts) {
    this.columns = columns;
    this.#layers = layers;
    this.#missing = missing;
  }

  /**
   * Units by the names of layers, for the `layers` of a `BoltzmannMachine`: `binary` has the
   * columns of two values, `numbers` those of real numbers, and each column of categories or counts
   * is a layer of its own, with the column's name.
   */
  get layers(): Layers {
    return Object.fromEntries([...this.#layers].map(([name, { units }]) => [name, units]));
  }

  /**
   * Couplings of every layer of the table to another one.
   *
   * @throws `ParameterError` when a layer of the table has that name.
   */
  couplings(hidden: string): [string, string][] {
    return this.#couplings('Table.couplings', hidden);
  }

  /**
   * Layers and couplings of a machine that learns the table: the layers of the table, all coupled
   * to the first of some hidden layers, and each of those to the next.
   *
   * @param hidden - Units of the hidden layers by name, for example `{ hidden: bernoulli(50) }`.
   * @returns For a `BoltzmannMachine`: `new BoltzmannMachine({ ...table.wiring({ hidden:
   *   bernoulli(50) }), seed: 1 })`.
   * @throws `ParameterError` when there is none, or when a layer of the table has such a
   *   name.
   */
  wiring(hidden: Layers): TableWiring {
    const call = 'Table.wiring';
    const given = readFrom(call, 'hidden', () => (typeof hidden === 'object' && hidden !== null ? { ...hidden } : {}));
    const names = Object.keys(given);
    const [first] = names;
    if (first === undefined) throw new OptionCheck(call).error('hidden', 'an object of units by the names of layers', hidden);
    const own = this.#couplings(call, first);
    for (const name of names.slice(1)) this.#couplings(call, name);
    const deep = names.slice(1).map((name, i): [string, string] => [names[i] as string, name]);
    return { layers: { ...this.layers, ...given }, couplings: [...own, ...deep] };
  }

  #couplings(call: string, hidden: string): [string, string][] {
    if (typeof hidden !== 'string') throw new OptionCheck(call).error('hidden', 'the name of a layer', hidden);
    if (!this.#layers.has(hidden)) return [...this.#layers.keys()].map((name) => [name, hidden]);
    throw new ParameterError(`${call}: \`hidden\` must not be the name of one of the table's own layers, got ${got(hidden)}`);
  }

  /**
   * New rows with the same columns, by layer. Columns that they lack are missing; columns that the
   * table does not know are refused.
   *
   * @param rows - A CSV file, or a list of objects or lists, as `readTable` takes them.
   * @throws `FormatError` (files) or `ParameterError` (lists) naming row, column and what was
   *   expected when a value does not fit.
   */
  async encode(rows: RowSource, options?: EncodeOptions): Promise<TableRows> {
    const call = 'Table.encode';
    const given = readOptions(call, options, [...rowOptions, 'unknown']);
    const unknown = new OptionCheck(call).oneOf('unknown', given.unknown, 'error', ['error', 'missing']);
    const format = readRowOptions(call, given, this.#missing);
    return encodeRows(call, this.columns, this.#layers, await openRows(call, rows, format), format, unknown);
  }

  /**
   * Rows of some layers (samples, imputations, means, or what {@link encode} gives) as rows of the
   * table: the likelier of two labels, the likeliest category, numbers in their own unit with as
   * many decimals as they had, counts as whole numbers; null for NaN.
   *
   * @param rows - Rows by layer; the result has the columns of these layers. Categories are given
   *   by their numbers, [n] or [n, 1], or by their probabilities, [n, categories].
   * @throws `ParameterError` on layers that are not the table's, `ShapeError` when columns or
   *   numbers of rows do not fit.
   */
  async decode(rows: LayerValues): Promise<TableRow[]> {
    return decodeRows('Table.decode', this.columns, this.#layers, rows);
  }

  /** What {@link Table.from} takes; no rows. */
  toJSON(): TableJson {
    return toJson(this.columns, this.#missing);
  }

  /**
   * The table that {@link toJSON} described.
   *
   * @throws `FormatError` when the value does not describe a table.
   */
  static from(json: unknown): Table {
    const { columns, missing } = fromJson('Table.from', json);
    return new Table({ ...placeColumns(columns), missing });
  }
}

/** A table with the rows that it was made from. */
export class TableData extends Table {
  /** Rows by layer, for `fit` and everything else that takes rows. */
  readonly rows: TableRows;
  /** Number of rows. */
  readonly size: number;

  /** @internal */
  constructor(parts: TableParts, rows: TableRows, size: number) {
    super(parts);
    this.rows = rows;
    this.size = size;
  }
}
