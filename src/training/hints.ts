/** Advice that the reports of a run give. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { EpochReport } from './reports.js';

/** One line of advice, and a word by which programs can tell it. */
export interface HealthHint {
  /** What it is about. */
  readonly kind: 'diverging' | 'rollback' | 'equilibrium' | 'chains' | 'overfitting' | 'nothing-learnt' | 'unfinished';
  /** A sentence. */
  readonly text: string;
}

/** What the rules need to know besides the reports. */
export interface HealthContext {
  /** Places of the layers with data: gaps are judged in nats per place. */
  readonly places: number;
  /**
   * Rows behind the metrics: from fewer than 50 nothing is concluded, except from parameters that
   * are no numbers. Default: enough.
   */
  readonly rows?: number | undefined;
}

/** How far the pseudo-likelihood of rows lies above that of independent units. */
export interface Gain {
  readonly mean: number;
  readonly standardError: number;
}

type Report = Pick<
  EpochReport,
  'update' | 'weightNorm' | 'pseudoLikelihood' | 'pseudoLikelihoodError' | 'baseline' | 'freeEnergyGap' | 'chainFreeEnergyGap' | 'rollbacks'
> & { readonly health: Pick<NonNullable<EpochReport['health']>, 'sentence'> | null };

/**
 * The rules, set from runs on MNIST and on small tables (docs/design-notes.md). Everything has to
 * be true in three reports one after the other, by at least five standard errors (of the numbers
 * themselves, from one report to the next) and by a floor in nats per place.
 *  - diverging: parameters that are no numbers; or a pseudo-likelihood below the middle of all
 *    reports before, or below that of independent units.
 *  - rollback: the run went back to a good state (`onDivergence`).
 *  - equilibrium: chains whose mean energy moves although the parameters do not, in two looks one
 *    after the other.
 *  - chains: the chains' mean free energy is away from the data's.
 *  - overfitting: the free energy of the validation rows lies above that of the training rows,
 *    more so than in the first half of the run, by more than other rows would have made of it, and
 *    their pseudo-likelihood, if there is one, is below its best.
 *  - nothing-learnt, at the end: independent units would do as well.
 *  - unfinished, at the end: the last fifth of the run brought a good part of all that was
 *    learnt.
 */
const rules = {
  errors: 5,
  looks: 3,
  fewestRows: 50,
  warmup: 2,
  fall: 0.1,
  chains: 0.1,
  overfitting: 0.02,
  /** Of the free energy of a row, in nats to the root of a place. */
  spread: 0.5,
  growth: 1.1,
  gain: 0.002,
  improvement: 0.1,
  fewestReports: 5,
} as const;

/** Reports that the scatter from one to the next is worked out from. */
const window = 32;

/** What the rules keep of a report. */
interface Look {
  readonly update: number;
  readonly pseudoLikelihood: number | null;
  readonly error: number | null;
  readonly baseline: number | null;
  readonly gap: number | null;
  readonly chainGap: number | null;
  /** Of the free-energy gaps of all reports up to this one. */
  readonly gapSum: number;
  /** The highest pseudo-likelihood that three reports one after the other have reached. */
  readonly best: number;
  /**
   * How many looks at the chains up to this one, without a break, found them out of equilibrium.
   */
  readonly sentences: number;
}

/** Numbers in order, each found by halving. */
class SortedNumbers {
  readonly #values: number[] = [];

  add(value: number | null): void {
    if (value !== null) this.#values.splice(this.#place(value), 0, value);
  }

  remove(value: number | null): void {
    if (value !== null) this.#values.splice(this.#place(value), 1);
  }

  /** The upper one of two in the middle; undefined of none. */
  median(): number | undefined {
    return this.#values[Math.floor(this.#values.length / 2)];
  }

  /** Index of the first number that is not below this one. */
  #place(value: number): number {
    let [low, high] = [0, this.#values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Follows a run report by report, and gives each kind of advice once; a report costs the same
 * however many came before.
 */
export class HealthWatch {
  readonly #places: number;
  readonly #rows: number;
  readonly #looks: Look[] = [];
  /** Pseudo-likelihoods of all reports but the last few. */
  readonly #before = new SortedNumbers();
  readonly #hints: HealthHint[] = [];

  constructor({ places, rows = Number.POSITIVE_INFINITY }: HealthContext) {
    this.#places = places;
    this.#rows = rows;
  }

  /** All advice so far, the earliest first. */
  get hints(): readonly HealthHint[] {
    return this.#hints;
  }

  /**
   * Takes in the next report. After a roll-back a run comes by the same epochs again: they take the
   * place of the old ones.
   *
   * @returns The advice that is new.
   */
  add(report: Report): HealthHint[] {
    while ((this.#looks.at(-1)?.update ?? -1) >= report.update) this.#removeLast();
    this.#looks.push(this.#look(report));
    const settled = this.#looks.at(-1 - rules.looks);
    if (settled !== undefined) this.#before.add(settled.pseudoLikelihood);
    return this.#tell([this.#diverging(report), rolledBack(report), ...this.#judged(report)]);
  }

  /**
   * What only the end of a run can show.
   *
   * @param gain - Over independent units, when more is known of it than the last report tells.
   */
  end(gain: Gain | null = this.#gain()): HealthHint[] {
    if (this.#rows < rules.fewestRows || this.#hints.some(({ kind }) => kind === 'diverging')) return [];
    return this.#tell([this.#nothingLearnt(gain) ?? this.#unfinished()]);
  }

  #tell(found: readonly (HealthHint | null)[]): HealthHint[] {
    const news = found.filter((hint) => hint !== null).filter(({ kind }) => this.#hints.every((told) => told.kind !== kind));
    this.#hints.push(...news);
    return news;
  }

  #look({ update, pseudoLikelihood, pseudoLikelihoodError: error, baseline, freeEnergyGap, chainFreeEnergyGap, health }: Report): Look {
    const last = this.#looks.at(-1);
    const latest = [...this.#looks.slice(1 - rules.looks).map((look) => look.pseudoLikelihood), pseudoLikelihood];
    const reached = latest.length < rules.looks || latest.includes(null) ? -Infinity : Math.min(...(latest as number[]));
    const sentences = last?.sentences ?? 0;
    return {
      update,
      pseudoLikelihood,
      error,
      baseline,
      gap: freeEnergyGap,
      chainGap: chainFreeEnergyGap,
      gapSum: (last?.gapSum ?? 0) + (freeEnergyGap ?? 0),
      best: Math.max(last?.best ?? -Infinity, reached),
      sentences: health === null ? sentences : health.sentence === null ? 0 : sentences + 1,
    };
  }

  #removeLast(): void {
    const settled = this.#looks.at(-1 - rules.looks);
    if (settled !== undefined) this.#before.remove(settled.pseudoLikelihood);
    this.#looks.pop();
  }

  /** Advice that rests on means over rows. */
  #judged({ health }: Report): (HealthHint | null)[] {
    if (this.#rows < rules.fewestRows) return [];
    const moving = health?.sentence != null && (this.#looks.at(-1)?.sentences ?? 0) >= 2;
    return [moving ? { kind: 'equilibrium', text: health?.sentence ?? '' } : null, this.#chains(), this.#overfitting()];
  }

  /** The last reports' numbers, if all have one. */
  #latest(key: 'pseudoLikelihood' | 'gap' | 'chainGap'): number[] | null {
    const values = this.#looks.slice(-rules.looks).map((look) => look[key]);
    return values.length < rules.looks || values.some((value) => value === null) ? null : (values as number[]);
  }

  /**
   * What the last numbers have to differ by: some standard errors of those before them, and so many
   * nats per place.
   */
  #margin(key: 'pseudoLikelihood' | 'gap' | 'chainGap', perPlace: number): number {
    const values = this.#looks.slice(-window - rules.looks, -rules.looks).map((look) => look[key]);
    const known = key === 'pseudoLikelihood' ? (this.#looks.at(-1)?.error ?? 0) : 0;
    const error = Math.max(known, scatter(values.filter((value) => value !== null)));
    return Math.max(rules.errors * error, perPlace * this.#places);
  }

  #diverging({ weightNorm }: Report): HealthHint | null {
    const text = 'training diverges: a lower learning rate';
    if (!Number.isFinite(weightNorm)) return { kind: 'diverging', text };
    const latest = this.#latest('pseudoLikelihood');
    if (this.#rows < rules.fewestRows || latest === null) return null;
    const independent = (this.#looks.at(-1) as Look).baseline ?? -Infinity;
    const limit = Math.max(this.#before.median() ?? -Infinity, independent) - this.#margin('pseudoLikelihood', rules.fall);
    return Math.max(...latest) < limit ? { kind: 'diverging', text: `${text} (the pseudo-likelihood falls)` } : null;
  }

  #chains(): HealthHint | null {
    const latest = this.#latest('chainGap');
    if (latest === null || this.#looks.length < rules.looks + rules.warmup) return null;
    const nearest = latest.reduce((least, gap) => (Math.abs(gap) < Math.abs(least) ? gap : least));
    const sameSide = latest.every((gap) => Math.sign(gap) === Math.sign(nearest));
    if (!sameSide || Math.abs(nearest) <= this.#margin('chainGap', rules.chains)) return null;
    const where = `${Math.abs(nearest).toFixed(0)} nats ${nearest < 0 ? 'below' : 'above'} the data`;
    return { kind: 'chains', text: `the model's chains leave the data (free energy ${where}): a lower learning rate or more sweeps` };
  }

  #overfitting(): HealthHint | null {
    const latest = this.#latest('gap');
    const half = Math.ceil(this.#looks.length / 2);
    if (latest === null || this.#looks.length < rules.looks + rules.fewestReports) return null;
    const least = Math.min(...latest);
    const before = (this.#looks[half - 1] as Look).gapSum / half;
    const sampling = rules.errors * rules.spread * Math.sqrt(this.#places / this.#rows);
    const grown = least > rules.growth * before && least > before + Math.max(sampling, this.#margin('gap', rules.overfitting / 2));
    if (!grown || least <= Math.max(sampling, rules.overfitting * this.#places) || this.#improves()) return null;
    const text = `over-fitting (the free-energy gap grew to ${least.toFixed(1)} nats): fewer epochs or hidden units, or more L2 decay`;
    return { kind: 'overfitting', text };
  }

  /** Whether the pseudo-likelihood is about as high as ever; not without one. */
  #improves(): boolean {
    const latest = this.#latest('pseudoLikelihood');
    return latest !== null && Math.max(...latest) >= (this.#looks.at(-1) as Look).best - this.#margin('pseudoLikelihood', 0) / 2;
  }

  /** As the last report has it. */
  #gain(): Gain | null {
    const { pseudoLikelihood = null, baseline = null, error = null } = this.#looks.at(-1) ?? {};
    if (pseudoLikelihood === null || baseline === null || error === null) return null;
    return { mean: pseudoLikelihood - baseline, standardError: error };
  }

  #nothingLearnt(gain: Gain | null): HealthHint | null {
    if (gain === null || gain.mean > Math.max(2 * gain.standardError, rules.gain * this.#places)) return null;
    const text =
      'no better than independent units: more epochs or a higher learning rate, unless the columns have nothing to do with each other';
    return { kind: 'nothing-learnt', text };
  }

  #unfinished(): HealthHint | null {
    const values = this.#looks.map((look) => look.pseudoLikelihood).filter((value) => value !== null);
    const few = values.length < rules.fewestReports;
    if (values.length < 2) return null;
    const fifth = Math.max(1, Math.floor(values.length / 5));
    const [first, before, last] = [mean(values.slice(0, fifth)), mean(values.slice(-2 * fifth, -fifth)), mean(values.slice(-fifth))];
    // Of a few reports the scatter is not known; it is far smaller than the error of any of them.
    const error = few ? (this.#looks.at(-1)?.error ?? Infinity) : scatter(values.slice(-window)) * Math.sqrt(2 / Math.min(fifth, window));
    const gain = last - before;
    const counts = gain > Math.max(rules.errors * error, rules.gain * this.#places) && gain > rules.improvement * (last - first);
    return counts
      ? {
          kind: 'unfinished',
          text: `still improving at the end (by ${gain.toFixed(2)} nats in its last ${few ? 'epoch' : 'fifth'}): more epochs`,
        }
      : null;
  }
}

/**
 * What the reports of a run say about its health: each kind of advice once, in plain sentences,
 * the earliest first. None of a sound run.
 *
 * @param reports - All of them, in order.
 * @param context - `places`: columns of the data. `rows`: rows behind the metrics.
 * @throws {@link ParameterError} on a context that makes no sense.
 *
 * @example
 * ```ts
 * import { healthHints, RBM } from 'boltzkit';
 *
 * const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * const reports = await rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 3 });
 * for (const { text } of healthHints(reports, { places: 4, rows: 2 })) console.log(text);
 * ```
 */
export function healthHints(reports: readonly EpochReport[], context: HealthContext): readonly HealthHint[] {
  const call = 'healthHints';
  const check = new OptionCheck(call);
  const { places, rows } = readOptions(call, context, ['places', 'rows']);
  const watch = new HealthWatch({
    places: check.integer('places', places, undefined),
    rows: rows === undefined ? undefined : check.integer('rows', rows, undefined),
  });
  for (const report of reports) watch.add(report);
  watch.end();
  return watch.hints;
}

/** A run that went back to a good state goes on, but at a rate that nobody chose. */
function rolledBack({ rollbacks: times }: Report): HealthHint | null {
  if (times === 0) return null;
  const text = `training diverged ${times === 1 ? 'once' : `${times} times`} and went on at a lower rate: begin with a lower one`;
  return { kind: 'rollback', text };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The standard deviation of noise around a smooth curve, from the median of second differences: a
 * trend has no part in it. 0 of fewer than three numbers.
 */
function scatter(values: readonly number[]): number {
  const bends = values.slice(2).map((value, i) => Math.abs(value - 2 * (values[i + 1] as number) + (values[i] as number)));
  if (bends.length === 0) return 0;
  const middle = bends.sort((a, b) => a - b)[Math.floor(bends.length / 2)] as number;
  return middle / (0.6745 * Math.sqrt(6));
}
