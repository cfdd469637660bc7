// Draws against the exact distribution: chains that start in it, tempered chains on every rung, imputation.
import { build, byLayer, fromLayers } from './build.mjs';
import { adderOf, draws, enumerate, meansOf, moments, rankOf, variancesOf } from './enumerate.mjs';
import { factsOf, givenLayers, someLayers } from './exact.mjs';
import { distance, swept } from './kernel.mjs';
import { Random } from './random.mjs';
import { isReal } from './units.mjs';
import { chiSquare, pOfChiSquare, pOfZ } from './verdict.mjs';

/** Draws of a first look. */
export const draw = 3000;
const ranks = 16;
/** The most sweeps that chains get to forget where they began. */
const patience = 64;

/**
 * The number of sweeps after which chains have come from where they began, begun(table), to within 10^-4 of every table, in total variation; null: more than
 * there is patience for.
 */
export function sweepsToForget(tables, begun) {
  let sweeps = 0;
  for (const table of tables) {
    let p = begun(table);
    for (let done = 0; distance(p, table.p) > 1e-4; done += 4) {
      if (done >= patience) return null;
      p = swept(table, p, 4);
      sweeps = Math.max(sweeps, done + 4);
    }
  }
  return Math.max(4, sweeps);
}

/** Draws that single precision holds exactly. */
const drawn = (all, n, random) => draws(all, n, random).map(Math.fround);

/** Compares rows of all places (every `step`th from `from` on) with what `all` says of them. */
export function compareStates(all, rows, from = 0, step = 1) {
  const { model, kept, integrated, beta, n: cells, p } = all;
  const { places, units } = model;
  const chosen = [];
  for (let r = from; r < rows.length / places; r += step) chosen.push(r);
  const n = chosen.length;
  const tests = [];
  const discrete = kept.filter((u) => !units[u].real);
  if (discrete.length > 0 && !all.gridded) {
    const codes = discrete.map((u) => coder(units[u]));
    const counts = new Float64Array(cells + 1);
    for (const r of chosen) {
      let [cell, stride] = [0, 1];
      codes.forEach(({ size, code }) => {
        cell += stride * code(rows, r * places);
        stride *= size;
      });
      counts[Number.isInteger(cell) ? cell : cells] += 1;
    }
    if (counts[cells] > 0) tests.push({ p: 0, z: Number.POSITIVE_INFINITY, detail: `${counts[cells]} rows are no states` });
    const { statistic, freedom } = chiSquare(counts, p, n);
    if (freedom > 0)
      tests.push({
        p: pOfChiSquare(statistic, freedom),
        chi: statistic,
        freedom,
        detail: `chi-square ${statistic.toFixed(1)} of ${freedom}`,
      });
  }
  tests.push(...compareMoments(all, rows, chosen));
  for (const u of [...integrated, ...kept.filter((v) => units[v].real)]) {
    const counts = new Float64Array(ranks);
    for (const r of chosen) {
      const rank = rankOf(model, u, rows.subarray(r * places, (r + 1) * places), beta);
      counts[Math.min(ranks - 1, Math.max(0, Math.floor(rank * ranks)))] += 1;
    }
    const { statistic, freedom } = chiSquare(counts, new Float64Array(ranks).fill(1 / ranks), n);
    tests.push({
      p: pOfChiSquare(statistic, freedom),
      chi: statistic,
      freedom,
      detail: `conditional of unit ${u}: chi-square ${statistic.toFixed(1)} of ${freedom}`,
    });
  }
  return joined(tests);
}

/** The number of a unit's state; NaN where it is in none. */
function coder({ first, places, states }) {
  const size = states.values.length;
  const most = Math.max(...states.values.flat()) + 1;
  const keyOf = (row, at) => {
    let key = 0;
    for (let k = 0; k < places; ++k) key = key * most + row[at + k];
    return key;
  };
  const index = new Map(states.values.map((row, k) => [keyOf(row, 0), k]));
  return {
    size,
    code: (rows, at) => {
      const cell = index.get(keyOf(rows, at + first)) ?? Number.NaN;
      for (let k = 0; k < places; ++k) if (states.values[cell]?.[k] !== rows[at + first + k]) return Number.NaN;
      return cell;
    },
  };
}

/** z-scores of the mean statistics; rare events are left out, whose counts are far from normal. */
function compareMoments(all, rows, chosen) {
  const { model } = all;
  const expected = moments(all);
  const sums = new Float64Array(expected.length);
  const add = adderOf(model);
  for (const r of chosen) add(rows, r * model.places, sums);
  const n = chosen.length;
  return expected.flatMap(({ mean, variance, reach }, k) => {
    if (!(n * variance > 12 * reach * reach) || variance < 1e-9 * (1 + mean * mean)) return [];
    const z = (sums[k] / n - mean) / Math.sqrt(variance / n);
    return [
      { p: pOfZ(z), z, detail: `statistic ${k}: ${(sums[k] / n).toPrecision(5)}, exactly ${mean.toPrecision(5)}, z ${z.toFixed(1)}` },
    ];
  });
}

/** z-scores of means over rows; variances are those of single draws, or above. */
export function compareMeans(means, expected, variances, n) {
  return [...means].flatMap((mean, i) => {
    if (!(variances[i] * n > 12)) return [];
    const z = (mean - expected[i]) / Math.sqrt(variances[i] / n);
    return [{ p: pOfZ(z), z, detail: `place ${i}: ${mean.toPrecision(5)}, exactly ${expected[i].toPrecision(5)}, z ${z.toFixed(1)}` }];
  });
}

/** Several comparisons as one check. */
export function joined(tests) {
  const worst = tests.reduce((a, b) => (b.p < a.p || Number.isNaN(b.p) ? b : a), { p: 1, detail: '' });
  const z = tests.reduce((most, test) => Math.max(most, Math.abs(test.z ?? 0)), 0);
  const chi = tests.reduce((sum, test) => sum + ((test.chi ?? 0) - (test.freedom ?? 0)), 0);
  const freedom = tests.reduce((sum, test) => sum + (test.freedom ?? 0), 0);
  return { p: Math.min(1, worst.p * Math.max(1, tests.length)), comparisons: tests.length, z, chi, freedom, detail: worst.detail };
}

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

/**
 * The checks of a machine by kind; each is a function (n, salt) that makes n draws with seeds of its own and judges them. A kind is missing where the machine
 * does not allow it.
 */
export function chainChecks(model, all, where, seed) {
  const random = new Random(seed, 2);
  return {
    gibbs: gibbs(model, all, where, random),
    tempering: tempering(model, all, where, random),
    imputation: imputation(model, all, where, random),
  };
}

function gibbs(model, all, where, random) {
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
        const sampled = await machine.sample(count, { ...options, steps, layer: single });
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

function combined(judged) {
  const worst = judged.reduce((a, b) => (b.p < a.p ? b : a));
  const total = (of) => judged.reduce((sum, j) => sum + of(j), 0);
  return {
    p: Math.min(1, worst.p * judged.length),
    comparisons: total((j) => j.comparisons),
    z: Math.max(...judged.map((j) => j.z)),
    chi: total((j) => j.chi),
    freedom: total((j) => j.freedom),
    detail: worst.detail,
  };
}

/** The means of one layer only: the states of the others are not known. */
function judgedLayer(table, name, rows, from, step) {
  const { model } = table;
  const l = model.machine.layers.findIndex((layer) => layer.name === name);
  const { places: width } = model.machine.layers[l];
  const n = rows.length / model.places / step;
  const [expected, variances] = [meansOf(table), variancesOf(table)].map((x) => x.slice(model.starts[l], model.starts[l] + width));
  const means = new Float64Array(width);
  for (let r = from; r < n * step; r += step) for (let k = 0; k < width; ++k) means[k] += rows[r * model.places + model.starts[l] + k] / n;
  return compareMeans(means, expected, variances, n);
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

function tempering(model, all, where, random) {
  const { machine } = model;
  const betas = random.pick([[0.25, 1], [0.3, 0.6, 1], [0, 0.5, 1, 1.3]]).filter((beta) => beta > 0 || !factsOf(model).anyReal); // biome-ignore format: one line
  const every = random.pick([1, 1, 2]);
  if (factsOf(model).anyReal ? machine.strength !== 'weak' || all.gridded : all.n > 600) return null;
  const tables = betas.map((beta) => enumerate(model, beta));
  // Every chain of a group starts at a draw for beta = 1, so the other rungs must forget it; swaps only help.
  const steps = factsOf(model).anyReal ? patience : sweepsToForget(tables, () => all.p);
  if (steps === null) return null;
  return async (draws, salt) => {
    const n = Math.ceil(draws / 2);
    const own = new Random(machine.seed, 4, salt);
    const rows = drawn(all, n, own);
    const built = build(machine, where, machine.seed * 16 + 8 + salt);
    try {
      const chains = await built.chains(n, { start: byLayer(model, rows, n), ladder: { betas, every } });
      await chains.advance(steps);
      return combined(
        tables.map((table, rung) => {
          fromLayers(model, (name) => chains.states(name, { rung }).data, rows);
          return compareStates(table, rows);
        }),
      );
    } finally {
      built.dispose();
    }
  };
}

function imputation(model, all, where, random) {
  const { machine, units } = model;
  const { layers } = machine;
  const facts = factsOf(model);
  if (all.gridded || (facts.anyReal && machine.strength !== 'weak')) return null;
  const found = someLayers(layers, random, (chosen, rest) => !rest.some((l) => facts.counts[l]) && !chosen.every((l) => facts.counts[l]));
  if (!found) return null;
  const state = drawn(all, 1, random);
  const given = givenLayers(model, state, found.chosen);
  for (const unit of units) {
    if (unit.type !== 'counts' && found.chosen.includes(unit.layer) && random.coin())
      given.fill(Number.NaN, unit.first, unit.first + unit.places);
  }
  if (!given.some(Number.isNaN)) return null;
  const table = enumerate(model, 1, given);
  const warmup = facts.anyReal ? patience : table.n > 1000 ? null : sweepsToForget([table], () => independent(model, given).p);
  if (warmup === null) return null;
  const target = found.rest.length > 0 && random.coin(0.3) ? random.pick(found.rest) : null;
  const output = random.pick(['mean', 'sample']);
  return async (n, salt) => {
    const repeated = new Float64Array(n * model.places);
    for (let r = 0; r < n; ++r) repeated.set(given, r * model.places);
    const built = build(machine, where, machine.seed * 16 + 4 + salt);
    const names = target === null ? found.chosen : [target];
    try {
      const input = byLayer(model, repeated, n, found.chosen);
      const times = { warmup, steps: 2 };
      const result =
        target === null
          ? await built.impute(input, { ...times, output })
          : { [layers[target].name]: await built.marginals(layers[target].name, input, times) };
      fromLayers(model, (name) => result[name]?.data, repeated);
      return joined(names.flatMap((l) => judgedLayer(table, layers[l].name, repeated, 0, 1)));
    } finally {
      built.dispose();
    }
  };
}

/** The same states, units without couplings: what chains start from. */
export function independent(model, given = null) {
  return enumerate(
    { ...model, pairs: [], neighbours: model.neighbours.map(() => new Set()), coupledTo: model.coupledTo.map(() => []) },
    1,
    given,
  );
}

export const anyReal = ({ machine: { layers } }) => layers.some(({ type }) => isReal(type));
