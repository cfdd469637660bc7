import { isBinary } from '../runs/binarise.js';
import { count, duration, fixed, intervalText } from '../runs/format.js';
import { hiddenLayer, type RunModel } from '../runs/model.js';
import { type EvaluationRecord, evaluationRecord } from '../runs/record.js';
import { columnsOf, givenRows, type RowSet } from '../runs/rows.js';
import type { Estimate } from '../runs/statistics.js';
import { CliError, UsageError } from './failures.js';
import type { Output } from './output.js';

/** How to find log Z, as typed. */
export interface LikelihoodOptions {
  method?: 'auto' | 'exact' | 'ais' | 'ladder';
  aisChains?: number;
  betas?: number;
  /** False with `--no-likelihood`. */
  likelihood?: boolean;
}

/** The log-likelihood of rows whose free energies are known: −F − log Z. */
export interface PartLikelihood {
  mean: number;
  low: number;
  high: number;
  perDimension: number;
  standardError: number;
}

/** Sweeps that say how fast this machine is, and from how many seconds on one is told. */
const TRIAL = { chains: 100, sweeps: 20, worthTelling: 5 } as const;
/**
 * What `RBM.evaluate` does unless told otherwise: counts up to 2^22 states, else anneals in both
 * directions after a warm-up.
 */
const DEFAULTS = { exactUnits: 22, chains: 100, betas: 10_000, warmup: 1000 } as const;
const GREY = 'the log-likelihood needs rows of zeros and ones, these have values in between';
const GREY_HINT = '--binarise threshold or --binarise sample makes them so';

function typedNames({ method, aisChains, betas }: LikelihoodOptions): string[] {
  const typed = { '--method': method, '--ais-chains': aisChains, '--betas': betas };
  return Object.entries(typed).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

/** Combinations that make no sense are refused before anything is read. */
export function checkLikelihoodOptions(options: LikelihoodOptions): void {
  const [first] = typedNames(options);
  if (options.likelihood === false && first !== undefined) throw new UsageError(`${first} and --no-likelihood exclude each other`);
  if (options.method === 'exact' && (options.aisChains ?? options.betas) !== undefined) {
    throw new UsageError(`--method exact counts all states: it has no ${options.aisChains === undefined ? '--betas' : '--ais-chains'}`);
  }
}

/** What `RBM.evaluate` is given for options as typed. */
export function evaluateOptions({ method, aisChains, betas }: LikelihoodOptions): object {
  return {
    ...(method === undefined ? {} : { method }),
    ...(aisChains === undefined ? {} : { chains: aisChains }),
    ...(betas === undefined ? {} : { betas }),
  };
}

/** About how long so many sweeps of so many chains take here, in seconds, from a few. */
async function secondsFor(model: RunModel, chains: number, sweeps: number): Promise<number> {
  const began = performance.now();
  await model.sample(TRIAL.chains, { sweeps: TRIAL.sweeps });
  return ((performance.now() - began) / 1000) * (chains / TRIAL.chains) * (sweeps / TRIAL.sweeps);
}

/**
 * Says how long annealing takes where that is long. A ladder takes as many rungs as it needs, so
 * nothing is said of it.
 */
async function announceWait(model: RunModel, rows: RowSet, output: Output, { method, aisChains, betas }: LikelihoodOptions): Promise<void> {
  const anneals =
    method === 'ais' ||
    (method !== 'exact' && method !== 'ladder' && Math.min(columnsOf(rows), model.layers[hiddenLayer]?.places ?? 0) > DEFAULTS.exactUnits);
  if (!anneals) return;
  const sweeps = 2 * (betas ?? DEFAULTS.betas) + DEFAULTS.warmup;
  const seconds = await secondsFor(model, aisChains ?? DEFAULTS.chains, sweeps);
  if (seconds > TRIAL.worthTelling) output.line(`estimating log Z takes about ${duration(seconds)} here; --no-likelihood leaves it out`);
}

/**
 * The log-likelihood of rows with all that it rests on; null where there is none: left out, or rows
 * that are not binary, which is said (and an error when the method was typed).
 */
export async function evaluateRows(
  model: RunModel,
  rows: RowSet,
  output: Output,
  options: LikelihoodOptions,
): Promise<EvaluationRecord | null> {
  if (options.likelihood === false) return null;
  if (!hasStates(model, rows)) {
    if (typedNames(options).length > 0) throw new CliError(GREY, { code: 'ERR_PARAMETER', hint: GREY_HINT });
    output.line(`note: ${GREY}; ${GREY_HINT}`);
    return null;
  }
  await announceWait(model, rows, output, options);
  const evaluation = await model.evaluate(givenRows(rows), evaluateOptions(options));
  return evaluationRecord(evaluation);
}

/** Whether rows are states of the machine: of Bernoulli units zeros and ones, not grey levels. */
export function hasStates({ layers }: Pick<RunModel, 'layers'>, rows: RowSet): boolean {
  return Object.entries(rows.layers).every(([name, matrix]) => layers[name]?.type !== 'bernoulli' || isBinary(matrix, true));
}

/** From the rows' free energies; log Z moves all rows alike, so its interval is the mean's. */
export function partLikelihood({ mean, standardError }: Estimate, { logZ }: EvaluationRecord, visible: number): PartLikelihood {
  const value = -mean - logZ.value;
  return { mean: value, low: -mean - logZ.high, high: -mean - logZ.low, perDimension: value / visible, standardError };
}

/**
 * As a line of its own: the mean, what log Z leaves open, and the error of a mean over these rows.
 */
export function likelihoodText({ mean, low, high, perDimension, standardError }: PartLikelihood): string {
  return `${intervalText({ value: mean, low, high })} ± ${fixed(standardError)} nats per row, ${fixed(perDimension, 4)} per unit`;
}

const METHODS = {
  exact: 'exact, all states counted',
  'ais-bracket': 'annealed importance sampling',
  ladder: 'a ladder of temperatures',
} as const;

/** Lines about log Z: its value, how it was found, and whether it can be relied on. */
export function partitionLines({ logZ, effectiveSampleSize, converged, warnings }: EvaluationRecord): string[] {
  const { method, forward, reverse, gap } = logZ;
  const lines = [`log Z  ${intervalText(logZ)} nats (${METHODS[method]})`];
  if (forward !== undefined && reverse !== undefined) {
    lines.push(`  forward ${intervalText(forward)}, reverse ${intervalText(reverse)}, gap ${fixed(gap ?? Number.NaN)} nats`);
  }
  if (Number.isFinite(effectiveSampleSize)) lines.push(`  effective sample size ${count(effectiveSampleSize)}`);
  if (!converged) lines.push('  NOT CONVERGED: the figures below may be far off');
  return [...lines, ...warnings.map((warning) => `  note: ${warning}`)];
}
