// The oracle: a machine by definition, in double precision. Units that are discrete are counted; real units that are not coupled to each
// other are integrated out, the others put on a grid. Places of all layers are numbered through, and a state is one row of all places.
import { belowReal, drawReal, gaussLegendre, integrate, isReal, logReal, parametersOf, realStatistics, statesOf } from './units.mjs';

/**
 * What the oracle works with.
 *
 * @param machine - layers { type, units, size, total, places, parameters: [parameters][places] }, couplings { a, b, weights, edges }.
 */
export function modelOf(machine) {
  const starts = [];
  let places = 0;
  for (const layer of machine.layers) {
    starts.push(places);
    places += layer.places;
  }
  const units = machine.layers.flatMap((layer, l) => unitsOf(layer, l, starts[l]));
  const unitAt = new Int32Array(places);
  units.forEach((unit, u) => {
    for (let k = 0; k < unit.places; ++k) unitAt[unit.first + k] = u;
  });
  const pairs = machine.couplings.flatMap((coupling, c) => pairsOf(machine, coupling, c, starts));
  const neighbours = units.map(() => new Set());
  for (const { i, j } of pairs) {
    neighbours[unitAt[i]].add(unitAt[j]);
    neighbours[unitAt[j]].add(unitAt[i]);
  }
  const coupledTo = units.map(() => []);
  pairs.forEach(({ i, j, w }) => {
    coupledTo[unitAt[i]].push({ own: i, other: j, w });
    coupledTo[unitAt[j]].push({ own: j, other: i, w });
  });
  return { machine, starts, places, units, unitAt, pairs, neighbours, coupledTo };
}

function unitsOf({ type, size, total, places, parameters }, layer, start) {
  const width = type === 'softmax' || type === 'counts' ? size : 1;
  const states = isReal(type) ? null : statesOf(type, size, total);
  return Array.from({ length: places / width }, (_, u) => ({
    layer,
    type,
    first: start + u * width,
    places: width,
    real: isReal(type),
    states,
    parameters: parameters.map((row) => row.slice(u * width, (u + 1) * width)),
  }));
}

/** Coupled places with the coupling and the places in its matrix; each pair of a layer with itself once. */
function pairsOf({ layers }, { a, b, weights, edges }, coupling, starts) {
  const pairs = [];
  const width = layers[a].type === 'softmax' ? layers[a].size : 1;
  const joined = edges && new Set(edges.map(([x, y]) => `${Math.min(x, y)},${Math.max(x, y)}`));
  for (let p = 0; p < layers[a].places; ++p) {
    for (let q = 0; q < layers[b].places; ++q) {
      const [x, y] = [Math.floor(p / width), Math.floor(q / width)];
      if (a === b && (x >= y || (joined && !joined.has(`${x},${y}`)))) continue;
      pairs.push({ i: starts[a] + p, j: starts[b] + q, w: weights[p][q], coupling, row: p, column: q });
    }
  }
  return pairs;
}

/** Fields of the neighbours on every place of a unit, in a state. */
export function fieldOn(model, u, state) {
  const unit = model.units[u];
  const field = new Array(unit.places).fill(0);
  for (const { own, other, w } of model.coupledTo[u]) field[own - unit.first] += w * state[other];
  return field;
}

/** The largest number of rows times real units that {@link enumerate} would go through, without doing it. */
export function costOf(model, given = null) {
  const { kept, integrated } = roles(model, given);
  const rows = kept.reduce((n, u) => n * (model.units[u].real ? grid(model, u, 1).length : model.units[u].states.values.length), 1);
  return { rows, work: rows * (1 + 8 * integrated.length), gridded: kept.some((u) => model.units[u].real) };
}

/** Which free units are counted (or put on a grid), and which are integrated out. */
function roles({ units, neighbours }, given) {
  const free = units.map((_, u) => u).filter((u) => given === null || Number.isNaN(given[units[u].first]));
  const choose = (order) => {
    const integrated = [];
    for (const u of order) if (units[u].real && !integrated.some((v) => neighbours[u].has(v))) integrated.push(u);
    return integrated;
  };
  const [one, other] = [choose(free), choose([...free].reverse())];
  const integrated = one.length >= other.length ? one : other;
  return { kept: free.filter((u) => !integrated.includes(u)), integrated };
}

const [panel, panelWeights] = gaussLegendre(10);

/** Nodes for a real unit that is coupled to others: panels of two conditional deviations, far beyond where there is any mass. */
function grid(model, u, beta) {
  const { type, parameters } = model.units[u];
  const precision = Math.min(...parameters.filter((_, k) => k % 2 === 1).map(([rho]) => Math.exp(rho)));
  const deviation = 1 / Math.sqrt(beta * precision);
  const bound = reaches(model)[u] + 10 * 1.6 * deviation;
  const count = Math.ceil(bound / (2 * deviation));
  const half = bound / count / 2;
  const points = [];
  for (let k = type === 'relu' ? 0 : -count; k < count; ++k) {
    panel.forEach((x, i) => {
      points.push({ s: (2 * k + 1 + x) * half, log: Math.log(panelWeights[i] * half) });
    });
  }
  return points;
}

/** A bound on the conditional mean of every unit, by iteration: real units are coupled weakly enough for it to converge. */
function reaches(model) {
  if (model.reaches) return model.reaches;
  const { units, coupledTo, unitAt } = model;
  const largest = units.map(({ states }) => (states ? Math.max(...states.values.flat().map(Math.abs)) : 0));
  for (let round = 0; round < 60; ++round) {
    units.forEach(({ real, parameters }, u) => {
      if (!real) return;
      const precision = Math.min(...parameters.filter((_, k) => k % 2 === 1).map(([rho]) => Math.exp(rho)));
      const own = Math.max(...parameters.filter((_, k) => k % 2 === 0).map(([b]) => Math.abs(b)));
      largest[u] = coupledTo[u].reduce((sum, { other, w }) => sum + Math.abs(w) * largest[unitAt[other]], own) / precision;
    });
  }
  model.reaches = largest;
  return largest;
}

/**
 * All states of what is not given. A row of `values` holds the units that are counted, those that are given, and the conditional means of those
 * that are integrated out; `squares` the means of their squares.
 *
 * @param given - Values of all places, NaN for those that are free; null: all are.
 * @returns logZ at beta, probabilities p of the rows, and what {@link moments} and {@link draws} need.
 */
export function enumerate(model, beta = 1, given = null) {
  const { units, places, pairs } = model;
  const { kept, integrated } = roles(model, given);
  const options = kept.map((u) => {
    const { real, states } = units[u];
    if (real) return grid(model, u, beta).map(({ s, log }) => ({ row: [s], log }));
    return states.values.map((row, k) => ({ row, log: states.logMeasure[k] }));
  });
  const n = options.reduce((product, list) => product * list.length, 1);
  const values = new Float64Array(n * places);
  const fixed = units.map((_, u) => u).filter((u) => !kept.includes(u) && !integrated.includes(u));
  const measure = fixed.reduce((sum, u) => (units[u].real ? sum : sum + measureOf(units[u], given)), 0);
  const logs = new Float64Array(n).fill(measure);
  const sizes = new Float64Array(n);
  let repeat = 1;
  for (const [o, list] of options.entries()) {
    const { first } = units[kept[o]];
    for (let r = 0; r < n; ++r) {
      const { row, log } = list[Math.floor(r / repeat) % list.length];
      logs[r] += log;
      for (let k = 0; k < row.length; ++k) values[r * places + first + k] = row[k];
    }
    repeat *= list.length;
  }
  const isIntegrated = new Uint8Array(places);
  for (const u of integrated) isIntegrated[units[u].first] = 1;
  const known = pairs.filter(({ i, j }) => !isIntegrated[i] && !isIntegrated[j]);
  const own = [...kept, ...fixed].map((u) => ownEnergy(units[u]));
  for (let r = 0; r < n; ++r) {
    const at = r * places;
    for (const u of fixed) for (let k = 0; k < units[u].places; ++k) values[at + units[u].first + k] = given[units[u].first + k];
    let [sum, size] = [0, 0];
    for (const term of own) {
      const x = term(values, at);
      sum += x;
      size += Math.abs(x);
    }
    for (let k = 0; k < known.length; ++k) {
      const pair = known[k];
      const x = pair.w * values[at + pair.i] * values[at + pair.j];
      sum += x;
      size += Math.abs(x);
    }
    logs[r] += beta * sum;
    sizes[r] = size;
  }
  const squares = values.map((x) => x * x);
  const integrals = integrated.map((u) => integrateUnit(model, u, beta, n, values, squares, logs, sizes));
  const { logZ, p } = normalised(logs);
  return {
    model,
    beta,
    given,
    n,
    values,
    squares,
    logs,
    p,
    logZ,
    sizes,
    kept,
    integrated,
    integrals,
    gridded: kept.some((u) => units[u].real),
  };
}

/** beta-free part of -E that is a unit's own. */
function ownEnergy({ type, first, places, real, parameters }) {
  if (real) {
    const p = parameters.map(([x]) => x);
    return (values, at) => logReal(type, p, values[at + first]);
  }
  const bias = parameters[0];
  return (values, at) => {
    let sum = 0;
    for (let k = 0; k < places; ++k) sum += bias[k] * values[at + first + k];
    return sum;
  };
}

function measureOf({ states, first, places }, state) {
  const found = states.values.findIndex((row) => row.every((x, k) => x === state[first + k]));
  if (found < 0) throw new Error(`${Array.from(state.slice(first, first + places))} is no state of its unit`);
  return states.logMeasure[found];
}

function integrateUnit(model, u, beta, n, values, squares, logs, sizes) {
  const { units, places, coupledTo } = model;
  const { first, type, parameters } = units[u];
  const p = parameters.map(([x]) => x);
  const means = p.map(() => new Float64Array(n));
  const secondMoments = p.map(() => new Float64Array(n));
  const fields = new Float64Array(n);
  const known = new Map();
  for (let r = 0; r < n; ++r) {
    const at = r * places;
    let field = 0;
    for (const { other, w } of coupledTo[u]) field += w * values[at + other];
    let result = known.get(field);
    if (!result) {
      result = integrate(type, p, field, beta);
      known.set(field, result);
    }
    fields[r] = field;
    logs[r] += result.log;
    sizes[r] += Math.abs(result.log) / beta + result.means.reduce((sum, m) => sum + Math.abs(m), 0) + Math.abs(field * result.first);
    values[at + first] = result.first;
    squares[at + first] = result.second;
    for (let k = 0; k < p.length; ++k) {
      means[k][r] = result.means[k];
      secondMoments[k][r] = result.squares[k];
    }
  }
  return { u, means, secondMoments, fields };
}

function normalised(logs) {
  let top = Number.NEGATIVE_INFINITY;
  for (const x of logs) if (x > top) top = x;
  let sum = 0;
  const p = logs.map((x) => {
    const w = Math.exp(x - top);
    sum += w;
    return w;
  });
  return { logZ: top + Math.log(sum), p: p.map((w) => w / sum) };
}

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

/** E(state), with -log measure. */
export function energyOf(model, state) {
  let [sum, size] = [0, 0];
  const add = (x) => {
    sum += x;
    size += Math.abs(x);
  };
  for (const unit of model.units) {
    add(-ownEnergy(unit)(state, 0));
    if (!unit.real) add(-measureOf(unit, state));
  }
  for (const { i, j, w } of model.pairs) add(-w * state[i] * state[j]);
  return { energy: sum, size };
}

/** n draws from what {@link enumerate} found, one row of all places each. Exact unless real units are on a grid. */
export function draws(all, n, random) {
  const { model, p, values, beta, integrated } = all;
  const { places, units } = model;
  const rows = new Float64Array(n * places);
  random.indices(p, n).forEach((r, d) => {
    rows.set(values.subarray(r * places, (r + 1) * places), d * places);
    const state = rows.subarray(d * places, (d + 1) * places);
    for (const u of integrated) {
      const { type, first, parameters } = units[u];
      const q = parameters.map(([x]) => x);
      state[first] = Math.fround(drawReal(type, q, fieldOn(model, u, state)[0], beta, random));
    }
  });
  return rows;
}

/** P(unit <= its value | all other units) of a real unit in a state: uniform over exact draws. */
export function rankOf(model, u, state, beta) {
  const { type, first, parameters } = model.units[u];
  return belowReal(type, parameters.map(([x]) => x), fieldOn(model, u, state)[0], beta, state[first]); // biome-ignore format: one line
}
