import { OptionCheck } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import type { Theme } from './colours.js';
import { paletteOf, placeOf, type Shades, shadesOf } from './shades.js';
import { colourCode, reset, type TerminalColours, terminalColours } from './terminal.js';
import { type Layout, layOut, readTileOptions, type TileLayoutOptions } from './tile-layout.js';

/** How to show small images in a terminal. */
export interface PreviewOptions extends Pick<TileLayoutOptions, 'height' | 'width' | 'range' | 'limit'> {
  /** Images side by side. Default: as many as fit, each about 14 characters wide. */
  readonly columns?: number | undefined;
  /** Width of every line in characters. Default 80. */
  readonly characters?: number | undefined;
  /** What the terminal can show. Default: what the environment says ({@link terminalColours}). */
  readonly colours?: TerminalColours | undefined;
  /**
   * With `'symmetric'`: zero is nearly black for dark terminals (default `'dark'`), white for light
   * ones.
   */
  readonly theme?: Theme | undefined;
}

const usualWidth = 14;
const widestLine = 10_000;

/**
 * Shows images as lines of text, two pixels to a character (half blocks), or as shades of ASCII
 * where there are no colours. Images that are too wide are made smaller by a whole number, each
 * pixel a mean; small ones larger.
 *
 * @param images - [n, height × width], row-major pixels, as for {@link tiles}.
 * @param options - Size of an image, layout and colours.
 * @returns The lines, all of the same width; a line ends without colours. The same arguments give
 *   the same lines, wherever `colours` is given.
 * @throws `ShapeError` when rows have another length, `ParameterError` when an option makes no
 *   sense.
 */
export function preview(images: RowsInput, options: PreviewOptions): string[] {
  const call = 'preview';
  const check = new OptionCheck(call);
  const { columns, ...given } = readTileOptions(call, options, ['characters', 'colours', 'theme']);
  for (const name of ['gap', 'zoom'] as const) {
    if (given[name] !== undefined)
      throw new ParameterError(`${call}: there is no option \`${name}\`; \`characters\` and \`columns\` decide`);
  }
  const characters = check.integer('characters', given.characters, 80, 1, widestLine);
  const colours = check.oneOf('colours', given.colours, terminalColours(), ['24-bit', '256', 'none']);
  const theme = check.oneOf('theme', given.theme, 'dark', ['dark', 'light']);
  const full = layOut(call, images, { ...given, gap: 0, zoom: 1 });
  const fitting = Math.max(1, Math.floor((characters + 1) / (Math.min(full.width, usualWidth) + 1)));
  const across = check.integer('columns', columns, fitting, 1, Math.floor((characters + 1) / 2));
  const layout = resized(full, across, Math.floor((characters + 1) / across) - 1);
  const shades = shadesOf(layout);
  const canvas = drawCanvas(layout, shades, characters);
  return colours === 'none' ? shadedLines(canvas, shades) : blockLines(canvas, shades, theme, colours);
}

/** Images of a width that has room for so many side by side. */
function resized(full: Layout, columns: number, room: number): Layout {
  const [shrink, enlarge] = [Math.max(1, Math.ceil(full.width / room)), Math.max(1, Math.floor(room / full.width))];
  const size = (length: number) => Math.ceil((length * enlarge) / shrink);
  const [height, width] = [size(full.height), size(full.width)];
  const first = (place: number) => Math.floor((place * shrink) / enlarge);
  const values = new Float64Array(full.count * height * width);
  for (let image = 0; image < full.count; image++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) values[(image * height + y) * width + x] = meanFrom(full, image, first(y), first(x), shrink);
    }
  }
  return { ...full, height, width, values, columns, rows: Math.ceil(full.count / columns) };
}

/** The mean over a square of pixels, as far as it lies within the image. */
function meanFrom({ height, width, values }: Layout, image: number, top: number, left: number, side: number): number {
  let [sum, count] = [0, 0];
  for (let y = top; y < Math.min(top + side, height); y++) {
    for (let x = left; x < Math.min(left + side, width); x++) {
      sum += values[(image * height + y) * width + x] as number;
      count++;
    }
  }
  return sum / count;
}

/** Between and beside images. */
const nothing = -1;

/** Indices of the palette, or nothing, [height, width] with an even height. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Int16Array;
}

function drawCanvas(layout: Layout, shades: Shades, characters: number): Canvas {
  const { columns, rows, count, height, width, values } = layout;
  const total = 2 * Math.ceil((rows * (height + 1) - 1) / 2);
  const data = new Int16Array(Math.max(total, 0) * characters).fill(nothing);
  for (let image = 0; image < count; image++) {
    const [top, left] = [Math.floor(image / columns) * (height + 1), (image % columns) * (width + 1)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data[(top + y) * characters + left + x] = shades.index(values[(image * height + y) * width + x] as number, image);
      }
    }
  }
  return { width: characters, height: total, data };
}

/** Upper and lower pixel of each character of each line. */
function charactersOf({ width, height, data }: Canvas): (readonly [upper: number, lower: number])[][] {
  return Array.from({ length: height / 2 }, (_, line) =>
    Array.from({ length: width }, (__, x) => [data[2 * line * width + x] as number, data[(2 * line + 1) * width + x] as number] as const),
  );
}

function blockLines(canvas: Canvas, shades: Shades, theme: Theme, colours: TerminalColours): string[] {
  const palette = paletteOf(shades, theme);
  const text = palette.map((colour) => colourCode(colour, 'text', colours));
  const behind = palette.map((colour) => colourCode(colour, 'background', colours));
  return charactersOf(canvas).map((line) => {
    let [written, current] = ['', ''];
    for (const [upper, lower] of line) {
      const [shape, front] = upper === nothing ? [lower === nothing ? ' ' : '▄', lower] : ['▀', upper];
      const codes = `${text[front] ?? ''}${upper === nothing ? '' : (behind[lower] ?? '')}`;
      // A character without anything behind it shows the terminal's own colour.
      if (codes !== current) written += `${current === '' ? '' : reset}${codes}`;
      written += shape;
      current = codes;
    }
    return current === '' ? written : written + reset;
  });
}

/** From nothing to full; both signs of a diverging scale have shades of their own. */
const ramps = { positive: ' .:+*#@', negative: ' `-~=%&' } as const;

function shadedLines(canvas: Canvas, shades: Shades): string[] {
  return charactersOf(canvas).map((line) =>
    line
      .map((pixels) =>
        shadeOf(
          pixels.filter((index) => index !== nothing),
          shades,
        ),
      )
      .join(''),
  );
}

function shadeOf(indices: readonly number[], shades: Shades): string {
  const place = indices.reduce((sum, index) => sum + placeOf(shades, index) / indices.length, 0);
  const ramp = place < 0 ? ramps.negative : ramps.positive;
  return ramp.charAt(Math.round(Math.abs(place) * (ramp.length - 1)));
}
