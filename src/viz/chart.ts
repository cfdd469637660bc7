import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { isDrawable, type Line, readSeries, type Series } from './series.js';
import { listOf, textOption } from './text-options.js';

/** A chart with axes of its own. */
export interface Panel {
  /** Heading of the chart. */
  readonly title?: string | undefined;
  /** What the horizontal axis shows. */
  readonly xLabel?: string | undefined;
  /** What the vertical axis shows. */
  readonly yLabel?: string | undefined;
  /** Default `'linear'`. On `'log'` values that are not positive are gaps. */
  readonly yScale?: 'linear' | 'log' | undefined;
  /** The lines. */
  readonly series: readonly Series[];
  /** Values to compare the lines with, as dashed lines across the chart. */
  readonly baselines?: readonly Baseline[] | undefined;
}

/** A value to compare lines with. */
export interface Baseline {
  /** What the legend calls it. */
  readonly name: string;
  /** Where it stands on the vertical axis. */
  readonly y: number;
}

/** A checked chart. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly log: boolean;
  readonly lines: readonly Line[];
  readonly baselines: readonly Baseline[];
}

/** Panels, and series of one panel. */
const mostCharts = 1000;
const panelKeys = ['title', 'xLabel', 'yLabel', 'yScale', 'series', 'baselines'] as const;

/** Reads panels, or series for a single panel. */
export function readCharts(call: string, charts: unknown): readonly Chart[] {
  if (!Array.isArray(charts)) throw new ParameterError(`${call}: \`charts\` must be an array of panels or series, got ${got(charts)}`);
  const list = listOf(new OptionCheck(call), 'charts', charts, mostCharts);
  const arePanels = list.some(isPanel);
  for (const [i, chart] of list.entries()) {
    if (isPanel(chart) ? arePanels : !arePanels && typeof chart === 'object' && chart !== null) continue;
    const expected = arePanels ? 'a panel (with an array `series`)' : 'a series';
    throw new ParameterError(`${call}: \`charts[${i}]\` must be ${expected} like the others, got ${got(chart)}`);
  }
  if (arePanels) return list.map((panel, i) => readPanel(call, `charts[${i}]`, panel));
  return list.length === 0 ? [] : [{ ...bare, lines: readLines(call, 'charts', list, false) }];
}

const bare = { title: '', xLabel: '', yLabel: '', log: false, baselines: [] } as const;

function isPanel(chart: unknown): boolean {
  return typeof chart === 'object' && chart !== null && Array.isArray((chart as { series?: unknown }).series);
}

function readPanel(call: string, path: string, panel: unknown): Chart {
  const given = readOptions(`${call}: \`${path}\``, panel, panelKeys);
  const check = new OptionCheck(`${call}: \`${path}\``);
  const log = check.oneOf('yScale', given.yScale, 'linear', ['linear', 'log']) === 'log';
  const whole = new OptionCheck(call);
  const series = listOf(whole, `${path}.series`, given.series, mostCharts);
  const baselines = given.baselines === undefined ? [] : listOf(whole, `${path}.baselines`, given.baselines, mostCharts);
  return {
    title: textOption(check, 'title', given.title),
    xLabel: textOption(check, 'xLabel', given.xLabel),
    yLabel: textOption(check, 'yLabel', given.yLabel),
    log,
    lines: readLines(call, `${path}.series`, series, log),
    baselines: baselines.map((one, i) => readBaseline(call, `${path}.baselines[${i}]`, one, log)),
  };
}

function readLines(call: string, path: string, list: readonly unknown[], log: boolean): Line[] {
  return list.map((series, i) => readSeries(call, `${path}[${i}]`, series, log));
}

function readBaseline(call: string, path: string, baseline: unknown, log: boolean): Baseline {
  const { name, y } = readOptions(`${call}: \`${path}\``, baseline, ['name', 'y']);
  const check = new OptionCheck(`${call}: \`${path}\``);
  if (typeof name !== 'string') throw check.error('name', 'text', name);
  if (!isDrawable(y, log)) throw check.error('y', log ? 'a positive number' : 'a finite number', y);
  return { name, y };
}
