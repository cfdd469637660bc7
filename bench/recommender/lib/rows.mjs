// Rows of bench/recommender/interactions.mjs: models that are trained and measured, and choices for protocols that the library has no
// option for.
import { OptionCheck } from '../../../dist/arguments.js';
import { searchShape } from '../../../dist/recommender/ease-search.js';
import { evaluate } from '../../../dist/recommender/evaluate.js';
import { families } from '../../../dist/recommender/families/index.js';
import { byUser } from '../../../dist/recommender/grouped.js';
import { rowsOf } from '../../../dist/recommender/interactions.js';

const seconds = (begin) => (performance.now() - begin) / 1000;

/** Trains one model of a family; models of ratings are given the scale's values. */
export async function trained(name, family, entries, options, seed = 1n, ratings = undefined) {
  const target = ratings === undefined ? 'interactions' : 'ratings';
  const found = families.find((each) => each.name === family && each.target === target);
  if (found === undefined) throw new Error(`there is no family ${family}`);
  const begin = performance.now();
  const context = { seed, threads: 0, scale: ratings && { values: ratings } };
  const model = await found.fit(entries, found.read(new OptionCheck(name), options), context);
  return { name, model, fitSeconds: seconds(begin), options };
}

/** A model's row: measures with intervals, the difference against the first model, seconds, and what was chosen. */
export async function measured(call, models, split, metrics, more = {}) {
  const { judged, results, differences } = await evaluate(call, models, split, { metrics, resamples: 2000, seed: 1n, ...more });
  const rows = results.map(({ model, measures, seconds: scoring }, m) => ({
    model,
    measures: Object.fromEntries(measures.map(({ name, value, interval }) => [name, { value, interval }])),
    differences: Object.fromEntries(
      differences.filter((each) => each.model === model).map(({ measure, value, interval }) => [measure, { value, interval }]),
    ),
    fitSeconds: models[m].fitSeconds,
    scoringSeconds: scoring,
    options: models[m].options,
    chosen: models[m].model.state?.shape,
    epochs: models[m].model.shape?.epochs,
  }));
  return { split: split.name, judged: judged[0], rows };
}

/** The shape of the closed form that does best at nDCG@k among sampled negatives, on a leave-one-out split cut from train. */
export async function shapeForLeaveOneOut(split, k, solutions, fixed = {}) {
  const groups = byUser(split.input);
  const users = Uint32Array.from({ length: groups.rows }, (_, u) => u);
  const { user, item } = split.targets;
  const { count, items } = split.negatives;
  const judge = (scores, scales) => {
    const n = scales.length;
    return Float64Array.from(user, (_, t) => {
      const at = (i) => scores[user[t] * n + i] * scales[i];
      const own = at(item[t]);
      let place = 0;
      for (let j = 0; j < count; j++) if (at(items[t * count + j]) >= own) place++;
      return place < k ? 1 / Math.log2(place + 2) : 0;
    });
  };
  const part = { train: split.train, asked: rowsOf(split.input, groups, users), judge };
  return searchShape([part], { unseen: 'zero', solutions, ...fixed }, { call: 'shapeForLeaveOneOut', threads: 0 });
}

/** Means of the same models over several splits. */
export function meanRows(parts) {
  return parts[0].rows.map((row, m) => ({
    model: row.model,
    means: Object.fromEntries(
      Object.keys(row.measures).map((name) => [
        name,
        {
          value: average(parts, (part) => part.rows[m].measures[name].value),
          difference: m === 0 ? undefined : average(parts, (part) => part.rows[m].differences[name].value),
        },
      ]),
    ),
  }));
}

const average = (parts, of) => parts.reduce((sum, part) => sum + of(part), 0) / parts.length;

/** A row for the terminal. */
export function print(title, { rows }) {
  console.log(`\n${title}`);
  for (const { model, measures, differences, fitSeconds, chosen, epochs } of rows) {
    const numbers = Object.entries(measures).map(([name, { value }]) => {
      const difference = differences[name];
      const against = difference ? ` (${signed(difference.value)} [${difference.interval.map(signed).join(', ')}])` : '';
      return `${name} ${value.toFixed(4)}${against}`;
    });
    console.log(
      `  ${model.padEnd(24)} ${numbers.join('  ')}  ${fitSeconds.toFixed(1)} s  ${chosen ? JSON.stringify(chosen) : ''}${epochs === undefined ? '' : `, ${epochs} epochs`}`,
    );
  }
}

const signed = (x) => `${x < 0 ? '' : '+'}${x.toFixed(4)}`;
