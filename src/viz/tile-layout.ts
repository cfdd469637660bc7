import { OptionCheck, readOptions } from '../arguments.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError } from '../errors.js';

/** How to lay out small images, and what their values mean. */
export interface TileLayoutOptions {
  /** Height of one image in pixels. */
  readonly height: number;
  /** Width of one image in pixels. */
  readonly width: number;
  /** Images side by side. Default: as many as make the picture about square. */
  readonly columns?: number | undefined;
  /** Pixels between images. Default 1. */
  readonly gap?: number | undefined;
  /**
   * Every pixel of an image becomes a square of this size. Default: what makes the picture about
   * 1000 pixels wide, at most 8.
   */
  readonly zoom?: number | undefined;
  /**
   * What the values mean. `'unit'` (default): 0 is black, 1 is white. `'symmetric'`: negative is
   * blue, 0 neutral, positive red, on one scale for all images (weights). `'each'`: every image
   * from black at its lowest to white at its highest value.
   */
  readonly range?: 'unit' | 'symmetric' | 'each' | undefined;
  /**
   * With `'symmetric'`: the absolute value that gets the full colour. Default: the 99.5 % quantile
   * of all absolute values.
   */
  readonly limit?: number | undefined;
}

/** Names of the options that say what is drawn, and where. */
export const layoutOptions = ['height', 'width', 'columns', 'gap', 'zoom', 'range', 'limit'] as const;

/** Checked options, and the images' values [count, height × width]. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly columns: number;
  readonly rows: number;
  readonly count: number;
  readonly gap: number;
  readonly zoom: number;
  readonly range: 'unit' | 'symmetric' | 'each';
  readonly limit: number | undefined;
  readonly values: Float64Array;
}

/** Options as read, each once. */
export type Given<K extends string> = { readonly [P in K]?: unknown };

/** Reads options and refuses names that the call does not know. */
export function readTileOptions<K extends string>(call: string, options: unknown, more: readonly K[]): Given<K | LayoutOption> {
  return readOptions(call, options ?? {}, [...layoutOptions, ...more]);
}

type LayoutOption = (typeof layoutOptions)[number];

const maxPixels = 2 ** 27;
const largest = 1e6;

/** Checks options and reads the images. */
export function layOut(call: string, images: RowsInput, given: Given<LayoutOption>): Layout {
  const check = new OptionCheck(call);
  const [height, width] = [
    check.integer('height', given.height, undefined, 1, largest),
    check.integer('width', given.width, undefined, 1, largest),
  ];
  const host = describeRows(images, height * width, { call, argument: 'images', units: 'pixels' });
  const range = check.oneOf('range', given.range, 'unit', ['unit', 'symmetric', 'each']);
  const gap = check.integer('gap', given.gap, 1, 0, largest);
  const square = Math.ceil(Math.sqrt((host.rows * (height + gap)) / (width + gap)));
  const columns = Math.min(host.rows, check.integer('columns', given.columns, Math.max(1, square), 1, largest));
  const fitting = Math.round(1000 / (columns * (width + gap) + gap));
  const zoom = check.integer('zoom', given.zoom, Math.min(Math.max(fitting, 1), 8), 1, largest);
  const limit = checkLimit(check, given.limit, range);
  const layout = { height, width, columns, gap, zoom, range, limit, count: host.rows, rows: Math.ceil(host.rows / columns) };
  const { width: w, height: h } = pictureSize(layout);
  if (w * h > maxPixels)
    throw new ParameterError(`${call}: the picture would have ${w} × ${h} pixels: choose fewer images or a smaller zoom`);
  return { ...layout, values: toFloat64(host) };
}

/** Checks the absolute value that gets the full colour. */
export function checkLimit(check: OptionCheck, limit: unknown, range: Layout['range']): number | undefined {
  if (limit === undefined) return limit;
  if (range !== 'symmetric') throw new ParameterError(`${check.call}: \`limit\` belongs to range 'symmetric', not to '${range}'`);
  if (typeof limit === 'number' && limit > 0 && limit < Infinity) return limit;
  throw check.error('limit', 'a positive number', limit);
}

/** Pixels of the whole picture. */
export function pictureSize(layout: Omit<Layout, 'values'>): { width: number; height: number } {
  const { height, width, columns, rows, gap, zoom } = layout;
  return { width: (columns * (width + gap) + gap) * zoom, height: (rows * (height + gap) + gap) * zoom };
}
