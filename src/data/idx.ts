/**
 * The idx format of the MNIST files: two zero bytes, a byte for the element type, one for the
 * number of dimensions, each size as a big-endian 32-bit integer, then the elements, big-endian.
 * Described by LeCun, Cortes and Burges with the data set.
 */
import { FormatError } from '../errors.js';
import { type ArrayClass, numbersFromBytes } from '../io/bytes.js';
import { type FilePath, filePath } from '../io/files.js';
import { checkedProduct, shapeText } from './integers.js';
import { array, type NdArray } from './ndarray.js';
import { readSizedFile } from './sized-file.js';
import { readUnpackOptions, type UnpackOptions } from './unpacking.js';

/** What an idx file can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const classes: Record<number, ArrayClass<IdxData>> = {
  8: Uint8Array,
  9: Int8Array,
  11: Int16Array,
  12: Int32Array,
  13: Float32Array,
  14: Float64Array,
};

/**
 * Reads an idx file (as MNIST and its relatives come in), compressed by gzip or not.
 *
 * @param path - The file.
 * @param options - `maxUnpackedBytes`: how much a compressed file may become. Default: 100 times
 *   its size, at least 64 MiB.
 * @returns Its array in the file's own type and shape, for example bytes [60000, 28, 28].
 * @throws `FormatError` when the file is cut, altered or of another kind, `ParameterError` when it
 *   cannot be read.
 */
export async function readIdx(path: FilePath, options?: UnpackOptions): Promise<NdArray<IdxData>> {
  return readIdxFor('readIdx', path, readUnpackOptions('readIdx', options));
}

/** {@link readIdx} on behalf of another public call, which messages name. */
export async function readIdxFor(call: string, path: FilePath, options: UnpackOptions = {}): Promise<NdArray<IdxData>> {
  const contentSize = (head: Uint8Array, what: string): number | undefined => {
    const header = parseHeader(head, what);
    return header && header.length + header.size * header.Class.BYTES_PER_ELEMENT;
  };
  const bytes = await readSizedFile(path, call, contentSize, options);
  const { Class, shape, length } = parseHeader(bytes, `${call}: ${filePath(path, call)}`) as IdxHeader;
  return array(numbersFromBytes(bytes.subarray(length), Class, 'big'), shape);
}

/** As of numpy's arrays; more would be work without data. */
const maxRank = 32;

interface IdxHeader {
  readonly Class: ArrayClass<IdxData>;
  readonly shape: number[];
  /** Elements in all. */
  readonly size: number;
  /** Bytes of the header. */
  readonly length: number;
}

function parseHeader(head: Uint8Array, what: string): IdxHeader | undefined {
  if (head.length < 4) return undefined;
  const [zero, zeroToo, type, rank] = head as unknown as [number, number, number, number];
  const Class = classes[type];
  if (zero !== 0 || zeroToo !== 0 || Class === undefined || rank === 0) throw new FormatError(`${what} is not an idx file`);
  if (rank > maxRank) throw new FormatError(`${what} claims ${rank} dimensions, at most ${maxRank} can be read`);
  const length = 4 + 4 * rank;
  if (head.length < length) return undefined;
  const view = new DataView(head.buffer, head.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = checkedProduct(shape);
  if (size === undefined) throw new FormatError(`${what} claims an impossible shape: ${shapeText(shape)}`);
  return { Class, shape, size, length };
}
