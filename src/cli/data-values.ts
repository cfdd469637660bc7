import { shown } from '../runs/format.js';
import type { Matrix } from '../runs/matrix.js';
import { CliError } from './failures.js';
import type { NumberFile } from './number-file.js';

/** How the values of a file are to be understood. */
export interface ValueOptions {
  /**
   * What values are multiplied by; null: bytes of pictures by 1/255, everything else is taken as it
   * is.
   */
  scale: number | null;
  labelColumn: string | null;
  /** Columns by name, in the order in which a model learnt them; null: all, as they are. */
  names?: readonly string[] | null;
  /** Whether values may be missing. */
  gaps?: boolean;
}

/** Column names that are labels whatever the file: they are no part of the pattern. */
const LABEL_NAMES = new Set(['label', 'class', 'target']);

/** Whether a column's name is that of labels. */
export function isLabelName(name: string): boolean {
  return LABEL_NAMES.has(name.trim().toLowerCase());
}

/** The column of labels: the one wanted, or one whose name is that of labels; null where there is none. */
export function labelIndex(table: NumberFile, path: string, wanted: string | null): number | null {
  const names = table.names?.map((name) => name.trim().toLowerCase()) ?? null;
  if (wanted === null) {
    const found = names?.findIndex(isLabelName) ?? -1;
    return found >= 0 ? found : null;
  }
  const byName = names?.indexOf(wanted.trim().toLowerCase()) ?? -1;
  const index = byName >= 0 ? byName : /^\d+$/.test(wanted) ? Number(wanted) : -1;
  if (index >= 0 && index < table.cols) return index;
  const known =
    names === null
      ? `it has ${table.cols} columns without names`
      : `its columns are ${names.slice(0, 5).map(shown).join(', ')}${names.length > 5 ? ', …' : ''}`;
  throw new CliError(`\`${path}\` has no column "${wanted}"; ${known}`, { code: 'ERR_PARAMETER' });
}

function withoutColumn(table: NumberFile, column: number): NumberFile {
  const { rows, cols } = table;
  if (cols === 1) return table;
  const data = new (table.data.constructor as new (n: number) => NumberFile['data'])(rows * (cols - 1));
  for (let r = 0, to = 0; r < rows; r++) for (let c = 0; c < cols; c++) if (c !== column) data[to++] = table.data[r * cols + c]!;
  return { ...table, data, cols: cols - 1, image: null, pictures: false, names: table.names?.toSpliced(column, 1) ?? null };
}

interface Range {
  low: number;
  high: number;
  whole: boolean;
  /** Index of the first value that is not a number, or -1. */
  missing: number;
}

function rangeOf(data: NumberFile['data']): Range {
  const range: Range = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, whole: true, missing: -1 };
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < range.low) range.low = value;
    if (value > range.high) range.high = value;
    if (range.whole && !Number.isInteger(value)) range.whole = false;
    if (range.missing < 0 && Number.isNaN(value)) range.missing = i;
  }
  return range;
}

/** Bytes of pictures are grey levels, 255 is white. No other numbers say what they count in. */
const BYTE = 1 / 255;

function scaleFor(table: NumberFile, range: Range, path: string, wanted: number | null): number {
  const scale = wanted ?? (table.pictures && range.high > 1 ? BYTE : 1);
  // Rounding of scale × value may leave one a hair above 1; anything more is another unit of
  // measurement.
  if (range.low * scale >= 0 && range.high * scale <= 1 + 1e-9) return scale;
  throw new CliError(`\`${path}\`: values must lie in [0, 1], got ${range.low * scale} to ${range.high * scale}`, {
    code: 'ERR_PARAMETER',
    hint: scaleHint(range),
  });
}

const AS_TABLE = '--table learns the columns as numbers, categories or two values each';

function scaleHint({ low, high, whole }: Range): string {
  if (low < 0) return AS_TABLE;
  if (!whole) return `--scale ${Number((1 / high).toPrecision(4))} brings them there; ${AS_TABLE}`;
  const bytes = high < 255 ? '; bytes of pictures take --scale 1/255' : '';
  return `--scale 1/${high} brings them there${bytes}; ${AS_TABLE}`;
}

/**
 * Whether the columns of a text file are something each: values are missing, or it has names and
 * values that are no probabilities. Numbers without names may be anything, so nothing is guessed of
 * them.
 */
export function isMixed(file: NumberFile, path: string, labelColumn: string | null): boolean {
  const label = labelIndex(file, path, labelColumn);
  const { low, high, missing } = rangeOf((label === null ? file : withoutColumn(file, label)).data);
  return missing >= 0 || (file.names !== null && (low < 0 || high > 1));
}

/** The columns of a file that a model learnt, in its order. */
function inOrder(file: NumberFile, path: string, wanted: readonly string[] | null): NumberFile {
  const { names, rows, cols, data } = file;
  if (wanted === null || names === null || wanted.join('\n') === names.join('\n')) return file;
  const places = wanted.map((name) => {
    const place = names.indexOf(name);
    if (place >= 0) return place;
    throw new CliError(`\`${path}\` has no column "${shown(name)}", which the model has learnt`, { code: 'ERR_SHAPE' });
  });
  const kept = new (data.constructor as new (n: number) => NumberFile['data'])(rows * places.length);
  for (let r = 0; r < rows; r++)
    places.forEach((c, k) => {
      kept[r * places.length + k] = data[r * cols + c]!;
    });
  return { ...file, data: kept, cols: places.length, names: [...wanted] };
}

/** Rows ready for Bernoulli units, with a note on every liberty taken. */
export function toMatrix(table: NumberFile, path: string, options: ValueOptions): { matrix: Matrix; table: NumberFile; notes: string[] } {
  const notes: string[] = [];
  const label = labelIndex(table, path, options.labelColumn);
  const kept = inOrder(label === null ? table : withoutColumn(table, label), path, options.names ?? null);
  if (label !== null && options.labelColumn === null)
    notes.push(`left out column ${label} ("${shown(table.names?.[label] ?? '')}") of ${path}`);
  const range = rangeOf(kept.data);
  if (range.missing >= 0 && !options.gaps) {
    const [row, column] = [Math.floor(range.missing / kept.cols), range.missing % kept.cols];
    throw new CliError(`\`${path}\`: row ${row}, column ${column} is missing`, { code: 'ERR_PARAMETER', hint: AS_TABLE });
  }
  const scale = scaleFor(kept, range, path, options.scale);
  if (scale !== 1 && options.scale === null) notes.push(`bytes of pictures in ${path}: divided by 255`);
  return { matrix: { data: kept.data, rows: kept.rows, cols: kept.cols, scale }, table: kept, notes };
}
