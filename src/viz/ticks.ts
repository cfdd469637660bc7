/** Where an axis begins and ends, and where it is marked. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly ticks: readonly Tick[];
}

/** A mark on an axis. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** How an axis is made. */
export interface AxisOptions {
  readonly log?: boolean;
  /** Marks at whole numbers only, for counts of epochs and updates. */
  readonly whole?: boolean;
  /** Share of the range that is added at both ends. */
  readonly padding?: number;
}

/**
 * An axis over a range of values, with about `count` marks at round numbers.
 *
 * @param range - Lowest and highest value; both infinite when there is none.
 * @param count - Marks that fit.
 * @param options - Logarithm, whole numbers, padding.
 */
export function axis([low, high]: readonly [number, number], count: number, options: AxisOptions = {}): Axis {
  if (!(low <= high)) return options.log ? logAxis(1, 10, count) : linearAxis(0, 1, count, false);
  return options.log
    ? logAxis(low, high, count, options.padding)
    : linearAxis(...widened(low, high, options), count, options.whole ?? false);
}

function widened(low: number, high: number, { padding = 0, whole = false }: AxisOptions): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Differences below a billionth are noise, and marks between them would differ by less than
  // doubles can tell.
  if (high - low <= size * 1e-9 || size < 1e-200) {
    const around = whole || size < 1e-200 ? 1 : size * 0.1;
    return [low - around, high + around];
  }
  const more = (high - low) * padding;
  return [low - more, high + more];
}

function linearAxis(low: number, high: number, count: number, whole: boolean): Axis {
  const step = Math.max(roundStep((high - low) / count), whole ? 1 : 0);
  const ticks: Tick[] = [];
  // Counted in steps: adding up would gather rounding errors.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push({ value: i * step, label: label(i * step, step) });
  return { low, high, log: false, ticks };
}

/** The nearest of 1, 2, 5 times a power of ten, by ratio. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const ratio = step / power;
  return power * (ratio < Math.SQRT2 ? 1 : ratio < Math.sqrt(10) ? 2 : ratio < Math.sqrt(50) ? 5 : 10);
}

/** A number with as many decimals as its step needs. */
function label(value: number, step: number): string {
  const largest = Math.abs(value);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-4 && step < 1e-4)) return power(value);
  return minus(value.toFixed(Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 20)));
}

/** A number by itself, with as many digits as asked for. */
export function numberText(value: number, digits = 2): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return power(Number(value.toPrecision(digits)));
  return minus(String(Number(value.toPrecision(digits))));
}

function power(value: number): string {
  const [mantissa, exponent] = value.toExponential(3).split('e') as [string, string];
  return minus(`${Number(mantissa)}e${Number(exponent)}`);
}

/** Typographic minus signs; no negative zero. */
function minus(text: string): string {
  return Number(text) === 0 ? text.replace('-', '') : text.replaceAll('-', '−');
}

function logAxis(low: number, high: number, count: number, padding = 0): Axis {
  const flat = high <= low * (1 + 1e-9);
  const [from, to] = [Math.log10(flat ? low / 2 : low), Math.log10(flat ? high * 2 : high)];
  const more = (to - from) * padding;
  const [begin, end] = [10 ** (from - more), 10 ** (to + more)];
  const decades = to - from + 2 * more;
  const digits = decades < 1.5 ? [1, 2, 3, 5] : decades < 3 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(decades / count));
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(Math.log10(begin)); exponent <= Math.log10(end); exponent++) {
    if (exponent % every !== 0) continue;
    for (const digit of digits) {
      const value = digit * 10 ** exponent;
      if (value >= begin && value <= end) ticks.push({ value, label: logLabel(value) });
    }
  }
  return { low: begin, high: end, log: true, ticks };
}

function logLabel(value: number): string {
  return value >= 1e-3 && value < 1e5 ? String(Number(value.toPrecision(3))) : power(value);
}

/** Where a value lies on an axis: 0 at its low end, 1 at its high end. */
export function position({ low, high, log }: Axis, value: number): number {
  const scale = log ? Math.log : (x: number) => x;
  return (scale(value) - scale(low)) / (scale(high) - scale(low));
}
