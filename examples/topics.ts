// Texts to topics: counts words, learns binary topics, shows their words, finds similar texts, and draws
// a map of the codes. `node build/examples/topics.js corpus.tsv.gz` takes lines of text, tab, …, label
// (such as CiteSeer-M10); without one it makes up headlines of four kinds.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { principalComponents, ReplicatedSoftmax, toNested } from 'boltzkit';
import { bagOfWords } from 'boltzkit/data';
import { pointMap, writeSvg } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const [file] = process.argv.slice(2);

interface Labelled {
  readonly text: string;
  readonly label: string;
}

/** Headlines of five to nine words, most of them of one kind. */
function madeUp(count: number): Labelled[] {
  const kinds = {
    space: 'moon orbit rocket crew launch probe comet mars',
    sport: 'team goal match coach league season cup fans',
    money: 'bank shares market bond fund price trade profit',
    food: 'bread soup oven salt cook garlic cheese plum',
  };
  const common = 'new after says week big more'.split(' ');
  let state = 1;
  const pick = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return list[Math.floor((state / 2 ** 32) * list.length)] as T;
  };
  return Array.from({ length: count }, (_, i) => {
    const [label, words] = Object.entries(kinds)[i % 4] as [string, string];
    const chosen = Array.from({ length: 5 + (i % 5) }, () => pick(pick([0, 0, 1]) === 0 ? words.split(' ') : common));
    return { text: chosen.join(' '), label };
  });
}

function read(path: string): Labelled[] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const fields = line.split('\t');
    return { text: fields[0] ?? '', label: fields.at(-1) ?? '' };
  });
}

// Every fifth text is kept for the end; the words are those of the others.
const documents = file === undefined ? madeUp(small ? 300 : 2000) : read(file);
const [known, unseen] = [documents.filter((_, i) => i % 5 > 0), documents.filter((_, i) => i % 5 === 0)];
const train = bagOfWords(
  known.map(({ text }) => text),
  { minimum: 3 },
);
const test = bagOfWords(
  unseen.map(({ text }) => text),
  { vocabulary: train.vocabulary },
);

const model = new ReplicatedSoftmax({ vocabulary: train.vocabulary, topics: file === undefined ? 8 : 50, seed: 1 });
await model.fit(train.counts, file === undefined ? { epochs: small ? 300 : 100, learningRate: 0.01 } : {});
for (const words of model.topWords(6).slice(0, 8)) console.log(words.map(({ word }) => word).join(' '));

const { value, low, high } = await model.perplexity(test.counts, { chains: 50, steps: 300 });
console.log(`perplexity of unseen texts: ${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}], of ${model.words} words`);

// Texts whose codes point the same way should be about the same things.
const codes = await model.transform(train.counts);
const asked = await model.transform(test.counts);
const { indices } = await model.similar({ codes: asked }, { among: { codes }, n: 5 });
const labelOf = (from: readonly Labelled[], texts: Uint32Array, row: number) => from[texts[row] ?? 0]?.label ?? '';
const hits = toNested(indices).flatMap((rows, q) =>
  (rows as number[]).map((row) => labelOf(known, train.texts, row) === labelOf(unseen, test.texts, q)),
);
const right = hits.filter(Boolean).length / hits.length;
console.log(`of the five texts nearest to an unseen one, ${(100 * right).toFixed(0)} % have its label`);

const classes = [...new Set(known.map(({ label }) => label))].sort();
const labels = Array.from(test.texts, (_, row) => classes.indexOf(labelOf(unseen, test.texts, row)));
const { scores } = await principalComponents(asked, { components: 2 });
await writeSvg('topics.svg', pointMap(scores, { labels, classes, title: 'Codes of unseen texts', equal: false }));
console.log('wrote topics.svg');
model.dispose();
process.exitCode = right > 1.5 / classes.length && value < model.words ? 0 : 1;
