// node bench/recommender/rbm.mjs [--sets ml-100k,ml-1m,ml-1m-folds,ml-latest-small,speed] [--options '{"hidden":64}'] [--splits 5] [--validation]
// The softmax machine (restricted Boltzmann machine over ratings) against the table of its issue: over users, over items and both, with
// the bias baseline and each item's histogram beside it in the same run. Cold users and items are kept. With --validation a tenth of each
// train stands for the test, which is where defaults were chosen. Prints a table and writes bench/results/recommender-rbm.json. The data
// folder comes from BOLTZKIT_DATA.
import { parseArgs } from 'node:util';
import { OptionCheck } from '../../dist/arguments.js';
import { evaluate } from '../../dist/recommender/evaluate.js';
import { bias } from '../../dist/recommender/families/bias.js';
import { RbmModel, rbm } from '../../dist/recommender/families/rbm.js';
import { ml1mFolds, ml1mNineTenths, ml100kFolds, mlLatestSmallFolds, validationOf } from './lib/protocols.mjs';
import { saveSets } from './lib/save.mjs';
import { dataFolder, ml1m, scales } from './lib/sets.mjs';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'ml-100k,ml-1m,ml-latest-small,speed' },
    options: { type: 'string', default: '{}' },
    splits: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '0' },
    validation: { type: 'boolean', default: false },
    out: { type: 'string', default: new URL('../results/recommender-rbm.json', import.meta.url).pathname },
  },
});
const folder = dataFolder();
const own = JSON.parse(values.options);
const metrics = ['rmse', 'mae', 'log-loss', 'rmse(warm)'];
const sets = {
  'ml-100k': { splits: () => ml100kFolds(folder), scale: scales.stars },
  'ml-1m': { splits: () => ml1mNineTenths(folder), scale: scales.stars },
  'ml-1m-folds': { splits: () => ml1mFolds(folder), scale: scales.stars },
  'ml-latest-small': { splits: () => mlLatestSmallFolds(folder), scale: scales.halfStars },
};

/** Peak memory of this process so far, in MiB. */
const peak = () => Math.round(process.resourceUsage().maxRSS / 1024);
const context = (scale) => ({ seed: BigInt(values.seed), threads: Number(values.threads), scale });
const optionsOf = (family, given) => family.read(new OptionCheck('bench'), given);
const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

async function timed(work) {
  const begin = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begin) / 1000 };
}

/** P(r = k) of each item by counts, with five ratings of the average item besides. */
function itemHistogram({ items, item, value }, scale) {
  const k = scale.values.length;
  const [counts, all] = [new Float64Array(items.size * k), new Float64Array(k).fill(1)];
  for (let n = 0; n < item.length; n++) {
    const category = scale.values.indexOf(value[n]);
    counts[item[n] * k + category]++;
    all[category]++;
  }
  const total = all.reduce((a, b) => a + b);
  const of = (i) => {
    const some = Float64Array.from(all, (share, c) => counts[i * k + c] + (5 * share) / total);
    const sum = some.reduce((a, b) => a + b);
    return some.map((count) => count / sum);
  };
  const predict = (_, asked) =>
    Array.from(asked, (i) => {
      const probabilities = of(i);
      const middle = probabilities.reduce((sum, p, c) => sum + p * scale.values[c], 0);
      return { mean: middle, variance: probabilities.reduce((sum, p, c) => sum + p * (scale.values[c] - middle) ** 2, 0), probabilities };
    });
  const everything = Uint32Array.from({ length: items.size }, (_, i) => i);
  const means = Float32Array.from(predict(undefined, everything), (one) => one.mean);
  const scores = async (given) => Float32Array.from({ length: given.length * items.size }, (_, n) => means[n % items.size]);
  return { family: 'histogram', target: 'ratings', items: items.size, predict, scores };
}

/** One split: both machines fitted once, then each alone, both together and the baselines measured on the same targets. */
async function measured(split, scale) {
  const both = await timed(() => rbm.fit(split.train, optionsOf(rbm, own), context(scale)));
  const models = [];
  for (const side of both.result.sides) {
    models.push({
      name: `rbm, cases are ${side.cases}`,
      model: new RbmModel({ ...both.result.settings, orientation: side.cases }, [side]),
    });
  }
  if (both.result.sides.length > 1) models.unshift({ name: 'rbm', model: both.result, fitSeconds: both.seconds });
  const base = await timed(() => bias.fit(split.train, optionsOf(bias, {}), context(scale)));
  models.push({ name: 'bias', model: base.result, fitSeconds: base.seconds });
  models.push({ name: 'item histogram', model: itemHistogram(split.train, scale) });
  const { results, judged } = await evaluate('bench', models, split, { metrics, scale, resamples: 0 });
  return { split: split.name, judged: judged[0], results };
}

async function table(name, { splits, scale }) {
  const runs = [];
  for (const split of splits().slice(0, Number(values.splits))) {
    runs.push(await measured(values.validation ? { ...validationOf(split), name: `${split.name}, validation` } : split, scale));
    show(name, runs.at(-1));
  }
  const models = runs[0].results.map(({ model }, m) => ({
    model,
    ...Object.fromEntries(metrics.map((metric, i) => [metric, mean(runs.map(({ results }) => results[m].measures[i].value))])),
    fitSeconds: runs[0].results[m].fitSeconds === undefined ? undefined : mean(runs.map(({ results }) => results[m].fitSeconds)),
  }));
  console.log(`${name}, mean of ${runs.length}${values.validation ? ', validation' : ''}, peak ${peak()} MiB`);
  for (const row of models) console.log(`  ${line(row)}`);
  return { set: name, given: own, validation: values.validation, models, runs, peakMiB: peak() };
}

const line = (row) =>
  `${row.model.padEnd(22)} ${metrics.map((metric) => `${metric} ${row[metric].toFixed(4)}`).join('  ')}${row.fitSeconds === undefined ? '' : `  fit ${row.fitSeconds.toFixed(1)} s`}`;

function show(name, { split, results }) {
  for (const { model, measures, fitSeconds } of results.slice(0, 3)) {
    const found = measures.map(({ name: metric, value }) => `${metric} ${value.toFixed(4)}`).join('  ');
    process.stderr.write(`${name} ${split} ${model}: ${found}${fitSeconds === undefined ? '' : `  (${fitSeconds.toFixed(1)} s)`}\n`);
  }
}

/** Seconds of an epoch with 100 hidden units and one sweep, of fold-in, of scores and of loading, on ML-1M. */
async function speed() {
  const entries = ml1m(folder);
  const epochs = async (orientation) => {
    const run = (count) =>
      timed(() =>
        rbm.fit(
          entries,
          optionsOf(rbm, { ...own, orientation, hidden: 100, sweeps: 1, epochs: count, averaged: 0 }),
          context(scales.stars),
        ),
      );
    const [few, many] = [await run(1), await run(6)];
    return { epochSeconds: (many.seconds - few.seconds) / 5, model: many.result };
  };
  const [users, items] = [await epochs('users'), await epochs('items')];
  const { model } = users;
  const given = Array.from({ length: 1000 }, (_, u) => ({
    items: Uint32Array.from({ length: 50 }, (_, k) => ((u * 37 + k * 71) % 3700) + (k % 2)).sort(),
    values: Float32Array.from({ length: 50 }, (_, k) => 1 + ((u + k) % 5)),
  }));
  for (const one of given) model.predict(one, Uint32Array.of(7));
  const single = await timed(async () => {
    for (const one of given) model.predict(one, Uint32Array.of(7));
  });
  const list = await timed(async () => {
    for (const one of given.slice(0, 200)) await model.scores([one]);
  });
  const saved = model.save();
  const load = await timed(async () => rbm.load(saved, 'bench'));
  const found = {
    epochSecondsUsers: users.epochSeconds,
    epochSecondsItems: items.epochSeconds,
    foldInMs: single.seconds,
    scoresMs: (list.seconds / 200) * 1000,
    loadSeconds: load.seconds,
    fileMiB: [...saved.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0) / 2 ** 20,
  };
  console.log(JSON.stringify(found));
  return { set: 'speed', found, peakMiB: peak() };
}

const results = [];
for (const name of values.sets.split(',')) results.push(name === 'speed' ? await speed() : await table(name, sets[name]));
saveSets(values.out, results);
