import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { matrix } from '../data/ndarray.js';
import { permutation, streams } from '../data/random.js';
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
   * Names of the columns that take part, layer after layer: those of the columns of `surprise`.
   */
  get unitNames(): string[] {
    return [...this.#layers.values()].flatMap(({ columns }) => columns.map(({ name }) => name));
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

/** A table with rows: those that it was made from, or some of them. */
export class TableData extends Table {
  /** Rows by layer, for `fit` and everything else that takes rows. */
  readonly rows: TableRows;
  /** Number of rows. */
  readonly size: number;
  /** Which row of the table that was read each row is, from 0. */
  readonly indices: Uint32Array;
  readonly #parts: TableParts;

  /** @internal */
  constructor(parts: TableParts, rows: TableRows, indices: Uint32Array) {
    super(parts);
    this.#parts = parts;
    this.rows = rows;
    this.indices = indices;
    this.size = indices.length;
  }

  /**
   * Deals the rows out at random to parts of given shares, each row to one of them. Columns mean in
   * every part what they mean here.
   *
   * @param shares - Shares of the rows by the names of parts, for example `{ train: 0.8,
   *   validation: 0.2 }`. They add up to 1.
   * @param options - `seed`, by default 0: the same one gives the same parts.
   * @throws `ParameterError` when shares do not add up to 1, or would leave a part without rows.
   */
  split<const Part extends string>(
    shares: Readonly<Record<Part, number>>,
    options?: { readonly seed?: number | bigint | undefined },
  ): Record<Part, TableData> {
    const call = 'Table.split';
    const check = new OptionCheck(call);
    const seed = check.seed('seed', readOptions(call, options, ['seed']).seed, 0n);
    const parts = dealOut(check, shares, permutation(this.size, seed, streams.tableSplit));
    return Object.fromEntries(parts.map(([name, chosen]) => [name, this.#some(chosen.sort())])) as Record<Part, TableData>;
  }

  /**
   * The rows that lack no value, for calls that need all of them: `compare`, `evaluate`,
   * `freeEnergy`.
   *
   * @throws `ParameterError` when every row lacks one.
   */
  complete(): TableData {
    const layers = Object.values(this.rows);
    const isWhole = (r: number): boolean =>
      layers.every(({ data, shape: [, cols = 0] }) => !data.subarray(r * cols, (r + 1) * cols).some(Number.isNaN));
    const chosen = Uint32Array.from(this.indices.keys()).filter(isWhole);
    if (chosen.length > 0) return this.#some(chosen);
    throw new ParameterError('Table.complete: the table must have a row that lacks no value, got none');
  }

  /** Some of the rows, by their numbers here. */
  #some(chosen: Uint32Array): TableData {
    const rows = Object.entries(this.rows).map(
      ([
        name,
        {
          data,
          shape: [, cols = 0],
        },
      ]) => {
        const own = new Float64Array(chosen.length * cols);
        chosen.forEach((r, i) => {
          own.set(data.subarray(r * cols, (r + 1) * cols), i * cols);
        });
        return [name, matrix(own, chosen.length, cols)] as const;
      },
    );
    const indices = chosen.map((r) => this.indices[r] as number);
    return new TableData(this.#parts, Object.fromEntries(rows), indices);
  }
}

/** Numbers in their order, part after part. */
function dealOut(check: OptionCheck, shares: unknown, order: Uint32Array): [name: string, chosen: Uint32Array][] {
  const isObject = typeof shares === 'object' && shares !== null;
  const given = readFrom(check.call, 'shares', () => (isObject ? Object.entries(shares as object) : []));
  if (given.length === 0)
    throw check.error('shares', 'an object of shares by the names of parts, such as { train: 0.8, test: 0.2 }', shares);
  let [total, first] = [0, 0];
  const parts = given.map(([name, value]): [string, Uint32Array] => {
    const share = check.number(`shares.${name}`, value, Number.NaN, 0, 1);
    total += share;
    const chosen = order.subarray(first, Math.round(total * order.length));
    first += chosen.length;
    if (chosen.length > 0) return [name, chosen];
    throw check.error(`shares.${name}`, `a share that makes at least one of ${order.length} rows`, share);
  });
  if (Math.abs(total - 1) > 1e-9) throw check.error('shares', 'shares that add up to 1', total);
  return parts;
}
