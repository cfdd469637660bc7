import { FormatError } from '../errors.js';

/** Metadata key of the checksum: SHA-256 of the whole file with these 64 digits taken as zeros, in lower-case hexadecimal. */
export const digestKey = 'boltzkit.sha256';
/** What stands in the digest's place while it is computed. */
export const digestPlaceholder = '0'.repeat(64);

const elementSizes: Record<string, number> = { F32: 4, F64: 8, I64: 8, U64: 8, U32: 4, U8: 1 };
const maxRank = 32;

/** One tensor as the header describes it; offsets count from the end of the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** JSON of a header before its content is checked. */
export interface ParsedHeader {
  readonly text: string;
  readonly json: Json;
  /** The checksum it states, if it does. */
  readonly digest: string | undefined;
}

/** What a header says, checked. */
export interface CheckedHeader {
  /** Free text by key, without the checksum. */
  readonly metadata: Record<string, string>;
  readonly entries: HeaderEntry[];
}

type Fail = (reason: string) => never;
type Json = Record<string, unknown>;

function failing(what: string): Fail {
  return (reason) => {
    throw new FormatError(`${what} has a damaged header: ${reason}`);
  };
}

/** Parses the bytes of a header. */
export function parseHeader(bytes: Uint8Array, what: string): ParsedHeader {
  const fail = failing(what);
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch {
    return fail('it is not JSON');
  }
  if (!isObject(json)) return fail('it is not a JSON object');
  const metadata = json.__metadata__;
  const digest = isObject(metadata) ? metadata[digestKey] : undefined;
  return { text, json, digest: typeof digest === 'string' ? digest : undefined };
}

/**
 * Checks that a header is in the form this package writes and that its tensors fill the data exactly: no holes, no overlaps, no lies
 * about sizes.
 *
 * @param header - From {@link parseHeader}.
 * @param dataLength - Bytes that follow the header.
 * @param what - Call and file, for messages.
 */
export function checkHeader(header: ParsedHeader, dataLength: number, what: string): CheckedHeader {
  const fail = failing(what);
  const { json } = header;
  if (!isCanonical(header)) fail('it is not in the form that boltzkit writes');
  const metadata = readMetadata(json.__metadata__, fail);
  const names = Object.keys(json).filter((name) => name !== '__metadata__');
  const entries = names.map((name) => readEntry(name, json[name], fail));
  checkLayout(entries, dataLength, fail);
  return { metadata, entries };
}

/**
 * Whether the JSON is exactly what this package would have written for its content. This one comparison refuses duplicate keys, odd
 * numbers, stray white space and other ways of saying one thing while another reader understands something else.
 */
function isCanonical({ text, json }: ParsedHeader): boolean {
  try {
    return JSON.stringify(json) === text.replace(/ {0,7}$/, '');
  } catch {
    return false; // nested deeper than the stack
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The metadata without the checksum. */
function readMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((entry) => typeof entry === 'string')) return fail('its metadata are not all text');
  const { [digestKey]: _, ...metadata } = value as Record<string, string>;
  return metadata;
}

function readEntry(name: string, value: unknown, fail: Fail): HeaderEntry {
  const about = `tensor ${JSON.stringify(name.slice(0, 80))}`;
  if (!isObject(value) || Object.keys(value).join() !== 'dtype,shape,data_offsets') return fail(`${about} lacks its type, shape or place`);
  const { dtype, shape, data_offsets: offsets } = value;
  const size = typeof dtype === 'string' && Object.hasOwn(elementSizes, dtype) ? elementSizes[dtype] : undefined;
  if (size === undefined) return fail(`${about} has an unknown type`);
  if (!isSizes(shape) || shape.length > maxRank) return fail(`${about} has a damaged shape`);
  if (!isSizes(offsets) || offsets.length !== 2) return fail(`${about} has damaged offsets`);
  const [begin, end] = offsets as [number, number];
  if (!fits(shape, size, end - begin)) return fail(`${about} of shape [${shape.join(', ')}] does not take ${end - begin} bytes`);
  return { name, dtype: dtype as string, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** Whether a shape takes exactly so many bytes. Stops before a product can lose digits: sizes in a file are below 2^53. */
function fits(shape: readonly number[], size: number, bytes: number): boolean {
  if (shape.includes(0)) return bytes === 0;
  let product = size;
  for (const n of shape) {
    product *= n;
    if (product > bytes) return false;
  }
  return product === bytes;
}

function checkLayout(entries: readonly HeaderEntry[], dataLength: number, fail: Fail): void {
  const byPlace = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of byPlace) {
    if (begin !== position) fail(`there is a hole or an overlap before tensor ${JSON.stringify(name.slice(0, 80))}`);
    position = end;
  }
  if (position !== dataLength) fail(`its tensors take ${position} bytes, but ${dataLength} follow it`);
}
