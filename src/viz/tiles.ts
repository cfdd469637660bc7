import { OptionCheck } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Theme } from './colours.js';
import { paletteOf, type Shades, shadesOf } from './shades.js';
import { type Layout, layOut, pictureSize, readTileOptions, type TileLayoutOptions } from './tile-layout.js';

/** A picture in memory, row-major, one byte per channel. */
export interface Picture {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows of pixels. */
  readonly height: number;
  /** 1: grey, 3: red, green and blue. */
  readonly channels: 1 | 3;
  /** [height, width, channels]. */
  readonly data: Uint8Array;
}

/** How to lay out and colour small images. */
export interface TileOptions extends TileLayoutOptions {
  /**
   * With `'symmetric'`: zero is white for light pages (default `'light'`), nearly black for dark
   * ones.
   */
  readonly theme?: Theme | undefined;
}

/**
 * Lays images out as tiles of one picture, for filters, samples and reconstructions. A picture has
 * no text; {@link tilesSvg} draws the same tiles with captions and a colour bar.
 *
 * @param images - [n, height × width], row-major pixels: an `ndarray` or any other form of rows
 *   that the models take. Values beyond the range are clipped, NaN is drawn as 0.
 * @param options - Size of an image, layout and colours.
 * @throws `ShapeError` when rows have another length, `ParameterError` when an option makes no
 *   sense.
 */
export function tiles(images: RowsInput, options: TileOptions): Picture {
  const given = readTileOptions('tiles', options, ['theme']);
  const theme = new OptionCheck('tiles').oneOf('theme', given.theme, 'light', ['light', 'dark']);
  const layout = layOut('tiles', images, given);
  const shades = shadesOf(layout);
  const { width, height, data } = drawTiles(layout, shades, { from: 0, to: layout.rows });
  return shades.grey ? { width, height, channels: 1, data } : { width, height, channels: 3, data: coloured(data, shades, theme) };
}

/** A picture whose bytes are indices into a palette. */
export interface IndexedPicture {
  readonly width: number;
  readonly height: number;
  /** [height, width]. */
  readonly data: Uint8Array;
}

/** Draws some of a layout's rows of images, with gaps all around. */
export function drawTiles(layout: Layout, shades: Shades, { from, to }: { from: number; to: number }): IndexedPicture {
  const { columns, count } = layout;
  const { width, height } = pictureSize({ ...layout, rows: to - from });
  const picture = { width, height, data: new Uint8Array(width * height).fill(shades.gap) };
  for (let image = from * columns; image < Math.min(to * columns, count); image++) drawTile(picture, layout, shades, image, from);
  return picture;
}

function drawTile(picture: IndexedPicture, layout: Layout, shades: Shades, image: number, firstRow: number): void {
  const { height, width, columns, gap, zoom, values } = layout;
  const { data, width: stride } = picture;
  const pixels = values.subarray(image * height * width, (image + 1) * height * width);
  const left = (gap + (image % columns) * (width + gap)) * zoom;
  const top = (gap + (Math.floor(image / columns) - firstRow) * (height + gap)) * zoom;
  for (let y = 0; y < height; y++) {
    const begin = (top + y * zoom) * stride + left;
    const end = begin + width * zoom;
    for (let x = 0; x < width; x++) {
      data.fill(shades.index(pixels[y * width + x] as number, image), begin + x * zoom, begin + (x + 1) * zoom);
    }
    for (let copy = 1; copy < zoom; copy++) data.copyWithin(begin + copy * stride, begin, end);
  }
}

function coloured(indices: Uint8Array, shades: Shades, theme: Theme): Uint8Array {
  const palette = paletteOf(shades, theme);
  const data = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) data.set(palette[indices[i] as number] as readonly number[], 3 * i);
  return data;
}
