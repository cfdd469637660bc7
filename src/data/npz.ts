/** numpy's npz format: a zip archive of npy files, one per array, as numpy.savez writes it. */
import { OptionCheck, readOptions } from '../arguments.js';
import { FormatError, ParameterError } from '../errors.js';
import { type FilePath, filePath, readRegularFile } from '../io/files.js';
import { didYouMean } from '../suggest.js';
import type { NdArray } from './ndarray.js';
import { parseNpy } from './npy.js';
import type { NumericArray } from './typed.js';
import { type UnpackOptions, unpackedLimit } from './unpacking.js';
import { unpackEntry, type ZipEntry, zipEntries } from './zip.js';

/** Which arrays to read, and how much they may become. */
export interface NpzOptions extends UnpackOptions {
  /** Names of the arrays to read. Default: all. */
  readonly names?: readonly string[] | undefined;
}

/** An npz file whose arrays are read one by one. */
export interface NpzFile {
  /** Names of its arrays, in the order in which they were written. */
  readonly names: readonly string[];
  /** Reads an array; every call unpacks it anew. */
  read(name: string): Promise<NdArray<NumericArray>>;
}

const suffix = '.npy';

/**
 * Reads an npz file as numpy.savez and numpy.savez_compressed write it: arrays of numbers or
 * booleans by name. Arrays come as those of {@link readNpy} do.
 *
 * @param path - The file.
 * @param options - `names`: what to read; arrays of objects and texts cannot be read, and stand in
 *   the way only where they are asked for. `maxUnpackedBytes`: how much compressed arrays may become
 *   together. Default: 100 times the file's size, at least 64 MiB.
 * @returns The arrays by name, in the order of the file or of `names`.
 * @throws `FormatError` when the file is cut, altered or of another kind, `ParameterError` when it
 *   lacks one of `names`, `FileError` when it cannot be read.
 */
export async function readNpz(path: FilePath, options?: NpzOptions): Promise<Map<string, NdArray<NumericArray>>> {
  const call = 'readNpz';
  const given = readOptions(call, options, ['names', 'maxUnpackedBytes']);
  const check = new OptionCheck(call);
  const { maxUnpackedBytes } = given;
  const limits = maxUnpackedBytes === undefined ? {} : { maxUnpackedBytes: check.integer('maxUnpackedBytes', maxUnpackedBytes, undefined) };
  const names = readNames(check, given.names);
  const file = await openNpz(call, path, limits);
  const arrays = new Map<string, NdArray<NumericArray>>();
  for (const name of names ?? file.names) arrays.set(name, await file.read(name));
  return arrays;
}

function readNames(check: OptionCheck, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const names: unknown[] | undefined = Array.isArray(value) ? Array.from(value) : undefined;
  if (names?.every((name) => typeof name === 'string')) return names as string[];
  throw check.error('names', 'an array of texts', value);
}

/** Opens an npz file on behalf of a public call, which messages name. */
export async function openNpz(call: string, path: FilePath, options: UnpackOptions = {}): Promise<NpzFile> {
  const what = `${call}: ${filePath(path, call)}`;
  const bytes = await readRegularFile(path, call);
  const entries = new Map<string, ZipEntry>();
  for (const entry of zipEntries(bytes, what)) {
    if (!entry.name.endsWith(suffix))
      throw new FormatError(`${what} is not an npz file: it holds ${JSON.stringify(entry.name.slice(0, 80))}`);
    entries.set(entry.name.slice(0, -suffix.length), entry);
  }
  let left = unpackedLimit(bytes.length, options);
  return {
    names: [...entries.keys()],
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw missing(what, name, [...entries.keys()]);
      const content = await unpackEntry(entry, what, left);
      if (entry.deflated) left -= content.length;
      return parseNpy(content, `${what}: '${name}'`);
    },
  };
}

function missing(what: string, name: string, names: readonly string[]): ParameterError {
  const held = names.length === 0 ? 'nothing' : names.slice(0, 20).join(', ');
  return new ParameterError(`${what} has no array '${name}'${didYouMean(name, names)}; it holds ${held}`);
}
