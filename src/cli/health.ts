import { type Algorithm, type EpochRecord, persistent } from './run-record.js';

/** One line of advice, and a word by which scripts can tell it. */
export interface HealthHint {
  kind: 'diverging' | 'rollback' | 'equilibrium' | 'chains' | 'overfitting';
  text: string;
}

/** What the rules need to know besides the metrics. */
export interface HealthContext {
  /** Visible units: gaps are judged in nats per unit. */
  visible: number;
  algorithm: Algorithm;
  /** Rows behind the metrics. */
  rows: number;
}

/**
 * The rules, set from runs on MNIST and five binary data sets; docs/design-notes.md has how far healthy and sick runs came. Pseudo-likelihoods
 * are noisy (one unit per row, and few rows where epochs are short), hence the wide margin and the second and third look.
 * From fewer than 50 rows nothing is concluded, except from parameters that are no numbers any more.
 *  - diverging: worse than coin tosses, −log 2 per unit; or in three epochs in a row half as bad again as in the median epoch before them.
 *  - rollback: the run went back to a good state (`--on-divergence rollback`).
 *  - equilibrium: chains whose mean energy moves although the parameters do not, as `EpochReport.health` has it.
 *  - chains: from the third epoch on, the chains' mean free energy is more than 0.1 nats per unit away from the data's.
 *  - over-fitting: the validation rows' free energy is more than 0.02 nats per unit above the training rows', and a tenth more above it
 *    than in the first half of the run so far.
 */
const RULES = { worsening: 1.5, looks: 3, chains: 0.1, overfitting: 0.02, growth: 1.1, warmupEpochs: 2, fewestRows: 50 } as const;

/** What the rules keep of an epoch. */
interface Look {
  update: number;
  pseudoLikelihood: number | null;
  /** Of the free-energy gaps of all epochs up to this one. */
  gapSum: number;
  /** What the last look at the chains themselves said, up to this epoch. */
  sentence: string | null;
}

/** Numbers in order, each found by halving. NaN and infinities are left out. */
class SortedNumbers {
  readonly #values: number[] = [];

  add(value: number | null): void {
    if (value !== null && Number.isFinite(value)) this.#values.splice(this.#place(value), 0, value);
  }

  remove(value: number | null): void {
    if (value !== null && Number.isFinite(value)) this.#values.splice(this.#place(value), 1);
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
      if (this.#values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Follows a run epoch by epoch; an epoch costs the same however many came before. */
export class HealthWatch {
  readonly #context: HealthContext;
  readonly #looks: Look[] = [];
  /** Pseudo-likelihoods of all epochs but the last few. */
  readonly #before = new SortedNumbers();

  constructor(context: HealthContext) {
    this.#context = context;
  }

  /**
   * Takes in the next epoch. After a roll-back a run comes by the same epochs again: they take the place of the old ones.
   *
   * @returns The most pressing advice that the metrics so far give, or null when nothing is wrong.
   */
  add(report: EpochRecord): HealthHint | null {
    while ((this.#looks.at(-1)?.update ?? -1) >= report.update) this.#removeLast();
    const last = this.#looks.at(-1);
    const { update, pseudoLikelihood, freeEnergyGap, health } = report;
    const sentence = health === null ? (last?.sentence ?? null) : health.sentence;
    this.#looks.push({ update, pseudoLikelihood, gapSum: (last?.gapSum ?? 0) + (freeEnergyGap ?? 0), sentence });
    const settled = this.#looks.at(-1 - RULES.looks);
    if (settled !== undefined) this.#before.add(settled.pseudoLikelihood);
    return this.#hint(report, sentence);
  }

  #removeLast(): void {
    const settled = this.#looks.at(-1 - RULES.looks);
    if (settled !== undefined) this.#before.remove(settled.pseudoLikelihood);
    this.#looks.pop();
  }

  #hint(report: EpochRecord, sentence: string | null): HealthHint | null {
    const failing = this.#diverging(report) ?? rolledBack(report);
    if (failing !== null || this.#context.rows < RULES.fewestRows) return failing;
    if (sentence !== null) return { kind: 'equilibrium', text: sentence };
    return drifting(report, this.#context) ?? this.#overfitting(report);
  }

  #diverging({ weightNorm, pseudoLikelihood }: EpochRecord): HealthHint | null {
    const { visible, rows } = this.#context;
    const limit = (this.#before.median() ?? -Infinity) * RULES.worsening;
    const broken =
      !Number.isFinite(weightNorm) || (rows >= RULES.fewestRows && pseudoLikelihood !== null && pseudoLikelihood < -visible * Math.LN2);
    const falling =
      rows >= RULES.fewestRows &&
      this.#looks.slice(-RULES.looks).every((look) => look.pseudoLikelihood !== null && look.pseudoLikelihood < limit);
    return broken || falling ? { kind: 'diverging', text: 'training diverges (the pseudo-likelihood falls): lower --lr' } : null;
  }

  #overfitting({ freeEnergyGap: last }: EpochRecord): HealthHint | null {
    const epochs = this.#looks.length;
    if (epochs <= RULES.warmupEpochs) return null;
    const half = Math.ceil(epochs / 2);
    const before = this.#looks[half - 1]!.gapSum / half;
    if (last === null || !(last > RULES.overfitting * this.#context.visible && last > RULES.growth * before)) return null;
    return {
      kind: 'overfitting',
      text: `over-fitting (free-energy gap grew to ${last.toFixed(1)} nats): fewer --epochs or --hidden, or more --l2`,
    };
  }
}

function drifting({ epoch, chainFreeEnergyGap: gap }: EpochRecord, { visible, algorithm }: HealthContext): HealthHint | null {
  if (gap === null || epoch <= RULES.warmupEpochs || !(Math.abs(gap) > RULES.chains * visible)) return null;
  const what = persistent.has(algorithm) ? 'chains drift' : 'reconstructions leave the data';
  const where = `${Math.abs(gap).toFixed(0)} nats ${gap < 0 ? 'below' : 'above'} the data`;
  return { kind: 'chains', text: `${what} (free energy ${where}): lower --lr or more --steps` };
}

/** A run that went back to a good state goes on, but at a rate that nobody chose. */
function rolledBack({ rollbacks: times }: EpochRecord): HealthHint | null {
  return times === 0
    ? null
    : { kind: 'rollback', text: `training diverged ${times === 1 ? 'once' : `${times} times`} and went on at a lower rate: lower --lr` };
}
