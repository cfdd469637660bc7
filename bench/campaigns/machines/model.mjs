// A machine as the oracle sees it: units and coupled pairs of places. Places of all layers are numbered through, and a state is one row of all places.
import { isReal, statesOf } from './units.mjs';

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
