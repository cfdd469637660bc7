import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';

/** Which words of texts are counted. */
export interface BagOfWordsOptions {
  /** A word must be in so many texts. Default 1; not with `vocabulary`. */
  readonly minimum?: number | undefined;
  /** Words that are left out, in small letters. Default: none. */
  readonly stopWords?: Iterable<string> | undefined;
  /** The words to count, in this order, as those of an earlier call. Default: all that texts have. */
  readonly vocabulary?: readonly string[] | undefined;
}

/** Texts as counts of words. */
export interface BagOfWords {
  /** The words by column: those in most texts first, equals in the order of their letters. */
  readonly vocabulary: readonly string[];
  /** Counts of the texts that hold any of these words, as compressed sparse rows. */
  readonly counts: {
    /** Where each row begins, one more at the end. */
    readonly indptr: Uint32Array;
    /** Columns. */
    readonly indices: Uint32Array;
    /** Counts. */
    readonly values: Float32Array;
    /** [texts, words]. */
    readonly shape: readonly [number, number];
  };
  /** The number of the text in each row. */
  readonly texts: Uint32Array;
}

/** A letter, then letters, marks, digits; apostrophes and hyphens only in between. */
const word = /\p{L}[\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

/**
 * Counts the words of texts, in small letters. Texts without any are left out: `texts` says which
 * are there.
 *
 * @param texts - Each a document.
 * @throws `ParameterError` unless texts are strings and at least one word is left.
 */
export function bagOfWords(texts: readonly string[], options?: BagOfWordsOptions): BagOfWords {
  const call = 'bagOfWords';
  const check = new OptionCheck(call);
  const given = readOptions(call, options, ['minimum', 'stopWords', 'vocabulary']);
  const minimum = check.integer('minimum', given.minimum, 1);
  const without = new Set(wordsOf(check, 'stopWords', given.stopWords ?? []));
  const tallies = wordsOf(check, 'texts', texts).map(tally);
  const vocabulary = given.vocabulary === undefined ? common(tallies, minimum) : wordsOf(check, 'vocabulary', given.vocabulary);
  const kept = vocabulary.filter((each) => given.vocabulary !== undefined || !without.has(each));
  const columns = new Map(kept.map((each, column) => [each, column]));
  const indptr = [0];
  const [indices, values, rows]: [number[], number[], number[]] = [[], [], []];
  for (const [t, counts] of tallies.entries()) {
    const entries = [...counts].flatMap(([each, count]) => {
      const column = without.has(each) ? undefined : columns.get(each);
      return column === undefined ? [] : [[column, count] as const];
    });
    if (entries.length === 0) continue;
    for (const [column, count] of entries.sort(([a], [b]) => a - b)) {
      indices.push(column);
      values.push(count);
    }
    indptr.push(indices.length);
    rows.push(t);
  }
  if (rows.length === 0) throw new ParameterError(`${call}: no word of the texts is left with these options`);
  return {
    vocabulary: kept,
    counts: {
      indptr: Uint32Array.from(indptr),
      indices: Uint32Array.from(indices),
      values: Float32Array.from(values),
      shape: [rows.length, kept.length],
    },
    texts: Uint32Array.from(rows),
  };
}

function tally(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [each] of text.toLowerCase().matchAll(word)) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

/** Words in at least `minimum` texts, those in most first. */
function common(tallies: readonly Map<string, number>[], minimum: number): string[] {
  const texts = new Map<string, number>();
  for (const counts of tallies) for (const each of counts.keys()) texts.set(each, (texts.get(each) ?? 0) + 1);
  const kept = [...texts].filter(([, count]) => count >= minimum);
  return kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([each]) => each);
}

function wordsOf(check: OptionCheck, name: string, given: unknown): string[] {
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) throw check.error(name, 'a list of strings', given);
  const list = readFrom(check.call, name, () => Array.from(given as Iterable<unknown>));
  const wrong = list.findIndex((each) => typeof each !== 'string');
  if (wrong >= 0) throw check.error(`${name}[${wrong}]`, 'a string', list[wrong]);
  return list as string[];
}
