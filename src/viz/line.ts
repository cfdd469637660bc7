import type { Point } from './series.js';
import { type Attributes, element, rounded } from './svg.js';

/** Where a value lies on the page. */
export type Scale = (value: number) => number;

/** A line with its colours. */
export interface Styled {
  /** What the legend calls it. */
  readonly name: string;
  readonly points: readonly Point[];
  /** Drawn over the points, which then are pale; may be empty. */
  readonly smoothed: readonly Point[];
  readonly stroke: Attributes;
  readonly fill: Attributes;
  readonly dashes: string | undefined;
}

/** More points than this are a line without dots. */
const mostDots = 30;
const pale = 0.35;

/** Draws a line with its band; where there is a smoothed one, over the pale values themselves. */
export function drawLine(line: Styled, toX: Scale, toY: Scale): string {
  const { points, smoothed } = line;
  const band = drawBand(unbroken(points), line, toX, toY);
  if (smoothed.length === 0) return band + drawPath(points, line, { 'stroke-width': 2 }, toX, toY) + drawDots(points, line, {}, toX, toY);
  const values = drawPath(points, line, { 'stroke-width': 1, 'stroke-opacity': pale }, toX, toY);
  const dots = drawDots(points, line, { 'fill-opacity': pale }, toX, toY);
  return band + values + dots + drawPath(smoothed, line, { 'stroke-width': 2.5 }, toX, toY);
}

function drawPath(points: readonly Point[], { stroke, dashes }: Styled, style: Attributes, toX: Scale, toY: Scale): string {
  const d = unbroken(points)
    .map((stretch) => polyline(stretch.map(({ x, y }) => [toX(x), toY(y)])))
    .join('');
  return element('path', { d, fill: 'none', ...stroke, 'stroke-linejoin': 'round', 'stroke-dasharray': dashes, ...style });
}

/** All points of short lines, and those that have gaps on both sides. */
function drawDots(points: readonly Point[], { fill }: Styled, style: Attributes, toX: Scale, toY: Scale): string {
  const lone = unbroken(points).filter((stretch) => stretch.length === 1);
  const dots = points.length <= mostDots ? points.filter(isDrawn) : lone.flat();
  return dots.map(({ x, y }) => element('circle', { cx: toX(x), cy: toY(y), r: 2.6, ...fill, ...style })).join('');
}

function isDrawn({ y }: Point): boolean {
  return !Number.isNaN(y);
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

/** An area between the edges; around a lone point a bar. */
function drawBand(stretches: readonly Point[][], { fill, stroke }: Styled, toX: Scale, toY: Scale): string {
  return stretches
    .map((stretch) => stretch.filter(({ low, high }) => !Number.isNaN(low + high)))
    .map((stretch) => {
      if (stretch.length === 0) return '';
      const upper = stretch.map(({ x, high }) => [toX(x), toY(high)] as const);
      const lower = stretch.map(({ x, low }) => [toX(x), toY(low)] as const).reverse();
      const d = polyline([...upper, ...lower]);
      if (stretch.length > 1) return element('path', { d: `${d}Z`, ...fill, 'fill-opacity': 0.18 });
      return element('path', { d, ...stroke, 'stroke-width': 6, 'stroke-opacity': 0.25 });
    })
    .join('');
}
