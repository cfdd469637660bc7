import { describe, expect, it } from 'vitest';
import { type HealthContext, type HealthHint, HealthWatch } from '../../src/runs/health.js';
import type { EpochRecord } from '../../src/runs/record.js';

const context = { visible: 100, algorithm: 'pcd', rows: 1000 } as const;

const healthy = {
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
  evaluation: null,
};

const look = { autocorrelationTime: 2, effectiveSampleSize: 9, splitRhat: 1.2, freeEnergyDrift: 0, singularValues: [1] };

function history(...epochs: Partial<EpochRecord>[]): EpochRecord[] {
  return epochs.map((epoch, i) => ({ epoch: i + 1, step: (i + 1) * 10, ...healthy, ...epoch }));
}

/** What the watch says after the last of these epochs. */
function healthHint(epochs: readonly EpochRecord[], about: HealthContext): HealthHint | null {
  const watch = new HealthWatch(about);
  return epochs.map((epoch) => watch.add(epoch)).at(-1) ?? null;
}

const kind = (...epochs: Partial<EpochRecord>[]) => healthHint(history(...epochs), context)?.kind ?? null;

describe('health hints', () => {
  it('has nothing to say about a healthy run, an empty one, or one without validation', () => {
    expect(healthHint([], context)).toBeNull();
    expect(kind({}, {}, {}, {})).toBeNull();
    expect(kind({ freeEnergyGap: Number.NaN }, { freeEnergyGap: Number.NaN }, { freeEnergyGap: Number.NaN })).toBeNull();
  });

  it('sees divergence, but not in noisy epochs', () => {
    const run = (...values: number[]) => kind(...values.map((pseudoLikelihood) => ({ pseudoLikelihood })));
    expect(run(-20, -31, -32, -33)).toBe('diverging');
    expect(run(-20, -31, -32)).toBeNull();
    expect(run(-20, -31, -29, -33)).toBeNull();
    // One epoch that looked too good is not what the others are measured by.
    expect(run(-20, -12, -21, -20, -22, -21)).toBeNull();
  });

  it('sees what is worse than coin tosses, and parameters that are no numbers', () => {
    expect(kind({ pseudoLikelihood: -100 * Math.LN2 - 1 })).toBe('diverging');
    expect(kind({ pseudoLikelihood: -100 * Math.LN2 + 1 })).toBeNull();
    expect(kind({}, { pseudoLikelihood: Number.NaN, weightNorm: Number.POSITIVE_INFINITY })).toBe('diverging');
  });

  it('concludes nothing from a handful of rows', () => {
    const few = { ...context, rows: 10 };
    const bad = { pseudoLikelihood: -90, chainFreeEnergyGap: 90, freeEnergyGap: 9 };
    expect(healthHint(history({}, {}, bad, bad), few)).toBeNull();
    expect(healthHint(history({}, { weightNorm: Number.NaN }), few)?.kind).toBe('diverging');
  });

  it('has nothing to say without metrics', () => {
    const none = { pseudoLikelihood: Number.NaN, freeEnergyGap: Number.NaN, chainFreeEnergyGap: Number.NaN };
    expect(kind(none, none, none, none)).toBeNull();
  });

  it('sees chains that drift, in both directions, but not in the first epochs', () => {
    expect(kind({ chainFreeEnergyGap: 50 }, { chainFreeEnergyGap: 50 })).toBeNull();
    expect(kind({}, {}, {}, { chainFreeEnergyGap: 11 })).toBe('chains');
    expect(kind({}, {}, {}, { chainFreeEnergyGap: -11 })).toBe('chains');
    expect(kind({}, {}, {}, { chainFreeEnergyGap: 9 })).toBeNull();
  });

  it('remembers that a run went back to a good state, also with few rows', () => {
    expect(kind({}, { rollbacks: 2, chainFreeEnergyGap: 90 }, { rollbacks: 2 })).toBe('rollback');
    expect(healthHint(history({ rollbacks: 1 }), { ...context, rows: 10 })?.text).toContain('diverged once');
  });

  it('passes on what the last look at the chains found, until another look finds nothing', () => {
    const look = (sentence: string | null) => {
      const numbers = { autocorrelationTime: 2, effectiveSampleSize: 9, splitRhat: 1.2, freeEnergyDrift: 0, singularValues: [1] };
      return { health: { ...numbers, sentence } };
    };
    expect(healthHint(history(look('The chains are out of equilibrium.')), context)).toEqual({
      kind: 'equilibrium',
      text: 'The chains are out of equilibrium.',
    });
    expect(kind(look('Out of equilibrium.'), {}, { chainFreeEnergyGap: 90 })).toBe('equilibrium');
    expect(kind(look('Out of equilibrium.'), look(null), {})).toBeNull();
    expect(kind(look('Out of equilibrium.'), { weightNorm: Number.NaN })).toBe('diverging');
  });

  it('sees over-fitting when the gap is large and has grown', () => {
    expect(kind({ freeEnergyGap: 1 }, { freeEnergyGap: 2 }, { freeEnergyGap: 3 })).toBe('overfitting');
    expect(kind({ freeEnergyGap: 3 }, { freeEnergyGap: 3 }, { freeEnergyGap: 3 })).toBeNull();
    expect(kind({ freeEnergyGap: 0.1 }, { freeEnergyGap: 0.2 }, { freeEnergyGap: 1.9 })).toBeNull();
  });

  it('forgets epochs that a roll-back takes back', () => {
    const numbers = [-20, -12, -21, -31, -33, -19, -32, -34, -40, -22, -35, -36].map((pseudoLikelihood, i) => ({
      pseudoLikelihood,
      freeEnergyGap: i / 3,
      health: i === 4 ? { ...look, sentence: 'Out of equilibrium.' } : null,
    }));
    const epochs = history(...numbers);
    for (let back = 1; back < epochs.length; back++) {
      const watch = new HealthWatch(context);
      for (const epoch of epochs) watch.add(epoch);
      const again = history(...numbers.slice(0, back), { pseudoLikelihood: -30 }, { pseudoLikelihood: -31 }, { pseudoLikelihood: -32 });
      const hints = again.slice(back).map((epoch) => watch.add(epoch));
      expect(hints).toEqual(again.slice(back).map((_, i) => healthHint(again.slice(0, back + i + 1), context)));
    }
  });

  it('says after every epoch of a long run what the whole history says', () => {
    // A plain sum, a plain sort: the rules for divergence and over-fitting as they are written down.
    const plain = (seen: readonly EpochRecord[]): string | null => {
      const values = seen.map(({ pseudoLikelihood }) => pseudoLikelihood);
      const before = values.slice(0, -3).sort((a, b) => a - b);
      const limit = 1.5 * (before[Math.floor(before.length / 2)] ?? -Infinity);
      if (values.slice(-3).every((value) => value < limit)) return 'diverging';
      const gaps = seen.map(({ freeEnergyGap }) => freeEnergyGap);
      const early = gaps.slice(0, Math.ceil(gaps.length / 2));
      const mean = early.reduce((sum, gap) => sum + gap, 0) / early.length;
      return seen.length > 2 && gaps.at(-1)! > 2 && gaps.at(-1)! > 1.1 * mean ? 'overfitting' : null;
    };
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const epochs = history(
      ...Array.from({ length: 400 }, (_, i) => ({ pseudoLikelihood: -10 - 20 * random() ** 2, freeEnergyGap: (i / 100) * random() })),
    );
    const watch = new HealthWatch(context);
    const hints = epochs.map((epoch) => watch.add(epoch)?.kind ?? null);
    expect(hints).toEqual(epochs.map((_, i) => plain(epochs.slice(0, i + 1))));
    expect(new Set(hints)).toEqual(new Set([null, 'diverging', 'overfitting']));
  });

  it('tells the most pressing first, in one line', () => {
    const all = { pseudoLikelihood: -90, chainFreeEnergyGap: 90, freeEnergyGap: 9 };
    const hint = healthHint(history({}, { freeEnergyGap: 5 }, { freeEnergyGap: 6 }, all), context);
    expect(hint?.kind).toBe('diverging');
    expect(hint?.text).not.toContain('\n');
  });
});
