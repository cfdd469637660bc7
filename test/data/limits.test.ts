/** Sound and hostile files that would take far more memory than their size: bounded by stated limits, which options raise. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/data/csv.js';
import { readIdx } from '../../src/data/idx.js';
import { readNpy } from '../../src/data/npy.js';
import { FormatError } from '../../src/errors.js';
import { idxFile, npyFile, rejection, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const entry = new URL('../../dist/data/index.js', import.meta.url).href;

describe('files that unpack to much more than their size', () => {
  const zeros = Buffer.alloc(70_000_000);
  it.each([
    ['idx', () => idxFile(8, [zeros.length], zeros), readIdx],
    ['npy', () => npyFile(`{'descr': '|u1', 'fortran_order': False, 'shape': (${zeros.length},), }`, zeros), readNpy],
  ] as const)('are refused unless that is allowed: %s', async (name, content, read) => {
    const path = folder.put(name, gzipSync(content()));
    const error = await rejection(read(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/unpacks to more than 67108864 bytes.*maxUnpackedBytes/);
    expect((await read(path, { maxUnpackedBytes: 80_000_000 })).data.length).toBe(zeros.length);
    expect((await rejection(read(path, { maxUnpackedBytes: 0 }))).code).toBe('ERR_PARAMETER');
  });

  it('are refused unless that is allowed: csv', async () => {
    const path = folder.put('csv', gzipSync('0,0,0,0\n'.repeat(1000)));
    expect((await readCsv(path)).shape).toEqual([1000, 4]);
    expect((await rejection(readCsv(path, { maxUnpackedBytes: 5000 }))).message).toMatch(/unpacks to more than 5000 bytes/);
  });
});

it('a line of more columns than allowed is refused, wherever it is cut', async () => {
  const path = folder.put('wide.csv', `${','.repeat(1_000_000)}\n`);
  const error = await rejection(readCsv(path));
  expect(error).toBeInstanceOf(FormatError);
  expect(error.message).toMatch(/line of more than 1000000 columns.*maxColumns/);
  const three = folder.put('three.csv', '1,2,3\n4,5,6\n');
  expect((await readCsv(three, { maxColumns: 3 })).shape).toEqual([2, 3]);
  expect((await rejection(readCsv(three, { maxColumns: 2 }))).message).toMatch(/more than 2 columns/);
});

it('an idx file of more dimensions than an array has is refused', async () => {
  const path = folder.put('deep', idxFile(8, new Array(255).fill(1), Uint8Array.of(1)));
  expect((await rejection(readIdx(path))).message).toMatch(/claims 255 dimensions, at most 32/);
});

it.each(['<f2', '<i8', '<u8'])(
  'npy elements of type %s are read within a heap that a list of them would not fit',
  async (descr) => {
    const count = 8_000_000;
    const elements = Buffer.alloc(count * Number(descr[2]));
    const path = folder.put('many.npy', npyFile(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${count},), }`, elements));
    const source = `import { readNpy } from ${JSON.stringify(entry)};
    console.log((await readNpy(${JSON.stringify(path)})).data.length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=32', '--input-type=module', '-e', source]);
    expect(stdout).toBe(`${count}\n`);
  },
  60_000,
);
