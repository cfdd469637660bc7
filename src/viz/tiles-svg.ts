import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { type Drawn, drawColourBar, small, smallText, themed } from './colour-bar.js';
import { Paint, type SvgTheme } from './paint.js';
import { dataUri } from './png.js';
import { type Shades, shadesOf } from './shades.js';
import { element, escaped, svgDocument, textWidth, wrapped } from './svg.js';
import { textOption, textsOption } from './text-options.js';
import { numberText } from './ticks.js';
import { type Layout, layOut, readTileOptions, type TileLayoutOptions } from './tile-layout.js';
import { drawTiles } from './tiles.js';

/** Texts beside tiles; what does not fit is cut off with an ellipsis. */
export interface TileCaptions {
  /** One over each image. */
  readonly tiles?: readonly string[] | undefined;
  /** One over each column of images. */
  readonly columns?: readonly string[] | undefined;
  /** One to the left of each row of images. */
  readonly rows?: readonly string[] | undefined;
}

/** How to lay out, colour and name small images. */
export interface TilesSvgOptions extends TileLayoutOptions {
  /** Above everything. */
  readonly title?: string | undefined;
  /** Below everything, in as many lines as it takes. */
  readonly caption?: string | undefined;
  /** Texts beside the images, for example the digits of labelled ones. */
  readonly captions?: TileCaptions | undefined;
  /** What the values are, over the colour bar: `'weight'`, `'probability'`. Default: no words. */
  readonly barLabel?: string | undefined;
  /** Whether there is a colour bar. Default true. */
  readonly bar?: boolean | undefined;
  /** Default `'auto'`: light, or dark where the reader's screen is (`prefers-color-scheme`). */
  readonly theme?: SvgTheme | undefined;
}

const moreOptions = ['title', 'caption', 'captions', 'barLabel', 'bar', 'theme'] as const;
const margin = 20;
const heading = { line: 26, size: 16 } as const;
/** Room for a colour bar and a few words, however small the images are. */
const narrowest = 260;
const widestRowCaption = 160;

/**
 * Draws the tiles of {@link tiles} as an SVG document with a title, captions and a colour bar with
 * numbers. The pixels are PNG files inside the document, so it needs nothing else; it fits a
 * README, a report or a slide.
 *
 * @param images - [n, height × width], row-major pixels, as for {@link tiles}.
 * @param options - Size of an image, layout, colours and texts.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 * @throws `ShapeError` when rows have another length, `ParameterError` when an option makes no
 *   sense.
 */
export function tilesSvg(images: RowsInput, options: TilesSvgOptions): string {
  return tilesSvgFor('tilesSvg', images, options);
}

/** {@link tilesSvg} for a call of another name. */
export function tilesSvgFor(call: string, images: RowsInput, options: TilesSvgOptions): string {
  const given = readTileOptions(call, options, moreOptions);
  const check = new OptionCheck(call);
  const theme = check.oneOf('theme', given.theme, 'auto', ['auto', 'light', 'dark']);
  const bar = check.flag('bar', given.bar, true);
  const texts = {
    title: textOption(check, 'title', given.title),
    caption: textOption(check, 'caption', given.caption),
    barLabel: textOption(check, 'barLabel', given.barLabel),
  };
  const layout = layOut(call, images, given);
  return draw(layout, { ...texts, bar, captions: readCaptions(check, given.captions, layout) }, new Paint(theme));
}

interface Texts {
  readonly title: string;
  readonly caption: string;
  readonly barLabel: string;
  readonly bar: boolean;
  readonly captions: { readonly [K in keyof TileCaptions]-?: readonly string[] };
}

function readCaptions(check: OptionCheck, captions: unknown, { count, columns, rows }: Layout): Texts['captions'] {
  const given = readOptions(`${check.call}: \`captions\``, captions, ['tiles', 'columns', 'rows']);
  return {
    tiles: textsOption(check, 'captions.tiles', given.tiles, count),
    columns: textsOption(check, 'captions.columns', given.columns, columns),
    rows: textsOption(check, 'captions.rows', given.rows, rows),
  };
}

function draw(layout: Layout, texts: Texts, paint: Paint): string {
  const shades = shadesOf(layout);
  const rowNames = Math.min(Math.max(0, ...texts.captions.rows.map((text) => textWidth(text, small.size))), widestRowCaption);
  const left = margin + (rowNames === 0 ? 0 : rowNames + 8);
  const right = Math.max(left + pictureWidth(layout), margin + narrowest);
  const inner = { left: margin, width: right - margin };
  const top = texts.title === '' ? margin : margin + heading.line;
  const images = drawImages(layout, shades, texts.captions, { left, top, rowNames }, paint);
  const bar = texts.bar
    ? drawColourBar(layout, shades, { ...inner, top: images.bottom + 12, label: texts.barLabel }, paint)
    : { markup: '', bottom: images.bottom };
  const caption = drawCaption(texts.caption, { ...inner, top: bar.bottom + 6 }, paint);
  const title = texts.title === '' ? '' : drawTitle(texts.title, inner.width, paint);
  const [width, height] = [right + margin, caption.bottom + margin];
  const content = [element('rect', { width, height, ...paint.fill('page') }), title, images.markup, bar.markup, caption.markup];
  return svgDocument({
    width,
    height,
    title: texts.title || imagesText(layout.count),
    description: describe(layout, shades, texts),
    content: [paint.style(), ...content].filter((part) => part !== '').join('\n'),
  });
}

function pictureWidth({ columns, width, gap, zoom }: Layout): number {
  return (columns * (width + gap) + gap) * zoom;
}

function drawTitle(title: string, width: number, paint: Paint): string {
  const attributes = { x: margin, y: margin + heading.size, 'font-size': heading.size, 'font-weight': 'bold', ...paint.fill('ink') };
  return element('text', attributes, escaped(shortened(title, width, heading.size)));
}

interface ImagePlace {
  readonly left: number;
  readonly top: number;
  readonly rowNames: number;
}

/** All rows as one picture; with a caption over every image, each row as one of its own. */
function drawImages(layout: Layout, shades: Shades, captions: Texts['captions'], place: ImagePlace, paint: Paint): Drawn {
  const { rows, columns, gap, zoom, height } = layout;
  const { left } = place;
  const step = (height + gap) * zoom;
  const each = captions.tiles.length > 0 ? small.line : 0;
  const top = place.top + (captions.columns.length > 0 ? small.line : 0);
  const rowTop = (row: number) => top + row * (step + (each === 0 ? 0 : each + gap * zoom)) + each;
  const middle = (column: number) => left + columnMiddle(layout, column);
  const across = (texts: readonly string[], y: (i: number) => number) =>
    texts.map((text, i) => over(text, middle(i % columns), y(i), layout, paint)).join('');
  const names = captions.rows.map((text, row) => {
    const y = rowTop(row) + gap * zoom + (height * zoom) / 2 + small.size / 3;
    return smallText(shortened(text, place.rowNames, small.size), left - 8, y, paint, { 'text-anchor': 'end' });
  });
  const parts = each === 0 ? [{ from: 0, to: rows }] : Array.from({ length: rows }, (_, row) => ({ from: row, to: row + 1 }));
  const pictures = parts.map((part) => drawPicture(layout, shades, part, { x: left, y: rowTop(part.from) }, paint));
  return {
    markup:
      across(captions.columns, () => top - 5) +
      across(captions.tiles, (i) => rowTop(Math.floor(i / columns)) - 5) +
      names.join('') +
      pictures.join('\n'),
    bottom: rowTop(rows - 1) + step + gap * zoom,
  };
}

function columnMiddle({ gap, width, zoom }: Layout, column: number): number {
  return (gap + column * (width + gap) + width / 2) * zoom;
}

function over(text: string, x: number, y: number, { width, zoom, gap }: Layout, paint: Paint): string {
  return smallText(shortened(text, (width + gap) * zoom, small.size), x, y, paint, { 'text-anchor': 'middle' });
}

function drawPicture(
  layout: Layout,
  shades: Shades,
  part: { from: number; to: number },
  at: { x: number; y: number },
  paint: Paint,
): string {
  const picture = drawTiles({ ...layout, zoom: 1 }, shades, part);
  const size = { width: picture.width * layout.zoom, height: picture.height * layout.zoom };
  return themed(paint, shades, (palette) =>
    element('image', {
      ...at,
      ...size,
      style: 'image-rendering:pixelated',
      'image-rendering': 'optimizeSpeed',
      href: dataUri(picture, palette),
    }),
  );
}

function drawCaption(caption: string, { left, top, width }: { left: number; top: number; width: number }, paint: Paint): Drawn {
  const lines = wrapped(caption, width, small.size);
  const markup = lines.map((line, i) => smallText(line, left, top + small.size + i * small.line, paint)).join('');
  return { markup, bottom: lines.length === 0 ? top - 6 : top + lines.length * small.line };
}

/** A text with an ellipsis for what has no room. */
function shortened(text: string, width: number, size: number): string {
  const fitting = Math.max(1, Math.floor(width / textWidth('x', size)));
  const characters = Array.from(text);
  return characters.length <= Math.max(fitting, 2) ? text : `${characters.slice(0, Math.max(fitting - 1, 1)).join('')}…`;
}

function describe({ count, height, width, columns, range }: Layout, { limit }: Shades, { barLabel, caption }: Texts): string {
  const scales = {
    unit: 'Black is 0, white is 1.',
    each: 'Every image goes from black at its lowest to white at its highest value.',
    symmetric: `Blue is negative, red positive; full colour from ±${numberText(limit)} on.`,
  } as const;
  const of = barLabel === '' ? '' : ` (${barLabel})`;
  const said = `${imagesText(count)} of ${height} × ${width} pixels${of}, ${columns} side by side. ${scales[range]}`;
  return caption === '' ? said : `${said} ${caption}`;
}

function imagesText(count: number): string {
  return count === 1 ? '1 image' : `${count} images`;
}
