// node bench/recommender/ratings.mjs [--sets ml-100k,ml-1m,ml-1m-folds,ml-latest-small,speed] [--options '{"hidden":16}'] [--splits 5]
// [--features] [--validation]. With --features the machine knows genres and decades of the films of ml-100k and ml-1m.
// The Gaussian rating machine against the table of its issue, with the bias baseline and each item's histogram beside it in the same
// run. Prints a table and writes bench/results/recommender-ratings.json. The data folder comes from BOLTZKIT_DATA.
import { parseArgs } from 'node:util';
import { OptionCheck } from '../../dist/arguments.js';
import { evaluate } from '../../dist/recommender/evaluate.js';
import { bias } from '../../dist/recommender/families/bias.js';
import { gaussian } from '../../dist/recommender/families/gaussian.js';
import { movieFeatures } from './lib/features.mjs';
import { histogramOf } from './lib/histogram.mjs';
import { ml1mFolds, ml1mNineTenths, ml100kFolds, mlLatestSmallFolds, validationOf } from './lib/protocols.mjs';
import { saveSets } from './lib/save.mjs';
import { dataFolder, ml1m, scales } from './lib/sets.mjs';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'ml-100k,ml-1m,ml-1m-folds,ml-latest-small,speed' },
    options: { type: 'string', default: '{}' },
    splits: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    validation: { type: 'boolean', default: false },
    features: { type: 'boolean', default: false },
    out: { type: 'string', default: new URL('../results/recommender-ratings.json', import.meta.url).pathname },
  },
});
const folder = dataFolder();
const own = JSON.parse(values.options);
const metrics = ['rmse', 'mae', 'log-loss', 'rmse(warm)'];
const sets = {
  'ml-100k': { splits: () => ml100kFolds(folder), scale: scales.stars, features: 'ml-100k' },
  'ml-1m': { splits: () => ml1mNineTenths(folder), scale: scales.stars, features: 'ml-1m' },
  'ml-1m-folds': { splits: () => ml1mFolds(folder), scale: scales.stars, features: 'ml-1m' },
  'ml-latest-small': { splits: () => mlLatestSmallFolds(folder), scale: scales.halfStars },
};

/** Peak memory of this process so far, in MiB. */
const peak = () => Math.round(process.resourceUsage().maxRSS / 1024);
const context = (scale, seed = BigInt(values.seed)) => ({ seed, threads: Number(values.threads), scale });
const optionsOf = (family, given) => family.read(new OptionCheck('bench'), given);

async function timed(work) {
  const begin = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begin) / 1000 };
}

/** One split: each model fitted, then all measured on the same targets. */
async function measured(split, scale, itemFeatures) {
  const models = [];
  for (const [name, fit] of [
    ['gaussian', () => gaussian.fit(split.train, optionsOf(gaussian, { ...own, itemFeatures }), context(scale))],
    ['bias', () => bias.fit(split.train, optionsOf(bias, {}), context(scale))],
    ['item histogram', () => histogramOf(split.train, scale)],
  ]) {
    const { result, seconds } = await timed(fit);
    models.push({ name, model: result, fitSeconds: seconds });
  }
  const { results, judged } = await evaluate('bench', models, split, { metrics, scale, resamples: 0 });
  return { split: split.name, judged: judged[0], results };
}

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

async function table(name, { splits, scale, features }) {
  const runs = [];
  const itemFeatures = values.features && features ? movieFeatures(folder, features) : undefined;
  const all = splits().slice(0, Number(values.splits));
  for (const split of all) {
    runs.push(
      await measured(values.validation ? { ...validationOf(split), name: `${split.name}, validation` } : split, scale, itemFeatures),
    );
    show(name, runs.at(-1));
  }
  const models = runs[0].results.map(({ model }, m) => ({
    model,
    ...Object.fromEntries(metrics.map((metric, i) => [metric, mean(runs.map(({ results }) => results[m].measures[i].value))])),
    fitSeconds: mean(runs.map(({ results }) => results[m].fitSeconds)),
    seconds: mean(runs.map(({ results }) => results[m].seconds)),
  }));
  console.log(`${name}, mean of ${runs.length}${values.validation ? ', validation' : ''}, peak ${peak()} MiB`);
  for (const row of models) console.log(`  ${line(row)}`);
  return {
    set: name,
    options: optionsOf(gaussian, own),
    features: itemFeatures !== undefined,
    validation: values.validation,
    models,
    runs,
    peakMiB: peak(),
  };
}

const line = (row) =>
  `${row.model.padEnd(15)} ${metrics.map((metric) => `${metric} ${row[metric].toFixed(4)}`).join('  ')}  fit ${row.fitSeconds.toFixed(1)} s, judged in ${row.seconds.toFixed(1)} s`;

function show(name, { split, results }) {
  const [{ measures, fitSeconds }] = results;
  const found = measures.map(({ name: metric, value }) => `${metric} ${value.toFixed(4)}`).join('  ');
  process.stderr.write(`${name} ${split}: ${found}  (${fitSeconds.toFixed(1)} s)\n`);
}

/** Seconds of a sweep, of fold-in and of scores, on ML-1M. */
async function speed() {
  const entries = ml1m(folder);
  const found = [];
  for (const hidden of [16, 32]) {
    const trained = (burnIn) =>
      timed(() => gaussian.fit(entries, optionsOf(gaussian, { ...own, hidden, burnIn, samples: 1, thin: 1 }), context(scales.stars)));
    const [few, many] = [await trained(2), await trained(22)];
    const { result: model, seconds } = await timed(() =>
      gaussian.fit(entries, optionsOf(gaussian, { ...own, hidden, burnIn: 5, thin: 1 }), context(scales.stars)),
    );
    const users = Array.from({ length: 1000 }, (_, u) => ({
      items: Uint32Array.from({ length: 50 }, (_, k) => ((u * 37 + k * 71) % 3700) + (k % 2)).sort(),
      values: Float32Array.from({ length: 50 }, (_, k) => 1 + ((u + k) % 5)),
    }));
    const one = Uint32Array.of(7);
    for (const user of users) model.predict(user, one);
    const single = await timed(async () => {
      for (const user of users) model.predict(user, one);
    });
    const list = await timed(async () => {
      for (const user of users.slice(0, 200)) await model.scores([user]);
    });
    const batch = await timed(() => model.scores(users));
    const saved = model.save();
    const bytes = [...saved.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    const load = await timed(() => gaussian.load(saved, 'bench'));
    found.push({
      hidden,
      samples: model.settings.samples,
      sweepSeconds: (many.seconds - few.seconds) / 20,
      foldInMs: single.seconds,
      scoresMs: (list.seconds / 200) * 1000,
      batchScoresMs: batch.seconds,
      fileMiB: bytes / 2 ** 20,
      loadSeconds: load.seconds,
      fitSeconds: seconds,
    });
    console.log(JSON.stringify(found.at(-1)));
  }
  return { set: 'speed', found, peakMiB: peak() };
}

const results = [];
for (const name of values.sets.split(',')) results.push(name === 'speed' ? await speed() : await table(name, sets[name]));
saveSets(values.out, results);
