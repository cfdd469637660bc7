// Draws against what enumeration says of them.
import { adderOf, meansOf, moments, variancesOf } from './moments.mjs';
import { rankOf } from './states.mjs';
import { chiSquare, pOfChiSquare, pOfZ } from './verdict.mjs';

/** Bins of the conditional distribution function of a real unit. */
const ranks = 16;

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

/** z-scores of means over rows; variances are those of single draws, which say what is rare, or of what rows hold. */
export function compareMeans(means, expected, variances, n, own = variances) {
  return [...means].flatMap((mean, i) => {
    if (!(variances[i] * n > 12)) return [];
    const z = (mean - expected[i]) / Math.sqrt(own[i] / n);
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

/** Several checks as one. */
export function combined(judged) {
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

/**
 * The means of one layer only: the states of the others are not known.
 *
 * @param averages - Whether rows hold means, which vary less than draws do: then their own variance counts.
 */
export function judgedLayer(table, name, rows, from, step, averages = false) {
  const { model } = table;
  const l = model.machine.layers.findIndex((layer) => layer.name === name);
  const { places: width } = model.machine.layers[l];
  const n = rows.length / model.places / step;
  const [expected, variances] = [meansOf(table), variancesOf(table)].map((x) => x.slice(model.starts[l], model.starts[l] + width));
  const [means, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let r = from; r < n * step; r += step) {
    for (let k = 0; k < width; ++k) {
      const deviation = rows[r * model.places + model.starts[l] + k] - expected[k];
      means[k] += deviation / n;
      squares[k] += deviation ** 2 / n;
    }
  }
  // Single precision counts for something where all rows are alike.
  const own = squares.map((square, k) => Math.max(0, square - means[k] ** 2) + n * (1e-5 * (1 + Math.abs(expected[k]))) ** 2);
  const found = means.map((mean, k) => mean + expected[k]);
  return compareMeans(found, expected, variances, n, averages ? own : variances);
}
