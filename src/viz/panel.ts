import { lineColour } from './colours.js';
import { type Panel, type Point, pointsOf, type Series, thinned } from './series.js';
import { element, escaped, rounded, textWidth } from './svg.js';
import { type Axis, axis, position } from './ticks.js';

/** A rectangle on the page. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const ink = '#222222';
const soft = '#555555';
const grid = '#e6e6e6';
const [titleSize, textSize] = [14, 12];

interface Line {
  readonly series: Series;
  readonly points: readonly Point[];
  readonly colour: string;
}

/** Draws one chart into a box. */
export function drawPanel(panel: Panel, box: Box): string {
  const log = panel.yScale === 'log';
  const lines = linesOf(panel, log, box);
  const header = drawHeader(panel, lines, box);
  const points = lines.flatMap((line) => line.points.filter(isDrawn));
  const y = axis(extent(points.flatMap((point) => [point.y, point.low, point.high])), box.height / 55, { log, padding: 0.06 });
  const frame = plotArea(panel, y, header.bottom, box);
  const across = points.map((point) => point.x);
  const x = axis(extent(across), frame.width / 75, { whole: across.every(Number.isInteger) });
  const toX = (value: number) => frame.left + position(x, value) * frame.width;
  const toY = (value: number) => frame.top + (1 - position(y, value)) * frame.height;
  const drawn = lines.length === 0 ? drawNothing(frame) : lines.map((line) => drawLine(line, toX, toY)).join('');
  return header.markup + drawAxes(x, y, frame, toX, toY) + drawLabels(panel, frame, box) + drawn;
}

/** Series with at least one value, with no more points than the box can show. */
function linesOf({ series }: Panel, log: boolean, box: Box): Line[] {
  const limit = Math.max(200, box.width * 3);
  return series
    .map((one, i) => ({ series: one, points: thinned(pointsOf(one, log), limit), colour: one.colour ?? lineColour(i) }))
    .filter(({ points }) => points.some(isDrawn));
}

function drawHeader({ title }: Panel, lines: readonly Line[], box: Box): { markup: string; bottom: number } {
  if (title === undefined) return drawLegend(lines, box.top, box);
  const { markup, bottom } = drawLegend(lines, box.top + titleSize + 8, box);
  return { markup: text(title, box.left, box.top + titleSize, { 'font-size': titleSize, 'font-weight': 'bold' }) + markup, bottom };
}

function drawNothing({ left, top, width, height }: Box): string {
  return text('no values', left + width / 2, top + height / 2, { 'text-anchor': 'middle', fill: soft });
}

function isDrawn({ y }: Point): boolean {
  return !Number.isNaN(y);
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function text(content: string, x: number, y: number, attributes: Record<string, string | number> = {}): string {
  return element('text', { x, y, 'font-size': textSize, fill: ink, ...attributes }, escaped(content) || ' ');
}

/** One entry per line, side by side and in as many rows as it takes; none when a single line needs no name. */
function drawLegend(lines: readonly Line[], top: number, box: Box): { markup: string; bottom: number } {
  if (lines.length === 0 || (lines.length === 1 && lines[0]?.series.name === '')) return { markup: '', bottom: top };
  let markup = '';
  let [x, y] = [box.left, top + textSize];
  for (const { series, colour } of lines) {
    const width = 30 + textWidth(series.name, textSize) + 14;
    if (x > box.left && x + width > box.left + box.width) [x, y] = [box.left, y + 18];
    markup += element('line', {
      x1: x,
      y1: y - 4,
      x2: x + 22,
      y2: y - 4,
      stroke: colour,
      'stroke-width': 2.5,
      'stroke-dasharray': dashes(series),
    });
    markup += text(series.name, x + 28, y);
    x += width;
  }
  return { markup, bottom: y + 6 };
}

function dashes({ dashed }: Series): string | undefined {
  return dashed ? '6 4' : undefined;
}

function plotArea(panel: Panel, y: Axis, top: number, box: Box): Box {
  const widest = Math.max(...y.ticks.map(({ label }) => textWidth(label, textSize)), 10);
  const left = box.left + widest + 10 + (panel.yLabel === undefined ? 0 : 20);
  const bottom = box.top + box.height - 22 - (panel.xLabel === undefined ? 0 : 18);
  // Room for half of the last label of the x axis.
  const right = box.left + box.width - 20;
  return { left, top: top + 8, width: Math.max(right - left, 10), height: Math.max(bottom - top - 8, 10) };
}

function drawAxes(x: Axis, y: Axis, frame: Box, toX: (value: number) => number, toY: (value: number) => number): string {
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  const line = (x1: number, y1: number, x2: number, y2: number, stroke: string) =>
    element('line', { x1, y1, x2, y2, stroke, 'stroke-width': 1 });
  const across = y.ticks.map(({ value, label }) => {
    const at = toY(value);
    const stroke = value === 0 && !y.log ? '#a0a0a0' : grid;
    return line(frame.left, at, right, at, stroke) + text(label, frame.left - 7, at + 4, { 'text-anchor': 'end', fill: soft });
  });
  const down = x.ticks.map(({ value, label }) => {
    const at = toX(value);
    return line(at, bottom, at, bottom + 4, soft) + text(label, at, bottom + 17, { 'text-anchor': 'middle', fill: soft });
  });
  return (
    across.join('') + down.join('') + line(frame.left, bottom, right, bottom, soft) + line(frame.left, frame.top, frame.left, bottom, soft)
  );
}

function drawLabels({ xLabel, yLabel }: Panel, frame: Box, box: Box): string {
  const below =
    xLabel === undefined ? '' : text(xLabel, frame.left + frame.width / 2, box.top + box.height - 4, { 'text-anchor': 'middle' });
  if (yLabel === undefined) return below;
  const [x, y] = [box.left + textSize, frame.top + frame.height / 2];
  return below + text(yLabel, x, y, { 'text-anchor': 'middle', transform: `rotate(-90 ${rounded(x)} ${rounded(y)})` });
}

type Scale = (value: number) => number;

function drawLine({ series, points, colour }: Line, toX: Scale, toY: Scale): string {
  const stretches = unbroken(points);
  const style = { fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-dasharray': dashes(series) };
  const path = stretches.map((stretch) => polyline(stretch.map(({ x, y }) => [toX(x), toY(y)]))).join('');
  const dots = points.length <= 30 ? points.filter(isDrawn) : stretches.filter((stretch) => stretch.length === 1).flat();
  const marks = dots.map(({ x, y }) => element('circle', { cx: toX(x), cy: toY(y), r: 2.6, fill: colour })).join('');
  return drawBand(stretches, colour, toX, toY) + element('path', { d: path, ...style }) + marks;
}

/** The points between gaps. */
function unbroken(points: readonly Point[]): Point[][] {
  const stretches: Point[][] = [];
  let current: Point[] = [];
  for (const point of points) {
    if (isDrawn(point)) {
      if (current.length === 0) stretches.push(current);
      current.push(point);
    } else current = [];
  }
  return stretches;
}

function polyline(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${rounded(x)} ${rounded(y)}`).join('');
}

function drawBand(stretches: readonly Point[][], colour: string, toX: Scale, toY: Scale): string {
  return stretches
    .map((stretch) => stretch.filter(({ low, high }) => !Number.isNaN(low + high)))
    .filter((stretch) => stretch.length > 1)
    .map((stretch) => {
      const upper = stretch.map(({ x, high }) => [toX(x), toY(high)] as const);
      const lower = stretch.map(({ x, low }) => [toX(x), toY(low)] as const).reverse();
      return element('path', { d: `${polyline([...upper, ...lower])}Z`, fill: colour, 'fill-opacity': 0.18 });
    })
    .join('');
}
