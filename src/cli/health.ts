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

function diverging(history: readonly EpochRecord[], { visible, rows }: HealthContext): HealthHint | null {
  const last = history.at(-1);
  if (last === undefined) return null;
  const values = history.map((report) => report.pseudoLikelihood);
  const [before, latest] = [
    values
      .slice(0, -RULES.looks)
      .filter(Number.isFinite)
      .sort((a, b) => a - b),
    values.slice(-RULES.looks),
  ];
  const limit = (before[Math.floor(before.length / 2)] ?? -Infinity) * RULES.worsening;
  const broken = !Number.isFinite(last.weightNorm) || (rows >= RULES.fewestRows && last.pseudoLikelihood < -visible * Math.LN2);
  const falling = rows >= RULES.fewestRows && latest.every((value) => value < limit);
  return broken || falling ? { kind: 'diverging', text: 'training diverges (the pseudo-likelihood falls): lower --lr' } : null;
}

function drifting(history: readonly EpochRecord[], { visible, algorithm }: HealthContext): HealthHint | null {
  const last = history.at(-1);
  if (last === undefined || last.epoch <= RULES.warmupEpochs) return null;
  const gap = last.chainFreeEnergyGap;
  if (!(Math.abs(gap) > RULES.chains * visible)) return null;
  const what = persistent.has(algorithm) ? 'chains drift' : 'reconstructions leave the data';
  const where = `${Math.abs(gap).toFixed(0)} nats ${gap < 0 ? 'below' : 'above'} the data`;
  return { kind: 'chains', text: `${what} (free energy ${where}): lower --lr or more --steps` };
}

/** What the last look at the chains themselves found; it holds the parameters still, so it sees what no threshold on metrics does. */
function outOfEquilibrium(history: readonly EpochRecord[]): HealthHint | null {
  const sentence = history.findLast(({ health }) => health !== null)?.health?.sentence ?? null;
  return sentence === null ? null : { kind: 'equilibrium', text: sentence };
}

function overfitting(history: readonly EpochRecord[], { visible }: HealthContext): HealthHint | null {
  const gaps = history.map((report) => report.freeEnergyGap);
  const last = gaps.at(-1);
  const early = gaps.slice(0, Math.ceil(gaps.length / 2));
  if (last === undefined || gaps.length <= RULES.warmupEpochs) return null;
  const before = early.reduce((sum, gap) => sum + gap, 0) / early.length;
  if (!(last > RULES.overfitting * visible && last > RULES.growth * before)) return null;
  return {
    kind: 'overfitting',
    text: `over-fitting (free-energy gap grew to ${last.toFixed(1)} nats): fewer --epochs or --hidden, or more --l2`,
  };
}

/** A run that went back to a good state goes on, but at a rate that nobody chose. */
function rolledBack(history: readonly EpochRecord[]): HealthHint | null {
  const times = history.at(-1)?.rollbacks ?? 0;
  return times === 0
    ? null
    : { kind: 'rollback', text: `training diverged ${times === 1 ? 'once' : `${times} times`} and went on at a lower rate: lower --lr` };
}

/** The most pressing advice that the metrics so far give, or null when nothing is wrong. */
export function healthHint(history: readonly EpochRecord[], context: HealthContext): HealthHint | null {
  const failing = diverging(history, context) ?? rolledBack(history);
  if (failing !== null || context.rows < RULES.fewestRows) return failing;
  return outOfEquilibrium(history) ?? drifting(history, context) ?? overfitting(history, context);
}
