// Block Gibbs chains that start in the exact distribution, with units held or not, at one temperature or at several.
import { build, byLayer, fromLayers } from './build.mjs';
import { enumerate } from './enumerate.mjs';
import { combined, compareMeans, compareStates, joined, judgedLayer } from './judge.mjs';
import { meansOf, moments, variancesOf } from './moments.mjs';
import { Random } from './random.mjs';
import { drawn } from './states.mjs';
import { pOfZ } from './verdict.mjs';

/** Layers or units that are held, with values of some state; null: none are. */
function randomClamp(all, random) {
  const { model } = all;
  const { layers } = model.machine;
  if (random.coin()) return { given: null, clamp: undefined };
  const state = drawn(all, 1, random);
  const given = new Float64Array(model.places).fill(Number.NaN);
  const clamp = {};
  layers.forEach(({ name, type, places }, l) => {
    const whole = type === 'counts' || random.coin(0.3);
    const chosen = model.units.filter((unit) => unit.layer === l && (whole || random.coin(0.4)));
    if ((whole && random.coin()) || chosen.length === 0) return;
    const at = chosen.flatMap(({ first, places: width }) => Array.from({ length: width }, (_, k) => first + k));
    for (const place of at) given[place] = state[place];
    const row = Array.from({ length: places }, (_, k) => given[model.starts[l] + k]);
    const indices = at.map((place) => place - model.starts[l]);
    clamp[name] = type !== 'counts' && random.coin() ? { indices, values: [indices.map((i) => row[i])] } : [row];
  });
  const free = given.some(Number.isNaN);
  return Object.keys(clamp).length > 0 && free ? { given, clamp } : { given: null, clamp: undefined };
}

/** As all checks of draws: a function (n, salt) that makes n draws with seeds of its own and judges them. */
export function gibbs(model, all, where, random) {
  const { given, clamp } = randomClamp(all, random);
  const betas = random.pick([[1], [1], [random.pick([0.3, 0.7, 1.5, 2])], [0.5, 1, 1.4]]);
  const sweeps = random.pick([1, 1, 2, 5]);
  const single = random.coin(0.3) ? random.pick(model.machine.layers).name : undefined;
  const names = model.machine.layers.map(({ name }) => name);
  return async (draws, salt) => {
    const n = Math.ceil(draws / Math.sqrt(betas.length));
    const own = new Random(model.machine.seed, 3, salt);
    const tables = betas.map((beta) => enumerate(model, beta, given));
    const each = tables.map((table) => drawn(table, n, own));
    const rows = interleaved(each, model.places, n);
    const machine = build(model.machine, where, model.machine.seed * 16 + salt);
    const count = n * betas.length;
    // Real units on a grid do not start exactly; their couplings are weak, and soon forgotten.
    const steps = tables.some(({ gridded }) => gridded) ? 40 : sweeps;
    const options = {
      start: byLayer(model, rows, count),
      ...(clamp && { clamp }),
      beta: betas.length === 1 ? betas[0] : interleavedBetas(betas, n),
    };
    try {
      if (single !== undefined) {
        const sampled = await machine.sample(count, { ...options, sweeps: steps, layer: single });
        fromLayers(model, (name) => (name === single ? sampled.data : null), rows);
        return joined(tables.flatMap((table, b) => judgedLayer(table, single, rows, b, betas.length)));
      }
      const chains = await machine.chains(count, options);
      const observe = betas.length === 1 && { observe: { pairs: model.machine.couplings.map(({ a, b }) => [names[a], names[b]]) } };
      await chains.advance(steps, observe || {});
      fromLayers(model, (name) => chains.states(name).data, rows);
      const judged = tables.map((table, b) => compareStates(table, rows, b, betas.length));
      if (observe && given === null && !tables[0].gridded) judged.push(joined(observed(tables[0], chains, count)));
      return combined(judged);
    } finally {
      machine.dispose();
    }
  };
}

/** Means and products that chains gathered on their way; the average of several sweeps varies at most as one of them does. */
function observed(table, chains, n) {
  const { model } = table;
  const { layers, couplings } = model.machine;
  const expected = moments(table).slice(-model.pairs.length);
  const products = couplings.map(({ a, b }) => chains.product(layers[a].name, layers[b].name));
  const means = layers.flatMap(({ name }) => [...chains.mean(name).data]);
  const pairs = model.pairs.flatMap(({ coupling, row, column }, k) => {
    const { mean, variance, reach } = expected[k];
    if (!(n * variance > 12 * reach * reach)) return [];
    const value = products[coupling].get(row, column);
    const z = (value - mean) / Math.sqrt(variance / n);
    return [
      {
        p: pOfZ(z),
        z,
        detail: `product ${row}, ${column} of coupling ${coupling}: ${value.toPrecision(5)}, exactly ${mean.toPrecision(5)}`,
      },
    ];
  });
  return [...compareMeans(means, meansOf(table), variancesOf(table), n), ...pairs];
}

function interleaved(lists, places, n) {
  if (lists.length === 1) return lists[0];
  const all = new Float64Array(n * lists.length * places);
  lists.forEach((rows, b) => {
    for (let r = 0; r < n; ++r) all.set(rows.subarray(r * places, (r + 1) * places), (r * lists.length + b) * places);
  });
  return all;
}

const interleavedBetas = (betas, n) => Float64Array.from({ length: n * betas.length }, (_, c) => betas[c % betas.length]);
