import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import { BoltzkitError, FormatError } from '../errors.js';
import { type FilePath, fileError, openRegularFile } from '../io/files.js';
import { findDelimiter, headBytes, headText } from './csv-delimiter.js';
import { byteLimit, columnLimit } from './csv-limits.js';
import { gzipError, isGzip } from './sized-file.js';
import { type UnpackOptions, unpackedLimit } from './unpacking.js';

/** How the lines of a CSV file are cut. */
export interface CsvLayout extends UnpackOptions {
  /** What separates fields; found from the first lines if left out. */
  readonly delimiter?: string;
  /** The most columns of a line. */
  readonly maxColumns: number;
}

/** What becomes of the fields of a line, which begins at line number `line`; null leaves it out. */
export type ReadLine<T> = (fields: string[], line: number) => T | null;

/**
 * Streams what `read` makes of the lines of a CSV file, compressed by gzip or not. Empty lines are
 * left out.
 *
 * @param path - The file.
 * @param call - The public call, for messages.
 */
export async function* readLines<T>(
  path: FilePath,
  call: string,
  layout: CsvLayout,
  read: ReadLine<T>,
): AsyncGenerator<T, void, undefined> {
  const { source, name, size, packed, head } = await openStream(path, call);
  const what = `${call}: ${name}`;
  const delimiter = layout.delimiter ?? findDelimiter(headText(head, packed));
  const parser = parse({
    delimiter,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true, // counted by the reader, for a message that says what was expected
    // Its type does not know that records may become something else than lists of text.
    on_record: ((fields: string[], { lines }: Info) => read(fields, lines)) as never,
  });
  let failure: unknown;
  const unpacked = packed ? [createGunzip({ chunkSize: 1 << 16 }), byteLimit(what, unpackedLimit(size, layout))] : [];
  pipeline([source, ...unpacked, columnLimit(what, delimiter, layout.maxColumns), parser], (error) => {
    failure ??= error;
  });
  try {
    yield* parser as AsyncIterable<T>;
  } catch (error) {
    throw lineError(failure ?? error, what, call, name);
  }
}

interface Opened {
  readonly source: Readable;
  readonly name: string;
  readonly size: number;
  readonly packed: boolean;
  readonly head: Uint8Array;
}

async function openStream(path: FilePath, call: string): Promise<Opened> {
  const { handle, size, name } = await openRegularFile(path, call);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(headBytes.plain), 0, headBytes.plain, 0);
    const packed = isGzip(buffer);
    const head = buffer.subarray(0, packed ? Math.min(bytesRead, headBytes.packed) : bytesRead);
    return { source: handle.createReadStream({ start: 0 }), name, size, packed, head };
  } catch (error) {
    await handle.close();
    throw fileError(call, 'read', name, error);
  }
}

function lineError(error: unknown, what: string, call: string, name: string): BoltzkitError {
  if (error instanceof BoltzkitError) return error;
  if (error instanceof CsvError) return new FormatError(`${what} is not a CSV file: ${error.message}`, { cause: error });
  if (String((error as NodeJS.ErrnoException).code).startsWith('Z_')) return gzipError(error, what);
  return fileError(call, 'read', name, error);
}
