import { OptionCheck, readOptions } from '../arguments.js';
import { classesOf, type LabelsInput, readLabels } from '../data/labels.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError, ShapeError } from '../errors.js';
import { smallText } from './colour-bar.js';
import type { Scale } from './line.js';
import { classRole, type Paint } from './paint.js';
import { type Box, drawAxes, drawLabels, extent, plotArea } from './panel.js';
import { margin, readSheet, type SheetOptions, sheet, sheetOptions } from './sheet.js';
import { type Attributes, element, escaped, textWidth } from './svg.js';
import { textOption, textsOption } from './text-options.js';
import { type Axis, axis, position } from './ticks.js';

/** How to draw points. */
export interface PointMapOptions extends SheetOptions {
  /** [n], the class of each point, from 0: points of a class have its colour. Default: all are of one. */
  readonly labels?: LabelsInput | undefined;
  /** Names of the classes, for the legend and beside their points. Default: their numbers. */
  readonly classes?: readonly string[] | undefined;
  /** What the horizontal axis shows. */
  readonly xLabel?: string | undefined;
  /** What the vertical axis shows. */
  readonly yLabel?: string | undefined;
  /** Width of the map in CSS pixels, from 200 to 4000. Default 640. */
  readonly width?: number | undefined;
  /** Height of the map. Default: as its width. */
  readonly height?: number | undefined;
  /** Whether both axes have the same scale. Default true. */
  readonly equal?: boolean | undefined;
}

const mostPoints = 200_000;
const mostClasses = 100;
/** Classes are drawn in so many turns, so that the last one does not hide the others. */
const turns = 8;

/** Points [n, 2] and their classes. */
interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly labels: Uint32Array;
  readonly names: readonly string[];
}

/**
 * Draws points in the colours of their classes as an SVG document: codes of two units, or two principal
 * components of longer ones (`principalComponents` of the package's main entry). Each class is named at
 * the middle of its points, so that colours need not be told apart.
 *
 * @param points - [n, 2], at most 200,000; those with NaN or infinity are left out.
 * @param options - Classes, axes, size, title, caption, colours.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 * @throws `ShapeError` where rows have another length or there are other numbers of labels, `ParameterError`
 *   where an option makes no sense.
 */
export function pointMap(points: RowsInput, options?: PointMapOptions): string {
  const call = 'pointMap';
  const given = readOptions(call, options, ['labels', 'classes', 'xLabel', 'yLabel', 'width', 'height', 'equal', ...sheetOptions]);
  const check = new OptionCheck(call);
  const read = readPoints(check, points, given.labels, given.classes);
  const width = check.integer('width', given.width, 640, 200, 4000);
  const height = check.integer('height', given.height, width, 200, 4000);
  const labels = { xLabel: textOption(check, 'xLabel', given.xLabel), yLabel: textOption(check, 'yLabel', given.yLabel) };
  const equal = check.flag('equal', given.equal, true);
  const page = readSheet(call, given);
  const { paint } = page;
  const box: Box = { left: margin, top: page.top, width, height };
  const map = draw(read, box, labels, equal, paint);
  const legend = drawLegend(read.names, margin + width + 6, page.top + 14, paint);
  return sheet(page, {
    content: map + legend.markup,
    right: margin + width + legend.width,
    bottom: page.top + height,
    name: 'Map of points',
    description: describe(read),
  });
}

function readPoints(check: OptionCheck, input: unknown, labels: unknown, classes: unknown): Points {
  const { call } = check;
  const host = describeRows(input, 2, { call, argument: 'points', units: 'coordinates' });
  if (host.rows > mostPoints) throw new ShapeError(`${call}: \`points\` must be at most ${mostPoints} rows, got ${host.rows}`);
  const values = toFloat64(host);
  const given =
    labels === undefined
      ? new Uint32Array(host.rows)
      : readLabels(labels, { call, argument: 'labels', units: 'labels' }, mostClasses, host.rows);
  const kept = Array.from(given.keys()).filter((r) => Number.isFinite(values[2 * r]) && Number.isFinite(values[2 * r + 1]));
  if (kept.length === 0) throw new ParameterError(`${call}: \`points\` must hold at least one finite point`);
  const count = classesOf(given);
  const named = classes === undefined ? Array.from({ length: count }, (_, k) => String(k)) : readNames(check, classes, count);
  return {
    xs: Float64Array.from(kept, (r) => values[2 * r] as number),
    ys: Float64Array.from(kept, (r) => values[2 * r + 1] as number),
    labels: Uint32Array.from(kept, (r) => given[r] as number),
    names: labels === undefined ? [] : named,
  };
}

function readNames(check: OptionCheck, classes: unknown, least: number): readonly string[] {
  const length = (classes as { length?: unknown } | null)?.length;
  const count = typeof length === 'number' && length >= least && length <= mostClasses ? length : least;
  return textsOption(check, 'classes', classes, count);
}

function draw(points: Points, box: Box, labels: { xLabel: string; yLabel: string }, equal: boolean, paint: Paint): string {
  const padding = 0.03;
  const y = axis(extent(points.ys), box.height / 80, { padding });
  const frame = plotArea(labels, y, box.top, box);
  const x = axis(extent(points.xs), frame.width / 90, { padding });
  const [xs, ys] = equal ? sameScale(x, y, frame) : [x, y];
  const toX = (value: number) => frame.left + position(xs, value) * frame.width;
  const toY = (value: number) => frame.top + (1 - position(ys, value)) * frame.height;
  const axes = drawAxes({ axis: xs, to: toX }, { axis: ys, to: toY }, frame, paint) + drawLabels(labels, frame, box, paint);
  return axes + drawDots(points, toX, toY, paint) + drawNames(points, frame, toX, toY, paint);
}

/** Axes with the same length per unit, each around the middle of its range. */
function sameScale(x: Axis, y: Axis, { width, height }: Box): [Axis, Axis] {
  const unit = Math.max((x.high - x.low) / width, (y.high - y.low) / height);
  const around = (one: Axis, pixels: number): Axis => {
    const [middle, half] = [(one.low + one.high) / 2, (unit * pixels) / 2];
    return axis([middle - half, middle + half], pixels / 90);
  };
  return [around(x, width), around(y, height)];
}

/** Every dot is a line of no length with round ends: much shorter than a circle, and there may be many. */
function drawDots({ xs, ys, labels }: Points, toX: Scale, toY: Scale, paint: Paint): string {
  const n = labels.length;
  const size = n > 20_000 ? 2.2 : n > 3000 ? 3 : n > 500 ? 4 : 6;
  const paths = new Map<number, string[]>();
  for (let i = 0; i < n; i++) {
    const key = (i % turns) * mostClasses + (labels[i] as number);
    const path = paths.get(key) ?? [];
    if (path.length === 0) paths.set(key, path);
    path.push(`M${rounded1(toX(xs[i] as number))} ${rounded1(toY(ys[i] as number))}h0`);
  }
  return [...paths.entries()]
    .sort(([a], [b]) => a - b)
    .map(([key, path]) => {
      const style: Attributes = { fill: 'none', ...paint.stroke(classRole(key % mostClasses)), 'stroke-opacity': n > 500 ? 0.7 : 0.85 };
      return element('path', { d: path.join(''), ...style, 'stroke-width': size, 'stroke-linecap': 'round' });
    })
    .join('');
}

function rounded1(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A name with its middle on the page, and half of what it takes. */
interface Placed {
  readonly name: string;
  x: number;
  y: number;
  readonly halfWidth: number;
}

const nameSize = 18;

/** The name of each class near the medians of its points, over a rim of the page's colour. */
function drawNames({ xs, ys, labels, names }: Points, frame: Box, toX: Scale, toY: Scale, paint: Paint): string {
  const placed = names.flatMap((name, k): Placed[] => {
    const members = Array.from(labels.keys()).filter((i) => labels[i] === k);
    if (members.length === 0) return [];
    const middle = (values: Float64Array) => Float64Array.from(members, (i) => values[i] as number).sort()[members.length >> 1] as number;
    return [{ name, x: toX(middle(xs)), y: toY(middle(ys)), halfWidth: textWidth(name, nameSize) / 2 + 2 }];
  });
  spread(placed, frame);
  const texts = placed.map(({ name, x, y }) => {
    const at = { x, y: y + nameSize / 3, 'font-size': nameSize, 'font-weight': 'bold', 'text-anchor': 'middle' };
    const rim = { fill: 'none', ...paint.stroke('page'), 'stroke-width': 5, 'stroke-linejoin': 'round', 'stroke-opacity': 0.85 };
    return element('text', { ...at, ...rim }, escaped(name)) + element('text', { ...at, ...paint.fill('ink') }, escaped(name));
  });
  return texts.join('');
}

/** Moves names that lie over each other apart, the shorter way, a little at a time. */
function spread(placed: readonly Placed[], { left, top, width, height }: Box): void {
  const half = nameSize / 2 + 1;
  for (let round = 0; round < 200; round++) {
    let moved = false;
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1)) {
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const [overX, overY] = [a.halfWidth + b.halfWidth - Math.abs(dx), 2 * half - Math.abs(dy)];
        if (overX <= 0 || overY <= 0) continue;
        moved = true;
        const along = overX < overY ? 'x' : 'y';
        const step = ((along === 'x' ? overX : overY) / 2 + 0.5) * ((along === 'x' ? dx : dy) < 0 ? -1 : 1);
        a[along] -= step;
        b[along] += step;
      }
    }
    for (const one of placed) {
      one.x = Math.min(Math.max(one.x, left + one.halfWidth), left + width - one.halfWidth);
      one.y = Math.min(Math.max(one.y, top + half), top + height - half);
    }
    if (!moved) return;
  }
}

function drawLegend(names: readonly string[], left: number, top: number, paint: Paint): { markup: string; width: number } {
  if (names.length < 2) return { markup: '', width: 0 };
  const entries = names.map((name, k) => {
    const y = top + k * 20;
    const dot = element('circle', { cx: left + 6, cy: y - 4, r: 5, ...paint.fill(classRole(k)) });
    return dot + smallText(name, left + 18, y, paint, paint.fill('ink') as Record<string, string>);
  });
  return { markup: entries.join(''), width: 28 + Math.max(...names.map((name) => textWidth(name, 12))) };
}

function describe({ labels, names }: Points): string {
  const counts = names.map((name, k) => `${name}: ${labels.reduce((sum, label) => sum + (label === k ? 1 : 0), 0)}`);
  return `${labels.length} points${counts.length === 0 ? '' : ` of ${names.length} classes (${counts.join(', ')})`}.`;
}
