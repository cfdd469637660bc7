import { got } from '../data/where.js';
import { ParameterError } from '../errors.js';

/** One line of a chart. */
export interface Series {
  /** What the legend calls it. */
  readonly name: string;
  /** Values, at most 2²²; NaN and infinities are gaps in the line. */
  readonly y: ArrayLike<number>;
  /** Where the values stand, rising. Default: 1, 2, 3 … */
  readonly x?: ArrayLike<number>;
  /** A band around the line, for example a confidence interval: its lower and upper edge at every point. */
  readonly band?: {
    /** Lower edge. */
    readonly low: ArrayLike<number>;
    /** Upper edge. */
    readonly high: ArrayLike<number>;
  };
  /** A CSS colour. Default: the next of a palette that is distinguishable with every common colour deficiency. */
  readonly colour?: string;
  /** Whether the line is dashed. */
  readonly dashed?: boolean;
}

/** A chart with axes of its own. */
export interface Panel {
  /** Heading of the chart. */
  readonly title?: string;
  /** What the horizontal axis shows. */
  readonly xLabel?: string;
  /** What the vertical axis shows. */
  readonly yLabel?: string;
  /** Default `'linear'`. On `'log'` values that are not positive are gaps. */
  readonly yScale?: 'linear' | 'log';
  /** The lines. */
  readonly series: readonly Series[];
}

/** Values of one line; drawing them takes about a second. */
const mostPoints = 2 ** 22;

/** A point of a line; `low` and `high` are NaN without a band. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** Checks a series and returns its points, gaps with y = NaN. */
export function pointsOf(series: Series, log: boolean): Point[] {
  if (typeof series !== 'object' || series === null) throw new ParameterError(`curves: a series must be an object, got ${got(series)}`);
  const { name, y, x, band } = series;
  if (typeof name !== 'string') throw new ParameterError(`curves: the \`name\` of a series must be text, got ${got(name)}`);
  checkList(y, 'y', name, undefined);
  const n = y.length;
  if (n > mostPoints) throw new ParameterError(`curves: \`y\` of "${name}" must have at most ${mostPoints} entries, got ${n}`);
  if (x !== undefined) checkList(x, 'x', name, n);
  if (band !== undefined) {
    checkList(band.low, 'band.low', name, n);
    checkList(band.high, 'band.high', name, n);
  }
  const drawable = (value: number | undefined) => (isDrawable(value, log) ? value : Number.NaN);
  return Array.from({ length: n }, (_, i) => {
    const at = x === undefined ? i + 1 : (x[i] as number);
    const gap = !isDrawable(at, false);
    return { x: gap ? 0 : at, y: gap ? Number.NaN : drawable(y[i]), low: drawable(band?.low[i]), high: drawable(band?.high[i]) };
  });
}

// Far from where differences and ratios would overflow.
const largest = 1e200;

function isDrawable(value: unknown, log: boolean): value is number {
  return typeof value === 'number' && Math.abs(value) <= largest && (!log || value >= 1 / largest);
}

function checkList(list: unknown, part: string, name: string, length: number | undefined): void {
  const subject = `curves: \`${part}\` of "${name}"`;
  const isList = Array.isArray(list) || (ArrayBuffer.isView(list) && !(list instanceof DataView));
  if (!isList) throw new ParameterError(`${subject} must be an array of numbers, got ${got(list)}`);
  const size = (list as ArrayLike<number>).length;
  if (length !== undefined && size !== length) throw new ParameterError(`${subject} must have ${length} entries like \`y\`, got ${size}`);
}

/**
 * At most about `limit` points that look the same: of every stretch the lowest and the highest stay.
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
