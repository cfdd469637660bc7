// The oracle: a machine by definition, in double precision. Units that are discrete are counted; real units that are not coupled to each
// other are integrated out, the others put on a grid.
import { grid } from './grid.mjs';
import { measureOf, ownEnergy } from './states.mjs';
import { integrate } from './units.mjs';

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

/**
 * All states of what is not given. A row of `values` holds the units that are counted, those that are given, and the conditional means of those
 * that are integrated out; `squares` the means of their squares.
 *
 * @param given - Values of all places, NaN for those that are free; null: all are.
 * @returns logZ at beta, probabilities p of the rows, and what moments.mjs and states.mjs need.
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
