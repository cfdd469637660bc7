import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParameterError } from '../errors.js';
import { type FilePath, fileError, filePath, specialKind } from './files.js';

export { type FilePath, readRegularFile } from './files.js';

/**
 * Writes a file so that its path holds either the old content or all of the new one, whatever happens in between.
 *
 * The bytes go to a temporary file in the same folder, which is flushed to the device and then renamed; the folder is flushed last.
 * On any error (disk full, no permission) the temporary file is removed and the old one is untouched. A symbolic link is followed; an
 * existing file keeps its permissions.
 *
 * @param path - The file to make or replace.
 * @param chunks - Its content.
 * @param what - The public call, for messages.
 * @throws {@link ParameterError} that says what is in the way, with the system's error as `cause`.
 */
export async function writeFileAtomic(path: FilePath, chunks: Uint8Array | Iterable<Uint8Array>, what = 'writeFileAtomic'): Promise<void> {
  const name = filePath(path, what);
  try {
    const target = await resolveTarget(name, what);
    const temporary = join(dirname(target.path), `.${basename(target.path).slice(0, 40)}.${randomBytes(6).toString('hex')}.tmp`);
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
    if (kind !== undefined) throw new ParameterError(`${what}: cannot write ${name}: it is ${kind}, not a file`);
    return { path, mode: stats.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path: name, mode: undefined };
    throw error;
  }
}

async function writeTemporary(path: string, chunks: Uint8Array | Iterable<Uint8Array>, mode: number | undefined): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    try {
      if (mode !== undefined) await handle.chmod(mode);
      for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) await writeAll(handle, chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await removeQuietly(path);
    throw error;
  }
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
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}
