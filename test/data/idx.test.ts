import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readIdx } from '../../src/data/idx.js';
import { FileError, FormatError, ParameterError } from '../../src/errors.js';
import { idxFile, rejection, temporaryFolder } from './support.js';

const folder = temporaryFolder();

function bigEndian(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

describe('an idx file is read in its own type and shape', () => {
  test.each<[string, number, number[], Uint8Array, number[]]>([
    ['bytes', 8, [3], Uint8Array.of(0, 128, 255), [0, 128, 255]],
    ['images', 8, [1, 2, 2], Uint8Array.of(1, 2, 3, 4), [1, 2, 3, 4]],
    ['signed bytes', 9, [2], Uint8Array.of(255, 1), [-1, 1]],
    ['16-bit integers', 11, [2], Uint8Array.of(1, 0, 255, 254), [256, -2]],
    ['32-bit integers', 12, [1], Uint8Array.of(255, 255, 255, 0), [-256]],
    ['floats', 13, [1], bigEndian(4, (view) => view.setFloat32(0, 0.1)), [Math.fround(0.1)]],
    ['doubles', 14, [1, 1], bigEndian(8, (view) => view.setFloat64(0, 0.1)), [0.1]],
    ['an array without elements', 8, [0, 28, 28], new Uint8Array(0), []],
    ['eight dimensions', 8, [1, 1, 1, 1, 1, 1, 1, 2], Uint8Array.of(5, 6), [5, 6]],
  ])('%s, compressed or not', async (_, type, shape, elements, expected) => {
    const file = idxFile(type, shape, elements);
    for (const content of [file, gzipSync(file)]) {
      const result = await readIdx(folder.put('a', content));
      expect(result.shape).toEqual(shape);
      expect([...result.data]).toEqual(expected);
    }
  });

  test('a compressed file in two members or padded with zeros, as tapes leave it', async () => {
    const file = idxFile(8, [3], Uint8Array.of(7, 8, 9));
    for (const content of [
      Buffer.concat([gzipSync(file.subarray(0, 9)), gzipSync(file.subarray(9))]),
      Buffer.concat([gzipSync(file), Buffer.alloc(20)]),
    ]) {
      expect([...(await readIdx(folder.put('a', content))).data]).toEqual([7, 8, 9]);
    }
  });

  test('a large compressed file in several pieces', async () => {
    const elements = new Uint8Array(3_000_000).map((_, i) => (i * i) >> 5);
    const result = await readIdx(folder.put('a', gzipSync(idxFile(8, [3, 1_000_000], elements))));
    expect(Buffer.from(result.data as Uint8Array).equals(elements)).toBe(true);
  });
});

describe('a damaged idx file is rejected with its name and what is wrong', () => {
  const good = idxFile(8, [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', Buffer.alloc(0), /readIdx: .*\/bad was cut: it ends within its header \(0 bytes\)/],
    ['text', Buffer.from('hello, world'), /bad is not an idx file/],
    ['an unknown element type', idxFile(10, [1], Uint8Array.of(1)), /is not an idx file/],
    ['no dimensions', idxFile(8, [], Uint8Array.of(1)), /is not an idx file/],
    ['a product that wraps', idxFile(8, [2 ** 31, 2 ** 31, 2 ** 31], Uint8Array.of(1)), /claims an impossible shape: \[2147483648, /],
    ['a wrapping product behind a zero', idxFile(8, [2 ** 31, 2 ** 31, 0], Buffer.alloc(0)), /impossible shape/],
    ['a huge claim', idxFile(14, [2 ** 31, 1000], Uint8Array.of(1)), /was cut: its header promises 17179869184012 bytes, it has 13/],
    [
      'a huge claim, compressed',
      gzipSync(idxFile(8, [60000, 28, 28], Uint8Array.of(1))),
      /no file of its size can hold the 47040016 bytes/,
    ],
    ['a false claim, compressed', gzipSync(idxFile(8, [100], Uint8Array.of(1))), /was cut: its header promises 108 bytes, it has 9/],
    [
      'more dimensions than any array has',
      idxFile(8, new Array<number>(255).fill(1), Uint8Array.of(1)),
      /claims 255 dimensions, at most 32/,
    ],
    ['bytes after the end', Buffer.concat([good, Buffer.alloc(3)]), /is longer than its header says: 18 bytes, it has 21/],
    ['bytes after the end, compressed', gzipSync(Buffer.concat([good, Buffer.alloc(3)])), /is longer than its header says/],
    ['bytes after the compressed end', Buffer.concat([gzipSync(good), Buffer.from('more')]), /is not an intact gzip file/],
    ['a bomb', gzipSync(Buffer.concat([idxFile(8, [10], Buffer.alloc(10)), Buffer.alloc(50_000_000)])), /is longer than its header says/],
    ['only the gzip magic', Uint8Array.of(0x1f, 0x8b), /is not an intact gzip file/],
  ])('%s', async (_, content, message) => {
    const error = await rejection(readIdx(folder.put('bad', content)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });

  test('cut at any length, compressed or not', async () => {
    for (const whole of [good, gzipSync(good)]) {
      for (let length = 0; length < whole.length; length++) {
        expect(await rejection(readIdx(folder.put('bad', whole.subarray(0, length))))).toBeInstanceOf(FormatError);
      }
    }
  });

  test('any bit flipped in the header or in compressed data', async () => {
    const packed = gzipSync(good);
    // The first ten bytes of gzip hold a time and a system that nothing protects and nobody reads.
    for (const [whole, from, to] of [
      [good, 0, 12],
      [packed, 10, packed.length],
    ] as const) {
      for (let bit = from * 8; bit < to * 8; bit++) {
        const copy = Buffer.from(whole);
        copy[bit >> 3]! ^= 1 << (bit & 7);
        const result = await readIdx(folder.put('bad', copy)).catch((error: unknown) => error);
        // A flip may turn bytes into signed bytes, or leave padding bits of the last deflate block changed; values then still agree.
        if (!(result instanceof FormatError)) expect([...(result as { data: Uint8Array }).data], `bit ${bit}`).toEqual([1, 2, 3, 4, 5, 6]);
      }
    }
  });

  test('random bytes after a plausible start', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.boolean(), async (tail, packed) => {
        const content = Buffer.concat([Buffer.from([0, 0]), tail]);
        const result = await readIdx(folder.put('bad', packed ? gzipSync(content) : content)).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(FormatError);
      }),
    );
  });

  test('a missing file and a folder', async () => {
    expect(await rejection(readIdx(`${folder.path}/missing`))).toBeInstanceOf(FileError);
    expect((await rejection(readIdx(folder.path))).message).toMatch(/^readIdx: cannot read .*: it is a folder, not a file$/);
    expect(await rejection(readIdx(undefined as unknown as string))).toBeInstanceOf(ParameterError);
  });
});
