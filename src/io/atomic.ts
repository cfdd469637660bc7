import { randomBytes } from 'node:crypto';
import { constants, fsync } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FileError } from '../errors.js';
import { type FilePath, fileError, filePath, specialKind } from './files.js';
import { lives, thisProcess } from './living.js';

export { type FilePath, readRegularFile } from './files.js';

/**
 * Writes a file so that its path holds either the old content or all of the new one, whatever happens in between.
 *
 * The bytes go to a temporary file in the same folder, which is flushed to the device and then renamed; the folder is flushed last.
 * On any error (disk full, no permission) the temporary file is removed and the old one is untouched. A symbolic link is followed; an
 * existing file keeps its permissions. Temporary files that processes left which were killed while they wrote this file are removed.
 *
 * @param path - The file to make or replace.
 * @param chunks - Its content.
 * @param what - The public call, for messages.
 * @throws {@link FileError} that says what is in the way, with the system's error as `cause`.
 */
export async function writeFileAtomic(path: FilePath, chunks: Uint8Array | Iterable<Uint8Array>, what = 'writeFileAtomic'): Promise<void> {
  const name = filePath(path, what);
  try {
    const target = await resolveTarget(name, what);
    await removeLeftovers(target.path);
    const temporary = temporaryOf(target.path);
    await writeTemporary(temporary, chunks, target.mode);
    await renameOrRemove(temporary, target.path);
    await flushFolder(dirname(target.path));
  } catch (error) {
    throw fileError(what, 'write', name, error);
  }
}

/** Follows symbolic links, so that the file behind one is replaced and not the link. */
async function resolveTarget(name: string, what: string): Promise<{ path: string; mode: number | undefined }> {
  try {
    const path = await realpath(name);
    const stats = await stat(path);
    const kind = specialKind(stats);
    if (kind !== undefined) throw new FileError(`${what}: cannot write ${name}: it is ${kind}, not a file`);
    return { path, mode: stats.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path: name, mode: undefined };
    throw error;
  }
}

const stem = (path: string): string => `.${basename(path).slice(0, 40)}.`;

/** The name says whose file it is, so that others can tell whether anybody still writes it. */
function temporaryOf(path: string): string {
  const { host, pid, started } = thisProcess();
  const owner = `${host}-${pid}-${started}`;
  return join(dirname(path), `${stem(path)}${owner}-${randomBytes(6).toString('hex')}.tmp`);
}

/** Files beside which this process has looked already: what others leave meanwhile, the next process removes. */
const cleaned = new Set<string>();
const MOST_CLEANED = 1000;

/** Removes what processes left beside a file that were killed while they wrote it. */
export async function removeLeftovers(path: string): Promise<void> {
  if (cleaned.has(path)) return;
  if (cleaned.size >= MOST_CLEANED) cleaned.clear();
  cleaned.add(path);
  const start = stem(path);
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const [, host, pid, started] = (name.startsWith(start) && /^(\w+)-(\d+)-(\w*)-\w+\.tmp$/.exec(name.slice(start.length))) || [];
    if (host === undefined || started === undefined) continue;
    if (lives({ host, pid: Number(pid), started }) === false) await removeQuietly(join(dirname(path), name));
  }
}

async function writeTemporary(path: string, chunks: Uint8Array | Iterable<Uint8Array>, mode: number | undefined): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    try {
      if (mode !== undefined) await handle.chmod(mode);
      for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) await writeAll(handle, chunk);
      await flush(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    await removeQuietly(path);
    throw error;
  }
}

const fsyncDescriptor = promisify(fsync);

/** Not `handle.sync()`: the file system that Yarn's Plug'n'Play puts in place of Node's lacks it. */
async function flush({ fd }: FileHandle): Promise<void> {
  await fsyncDescriptor(fd);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  // A write may take fewer bytes than offered, and the system takes at most 2 GiB at once. The length is kept and progress demanded, so
  // that memory which is transferred away meanwhile makes an error, not a short file and not an endless loop.
  const { length } = bytes;
  for (let position = 0; position < length; ) {
    const { bytesWritten } = await handle.write(bytes, position, Math.min(length - position, 1 << 26));
    if (bytesWritten === 0) throw new Error('no more bytes could be written (was their memory transferred to another thread?)');
    position += bytesWritten;
  }
}

async function renameOrRemove(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    await removeQuietly(from);
    throw error;
  }
}

async function removeQuietly(path: string): Promise<void> {
  // The first error is the one to report.
  await unlink(path).catch(() => undefined);
}

/** Makes the rename itself durable. Some systems cannot flush folders; the file is complete there all the same. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await flush(handle);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}
