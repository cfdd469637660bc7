import { createGunzip } from 'node:zlib';
import { readCsvFor } from '../data/csv.js';
import { readIdxFor } from '../data/idx.js';
import { readNpyFor } from '../data/npy.js';
import { rowMajorElements } from '../data/row-major.js';
import { FormatError, ParameterError } from '../errors.js';
import { fileError, openRegularFile } from '../io/files.js';
import type { ImageShape } from '../runs/image.js';
import type { HeaderChoice } from '../runs/record.js';
import { CliError } from './failures.js';

/** What messages name: the readers' errors then say `train: …`. */
const CALL = 'reading data';

/** Numbers from a file, row-major, as they are in it. */
export interface NumberFile {
  data: Float32Array | Uint8Array;
  rows: number;
  cols: number;
  /** Height and width when the file itself has pictures, [n, height, width]. */
  image: ImageShape | null;
  /**
   * Whether it holds bytes of pictures: an idx or npy file of bytes with more than two dimensions.
   */
  pictures: boolean;
  /** Names of the columns, if a csv has them. */
  names: string[] | null;
}

type Kind = 'npy' | 'idx' | 'csv';

/** The first bytes of a file, unpacked if it is gzipped. */
async function firstBytes(path: string): Promise<Buffer> {
  const { handle, name } = await openRegularFile(path, CALL);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1 << 12), 0, 1 << 12, 0);
    const head = buffer.subarray(0, bytesRead);
    return head[0] === 0x1f && head[1] === 0x8b ? await inflateHead(head) : head;
  } catch (error) {
    throw fileError(CALL, 'read', name, error);
  } finally {
    await handle.close();
  }
}

async function inflateHead(packed: Buffer): Promise<Buffer> {
  const gunzip = createGunzip();
  gunzip.end(packed);
  const parts: Buffer[] = [];
  try {
    for await (const part of gunzip) parts.push(part as Buffer);
  } catch {
    // The head of a gzip stream ends in the middle: what came out so far is what is wanted.
  }
  // Cut before its first byte: the reader of text will say that the file is not intact.
  return parts.length === 0 ? Buffer.from('\n') : Buffer.concat(parts);
}

function kindOf(head: Buffer, path: string): Kind {
  if (head.length === 0) throw new FormatError(`\`${path}\` is empty`);
  if (head.subarray(0, 6).toString('latin1') === '\x93NUMPY') return 'npy';
  if (head[0] === 0 && head[1] === 0) return 'idx';
  if (head.includes(0)) throw new CliError(`\`${path}\` is neither an idx, csv nor npy file`, { code: 'ERR_FORMAT' });
  return 'csv';
}

/** Whether blanks separate fields: other marks the readers find by themselves. */
function blanksBetween(head: Buffer): boolean {
  const line = head.toString('utf8').trim().split(/\r?\n/, 1)[0] ?? '';
  return line.includes(' ') && !/[,;\t|]/.test(line);
}

function bytesOrFloats(data: ArrayLike<number> & object): Float32Array | Uint8Array {
  if (data instanceof Uint8Array || data instanceof Float32Array) return data;
  if (data instanceof Uint8ClampedArray) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  return Float32Array.from(data);
}

async function readArray(path: string, kind: 'npy' | 'idx'): Promise<NumberFile> {
  const array = kind === 'npy' ? await readNpyFor(CALL, path) : await readIdxFor(CALL, path);
  const { data, shape } = rowMajorElements(array, { call: CALL, argument: path, units: 'columns' });
  const [rows = 0, ...rest] = shape;
  if (shape.length < 2) throw new ParameterError(`\`${path}\` must hold rows, got an array of shape [${shape.join(', ')}]`);
  const image = rest.length === 2 ? { height: rest[0]!, width: rest[1]! } : null;
  const values = bytesOrFloats(data);
  const pictures = values instanceof Uint8Array && rest.length >= 2;
  return { data: values, rows, cols: rest.reduce((a, b) => a * b, 1), image, pictures, names: null };
}

async function readText(path: string, head: Buffer, header: HeaderChoice | null): Promise<NumberFile> {
  const named = header === null ? 'auto' : header === 'yes';
  const delimiter = blanksBetween(head) ? { delimiter: ' ' } : {};
  const { data, shape, names } = await readCsvFor(CALL, path, { dtype: 'float32', header: named, ...delimiter });
  const [rows = 0, cols = 0] = shape;
  return { data, rows, cols, image: null, pictures: false, names };
}

/**
 * Reads rows of numbers from an idx, npy or csv file, gzipped or not; which of them it is, its
 * first bytes tell.
 */
export async function readNumbers(path: string, header: HeaderChoice | null): Promise<NumberFile> {
  const head = await firstBytes(path);
  const kind = kindOf(head, path);
  const file = kind === 'csv' ? await readText(path, head, header) : await readArray(path, kind);
  if (file.rows === 0 || file.cols === 0) throw new FormatError(`\`${path}\` holds no rows`);
  return file;
}

/** What kind of text a file holds; null of one that is not text. */
export async function textLayout(path: string): Promise<{ readonly delimiter?: string } | null> {
  const head = await firstBytes(path);
  if (kindOf(head, path) !== 'csv') return null;
  return blanksBetween(head) ? { delimiter: ' ' } : {};
}
