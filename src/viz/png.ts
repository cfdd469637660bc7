import { encode } from 'fast-png';
import { ParameterError } from '../errors.js';
import { type FilePath, writeFileAtomic } from '../io/atomic.js';
import type { Picture } from './tiles.js';

/**
 * Encodes a picture as a PNG file.
 *
 * @param picture - From {@link tiles}, or any grey or RGB picture.
 */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels, data } = picture;
  if (!(data instanceof Uint8Array) || data.length === 0 || data.length !== width * height * channels) {
    throw new ParameterError(`encodePng: \`picture\` must have width × height × channels bytes (${width} × ${height} × ${channels})`);
  }
  return encode({ width, height, data, channels, depth: 8 });
}

/**
 * Writes a picture as a PNG file, atomically.
 *
 * @param path - The file to make or replace.
 * @param picture - From {@link tiles}, or any grey or RGB picture.
 */
export async function writePng(path: FilePath, picture: Picture): Promise<void> {
  await writeFileAtomic(path, encodePng(picture), 'writePng');
}
