import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import { BoltzkitError, FormatError } from '../errors.js';
import { type FilePath, fileError, openRegularFile } from '../io/files.js';
import { findDelimiter, headBytes, unpackedHead } from './csv-delimiter.js';
import { toUtf8, wideEncoding } from './csv-encoding.js';
import { byteLimit, columnLimit } from './csv-limits.js';
import { gzipError, isGzip } from './sized-file.js';
import { type UnpackOptions, unpackedLimit } from './unpacking.js';

/** How the lines of a CSV file are cut. */
export interface CsvLayout extends UnpackOptions {
  /** What separates fields; found from the first lines if left out. */
  readonly delimiter?: string;
  /** The most columns of a line. */
  readonly maxColumns: number;
  /** Finds the delimiter from the first lines in place of the usual way. */
  readonly findDelimiter?: (text: string) => string;
  /** Whether fields may stand in quotes. Default true. */
  readonly quotes?: boolean;
  /** Called with the share of the file that has been read. */
  readonly onShare?: ((share: number) => void) | undefined;
}

/** What becomes of the fields of a line, which begins at line number `line`; null leaves it out. */
export type ReadLine<T> = (fields: string[], line: number) => T | null;

/**
 * Streams what `read` makes of the lines of a CSV file, compressed by gzip or not, in UTF-8 or in
 * UTF-16 with its mark. Empty lines are left out.
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
  const plainHead = unpackedHead(head, packed);
  const encoding = wideEncoding(plainHead);
  const find = layout.findDelimiter ?? findDelimiter;
  const delimiter = layout.delimiter ?? find(new TextDecoder(encoding).decode(plainHead));
  const parser = parse({
    delimiter,
    bom: true,
    ...(layout.quotes === false ? { quote: false as const } : {}),
    skip_empty_lines: true,
    relax_column_count: true, // counted by the reader, for a message that says what was expected
    // Its type does not know that records may become something else than lists of text.
    on_record: ((fields: string[], { lines }: Info) => read(fields, lines)) as never,
  });
  let failure: unknown;
  const unpacked = packed ? [createGunzip({ chunkSize: 1 << 16 }), byteLimit(what, unpackedLimit(size, layout))] : [];
  const counted = layout.onShare === undefined ? [] : [shareReport(size, layout.onShare)];
  const decoded = encoding === undefined ? [] : [toUtf8(encoding)];
  pipeline([source, ...counted, ...unpacked, ...decoded, columnLimit(what, delimiter, layout.maxColumns), parser], (error) => {
    failure ??= error;
  });
  try {
    yield* parser as AsyncIterable<T>;
  } catch (error) {
    throw lineError(failure ?? error, what, call, name);
  }
}

function shareReport(size: number, report: (share: number) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length;
      report(Math.min(1, bytes / size));
      done(null, chunk);
    },
  });
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
