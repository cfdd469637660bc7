import type { Paint } from './paint.js';
import { dataUri } from './png.js';
import { fullColourShare, paletteOf, type Shades, scaleIndices } from './shades.js';
import { element, escaped, textWidth, wrapped } from './svg.js';
import { numberText } from './ticks.js';
import type { Layout } from './tile-layout.js';

/** Height of a line of small text, and its size. */
export const small = { line: 17, size: 12 } as const;

const bar = { width: 240, height: 10 } as const;

/** Markup and how far down it goes. */
export interface Drawn {
  readonly markup: string;
  readonly bottom: number;
}

/** Where it is to be drawn, and what the values are. */
export interface BarPlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly label: string;
}

/** A colour bar with numbers, and in words what gets the full colour. */
export function drawColourBar(layout: Layout, shades: Shades, { left, top, width, label }: BarPlace, paint: Paint): Drawn {
  const marks = marksOf(layout, shades);
  const barWidth = Math.min(bar.width, width);
  const name = label === '' ? '' : smallText(label, left, top + small.size, paint);
  const barTop = label === '' ? top : top + small.line + 2;
  const image = themed(paint, shades, (palette) =>
    element('image', {
      x: left,
      y: barTop,
      width: barWidth,
      height: bar.height,
      preserveAspectRatio: 'none',
      href: dataUri({ width: scaleIndices(shades).length, height: 1, data: scaleIndices(shades) }, palette),
    }),
  );
  const frame = element('rect', {
    x: left,
    y: barTop,
    width: barWidth,
    height: bar.height,
    fill: 'none',
    ...paint.stroke('zero'),
    'stroke-width': 0.5,
  });
  const below = barTop + bar.height + small.size + 3;
  const anchors = ['start', 'middle', 'end'];
  const numbers = marks.map((mark, i) => {
    const at = marks.length === 1 ? 1 : (2 * i) / (marks.length - 1);
    return smallText(mark, left + (barWidth * at) / 2, below, paint, { 'text-anchor': anchors[at] });
  });
  const said = statement(layout, shades);
  // Beside the bar where there is room, else below it.
  const beside = left + barWidth + 16 + textWidth(said, small.size) <= left + width;
  const lines = beside ? [said] : wrapped(said, width, small.size);
  const [x, y] = beside ? [left + barWidth + 16, barTop + bar.height] : [left, below + small.line];
  const words = lines.map((line, i) => smallText(line, x, y + i * small.line, paint));
  const bottom = beside || said === '' ? below : below + lines.length * small.line;
  return { markup: name + image + frame + numbers.join('') + (said === '' ? '' : words.join('')), bottom: bottom + 5 };
}

/** A scale of its own for every image has no numbers in common. */
function marksOf({ range }: Layout, { limit }: Shades): string[] {
  if (range === 'each') return ['lowest', 'highest of each image'];
  if (range === 'unit') return ['0', '1'];
  return limit === 0 ? ['0'] : [numberText(-limit), '0', numberText(limit)];
}

function statement(layout: Layout, { limit }: Shades): string {
  if (layout.range !== 'symmetric') return '';
  if (limit === 0) return 'all values are zero';
  const share = `${numberText(100 * fullColourShare, 3)} % of the values lie within`;
  return layout.limit === undefined ? `full colour from ±${numberText(limit)} on: ${share}` : `full colour from ±${numberText(limit)} on`;
}

/** A line of small text. */
export function smallText(
  content: string,
  x: number,
  y: number,
  paint: Paint,
  attributes: Record<string, string | undefined> = {},
): string {
  return element('text', { x, y, 'font-size': small.size, ...paint.fill('soft'), ...attributes }, escaped(content));
}

/** Pictures in the colours of both themes; greys are the same in both. */
export function themed(paint: Paint, shades: Shades, draw: (palette: ReturnType<typeof paletteOf>) => string): string {
  if (shades.grey) return draw(paletteOf(shades, 'light'));
  return (['light', 'dark'] as const).map((theme) => paint.only(theme, () => draw(paletteOf(shades, theme)))).join('');
}
