import { describe, expect, it } from 'vitest';
import { checkLikelihoodOptions, evaluateOptions, partitionLines, partLikelihood } from '../../src/cli/likelihood.js';
import { intervalText } from '../../src/runs/format.js';
import type { EvaluationRecord } from '../../src/runs/record.js';

const interval = (value: number, width: number) => ({ value, low: value - width, high: value + width });
const likelihood = { mean: -10, low: -11, high: -9, perDimension: -1, standardError: 0.5 };
const exact: EvaluationRecord = {
  logLikelihood: likelihood,
  logZ: { ...interval(7, 0), method: 'exact' },
  effectiveSampleSize: Number.POSITIVE_INFINITY,
  converged: true,
  warnings: [],
};
const annealed: EvaluationRecord = {
  ...exact,
  logZ: { ...interval(7, 0.3), method: 'ais-bracket', forward: interval(6.9, 0.1), reverse: interval(7.2, 0.1), gap: 0.3 },
  effectiveSampleSize: 61.4,
};

describe('what is said of log Z', () => {
  it('an exact one needs one line', () => {
    expect(partitionLines(exact)).toEqual(['log Z  7.00 nats (exact, all states counted)']);
  });

  it('an estimate comes with its bracket, its gap and its effective sample size', () => {
    const text = partitionLines(annealed).join('\n');
    for (const part of ['7.00 (6.70 … 7.30)', 'forward 6.90 (6.80 … 7.00)', 'reverse 7.20', 'gap 0.30', 'effective sample size 61'])
      expect(text).toContain(part);
    expect(text).not.toContain('NOT CONVERGED');
  });

  it('one that cannot be relied on says so, with the reasons', () => {
    const lines = partitionLines({ ...annealed, converged: false, warnings: ['the gap is 3 nats'] });
    expect(lines.join('\n')).toMatch(/NOT CONVERGED[\s\S]*the gap is 3 nats/);
  });
});

describe('the likelihood of a part', () => {
  it('is −F − log Z, and swaps the ends of the interval', () => {
    expect(partLikelihood({ mean: -3, standardError: 0.25 }, annealed, 8)).toEqual({
      mean: -4,
      low: 3 - 7.3,
      high: 3 - 6.7,
      perDimension: -0.5,
      standardError: 0.25,
    });
  });

  it('ends that make no difference are not shown', () => {
    expect(intervalText(interval(-86.341, 0.001))).toBe('-86.34');
    expect(intervalText(interval(-86.341, 0.2))).toBe('-86.34 (-86.54 … -86.14)');
    expect(intervalText({ value: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })).toBe('1.00 (– … –)');
  });
});

describe('options', () => {
  it('become those of evaluate; what was not typed is absent', () => {
    expect(evaluateOptions({})).toEqual({});
    expect(evaluateOptions({ method: 'ais', aisChains: 50, betas: 2000 })).toEqual({ method: 'ais', chains: 50, betas: 2000 });
  });

  it('that contradict each other are refused', () => {
    expect(() => checkLikelihoodOptions({ likelihood: false, betas: 100 })).toThrow('--betas and --no-likelihood');
    expect(() => checkLikelihoodOptions({ method: 'exact', betas: 100 })).toThrow('--betas');
    expect(() => checkLikelihoodOptions({ method: 'exact', aisChains: 100 })).toThrow('--ais-chains');
    expect(() => checkLikelihoodOptions({ method: 'ais', aisChains: 100, betas: 100 })).not.toThrow();
  });
});
