import { constants as bufferConstants } from 'node:buffer';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { BoltzkitError, FileError, FormatError, ParameterError } from '../errors.js';

/** A file as callers name it. */
export type FilePath = string | URL;

/** Checks that a value names a file and returns it as a path string. */
export function filePath(path: unknown, what: string): string {
  if (!types.isProxy(path) && path instanceof URL && path.protocol === 'file:') return pathOfUrl(path, what);
  if (typeof path !== 'string') throw new ParameterError(`${what}: the path must be a string or a file URL, got ${typeof path}`);
  if (path === '' || path.includes('\0')) {
    throw new ParameterError(`${what}: the path must not be ${path === '' ? 'empty' : 'a string with a NUL character'}`);
  }
  return path;
}

function pathOfUrl(url: URL, what: string): string {
  try {
    return filePath(fileURLToPath(url), what);
  } catch (cause) {
    if (cause instanceof BoltzkitError) throw cause;
    throw new ParameterError(`${what}: the path must be a URL of a file on this machine, got ${url.href}`, { cause });
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than allowed',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'symbolic links go in a circle',
  EIO: 'the device reported an error',
};

/** Turns an error of the operating system into one that says which call could not do what, with the original as `cause`. */
export function fileError(what: string, verb: 'read' | 'write', path: string, cause: unknown): BoltzkitError {
  if (cause instanceof BoltzkitError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const known = verb === 'write' && code === 'ENOENT' ? 'its folder does not exist' : reasons[code ?? ''];
  return new FileError(`${what}: cannot ${verb} ${path}: ${known === undefined ? message : `${known} (${code})`}`, { cause });
}

/** Says what a path is when it is not a regular file, `undefined` when it is one. */
export function specialKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO (named pipe)';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * Opens a regular file for reading. Folders, pipes and devices are refused without waiting for them.
 *
 * @param path - The file.
 * @param what - The public call, for messages.
 */
export async function openRegularFile(path: FilePath, what: string): Promise<{ handle: FileHandle; size: number; name: string }> {
  const name = filePath(path, what);
  try {
    refuseSpecial(await stat(name), name, what);
    // Non-blocking, in case the file became a pipe since.
    const handle = await open(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await handle.stat();
      refuseSpecial(stats, name, what);
      return { handle, size: stats.size, name };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw fileError(what, 'read', name, error);
  }
}

function refuseSpecial(stats: Stats, name: string, what: string): void {
  const kind = specialKind(stats);
  if (kind !== undefined) throw new FileError(`${what}: cannot read ${name}: it is ${kind}, not a file`);
}

/**
 * Reads a whole regular file; its memory is exactly the file's size.
 *
 * @param path - The file.
 * @param what - The public call, for messages.
 * @throws {@link FileError} when there is no such file or it is not a regular one, with the system's error as `cause`;
 *   {@link FormatError} when it changes while it is read.
 */
export async function readRegularFile(path: FilePath, what: string): Promise<Uint8Array> {
  const { handle, size, name } = await openRegularFile(path, what);
  try {
    if (size > bufferConstants.MAX_LENGTH) throw new FormatError(`${what}: ${name} is too large to be read at once (${size} bytes)`);
    const bytes = new Uint8Array(size);
    const end = await readInto(handle, bytes);
    if (end !== size) throw new FormatError(`${what}: ${name} became shorter while it was read`);
    return bytes;
  } catch (error) {
    throw fileError(what, 'read', name, error);
  } finally {
    await handle.close();
  }
}

async function readInto(handle: FileHandle, bytes: Uint8Array): Promise<number> {
  let position = 0;
  while (position < bytes.length) {
    const { bytesRead } = await handle.read(bytes, position, Math.min(bytes.length - position, 1 << 26), position);
    if (bytesRead === 0) break;
    position += bytesRead;
  }
  return position;
}
