import { createGunzip } from 'node:zlib';
import { BoltzkitError, FormatError } from '../errors.js';
import { type FilePath, filePath, readRegularFile } from '../io/files.js';
import { tooLarge, type UnpackOptions, unpackedLimit } from './unpacking.js';

/**
 * Says from the first bytes of a file how many it must have in all, or `undefined` while it needs
 * to see more of them. Throws a FormatError when they are not the start of such a file.
 */
export type ContentSize = (head: Uint8Array, what: string) => number | undefined;

// No deflate stream grows by more than this factor (zlib's technical details: 258 bytes from 2
// bits, at best).
const maxInflation = 1032;

/**
 * Reads a binary file, compressed by gzip or not, whose header says how long it is. Memory is taken
 * for what the header claims only after the file's own size makes the claim possible.
 *
 * @param path - The file.
 * @param call - The public call, for messages.
 * @param contentSize - The reader of the header.
 * @param options - How much a compressed file may become.
 * @returns The content, of exactly the size the header says.
 */
export async function readSizedFile(path: FilePath, call: string, contentSize: ContentSize, options: UnpackOptions): Promise<Uint8Array> {
  const what = `${call}: ${filePath(path, call)}`;
  const bytes = await readRegularFile(path, call);
  if (isGzip(bytes)) return inflate(bytes, contentSize, what, unpackedLimit(bytes.length, options));
  checkSize(bytes.length, sizeOf(bytes, contentSize, what), what);
  return bytes;
}

/** Whether bytes are the start of a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** How long content must be, by all of its first bytes. */
export function sizeOf(head: Uint8Array, contentSize: ContentSize, what: string): number {
  const size = contentSize(head, what);
  if (size === undefined) throw new FormatError(`${what} was cut: it ends within its header (${head.length} bytes)`);
  return size;
}

/** Refuses content that is not as long as its header says. */
export function checkSize(got: number, expected: number, what: string): void {
  if (got < expected) throw new FormatError(`${what} was cut: its header promises ${expected} bytes, it has ${got}`);
  if (got > expected) throw new FormatError(`${what} is longer than its header says: ${expected} bytes, it has ${got}`);
}

async function inflate(bytes: Uint8Array, contentSize: ContentSize, what: string, most: number): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  gunzip.end(bytes);
  const content = new Content(bytes.length * maxInflation, most, contentSize, what);
  try {
    for await (const chunk of gunzip) content.add(chunk as Uint8Array);
  } catch (error) {
    throw error instanceof BoltzkitError ? error : gzipError(error, what);
  }
  return content.finish();
}

/** What to say when zlib refuses a file. */
export function gzipError(cause: unknown, what: string): FormatError {
  const { message } = cause as Error;
  return new FormatError(`${what} is not an intact gzip file: ${message}`, { cause });
}

/**
 * Gathers inflated pieces: the first ones until the header is complete, then all in memory of the
 * right size.
 */
class Content {
  private head: Uint8Array = new Uint8Array(0);
  private all: Uint8Array | undefined;
  private length = 0;

  constructor(
    private readonly possible: number,
    private readonly limit: number,
    private readonly contentSize: ContentSize,
    private readonly what: string,
  ) {}

  add(chunk: Uint8Array): void {
    if (this.all === undefined) this.begin(chunk);
    else this.append(chunk);
  }

  private begin(chunk: Uint8Array): void {
    this.head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    const size = this.contentSize(this.head, this.what);
    if (size === undefined) return;
    if (size > this.possible) throw new FormatError(`${this.what} was altered: no file of its size can hold the ${size} bytes it claims`);
    if (size > this.limit) throw new FormatError(tooLarge(this.what, this.limit));
    this.all = new Uint8Array(size);
    this.append(this.head);
  }

  private append(chunk: Uint8Array): void {
    const all = this.all as Uint8Array;
    if (this.length + chunk.length > all.length) {
      throw new FormatError(`${this.what} is longer than its header says (${all.length} bytes)`);
    }
    all.set(chunk, this.length);
    this.length += chunk.length;
  }

  finish(): Uint8Array {
    const all = this.all ?? new Uint8Array(sizeOf(this.head, this.contentSize, this.what));
    checkSize(this.length, all.length, this.what);
    return all;
  }
}
