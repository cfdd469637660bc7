import { encode } from 'fast-png';
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { plainView } from '../data/typed.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type FilePath, writeFileAtomic } from '../io/atomic.js';
import type { Colour } from './colours.js';
import type { IndexedPicture, Picture } from './tiles.js';

const mostPixels = 2 ** 31 - 1;

/**
 * Encodes a picture as a PNG file.
 *
 * @param picture - From {@link tiles}, or any grey or RGB picture.
 */
export function encodePng(picture: Picture): Uint8Array {
  return encodePngFor('encodePng', picture);
}

function encodePngFor(call: string, picture: unknown): Uint8Array {
  const check = new OptionCheck(call);
  if (typeof picture !== 'object' || picture === null)
    throw check.error('picture', 'an object with width, height, channels and data', picture);
  const { data, ...sizes } = readFrom(call, 'picture', () =>
    readOptions(`${call}: \`picture\``, picture, ['width', 'height', 'channels', 'data']),
  );
  const width = check.integer('picture.width', sizes.width, undefined, 1, mostPixels);
  const height = check.integer('picture.height', sizes.height, undefined, 1, mostPixels);
  const channels = check.integer('picture.channels', sizes.channels, undefined, 1, 3);
  if (channels === 2) throw check.error('picture.channels', '1 (grey) or 3 (red, green and blue)', channels);
  const bytes = plainView(data, { call, argument: 'picture.data', units: 'bytes' });
  if (bytes instanceof Uint8Array && bytes.length === width * height * channels) {
    return encode({ width, height, data: bytes, channels, depth: 8 });
  }
  throw new ParameterError(
    `${call}: \`picture\` must have width × height × channels bytes (${width} × ${height} × ${channels}), got ${bytes.length} of ${got(data)}`,
  );
}

/** A picture as a PNG file in a data URI, small: for documents that hold their pictures. */
export function dataUri(picture: IndexedPicture, palette: readonly Colour[]): string {
  const colours = palette.map(([red, green, blue]): [number, number, number] => [red, green, blue]);
  const file = encode({ ...picture, channels: 1, depth: 8, palette: colours }, { zlib: { level: 9 } });
  return `data:image/png;base64,${Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('base64')}`;
}

/**
 * Writes a picture as a PNG file, atomically.
 *
 * @param path - The file to make or replace.
 * @param picture - From {@link tiles}, or any grey or RGB picture.
 */
export async function writePng(path: FilePath, picture: Picture): Promise<void> {
  await writeFileAtomic(path, encodePngFor('writePng', picture), 'writePng');
}
