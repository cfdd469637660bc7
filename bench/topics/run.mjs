// node bench/topics/run.mjs --data <data> [--corpus m10|20news|both] [--seed 1] [--out topics.json]
// Replicated softmax beside latent Dirichlet allocation (scikit-learn), 50 topics each, on two corpora:
// perplexity of test documents, and how many of the ten documents nearest to a test document have its
// label. Epochs are chosen on validation documents; test documents are looked at once, at the end.
// [--epochs 30,60,120] [--chains 100] [--steps 1000] say what is tried and how log Z of test documents is annealed.
// On one idle thread LDA takes about 5 minutes of m10 and 10 of 20news, a run of 60 epochs 20 and 65 seconds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ReplicatedSoftmax } from 'boltzkit';
import { corpus } from './data.mjs';
import { precisionAt, precisionOf, tfIdf } from './retrieval.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    corpus: { type: 'string', default: 'both' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'topics.json' },
    python: { type: 'string', default: '/usr/bin/python3' },
    epochs: { type: 'string', default: '30,60,120' },
    chains: { type: 'string', default: '100' },
    steps: { type: 'string', default: '1000' },
  },
});
const seed = Number(values.seed);
const topics = 50;
const near = 10;
const names = values.corpus === 'both' ? ['m10', '20news'] : [values.corpus];
const seconds = (since) => Math.round((performance.now() - since) / 100) / 10;
const log = (name, line) => console.error(`${name}: ${line}`);
const shown = ({ value, low, high }) => `${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;

/** How LDA is fitted: priors are chosen by validation documents. */
const settings = {
  m10: { alphas: [0.02, 0.1, 0.5], etas: [0.02, 0.1, 0.5], passes: 25, last: 100, particles: [20, 100, 500] },
  '20news': { alphas: [0.05, 0.1, 0.2], etas: [0.1], passes: 20, last: 20, particles: [20, 100] },
};

/** A model for each number of epochs; the one with the lowest perplexity of validation documents. */
async function trained(name, { words, train, validation }) {
  const tried = [];
  let chosen = null;
  for (const epochs of values.epochs.split(',').map(Number)) {
    const model = new ReplicatedSoftmax({ vocabulary: words, topics, seed, threads: 1 });
    const began = performance.now();
    await model.fit(train.rows, { epochs, monitorRows: 0 });
    const time = seconds(began);
    const { perplexity } = await model.logLikelihood(validation.rows, { chains: 50, steps: 300, warmup: 20 });
    tried.push({ epochs, seconds: time, validation: perplexity });
    log(name, `${epochs} epochs in ${time} s: validation ${shown(perplexity)}`);
    // The upper end, so that a model whose log Z nobody knows is not chosen for it.
    if (tried.some((other) => other.validation.high < perplexity.high)) {
      model.dispose();
      continue;
    }
    chosen?.dispose();
    chosen = model;
  }
  return { model: chosen, tried };
}

/** What scikit-learn makes of the same documents. */
function allocation(name, documents) {
  const folder = mkdtempSync(join(tmpdir(), 'boltzkit-topics-'));
  try {
    const [source, out] = ['corpus.json', 'lda.json'].map((file) => join(folder, file));
    writeFileSync(source, JSON.stringify(documents));
    const script = new URL('lda.py', import.meta.url).pathname;
    const { status } = spawnSync(values.python, [script, source, topics, seed, out, JSON.stringify(settings[name])], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${values.python} ${script} failed`);
    return JSON.parse(readFileSync(out, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Shares of the ten nearest training documents that have a test document's label, by three codes. */
async function retrieval({ train, test }, model, lda) {
  const labels = [train.labels, test.labels];
  const { indices } = await model.similar(test.rows, { among: train.rows, n: near });
  const ours = precisionAt(near, ...labels, (q) => indices.data.subarray(q * near, (q + 1) * near));
  return {
    replicatedSoftmax: ours,
    lda: precisionOf(near, ...labels, lda.codes.train, lda.codes.test),
    tfIdf: precisionOf(near, ...labels, ...tfIdf(train.rows, test.rows)),
  };
}

const results = [];
for (const name of names) {
  const documents = corpus(name, values.data, seed);
  const { model, tried } = await trained(name, documents);
  const began = performance.now();
  const test = await model.logLikelihood(documents.test.rows, { chains: Number(values.chains), steps: Number(values.steps) });
  const time = seconds(began);
  const lda = allocation(name, documents);
  const precision = await retrieval(documents, model, lda);
  const { codes: _, ...ldaResult } = lda;
  const { perplexity, wordPerplexity, effectiveSampleSize, warnings } = test;
  results.push({
    name,
    topics,
    seed,
    tried,
    test: { perplexity, wordPerplexity, effectiveSampleSize, warnings, seconds: time },
    lda: ldaResult,
    precision,
  });
  log(name, `test ${shown(perplexity)}, by words ${shown(wordPerplexity)}; ${warnings.join('; ')}`);
  log(name, `LDA ${JSON.stringify(lda.test)}; precision at ${near} ${JSON.stringify(precision)}`);
  log(
    name,
    `topics: ${model
      .topWords(6)
      .slice(0, 8)
      .map((list) => list.map(({ word }) => word).join(' '))
      .join(' | ')}`,
  );
  writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`);
  model.dispose();
}
