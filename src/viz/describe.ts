import type { Chart } from './chart.js';
import type { Line, Point } from './series.js';
import { numberText } from './ticks.js';

/** A name for charts that have none of their own. */
export function chartsTitle(charts: readonly Chart[]): string {
  const titles = charts.map(({ title }) => title).filter((title) => title !== '');
  return titles.length === 0 ? 'Line chart' : titles.join(', ');
}

/** What charts show, in sentences. */
export function describeCharts(charts: readonly Chart[]): string {
  return charts.length === 0 ? 'No values.' : charts.map(describeChart).join(' ');
}

function describeChart({ title, xLabel, yLabel, lines, baselines }: Chart): string {
  const axes = [yLabel, xLabel].filter((label) => label !== '').join(' over ');
  const name = [title, axes].filter((part) => part !== '').join(', ') || 'Line chart';
  const drawn = lines.flatMap((line) => describeLine(line));
  const compared = baselines.map((one) => `${one.name} at ${told(one.y)}`);
  return `${name}: ${[...drawn, ...compared].join('; ') || 'no values'}.`;
}

function describeLine({ name, points, smoothed, window }: Line): string[] {
  const drawn = (smoothed.length > 0 ? smoothed : points).filter(({ y }) => !Number.isNaN(y));
  if (drawn.length === 0) return [];
  const [first, last] = [drawn[0] as Point, drawn.at(-1) as Point];
  const [lowest, highest] = drawn.reduce(([low, high], { y }) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
  const what = [name, window > 1 ? `local mean of ${window}` : ''].filter((part) => part !== '').join(', ') || 'values';
  return [
    `${what} from ${told(first.y)} at ${told(first.x)} to ${told(last.y)} at ${told(last.x)}, between ${told(lowest)} and ${told(highest)}`,
  ];
}

function told(value: number): string {
  return numberText(value, 4);
}
