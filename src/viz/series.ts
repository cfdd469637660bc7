import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { localMean } from './smoothing.js';

/** One line of a chart. */
export interface Series {
  /** What the legend calls it. */
  readonly name: string;
  /** Values, at most 2²²; NaN and infinities are gaps in the line. */
  readonly y: ArrayLike<number>;
  /** Where the values stand, rising. Default: 1, 2, 3 … */
  readonly x?: ArrayLike<number> | undefined;
  /**
   * A band around the line, for example a confidence interval: its lower and upper edge at every
   * point.
   */
  readonly band?: Band | undefined;
  /**
   * Window of a local mean: an odd number of points from 3 to 999. The mean is drawn in full colour
   * over the pale line of the values themselves, and the legend says the window. Default: none.
   */
  readonly smooth?: number | undefined;
  /**
   * A CSS colour. Default: the next of a palette that is distinguishable with every common colour
   * deficiency.
   */
  readonly colour?: string | undefined;
  /** Whether the line is dashed. */
  readonly dashed?: boolean | undefined;
}

/** The edges of a band around a line, a value for every point. */
export interface Band {
  /** Lower edge. */
  readonly low: ArrayLike<number>;
  /** Upper edge. */
  readonly high: ArrayLike<number>;
}

/** Values of one line; drawing them takes about a second. */
const mostPoints = 2 ** 22;
const widestWindow = 999;

/** A point of a line; `low` and `high` are NaN without a band. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** A line as it is drawn. */
export interface Line {
  readonly name: string;
  /** The values, gaps with y = NaN. */
  readonly points: readonly Point[];
  /** Their local mean; empty where there is none. */
  readonly smoothed: readonly Point[];
  readonly window: number;
  readonly colour: string | undefined;
  readonly dashed: boolean;
}

const seriesKeys = ['name', 'y', 'x', 'band', 'smooth', 'colour', 'dashed'] as const;

/** Reads a series, each property once. */
export function readSeries(call: string, path: string, series: unknown, log: boolean): Line {
  if (typeof series !== 'object' || series === null) throw new ParameterError(`${call}: a series must be an object, got ${got(series)}`);
  const given = readOptions(`${call}: \`${path}\``, series, seriesKeys);
  const { name, y, x } = given;
  if (typeof name !== 'string') throw new ParameterError(`${call}: the \`name\` of a series must be text, got ${got(name)}`);
  const part = (key: string) => `${call}: \`${key}\` of "${name}"`;
  checkList(y, part('y'), undefined);
  const n = y.length;
  if (n > mostPoints) throw new ParameterError(`${part('y')} must have at most ${mostPoints} entries, got ${n}`);
  if (x !== undefined) checkList(x, part('x'), n);
  const check = new OptionCheck(`${call}: "${name}"`);
  const window = check.integer('smooth', given.smooth, 1, 1, widestWindow);
  if (given.smooth !== undefined && (window < 3 || window % 2 === 0)) {
    throw check.error('smooth', `an odd number of points from 3 to ${widestWindow}`, window);
  }
  if (given.colour !== undefined && typeof given.colour !== 'string') throw check.error('colour', 'a CSS colour', given.colour);
  const points = pointsOf({ y, x, band: readBand(part, given.band, n) }, log);
  const smoothed = window === 1 ? [] : smoothedPoints(points, window);
  return { name, points, smoothed, window, colour: given.colour, dashed: check.flag('dashed', given.dashed, false) };
}

function readBand(part: (key: string) => string, band: unknown, n: number): Band | undefined {
  if (band === undefined) return undefined;
  const { low, high } = readOptions(part('band'), band, ['low', 'high']);
  checkList(low, part('band.low'), n);
  checkList(high, part('band.high'), n);
  return { low, high };
}

function pointsOf({ y, x, band }: Pick<Series, 'y' | 'x' | 'band'>, log: boolean): Point[] {
  const drawable = (value: number | undefined) => (isDrawable(value, log) ? value : Number.NaN);
  return Array.from({ length: y.length }, (_, i) => {
    const at = x === undefined ? i + 1 : (x[i] as number);
    const gap = !isDrawable(at, false);
    return { x: gap ? 0 : at, y: gap ? Number.NaN : drawable(y[i]), low: drawable(band?.low[i]), high: drawable(band?.high[i]) };
  });
}

function smoothedPoints(points: readonly Point[], window: number): Point[] {
  const means = localMean(
    points.map(({ y }) => y),
    window,
  );
  return points.map(({ x }, i) => ({ x, y: means[i] as number, low: Number.NaN, high: Number.NaN }));
}

// Far from where differences and ratios would overflow.
const largest = 1e200;

/** Whether a value can be drawn on a linear or logarithmic axis. */
export function isDrawable(value: unknown, log: boolean): value is number {
  return typeof value === 'number' && Math.abs(value) <= largest && (!log || value >= 1 / largest);
}

function checkList(list: unknown, subject: string, length: number | undefined): asserts list is ArrayLike<number> {
  const isList = Array.isArray(list) || (ArrayBuffer.isView(list) && !(list instanceof DataView));
  if (!isList) throw new ParameterError(`${subject} must be an array of numbers, got ${got(list)}`);
  const size = (list as ArrayLike<number>).length;
  if (length !== undefined && size !== length) throw new ParameterError(`${subject} must have ${length} entries like \`y\`, got ${size}`);
}

/**
 * At most about `limit` points that look the same: of every stretch the lowest and the highest
 * stay.
 */
export function thinned(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretch = Math.ceil((2 * points.length) / limit);
  const kept: Point[] = [];
  for (let begin = 0; begin < points.length; begin += stretch) {
    const part = points.slice(begin, begin + stretch);
    const drawn = part.filter(({ y }) => !Number.isNaN(y));
    if (drawn.length < part.length) kept.push({ ...(part[0] as Point), y: Number.NaN });
    if (drawn.length === 0) continue;
    const lowest = drawn.reduce((a, b) => (b.y < a.y ? b : a));
    const highest = drawn.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(lowest.x <= highest.x ? [lowest, highest] : [highest, lowest]).slice(lowest === highest ? 1 : 0));
  }
  return kept;
}
