/** Options of a replicated softmax. */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { matrix } from '../data/ndarray.js';
import { describeRows, type SparseRowsInput } from '../data/rows-input.js';
import { asMatrix, asVector } from '../data/vector.js';
import type { Where } from '../data/where.js';
import { readStart, type StartOptions, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { MachineSpec } from '../wiring/spec.js';
import { bernoulli, counts } from '../wiring/units.js';
import type { Matrix } from './results.js';

/** How to construct a replicated softmax. */
export interface ReplicatedSoftmaxOptions extends StartOptions {
  /** The words, each once, in the order of the columns of counts; or how many there are. */
  readonly vocabulary: number | readonly string[];
  /** Binary topics. Default 50. */
  readonly topics?: number | undefined;
}

/** Documents of one word each, [n, vocabulary], as often as `length` says; words are spread over the vocabulary. */
export function repeated(check: OptionCheck, n: number, length: unknown, vocabulary: number): SparseRowsInput {
  const values = readLengths(check, n, length);
  const indices = Uint32Array.from({ length: n }, (_, r) => Math.floor(((r + 0.5) / n) * vocabulary));
  return { indptr: Uint32Array.from({ length: n + 1 }, (_, r) => r), indices, values, shape: [n, vocabulary] };
}

function readLengths(check: OptionCheck, n: number, length: unknown): Float64Array {
  if (typeof length === 'number') return new Float64Array(n).fill(check.integer('length', length, undefined, 1, 2 ** 24));
  const lengths = asVector(length, n, { call: check.call, argument: 'length', units: 'documents' });
  for (const [d, words] of lengths.entries()) check.integer(`length[${d}]`, words, undefined, 1, 2 ** 24);
  return lengths;
}

/** Codes that a caller has, [n, topics]. */
export function codeMatrix(codes: unknown, topics: number, where: Where): Matrix {
  const host = describeRows(codes, topics, where);
  return matrix(Float32Array.from(asMatrix(codes, host.rows, topics, where)), host.rows, topics);
}

/** Reads and checks how a model is made. */
export function readModel(call: string, options: unknown): { readonly spec: MachineSpec; readonly vocabulary: readonly string[] | null } {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `vocabulary`', options);
  const given = readOptions(call, options, ['vocabulary', 'topics', ...startOptions]);
  const vocabulary = typeof given.vocabulary === 'number' ? null : readVocabulary(check, given.vocabulary);
  const size = vocabulary?.length ?? check.integer('vocabulary', given.vocabulary, undefined, 1, 2 ** 31 - 1);
  const layers = [
    readLayer(check, 'words', counts(size), 'words'),
    readLayer(check, 'topics', bernoulli(check.integer('topics', given.topics, 50, 1, 2 ** 31 - 1)), 'topics'),
  ];
  return { spec: { ...readStart(check, given), layers, couplings: [[0, 1]] }, vocabulary };
}

function readVocabulary(check: OptionCheck, given: unknown): readonly string[] {
  const expected = 'the number of words, or a list of different words';
  if (!Array.isArray(given) || given.length === 0) throw check.error('vocabulary', expected, given);
  const seen = new Map<unknown, number>();
  const list = readFrom(check.call, 'vocabulary', () => Array.from(given));
  for (const [k, word] of list.entries()) {
    if (typeof word !== 'string') throw check.error(`vocabulary[${k}]`, 'a word', word);
    if (seen.has(word)) throw check.error(`vocabulary[${k}]`, `another word than vocabulary[${seen.get(word)}]`, word);
    seen.set(word, k);
  }
  return Object.freeze(list as string[]);
}
