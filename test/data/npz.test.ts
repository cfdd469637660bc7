import { describe, expect, test } from 'vitest';
import { readNpz } from '../../src/data/index.js';
import { FileError, FormatError, ParameterError } from '../../src/errors.js';
import { npyFile, rejection, temporaryFolder } from './support.js';
import { doubles, type WrittenEntry, zipFile } from './zip-support.js';

const folder = temporaryFolder();
const a: WrittenEntry = { name: 'a.npy', content: doubles([2, 2], [1, 2, 3, 4]) };
const b: WrittenEntry = { name: 'b é.npy', content: doubles([3], [5, 6, 7]), deflate: true };
const objects: WrittenEntry = {
  name: 'o.npy',
  content: npyFile("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", new Uint8Array(8)),
};
const put = (...parameters: Parameters<typeof zipFile>) => folder.put('a.npz', zipFile(...parameters));

describe('arrays of an npz file', () => {
  test('come by name, in order, stored and deflated', async () => {
    for (const [comment, extra] of [
      ['', 0],
      ['a comment that holds PK\x05\x06', 20],
    ] as const) {
      const arrays = await readNpz(put([a, b], comment, Buffer.alloc(extra)));
      expect([...arrays.keys()]).toEqual(['a', 'b é']);
      expect(arrays.get('a')!.shape).toEqual([2, 2]);
      expect([...arrays.get('a')!.data]).toEqual([1, 2, 3, 4]);
      expect([...arrays.get('b é')!.data]).toEqual([5, 6, 7]);
    }
  });

  test('only those asked for are read', async () => {
    const path = put([objects, a, b]);
    expect([...(await readNpz(path, { names: ['b é', 'a'] })).keys()]).toEqual(['b é', 'a']);
    expect((await rejection(readNpz(path))).message).toContain("'o' holds elements of type '|O': only booleans, integers and floats");
  });

  test('a file without arrays', async () => {
    expect((await readNpz(put([]))).size).toBe(0);
  });

  test('names of Object are no names of a file', async () => {
    const error = await rejection(readNpz(put([a]), { names: ['constructor'] }));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain("has no array 'constructor'; it holds a");
  });
});

describe('damaged and hostile files', () => {
  const big = zipFile([{ name: 'z.npy', content: Buffer.alloc(2 ** 20), deflate: true }]);
  test.each<[string, Buffer | string, RegExp]>([
    ['no zip file', 'text', /was cut or is not a zip archive/],
    ['a cut file', zipFile([a, b]).subarray(0, -30), /was cut or is not a zip archive/],
    ['bytes behind the end', Buffer.concat([zipFile([a]), Buffer.alloc(3)]), /was cut or is not a zip archive/],
    ['another kind of entry', zipFile([{ name: 'a.txt', content: Buffer.from('x') }]), /is not an npz file: it holds "a.txt"/],
    ['a name twice', zipFile([a, a]), /it holds "a.npy" twice/],
    ['another checksum', zipFile([{ ...a, claims: { crc: 1 } }]), /the checksum of "a.npy" does not fit/],
    ['a size that is not so', zipFile([{ ...b, claims: { size: 5 } }]), /"b é.npy" cannot be unpacked/],
    ['a size beyond what comes', zipFile([{ ...b, claims: { size: 1000 } }]), /"b é.npy" unpacks to \d+ bytes instead of 1000/],
    ['two sizes of what is stored', zipFile([{ ...a, claims: { size: 5 } }]), /the sizes of "a.npy" contradict each other/],
    ['an encrypted entry', zipFile([{ ...a, claims: { flags: 1 } }]), /"a.npy" is encrypted/],
    ['another method', zipFile([{ ...a, claims: { method: 12 } }]), /"a.npy" is packed by method 12, only deflate is known/],
    ['an entry outside', zipFile([{ ...a, claims: { offset: 10_000 } }]), /"a.npy" is not where its directory says/],
    ['an entry too long', zipFile([{ ...a, claims: { packed: 10_000, size: 10_000 } }]), /"a.npy" is not where its directory says/],
    ['ZIP64', zipFile([{ ...a, claims: { size: 0xffffffff } }]), /is a ZIP64 archive/],
    ['damaged deflate', zipFile([{ name: 'a.npy', content: Buffer.alloc(9, 0xff), claims: { method: 8 } }]), /"a.npy" cannot be unpacked/],
    ['an array that is none', zipFile([{ name: 'a.npy', content: Buffer.from('nothing') }]), /'a' is not an npy file/],
    [
      'an array cut short',
      zipFile([{ name: 'a.npy', content: (a.content as Buffer).subarray(0, -3) }]),
      /'a' was cut: its header promises/,
    ],
  ])('%s', async (_, file, message) => {
    const error = await rejection(readNpz(folder.put('b.npz', file)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/^readNpz: /);
    expect(error.message).toMatch(message);
  });

  test('what unpacks to more than allowed', async () => {
    const path = folder.put('c.npz', big);
    expect((await rejection(readNpz(path, { maxUnpackedBytes: 1000 }))).message).toContain('unpacks to more than 1000 bytes');
    expect((await rejection(readNpz(path))).message).toContain("'z' is not an npy file");
  });

  test('any byte changed is an error or changes nothing', async () => {
    const file = zipFile([a, b]);
    for (let at = 0; at < file.length; at++) {
      const altered = Buffer.from(file);
      altered[at] = (altered[at] as number) ^ 0x41;
      const result = await readNpz(folder.put('d.npz', altered)).catch((error: unknown) => error);
      if (result instanceof Map)
        expect([...result.values()].map((array) => [...array.data])).toEqual([
          [1, 2, 3, 4],
          [5, 6, 7],
        ]);
      else expect(result, `byte ${at}`).toBeInstanceOf(FormatError);
    }
  });

  test.each([
    [{ names: 'a' }, '`names` must be an array of texts'],
    [{ names: [1] }, '`names` must be an array of texts'],
    [{ maxUnpackedBytes: 0 }, '`maxUnpackedBytes` must be a whole number'],
    [{ name: 'a' }, 'there is no option `name`'],
  ])('%j', async (options, message) => {
    const error = await rejection(readNpz(put([a]), options as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain(message);
  });

  test('no file', async () => {
    expect(await rejection(readNpz(`${folder.path}/none.npz`))).toBeInstanceOf(FileError);
  });
});
