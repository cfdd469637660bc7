import { describeAnyRows } from '../../data/any-rows.js';
import { describeRows } from '../../data/rows-input.js';
import { toFloat64 } from '../../data/vector.js';
import { subject, type Where } from '../../data/where.js';
import { ParameterError, ShapeError } from '../../errors.js';

/** Codes as words of 32 bits; what a last word has beyond the code is 0. */
export interface CodeWords {
  readonly rows: number;
  readonly bits: number;
  /** Words of a code. */
  readonly width: number;
  /** [rows, width]; bit j of a code is bit j % 32 of word ⌊j / 32⌋. */
  readonly words: Int32Array;
}

const mostBits = 4096;

/** Reads codes: packed bits, or rows of zeros and ones. */
export function readCodes(input: unknown, where: Where, bits?: number): CodeWords {
  const host = bits === undefined ? describeAnyRows(input, where) : describeRows(input, bits, where);
  const { rows, cols } = host;
  if (rows === 0 || cols === 0)
    throw new ShapeError(`${subject(where)} must have at least one code of at least one bit, got [${rows}, ${cols}]`);
  if (cols > mostBits) throw new ShapeError(`${subject(where)} must have at most ${mostBits} bits, got ${cols}`);
  const width = Math.ceil(cols / 32);
  const words = new Int32Array(rows * width);
  const set = (r: number, c: number) => {
    words[r * width + (c >> 5)]! |= 1 << (c & 31);
  };
  if (host.kind === 'bits') {
    const stride = Math.ceil(cols / 8);
    const first = host.mostSignificantFirst ? 7 : 0;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) if (((host.data[r * stride + (c >> 3)] as number) >> ((c & 7) ^ first)) & 1) set(r, c);
    }
    return { rows, bits: cols, width, words };
  }
  const values = toFloat64(host);
  const bad = values.findIndex((value) => value !== 0 && value !== 1);
  if (bad >= 0) {
    const hint = '; `hashCodes` makes codes from activities';
    throw new ParameterError(`${subject(where, `[${Math.floor(bad / cols)}, ${bad % cols}]`)} must be 0 or 1, got ${values[bad]}${hint}`);
  }
  for (const [i, value] of values.entries()) if (value === 1) set(Math.floor(i / cols), i % cols);
  return { rows, bits: cols, width, words };
}

/** How many bits of a word are set. */
export function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** In how many bits code `i` differs from a query, whose first word is at `from`. */
export function distance({ words, width }: CodeWords, i: number, query: Int32Array, from: number): number {
  let sum = 0;
  for (let w = 0, at = i * width; w < width; w++, at++) sum += bitCount((words[at] as number) ^ (query[from + w] as number));
  return sum;
}

/** The distance of every code to a query, into `out` [rows]. */
export function distances(codes: CodeWords, query: Int32Array, from: number, out: Uint16Array): void {
  const { words, rows, width } = codes;
  if (width === 1) {
    const wanted = query[from] as number;
    for (let i = 0; i < rows; i++) out[i] = bitCount((words[i] as number) ^ wanted);
    return;
  }
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let w = 0; w < width; w++, at++) sum += bitCount((words[at] as number) ^ (query[from + w] as number));
    out[i] = sum;
  }
}
