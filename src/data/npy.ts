/**
 * numpy's npy format, versions 1 to 3: a magic string, the version, the length of a text header,
 * the header, the elements. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { FormatError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { littleEndianBytes } from '../io/bytes.js';
import { type FilePath, filePath } from '../io/files.js';
import { checkedProduct, shapeText } from './integers.js';
import { array, type NdArray } from './ndarray.js';
import { type NpyHeader, parseNpyHeader } from './npy-header.js';
import { type ElementType, elementType, typeName } from './npy-types.js';
import { rowMajorElements } from './row-major.js';
import type { DenseRowsInput, NumericArray } from './rows-input.js';
import { checkSize, readSizedFile, sizeOf } from './sized-file.js';
import { readUnpackOptions, type UnpackOptions } from './unpacking.js';

const magic = '\x93NUMPY';
// numpy's own limit for what it reads without being told to trust the file is 10,000 characters.
const maxHeader = 1 << 16;

/**
 * Reads an npy file as numpy.save writes it: numbers or booleans of any rank, in C or Fortran
 * order, in either byte order.
 *
 * 64-bit integers come as doubles and are refused beyond 2^53; half precision comes as
 * Float32Array; booleans come as bytes 0 and 1. Nothing in the file is executed.
 *
 * @param path - The file, compressed by gzip or not.
 * @param options - `maxUnpackedBytes`: how much a compressed file may become. Default: 100 times
 *   its size, at least 64 MiB.
 * @returns An `ndarray` of the file's shape; Fortran order shows in its strides.
 * @throws `FormatError` when the file is cut, altered or of another kind, `ParameterError` when it
 *   cannot be read.
 */
export async function readNpy(path: FilePath, options?: UnpackOptions): Promise<NdArray<NumericArray>> {
  return readNpyFor('readNpy', path, readUnpackOptions('readNpy', options));
}

/** {@link readNpy} on behalf of another public call, which messages name. */
export async function readNpyFor(call: string, path: FilePath, options: UnpackOptions = {}): Promise<NdArray<NumericArray>> {
  const bytes = await readSizedFile(path, call, (head, what) => parseFile(head, what)?.end, options);
  return arrayOf(bytes, `${call}: ${filePath(path, call)}`);
}

/** The array in the bytes of an npy file; `what` names them in messages. */
export function parseNpy(bytes: Uint8Array, what: string): NdArray<NumericArray> {
  checkSize(
    bytes.length,
    sizeOf(bytes, (head) => parseFile(head, what)?.end, what),
    what,
  );
  return arrayOf(bytes, what);
}

function arrayOf(bytes: Uint8Array, what: string): NdArray<NumericArray> {
  const { shape, fortranOrder, type, begin, end } = parseFile(bytes, what) as NpyFile;
  const data = type.decode(bytes.subarray(begin, end), type.order, what);
  return array(data, shape, fortranOrder ? columnMajor(shape) : undefined);
}

interface NpyFile extends NpyHeader {
  readonly type: ElementType;
  /** Where the elements begin and end in the file. */
  readonly begin: number;
  readonly end: number;
}

function parseFile(head: Uint8Array, what: string): NpyFile | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (!magic.startsWith(text.toString('latin1', 0, magic.length))) throw new FormatError(`${what} is not an npy file`);
  if (head.length < 12) return undefined;
  const major = head[6] as number;
  if (major < 1 || major > 3) throw new FormatError(`${what} is npy version ${major}, only versions 1 to 3 are known`);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? text.readUInt16LE(8) : text.readUInt32LE(8);
  if (length > maxHeader) throw new FormatError(`${what} has a damaged npy header: ${length} bytes are beyond reason`);
  const begin = start + length;
  if (head.length < begin) return undefined;
  const header = parseNpyHeader(text.toString(major === 3 ? 'utf8' : 'latin1', start, begin), what);
  const type = elementType(header.descr, what);
  const bytes = checkedProduct([...header.shape, type.bytes]);
  if (bytes === undefined) throw new FormatError(`${what} claims an impossible shape: ${shapeText(header.shape)}`);
  return { ...header, type, begin, end: begin + bytes };
}

function columnMajor(shape: readonly number[]): number[] {
  let step = 1;
  return shape.map((n) => {
    const stride = step;
    step *= n;
    return stride;
  });
}

/**
 * Writes an array as an npy file (version 1, little-endian, C order), atomically. Leave the array
 * alone until the promise resolves.
 *
 * @param path - The file to make or replace.
 * @param input - An `ndarray`, or `{ data, shape, stride?, offset? }`, of any rank. Plain arrays
 *   are written as doubles.
 * @throws `ShapeError` or `ParameterError` when the array does not fit its shape or the file cannot
 *   be written.
 */
export async function writeNpy(path: FilePath, input: DenseRowsInput): Promise<void> {
  const { data, shape } = rowMajorElements(input, { call: 'writeNpy', argument: 'array', units: 'columns' });
  await writeFileAtomic(path, [headerBytes(typeName(data), shape), littleEndianBytes(data)], 'writeNpy');
}

function headerBytes(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The elements begin at a multiple of 64 bytes, so that a reader may map the file.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = Buffer.from(`${magic}\x01\x00\x00\x00${text.padEnd(length - 1)}\n`, 'latin1');
  bytes.writeUInt16LE(length, 8);
  return bytes;
}
