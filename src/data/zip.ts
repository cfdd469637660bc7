/**
 * The entries of a zip archive that lies in memory: APPNOTE.TXT of PKWARE, version 6.3.10, sections
 * 4.3.6 to 4.3.16. Read are archives as numpy and Python's zipfile write them: stored or deflated,
 * one file, not encrypted, below 4 GiB. The directory at the end says what there is; what lies
 * between entries is not looked at.
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { FormatError } from '../errors.js';
import { tooLarge } from './unpacking.js';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once unpacked, as the directory claims. */
  readonly size: number;
  readonly deflated: boolean;
  /** Its bytes in the archive. */
  readonly packed: Uint8Array;
  readonly crc: number;
}

const signatures = { end: 0x06054b50, directory: 0x02014b50, local: 0x04034b50 } as const;
const endBytes = 22;
const longestComment = 0xffff;
/** A field that holds this says that its value is elsewhere (ZIP64). */
const elsewhere = 0xffffffff;
const encrypted = 1;
const [stored, deflate] = [0, 8];
const inflated = promisify(inflateRaw) as (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

/** Whether bytes are the start of a zip archive, an empty one included. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/** What an archive holds, in the order of its directory. Nothing is unpacked. */
export function zipEntries(bytes: Uint8Array, what: string): ZipEntry[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(view);
  if (end < 0) throw new FormatError(`${what} was cut or is not a zip archive: it has no directory at its end`);
  const [count, size, begin] = [view.readUInt16LE(end + 10), view.readUInt32LE(end + 12), view.readUInt32LE(end + 16)];
  if (begin === elsewhere || count === 0xffff) throw tooBig(what);
  if (begin + size > end) throw damaged(what, 'its directory lies outside of it');
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = begin;
  for (let i = 0; i < count; i++) {
    const { entry, next } = readEntry(view, at, end, what);
    if (names.has(entry.name)) throw damaged(what, `it holds ${JSON.stringify(entry.name)} twice`);
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  return entries;
}

/** Where the directory's end is told: a comment may follow it. */
function endOf(view: Buffer): number {
  const first = Math.max(0, view.length - endBytes - longestComment);
  for (let at = view.length - endBytes; at >= first; at--) {
    if (view.readUInt32LE(at) === signatures.end && at + endBytes + view.readUInt16LE(at + 20) === view.length) return at;
  }
  return -1;
}

function readEntry(view: Buffer, at: number, end: number, what: string): { entry: ZipEntry; next: number } {
  if (at + 46 > end || view.readUInt32LE(at) !== signatures.directory) throw damaged(what, 'its directory is not whole');
  const [flags, method] = [view.readUInt16LE(at + 8), view.readUInt16LE(at + 10)];
  const [packedSize, size, offset] = [view.readUInt32LE(at + 20), view.readUInt32LE(at + 24), view.readUInt32LE(at + 42)];
  const lengths = [28, 30, 32].map((field) => view.readUInt16LE(at + field)) as [number, number, number];
  const next = at + 46 + lengths[0] + lengths[1] + lengths[2];
  if (next > end) throw damaged(what, 'its directory is not whole');
  const name = view.toString('utf8', at + 46, at + 46 + lengths[0]);
  const quoted = JSON.stringify(name.slice(0, 80));
  if (flags & encrypted) throw new FormatError(`${what}: ${quoted} is encrypted`);
  if (method !== stored && method !== deflate)
    throw new FormatError(`${what}: ${quoted} is packed by method ${method}, only deflate is known`);
  if (packedSize === elsewhere || size === elsewhere || offset === elsewhere) throw tooBig(what);
  if (method === stored && packedSize !== size) throw damaged(what, `the sizes of ${quoted} contradict each other`);
  const packed = packedBytes(view, offset, packedSize, at);
  if (packed === undefined) throw damaged(what, `${quoted} is not where its directory says`);
  return { entry: { name, size, deflated: method === deflate, packed, crc: view.readUInt32LE(at + 16) }, next };
}

/** An entry's bytes follow a header of its own, whose name and extra field may have another length than the directory's. */
function packedBytes(view: Buffer, offset: number, size: number, directory: number): Uint8Array | undefined {
  if (offset + 30 > directory || view.readUInt32LE(offset) !== signatures.local) return undefined;
  const begin = offset + 30 + view.readUInt16LE(offset + 26) + view.readUInt16LE(offset + 28);
  return begin + size > directory ? undefined : view.subarray(begin, begin + size);
}

/** Unpacks an entry and checks it. `most`: how many bytes it may become. */
export async function unpackEntry({ name, size, deflated, packed, crc }: ZipEntry, what: string, most: number): Promise<Uint8Array> {
  const quoted = JSON.stringify(name.slice(0, 80));
  if (deflated && size > most) throw new FormatError(tooLarge(`${what}: ${quoted}`, most));
  const bytes = deflated ? await inflateEntry(packed, size, `${what}: ${quoted}`) : packed;
  if (bytes.length !== size) throw damaged(what, `${quoted} unpacks to ${bytes.length} bytes instead of ${size}`);
  if (crc32(bytes) !== crc) throw damaged(what, `the checksum of ${quoted} does not fit`);
  // Typed arrays over it need an aligned start, and an entry begins anywhere.
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
}

async function inflateEntry(packed: Uint8Array, size: number, what: string): Promise<Uint8Array> {
  try {
    return await inflated(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw new FormatError(`${what} cannot be unpacked: ${(cause as Error).message}`, { cause });
  }
}

function damaged(what: string, reason: string): FormatError {
  return new FormatError(`${what} is a damaged zip archive: ${reason}`);
}

function tooBig(what: string): FormatError {
  return new FormatError(`${what} is a ZIP64 archive: only entries and archives below 2 GiB can be read`);
}
