import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import { BoltzkitError, FormatError } from '../errors.js';
import { type FilePath, fileError, openRegularFile } from '../io/files.js';
import { byteLimit, columnLimit } from './csv-limits.js';
import { gzipError, isGzip } from './sized-file.js';
import { type UnpackOptions, unpackedLimit } from './unpacking.js';
import { got } from './where.js';

/** How a CSV file is laid out. */
export interface CsvFormat extends UnpackOptions {
  readonly header: boolean | 'auto';
  readonly delimiter: string;
  /** Whether numbers must fit single precision. */
  readonly single: boolean;
  /** The most columns of a line. */
  readonly maxColumns: number;
}

/** One line of numbers. */
export interface CsvRecord {
  readonly values: Float64Array;
  /** Names of the columns, the same for every record. */
  readonly names: string[] | null;
}

/** Streams the lines of a CSV file as numbers. */
export async function* readRecords(path: FilePath, call: string, format: CsvFormat): AsyncGenerator<CsvRecord, void, undefined> {
  const { source, name, size, packed } = await openStream(path, call);
  const what = `${call}: ${name}`;
  const table = new TableReader(format, what);
  const parser = parse({
    delimiter: format.delimiter,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true, // counted here, for a message that says what was expected
    // Its type does not know that records may become something else than lists of text.
    on_record: ((fields: string[], { lines }: Info) => table.read(fields, lines)) as never,
  });
  let failure: unknown;
  const unpacked = packed ? [createGunzip({ chunkSize: 1 << 16 }), byteLimit(what, unpackedLimit(size, format))] : [];
  pipeline([source, ...unpacked, columnLimit(what, format.delimiter, format.maxColumns), parser], (error) => {
    failure ??= error;
  });
  try {
    yield* parser as AsyncIterable<CsvRecord>;
  } catch (error) {
    throw readable(failure ?? error, what, call, name);
  }
}

async function openStream(path: FilePath, call: string): Promise<{ source: Readable; name: string; size: number; packed: boolean }> {
  const { handle, size, name } = await openRegularFile(path, call);
  try {
    const head = new Uint8Array(2);
    await handle.read(head, 0, 2, 0);
    return { source: handle.createReadStream({ start: 0 }), name, size, packed: isGzip(head) };
  } catch (error) {
    await handle.close();
    throw fileError(call, 'read', name, error);
  }
}

function readable(error: unknown, what: string, call: string, name: string): BoltzkitError {
  if (error instanceof BoltzkitError) return error;
  if (error instanceof CsvError) return new FormatError(`${what} is not a CSV file: ${error.message}`, { cause: error });
  if (String((error as NodeJS.ErrnoException).code).startsWith('Z_')) return gzipError(error, what);
  return fileError(call, 'read', name, error);
}

/** Turns fields into numbers; the first line says how many there are and maybe what they are called. */
class TableReader {
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
    if (fields.length !== this.cols) {
      throw new FormatError(`${this.what}, line ${line} must have ${this.cols} fields like the lines before it, got ${fields.length}`);
    }
    const values = new Float64Array(this.cols);
    for (let i = 0; i < values.length; i++) values[i] = this.number(fields[i] as string, line, i);
    return { values, names: this.names };
  }

  private isHeader(fields: string[], line: number): boolean {
    if (this.format.header !== 'auto') return this.format.header;
    const numbers = fields.filter((field) => Number.isFinite(toNumber(field))).length;
    if (numbers === 0) return true;
    if (numbers === fields.length) return false;
    const at = fields.findIndex((field) => !Number.isFinite(toNumber(field)));
    throw new FormatError(`${this.fieldText(fields[at] as string, line, at)} (if line ${line} holds names, say so with header: true)`);
  }

  private number(field: string, line: number, column: number): number {
    const value = toNumber(field);
    if (Number.isFinite(this.format.single ? Math.fround(value) : value)) return value;
    throw new FormatError(this.fieldText(field, line, column));
  }

  private fieldText(field: string, line: number, column: number): string {
    const name = this.names?.[column];
    const place = `line ${line}, column ${column + 1}${name === undefined ? '' : ` (${got(name)})`}`;
    return `${this.what}, ${place} must be a finite number, got ${got(field)}`;
  }
}

/** A decimal number, or NaN: JavaScript's own rules would take blanks for 0 and read hexadecimal. */
function toNumber(field: string): number {
  const value = Number(field);
  if (field.length === 1 && value !== 0) return value;
  // 0x10, 0b1 and 0o7 are the only numbers in which a 0 is followed by a letter other than e.
  return /^\s*$|^\s*0[a-df-z]/i.test(field) ? Number.NaN : value;
}
