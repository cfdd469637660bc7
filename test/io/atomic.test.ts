import { execFileSync, spawnSync } from 'node:child_process';
import * as callbacks from 'node:fs';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FileError, FormatError, ParameterError } from '../../src/errors.js';
import { readRegularFile, writeFileAtomic } from '../../src/io/atomic.js';
import { thisProcess } from '../../src/io/living.js';
import { rejection, temporaryFolder } from '../data/support.js';

// The real functions, unless a test puts a failing one in their place.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, open: vi.fn(real.open), rename: vi.fn(real.rename) };
});
const { open: realOpen, rename: realRename } = await vi.importActual<typeof fs>('node:fs/promises');
vi.mock('node:fs', async (original) => {
  const real = await original<typeof callbacks>();
  return { ...real, fsync: vi.fn(real.fsync) };
});
const { fsync: realFsync } = await vi.importActual<typeof callbacks>('node:fs');

const { path: root } = temporaryFolder();
let folders = 0;
const fresh = () => {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
};
const posix = process.platform !== 'win32';
const mkfifo = (path: string) => execFileSync('mkfifo', [path]);
const systemError = (code: string) => Object.assign(new Error(`${code}: made up`), { code });

describe('a file is replaced whole or not at all', () => {
  afterEach(() => {
    vi.mocked(fs.open).mockReset().mockImplementation(realOpen);
    vi.mocked(fs.rename).mockReset().mockImplementation(realRename);
    vi.mocked(callbacks.fsync).mockReset().mockImplementation(realFsync);
  });

  test('a new file, by path or URL, from one piece or several', async () => {
    const folder = fresh();
    await writeFileAtomic(join(folder, 'a'), Buffer.from('one'));
    await writeFileAtomic(pathToFileURL(join(folder, 'b')), [Buffer.from('one'), Buffer.from(''), Buffer.from('two')]);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('one');
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('onetwo');
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
  });

  test.runIf(posix)('an existing file keeps its permissions', async () => {
    const path = join(fresh(), 'a');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    await writeFileAtomic(path, Buffer.from('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test.runIf(posix)('a symbolic link stays one, and the file behind it is replaced', async () => {
    const folder = fresh();
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'real'), 'old');
    symlinkSync(join('elsewhere', 'real'), join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), Buffer.from('new'));
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'elsewhere', 'real'), 'utf8')).toBe('new');
  });

  test('names at the limit of the file system work', async () => {
    const folder = fresh();
    const name = '名'.repeat(80);
    await writeFileAtomic(join(folder, name), Buffer.from('x'));
    expect(readdirSync(folder)).toEqual([name]);
  });

  const failures: [string, () => void][] = [
    ['a disk that fills up while writing', () => failingHandle({ write: () => Promise.reject(systemError('ENOSPC')) })],
    [
      'a device that fails while flushing',
      () => vi.mocked(callbacks.fsync).mockImplementationOnce((_file, done) => done(systemError('EIO'))),
    ],
    ['a rename that is not permitted', () => vi.mocked(fs.rename).mockRejectedValueOnce(systemError('EPERM'))],
  ];

  test.each(failures)('%s leaves the old file and nothing else', async (_, sabotage) => {
    const folder = fresh();
    writeFileSync(join(folder, 'a'), 'old');
    sabotage();
    const error = await rejection(writeFileAtomic(join(folder, 'a'), [Buffer.from('ne'), Buffer.from('w')], 'RBM.save'));
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).systemCode).toMatch(/^(ENOSPC|EIO|EPERM)$/);
    expect(error.message).toMatch(/^RBM\.save: cannot write .*\/a: .* \((ENOSPC|EIO|EPERM)\)$/);
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/ENOSPC|EIO|EPERM/);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('content that fails to come leaves the old file and nothing else', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'a'), 'old');
    const chunks = function* () {
      yield Buffer.from('ne');
      throw new Error('no more');
    };
    expect((await rejection(writeFileAtomic(join(folder, 'a'), chunks()))).message).toContain('no more');
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('the content is flushed before the rename, and the folder after it', async () => {
    const folder = fresh();
    const steps: string[] = [];
    vi.mocked(callbacks.fsync).mockImplementation((file, done) => {
      steps.push(callbacks.fstatSync(file).isDirectory() ? 'flush folder' : 'flush file');
      realFsync(file, done);
    });
    vi.mocked(fs.rename).mockImplementation((from, to) => {
      steps.push(`rename ${readFileSync(from, 'utf8')}`);
      return realRename(from, to);
    });
    await writeFileAtomic(join(folder, 'a'), Buffer.from('all'));
    expect(steps).toEqual(['flush file', 'rename all', 'flush folder']);
  });

  test('memory that is transferred away while it is written makes an error, not a short file', async () => {
    const folder = fresh();
    const bytes = new Uint8Array(1000);
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => {
      const handle = await realOpen(...args);
      const write = handle.write.bind(handle) as (bytes: Uint8Array, at: number, length: number) => Promise<{ bytesWritten: number }>;
      handle.write = (async (chunk: Uint8Array, at: number) => {
        const done = await write(chunk, at, 10);
        if (chunk.length > 0) structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
        return done;
      }) as never;
      return handle;
    });
    expect(await rejection(writeFileAtomic(join(folder, 'a'), bytes))).toBeInstanceOf(FileError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('writes that take fewer bytes than offered are carried on', async () => {
    const path = join(fresh(), 'a');
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => {
      const handle = await realOpen(...args);
      const write = handle.write.bind(handle) as (bytes: Uint8Array, at: number, length: number) => Promise<{ bytesWritten: number }>;
      handle.write = ((bytes: Uint8Array, at: number, length: number) => write(bytes, at, Math.min(length, 3))) as never;
      return handle;
    });
    await writeFileAtomic(path, Buffer.from('0123456789'));
    expect(readFileSync(path, 'utf8')).toBe('0123456789');
  });

  test('works where file handles cannot be flushed, as with the file system of Yarn’s Plug’n’Play', async () => {
    const lacking = () => Promise.reject(new Error('Method not implemented.'));
    failingHandle({ sync: lacking });
    failingHandle({ sync: lacking });
    const path = join(fresh(), 'a');
    await writeFileAtomic(path, Buffer.from('whole'));
    expect(readFileSync(path, 'utf8')).toBe('whole');
  });

  /** The next file that is opened gets these methods. */
  function failingHandle(methods: object): void {
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => Object.assign(await realOpen(...args), methods));
  }
});

describe('what killed processes leave', () => {
  const { host, pid, started } = thisProcess();
  const nobody = 2 ** 30; // no system has so many processes

  test('is removed when the same file is written again, and nothing else is', async () => {
    const folder = fresh();
    const left = `.a.${host}-${nobody}-1-0123456789ab.tmp`;
    const others = [
      `.a.${host}-${pid}-${started}-0123456789ab.tmp`, // of this process
      `.a.elsewhere-${nobody}-1-0123456789ab.tmp`, // of a machine that cannot be asked
      `.b.${host}-${nobody}-1-0123456789ab.tmp`, // of another file
      `.a.${host}-${nobody}-1-0123456789ab.tmp.txt`,
      '.a.tmp',
    ];
    for (const name of [left, ...others]) writeFileSync(join(folder, name), 'half');
    await writeFileAtomic(join(folder, 'a'), Buffer.from('whole'));
    expect(readdirSync(folder).sort()).toEqual([...others, 'a'].sort());
  });

  test('is recognised: a process that is killed while it writes names itself in its file', async () => {
    const folder = fresh();
    const module = new URL('../../dist/io/atomic.js', import.meta.url).href;
    const killed = `const { writeFileAtomic } = await import(${JSON.stringify(module)});
      await writeFileAtomic(${JSON.stringify(join(folder, 'a'))}, (function* () { yield Buffer.from('x'); process.kill(process.pid, 'SIGKILL'); yield Buffer.from('y'); })());`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', killed]).signal).toBe('SIGKILL');
    expect(readdirSync(folder)).toHaveLength(1);
    await writeFileAtomic(join(folder, 'a'), Buffer.from('whole'));
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe.runIf(hasPrlimit())('when the system really refuses to write more', () => {
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
  afterEach(() => void limit('unlimited'));

  test('the old file is intact and no temporary file stays', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'a'), 'old');
    limit('4096');
    const error = await rejection(writeFileAtomic(join(folder, 'a'), Buffer.alloc(10_000, 'x'), 'RBM.save'));
    limit('unlimited');
    expect(error.message).toBe(`RBM.save: cannot write ${join(folder, 'a')}: the file would be larger than allowed (EFBIG)`);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

function hasPrlimit(): boolean {
  return process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
}

describe('a path that is no regular file is refused without waiting', () => {
  const call = (path: string) => readRegularFile(path, 'RBM.load');

  test('a regular file is read whole, also an empty one', async () => {
    const path = join(fresh(), 'a');
    writeFileSync(path, 'content');
    expect(Buffer.from(await call(path)).toString()).toBe('content');
    writeFileSync(path, '');
    expect(await call(path)).toHaveLength(0);
  });

  test('a missing file, with the system error as cause', async () => {
    const error = await rejection(call(join(root, 'missing')));
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ code: 'ERR_FILE', systemCode: 'ENOENT' });
    expect(error.message).toBe(`RBM.load: cannot read ${join(root, 'missing')}: there is no such file or folder (ENOENT)`);
    expect((error.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
  });

  test('a folder', async () => {
    const folder = fresh();
    expect((await rejection(call(folder))).message).toBe(`RBM.load: cannot read ${folder}: it is a folder, not a file`);
    expect((await rejection(writeFileAtomic(folder, Buffer.from('x'), 'RBM.save'))).message).toBe(
      `RBM.save: cannot write ${folder}: it is a folder, not a file`,
    );
    expect(existsSync(folder)).toBe(true);
  });

  test.runIf(posix)('a FIFO', async () => {
    const path = join(fresh(), 'pipe');
    mkfifo(path);
    expect((await rejection(call(path))).message).toBe(`RBM.load: cannot read ${path}: it is a FIFO (named pipe), not a file`);
    expect((await rejection(writeFileAtomic(path, Buffer.from('x')))).message).toContain('it is a FIFO (named pipe), not a file');
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  test.runIf(posix)('a FIFO that took the place of a file after the first look', async () => {
    const path = join(fresh(), 'pipe');
    writeFileSync(path, 'x');
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => {
      execFileSync('rm', [path]);
      mkfifo(path);
      return realOpen(...args);
    });
    expect((await rejection(call(path))).message).toContain('it is a FIFO (named pipe), not a file');
  });

  test.runIf(posix)('a device', async () => {
    expect((await rejection(call('/dev/zero'))).message).toBe('RBM.load: cannot read /dev/zero: it is a device, not a file');
    expect((await rejection(writeFileAtomic('/dev/null', Buffer.from('x')))).message).toContain('it is a device, not a file');
  });

  test('a folder that does not exist, or is a file', async () => {
    const folder = fresh();
    const missing = await rejection(writeFileAtomic(join(folder, 'no', 'a'), Buffer.from('x'), 'RBM.save'));
    expect(missing.message).toBe(`RBM.save: cannot write ${join(folder, 'no', 'a')}: its folder does not exist (ENOENT)`);
    writeFileSync(join(folder, 'file'), '');
    expect((await rejection(writeFileAtomic(join(folder, 'file', 'a'), Buffer.from('x')))).message).toContain(
      'a part of the path is a file',
    );
  });

  test('a path that is no path', async () => {
    for (const path of [undefined, null, 5, '', 'a\0b', {}, new URL('https://example.org/a')]) {
      expect(await rejection(readRegularFile(path as string, 'RBM.load'))).toBeInstanceOf(ParameterError);
      expect(await rejection(writeFileAtomic(path as string, Buffer.from('x')))).toBeInstanceOf(ParameterError);
    }
  });

  test('a file that shrinks while it is read', async () => {
    const path = join(fresh(), 'a');
    writeFileSync(path, 'content');
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => {
      const handle = await realOpen(...args);
      const stat = handle.stat.bind(handle);
      handle.stat = (async () => {
        const stats = await stat();
        writeFileSync(path, 'con');
        return stats;
      }) as never;
      return handle;
    });
    const error = await rejection(call(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain('became shorter while it was read');
  });
});
