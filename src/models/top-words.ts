/** The words that tell topics apart. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { Parameters } from './results.js';

/** A word of a topic. */
export interface TopWord {
  /** The word, or its column where the vocabulary is a number. */
  readonly word: string | number;
  /** How much likelier the topic makes it, in nats beside the mean word. */
  readonly weight: number;
}

/** Which words may stand for a topic. */
export interface TopWordsOptions {
  /**
   * - 'lift' (default): W_kj less the mean of W_j over words by their frequency.
   * - 'probability': log p(word | this topic alone), which common words lead.
   */
  readonly by?: 'lift' | 'probability' | undefined;
}

/** Options with every value checked. */
export interface CheckedTopWords {
  readonly n: number;
  readonly by: 'lift' | 'probability';
}

/** Reads and checks which words come back. */
export function readTopWords(call: string, n: unknown, options: unknown, words: number): CheckedTopWords {
  const { by } = readOptions(call, options, ['by']);
  const check = new OptionCheck(call);
  return { n: Math.min(words, check.integer('n', n, 10, 1, 2 ** 31 - 1)), by: check.oneOf('by', by, 'lift', ['lift', 'probability']) };
}

/** The words of each topic, the strongest first; `weights` [words, topics], `bias` [words]. */
export function topWords(
  weights: Parameters,
  bias: Float64Array,
  names: readonly string[] | null,
  { n, by }: CheckedTopWords,
): TopWord[][] {
  const [words, topics] = weights.shape as [number, number];
  const background = softmaxOf(bias);
  return Array.from({ length: topics }, (_, j) => {
    const column = Float64Array.from({ length: words }, (_, k) => weights.get(k, j));
    const score = by === 'lift' ? lifts(column, background) : softmaxOf(column.map((w, k) => w + (bias[k] as number))).map(Math.log);
    const order = Array.from(score.keys()).sort((a, b) => (score[b] as number) - (score[a] as number));
    return order.slice(0, n).map((k) => ({ word: names?.[k] ?? k, weight: score[k] as number }));
  });
}

function lifts(column: Float64Array, background: Float64Array): Float64Array {
  const mean = column.reduce((sum, w, k) => sum + w * (background[k] as number), 0);
  return column.map((w) => w - mean);
}

/** exp(x) over its sum. */
function softmaxOf(values: Float64Array): Float64Array {
  const top = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((x) => Math.exp(x - top));
  const all = powers.reduce((sum, x) => sum + x, 0);
  return powers.map((x) => x / all);
}
