import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { smallText } from './colour-bar.js';
import type { Scale } from './line.js';
import type { Paint } from './paint.js';
import { type Box, drawAxes, drawLabels, plotArea } from './panel.js';
import { margin, readSheet, type SheetOptions, sheet, sheetOptions } from './sheet.js';
import { element } from './svg.js';
import { listOf } from './text-options.js';
import { axis, numberText } from './ticks.js';

/** A bin of a reliability diagram, as `calibration` makes them. */
export interface ReliabilityBin {
  /** Where the bin begins, from 0 to 1. */
  readonly low: number;
  /** Where it ends. */
  readonly high: number;
  /** Rows in it. */
  readonly count: number;
  /** Their mean confidence. */
  readonly confidence: number;
  /** The share of them that were right. */
  readonly accuracy: number;
}

/** How to draw a reliability diagram. */
export interface ReliabilityOptions extends SheetOptions {
  /** Width of the diagram in CSS pixels, from 200 to 2000. Default 440. */
  readonly width?: number | undefined;
}

const mostBins = 1000;

/**
 * Draws a reliability diagram as an SVG document (Niculescu-Mizil & Caruana, ICML 2005; Guo et al., ICML 2017).
 * Bars are the accuracy of the rows of a bin, with a 95 % interval (Wilson, 1927); what lies between that and their
 * mean confidence is orange where they were too sure, and green where they were not sure enough. On the dashed line both are the same. Below stand the shares of the rows.
 *
 * @param calibrated - What `calibration` gives: its `bins` are drawn, and its `ece` is said where it is there.
 * @param options - Size, title, caption, colours.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 * @throws `ParameterError` where a bin makes no sense.
 */
export function reliabilityDiagram(
  calibrated: { readonly bins: readonly ReliabilityBin[]; readonly ece?: number },
  options?: ReliabilityOptions,
): string {
  const call = 'reliabilityDiagram';
  const given = readOptions(call, options, ['width', ...sheetOptions]);
  const width = new OptionCheck(call).integer('width', given.width, 440, 200, 2000);
  const { bins, ece } = readCalibration(call, calibrated);
  const page = readSheet(call, given);
  const upper: Box = { left: margin, top: page.top, width, height: width };
  const lower: Box = { left: margin, top: page.top + width + 14, width, height: Math.max(width * 0.32, 110) };
  const content = drawDiagram(bins, ece, upper, page.paint) + drawShares(bins, lower, page.paint);
  const rows = bins.reduce((sum, { count }) => sum + count, 0);
  const told = bins.map(({ confidence, accuracy }) => `${numberText(confidence, 3)}: ${numberText(accuracy, 3)}`).join('; ');
  return sheet(page, {
    content,
    right: margin + width,
    bottom: lower.top + lower.height,
    name: 'Reliability diagram',
    description: `Accuracy by mean confidence of ${rows} rows in ${bins.length} bins.${ece === undefined ? '' : ` Expected calibration error ${numberText(ece, 3)}.`} ${told}.`,
  });
}

function readCalibration(call: string, input: unknown): { bins: ReliabilityBin[]; ece: number | undefined } {
  if (typeof input !== 'object' || input === null)
    throw new ParameterError(`${call}: \`calibrated\` must be what \`calibration\` gives, got ${got(input)}`);
  const check = new OptionCheck(call);
  const { bins: list, ece } = readFrom(call, 'calibrated', () => ({
    bins: (input as { bins?: unknown }).bins,
    ece: (input as { ece?: unknown }).ece,
  }));
  const share = (name: string, value: unknown) => check.number(name, value, Number.NaN, 0, 1);
  const bins = listOf(check, 'calibrated.bins', list, mostBins).map((one, i) => {
    const name = `calibrated.bins[${i}]`;
    const bin = readOptions(call, one ?? null, ['low', 'high', 'count', 'confidence', 'accuracy'], name);
    return {
      low: share(`${name}.low`, bin.low),
      high: share(`${name}.high`, bin.high),
      count: check.integer(`${name}.count`, bin.count, undefined, 1),
      confidence: share(`${name}.confidence`, bin.confidence),
      accuracy: share(`${name}.accuracy`, bin.accuracy),
    };
  });
  return { bins, ece: ece === undefined ? undefined : share('calibrated.ece', ece) };
}

const keys = {
  accuracy: { role: 'line0', opacity: 0.75, name: 'accuracy' },
  high: { role: 'line1', opacity: 0.6, name: 'confidence too high' },
  low: { role: 'line2', opacity: 0.6, name: 'confidence too low' },
} as const;

interface Frame {
  readonly frame: Box;
  readonly toX: Scale;
  readonly toY: Scale;
  readonly markup: string;
}

/** Axes of a box, the horizontal one from 0 to 1. */
function frameOf(box: Box, highest: number, labels: { xLabel: string; yLabel: string }, paint: Paint): Frame {
  const y = axis([0, highest], box.height / 55);
  const x = axis([0, 1], box.width / 75);
  const area = plotArea(labels, y, box.top, box);
  // Both diagrams begin at the same place, whatever the widths of their numbers.
  const left = box.left + 62;
  const frame = { ...area, left, width: area.width - (left - area.left) };
  const toX = (value: number) => frame.left + value * frame.width;
  const toY = (value: number) => frame.top + (1 - value / highest) * frame.height;
  return {
    frame,
    toX,
    toY,
    markup: drawAxes({ axis: x, to: toX }, { axis: y, to: toY }, frame, paint) + drawLabels(labels, frame, box, paint),
  };
}

function drawDiagram(bins: readonly ReliabilityBin[], ece: number | undefined, box: Box, paint: Paint): string {
  const { frame, toX, toY, markup } = frameOf(box, 1, { xLabel: '', yLabel: 'accuracy' }, paint);
  const bars = bins.map((bin) => {
    const [left, right] = [toX(bin.low), toX(bin.high)];
    const block = (from: number, to: number, key: keyof typeof keys) => {
      const { role, opacity } = keys[key];
      const size = { x: left + 0.5, width: Math.max(right - left - 1, 1), y: toY(to), height: toY(from) - toY(to) };
      return from < to ? element('rect', { ...size, ...paint.fill(role), 'fill-opacity': opacity }) : '';
    };
    const { accuracy, confidence } = bin;
    const gaps = block(accuracy, confidence, 'high') + block(confidence, accuracy, 'low');
    return block(0, Math.min(accuracy, confidence), 'accuracy') + gaps + whisker(bin, [left, right], toY, paint);
  });
  const corners = { x1: toX(0), y1: toY(0), x2: toX(1), y2: toY(1) };
  const diagonal = element('line', { ...corners, ...paint.stroke('soft'), 'stroke-width': 1.5, 'stroke-dasharray': '6 4' });
  const said = ece === undefined ? '' : `ECE ${numberText(100 * ece, 3)} %`;
  const text =
    said === ''
      ? ''
      : smallText(said, frame.left + 12, frame.top + 20, paint, {
          'font-weight': 'bold',
          ...(paint.fill('ink') as Record<string, string>),
        });
  const legend = Object.values(keys).map(({ role, opacity, name }, i) => {
    const y = frame.top + 32 + i * 18;
    return (
      element('rect', { x: frame.left + 12, y, width: 12, height: 12, ...paint.fill(role), 'fill-opacity': opacity }) +
      smallText(name, frame.left + 30, y + 10, paint)
    );
  });
  return markup + bars.join('') + diagonal + text + legend.join('');
}

/** The 95 % interval of an accuracy. */
function whisker({ accuracy, count }: ReliabilityBin, [left, right]: readonly [number, number], toY: Scale, paint: Paint): string {
  const z = 1.959964;
  const centre = (accuracy + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((accuracy * (1 - accuracy)) / count + (z * z) / (4 * count * count));
  const [low, high] = [toY(Math.max(centre - half, 0)), toY(Math.min(centre + half, 1))];
  const [x, cap] = [(left + right) / 2, Math.min(3, (right - left) / 3)];
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    element('line', { x1, y1, x2, y2, ...paint.stroke('ink'), 'stroke-width': 1.2 });
  return line(x, low, x, high) + line(x - cap, low, x + cap, low) + line(x - cap, high, x + cap, high);
}

function drawShares(bins: readonly ReliabilityBin[], box: Box, paint: Paint): string {
  const rows = bins.reduce((sum, { count }) => sum + count, 0);
  const shares = bins.map(({ count }) => count / rows);
  const highest = Math.max(...shares, 0.001) * 1.08;
  const { toX, toY, markup } = frameOf(box, highest, { xLabel: 'confidence', yLabel: 'share of rows' }, paint);
  const bars = bins.map(({ low, high }, i) => {
    const top = toY(shares[i] as number);
    const size = { x: toX(low) + 0.5, width: Math.max(toX(high) - toX(low) - 1, 1) };
    return element('rect', { ...size, y: top, height: toY(0) - top, ...paint.fill('soft'), 'fill-opacity': 0.8 });
  });
  return markup + bars.join('');
}
