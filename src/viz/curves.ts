import { readFrom, readOptions } from '../arguments.js';
import { got } from '../data/where.js';
import { ParameterError } from '../errors.js';
import { type FilePath, writeFileAtomic } from '../io/atomic.js';
import { type Box, drawPanel } from './panel.js';
import type { Panel, Series } from './series.js';
import { element, escaped } from './svg.js';

/** How panels are laid out. Lengths are in CSS pixels. */
export interface CurvesOptions {
  /** Above everything. */
  readonly title?: string;
  /** Panels side by side. Default 2, or 1 for a single panel. */
  readonly columns?: number;
  /** Width of a panel. Default 440. */
  readonly width?: number;
  /** Height of a panel. Default 280. */
  readonly height?: number;
}

const margin = 20;
/** Panels, and series of one panel. */
const mostCharts = 1000;
const fonts = 'Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif';

/**
 * Draws line charts as an SVG document: axes with round marks, a legend, gaps where values are missing, on white.
 *
 * @param charts - Panels, or series for a single panel; at most 1000 of either.
 * @param options - Title and layout.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 */
export function curves(charts: readonly Series[] | readonly Panel[], options: CurvesOptions = {}): string {
  const given = readOptions('curves', options, ['title', 'width', 'height', 'columns']);
  const panels = readFrom('curves', 'charts', () => asPanels(charts));
  const { title } = given;
  if (title !== undefined && typeof title !== 'string') throw new ParameterError(`curves: \`title\` must be text, got ${got(title)}`);
  const [width, height] = [size('width', given.width ?? 440), size('height', given.height ?? 280)];
  const columns = Math.min(size('columns', given.columns ?? 2, 1), Math.max(panels.length, 1));
  const top = title === undefined ? margin : margin + 34;
  const box = (i: number): Box => ({
    left: margin + (i % columns) * (width + margin),
    top: top + Math.floor(i / columns) * (height + margin),
    width,
    height,
  });
  const total = {
    width: margin + columns * (width + margin),
    height: top + Math.ceil(panels.length / columns) * (height + margin),
  };
  const heading =
    title === undefined
      ? ''
      : element('text', { x: margin, y: margin + 16, 'font-size': 18, 'font-weight': 'bold', fill: '#222222' }, escaped(title));
  const content = panels.map((panel, i) => `${drawPanel(panel, box(i))}\n`).join('');
  const background = element('rect', { ...total, fill: '#ffffff' });
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...total, viewBox: `0 0 ${total.width} ${total.height}`, 'font-family': fonts, role: 'img' },
    `\n${background}\n${heading}\n${content}`,
  )}\n`;
}

function asPanels(charts: unknown): readonly Panel[] {
  if (!Array.isArray(charts)) throw new ParameterError(`curves: \`charts\` must be an array of panels or series, got ${got(charts)}`);
  requireFew('charts', charts);
  const arePanels = charts.some(isPanel);
  for (const [i, chart] of (charts as unknown[]).entries()) {
    if (isPanel(chart)) requireFew(`charts[${i}].series`, chart.series);
    if (isPanel(chart) ? arePanels : !arePanels && typeof chart === 'object' && chart !== null) continue;
    const expected = arePanels ? 'a panel (with an array `series`)' : 'a series';
    throw new ParameterError(`curves: \`charts[${i}]\` must be ${expected} like the others, got ${got(chart)}`);
  }
  return arePanels || charts.length === 0 ? (charts as Panel[]) : [{ series: charts as Series[] }];
}

/** An array can claim any length, and holes are not free. */
function requireFew(name: string, list: readonly unknown[]): void {
  if (list.length > mostCharts) throw new ParameterError(`curves: \`${name}\` must have at most ${mostCharts} entries, got ${list.length}`);
}

function isPanel(chart: unknown): chart is Panel {
  return typeof chart === 'object' && chart !== null && Array.isArray((chart as { series?: unknown }).series);
}

function size(name: string, value: unknown, lowest = 120): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= 10_000) return value;
  throw new ParameterError(`curves: \`${name}\` must be a whole number from ${lowest} to 10000, got ${got(value)}`);
}

/**
 * Writes an SVG document to a file, atomically.
 *
 * @param path - The file to make or replace.
 * @param svg - From {@link curves}.
 */
export async function writeSvg(path: FilePath, svg: string): Promise<void> {
  if (typeof svg !== 'string') throw new ParameterError(`writeSvg: \`svg\` must be text, got ${got(svg)}`);
  await writeFileAtomic(path, Buffer.from(svg, 'utf8'), 'writeSvg');
}
