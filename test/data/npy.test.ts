import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../src/data/npy.js';
import { FormatError, ParameterError, ShapeError } from '../../src/errors.js';
import { npyFile, rejection, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const bytes = (array: NodeJS.TypedArray) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const reversed = (array: NodeJS.TypedArray) => {
  const copy = Buffer.from(bytes(array));
  return array.BYTES_PER_ELEMENT === 2 ? copy.swap16() : array.BYTES_PER_ELEMENT === 4 ? copy.swap32() : copy.swap64();
};

describe('every number type of numpy is read exactly, in both byte orders', () => {
  test.each<[string, NodeJS.TypedArray, number[], string]>([
    ['f4', new Float32Array([0.1, -2]), [Math.fround(0.1), -2], 'Float32Array'],
    ['f8', new Float64Array([0.1, Number.NaN]), [0.1, Number.NaN], 'Float64Array'],
    ['u2', new Uint16Array([1, 65535]), [1, 65535], 'Uint16Array'],
    ['i2', new Int16Array([1, -2]), [1, -2], 'Int16Array'],
    ['u4', new Uint32Array([1, 2 ** 32 - 1]), [1, 2 ** 32 - 1], 'Uint32Array'],
    ['i4', new Int32Array([1, -2]), [1, -2], 'Int32Array'],
    ['i8', new BigInt64Array([-5n, 2n ** 53n - 1n]), [-5, 2 ** 53 - 1], 'Float64Array'],
    ['u8', new BigUint64Array([5n, 2n ** 53n - 1n]), [5, 2 ** 53 - 1], 'Float64Array'],
    ['f2', new Uint16Array([0x3c00, 0xc100]), [1, -2.5], 'Float32Array'],
  ])('%s', async (name, stored, expected, type) => {
    for (const [mark, elements] of [
      ['<', bytes(stored)],
      ['>', reversed(stored)],
    ] as const) {
      const result = await readNpy(folder.put('a.npy', npyFile(header(`${mark}${name}`, '(2,)'), elements)));
      expect([...result.data]).toEqual(expected);
      expect(result.data.constructor.name).toBe(type);
      expect(result.shape).toEqual([2]);
    }
  });

  test('bytes, signed bytes and booleans', async () => {
    const read = async (descr: string) => [
      ...(await readNpy(folder.put('a.npy', npyFile(header(descr, '(2,)'), Uint8Array.of(1, 0))))).data,
    ];
    for (const descr of ['|u1', '|i1', '|b1', '<u1', 'u1']) expect(await read(descr)).toEqual([1, 0]);
  });

  test('half precision at its corners', async () => {
    const corners = new Uint16Array([0, 0x8000, 1, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00]);
    const result = await readNpy(folder.put('a.npy', npyFile(header('<f2', '(9,)'), bytes(corners))));
    expect([...result.data]).toEqual([0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, Number.NaN]);
  });

  test('Fortran order shows in the strides', async () => {
    const file = npyFile(header('<f8', '(2, 3)', 'True'), bytes(new Float64Array([1, 2, 3, 4, 5, 6])));
    const result = await readNpy(folder.put('a.npy', file));
    expect(result.shape).toEqual([2, 3]);
    expect([result.get(0, 0), result.get(0, 1), result.get(0, 2), result.get(1, 0)]).toEqual([1, 3, 5, 2]);
  });

  test.each([1, 2, 3])('version %i, compressed or not', async (version) => {
    const file = npyFile(`${header('<f4', '(1, 2)')}      \n`, bytes(new Float32Array([1, 2])), version);
    for (const content of [file, gzipSync(file)]) expect([...(await readNpy(folder.put('a.npy', content))).data]).toEqual([1, 2]);
  });

  test.each<[string, string, number[], number]>([
    ['a scalar', '()', [], 1],
    ['a list', '(2,)', [2], 2],
    ["Python 2's long numbers", '(1L, 2L)', [1, 2], 2],
    ['no elements', '(0, 3)', [0, 3], 0],
    ['four dimensions', '(1, 2, 1, 2)', [1, 2, 1, 2], 4],
  ])('%s', async (_, shape, expected, size) => {
    const result = await readNpy(folder.put('a.npy', npyFile(header('|u1', shape), new Uint8Array(size))));
    expect(result.shape).toEqual(expected);
    expect(result.data).toHaveLength(size);
  });

  test('keys in any order, double quotes, odd spacing', async () => {
    const text = '{ "shape" :(2 ,),\n"fortran_order":False , "descr":"|u1"}\n';
    expect((await readNpy(folder.put('a.npy', npyFile(text, Uint8Array.of(1, 2))))).shape).toEqual([2]);
  });
});

describe('a damaged npy file is rejected with its name and what is wrong', () => {
  const one = Uint8Array.of(1);
  const good = npyFile(`${header('|u1', '(2, 2)')}\n`, Uint8Array.of(1, 2, 3, 4));

  test.each<[string, Uint8Array, RegExp]>([
    ['another kind of file', Buffer.from('PK\x03\x04 an npz archive'), /readNpy: .*\/bad is not an npy file/],
    ['version 4', npyFile(header('|u1', '(1,)'), one, 4), /is npy version 4, only versions 1 to 3/],
    ['a header longer than the file', good.subarray(0, 40), /was cut: it ends within its header \(40 bytes\)/],
    ['a huge header', npyFile(' '.repeat(70_000), one, 2), /70000 bytes are beyond reason/],
    ['too few elements', npyFile(header('<f8', '(2,)'), one), /was cut: its header promises \d+ bytes/],
    ['a huge shape', npyFile(header('<f8', '(1000000, 1000000)'), one), /was cut: its header promises 8000000000\d+ bytes/],
    ['a huge shape, compressed', gzipSync(npyFile(header('<f8', '(1000000, 1000000)'), one)), /no file of its size can hold/],
    ['a product that wraps', npyFile(header('|u1', '(4294967296, 4294967296, 4294967296)'), one), /impossible shape/],
    ['a number too long for a size', npyFile(header('|u1', '(99999999999999999999,)'), one), /damaged npy header/],
    ['a size beyond 2^53', npyFile(header('|u1', '(9999999999999999,)'), one), /beyond reason/],
    ['a rank beyond reason', npyFile(header('|u1', `(${'1,'.repeat(33)})`), one), /beyond reason/],
    ['bytes after the end', npyFile(header('|u1', '(1,)'), Uint8Array.of(1, 2)), /is longer than its header says/],
    ['objects', npyFile(header('|O', '(1,)'), one), /holds elements of type '\|O'/],
    ['text', npyFile(header('<U3', '(1,)'), one), /holds elements of type '<U3'/],
    ['complex numbers', npyFile(header('<c8', '(1,)'), one), /holds elements of type '<c8'/],
    ['the byte order of an unknown machine', npyFile(header('=f4', '(1,)'), one), /holds elements of type '=f4'/],
    ['no byte order', npyFile(header('|f4', '(1,)'), one), /holds elements of type '\|f4'/],
    ['a type from the prototype', npyFile(header('toString', '(1,)'), one), /holds elements of type/],
    ['records', npyFile("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", one), /holds records/],
    ['a missing key', npyFile("{'descr': '|u1', 'shape': (1,)}", one), /is missing/],
    [
      'a key twice',
      npyFile("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", one),
      /'descr' is unknown or there twice/,
    ],
    [
      'an unknown key',
      npyFile("{'descr': '|u1', '__class__': '|u1', 'fortran_order': False, 'shape': (1,)}", one),
      /unknown or there twice/,
    ],
    ['a shape that is a number', npyFile(header('|u1', '(1)'), one), /its shape is not a tuple/],
    ['a negative size', npyFile(header('|u1', '(-1,)'), one), /is not as numpy writes it/],
    [
      'code',
      npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (__import__('os').system('true'),)}", one),
      /is not as numpy writes it/,
    ],
    ['something after the dictionary', npyFile(`${header('|u1', '(1,)')} + 1`, one), /is not as numpy writes it/],
    ['an escape in text', npyFile("{'descr': '\\x7cu1', 'fortran_order': False, 'shape': (1,)}", one), /is not as numpy writes it/],
    ['booleans other than 0 and 1', npyFile(header('|b1', '(1,)'), Uint8Array.of(2)), /booleans other than 0 and 1/],
    ['an integer beyond 2^53', npyFile(header('<i8', '(1,)'), bytes(new BigInt64Array([2n ** 53n]))), /beyond 2\^53 \(element 0\)/],
  ])('%s', async (_, content, message) => {
    const error = await rejection(readNpy(folder.put('bad', content)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });

  test('cut at any length', async () => {
    for (let length = 0; length < good.length; length++) {
      expect(await rejection(readNpy(folder.put('bad', good.subarray(0, length))))).toBeInstanceOf(FormatError);
    }
  });

  test('with bytes of its header overwritten: an error or an array of the right size, never anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 5 }), fc.uint8Array({ minLength: 1, maxLength: 3 }), async (at, patch) => {
        const copy = Buffer.from(good);
        copy.set(patch.subarray(0, Math.min(patch.length, good.length - 4 - at)), at);
        const result = await readNpy(folder.put('bad', copy)).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(FormatError);
        else expect((result as { data: Uint8Array }).data.byteLength).toBeGreaterThanOrEqual(4);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is written is read back, and as numpy would write it', () => {
  test('for any type, shape, order and cut-out', async () => {
    const Class = fc.constantFrom(Float32Array, Float64Array, Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array);
    const size = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(Class, fc.array(size, { maxLength: 4 }), fc.boolean(), fc.boolean(), async (Type, shape, turned, cut) => {
        const data = new Type(shape.reduce((product, n) => product * n, 1)).map((_, i) => i + 1);
        let array = ndarray(data as Float64Array, shape);
        if (turned && shape.length > 1) array = array.transpose(...shape.map((_, i) => shape.length - 1 - i));
        if (cut && shape.length > 0) array = array.step(...shape.map(() => -1)).lo(...array.shape.map((n) => n - 1));
        const path = `${folder.path}/b.npy`;
        await writeNpy(path, array);
        const back = await readNpy(path);
        expect(back.shape).toEqual(array.shape);
        expect(back.data.constructor).toBe(Type);
        forEachIndex(array.shape, (index) => expect(back.get(...index)).toBe(array.get(...index)));
      }),
      { numRuns: 200 },
    );
  });

  function forEachIndex(shape: readonly number[], visit: (index: number[]) => void, index: number[] = []): void {
    const n = shape[index.length];
    if (n === undefined) visit(index);
    else for (let i = 0; i < n; i++) forEachIndex(shape, visit, [...index, i]);
  }

  test('plain arrays as doubles, clamped bytes as bytes, no elements', async () => {
    const path = `${folder.path}/c.npy`;
    await writeNpy(path, { data: [0.1, 2], shape: [1, 2] });
    expect([...(await readNpy(path)).data]).toEqual([0.1, 2]);
    await writeNpy(path, { data: new Uint8ClampedArray([7]), shape: [1] });
    expect((await readNpy(path)).data).toEqual(Uint8Array.of(7));
    await writeNpy(path, { data: new Float32Array(0), shape: [0, 5] });
    expect((await readNpy(path)).shape).toEqual([0, 5]);
  });

  test('the header is the one numpy writes', async () => {
    const path = `${folder.path}/d.npy`;
    await writeNpy(path, { data: new Float32Array(3), shape: [3] });
    const file = readFileSync(path);
    expect(file.length % 64).toBe(12);
    const expected = `\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`;
    expect(file.toString('latin1', 0, 128)).toBe(`${expected.padEnd(127)}\n`);
  });

  test('an array that does not fit its shape is refused before anything is written', async () => {
    const write = (input: unknown) => rejection(writeNpy(`${folder.path}/e.npy`, input as never));
    expect(await write({ data: new Float32Array(3), shape: [2] })).toBeInstanceOf(ShapeError);
    expect(await write({ data: new Float32Array(3), shape: [2], stride: [5], offset: 0 })).toBeInstanceOf(ShapeError);
    for (const input of [undefined, 5, [1, 2], {}, { data: new BigInt64Array(1), shape: [1] }, { data: 'ab', shape: [2] }]) {
      expect(await write(input)).toBeInstanceOf(ParameterError);
    }
    await expect(readNpy(`${folder.path}/e.npy`)).rejects.toThrow(/ENOENT/);
  });
});
