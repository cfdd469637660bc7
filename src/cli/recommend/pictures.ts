/** Pictures of an evaluation: whether chances are what they say, and how accuracy goes with coverage. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evaluation, ModelResult } from '../../recommender/evaluation.js';
import type { Panel } from '../../viz/chart.js';
import { curves, writeSvg } from '../../viz/curves.js';
import type { Series } from '../../viz/series.js';

/** Lengths of lists in the picture of accuracy and coverage. */
const lengths = [1, 2, 5, 10, 20, 50];

/** Measures that the pictures need. */
export const pictureMetrics = lengths.flatMap((k) => [`recall@${k}(min)`, `coverage@${k}`]);

/** Writes the pictures into a folder; the paths of those that there was something to draw in. */
export async function writePictures(folder: string, { results }: Pick<Evaluation, 'results'>): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const panels: Record<string, Panel | null> = { 'calibration.svg': calibrationOf(results), 'accuracy-coverage.svg': tradeOf(results) };
  const written: string[] = [];
  for (const [name, panel] of Object.entries(panels)) {
    if (panel === null) continue;
    const path = join(folder, name);
    await writeSvg(path, curves([panel], { width: 560, height: 420 }));
    written.push(path);
  }
  return written;
}

/** How often ratings of at least t came, against the chance that was given for it; null where no model gives chances. */
export function calibrationOf(results: readonly ModelResult[]): Panel | null {
  const names = new Set(results.flatMap(({ calibration }) => Object.keys(calibration)));
  const [name] = names;
  if (name === undefined) return null;
  const series = results.flatMap(({ model, calibration }): Series[] => {
    const bins = (calibration[name] ?? []).filter(({ count }) => count > 0);
    return bins.length === 0 ? [] : [{ name: model, x: bins.map(({ predicted }) => predicted), y: bins.map(({ observed }) => observed) }];
  });
  if (series.length === 0) return null;
  const line: Series = { name: 'as it should be', x: [0, 1], y: [0, 1], dashed: true, colour: '#888888' };
  const event = /\((.+)\)/.exec(name)?.[1] ?? name;
  return { title: `Calibration of P(${event})`, xLabel: 'chance that was given', yLabel: 'how often it came', series: [line, ...series] };
}

/** Hits against the share of items that anybody is recommended, for lists of several lengths. */
export function tradeOf(results: readonly ModelResult[]): Panel | null {
  const series = results.flatMap(({ model, measures }): Series[] => {
    const value = (name: string) => measures.find((one) => one.name === name)?.value ?? Number.NaN;
    const points = lengths
      .map((k) => ({ x: value(`coverage@${k}`), y: value(`recall@${k}(min)`) }))
      .filter(({ x, y }) => Number.isFinite(x + y));
    points.sort((a, b) => a.x - b.x);
    return points.length === 0 ? [] : [{ name: model, x: points.map(({ x }) => x), y: points.map(({ y }) => y) }];
  });
  if (series.length === 0) return null;
  return {
    title: `Accuracy and coverage, lists of ${lengths.join(', ')}`,
    xLabel: 'coverage: share of items that anybody is recommended',
    yLabel: 'recall@k(min)',
    series,
  };
}
