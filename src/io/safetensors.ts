/**
 * The safetensors container: eight bytes of header length (little-endian), a JSON header, then the tensors' bytes back to back.
 *
 * Files written here are in one canonical form and carry a SHA-256 over all their bytes, so a file that was cut, altered or written by
 * someone else is told from a good one before anything in it is used. Format: https://github.com/huggingface/safetensors
 */
import { createHash } from 'node:crypto';
import { FormatError, ParameterError } from '../errors.js';
import { type ArrayClass, littleEndianBytes, numbersFromBytes } from './bytes.js';
import { checkHeader, digestKey, digestPlaceholder, type HeaderEntry, parseHeader } from './safetensors-header.js';

const classes = {
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

/** Element types of stored tensors. */
export type TensorType = keyof typeof classes;

/** A tensor, row-major. */
export interface Tensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** As many elements as the shape says, of the type that `dtype` names. */
  readonly data: Float32Array | Float64Array | BigInt64Array | BigUint64Array | Uint32Array | Uint8Array;
}

/** What a file holds. */
export interface TensorFile {
  readonly tensors: Map<string, Tensor>;
  /** Free text values by key, without the checksum. */
  readonly metadata: Record<string, string>;
}

/**
 * Encodes tensors and metadata as one safetensors file with a checksum. The same content always gives the same bytes.
 *
 * @param tensors - Tensors by name.
 * @param metadata - Text values by key.
 */
export function encodeSafetensors(tensors: ReadonlyMap<string, Tensor>, metadata: Readonly<Record<string, string>>): Uint8Array {
  // Wide elements first: then every tensor is aligned to its elements and can be used in place.
  const ordered = [...tensors].sort(([a, x], [b, y]) => elementSize(y.dtype) - elementSize(x.dtype) || (a < b ? -1 : 1));
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  header.__metadata__ = orderedMetadata(metadata);
  let end = 0;
  for (const [name, tensor] of ordered) {
    const begin = end;
    end += checkTensor(name, tensor);
    header[name] = { dtype: tensor.dtype, shape: [...tensor.shape], data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const start = Math.ceil((8 + text.length) / 8) * 8;
  const file = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(text, 8);
  let position = start;
  for (const [, tensor] of ordered) {
    const bytes = littleEndianBytes(tensor.data);
    file.set(bytes, position);
    position += bytes.length;
  }
  return sealed(file, start);
}

function elementSize(dtype: TensorType): number {
  return classes[dtype].BYTES_PER_ELEMENT;
}

function checkTensor(name: string, { dtype, shape, data }: Tensor): number {
  const size = shape.every((n) => Number.isSafeInteger(n) && n >= 0) ? shape.reduce((product, n) => product * n, 1) : Number.NaN;
  if (name === '' || name === '__metadata__') throw new ParameterError(`encodeSafetensors: a tensor cannot be called "${name}"`);
  if (data instanceof classes[dtype] && size === data.length) return data.byteLength;
  throw new ParameterError(`encodeSafetensors: the data of tensor ${JSON.stringify(name)} do not fit its type and shape`);
}

function orderedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const result = Object.create(null) as Record<string, string>;
  result[digestKey] = digestPlaceholder;
  for (const key of Object.keys(metadata).sort()) {
    const value: unknown = metadata[key];
    if (key === digestKey || typeof value !== 'string') {
      throw new ParameterError(`encodeSafetensors: metadata ${JSON.stringify(key)} is reserved or not a string`);
    }
    result[key] = value;
  }
  return result;
}

/** Puts the digest of the whole file, its own place taken as zeros, into that place. */
function sealed(file: Uint8Array, start: number): Uint8Array {
  // Quotes inside names and values are escaped, so nothing else in the header looks like this place.
  const place = digestPlace(file.subarray(8, start)) as number;
  file.set(Buffer.from(createHash('sha256').update(file).digest('hex'), 'latin1'), 8 + place);
  return file;
}

/**
 * Decodes a file made by {@link encodeSafetensors}, after checking every byte of it. Tensors are views of `bytes` where alignment allows.
 *
 * @param bytes - The whole file.
 * @param what - Call and file, for messages: `RBM.load: model.safetensors`.
 * @throws {@link FormatError} for anything but an intact file of that kind.
 */
export function decodeSafetensors(bytes: Uint8Array, what: string): TensorFile {
  const start = headerEnd(bytes, what);
  const header = parseHeader(bytes.subarray(8, start), what);
  checkDigest(bytes, start, header.digest, what);
  const { metadata, entries } = checkHeader(header, bytes.length - start, what);
  return { tensors: new Map(entries.map((entry) => [entry.name, readTensor(bytes, start, entry)])), metadata };
}

function headerEnd(bytes: Uint8Array, what: string): number {
  if (bytes.length < 8) throw new FormatError(`${what} is too short to be a safetensors file (${bytes.length} bytes)`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length <= BigInt(bytes.length - 8)) return 8 + Number(length);
  throw new FormatError(`${what} is not a safetensors file or was cut: its header claims ${length} bytes, the file has ${bytes.length}`);
}

function checkDigest(bytes: Uint8Array, start: number, stated: string | undefined, what: string): void {
  if (stated === undefined) {
    throw new FormatError(`${what} has no boltzkit checksum: it is a safetensors file, but not one that boltzkit wrote`);
  }
  const place = digestPlace(bytes.subarray(8, start));
  const hash = createHash('sha256');
  if (place !== undefined) {
    const [before, after] = [8 + place, 8 + place + digestPlaceholder.length];
    hash.update(bytes.subarray(0, before)).update(digestPlaceholder, 'latin1').update(bytes.subarray(after));
  }
  if (place === undefined || hash.digest('hex') !== stated) {
    throw new FormatError(`${what} was cut, altered or damaged: its checksum does not match its content`);
  }
}

/** Where the digest's digits begin in a header, or `undefined` unless there is exactly one such place. */
function digestPlace(header: Uint8Array): number | undefined {
  const text = Buffer.from(header.buffer, header.byteOffset, header.length);
  const opening = `"${digestKey}":"`;
  const at = text.indexOf(opening, 0, 'latin1');
  if (at < 0 || text.indexOf(opening, at + 1, 'latin1') >= 0) return undefined;
  return at + opening.length;
}

function readTensor(bytes: Uint8Array, start: number, { dtype, shape, begin, end }: HeaderEntry): Tensor {
  const Class = classes[dtype as TensorType] as ArrayClass<Tensor['data']>;
  return { dtype: dtype as TensorType, shape, data: numbersFromBytes(bytes.subarray(start + begin, start + end), Class, 'little') };
}
