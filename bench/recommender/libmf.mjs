// node bench/recommender/libmf.mjs [--sets ml-100k,ml-1m] [--splits 5]
// The Gaussian rating machine as it comes beside LIBMF (Chin et al. 2016, npm package `libmf`, which bench/peers/setup.sh installs), on the
// same splits in the same run. LIBMF's rank and regularisation are chosen on a tenth of the first split's train; its
// predictions are cut off at the ends of the scale. Writes bench/results/recommender-libmf.json. The data folder comes from BOLTZKIT_DATA.
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { OptionCheck } from '../../dist/arguments.js';
import { gaussian } from '../../dist/recommender/families/gaussian.js';
import { byUser, userEntries } from '../../dist/recommender/grouped.js';
import { ml1mNineTenths, ml100kFolds, validationOf } from './lib/protocols.mjs';
import { saveSets } from './lib/save.mjs';
import { dataFolder, scales } from './lib/sets.mjs';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'ml-100k,ml-1m' },
    splits: { type: 'string', default: '5' },
    out: { type: 'string', default: new URL('../results/recommender-libmf.json', import.meta.url).pathname },
  },
});
const peer = new URL('../peers/node_modules/libmf/src/index.js', import.meta.url);
if (!existsSync(peer)) throw new Error('the npm package libmf is missing: run bench/peers/setup.sh');
const { Matrix, Model } = await import(peer.href);

const folder = dataFolder();
const threads = cpus().length;
const sets = { 'ml-100k': ml100kFolds, 'ml-1m': ml1mNineTenths };
const grid = [16, 64].flatMap((factors) => [0.05, 0.1, 0.15, 0.2].map((lambda) => ({ factors, lambda, iterations: 60 })));

/** Seconds of some work, and what it gives. */
async function timed(work) {
  const begin = performance.now();
  return { result: await work(), seconds: (performance.now() - begin) / 1000 };
}

function matrixOf({ user, item, value }) {
  const data = new Matrix();
  for (let k = 0; k < user.length; k++) data.push(user[k], item[k], value[k]);
  return data;
}

/** RMSE and MAE of a split's targets by a function of user and item. */
function errors({ targets: { user, item, value } }, predict) {
  let [squares, sum] = [0, 0];
  for (let k = 0; k < user.length; k++) {
    const error = predict(user[k], item[k]) - value[k];
    squares += error * error;
    sum += Math.abs(error);
  }
  return { rmse: Math.sqrt(squares / user.length), mae: sum / user.length };
}

async function libmf(split, { factors, lambda, iterations }) {
  const data = matrixOf(split.train);
  const model = new Model({ factors, lambdaP2: lambda, lambdaQ2: lambda, iterations, learningRate: 0.05, threads, quiet: true });
  const { seconds } = await timed(() => model.fit(data));
  const found = { ...errors(split, (u, i) => Math.min(5, Math.max(1, model.predict(u, i)))), seconds };
  model.destroy();
  return found;
}

async function ours(split) {
  const options = gaussian.read(new OptionCheck('bench'), {});
  const fit = () => gaussian.fit(split.train, options, { seed: 1n, threads: 0, scale: scales.stars });
  const { result: model, seconds } = await timed(fit);
  const groups = byUser(split.train);
  const known = new Map();
  const entries = (u) => known.get(u) ?? known.set(u, userEntries(split.train, groups, u, u)).get(u);
  return { ...errors(split, (u, i) => model.predict(entries(u), Uint32Array.of(i))[0].mean), seconds };
}

const mean = (rows, name) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
const results = [];
for (const set of values.sets.split(',')) {
  const splits = sets[set](folder).slice(0, Number(values.splits));
  let best;
  for (const settings of grid) {
    const { rmse } = await libmf(validationOf(splits[0]), settings);
    if (best === undefined || rmse < best.rmse) best = { rmse, settings };
  }
  const rows = { libmf: [], gaussian: [] };
  for (const split of splits) {
    rows.libmf.push(await libmf(split, best.settings));
    rows.gaussian.push(await ours(split));
  }
  const means = Object.fromEntries(
    Object.entries(rows).map(([name, all]) => [name, { rmse: mean(all, 'rmse'), mae: mean(all, 'mae'), seconds: mean(all, 'seconds') }]),
  );
  console.log(set, JSON.stringify({ chosen: best.settings, ...means }));
  results.push({ set, chosen: best, means, rows });
}
saveSets(values.out, results);
