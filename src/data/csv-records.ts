import { FormatError } from '../errors.js';
import { got } from '../got.js';
import { type FilePath, filePath } from '../io/files.js';
import { type CsvLayout, readLines } from './csv-lines.js';
import { toNumber } from './csv-text.js';

/** How a CSV file of numbers is read. */
export interface CsvFormat {
  readonly layout: CsvLayout;
  readonly header: boolean | 'auto';
  /** Whether numbers must fit single precision. */
  readonly single: boolean;
  /** Whether a field stands for a missing value. */
  readonly isMissing: (field: string) => boolean;
}

/** One line of numbers. */
export interface CsvRecord {
  readonly values: Float64Array;
  /** Names of the columns, the same for every record. */
  readonly names: string[] | null;
}

/** Streams the lines of a CSV file as numbers. */
export function readRecords(path: FilePath, call: string, format: CsvFormat): AsyncGenerator<CsvRecord, void, undefined> {
  const table = new NumberReader(format, `${call}: ${filePath(path, call)}`);
  return readLines(path, call, format.layout, (fields, line) => table.read(fields, line));
}

/**
 * Turns fields into numbers; the first line says how many there are and maybe what they are called.
 */
class NumberReader {
  private names: string[] | null = null;
  private cols = 0;

  constructor(
    private readonly format: CsvFormat,
    private readonly what: string,
  ) {}

  /** @returns null for the line of names. */
  read(fields: string[], line: number): CsvRecord | null {
    if (this.cols === 0) {
      this.cols = fields.length;
      if (this.isHeader(fields, line)) {
        this.names = fields.map((field) => field.trim());
        return null;
      }
    }
    if (fields.length !== this.cols) throw raggedLine(this.what, line, this.cols, fields.length);
    const values = new Float64Array(this.cols);
    for (let i = 0; i < values.length; i++) values[i] = this.number(fields[i] as string, line, i);
    return { values, names: this.names };
  }

  private isHeader(fields: string[], line: number): boolean {
    if (this.format.header !== 'auto') return this.format.header;
    const isNumber = (field: string) => Number.isFinite(toNumber(field));
    const at = fields.findIndex((field) => !isNumber(field) && !this.format.isMissing(field));
    if (at < 0) return false;
    if (!fields.some(isNumber)) return true;
    throw new FormatError(`${this.fieldText(fields[at] as string, line, at)} (if line ${line} holds names, say so with header: true)`);
  }

  private number(field: string, line: number, column: number): number {
    const value = toNumber(field);
    if (Number.isFinite(this.format.single ? Math.fround(value) : value)) return value;
    if (this.format.isMissing(field)) return Number.NaN;
    const hint = Number.isNaN(value) ? ' (tables with columns of text are for readTable)' : '';
    throw new FormatError(this.fieldText(field, line, column) + hint);
  }

  private fieldText(field: string, line: number, column: number): string {
    const name = this.names?.[column];
    const place = `line ${line}, column ${column + 1}${name === undefined ? '' : ` (${got(name)})`}`;
    return `${this.what}, ${place} must be a finite number, got ${got(field)}`;
  }
}

/** The error for a line of another number of fields. */
export function raggedLine(what: string, line: number, expected: number, fields: number): FormatError {
  return new FormatError(`${what}, line ${line} must have ${expected} fields like the lines before it, got ${fields}`);
}
