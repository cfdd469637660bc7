import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type FilePath, writeFileAtomic } from '../io/atomic.js';
import { type Panel, readCharts } from './chart.js';
import { chartsTitle, describeCharts } from './describe.js';
import { Paint, type SvgTheme } from './paint.js';
import { type Box, drawPanel } from './panel.js';
import type { Series } from './series.js';
import { element, escaped, svgDocument } from './svg.js';
import { textOption } from './text-options.js';

/** How panels are laid out. Lengths are in CSS pixels. */
export interface CurvesOptions {
  /** Above everything. */
  readonly title?: string | undefined;
  /** Panels side by side. Default 2, or 1 for a single panel. */
  readonly columns?: number | undefined;
  /** Width of a panel. Default 440. */
  readonly width?: number | undefined;
  /** Height of a panel. Default 280. */
  readonly height?: number | undefined;
  /** Default `'auto'`: light, or dark where the reader's screen is (`prefers-color-scheme`). */
  readonly theme?: SvgTheme | undefined;
}

const margin = 20;
const longest = 10_000;

/**
 * Draws line charts as an SVG document: axes with round marks, a legend, gaps where values are
 * missing. It says what it shows to those who cannot see it (`<title>` and `<desc>`).
 *
 * @param charts - Panels, or series for a single panel; at most 1000 of either.
 * @param options - Title, layout and colours.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 */
export function curves(charts: readonly Series[] | readonly Panel[], options: CurvesOptions = {}): string {
  return curvesFor('curves', charts, options);
}

/** {@link curves} for a call of another name. */
export function curvesFor(call: string, charts: unknown, options: unknown): string {
  const given = readOptions(call, options, ['title', 'width', 'height', 'columns', 'theme']);
  const check = new OptionCheck(call);
  const panels = readFrom(call, 'charts', () => readCharts(call, charts));
  const title = textOption(check, 'title', given.title);
  const [width, height] = [
    check.integer('width', given.width, 440, 120, longest),
    check.integer('height', given.height, 280, 120, longest),
  ];
  const columns = Math.min(check.integer('columns', given.columns, 2, 1, longest), Math.max(panels.length, 1));
  const paint = new Paint(check.oneOf('theme', given.theme, 'auto', ['auto', 'light', 'dark']));
  const top = title === '' ? margin : margin + 34;
  const box = (i: number): Box => ({
    left: margin + (i % columns) * (width + margin),
    top: top + Math.floor(i / columns) * (height + margin),
    width,
    height,
  });
  const total = { width: margin + columns * (width + margin), height: top + Math.ceil(panels.length / columns) * (height + margin) };
  const background = element('rect', { ...total, ...paint.fill('page') });
  const content = [background, heading(title, paint), ...panels.map((panel, i) => drawPanel(panel, box(i), paint))];
  return svgDocument({
    ...total,
    title: title || chartsTitle(panels),
    description: describeCharts(panels),
    content: [paint.style(), ...content].filter((part) => part !== '').join('\n'),
  });
}

function heading(title: string, paint: Paint): string {
  if (title === '') return '';
  return element('text', { x: margin, y: margin + 16, 'font-size': 18, 'font-weight': 'bold', ...paint.fill('ink') }, escaped(title));
}

/**
 * Writes an SVG document to a file, atomically.
 *
 * @param path - The file to make or replace.
 * @param svg - From {@link curves} or {@link tilesSvg}.
 */
export async function writeSvg(path: FilePath, svg: string): Promise<void> {
  if (typeof svg !== 'string') throw new ParameterError(`writeSvg: \`svg\` must be text, got ${got(svg)}`);
  await writeFileAtomic(path, Buffer.from(svg, 'utf8'), 'writeSvg');
}
