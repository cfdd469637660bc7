import { describe, expect, it } from 'vitest';
import { type HealthContext, HealthWatch, healthHints } from '../../src/training/hints.js';
import type { EpochReport } from '../../src/training/reports.js';

const context = { places: 100, rows: 1000 } as const;

const healthy = {
  seconds: 1,
  learningRate: 0.05,
  pseudoLikelihood: -20,
  pseudoLikelihoodError: null,
  baseline: null,
  freeEnergyGap: 0,
  chainFreeEnergyGap: 0,
  weightNorm: 0.1,
  rollbacks: 0,
  warnings: [],
  health: null,
  labels: null,
  logLikelihood: null,
  evaluation: null,
};

const look = (sentence: string | null) => {
  const numbers = { autocorrelationTime: 2, effectiveSampleSize: 9, splitRhat: 1.2, freeEnergyDrift: 0, singularValues: [1] };
  return { health: { ...numbers, sentence } };
};

function reports(...epochs: Partial<EpochReport>[]): EpochReport[] {
  return epochs.map((epoch, i) => ({ epoch: i + 1, update: (i + 1) * 10, ...healthy, ...epoch }));
}

/** What is said of a run of these epochs, its end included. */
const kinds = (epochs: readonly EpochReport[], about: HealthContext = context) => healthHints(epochs, about).map(({ kind }) => kind);
const said = (...epochs: Partial<EpochReport>[]) => kinds(reports(...epochs));
const levels = (...values: number[]) => said(...values.map((pseudoLikelihood) => ({ pseudoLikelihood })));
const gaps = (...values: number[]) => said(...values.map((freeEnergyGap) => ({ freeEnergyGap, pseudoLikelihood: null })));
const drifts = (...values: number[]) => said(...values.map((chainFreeEnergyGap) => ({ chainFreeEnergyGap })));

/** Numbers in [0, 1) that are the same every time. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

describe('health hints', () => {
  it('has nothing to say about a healthy run, an empty one, or one without validation', () => {
    expect(kinds([])).toEqual([]);
    expect(said({}, {}, {}, {}, {}, {}, {})).toEqual([]);
    expect(said(...Array(9).fill({ freeEnergyGap: null }))).toEqual([]);
  });

  it('has nothing to say without metrics', () => {
    expect(said(...Array(9).fill({ pseudoLikelihood: null, freeEnergyGap: null, chainFreeEnergyGap: null }))).toEqual([]);
  });

  it('sees divergence, but not in noisy epochs', () => {
    expect(levels(-20, -20, -20, -31, -32, -33)).toEqual(['diverging']);
    expect(levels(-20, -20, -20, -31, -32)).toEqual([]);
    expect(levels(-20, -20, -20, -31, -29, -33)).toEqual([]);
    // One epoch that looked too good is not what the others are measured by.
    expect(levels(-20, -12, -21, -20, -22, -21)).toEqual([]);
    const random = uniform(3);
    for (let run = 0; run < 20; run++) expect(levels(...Array.from({ length: 200 }, () => -40 - 8 * random()))).toEqual([]);
    // An error that is known counts from the first report on.
    const unsure = (level: number) => ({ pseudoLikelihood: level, pseudoLikelihoodError: 3 });
    expect(said(...[-20, -20, -20, -31, -32, -33].map(unsure))).toEqual([]);
    expect(said(...[-20, -20, -20, -36, -36, -36].map(unsure))).toEqual(['diverging']);
  });

  it('sees what is worse than independent units, when it stays so, and parameters that are no numbers', () => {
    const worse = { pseudoLikelihood: -31, baseline: -20 };
    expect(said(worse, worse, worse)).toEqual(['diverging']);
    expect(said(worse, worse)).not.toContain('diverging');
    expect(said({}, { pseudoLikelihood: null, weightNorm: Number.POSITIVE_INFINITY })).toEqual(['diverging']);
  });

  it('concludes nothing from a handful of rows', () => {
    const few = { places: 100, rows: 10 };
    const bad = { pseudoLikelihood: -90, chainFreeEnergyGap: 90, freeEnergyGap: 9, baseline: -20 };
    expect(kinds(reports({}, {}, {}, bad, bad, bad, bad, bad), few)).toEqual([]);
    expect(kinds(reports({}, { weightNorm: Number.NaN }), few)).toEqual(['diverging']);
  });

  it('sees chains that drift, in both directions, but not in the first epochs, and not for a moment', () => {
    expect(drifts(50, 50, 50, 50)).toEqual([]);
    expect(drifts(0, 0, 0, 11, 12, 11)).toEqual(['chains']);
    expect(drifts(0, 0, 0, -11, -12, -11)).toEqual(['chains']);
    expect(drifts(0, 0, 0, 11, -12, 11)).toEqual([]);
    expect(drifts(0, 0, 0, 11, 12, 9)).toEqual([]);
  });

  it('remembers that a run went back to a good state, also with few rows', () => {
    expect(said({}, { rollbacks: 2 }, { rollbacks: 2 })).toEqual(['rollback']);
    expect(healthHints(reports({ rollbacks: 1 }), { places: 100, rows: 10 })[0]?.text).toContain('diverged once');
  });

  it('passes on what two looks at the chains in a row found', () => {
    const [bad, good] = [look('The chains are out of equilibrium.'), look(null)];
    expect(healthHints(reports(bad, {}, bad, {}, bad), context)).toEqual([
      { kind: 'equilibrium', text: 'The chains are out of equilibrium.' },
    ]);
    expect(said(bad, {}, {})).toEqual([]);
    expect(said(bad, good, bad, good)).toEqual([]);
  });

  it('sees over-fitting when the gap is large, has grown, and the unseen rows get no likelier', () => {
    expect(gaps(1, 1, 1, 1, 1, 3, 3.1, 3.2)).toEqual(['overfitting']);
    expect(gaps(3, 3, 3, 3, 3, 3, 3, 3)).toEqual([]);
    expect(gaps(0.1, 0.2, 0.1, 0.2, 0.1, 1.9, 1.9, 1.9)).toEqual([]);
    const grows = [1, 1, 1, 1, 1, 3, 3.1, 3.2, 3.3];
    const judged = (level: (i: number) => number) =>
      said(...grows.map((freeEnergyGap, i) => ({ freeEnergyGap, pseudoLikelihood: level(i) })));
    expect(judged((i) => -40 + 2 * i)).not.toContain('overfitting');
    expect(judged((i) => -20 - Math.max(0, i - 4))).toContain('overfitting');
    expect(judged(() => -20)).toEqual([]);
  });

  it('says at the end when independent units would do as well', () => {
    const report = (pseudoLikelihood: number) => ({ pseudoLikelihood, baseline: -30, pseudoLikelihoodError: 0.5 });
    expect(said(report(-30), report(-29.5))).toEqual(['nothing-learnt']);
    expect(said(report(-30), report(-28))).toEqual([]);
    const watch = new HealthWatch(context);
    for (const one of reports({}, {})) watch.add(one);
    expect(watch.end({ mean: 0.1, standardError: 0.2 }).map(({ kind }) => kind)).toEqual(['nothing-learnt']);
    expect(watch.end({ mean: 0.1, standardError: 0.2 })).toEqual([]);
  });

  it('says at the end when the last part of a run brought much of what was learnt', () => {
    expect(levels(...Array.from({ length: 20 }, (_, i) => -60 + i))).toEqual(['unfinished']);
    expect(levels(...Array.from({ length: 20 }, (_, i) => -40 - 20 * Math.exp(-i / 2)))).toEqual([]);
    const short = (level: number) => ({ pseudoLikelihood: level, pseudoLikelihoodError: 1, baseline: -90 });
    expect(said(short(-60), short(-52))).toEqual(['unfinished']);
    expect(said(short(-60), short(-56))).toEqual([]);
    expect(said({ pseudoLikelihood: -60 }, { pseudoLikelihood: -50 })).toEqual([]);
    const random = uniform(5);
    expect(levels(...Array.from({ length: 60 }, () => -40 + 3 * random()))).toEqual([]);
  });

  it('says each kind once, however often it is so', () => {
    const watch = new HealthWatch(context);
    const bad = { chainFreeEnergyGap: 40 };
    const news = reports({}, {}, {}, bad, bad, bad, bad, {}, {}, bad, bad, bad).flatMap((report) => watch.add(report));
    expect(news.map(({ kind }) => kind)).toEqual(['chains']);
    expect(watch.hints).toEqual(news);
    expect(news[0]?.text).not.toContain('\n');
  });

  it('forgets epochs that a roll-back takes back', () => {
    const numbers = [-20, -12, -21, -31, -33, -19, -32, -34, -40, -22, -35, -36].map((pseudoLikelihood, i) => ({
      pseudoLikelihood,
      freeEnergyGap: i / 3,
      ...(i === 4 ? look('Out of equilibrium.') : {}),
    }));
    const epochs = reports(...numbers);
    const later = [-50, -51, -52, -53].map((pseudoLikelihood) => ({ pseudoLikelihood, ...look('Out of equilibrium.') }));
    for (let back = 1; back < epochs.length; back++) {
      const watch = new HealthWatch(context);
      for (const epoch of epochs) watch.add(epoch);
      const again = reports(...numbers.slice(0, back), ...later);
      const found = new Set(watch.hints.map(({ kind }) => kind));
      for (const epoch of again.slice(back)) for (const { kind } of watch.add(epoch)) found.add(kind);
      const straight = new HealthWatch(context);
      for (const epoch of again) straight.add(epoch);
      // What was said is said; beyond that the run is judged as if it had come straight here.
      for (const { kind } of straight.hints) expect(found).toContain(kind);
    }
  });

  it('says after every epoch of a long run what the whole history says', () => {
    const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
    const middle = (values: number[]) => sorted(values)[Math.floor(values.length / 2)] as number;
    const scatter = (values: number[]) => {
      const bends = values.slice(2).map((value, i) => Math.abs(value - 2 * (values[i + 1] as number) + (values[i] as number)));
      return bends.length === 0 ? 0 : middle(bends) / (0.6745 * Math.sqrt(6));
    };
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    /** Plain sums, plain sorts: the rules for divergence and over-fitting as they are written down. */
    const plain = (seen: readonly EpochReport[]): string[] => {
      const values = seen.map(({ pseudoLikelihood }) => pseudoLikelihood as number);
      const found: string[] = [];
      const [last, before] = [values.slice(-3), values.slice(0, -3)];
      const noise = scatter(values.slice(-35, -3));
      if (before.length > 0 && Math.max(...last) < middle(before) - Math.max(5 * noise, 10)) found.push('diverging');
      const all = seen.map(({ freeEnergyGap }) => freeEnergyGap as number);
      const early = mean(all.slice(0, Math.ceil(all.length / 2)));
      const least = Math.min(...all.slice(-3));
      const best = Math.max(...values.map((_, i) => (i < 2 ? -Infinity : Math.min(...values.slice(i - 2, i + 1)))));
      const grown = least > 2 && least > 1.1 * early && least > early + Math.max(5 * scatter(all.slice(-35, -3)), 1);
      if (seen.length >= 8 && grown && Math.max(...last) < best - (5 * noise) / 2) found.push('overfitting');
      return found;
    };
    for (const seed of [1, 2, 3]) {
      const random = uniform(seed);
      const epochs = reports(
        ...Array.from({ length: 400 }, (_, i) => ({
          pseudoLikelihood: -10 - 0.5 * random() - (i < 150 ? 0 : (i - 150) / 15),
          freeEnergyGap: i < 100 ? 0.2 * random() : (i - 100) / 20 + 0.2 * random(),
        })),
      );
      const watch = new HealthWatch(context);
      const told = new Set<string>();
      epochs.forEach((epoch, i) => {
        const news = watch.add(epoch).map(({ kind }) => kind);
        const expected = plain(epochs.slice(0, i + 1)).filter((kind) => !told.has(kind));
        expect(news, `epoch ${i + 1}`).toEqual(expected);
        for (const kind of expected) told.add(kind);
      });
      expect(told).toEqual(new Set(['diverging', 'overfitting']));
    }
  });

  it('refuses a context that makes no sense', () => {
    expect(() => healthHints([], { places: 0 })).toThrow('healthHints: `places` must be a whole number');
    // @ts-expect-error: there is no such option
    expect(() => healthHints([], { places: 3, row: 4 })).toThrow('`row`');
  });
});
