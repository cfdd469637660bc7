import { readOptions } from '../arguments.js';
import { describeRows, type RowsInput, type Where } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { got } from '../data/where.js';
import { ParameterError } from '../errors.js';
import { diverging } from './colours.js';

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
export interface TileOptions {
  /** Height of one image in pixels. */
  readonly height: number;
  /** Width of one image in pixels. */
  readonly width: number;
  /** Images side by side. Default: as many as make the picture about square. */
  readonly columns?: number;
  /** Pixels between images. Default 1. */
  readonly gap?: number;
  /** Every pixel of an image becomes a square of this size. Default: what makes the picture about 1000 pixels wide, at most 8. */
  readonly zoom?: number;
  /**
   * What the values mean. `'unit'` (default): 0 is black, 1 is white. `'symmetric'`: negative is blue, 0 white, positive red, on one
   * scale for all images (weights). `'each'`: every image from black at its lowest to white at its highest value.
   */
  readonly range?: 'unit' | 'symmetric' | 'each';
  /** With `'symmetric'`: the absolute value that gets the full colour. Default: the 99.5 % quantile of all absolute values. */
  readonly limit?: number;
}

interface Layout extends Required<Omit<TileOptions, 'limit'>> {
  readonly rows: number;
}

const where: Where = { call: 'tiles', argument: 'images', units: 'pixels' };
const maxPixels = 2 ** 27;

/**
 * Lays images out as tiles of one picture, for filters, samples and reconstructions.
 *
 * @param images - [n, height × width], row-major pixels: an `ndarray` or any other form of rows that the models take. Values beyond the
 *   range are clipped, NaN is drawn as 0.
 * @param options - Size of an image, layout and colours.
 * @throws `ShapeError` when rows have another length, `ParameterError` when an option makes no sense.
 */
export function tiles(images: RowsInput, options: TileOptions): Picture {
  return tilesOf(images, readOptions('tiles', options ?? {}, tileOptions) as unknown as TileOptions);
}

const tileOptions = ['height', 'width', 'columns', 'gap', 'zoom', 'range', 'limit'] as const;

function tilesOf(images: RowsInput, options: TileOptions): Picture {
  const [height, width] = [whole('height', options.height, 1), whole('width', options.width, 1)];
  const host = describeRows(images, height * width, where);
  const layout = checkLayout(options, height, width, host.rows);
  const values = toFloat64(host);
  const shade = shader(values, layout, options.limit);
  const picture = blank(layout);
  for (let i = 0; i < host.rows; i++) drawTile(picture, values.subarray(i * height * width, (i + 1) * height * width), i, layout, shade);
  return picture;
}

function whole(name: string, value: unknown, lowest: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= lowest && value <= 1e6) return value;
  throw new ParameterError(`tiles: \`${name}\` must be a whole number from ${lowest} to 10^6, got ${got(value)}`);
}

function checkLayout(options: TileOptions, height: number, width: number, n: number): Layout {
  const { range = 'unit' } = options;
  if (range !== 'unit' && range !== 'symmetric' && range !== 'each') {
    throw new ParameterError(`tiles: \`range\` must be 'unit', 'symmetric' or 'each', got ${got(range)}`);
  }
  const gap = whole('gap', options.gap ?? 1, 0);
  const square = Math.ceil(Math.sqrt((n * (height + gap)) / (width + gap)));
  const columns = Math.min(n, whole('columns', options.columns ?? Math.max(1, square), 1));
  const fitting = Math.round(1000 / (columns * (width + gap) + gap));
  const zoom = whole('zoom', options.zoom ?? Math.min(Math.max(fitting, 1), 8), 1);
  const layout = { height, width, columns, gap, zoom, range, rows: Math.ceil(n / columns) };
  const { width: w, height: h } = pictureSize(layout);
  if (w * h > maxPixels)
    throw new ParameterError(`tiles: the picture would have ${w} × ${h} pixels: choose fewer images or a smaller zoom`);
  return layout;
}

function pictureSize({ height, width, columns, rows, gap, zoom }: Layout): { width: number; height: number } {
  return { width: (columns * (width + gap) + gap) * zoom, height: (rows * (height + gap) + gap) * zoom };
}

/** Writes the colour of a value, of image number `image`, at a place in the picture's data. */
type Shader = (value: number, image: number, data: Uint8Array, at: number) => void;

function shader(values: Float64Array, { range, height, width }: Layout, limit: number | undefined): Shader {
  if (range === 'symmetric') return symmetric(checkLimit(limit) ?? quantile(values, 0.995));
  const size = height * width;
  const extremes = Array.from({ length: values.length / size }, (_, i) =>
    range === 'unit' ? ([0, 1] as const) : extent(values.subarray(i * size, (i + 1) * size)),
  );
  return (value, image, data, at) => {
    const [low, high] = extremes[image] as readonly [number, number];
    // NaN is stored as 0.
    data[at] = high > low ? Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1)) : 0;
  };
}

function checkLimit(limit: unknown): number | undefined {
  if (limit === undefined || (typeof limit === 'number' && limit > 0 && limit < Infinity)) return limit;
  throw new ParameterError(`tiles: \`limit\` must be a positive number, got ${got(limit)}`);
}

function symmetric(limit: number): Shader {
  return (value, _, data, at) => data.set(diverging(Number.isNaN(value) || limit === 0 ? 0 : value / limit), at);
}

/** A quantile of the finite absolute values: a few extreme ones shall not make all others pale. */
function quantile(values: Float64Array, share: number): number {
  const sizes = values.map(Math.abs).filter(Number.isFinite).sort();
  return sizes[Math.ceil(share * sizes.length) - 1] || (sizes.at(-1) ?? 0);
}

function extent(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function blank(layout: Layout): Picture {
  const { width, height } = pictureSize(layout);
  const channels = layout.range === 'symmetric' ? 3 : 1;
  // A grey that stands out from black, white and both ends of the colour scale.
  const background = channels === 3 ? 184 : 72;
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(background) };
}

function drawTile(picture: Picture, values: Float64Array, index: number, layout: Layout, shade: Shader): void {
  const { height, width, columns, gap, zoom } = layout;
  const { channels, data } = picture;
  const left = (gap + (index % columns) * (width + gap)) * zoom;
  const top = (gap + Math.floor(index / columns) * (height + gap)) * zoom;
  const stride = picture.width * channels;
  for (let y = 0; y < height; y++) {
    const begin = (top + y * zoom) * stride + left * channels;
    const end = begin + width * zoom * channels;
    for (let x = 0; x < width * zoom; x++) shade(values[y * width + Math.floor(x / zoom)] as number, index, data, begin + x * channels);
    for (let copy = 1; copy < zoom; copy++) data.copyWithin(begin + copy * stride, begin, end);
  }
}
