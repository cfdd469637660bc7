import type { Baseline, Chart } from './chart.js';
import { drawLine, type Scale, type Styled } from './line.js';
import { lineRole, type Paint } from './paint.js';
import { thinned } from './series.js';
import { type Attributes, element, escaped, rounded, textWidth } from './svg.js';
import { type Axis, axis, position } from './ticks.js';

/** A rectangle on the page. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const [titleSize, textSize] = [14, 12];
const dashes = '6 4';

/** Draws one chart into a box. */
export function drawPanel(chart: Chart, box: Box, paint: Paint): string {
  const lines = styledLines(chart, box, paint);
  const header = drawHeader(chart, lines, box, paint);
  const points = lines.flatMap(({ points }) => points.filter(({ y }) => !Number.isNaN(y)));
  const levels = lines.length === 0 ? [] : chart.baselines.map(({ y }) => y);
  const heights = [...points.flatMap(({ y, low, high }) => [y, low, high]), ...levels];
  const y = axis(extent(heights), box.height / 55, { log: chart.log, padding: 0.06 });
  const frame = plotArea(chart, y, header.bottom, box);
  const across = points.map((point) => point.x);
  const x = axis(extent(across), frame.width / 75, { whole: across.every(Number.isInteger) });
  const toX = (value: number) => frame.left + position(x, value) * frame.width;
  const toY = (value: number) => frame.top + (1 - position(y, value)) * frame.height;
  const axes = drawAxes({ axis: x, to: toX }, { axis: y, to: toY }, frame, paint);
  const drawn = lines.length === 0 ? drawNothing(frame, paint) : lines.map((line) => drawLine(line, toX, toY)).join('');
  const compared = lines.length === 0 ? '' : chart.baselines.map((one) => drawBaseline(one, frame, toY, paint)).join('');
  return header.markup + axes + drawLabels(chart, frame, box, paint) + compared + drawn;
}

/** Lines with at least one value, with no more points than the box can show. */
function styledLines({ lines }: Chart, box: Box, paint: Paint): Styled[] {
  const limit = Math.max(200, box.width * 3);
  return lines
    .map((line, i) => ({
      name: line.window > 1 ? `${line.name === '' ? '' : `${line.name}, `}local mean of ${line.window}` : line.name,
      points: thinned(line.points, limit),
      smoothed: thinned(line.smoothed, limit),
      stroke: line.colour === undefined ? paint.stroke(lineRole(i)) : { stroke: line.colour },
      fill: line.colour === undefined ? paint.fill(lineRole(i)) : { fill: line.colour },
      dashes: line.dashed ? dashes : undefined,
    }))
    .filter(({ points }) => points.some(({ y }) => !Number.isNaN(y)));
}

function drawBaseline({ y }: Baseline, { left, width }: Box, toY: Scale, paint: Paint): string {
  return element('line', { x1: left, y1: toY(y), x2: left + width, y2: toY(y), ...baselineStyle(paint) });
}

function baselineStyle(paint: Paint): Attributes {
  return { ...paint.stroke('soft'), 'stroke-width': 1.5, 'stroke-dasharray': dashes };
}

function drawHeader({ title, baselines }: Chart, lines: readonly Styled[], box: Box, paint: Paint): { markup: string; bottom: number } {
  const top = title === '' ? box.top : box.top + titleSize + 8;
  const heading = title === '' ? '' : text(title, box.left, box.top + titleSize, paint, { 'font-size': titleSize, 'font-weight': 'bold' });
  const entries = [
    ...lines.map(({ name, stroke, dashes }) => ({ name, style: { ...stroke, 'stroke-width': 2.5, 'stroke-dasharray': dashes } })),
    ...(lines.length === 0 ? [] : baselines.map(({ name }) => ({ name, style: baselineStyle(paint) }))),
  ];
  const { markup, bottom } = drawLegend(entries, { ...box, top }, paint);
  return { markup: heading + markup, bottom };
}

function drawNothing({ left, top, width, height }: Box, paint: Paint): string {
  return text('no values', left + width / 2, top + height / 2, paint, { 'text-anchor': 'middle', ...paint.fill('soft') });
}

/** Lowest and highest value; infinite when there is none. */
export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function text(content: string, x: number, y: number, paint: Paint, attributes: Attributes = {}): string {
  return element('text', { x, y, 'font-size': textSize, ...paint.fill('ink'), ...attributes }, escaped(content) || ' ');
}

/**
 * One entry per line, side by side and in as many rows as it takes; none when a single line needs
 * no name.
 */
function drawLegend(entries: readonly { name: string; style: Attributes }[], box: Box, paint: Paint): { markup: string; bottom: number } {
  if (entries.length === 0 || (entries.length === 1 && entries[0]?.name === '')) return { markup: '', bottom: box.top };
  let markup = '';
  let [x, y] = [box.left, box.top + textSize];
  for (const { name, style } of entries) {
    const width = 30 + textWidth(name, textSize) + 14;
    if (x > box.left && x + width > box.left + box.width) [x, y] = [box.left, y + 18];
    markup += element('line', { x1: x, y1: y - 4, x2: x + 22, y2: y - 4, ...style }) + text(name, x + 28, y, paint);
    x += width;
  }
  return { markup, bottom: y + 6 };
}

/** Where the values of a chart are drawn: what axes and their labels leave of a box. */
export function plotArea({ xLabel, yLabel }: Pick<Chart, 'xLabel' | 'yLabel'>, y: Axis, top: number, box: Box): Box {
  const widest = Math.max(...y.ticks.map(({ label }) => textWidth(label, textSize)), 10);
  const left = box.left + widest + 10 + (yLabel === '' ? 0 : 20);
  const bottom = box.top + box.height - 22 - (xLabel === '' ? 0 : 18);
  // Room for half of the last label of the x axis.
  const right = box.left + box.width - 20;
  return { left, top: top + 8, width: Math.max(right - left, 10), height: Math.max(bottom - top - 8, 10) };
}

/** An axis and where its values lie on the page. */
export interface Placed {
  readonly axis: Axis;
  readonly to: Scale;
}

/** Two axes along the left and the lower edge of a frame, with lines across at the marks of the vertical one. */
export function drawAxes(x: Placed, y: Placed, frame: Box, paint: Paint): string {
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  const soft = { fill: paint.fill('soft'), stroke: paint.stroke('soft') };
  const line = (x1: number, y1: number, x2: number, y2: number, stroke: Attributes) =>
    element('line', { x1, y1, x2, y2, ...stroke, 'stroke-width': 1 });
  const across = y.axis.ticks.map(({ value, label }) => {
    const at = y.to(value);
    const stroke = paint.stroke(value === 0 && !y.axis.log ? 'zero' : 'grid');
    return line(frame.left, at, right, at, stroke) + text(label, frame.left - 7, at + 4, paint, { 'text-anchor': 'end', ...soft.fill });
  });
  const down = x.axis.ticks.map(({ value, label }) => {
    const at = x.to(value);
    return line(at, bottom, at, bottom + 4, soft.stroke) + text(label, at, bottom + 17, paint, { 'text-anchor': 'middle', ...soft.fill });
  });
  const frameLines = [line(frame.left, bottom, right, bottom, soft.stroke), line(frame.left, frame.top, frame.left, bottom, soft.stroke)];
  return [...across, ...down, ...frameLines].join('');
}

/** What the axes of a frame show, beside the box's edges. */
export function drawLabels({ xLabel, yLabel }: Pick<Chart, 'xLabel' | 'yLabel'>, frame: Box, box: Box, paint: Paint): string {
  const middle = { 'text-anchor': 'middle' };
  const below = xLabel === '' ? '' : text(xLabel, frame.left + frame.width / 2, box.top + box.height - 4, paint, middle);
  if (yLabel === '') return below;
  const [x, y] = [box.left + textSize, frame.top + frame.height / 2];
  return below + text(yLabel, x, y, paint, { ...middle, transform: `rotate(-90 ${rounded(x)} ${rounded(y)})` });
}
