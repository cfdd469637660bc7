// node bench/recommender/anchors.mjs [--only ncf,folds,users,tenth,peruser] [--out results.json]: the baselines against published numbers, so
// that splits, measures and ties are known to be right before any model is compared by them. The data folder comes from BOLTZKIT_DATA.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evaluate } from '../../dist/recommender/evaluate.js';
import { bias } from '../../dist/recommender/families/bias.js';
import { factorsOfInteractions, factorsOfRatings } from '../../dist/recommender/families/mf.js';
import { popularityOfInteractions, popularityOfRatings } from '../../dist/recommender/families/popularity.js';
import { ml1mHeldOut, ml1mLeaveOneOut, ml1mNineTenths, ml100kFolds, ml100kPerUser } from './lib/protocols.mjs';
import { dataFolder, scales } from './lib/sets.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'ncf,folds,users,tenth,peruser' },
    out: { type: 'string', default: fileURLToPath(new URL('../results/recommender-anchors.json', import.meta.url)) },
  },
});
const folder = dataFolder();
const usual = new Map([
  [popularityOfRatings, { damping: undefined }],
  [bias, { userDamping: undefined, itemDamping: undefined }],
  [factorsOfRatings, { factors: undefined, lambda: undefined, sweeps: 12 }],
  [popularityOfInteractions, undefined],
  [factorsOfInteractions, { factors: 32, unseenWeight: undefined, lambda: undefined, sweeps: 8 }],
]);

/** Trains families with their usual options on each split; means of the measures over splits, and seconds of training. */
async function measured(families, splits, metrics, scale) {
  const rows = families.map(({ name }) => ({ model: name, seconds: 0, ...Object.fromEntries(metrics.map((metric) => [metric, 0])) }));
  for (const split of splits) {
    const models = [];
    for (const family of families) {
      const begin = performance.now();
      const model = await family.fit(split.train, usual.get(family), { seed: 1n, threads: 0, scale });
      models.push({ name: family.name, model, fitSeconds: (performance.now() - begin) / 1e3 });
    }
    const { results } = await evaluate('anchors', models, split, { metrics, scale, resamples: 0 });
    for (const [m, { measures, fitSeconds }] of results.entries()) {
      rows[m].seconds += fitSeconds / splits.length;
      for (const { name, value } of measures) rows[m][name] += value / splits.length;
    }
  }
  return rows;
}

/** HR@10 and nDCG@10 where ties are broken in favour of the target, as some published evaluations do; for this comparison alone. */
async function tiesForTheTarget(model, { train, targets, negatives }) {
  const scores = await model.scores([{ items: new Uint32Array(0), values: new Float32Array(0) }]);
  let [hits, gain] = [0, 0];
  for (let t = 0; t < targets.user.length; t++) {
    const own = scores[targets.item[t]];
    const others = negatives.items.subarray(t * negatives.count, (t + 1) * negatives.count);
    const place = others.filter((item) => scores[item] > own).length;
    if (place < 10) hits++;
    if (place < 10) gain += 1 / Math.log2(place + 2);
  }
  return {
    model: 'popularity, ties for the target',
    entries: train.user.length,
    'hr@10': hits / targets.user.length,
    'ndcg@10(binary)': gain / targets.user.length,
  };
}

const anchors = {
  async ncf() {
    const { train, test } = ml1mLeaveOneOut(folder);
    const popular = await popularityOfInteractions.fit(train);
    const against = await measured([popularityOfInteractions], [test], ['hr@10', 'ndcg@10(binary)']);
    return {
      what: 'ML-1M leave-one-out of NCF, 99 negatives',
      published: { 'popularity, ties for the target': [0.4538, 0.2545], 'popularity, as others measured it': [0.4533, 0.2542] },
      rows: [...against, await tiesForTheTarget(popular, test)],
    };
  },
  async folds() {
    return {
      what: 'ML-100k u1 to u5, means',
      published: { 'bias RMSE / MAE': [0.9412, 0.7434], 'SVD++ on random folds': [0.919, 0.721] },
      rows: await measured(
        [popularityOfRatings, bias, factorsOfRatings],
        ml100kFolds(folder),
        ['rmse', 'mae', 'log-loss', 'calibration(r>=4)'],
        scales.stars,
      ),
    };
  },
  async users() {
    const splits = [1, 2, 3, 4, 5].map((seed) => ml1mHeldOut(folder, seed).test);
    const metrics = ['ndcg@100(binary)', 'recall@20(min)', 'recall@50(min)'];
    return {
      what: 'ML-1M, 1,000 users held out; popularity over seeds 1 to 5, factorisation of seed 1',
      published: { popularity: [0.206, 0.159, 0.226] },
      rows: [
        ...(await measured([popularityOfInteractions], splits, metrics)),
        ...(await measured([factorsOfInteractions], splits.slice(0, 1), metrics)),
      ],
    };
  },
  async tenth() {
    return {
      what: 'ML-1M, a random tenth, seed 1',
      published: { 'SVD on random 5 folds': [0.873], 'SVD++ on random 5 folds': [0.862] },
      rows: await measured(
        [popularityOfRatings, bias, factorsOfRatings],
        ml1mNineTenths(folder, [1]),
        ['rmse', 'mae', 'log-loss'],
        scales.stars,
      ),
    };
  },
  async peruser() {
    return {
      what: 'ML-100k, a quarter of each user, seeds 1 to 5',
      published: { BPR: [0.442], BiVAE: [0.475] },
      rows: await measured([popularityOfInteractions, factorsOfInteractions], ml100kPerUser(folder), ['ndcg@10(binary)']),
    };
  },
};

// What was measured before stays, unless it is measured anew.
const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')) : {};
const results = { ...before, processor: cpus()[0]?.model, processors: cpus().length };
for (const name of values.only.split(',')) {
  if (anchors[name] === undefined) throw new Error(`anchors: there is no '${name}'; known are ${Object.keys(anchors).join(', ')}`);
  results[name] = await anchors[name]();
  writeFileSync(values.out, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`${results[name].what}; published: ${JSON.stringify(results[name].published)}`);
  console.table(
    results[name].rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, x]) => [key, typeof x === 'number' ? Number(x.toFixed(4)) : x])),
    ),
  );
}
