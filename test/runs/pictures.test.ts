import { describe, expect, it } from 'vitest';
import { metricPanels } from '../../src/runs/pictures.js';
import type { EpochRecord } from '../../src/runs/record.js';
import { curves } from '../../src/viz/index.js';

const metrics = {
  seconds: 1,
  learningRate: 0.05,
  pseudoLikelihood: -20,
  freeEnergyGap: 0,
  chainFreeEnergyGap: 0,
  weightNorm: 0.1,
  rollbacks: 0,
  warnings: [],
  health: null,
  logLikelihood: null,
};

function evaluated(mean: number): NonNullable<EpochRecord['evaluation']> {
  const logLikelihood = { mean, low: mean - 2, high: mean + 1, perDimension: mean / 10, standardError: 0.1 };
  const logZ = { value: 5, low: 4, high: 7, method: 'ais-bracket' as const };
  return { logLikelihood, logZ, effectiveSampleSize: 50, converged: true, warnings: [] };
}

const history = [null, -90, null, -80].map(
  (mean, i): EpochRecord => ({ ...metrics, epoch: i + 1, step: i + 1, evaluation: mean === null ? null : evaluated(mean) }),
);

describe('the curves of a run', () => {
  it('begin with the log-likelihood and its band, in the epochs that were evaluated', () => {
    const [first] = metricPanels(history);
    expect(first!.title).toBe('Log-likelihood');
    expect(first!.series).toEqual([
      { name: 'evaluated, 95 % interval', x: [2, 4], y: [-90, -80], band: { low: [-92, -82], high: [-89, -79] } },
    ]);
    const svg = curves(metricPanels(history));
    expect(svg).toContain('fill-opacity="0.18"');
    expect(svg).toContain('Log-likelihood');
  });

  it('have the likelihoods that an algorithm knows itself in the same panel', () => {
    const own = { value: -85, low: -86, high: -84 };
    const [first] = metricPanels(history.map((record) => (record.epoch === 3 ? { ...record, logLikelihood: own } : record)));
    expect(first!.series.map(({ name, x }) => [name, x])).toEqual([
      ['evaluated, 95 % interval', [2, 4]],
      ['of the training itself', [3]],
    ]);
    expect(first!.series[1]).toMatchObject({ y: [-85], band: { low: [-86], high: [-84] } });
  });

  it('have no such panel when nothing was evaluated', () => {
    const titles = metricPanels(history.slice(0, 1)).map(({ title }) => title);
    expect(titles).toEqual(['Log-pseudo-likelihood', 'Free-energy gaps', 'Weights', 'Learning rate']);
    expect(curves(metricPanels(history.slice(0, 1)))).not.toContain('fill-opacity');
  });
});
