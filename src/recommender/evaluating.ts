/** The options of evaluations as callers write them. */
import { OptionCheck, readOptions } from '../arguments.js';
import { type CompareSettings, readShares } from './compare.js';
import { readContenders, type Terms } from './contenders.js';
import type { Entries } from './entries.js';
import { type EvaluateOptions, readEvaluateOptions } from './evaluate.js';
import type { Contending } from './fit-types.js';
import { usualMetrics } from './metrics.js';
import { listOf } from './question.js';
import { type RowsRead, readRows } from './rows-given.js';
import { likedFrom } from './scale.js';
import type { ReadOptions } from './source-options.js';

/** How a recommender is judged. */
export interface JudgeOptions extends Omit<EvaluateOptions, 'seed' | 'scale'> {
  /** Seed of resampled users, and of the models beside. Default 0. */
  readonly seed?: number | bigint | undefined;
  /**
   * Models that are trained on `split.train` to stand beside this one. Default: popularity, bias
   * (of ratings), matrix factorisation and EASE. Names, and options of theirs, as `compare` takes
   * them; [] for none.
   */
  readonly beside?: readonly Contending[] | undefined;
}

/** What comparisons of models have in common. */
export interface ContestOptions extends Omit<EvaluateOptions, 'seed' | 'scale'>, Omit<ReadOptions, 'ids'> {
  /**
   * Which models: names, or objects such as `{ model: 'mf', factors: 8, name: 'small mf' }`.
   * Default: all that can learn such rows, the plainest first.
   */
  readonly models?: readonly Contending[] | undefined;
  /** Seed of splits, models and resampled users. Default 0. */
  readonly seed?: number | bigint | undefined;
  /** Threads; 0: all that the process may use. Default 0. */
  readonly threads?: number | undefined;
}

/** How models are compared fold by fold. */
export interface CrossValidateOptions extends ContestOptions {
  /** How many folds, at least 2. Default 5. */
  readonly folds?: number | undefined;
  /** Measures beside the usual ones, or beside `metrics`. */
  readonly alsoMetrics?: readonly string[] | undefined;
}

/** How the best of several models is found. */
export interface CompareOptions extends ContestOptions {
  /**
   * Seconds for the training of all models together; each may take an equal part of what the ones
   * before it left. Default 300.
   */
  readonly budget?: number | undefined;
  /** The measure that the winner is best at on the validation rows. Default 'ndcg@10(binary)'. */
  readonly by?: string | undefined;
  /** Share of each user's entries that the winner is chosen by. Default 0.1. */
  readonly validation?: number | undefined;
  /** Share of each user's entries that the table is about. Default 0.2. */
  readonly test?: number | undefined;
}

const judgeNames = ['metrics', 'relevantFrom', 'rankAtLeast', 'seed', 'resamples', 'signal', 'onProgress'] as const;
const readingNames = ['columns', 'scale', 'header', 'delimiter', 'decimal', 'maxUnpackedBytes'] as const;
const contestNames = [...judgeNames, ...readingNames, 'models', 'threads'] as const;
const compareNames = ['budget', 'by', 'validation', 'test'] as const;

/** Options of `evaluate`, read. */
export function readJudging(call: string, options: unknown): { readonly options: EvaluateOptions; readonly beside: unknown } {
  const { beside, ...given } = readOptions(call, options, [...judgeNames, 'beside']);
  return { options: readEvaluateOptions(new OptionCheck(call), given), beside };
}

/** A contest: its rows, its models, and how they are judged. */
export interface Contest {
  readonly read: RowsRead;
  readonly contenders: CompareSettings['contenders'];
  readonly terms: Terms;
  readonly evaluate: EvaluateOptions;
}

/** Reads options and rows of a contest. */
export async function readContest<K extends string>(
  call: string,
  rows: unknown,
  options: unknown,
  further: readonly K[],
): Promise<Contest & { readonly further: { readonly [P in K]?: unknown } }> {
  const given = readOptions<string>(call, options, [...contestNames, ...further]);
  const check = new OptionCheck(call);
  const judging = readEvaluateOptions(check, { ...pickNamed(given, judgeNames) });
  const threads = check.integer('threads', given.threads, 0, 0, 1024);
  const read = await readRows(call, rows, { ...pickNamed(given, readingNames), signal: judging.signal });
  const { entries, scale } = read;
  const contenders = readContenders(call, given.models, entries.value !== undefined);
  const relevantFrom = judging.relevantFrom ?? likedFrom(entries, scale);
  const evaluate = { ...judging, relevantFrom, scale };
  const terms = { seed: judging.seed ?? 0n, threads, scale, relevantFrom };
  return { read, contenders, terms, evaluate, further: pickNamed(given, further) };
}

/** Reads what belongs to `compare` alone. */
export function readComparing(
  call: string,
  contest: Contest,
  given: { readonly [P in (typeof compareNames)[number]]?: unknown },
): CompareSettings {
  const check = new OptionCheck(call);
  const { by = 'ndcg@10(binary)' } = given;
  if (typeof by !== 'string') throw check.error('by', 'the name of a measure', by);
  const budget = check.number('budget', given.budget, 300);
  return { ...contest, budget, by, shares: readShares(check, given) };
}

export { compareNames };

function pickNamed<K extends string>(given: { readonly [name: string]: unknown }, names: readonly K[]): { [P in K]?: unknown } {
  const named = names.map((name) => [name, given[name]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined)) as { [P in K]?: unknown };
}

/** Adds measures to those asked for, or to the usual ones. */
export function withAlso(call: string, options: EvaluateOptions, also: unknown, entries: Entries): EvaluateOptions {
  if (also === undefined) return options;
  const names = listOf(call, 'alsoMetrics', also) as readonly string[];
  const metrics = options.metrics ?? usualMetrics(entries.value !== undefined, options.relevantFrom);
  return { ...options, metrics: [...new Set([...metrics, ...names])] };
}
