// Means and variances of what was enumerated.
import { parametersOf, realStatistics } from './units.mjs';

/** The mean of |terms of the energy|: what rounding errors are measured by. */
export const sizeOf = ({ p, sizes }) => p.reduce((sum, w, r) => sum + w * sizes[r], 0);

/** Means of all places. */
export function meansOf({ p, values, n, model: { places } }) {
  const means = new Float64Array(places);
  for (let r = 0; r < n; ++r) for (let i = 0; i < places; ++i) means[i] += p[r] * values[r * places + i];
  return means;
}

/** Variances of all places. */
export function variancesOf(all) {
  const { p, squares, n, model: { places } } = all; // biome-ignore format: one line
  const means = meansOf(all);
  const second = new Float64Array(places);
  for (let r = 0; r < n; ++r) for (let i = 0; i < places; ++i) second[i] += p[r] * squares[r * places + i];
  return second.map((x, i) => Math.max(0, x - means[i] ** 2));
}

/**
 * Mean, variance and largest deviation (of the counted part) of every sufficient statistic -dE/dtheta: parameters of units layer by layer,
 * [parameters][places] each, then pairs.
 */
export function moments(all) {
  const { model, p, n, values, squares, integrals } = all;
  const { units, places, pairs } = model;
  const list = [];
  const add = (first, second) => {
    let [mean, square, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let r = 0; r < n; ++r) {
      const t = first(r);
      mean += p[r] * t;
      square += p[r] * second(r);
      if (p[r] > 1e-15) {
        if (t < low) low = t;
        if (t > high) high = t;
      }
    }
    list.push({ mean, variance: Math.max(0, square - mean * mean), reach: Math.max(high - mean, mean - low) });
  };
  model.machine.layers.forEach(({ type }, l) => {
    for (let k = 0; k < parametersOf(type); ++k) {
      units.forEach((unit, u) => {
        if (unit.layer !== l) return;
        const integral = integrals.find((x) => x.u === u);
        const parameters = unit.parameters.map(([x]) => x);
        for (let place = unit.first; place < unit.first + unit.places; ++place) {
          if (integral)
            add(
              (r) => integral.means[k][r],
              (r) => integral.secondMoments[k][r],
            );
          else if (unit.real) {
            const at = (r) => realStatistics(type, parameters, values[r * places + place])[k];
            add(at, (r) => at(r) ** 2);
          } else
            add(
              (r) => values[r * places + place],
              (r) => squares[r * places + place],
            );
        }
      });
    }
  });
  for (const { i, j } of pairs) {
    add(
      (r) => values[r * places + i] * values[r * places + j],
      (r) => squares[r * places + i] * squares[r * places + j],
    );
  }
  return list;
}

/** Adds the statistics of {@link moments} of the state at a place of `rows` to sums. */
export function adderOf({ machine, units, pairs }) {
  const terms = machine.layers.flatMap(({ type }, l) => {
    const own = units.filter(({ layer }) => layer === l);
    return Array.from({ length: parametersOf(type) }, (_, k) => own.flatMap((unit) => termsOf(unit, k))).flat();
  });
  return (rows, at, sums) => {
    for (let k = 0; k < terms.length; ++k) {
      const { place, real } = terms[k];
      sums[k] += real === null ? rows[at + place] : real(rows[at + place]);
    }
    for (let k = 0; k < pairs.length; ++k) sums[terms.length + k] += rows[at + pairs[k].i] * rows[at + pairs[k].j];
  };
}

function termsOf({ type, first, places, real, parameters }, k) {
  const p = parameters.map(([x]) => x);
  const value = real ? (s) => realStatistics(type, p, s)[k] : null;
  return Array.from({ length: places }, (_, q) => ({ place: first + q, real: value }));
}

/** The statistics of {@link moments} of one state. */
export function statisticsOf(model, state) {
  const sums = new Float64Array(model.units.reduce((n, { parameters, places }) => n + parameters.length * places, model.pairs.length));
  adderOf(model)(state, 0, sums);
  return [...sums];
}
