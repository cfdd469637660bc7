// The two corpora of run.mjs: counts as sparse rows, labels, words, and three parts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { permutation } from '../../dist/data/random.js';

const parts = ['train', 'validation', 'test'];
const linesOf = (folder, file) =>
  gunzipSync(readFileSync(join(folder, file)))
    .toString('utf8')
    .trimEnd()
    .split('\n');

/** Sparse rows of documents: a Map from word number to count each. */
function sparse(documents, words) {
  const indptr = [0];
  const [indices, values] = [[], []];
  for (const { counts } of documents) {
    for (const [word, count] of [...counts].sort(([a], [b]) => a - b)) {
      indices.push(word);
      values.push(count);
    }
    indptr.push(indices.length);
  }
  return { indptr, indices, values, shape: [documents.length, words] };
}

/** CiteSeer-M10 with the split of its file: titles, about six words each. */
function m10(folder) {
  const words = linesOf(folder, 'vocabulary.txt.gz');
  const numbers = new Map(words.map((word, i) => [word, i]));
  const documents = linesOf(folder, 'corpus.tsv.gz').map((line) => {
    const [text, part, label] = line.split('\t');
    const counts = new Map();
    for (const word of text.split(' ')) counts.set(numbers.get(word), (counts.get(numbers.get(word)) ?? 0) + 1);
    return { counts, part: part === 'val' ? 'validation' : part, label: Number(label) };
  });
  return { words, documents };
}

/** 20 Newsgroups, the test half of a published split: cut here, four fifths and twice a tenth, by a seed. */
function news(folder, seed) {
  const words = linesOf(folder, 'vocab.new.gz').map((line) => line.split(' ')[0]);
  const lines = linesOf(folder, 'test.feat.gz');
  const order = permutation(lines.length, BigInt(seed), 0);
  const tenth = Math.round(lines.length / 10);
  const documents = [...order].map((line, at) => {
    const [label, ...entries] = lines[line].trim().split(' ');
    const counts = new Map(entries.map((entry) => entry.split(':').map(Number)).map(([id, count]) => [id - 1, count]));
    return { counts, part: at < tenth ? 'test' : at < 2 * tenth ? 'validation' : 'train', label: Number(label) - 1 };
  });
  return { words, documents };
}

/** `{ words, train, validation, test }`; each part has `rows` and `labels`. */
export function corpus(name, data, seed) {
  const folder = join(data, 'topics', name);
  const { words, documents } = name === 'm10' ? m10(folder) : news(folder, seed);
  const part = (wanted) => {
    const chosen = documents.filter((document) => document.part === wanted);
    return { rows: sparse(chosen, words.length), labels: chosen.map(({ label }) => label) };
  };
  return { words, ...Object.fromEntries(parts.map((name) => [name, part(name)])) };
}
