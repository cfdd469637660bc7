// Energies and draws of single states.
import { fieldOn } from './model.mjs';
import { belowReal, drawReal, logReal } from './units.mjs';

/** beta-free part of -E that is a unit's own. */
export function ownEnergy({ type, first, places, real, parameters }) {
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

export function measureOf({ states, first, places }, state) {
  const found = states.values.findIndex((row) => row.every((x, k) => x === state[first + k]));
  if (found < 0) throw new Error(`${Array.from(state.slice(first, first + places))} is no state of its unit`);
  return states.logMeasure[found];
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

/** {@link draws} that single precision holds exactly. */
export const drawn = (all, n, random) => draws(all, n, random).map(Math.fround);
