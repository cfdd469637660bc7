/**
 * log p of documents under a replicated softmax: log Z by length, and what follows from it.
 * Salakhutdinov & Hinton, "Replicated Softmax: an Undirected Topic Model", NIPS 22 (2009), section 3.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import type { NdArray } from '../data/ndarray.js';
import { vector } from '../data/ndarray.js';
import type { NativeLengthOptions, NativeLengthSum } from '../machine/native.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Interval } from './results.js';

/** How log Z of documents is estimated. Everything has a default. */
export interface LengthOptions extends Patience {
  /**
   * - 'exact': all states of the topics are counted, at most 2^20.
   * - 'ais': annealed importance sampling along the length of documents, forward and back.
   * - 'auto' (default): 'exact' up to 12 topics, else 'ais'.
   */
  readonly method?: 'auto' | 'exact' | 'ais' | undefined;
  /** Chains in either direction, at least 2. Default 100. */
  readonly chains?: number | undefined;
  /** Steps from length 0 to the longest document, at least; every length is a step more. Default 1000. */
  readonly steps?: number | undefined;
  /** Gibbs sweeps at the longest length before the way back. Default 100. */
  readonly warmup?: number | undefined;
}

/** log Z of documents of one length, in nats. `low` and `high` span the 95 % intervals of both directions. */
export interface LengthSum extends Interval {
  /** Words of a document. */
  readonly length: number;
  /** From length 0 up: too low on average. */
  readonly forward: Interval;
  /** From the longest length down. */
  readonly reverse: Interval;
}

/** What a model makes of documents, as sequences of words. */
export interface DocumentLikelihoods {
  /** log p of every document as a sequence of words, given its length, [n], in nats. */
  readonly logLikelihoods: NdArray<Float64Array>;
  /**
   * exp of minus the mean over documents of log p(v) / D (the paper's section 4): how many words a
   * word is as uncertain as. The interval is that of log Z alone, over just these documents.
   */
  readonly perplexity: Interval;
  /** exp of minus the sum of log p(v) over the sum of D: long documents count more. */
  readonly wordPerplexity: Interval;
  /** log Z of each length among the documents, rising. */
  readonly logZ: readonly LengthSum[];
  /** How many independent samples log Z is worth at the length where it is worth least; Infinity if counted. */
  readonly effectiveSampleSize: number;
  /** Whether both directions agree to one nat at every length and are worth ten samples. */
  readonly converged: boolean;
  /** Plain sentences; empty when there is nothing to say. */
  readonly warnings: readonly string[];
}

/** Documents by what their likelihood needs of them. */
export interface DocumentSums {
  /** Words of each. */
  readonly lengths: ArrayLike<number>;
  /** −F of each as a sequence: log of the sum of exp(−E) over the topics. */
  readonly sums: Float64Array;
}

/** Topics that are counted without being asked for. */
const quicklyCounted = 12;
const [leastSamples, largestGap] = [10, 1];

/** Reads and checks how log Z is to be estimated, of a model with so many topics. */
export function readLengthOptions(
  call: string,
  options: unknown,
  topics: number,
): { readonly control: Omit<NativeLengthOptions, 'lengths'>; readonly patience: Patience } {
  const given = readOptions(call, options, ['method', 'chains', 'steps', 'warmup', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const method = check.oneOf('method', given.method, 'auto', ['auto', 'exact', 'ais']);
  const control = {
    exact: method === 'exact' || (method === 'auto' && topics <= quicklyCounted),
    chains: check.integer('chains', given.chains, 100, 2, 2 ** 24),
    steps: check.integer('steps', given.steps, 1000, 1, 2 ** 28),
    warmup: check.integer('warmup', given.warmup, 100, 0, 2 ** 40),
  };
  return { control, patience: readPatience(check, given) };
}

/** The lengths of documents, each once, rising. */
export function distinctLengths(lengths: Iterable<number>): Uint32Array {
  return Uint32Array.from(new Set(lengths)).sort();
}

/** Puts together what documents have and what their lengths have. */
export function documentLikelihoods(documents: DocumentSums, lengths: Uint32Array, found: readonly NativeLengthSum[]): DocumentLikelihoods {
  const logZ = found.map((sum, i) => spanned(lengths[i] as number, sum));
  const byLength = new Map(logZ.map((sum) => [sum.length, sum]));
  const logP = (end: keyof Interval): Float64Array =>
    documents.sums.map((sum, d) => sum - (byLength.get(documents.lengths[d] as number) as LengthSum)[end]);
  const values = logP('value');
  // A low log Z makes documents likely, so perplexity is low with it.
  const ends = { value: values, low: logP('low'), high: logP('high') };
  const effectiveSampleSize = Math.min(...found.map((sum) => sum.effectiveSampleSize));
  const warnings = doubts(logZ, effectiveSampleSize);
  return {
    logLikelihoods: vector(values),
    perplexity: mapped(ends, (of) => Math.exp(-mean(of, (p, d) => p / (documents.lengths[d] as number)))),
    wordPerplexity: mapped(ends, (of) => Math.exp(-mean(of, (p) => p) / mean(of, (_, d) => documents.lengths[d] as number))),
    logZ,
    effectiveSampleSize,
    converged: warnings.length === 0,
    warnings,
  };
}

function spanned(length: number, { forward, reverse }: NativeLengthSum): LengthSum {
  const value = (forward.value + reverse.value) / 2;
  return { length, value, low: Math.min(forward.low, reverse.low), high: Math.max(forward.high, reverse.high), forward, reverse };
}

function doubts(logZ: readonly LengthSum[], samples: number): string[] {
  const said: string[] = [];
  const apart = logZ.filter(({ forward, reverse }) => !(Math.abs(reverse.value - forward.value) <= largestGap));
  if (apart.length > 0) {
    const [first, ...more] = apart.map(({ length }) => length);
    const which = more.length === 0 ? `length ${first}` : `${apart.length} lengths from ${first} on`;
    said.push(
      `annealing forward and back differ by more than one nat at ${which}: log Z lies somewhere between; take more steps or chains`,
    );
  }
  if (samples < leastSamples) {
    said.push(`at some length the weights of all chains are worth ${samples.toPrecision(2)} samples, too few to tell: take more of them`);
  }
  return said;
}

function mapped(ends: { readonly [K in keyof Interval]: Float64Array }, value: (of: Float64Array) => number): Interval {
  return { value: value(ends.value), low: value(ends.low), high: value(ends.high) };
}

function mean(values: Float64Array, term: (value: number, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + term(value, index), 0) / values.length;
}
